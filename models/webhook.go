package models

import (
	"context"
	"net/url"
	"time"
	"unicode/utf8"

	"gorm.io/gorm/clause"
)

// MaxWebhookURL is how long the address of a webhook may be.
const MaxWebhookURL = 500

// Webhook is where a team is told of notices by a request.
type Webhook struct {
	TeamID    int64 `gorm:"primaryKey"`
	URL       string
	Secret    []byte // encrypted; signs each request
	OldSecret []byte // the one before, encrypted; nil: there is none
	OldUntil  *time.Time
	UpdatedAt time.Time
}

// NewWebhook is what is filled in to be told by a request.
type NewWebhook struct{ URL string }

// Validate checks the address. Without private, which lets addresses be in our own
// network, it must be https.
func (in NewWebhook) Validate(private bool) error {
	p := problems{}
	u, err := url.Parse(in.URL)
	switch {
	case in.URL == "":
		p.add("url", "field.required")
	case utf8.RuneCountInString(in.URL) > MaxWebhookURL:
		p.add("url", "field.too_long", "Max", MaxWebhookURL)
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		p.add("url", "webhook.url_wrong")
	case u.User != nil:
		p.add("url", "webhook.url_user")
	case u.Scheme != "https" && !private:
		p.add("url", "webhook.url_https")
	}
	return p.err()
}

// Webhook reads the webhook of a team; found is false if it has none.
func (db *DB) Webhook(ctx context.Context, teamID int64) (w Webhook, found bool, err error) {
	var ws []Webhook
	err = db.read(ctx).Where("team_id = ?", teamID).Find(&ws).Error
	if err != nil || len(ws) == 0 {
		return w, false, err
	}
	return ws[0], true, nil
}

// PutWebhook adds or replaces the webhook of a team.
func (db *DB) PutWebhook(ctx context.Context, w Webhook) error {
	w.UpdatedAt = db.now()
	return db.write(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "team_id"}}, DoUpdates: clause.AssignmentColumns([]string{"url", "secret", "old_secret", "old_until", "updated_at"}),
	}).Create(&w).Error
}

// DeleteWebhook removes the webhook of a team. What was delivered stays listed.
func (db *DB) DeleteWebhook(ctx context.Context, teamID int64) error {
	return db.write(ctx).Where("team_id = ?", teamID).Delete(&Webhook{}).Error
}
