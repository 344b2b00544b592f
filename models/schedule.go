package models

import (
	"time"

	"soshik/internal/kakao"
)

// NewSchedule is what is filled in to set the time of a campaign, in Korean time.
type NewSchedule struct {
	Later bool   // at Date and Clock; else at once
	Date  string // 2006-01-02
	Clock string // 15:04
}

// ScheduleOf is at (nil: at once) as the form shows it.
func ScheduleOf(at *time.Time) NewSchedule {
	if at == nil {
		return NewSchedule{}
	}
	k := at.In(kakao.KST)
	return NewSchedule{Later: true, Date: k.Format(time.DateOnly), Clock: k.Format("15:04")}
}

// At is the time that was filled in; nil is at once.
func (in NewSchedule) At() (*time.Time, error) {
	if !in.Later {
		return nil, nil
	}
	p := problems{}
	if _, err := time.Parse(time.DateOnly, in.Date); err != nil {
		p.add("date", "schedule.date")
	}
	if _, err := time.Parse("15:04", in.Clock); err != nil {
		p.add("clock", "schedule.clock")
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	at, err := time.ParseInLocation(kakao.DateLayout, in.Date+" "+in.Clock, kakao.KST)
	if err != nil {
		p.add("date", "schedule.date")
		return nil, p.err()
	}
	at = at.UTC()
	return &at, nil
}

// CheckSchedule finds what is wrong with at as a time to send (nil: at once) when it
// is now.
func (ch Channel) CheckSchedule(at *time.Time, now time.Time) error {
	p, days := problems{}, ch.Traits().HorizonDays
	switch {
	case at == nil:
		if kakao.Night(now) {
			p.add("scheduled_at", "schedule.night_now")
		}
	case at.Before(now):
		p.add("scheduled_at", "schedule.past")
	case kakao.Night(*at):
		p.add("scheduled_at", "schedule.night")
	case at.After(now.AddDate(0, 0, days)):
		p.add("scheduled_at", "schedule.horizon", "Days", days)
	}
	return p.err()
}
