package models

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// AudienceSource is how an audience was made.
type AudienceSource string

// The sources of audiences.
const (
	SourceFile      AudienceSource = "file"
	SourcePasted    AudienceSource = "pasted"
	SourceAudiences AudienceSource = "audiences" // of other audiences
	SourceResults   AudienceSource = "results"   // of what became of a campaign's messages
	SourceSample    AudienceSource = "sample"    // drawn from another audience
)

// AudienceSources are all sources.
func AudienceSources() []AudienceSource {
	return []AudienceSource{SourceFile, SourcePasted, SourceAudiences, SourceResults, SourceSample}
}

// WorkKind is what is done to an audience as a whole.
type WorkKind string

// The kinds of work.
const (
	WorkAppend   WorkKind = "append"   // numbers of the sources come in; values of who is in both are the source's, where it has any
	WorkReplace  WorkKind = "replace"  // the source's recipients, and nobody else
	WorkSubtract WorkKind = "subtract" // who is in the source goes
	WorkSample   WorkKind = "sample"   // some of the source, drawn at random
	WorkDelete   WorkKind = "delete"
	WorkErase    WorkKind = "erase"    // its recipients go, its size stays
	WorkSuppress WorkKind = "suppress" // its numbers come on the team's suppression list
)

// WorkKinds are all kinds.
func WorkKinds() []WorkKind {
	return []WorkKind{WorkAppend, WorkReplace, WorkSubtract, WorkSample, WorkDelete, WorkErase, WorkSuppress}
}

// WorkState is how far a work has come.
type WorkState string

// The states of a work.
const (
	WorkRunning   WorkState = "running"
	WorkDone      WorkState = "done"
	WorkFailed    WorkState = "failed"
	WorkCancelled WorkState = "cancelled" // by somebody; what it had done by then stays
)

// Unfinished reports whether it has ended before everything was done.
func (s WorkState) Unfinished() bool { return s == WorkFailed || s == WorkCancelled }

// AudienceWork is something that is done to an audience as a whole, in chunks. How far
// it has come is written with each, so that it goes on where it was.
type AudienceWork struct {
	ID         int64
	TeamID     int64
	AudienceID int64 // the one that is made or changed
	CampaignID int64 // the draft whose recipients it makes; 0: none
	Kind       WorkKind
	Sources    []Source `gorm:"serializer:json"` // read one after the other
	Sample     int64    // how many are drawn
	Seed       int64    // by which they are drawn: the same from the same
	State      WorkState
	Problem    Text   `gorm:"serializer:json"` // why it failed
	Claim      string // the job that works on it; empty: none yet
	Step       int    // the source that is being read, from 0
	After      string // the last number of it that was dealt with
	Done       int64  // numbers dealt with
	Total      int64  // numbers to be dealt with, as far as was known at the beginning
	Added      int64
	Updated    int64 // who was there already and has got other values
	Removed    int64
	AskedBy    int64
	CreatedAt  time.Time
	WorkedAt   time.Time // last sign of life
	EndedAt    *time.Time
}

// NewAudience is what is filled in to make an audience.
type NewAudience struct{ Name string }

// Validate checks what can be checked without the database.
func (in NewAudience) Validate() error {
	p := problems{}
	validateName(p, "name", in.Name)
	return p.err()
}

// CreateAudienceWork adds a work that is to be done. There is one for each audience at
// a time: a second one is a [Conflict].
func (db *DB) CreateAudienceWork(ctx context.Context, w *AudienceWork) error {
	return dbError(db.write(ctx).Create(w).Error, "audience_work")
}

// AudienceWork reads a work for a job.
func (db *DB) AudienceWork(ctx context.Context, id int64) (w AudienceWork, err error) {
	err = db.read(ctx).First(&w, id).Error
	return w, dbError(err, "audience_work")
}

// AudienceWorks are what was done to an audience, the newest first.
func (db *DB) AudienceWorks(ctx context.Context, audienceID int64, limit int) ([]AudienceWork, error) {
	var ws []AudienceWork
	return ws, db.read(ctx).Where("audience_id = ?", audienceID).Order("id DESC").Limit(limit).Find(&ws).Error
}

// TeamWork reads a work of the team that people have asked for.
func (db *DB) TeamWork(ctx context.Context, teamID, id int64) (w AudienceWork, err error) {
	err = db.read(ctx).Where("team_id = ? AND kind NOT IN ?", teamID, []WorkKind{WorkDelete, WorkErase}).First(&w, id).Error
	return w, dbError(err, "audience_work")
}

// LastSuppressing is the newest work of a team that puts a file's numbers on its
// suppression list; found is false if there is none.
func (db *DB) LastSuppressing(ctx context.Context, teamID int64) (w AudienceWork, found bool, err error) {
	return first[AudienceWork](db.read(ctx).Where("team_id = ? AND kind = ?", teamID, WorkSuppress).Order("id DESC"))
}

// LastCampaignWork is the newest work that makes the recipients of a campaign; found
// is false if there is none.
func (db *DB) LastCampaignWork(ctx context.Context, campaignID int64) (w AudienceWork, found bool, err error) {
	return first[AudienceWork](db.read(ctx).Where("campaign_id = ? AND campaign_id <> 0", campaignID).Order("id DESC"))
}

// first is the first row that q finds; found is false if there is none.
func first[Row any](q *gorm.DB) (row Row, found bool, err error) {
	var rows []Row
	if err := q.Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return row, false, err
	}
	return rows[0], true, nil
}

// SaveAudienceWork writes down how far w has come, and locks it until the transaction
// ends. It says whether it still is under w's claim.
func (db *DB) SaveAudienceWork(ctx context.Context, w AudienceWork) (ours bool, err error) {
	res := AudienceWorks().running(db.write(ctx).Model(&AudienceWork{}), w.ID, w.Claim).
		Select("State", "Problem", "Step", "After", "Done", "Total", "Added", "Updated", "Removed", "WorkedAt", "EndedAt").Updates(w)
	return res.RowsAffected > 0, res.Error
}

// CancelAudienceWork ends a running work, whoever works on it; cancelled is false if it
// has ended by itself. It must run in a transaction.
func (db *DB) CancelAudienceWork(ctx context.Context, id int64, now time.Time) (cancelled bool, err error) {
	if cancelled, err = db.StopTask(ctx, AudienceWorks(), id, string(WorkCancelled), now); err != nil || !cancelled {
		return false, err
	}
	return true, db.write(ctx).Model(&AudienceWork{}).Where("id = ?", id).Update("ended_at", now.UTC()).Error
}

// ResumeAudienceWork has a work gone on with where it was that has ended unfinished;
// resumed is false if it has not.
func (db *DB) ResumeAudienceWork(ctx context.Context, id int64, now time.Time) (resumed bool, err error) {
	res := db.write(ctx).Model(&AudienceWork{}).Where("id = ? AND state IN ?", id, []WorkState{WorkFailed, WorkCancelled}).
		Select("State", "Problem", "Claim", "WorkedAt", "EndedAt").Updates(AudienceWork{State: WorkRunning, WorkedAt: now.UTC()})
	return res.RowsAffected > 0, dbError(res.Error, "audience_work")
}

// UnfinishedWorks are works that have ended unfinished before the time given: those that
// nobody has asked for, and those that still keep recipients to go on with.
func (db *DB) UnfinishedWorks(ctx context.Context, before time.Time, limit int) ([]AudienceWork, error) {
	var ws []AudienceWork
	err := db.read(ctx).Where(`state IN ('failed', 'cancelled') AND ended_at < ? AND (kind IN ? OR sources LIKE '%"staged":true%')`, before.UTC(),
		[]WorkKind{WorkDelete, WorkErase}).Order("ended_at").Limit(limit).Find(&ws).Error
	return ws, err
}

// UnstageWork notes that what a work was to read is gone: it cannot be gone on with.
func (db *DB) UnstageWork(ctx context.Context, w AudienceWork) error {
	for i, source := range w.Sources {
		if source.Staged {
			w.Sources[i].Staged, w.Sources[i].AudienceID = false, 0
		}
	}
	return db.write(ctx).Model(&AudienceWork{}).Where("id = ?", w.ID).Select("Sources").Updates(w).Error
}
