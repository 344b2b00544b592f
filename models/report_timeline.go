package models

import (
	"context"
	"fmt"
	"time"
)

// Timeline is what went on with a campaign over time, in stretches of the same length.
type Timeline struct {
	Step      int64     // minutes that a stretch lasts
	Stretches []Stretch // in order; those in which nothing went on are left out
	Later     Stretch   // the little that came long after the rest, in one; it lasts until Until
	Until     time.Time // of the last minute in which anything went on; zero: there is none
}

// Stretch is what went on in a stretch of time. Each recipient that something became of
// is in one of the last three counters of one stretch.
type Stretch struct {
	From      int64 // minutes since 1970
	Handed    int64 // handed over
	Delivered int64
	Failed    int64 // and not reached by SMS
	SMS       int64 `gorm:"column:sms"` // failed, and reached by SMS
}

// Ended is how many recipients something became of.
func (s Stretch) Ended() int64 { return s.Delivered + s.Failed + s.SMS }

// weight is how much went on.
func (s Stretch) weight() int64 { return s.Handed + s.Ended() }

func (s Stretch) plus(o Stretch) Stretch {
	s.Handed, s.Delivered, s.Failed, s.SMS = s.Handed+o.Handed, s.Delivered+o.Delivered, s.Failed+o.Failed, s.SMS+o.SMS
	return s
}

func (s Stretch) minus(o Stretch) Stretch {
	s.Handed, s.Delivered, s.Failed, s.SMS = s.Handed-o.Handed, s.Delivered-o.Delivered, s.Failed-o.Failed, s.SMS-o.SMS
	return s
}

// Empty reports whether nothing has gone on yet.
func (t Timeline) Empty() bool { return len(t.Stretches) == 0 }

// Begins is when the first stretch begins.
func (t Timeline) Begins() time.Time { return atMinute(t.Stretches[0].From) }

// Ends is when the last stretch ends.
func (t Timeline) Ends() time.Time { return atMinute(t.Stretches[len(t.Stretches)-1].From + t.Step) }

// Total is what went on in all stretches, and later.
func (t Timeline) Total() Stretch {
	total := t.Later
	for _, s := range t.Stretches {
		total = total.plus(s)
	}
	return total
}

func atMinute(m int64) time.Time { return time.Unix(60*m, 0) }

const (
	// maxStretches is how many stretches a timeline has at most, unless it is longer than
	// so many weeks.
	maxStretches = 96
	// tailShare is which part of all the little that came late is at most, and tailTimes
	// how many times as long as the rest it lasts at least: then it is told apart, so that
	// the rest is not pressed against the edge.
	tailShare = 100
	tailTimes = 6
	// seoulMinutes is how far Korea, where there is no summer time, is ahead of UTC:
	// stretches begin with its hours and days.
	seoulMinutes = 9 * 60
	dayMinutes   = 24 * 60
)

// timelineSteps are how long a stretch may be, in minutes.
func timelineSteps() []int64 { return []int64{1, 5, 15, 60, 6 * 60, dayMinutes, 7 * dayMinutes} }

// timelineStep is the shortest step, of at least so many minutes, by which a span of
// minutes has not too many stretches.
func timelineStep(span, least int64) int64 {
	steps := timelineSteps()
	for _, step := range steps {
		if step >= least && span <= step*maxStretches {
			return step
		}
	}
	return steps[len(steps)-1]
}

// Timeline is what went on with a campaign over time. Stretches shorter than a day cost a
// look at each minute in which anything went on, longer ones at each day, none at a
// message.
func (db *DB) Timeline(ctx context.Context, campaignID int64) (t Timeline, err error) {
	least := int64(1)
	first, last, err := db.busyMinutes(ctx, campaignID)
	if err == nil && last < first { // nothing yet, or they have gone with the rows of the messages
		least = dayMinutes
		first, last, err = db.busyDays(ctx, campaignID)
	}
	if err != nil || last < first {
		return t, err
	}
	t = Timeline{Step: timelineStep(last-first+1, least), Until: atMinute(last)}
	if t.Stretches, err = db.stretches(ctx, campaignID, first, last, t.Step); err != nil {
		return t, err
	}
	for {
		end, tail := t.tail(last)
		if !tail {
			return t, nil
		}
		whole := t.Total()
		t.Step = timelineStep(end-first+1, least)
		if t.Stretches, err = db.stretches(ctx, campaignID, first, end, t.Step); err != nil {
			return t, err
		}
		t.Later = whole.minus(Timeline{Stretches: t.Stretches}.Total())
		t.Later.From = t.Stretches[len(t.Stretches)-1].From + t.Step
	}
}

// busy is a condition that minutes and days meet in which anything went on.
const busy = "campaign_id = ? AND handed + delivered + failed > 0"

// busyMinutes are the first and the last minute in which anything went on with a
// campaign; last is before first if there is none.
func (db *DB) busyMinutes(ctx context.Context, campaignID int64) (first, last int64, err error) {
	var span struct{ First, Last int64 }
	of := "SELECT minute FROM campaign_minutes WHERE " + busy + " ORDER BY minute"
	err = db.read(ctx).Raw("SELECT COALESCE(("+of+" LIMIT 1), 0) AS first, COALESCE(("+of+" DESC LIMIT 1), -1) AS last", campaignID, campaignID).Scan(&span).Error
	return span.First, span.Last, err
}

// busyDays are the first minute of the first day and the last one of the last in which
// anything went on with a campaign; last is before first if there is none.
func (db *DB) busyDays(ctx context.Context, campaignID int64) (first, last int64, err error) {
	var span struct{ First, Last int64 }
	err = db.read(ctx).Raw("SELECT COALESCE(MIN(day), 0) AS first, COALESCE(MAX(day), -1) AS last FROM usage_days WHERE "+busy, campaignID).Scan(&span).Error
	return span.First*dayMinutes - seoulMinutes, (span.Last+1)*dayMinutes - seoulMinutes - 1, err
}

// tail is the last minute of the part of t in which nearly everything went on, where
// that is much shorter than t and what follows it.
func (t Timeline) tail(until int64) (last int64, found bool) {
	rest := t.Later.weight()
	few := t.Total().weight() / tailShare
	from := t.Stretches[0].From
	for i := len(t.Stretches) - 1; i > 0; i-- {
		if rest += t.Stretches[i].weight(); rest > few {
			break
		}
		last = t.Stretches[i-1].From + t.Step - 1
		found = (last-from+1)*tailTimes < until-from+1
	}
	return last, found
}

// stretches are those between two minutes. Of a day or more, they are read from the days.
func (db *DB) stretches(ctx context.Context, campaignID, first, last, step int64) ([]Stretch, error) {
	table, at, minute := "campaign_minutes", "minute", "minute"
	if step >= dayMinutes {
		first, last = (first+seoulMinutes)/dayMinutes, (last+seoulMinutes)/dayMinutes
		table, at, minute = "usage_days", "day", fmt.Sprintf("day * %d - %d", dayMinutes, seoulMinutes)
	}
	ahead := int64(seoulMinutes)
	if step == 7*dayMinutes {
		ahead += 3 * dayMinutes // from Monday on: 1970 began on a Thursday
	}
	var ss []Stretch
	return ss, db.read(ctx).Raw(fmt.Sprintf(`SELECT (%s + %d) / %d * %d - %d AS "from",
			SUM(handed) AS handed, SUM(delivered) AS delivered, SUM(failed - sms) AS failed, SUM(sms) AS sms
		FROM %s WHERE %s AND %s BETWEEN ? AND ? GROUP BY 1 ORDER BY 1`, minute, ahead, step, step, ahead, table, busy, at), campaignID, first, last).Scan(&ss).Error
}
