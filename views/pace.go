package views

import (
	"fmt"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// suggestedPaceRate fills a pace in that a shop's site can bear.
const suggestedPaceRate = 1000

// suggestedPace fills in what suits most people: what the sender may still send today,
// so that a list that is too long for a day is spread over several.
func (s ScheduleStep) suggestedPace() models.NewPace {
	in := s.Pace
	if !in.Paced && in.Rate == "" {
		in.Rate = strconv.Itoa(suggestedPaceRate)
	}
	if left := s.left(); !in.Spread && in.PerDay == "" && left > 0 {
		in.PerDay = strconv.Itoa(left)
	}
	return in
}

// left is how many recipients the sender may have on a day: today or, if today has none
// left, on others; 0: as many as there are.
func (s ScheduleStep) left() int {
	sent, _ := s.sentToday()
	if left := s.Sender.DailyMax - sent; left > 0 {
		return left
	}
	return s.Sender.DailyMax
}

func (s ScheduleStep) sentToday() (n int, known bool) {
	if n, known = s.Sender.SentToday(s.Now); !known {
		return 0, false
	}
	return n, known
}

// tooMany reports whether there are more recipients than the sender may have on a day,
// and nothing has been done about it yet.
func (s ScheduleStep) tooMany() bool {
	return s.Campaign.PerDay == 0 && s.Sender.DailyMax > 0 && s.Recipients > int64(s.left())
}

// spanText is how long something takes, in words.
func spanText(p Page, d time.Duration) string {
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case hours == 0:
		return p.T("pace.minutes", "Count", max(minutes, 1))
	case minutes == 0:
		return p.T("pace.hours", "Count", hours)
	}
	return p.T("pace.hours_minutes", "Hours", hours, "Minutes", minutes)
}

// hourMinute is the time of day in Korea.
func hourMinute(t time.Time) string { return t.In(kakao.KST).Format("15:04") }

// dayAndTime is a time in Korea; its day only if that is another one than now's.
func dayAndTime(p Page, t, now time.Time) string {
	if models.Today(t, now) {
		return hourMinute(t)
	}
	return fmt.Sprintf("%s %s", p.Day(t), hourMinute(t))
}

// courseText is in words how the recipients of c go out.
func courseText(p Page, c models.Campaign, course models.Course) string {
	switch {
	case !c.Pacing().Paced():
		return p.T("pace.all_at_once")
	case course.Days > 1:
		return p.T("pace.over_days", "Days", course.Days, "Until", p.Day(course.End)+" "+hourMinute(course.End), "Rate", rateText(p, c.Pacing()))
	case c.Pace == 0:
		return p.T("pace.one_day", "Count", c.PerDay)
	}
	return p.T("pace.one_course", "Span", spanText(p, course.Span()), "Until", dayAndTime(p, course.End, course.Begin), "Rate", rateText(p, c.Pacing()))
}

// comingTimes is from when until when a day's recipients go out.
func comingTimes(d models.ComingDay) string {
	from, until := hourMinute(d.From.Time), hourMinute(d.Until.Time)
	if from == until {
		return from
	}
	return from + "–" + until
}

// rateText says how a campaign is spread.
func rateText(p Page, pacing models.Pacing) string {
	switch {
	case pacing.Pace > 0 && pacing.PerDay > 0:
		return p.T("pace.rate_both", "Pace", pacing.Pace, "PerDay", pacing.PerDay)
	case pacing.PerDay > 0:
		return p.T("pace.rate_day", "PerDay", pacing.PerDay)
	}
	return p.T("pace.rate_minute", "Pace", pacing.Pace)
}
