package nhn

import (
	"encoding/json"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/internal/jsontext"
)

// scanned is an answer of up to a thousand entries, which reads itself from a
// scanner: encoding/json takes many times as long.
type scanned interface {
	// scan takes the value of the member called name. The header is not among them.
	scan(s *jsontext.Scanner, name []byte)
	setHeader(h *header)
}

func (e *envelope) setHeader(h *header) { e.Header = h }

// decode reads an answer's body into out.
func decode(body []byte, out any) error {
	v, ok := out.(scanned)
	if !ok {
		return json.Unmarshal(body, out)
	}
	s := jsontext.Scan(body)
	s.Object(func(name []byte) {
		if string(name) != "header" {
			v.scan(s, name)
			return
		}
		var h *header
		if err := json.Unmarshal(s.Raw(), &h); err != nil {
			s.Fail(err)
		}
		v.setHeader(h)
	})
	return s.End()
}

// scanObject takes an object; what is not one counts for nothing.
func scanObject(s *jsontext.Scanner, names jsontext.Names, member func(i int)) {
	if s.Kind() != jsontext.Object {
		s.Skip()
		return
	}
	next := 0
	s.Object(func(name []byte) { member(names.Find(name, &next)) })
}

// scanList takes a list of objects, or null. Null entries are left out. Anything else
// in its place is an error.
func scanList(s *jsontext.Scanner, entry func()) {
	s.Array(func() {
		switch s.Kind() {
		case jsontext.Object:
			entry()
		case jsontext.Null:
			s.Skip()
		default:
			s.Fail(jsontext.ErrKind)
		}
	})
}

// scanOptionalList is scanList for what an answer can do without: what is no list
// counts for nothing, and an object is a list's only entry, since the documents' tables
// call some lists objects.
func scanOptionalList(s *jsontext.Scanner, entry func()) {
	switch s.Kind() {
	case jsontext.Object:
		entry()
	case jsontext.Array:
		s.Array(func() {
			if s.Kind() == jsontext.Object {
				entry()
			}
		})
	default:
		s.Skip()
	}
}

// scanText takes a text, also where a number or a boolean stands in its place, and
// returns old where that is equal, since entries of a page have much in common.
// Null and what has members are empty.
func scanText(s *jsontext.Scanner, old string) string {
	switch s.Kind() {
	case jsontext.String:
		return s.Same(old)
	case jsontext.Number, jsontext.True, jsontext.False:
		return string(s.Token())
	}
	s.Skip()
	return ""
}

// scanNumber takes a whole number, also one within quotes. What is none is 0.
func scanNumber(s *jsontext.Scanner) int {
	n, _ := scanInteger(s)
	return n
}

// scanInteger takes a number and reports whether it is a whole one.
func scanInteger(s *jsontext.Scanner) (int, bool) {
	switch s.Kind() {
	case jsontext.Number, jsontext.String:
		return integer(s.Token())
	}
	s.Skip()
	return 0, false
}

// scanBool takes true, "true" and their like. What it does not know is false.
func scanBool(s *jsontext.Scanner) bool {
	switch s.Kind() {
	case jsontext.Object, jsontext.Array:
		s.Skip()
		return false
	}
	var f flexBool
	_ = f.UnmarshalJSON(s.Token()) // knows every value
	return bool(f)
}

// A dates reads the dates of a page, of which most are the same as one before.
type dates struct {
	text string
	time time.Time
}

// take takes a date. Null, empty, or in a form that nobody knows, it is the zero time.
func (d *dates) take(s *jsontext.Scanner) time.Time {
	if s.Kind() != jsontext.String {
		s.Skip()
		return time.Time{}
	}
	if text := s.Same(d.text); text != d.text {
		d.text = text
		d.time, _ = kakao.ParseDate(strings.TrimSpace(text)) // zero for what is none
	}
	return d.time
}
