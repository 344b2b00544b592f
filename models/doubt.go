package models

import "context"

// Doubt is what is not known of a campaign's batches.
type Doubt struct {
	Batches    int64    // in doubt, less those that ask
	Recipients int64    // of them
	Last       FlexTime // when the last of them was asked for
	Asking     int64    // batches that wait for a person
	FirstAsked int64    // number of the first of those
}

// Doubt reads what is not known of a campaign's batches.
func (db *DB) Doubt(ctx context.Context, campaignID int64) (d Doubt, err error) {
	err = db.read(ctx).Raw(`SELECT COALESCE(SUM(CASE WHEN asks THEN 0 ELSE 1 END), 0) AS batches,
			COALESCE(SUM(CASE WHEN asks THEN 0 ELSE `+openSQL+` END), 0) AS recipients,
			MAX(CASE WHEN asks THEN NULL ELSE called_at END) AS last,
			COALESCE(SUM(CASE WHEN asks THEN 1 ELSE 0 END), 0) AS asking,
			COALESCE(MIN(CASE WHEN asks THEN number END), 0) AS first_asked
		FROM batches WHERE campaign_id = ? AND state = ?`, campaignID, BatchInDoubt).Scan(&d).Error
	return d, err
}
