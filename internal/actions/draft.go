package actions

import (
	"context"

	"soshik/models"
)

// KeepDraft keeps what the person has typed at a place that can be edited, without
// saving it; saved is what is saved there. What differs from it by nothing is not
// kept, and what was kept before is forgotten. It changes nothing that anybody else
// sees, so it is not audited.
func (s *Service) KeepDraft(ctx context.Context, by models.Actor, d models.Draft, saved models.Typed) (kept models.Draft, differs bool, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return d, false, err
	}
	d.UserID, d.SavedAt = by.User.ID, s.Now().UTC()
	if d.Typed.Same(saved) {
		return d, false, s.DB.ForgetDraft(ctx, d.UserID, d.Place, d.PlaceID)
	}
	return d, true, s.DB.KeepDraft(ctx, d)
}

// ForgetDraft drops what the person has typed at a place and not saved.
func (s *Service) ForgetDraft(ctx context.Context, by models.Actor, place models.ImagePlace, placeID int64) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	return s.DB.ForgetDraft(ctx, by.User.ID, place, placeID)
}
