-- +goose Up

-- What the provider has said about a single message when it was asked about it. It holds
-- neither the recipient's number nor what was sent.
CREATE TABLE message_details (
    message_id     BIGINT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    fetched_at     TIMESTAMPTZ NOT NULL,  -- when it was asked
    receive_at     TIMESTAMPTZ,           -- when it says that the message arrived
    sms_request_id TEXT NOT NULL,         -- of the SMS service; empty: none
    raw            TEXT NOT NULL          -- JSON: all that it said
);
