package nhn

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// date reads a date and time of an answer. Null, empty, or in a form that nobody
// knows, it is the zero time: a page of results is worth more than one date.
type date struct{ time.Time }

func (d *date) UnmarshalJSON(b []byte) error {
	s, ok := unquote(b)
	if !ok {
		return nil
	}
	if t, err := kakao.ParseDate(strings.TrimSpace(s)); err == nil {
		d.Time = t
	}
	return nil
}

// unquote reads a JSON string. It spares encoding/json the usual case, since dates
// and codes are most of a page of results.
func unquote(b []byte) (string, bool) {
	if len(b) < 2 || b[0] != '"' {
		return "", false
	}
	if inner := b[1 : len(b)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner), true
	}
	var s string
	err := json.Unmarshal(b, &s)
	return s, err == nil
}

// flexBool reads true, "true", null and their like: the documents call some
// booleans strings. What it does not know is false.
type flexBool bool

func (f *flexBool) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.Trim(string(b), `"`)) {
	case "true", "y", "1":
		*f = true
	default:
		*f = false
	}
	return nil
}

// text reads a string, also where a number or a boolean stands in its place.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	if s, ok := unquote(b); ok {
		*t = text(s)
	} else if s := string(b); s != "null" && b[0] != '{' && b[0] != '[' {
		*t = text(s)
	}
	return nil
}
