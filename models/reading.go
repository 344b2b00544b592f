package models

import (
	"context"
	"time"
)

// Reading is how far the results of an appkey have been read on one channel.
type Reading struct {
	AppkeyID  int64   `gorm:"primaryKey"`
	Channel   Channel `gorm:"primaryKey"`
	DueAt     time.Time
	ReadUntil *time.Time      // what has changed before this minute has been read; nil: nothing yet
	Seen      []ReadingWindow `gorm:"serializer:json"` // the last that were read, the oldest first
	LiveAt    *time.Time      // when a minute that was not over was read last
	Live      int             // how many results it had then
}

// TableName names the table.
func (Reading) TableName() string { return "result_readings" }

// ReadingWindow is a span of whole minutes whose results were read: those that
// changed from From on and before To.
type ReadingWindow struct {
	From  time.Time
	To    time.Time
	Total int // how many there were; -1: the provider does not say
}

// DueReadings are the appkeys and channels with messages whose results are still to
// come, or with messages of others that are taken in, that are to be read now. Since is
// when the first of their open requests was made or, if that is later, to be sent, or when
// the taking in began: before, nothing comes of it.
func (db *DB) DueReadings(ctx context.Context, now time.Time) ([]DueReading, error) {
	var ds []DueReading
	err := db.read(ctx).Raw(`SELECT o.appkey_id, o.channel, MIN(CASE WHEN o.request_at > o.called_at THEN o.request_at ELSE o.called_at END) AS since FROM (
			SELECT b.appkey_id, c.channel, b.called_at, b.request_at FROM batches b JOIN campaigns c ON c.id = b.campaign_id
				WHERE b.state = 'handed_over' AND `+awaitingSQL+`
			UNION ALL
			SELECT b.appkey_id, c.channel, b.called_at, b.request_at FROM batches b JOIN campaigns c ON c.id = b.campaign_id
				WHERE b.state IN ('sending', 'in_doubt')
			UNION ALL
			SELECT a.id, c.channel, a.foreign_since, a.foreign_since FROM appkeys a
				CROSS JOIN (SELECT 'friendtalk' AS channel UNION ALL SELECT 'brandtalk') AS c WHERE a.foreign_since IS NOT NULL
		) o LEFT JOIN result_readings r ON r.appkey_id = o.appkey_id AND r.channel = o.channel
		WHERE o.called_at IS NOT NULL AND (o.request_at IS NULL OR o.request_at <= ?) AND (r.due_at IS NULL OR r.due_at <= ?)
		GROUP BY o.appkey_id, o.channel ORDER BY o.appkey_id, o.channel`, now.UTC(), now.UTC()).Scan(&ds).Error
	return ds, err
}

// awaitingSQL is that a result of a batch's messages is still to come. An index of
// batches says it in the same words.
const awaitingSQL = "(" + openSQL + " > 0 OR sms_waiting > 0)"

// DueReading is a reading of results that is due.
type DueReading struct {
	AppkeyID int64
	Channel  Channel
	Since    FlexTime
}

// ClaimReading moves the next reading on from now, so that of several processes one
// reads. It says whether it was this one.
func (db *DB) ClaimReading(ctx context.Context, appkeyID int64, ch Channel, now, next time.Time) (bool, error) {
	res := db.write(ctx).Exec(`INSERT INTO result_readings (appkey_id, channel, due_at, seen, live) VALUES (?, ?, ?, '[]', 0)
		ON CONFLICT (appkey_id, channel) DO UPDATE SET due_at = excluded.due_at WHERE result_readings.due_at <= ?`,
		appkeyID, ch, next.UTC(), now.UTC())
	return res.RowsAffected > 0, res.Error
}

// Reading reads how far the results of an appkey have been read; the zero Reading
// before the first time.
func (db *DB) Reading(ctx context.Context, appkeyID int64, ch Channel) (Reading, error) {
	var rs []Reading
	err := db.read(ctx).Where("appkey_id = ? AND channel = ?", appkeyID, ch).Find(&rs).Error
	if err != nil || len(rs) == 0 {
		return Reading{AppkeyID: appkeyID, Channel: ch}, err
	}
	return rs[0], nil
}

// SaveReading notes how far has been read.
func (db *DB) SaveReading(ctx context.Context, r Reading) error {
	return db.write(ctx).Model(&Reading{}).Where("appkey_id = ? AND channel = ?", r.AppkeyID, r.Channel).
		Select("ReadUntil", "Seen", "LiveAt", "Live").Updates(r).Error
}

// PostponeReading has the next reading wait until then.
func (db *DB) PostponeReading(ctx context.Context, appkeyID int64, ch Channel, until time.Time) error {
	return db.write(ctx).Model(&Reading{}).Where("appkey_id = ? AND channel = ?", appkeyID, ch).Update("due_at", until.UTC()).Error
}

// AwaitedRequests are handed-over batches of an appkey and a channel of whose messages
// a result is still to come and that are to be read now, at most limit: those that
// were handed over, or sent if that was later, from oldest to youngest. Left out are
// those whose request is to be cancelled, which is read anyway.
func (db *DB) AwaitedRequests(ctx context.Context, appkeyID int64, ch Channel, now, oldest, youngest time.Time, limit int) ([]Batch, error) {
	var bs []Batch
	err := db.read(ctx).Raw(`SELECT b.* FROM batches b JOIN campaigns c ON c.id = b.campaign_id
		WHERE b.appkey_id = ? AND b.state = 'handed_over' AND `+awaitingSQL+` AND b.due_at <= ?
			AND c.channel = ? AND b.request_id <> '' AND b.cancel <> ?
			AND COALESCE(b.request_at, b.called_at) >= ? AND COALESCE(b.request_at, b.called_at) <= ?
		ORDER BY b.due_at, b.id`+limitTo(limit),
		appkeyID, now.UTC(), ch, CancelAsked, oldest.UTC(), youngest.UTC()).Scan(&bs).Error
	return bs, err
}

// ExpiredBatches are handed-over batches of whose messages a result is still to come
// although they were handed over, or sent if that was later, before the time oldest.
func (db *DB) ExpiredBatches(ctx context.Context, oldest time.Time, limit int) ([]Batch, error) {
	var bs []Batch
	err := db.read(ctx).Raw(`SELECT b.* FROM batches b
		WHERE b.state = 'handed_over' AND `+awaitingSQL+` AND COALESCE(b.request_at, b.called_at) < ?
		ORDER BY b.id`+limitTo(limit), oldest.UTC()).Scan(&bs).Error
	return bs, err
}
