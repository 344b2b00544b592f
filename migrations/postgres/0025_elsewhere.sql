-- +goose Up
-- Messages of others by a channel that few are sent by, the newest first.
CREATE INDEX foreign_messages_channel ON foreign_messages (appkey_id, channel, sent_at, id) WHERE channel <> 'friendtalk';
