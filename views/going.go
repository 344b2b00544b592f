package views

import (
	"math"
	"time"

	"soshik/models"
)

// stretch is how far one half of the way has come: handing over, or taking results in.
type stretch struct {
	key  string // of its name
	done int64
	all  int64
	rate float64       // recipients a minute
	left time.Duration // until it is done, at this rate; 0: not known
}

// stretches are the halves of the way, of a campaign that is under way.
func (v Progress) stretches() []stretch {
	e := v.Equation
	if v.State == models.CampaignPlanning || v.State.Over() && e.Open() == 0 {
		return nil
	}
	all := e.Audience - e.Skipped - e.Cancelled
	toHand := e.Unplanned + e.Planned + e.InDoubt
	handed := stretch{key: "progress.going.handed", done: all - toHand, all: all, rate: v.Rates.Handed}
	if e.Planned > 0 && v.State.Runs() {
		handed.left = v.toHand()
	}
	taken := stretch{key: "progress.going.taken", done: all - toHand - e.Handed, all: all, rate: v.Rates.Taken}
	if toHand == 0 && e.Handed > 0 {
		taken.left = timeLeft(e.Handed, v.Rates.Taken)
	}
	return []stretch{handed, taken}
}

// toHand is how long it takes until all is handed over, as fast as it goes, and not before
// the time that is laid down for the last; 0 if that is not known.
func (v Progress) toHand() time.Duration {
	left := timeLeft(v.Equation.Planned, v.Rates.Handed)
	if n := len(v.Coming); n > 0 && v.ScheduledAt == nil { // what is scheduled is handed over ahead
		left = max(left, v.Coming[n-1].Until.Sub(v.Now))
	}
	return left
}

// timeLeft is how long n more take at so many a minute; 0 if that is not known.
func timeLeft(n int64, perMinute float64) time.Duration {
	minutes := float64(n) / perMinute
	if perMinute <= 0 || minutes > 60*24*30 {
		return 0
	}
	return time.Duration(math.Ceil(minutes * float64(time.Minute)))
}

// whole reports whether there is nothing left of the stretch.
func (s stretch) whole() bool { return s.done >= s.all }

// fastFrom is from how many recipients a minute on the rate is told by the second.
const fastFrom = 6000

// pace is how fast it goes, in words; empty while that cannot be told or it is done.
func (s stretch) pace(p Page) string {
	switch {
	case s.whole() || s.rate < 0.5:
		return ""
	case s.rate >= fastFrom:
		return p.T("progress.per_second", "Count", int64(math.Round(s.rate/60)))
	}
	return p.T("progress.per_minute", "Count", int64(math.Round(s.rate)))
}

// remaining is how long it still takes, in words; empty if that is not known.
func (s stretch) remaining(p Page) string {
	switch {
	case s.left == 0:
		return ""
	case s.left < time.Minute:
		return p.T("progress.left_soon")
	case s.left < 2*time.Hour:
		return p.T("progress.left_minutes", "Count", int64(math.Ceil(s.left.Minutes())))
	}
	return p.T("progress.left_hours", "Count", int64(math.Ceil(s.left.Hours())))
}

// remaining is how long it takes until every result is in, in words; empty where that
// cannot be told, as while a batch is in doubt or the campaign is stopped.
func (v Progress) remaining(p Page) string {
	e := v.Equation
	if v.State != models.CampaignSending || e.InDoubt > 0 || e.Planned+e.Handed == 0 {
		return ""
	}
	left := timeLeft(e.Planned+e.Handed, v.Rates.Taken)
	if e.Planned > 0 {
		toHand := v.toHand()
		if toHand == 0 {
			return ""
		}
		left = max(left, toHand)
	}
	return stretch{left: left}.remaining(p)
}

// How often a page is asked for anew: while something moves, and while it only may,
// such as by somebody else or when a time has come. In seconds.
const (
	pollMoving = 2
	pollStill  = 30
)

// Poll is after how many seconds the page asks anew; 0: never.
func (v Progress) Poll() int {
	if !v.Live() {
		return 0
	}
	switch v.State {
	case models.CampaignPlanning, models.CampaignSending, models.CampaignCancelling:
		return pollMoving
	case models.CampaignScheduled, models.CampaignPaused, models.CampaignHeld, models.CampaignFinished, models.CampaignCancelled, models.CampaignDraft:
	}
	if v.Doubt.Batches > 0 || v.Rates.Moves() {
		return pollMoving
	}
	return pollStill
}
