package kakao_test

import (
	"testing"
	"time"

	"soshik/internal/kakao"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	got, err := time.ParseInLocation("2006-01-02 15:04:05.999999999", s, kakao.KST)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string // want in UTC; "" where it is refused
	}{
		{"minutes", "2018-08-10 10:06", "2018-08-10T01:06:00Z"},
		{"seconds", "2018-08-10 10:06:30", "2018-08-10T01:06:30Z"},
		{"tenths", "2018-08-10 10:06:30.0", "2018-08-10T01:06:30Z"},
		{"milliseconds", "2018-08-10 10:06:30.250", "2018-08-10T01:06:30.25Z"},
		{"a T", "2024-04-29T20:58:02", "2024-04-29T11:58:02Z"},
		{"a T and a fraction", "2024-04-29T20:58:02.5", "2024-04-29T11:58:02.5Z"},
		{"a T and minutes", "2024-04-29T20:58", "2024-04-29T11:58:00Z"},
		{"before nine it is another day in UTC", "2024-01-01 08:59", "2023-12-31T23:59:00Z"},
		{"nothing", "", ""},
		{"a date only", "2024-01-01", ""},
		{"no such day", "2023-02-29 10:00", ""},
		{"no such hour", "2024-01-01 24:00", ""},
		{"something behind it", "2024-01-01 10:00:00 KST", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := kakao.ParseDate(tt.text)
			if tt.want == "" {
				if err == nil {
					t.Fatalf("got %v, want an error", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s := got.UTC().Format(time.RFC3339Nano); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
		})
	}
}

func TestFormatDate(t *testing.T) {
	t.Parallel()
	moment := time.Date(2024, 12, 31, 15, 4, 59, 999, time.UTC)
	if got := kakao.FormatDate(moment); got != "2025-01-01 00:04" {
		t.Errorf("got %s", got)
	}
	back, err := kakao.ParseDate(kakao.FormatDate(moment))
	if err != nil || !back.Equal(moment.Truncate(time.Minute)) {
		t.Errorf("it comes back as %v, %v", back, err)
	}
}

func TestNight(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, moment string
		night        bool
		morning      string
	}{
		{"noon", "2024-05-01 12:00:00", false, "2024-05-01 12:00:00"},
		{"the last minute of the day", "2024-05-01 20:49:59.999", false, "2024-05-01 20:49:59.999"},
		{"the night begins", "2024-05-01 20:50:00", true, "2024-05-02 08:00:00"},
		{"midnight", "2024-05-02 00:00:00", true, "2024-05-02 08:00:00"},
		{"the last moment of the night", "2024-05-02 07:59:59.999", true, "2024-05-02 08:00:00"},
		{"the night is over", "2024-05-02 08:00:00", false, "2024-05-02 08:00:00"},
		{"over the end of a year", "2024-12-31 23:59:59", true, "2025-01-01 08:00:00"},
		{"before a leap day", "2024-02-28 22:00:00", true, "2024-02-29 08:00:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, zone := range []*time.Location{kakao.KST, time.UTC, time.FixedZone("west", -11*3600)} {
				moment := at(t, tt.moment).In(zone)
				if got := kakao.Night(moment); got != tt.night {
					t.Errorf("%v: night is %v", moment, got)
				}
				if got := kakao.NextMorning(moment); !got.Equal(at(t, tt.morning)) {
					t.Errorf("%v: the next morning is %v, want %s", moment, got, tt.morning)
				}
			}
		})
	}
}

func TestNextMorningIsTheFirstMomentThatIsNotNight(t *testing.T) {
	t.Parallel()
	start := at(t, "2024-02-27 00:00:00")
	for minutes := range 3 * 24 * 60 {
		moment := start.Add(time.Duration(minutes) * time.Minute)
		morning := kakao.NextMorning(moment)
		if morning.Before(moment) || kakao.Night(morning) {
			t.Fatalf("%v: %v is before it or at night", moment, morning)
		}
		if kakao.Night(moment) && !kakao.Night(morning.Add(-time.Second)) {
			t.Fatalf("%v: it is day before %v", moment, morning)
		}
	}
}
