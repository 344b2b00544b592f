package models_test

import (
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

func TestCalendarSpans(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time {
		at, err := time.ParseInLocation(time.DateOnly, s, kakao.KST)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	tests := []struct {
		name             string
		at               time.Time
		week             bool
		first            string
		begin, end, next string
	}{
		{"a month within weeks", day("2026-11-23"), false, "2026-11-01", "2026-11-01", "2026-12-06", "2026-12-01"},
		{"a month that begins in mid-week", day("2026-10-31"), false, "2026-10-01", "2026-09-27", "2026-11-01", "2026-11-01"},
		{"by the day in Korea", time.Date(2026, 10, 31, 15, 0, 0, 0, time.UTC), false, "2026-11-01", "2026-11-01", "2026-12-06", "2026-12-01"},
		{"a week", day("2026-11-28"), true, "2026-11-22", "2026-11-22", "2026-11-29", "2026-11-29"},
		{"a week over the year", day("2027-01-01"), true, "2026-12-27", "2026-12-27", "2027-01-03", "2027-01-03"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := models.CalendarOf(tt.at, tt.week)
			if !s.First.Equal(day(tt.first)) || !s.Begin().Equal(day(tt.begin)) || !s.End().Equal(day(tt.end)) || !s.Next(1).First.Equal(day(tt.next)) {
				t.Errorf("%s: from %s to %s, next %s", s.First, s.Begin(), s.End(), s.Next(1).First)
			}
			if !s.Next(1).Next(-1).First.Equal(s.First) || len(s.Days())%7 != 0 {
				t.Errorf("%d days", len(s.Days()))
			}
		})
	}
}
