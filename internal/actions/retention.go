package actions

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"soshik/models"
)

// RemoveOldRows asks a worker to run [Service.RunRemoval].
type RemoveOldRows struct {
	RemovalID int64 `json:"removal_id"`
}

// Kind names the job.
func (RemoveOldRows) Kind() string { return "remove_old_rows" }

func removals() longTask {
	return longTask{models.RemovalTasks(), func(id int64) river.JobArgs { return RemoveOldRows{RemovalID: id} }, inImports()}
}

const (
	// removedBatches is how many batches lose their rows in a transaction, and
	// removedWhileSending how many while something is being sent: few enough that nobody
	// waits for them.
	removedBatches      = 5
	removedWhileSending = 1
	// removedNotices is how many notices go in a transaction, and removedForeign how many
	// messages of others for each appkey.
	removedNotices = 500
	removedForeign = 1000
)

// KeptUntil is the time before which campaigns must have been over for their rows to go if
// days are kept.
func (s *Service) KeptUntil(days int) time.Time { return s.Now().AddDate(0, 0, -days) }

// SaveKeepDays says for how long a team keeps the rows of messages. What it keeps longer
// than that begins to go with the next sweep, and cannot be brought back: so a shorter time must be confirmed,
// with the number of campaigns that were seen to lose their rows, or more. It says what
// goes; asked is true when nothing was saved, since that is to be confirmed first.
func (s *Service) SaveKeepDays(ctx context.Context, by models.Actor, team models.Team, in models.KeepSettings, confirmed int64) (r models.Removable, asked bool, err error) {
	if err := by.May(models.ManageTeam); err != nil {
		return r, false, err
	}
	days, err := in.KeepDays()
	if err != nil {
		return r, false, err
	}
	e := models.Event{Action: "retention.set", TeamID: team.ID, ObjectType: "team", ObjectID: team.ID, ObjectName: team.Name}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.LockTeam(ctx, team.ID); err != nil {
			return err
		}
		t, err := tx.Team(ctx, team.ID)
		if err != nil {
			return err
		}
		if t.Shorter(days) {
			if r, err = tx.Removable(ctx, t.ID, s.KeptUntil(days)); err != nil {
				return err
			}
			if confirmed < r.Campaigns {
				return errUnconfirmed
			}
		}
		e.Before, e.After = keptDays(t.KeepDays), keptDays(days)
		t.KeepDays = days
		return tx.SaveKeepDays(ctx, t)
	})
	if errors.Is(err, errUnconfirmed) {
		return r, true, nil
	}
	return r, false, err
}

// errUnconfirmed rolls a setting back that is to be confirmed first.
var errUnconfirmed = errors.New("to be confirmed")

func keptDays(days int) map[string]int { return map[string]int{"keep_days": days} }

// sweepRemovals takes up a removal whose process has died, or begins the next one that is
// due.
func (s *Service) sweepRemovals(ctx context.Context) error {
	if err := s.sweepTasks(ctx, removals()); err != nil {
		return err
	}
	since := s.Now().Add(-models.RemovedEvery)
	team, found, err := s.DB.TeamToTidy(ctx, since)
	if err != nil || !found {
		return err
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := tx.LockTeam(ctx, team.ID); err != nil {
			return err
		}
		t, found, err := tx.TeamToTidy(ctx, since)
		if err != nil || !found || t.ID != team.ID { // another process has just begun it
			return err
		}
		return s.beginRemoval(ctx, tx, t)
	})
}

func (s *Service) beginRemoval(ctx context.Context, tx *models.DB, t models.Team) error {
	now := s.Now().UTC()
	if err := tx.TidyRemovals(ctx, t.ID, now); err != nil {
		return err
	}
	r := models.Removal{TeamID: t.ID, State: models.RemovalRunning, KeepDays: t.KeepDays, Before: s.KeptUntil(t.KeepDays).UTC(), StartedAt: now, WorkedAt: now}
	if err := tx.CreateRemoval(ctx, &r); err != nil {
		return err
	}
	return s.queue(ctx, tx, removals(), r.ID)
}

// RunRemoval removes the rows of a team's campaigns whose time is over, its old notices,
// and what others sent through its appkeys before, a little at a time. Interrupted, it goes on where it was.
func (s *Service) RunRemoval(ctx context.Context, id int64) error {
	var claim string
	do := func(ctx context.Context, ours string) error {
		claim = ours
		r, err := s.DB.Removal(ctx, id)
		if err != nil {
			return err
		}
		r.Claim = claim
		for more := true; more; {
			if more, err = s.removeCampaign(ctx, &r); err != nil {
				return err
			}
		}
		if err := s.removeForeign(ctx, &r); err != nil { // r is not what its row is any more
			return err
		}
		return s.removeNotices(ctx, &r)
	}
	return s.run(ctx, removals(), id, do, func(ctx context.Context, cause error) error {
		return errors.Join(cause, s.endRemoval(ctx, id, claim, cause))
	})
}

// endRemoval writes down how a removal ended, and records what it has removed: by its row,
// since of the last step the answer may have been lost.
func (s *Service) endRemoval(ctx context.Context, id int64, claim string, cause error) error {
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		r, err := tx.Removal(ctx, id)
		if err != nil {
			return err
		}
		now := s.Now().UTC()
		r.Claim, r.State, r.EndedAt, r.WorkedAt = claim, models.RemovalDone, &now, now
		if cause != nil {
			r.State = models.RemovalFailed
		}
		ours, err := tx.SaveRemoval(ctx, r)
		if err != nil || !ours || !r.Any() {
			return err
		}
		team, err := tx.Team(ctx, r.TeamID)
		if err != nil {
			return err
		}
		e := models.Event{
			Action: "retention.remove", TeamID: team.ID, ObjectType: "team", ObjectID: team.ID, ObjectName: team.Name,
			After: map[string]any{"keep_days": r.KeepDays, "campaigns": r.Campaigns, "messages": r.Messages, "notices": r.Notices},
		}
		if cause != nil {
			e.Outcome = models.OutcomeFailed
		}
		return tx.Audit(ctx, models.Actor{}, e)
	})
}

// removeCampaign removes rows of the next campaign of r, and says whether there may be
// more.
func (s *Service) removeCampaign(ctx context.Context, r *models.Removal) (more bool, err error) {
	batches := removedBatches
	if sending, err := s.DB.Sending(ctx); err != nil {
		return false, err
	} else if sending {
		batches = removedWhileSending
	}
	done := *r
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		still, err := stillDue(ctx, tx, *r)
		if err != nil {
			return err
		}
		c, found, err := tx.RemovableCampaign(ctx, still)
		if err != nil || !found {
			return err
		}
		more = true
		now := s.Now()
		n, whole, err := tx.RemoveRows(ctx, c, batches, now)
		if err != nil {
			return err
		}
		if whole && c.AudienceID != 0 {
			if err := s.discard(ctx, tx, c.TeamID, c.AudienceID); err != nil {
				return err
			}
		}
		done.Messages, done.WorkedAt = r.Messages+n, now.UTC()
		if whole {
			done.Campaigns++
		}
		return s.saveRemoval(ctx, tx, done)
	})
	if err == nil {
		*r = done
	}
	return more, err
}

// stillDue is r; only what has begun to go is left of it if the team has come to keep rows
// for longer.
func stillDue(ctx context.Context, tx *models.DB, r models.Removal) (models.Removal, error) {
	team, err := tx.Team(ctx, r.TeamID)
	if team.Shorter(r.KeepDays) {
		r.KeepDays = 0
	}
	return r, err
}

func (s *Service) saveRemoval(ctx context.Context, tx *models.DB, r models.Removal) error {
	ours, err := tx.SaveRemoval(ctx, r)
	if err == nil && !ours {
		return errTaken
	}
	return err
}

// removeNotices removes the notices from before r's time.
func (s *Service) removeNotices(ctx context.Context, r *models.Removal) error {
	return s.removePieces(ctx, r, func(tx *models.DB, done *models.Removal) (int64, error) {
		n, err := tx.RemoveNotices(ctx, r.TeamID, r.Before, removedNotices)
		done.Notices += n
		return n, err
	})
}

// removeForeign removes what others have sent through the team's appkeys before r's time.
func (s *Service) removeForeign(ctx context.Context, r *models.Removal) error {
	return s.removePieces(ctx, r, func(tx *models.DB, done *models.Removal) (int64, error) {
		n, err := tx.DeleteForeign(ctx, r.TeamID, r.Before, removedForeign)
		done.Messages += n
		return n, err
	})
}

// removePieces removes what is due by r, a piece a transaction, until a piece removes
// nothing. piece says how much it has removed, and adds it to done.
func (s *Service) removePieces(ctx context.Context, r *models.Removal, piece func(tx *models.DB, done *models.Removal) (int64, error)) error {
	for more := true; more; {
		done := *r
		err := s.DB.Tx(ctx, func(tx *models.DB) error {
			still, err := stillDue(ctx, tx, *r)
			if more = err == nil && still.KeepDays > 0; !more {
				return err
			}
			n, err := piece(tx, &done)
			if more = err == nil && n > 0; !more {
				return err
			}
			done.WorkedAt = s.Now().UTC()
			return s.saveRemoval(ctx, tx, done)
		})
		if err != nil {
			return err
		}
		*r = done
	}
	return nil
}
