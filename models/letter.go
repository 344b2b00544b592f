package models

// Letter is a mail to one person, in words.
type Letter struct {
	ID      string // by which the receiver's program knows one that comes twice
	To      string // address
	Subject string
	Text    string
	HTML    string
}
