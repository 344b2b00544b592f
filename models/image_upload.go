package models

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// ImageUpload is what an appkey's provider holds: a copy of one of our images, or an
// image that was uploaded elsewhere and that we have no bytes of.
type ImageUpload struct {
	AppkeyID  int64 `gorm:"primaryKey"`
	Seq       int   `gorm:"primaryKey"` // names it in messages
	ImageID   int64 // 0: its bytes are not kept
	URL       string
	Name      string
	Wide      bool
	Problem   string     // JSON of a [Text]: why its bytes are not kept, if they were asked for
	CreatedAt time.Time  // by the provider
	GoneAt    *time.Time // since when the provider does not list it; nil while it does
	CheckedAt time.Time  // when it was last uploaded or listed
}

// Why is why its bytes are not kept; the zero Text if they are, or were never asked
// for.
func (u ImageUpload) Why() Text { return readText(u.Problem) }

// readText reads what [writeText] has written; no text is the zero Text.
func readText(problem string) (t Text) {
	if problem == "" {
		return t
	}
	if err := json.Unmarshal([]byte(problem), &t); err != nil {
		return Text{Key: "error.internal"}
	}
	return t
}

func writeText(t Text) (string, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("a text: %w", err)
	}
	return string(b), nil
}

// ImageUpload is the newest copy of an image that an appkey's provider holds; found
// is false if it holds none.
func (db *DB) ImageUpload(ctx context.Context, appkeyID, imageID int64) (u ImageUpload, found bool, err error) {
	var us []ImageUpload
	err = db.read(ctx).Where("appkey_id = ? AND image_id = ? AND gone_at IS NULL", appkeyID, imageID).Order("seq DESC").Limit(1).Find(&us).Error
	if err != nil || len(us) == 0 {
		return u, false, err
	}
	return us[0], true, nil
}
