-- +goose Up
ALTER TABLE teams ADD COLUMN approve_from INTEGER NOT NULL DEFAULT 0;       -- recipients from which a second person approves; 0: never
ALTER TABLE campaigns ADD COLUMN edited_by INTEGER NOT NULL DEFAULT 0;      -- who has edited it last
ALTER TABLE campaigns ADD COLUMN returned TEXT NOT NULL DEFAULT '{}';       -- JSON: a text of the catalogs; why it is a draft again
UPDATE campaigns SET edited_by = created_by;

-- What a second person was asked to approve: a row for each asking. It is bound to a
-- hash of everything that is sent or decides it.
CREATE TABLE approvals (
    id          INTEGER PRIMARY KEY,
    team_id     INTEGER NOT NULL REFERENCES teams (id),
    appkey_id   INTEGER NOT NULL REFERENCES appkeys (id),
    campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
    state       TEXT NOT NULL,            -- waiting, approved, rejected, withdrawn, voided, expired, launched
    hash        TEXT NOT NULL,
    version     TEXT NOT NULL,            -- JSON: what was shown, for comparing
    message     TEXT NOT NULL,            -- of who asked
    launch      BOOLEAN NOT NULL,         -- as soon as it is approved
    asked_by    INTEGER NOT NULL,
    edited_by   INTEGER NOT NULL,         -- who had edited the campaign last
    asked_at    TIMESTAMP NOT NULL,
    expires_at  TIMESTAMP,                -- NULL: not while it waits
    decided_by  INTEGER NOT NULL,         -- 0: nobody
    decided_at  TIMESTAMP,
    reason      TEXT NOT NULL,            -- of a rejection, as it was written
    ended_by    INTEGER NOT NULL,         -- 0: the program, or nobody yet
    ended_at    TIMESTAMP,                -- when it was withdrawn, voided, launched or had expired
    why         TEXT NOT NULL,            -- JSON: a text of the catalogs; why it has ended, or what keeps it from being launched
    due_at      TIMESTAMP                 -- when its launch is tried next; NULL: a person launches
);
CREATE INDEX approvals_by_campaign ON approvals (campaign_id, id);
CREATE UNIQUE INDEX approvals_open ON approvals (campaign_id) WHERE state IN ('waiting', 'approved');
CREATE INDEX approvals_waiting ON approvals (team_id, id) WHERE state = 'waiting';
CREATE INDEX approvals_decided ON approvals (team_id, decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX approvals_expiring ON approvals (expires_at) WHERE state IN ('waiting', 'approved');
CREATE INDEX approvals_due ON approvals (due_at) WHERE state = 'approved';
