-- +goose Up
-- Messages of others by channels that few are sent by, the newest first: of all senders,
-- and of one.
CREATE INDEX foreign_messages_channel ON foreign_messages (appkey_id, channel, sent_at, id) WHERE channel <> 'friendtalk';
CREATE INDEX foreign_messages_channel_sender ON foreign_messages (appkey_id, channel, plus_friend_id, sent_at, id) WHERE channel <> 'friendtalk';
