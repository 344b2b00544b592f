package actions

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"soshik/models"
)

// RecallBatch asks a worker to run [Service.RecallBatch].
type RecallBatch struct {
	BatchID int64 `json:"batch_id"`
}

// Kind names the job.
func (RecallBatch) Kind() string { return "recall_batch" }

const (
	// recallBatches is how many batches one sweep has cancelled or moved.
	recallBatches = 200
	// maxRecalled is how many messages, or spans of batches, one recall may name.
	maxRecalled = 500
	// askedEvery is how long to wait before a batch is looked at again of which a person
	// has to decide whether it was sent.
	askedEvery = time.Minute
)

// recallable are the states of campaigns of which parts can be cancelled.
func recallable() []models.CampaignState {
	return []models.CampaignState{
		models.CampaignPlanning, models.CampaignScheduled, models.CampaignSending, models.CampaignPaused, models.CampaignHeld,
	}
}

// RecallBatches cancels the batches of a campaign in the spans, as far as they can be
// stopped: what is planned is not handed over; of what the provider holds, its list
// decides. What has been cancelled before is left as it is.
func (s *Service) RecallBatches(ctx context.Context, by models.Actor, appkeyID, id int64, spans []models.BatchSpan) (r models.Recall, err error) {
	r, err = s.recall(ctx, by, appkeyID, id, models.RecallBatches, len(spans), func(ctx context.Context, tx *models.DB, r *models.Recall) error {
		n, err := tx.CancelSpans(ctx, *r, spans, ulid.Make().String(), s.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			return models.Errorf(models.Conflict, "recall.nothing")
		}
		all, err := tx.StoppableOf(ctx, r.ID, s.Now())
		r.Messages = all.All()
		return err
	})
	if err != nil {
		return r, err
	}
	return r, s.sweepRecalls(ctx)
}

// RecallMessages cancels messages of a campaign, as far as they can be stopped.
func (s *Service) RecallMessages(ctx context.Context, by models.Actor, appkeyID, id int64, messageIDs []int64) (r models.Recall, err error) {
	r, err = s.recall(ctx, by, appkeyID, id, models.RecallMessages, len(messageIDs), func(ctx context.Context, tx *models.DB, r *models.Recall) error {
		ms, err := tx.MessagesOf(ctx, r.CampaignID, messageIDs)
		if err != nil {
			return err
		}
		before := models.StoppableMessages(ms, s.Now())
		if before.Open() == 0 {
			return models.Errorf(models.Conflict, "recall.nothing")
		}
		n, err := tx.StopRecalled(ctx, *r, messageIDs, s.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			return models.Errorf(models.Conflict, "recall.nothing")
		}
		r.Late, r.Messages = before.Ended, n+before.Ended
		return nil
	})
	if err != nil {
		return r, err
	}
	return r, s.sweepStops(ctx)
}

// recall records that a part of a campaign is taken back, and does it.
func (s *Service) recall(
	ctx context.Context, by models.Actor, appkeyID, id int64, kind models.RecallKind, named int,
	do func(context.Context, *models.DB, *models.Recall) error,
) (r models.Recall, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return r, err
	}
	c, err := s.DB.Campaign(ctx, appkeyID, id)
	if err != nil {
		return r, err
	}
	if named == 0 || named > maxRecalled {
		return r, models.Errorf(models.Invalid, "recall.choose", "Max", maxRecalled)
	}
	e := models.Event{Action: "campaign.recall", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		c, err := tx.LockCampaign(ctx, c.ID)
		if err != nil {
			return err
		}
		if !slices.Contains(recallable(), c.State) {
			return models.Errorf(models.Conflict, "campaign.moved")
		}
		r = models.Recall{CampaignID: c.ID, Kind: kind, AskedBy: by.User.ID, CreatedAt: s.Now()}
		if err := tx.CreateRecall(ctx, &r); err != nil {
			return err
		}
		if err := do(ctx, tx, &r); err != nil {
			return err
		}
		e.After = map[string]any{"recall": r.ID, "kind": kind, "messages": r.Messages}
		return tx.SetRecall(ctx, r)
	})
	return r, err
}

// sweepRecalls has the batches seen to that are being cancelled or moved.
func (s *Service) sweepRecalls(ctx context.Context) error {
	now := s.Now()
	bs, err := s.DB.DueRecalls(ctx, now, recallBatches)
	if err != nil {
		return err
	}
	for _, b := range bs {
		err := s.DB.Tx(ctx, func(tx *models.DB) error {
			ours, err := tx.ClaimRecall(ctx, b, now.Add(3*s.Timing.CallTimeout+cancelEvery))
			if err != nil || !ours {
				return err
			}
			_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), RecallBatch{BatchID: b.ID}, soon())
			return err
		})
		if err != nil {
			return fmt.Errorf("batch %d: %w", b.ID, err)
		}
	}
	return nil
}

// RecallBatch goes on with cancelling or moving a batch. While it is not known whether
// the provider has it, it waits.
func (s *Service) RecallBatch(ctx context.Context, batchID int64) error {
	b, err := s.DB.Batch(ctx, batchID)
	if err != nil {
		return err
	}
	c, err := s.DB.CampaignByID(ctx, b.CampaignID)
	if err != nil {
		return err
	}
	if b.Cancel.Moves() && c.State == models.CampaignCancelling { // which cancels it
		return nil
	}
	work := s.cancelBatch
	if b.Cancel.Moves() {
		work = s.moveBatch
	} else if b.Cancel != models.CancelAsked {
		return nil
	}
	switch done, err := work(ctx, c, b); {
	case err != nil:
		return fmt.Errorf("recall batch %d: %w", b.ID, err)
	case b.Asks:
		return s.DB.PostponeRecall(ctx, b.ID, s.Now().Add(askedEvery))
	case !done && b.State != models.BatchHanded: // whose next time is known already
		return s.DB.PostponeRecall(ctx, b.ID, s.Now().Add(cancelEvery))
	}
	return nil
}
