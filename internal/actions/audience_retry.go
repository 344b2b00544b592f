package actions

import (
	"context"
	"errors"
	"slices"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// keepUnfinished is how long a work that has ended unfinished can be gone on with: so
// long the numbers are kept that were pasted or read for it alone.
const keepUnfinished = 24 * time.Hour

// workEvent is about a work, under the name of its audience, or, where that has none, of
// what is read.
func workEvent(ctx context.Context, tx *models.DB, action string, w models.AudienceWork) (models.Event, error) {
	e := models.Event{
		Action: action, TeamID: w.TeamID, ObjectType: "audience", ObjectID: w.AudienceID, ObjectName: kakao.MaskPhones(origin(w.Sources)),
		After: map[string]any{"kind": w.Kind, "done": w.Done, "added": w.Added, "updated": w.Updated, "removed": w.Removed},
	}
	a, err := tx.NamedAudience(ctx, w.TeamID, w.AudienceID)
	if err == nil {
		e.ObjectName = kakao.MaskPhones(a.Name)
	}
	if models.KindOf(err) == models.NotFound {
		err = nil
	}
	return e, err
}

// CancelWork ends a work on an audience before it is done. What it has done by then
// stays, piece by piece; a draft that waits for its recipients keeps those that it has.
func (s *Service) CancelWork(ctx context.Context, by models.Actor, w models.AudienceWork) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	var e models.Event
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		now := s.Now()
		cancelled, err := tx.CancelAudienceWork(ctx, w.ID, now)
		if err != nil {
			return err
		}
		if !cancelled {
			return models.Errorf(models.Conflict, "audience.work_ended")
		}
		if w, err = tx.AudienceWork(ctx, w.ID); err != nil {
			return err
		}
		if e, err = workEvent(ctx, tx, "audience.cancel", w); err != nil {
			return err
		}
		return s.leaveOff(ctx, tx, w, now)
	})
}

// leaveOff does what follows from a work that has ended unfinished.
func (s *Service) leaveOff(ctx context.Context, tx *models.DB, w models.AudienceWork, now time.Time) error {
	switch {
	case w.CampaignID != 0:
		return s.discard(ctx, tx, w.TeamID, w.AudienceID)
	case w.Kind == models.WorkSuppress:
		return s.suppressedMany(ctx, tx, w)
	case w.Added+w.Updated+w.Removed > 0:
		return tx.SetAudience(ctx, w.AudienceID, map[string]any{"changed_by": w.AskedBy, "changed_at": now.UTC()})
	}
	return nil
}

// suppressedMany has stopped what is planned or held for the numbers that a work has
// put on the suppression list.
func (s *Service) suppressedMany(ctx context.Context, tx *models.DB, w models.AudienceWork) error {
	if err := tx.AnalyzeSuppressions(ctx); err != nil {
		return err
	}
	return s.applySoon(ctx, tx, w.TeamID)
}

// RetryWork goes on with a work that has failed or was cancelled, where it was, unless
// what it reads or writes has changed since.
func (s *Service) RetryWork(ctx context.Context, by models.Actor, w models.AudienceWork) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	var e models.Event
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := s.freeFor(ctx, tx, w); err != nil {
			return err
		}
		var err error
		if e, err = workEvent(ctx, tx, "audience.retry", w); err != nil {
			return err
		}
		goesOn, err := canGoOn(ctx, tx, w)
		if err != nil {
			return err
		}
		if !goesOn {
			return models.Errorf(models.Conflict, "audience.retry_changed")
		}
		resumed, err := tx.ResumeAudienceWork(ctx, w.ID, s.Now())
		if err != nil {
			return err
		}
		if !resumed {
			return models.Errorf(models.Conflict, "audience.work_goes_on")
		}
		return s.queue(ctx, tx, audienceWorks(), w.ID)
	})
}

// CanRetry reports whether a work can be gone on with.
func (s *Service) CanRetry(ctx context.Context, w models.AudienceWork) (bool, error) {
	if !w.State.Unfinished() {
		return false, nil
	}
	return canGoOn(ctx, s.DB, w)
}

// canGoOn reports whether a work that has ended finds everything as it has left it. A
// draft's recipients are taken anew instead.
func canGoOn(ctx context.Context, db *models.DB, w models.AudienceWork) (bool, error) {
	last, err := db.AudienceWorks(ctx, w.AudienceID, 1)
	if err != nil || w.CampaignID != 0 || len(last) == 0 || last[0].ID != w.ID {
		return false, err
	}
	a, err := db.Audience(ctx, w.TeamID, w.AudienceID)
	for _, source := range w.Sources {
		if err == nil && a.ErasedAt == nil {
			a, err = unchanged(ctx, db, w, source)
		}
	}
	if models.KindOf(err) == models.NotFound || errors.Is(err, errChanged) {
		return false, nil
	}
	return err == nil && a.ErasedAt == nil, err
}

// errChanged means that what a work reads is not what it has begun with.
var errChanged = errors.New("a source has changed")

// unchanged reads the audience of a source, if there is one, and fails where it is not
// what w has begun with.
func unchanged(ctx context.Context, db *models.DB, w models.AudienceWork, source models.Source) (a models.Audience, err error) {
	if source.CampaignID != 0 {
		c, err := db.TeamCampaign(ctx, w.TeamID, source.CampaignID)
		return models.Audience{ErasedAt: c.ErasedAt}, err
	}
	if a, err = db.Audience(ctx, w.TeamID, source.AudienceID); err == nil && a.ChangedAt != nil && a.ChangedAt.After(w.CreatedAt) {
		err = errChanged
	}
	return a, err
}

// freeFor locks a team's works, and refuses w while another is in its way.
func (s *Service) freeFor(ctx context.Context, tx *models.DB, w models.AudienceWork) error {
	if err := tx.LockTeam(ctx, w.TeamID); err != nil {
		return err
	}
	running, err := tx.RunningWorks(ctx, w.TeamID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(running, func(r models.AudienceWork) bool { return r.ID != w.ID && inTheWay(w, r) }) {
		return models.Errorf(models.Conflict, "audience.busy")
	}
	return nil
}

// sweepAudienceWorks takes up works whose process has died, has deleting gone on with
// that has failed, and removes what is kept for works that nobody has gone on with.
func (s *Service) sweepAudienceWorks(ctx context.Context) error {
	if err := s.sweepTasks(ctx, audienceWorks()); err != nil {
		return err
	}
	now := s.Now()
	ws, err := s.DB.UnfinishedWorks(ctx, now.Add(-keepUnfinished), sweepWorks)
	if err != nil {
		return err
	}
	for _, w := range ws {
		if err := s.DB.Tx(ctx, func(tx *models.DB) error { return s.putAside(ctx, tx, w, now) }); err != nil {
			return err
		}
	}
	return nil
}

// sweepWorks is how many works that nobody goes on with one sweep sees to.
const sweepWorks = 20

func (s *Service) putAside(ctx context.Context, tx *models.DB, w models.AudienceWork, now time.Time) error {
	if err := tx.LockTeam(ctx, w.TeamID); err != nil {
		return err
	}
	w, err := tx.AudienceWork(ctx, w.ID)
	if err != nil || !w.State.Unfinished() { // somebody has gone on with it just now
		return err
	}
	if w.Kind == models.WorkDelete || w.Kind == models.WorkErase {
		resumed, err := tx.ResumeAudienceWork(ctx, w.ID, now)
		if err != nil || !resumed {
			return err
		}
		return s.queue(ctx, tx, audienceWorks(), w.ID)
	}
	for _, source := range w.Sources {
		if source.Staged {
			if err := s.discard(ctx, tx, w.TeamID, source.AudienceID); err != nil {
				return err
			}
		}
	}
	return tx.UnstageWork(ctx, w)
}
