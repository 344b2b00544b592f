package actions

import (
	"context"
	"slices"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// behind is how far a paced campaign may be behind its plan before what is left of it is
// laid anew from the present moment, so that nothing is made up for all at once.
const behind = models.Soon

// nextBatch is the batch to plan next of c, and how many recipients it has at most.
func (s *Service) nextBatch(c models.Campaign, team models.Team) (b models.Batch, size int64) {
	spread, laid := c.Spread()
	if !laid {
		return models.Batch{DueAt: s.Now()}, kakao.MaxRecipients
	}
	at, size := spread.Next(c.Planned)
	return s.laidAt(models.Batch{}, c, team, at), size
}

// laidAt is b as it is when it is to be sent at the time at. What is scheduled is handed
// over ahead by the team's lead time. Of what is not, only what can be undone is; the
// rest of a paced campaign waits here, so that it can be paused.
func (s *Service) laidAt(b models.Batch, c models.Campaign, team models.Team, at time.Time) models.Batch {
	at = at.UTC()
	due := at
	switch {
	case c.ScheduledAt != nil:
		due = at.Add(-team.Lead())
	case !c.Pacing().Paced():
		due = s.Now()
	}
	due = latest(due, s.Now().UTC())
	b.SendAt, b.DueAt, b.MeantAt = &at, due, due
	return b
}

// layBehind lays the batches of a paced campaign anew if their plan took so long that
// they are behind.
func (s *Service) layBehind(ctx context.Context, tx *models.DB, c models.Campaign, team models.Team) error {
	spread, laid := c.Spread()
	if !laid || !c.Pacing().Paced() || s.Now().Sub(spread.At(0)) <= behind {
		return nil
	}
	return s.lay(ctx, tx, c, team, s.Now())
}

// layRest lays what is left of a campaign anew from the present moment, if any of it
// should have gone out before.
func (s *Service) layRest(ctx context.Context, tx *models.DB, c models.Campaign) error {
	_, laid := c.Spread()
	if !laid {
		return nil
	}
	return s.layAnew(ctx, tx, c)
}

// layAnew lays the planned batches of a campaign from the present moment on, if
// any of them should have gone out by now.
func (s *Service) layAnew(ctx context.Context, tx *models.DB, c models.Campaign) error {
	team, err := tx.Team(ctx, c.TeamID)
	if err != nil {
		return err
	}
	return s.lay(ctx, tx, c, team, s.Now())
}

// lay lays the planned batches of a campaign from the time from on, if any is meant to go
// out before. It must run in a transaction; batches that are claimed meanwhile stay as
// they are, and so do those that a person wants to go out at once.
func (s *Service) lay(ctx context.Context, tx *models.DB, c models.Campaign, team models.Team, from time.Time) error {
	bs, err := tx.LaidBatches(ctx, c.ID)
	if err != nil || !slices.ContainsFunc(bs, func(b models.Batch) bool { return b.SendAt.Before(from) }) {
		return err
	}
	used, err := tx.SentOn(ctx, c.ID, from)
	if err != nil {
		return err
	}
	spread, _ := c.Spread()
	spread = spread.Anew(from, used)
	var n int64
	for i := range bs {
		var at time.Time
		at, n = spread.Fit(n, bs[i].Open())
		bs[i] = s.laidAt(bs[i], c, team, at)
	}
	return tx.LayBatches(ctx, bs)
}
