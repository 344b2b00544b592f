package actions_test

import (
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// The answer is lost, some recipients were refused in it, and the list names others
// twice, sometimes.
func TestWhoIsMissingIsKnownAlthoughTheListRepeatsItself(t *testing.T) {
	t.Parallel()
	b := newBench(t, 300*time.Millisecond)
	b.sim.SetFaults(nhnsim.Faults{Seed: 1, Rules: []nhnsim.Fault{
		{Kind: nhnsim.FaultDropAfter, Endpoint: "send", Count: 1}, {Kind: nhnsim.FaultRepeat, Rate: .5},
	}})
	b.work(t)
	c := b.draft(t, 500, "0005")
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Delivered != 500 || e.Refused != 1 {
		t.Errorf("%+v", e)
	}
	b.wantOnce(t, 500)
}

// All results come before the batch has been looked up.
func TestABatchWhoseResultsHaveAllComeIsLookedUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultDropAfter, Endpoint: "send"}}})
	c := b.planned(t)
	b.send(t, c)
	asked := actions.TakeResults{AppkeyID: b.appkey.ID, Channel: models.FriendTalk, Since: b.Now().Add(-time.Minute)}
	b.until(t, c, func(_ models.Campaign, e models.Equation) bool {
		must(t, b.TakeResults(t.Context(), asked))
		return e.Delivered == 10
	})
	must(t, b.SettleBatch(t.Context(), b.batch(t, c).ID))
	if got := b.batch(t, c); got.State != models.BatchHanded || got.RequestID == "" {
		t.Errorf("the batch is %s, request %q", got.State, got.RequestID)
	}
	b.wantOnce(t, 10)
}

// A repeat is told that the key is known, and the first request is listed only long
// after the settling time: a person is asked, nobody gets it twice, and when it turns
// up the question is answered.
func TestListedLongAfterTheSettlingTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, 200*time.Millisecond)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{
		{Kind: nhnsim.FaultLateListing, Endpoint: "send", Delay: 4 * time.Second},
		{Kind: nhnsim.FaultTimeoutAfter, Endpoint: "send", Count: 1},
	}})
	b.work(t)
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	c, e := b.until(t, c, isState(models.CampaignHeld))
	if e.InDoubt != 10 || c.Hold != "hold.doubt" || !b.batch(t, c).Asks {
		t.Fatalf("%s %+v", c.Hold, e)
	}
	b.until(t, c, func(models.Campaign, models.Equation) bool { return b.batch(t, c).State == models.BatchHanded })
	if b.batch(t, c).Asks {
		t.Error("it has turned up, and still asks")
	}
	must(t, b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 10)
}

// Cancelled while a person is asked: what is not listed then either is not sent any
// more.
func TestCancelWhileABatchAsks(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultDropBefore, Endpoint: "send"}}})
	b.work(t)
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	b.until(t, c, isState(models.CampaignHeld))
	must(t, b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
	_, e := b.until(t, c, isState(models.CampaignCancelled))
	if e.Cancelled != 10 || len(b.count()) != 0 {
		t.Errorf("%+v, and %d were sent", e, len(b.count()))
	}
}

// A person says that it counts as sent: it is not sent again.
func TestABatchThatCountsAsSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultDropBefore, Endpoint: "send"}}})
	b.work(t)
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	b.until(t, c, isState(models.CampaignHeld))
	b.sim.SetFaults(nhnsim.Faults{})
	must(t, b.DecideBatch(t.Context(), b.admin, b.appkey.ID, c.ID, 1, actions.CountAsSent))
	if err := b.DecideBatch(t.Context(), b.admin, b.appkey.ID, c.ID, 1, actions.SendAgain); models.KindOf(err) != models.Conflict {
		t.Errorf("decided twice: %v", err)
	}
	must(t, b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	_, e := b.until(t, c, isState(models.CampaignSending))
	if e.Handed != 10 || len(b.count()) != 0 {
		t.Errorf("%+v, and %d were sent", e, len(b.count()))
	}
}

// Cancelled while the answer to the send is lost: the provider has it, and is asked to
// stop it.
func TestCancelWhileTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t, 300*time.Millisecond)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{
		{Kind: nhnsim.FaultDropAfter, Endpoint: "send"}, {Kind: nhnsim.FaultDropAfter, Endpoint: "cancel", Count: 1},
	}})
	c := b.draft(t, 10)
	at, before := b.Now().Add(time.Hour), c
	c.ScheduledAt = &at
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	b.launches(t, c)
	must(t, b.SendBatch(t.Context(), b.batch(t, c).ID), b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
	b.work(t)
	_, e := b.until(t, c, isState(models.CampaignCancelled))
	if e.Cancelled != 10 || len(b.count()) != 0 {
		t.Errorf("%+v, and %d were not stopped", e, len(b.count()))
	}
}

// The machine sleeps between the claim and the call: by then others may have given the
// attempt up, so that the request is not made.
func TestAProcessThatOversleepsItsClaim(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.planned(t)
	awake := b.Now
	b.Now = func() time.Time {
		if b.batch(t, c).State == models.BatchSending {
			return awake().Add(time.Hour)
		}
		return awake()
	}
	must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
	b.Now = awake
	if got := b.batch(t, c); got.State != models.BatchPlanned || len(b.count()) != 0 {
		t.Errorf("the batch is %s, and %d were sent", got.State, len(b.count()))
	}
	must(t, b.DB.SetBatch(t.Context(), b.batch(t, c).ID, map[string]any{"due_at": awake()}))
	b.send(t, c)
	b.wantOnce(t, 10)
}
