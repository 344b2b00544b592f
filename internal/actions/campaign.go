package actions

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"soshik/models"
)

// CreateCampaign begins a draft. What is missing or wrong in it is told later, by
// the check.
func (s *Service) CreateCampaign(ctx context.Context, by models.Actor, appkey models.Appkey, name string) (models.Campaign, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return models.Campaign{}, err
	}
	now := time.Now().UTC()
	c := models.Campaign{
		TeamID: appkey.TeamID, AppkeyID: appkey.ID, Channel: models.FriendTalk, ULID: ulid.Make().String(), Name: name,
		State: models.CampaignDraft, Content: models.Content{Ad: true}, Fallback: models.Fallback{},
		CreatedBy: by.User.ID, CreatedAt: now, UpdatedAt: now,
	}
	e := models.Event{Action: "campaign.create", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectName: c.Name}
	err := s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateCampaign(ctx, &c); err != nil {
			return err
		}
		e.ObjectID = c.ID
		return nil
	})
	return c, err
}

// SaveDraft keeps what has been edited of a draft. c carries the revision that was
// edited: if somebody else has saved in the meantime, nothing is written.
func (s *Service) SaveDraft(ctx context.Context, by models.Actor, before, c models.Campaign) (models.Campaign, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return c, err
	}
	e := models.Event{
		Action: "campaign.update", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		Before: draftOf(before), After: draftOf(c),
	}
	err := s.change(ctx, by, &e, func(tx *models.DB) error { return tx.SaveDraft(ctx, &c) })
	return c, err
}

// draft is what the audit log keeps of a draft.
type draft struct {
	Name        string
	SenderID    int64
	Content     models.Content
	Fallback    models.Fallback
	AudienceID  int64
	ScheduledAt *time.Time
}

func draftOf(c models.Campaign) draft {
	return draft{c.Name, c.SenderID, c.Content, c.Fallback, c.AudienceID, c.ScheduledAt}
}

// Launch freezes a checked draft and begins to plan it. A second launch finds it
// launched and does nothing.
func (s *Service) Launch(ctx context.Context, by models.Actor, appkeyID, id int64) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	c, err := s.DB.Campaign(ctx, appkeyID, id)
	if err != nil {
		return err
	}
	if c.State != models.CampaignDraft {
		return models.Errorf(models.Conflict, "campaign.launched_already")
	}
	report, err := s.Check(ctx, c)
	if err != nil {
		return err
	}
	if report.Blocked() {
		return models.Errorf(models.Invalid, "check.blocked")
	}
	e := models.Event{
		Action: "campaign.launch", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		After: map[string]any{"audience": report.Audience, "scheduled_at": c.ScheduledAt, "revision": c.Revision},
	}
	return s.change(ctx, by, &e, func(tx *models.DB) error { return s.launch(ctx, tx, by, c, report) })
}

func (s *Service) launch(ctx context.Context, tx *models.DB, by models.Actor, c models.Campaign, report Report) error {
	launched, err := tx.LaunchCampaign(ctx, c, by.User.ID, report.Audience, s.Now())
	if err != nil {
		return err
	}
	if !launched {
		return models.Errorf(models.Conflict, "campaign.changed")
	}
	_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), PlanCampaign{CampaignID: c.ID}, nil)
	return err
}

// Pause holds back what has not been handed over. What the provider holds already
// is sent by the provider.
func (s *Service) Pause(ctx context.Context, by models.Actor, appkeyID, id int64) error {
	return s.steer(ctx, by, appkeyID, id, "campaign.pause", func(ctx context.Context, tx *models.DB, c models.Campaign) (bool, error) {
		return tx.MoveCampaign(ctx, c.ID, []models.CampaignState{models.CampaignScheduled, models.CampaignSending}, models.CampaignPaused,
			map[string]any{"hold": "hold.by_hand", "hold_code": 0})
	})
}

// Resume lets a paused or held campaign go on. Batches whose time has passed
// meanwhile are due from now on.
func (s *Service) Resume(ctx context.Context, by models.Actor, appkeyID, id int64) error {
	return s.steer(ctx, by, appkeyID, id, "campaign.resume", func(ctx context.Context, tx *models.DB, c models.Campaign) (bool, error) {
		if c.Planned < c.Audience {
			return tx.MoveCampaign(ctx, c.ID, stopped(), models.CampaignPlanning, map[string]any{"hold": "", "hold_code": 0, "refusals": 0})
		}
		if err := tx.RenewDue(ctx, c.ID, s.Now()); err != nil {
			return false, err
		}
		return tx.MoveCampaign(ctx, c.ID, stopped(), s.runningState(c), map[string]any{"hold": "", "hold_code": 0, "refusals": 0})
	})
}

func stopped() []models.CampaignState {
	return []models.CampaignState{models.CampaignPaused, models.CampaignHeld}
}

// runningState is scheduled while c's time is to come.
func (s *Service) runningState(c models.Campaign) models.CampaignState {
	if c.ScheduledAt != nil && c.ScheduledAt.After(s.Now()) {
		return models.CampaignScheduled
	}
	return models.CampaignSending
}

// steer changes the state of a launched campaign on a person's behalf.
func (s *Service) steer(ctx context.Context, by models.Actor, appkeyID, id int64, action string, move func(context.Context, *models.DB, models.Campaign) (bool, error)) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	c, err := s.DB.Campaign(ctx, appkeyID, id)
	if err != nil {
		return err
	}
	e := models.Event{
		Action: action, TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		Before: map[string]any{"state": c.State, "hold": c.Hold},
	}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		moved, err := move(ctx, tx, c)
		if err == nil && !moved {
			return models.Errorf(models.Conflict, "campaign.moved")
		}
		return err
	})
}

// Severity is how much a finding weighs.
type Severity string

// The severities.
const (
	Blocking Severity = "blocking"
	Warning  Severity = "warning"
	Note     Severity = "note" // cannot be known here, or only worth knowing
)

// Finding is one thing that the check has to say: what is wrong, and on which step
// of composing it is mended.
type Finding struct {
	Severity Severity
	Text     models.Text
	Step     string // message, recipients, fallback, schedule
	Count    int64  // recipients that it is about, 0 if it is not about some
}

// Report is what the check has found.
type Report struct {
	Findings []Finding
	Audience int64 // recipients
	Sendable int64 // of them those that will not be skipped
}

// Blocked reports whether the campaign cannot be launched as it is.
func (r Report) Blocked() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == Blocking })
}

func (r *Report) add(severity Severity, step, key string, args ...any) {
	r.Findings = append(r.Findings, Finding{Severity: severity, Step: step, Text: models.T(key, args...)})
}

// addForm adds what is wrong with the form of a step.
func (r *Report) addForm(step string, err error) error {
	if err == nil {
		return nil
	}
	fields := models.FieldTexts(err)
	if fields == nil {
		return err
	}
	for _, t := range fields {
		r.Findings = append(r.Findings, Finding{Severity: Blocking, Step: step, Text: t})
	}
	return nil
}

// Check runs every rule over the draft and all its recipients.
func (s *Service) Check(ctx context.Context, c models.Campaign) (r Report, err error) {
	sender, err := s.checkMessage(ctx, c, &r)
	if err != nil {
		return r, err
	}
	if err := s.checkRecipients(ctx, c, &r); err != nil {
		return r, err
	}
	if err := r.addForm("fallback", c.Fallback.Check(c.Content.Ad, sender)); err != nil {
		return r, err
	}
	if err := r.addForm("schedule", models.CheckSchedule(c.ScheduledAt, s.Now())); err != nil {
		return r, err
	}
	s.checkCircumstances(c, sender, &r)
	return r, nil
}

func (s *Service) checkMessage(ctx context.Context, c models.Campaign, r *Report) (models.Sender, error) {
	draft := models.NewCampaign{Name: c.Name, SenderID: c.SenderID, Content: c.Content}
	if err := r.addForm("message", draft.Validate(c.Channel)); err != nil || c.SenderID == 0 {
		return models.Sender{}, err
	}
	sender, err := s.DB.Sender(ctx, c.AppkeyID, c.SenderID)
	if err != nil {
		return sender, err
	}
	if usable, reason := sender.Usable(); !usable {
		r.Findings = append(r.Findings, Finding{Severity: Blocking, Step: "message", Text: reason})
	}
	return sender, nil
}

// checkRecipients puts every message together.
func (s *Service) checkRecipients(ctx context.Context, c models.Campaign, r *Report) error {
	if c.AudienceID == 0 {
		r.add(Blocking, "recipients", "check.no_recipients")
		return nil
	}
	audience, err := s.DB.Audience(ctx, c.TeamID, c.AudienceID)
	if err != nil {
		return err
	}
	r.Audience = audience.Size
	for _, name := range c.Content.Names(c.Fallback) {
		if !slices.Contains(audience.Columns, name) && !hasDefault(c, name) {
			r.add(Blocking, "recipients", "check.no_column", "Name", name)
		}
	}
	if r.Blocked() {
		return nil
	}
	skipped, err := s.countSkips(ctx, c)
	if err != nil {
		return err
	}
	r.Sendable = r.Audience - skipped[models.SkipNoValue] - skipped[models.SkipTooLong]
	for _, reason := range []string{models.SkipNoValue, models.SkipTooLong} {
		if n := skipped[reason]; n > 0 {
			r.Findings = append(r.Findings, Finding{Severity: Warning, Step: "recipients", Text: models.T("check."+reason, "Count", n), Count: n})
		}
	}
	if r.Sendable == 0 {
		r.add(Blocking, "recipients", "check.nobody")
	}
	return nil
}

// hasDefault reports whether every place of the variable has a default.
func hasDefault(c models.Campaign, name string) bool {
	_, skip, err := models.NewComposer(c.Channel, c.Content, c.Fallback).Compose(othersFilled(c, name))
	return err == nil && skip != models.SkipNoValue
}

// othersFilled are values for all variables but name.
func othersFilled(c models.Campaign, name string) string {
	values := map[string]string{}
	for _, n := range c.Content.Names(c.Fallback) {
		if n != name {
			values[n] = "x"
		}
	}
	return models.VarsJSON(values)
}

// checkChunk is how many recipients are read at a time.
const checkChunk = 5000

func (s *Service) countSkips(ctx context.Context, c models.Campaign) (map[string]int64, error) {
	composer := models.NewComposer(c.Channel, c.Content, c.Fallback)
	skipped := map[string]int64{}
	if composer.Fixed() {
		return skipped, nil
	}
	after := ""
	for {
		rs, err := s.DB.RecipientsAfter(ctx, c.AudienceID, after, checkChunk)
		if err != nil || len(rs) == 0 {
			return skipped, err
		}
		for _, recipient := range rs {
			_, skip, err := composer.Compose(recipient.Vars)
			if err != nil {
				return nil, fmt.Errorf("recipient %d: %w", recipient.ID, err)
			}
			if skip != "" {
				skipped[skip]++
			}
		}
		after = rs[len(rs)-1].Phone
	}
}

// checkCircumstances looks at what is not wrong in itself.
func (s *Service) checkCircumstances(c models.Campaign, sender models.Sender, r *Report) {
	if left := sender.DailyMax - sender.SentCount; sender.DailyMax > 0 && r.Sendable > int64(left) {
		r.add(Warning, "recipients", "check.daily_max", "Max", sender.DailyMax, "Sent", sender.SentCount, "Count", r.Sendable)
	}
	if c.ScheduledAt != nil && c.ScheduledAt.After(s.Now().AddDate(0, 0, models.WarnDays)) {
		r.add(Warning, "schedule", "check.far", "Days", models.WarnDays)
	}
	if c.Content.Ad && !c.Fallback.On {
		r.add(Note, "fallback", "check.no_fallback")
	}
	r.add(Note, "recipients", "check.friends_only")
}
