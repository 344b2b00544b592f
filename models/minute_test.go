package models_test

import (
	"math"
	"testing"
	"time"

	"soshik/models"
)

// Since a minute is stored as a whole, its part that still counts is as large as it
// should be where everything goes on evenly.
func TestRatesAreOverTheLastMinuteAndDoNotJump(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 21, 5, 0, 40, 0, time.UTC)
	l := newLedger(t, models.BatchHanded)
	now := began
	l.SetClock(func() time.Time { return now })
	must(t, l.SetBatch(t.Context(), l.batches[0].ID, map[string]any{"handed_at": began}))
	for second := range 200 {
		r, err := l.Rates(t.Context(), l.campaign, now)
		want := 600.0
		if second < 3 {
			want = 0
		}
		if err != nil || math.Abs(r.Handed-want) > 0.5 {
			t.Errorf("after %d seconds it is %v, want %v (%v)", second, r.Handed, want, err)
		}
		must(t, l.CountHanded(t.Context(), l.campaign.ID, 10))
		now = now.Add(time.Second)
	}
	if r, err := l.Rates(t.Context(), l.campaign, now.Add(2*time.Minute)); err != nil || r.Moves() {
		t.Errorf("long afterwards it is %+v, %v", r, err)
	}
}

// The minutes of a campaign add up to its equation, whatever is told of its messages in
// whatever order.
func TestMinutesAddUp(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded, models.BatchHanded)
	at := func(minute int64) int64 { return minute*60_000 + 5 }
	var first, second []models.MessageOutcome
	for i, id := range l.messages {
		o := models.MessageOutcome{ID: id, State: models.MessageDelivered, Code: "1000", DoneAt: at(100 + int64(i%3))}
		if i%4 == 0 {
			o.State, o.Fallback, o.Code = models.MessageFailed, models.FallbackUnderWay, "3018"
		}
		if i%10 == 9 {
			o.State, o.Code = models.MessageRefused, "-5000"
		}
		first = append(first, o)
		if i%8 == 0 {
			o.State, o.Fallback, o.DoneAt = models.MessageSMS, models.FallbackDelivered, at(200)
			second = append(second, o)
		}
	}
	l.record(t, first[:150]...)
	l.record(t, first...)
	l.record(t, second...)
	l.record(t, second...)
	e, err := l.Equation(t.Context(), l.campaign)
	must(t, err)
	ms, err := l.CampaignMinutes(t.Context(), l.campaign.ID, 0)
	must(t, err)
	var sum models.Minute
	for _, m := range ms {
		sum.Delivered, sum.Failed, sum.SMS, sum.Taken = sum.Delivered+m.Delivered, sum.Failed+m.Failed, sum.SMS+m.SMS, sum.Taken+m.Taken
	}
	if sum.Delivered != e.Delivered || sum.Failed != e.Failed || sum.SMS != e.SMSDelivered || sum.Taken != e.Delivered+e.Failed || e.SMSDelivered == 0 {
		t.Errorf("%+v, want %+v", sum, e)
	}
}
