-- +goose Up

-- What a search over all messages of an appkey asks of a campaign stands on each of
-- its batches too, so that it begins with few batches instead of many messages.
ALTER TABLE batches ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN sender_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN template_code TEXT NOT NULL DEFAULT '';     -- the registered template that is sent; empty: none
ALTER TABLE batches ADD COLUMN launched_by BIGINT NOT NULL DEFAULT 0;
UPDATE batches SET (channel, sender_id, template_code, launched_by) =
    (SELECT c.channel, c.sender_id, COALESCE(NULLIF(c.content, '')::json->>'templateCode', ''), c.launched_by FROM campaigns c WHERE c.id = campaign_id);

-- The newest first.
CREATE INDEX batches_newest ON batches (appkey_id, id);
CREATE INDEX batches_sender ON batches (appkey_id, sender_id, id);
CREATE INDEX batches_template ON batches (appkey_id, template_code, id) WHERE template_code <> '';
CREATE INDEX batches_launched ON batches (appkey_id, launched_by, id);
CREATE INDEX batches_handed ON batches (appkey_id, handed_at, id) WHERE handed_at IS NOT NULL;
CREATE INDEX batches_sent ON batches (appkey_id, COALESCE(request_at, handed_at), id) WHERE handed_at IS NOT NULL;
-- What few batches hold.
CREATE INDEX batches_unsent ON batches (appkey_id, id) WHERE state IN ('planned', 'sending', 'in_doubt');
CREATE INDEX batches_skipped ON batches (appkey_id, id) WHERE skipped > 0;
CREATE INDEX batches_refused ON batches (appkey_id, id) WHERE refused > 0;
CREATE INDEX batches_cancelled ON batches (appkey_id, id) WHERE cancelled > 0;
CREATE INDEX batches_closed ON batches (appkey_id, id) WHERE closed > 0;

-- A number is looked for in the campaigns of an appkey, those with the newest
-- messages first.
ALTER TABLE campaigns ADD COLUMN first_batch BIGINT NOT NULL DEFAULT 0;   -- id of its first batch; 0: it has none
ALTER TABLE campaigns ADD COLUMN last_batch BIGINT NOT NULL DEFAULT 0;
UPDATE campaigns SET first_batch = COALESCE((SELECT MIN(id) FROM batches b WHERE b.campaign_id = campaigns.id), 0),
    last_batch = COALESCE((SELECT MAX(id) FROM batches b WHERE b.campaign_id = campaigns.id), 0);
CREATE INDEX campaigns_batches ON campaigns (appkey_id, last_batch, first_batch) WHERE last_batch > 0;

-- Codes of what did not arrive: few messages, none of which is there while a campaign
-- is planned.
CREATE INDEX messages_codes ON messages (campaign_id, code, id) WHERE state > 3;
CREATE INDEX code_counts_code ON code_counts (code, state, campaign_id);
