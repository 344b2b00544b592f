package models

import (
	"context"
	"slices"
)

// ImagePlace is a kind of thing that shows an image.
type ImagePlace string

// The places.
const (
	PlaceTemplate ImagePlace = "template"
	PlaceCampaign ImagePlace = "campaign"
)

// UseImage notes which image a place shows from now on; 0: none. It is to be called
// in the transaction that saves the place's content.
func (db *DB) UseImage(ctx context.Context, place ImagePlace, placeID, imageID int64) error {
	err := db.write(ctx).Exec("DELETE FROM image_uses WHERE place = ? AND place_id = ? AND image_id <> ?", place, placeID, imageID).Error
	if err != nil || imageID == 0 {
		return err
	}
	return db.write(ctx).Exec("INSERT INTO image_uses (image_id, place, place_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", imageID, place, placeID).Error
}

// ImageUse is something that shows an image.
type ImageUse struct {
	ImageID  int64
	Place    ImagePlace
	PlaceID  int64
	AppkeyID int64
	Name     string
	State    CampaignState // of a campaign
	Active   bool          // it may still be sent: a template that is not archived, or a campaign that is not over
}

// used are the uses of images, each with whether it is active.
const used = `SELECT u.image_id, u.place, t.id AS place_id, t.appkey_id, t.name, '' AS state, t.archived_at IS NULL AS active
		FROM image_uses u JOIN templates t ON t.id = u.place_id WHERE u.place = 'template' AND u.image_id IN ?
	UNION ALL SELECT u.image_id, u.place, c.id, c.appkey_id, c.name, c.state, c.state NOT IN ('finished', 'cancelled')
		FROM image_uses u JOIN campaigns c ON c.id = u.place_id WHERE u.place = 'campaign' AND u.image_id IN ?`

// ImageUses are at most limit uses of images: those that are active first, the newest
// of each first.
func (db *DB) ImageUses(ctx context.Context, imageIDs []int64, limit int) ([]ImageUse, error) {
	var us []ImageUse
	return us, db.read(ctx).Raw("SELECT * FROM ("+used+") uses ORDER BY active DESC, place DESC, place_id DESC, image_id"+limitTo(limit),
		imageIDs, imageIDs).Scan(&us).Error
}

// UseCount is how often an image is used.
type UseCount struct {
	All    int
	Active int // see [ImageUse]
}

// CountImageUses counts the uses of images, by image; those that are not used have
// none.
func (db *DB) CountImageUses(ctx context.Context, imageIDs []int64) (map[int64]UseCount, error) {
	var rows []struct {
		ImageID int64
		UseCount
	}
	err := db.read(ctx).Raw("SELECT image_id, COUNT(*) AS \"all\", SUM(CASE WHEN active THEN 1 ELSE 0 END) AS active FROM ("+used+") uses GROUP BY image_id",
		imageIDs, imageIDs).Scan(&rows).Error
	counts := make(map[int64]UseCount, len(rows))
	for _, r := range rows {
		counts[r.ImageID] = r.UseCount
	}
	return counts, err
}

// ActiveUses are those of us that are active.
func ActiveUses(us []ImageUse) []ImageUse {
	return slices.DeleteFunc(slices.Clone(us), func(u ImageUse) bool { return !u.Active })
}
