package actions_test

import (
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// movable lets a test move the clock of b on; the workers do not run.
func (b *bench) movable() (move func(time.Duration)) {
	var moved atomic.Int64
	now := b.Now
	b.Now = func() time.Time { return now().Add(time.Duration(moved.Load())) }
	return func(by time.Duration) { moved.Add(int64(by)) }
}

// tooMany makes every send be put off by a second.
func (b *bench) tooMany() {
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultTooMany, Endpoint: "send", RetryAfter: time.Second}}})
}

// well ends what goes wrong, and forgets that the provider was to be left alone.
func (b *bench) well() {
	b.sim.SetFaults(nhnsim.Faults{})
	b.Provider = actions.NewProvider(b.Keeper, time.Second, nil)
}

// planned is a campaign that was launched to go out at once, and planned.
func (b *bench) planned(t *testing.T) models.Campaign {
	t.Helper()
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
	return c
}

// send hands the only batch of c over, if it may go out now.
func (b *bench) send(t *testing.T, c models.Campaign) models.Campaign {
	t.Helper()
	must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
	c, err := b.DB.Campaign(t.Context(), b.appkey.ID, c.ID)
	must(t, err)
	return c
}

// wantHeld checks that a person is asked about c, of which nothing has been sent,
// and that it goes out when that person says so.
func (b *bench) wantHeld(t *testing.T, c models.Campaign) {
	t.Helper()
	if c.State != models.CampaignHeld || c.Hold != "hold.late" || len(b.count()) != 0 {
		t.Fatalf("%s (%s), and %d were sent", c.State, c.Hold, len(b.count()))
	}
	must(t, b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	if c = b.send(t, c); c.State != models.CampaignSending {
		t.Errorf("resumed, the campaign is %s (%s)", c.State, c.Hold)
	}
	b.wantOnce(t, 10)
}

// However often a batch was put off while the provider took no calls: long after the
// campaign was to go out, a person is asked.
func TestCampaignHeldUpForHoursAsksAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	c := b.planned(t)
	b.tooMany()
	for range 3 {
		if c = b.send(t, c); c.State != models.CampaignSending {
			t.Fatalf("put off, the campaign is %s (%s)", c.State, c.Hold)
		}
		move(45 * time.Minute)
	}
	b.well()
	b.wantHeld(t, b.send(t, c))
}

// A campaign that is resumed is meant to go out then, also when its batches had been
// put off beyond that.
func TestResumedCampaignIsMeantToGoOutThen(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	c := b.planned(t)
	move(time.Hour)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultTooMany, Endpoint: "send", RetryAfter: 3 * time.Hour}}})
	c = b.send(t, c)
	move(2 * time.Hour)
	b.well()
	must(t, b.Pause(t.Context(), b.admin, b.appkey.ID, c.ID), b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	move(time.Hour + time.Minute)
	if c = b.send(t, c); c.State != models.CampaignSending {
		t.Errorf("%s (%s)", c.State, c.Hold)
	}
	b.wantOnce(t, 10)
}

func TestCampaignPlannedHoursLaterAsksAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	move(models.LateStart + time.Minute)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	b.wantHeld(t, b.send(t, c))
}

// What cannot go out at night goes out in the morning: the night makes nothing late,
// and what had been late before stays so.
func TestTheNightMakesNothingLate(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	evening := time.Date(2030, 1, 15, 20, 40, 0, 0, kakao.KST)
	move(evening.Sub(b.Now()))
	c := b.planned(t)
	move(15 * time.Minute)
	c = b.send(t, c)
	batch := b.batch(t, c)
	if c.State != models.CampaignSending || batch.State != models.BatchPlanned || batch.Attempt != 0 {
		t.Fatalf("at night, the campaign is %s (%s), the batch %s", c.State, c.Hold, batch.State)
	}
	move(batch.DueAt.Sub(b.Now()) + time.Second)
	b.tooMany()
	if c = b.send(t, c); c.State != models.CampaignSending || b.batch(t, c).Calls != 1 {
		t.Fatalf("in the morning, the campaign is %s (%s)", c.State, c.Hold)
	}
	move(models.LateStart - 14*time.Minute)
	b.well()
	b.wantHeld(t, b.send(t, c))
}

// What a person has decided to send again is meant to go out then.
func TestSentAgainIsMeantToGoOutThen(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	c := b.planned(t)
	batch := b.batch(t, c)
	must(t, b.DB.SetBatch(t.Context(), batch.ID, map[string]any{"state": models.BatchInDoubt, "asks": true}))
	move(models.LateStart + time.Hour)
	must(t, b.DecideBatch(t.Context(), b.admin, b.appkey.ID, c.ID, batch.Number, actions.SendAgain))
	if c = b.send(t, c); c.State != models.CampaignSending {
		t.Errorf("%s (%s)", c.State, c.Hold)
	}
	b.wantOnce(t, 10)
}
