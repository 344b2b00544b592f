package actions

import (
	"context"
	"fmt"
	"time"

	"soshik/internal/nhn"
	"soshik/models"
)

const (
	// beatEvery is how often a process gives a sign of life.
	beatEvery = 30 * time.Second
	// attemptsAhead is how many attempts behind the last known one are looked for of a
	// batch in a restored database: as many as are made until a person is asked, twice.
	attemptsAhead = 2 * maxDoubts
)

// holdRestored is why a campaign of a restored database is held. One whose plan was not
// whole cannot go on: what the batches are called that were planned since is not known.
const holdRestored = "hold.restored"

// Beat gives a sign of life. Where there was none of any process for long, the
// database may be an older one that was restored, which does not know what has been
// sent since: whatever is not over is held until a person lets it go on, and each
// batch is looked up at the provider before it may be claimed. It is to be called
// before anything is worked, too.
func (s *Service) Beat(ctx context.Context) error {
	now, err := s.DB.Now(ctx)
	if err != nil {
		return err
	}
	if last := s.beat.Load(); last != nil && now.Sub(*last) < beatEvery && !now.Before(*last) {
		return nil
	}
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		silence, err := tx.Beat(ctx, now)
		if err != nil || silence <= models.MaxSilence {
			return err
		}
		return s.holdUnfinished(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("sign of life: %w", err)
	}
	s.beat.Store(&now)
	return nil
}

// holdUnfinished holds every campaign that would go on by itself, and marks what has to
// be looked up.
func (s *Service) holdUnfinished(ctx context.Context, tx *models.DB) error {
	if err := tx.Suspect(ctx); err != nil {
		return err
	}
	running := []models.CampaignState{models.CampaignPlanning, models.CampaignScheduled, models.CampaignSending}
	cs, err := tx.OpenCampaigns(ctx, running...)
	if err != nil {
		return err
	}
	for _, c := range cs {
		if _, err := s.stopIn(ctx, tx, c, running, models.CampaignHeld, holdRestored, 0); err != nil {
			return err
		}
	}
	return nil
}

// exposeSuspect looks a batch up that the provider may have more of than is known
// here, or of which it has reported results although it was to be sent again, by the
// keys of all attempts that can have been made. What it has is noted as a call in doubt,
// from which the batch is settled like any other.
func (s *Service) exposeSuspect(ctx context.Context, batchID int64) error {
	d, err := readDelivery(ctx, s.DB, batchID)
	if err != nil || !d.batch.Suspect && !d.batch.Reported() {
		return err
	}
	client, err := s.load(ctx, d)
	if err != nil {
		return err
	}
	calls, err := s.DB.Calls(ctx, batchID)
	if err != nil {
		return err
	}
	unknown, err := s.unknownAttempts(ctx, client, d, calls)
	if wait := retryAfter(err); wait > 0 {
		return s.DB.SetBatch(ctx, batchID, map[string]any{"due_at": s.Now().Add(wait).UTC()})
	}
	if err != nil {
		return fmt.Errorf("look up batch %d: %w", batchID, err)
	}
	if len(unknown) == 0 && len(calls) == 0 && d.batch.Reported() {
		unknown = []models.Call{{BatchID: batchID, Attempt: 1, CalledAt: d.launchedAt(s.Now())}}
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error { return s.expose(ctx, tx, d, unknown) })
}

// launchedAt is when the campaign was launched, before which nothing of it was sent.
func (d *delivery) launchedAt(now time.Time) time.Time {
	if d.campaign.LaunchedAt != nil {
		return *d.campaign.LaunchedAt
	}
	return now
}

// unknownAttempts are calls, by what the provider lists, that calls does not have.
func (s *Service) unknownAttempts(ctx context.Context, client *nhn.Client, d *delivery, calls []models.Call) ([]models.Call, error) {
	known := map[int]bool{}
	for _, c := range calls {
		if c.Outcome != models.CallNotSent && c.Outcome != models.CallRefused { // a withdrawn one is known as well
			known[c.Attempt] = true
		}
	}
	from := d.launchedAt(s.Now())
	var found []models.Call
	for attempt := 1; attempt <= d.batch.Attempt+attemptsAhead; attempt++ {
		if known[attempt] {
			continue
		}
		first := models.Call{BatchID: d.batch.ID, Attempt: attempt, CalledAt: from}
		listed, err := s.lookUp(ctx, client, d, []models.Call{first})
		if err != nil {
			return nil, err
		}
		if len(listed) > 0 {
			first.CalledAt = listed[0][0].CreateDate.UTC()
			found = append(found, first)
		}
	}
	return found, nil
}

// expose ends the suspicion: a batch of which more was found, or results have come, is
// in doubt.
func (s *Service) expose(ctx context.Context, tx *models.DB, d *delivery, unknown []models.Call) error {
	b, to := d.batch, d.batch.State
	set := map[string]any{"suspect": false}
	if b.Reported() {
		to = models.BatchInDoubt
		set["due_at"] = s.Now()
	}
	if len(unknown) > 0 {
		last := unknown[len(unknown)-1]
		to = models.BatchInDoubt
		set["attempt"], set["calls"], set["called_at"] = max(b.Attempt, last.Attempt), b.Calls+len(unknown), last.CalledAt
		set["due_at"], set["listed"], set["listed_at"], set["reached"], set["lease_until"] = s.Now(), 0, nil, false, nil
	}
	moved, err := tx.MoveBatch(ctx, b, []models.BatchState{b.State}, to, set)
	if err != nil || !moved {
		return err
	}
	for i, call := range unknown {
		call.Call = b.Calls + 1 + i
		if err := tx.CreateCall(ctx, &call); err != nil {
			return err
		}
	}
	return nil
}
