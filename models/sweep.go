package models

import (
	"context"
	"time"
)

// WaitingBatches are planned batches of running campaigns that are due and that
// no living job will claim: theirs has ended, or has run since before stale. Those that
// an emergency stop holds are not among them.
func (db *DB) WaitingBatches(ctx context.Context, now, stale time.Time, limit int) ([]Batch, error) {
	attempted := "j.attempted_at < ?"
	if db.Dialect() == SQLite {
		attempted = "julianday(j.attempted_at) < julianday(?)" // the queue writes times in another form
	}
	var bs []Batch
	err := db.read(ctx).Raw(`SELECT b.* FROM batches b JOIN campaigns c ON c.id = b.campaign_id
		JOIN appkeys k ON k.id = c.appkey_id JOIN teams t ON t.id = c.team_id
		LEFT JOIN river_job j ON j.id = b.job_id
		WHERE b.state = 'planned' AND b.due_at <= ? AND b.cancel = '' AND c.state IN ('scheduled', 'sending')
			AND k.stopped_at IS NULL AND t.stopped_at IS NULL
			AND (j.id IS NULL OR j.state IN ('completed', 'cancelled', 'discarded') OR (j.state = 'running' AND `+attempted+`))
		ORDER BY b.due_at, b.id`+limitTo(limit), now.UTC(), stale.UTC()).Scan(&bs).Error
	return bs, err
}

// ExpireLeases puts batches whose lease has run out in doubt, to be looked up at
// once, and says how many.
func (db *DB) ExpireLeases(ctx context.Context, databaseNow, now time.Time) (int64, error) {
	res := db.write(ctx).Model(&Batch{}).Where("state = ? AND lease_until < ?", BatchSending, databaseNow.UTC()).
		Updates(map[string]any{"state": BatchInDoubt, "due_at": now.UTC(), "listed": 0, "listed_at": nil})
	return res.RowsAffected, res.Error
}

// DoubtfulBatches are batches in doubt that are to be looked up now, those that wait
// for a person too.
func (db *DB) DoubtfulBatches(ctx context.Context, now time.Time, limit int) ([]Batch, error) {
	var bs []Batch
	err := db.read(ctx).Where("state = ? AND due_at <= ?", BatchInDoubt, now.UTC()).
		Order("due_at, id").Limit(limit).Find(&bs).Error
	return bs, err
}

// Postpone moves the time of a batch on from what was read, so that of several
// processes one goes on. It says whether it was this one.
func (db *DB) Postpone(ctx context.Context, b Batch, until time.Time) (bool, error) {
	res := db.write(ctx).Model(&Batch{}).Where("id = ? AND state = ? AND due_at = ?", b.ID, b.State, b.DueAt).Update("due_at", until.UTC())
	return res.RowsAffected > 0, res.Error
}

// CancellableBatches are batches of a campaign whose cancelling is not done, at
// most limit, behind the given number.
func (db *DB) CancellableBatches(ctx context.Context, campaignID, after int64, limit int) ([]Batch, error) {
	var bs []Batch
	err := db.read(ctx).Where("campaign_id = ? AND number > ? AND cancel <> ? AND state NOT IN ?", campaignID, after, CancelDone,
		[]BatchState{BatchRefused, BatchCancelled}).Order("number").Limit(limit).Find(&bs).Error
	return bs, err
}

// CampaignsByULID are the ids of the campaigns that the provider knows under these
// names.
func (db *DB) CampaignsByULID(ctx context.Context, ulids []string) (map[string]int64, error) {
	var rows []Campaign
	if err := db.read(ctx).Select("id", "ulid").Where("ulid IN ?", ulids).Find(&rows).Error; err != nil {
		return nil, err
	}
	ids := make(map[string]int64, len(rows))
	for _, c := range rows {
		ids[c.ULID] = c.ID
	}
	return ids, nil
}
