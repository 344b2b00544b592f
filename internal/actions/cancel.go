package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// CancelCampaign asks a worker to run [Service.CancelBatches].
type CancelCampaign struct {
	CampaignID int64 `json:"campaign_id"`
}

// Kind names the job.
func (CancelCampaign) Kind() string { return "cancel_campaign" }

// cancelEvery is how long to wait before the provider is asked again about what
// was cancelled.
const cancelEvery = 3 * time.Second

// Cancel stops a campaign: what has not been handed over is not, and for what the
// provider holds it is asked to stop. Its list decides what has become of each
// message.
func (s *Service) Cancel(ctx context.Context, by models.Actor, appkeyID, id int64) error {
	return s.steer(ctx, by, appkeyID, id, "campaign.cancel", func(ctx context.Context, tx *models.DB, c models.Campaign) (bool, error) {
		moved, err := tx.MoveCampaign(ctx, c.ID, []models.CampaignState{
			models.CampaignPlanning, models.CampaignScheduled, models.CampaignSending, models.CampaignPaused, models.CampaignHeld,
		}, models.CampaignCancelling, nil)
		if err != nil || !moved {
			return false, err
		}
		if err := tx.CancelWithCampaign(ctx, c.ID); err != nil {
			return false, err
		}
		_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), CancelCampaign{CampaignID: c.ID}, soon())
		return true, err
	})
}

// CancelBatches goes on with cancelling a campaign. Batches that are being handed
// over, or in doubt, are left for the next time: what they are is not known yet.
func (s *Service) CancelBatches(ctx context.Context, campaignID int64) error {
	c, err := s.DB.CampaignByID(ctx, campaignID)
	if err != nil || c.State != models.CampaignCancelling {
		return err
	}
	open, err := s.cancelEach(ctx, c)
	if err != nil || open > 0 {
		return err
	}
	return s.endCancelling(ctx, c)
}

func (s *Service) cancelEach(ctx context.Context, c models.Campaign) (open int, err error) {
	var after int64
	var errs []error
	for {
		bs, err := s.DB.CancellableBatches(ctx, c.ID, after, 100)
		if err != nil || len(bs) == 0 {
			return open, errors.Join(append(errs, err)...)
		}
		for _, b := range bs {
			after = b.Number
			if b.CancelAt != nil && b.CancelAt.After(s.Now()) { // asked a moment ago
				open++
				continue
			}
			done, err := s.cancelBatch(ctx, c, b)
			if err != nil {
				errs = append(errs, fmt.Errorf("cancel batch %d: %w", b.ID, err))
			}
			if !done {
				open++
			}
		}
	}
}

func (s *Service) cancelBatch(ctx context.Context, c models.Campaign, b models.Batch) (done bool, err error) {
	switch b.State {
	case models.BatchPlanned:
		if b.Suspect {
			return false, s.exposeSuspect(ctx, b.ID)
		}
		return s.cancelPlanned(ctx, b)
	case models.BatchHanded:
		return s.cancelHanded(ctx, c, b)
	case models.BatchInDoubt:
		if b.Asks && !b.Reached { // what is not listed now either is not sent any more, so that nobody has to decide
			return false, s.DB.SetBatch(ctx, b.ID, map[string]any{"asks": false, "due_at": s.Now()})
		}
	case models.BatchSending, models.BatchRefused, models.BatchCancelled:
	}
	return false, nil
}

// cancelPlanned cancels a batch that the provider does not have.
func (s *Service) cancelPlanned(ctx context.Context, b models.Batch) (done bool, err error) {
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		done, err = tx.MoveBatch(ctx, b, []models.BatchState{models.BatchPlanned}, models.BatchCancelled, map[string]any{"cancel": models.CancelDone})
		if err != nil || !done {
			return err
		}
		messages, err := tx.OpenMessages(ctx, b.ID)
		if err != nil {
			return err
		}
		outcomes := make([]models.MessageOutcome, len(messages))
		for i, m := range messages {
			outcomes[i] = models.MessageOutcome{ID: m.ID, State: models.MessageCancelled, DoneAt: s.Now().UnixMilli()}
		}
		if _, err := tx.RecordOutcomes(ctx, outcomes); err != nil {
			return err
		}
		return tx.CancelledHere(ctx, b.ID, int64(len(outcomes)))
	})
	return done, err
}

// cancelHanded asks the provider to stop the request and reads what it lists: that
// decides, whatever it answered.
func (s *Service) cancelHanded(ctx context.Context, c models.Campaign, b models.Batch) (done bool, err error) {
	if b.RequestID == "" || b.Open() == 0 {
		return true, s.DB.SetBatch(ctx, b.ID, map[string]any{"cancel": models.CancelDone})
	}
	// From here on it is not being moved, and what the list says counts.
	asked, err := s.DB.MoveCancel(ctx, b.ID, []models.Cancel{
		models.CancelNone, models.CancelAsked, models.CancelMoving, models.CancelWithdrawing, models.CancelLate,
	}, models.CancelAsked)
	if err != nil || !asked {
		return false, err
	}
	if wait := s.Provider.rest(b.AppkeyID); wait > 0 {
		return false, s.askAgain(ctx, b, wait)
	}
	appkey, err := s.DB.Appkey(ctx, b.AppkeyID)
	if err != nil {
		return false, err
	}
	client, err := s.Provider.client(appkey)
	if err != nil {
		return false, err
	}
	cancelErr := channelOf(c.Channel).cancel(ctx, client, b.RequestID)
	messages, err := channelOf(c.Channel).request(ctx, client, b.RequestID)
	if err != nil {
		return false, errors.Join(err, s.askAgain(ctx, b, retryAfter(err)))
	}
	if err := s.takePage(ctx, messages); err != nil {
		return false, err
	}
	if noAnswer(cancelErr) || len(messages) == 0 || stillHeld(messages, s.Now()) {
		return false, s.askAgain(ctx, b, retryAfter(cancelErr))
	}
	return true, s.DB.SetBatch(ctx, b.ID, map[string]any{"cancel": models.CancelDone})
}

// askAgain has the provider asked again, not before wait is over.
func (s *Service) askAgain(ctx context.Context, b models.Batch, wait time.Duration) error {
	return s.DB.SetBatch(ctx, b.ID, map[string]any{"cancel": models.CancelAsked, "cancel_at": s.Now().Add(max(wait, cancelEvery)).UTC()})
}

// stillHeld reports whether the provider lists messages that it has neither sent
// nor cancelled.
func stillHeld(messages []nhn.Message, now time.Time) bool {
	for _, m := range messages {
		switch m.MessageStatus {
		case kakao.StatusCompleted, kakao.StatusFailed, kakao.StatusCancelled:
		default:
			if m.RequestDate.After(now) {
				return true
			}
		}
	}
	return false
}

// endCancelling ends a campaign of which nothing is left to be cancelled. Somebody else may
// have done so a moment ago.
func (s *Service) endCancelling(ctx context.Context, c models.Campaign) error {
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		moved, err := tx.MoveCampaign(ctx, c.ID, []models.CampaignState{models.CampaignCancelling}, models.CampaignCancelled,
			map[string]any{"finished_at": s.Now()})
		if err != nil || !moved {
			return err
		}
		err = tx.Audit(ctx, models.Actor{}, models.Event{
			Action: "campaign.cancelled", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		})
		if err != nil {
			return err
		}
		return s.notify(ctx, tx, c, models.Notice{Kind: models.NoticeCancelled})
	})
}
