package actions

import (
	"context"

	"soshik/internal/kakao"
	"soshik/models"
)

// SaveTeamSettings changes the settings of a team. They count for campaigns
// that are launched from now on.
func (s *Service) SaveTeamSettings(ctx context.Context, by models.Actor, teamID int64, in models.TeamSettings) error {
	if err := by.May(models.ManageTeam); err != nil {
		return err
	}
	if err := in.Apply(&models.Team{}); err != nil {
		return err
	}
	e := models.Event{Action: "team.update", TeamID: teamID, ObjectType: "team", ObjectID: teamID}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		t, err := tx.Team(ctx, teamID)
		if err != nil {
			return err
		}
		e.ObjectName, e.Before = t.Name, timesOf(t)
		if err := in.Apply(&t); err != nil {
			return err
		}
		e.After = timesOf(t)
		return tx.SaveTeamSettings(ctx, t)
	})
}

// timesOf is what the audit log keeps of a team's settings.
func timesOf(t models.Team) map[string]any {
	return map[string]any{"lead_minutes": t.LeadMinutes, "undo_minutes": t.UndoMinutes}
}

// SavePrices changes what a team pays for a message of each kind.
func (s *Service) SavePrices(ctx context.Context, by models.Actor, teamID int64, in models.NewPrices) error {
	if err := by.May(models.ManageTeam); err != nil {
		return err
	}
	prices, err := in.Prices()
	if err != nil {
		return err
	}
	e := models.Event{Action: "team.update", TeamID: teamID, ObjectType: "team", ObjectID: teamID, After: map[string]any{"prices": prices}}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		t, err := tx.Team(ctx, teamID)
		if err != nil {
			return err
		}
		e.ObjectName, e.Before = t.Name, map[string]any{"prices": t.Prices}
		t.Prices = prices
		return tx.SavePrices(ctx, t)
	})
}

// AddTestNumber adds a mobile phone to those that get test messages of a team.
func (s *Service) AddTestNumber(ctx context.Context, by models.Actor, teamID int64, in models.NewTestNumber) (n models.TestNumber, err error) {
	if err := by.May(models.ManageTeam); err != nil {
		return n, err
	}
	phone, err := in.Normal()
	if err != nil {
		return n, err
	}
	n = models.TestNumber{TeamID: teamID, Phone: phone, Name: in.Name, CreatedBy: by.User.ID, CreatedAt: s.Now()}
	e := testNumberEvent("test_number.add", n)
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		err := tx.CreateTestNumber(ctx, &n)
		e.ObjectID = n.ID
		return err
	})
	return n, conflictBeside(err, "phone")
}

// RemoveTestNumber takes a mobile phone out of those that get test messages. What has
// been sent to it stays in the ledger.
func (s *Service) RemoveTestNumber(ctx context.Context, by models.Actor, teamID, id int64) error {
	if err := by.May(models.ManageTeam); err != nil {
		return err
	}
	n, err := s.DB.TestNumber(ctx, teamID, id)
	if err != nil {
		return err
	}
	e := testNumberEvent("test_number.remove", n)
	return s.change(ctx, by, &e, func(tx *models.DB) error { return tx.DeleteTestNumber(ctx, n) })
}

// testNumberEvent tells whose number it is; the number itself only as far as is needed
// to tell two of the same person apart.
func testNumberEvent(action string, n models.TestNumber) models.Event {
	return models.Event{
		Action: action, TeamID: n.TeamID, ObjectType: "test_number", ObjectID: n.ID, ObjectName: n.Name + " (" + kakao.MaskPhone(n.Phone) + ")",
	}
}
