-- +goose Up
-- What the check of a campaign has come to: one for each campaign, of one revision. It
-- goes on where it was after a crash.
CREATE TABLE checks (
    campaign_id INTEGER PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
    revision    INTEGER NOT NULL,         -- of the campaign, that is checked
    state       TEXT NOT NULL,            -- running, done, failed
    problem     TEXT NOT NULL,            -- JSON: a text of the catalogs; why it failed
    done        INTEGER NOT NULL,         -- recipients read
    total       INTEGER NOT NULL,
    after       TEXT NOT NULL,            -- the last number read
    tally       TEXT NOT NULL,            -- JSON: what has been counted so far
    report      TEXT NOT NULL,            -- JSON: what it has found, when it is done
    hash        TEXT NOT NULL,            -- of everything that is sent or decides it, when it is done
    claim       TEXT NOT NULL,            -- the job that works on it; empty: none yet
    asked_by    INTEGER NOT NULL,
    started_at  TIMESTAMP NOT NULL,
    worked_at   TIMESTAMP NOT NULL,       -- last sign of life
    ended_at    TIMESTAMP
);
CREATE INDEX checks_running ON checks (worked_at) WHERE state = 'running';

-- The first recipients behind each finding.
CREATE TABLE check_rows (
    campaign_id INTEGER NOT NULL REFERENCES checks (campaign_id) ON DELETE CASCADE,
    rule        TEXT NOT NULL,
    position    INTEGER NOT NULL,         -- in the order of the numbers, from 1
    phone       TEXT NOT NULL,
    value       TEXT NOT NULL,            -- what is wrong, as far as the rule does not say it
    PRIMARY KEY (campaign_id, rule, position)
) WITHOUT ROWID;
CREATE INDEX check_rows_phone ON check_rows (phone);

ALTER TABLE teams ADD COLUMN prices TEXT NOT NULL DEFAULT '{}';            -- JSON: thousandths of a won for a message, by kind

-- The same for all campaigns that say the same; empty: not launched since it is kept.
ALTER TABLE campaigns ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
CREATE INDEX campaigns_fingerprint ON campaigns (team_id, fingerprint, launched_at) WHERE fingerprint <> '';
