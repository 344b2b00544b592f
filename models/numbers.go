package models

import (
	"fmt"
	"slices"
	"strings"

	"soshik/internal/kakao"
)

// Limits of a pasted list.
const (
	// MaxPastedNumbers is how many numbers may be pasted; more come in a file.
	MaxPastedNumbers = 10_000
	// MaxPastedBytes is how long the text may be.
	MaxPastedBytes = 1 << 20
)

// Numbers are phone numbers that somebody has pasted, each once and in order.
type Numbers struct {
	Phones  []string
	Doubled int
	Wrong   []WrongNumber
}

// WrongNumber is something pasted that is no number of a mobile phone.
type WrongNumber struct {
	Line   int
	Value  string
	Reason kakao.PhoneReason
}

// ParseNumbers reads numbers in any of the usual writings, one a line or several with
// commas, semicolons or tabs between them.
func ParseNumbers(text string) (found Numbers) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		for _, cell := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;|/\t\r\n，；、", r) }) {
			if cell = strings.TrimSpace(cell); cell == "" {
				continue
			}
			phone, _, reason := kakao.NormalizePhone(cell)
			if reason != "" {
				found.Wrong = append(found.Wrong, WrongNumber{n, cell, reason})
				continue
			}
			found.Phones = append(found.Phones, strings.Clone(phone))
		}
	}
	slices.Sort(found.Phones)
	all := len(found.Phones)
	found.Phones = slices.Compact(found.Phones)
	found.Doubled = all - len(found.Phones)
	return found
}

// WrongNumbers are what a pasted list was refused for.
type WrongNumbers []WrongNumber

func (w WrongNumbers) Error() string { return fmt.Sprintf("%d pasted numbers are wrong", len(w)) }

// Pasted is a list as it was pasted, and what to do with what is no number in it.
type Pasted struct {
	Text     string
	LeaveOut bool // go on with the others
}

// Parse refuses a list that is empty, too long, or has something in it that is no
// number and is not to be left out; that is a [WrongNumbers] then.
func (in Pasted) Parse() (Numbers, error) {
	if len(in.Text) > MaxPastedBytes {
		return Numbers{}, pastedProblem(T("audience.pasted_long", "Count", MaxPastedNumbers), nil)
	}
	found := ParseNumbers(in.Text)
	switch {
	case len(found.Wrong) > 0 && (!in.LeaveOut || len(found.Phones) == 0):
		return found, pastedProblem(T("audience.pasted_wrong", "Count", len(found.Wrong)), WrongNumbers(found.Wrong))
	case len(found.Phones) == 0:
		return found, pastedProblem(T("field.required"), nil)
	case len(found.Phones) > MaxPastedNumbers:
		return found, pastedProblem(T("audience.pasted_long", "Count", MaxPastedNumbers), nil)
	}
	return found, nil
}

// pastedProblem is an error about the field that numbers are pasted into.
func pastedProblem(text Text, cause error) error {
	return &Error{Kind: Invalid, Key: "error.invalid", Fields: map[string]Text{"pasted": text}, Err: cause}
}
