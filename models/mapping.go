package models

import (
	"context"
	"time"

	"gorm.io/gorm/clause"
)

// Mapping is what a team used the columns of its last file of a shape as.
type Mapping struct {
	TeamID        int64    `gorm:"primaryKey"`
	Shape         string   `gorm:"primaryKey"` // see recipients.Sheet
	Uses          []string `gorm:"serializer:json"`
	International bool
	UsedAt        time.Time
}

// Mapping recalls a mapping; found is false if the team has had no file of that shape.
func (db *DB) Mapping(ctx context.Context, teamID int64, shape string) (m Mapping, found bool, err error) {
	var ms []Mapping
	err = db.read(ctx).Where("team_id = ? AND shape = ?", teamID, shape).Limit(1).Find(&ms).Error
	if err != nil || len(ms) == 0 {
		return m, false, err
	}
	return ms[0], true, nil
}

// SaveMapping remembers a mapping in place of the one before.
func (db *DB) SaveMapping(ctx context.Context, m Mapping) error {
	return db.write(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&m).Error
}
