package models

// Picture is an image as a message carries it: what is needed to check and to draw
// the message, and the hash by which a frozen copy is held to its bytes. The original
// is an [Image] of the team's library.
type Picture struct {
	ID     int64  `json:"id"`
	Hash   string `json:"hash"` // SHA-256 of the bytes, hexadecimal
	Name   string `json:"name"` // of the file
	Wide   bool   `json:"wide"` // makes the message wide
	Width  int    `json:"width"`
	Height int    `json:"height"` // both in pixels
	Size   int    `json:"size"`   // bytes
}
