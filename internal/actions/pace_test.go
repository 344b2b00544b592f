package actions_test

import (
	"slices"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// paced launches and plans a campaign to n recipients that is spread over time; at nil:
// at once.
func (b *bench) paced(t *testing.T, n int, pacing models.Pacing, at *time.Time) models.Campaign {
	t.Helper()
	before := b.draft(t, n)
	c := before
	c.Pace, c.PerDay, c.ScheduledAt = pacing.Pace, pacing.PerDay, at
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
	return b.reread(t, c)
}

func (b *bench) reread(t *testing.T, c models.Campaign) models.Campaign {
	t.Helper()
	c, err := b.DB.Campaign(t.Context(), b.appkey.ID, c.ID)
	must(t, err)
	return c
}

func (b *bench) batches(t *testing.T, c models.Campaign) []models.Batch {
	t.Helper()
	bs, err := b.DB.Batches(t.Context(), c.ID, 0, 1000)
	must(t, err)
	return bs
}

// sendDue hands over what is due of c by now, as the sweep would, and says the numbers of
// the batches.
func (b *bench) sendDue(t *testing.T, c models.Campaign) (numbers []int64) {
	t.Helper()
	for _, batch := range b.batches(t, c) {
		must(t, b.SendBatch(t.Context(), batch.ID))
		after, err := b.DB.Batch(t.Context(), batch.ID)
		must(t, err)
		if batch.State == models.BatchPlanned && after.State == models.BatchHanded {
			numbers = append(numbers, batch.Number)
		}
	}
	c = b.reread(t, c)
	e, err := b.DB.Equation(t.Context(), c)
	must(t, err)
	if e.Sum() != e.Audience {
		t.Fatalf("the equation does not hold: %+v", e)
	}
	return numbers
}

func wantBatches(t *testing.T, got []int64, want ...int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("batches %v were handed over, want %v", got, want)
	}
}

// at moves the clock of b to a time of some day in Korea that is still to come.
func (b *bench) at(move func(time.Duration), hour, minute int) {
	move(time.Date(2030, 1, 15, hour, minute, 0, 0, kakao.KST).Sub(b.Now()))
}

func TestPacedCampaignWaitsHere(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 10, 0)
	c := b.paced(t, 25, models.Pacing{Pace: 10}, nil)
	var sizes []int64
	for i, batch := range b.batches(t, c) {
		sizes = append(sizes, batch.Size)
		if want := c.LaunchedAt.Add(time.Duration(i) * time.Minute); !batch.SendAt.Equal(want) || i > 0 && !batch.DueAt.Equal(want) || !batch.MeantAt.Equal(batch.DueAt) {
			t.Errorf("batch %d: to be sent at %s, due at %s", batch.Number, batch.SendAt, batch.DueAt)
		}
	}
	if !slices.Equal(sizes, []int64{10, 10, 5}) {
		t.Errorf("batches of %v", sizes)
	}
	wantBatches(t, b.sendDue(t, c), 1)
	move(59 * time.Second)
	wantBatches(t, b.sendDue(t, c))
	move(2 * time.Second)
	wantBatches(t, b.sendDue(t, c), 2)
	if batch := b.batches(t, c)[1]; batch.RequestAt != nil {
		t.Errorf("requested for %s", batch.RequestAt)
	}
	if c = b.reread(t, c); c.State != models.CampaignSending {
		t.Errorf("the campaign is %s", c.State)
	}
	move(time.Minute)
	wantBatches(t, b.sendDue(t, c), 3)
	b.wantOnce(t, 25)
}

// What is scheduled is handed over ahead also when it is paced, and each batch with its
// own time.
func TestScheduledPacedCampaignIsHandedOverAhead(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	at := b.Now().Add(3 * time.Hour).Truncate(time.Minute)
	c := b.paced(t, 25, models.Pacing{Pace: 10}, &at)
	wantBatches(t, b.sendDue(t, c), 1, 2, 3)
	for i, batch := range b.batches(t, c) {
		if want := at.Add(time.Duration(i) * time.Minute); batch.RequestAt == nil || !batch.RequestAt.Equal(want) {
			t.Errorf("batch %d is requested for %v, want %s", batch.Number, batch.RequestAt, want)
		}
	}
	if c = b.reread(t, c); c.State != models.CampaignScheduled {
		t.Errorf("the campaign is %s", c.State)
	}
}

// A campaign over days is no later on any of them than on the first, and is sending all
// the time.
func TestCampaignOverDays(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 14, 0)
	c := b.paced(t, 50, models.Pacing{PerDay: 20}, nil)
	wantBatches(t, b.sendDue(t, c), 1)
	days, err := b.DB.ComingDays(t.Context(), c.ID, 10)
	must(t, err)
	if len(days) != 2 || days[0].Day != "2030-01-16" || days[0].Recipients != 20 || days[1].Recipients != 10 || !days[1].From.Equal(c.LaunchedAt.AddDate(0, 0, 2)) {
		t.Errorf("coming: %+v", days)
	}
	for day := range int64(2) {
		move(23 * time.Hour)
		wantBatches(t, b.sendDue(t, c))
		move(time.Hour + time.Second)
		must(t, b.Sweep(t.Context()))
		wantBatches(t, b.sendDue(t, c), day+2)
		if c = b.reread(t, c); c.State != models.CampaignSending {
			t.Errorf("the campaign is %s (%s)", c.State, c.Hold)
		}
	}
	b.wantOnce(t, 50)
}

func TestWhatWouldFallIntoTheNightGoesOnInTheMorning(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 20, 48)
	c := b.paced(t, 40, models.Pacing{Pace: 10}, nil)
	wantBatches(t, b.sendDue(t, c), 1)
	move(time.Minute + time.Second)
	wantBatches(t, b.sendDue(t, c), 2)
	move(time.Hour)
	wantBatches(t, b.sendDue(t, c))
	move(10*time.Hour + 11*time.Minute)
	wantBatches(t, b.sendDue(t, c), 3)
	move(time.Minute)
	wantBatches(t, b.sendDue(t, c), 4)
	b.wantOnce(t, 40)
}

// A resumed campaign goes on at its pace, not with all that has waited at once.
func TestResumedCampaignKeepsItsPace(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 10, 0)
	c := b.paced(t, 50, models.Pacing{Pace: 10}, nil)
	wantBatches(t, b.sendDue(t, c), 1)
	must(t, b.Pause(t.Context(), b.admin, b.appkey.ID, c.ID))
	move(3 * time.Hour)
	wantBatches(t, b.sendDue(t, c))
	must(t, b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	wantBatches(t, b.sendDue(t, c), 2)
	move(61 * time.Second)
	wantBatches(t, b.sendDue(t, c), 3)
	move(time.Minute)
	wantBatches(t, b.sendDue(t, c), 4)
	move(time.Minute)
	wantBatches(t, b.sendDue(t, c), 5)
	b.wantOnce(t, 50)
}

// Paused and resumed before its time, a campaign is sent when it was meant to be.
func TestResumedBeforeItsTimeACampaignStaysAsItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 10, 0)
	at := time.Date(2030, 1, 20, 9, 30, 0, 0, kakao.KST).UTC()
	c := b.paced(t, 25, models.Pacing{Pace: 10}, &at)
	before := b.batches(t, c)
	must(t, b.Pause(t.Context(), b.admin, b.appkey.ID, c.ID), b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	for i, batch := range b.batches(t, c) {
		if !batch.SendAt.Equal(*before[i].SendAt) || !batch.DueAt.Equal(before[i].DueAt) {
			t.Errorf("batch %d: to be sent at %s, due at %s", batch.Number, batch.SendAt, batch.DueAt)
		}
	}
	if c = b.reread(t, c); c.State != models.CampaignScheduled {
		t.Errorf("the campaign is %s", c.State)
	}
}

// A day that was paused over has no more than its limit when it goes on.
func TestResumedCampaignHeedsItsDay(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 10, 0)
	c := b.paced(t, 60, models.Pacing{Pace: 10, PerDay: 20}, nil)
	wantBatches(t, b.sendDue(t, c), 1)
	must(t, b.Pause(t.Context(), b.admin, b.appkey.ID, c.ID))
	move(time.Hour)
	must(t, b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	move(5 * time.Minute)
	wantBatches(t, b.sendDue(t, c))
	wantBatches(t, b.sendDue(t, c), 2)
	move(3 * time.Hour)
	wantBatches(t, b.sendDue(t, c))
	move(19*time.Hour + 55*time.Minute + time.Second)
	wantBatches(t, b.sendDue(t, c), 3)
}

// What the provider's outage held up is not made up for all at once.
func TestPacedCampaignThatIsBehindIsLaidAnew(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 10, 0)
	c := b.paced(t, 50, models.Pacing{Pace: 10}, nil)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultTooMany, Endpoint: "send", RetryAfter: time.Second}}})
	wantBatches(t, b.sendDue(t, c))
	move(20 * time.Minute)
	b.well()
	wantBatches(t, b.sendDue(t, c)) // the look at the first lays all of them anew
	wantBatches(t, b.sendDue(t, c), 1)
	move(61 * time.Second)
	wantBatches(t, b.sendDue(t, c), 2)
	move(time.Minute)
	wantBatches(t, b.sendDue(t, c), 3)
	b.wantOnce(t, 30)
}

// So is what a plan held up that took long.
func TestPacedCampaignThatWasPlannedSlowlyIsLaidAnew(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 10, 0)
	before := b.draft(t, 30)
	c := before
	c.Pace = 10
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	move(30 * time.Minute)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	wantBatches(t, b.sendDue(t, c), 1)
	move(61 * time.Second)
	wantBatches(t, b.sendDue(t, c), 2)
}

// What is too near to be asked for with a time waits here: nothing goes out early.
func TestNothingGoesOutBeforeItsTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 10, 0)
	at := b.Now().Add(90 * time.Second)
	c := b.paced(t, 10, models.Pacing{}, &at)
	wantBatches(t, b.sendDue(t, c))
	if batch := b.batches(t, c)[0]; !batch.DueAt.Equal(*batch.SendAt) || batch.Attempt != 0 {
		t.Errorf("due at %s after %d attempts", batch.DueAt, batch.Attempt)
	}
	move(91 * time.Second)
	wantBatches(t, b.sendDue(t, c), 1)
	b.wantOnce(t, 10)
}

func TestPaceThatTakesTooLongIsNotLaunched(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	before := b.draft(t, 200)
	c := before
	c.PerDay = 2
	_, err := b.SaveSchedule(t.Context(), b.admin, before, c, models.NewSchedule{}, models.NewPace{Spread: true, PerDay: "2"})
	if text := models.FieldText(err, "per_day"); text.Key != "pace.horizon" {
		t.Errorf("saving: %v", err)
	}
	c, err = b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	if err := b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision); models.KindOf(err) != models.Invalid {
		t.Errorf("launching: %v", err)
	}
	c, err = b.SaveSchedule(t.Context(), b.admin, c, c, models.NewSchedule{}, models.NewPace{Paced: true, Rate: "100"})
	must(t, err)
	if c = b.reread(t, c); c.Pace != 100 || c.PerDay != 0 {
		t.Errorf("%+v", c.Pacing())
	}
}
