-- +goose Up
-- What went on with a campaign in each day in Korea: for the bill, and for good, also when
-- the rows of its messages have gone.
CREATE TABLE usage_days (
    campaign_id BIGINT NOT NULL,
    day         BIGINT NOT NULL,         -- days since 1970, in Korea
    team_id     BIGINT NOT NULL,
    appkey_id   BIGINT NOT NULL,
    handed      BIGINT NOT NULL,         -- recipients handed over
    delivered   BIGINT NOT NULL,
    failed      BIGINT NOT NULL,         -- those reached by SMS too
    sms         BIGINT NOT NULL,         -- of them, reached by SMS
    lms         BIGINT NOT NULL,         -- of those, by an LMS
    unsized     BIGINT NOT NULL,         -- of those, it is not known by which of the two
    skipped     BIGINT NOT NULL,
    refused     BIGINT NOT NULL,
    cancelled   BIGINT NOT NULL,
    closed      BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, day)
);
CREATE INDEX usage_days_team ON usage_days (team_id, day);
CREATE INDEX usage_days_appkey ON usage_days (appkey_id, day);

INSERT INTO usage_days (campaign_id, day, team_id, appkey_id, handed, delivered, failed, sms, lms, unsized, skipped, refused, cancelled, closed)
SELECT p.campaign_id, p.day, c.team_id, c.appkey_id, SUM(p.handed), SUM(p.delivered), SUM(p.failed), SUM(p.sms),
    SUM(CASE WHEN c.fallback::json->>'type' = 'LMS' THEN p.sms ELSE 0 END),
    SUM(CASE WHEN COALESCE(c.fallback::json->>'type', '') = '' THEN p.sms ELSE 0 END),
    SUM(p.skipped), SUM(p.refused), SUM(p.cancelled), SUM(p.closed)
FROM (
    SELECT campaign_id, (minute + 540) / 1440 AS day, SUM(handed) AS handed, SUM(delivered) AS delivered, SUM(failed) AS failed, SUM(sms) AS sms,
        0 AS skipped, 0 AS refused, 0 AS cancelled, 0 AS closed
    FROM campaign_minutes GROUP BY 1, 2
    UNION ALL
    SELECT campaign_id, (done_at + 32400000) / 86400000, 0, 0, 0, 0, COUNT(*) FILTER (WHERE state = 4), COUNT(*) FILTER (WHERE state IN (5, 6)),
        COUNT(*) FILTER (WHERE state = 9), COUNT(*) FILTER (WHERE state = 7)
    FROM messages WHERE state IN (4, 5, 6, 7, 9) AND state > 3 GROUP BY 1, 2
) AS p JOIN campaigns c ON c.id = p.campaign_id GROUP BY p.campaign_id, p.day, c.team_id, c.appkey_id;
