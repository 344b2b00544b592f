package views

import (
	"fmt"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// Calendar is when the campaigns of an appkey or a team are sent.
type Calendar struct {
	models.CalendarSpan

	AppkeyID int64 // 0: all of the team
	Entries  []models.CalendarEntry
	Appkeys  map[int64]string // names, on the calendar of a team
	Today    time.Time
}

// CalendarPath is the calendar of an appkey.
func CalendarPath(appkeyID int64) string { return CampaignsPath(appkeyID) + "/calendar" }

// TeamCalendarPath is the calendar of a team.
func TeamCalendarPath(teamID int64) string { return TeamPath(teamID) + "/calendar" }

// path is the calendar with another span.
func (v Calendar) path(p Page, s models.CalendarSpan) string {
	return spanPath(v.base(p), s)
}

func (v Calendar) base(p Page) string {
	if v.AppkeyID == 0 {
		return TeamCalendarPath(p.Team.ID)
	}
	return CalendarPath(v.AppkeyID)
}

func spanPath(base string, s models.CalendarSpan) string {
	if s.Week {
		return base + "?week=" + s.First.Format(time.DateOnly)
	}
	return base + "?month=" + s.First.Format("2006-01")
}

// as is the present span as a week or as a month: that of today if it is shown.
func (v Calendar) as(week bool) models.CalendarSpan {
	at := v.First
	if !v.Today.Before(v.Begin()) && v.Today.Before(v.End()) {
		at = v.Today
	}
	if !week && v.Week { // most of the week
		at = v.First.AddDate(0, 0, daysToMidweek)
	}
	return models.CalendarOf(at, week)
}

const daysToMidweek = 3

// on are the entries of a day.
func (v Calendar) on(day time.Time) []models.CalendarEntry {
	var found []models.CalendarEntry
	next := day.AddDate(0, 0, 1)
	for _, e := range v.Entries {
		if !e.At.Before(day) && e.At.Before(next) {
			found = append(found, e)
		}
	}
	return found
}

// shownOn are the entries of a day that there is room for, and how many more there are.
func (v Calendar) shownOn(day time.Time) (shown []models.CalendarEntry, more int) {
	all := v.on(day)
	if v.Week || len(all) <= calendarRows {
		return all, 0
	}
	return all[:calendarRows-1], len(all) - calendarRows + 1
}

// calendarRows is how many campaigns a day of a month has room for.
const calendarRows = 4

func (v Calendar) today(day time.Time) bool {
	return day.Format(time.DateOnly) == v.Today.In(kakao.KST).Format(time.DateOnly)
}

// title names the month or the week.
func (v Calendar) title(p Page) string {
	if v.Week {
		return fmt.Sprintf("%s – %s", p.Date(v.First), p.Date(v.End().AddDate(0, 0, -1)))
	}
	return p.T("calendar.month", "Year", v.First.Format("2006"), "Month", p.T("calendar.month."+v.First.Format("1")))
}

// dayName is a day for the headers of a week, and where a day stands alone.
func dayName(p Page, day time.Time) string {
	return p.T("calendar.day", "Day", day.Day(), "Month", p.T("calendar.month."+day.Format("1")), "Weekday", weekday(p, day.Weekday()))
}

// dayID names a day on the page, for the keys that lead to it.
func dayID(day time.Time) string { return "day-" + day.Format(time.DateOnly) }

func weekday(p Page, d time.Weekday) string { return p.T(fmt.Sprintf("calendar.weekday.%d", d)) }

// weeks are the days that are shown, week by week.
func (v Calendar) weeks() [][]time.Time {
	var weeks [][]time.Time
	days := v.Days()
	for len(days) > 0 {
		weeks, days = append(weeks, days[:7]), days[7:]
	}
	return weeks
}

// entryLabel is all of an entry in words.
func (v Calendar) entryLabel(p Page, e models.CalendarEntry) string {
	return fmt.Sprintf("%s %s, %s, %s", clock(e.At), campaignName(p, e.Campaign), p.T("import.people", "Count", e.Recipients), p.T("campaign.state."+string(e.State)))
}

// entryMovePath is where the time of an entry is changed; empty where it cannot be.
func entryMovePath(p Page, e models.CalendarEntry) string {
	switch {
	case !p.Actor.Can(models.ManageCampaigns):
		return ""
	case e.State == models.CampaignDraft:
		return StepPath(e.Campaign, "schedule")
	case e.Movable():
		return MovePath(e.Campaign)
	}
	return ""
}

// clock is the time of day in Korea, to the minute.
func clock(at time.Time) string { return at.In(kakao.KST).Format("15:04") }

func calendarPretitle(p Page, v Calendar) string {
	if v.AppkeyID == 0 {
		return p.Team.Name
	}
	return p.Appkey.Name
}

// goText names the link to the span before or behind.
func (v Calendar) goText(p Page, where string) string {
	if v.Week {
		return p.T("calendar." + where + "_week")
	}
	return p.T("calendar." + where + "_month")
}

// dayColor tells the days of rest from the others, as calendars in Korea do.
func dayColor(d time.Weekday) string {
	switch d {
	case time.Sunday:
		return "sk-cal-sunday"
	case time.Saturday:
		return "sk-cal-saturday"
	}
	return ""
}
