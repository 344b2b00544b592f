package models

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"soshik/internal/kakao"
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

// ImageUploads are all copies of an image that providers of the team's appkeys hold or
// have held, by appkey, the newest first.
func (db *DB) ImageUploads(ctx context.Context, imageID int64) ([]ImageUpload, error) {
	var us []ImageUpload
	return us, db.read(ctx).Where("image_id = ?", imageID).Order("appkey_id, seq DESC").Find(&us).Error
}

// LiveUploads are the copies of images that providers hold.
func (db *DB) LiveUploads(ctx context.Context, imageIDs []int64) ([]ImageUpload, error) {
	var us []ImageUpload
	return us, db.read(ctx).Where("image_id IN ? AND gone_at IS NULL", imageIDs).Order("appkey_id, seq").Find(&us).Error
}

// UploadedImages are those of the images of which an appkey's provider holds a copy.
func (db *DB) UploadedImages(ctx context.Context, appkeyID int64, imageIDs []int64) (map[int64]bool, error) {
	var ids []int64
	err := db.read(ctx).Model(&ImageUpload{}).Distinct("image_id").
		Where("appkey_id = ? AND image_id IN ? AND gone_at IS NULL", appkeyID, imageIDs).Pluck("image_id", &ids).Error
	found := make(map[int64]bool, len(ids))
	for _, id := range ids {
		found[id] = true
	}
	return found, err
}

// UnkeptUploads are at most limit images that an appkey's provider holds and that we
// have no bytes of, the newest first.
func (db *DB) UnkeptUploads(ctx context.Context, appkeyID int64, limit int) ([]ImageUpload, error) {
	var us []ImageUpload
	return us, db.read(ctx).Where("appkey_id = ? AND image_id = 0 AND gone_at IS NULL", appkeyID).Order("seq DESC").Limit(limit).Find(&us).Error
}

// UploadsToFetch are the images of an appkey's provider whose bytes are to be asked
// for, the oldest first: those that never were or, again, also those that could not be
// had.
func (db *DB) UploadsToFetch(ctx context.Context, appkeyID int64, again bool) ([]ImageUpload, error) {
	q := db.read(ctx).Where("appkey_id = ? AND image_id = 0 AND gone_at IS NULL", appkeyID)
	if !again {
		q = q.Where("problem = ''")
	}
	var us []ImageUpload
	return us, q.Order("seq").Find(&us).Error
}

// UnkeptUploadsWith are the images of an appkey's provider with these numbers that we
// have no bytes of.
func (db *DB) UnkeptUploadsWith(ctx context.Context, appkeyID int64, seqs []int) ([]ImageUpload, error) {
	var us []ImageUpload
	return us, db.read(ctx).Where("appkey_id = ? AND seq IN ? AND image_id = 0 AND gone_at IS NULL", appkeyID, seqs).Order("seq DESC").Find(&us).Error
}

// SaveUpload notes what a provider holds since it was uploaded.
func (db *DB) SaveUpload(ctx context.Context, u ImageUpload) error {
	return db.write(ctx).Exec(`INSERT INTO image_uploads (appkey_id, seq, image_id, url, name, wide, problem, created_at, checked_at)
			VALUES (?, ?, ?, ?, ?, ?, '', ?, ?)
		ON CONFLICT (appkey_id, seq) DO UPDATE SET image_id = excluded.image_id, url = excluded.url, name = excluded.name,
			wide = excluded.wide, problem = '', gone_at = NULL, checked_at = excluded.checked_at`,
		u.AppkeyID, u.Seq, u.ImageID, u.URL, u.Name, u.Wide, u.CreatedAt.UTC(), u.CheckedAt.UTC()).Error
}

// SaveListed notes what the provider has listed: what is known already is still there,
// unless more has been heard of it since the listing began, at u.CheckedAt.
func (db *DB) SaveListed(ctx context.Context, us []ImageUpload) error {
	for _, u := range us {
		err := db.write(ctx).Exec(`INSERT INTO image_uploads (appkey_id, seq, image_id, url, name, wide, problem, created_at, checked_at)
				VALUES (?, ?, 0, ?, ?, ?, '', ?, ?)
			ON CONFLICT (appkey_id, seq) DO UPDATE SET url = excluded.url, name = excluded.name, wide = excluded.wide,
				created_at = excluded.created_at, gone_at = NULL, checked_at = excluded.checked_at
			WHERE image_uploads.checked_at <= excluded.checked_at`,
			u.AppkeyID, u.Seq, u.URL, u.Name, u.Wide, u.CreatedAt.UTC(), u.CheckedAt.UTC()).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// KeptUpload notes that the bytes of an upload are those of an image.
func (db *DB) KeptUpload(ctx context.Context, u ImageUpload, imageID int64) error {
	return db.write(ctx).Model(&ImageUpload{}).Where("appkey_id = ? AND seq = ?", u.AppkeyID, u.Seq).
		Updates(map[string]any{"image_id": imageID, "problem": ""}).Error
}

// UnkeptUpload notes why the bytes of an upload cannot be had.
func (db *DB) UnkeptUpload(ctx context.Context, u ImageUpload, why Text) error {
	problem, err := writeText(why)
	if err != nil {
		return err
	}
	return db.write(ctx).Model(&ImageUpload{}).Where("appkey_id = ? AND seq = ? AND image_id = 0", u.AppkeyID, u.Seq).Update("problem", problem).Error
}

// LoseUploads notes that an appkey's provider holds these no more.
func (db *DB) LoseUploads(ctx context.Context, appkeyID int64, seqs []int, now time.Time) error {
	return db.write(ctx).Model(&ImageUpload{}).Where("appkey_id = ? AND seq IN ? AND gone_at IS NULL", appkeyID, seqs).
		Updates(map[string]any{"gone_at": now.UTC(), "checked_at": now.UTC()}).Error
}

// UnlistedUploads are those that an appkey's provider is thought to hold, though
// nothing has been heard of them since the time, at most limit.
func (db *DB) UnlistedUploads(ctx context.Context, appkeyID int64, since time.Time, limit int) ([]ImageUpload, error) {
	var us []ImageUpload
	return us, db.read(ctx).Where("appkey_id = ? AND gone_at IS NULL AND checked_at < ?", appkeyID, since.UTC()).Order("seq").Limit(limit).Find(&us).Error
}

// ShowUploadedImages brings images back into the library that an appkey's provider
// holds a copy of, and says which.
func (db *DB) ShowUploadedImages(ctx context.Context, appkeyID int64, now time.Time) ([]Image, error) {
	var is []Image
	err := db.read(ctx).Where(`hidden_at IS NOT NULL AND EXISTS (SELECT 1 FROM image_uploads u
		WHERE u.image_id = images.id AND u.appkey_id = ? AND u.gone_at IS NULL)`, appkeyID).Order("id").Find(&is).Error
	if err != nil || len(is) == 0 {
		return nil, err
	}
	ids := make([]int64, len(is))
	for n, i := range is {
		ids[n] = i.ID
	}
	return is, db.write(ctx).Model(&Image{}).Where("id IN ?", ids).Updates(map[string]any{"hidden_at": nil, "created_at": now.UTC()}).Error
}

// LacksSender reports whether an appkey is known to have no registered sender, without
// which its provider takes no images. As long as its senders were never read, nothing
// is known.
func (db *DB) LacksSender(ctx context.Context, appkeyID int64) (lacks bool, err error) {
	err = db.read(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM sender_refreshes WHERE appkey_id = ? AND succeeded_at IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM senders WHERE appkey_id = ? AND status = ? AND gone_at IS NULL)`,
		appkeyID, appkeyID, kakao.SenderRegistered).Scan(&lacks).Error
	return lacks, err
}
