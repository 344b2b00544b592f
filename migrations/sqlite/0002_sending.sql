-- +goose Up
CREATE TABLE appkeys (
    id               INTEGER PRIMARY KEY,
    team_id          INTEGER NOT NULL REFERENCES teams (id),
    name             TEXT NOT NULL,
    appkey           TEXT NOT NULL,
    secret           BLOB NOT NULL,       -- encrypted with the installation's key
    base_url         TEXT NOT NULL,
    sender_version   TEXT NOT NULL,       -- v2.1, v2.0
    convert_to_brand BOOLEAN NOT NULL,    -- send the header that FriendTalk needs since 2025-12-31
    rate_per_second  INTEGER NOT NULL,    -- requests to the provider
    results_until    TIMESTAMP NOT NULL,  -- results before this time have been taken in
    poll_at          TIMESTAMP NOT NULL,  -- when results are asked for next
    created_at       TIMESTAMP NOT NULL,
    updated_at       TIMESTAMP NOT NULL,
    UNIQUE (team_id, appkey),
    UNIQUE (team_id, name)
);

CREATE TABLE categories (
    appkey_id  INTEGER PRIMARY KEY REFERENCES appkeys (id) ON DELETE CASCADE,
    tree       TEXT NOT NULL,             -- JSON: code, name path
    fetched_at TIMESTAMP NOT NULL
);

CREATE TABLE senders (
    id               INTEGER PRIMARY KEY,
    appkey_id        INTEGER NOT NULL REFERENCES appkeys (id) ON DELETE CASCADE,
    plus_friend_id   TEXT NOT NULL,
    phone_no         TEXT NOT NULL,       -- of the administrator; empty when registered elsewhere
    category_code    TEXT NOT NULL,
    sender_key       TEXT NOT NULL,       -- empty until registered
    status           TEXT NOT NULL,       -- the provider's: YSC02, YSC03
    status_name      TEXT NOT NULL,
    kakao_status     TEXT NOT NULL,
    profile_status   TEXT NOT NULL,
    dormant          BOOLEAN NOT NULL,
    blocked          BOOLEAN NOT NULL,
    fallback         BOOLEAN NOT NULL,    -- FriendTalk's fallback is on
    fallback_send_no TEXT NOT NULL,
    unsubscribe_no   TEXT NOT NULL,       -- 080 number
    daily_max        INTEGER NOT NULL,    -- FriendTalk messages a day; 0: no limit
    sent_count       INTEGER NOT NULL,    -- FriendTalk messages today, when it was refreshed
    refreshed_at     TIMESTAMP NOT NULL,
    created_at       TIMESTAMP NOT NULL,
    UNIQUE (appkey_id, plus_friend_id)
);

-- An audience is a list of recipients. One that belongs to a campaign alone has
-- no name.
CREATE TABLE audiences (
    id         INTEGER PRIMARY KEY,
    team_id    INTEGER NOT NULL REFERENCES teams (id),
    name       TEXT NOT NULL,
    columns    TEXT NOT NULL,             -- JSON: names of the variables
    size       INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE recipients (
    id          INTEGER PRIMARY KEY,
    audience_id INTEGER NOT NULL REFERENCES audiences (id) ON DELETE CASCADE,
    phone       TEXT NOT NULL,
    vars        TEXT NOT NULL             -- JSON object: variable → value
);
CREATE UNIQUE INDEX recipients_phone ON recipients (audience_id, phone);

-- An import turns an uploaded file into an audience.
CREATE TABLE imports (
    id          INTEGER PRIMARY KEY,
    team_id     INTEGER NOT NULL REFERENCES teams (id),
    campaign_id INTEGER NOT NULL,
    audience_id INTEGER NOT NULL,         -- 0 until the import is done
    file_name   TEXT NOT NULL,
    path        TEXT NOT NULL,            -- in the data folder
    size        INTEGER NOT NULL,         -- bytes
    encoding    TEXT NOT NULL,
    separator   TEXT NOT NULL,
    has_header  BOOLEAN NOT NULL,
    mapping     TEXT NOT NULL,            -- JSON: what each column is used as
    state       TEXT NOT NULL,            -- mapping, running, done, failed
    problem     TEXT NOT NULL,            -- catalog key of why it failed
    claim       TEXT NOT NULL,            -- the job that works on it
    worked_at   TIMESTAMP NOT NULL,       -- its last sign of life
    bytes_read  INTEGER NOT NULL,         -- progress
    rows        INTEGER NOT NULL,
    good        INTEGER NOT NULL,
    repaired    INTEGER NOT NULL,         -- of the good ones
    doubled     INTEGER NOT NULL,
    refused     INTEGER NOT NULL,
    created_by  INTEGER NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    finished_at TIMESTAMP
);
CREATE INDEX imports_campaign ON imports (campaign_id, id);

-- What an import has to say about single rows of the file.
CREATE TABLE import_rows (
    import_id INTEGER NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    line      INTEGER NOT NULL,
    kind      TEXT NOT NULL,              -- repaired, doubled, refused
    reason    TEXT NOT NULL,              -- why refused
    value     TEXT NOT NULL,              -- as it stands in the file
    phone     TEXT NOT NULL,              -- what it became
    PRIMARY KEY (import_id, kind, line)
);

CREATE TABLE campaigns (
    id           INTEGER PRIMARY KEY,
    team_id      INTEGER NOT NULL REFERENCES teams (id),
    appkey_id    INTEGER NOT NULL REFERENCES appkeys (id),
    channel      TEXT NOT NULL,
    ulid         TEXT NOT NULL UNIQUE,    -- what names it to the provider
    name         TEXT NOT NULL,
    state        TEXT NOT NULL,
    hold         TEXT NOT NULL,           -- why it is paused or needs a person: a catalog key
    hold_code    INTEGER NOT NULL,        -- the provider's result code, or 0
    sender_id    INTEGER NOT NULL,        -- 0: not chosen yet
    content      TEXT NOT NULL,           -- JSON
    fallback     TEXT NOT NULL,           -- JSON
    audience_id  INTEGER NOT NULL,        -- 0: none yet
    scheduled_at TIMESTAMP,               -- NULL: now
    audience     INTEGER NOT NULL,        -- recipients, at launch
    planned      INTEGER NOT NULL,        -- of them those that the plan has reached
    plan_after   TEXT NOT NULL,           -- the last number planned
    refusals     INTEGER NOT NULL,        -- batches refused in a row
    revision     INTEGER NOT NULL,        -- counts edits
    created_by   INTEGER NOT NULL,
    launched_by  INTEGER NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    updated_at   TIMESTAMP NOT NULL,
    launched_at  TIMESTAMP,
    finished_at  TIMESTAMP
);
CREATE INDEX campaigns_appkey ON campaigns (appkey_id, id);
CREATE INDEX campaigns_open ON campaigns (state) WHERE state NOT IN ('draft', 'finished', 'cancelled');

-- A batch is what one request hands over. What all its messages share stands
-- here; its counters say what became of them.
CREATE TABLE batches (
    id            INTEGER PRIMARY KEY,
    campaign_id   INTEGER NOT NULL REFERENCES campaigns (id),
    appkey_id     INTEGER NOT NULL,
    number        INTEGER NOT NULL,       -- in the campaign, from 1
    state         TEXT NOT NULL,
    due_at        TIMESTAMP NOT NULL,     -- not claimed before
    job_id        INTEGER NOT NULL,       -- the job that is to claim it
    attempt       INTEGER NOT NULL,
    claim         TEXT NOT NULL,          -- who holds it: unrepeatable
    lease_until   TIMESTAMP,              -- by the database's clock
    called_at     TIMESTAMP,              -- when the last request went out
    request_at    TIMESTAMP,              -- the requestDate sent; NULL: at once
    calls         INTEGER NOT NULL,       -- requests made, repeats included
    reached       BOOLEAN NOT NULL,       -- a repeat was answered with -1005: the first request got there
    doubts        INTEGER NOT NULL,       -- attempts that were given up after the settling time
    asks          BOOLEAN NOT NULL,       -- a person has to decide
    listed        INTEGER NOT NULL,       -- messages seen at the last look-up
    listed_at     TIMESTAMP,              -- since when as many
    request_id    TEXT NOT NULL,
    handed_at     TIMESTAMP,
    result_code   INTEGER NOT NULL,       -- of the last answer
    result_text   TEXT NOT NULL,          -- the provider's own words
    cancel        TEXT NOT NULL,          -- asked: the provider is to be asked; done: the list has decided
    size          INTEGER NOT NULL,
    skipped       INTEGER NOT NULL,
    refused       INTEGER NOT NULL,
    delivered     INTEGER NOT NULL,
    failed        INTEGER NOT NULL,       -- those reached by SMS too
    sms_delivered INTEGER NOT NULL,       -- of the failed
    sms_waiting   INTEGER NOT NULL,       -- of the failed: the SMS is under way
    cancelled     INTEGER NOT NULL,
    closed        INTEGER NOT NULL,
    UNIQUE (campaign_id, number)
);
CREATE INDEX batches_open ON batches (state, due_at) WHERE state IN ('planned', 'sending', 'in_doubt');
CREATE INDEX batches_request ON batches (request_id) WHERE request_id <> '';

-- A message's id is its batch's id times 1,024 plus its position in the batch,
-- from 1. State 0 means that it shares the state of its batch.
CREATE TABLE messages (
    id          INTEGER PRIMARY KEY,
    campaign_id INTEGER NOT NULL,
    phone       TEXT NOT NULL,
    vars        TEXT NOT NULL,
    state       INTEGER NOT NULL,
    fallback    INTEGER NOT NULL,         -- 0 none … 4 failed
    code        TEXT NOT NULL,            -- result code, or why it was skipped
    sms_code    TEXT NOT NULL,
    done_at     INTEGER NOT NULL          -- milliseconds since 1970; 0: open
);
CREATE UNIQUE INDEX messages_phone ON messages (campaign_id, phone);
CREATE INDEX messages_rare ON messages (campaign_id, state, id) WHERE state > 3;

-- Every request made for a batch, and what came of it.
CREATE TABLE calls (
    batch_id   INTEGER NOT NULL REFERENCES batches (id),
    call       INTEGER NOT NULL,          -- from 1
    attempt    INTEGER NOT NULL,          -- a request may be repeated under the attempt's key
    called_at  TIMESTAMP NOT NULL,
    outcome    TEXT NOT NULL,             -- empty while nothing is known
    request_id TEXT NOT NULL,
    code       INTEGER NOT NULL,
    text       TEXT NOT NULL,
    PRIMARY KEY (batch_id, call)
);

-- Codes by campaign, so that no page counts messages.
CREATE TABLE code_counts (
    campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
    state       INTEGER NOT NULL,
    code        TEXT NOT NULL,
    count       INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, state, code)
);
