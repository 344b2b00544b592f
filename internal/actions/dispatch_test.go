package actions_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

func TestCampaignFromLaunchToEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.draft(t, 2500, "0001", "0002", "0004", "0005")
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))

	if err := b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision); models.KindOf(err) != models.Conflict {
		t.Errorf("a second launch: %v", err)
	}
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Delivered != 2500 || e.Refused != 1 || e.Failed != 3 || e.SMSDelivered != 2 {
		t.Errorf("equation %+v", e)
	}
	b.wantOnce(t, 2503)
}

// firstSend makes a hook that answers the first send of all with a, the others by
// itself.
func firstSend(a nhnsim.Answer) func(*http.Request) *nhnsim.Answer {
	var sends atomic.Int64
	return func(r *http.Request) *nhnsim.Answer {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/messages") {
			return nil
		}
		if sends.Add(1) != 1 {
			return nil
		}
		return &a
	}
}

// Whatever the first request is answered, everybody gets the message once.
func TestAnswersAfterWhichSendingGoesOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer nhnsim.Answer
	}{
		{"accepted, and the connection breaks", nhnsim.Answer{After: true, Drop: true}},
		{"not accepted, and the connection breaks", nhnsim.Answer{Drop: true}},
		{"accepted, and answered with 502", nhnsim.Answer{After: true, Status: 502, Body: "bad gateway"}},
		{"not accepted, and answered with 503", nhnsim.Answer{Status: 503, Body: "unavailable"}},
		{"429", nhnsim.Answer{Status: 429, RetryAfter: time.Second}},
		{"accepted, and answered with rubbish", nhnsim.Answer{After: true, Body: "<html>"}},
		{"accepted, and answered with a system error", nhnsim.Answer{After: true, Code: kakao.CodeSystem}},
		{"not accepted, and answered with a vendor error", nhnsim.Answer{Code: kakao.CodeVendor}},
		{"a date that has passed on the way", nhnsim.Answer{Code: kakao.CodePast}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(tt.answer)})
			b.work(t)
			c := b.draft(t, 1200, "0005")
			must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
			_, e := b.until(t, c, isState(models.CampaignFinished))
			if e.Delivered != 1200 || e.Refused != 1 {
				t.Errorf("equation %+v", e)
			}
			b.wantOnce(t, 1200)
		})
	}
}

func TestFaultsThatPauseTheCampaign(t *testing.T) {
	t.Parallel()
	for _, code := range []int{
		kakao.CodeAppkey, kakao.CodeSecretKey, kakao.CodeSMSAppkey, kakao.CodeSMSSendNo, kakao.CodeSenderInactive,
		kakao.CodeDailyMax, kakao.CodeUnsubscribeNo, kakao.CodeSenderIsGroup, kakao.CodeSenderBlocked,
		kakao.CodeSelfVerification, kakao.CodeSenderNotFound, kakao.CodeFallbackNotSet, kakao.CodeAppkeyNotFound,
		kakao.CodeAppkeyDisabled, kakao.CodeFriendTalkEnded, kakao.CodeVersionEnded,
	} {
		b := newBench(t, time.Second)
		b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{Code: code})})
		c := b.draft(t, 10)
		must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))

		c, e := b.until(t, c, isState(models.CampaignPaused))
		if e.Planned != 10 || c.HoldCode != code {
			t.Errorf("%d: %+v, held for %d", code, e, c.HoldCode)
		}
		must(t, b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
		b.wantOnce(t, 10)
	}
}

func (b *bench) batch(t *testing.T, c models.Campaign) models.Batch {
	t.Helper()
	bs, err := b.DB.Batches(t.Context(), c.ID, 0, 1)
	must(t, err)
	return bs[0]
}

func TestThreeRefusedBatchesPauseTheCampaign(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodPost {
			return &nhnsim.Answer{Code: kakao.CodeButton}
		}
		return nil
	}})
	c := b.draft(t, 3500)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
	bs, err := b.DB.Batches(t.Context(), c.ID, 0, 10)
	must(t, err)
	for _, batch := range bs {
		must(t, b.SendBatch(t.Context(), batch.ID))
	}
	c, e := b.until(t, c, isState(models.CampaignPaused))
	if e.Refused != 3000 || e.Planned != 500 || c.Hold != "hold.refusals" {
		t.Errorf("%s %+v", c.Hold, e)
	}
}

func TestRefusalOfEveryRecipientIsRecordedForEach(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 0, "0005")
	c.Fallback = models.Fallback{}
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
	_, e := b.until(t, c, func(models.Campaign, models.Equation) bool { return true })
	codes, err := b.DB.CodeCounts(t.Context(), c.ID)
	must(t, err)
	if e.Refused != 1 || len(codes) != 1 || codes[0].Code != "-5000" {
		t.Errorf("%+v %+v", e, codes)
	}
}

// The process dies between claim and answer: the sweep of another finds out.
func TestLeaseOfADeadProcess(t *testing.T) {
	t.Parallel()
	for _, accepted := range []bool{true, false} {
		b := newBench(t, 300*time.Millisecond)
		b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{After: accepted, Drop: true})})
		c := b.draft(t, 100)
		must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
		// As if the answer had not been recorded: the claim stands, with a lease.
		past := time.Now().Add(-time.Hour)
		must(t, b.DB.SetBatch(t.Context(), b.batch(t, c).ID, map[string]any{"state": models.BatchSending, "lease_until": past}))
		b.work(t)
		_, e := b.until(t, c, isState(models.CampaignFinished))
		if e.Delivered != 100 {
			t.Errorf("accepted %v: %+v", accepted, e)
		}
		b.wantOnce(t, 100)
	}
}

func TestNobodyListedThreeTimesAsksAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodPost {
			return &nhnsim.Answer{Drop: true}
		}
		return nil
	}})
	b.work(t)
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	c, e := b.until(t, c, isState(models.CampaignHeld))
	if e.InDoubt != 10 || c.Hold != "hold.doubt" {
		t.Fatalf("%s %+v", c.Hold, e)
	}
	b.sim.SetFaults(nhnsim.Faults{})
	must(t, b.DecideBatch(t.Context(), b.admin, b.appkey.ID, c.ID, 1, actions.SendAgain), b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 10)
}

func TestScheduledCampaignIsHandedOverAndCancelledAtTheProvider(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.work(t)
	c := b.draft(t, 1500)
	before := c
	at := b.Now().Add(3 * time.Hour)
	c.ScheduledAt = &at
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	c, _ = b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 1500 })
	if c.State != models.CampaignScheduled {
		t.Errorf("handed over ahead of time, the campaign is %s", c.State)
	}
	must(t, b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
	_, e := b.until(t, c, isState(models.CampaignCancelled))
	if e.Cancelled != 1500 {
		t.Errorf("%+v", e)
	}
	if left := len(b.count()); left != 0 {
		t.Errorf("%d messages were not stopped", left)
	}
}

func TestCampaignBeyondTheLeadTimeWaitsHere(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 100)
	before := c
	at := kakao.NextMorning(b.Now().Add(72 * time.Hour)).Add(time.Hour)
	c.ScheduledAt = &at
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID), b.SendBatch(t.Context(), b.batch(t, c).ID))
	_, e := b.until(t, c, isState(models.CampaignScheduled))
	if e.Planned != 100 || len(b.count()) != 0 {
		t.Errorf("%+v", e)
	}
	must(t, b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID), b.CancelBatches(t.Context(), c.ID))
	if _, e = b.until(t, c, isState(models.CampaignCancelled)); e.Cancelled != 100 {
		t.Errorf("%+v", e)
	}
}

func TestRecipientsWithoutAValueAreSkipped(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 5)
	must(t, b.DB.InsertRecipients(t.Context(), c.AudienceID, []models.Recipient{{Phone: "01099990000", Vars: `{"이름":""}`}}),
		b.DB.SetAudienceSize(t.Context(), c.AudienceID, 6))
	b.work(t)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Skipped != 1 || e.Delivered != 5 {
		t.Errorf("%+v", e)
	}
}

func TestPauseHoldsWhatIsNotHandedOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 10)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID), b.Pause(t.Context(), b.admin, b.appkey.ID, c.ID))
	must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
	if n := len(b.count()); n != 0 {
		t.Errorf("paused, and %d were sent", n)
	}
	b.work(t)
	must(t, b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 10)
}

func TestViewersMayNotSend(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 1)
	viewer := models.Actor{User: models.User{ID: 99, Name: "열람자"}, Role: models.Viewer}
	for name, err := range map[string]error{
		"launch": b.Launch(t.Context(), viewer, b.appkey.ID, c.ID, c.Revision), "pause": b.Pause(t.Context(), viewer, b.appkey.ID, c.ID),
		"resume": b.Resume(t.Context(), viewer, b.appkey.ID, c.ID), "cancel": b.Cancel(t.Context(), viewer, b.appkey.ID, c.ID),
		"decide": b.DecideBatch(t.Context(), viewer, b.appkey.ID, c.ID, 1, actions.SendAgain),
	} {
		if models.KindOf(err) != models.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
}
