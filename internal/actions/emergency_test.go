package actions_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// brakes are both kinds of the emergency stop, as they are now.
func (b *bench) brakes(t *testing.T) map[string]actions.Brake {
	t.Helper()
	team, err := b.DB.Team(t.Context(), b.team.ID)
	must(t, err)
	k, err := b.DB.Appkey(t.Context(), b.appkey.ID)
	must(t, err)
	return map[string]actions.Brake{"team": {Team: team}, "appkey": {Team: team, Appkey: k}}
}

func stopNow() models.NewStop { return models.NewStop{Reason: "잘못된 내용", Confirmed: true} }

// Once a stop has been committed, nothing is claimed, planned, launched or tried out;
// when it is lifted, everything goes on.
func TestEmergencyStop(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"team", "appkey"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			c, draft, unplanned := b.planned(t), b.draft(t, 1), b.draft(t, 1)
			must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, unplanned.ID, unplanned.Revision))
			must(t, b.StopSending(t.Context(), b.admin, b.brakes(t)[what], stopNow()))

			wantBatches(t, b.sendDue(t, c))
			waiting, err := b.DB.WaitingBatches(t.Context(), b.Now(), b.Now(), 10)
			must(t, err, b.PlanCampaign(t.Context(), unplanned.ID))
			if len(waiting) != 0 || b.reread(t, unplanned).State != models.CampaignPlanning {
				t.Errorf("stopped, %d batches wait for a job, and the other campaign is %s", len(waiting), b.reread(t, unplanned).State)
			}
			if err := b.Launch(t.Context(), b.admin, b.appkey.ID, draft.ID, draft.Revision); models.TextOf(err).Key != "stop.stopped" {
				t.Errorf("launching: %v", err)
			}
			if err := b.StopSending(t.Context(), b.admin, b.brakes(t)[what], stopNow()); models.TextOf(err).Key != "stop.already" {
				t.Errorf("stopping again: %v", err)
			}
			if b.brakes(t)[what].Stop().StopReason != "잘못된 내용" || b.brakes(t)[what].Stop().StoppedBy != b.admin.User.ID {
				t.Errorf("%+v", b.brakes(t)[what].Stop())
			}
			must(t, b.LiftStop(t.Context(), b.admin, b.brakes(t)[what]))
			if err := b.LiftStop(t.Context(), b.admin, b.brakes(t)[what]); models.TextOf(err).Key != "stop.lifted_already" {
				t.Errorf("lifting again: %v", err)
			}
			must(t, b.PlanCampaign(t.Context(), unplanned.ID))
			wantBatches(t, b.sendDue(t, c), 1)
			wantBatches(t, b.sendDue(t, unplanned), 1)
		})
	}
}

func TestAStopNeedsAReasonAndATick(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	err := b.StopSending(t.Context(), b.admin, b.brakes(t)["team"], models.NewStop{})
	if models.FieldText(err, "reason").Key == "" || models.FieldText(err, "confirmed").Key == "" || b.brakes(t)["team"].Stop().Stopped() {
		t.Errorf("%v", err)
	}
}

// Whoever may send may pull the brake; only who looks after the team lets it go.
func TestWhoMayStop(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	for _, what := range []string{"team", "appkey"} {
		for _, role := range models.Roles() {
			by := models.Actor{User: models.User{ID: 77, Name: "누군가"}, Role: role}
			stopped := b.StopSending(t.Context(), by, b.brakes(t)[what], stopNow())
			if allowed := stopped == nil; allowed != (role != models.Viewer) {
				t.Errorf("%s: %s may stop: %v", what, role, stopped)
			}
			if stopped != nil {
				continue
			}
			if _, err := b.CancelStopped(t.Context(), by, b.brakes(t)[what]); err != nil {
				t.Errorf("%s: %s may cancel: %v", what, role, err)
			}
			lifted := b.LiftStop(t.Context(), by, b.brakes(t)[what])
			if allowed := lifted == nil; allowed != (role == models.Admin) {
				t.Errorf("%s: %s may lift: %v", what, role, lifted)
			}
			if lifted != nil {
				must(t, b.LiftStop(t.Context(), b.admin, b.brakes(t)[what]))
			}
		}
	}
}

// A stop is heeded by claims that race it in several processes: whatever is claimed, was
// claimed before the stop had been committed.
func TestNothingIsClaimedAfterAStopHasBeenCommitted(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"team", "appkey"} {
		for range 3 {
			b := newBench(t, 10*time.Second)
			b.appkey.RatePerSecond = 40 // so that there is something left to stop
			must(t, b.DB.SaveAppkey(t.Context(), b.appkey))
			c := b.paced(t, 400, models.Pacing{Pace: 10}, nil)
			work := make(chan int64, 40)
			for _, batch := range b.atOnce(t, c) {
				work <- batch.ID
			}
			close(work)
			var sent atomic.Int64
			var wg sync.WaitGroup
			half := make(chan struct{})
			for _, s := range []*actions.Service{b.Service, b.process(), b.process()} {
				wg.Go(func() {
					for id := range work {
						if err := s.SendBatch(t.Context(), id); err != nil {
							t.Error(err)
						}
						if sent.Add(1) == 10 {
							close(half)
						}
					}
				})
			}
			<-half
			must(t, b.StopSending(t.Context(), b.admin, b.brakes(t)[what], stopNow()))
			claimed := func() (n int) {
				for _, batch := range b.batches(t, c) {
					if batch.Attempt > 0 {
						n++
					}
				}
				return n
			}
			atStop := claimed()
			wg.Wait()
			if after := claimed(); after != atStop || after == 40 {
				t.Errorf("%s: %d batches were claimed when it was stopped, %d afterwards", what, atStop, after)
			}
			b.wantOnce(t, 10*atStop)
		}
	}
}

// Under a stop nothing is repeated, but what is in doubt is still looked up; when it is
// lifted, the same request is made again.
func TestUnderAStopNothingIsRepeated(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{Drop: true})})
	c := b.planned(t)
	must(t, b.SendBatch(t.Context(), b.batch(t, c).ID), b.StopSending(t.Context(), b.admin, b.brakes(t)["appkey"], stopNow()))
	for range 3 {
		move(2 * time.Second)
		must(t, b.SettleBatch(t.Context(), b.batch(t, c).ID))
	}
	if batch := b.batch(t, c); batch.State != models.BatchInDoubt || batch.Calls != 1 || len(b.count()) != 0 {
		t.Fatalf("the batch is %s after %d calls", batch.State, batch.Calls)
	}
	must(t, b.LiftStop(t.Context(), b.admin, b.brakes(t)["appkey"]))
	b.work(t)
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 10)
}

// What is scheduled can be cancelled under a stop, with what the provider holds.
func TestEverythingCanBeCancelledUnderAStop(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	at := b.Now().Add(3 * time.Hour)
	held, here := b.paced(t, 10, models.Pacing{}, &at), b.paced(t, 20, models.Pacing{Pace: 10}, &at)
	b.sendDue(t, held)
	if _, err := b.CancelStopped(t.Context(), b.admin, b.brakes(t)["team"]); models.TextOf(err).Key != "stop.lifted_already" {
		t.Errorf("cancelled without a stop: %v", err)
	}
	must(t, b.StopSending(t.Context(), b.admin, b.brakes(t)["team"], stopNow()))
	n, err := b.CancelStopped(t.Context(), b.admin, b.brakes(t)["team"])
	must(t, err)
	if n != 2 {
		t.Errorf("%d campaigns were cancelled", n)
	}
	b.work(t)
	b.until(t, held, isState(models.CampaignCancelled))
	b.until(t, here, isState(models.CampaignCancelled))
	if left := len(b.count()); left != 0 {
		t.Errorf("%d messages were not stopped", left)
	}
}

// undo lets launches of the team be undone for so many minutes.
func (b *bench) undo(t *testing.T, minutes string) {
	t.Helper()
	must(t, b.SaveTeamSettings(t.Context(), b.admin, b.team.ID, models.TeamSettings{Lead: "1", Unit: models.LeadDays, Undo: minutes}))
}

// What is launched to go out at once is handed over at once, for a time until which it
// can be undone.
func TestALaunchCanBeUndone(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.undo(t, "5")
	before := b.Now()
	c := b.paced(t, 1500, models.Pacing{}, nil)
	wantBatches(t, b.sendDue(t, c), 1, 2)
	if c = b.reread(t, c); c.State != models.CampaignScheduled || c.UndoUntil == nil {
		t.Fatalf("the campaign is %s, to be undone until %v", c.State, c.UndoUntil)
	}
	if left := c.UndoUntil.Sub(before); left < 5*time.Minute || left > 6*time.Minute+time.Second {
		t.Errorf("it can be undone for %s", left)
	}
	for _, batch := range b.batches(t, c) {
		if batch.RequestAt == nil || !batch.RequestAt.Equal(*c.UndoUntil) {
			t.Errorf("batch %d is requested for %v", batch.Number, batch.RequestAt)
		}
	}
	b.work(t)
	must(t, b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
	_, e := b.until(t, c, isState(models.CampaignCancelled))
	if e.Cancelled != 1500 || len(b.count()) != 0 {
		t.Errorf("%+v, and %d went out", e, len(b.count()))
	}
}

// What is claimed when the time to undo is nearly over waits for its end, and does not go
// out before.
func TestALaunchDoesNotGoOutBeforeItsTimeToUndoIsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 10, 0)
	b.undo(t, "3")
	c := b.paced(t, 10, models.Pacing{}, nil)
	move(c.UndoUntil.Sub(b.Now()) - 100*time.Second)
	wantBatches(t, b.sendDue(t, c))
	move(101 * time.Second)
	wantBatches(t, b.sendDue(t, c), 1)
	if c = b.reread(t, c); c.State != models.CampaignSending {
		t.Errorf("the campaign is %s", c.State)
	}
	b.wantOnce(t, 10)
}

// A paced launch begins when it cannot be undone any more, and waits here until then.
func TestAPacedLaunchWaitsHereWhileItCanBeUndone(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 10, 0)
	b.undo(t, "10")
	c := b.paced(t, 20, models.Pacing{Pace: 10}, nil)
	wantBatches(t, b.sendDue(t, c))
	move(c.UndoUntil.Sub(b.Now()) + time.Second)
	wantBatches(t, b.sendDue(t, c), 1)
	move(time.Minute)
	wantBatches(t, b.sendDue(t, c), 2)
}

// In the evening a launch that would go out at night is refused.
func TestALaunchWhoseTimeToUndoEndsAtNightIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.movable()
	b.at(move, 20, 47)
	b.undo(t, "5")
	c := b.draft(t, 1)
	if err := b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision); models.KindOf(err) != models.Invalid {
		t.Errorf("launched: %v", err)
	}
	b.undo(t, "0")
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
}
