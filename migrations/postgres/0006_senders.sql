-- +goose Up
-- When a batch was to go out, which waiting for the provider does not move.
ALTER TABLE batches ADD COLUMN meant_at TIMESTAMPTZ;
UPDATE batches SET meant_at = due_at;
ALTER TABLE batches ALTER COLUMN meant_at SET NOT NULL;
