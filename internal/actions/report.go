package actions

import (
	"context"
	"slices"

	"soshik/models"
)

// AudienceOfCodes makes a named audience of those of a campaign whose messages ended with
// one of the codes. A job puts them in.
func (s *Service) AudienceOfCodes(ctx context.Context, by models.Actor, c models.Campaign, in models.NewAudience, codes []string) (models.Audience, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return models.Audience{}, err
	}
	if c.ErasedAt != nil || c.State.Unlaunched() {
		return models.Audience{}, models.Errorf(models.Conflict, "audience.no_results")
	}
	counted, err := s.DB.CodeCounts(ctx, c.ID)
	if err != nil {
		return models.Audience{}, err
	}
	var there []string
	for _, code := range codes {
		if code != "" && slices.ContainsFunc(counted, func(c models.CodeCount) bool { return c.Code == code }) {
			there = append(there, code)
		}
	}
	if len(there) == 0 {
		return models.Audience{}, allFields(in.Validate(), withField(nil, "code", "audience.choose_results"))
	}
	return s.CreateAudience(ctx, by, c.TeamID, in, AudienceFrom{Results: models.Source{CampaignID: c.ID, Codes: there}})
}
