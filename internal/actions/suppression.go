package actions

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

func suppressionEvent(action string, s models.Suppression) models.Event {
	name := kakao.MaskPhone(s.Phone)
	if s.Hashed() {
		name = ""
	}
	return models.Event{Action: action, TeamID: s.TeamID, ObjectType: "suppression", ObjectID: s.ID, ObjectName: name}
}

// Suppress puts pasted numbers on the suppression list of a team, and has stopped what
// is planned or held for them. It says how many were not on it.
func (s *Service) Suppress(ctx context.Context, by models.Actor, teamID int64, in models.NewSuppression) (added int64, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return 0, err
	}
	numbers, err := in.Parse()
	if err := allFields(err, models.CheckReason(in.Reason)); err != nil {
		return 0, err
	}
	ss := make([]models.Suppression, len(numbers.Phones))
	for i, phone := range numbers.Phones {
		ss[i] = models.Suppression{
			TeamID: teamID, Phone: phone, Source: models.SuppressedByHand, Reason: in.Reason, CreatedBy: by.User.ID, CreatedAt: s.Now(),
		}
	}
	e := models.Event{Action: "suppression.add", TeamID: teamID, ObjectType: "suppression"}
	if len(ss) == 1 {
		e.ObjectName = kakao.MaskPhone(ss[0].Phone)
	}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if added, err = tx.Suppress(ctx, ss); err != nil {
			return err
		}
		e.After = map[string]any{"numbers": len(ss), "added": added, "reason": kakao.MaskPhones(in.Reason)}
		if added > manySuppressed {
			if err := tx.AnalyzeSuppressions(ctx); err != nil {
				return err
			}
		}
		return s.applySoon(ctx, tx, teamID)
	})
	return added, err
}

// manySuppressed is from how many new numbers on the database has to look at the list
// anew.
const manySuppressed = 500

// Unsuppress takes a number off the list, for a reason. That it was there stays.
func (s *Service) Unsuppress(ctx context.Context, by models.Actor, sup models.Suppression, reason string) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	if err := models.CheckReason(reason); err != nil {
		return err
	}
	e := suppressionEvent("suppression.remove", sup)
	e.Before, e.After = map[string]any{"source": sup.Source, "since": sup.CreatedAt}, map[string]any{"reason": kakao.MaskPhones(reason)}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		removed, err := tx.Unsuppress(ctx, sup, by.User.ID, reason, s.Now())
		if err == nil && !removed {
			return models.Errorf(models.Conflict, "suppression.removed_already")
		}
		return err
	})
}

// ExportSuppressions records that somebody takes the suppression list away as a file.
func (s *Service) ExportSuppressions(ctx context.Context, by models.Actor, team models.Team) error {
	if err := by.May(models.ViewNumbers); err != nil {
		return err
	}
	return s.DB.Audit(ctx, by, models.Event{
		Action: "suppression.export", TeamID: team.ID, ObjectType: "team", ObjectID: team.ID, ObjectName: team.Name,
		After: map[string]any{"size": team.Suppressed},
	})
}

// SaveRecipientSettings changes a team's rule of suppressing, its limit of messages to a
// person, and how long personal data is kept.
func (s *Service) SaveRecipientSettings(ctx context.Context, by models.Actor, teamID int64, in models.RecipientSettings) error {
	if err := by.May(models.ManageTeam); err != nil {
		return err
	}
	e := models.Event{Action: "team.update", TeamID: teamID, ObjectType: "team", ObjectID: teamID}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		t, err := tx.Team(ctx, teamID)
		if err != nil {
			return err
		}
		e.ObjectName, e.Before = t.Name, recipientSettings(t)
		if err := in.Apply(&t); err != nil {
			return err
		}
		e.After = recipientSettings(t)
		return tx.SaveRecipientSettings(ctx, t)
	})
}

func recipientSettings(t models.Team) any {
	return map[string]any{"suppress_codes": t.SuppressCodes, "weekly_limit": t.WeeklyLimit, "retention_days": t.RetentionDays}
}

// Hasher makes hashes of numbers under the team's own key; nil while the team has no
// hashes on its list.
func (s *Service) Hasher(team models.Team) (models.Hasher, error) {
	if team.Hashed == 0 || team.HashKey == nil {
		return nil, nil
	}
	return s.hasher(team)
}

func (s *Service) hasher(team models.Team) (models.Hasher, error) {
	key, err := s.Keeper.Unseal(team.HashKey)
	if err != nil {
		return nil, fmt.Errorf("hash key of team %d: %w", team.ID, err)
	}
	return func(phone string) string {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(phone))
		return models.HashedPhone(hex.EncodeToString(mac.Sum(nil)))
	}, nil
}

// suppressed are the open messages of a batch that must not go out, each with the
// reason: its number is on the suppression list, or its recipient would get too many.
func (s *Service) suppressed(ctx context.Context, tx *models.DB, c models.Campaign, team models.Team, b models.Batch) (map[int64]string, error) {
	skipped := map[int64]string{}
	if team.WeeklyLimit > 0 && !c.Test {
		over, err := tx.OverLimit(ctx, c, b.ID, s.goesOut(b), team.WeeklyLimit)
		if err != nil {
			return nil, fmt.Errorf("limit: %w", err)
		}
		for _, id := range over {
			skipped[id] = models.SkipLimit
		}
	}
	if c.RetryOf != 0 {
		ids, err := tx.Unfailed(ctx, c.RetryOf, b.ID)
		if err != nil {
			return nil, fmt.Errorf("what is retried: %w", err)
		}
		for _, id := range ids {
			skipped[id] = models.SkipReached
		}
	}
	if team.Suppressed > 0 {
		hash, err := s.Hasher(team)
		if err != nil {
			return nil, err
		}
		ids, err := tx.SuppressedMessages(ctx, team.ID, b.ID, hash)
		if err != nil {
			return nil, fmt.Errorf("suppression list: %w", err)
		}
		for _, id := range ids {
			skipped[id] = models.SkipSuppressed
		}
	}
	return skipped, nil
}

// goesOut is when the provider sends a batch, if it is handed over now or when it is due.
func (s *Service) goesOut(b models.Batch) (at time.Time) {
	at = latest(s.Now(), b.DueAt)
	if b.SendAt != nil {
		at = latest(at, *b.SendAt)
	}
	return at
}

// skipSuppressed skips the messages of a planned batch that must not go out, and says
// whether any is left. Who has been on the list when the campaign was planned is
// skipped already.
func (s *Service) skipSuppressed(ctx context.Context, tx *models.DB, c models.Campaign, b models.Batch) (left bool, err error) {
	team, err := tx.Team(ctx, c.TeamID)
	if err != nil {
		return false, err
	}
	if team.WeeklyLimit > 0 && !c.Test { // or two campaigns would not see each other's
		if err := tx.LockTeam(ctx, team.ID); err != nil {
			return false, err
		}
	}
	skipped, err := s.suppressed(ctx, tx, c, team, b)
	if err != nil || len(skipped) == 0 {
		return true, err
	}
	return s.skipMessages(ctx, tx, b, skipped)
}

// skipMessages skips messages of a planned batch, and says whether any is left.
func (s *Service) skipMessages(ctx context.Context, tx *models.DB, b models.Batch, reasons map[int64]string) (left bool, err error) {
	outcomes := make([]models.MessageOutcome, 0, len(reasons))
	for id, reason := range reasons {
		outcomes = append(outcomes, models.MessageOutcome{ID: id, State: models.MessageSkipped, Code: reason, DoneAt: s.Now().UnixMilli()})
	}
	return s.endPlanned(ctx, tx, b, outcomes)
}

// endPlanned writes what has become of messages of a planned batch, and says whether any
// is left. A batch of which nothing is left is done.
func (s *Service) endPlanned(ctx context.Context, tx *models.DB, b models.Batch, outcomes []models.MessageOutcome) (left bool, err error) {
	if _, err := tx.RecordOutcomes(ctx, outcomes); err != nil {
		return false, err
	}
	now, err := tx.Batch(ctx, b.ID)
	if err != nil || now.Open() > 0 {
		return true, err
	}
	to := models.BatchRefused
	if now.Cancelled == now.Size {
		to = models.BatchCancelled
	}
	_, err = tx.MoveBatch(ctx, now, []models.BatchState{models.BatchPlanned}, to, nil)
	return false, err
}

// suppressResults puts those on the list whose messages have ended in one of the codes
// that their team's rule names.
func (s *Service) suppressResults(ctx context.Context, tx *models.DB, outcomes []models.MessageOutcome) error {
	found := map[int64][]models.MessageOutcome{} // by campaign
	for _, o := range outcomes {
		if (o.State == models.MessageFailed || o.State == models.MessageSMS) && optOut(o.Code) {
			found[o.CampaignID] = append(found[o.CampaignID], o)
		}
	}
	for campaignID, os := range found {
		if err := s.suppressFailed(ctx, tx, campaignID, os); err != nil {
			return err
		}
	}
	return nil
}

func optOut(code string) bool { return slices.Contains(kakao.OptOutCodes(), code) }

func (s *Service) suppressFailed(ctx context.Context, tx *models.DB, campaignID int64, outcomes []models.MessageOutcome) error {
	c, err := tx.CampaignByID(ctx, campaignID)
	if err != nil || c.Test {
		return err
	}
	team, err := tx.Team(ctx, c.TeamID)
	if err != nil {
		return err
	}
	codes := map[int64]string{}
	var ids []int64
	for _, o := range outcomes {
		if slices.Contains(team.SuppressCodes, o.Code) {
			ids, codes[o.ID] = append(ids, o.ID), o.Code
		}
	}
	if len(ids) == 0 {
		return nil
	}
	ms, err := tx.MessagesWith(ctx, ids)
	if err != nil {
		return err
	}
	ss := make([]models.Suppression, 0, len(ms))
	for _, m := range ms {
		if m.CampaignID == c.ID && !m.Erased() {
			ss = append(ss, models.Suppression{
				TeamID: team.ID, Phone: m.Phone, Source: models.SuppressedByResult, Reason: codes[m.ID], Origin: c.Name, CampaignID: c.ID, CreatedAt: s.Now(),
			})
		}
	}
	added, err := tx.Suppress(ctx, ss)
	if err != nil || added == 0 {
		return err
	}
	e := models.Event{
		Action: "suppression.by_rule", TeamID: team.ID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		After: map[string]any{"added": added},
	}
	if err := tx.Audit(ctx, models.Actor{}, e); err != nil {
		return err
	}
	return s.applySoon(ctx, tx, team.ID)
}
