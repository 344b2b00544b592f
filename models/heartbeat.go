package models

import (
	"context"
	"time"
)

// MaxSilence is after how long without a sign of life of any process the database is
// taken for one that may have been restored from a backup.
const MaxSilence = 10 * time.Minute

// heartbeat is the last sign of life of any process. There is one row.
type heartbeat struct {
	ID     int64
	BeatAt time.Time
}

// TableName names the table.
func (heartbeat) TableName() string { return "heartbeats" }

// Beat notes a sign of life at databaseNow, and says for how long there was none
// before; 0 the first time. It must run in a transaction, in which no other process
// does the same.
func (db *DB) Beat(ctx context.Context, databaseNow time.Time) (silence time.Duration, err error) {
	now := databaseNow.UTC()
	res := db.write(ctx).Exec("INSERT INTO heartbeats (id, beat_at) VALUES (1, ?) ON CONFLICT (id) DO NOTHING", now)
	if res.Error != nil || res.RowsAffected > 0 {
		return 0, res.Error
	}
	if err := db.write(ctx).Exec("UPDATE heartbeats SET id = id").Error; err != nil { // locks it
		return 0, err
	}
	var last heartbeat
	if err := db.write(ctx).First(&last).Error; err != nil {
		return 0, err
	}
	return now.Sub(last.BeatAt), db.write(ctx).Exec("UPDATE heartbeats SET beat_at = ? WHERE beat_at < ?", now, now).Error
}

// ForgetBeats makes the next process take the database for a restored one. Whoever
// restores a backup calls it.
func (db *DB) ForgetBeats(ctx context.Context) error {
	return db.Tx(ctx, func(tx *DB) error {
		if err := tx.write(ctx).Exec("DELETE FROM heartbeats").Error; err != nil {
			return err
		}
		return tx.write(ctx).Create(&heartbeat{ID: 1, BeatAt: time.Unix(0, 0).UTC()}).Error
	})
}

// Suspect marks what the provider may have more of than this database knows: batches of
// campaigns that are not over and that were not handed over, as far as is known.
func (db *DB) Suspect(ctx context.Context) error {
	return db.write(ctx).Exec(`UPDATE batches SET suspect = ? WHERE state IN ? AND campaign_id IN (SELECT id FROM campaigns WHERE state NOT IN ?)`,
		true, []BatchState{BatchPlanned, BatchSending, BatchInDoubt}, []CampaignState{CampaignDraft, CampaignFinished, CampaignCancelled}).Error
}
