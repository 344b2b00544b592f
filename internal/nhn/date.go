package nhn

import (
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
