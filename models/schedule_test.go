package models_test

import (
	"maps"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

func korean(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(kakao.DateLayout, s, kakao.KST)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestCheckSchedule(t *testing.T) {
	t.Parallel()
	day, night := "2026-11-21 14:00", "2026-11-21 21:00"
	for name, c := range map[string]struct{ now, at, want string }{
		"now, by day":                  {day, "", ""},
		"now, by night":                {night, "", "schedule.night_now"},
		"in a minute":                  {day, "2026-11-21 14:01", ""},
		"a minute ago":                 {day, "2026-11-21 13:59", "schedule.past"},
		"the last minute of the day":   {day, "2026-11-21 20:49", ""},
		"the first of the night":       {day, "2026-11-21 20:50", "schedule.night"},
		"the last of the night":        {day, "2026-11-22 07:59", "schedule.night"},
		"the first of the day":         {day, "2026-11-22 08:00", ""},
		"planned by night for a day":   {night, "2026-11-22 10:00", ""},
		"ninety days ahead":            {day, "2027-02-19 14:00", ""},
		"a minute more":                {day, "2027-02-19 14:01", "schedule.horizon"},
		"past and night is past":       {night, "2026-11-20 23:00", "schedule.past"},
		"next year, in broad daylight": {day, "2027-11-21 14:00", "schedule.horizon"},
	} {
		var at *time.Time
		if c.at != "" {
			chosen := korean(t, c.at).UTC()
			at = &chosen
		}
		if got := wrongFields(models.FriendTalk.CheckSchedule(at, korean(t, c.now)))["scheduled_at"]; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNewSchedule(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in    models.NewSchedule
		want  string
		wrong map[string]string
	}{
		"at once, whatever is typed": {models.NewSchedule{Date: "x", Clock: "y"}, "", nil},
		"a time in Korea":            {models.NewSchedule{Later: true, Date: "2026-11-30", Clock: "10:00"}, "2026-11-30 01:00", nil},
		"nothing typed":              {models.NewSchedule{Later: true}, "", map[string]string{"date": "schedule.date", "clock": "schedule.clock"}},
		"no such day":                {models.NewSchedule{Later: true, Date: "2026-02-30", Clock: "10:00"}, "", map[string]string{"date": "schedule.date"}},
		"no such hour":               {models.NewSchedule{Later: true, Date: "2026-11-30", Clock: "25:00"}, "", map[string]string{"clock": "schedule.clock"}},
	} {
		at, err := c.in.At()
		if got := wrongFields(err); !maps.Equal(got, c.wrong) {
			t.Errorf("%s: %v, want %v", name, got, c.wrong)
		}
		switch {
		case c.want == "" && at != nil, c.want != "" && (at == nil || at.Format(kakao.DateLayout) != c.want):
			t.Errorf("%s: %v, want %q", name, at, c.want)
		case at != nil && models.ScheduleOf(at) != c.in:
			t.Errorf("%s: back in the form it is %+v", name, models.ScheduleOf(at))
		}
	}
}
