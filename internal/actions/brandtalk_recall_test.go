package actions_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// brandHeld is a campaign to n recipients, the last one without a default, that the
// provider holds until two hours from now; one more of it was skipped.
func (b *bench) brandHeld(t *testing.T, n int) models.Campaign {
	t.Helper()
	c := b.brandDraft(t, n-1)
	before, at := c, b.Now().Add(2*time.Hour).Truncate(time.Minute)
	c.ScheduledAt = &at
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	c, _ = b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == int64(n) })
	return c
}

func TestBrandTalkIsMoved(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.brandHeld(t, 1100)
	r := b.move(t, c, 3*time.Hour)
	r, done := b.untilRecalled(t, r)
	if r.Messages != 1100 || done.Stopped != 1100 || done.Late != 0 {
		t.Errorf("%+v, %+v", r, done)
	}
	b.untilHeldAnew(t, c, r, 1100)
	b.wantOnce(t, 1100)
	again := b.move(t, c, 4*time.Hour) // and moved once more
	b.untilHeldAnew(t, c, again, 1100)
	b.putOn(4*time.Hour + time.Minute)
	if _, e := b.until(t, c, isState(models.CampaignFinished)); e.Delivered != 1100 || e.Skipped != 1 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, 1100)
}

// Without an idempotency key, too, everybody gets the message once, at the new time,
// whichever call of a move is lost.
func TestACallOfABrandTalkMoveIsLost(t *testing.T) {
	t.Parallel()
	for n := int64(1); n <= 6; n++ {
		for _, answer := range []nhnsim.Answer{{Drop: true}, {After: true, Drop: true}} {
			t.Run(fmt.Sprintf("call %d, carried out %v", n, answer.After), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, 500*time.Millisecond)
				b.work(t)
				c := b.brandHeld(t, 40)
				var calls atomic.Int64
				b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer {
					if calls.Add(1) != n {
						return nil
					}
					return &answer
				}})
				r := b.move(t, c, 3*time.Hour)
				b.untilHeldAnew(t, c, r, 40)
				b.wantOnce(t, 40)
				b.putOn(3*time.Hour + time.Minute)
				if _, e := b.until(t, c, isState(models.CampaignFinished)); e.Delivered != 40 {
					t.Errorf("%+v", e)
				}
				b.wantOnce(t, 40)
			})
		}
	}
}

func TestPartsOfABrandTalkCampaignAreCancelled(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.work(t)
	c := b.brandHeld(t, 2250)
	first := b.recallBatches(t, c, 2)
	ids := make([]int64, 150) // more than one request names
	for i := range ids {
		ids[i] = b.message(t, c, i).ID
	}
	some, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, ids)
	must(t, err)
	_, batches := b.untilRecalled(t, first)
	_, messages := b.untilRecalled(t, some)
	if batches.Stopped != 1000 || batches.Late != 0 || messages.Stopped != 150 || messages.Late != 0 {
		t.Errorf("%+v, %+v", batches, messages)
	}
	b.wantOnce(t, 1100)
	b.putOn(2*time.Hour + time.Minute)
	if _, e := b.until(t, c, isState(models.CampaignFinished)); e.Cancelled != 1150 || e.Delivered != 1100 || e.Skipped != 1 {
		t.Errorf("%+v", e)
	}
}

// A campaign is cancelled when the provider holds it, with the answer to each kind of call
// lost once, or while it is being moved.
func TestABrandTalkCampaignIsCancelled(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(*testing.T, *bench, models.Campaign){
		"held": func(*testing.T, *bench, models.Campaign) {},
		"the answer to the cancellation is lost": func(_ *testing.T, b *bench, _ models.Campaign) {
			hook, _ := hookOnce(http.MethodDelete, "", nhnsim.Answer{After: true, Drop: true})
			b.sim.SetFaults(nhnsim.Faults{Hook: hook})
		},
		"the list is not read": func(_ *testing.T, b *bench, _ models.Campaign) {
			hook, _ := hookOnce(http.MethodGet, "/messages", nhnsim.Answer{Drop: true})
			b.sim.SetFaults(nhnsim.Faults{Hook: hook})
		},
		"moved": func(t *testing.T, b *bench, c models.Campaign) {
			t.Helper()
			b.move(t, c, 3*time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			b.work(t)
			c := b.brandHeld(t, 1100)
			before(t, b, c)
			must(t, b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
			if _, e := b.until(t, c, isState(models.CampaignCancelled)); e.Cancelled != 1100 || e.Skipped != 1 {
				t.Errorf("%+v", e)
			}
			if n := len(b.count()); n != 0 {
				t.Errorf("%d will be sent", n)
			}
		})
	}
}

// The answer to the send is lost, and the campaign is cancelled before it is known whether
// the provider has it.
func TestABrandTalkCampaignInDoubtIsCancelled(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]nhnsim.Answer{"accepted": {After: true, Drop: true}, "not accepted": {Drop: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 500*time.Millisecond)
			c := b.brandDraft(t, 40)
			at, before := b.Now().Add(2*time.Hour), c
			c.ScheduledAt = &at
			c, err := b.SaveDraft(t.Context(), b.admin, before, c)
			must(t, err)
			b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(answer)})
			b.launched(t, c)
			must(t, b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
			b.work(t)
			if _, e := b.until(t, c, isState(models.CampaignCancelled)); e.Cancelled != 41 {
				t.Errorf("%+v", e)
			}
			if n := len(b.count()); n != 0 {
				t.Errorf("%d will be sent", n)
			}
		})
	}
}

func TestSomeBrandTalkRecipientsAreCancelledTooLate(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.work(t)
	c := b.brandHeld(t, 10)
	b.putOn(2*time.Hour + time.Minute)
	b.until(t, c, isState(models.CampaignFinished))
	_, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, []int64{b.message(t, c, 1).ID})
	if models.KindOf(err) != models.Conflict {
		t.Errorf("a finished campaign was cancelled in part: %v", err)
	}
	b.wantOnce(t, 10)
}
