-- +goose Up
-- Requests of which a result is still to come, by when they went out: whose result has
-- been waited for the longest.
CREATE INDEX batches_longest ON batches (appkey_id, COALESCE(request_at, handed_at))
    WHERE state = 'handed_over' AND ((size - skipped - refused - delivered - failed - cancelled - closed) > 0 OR sms_waiting > 0);
