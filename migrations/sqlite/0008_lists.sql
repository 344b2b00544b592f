-- +goose Up
-- Works on audiences that have ended without success: they are gone on with when somebody
-- says so, and what was kept for that goes after a time.
CREATE INDEX audience_works_unfinished ON audience_works (ended_at) WHERE state IN ('failed', 'cancelled');
