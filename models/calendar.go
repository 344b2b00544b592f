package models

import (
	"cmp"
	"context"
	"slices"
	"time"

	"soshik/internal/kakao"
)

// CalendarEntry is a campaign on the day on which it is, or was, sent.
type CalendarEntry struct {
	Campaign

	At         time.Time
	Recipients int64
}

// Movable reports whether the entry can be sent at another time from the calendar.
func (e CalendarEntry) Movable() bool { return e.Campaign.Movable() && e.ScheduledAt != nil }

// Movable reports whether the campaign is in a state in which it can be sent at another
// time.
func (c Campaign) Movable() bool {
	switch c.State {
	case CampaignScheduled, CampaignSending, CampaignPaused, CampaignHeld:
		return !c.Test
	}
	return false
}

// calendarEntries is how many campaigns a calendar shows at most.
const calendarEntries = 3000

// Calendar are the campaigns of a team, or of one of its appkeys (0: all), that are sent
// from one time to another, by time: drafts that have one too, tests not.
func (db *DB) Calendar(ctx context.Context, teamID, appkeyID int64, from, to time.Time) ([]CalendarEntry, error) {
	var all []Campaign
	for _, condition := range []string{
		"scheduled_at IS NOT NULL AND scheduled_at >= ? AND scheduled_at < ?",
		"scheduled_at IS NULL AND launched_at >= ? AND launched_at < ?",
	} {
		q := db.read(ctx).Omit("content", "fallback").Where("team_id = ? AND NOT test AND "+condition, teamID, from.UTC(), to.UTC())
		if appkeyID != 0 {
			q = q.Where("appkey_id = ?", appkeyID)
		}
		var cs []Campaign
		if err := q.Order("id").Limit(calendarEntries).Find(&cs).Error; err != nil {
			return nil, err
		}
		all = append(all, cs...)
	}
	return db.calendarEntries(ctx, all)
}

func (db *DB) calendarEntries(ctx context.Context, cs []Campaign) ([]CalendarEntry, error) {
	var audiences []int64
	for _, c := range cs {
		if c.LaunchedAt == nil {
			audiences = append(audiences, c.AudienceID)
		}
	}
	sizes, err := listed(ctx, db, audiences, func(a Audience) (int64, int64) { return a.ID, a.Size })
	if err != nil {
		return nil, err
	}
	entries := make([]CalendarEntry, len(cs))
	for i, c := range cs {
		at := c.ScheduledAt
		if at == nil {
			at = c.LaunchedAt
		}
		entries[i] = CalendarEntry{Campaign: c, At: *at, Recipients: cmp.Or(c.Audience, sizes[c.AudienceID])}
	}
	slices.SortFunc(entries, func(a, b CalendarEntry) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return entries, nil
}

// CalendarSpan is what a calendar shows: whole days in Korea, as weeks that begin with
// Sunday.
type CalendarSpan struct {
	Week  bool      // a week; else a month with the rest of its first and last week
	First time.Time // the first moment of the week or the month, in Korea
}

// CalendarOf is the week or the month of a moment.
func CalendarOf(at time.Time, week bool) CalendarSpan {
	k := at.In(kakao.KST)
	day := time.Date(k.Year(), k.Month(), k.Day(), 0, 0, 0, 0, kakao.KST)
	if week {
		return CalendarSpan{Week: true, First: day.AddDate(0, 0, -int(day.Weekday()))}
	}
	return CalendarSpan{First: day.AddDate(0, 0, 1-day.Day())}
}

// Begin is the first day that is shown.
func (s CalendarSpan) Begin() time.Time { return s.First.AddDate(0, 0, -int(s.First.Weekday())) }

// End is the first moment that is not shown any more.
func (s CalendarSpan) End() time.Time {
	if s.Week {
		return s.First.AddDate(0, 0, daysOfWeek)
	}
	last := s.First.AddDate(0, 1, -1)
	return last.AddDate(0, 0, daysOfWeek-int(last.Weekday()))
}

// Next is the span n weeks or months later.
func (s CalendarSpan) Next(n int) CalendarSpan {
	if s.Week {
		return CalendarSpan{Week: true, First: s.First.AddDate(0, 0, n*daysOfWeek)}
	}
	return CalendarSpan{First: s.First.AddDate(0, n, 0)}
}

// Has reports whether a day belongs to the week or the month itself.
func (s CalendarSpan) Has(day time.Time) bool { return s.Week || day.Month() == s.First.Month() }

// Days are the days that are shown, by their first moments.
func (s CalendarSpan) Days() []time.Time {
	var days []time.Time
	for day := s.Begin(); day.Before(s.End()); day = day.AddDate(0, 0, 1) {
		days = append(days, day)
	}
	return days
}

const daysOfWeek = 7
