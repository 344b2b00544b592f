package models

import (
	"context"
	"time"
)

// ImageListing is the last reading of all images that an appkey's provider holds. Its
// zero value is that of an appkey whose images were never listed.
type ImageListing struct {
	AppkeyID    int64 `gorm:"primaryKey"`
	State       RefreshState
	AskedBy     int64  // 0: the program
	Problem     string // JSON of a [Text]; empty unless failed
	Claim       string // the job that works on it; empty: none yet
	ReadCount   int    // images, so far
	Total       int    // that the provider counts; 0: not known yet
	Fetched     int    // files that were asked for, so far
	Missing     int    // files that are to be asked for; 0 until all images are read
	StartedAt   time.Time
	WorkedAt    time.Time  // last sign of life
	SucceededAt *time.Time // when the last one that was done ended
}

// Why is why the listing failed; the zero Text if it did not.
func (l ImageListing) Why() Text { return readText(l.Problem) }

// Fail notes why the listing failed.
func (l *ImageListing) Fail(why Text) (err error) {
	l.State = RefreshFailed
	l.Problem, err = writeText(why)
	return err
}

// ImageListing is the last listing of an appkey's images.
func (db *DB) ImageListing(ctx context.Context, appkeyID int64) (l ImageListing, err error) {
	err = db.read(ctx).Where("appkey_id = ?", appkeyID).Limit(1).Find(&l).Error
	return l, err
}

// StartListing begins a listing, unless one is running on which somebody has worked
// since quiet: then started is false.
func (db *DB) StartListing(ctx context.Context, appkeyID, askedBy int64, now, quiet time.Time) (started bool, err error) {
	res := db.write(ctx).Exec(`INSERT INTO image_listings
			(appkey_id, state, asked_by, problem, claim, read_count, total, fetched, missing, started_at, worked_at)
			VALUES (?, 'running', ?, '', '', 0, 0, 0, 0, ?, ?)
		ON CONFLICT (appkey_id) DO UPDATE SET state = excluded.state, asked_by = excluded.asked_by, problem = '', claim = '',
			read_count = 0, total = 0, fetched = 0, missing = 0, started_at = excluded.started_at, worked_at = excluded.worked_at
		WHERE image_listings.state <> 'running' OR image_listings.worked_at < ?`, appkeyID, askedBy, now.UTC(), now.UTC(), quiet.UTC())
	return res.RowsAffected > 0, res.Error
}

// SaveListing writes down where a running listing stands. It says whether the listing
// still is under l's claim.
func (db *DB) SaveListing(ctx context.Context, l ImageListing) (ours bool, err error) {
	res := ImageListings().running(db.write(ctx).Model(&ImageListing{}), l.AppkeyID, l.Claim).
		Select("State", "Problem", "ReadCount", "Total", "Fetched", "Missing", "WorkedAt", "SucceededAt").Updates(l)
	return res.RowsAffected > 0, res.Error
}

// AppkeysToList are appkeys whose last listing began before since, or that never had
// one, at most limit.
func (db *DB) AppkeysToList(ctx context.Context, since time.Time, limit int) ([]Appkey, error) {
	var ks []Appkey
	return ks, db.read(ctx).Joins("LEFT JOIN image_listings l ON l.appkey_id = appkeys.id").
		Where("l.appkey_id IS NULL OR (l.state <> ? AND l.started_at < ?)", RefreshRunning, since.UTC()).
		Order("appkeys.id").Limit(limit).Find(&ks).Error
}
