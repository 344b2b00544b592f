package nhn

import (
	"encoding/json"
	"strconv"
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

// object takes an object; what is not one counts for nothing, so that an odd member
// does not cost a page of results.
func object(s *jsontext.Scanner, names jsontext.Names, member func(i int)) {
	if s.Kind() != jsontext.Object {
		s.Skip()
		return
	}
	next := 0
	s.Object(func(name []byte) { member(names.Find(name, &next)) })
}

// array takes an array; what is not one counts for nothing.
func array(s *jsontext.Scanner, element func()) {
	if s.Kind() != jsontext.Array {
		s.Skip()
		return
	}
	s.Array(element)
}

// scalar takes a text, also where a number or a boolean stands in its place, and
// returns old where that is equal, since entries of a page have much in common.
// Null and what has members are empty.
func scalar(s *jsontext.Scanner, old string) string {
	switch s.Kind() {
	case jsontext.String:
		return s.Same(old)
	case jsontext.Number, jsontext.True, jsontext.False:
		return string(s.Token())
	}
	s.Skip()
	return ""
}

// number takes a whole number, also one in quotation marks. What is not one is 0.
func number(s *jsontext.Scanner) int {
	n, _ := wholeNumber(s)
	return n
}

// wholeNumber takes a number and reports whether it is a whole one.
func wholeNumber(s *jsontext.Scanner) (int, bool) {
	switch s.Kind() {
	case jsontext.Number, jsontext.String:
		n, err := strconv.Atoi(strings.TrimSpace(string(s.Token())))
		return n, err == nil
	}
	s.Skip()
	return 0, false
}

// boolean takes true, "true" and their like. What it does not know is false.
func boolean(s *jsontext.Scanner) bool {
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
