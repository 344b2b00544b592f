-- +goose Up
-- What went on with a campaign in each minute: for rates, and for a chart that counts
-- no messages. What became of messages is told by the time that the provider names.
CREATE TABLE campaign_minutes (
    campaign_id INTEGER NOT NULL,
    minute      INTEGER NOT NULL,         -- minutes since 1970
    handed      INTEGER NOT NULL,         -- recipients handed over
    taken       INTEGER NOT NULL,         -- results taken in
    delivered   INTEGER NOT NULL,
    failed      INTEGER NOT NULL,         -- those reached by SMS too
    sms         INTEGER NOT NULL,         -- of them, reached by SMS
    PRIMARY KEY (campaign_id, minute)
) WITHOUT ROWID;

INSERT INTO campaign_minutes (campaign_id, minute, handed, taken, delivered, failed, sms)
SELECT campaign_id, minute, SUM(handed), SUM(taken), SUM(delivered), SUM(failed), SUM(sms) FROM (
    SELECT campaign_id, CAST(strftime('%s', substr(handed_at, 1, 19)) AS INTEGER) / 60 AS minute, SUM(size - skipped) AS handed, 0 AS taken, 0 AS delivered, 0 AS failed, 0 AS sms
    FROM batches WHERE handed_at IS NOT NULL GROUP BY 1, 2
    UNION ALL
    SELECT campaign_id, done_at / 60000, 0, COUNT(*), SUM(state = 1), SUM(state IN (8, 10)), SUM(state = 10)
    FROM messages WHERE state IN (1, 8, 10) GROUP BY 1, 2
) GROUP BY campaign_id, minute;

-- What has happened that people are told of.
CREATE TABLE notices (
    id          INTEGER PRIMARY KEY,
    team_id     INTEGER NOT NULL REFERENCES teams (id),
    appkey_id   INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,         -- 0: it is a test of the team's webhook
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,            -- of the campaign, without what looks like a phone number
    reason      TEXT NOT NULL,            -- JSON: a text of the catalogs
    counts      TEXT NOT NULL,            -- JSON: where its recipients were then
    created_at  TIMESTAMP NOT NULL
);
CREATE INDEX notices_campaign ON notices (campaign_id, id);

-- Who is told of it here.
CREATE TABLE notifications (
    id        INTEGER PRIMARY KEY,
    notice_id INTEGER NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    team_id   INTEGER NOT NULL,
    read_at   TIMESTAMP,
    UNIQUE (notice_id, user_id)
);
CREATE INDEX notifications_user ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id, team_id) WHERE read_at IS NULL;

-- Where a team wants to be told by a request.
CREATE TABLE webhooks (
    team_id    INTEGER PRIMARY KEY REFERENCES teams (id) ON DELETE CASCADE,
    url        TEXT NOT NULL,
    secret     BLOB NOT NULL,             -- encrypted with the installation's key
    old_secret BLOB,                      -- the one before, which signs too for a while
    old_until  TIMESTAMP,
    updated_at TIMESTAMP NOT NULL
);

-- What is to be told outside: by mail to a person, or by a request to a team's webhook.
CREATE TABLE notice_deliveries (
    id         INTEGER PRIMARY KEY,
    ulid       TEXT NOT NULL UNIQUE,      -- by which the receiver knows one that comes twice
    notice_id  INTEGER NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    team_id    INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,          -- 0: the team's webhook
    state      TEXT NOT NULL,             -- waiting, delivered, failed
    attempts   INTEGER NOT NULL,
    due_at     TIMESTAMP NOT NULL,        -- not taken up by another job before
    problem    TEXT NOT NULL,             -- JSON: a text of the catalogs; of the last attempt
    created_at TIMESTAMP NOT NULL,
    ended_at   TIMESTAMP
);
CREATE INDEX notice_deliveries_due ON notice_deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX notice_deliveries_team ON notice_deliveries (team_id, id) WHERE user_id = 0;

ALTER TABLE users ADD COLUMN mail_off TEXT NOT NULL DEFAULT '';                -- what the person gets no mail about, separated by commas
ALTER TABLE users ADD COLUMN follows_all BOOLEAN NOT NULL DEFAULT FALSE;       -- is told of everybody's campaigns
