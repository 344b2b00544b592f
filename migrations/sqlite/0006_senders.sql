-- +goose Up
-- When a batch was to go out, which waiting for the provider does not move.
ALTER TABLE batches ADD COLUMN meant_at TIMESTAMP;
UPDATE batches SET meant_at = due_at;
