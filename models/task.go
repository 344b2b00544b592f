package models

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Tasks is a table of long work, each row of which one job at a time does. Such a table
// has the columns state, which is running while there is something left to do; claim,
// the job that does it, empty where there is none yet; and worked_at, its last sign of
// life.
type Tasks struct {
	Table string
	Key   string   // the column that names a row
	Anew  []string // counters that begin at 0 whenever a job takes a row up; none where it goes on where it was
}

// SenderRefreshes are the tasks of reading all senders of an appkey.
func SenderRefreshes() Tasks {
	return Tasks{Table: "sender_refreshes", Key: "appkey_id", Anew: []string{"read_count"}}
}

// ImageListings are the tasks of listing all images that an appkey's provider holds.
func ImageListings() Tasks {
	return Tasks{Table: "image_listings", Key: "appkey_id", Anew: []string{"read_count", "total", "fetched", "missing"}}
}

// AudienceWorks are the tasks of changing an audience as a whole.
func AudienceWorks() Tasks { return Tasks{Table: "audience_works", Key: "id"} }

// Checks are the tasks of checking a campaign.
func Checks() Tasks { return Tasks{Table: "checks", Key: "campaign_id"} }

// taskRunning is the state of a task while there is something left to do.
const taskRunning = "running"

// Task is a row of [Tasks] as it was when it was read.
type Task struct {
	ID       int64
	Claim    string // the job that does it; empty: none yet
	WorkedAt time.Time
}

// running narrows q, which is about a table of tasks, to the one that runs under the
// claim.
func (of Tasks) running(q *gorm.DB, id int64, claim string) *gorm.DB {
	return q.Where(of.Key+" = ? AND state = ? AND claim = ?", id, taskRunning, claim)
}

// ClaimTask gives a running task to a job, if nobody has worked on it since quiet.
func (db *DB) ClaimTask(ctx context.Context, of Tasks, id int64, claim string, now, quiet time.Time) (claimed bool, err error) {
	values := map[string]any{"claim": claim, "worked_at": now.UTC()}
	for _, counter := range of.Anew {
		values[counter] = 0
	}
	res := db.write(ctx).Table(of.Table).
		Where(of.Key+" = ? AND state = ? AND (claim = '' OR worked_at < ?)", id, taskRunning, quiet.UTC()).Updates(values)
	return res.RowsAffected > 0, res.Error
}

// TouchTask is a sign of life of the job that holds the claim.
func (db *DB) TouchTask(ctx context.Context, of Tasks, id int64, claim string, now time.Time) error {
	return of.running(db.write(ctx).Table(of.Table), id, claim).Updates(map[string]any{"worked_at": now.UTC()}).Error
}

// ReleaseTask takes a running task from the job that holds t's claim, so that another
// may have it at once. Of several processes, it says so to one.
func (db *DB) ReleaseTask(ctx context.Context, of Tasks, t Task, now time.Time) (released bool, err error) {
	res := of.running(db.write(ctx).Table(of.Table), t.ID, t.Claim).Where("worked_at <= ?", t.WorkedAt.UTC()).
		Updates(map[string]any{"claim": "", "worked_at": now.UTC()})
	return res.RowsAffected > 0, res.Error
}

// StopTask ends a running task in the state given, whoever works on it: what its job
// wants to write down next is not taken any more. It says whether it was running.
func (db *DB) StopTask(ctx context.Context, of Tasks, id int64, state string, now time.Time) (stopped bool, err error) {
	res := db.write(ctx).Table(of.Table).Where(of.Key+" = ? AND state = ?", id, taskRunning).
		Updates(map[string]any{"state": state, "worked_at": now.UTC()})
	return res.RowsAffected > 0, res.Error
}

// StalledTasks are those that run and that nobody has worked on since quiet.
func (db *DB) StalledTasks(ctx context.Context, of Tasks, quiet time.Time) ([]Task, error) {
	var ts []Task
	return ts, db.read(ctx).Table(of.Table).Select(of.Key+" AS id, claim, worked_at").
		Where("state = ? AND worked_at < ?", taskRunning, quiet.UTC()).Order(of.Key).Find(&ts).Error
}
