package models_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"soshik/models"
)

// did is how much went on in a minute: handed over, delivered, failed, of them by SMS.
type did [4]int64

// goneOn notes what went on with the campaign, minute by minute from 2026-11-24 14:00 in
// Korea on.
func (l *ledger) goneOn(t testing.TB, minutes map[int64]did) (began int64) {
	t.Helper()
	began = time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC).Unix() / 60
	for minute, n := range minutes {
		_, err := l.SQL().ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO campaign_minutes (campaign_id, minute, handed, taken, delivered, failed, sms)
			VALUES (%d, %d, %d, %d, %d, %d, %d)`, l.campaign.ID, began+minute, n[0], n[1]+n[2], n[1], n[2], n[3]))
		must(t, err)
	}
	l.sumUpDays(t)
	return began
}

// sumUpDays has the campaign's days say what its minutes do.
func (l *ledger) sumUpDays(t testing.TB) {
	t.Helper()
	_, err := l.SQL().ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO usage_days
			(campaign_id, day, team_id, appkey_id, handed, delivered, failed, sms, lms, unsized, skipped, refused, cancelled, closed)
		SELECT campaign_id, (minute + 540) / 1440, %d, %d, SUM(handed), SUM(delivered), SUM(failed), SUM(sms), 0, 0, 0, 0, 0, 0
		FROM campaign_minutes GROUP BY 1, 2`, l.campaign.TeamID, l.campaign.AppkeyID))
	must(t, err)
}

func (l *ledger) timeline(t testing.TB) models.Timeline {
	t.Helper()
	found, err := l.Timeline(t.Context(), l.campaign.ID)
	must(t, err)
	return found
}

func TestATimelineOfNothingIsEmpty(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchPlanned)
	l.goneOn(t, map[int64]did{0: {}}) // what has been there and was taken back
	if got := l.timeline(t); !got.Empty() || got.Total() != (models.Stretch{}) {
		t.Errorf("of nothing it is %+v", got)
	}
}

func TestStretchesAreAsLongAsTheCampaignNeeds(t *testing.T) {
	t.Parallel()
	const hour, day = 60, 24 * 60
	for name, try := range map[string]struct {
		last int64 // minute
		step int64
	}{
		"a single minute":    {0, 1},
		"an hour and more":   {95, 1},
		"a little longer":    {96, 5},
		"an afternoon":       {6 * hour, 5},
		"a day":              {day - 1, 15},
		"three days":         {3 * day, hour},
		"three weeks":        {21 * day, 6 * hour},
		"ninety days":        {90 * day, day},
		"longer than a year": {400 * day, 7 * day},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(t, models.BatchHanded)
			began := l.goneOn(t, map[int64]did{0: {100, 40, 10, 5}, try.last / 2: {10, 5, 5, 0}, try.last: {1, 40, 10, 5}})
			got := l.timeline(t)
			if got.Step != try.step || got.Later != (models.Stretch{}) {
				t.Fatalf("it is %+v, want a step of %d", got, try.step)
			}
			if n := len(got.Stretches); n > 96 || got.Stretches[0].From > began || got.Stretches[n-1].From+got.Step <= began+try.last {
				t.Errorf("the stretches %+v do not hold %d … %d", got.Stretches, began, began+try.last)
			}
			if at := got.Begins().In(time.FixedZone("KST", 9*3600)); try.step >= day && at.Hour() != 0 || try.step == 7*day && at.Weekday() != time.Monday {
				t.Errorf("it begins at %s", at)
			}
		})
	}
}

// The last few results may come days later: they do not press the rest against the edge.
func TestTheFewThatComeLateAreToldApart(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded)
	minutes := map[int64]did{}
	for minute := range int64(30) {
		minutes[minute] = did{1000, 900, 60, 20}
	}
	for _, hour := range []int64{20, 40, 70} {
		minutes[60*hour] = did{0, 10, 30, 25}
	}
	began := l.goneOn(t, minutes)
	got := l.timeline(t)
	if got.Step != 1 || len(got.Stretches) != 30 {
		t.Errorf("%d stretches of %d minutes, want 30 of 1", len(got.Stretches), got.Step)
	}
	if want := (models.Stretch{From: began + 30, Delivered: 30, Failed: 15, SMS: 75}); got.Later != want {
		t.Errorf("later there were %+v, want %+v", got.Later, want)
	}
	if got.Until.Unix()/60 != began+70*60 {
		t.Errorf("the last was at %s", got.Until)
	}
	want := models.Stretch{Handed: 30_000, Delivered: 27_030, Failed: 30*40 + 15, SMS: 30*20 + 75}
	total := got.Total()
	total.From = 0
	if total != want {
		t.Errorf("in all it is %+v, want %+v", total, want)
	}
}

// Whatever has gone on, nothing of it is lost, and what ends is the equation's.
func TestATimelineAddsUp(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same each time
		l := newLedger(t, models.BatchHanded)
		minutes, want := map[int64]did{}, models.Stretch{}
		for range 1 + random.IntN(40) {
			n := did{random.Int64N(50), random.Int64N(50), 10 + random.Int64N(5), random.Int64N(10)}
			minute := random.Int64N(1 << random.IntN(18))
			if _, there := minutes[minute]; there {
				continue
			}
			minutes[minute] = n
			want.Handed, want.Delivered, want.SMS, want.Failed = want.Handed+n[0], want.Delivered+n[1], want.SMS+n[3], want.Failed+n[2]-n[3]
		}
		l.goneOn(t, minutes)
		got := l.timeline(t).Total()
		if got.From = 0; got != want {
			t.Errorf("seed %d: %+v, want %+v", seed, got, want)
		}
	}
}

// What became of messages is the same in all, whichever is read: the minutes, the days in
// their place, or the days alone, when the minutes have gone with the rows.
func TestATimelineIsTheSameFromMinutesAndFromDays(t *testing.T) {
	t.Parallel()
	for seed, spread := range []int64{50, 20 * 24 * 60, 90 * 24 * 60, 600 * 24 * 60} {
		t.Run(fmt.Sprintf("over %d minutes", spread), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(seed), 2)) //nolint:gosec // the same each time
			l := newLedger(t, models.BatchHanded, models.BatchHanded)
			began := time.Now().UnixMilli()
			for range 15 {
				var told []models.MessageOutcome
				for range 20 {
					o := randomOutcome(rng, l.messages[rng.IntN(len(l.messages))])
					o.DoneAt = began + rng.Int64N(spread*60_000)
					told = append(told, o)
				}
				l.record(t, told...)
			}
			must(t, l.CountHanded(t.Context(), l.campaign.ID, 200))
			e, err := l.Equation(t.Context(), l.campaign)
			must(t, err)
			want := models.Stretch{Handed: 200, Delivered: e.Delivered, Failed: e.Failed - e.SMSDelivered, SMS: e.SMSDelivered}

			drawn := l.timeline(t)
			got := drawn.Total()
			if got.From = 0; got != want {
				t.Errorf("in steps of %d minutes there are %+v, the equation says %+v", drawn.Step, got, want)
			}
			l.exec(t, "DELETE FROM campaign_minutes")
			alone := l.timeline(t)
			got = alone.Total()
			if got.From = 0; got != want || alone.Step < 24*60 {
				t.Errorf("from the days alone, in steps of %d minutes, there are %+v, the equation says %+v", alone.Step, got, want)
			}
			if drawn.Step >= 24*60 && !slices.Equal(drawn.Stretches, alone.Stretches) {
				t.Errorf("with the minutes it is %+v, without %+v", drawn, alone)
			}
		})
	}
}

// BenchmarkTimeline measures the timeline of a campaign in every minute of which
// something went on.
func BenchmarkTimeline(b *testing.B) {
	for _, days := range []int64{1, 7, 24, 90, 365} {
		b.Run(fmt.Sprintf("%d days", days), func(b *testing.B) {
			l := newLedger(b, models.BatchHanded)
			_, err := l.SQL().ExecContext(b.Context(), fmt.Sprintf(`INSERT INTO campaign_minutes (campaign_id, minute, handed, taken, delivered, failed, sms)
				WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT %d, 29000000 + i, 10, 10, 9, 1, 0 FROM n`, days*24*60-1, l.campaign.ID))
			must(b, err)
			l.sumUpDays(b)
			for b.Loop() {
				l.timeline(b)
			}
		})
	}
}
