package actions_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// move sends a campaign at another time: in from now on.
func (b *bench) move(t *testing.T, c models.Campaign, in time.Duration) models.Recall {
	t.Helper()
	at := b.Now().Add(in).Truncate(time.Minute)
	r, err := b.Reschedule(t.Context(), b.admin, b.appkey.ID, c.ID, models.ScheduleOf(&at))
	must(t, err)
	return r
}

// untilHeldAnew waits until the provider holds n messages of a campaign for the time that
// r has given it.
func (b *bench) untilHeldAnew(t *testing.T, c models.Campaign, r models.Recall, n int64) {
	t.Helper()
	b.until(t, c, func(_ models.Campaign, e models.Equation) bool {
		bs, err := b.DB.Batches(t.Context(), c.ID, 0, 100)
		must(t, err)
		held := int64(0)
		for _, batch := range bs {
			if batch.State == models.BatchHanded && batch.RequestAt != nil && batch.RequestAt.Equal(*r.ToAt) {
				held += batch.Open()
			}
		}
		return held == n
	})
}

func TestWhatIsHereIsMoved(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.scheduled(t, 30, 72*time.Hour)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	at := kakao.NextMorning(b.Now().Add(96 * time.Hour)).Truncate(time.Minute)
	r, err := b.Reschedule(t.Context(), b.admin, b.appkey.ID, c.ID, models.ScheduleOf(&at))
	must(t, err)
	batch := b.batch(t, c)
	if r.Messages != 30 || r.Moved != 30 || !batch.DueAt.Equal(at.Add(-24*time.Hour)) || !batch.MeantAt.Equal(batch.DueAt) {
		t.Errorf("%+v, %+v", r, batch)
	}
	c, err = b.DB.Campaign(t.Context(), b.appkey.ID, c.ID)
	must(t, err)
	if c.State != models.CampaignScheduled || !c.ScheduledAt.Equal(at) {
		t.Errorf("%s at %s", c.State, c.ScheduledAt)
	}
	for name, in := range map[string]models.NewSchedule{
		"to the same time": models.ScheduleOf(&at), "to the past": {Date: "2020-01-02", Clock: "10:00"},
		"into the night": {Date: at.In(kakao.KST).Format(time.DateOnly), Clock: "23:30"}, "nowhere": {},
	} {
		if _, err := b.Reschedule(t.Context(), b.admin, b.appkey.ID, c.ID, in); models.KindOf(err) != models.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatTheProviderHoldsIsMoved(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.held(t, 1100)
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
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Delivered != 1100 || e.Cancelled != 0 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, 1100)
}

// Whichever call of a move is lost, before or after it was carried out, everybody gets
// the message once, at the new time.
func TestACallOfAMoveIsLost(t *testing.T) {
	t.Parallel()
	for n := int64(1); n <= 8; n++ {
		for _, answer := range []nhnsim.Answer{{Drop: true}, {After: true, Drop: true}} {
			t.Run(fmt.Sprintf("call %d, carried out %v", n, answer.After), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, time.Second)
				b.work(t)
				c := b.held(t, 40)
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
				_, e := b.until(t, c, isState(models.CampaignFinished))
				if e.Delivered != 40 {
					t.Errorf("%+v", e)
				}
				b.wantOnce(t, 40)
			})
		}
	}
}

// The process ends when the provider has cancelled, and before that is written down; what
// is polled meanwhile does not take it for somebody's wish.
func TestTheProcessEndsInTheMiddleOfAMove(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.scheduled(t, 20, 2*time.Hour)
	must(t, b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
	since := b.Now().Add(-time.Minute)
	r := b.move(t, c, 3*time.Hour)
	var cancelled atomic.Bool
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodDelete {
			cancelled.Store(true)
		}
		if r.Method == http.MethodGet && cancelled.Load() {
			return &nhnsim.Answer{Drop: true}
		}
		return nil
	}})
	if err := b.RecallBatch(t.Context(), b.batch(t, c).ID); err == nil {
		t.Error("the list was read")
	}
	b.sim.SetFaults(nhnsim.Faults{})
	b.takeResults(t, since)
	if e, err := b.DB.Equation(t.Context(), c); err != nil || e.Handed != 20 || len(b.count()) != 0 {
		t.Fatalf("%+v %v, %d are held", e, err, len(b.count()))
	}
	must(t, b.RecallBatch(t.Context(), b.batch(t, c).ID))
	b.takeResults(t, since)
	if e, err := b.DB.Equation(t.Context(), c); err != nil || e.Planned != 20 {
		t.Fatalf("%+v %v", e, err)
	}
	must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
	b.takeResults(t, since)
	b.untilHeldAnew(t, c, r, 20)
	b.wantOnce(t, 20)
}

// The answer to the first attempt comes when it has been withdrawn: it says nothing any
// more.
func TestAnAnswerComesAfterItsAttemptWasWithdrawn(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.scheduled(t, 10, 2*time.Hour)
	must(t, b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
	r := b.move(t, c, 3*time.Hour)
	must(t, b.RecallBatch(t.Context(), b.batch(t, c).ID))
	calls, err := b.DB.Calls(t.Context(), b.batch(t, c).ID)
	must(t, err)
	late := calls[0]
	late.Outcome = models.CallAccepted
	must(t, b.DB.EndCall(t.Context(), late), b.SendBatch(t.Context(), b.batch(t, c).ID))
	b.takeResults(t, b.Now().Add(-time.Minute))
	b.untilHeldAnew(t, c, r, 10)
	b.wantOnce(t, 10)
}

// An attempt that follows a withdrawn one is in doubt: the withdrawn one, which the
// provider lists, is not taken for it, nor are its results.
func TestTheAttemptBehindAMoveIsInDoubt(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]nhnsim.Answer{"accepted": {After: true, Drop: true}, "not accepted": {Drop: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 500*time.Millisecond)
			c := b.scheduled(t, 10, 2*time.Hour)
			must(t, b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
			_, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, []int64{b.message(t, c, 0).ID})
			must(t, err)
			must(t, b.StopMessages(t.Context(), b.batch(t, c).ID))
			r := b.move(t, c, 3*time.Hour)
			must(t, b.RecallBatch(t.Context(), b.batch(t, c).ID))
			b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(answer)})
			must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
			b.work(t)
			b.untilHeldAnew(t, c, r, 9)
			b.wantOnce(t, 9)
			b.putOn(3*time.Hour + time.Minute)
			if _, e := b.until(t, c, isState(models.CampaignFinished)); e.Delivered != 9 || e.Cancelled != 1 {
				t.Errorf("%+v", e)
			}
		})
	}
}

// Its time comes while a campaign is being moved: who has been sent to stays so, and
// nobody is sent to twice.
func TestACampaignIsSentWhileItIsMoved(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.work(t)
	c := b.held(t, 1100)
	var refused atomic.Int64
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method != http.MethodDelete || refused.Add(1) == 1 { // one batch is cancelled in time
			return nil
		}
		return &nhnsim.Answer{Drop: true}
	}})
	r := b.move(t, c, 4*time.Hour)
	b.until(t, c, func(models.Campaign, models.Equation) bool { return refused.Load() > 2 })
	b.putOn(2*time.Hour + time.Minute)
	r, done := b.untilRecalled(t, r)
	if done.Stopped == 0 || done.Late == 0 || done.Stopped+done.Late != 1100 {
		t.Errorf("%+v, %+v", r, done)
	}
	b.untilHeldAnew(t, c, r, done.Stopped)
	b.putOn(2 * time.Hour)
	if _, e := b.until(t, c, isState(models.CampaignFinished)); e.Delivered != 1100 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, 1100)
}

// A campaign is cancelled while it is moved, or some of its recipients are.
func TestAMovedCampaignIsCancelled(t *testing.T) {
	t.Parallel()
	for _, whole := range []bool{true, false} {
		t.Run(fmt.Sprint("whole ", whole), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			b.work(t)
			c := b.held(t, 1100)
			r := b.move(t, c, 3*time.Hour)
			if !whole {
				_, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, []int64{b.message(t, c, 5).ID, b.message(t, c, 1050).ID})
				must(t, err)
				b.untilHeldAnew(t, c, r, 1098)
				b.wantOnce(t, 1098)
				return
			}
			must(t, b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
			if _, e := b.until(t, c, isState(models.CampaignCancelled)); e.Cancelled != 1100 {
				t.Errorf("%+v", e)
			}
			if n := len(b.count()); n != 0 {
				t.Errorf("%d will be sent", n)
			}
		})
	}
}

// What is moved far ahead, or in batches that have times of their own, is held by the
// provider for each of these times, and its results are taken in when they come.
func TestBatchesAreMovedToTimesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]time.Duration{"by an hour": 3 * time.Hour, "by weeks": 60 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 2*time.Second)
			b.team.LeadMinutes = models.MaxLead
			must(t, b.DB.SaveTeamSettings(t.Context(), b.team))
			b.work(t)
			before, at := b.draft(t, 30), b.Now().Add(2*time.Hour).Truncate(time.Minute)
			c := before
			c.ScheduledAt, c.Pace = &at, 10
			c, err := b.SaveDraft(t.Context(), b.admin, before, c)
			must(t, err)
			b.launch(t, c)
			c, _ = b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 30 })
			r := b.move(t, c, in)
			if _, done := b.untilRecalled(t, r); done.Stopped != 30 {
				t.Errorf("%+v", done)
			}
			held := func() (n int) {
				bs, err := b.DB.Batches(t.Context(), c.ID, 0, 10)
				must(t, err)
				for i, batch := range bs {
					if want := r.ToAt.Add(time.Duration(i) * time.Minute); batch.State == models.BatchHanded && batch.RequestAt != nil && batch.RequestAt.Equal(want) {
						n++
					}
				}
				return n
			}
			b.until(t, c, func(models.Campaign, models.Equation) bool { return held() == 3 })
			b.wantOnce(t, 30)
			b.putOn(in + 4*time.Minute)
			if _, e := b.until(t, c, isState(models.CampaignFinished)); e.Delivered != 30 {
				t.Errorf("%+v", e)
			}
			b.wantOnce(t, 30)
		})
	}
}

// A batch is withdrawn from the provider while some of its recipients are being cancelled
// there: that it lists them as cancelled is the withdrawal, and they do not get the message
// at the new time either.
func TestRecipientsAreCancelledWhileTheirBatchIsWithdrawn(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.scheduled(t, 10, 2*time.Hour)
	must(t, b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
	stop, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, []int64{b.message(t, c, 4).ID})
	must(t, err)
	var asked atomic.Bool
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodGet && !asked.Swap(true) { // the list is read to see whom to cancel
			b.move(t, c, 3*time.Hour)
			must(t, b.RecallBatch(t.Context(), b.batch(t, c).ID))
		}
		return nil
	}})
	must(t, b.StopMessages(t.Context(), b.batch(t, c).ID))
	b.work(t)
	b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 9 && e.Cancelled == 1 })
	if _, done := b.untilRecalled(t, stop); done.Stopped != 1 {
		t.Errorf("%+v", done)
	}
	b.wantOnce(t, 9)
	if b.count()[benchPhone(4)] != 0 {
		t.Error("who was cancelled will be sent to")
	}
}

// A campaign is moved while its batches are claimed and handed over.
func TestACampaignIsMovedWhileItIsHandedOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.scheduled(t, 6000, 2*time.Hour)
	b.until(t, c, func(c models.Campaign, e models.Equation) bool {
		return c.State == models.CampaignScheduled && e.Handed+e.InDoubt > 0
	})
	r := b.move(t, c, 3*time.Hour)
	b.untilHeldAnew(t, c, r, 6000)
	b.wantOnce(t, 6000)
}

// takeResults reads what has become of messages, as the sweep has it done.
func (b *bench) takeResults(t *testing.T, since time.Time) {
	t.Helper()
	must(t, b.TakeResults(t.Context(), actions.TakeResults{AppkeyID: b.appkey.ID, Channel: models.FriendTalk, Since: since}))
}

// What needs approval is moved by somebody who could have approved it.
func TestWhoMayMoveWhatNeedsApproval(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.scheduled(t, 10, 2*time.Hour)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	marketer := b.member(t, "marketer", models.Marketer, func(*models.User) {})
	must(t, b.MayMove(t.Context(), marketer, c))
	b.team.ApproveFrom = 10
	must(t, b.DB.SaveApprovalSettings(t.Context(), b.team))
	c, err := b.DB.CampaignByID(t.Context(), c.ID)
	must(t, err)
	at := b.Now().Add(3 * time.Hour).Truncate(time.Minute)
	for name, who := range map[string]models.Actor{"a marketer": marketer, "who launched it": b.admin} {
		_, err := b.Reschedule(t.Context(), who, b.appkey.ID, c.ID, models.ScheduleOf(&at))
		if models.KindOf(err) != models.Conflict || models.TextOf(err).Key != "move.approver" {
			t.Errorf("%s: %v", name, err)
		}
	}
	approver := b.member(t, "approver", models.Approver, func(*models.User) {})
	if _, err := b.Reschedule(t.Context(), approver, b.appkey.ID, c.ID, models.ScheduleOf(&at)); err != nil {
		t.Error(err)
	}
}
