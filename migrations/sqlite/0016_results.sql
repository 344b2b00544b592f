-- +goose Up

-- How far the results of an appkey have been read, channel by channel.
CREATE TABLE result_readings (
    appkey_id  INTEGER NOT NULL REFERENCES appkeys (id) ON DELETE CASCADE,
    channel    TEXT NOT NULL,
    due_at     TIMESTAMP NOT NULL,        -- not read before; moved on while somebody reads
    read_until TIMESTAMP,                 -- what has changed before this minute has been read; NULL: nothing yet
    seen       TEXT NOT NULL,             -- JSON: the last windows that were read, and how many results each had
    live_at    TIMESTAMP,                 -- when a minute that was not over was read last
    live       INTEGER NOT NULL,          -- how many results it had then
    PRIMARY KEY (appkey_id, channel)
);
INSERT INTO result_readings (appkey_id, channel, due_at, read_until, seen, live)
    SELECT id, 'friendtalk', poll_at, results_until, '[]', 0 FROM appkeys;
ALTER TABLE appkeys DROP COLUMN results_until;
ALTER TABLE appkeys DROP COLUMN poll_at;

-- Requests of which a result is still to come, by when they are read.
CREATE INDEX batches_awaiting ON batches (appkey_id, due_at, id)
    WHERE state = 'handed_over' AND ((size - skipped - refused - delivered - failed - cancelled - closed) > 0 OR sms_waiting > 0);
