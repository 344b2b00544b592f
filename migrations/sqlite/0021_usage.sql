-- +goose Up
-- What went on with a campaign in each day in Korea: for the bill, and for good, also when
-- the rows of its messages have gone.
CREATE TABLE usage_days (
    campaign_id INTEGER NOT NULL,
    day         INTEGER NOT NULL,         -- days since 1970, in Korea
    team_id     INTEGER NOT NULL,
    appkey_id   INTEGER NOT NULL,
    handed      INTEGER NOT NULL,         -- recipients handed over
    delivered   INTEGER NOT NULL,
    failed      INTEGER NOT NULL,         -- those reached by SMS too
    sms         INTEGER NOT NULL,         -- of them, reached by SMS
    lms         INTEGER NOT NULL,         -- of those, by an LMS
    unsized     INTEGER NOT NULL,         -- of those, it is not known by which of the two
    skipped     INTEGER NOT NULL,
    refused     INTEGER NOT NULL,
    cancelled   INTEGER NOT NULL,
    closed      INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, day)
) WITHOUT ROWID;
CREATE INDEX usage_days_team ON usage_days (team_id, day);
CREATE INDEX usage_days_appkey ON usage_days (appkey_id, day);

INSERT INTO usage_days (campaign_id, day, team_id, appkey_id, handed, delivered, failed, sms, lms, unsized, skipped, refused, cancelled, closed)
SELECT p.campaign_id, p.day, c.team_id, c.appkey_id, SUM(p.handed), SUM(p.delivered), SUM(p.failed), SUM(p.sms),
    SUM(CASE WHEN json_extract(c.fallback, '$.type') = 'LMS' THEN p.sms ELSE 0 END),
    SUM(CASE WHEN COALESCE(json_extract(c.fallback, '$.type'), '') = '' THEN p.sms ELSE 0 END),
    SUM(p.skipped), SUM(p.refused), SUM(p.cancelled), SUM(p.closed)
FROM (
    SELECT campaign_id, (minute + 540) / 1440 AS day, SUM(handed) AS handed, SUM(delivered) AS delivered, SUM(failed) AS failed, SUM(sms) AS sms,
        0 AS skipped, 0 AS refused, 0 AS cancelled, 0 AS closed
    FROM campaign_minutes GROUP BY 1, 2
    UNION ALL
    SELECT campaign_id, (done_at + 32400000) / 86400000, 0, 0, 0, 0, SUM(state = 4), SUM(state IN (5, 6)), SUM(state = 9), SUM(state = 7)
    FROM messages WHERE state IN (4, 5, 6, 7, 9) AND state > 3 GROUP BY 1, 2
) AS p JOIN campaigns c ON c.id = p.campaign_id GROUP BY p.campaign_id, p.day, c.team_id, c.appkey_id;

-- For how long a team keeps a row for each message: for so many days after the campaign
-- was over. 0: for good.
ALTER TABLE teams ADD COLUMN keep_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN rows_gone_at TIMESTAMP;                         -- since when the rows of its messages are going, or have gone
ALTER TABLE campaigns ADD COLUMN rows_gone_until INTEGER NOT NULL DEFAULT 0;   -- number of the last batch whose rows have gone
ALTER TABLE campaigns ADD COLUMN rows_gone BOOLEAN NOT NULL DEFAULT FALSE; -- none is left
CREATE INDEX campaigns_kept ON campaigns (team_id, finished_at) WHERE NOT rows_gone;

-- Each time that rows whose time is over are removed.
CREATE TABLE removals (
    id         INTEGER PRIMARY KEY,
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    state      TEXT NOT NULL,             -- running, done, failed
    claim      TEXT NOT NULL,             -- the job that works on it; empty: none yet
    keep_days  INTEGER NOT NULL,          -- of the team, when it was begun
    before     TIMESTAMP NOT NULL,        -- campaigns that were over by then
    campaigns  INTEGER NOT NULL,          -- whose rows have gone
    messages   INTEGER NOT NULL,          -- rows
    notices    INTEGER NOT NULL,
    started_at TIMESTAMP NOT NULL,
    worked_at  TIMESTAMP NOT NULL,        -- last sign of life
    ended_at   TIMESTAMP
);
CREATE INDEX removals_team ON removals (team_id, id);
CREATE INDEX removals_running ON removals (worked_at) WHERE state = 'running';

-- Notices go with the rows.
CREATE INDEX notices_team ON notices (team_id, created_at);
CREATE INDEX notice_deliveries_notice ON notice_deliveries (notice_id);
