package actions_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// retry begins a draft and waits for its recipients.
func (b *bench) retry(t *testing.T, of models.Campaign, codes ...string) models.Campaign {
	t.Helper()
	c, err := b.Retry(t.Context(), b.admin, b.appkey, of, actions.NewRetry{Name: "다시", Codes: codes})
	must(t, err)
	c, _ = b.until(t, c, func(c models.Campaign, _ models.Equation) bool { return c.AudienceID != 0 })
	return c
}

// recipientsOf are the numbers of a campaign's recipients.
func (b *bench) recipientsOf(t *testing.T, c models.Campaign) []string {
	t.Helper()
	rs, err := b.DB.RecipientsAfter(t.Context(), c.AudienceID, "", 100)
	must(t, err)
	var found []string
	for _, r := range rs {
		found = append(found, r.Phone)
		if r.Vars == "{}" {
			t.Errorf("%s has lost its values", r.Phone)
		}
	}
	return found
}

func TestOnlyTheFailedAreSentToAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.work(t)
	c := b.draft(t, 10, "0001", "0002", "0003", "0004", "0005")
	before := c
	c.Fallback.On = false
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	b.launch(t, c)
	c, _ = b.until(t, c, isState(models.CampaignFinished))

	offered, err := b.DB.RetryCodes(t.Context(), c.ID)
	must(t, err)
	counts := map[string]int64{}
	for _, o := range offered {
		counts[o.Code] = o.Count
		if o.Never() != (o.Code == "3005") {
			t.Errorf("%s: never %v", o.Code, o.Never())
		}
	}
	if !maps.Equal(counts, map[string]int64{"3018": 2, "3008": 1, "3005": 1, "-5000": 1}) {
		t.Errorf("offered: %v", counts)
	}
	again := b.retry(t, c, "3018", "3008", "3005", "1000")
	if got := b.recipientsOf(t, again); !slices.Equal(got, []string{"01099990001", "01099990002", "01099990004"}) {
		t.Errorf("sent to again: %v", got)
	}
	if again.RetryOf != c.ID || again.State != models.CampaignDraft || again.ScheduledAt != nil || !again.Content.Same(c.Content) {
		t.Errorf("%+v", again)
	}
	if _, err := b.Retry(t.Context(), b.admin, b.appkey, c, actions.NewRetry{Name: "다시", Codes: []string{"3005"}}); models.KindOf(err) != models.Invalid {
		t.Errorf("the unconfirmed are sent to again: %v", err)
	}
	b.launch(t, again)
	b.until(t, again, isState(models.CampaignFinished))
	if got := b.count(); got["01099990001"] != 2 || got["01099990003"] != 1 || got[benchPhone(1)] != 1 {
		t.Errorf("%v", got)
	}
}

// Who has been reached by SMS, or may be yet, is not sent to again, also when that
// becomes known after the draft was made.
func TestWhoIsReachedBySMSIsNotSentToAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.work(t)
	c := b.draft(t, 5, "0001", "0004")
	b.launch(t, c)
	c, e := b.until(t, c, isState(models.CampaignFinished))
	if e.SMSDelivered != 1 || e.Failed != 2 {
		t.Fatalf("%+v", e)
	}
	again := b.retry(t, c, "3018")
	if got := b.recipientsOf(t, again); !slices.Equal(got, []string{"01099990004"}) {
		t.Errorf("sent to again: %v", got)
	}
	ms, err := b.DB.Messages(t.Context(), c.ID, models.MessageFilter{Phone: "01099990004"}, 1)
	must(t, err)
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.RecordOutcomes(t.Context(), []models.MessageOutcome{{ID: ms[0].ID, State: models.MessageSMS, Fallback: models.FallbackDelivered, Code: "3018"}})
		return err
	}))
	b.launch(t, again)
	if _, e := b.until(t, again, isState(models.CampaignFinished)); e.Skipped != 1 || b.codes(t, again)[models.SkipReached] != 1 {
		t.Errorf("%+v", e)
	}
}

// An answer is lost that held a refusal: only who asks for it by name gets it again.
func TestLostAnswersAreAskedForByName(t *testing.T) {
	t.Parallel()
	b := newBench(t, 300*time.Millisecond)
	b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{After: true, Drop: true})})
	b.work(t)
	c := b.draft(t, 5, "0005")
	b.launch(t, c)
	c, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Refused != 1 || b.codes(t, c)[models.CodeAnswerLost] != 1 {
		t.Fatalf("%+v", e)
	}
	again := b.retry(t, c, models.CodeAnswerLost)
	if got := b.recipientsOf(t, again); !slices.Equal(got, []string{"01099990005"}) {
		t.Errorf("sent to again: %v", got)
	}
}

func TestACopyHasEverythingButTheTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.scheduled(t, 10, 2*time.Hour)
	made, err := b.CopyCampaign(t.Context(), b.admin, b.appkey, c, "사본")
	must(t, err)
	if made.CopiedFrom != c.ID || made.AudienceID != c.AudienceID || made.ScheduledAt != nil || made.Fallback != c.Fallback || !made.Content.Same(c.Content) || made.ULID == c.ULID {
		t.Errorf("%+v", made)
	}
	b.work(t)
	b.launch(t, made)
	b.until(t, made, isState(models.CampaignFinished))
	b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 10 })
	c.AudienceID = 99_999
	if made, err = b.CopyCampaign(t.Context(), b.admin, b.appkey, c, "사본"); err != nil || made.AudienceID != 0 {
		t.Errorf("recipients that are gone: %+v %v", made, err)
	}
	if _, err := b.CopyCampaign(t.Context(), b.admin, b.appkey, c, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("without a name: %v", err)
	}
}

func TestWhoMayCopyAndRetry(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 1)
	for _, role := range models.Roles() {
		by := models.Actor{User: models.User{ID: 99, Name: "누구"}, Role: role}
		_, copied := b.CopyCampaign(t.Context(), by, b.appkey, c, "사본")
		_, retried := b.Retry(t.Context(), by, b.appkey, c, actions.NewRetry{})
		for name, err := range map[string]error{"copy": copied, "retry": retried} {
			if (models.KindOf(err) == models.Forbidden) == role.Allows(models.ManageCampaigns) {
				t.Errorf("%s by a %s: %v", name, role, err)
			}
		}
	}
	if _, err := b.Retry(t.Context(), b.admin, b.appkey, c, actions.NewRetry{Name: "다시"}); models.KindOf(err) != models.Conflict {
		t.Errorf("a draft is retried: %v", err)
	}
}
