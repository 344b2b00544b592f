package models

import (
	"context"
	"time"
)

// DeliveryState is how far a delivery of a notice has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryWaiting   DeliveryState = "waiting" // for its first attempt or another one
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed" // given up
)

// NoticeDelivery tells somebody outside of a notice: a person by mail, or a team's
// webhook by a request. It may be made more than once; its ULID stays the same.
type NoticeDelivery struct {
	ID        int64
	ULID      string `gorm:"column:ulid"`
	NoticeID  int64
	TeamID    int64
	UserID    int64 // 0: the team's webhook
	State     DeliveryState
	Attempts  int
	DueAt     time.Time // not taken up by another job before
	Problem   Text      `gorm:"serializer:json"` // of the last attempt; zero if there was none
	CreatedAt time.Time
	EndedAt   *time.Time
}

// ByMail reports whether it goes to a person.
func (d NoticeDelivery) ByMail() bool { return d.UserID != 0 }

// CreateNoticeDelivery adds a delivery.
func (db *DB) CreateNoticeDelivery(ctx context.Context, d *NoticeDelivery) error {
	return db.write(ctx).Create(d).Error
}

// NoticeDelivery reads a delivery.
func (db *DB) NoticeDelivery(ctx context.Context, id int64) (d NoticeDelivery, err error) {
	err = db.read(ctx).First(&d, id).Error
	return d, dbError(err, "delivery")
}

// BeginAttempt takes a waiting delivery until the time until, so that of several jobs
// one makes the attempt. It says whether it was this one.
func (db *DB) BeginAttempt(ctx context.Context, d NoticeDelivery, until time.Time) (bool, error) {
	res := db.write(ctx).Model(&NoticeDelivery{}).Where("id = ? AND state = ? AND attempts = ?", d.ID, DeliveryWaiting, d.Attempts).
		Updates(map[string]any{"attempts": d.Attempts + 1, "due_at": until.UTC()})
	return res.RowsAffected > 0, res.Error
}

// EndAttempt writes down what came of the attempt d.Attempts, unless there has been
// another one since.
func (db *DB) EndAttempt(ctx context.Context, d NoticeDelivery) error {
	return db.write(ctx).Model(&NoticeDelivery{}).Where("id = ? AND state = ? AND attempts = ?", d.ID, DeliveryWaiting, d.Attempts).
		Select("State", "DueAt", "Problem", "EndedAt").Updates(d).Error
}

// DueNoticeDeliveries are waiting deliveries whose time has come, the oldest first.
func (db *DB) DueNoticeDeliveries(ctx context.Context, now time.Time, limit int) ([]NoticeDelivery, error) {
	var ds []NoticeDelivery
	return ds, db.read(ctx).Where("state = ? AND due_at <= ?", DeliveryWaiting, now.UTC()).Order("due_at, id").Limit(limit).Find(&ds).Error
}

// PostponeNoticeDelivery moves the time of a waiting delivery on from what was read,
// so that of several processes one gives it a job. It says whether it was this one.
func (db *DB) PostponeNoticeDelivery(ctx context.Context, d NoticeDelivery, until time.Time) (bool, error) {
	res := db.write(ctx).Model(&NoticeDelivery{}).Where("id = ? AND state = ? AND due_at = ?", d.ID, DeliveryWaiting, d.DueAt).Update("due_at", until.UTC())
	return res.RowsAffected > 0, res.Error
}

// RetryNoticeDelivery lets a delivery to a team's webhook that was given up begin
// anew. It says whether there was one.
func (db *DB) RetryNoticeDelivery(ctx context.Context, teamID, id int64, until time.Time) (bool, error) {
	res := db.write(ctx).Model(&NoticeDelivery{}).Where("id = ? AND team_id = ? AND user_id = 0 AND state = ?", id, teamID, DeliveryFailed).
		Updates(map[string]any{"state": DeliveryWaiting, "attempts": 0, "due_at": until.UTC(), "ended_at": nil})
	return res.RowsAffected > 0, res.Error
}

// WebhookDelivery is a delivery as the team's list shows it.
type WebhookDelivery struct {
	NoticeDelivery

	Notice Notice
}

// WebhookDeliveries are the deliveries to a team's webhook, the newest first, before
// the one with id before (0: from the newest on).
func (db *DB) WebhookDeliveries(ctx context.Context, teamID, before int64, limit int) ([]WebhookDelivery, error) {
	q := db.read(ctx).Where("team_id = ? AND user_id = 0", teamID)
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var ds []NoticeDelivery
	if err := q.Order("id DESC").Limit(limit).Find(&ds).Error; err != nil {
		return nil, err
	}
	ids := make([]int64, len(ds))
	for i, d := range ds {
		ids[i] = d.NoticeID
	}
	notices, err := listed(ctx, db, ids, func(n Notice) (int64, Notice) { return n.ID, n })
	if err != nil {
		return nil, err
	}
	rows := make([]WebhookDelivery, len(ds))
	for i, d := range ds {
		rows[i] = WebhookDelivery{d, notices[d.NoticeID]}
	}
	return rows, nil
}
