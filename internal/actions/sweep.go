package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"soshik/models"
)

// SweepSettings is how often the sweep does what.
type SweepSettings struct {
	// ResultsEvery is how often the provider is asked for results of an appkey that
	// has open messages.
	ResultsEvery time.Duration
	// SendersEvery is how often all senders of an appkey, and each registered template,
	// are read; 0: only when somebody asks.
	SendersEvery time.Duration
	// KeepUploads is how long an uploaded file is kept; 0: for ever.
	KeepUploads time.Duration
}

const (
	// sweepBatches is how many batches one sweep takes up.
	sweepBatches = 2000
	// stalled is after how long without a sign of life a plan, an import or a refresh
	// is taken up by another job.
	stalled = 30 * time.Second
)

// Sweep finds what nobody is working on and sees to it that somebody does: batches
// that are due, in doubt, or whose process has died; campaigns whose time has come
// or that are over; results that may have come. Processes may sweep at the same
// time. Nothing depends on the job queue's own rescue.
func (s *Service) Sweep(ctx context.Context) error {
	if err := s.Beat(ctx); err != nil {
		return err // nothing goes on before it is known whether it may
	}
	return errors.Join(
		s.sweepOutages(ctx),
		s.sweepLeases(ctx),
		s.sweepDoubt(ctx),
		s.sweepWaiting(ctx),
		s.sweepApprovals(ctx),
		s.sweepCampaigns(ctx),
		s.sweepResults(ctx),
		s.sweepExpired(ctx),
		s.sweepStalled(ctx),
		s.sweepRefreshes(ctx),
		s.sweepChanges(ctx),
		s.sweepAudienceWorks(ctx),
		s.sweepTasks(ctx, checks()),
		s.sweepSuppressions(ctx),
		s.sweepStops(ctx),
		s.sweepRecalls(ctx),
		s.sweepForgettings(ctx),
		s.sweepRetention(ctx),
		s.sweepRemovals(ctx),
		s.sweepLeftovers(ctx, s.Now().Add(-stalled)),
		s.sweepUploads(ctx),
		s.sweepListings(ctx),
		s.sweepTemplates(ctx),
		s.sweepDeliveries(ctx),
	)
}

func (s *Service) sweepLeases(ctx context.Context) error {
	databaseNow, err := s.DB.Now(ctx)
	if err != nil {
		return err
	}
	_, err = s.DB.ExpireLeases(ctx, databaseNow, s.Now())
	return err
}

// sweepDoubt has batches in doubt looked up. The time until the next look-up is
// moved on first, so that a look-up that takes long is not made twice.
func (s *Service) sweepDoubt(ctx context.Context) error {
	now := s.Now()
	bs, err := s.DB.DoubtfulBatches(ctx, now, sweepBatches)
	if err != nil {
		return err
	}
	for _, b := range bs {
		err := s.DB.Tx(ctx, func(tx *models.DB) error {
			ours, err := tx.Postpone(ctx, b, now.Add(s.Timing.CallTimeout+s.Timing.lookUp()))
			if err != nil || !ours {
				return err
			}
			_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), SettleBatch{BatchID: b.ID}, soon())
			return err
		})
		if err != nil {
			return fmt.Errorf("batch %d: %w", b.ID, err)
		}
	}
	return nil
}

// sweepWaiting gives due batches a job that have none any more.
func (s *Service) sweepWaiting(ctx context.Context) error {
	stale := time.Now().Add(-s.Timing.lease())
	bs, err := s.DB.WaitingBatches(ctx, s.Now(), stale, sweepBatches)
	if err != nil || len(bs) == 0 {
		return err
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		ids, err := tx.LockWaiting(ctx, bs)
		if err != nil {
			return err
		}
		return s.insertSends(ctx, tx, ids)
	})
}

// sweepCampaigns moves campaigns on whose time has come, goes on with cancelling,
// and ends those of which nothing is open.
func (s *Service) sweepCampaigns(ctx context.Context) error {
	cs, err := s.DB.OpenCampaigns(ctx, models.CampaignScheduled, models.CampaignSending, models.CampaignCancelling)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range cs {
		if err := s.sweepCampaign(ctx, c); err != nil {
			errs = append(errs, fmt.Errorf("campaign %d: %w", c.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Service) sweepCampaign(ctx context.Context, c models.Campaign) error {
	if c.State == models.CampaignCancelling {
		return s.CancelBatches(ctx, c.ID)
	}
	if c.State == models.CampaignScheduled && s.runningState(c) == models.CampaignSending {
		_, err := s.DB.MoveCampaign(ctx, c.ID, []models.CampaignState{models.CampaignScheduled}, models.CampaignSending, nil)
		return err
	}
	if c.State != models.CampaignSending {
		return nil
	}
	e, err := s.DB.Equation(ctx, c)
	if err != nil || e.Open() > 0 {
		return err
	}
	return s.finish(ctx, c, e)
}

func (s *Service) finish(ctx context.Context, c models.Campaign, e models.Equation) error {
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		moved, err := tx.MoveCampaign(ctx, c.ID, []models.CampaignState{models.CampaignSending}, models.CampaignFinished,
			map[string]any{"finished_at": s.Now()})
		if err != nil || !moved {
			return err
		}
		err = tx.Audit(ctx, models.Actor{}, models.Event{
			Action: "campaign.finish", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name, After: e,
		})
		if err != nil {
			return err
		}
		return s.notify(ctx, tx, c, models.Notice{Kind: endKind(e)})
	})
}

// sweepResults has results read where some may have come.
func (s *Service) sweepResults(ctx context.Context) error {
	now := s.Now()
	due, err := s.DB.DueReadings(ctx, now)
	if err != nil {
		return err
	}
	for _, d := range due {
		ours, err := s.DB.ClaimReading(ctx, d.AppkeyID, d.Channel, now, now.Add(readingLease))
		if err != nil {
			return err
		}
		if !ours {
			continue
		}
		if _, err := s.Jobs.Insert(ctx, TakeResults{AppkeyID: d.AppkeyID, Channel: d.Channel, Since: d.Since.Time}, soon()); err != nil {
			return err
		}
	}
	return nil
}

// sweepStalled takes up plans and imports whose process has died.
func (s *Service) sweepStalled(ctx context.Context) error {
	quiet := s.Now().Add(-stalled)
	cs, err := s.DB.OpenCampaigns(ctx, models.CampaignPlanning)
	if err != nil {
		return err
	}
	for _, c := range cs {
		if c.UpdatedAt.After(quiet) {
			continue
		}
		touched, err := s.DB.TouchCampaign(ctx, c)
		if err != nil {
			return err
		}
		if touched {
			if _, err := s.Jobs.Insert(ctx, PlanCampaign{CampaignID: c.ID}, work()); err != nil {
				return err
			}
		}
	}
	is, err := s.DB.StalledImports(ctx, quiet)
	if err != nil {
		return err
	}
	for _, i := range is {
		released, err := s.DB.ReleaseImport(ctx, i)
		if err != nil {
			return err
		}
		if released {
			if _, err := s.Jobs.Insert(ctx, RunImport{ImportID: i.ID}, inImports()); err != nil {
				return err
			}
		}
	}
	return nil
}

// work is for jobs that take long.
func work() *river.InsertOpts { return &river.InsertOpts{MaxAttempts: 3, Queue: QueueWork} }

// soon is for short jobs that the sweep inserts again when they have failed.
func soon() *river.InsertOpts { return &river.InsertOpts{MaxAttempts: 1} }

// sweepLeftovers has removed what imports have left behind whose process has died.
func (s *Service) sweepLeftovers(ctx context.Context, quiet time.Time) error {
	is, err := s.DB.LeftoverImports(ctx, quiet)
	if err != nil {
		return err
	}
	for _, i := range is {
		touched, err := s.DB.TouchImport(ctx, i)
		if err != nil {
			return err
		}
		if touched {
			if _, err := s.Jobs.Insert(ctx, TidyImport{ImportID: i.ID}, inImports()); err != nil {
				return err
			}
		}
	}
	return nil
}
