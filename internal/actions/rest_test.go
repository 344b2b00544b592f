package actions_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// outage makes every call fail, and counts them.
func (b *bench) outage() *atomic.Int64 {
	var calls atomic.Int64
	b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer {
		calls.Add(1)
		return &nhnsim.Answer{Status: http.StatusServiceUnavailable, Body: "<html>"}
	}})
	return &calls
}

// What is due while the provider rests is neither claimed nor in doubt, and goes out
// when the rest is over.
func TestBatchesWaitWhileTheProviderRests(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	c := b.draft(t, 1500)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
	calls := b.outage()
	for range 2 {
		if _, err := b.RefreshSenders(t.Context(), b.admin, b.appkey); err == nil {
			t.Fatal("the provider is dead and answers")
		}
	}
	if s := b.Provider.Resting(b.appkey); !s.Resting || s.LastError != "HTTP 503 Service Unavailable" || calls.Load() != 5 {
		t.Fatalf("after %d calls: %+v", calls.Load(), s)
	}
	_, err := b.TestAppkey(t.Context(), b.admin, b.appkey)
	if text := models.TextOf(err); text.Key != "provider.resting" || len(text.Args) != 2 {
		t.Errorf("a person is told %v", text)
	}
	batch := b.batch(t, c)
	must(t, b.SendBatch(t.Context(), batch.ID))
	after := b.batch(t, c)
	made, err := b.DB.Calls(t.Context(), batch.ID)
	must(t, err)
	if after.State != models.BatchPlanned || after.Attempt != 0 || len(made) != 0 || !after.DueAt.After(batch.DueAt) || calls.Load() != 5 {
		t.Errorf("%+v, %d calls", after, len(made))
	}
	b.sim.SetFaults(nhnsim.Faults{})
	b.work(t)
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Delivered != 1500 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, 1500)
}

// The provider dies in the middle of a campaign and is hardly asked while it is
// dead; when it is back, everybody gets the message once.
func TestAnOutageInTheMiddleOfACampaign(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	calls := b.outage()
	b.work(t)
	c := b.draft(t, 12_000)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	deadline, tick := time.After(time.Minute), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for { // until a probe has failed
		s := b.Provider.Resting(b.appkey)
		if s.Until.Sub(s.Since) > 2500*time.Millisecond {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("%+v", s)
		case <-tick.C:
		}
	}
	if n := calls.Load(); n > 15 {
		t.Errorf("called %d times", n)
	}
	b.sim.SetFaults(nhnsim.Faults{})
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Delivered != 12_000 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, 12_000)
}

// A request that could not be repeated has not been repeated: it does not use up
// what may be tried under its key.
func TestARepeatThatWasTurnedAwayDoesNotCount(t *testing.T) {
	t.Parallel()
	b := newBench(t, 300*time.Millisecond)
	var sends atomic.Int64
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/messages") {
			return nil
		}
		switch n := sends.Add(1); {
		case n == 1:
			return &nhnsim.Answer{Drop: true}
		case n <= 4:
			return &nhnsim.Answer{Status: http.StatusTooManyRequests, RetryAfter: time.Second}
		}
		return nil
	}})
	b.Timing.Settling = time.Minute
	b.work(t)
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 10)
	made, err := b.DB.Calls(t.Context(), b.batch(t, c).ID)
	must(t, err)
	outcomes := map[models.CallOutcome]int{}
	for _, m := range made {
		outcomes[m.Outcome]++
	}
	if outcomes[models.CallNotSent] != 3 || outcomes[models.CallAccepted] != 1 || len(made) != 5 || made[4].Attempt != 1 {
		t.Errorf("%+v", made)
	}
}

// Pages say that the provider is asked again soon, which has to be true when nobody
// has anything to ask it.
func TestAProviderThatRestsIsAskedWhetherItIsBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	calls := b.outage()
	for range 2 {
		_, _ = b.RefreshSenders(t.Context(), b.admin, b.appkey) // fails
	}
	if o := b.Outage(b.appkey); !o.On() {
		t.Fatal("no outage")
	}
	must(t, b.Sweep(t.Context()))
	if calls.Load() != 5 {
		t.Errorf("asked %d times although it rests", calls.Load())
	}
	b.sim.SetFaults(nhnsim.Faults{})
	for start := time.Now(); b.Outage(b.appkey).On(); {
		must(t, b.Sweep(t.Context()))
		if time.Since(start) > 20*time.Second {
			t.Fatal("it is back, and nobody has found out")
		}
	}
}
