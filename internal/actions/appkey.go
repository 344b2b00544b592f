package actions

import (
	"context"
	"time"

	"soshik/internal/nhn"
	"soshik/models"
)

// CreateAppkey adds an appkey to a team. Its secret key is stored encrypted.
func (s *Service) CreateAppkey(ctx context.Context, by models.Actor, teamID int64, in models.NewAppkey) (models.Appkey, error) {
	if err := by.May(models.ManageAppkeys); err != nil {
		return models.Appkey{}, err
	}
	if err := in.Validate(); err != nil {
		return models.Appkey{}, err
	}
	k := s.newAppkey(teamID, in)
	k.Secret = s.Keeper.Seal(in.Secret)
	e := models.Event{Action: "appkey.create", TeamID: teamID, ObjectType: "appkey", ObjectName: k.Name, After: k.Settings()}
	err := s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateAppkey(ctx, &k); err != nil {
			return err
		}
		e.AppkeyID, e.ObjectID = k.ID, k.ID
		return nil
	})
	return k, err
}

func (s *Service) newAppkey(teamID int64, in models.NewAppkey) models.Appkey {
	now := s.Now()
	return models.Appkey{
		TeamID: teamID, Name: in.Name, Appkey: in.Appkey, BaseURL: models.NormalBaseURL(in.BaseURL),
		SenderVersion: in.SenderVersion, ConvertToBrand: in.ConvertToBrand, RatePerSecond: models.DefaultRate,
		CreatedAt: now, UpdatedAt: now,
	}
}

// UpdateAppkey changes the settings of k. An empty secret key stays what it is.
func (s *Service) UpdateAppkey(ctx context.Context, by models.Actor, k models.Appkey, in models.AppkeySettings) error {
	if err := by.May(models.ManageAppkeys); err != nil {
		return err
	}
	in.BaseURL = models.NormalBaseURL(in.BaseURL)
	if err := in.Validate(k); err != nil {
		return err
	}
	e := models.Event{
		Action: "appkey.update", TeamID: k.TeamID, AppkeyID: k.ID, ObjectType: "appkey", ObjectID: k.ID, ObjectName: k.Name,
		Before: k.Settings(), After: changedSettings{in, in.Secret != ""},
	}
	if in.Secret != "" {
		k.Secret = s.Keeper.Seal(in.Secret)
	}
	k.Name, k.BaseURL, k.SenderVersion = in.Name, in.BaseURL, in.SenderVersion
	k.ConvertToBrand, k.RatePerSecond = in.ConvertToBrand, in.RatePerSecond
	k.ForeignSince = s.foreignSince(k, in.Foreign)
	return s.change(ctx, by, &e, func(tx *models.DB) error { return tx.SaveAppkey(ctx, k) })
}

// foreignSince is since when messages of others are taken in, if they are to be.
func (s *Service) foreignSince(k models.Appkey, on bool) *time.Time {
	switch {
	case !on:
		return nil
	case k.ForeignSince != nil:
		return k.ForeignSince
	}
	return new(s.Now())
}

// changedSettings is what the audit log keeps of new settings.
type changedSettings struct {
	models.AppkeySettings
	SecretChanged bool `json:"secret_changed"`
}

// TestConnection asks the provider with what is filled in, without saving it. It
// answers how many senders the appkey has.
func (s *Service) TestConnection(ctx context.Context, by models.Actor, in models.NewAppkey) (senders int, err error) {
	if err := by.May(models.ManageAppkeys); err != nil {
		return 0, err
	}
	if err := in.ValidateConnection(); err != nil {
		return 0, err
	}
	return countSenders(ctx, s.Provider.trial(s.newAppkey(0, in), in.Secret))
}

// TestAppkey asks the provider with the settings of k. It answers how many senders
// the appkey has.
func (s *Service) TestAppkey(ctx context.Context, by models.Actor, k models.Appkey) (senders int, err error) {
	if err := by.May(models.ManageAppkeys); err != nil {
		return 0, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return 0, err
	}
	return countSenders(ctx, client)
}

func countSenders(ctx context.Context, client *nhn.Client) (int, error) {
	first, total, err := client.Senders(ctx, nhn.SenderFilter{PageSize: 1})
	return max(total, len(first)), explain(err)
}
