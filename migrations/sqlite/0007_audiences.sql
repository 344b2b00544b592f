-- +goose Up
ALTER TABLE audiences ADD COLUMN source TEXT NOT NULL DEFAULT '';          -- how it was made: file, pasted, audiences, results, sample
ALTER TABLE audiences ADD COLUMN origin TEXT NOT NULL DEFAULT '';          -- what it was made of: names of files, audiences or a campaign
ALTER TABLE audiences ADD COLUMN changed_by INTEGER NOT NULL DEFAULT 0;    -- who has changed its recipients last; 0: nobody since it was made
ALTER TABLE audiences ADD COLUMN changed_at TIMESTAMP;
ALTER TABLE audiences ADD COLUMN used_at TIMESTAMP;                        -- when a campaign took its recipients from it last
ALTER TABLE audiences ADD COLUMN erased_at TIMESTAMP;                      -- since when its recipients are erased; their count stays
CREATE UNIQUE INDEX audiences_name ON audiences (team_id, name) WHERE name <> '';
CREATE INDEX audiences_named ON audiences (team_id, id) WHERE name <> '';

-- What is being done, or has been done, to an audience as a whole: in chunks, in the
-- order of the numbers, going on where it was.
CREATE TABLE audience_works (
    id          INTEGER PRIMARY KEY,
    team_id     INTEGER NOT NULL REFERENCES teams (id),
    audience_id INTEGER NOT NULL,         -- the one that is made or changed
    campaign_id INTEGER NOT NULL,         -- the draft whose recipients it makes; 0: none
    kind        TEXT NOT NULL,            -- append, replace, subtract, sample, delete
    sources     TEXT NOT NULL,            -- JSON: audiences and results that are read, in order
    sample      INTEGER NOT NULL,         -- how many are drawn
    seed        INTEGER NOT NULL,         -- by which they are drawn
    state       TEXT NOT NULL,            -- running, done, failed
    problem     TEXT NOT NULL,            -- JSON: a text of the catalogs; why it failed
    claim       TEXT NOT NULL,            -- the job that works on it; empty: none yet
    step        INTEGER NOT NULL,         -- which of the sources is being read, from 0
    after       TEXT NOT NULL,            -- the last number of it that was dealt with
    done        INTEGER NOT NULL,         -- numbers dealt with
    total       INTEGER NOT NULL,         -- numbers to be dealt with
    added       INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    removed     INTEGER NOT NULL,
    asked_by    INTEGER NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    worked_at   TIMESTAMP NOT NULL,       -- last sign of life
    ended_at    TIMESTAMP
);
CREATE INDEX audience_works_by_audience ON audience_works (audience_id, id);
CREATE INDEX audience_works_by_campaign ON audience_works (campaign_id, id) WHERE campaign_id <> 0;
CREATE UNIQUE INDEX audience_works_running ON audience_works (audience_id) WHERE state = 'running'; -- one at a time

-- Which audiences a campaign's recipients were taken from.
CREATE TABLE audience_uses (
    audience_id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    used_at     TIMESTAMP NOT NULL,
    PRIMARY KEY (audience_id, campaign_id)
);
CREATE INDEX audience_uses_by_campaign ON audience_uses (campaign_id);

-- What an import is for, when it is for no campaign: an audience that is made or
-- changed, or the suppression list.
ALTER TABLE imports ADD COLUMN purpose TEXT NOT NULL DEFAULT '';           -- empty: a campaign; create, append, replace, subtract: an audience; suppress
ALTER TABLE imports ADD COLUMN target_id INTEGER NOT NULL DEFAULT 0;       -- the audience that is changed; 0: a new one
ALTER TABLE imports ADD COLUMN target_name TEXT NOT NULL DEFAULT '';       -- of the new one; or the reason of suppressing
ALTER TABLE imports ADD COLUMN erased_at TIMESTAMP;                        -- since when its remarks about rows are erased
CREATE INDEX imports_team ON imports (team_id, id);
CREATE INDEX import_rows_phone ON import_rows (phone) WHERE phone <> '';

-- Who gets no message of the team any more. A row is a proof and stays when the
-- number is taken off the list again.
CREATE TABLE suppressions (
    id             INTEGER PRIMARY KEY,
    team_id        INTEGER NOT NULL REFERENCES teams (id),
    phone          TEXT NOT NULL,         -- or, of a forgotten person, "h:" and a keyed hash of it
    source         TEXT NOT NULL,         -- hand, file, result, forget
    reason         TEXT NOT NULL,         -- as somebody has written it; or the code of the result
    origin         TEXT NOT NULL,         -- name of the file or the campaign
    campaign_id    INTEGER NOT NULL,      -- whose result it was; 0: none
    created_by     INTEGER NOT NULL,      -- 0: the program, by the team's rule
    created_at     TIMESTAMP NOT NULL,
    pending        BOOLEAN NOT NULL,      -- what is planned or held for the number has not been looked for yet
    removed_by     INTEGER NOT NULL,
    removed_at     TIMESTAMP,
    removed_reason TEXT NOT NULL
);
CREATE UNIQUE INDEX suppressions_active ON suppressions (team_id, phone) WHERE removed_at IS NULL;
CREATE INDEX suppressions_by_phone ON suppressions (team_id, phone, id);
CREATE INDEX suppressions_list ON suppressions (team_id, id) WHERE removed_at IS NULL;
CREATE INDEX suppressions_past ON suppressions (team_id, id) WHERE removed_at IS NOT NULL;
CREATE INDEX suppressions_pending ON suppressions (team_id, id) WHERE pending;

-- Messages that are to be stopped since their recipient has opted out meanwhile.
CREATE TABLE message_stops (
    message_id     INTEGER PRIMARY KEY,
    batch_id       INTEGER NOT NULL,
    campaign_id    INTEGER NOT NULL,
    suppression_id INTEGER NOT NULL,
    state          TEXT NOT NULL,         -- open, stopped, late
    due_at         TIMESTAMP NOT NULL,    -- when it is looked at next
    created_at     TIMESTAMP NOT NULL,
    ended_at       TIMESTAMP
);
CREATE INDEX message_stops_due ON message_stops (due_at, batch_id) WHERE state = 'open';
CREATE INDEX message_stops_by_suppression ON message_stops (suppression_id, message_id);
CREATE INDEX message_stops_by_batch ON message_stops (batch_id);

ALTER TABLE teams ADD COLUMN suppressed INTEGER NOT NULL DEFAULT 0;        -- how many numbers are on its suppression list
ALTER TABLE teams ADD COLUMN hashed INTEGER NOT NULL DEFAULT 0;            -- of them, those of whom a hash is kept
ALTER TABLE teams ADD COLUMN suppress_codes TEXT NOT NULL DEFAULT '[]';    -- JSON: results that put a number on the list; none: off
ALTER TABLE teams ADD COLUMN weekly_limit INTEGER NOT NULL DEFAULT 0;      -- messages to one person in 7 days; 0: no limit
ALTER TABLE teams ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 0;    -- after which personal data is erased; 0: kept
ALTER TABLE teams ADD COLUMN hash_key BLOB;                                -- of forgotten numbers, encrypted with the installation's key
CREATE INDEX campaigns_by_end ON campaigns (team_id, finished_at);
CREATE INDEX campaigns_team ON campaigns (team_id, id);

ALTER TABLE campaigns ADD COLUMN erased_at TIMESTAMP;                      -- since when numbers and values of its messages are erased
ALTER TABLE campaigns ADD COLUMN erased_until INTEGER NOT NULL DEFAULT 0;  -- number of the last batch that is erased

-- People who are to be forgotten, until nothing of them is left.
CREATE TABLE forgettings (
    id         INTEGER PRIMARY KEY,
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    sealed     BLOB,                      -- the number, encrypted; NULL when it is forgotten
    masked     TEXT NOT NULL,             -- what may still be shown of it
    state      TEXT NOT NULL,             -- running, done
    claim      TEXT NOT NULL,
    due_at     TIMESTAMP NOT NULL,        -- when it is gone on with
    messages   INTEGER NOT NULL,          -- erased
    recipients INTEGER NOT NULL,
    remarks    INTEGER NOT NULL,
    waiting    INTEGER NOT NULL,          -- messages that are not over yet
    suppressed BOOLEAN NOT NULL,          -- the hash is on the suppression list
    asked_by   INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    ended_at   TIMESTAMP
);
CREATE INDEX forgettings_team ON forgettings (team_id, id);
CREATE INDEX forgettings_due ON forgettings (due_at) WHERE state = 'running';
