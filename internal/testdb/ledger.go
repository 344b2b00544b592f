package testdb

import (
	"fmt"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// FillLedger plans a campaign to n numbers of an appkey, has all of it handed over, and
// records that nine of ten messages were delivered and the others failed; of those, every
// other was reached by SMS. c has what is not to be as usual.
func FillLedger(t testing.TB, db *models.DB, k models.Appkey, c models.Campaign, n int, now time.Time) models.Campaign {
	t.Helper()
	ctx := t.Context()
	a := models.Audience{TeamID: k.TeamID, Columns: []string{}, CreatedAt: now}
	if err := db.CreateAudience(ctx, &a); err != nil {
		t.Fatal(err)
	}
	rs := make([]models.Recipient, n)
	for i := range rs {
		rs[i] = models.Recipient{Phone: fmt.Sprintf("010%08d", 10_000_000+i), Vars: "{}"}
	}
	if err := db.InsertRecipients(ctx, a.ID, rs); err != nil {
		t.Fatal(err)
	}
	c.TeamID, c.AppkeyID, c.ULID, c.State = k.TeamID, k.ID, models.NewToken(), models.CampaignPlanning
	c.AudienceID, c.Audience, c.CreatedAt, c.UpdatedAt = a.ID, int64(n), now, now
	if err := db.CreateCampaign(ctx, &c); err != nil {
		t.Fatal(err)
	}
	for number := int64(1); c.Planned < c.Audience; number++ {
		if err := db.Tx(ctx, func(tx *models.DB) error { return handOver(t, tx, &c, number, now) }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.MoveCampaign(ctx, c.ID, []models.CampaignState{models.CampaignPlanning}, models.CampaignFinished, nil); err != nil {
		t.Fatal(err)
	}
	return c
}

func handOver(t testing.TB, tx *models.DB, c *models.Campaign, number int64, now time.Time) error {
	t.Helper()
	ctx, after := t.Context(), c.PlanAfter
	b, err := tx.PlanBatch(ctx, c, models.Batch{Number: number, DueAt: now}, kakao.MaxRecipients)
	if err != nil {
		return err
	}
	if saved, err := tx.SavePlan(ctx, *c, after); err != nil || !saved {
		return fmt.Errorf("save plan: %v %w", saved, err)
	}
	request := fmt.Sprintf("20261129%09d", b.ID)
	if err := tx.SetBatch(ctx, b.ID, map[string]any{"state": models.BatchHanded, "attempt": 1, "request_id": request, "handed_at": now.UTC()}); err != nil {
		return err
	}
	outcomes := make([]models.MessageOutcome, b.Size)
	for i := range outcomes {
		o := models.MessageOutcome{ID: models.MessageID(b.ID, i+1), State: models.MessageDelivered, Code: kakao.DeliveryOK, DoneAt: now.Add(time.Minute).UnixMilli()}
		switch i % 20 {
		case 0:
			o.State, o.Code = models.MessageFailed, kakao.DeliveryNotReachable
		case 10:
			o.State, o.Code, o.Fallback = models.MessageSMS, kakao.DeliveryNotReachable, models.FallbackDelivered
		}
		outcomes[i] = o
	}
	_, err = tx.RecordOutcomes(ctx, outcomes)
	return err
}
