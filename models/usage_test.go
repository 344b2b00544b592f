package models_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

func TestADayIsOneInKorea(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 12, 1, 0, 0, 0, 0, kakao.KST)
	day := models.DayOf(midnight)
	if got := models.DayOf(midnight.Add(-time.Millisecond)); got != day-1 {
		t.Errorf("just before midnight it is %d, want %d", got, day-1)
	}
	if got := models.DayOf(midnight.Add(24*time.Hour - time.Millisecond)); got != day {
		t.Errorf("just before the next midnight it is %d, want %d", got, day)
	}
	if !day.Begins().Equal(midnight) {
		t.Errorf("it begins at %s, want %s", day.Begins(), midnight)
	}
}

func (l *ledger) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	_, err := l.SQL().ExecContext(t.Context(), query, args...)
	must(t, err)
}

// always is a span of every day of a campaign.
func (l *ledger) always() models.UsageSpan {
	return models.UsageSpan{TeamID: l.campaign.TeamID, From: 0, To: 1 << 30}
}

// usage adds up the days of the campaign.
func (l *ledger) usage(t *testing.T) (sum models.DayCounts, days int) {
	t.Helper()
	ds, err := l.UsageDays(t.Context(), l.always())
	must(t, err)
	for _, d := range ds {
		sum.Add(d.DayCounts)
		if d.AppkeyID != l.campaign.AppkeyID {
			t.Errorf("day %d is of appkey %d", d.Day, d.AppkeyID)
		}
	}
	return sum, len(ds)
}

// randomOutcome is anything that may be told of a message, around a midnight in Korea.
func randomOutcome(rng *rand.Rand, id int64) models.MessageOutcome {
	midnight := time.Date(2026, 12, 1, 0, 0, 0, 0, kakao.KST)
	o := models.MessageOutcome{ID: id, DoneAt: midnight.UnixMilli() + rng.Int64N(200) - 100}
	switch rng.IntN(8) {
	case 0, 1:
		o.State, o.Code = models.MessageDelivered, "1000"
	case 2:
		o.State, o.Code, o.Fallback = models.MessageFailed, "3018", models.FallbackState(rng.IntN(6)) //nolint:gosec // a state
	case 3, 4:
		o.State, o.Code, o.Fallback = models.MessageSMS, "3018", models.FallbackDelivered
		o.SMSCode = []string{"", "1000", "1001"}[o.DoneAt%3] // the list does not tell it, a look at one message does
	case 5:
		o.State, o.Code = models.MessageRefused, "-5000"
	case 6:
		o.State, o.Code = models.MessageLost, models.CodeAnswerLost
	case 7:
		o.State = []models.MessageState{models.MessageClosed, models.MessageCancelled, models.MessageSkipped}[rng.IntN(3)]
	}
	return o
}

// Whatever is told of messages, late, doubled and out of order, on either side of
// midnight in Korea: at every look the days add up to the equation.
func TestDaysAddUpToTheEquation(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable
			l := newLedger(t, models.BatchHanded, models.BatchHanded)
			l.exec(t, "UPDATE campaigns SET fallback = $1", fmt.Sprintf(`{"on":true,"type":%q,"text":"소식"}`, []string{"SMS", "LMS", ""}[seed%3]))
			handed := int64(0)
			for range 60 {
				var told []models.MessageOutcome
				for range 1 + rng.IntN(20) {
					told = append(told, randomOutcome(rng, l.messages[rng.IntN(len(l.messages))]))
				}
				l.record(t, told...)
				if rng.IntN(5) == 0 {
					must(t, l.CountHanded(t.Context(), l.campaign.ID, 7))
					handed += 7
				}
				l.sameAsEquation(t, handed)
			}
			sum, days := l.usage(t)
			if days < 2 || sum.SMS == 0 || sum.Closed == 0 || sum.Refused == 0 {
				t.Errorf("the sequence says little: %+v on %d days", sum, days)
			}
			if long := []int64{0, sum.SMS, 0}[seed%3]; sum.LMS != long || sum.Unsized != 0 {
				t.Errorf("%d of %d are LMS, %d unknown; want %d", sum.LMS, sum.SMS, sum.Unsized, long)
			}
		})
	}
}

func (l *ledger) sameAsEquation(t *testing.T, handed int64) {
	t.Helper()
	e, err := l.Equation(t.Context(), l.campaign)
	must(t, err)
	sum, _ := l.usage(t)
	sum.LMS, sum.Unsized = 0, 0
	want := models.DayCounts{
		Handed: handed, Delivered: e.Delivered, Failed: e.Failed, SMS: e.SMSDelivered,
		Skipped: e.Skipped, Refused: e.Refused, Cancelled: e.Cancelled, Closed: e.Closed,
	}
	if sum != want {
		t.Fatalf("the days add up to %+v, the equation says %+v", sum, want)
	}
}

// Where the fallback leaves it to the length, what was sent to each decides.
func TestSMSAndLMSAreToldApartByWhatWasSent(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded)
	l.exec(t, "UPDATE campaigns SET fallback = $1, content = $2", `{"on":true,"text":"#{name}님, 소식이 있습니다"}`, `{"text":"#{name}"}`)
	l.exec(t, "UPDATE messages SET vars = $1", `{"name":"가나"}`)
	l.exec(t, "UPDATE messages SET vars = $1 WHERE id <= $2", `{"name":"문자 한 통에는 도저히 들어가지 않아서 긴 문자로만 보낼 수 있는, 아주 긴 이름을 가진 사람이며 그 이름이 이렇게나 깁니다"}`, l.messages[2])
	l.exec(t, "UPDATE messages SET phone = '~', vars = '{}' WHERE id = $1", l.messages[7])
	var told []models.MessageOutcome
	for _, id := range l.messages[:9] {
		told = append(told, models.MessageOutcome{ID: id, State: models.MessageSMS, Fallback: models.FallbackDelivered, Code: "3018", DoneAt: 1e12})
	}
	l.record(t, told...)
	sum, _ := l.usage(t)
	if sum.SMS != 9 || sum.LMS != 3 || sum.Unsized != 1 || sum.Short() != 5 {
		t.Errorf("%+v", sum)
	}
}
