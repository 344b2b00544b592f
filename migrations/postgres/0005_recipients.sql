-- +goose Up
ALTER TABLE imports ADD COLUMN sheet TEXT NOT NULL DEFAULT '';                  -- of a workbook; its encoding is xlsx
ALTER TABLE imports ADD COLUMN international BOOLEAN NOT NULL DEFAULT FALSE;    -- numbers of other countries are taken
ALTER TABLE imports ADD COLUMN recalled BOOLEAN NOT NULL DEFAULT FALSE;         -- its mapping began as that of an earlier file
ALTER TABLE import_rows ADD COLUMN place TEXT NOT NULL DEFAULT '';              -- the column's name, where it is a column's fault
-- Files that are still there, so that they are found when their time is over.
CREATE INDEX imports_with_file ON imports (created_at) WHERE path <> '';
-- What ended without success and has left recipients behind.
CREATE INDEX imports_left_over ON imports (worked_at) WHERE state IN ('failed', 'cancelled') AND audience_id <> 0;

-- What a team used the columns of a file as, for its next file of the same shape.
CREATE TABLE mappings (
    team_id       BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    shape         TEXT NOT NULL,             -- hash of the columns' names
    uses          TEXT NOT NULL,             -- JSON: what each column is used as
    international BOOLEAN NOT NULL,
    used_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (team_id, shape)
);
