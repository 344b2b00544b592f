package actions_test

import (
	"context"

	"soshik/models"
)

// Check runs a check of c to its end, and says what it has found of c as it was edited
// since.
func (b *bench) Check(ctx context.Context, c models.Campaign) (models.Report, error) {
	k, err := b.CheckNow(ctx, b.admin, c)
	if err != nil {
		return models.Report{}, err
	}
	return b.Review(ctx, c, k)
}

// Launch launches a campaign that has been checked just before.
func (b *bench) Launch(ctx context.Context, by models.Actor, appkeyID, id int64, revision int) error {
	c, err := b.DB.Campaign(ctx, appkeyID, id)
	if err != nil {
		return err
	}
	if c.State == models.CampaignDraft && c.Revision == revision {
		if _, err := b.CheckNow(ctx, by, c); err != nil {
			return err
		}
	}
	return b.Service.Launch(ctx, by, appkeyID, id, revision)
}
