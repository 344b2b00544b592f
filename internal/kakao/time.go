package kakao

import (
	"fmt"
	"time"
	_ "time/tzdata" // Asia/Seoul, also where the system has no zone files
)

// KST is Korean time, in which people and the provider think. It is set once and
// never changed.
var KST = mustLocation("Asia/Seoul")

// DateLayout is how a date and time is written in requests, always in [KST].
const DateLayout = "2006-01-02 15:04"

// NightStart and NightEnd bound the night, in minutes after midnight in Korea,
// in which messages are accepted but not delivered: 20:50 to 08:00.
const (
	NightStart = 20*60 + 50
	NightEnd   = 8 * 60
)

func mustLocation(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(fmt.Errorf("time zone %s: %w", name, err)) // compiled in, cannot fail
	}
	return loc
}

// FormatDate writes t as the provider wants it in requests. Seconds are dropped.
func FormatDate(t time.Time) string { return t.In(KST).Format(DateLayout) }

// ParseDate reads a date and time in Korean time, in every form that the provider
// is known to answer with: "2018-08-10 10:06", "2018-08-10 10:06:30",
// "2018-08-10 10:06:30.0", and the same with a T between date and time.
func ParseDate(s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, s, KST); err == nil { // a fraction after :05 is accepted
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("date %q has no known form", s)
}

// Night reports whether messages are not delivered at t.
func Night(t time.Time) bool {
	k := t.In(KST)
	m := k.Hour()*60 + k.Minute()
	return m >= NightStart || m < NightEnd
}

// NextMorning is the first moment at or after t at which it is not night.
func NextMorning(t time.Time) time.Time {
	if !Night(t) {
		return t
	}
	k := t.In(KST)
	morning := time.Date(k.Year(), k.Month(), k.Day(), 0, NightEnd, 0, 0, KST)
	if morning.Before(t) {
		morning = morning.AddDate(0, 0, 1)
	}
	return morning
}

// DayOffset is how far a clock that shows now must be moved on so that messages
// are delivered for some hours to come: zero, or the time until nine in the
// morning in Korea.
func DayOffset(now time.Time) time.Duration {
	k := now.In(KST)
	nine := time.Date(k.Year(), k.Month(), k.Day(), 9, 0, 0, 0, KST)
	switch {
	case k.Hour() >= 16:
		return nine.AddDate(0, 0, 1).Sub(now)
	case k.Before(nine):
		return nine.Sub(now)
	}
	return 0
}
