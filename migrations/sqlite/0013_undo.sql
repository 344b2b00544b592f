-- +goose Up
-- What people have taken back of campaigns that were launched: to cancel it, or to send
-- it at another time.
CREATE TABLE recalls (
    id          INTEGER PRIMARY KEY,
    campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
    kind        TEXT NOT NULL,             -- batches, messages: cancelled; move: sent at another time
    messages    INTEGER NOT NULL,          -- how many it was about
    moved       INTEGER NOT NULL,          -- of a move: those that wait for their new time
    late        INTEGER NOT NULL,          -- of messages: those that had been sent when it was asked for
    from_at     TIMESTAMP,                 -- of a move: when they were to be sent before, NULL: at once
    to_at       TIMESTAMP,                 -- and from then on
    asked_by    INTEGER NOT NULL,
    created_at  TIMESTAMP NOT NULL
);
CREATE INDEX recalls_campaign ON recalls (campaign_id, id);

ALTER TABLE batches ADD COLUMN recall_id INTEGER NOT NULL DEFAULT 0;      -- the last recall that was about it
ALTER TABLE batches ADD COLUMN cancel_at TIMESTAMP;                       -- when its cancelling is gone on with; NULL: with the campaign's
ALTER TABLE batches ADD COLUMN cancelled_here INTEGER NOT NULL DEFAULT 0; -- of the cancelled, those that the provider did not have
ALTER TABLE batches ADD COLUMN ended_before INTEGER NOT NULL DEFAULT 0;   -- of those that have ended, how many had when the present attempt began
UPDATE batches SET cancelled_here = cancelled WHERE state = 'cancelled';
CREATE INDEX batches_cancelling ON batches (cancel_at, id) WHERE cancel IN ('asked', 'moving', 'withdrawing');
CREATE INDEX batches_recall ON batches (recall_id) WHERE recall_id > 0;

ALTER TABLE message_stops ADD COLUMN reason TEXT NOT NULL DEFAULT 'suppressed'; -- suppressed, forgotten; cancelled: by a person
ALTER TABLE message_stops ADD COLUMN recall_id INTEGER NOT NULL DEFAULT 0;
UPDATE message_stops SET reason = 'forgotten' WHERE suppression_id = 0;
CREATE INDEX message_stops_recall ON message_stops (recall_id, message_id) WHERE recall_id > 0;

ALTER TABLE campaigns ADD COLUMN copied_from INTEGER NOT NULL DEFAULT 0;  -- the campaign that it was begun as a copy of
ALTER TABLE campaigns ADD COLUMN retry_of INTEGER NOT NULL DEFAULT 0;     -- the campaign whose failed messages it sends again
CREATE INDEX campaigns_retries ON campaigns (retry_of) WHERE retry_of > 0;
CREATE INDEX campaigns_scheduled ON campaigns (team_id, scheduled_at) WHERE scheduled_at IS NOT NULL;
CREATE INDEX campaigns_at_once ON campaigns (team_id, launched_at) WHERE scheduled_at IS NULL;
