package models

import (
	"cmp"
	"context"
	"path"
	"strings"
	"time"
	"unicode"

	"gorm.io/gorm/clause"

	"soshik/internal/kakao"
)

// The formats of images, as [Image.Format] has them.
const (
	FormatJPEG = "jpeg"
	FormatPNG  = "png"
)

// Image is an image of a team's library, without its bytes. It is known by them and
// by whether it makes messages wide: the same file may be in the library twice.
type Image struct {
	ID        int64
	TeamID    int64
	Hash      string // SHA-256 of the bytes, hexadecimal
	Wide      bool   // makes messages wide
	Name      string // of the file; its ending is that of Format
	Format    string // FormatJPEG, FormatPNG
	Width     int    // pixels, as it is seen
	Height    int
	Size      int        // bytes
	CreatedBy int64      // 0: fetched from the provider
	CreatedAt time.Time  // when it came into the library
	HiddenAt  *time.Time // since when it is out of the library again; what refers to it still shows it

	turned bool // its pixels are stored the other way: their width is Height
}

// Picture is what a message carries of i.
func (i Image) Picture() Picture {
	return Picture{ID: i.ID, Hash: i.Hash, Name: i.Name, Wide: i.Wide, Width: i.Width, Height: i.Height, Size: i.Size}
}

// ContentType is the media type of i's bytes.
func (i Image) ContentType() string { return "image/" + i.Format }

// ImageFile is what an image's lists do without: its bytes.
type ImageFile struct {
	ImageID   int64  `gorm:"primaryKey"`
	Original  []byte // as it was uploaded
	Thumbnail []byte // JPEG or PNG, at most ThumbnailSize pixels wide or high
}

// ImageName is what an image is called whose file had a name of any kind: in one
// line, composed, and with the ending that its format has. The provider goes by the
// ending.
func ImageName(file, format string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, kakao.Composed(path.Base(strings.ReplaceAll(file, `\`, "/"))))
	ending := path.Ext(name)
	base := strings.Trim(strings.TrimSuffix(name, ending), " ./")
	switch lower := strings.ToLower(ending); {
	case format == FormatJPEG && (lower == ".jpg" || lower == ".jpeg"), format == FormatPNG && lower == ".png":
	case format == FormatPNG:
		ending = ".png"
	default:
		ending = ".jpg"
	}
	if most := maxImageName - len(ending); len([]rune(base)) > most {
		base = strings.TrimSpace(string([]rune(base)[:most]))
	}
	return cmp.Or(base, "image") + ending
}

// maxImageName is as long as a name may become, in characters: half of the
// provider's limit, since it may count other units.
const maxImageName = kakao.MaxImageName / 2

// ImageShape is how a library is narrowed by what its images do to messages.
type ImageShape string

// The shapes.
const (
	ImagesAll    ImageShape = ""
	ImagesNormal ImageShape = "normal"
	ImagesWide   ImageShape = "wide"
)

// ImageShapes are all shapes.
func ImageShapes() []ImageShape { return []ImageShape{ImagesAll, ImagesNormal, ImagesWide} }

// ImageFilter says which images of a team's library are listed.
type ImageFilter struct {
	Name  string // a part of the name, in upper or lower case; empty: all
	Shape ImageShape
	After int64 // the id of the image before the first; 0: from the newest on
}

// Narrow reports whether f leaves anything out.
func (f ImageFilter) Narrow() bool { return f.Name != "" || f.Shape != ImagesAll }

// where is the condition that f makes for the library of a team.
func (f ImageFilter) where(teamID int64) (sql string, args []any) {
	sql, args = "team_id = ? AND hidden_at IS NULL", []any{teamID}
	if f.Name != "" {
		sql += " AND LOWER(name) LIKE ? ESCAPE '!'"
		args = append(args, containing(kakao.Composed(f.Name)))
	}
	if f.Shape != ImagesAll {
		sql += " AND wide = ?"
		args = append(args, f.Shape == ImagesWide)
	}
	return sql, args
}

// Image reads an image of a team, also one that is out of the library.
func (db *DB) Image(ctx context.Context, teamID, id int64) (i Image, err error) {
	err = db.read(ctx).Where("team_id = ?", teamID).First(&i, id).Error
	return i, dbError(err, "image")
}

// ImageFile reads the bytes of an image of a team.
func (db *DB) ImageFile(ctx context.Context, teamID, id int64) (f ImageFile, err error) {
	err = db.read(ctx).Joins("JOIN images i ON i.id = image_files.image_id").Where("i.team_id = ? AND i.id = ?", teamID, id).First(&f).Error
	return f, dbError(err, "image")
}

// ImageKept reports whether the bytes of an image are kept.
func (db *DB) ImageKept(ctx context.Context, id int64) (kept bool, err error) {
	err = db.read(ctx).Raw("SELECT EXISTS (SELECT 1 FROM image_files WHERE image_id = ?)", id).Scan(&kept).Error
	return kept, err
}

// ImageThumbnail reads the thumbnail of an image of a team.
func (db *DB) ImageThumbnail(ctx context.Context, teamID, id int64) (thumbnail []byte, err error) {
	var f ImageFile
	err = db.read(ctx).Select("image_id", "thumbnail").Joins("JOIN images i ON i.id = image_files.image_id").
		Where("i.team_id = ? AND i.id = ?", teamID, id).First(&f).Error
	return f.Thumbnail, dbError(err, "image")
}

// Images are at most limit images of a team's library, the newest first.
func (db *DB) Images(ctx context.Context, teamID int64, f ImageFilter, limit int) ([]Image, error) {
	where, args := f.where(teamID)
	q := db.read(ctx).Where(where, args...)
	if f.After > 0 {
		q = q.Where("(created_at, id) < (SELECT created_at, id FROM images WHERE id = ?)", f.After)
	}
	var is []Image
	return is, q.Order("created_at DESC, id DESC").Limit(limit).Find(&is).Error
}

// ImagesWith are the images of a team's library with these ids, the newest first.
func (db *DB) ImagesWith(ctx context.Context, teamID int64, ids []int64) ([]Image, error) {
	var is []Image
	return is, db.read(ctx).Where("team_id = ? AND hidden_at IS NULL AND id IN ?", teamID, ids).Order("created_at DESC, id DESC").Find(&is).Error
}

// CountedImages is up to how many images a list counts.
const CountedImages = 10_000

// CountImages counts the images of a team's library that f lets through, up to one
// more than [CountedImages].
func (db *DB) CountImages(ctx context.Context, teamID int64, f ImageFilter) (n int, err error) {
	where, args := f.where(teamID)
	err = db.read(ctx).Raw("SELECT COUNT(*) FROM (SELECT 1 FROM images WHERE "+where+limitTo(CountedImages+1)+") counted", args...).Scan(&n).Error
	return n, err
}

// ImagePut is what [DB.PutImage] has come upon.
type ImagePut int

// What an image may be for a library.
const (
	ImageKnown ImagePut = iota // it has been there before
	ImageNew                   // it has never been there
	ImageBack                  // it had been taken out
)

// PutImage sees to it that an image with its bytes is in the library of i's team, and
// completes i with what is known of it. It is to be used in a transaction.
func (db *DB) PutImage(ctx context.Context, i *Image, f ImageFile) (ImagePut, error) {
	res := db.write(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(i)
	if res.Error != nil {
		return ImageKnown, dbError(res.Error, "image")
	}
	if res.RowsAffected > 0 {
		f.ImageID = i.ID
		return ImageNew, dbError(db.write(ctx).Create(&f).Error, "image")
	}
	fresh := *i
	var known Image // not i, whose id would become a condition
	err := db.write(ctx).Where("team_id = ? AND hash = ? AND wide = ?", i.TeamID, i.Hash, i.Wide).First(&known).Error
	if err != nil {
		return ImageKnown, dbError(err, "image")
	}
	*i = known
	if known.HiddenAt == nil {
		return ImageKnown, nil
	}
	i.Name, i.CreatedBy, i.CreatedAt, i.HiddenAt = fresh.Name, fresh.CreatedBy, fresh.CreatedAt, nil
	return ImageBack, db.write(ctx).Model(&Image{}).Where("id = ?", i.ID).
		Select("Name", "CreatedBy", "CreatedAt", "HiddenAt").Updates(i).Error
}

// WithdrawImage takes an image out of the library again that was put there for an
// upload which the provider has refused. put is what PutImage said then. What has been
// uploaded elsewhere, or is used by now, stays.
func (db *DB) WithdrawImage(ctx context.Context, id int64, put ImagePut, now time.Time) error {
	const unused = `id = ? AND NOT EXISTS (SELECT 1 FROM image_uploads u WHERE u.image_id = images.id)
		AND NOT EXISTS (SELECT 1 FROM image_uses u WHERE u.image_id = images.id)`
	switch put {
	case ImageNew:
		return db.write(ctx).Where(unused, id).Delete(&Image{}).Error
	case ImageBack:
		return db.HideImages(ctx, []int64{id}, now)
	}
	return nil
}

// HideImages takes images out of the library. What refers to them still shows them.
func (db *DB) HideImages(ctx context.Context, ids []int64, now time.Time) error {
	return db.write(ctx).Model(&Image{}).Where("id IN ? AND hidden_at IS NULL", ids).Update("hidden_at", now.UTC()).Error
}
