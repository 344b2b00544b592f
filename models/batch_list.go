package models

import (
	"context"
	"time"
)

// BatchGroup is a run of batches that stand alike, as a list shows them: one row.
// Those that are under way or in doubt stand alone.
type BatchGroup struct {
	BatchID  int64 // of the first
	First    int64 // number of the first
	Last     int64
	Batches  int64
	Size     int64 // recipients
	State    BatchState
	Asks     bool // a person has to decide
	Cancel   Cancel
	Stopped  int64 // of the recipients: cancelled
	Ended    int64 // of them: delivered, failed, or without a result for good
	Requests int64
	Request  string // id of the request, if there is one only
	Calls    int64
	CalledAt FlexTime // the first request
	HandedAt FlexTime // the first that was accepted
	Code     int      // of the last answer
	Text     string   // the provider's own words
}

// BatchGroups are the batches of a campaign behind the number after, grouped unless
// each is asked for, at most limit rows.
func (db *DB) BatchGroups(ctx context.Context, campaignID, after int64, each bool, limit int) ([]BatchGroup, error) {
	alone := "state IN ('sending', 'in_doubt')"
	if each {
		alone = "1 = 1"
	}
	var gs []BatchGroup
	return gs, db.read(ctx).Raw(`SELECT MIN(id) AS batch_id, MIN(number) AS first, MAX(number) AS last, COUNT(*) AS batches,
			SUM(size) AS size, state, asks, cancel, SUM(cancelled) AS stopped, SUM(delivered + failed + closed) AS ended, COUNT(NULLIF(request_id, '')) AS requests, MAX(request_id) AS request,
			SUM(calls) AS calls, MIN(called_at) AS called_at, MIN(handed_at) AS handed_at, result_code AS code, MAX(result_text) AS text
		FROM (SELECT b.*, CASE WHEN `+alone+` THEN -number
				ELSE number - ROW_NUMBER() OVER (PARTITION BY state, result_code, cancel ORDER BY number) END AS run
			FROM batches b WHERE campaign_id = ? AND number > ?) AS numbered
		GROUP BY state, asks, cancel, result_code, run ORDER BY first`+limitTo(limit), campaignID, after).Scan(&gs).Error
}

// LastCalls are the last requests made for each of the batches.
func (db *DB) LastCalls(ctx context.Context, batchIDs []int64) (map[int64]Call, error) {
	if len(batchIDs) == 0 {
		return nil, nil
	}
	var cs []Call
	if err := db.read(ctx).Where("batch_id IN ?", batchIDs).Order("batch_id, call").Find(&cs).Error; err != nil {
		return nil, err
	}
	last := make(map[int64]Call, len(batchIDs))
	for _, c := range cs {
		last[c.BatchID] = c
	}
	return last, nil
}

// Stoppable is what cancelling can do, or has done, counted in recipients.
type Stoppable struct {
	Here    int64 // not handed over: surely stopped
	Held    int64 // the provider has it and its time is to come: can be asked
	Unknown int64 // being handed over, or in doubt
	Sent    int64 // handed over to be sent at once: cannot be stopped
	Ended   int64 // delivered or failed

	HeldFrom  FlexTime // when the first and the last of the held are sent
	HeldUntil FlexTime

	StoppedHere int64 // cancelled before it was handed over
	StoppedHeld int64 // cancelled by the provider
}

// Open is how many could still be stopped.
func (s Stoppable) Open() int64 { return s.Here + s.Held + s.Unknown }

// All is how many there are, those apart that were never to be sent.
func (s Stoppable) All() int64 {
	return s.Open() + s.Sent + s.Ended + s.StoppedHere + s.StoppedHeld
}

// Stoppable adds up the batches of a campaign.
func (db *DB) Stoppable(ctx context.Context, c Campaign, now time.Time) (Stoppable, error) {
	s, err := db.stoppable(ctx, now, "campaign_id = ?", c.ID)
	s.Here += c.Audience - c.Planned
	return s, err
}

// stoppable adds up the batches that meet the condition.
func (db *DB) stoppable(ctx context.Context, now time.Time, condition string, args ...any) (s Stoppable, err error) {
	now = now.UTC()
	return s, db.read(ctx).Raw(`SELECT
			COALESCE(SUM(CASE WHEN state = 'planned' THEN `+openSQL+` ELSE 0 END), 0) AS here,
			COALESCE(SUM(CASE WHEN state = 'handed_over' AND request_at > ? THEN `+openSQL+` ELSE 0 END), 0) AS held,
			COALESCE(SUM(CASE WHEN state IN ('sending', 'in_doubt') THEN `+openSQL+` ELSE 0 END), 0) AS unknown,
			COALESCE(SUM(CASE WHEN state = 'handed_over' AND (request_at IS NULL OR request_at <= ?) THEN `+openSQL+` ELSE 0 END), 0) AS sent,
			COALESCE(SUM(delivered + failed), 0) AS ended,
			MIN(CASE WHEN state = 'handed_over' AND request_at > ? AND `+openSQL+` > 0 THEN request_at END) AS held_from,
			MAX(CASE WHEN state = 'handed_over' AND request_at > ? AND `+openSQL+` > 0 THEN request_at END) AS held_until,
			COALESCE(SUM(cancelled_here), 0) AS stopped_here, COALESCE(SUM(cancelled - cancelled_here), 0) AS stopped_held
		FROM batches WHERE `+condition, append([]any{now, now, now, now}, args...)...).Scan(&s).Error
}
