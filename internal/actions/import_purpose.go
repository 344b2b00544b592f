package actions

import (
	"context"
	"fmt"
	"slices"

	"soshik/models"
)

// conclude does what the import is for with the audience that it has filled.
func (w *importWork) conclude(ctx context.Context, tx *models.DB, done models.Import) error {
	switch done.Purpose {
	case models.PurposeCampaign:
		return w.s.giveImport(ctx, tx, done)
	case models.PurposeCreate:
		return w.s.nameImport(ctx, tx, done)
	case models.PurposeSuppress:
		return w.s.beginWork(ctx, tx, models.AudienceWork{
			TeamID: done.TeamID, AudienceID: done.AudienceID, Kind: models.WorkSuppress, AskedBy: done.CreatedBy,
			Sources: []models.Source{{AudienceID: done.AudienceID, Name: done.FileName, Staged: true, Reason: done.TargetName}},
		})
	}
	return w.s.beginWork(ctx, tx, models.AudienceWork{
		TeamID: done.TeamID, AudienceID: done.TargetID, Kind: models.WorkKind(done.Purpose), AskedBy: done.CreatedBy,
		Sources: []models.Source{{AudienceID: done.AudienceID, Name: done.FileName, Staged: true}},
	})
}

// giveImport makes the audience of an import the campaign's, unless the campaign has
// been launched in the meantime. One that came of other audiences before has served its
// purpose then.
func (s *Service) giveImport(ctx context.Context, tx *models.DB, done models.Import) error {
	c, err := tx.CampaignByID(ctx, done.CampaignID)
	if err != nil {
		return err
	}
	used, err := tx.UseAudience(ctx, c.ID, done.AudienceID, done.CreatedBy)
	if err != nil {
		return err
	}
	if !used {
		return noDraft(c)
	}
	last, found, err := tx.LastCampaignWork(ctx, c.ID)
	if err != nil || !found {
		return err
	}
	if err := tx.UseAudiences(ctx, c.ID, nil, s.Now()); err != nil || last.AudienceID != c.AudienceID {
		return err
	}
	return s.discard(ctx, tx, c.TeamID, c.AudienceID)
}

// nameImport gives the audience of an import the name that it was to get, or one with
// a number if that is taken.
func (s *Service) nameImport(ctx context.Context, tx *models.DB, done models.Import) error {
	name := done.TargetName
	for n := 2; ; n++ {
		taken, err := tx.AudienceNameTaken(ctx, done.TeamID, name)
		if err != nil {
			return err
		}
		if !taken {
			break
		}
		name = fmt.Sprintf("%s (%d)", done.TargetName, n)
	}
	return tx.SetAudience(ctx, done.AudienceID, map[string]any{"name": name, "source": models.SourceFile, "origin": done.FileName})
}

// CreateTeamImport is [Service.CreateImport] for a file that makes or changes an audience,
// or suppresses numbers.
func (s *Service) CreateTeamImport(ctx context.Context, by models.Actor, teamID int64, up Upload) (i models.Import, err error) {
	changes := []models.ImportPurpose{models.PurposeAppend, models.PurposeReplace, models.PurposeSubtract}
	if up.For == models.PurposeCampaign || up.Target != 0 && !slices.Contains(changes, up.For) {
		return i, withField(nil, "kind", "field.choose")
	}
	return s.CreateImport(ctx, by, models.Campaign{TeamID: teamID, State: models.CampaignDraft}, up)
}
