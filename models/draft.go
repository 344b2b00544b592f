package models

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"
)

// Typed is what stands in the form of an editor: that of a campaign's message, or
// that of a template.
type Typed struct {
	Name       string   `json:"name"`
	SenderID   int64    `json:"senderId,omitempty"`   // 0: not chosen
	AudienceID int64    `json:"audienceId,omitempty"` // of the campaign, when the form was made
	Code       string   `json:"code,omitempty"`       // of a template
	Tags       []string `json:"tags,omitempty"`       // of a template
	Content    Content  `json:"content"`
}

// Same reports whether saving t would change nothing of what is saved. What the
// content keeps of other types of buttons does not count, and neither does the
// audience, which no editor changes.
func (t Typed) Same(saved Typed) bool {
	return bytes.Equal(t.essence(), saved.essence())
}

// essence is what saving t would keep, as JSON.
func (t Typed) essence() []byte {
	t.Content, t.AudienceID = t.Content.Trim(), 0
	t.Tags = slices.Sorted(slices.Values(t.Tags))
	b, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Errorf("what was typed as JSON: %w", err)) // cannot fail
	}
	return b
}

// Draft is what one person has typed at a place and not saved. It is theirs alone,
// and there is at most one for each place.
type Draft struct {
	UserID  int64      `gorm:"primaryKey"`
	Place   ImagePlace `gorm:"primaryKey"`
	PlaceID int64      `gorm:"primaryKey"` // of the campaign or the template
	Base    int        // the revision or version that was edited
	Typed   Typed      `gorm:"serializer:json"`
	SavedAt time.Time  // when it was kept last
}

// Draft reads what a person has typed at a place and not saved; found is false if
// there is nothing.
func (db *DB) Draft(ctx context.Context, userID int64, place ImagePlace, placeID int64) (d Draft, found bool, err error) {
	var ds []Draft
	err = db.read(ctx).Where("user_id = ? AND place = ? AND place_id = ?", userID, place, placeID).Limit(1).Find(&ds).Error
	if err != nil || len(ds) == 0 {
		return d, false, err
	}
	return ds[0], true, nil
}

// KeepDraft keeps d in place of what the person had typed there before.
func (db *DB) KeepDraft(ctx context.Context, d Draft) error {
	return dbError(db.write(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&d).Error, "draft")
}

// ForgetDraft drops what a person has typed at a place. It is to be called in the
// transaction that saves it.
func (db *DB) ForgetDraft(ctx context.Context, userID int64, place ImagePlace, placeID int64) error {
	return db.write(ctx).Where("user_id = ? AND place = ? AND place_id = ?", userID, place, placeID).Delete(&Draft{}).Error
}

// ForgetDrafts drops what anybody has typed at a place, when it cannot be edited any
// more.
func (db *DB) ForgetDrafts(ctx context.Context, place ImagePlace, placeID int64) error {
	return db.write(ctx).Where("place = ? AND place_id = ?", place, placeID).Delete(&Draft{}).Error
}
