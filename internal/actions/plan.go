package actions

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"soshik/internal/kakao"
	"soshik/models"
)

// PlanCampaign asks a worker to run [Service.PlanCampaign].
type PlanCampaign struct {
	CampaignID int64 `json:"campaign_id"`
}

// Kind names the job.
func (PlanCampaign) Kind() string { return "plan_campaign" }

// One transaction plans so many recipients or, where they are spread thinly, so many
// batches.
const (
	planRecipients = 10 * kakao.MaxRecipients
	planBatches    = 100
)

// PlanCampaign writes a message for each recipient of a launched campaign, and the
// batches that they are handed over in. It goes on where it, or another process,
// was interrupted. No batch is claimed before the plan is whole.
func (s *Service) PlanCampaign(ctx context.Context, campaignID int64) error {
	for {
		whole, err := s.planChunk(ctx, campaignID)
		if err != nil {
			return fmt.Errorf("plan campaign %d: %w", campaignID, err)
		}
		if whole {
			return nil
		}
	}
}

// planChunk plans some batches more; whole is true when there is nothing left to
// do here.
func (s *Service) planChunk(ctx context.Context, campaignID int64) (whole bool, err error) {
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		c, err := tx.CampaignByID(ctx, campaignID)
		if err != nil || c.State != models.CampaignPlanning {
			whole = true
			return err
		}
		team, err := tx.Team(ctx, c.TeamID)
		if err != nil {
			return err
		}
		if stopped, err := tx.Stopped(ctx, c.AppkeyID); err != nil || stopped {
			whole = true // the sweep takes it up again
			return err
		}
		after := c.PlanAfter
		if whole, err = s.planNext(ctx, tx, &c, team); err != nil {
			return err
		}
		saved, err := tx.SavePlan(ctx, c, after)
		if err != nil {
			return err
		}
		if !saved {
			return errPlannedElsewhere
		}
		if whole {
			return s.beginHandOver(ctx, tx, c, team)
		}
		return nil
	})
	if err == errPlannedElsewhere { //nolint:errorlint // it is never wrapped
		return true, nil
	}
	return whole, err
}

// errPlannedElsewhere rolls a chunk back that another process has planned.
var errPlannedElsewhere = fmt.Errorf("another process is planning")

func (s *Service) planNext(ctx context.Context, tx *models.DB, c *models.Campaign, team models.Team) (whole bool, err error) {
	number, err := tx.LastBatchNumber(ctx, c.ID)
	if err != nil {
		return false, err
	}
	composer := models.NewComposer(c.Channel, c.Content, c.Fallback)
	before := c.Planned
	for i := 0; i < planBatches && c.Planned-before < planRecipients; i++ {
		number++
		next, size := s.nextBatch(*c, team)
		next.Number = number
		b, err := tx.PlanBatch(ctx, c, next, size)
		if err != nil {
			return false, err
		}
		if b.Size == 0 {
			return true, nil
		}
		if err := s.skip(ctx, tx, composer, *c, team, b); err != nil {
			return false, err
		}
		if b.Size < size {
			return true, nil
		}
	}
	return false, nil
}

// skip records which messages of a new batch cannot be sent, with the reason. A
// batch of which nothing is left is done.
func (s *Service) skip(ctx context.Context, tx *models.DB, composer *models.Composer, c models.Campaign, team models.Team, b models.Batch) error {
	skipped, err := s.suppressed(ctx, tx, c, team, b)
	if err != nil {
		return err
	}
	if err := s.skipUncomposed(ctx, tx, composer, b, skipped); err != nil || len(skipped) == 0 {
		return err
	}
	_, err = s.skipMessages(ctx, tx, b, skipped)
	return err
}

// skipUncomposed adds those to skipped whose messages cannot be put together.
func (s *Service) skipUncomposed(ctx context.Context, tx *models.DB, composer *models.Composer, b models.Batch, skipped map[int64]string) error {
	if composer.Fixed() {
		return nil
	}
	messages, err := tx.OpenMessages(ctx, b.ID)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if skipped[m.ID] != "" {
			continue
		}
		_, reason, err := composer.Compose(m.Vars)
		if err != nil {
			return err
		}
		if reason != "" {
			skipped[m.ID] = reason
		}
	}
	return nil
}

// beginHandOver lets the batches of a whole plan be claimed: those that are due by
// jobs in this transaction, the others by the sweep when their time has come. A plan
// that has become whole only long after the campaign's time asks a person.
func (s *Service) beginHandOver(ctx context.Context, tx *models.DB, c models.Campaign, team models.Team) error {
	moved, err := tx.MoveCampaign(ctx, c.ID, []models.CampaignState{models.CampaignPlanning}, s.runningState(c), nil)
	if err != nil || !moved {
		return err
	}
	if s.plannedLate(c) {
		return s.hold(ctx, tx, c, "hold.late")
	}
	if err := s.layBehind(ctx, tx, c, team); err != nil {
		return err
	}
	ids, err := tx.PlannedBatchIDs(ctx, c.ID, s.Now())
	if err != nil {
		return err
	}
	return s.insertSends(ctx, tx, ids)
}

// plannedLate reports whether the time of c, or that of its launch if it is later,
// has passed long since.
func (s *Service) plannedLate(c models.Campaign) bool {
	return c.LaunchedAt != nil && late(models.Batch{MeantAt: *c.LaunchedAt, SendAt: c.Begins()}, s.Now())
}

// insertSends inserts a job for each of the planned batches.
func (s *Service) insertSends(ctx context.Context, tx *models.DB, batchIDs []int64) error {
	if len(batchIDs) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(batchIDs))
	for i, id := range batchIDs {
		params[i] = river.InsertManyParams{Args: SendBatch{BatchID: id}, InsertOpts: once()}
	}
	results, err := s.Jobs.InsertManyTx(ctx, tx.SQLTx(), params)
	if err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	jobs := make(map[int64]int64, len(results))
	for i, r := range results {
		jobs[batchIDs[i]] = r.Job.ID
	}
	return tx.SetJobs(ctx, jobs)
}

// once is for jobs that the sweep inserts again when they have failed.
func once() *river.InsertOpts { return &river.InsertOpts{MaxAttempts: 1, Queue: QueueSend} }

// The queues, so that a long import does not hold up a message.
const (
	QueueSend = "send" // requests to the provider
	QueueWork = "work" // plans and the like
)
