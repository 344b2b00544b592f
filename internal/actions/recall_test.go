package actions_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// scheduled is a campaign to n recipients that is launched for the time in from now on,
// at which the provider holds it if the bench works.
func (b *bench) scheduled(t *testing.T, n int, in time.Duration) models.Campaign {
	t.Helper()
	c := b.draft(t, n)
	before, at := c, b.Now().Add(in).Truncate(time.Minute)
	c.ScheduledAt = &at
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	b.launch(t, c)
	return c
}

// held is such a campaign once the provider holds all of it.
func (b *bench) held(t *testing.T, n int) models.Campaign {
	t.Helper()
	c := b.scheduled(t, n, 2*time.Hour)
	c, _ = b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == int64(n) })
	return c
}

func spans(numbers ...int64) (found []models.BatchSpan) {
	for _, n := range numbers {
		found = append(found, models.BatchSpan{First: n, Last: n})
	}
	return found
}

// recallBatches cancels batches by their numbers.
func (b *bench) recallBatches(t *testing.T, c models.Campaign, numbers ...int64) models.Recall {
	t.Helper()
	r, err := b.RecallBatches(t.Context(), b.admin, b.appkey.ID, c.ID, spans(numbers...))
	must(t, err)
	return r
}

// untilRecalled waits until it is known what has come of a recall.
func (b *bench) untilRecalled(t *testing.T, r models.Recall) (models.Recall, models.Recalled) {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		r, err := b.DB.Recall(t.Context(), r.CampaignID, r.ID)
		must(t, err)
		done, err := b.DB.Recalled(t.Context(), r, b.Now())
		must(t, err)
		if done.Open == 0 {
			return r, done
		}
		select {
		case <-deadline:
			t.Fatalf("%+v: %+v", r, done)
		case <-tick.C:
		}
	}
}

// message is the campaign's message to the i-th ordinary recipient.
func (b *bench) message(t *testing.T, c models.Campaign, i int) models.ListedMessage {
	t.Helper()
	ms, err := b.DB.Messages(t.Context(), c.ID, models.MessageFilter{Phone: benchPhone(i)}, 1)
	must(t, err)
	if len(ms) != 1 {
		t.Fatalf("no message to %s", benchPhone(i))
	}
	return ms[0]
}

// hookOnce makes a hook that answers the first call of a method whose path has the part,
// as a says, and counts all of them.
func hookOnce(method, part string, a nhnsim.Answer) (hook func(*http.Request) *nhnsim.Answer, calls *atomic.Int64) {
	calls = &atomic.Int64{}
	return func(r *http.Request) *nhnsim.Answer {
		if r.Method != method || !strings.Contains(r.URL.Path, part) || calls.Add(1) != 1 {
			return nil
		}
		return &a
	}, calls
}

func TestSomeBatchesAreCancelledBeforeTheyAreClaimed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	c := b.draft(t, 2500)
	b.launch(t, c)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	before, err := b.DB.StoppableBatches(t.Context(), c.ID, spans(1, 3), b.Now())
	must(t, err)
	if before.Here != 1500 || before.Open() != 1500 {
		t.Errorf("can be stopped: %+v", before)
	}
	r := b.recallBatches(t, c, 1, 3)
	b.work(t)
	_, e := b.until(t, c, isState(models.CampaignFinished))
	r, done := b.untilRecalled(t, r)
	if e.Cancelled != 1500 || e.Delivered != 1000 || r.Messages != 1500 || done.Stopped != 1500 || done.Late != 0 {
		t.Errorf("%+v, %+v, %+v", e, r, done)
	}
	b.wantOnce(t, 1000)
	s, err := b.DB.Stoppable(t.Context(), c, b.Now())
	must(t, err)
	if s.StoppedHere != 1500 || s.StoppedHeld != 0 {
		t.Errorf("stopped: %+v", s)
	}
}

func TestSomeBatchesAreCancelledAtTheProvider(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.held(t, 2200)
	before, err := b.DB.StoppableBatches(t.Context(), c.ID, spans(2), b.Now())
	must(t, err)
	if before.Held != 1000 || !before.HeldFrom.Equal(*c.ScheduledAt) {
		t.Errorf("can be stopped: %+v", before)
	}
	r := b.recallBatches(t, c, 2)
	_, done := b.untilRecalled(t, r)
	if done.Stopped != 1000 {
		t.Errorf("%+v", done)
	}
	if _, err := b.RecallBatches(t.Context(), b.admin, b.appkey.ID, c.ID, spans(2)); models.KindOf(err) != models.Conflict {
		t.Errorf("cancelled twice: %v", err)
	}
	b.putOn(2*time.Hour + time.Minute)
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Cancelled != 1000 || e.Delivered != 1200 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, 1200)
}

// The answer to the cancellation is lost, whether it was carried out or not: the list
// decides.
func TestTheAnswerToACancellationIsLost(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]nhnsim.Answer{
		"carried out":     {After: true, Drop: true},
		"not carried out": {Drop: true},
		"nothing there":   {Code: -2029},
		"busy":            {Status: http.StatusTooManyRequests, RetryAfter: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			b.work(t)
			c := b.held(t, 1100)
			hook, calls := hookOnce(http.MethodDelete, "/messages/", answer)
			b.sim.SetFaults(nhnsim.Faults{Hook: hook})
			_, done := b.untilRecalled(t, b.recallBatches(t, c, 1))
			if done.Stopped != 1000 || calls.Load() == 0 {
				t.Errorf("%+v after %d calls", done, calls.Load())
			}
			b.wantOnce(t, 100)
		})
	}
}

// The process ends between the call and its recording: nothing is known of it, and the
// next one goes on.
func TestTheProcessEndsBehindTheCancellation(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.scheduled(t, 20, 2*time.Hour)
	must(t, b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
	r := b.recallBatches(t, c, 1)
	var failing atomic.Bool
	failing.Store(true)
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if failing.Load() && r.Method == http.MethodGet {
			return &nhnsim.Answer{Drop: true}
		}
		return nil
	}})
	if err := b.RecallBatch(t.Context(), b.batch(t, c).ID); err == nil {
		t.Error("the list was read")
	}
	failing.Store(false)
	if e, err := b.DB.Equation(t.Context(), c); err != nil || e.Handed != 20 || len(b.count()) != 0 {
		t.Fatalf("%+v %v, %d are held", e, err, len(b.count()))
	}
	b.work(t)
	if _, done := b.untilRecalled(t, r); done.Stopped != 20 {
		t.Errorf("%+v", done)
	}
}

// A batch is cancelled whose send has not been answered: what it has become decides.
func TestABatchInDoubtIsCancelled(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]nhnsim.Answer{"accepted": {After: true, Drop: true}, "not accepted": {Drop: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(answer)})
			c := b.scheduled(t, 50, 2*time.Hour)
			must(t, b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
			r := b.recallBatches(t, c, 1)
			b.work(t)
			if _, done := b.untilRecalled(t, r); done.Stopped != 50 {
				t.Errorf("%+v", done)
			}
			if n := len(b.count()); n != 0 {
				t.Errorf("%d will be sent", n)
			}
		})
	}
}

// Batches are cancelled while the workers claim them, several times at once: each of them
// is either cancelled as a whole or sent once.
func TestCancellingBesideClaims(t *testing.T) {
	t.Parallel()
	b := newBench(t, 3*time.Second)
	c := b.draft(t, 8000)
	b.launch(t, c)
	b.work(t)
	var people sync.WaitGroup
	for range 2 {
		for n := int64(1); n <= 8; n += 2 {
			people.Go(func() {
				_, err := b.RecallBatches(t.Context(), b.admin, b.appkey.ID, c.ID, spans(n))
				if err != nil && models.KindOf(err) != models.Conflict {
					t.Error(err)
				}
			})
		}
	}
	people.Wait()
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Cancelled+e.Delivered != 8000 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, int(e.Delivered))
}

func TestSomeRecipientsAreCancelledBeforeTheirBatchIsClaimed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	c := b.draft(t, 1200)
	b.launch(t, c)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	ids := []int64{b.message(t, c, 3).ID, b.message(t, c, 1100).ID}
	r, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, ids)
	must(t, err)
	bs, err := b.DB.Batches(t.Context(), c.ID, 0, 10)
	must(t, err)
	for _, batch := range bs { // before anybody has seen to the stops
		must(t, b.SendBatch(t.Context(), batch.ID))
	}
	if _, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, ids); models.KindOf(err) != models.Conflict {
		t.Errorf("cancelled twice: %v", err)
	}
	b.work(t)
	_, e := b.until(t, c, isState(models.CampaignFinished))
	_, done := b.untilRecalled(t, r)
	if e.Cancelled != 2 || e.Skipped != 0 || done.Stopped != 2 {
		t.Errorf("%+v, %+v", e, done)
	}
	b.wantOnce(t, 1198)
	if got := b.count(); got[benchPhone(3)]+got[benchPhone(1100)] != 0 {
		t.Error("who was cancelled was sent to")
	}
}

// Recipients are cancelled of a batch that waits to be claimed: for the first time, moved to
// another time, or after an attempt that came to nothing. That is no result of the provider's, and the others
// get the message.
func TestABatchOfWhichSomeWereCancelledIsSent(t *testing.T) {
	t.Parallel()
	for name, waits := range map[string]func(*testing.T, *bench, models.Campaign){
		"claimed for the first time": func(*testing.T, *bench, models.Campaign) {},
		"moved to another time": func(t *testing.T, b *bench, c models.Campaign) {
			t.Helper()
			must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
			b.move(t, c, 3*time.Hour)
			must(t, b.RecallBatch(t.Context(), b.batch(t, c).ID))
		},
		"given up": func(t *testing.T, b *bench, c models.Campaign) {
			t.Helper()
			b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{Drop: true})})
			must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
			b.putOn(10 * time.Minute) // it may not be repeated any more
			must(t, b.SettleBatch(t.Context(), b.batch(t, c).ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			c := b.scheduled(t, 20, 2*time.Hour)
			must(t, b.PlanCampaign(t.Context(), c.ID))
			waits(t, b, c)
			batch := b.batch(t, c)
			r, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, []int64{b.message(t, c, 3).ID, b.message(t, c, 7).ID})
			must(t, err)
			must(t, b.StopMessages(t.Context(), batch.ID))
			if now := b.batch(t, c); batch.State != models.BatchPlanned || now.State != models.BatchPlanned || now.Reported() || now.Cancelled != 2 {
				t.Fatalf("%+v, %+v", batch, now)
			}
			b.work(t)
			b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 18 })
			if _, done := b.untilRecalled(t, r); done.Stopped != 2 {
				t.Errorf("%+v", done)
			}
			b.wantOnce(t, 18)
			b.putOn(3*time.Hour + time.Minute)
			if _, e := b.until(t, c, isState(models.CampaignFinished)); e.Delivered != 18 || e.Cancelled != 2 {
				t.Errorf("%+v", e)
			}
			b.wantOnce(t, 18)
		})
	}
}

// Several processes find that nothing of a campaign is left to be cancelled: it ends once.
func TestACampaignEndsBeingCancelledOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.scheduled(t, 10, 72*time.Hour)
	must(t, b.PlanCampaign(t.Context(), c.ID), b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
	var processes sync.WaitGroup
	for range 8 {
		processes.Go(func() {
			for range 4 {
				if err := b.CancelBatches(t.Context(), c.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	processes.Wait()
	b.until(t, c, isState(models.CampaignCancelled))
	if n := len(b.entries(t, "campaign.cancelled")); n != 1 {
		t.Errorf("the audit log has its end %d times", n)
	}
}

func TestABatchOfWhichAllAreCancelledIsCancelled(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 2)
	b.launch(t, c)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	_, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, []int64{b.message(t, c, 0).ID, b.message(t, c, 1).ID})
	must(t, err)
	b.work(t)
	b.until(t, c, isState(models.CampaignFinished))
	if batch := b.batch(t, c); batch.State != models.BatchCancelled || batch.CancelledHere != 2 {
		t.Errorf("%+v", batch)
	}
}

// More recipients are cancelled than one request names, with an opt-out among them.
func TestRecipientsAreCancelledAtTheProvider(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.held(t, 400)
	var ids []int64
	for i := range 250 {
		ids = append(ids, b.message(t, c, i).ID)
	}
	b.suppress(t, benchPhone(10), benchPhone(399))
	r, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, ids)
	must(t, err)
	b.untilRecalled(t, r)
	_, e := b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Cancelled == 251 })
	if e.Handed != 149 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, 149)
}

// A recipient is cancelled whose message has been sent: it stays sent.
func TestARecipientIsCancelledTooLate(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 5)
	b.launch(t, c)
	must(t, b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
	if _, err := b.RecallMessages(t.Context(), b.admin, b.appkey.ID, c.ID, []int64{b.message(t, c, 0).ID}); models.KindOf(err) != models.Conflict {
		t.Errorf("what has been sent is cancelled: %v", err)
	}
	b.work(t)
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Delivered != 5 || e.Cancelled != 0 {
		t.Errorf("%+v", e)
	}
}

// Somebody pauses and resumes while batches are cancelled, and results arrive.
func TestCancellingBesidePauseAndResults(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	c := b.draft(t, 5000)
	b.launch(t, c)
	b.work(t)
	ctx := t.Context()
	b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed+e.Delivered > 0 })
	for n := int64(1); n <= 5; n++ {
		_ = b.Pause(ctx, b.admin, b.appkey.ID, c.ID)
		_, err := b.RecallBatches(ctx, b.admin, b.appkey.ID, c.ID, spans(n))
		if err != nil && models.KindOf(err) != models.Conflict {
			t.Error(err)
		}
		_ = b.Resume(ctx, b.admin, b.appkey.ID, c.ID)
	}
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Cancelled+e.Delivered != 5000 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, int(e.Delivered))
}

func TestWhoMayRecall(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.scheduled(t, 1, 2*time.Hour)
	for _, role := range models.Roles() {
		by := models.Actor{User: models.User{ID: 99, Name: "누구"}, Role: role}
		_, batches := b.RecallBatches(t.Context(), by, b.appkey.ID, c.ID, nil)
		_, messages := b.RecallMessages(t.Context(), by, b.appkey.ID, c.ID, nil)
		_, moved := b.Reschedule(t.Context(), by, b.appkey.ID, c.ID, models.NewSchedule{})
		for name, err := range map[string]error{"batches": batches, "messages": messages, "move": moved} {
			if (models.KindOf(err) == models.Forbidden) == role.Allows(models.ManageCampaigns) {
				t.Errorf("%s by a %s: %v", name, role, err)
			}
		}
	}
}
