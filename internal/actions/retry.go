package actions

import (
	"context"
	"slices"

	"soshik/models"
)

// NewRetry is what is filled in to send failed messages of a campaign again.
type NewRetry struct {
	Name  string
	Codes []string // of the messages; answer_lost only where somebody has said so
}

// CopyCampaign begins a draft with everything of a campaign but its time. Its recipients
// are the same, if they are still there.
func (s *Service) CopyCampaign(ctx context.Context, by models.Actor, k models.Appkey, of models.Campaign, name string) (models.Campaign, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return models.Campaign{}, err
	}
	if of.Test {
		return models.Campaign{}, models.Errorf(models.Conflict, "retry.test")
	}
	c := s.copyOf(by, k, of, name)
	c.CopiedFrom = of.ID
	audience, err := s.DB.Audience(ctx, of.TeamID, of.AudienceID)
	if err != nil && models.KindOf(err) != models.NotFound {
		return c, err
	}
	if err == nil && audience.ErasedAt == nil {
		c.AudienceID = audience.ID
	}
	err = s.begin(ctx, by, &c, "campaign.copy", map[string]any{"of": of.ID, "audience": c.AudienceID != 0}, func(tx *models.DB) error {
		return tx.CopyAudienceUses(ctx, of.ID, c.ID)
	})
	return c, err
}

// copyOf is a draft with the content, fallback and sender of a campaign.
func (s *Service) copyOf(by models.Actor, k models.Appkey, of models.Campaign, name string) models.Campaign {
	c := s.newDraft(by, k, name, of.SenderID)
	c.Channel, c.Content, c.Fallback, c.RetryOf = of.Channel, of.Content, of.Fallback, of.RetryOf
	c.Pace, c.PerDay = of.Pace, of.PerDay
	c.TemplateID, c.TemplateVersion = of.TemplateID, of.TemplateVersion
	return c
}

// begin keeps a draft that was made of another campaign, if its name is right.
func (s *Service) begin(ctx context.Context, by models.Actor, c *models.Campaign, action string, after any, and func(tx *models.DB) error) error {
	if err := (models.NewCampaign{Name: c.Name}).CheckName(); err != nil {
		return err
	}
	e := models.Event{Action: action, TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectName: c.Name, After: after}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateCampaign(ctx, c); err != nil {
			return err
		}
		e.ObjectID = c.ID
		if err := tx.UseImage(ctx, models.PlaceCampaign, c.ID, c.Content.ImageID()); err != nil {
			return err
		}
		return and(tx)
	})
}

// Retry begins a draft that sends messages of a campaign again that have failed with one
// of the codes, to the same recipients with the same values. Who of them has been reached
// by SMS, may be yet, or may have got the message is left out, now and whenever it is
// sent.
func (s *Service) Retry(ctx context.Context, by models.Actor, k models.Appkey, of models.Campaign, in NewRetry) (models.Campaign, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return models.Campaign{}, err
	}
	if !of.Retryable() {
		return models.Campaign{}, models.Errorf(models.Conflict, "retry.not_now")
	}
	offered, err := s.DB.RetryCodes(ctx, of.ID)
	if err != nil {
		return models.Campaign{}, err
	}
	var codes []string
	for _, o := range offered {
		if o.Choosable() && slices.Contains(in.Codes, o.Code) {
			codes = append(codes, o.Code)
		}
	}
	if len(codes) == 0 {
		return models.Campaign{}, withField(nil, "code", "retry.choose")
	}
	c := s.copyOf(by, k, of, in.Name)
	c.RetryOf = of.ID
	err = s.begin(ctx, by, &c, "campaign.retry", map[string]any{"of": of.ID, "codes": codes}, func(tx *models.DB) error {
		a := models.Audience{TeamID: c.TeamID, CreatedBy: by.User.ID, CreatedAt: s.Now()}
		if err := tx.CreateAudience(ctx, &a); err != nil {
			return err
		}
		return s.beginWork(ctx, tx, models.AudienceWork{
			TeamID: c.TeamID, AudienceID: a.ID, CampaignID: c.ID, Kind: models.WorkAppend, AskedBy: by.User.ID,
			Sources: []models.Source{{CampaignID: of.ID, Name: of.Name, Codes: codes, Retried: true}},
		})
	})
	return c, err
}
