package actions

import (
	"context"
	"errors"

	"soshik/models"
)

// Brake is what an emergency stop is about: a team or, with an appkey, that appkey alone.
type Brake struct {
	Team   models.Team
	Appkey models.Appkey // zero: all of the team's
}

// Stop is how the brake is.
func (b Brake) Stop() models.Stop {
	if b.Appkey.ID != 0 {
		return b.Appkey.Stop
	}
	return b.Team.Stop
}

// Lifts is who may lift it.
func (b Brake) Lifts() models.Permission {
	if b.Appkey.ID != 0 {
		return models.ManageAppkeys
	}
	return models.ManageTeam
}

func (b Brake) event(what string) models.Event {
	if b.Appkey.ID != 0 {
		return models.Event{Action: "appkey." + what, TeamID: b.Team.ID, AppkeyID: b.Appkey.ID, ObjectType: "appkey", ObjectID: b.Appkey.ID, ObjectName: b.Appkey.Name}
	}
	return models.Event{Action: "team." + what, TeamID: b.Team.ID, ObjectType: "team", ObjectID: b.Team.ID, ObjectName: b.Team.Name}
}

// set writes the stop. When that has been committed, nothing more is claimed.
func (b Brake) set(ctx context.Context, tx *models.DB, stop models.Stop) (changed bool, err error) {
	if b.Appkey.ID != 0 {
		return tx.StopAppkey(ctx, b.Appkey, stop)
	}
	return tx.StopTeam(ctx, b.Team.ID, stop)
}

// StopSending is the emergency stop: from now on nothing is claimed, repeated, planned or
// launched under b. What the provider holds, it sends. Whoever may send may stop.
func (s *Service) StopSending(ctx context.Context, by models.Actor, b Brake, in models.NewStop) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	if err := in.Validate(); err != nil {
		return err
	}
	now := s.Now().UTC()
	e := b.event("stop")
	e.After = map[string]any{"reason": in.Reason}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		changed, err := b.set(ctx, tx, models.Stop{StoppedAt: &now, StoppedBy: by.User.ID, StopReason: in.Reason})
		if err == nil && !changed {
			return models.Errorf(models.Conflict, "stop.already")
		}
		return err
	})
}

// LiftStop lets b go on. What was to go out long before asks a person.
func (s *Service) LiftStop(ctx context.Context, by models.Actor, b Brake) error {
	if err := by.May(b.Lifts()); err != nil {
		return err
	}
	e := b.event("stop_lift")
	e.Before = map[string]any{"reason": b.Stop().StopReason, "since": b.Stop().StoppedAt}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		changed, err := b.set(ctx, tx, models.Stop{})
		if err == nil && !changed {
			return models.Errorf(models.Conflict, "stop.lifted_already")
		}
		return err
	})
}

// CancelStopped cancels every campaign under b of which something can still be stopped,
// and says how many. Those that have moved on meanwhile are left alone.
func (s *Service) CancelStopped(ctx context.Context, by models.Actor, b Brake) (n int, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return 0, err
	}
	if !b.Stop().Stopped() {
		return 0, models.Errorf(models.Conflict, "stop.lifted_already")
	}
	cs, err := s.DB.StoppableCampaigns(ctx, b.Team.ID, b.Appkey.ID)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, c := range cs {
		err := s.Cancel(ctx, by, c.AppkeyID, c.ID)
		switch {
		case err == nil:
			n++
		case models.KindOf(err) != models.Conflict:
			errs = append(errs, err)
		}
	}
	return n, errors.Join(errs...)
}

// refuseStopped refuses to begin anything under an emergency stop.
func refuseStopped(ctx context.Context, tx *models.DB, appkeyID int64) error {
	stopped, err := tx.Stopped(ctx, appkeyID)
	if err == nil && stopped {
		return models.Errorf(models.Conflict, "stop.stopped")
	}
	return err
}
