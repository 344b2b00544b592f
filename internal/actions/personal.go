package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// Traces says what there is of a person in what a team has, by number.
func (s *Service) Traces(ctx context.Context, by models.Actor, team models.Team, typed string) (t models.Traces, phone string, err error) {
	if err := by.May(models.ManageTeam); err != nil {
		return t, "", err
	}
	phone, _, reason := kakao.NormalizePhone(typed)
	if reason != "" {
		return t, "", withField(nil, "phone", "import.reason."+string(reason))
	}
	hash, err := s.Hasher(team)
	if err != nil {
		return t, "", err
	}
	if t, err = s.DB.Traces(ctx, team.ID, phone, hash); err != nil {
		return t, phone, err
	}
	named, err := s.DB.RemarksNaming(ctx, team.ID, phone)
	t.Remarks += int64(len(named))
	return t, phone, err
}

// Forget erases a person from what a team has, by number: at once what is over, the rest
// when it is. Their messages stay in the counts. If they are on the suppression list, or
// suppress says that they are to be, a hash of the number stays there.
func (s *Service) Forget(ctx context.Context, by models.Actor, team models.Team, typed string, suppress bool) (f models.Forgetting, err error) {
	traces, phone, err := s.Traces(ctx, by, team, typed)
	if err != nil {
		return f, err
	}
	if !traces.Any() && !suppress {
		return f, withField(nil, "phone", "personal.nothing")
	}
	now := s.Now()
	f = models.Forgetting{
		TeamID: team.ID, Sealed: s.Keeper.Seal(phone), Masked: kakao.MaskPhone(phone), State: models.ForgetRunning,
		DueAt: now.Add(forgetEvery), AskedBy: by.User.ID, CreatedAt: now, // this request makes the beginning
	}
	e := models.Event{
		Action: "personal.forget", TeamID: team.ID, ObjectType: "person", ObjectName: f.Masked,
		After: map[string]any{"messages": traces.Messages + traces.Open, "recipients": traces.Recipients, "remarks": traces.Remarks, "suppress": suppress},
	}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateForgetting(ctx, &f); err != nil {
			return err
		}
		e.ObjectID = f.ID
		if err := tx.SetHashKey(ctx, team.ID, s.Keeper.Seal(models.NewToken())); err != nil {
			return err
		}
		if suppress && !traces.Active {
			sup := models.Suppression{TeamID: team.ID, Phone: phone, Source: models.SuppressedByForget, CreatedBy: by.User.ID, CreatedAt: now}
			if _, err := tx.Suppress(ctx, []models.Suppression{sup}); err != nil {
				return err
			}
		}
		return s.stopPerson(ctx, tx, team.ID, phone)
	})
	if err != nil {
		return f, err
	}
	return f, s.goOnForgetting(ctx, f)
}

// stopPerson has stopped what is planned or held for somebody who is to be forgotten.
func (s *Service) stopPerson(ctx context.Context, tx *models.DB, teamID int64, phone string) error {
	ms, err := tx.PersonMessages(ctx, teamID, phone)
	if err != nil {
		return err
	}
	var open []models.Message
	for _, m := range ms {
		if m.State == models.MessageOpen {
			open = append(open, m)
		}
	}
	return tx.StopPerson(ctx, open, s.Now())
}

// forgetEvery is how long a forgetting waits for messages that are not over.
const forgetEvery = time.Minute

// forgetSoon is how long it waits for a campaign that is being planned, so that the
// person's message is stopped before it is handed over.
const forgetSoon = time.Second

// goOnForgetting erases what is over by now, and ends the forgetting when nothing is
// left. It can be called again at any time.
func (s *Service) goOnForgetting(ctx context.Context, f models.Forgetting) error {
	phone, err := s.Keeper.Unseal(f.Sealed)
	if err != nil {
		return fmt.Errorf("forgetting %d: %w", f.ID, err)
	}
	if err := s.removeKept(ctx, f.TeamID); err != nil {
		return err
	}
	named, err := s.DB.RemarksNaming(ctx, f.TeamID, phone)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		now := s.Now()
		if err := s.voidForgotten(ctx, tx, f.TeamID, phone); err != nil {
			return err
		}
		if err := s.stopPerson(ctx, tx, f.TeamID, phone); err != nil { // what has been planned since
			return err
		}
		erased, err := tx.ErasePerson(ctx, f.TeamID, phone)
		if err != nil {
			return err
		}
		if err := tx.DropNumbers(ctx, f.TeamID, phone); err != nil {
			return err
		}
		if err := tx.EraseRemarks(ctx, named); err != nil {
			return err
		}
		erased.Remarks += int64(len(named))
		f.Messages, f.Recipients, f.Remarks = f.Messages+erased.Messages, f.Recipients+erased.Recipients, f.Remarks+erased.Remarks
		f.Waiting, f.DueAt = erased.Open, now.Add(forgetEvery)
		if f.Waiting > 0 {
			return tx.SaveForgetting(ctx, f)
		}
		left, err := tx.Traces(ctx, f.TeamID, phone, nil)
		if err != nil {
			return err
		}
		if left.Recipients+left.Open > 0 { // a campaign is being planned from them
			f.DueAt = now.Add(forgetSoon)
			return tx.SaveForgetting(ctx, f)
		}
		return s.endForgetting(ctx, tx, f, phone)
	})
}

// removeKept removes the files of a team that are kept for what was refused of them: to
// look for one number in all of them would take long, and they are kept for days only.
func (s *Service) removeKept(ctx context.Context, teamID int64) error {
	is, err := s.DB.KeptUploads(ctx, teamID)
	if err != nil {
		return err
	}
	for _, i := range is {
		if err := errors.Join(s.removeUpload(i.Path), s.DB.ForgetUpload(ctx, i.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) endForgetting(ctx context.Context, tx *models.DB, f models.Forgetting, phone string) error {
	team, err := tx.Team(ctx, f.TeamID)
	if err != nil {
		return err
	}
	hash, err := s.hasher(team)
	if err != nil {
		return err
	}
	if f.Suppressed, err = tx.HashSuppressions(ctx, f.TeamID, phone, hash(phone)); err != nil {
		return err
	}
	now := s.Now()
	f.State, f.Sealed, f.EndedAt = models.ForgetDone, nil, &now
	if err := tx.SaveForgetting(ctx, f); err != nil {
		return err
	}
	return tx.Audit(ctx, models.Actor{}, models.Event{
		Action: "personal.forgotten", TeamID: f.TeamID, ObjectType: "person", ObjectID: f.ID, ObjectName: f.Masked,
		After: map[string]any{"messages": f.Messages, "recipients": f.Recipients, "remarks": f.Remarks, "suppressed": f.Suppressed},
	})
}

// sweepForgettings goes on with those whose messages were not over.
func (s *Service) sweepForgettings(ctx context.Context) error {
	now := s.Now()
	fs, err := s.DB.DueForgettings(ctx, now, 100)
	if err != nil {
		return err
	}
	for _, f := range fs {
		ours, err := s.DB.ClaimForgetting(ctx, f, now.Add(forgetEvery))
		if err != nil {
			return err
		}
		if ours {
			if err := s.goOnForgetting(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	// erasedBatches is how many batches of a campaign one sweep erases, and
	// erasedRows how many remarks of an import: few enough that nobody waits for them.
	erasedBatches = 5
	erasedRows    = 5000
)

// sweepRetention erases personal data that is older than its team keeps it: a little of
// it each time, so that nothing else waits. Counts stay.
func (s *Service) sweepRetention(ctx context.Context) error {
	teams, err := s.DB.RetainingTeams(ctx)
	if err != nil {
		return err
	}
	for _, team := range teams {
		before := s.Now().AddDate(0, 0, -team.RetentionDays)
		if err := s.eraseOld(ctx, team, before); err != nil {
			return fmt.Errorf("retention of team %d: %w", team.ID, err)
		}
	}
	return nil
}

func (s *Service) eraseOld(ctx context.Context, team models.Team, before time.Time) error {
	if err := s.eraseCampaign(ctx, team, before); err != nil {
		return err
	}
	if err := s.eraseAudience(ctx, team, before); err != nil {
		return err
	}
	if err := s.DB.EraseCheckRows(ctx, team.ID, before); err != nil {
		return err
	}
	if _, err := s.DB.DeleteForeign(ctx, team.ID, before, erasedRows); err != nil {
		return err
	}
	i, found, err := s.DB.OldImport(ctx, team.ID, before)
	if err != nil || !found {
		return err
	}
	if i.Path != "" {
		if err := errors.Join(s.removeUpload(i.Path), s.DB.ForgetUpload(ctx, i.ID)); err != nil {
			return err
		}
	}
	_, err = s.DB.EraseImport(ctx, i.ID, erasedRows, s.Now())
	return err
}

func (s *Service) eraseCampaign(ctx context.Context, team models.Team, before time.Time) error {
	c, found, err := s.DB.ErasableCampaign(ctx, team.ID, before)
	if err != nil || !found {
		return err
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		whole, err := tx.EraseBatches(ctx, c, erasedBatches, s.Now())
		if err != nil || !whole {
			return err
		}
		if c.AudienceID != 0 {
			if err := s.discard(ctx, tx, team.ID, c.AudienceID); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, models.Actor{}, models.Event{
			Action: "personal.erase", TeamID: team.ID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
			After: map[string]any{"days": team.RetentionDays},
		})
	})
}

// eraseAudience has the recipients of an audience deleted that nobody uses; the
// audience itself stays, with its size.
func (s *Service) eraseAudience(ctx context.Context, team models.Team, before time.Time) error {
	a, found, err := s.DB.UnusedAudience(ctx, team.ID, before)
	if err != nil || !found {
		return err
	}
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		err := s.beginWork(ctx, tx, models.AudienceWork{TeamID: team.ID, AudienceID: a.ID, Kind: models.WorkErase})
		if err != nil {
			return err
		}
		e := audienceEvent("personal.erase", a)
		e.After = map[string]any{"days": team.RetentionDays}
		return tx.Audit(ctx, models.Actor{}, e)
	})
	if models.KindOf(err) == models.Conflict { // it is in use just now
		return nil
	}
	return err
}
