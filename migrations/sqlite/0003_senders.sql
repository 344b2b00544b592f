-- +goose Up
ALTER TABLE senders ADD COLUMN kakao_status_name TEXT NOT NULL DEFAULT '';
ALTER TABLE senders ADD COLUMN profile_status_name TEXT NOT NULL DEFAULT '';
ALTER TABLE senders ADD COLUMN resend_appkey TEXT NOT NULL DEFAULT '';          -- of the SMS service, for FriendTalk
ALTER TABLE senders ADD COLUMN alimtalk_fallback BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE senders ADD COLUMN alimtalk_send_no TEXT NOT NULL DEFAULT '';
ALTER TABLE senders ADD COLUMN alimtalk_resend_appkey TEXT NOT NULL DEFAULT '';
ALTER TABLE senders ADD COLUMN alimtalk_daily_max INTEGER NOT NULL DEFAULT 0;   -- AlimTalk messages a day; 0: no limit
ALTER TABLE senders ADD COLUMN alimtalk_sent_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE senders ADD COLUMN api_version TEXT NOT NULL DEFAULT '';            -- of the sender API it was read with; v2.0 tells less
ALTER TABLE senders ADD COLUMN registered_at TIMESTAMP;                         -- by the provider
ALTER TABLE senders ADD COLUMN gone_at TIMESTAMP;                               -- since when the provider does not list it; NULL while it does
ALTER TABLE senders ADD COLUMN troubled_at TIMESTAMP;                             -- since when it is known to be gone, blocked, dormant or inactive; NULL while it is not
ALTER TABLE senders ADD COLUMN raw TEXT NOT NULL DEFAULT '';                    -- the provider's last answer, JSON
ALTER TABLE senders ADD COLUMN deleted_by INTEGER NOT NULL DEFAULT 0;  -- who has had it deleted here; 0: nobody here has
CREATE INDEX senders_by_key ON senders (appkey_id, sender_key);
-- Counts of senders by state are read from it alone: the rows are wide.
CREATE INDEX senders_by_state ON senders (appkey_id, deleted_by, status, gone_at, blocked, dormant, kakao_status, profile_status);
CREATE INDEX senders_in_trouble ON senders (appkey_id, plus_friend_id)
    WHERE gone_at IS NOT NULL OR blocked OR dormant OR kakao_status = 'S' OR profile_status IN ('B', 'C', 'D', 'E');
CREATE INDEX senders_by_check ON senders (appkey_id, refreshed_at, sent_count, id);
CREATE INDEX senders_by_registration ON senders (appkey_id, COALESCE(registered_at, created_at), id);
CREATE INDEX campaigns_by_sender ON campaigns (sender_id, id);

-- What each sender had sent at the end of a day, as the provider counted it when it
-- was last asked that day.
CREATE TABLE sender_days (
    sender_id  INTEGER NOT NULL REFERENCES senders (id) ON DELETE CASCADE,
    day        TEXT NOT NULL,             -- 2026-12-31, in Korea
    friendtalk INTEGER NOT NULL,
    alimtalk   INTEGER NOT NULL,
    PRIMARY KEY (sender_id, day)
);

-- The last reading of all senders of an appkey.
CREATE TABLE sender_refreshes (
    appkey_id    INTEGER PRIMARY KEY REFERENCES appkeys (id) ON DELETE CASCADE,
    state        TEXT NOT NULL,           -- running, done, failed
    asked_by     INTEGER NOT NULL,        -- 0: the program
    read_count   INTEGER NOT NULL,        -- senders read so far
    total        INTEGER NOT NULL,        -- that the provider counts; 0: not known yet
    problem      TEXT NOT NULL,           -- JSON: a text of the catalogs; empty unless failed
    claim        TEXT NOT NULL,           -- the job that works on it; empty: none yet
    started_at   TIMESTAMP NOT NULL,
    worked_at    TIMESTAMP NOT NULL,      -- last sign of life
    ended_at     TIMESTAMP,
    succeeded_at TIMESTAMP                -- when the last one that was done ended
);

CREATE TABLE sender_groups (
    id            INTEGER PRIMARY KEY,
    appkey_id     INTEGER NOT NULL REFERENCES appkeys (id) ON DELETE CASCADE,
    sender_key    TEXT NOT NULL,
    name          TEXT NOT NULL,
    status        TEXT NOT NULL,          -- the provider's: YSC02, YSC03
    member_count  INTEGER NOT NULL,
    made_at       TIMESTAMP,              -- by the provider
    changed_at    TIMESTAMP,              -- by the provider
    gone_at       TIMESTAMP,              -- since when the provider does not know it
    refreshed_at  TIMESTAMP NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    UNIQUE (appkey_id, sender_key)
);

CREATE TABLE group_members (
    group_id       INTEGER NOT NULL REFERENCES sender_groups (id) ON DELETE CASCADE,
    sender_key     TEXT NOT NULL,
    plus_friend_id TEXT NOT NULL,
    registered_at  TIMESTAMP,             -- as a sender, by the provider
    PRIMARY KEY (group_id, sender_key)
);
CREATE INDEX group_members_by_name ON group_members (group_id, plus_friend_id, sender_key);

-- Members being added to, or removed from, a group: a job, and a row for each.
CREATE TABLE group_changes (
    id         INTEGER PRIMARY KEY,
    group_id   INTEGER NOT NULL REFERENCES sender_groups (id) ON DELETE CASCADE,
    removal    BOOLEAN NOT NULL,
    state      TEXT NOT NULL,             -- running, done, stopped
    problem    TEXT NOT NULL,             -- JSON: a text of the catalogs; why it stopped, or waits
    size       INTEGER NOT NULL,
    asked_by   INTEGER NOT NULL,
    claim      TEXT NOT NULL,             -- the job that works on it; empty: none
    due_at     TIMESTAMP NOT NULL,        -- when the sweep looks after it, unless the job moves it on
    created_at TIMESTAMP NOT NULL,
    ended_at   TIMESTAMP
);
CREATE INDEX group_changes_by_group ON group_changes (group_id, id);
CREATE UNIQUE INDEX group_changes_running ON group_changes (group_id) WHERE state = 'running'; -- one at a time
CREATE INDEX group_changes_due ON group_changes (due_at) WHERE state = 'running';

CREATE TABLE group_change_items (
    change_id      INTEGER NOT NULL REFERENCES group_changes (id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,      -- from 1
    sender_key     TEXT NOT NULL,
    plus_friend_id TEXT NOT NULL,
    state          TEXT NOT NULL,         -- planned, done, already, failed
    code           INTEGER NOT NULL,      -- the provider's, of a failure
    problem        TEXT NOT NULL,         -- JSON: a text of the catalogs
    PRIMARY KEY (change_id, position)
);
