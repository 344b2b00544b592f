-- +goose Up
-- The last sign of life of any process, by the database's clock. An old one means that
-- this database may not know what has been sent since.
CREATE TABLE heartbeats (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    beat_at TIMESTAMP NOT NULL
);
-- The provider may have more of the batch than this database knows.
ALTER TABLE batches ADD COLUMN suspect BOOLEAN NOT NULL DEFAULT FALSE;
