-- +goose Up
-- How a campaign's recipients are spread over time.
ALTER TABLE campaigns ADD COLUMN pace INTEGER NOT NULL DEFAULT 0;          -- recipients a minute; 0: as fast as it goes
ALTER TABLE campaigns ADD COLUMN per_day INTEGER NOT NULL DEFAULT 0;       -- recipients a day at most; 0: no limit
ALTER TABLE campaigns ADD COLUMN undo_until TIMESTAMP;                     -- of one launched to go out at once: when it does, and can be undone until
ALTER TABLE batches ADD COLUMN send_at TIMESTAMP;                          -- when the provider is to send it; NULL: at once
UPDATE batches SET send_at = (SELECT scheduled_at FROM campaigns c WHERE c.id = campaign_id)
    WHERE state IN ('planned', 'sending', 'in_doubt');
ALTER TABLE teams ADD COLUMN undo_minutes INTEGER NOT NULL DEFAULT 0;      -- for how long a launch "now" can be undone; 0: it cannot

-- The emergency stop: nothing more is claimed.
ALTER TABLE teams ADD COLUMN stopped_at TIMESTAMP;
ALTER TABLE teams ADD COLUMN stopped_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE teams ADD COLUMN stop_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE appkeys ADD COLUMN stopped_at TIMESTAMP;
ALTER TABLE appkeys ADD COLUMN stopped_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE appkeys ADD COLUMN stop_reason TEXT NOT NULL DEFAULT '';

-- When the next request may go out for what the provider knows as one project: several
-- appkeys here may be the same there. Shared by all processes.
CREATE TABLE turns (
    base_url TEXT NOT NULL,
    appkey   TEXT NOT NULL,
    next_at  INTEGER NOT NULL,            -- microseconds since 1970, by the database's clock
    PRIMARY KEY (base_url, appkey)
);
