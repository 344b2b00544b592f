package actions

import (
	"context"

	"soshik/models"
)

// SeedDemo makes a team with people and an appkey, for a demonstration on an empty
// installation. On one that has people already it only points the appkey to where
// the simulated provider is now.
func (s *Service) SeedDemo(ctx context.Context, team string, people []models.NewUser, password string, appkey models.NewAppkey) error {
	found, err := s.DB.HasUsers(ctx)
	if err != nil {
		return err
	}
	if found {
		return s.moveDemo(ctx, appkey)
	}
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	var k models.Appkey
	e := models.Event{Action: "demo.create", ObjectType: "team", ObjectName: team}
	err = s.change(ctx, models.Actor{}, &e, func(tx *models.DB) error {
		now := s.Now()
		t := models.Team{Name: team, LeadMinutes: models.DefaultLead, ApproveFrom: demoApproveFrom, CreatedAt: now}
		if err := tx.CreateTeam(ctx, &t); err != nil {
			return err
		}
		e.TeamID, e.ObjectID = t.ID, t.ID
		if err := s.seedPeople(ctx, tx, t, people, hash); err != nil {
			return err
		}
		if err := s.seedTestNumbers(ctx, tx, t); err != nil {
			return err
		}
		k = models.Appkey{
			TeamID: t.ID, Name: appkey.Name, Appkey: appkey.Appkey, Secret: s.Keeper.Seal(appkey.Secret), BaseURL: appkey.BaseURL,
			SenderVersion: appkey.SenderVersion, ConvertToBrand: appkey.ConvertToBrand, RatePerSecond: models.DefaultRate, CreatedAt: now, UpdatedAt: now,
		}
		return tx.CreateAppkey(ctx, &k)
	})
	if err != nil {
		return err
	}
	_, err = s.RefreshSenders(ctx, models.Actor{}, k)
	return err
}

// demoApproveFrom is small enough that approval can be tried out in a demo.
const demoApproveFrom = 1000

func (s *Service) seedPeople(ctx context.Context, tx *models.DB, t models.Team, people []models.NewUser, hash string) error {
	now := s.Now()
	for _, in := range people {
		u := models.User{Email: in.Email, Name: in.Name, PasswordHash: hash, CreatedAt: now}
		if err := tx.CreateUser(ctx, &u); err != nil {
			return err
		}
		if err := tx.CreateMember(ctx, &models.Member{TeamID: t.ID, UserID: u.ID, Role: in.Role, CreatedAt: now}); err != nil {
			return err
		}
	}
	return nil
}

// seedTestNumbers gives the team phones that the simulated provider reaches.
func (s *Service) seedTestNumbers(ctx context.Context, tx *models.DB, t models.Team) error {
	for _, n := range []models.TestNumber{{Name: "이하윤", Phone: "01055550101"}, {Name: "매장 태블릿", Phone: "01055550102"}} {
		n.TeamID, n.CreatedAt = t.ID, s.Now()
		if err := tx.CreateTestNumber(ctx, &n); err != nil {
			return err
		}
	}
	return nil
}

// moveDemo gives the demo's appkey the provider's new address.
func (s *Service) moveDemo(ctx context.Context, appkey models.NewAppkey) error {
	ks, err := s.DB.AllAppkeys(ctx)
	if err != nil {
		return err
	}
	for _, k := range ks {
		if k.Appkey == appkey.Appkey && k.BaseURL != appkey.BaseURL {
			k.BaseURL = appkey.BaseURL
			if err := s.DB.SaveAppkey(ctx, k); err != nil {
				return err
			}
		}
	}
	return nil
}
