package models

import "context"

// Picture is an image as a message carries it: what is needed to check and to draw
// the message, and the hash by which a frozen copy is held to its bytes. The original
// is kept in the team's library.
type Picture struct {
	ID     int64  `json:"id"`
	Hash   string `json:"hash"` // SHA-256 of the bytes, hexadecimal
	Name   string `json:"name"` // of the file
	Wide   bool   `json:"wide"` // makes the message wide
	Width  int    `json:"width"`
	Height int    `json:"height"` // both in pixels
	Size   int    `json:"size"`   // bytes
}

// Picture reads what a message carries of an image of the team.
func (db *DB) Picture(ctx context.Context, teamID, id int64) (p Picture, err error) {
	err = db.read(ctx).Table("images").Where("team_id = ?", teamID).First(&p, id).Error
	return p, dbError(err, "image")
}
