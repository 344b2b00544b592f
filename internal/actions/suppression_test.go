package actions_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/models"
)

func (b *bench) suppress(t *testing.T, phones ...string) {
	t.Helper()
	in := models.NewSuppression{Reason: "전화로 요청", Pasted: models.Pasted{Text: strings.Join(phones, "\n")}}
	_, err := b.Suppress(t.Context(), b.admin, b.team.ID, in)
	must(t, err)
}

// codes are how many messages of a campaign have each code.
func (b *bench) codes(t *testing.T, c models.Campaign) map[string]int64 {
	t.Helper()
	counts, err := b.DB.CodeCounts(t.Context(), c.ID)
	must(t, err)
	found := map[string]int64{}
	for _, count := range counts {
		found[count.Code] += count.Count
	}
	return found
}

func (b *bench) launch(t *testing.T, c models.Campaign) {
	t.Helper()
	now, err := b.DB.Campaign(t.Context(), b.appkey.ID, c.ID)
	must(t, err)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, now.Revision))
}

// benchPhone is the number of an ordinary recipient of a draft.
func benchPhone(i int) string { return fmt.Sprintf("010%04d%04d", i/1000+1000, i%1000+1000) }

func TestWhoIsOnTheListIsSkippedWithTheReason(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	c := b.draft(t, 1500)
	b.suppress(t, "010-1000-1007", "010 1001 1002", "+82 10-9999-1111")
	report, err := b.Check(t.Context(), c)
	must(t, err)
	if report.Sendable != 1498 {
		t.Errorf("%d can be sent to, want 1498", report.Sendable)
	}
	b.launch(t, c)
	b.work(t)
	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Skipped != 2 || b.codes(t, c)[models.SkipSuppressed] != 2 {
		t.Errorf("%+v, %v", e, b.codes(t, c))
	}
	b.wantOnce(t, 1498)
	if b.count()[benchPhone(7)] != 0 {
		t.Error("who opted out was sent to")
	}
}

// TestAnOptOutAfterPlanningIsHeeded has numbers opt out while their batches wait: by
// what looks for them, and at the claim when that has not run yet.
func TestAnOptOutAfterPlanningIsHeeded(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	c := b.draft(t, 1200)
	b.launch(t, c)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	b.suppress(t, benchPhone(3))
	must(t, b.ApplySuppressions(t.Context(), b.team.ID))
	batches, err := b.DB.DueStops(t.Context(), b.Now().Add(time.Minute), 10)
	must(t, err)
	if len(batches) != 1 {
		t.Fatalf("messages are to be stopped in %d batches", len(batches))
	}
	must(t, b.StopMessages(t.Context(), batches[0]))
	if got := b.codes(t, c)[models.SkipSuppressed]; got != 1 {
		t.Errorf("%d were skipped while their batch waited", got)
	}
	b.suppress(t, benchPhone(4), benchPhone(1100))
	bs, err := b.DB.Batches(t.Context(), c.ID, 0, 10)
	must(t, err)
	for _, batch := range bs {
		must(t, b.SendBatch(t.Context(), batch.ID))
	}
	if got := b.codes(t, c)[models.SkipSuppressed]; got != 3 {
		t.Errorf("%d were skipped by the claim", got)
	}
	b.work(t)
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 1197)
}

// TestAnOptOutCancelsWhatTheProviderHolds schedules a campaign, has it handed over, and
// has two recipients opt out.
func TestAnOptOutCancelsWhatTheProviderHolds(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	c := b.draft(t, 30)
	b.suppress(t, benchPhone(0)) // so that places in the request differ from those in the batch
	at := b.Now().Add(2 * time.Hour)
	before := c
	c.ScheduledAt = &at
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	b.launch(t, c)
	b.work(t)
	_, _ = b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 29 })
	b.suppress(t, benchPhone(5), benchPhone(29))
	_, e := b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Cancelled == 2 })
	if e.Handed != 27 || e.Skipped != 1 {
		t.Errorf("%+v", e)
	}
	got := b.count()
	if len(got) != 27 || got[benchPhone(5)]+got[benchPhone(29)] != 0 {
		t.Errorf("the provider still holds %d", len(got))
	}
	sup, found, err := b.DB.ActiveSuppression(t.Context(), b.team.ID, []string{benchPhone(5)})
	must(t, err)
	if !found {
		t.Fatal("the number is not on the list")
	}
	b.untilStopped(t, sup)
}

// TestAnOptOutCancelsWhatBrandTalkHolds is the same over the channel that cancels by
// other calls, and lists no results of a time.
func TestAnOptOutCancelsWhatBrandTalkHolds(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	c := b.brandDraft(t, 30) // one more has a default, and one no value
	b.suppress(t, benchPhone(0))
	at := b.Now().Add(2 * time.Hour)
	before := c
	c.ScheduledAt = &at
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	b.launch(t, c)
	b.work(t)
	_, _ = b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 30 })
	b.suppress(t, benchPhone(5), defaulted)
	_, e := b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Cancelled == 2 })
	if e.Handed != 28 || e.Skipped != 2 {
		t.Errorf("%+v", e)
	}
	got := b.count()
	if len(got) != 28 || got[benchPhone(5)]+got[defaulted]+got[benchPhone(0)] != 0 {
		t.Errorf("the provider still holds %d", len(got))
	}
	for _, phone := range []string{benchPhone(5), defaulted} {
		sup, found, err := b.DB.ActiveSuppression(t.Context(), b.team.ID, []string{phone})
		must(t, err)
		if !found {
			t.Fatal("the number is not on the list")
		}
		b.untilStopped(t, sup)
	}
}

func (b *bench) untilStopped(t *testing.T, sup models.Suppression) {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		stops, err := b.DB.StopsOf(t.Context(), sup.ID, 10)
		must(t, err)
		if len(stops) == 1 && stops[0].State == models.StopStopped {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%+v", stops)
		case <-tick.C:
		}
	}
}

// TestOptOutsWhileBatchesAreClaimed has numbers opt out while the workers claim: each is
// either skipped, or was sent before, and nothing is lost or doubled.
func TestOptOutsWhileBatchesAreClaimed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 3*time.Second)
	const n, out = 6000, 40
	c := b.draft(t, n)
	b.launch(t, c)
	b.work(t)
	var outs sync.WaitGroup
	for i := range out {
		outs.Go(func() {
			in := models.NewSuppression{Reason: "요청", Pasted: models.Pasted{Text: benchPhone(i * n / out)}}
			if _, err := b.Suppress(t.Context(), b.admin, b.team.ID, in); err != nil {
				t.Error(err)
			}
		})
	}
	outs.Wait()
	_, e := b.until(t, c, isState(models.CampaignFinished))
	skipped := b.codes(t, c)[models.SkipSuppressed]
	if e.Skipped != skipped {
		t.Errorf("%+v, but %d opted out", e, skipped)
	}
	b.wantOnce(t, n-int(skipped))
	team, err := b.DB.Team(t.Context(), b.team.ID)
	must(t, err)
	if team.Suppressed != out {
		t.Errorf("%d are on the list, want %d", team.Suppressed, out)
	}
}

func TestTheLimitOfMessagesToAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	must(t, b.SaveRecipientSettings(t.Context(), b.admin, b.team.ID, models.RecipientSettings{Limit: "2"}))
	b.work(t)
	wants := []int{0, 0, 50}
	for i, want := range wants {
		c := b.draft(t, 50+i) // or there would be nobody left to send the last one to
		b.launch(t, c)
		_, e := b.until(t, c, isState(models.CampaignFinished))
		got := b.codes(t, c)[models.SkipLimit]
		if i < 2 && got != int64(want) {
			t.Errorf("message %d: %d are over the limit, want %d", i+1, got, want)
		}
		// Who did not get one of the first two may get this one.
		if i == 2 && (got == 0 || got > 50 || got != e.Skipped) {
			t.Errorf("the third message: %d are over the limit: %+v", got, e)
		}
	}
}

func TestTheRuleSuppressesWhoHasBlockedTheChannel(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	first := b.draft(t, 0, "0000", "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
	b.launch(t, first)
	b.until(t, first, isState(models.CampaignFinished))
	codes := b.codes(t, first)
	team, err := b.DB.Team(t.Context(), b.team.ID)
	must(t, err)
	if team.Suppressed != 0 {
		t.Error("the rule is on by itself")
	}
	must(t, b.SaveRecipientSettings(t.Context(), b.admin, b.team.ID, models.RecipientSettings{Codes: []string{"3018", "3019", "3020", "3050", "9999"}}))
	team, err = b.DB.Team(t.Context(), b.team.ID)
	must(t, err)
	if len(team.SuppressCodes) != 4 {
		t.Errorf("the rule takes %v", team.SuppressCodes)
	}
	second := b.draft(t, 0, "0000", "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
	b.launch(t, second)
	b.until(t, second, isState(models.CampaignFinished))
	team, err = b.DB.Team(t.Context(), b.team.ID)
	must(t, err)
	var want int64
	for _, code := range []string{"3018", "3019", "3020", "3050"} {
		want += b.codes(t, second)[code]
	}
	if want == 0 || team.Suppressed != want {
		t.Errorf("%d are suppressed, want %d (%v, %v)", team.Suppressed, want, codes, b.codes(t, second))
	}
}

func TestTheProofOfASuppressionStays(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	b.suppress(t, "01012345678")
	sup, found, err := b.DB.ActiveSuppression(ctx, b.team.ID, []string{"01012345678"})
	must(t, err)
	if !found {
		t.Fatal("not on the list")
	}
	if err := b.Unsuppress(ctx, b.admin, sup, ""); models.FieldText(err, "reason").Key == "" {
		t.Errorf("without a reason: %v", err)
	}
	must(t, b.Unsuppress(ctx, b.admin, sup, "다시 동의함"))
	if err := b.Unsuppress(ctx, b.admin, sup, "다시 동의함"); models.KindOf(err) != models.Conflict {
		t.Errorf("twice: %v", err)
	}
	b.suppress(t, "01012345678")
	all, err := b.DB.Suppressions(ctx, b.team.ID, models.SuppressionFilter{Phone: "01012345678"}, 10)
	must(t, err)
	if len(all) != 2 || all[1].RemovedReason != "다시 동의함" || all[0].RemovedAt != nil {
		t.Errorf("%+v", all)
	}
	for _, role := range models.Roles() {
		by := models.Actor{User: models.User{ID: 99, Name: "누구"}, Role: role}
		in := models.NewSuppression{Reason: "요청", Pasted: models.Pasted{Text: "0109876" + strconv.Itoa(1000+len(role))}}
		_, err := b.Suppress(ctx, by, b.team.ID, in)
		if (err == nil) != role.Allows(models.ManageCampaigns) {
			t.Errorf("added by a %s: %v", role, err)
		}
		if err := b.SaveRecipientSettings(ctx, by, b.team.ID, models.RecipientSettings{}); (err == nil) != role.Allows(models.ManageTeam) {
			t.Errorf("settings by a %s: %v", role, err)
		}
	}
	if err := b.SaveRecipientSettings(ctx, b.admin, b.team.ID, models.RecipientSettings{Limit: "x", Retention: "5"}); len(models.FieldProblems(err)) != 2 {
		t.Errorf("bad settings: %v", err)
	}
}
