-- +goose Up

-- Since when messages are taken in that other systems send through an appkey; NULL:
-- they are not.
ALTER TABLE appkeys ADD COLUMN foreign_since TIMESTAMP;

-- Messages that were sent through an appkey, but not by a campaign of ours. They are
-- nobody's recipients and in nobody's counts.
CREATE TABLE foreign_messages (
    id               INTEGER PRIMARY KEY,
    appkey_id        INTEGER NOT NULL REFERENCES appkeys (id) ON DELETE CASCADE,
    channel          TEXT NOT NULL,
    request_id       TEXT NOT NULL,
    seq              INTEGER NOT NULL,   -- place in the request, from 1
    phone            TEXT NOT NULL,      -- ~ and the id: erased
    plus_friend_id   TEXT NOT NULL,
    sender_key       TEXT NOT NULL,      -- where the channel names it
    template_code    TEXT NOT NULL,      -- empty: none
    content          TEXT NOT NULL,
    state            INTEGER NOT NULL,   -- as of messages
    fallback         INTEGER NOT NULL,   -- as of messages
    code             TEXT NOT NULL,      -- of the delivery
    sms_code         TEXT NOT NULL,
    sent_at          INTEGER NOT NULL,   -- when it was, or is, to be sent, in milliseconds since 1970
    done_at          INTEGER NOT NULL,   -- 0: open
    sender_group     TEXT NOT NULL,      -- grouping key of the request
    recipient_group  TEXT NOT NULL,      -- grouping key of the recipient
    create_user      TEXT NOT NULL,
    due_at           TIMESTAMP,          -- when the provider is asked for its result; NULL: nothing more is expected
    taken_at         TIMESTAMP NOT NULL, -- when it was seen first
    UNIQUE (appkey_id, channel, request_id, seq)
);
-- The newest first.
CREATE INDEX foreign_messages_newest ON foreign_messages (appkey_id, sent_at, id);
CREATE INDEX foreign_messages_phone ON foreign_messages (appkey_id, phone);
CREATE INDEX foreign_messages_sender ON foreign_messages (appkey_id, plus_friend_id, sent_at, id);
CREATE INDEX foreign_messages_state ON foreign_messages (appkey_id, state, sent_at, id);
CREATE INDEX foreign_messages_code ON foreign_messages (appkey_id, code, sent_at, id);
CREATE INDEX foreign_messages_template ON foreign_messages (appkey_id, template_code, sent_at, id) WHERE template_code <> '';
CREATE INDEX foreign_messages_sender_group ON foreign_messages (appkey_id, sender_group, sent_at, id) WHERE sender_group <> '';
CREATE INDEX foreign_messages_recipient_group ON foreign_messages (appkey_id, recipient_group, sent_at, id) WHERE recipient_group <> '';
CREATE INDEX foreign_messages_due ON foreign_messages (appkey_id, channel, due_at) WHERE due_at IS NOT NULL;
