package models

import (
	"strings"

	"soshik/internal/kakao"
)

// NewMembers is what is filled in to add senders to a group. Whoever is named twice
// is added once.
type NewMembers struct {
	Keys   []string // of the senders that are ticked
	Query  string   // what senders were searched by
	All    bool     // all that Query finds, too
	Pasted string   // PlusFriendIDs, with commas, spaces or lines between; see ParsePasted
}

// PastedSender is a name in a pasted list, and in which line it stands, from 1.
type PastedSender struct {
	Line int
	Name string // with its leading @
}

// ParsePasted finds the PlusFriendIDs in what was pasted, from a column of a table or
// a sentence: between commas, semicolons, spaces and lines, with or without @.
func ParsePasted(text string) []PastedSender {
	var found []PastedSender
	for n, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		names := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;\"' \t\r\u00a0\u3000\ufeff、，", r) })
		for _, name := range names {
			if name = (NewSender{PlusFriendID: name}).Normal().PlusFriendID; strings.TrimLeft(name, "@") != "" {
				found = append(found, PastedSender{n + 1, name})
			}
		}
	}
	return found
}

// MaxPasted bounds what can be pasted, in characters: a group's fill of the longest
// names, each with something before and after it.
const MaxPasted = kakao.MaxGroupMembers * (kakao.MaxPlusFriendID + 4)

// WrongSender is a pasted name that cannot be added.
type WrongSender struct {
	PastedSender

	Reason Text
}

// WrongSenders is what is wrong with a pasted list, as an error beside its field.
type WrongSenders []WrongSender

func (WrongSenders) Error() string { return "pasted senders cannot be added" }
