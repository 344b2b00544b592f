-- +goose Up
-- When a batch was to go out, which waiting for the provider does not move.
ALTER TABLE batches ADD COLUMN meant_at TIMESTAMPTZ;
UPDATE batches SET meant_at = due_at;
ALTER TABLE batches ALTER COLUMN meant_at SET NOT NULL;

-- Which senders can be added to a group is read from it alone: the rows are wide.
CREATE INDEX senders_groupable ON senders (appkey_id, plus_friend_id, sender_key, id)
    WHERE sender_key <> '' AND status = 'YSC03' AND gone_at IS NULL;
