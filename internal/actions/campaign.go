package actions

import (
	"context"
	"reflect"
	"time"

	"github.com/oklog/ulid/v2"

	"soshik/models"
)

// CreateCampaign begins a draft. Only its name has to be right; what else is
// missing or wrong is told later. Without a sender it takes the appkey's only one.
func (s *Service) CreateCampaign(ctx context.Context, by models.Actor, appkey models.Appkey, in models.NewCampaign) (models.Campaign, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return models.Campaign{}, err
	}
	if err := in.CheckName(); err != nil {
		return models.Campaign{}, err
	}
	senderID, err := s.chooseSender(ctx, appkey.ID, in.SenderID)
	if err != nil {
		return models.Campaign{}, err
	}
	c := s.newDraft(by, appkey, in.Name, senderID)
	e := models.Event{Action: "campaign.create", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectName: c.Name}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateCampaign(ctx, &c); err != nil {
			return err
		}
		e.ObjectID = c.ID
		return nil
	})
	return c, err
}

// newDraft is a draft in which nothing has been written.
func (s *Service) newDraft(by models.Actor, k models.Appkey, name string, senderID int64) models.Campaign {
	now := s.Now()
	return models.Campaign{
		TeamID: k.TeamID, AppkeyID: k.ID, Channel: models.FriendTalk, ULID: ulid.Make().String(), Name: name,
		State: models.CampaignDraft, SenderID: senderID, Content: models.Content{Ad: true}, Fallback: models.Fallback{},
		CreatedBy: by.User.ID, EditedBy: by.User.ID, CreatedAt: now, UpdatedAt: now,
	}
}

// chooseSender is the sender that was chosen or, where there is no choice, the
// appkey's only one.
func (s *Service) chooseSender(ctx context.Context, appkeyID, chosen int64) (int64, error) {
	if chosen != 0 {
		return chosen, s.checkSender(ctx, appkeyID, chosen)
	}
	senders, err := s.DB.Senders(ctx, appkeyID)
	if err != nil || len(senders) != 1 {
		return 0, err
	}
	return senders[0].ID, nil
}

// checkSender refuses a sender that is not the appkey's.
func (s *Service) checkSender(ctx context.Context, appkeyID, id int64) error {
	_, err := s.DB.Sender(ctx, appkeyID, id)
	if err != nil && models.KindOf(err) == models.NotFound {
		return &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: map[string]models.Text{"sender": models.T("field.choose")}, Err: err}
	}
	return err
}

// SaveMessage keeps the message step of a draft, if everything on it is right.
func (s *Service) SaveMessage(ctx context.Context, by models.Actor, before, c models.Campaign) (models.Campaign, error) {
	c = editable(before, c)
	in := models.NewCampaign{Name: c.Name, SenderID: c.SenderID, Content: c.Content}
	if err := in.Validate(c.Channel); err != nil {
		return c, err
	}
	return s.SaveDraft(ctx, by, before, c)
}

// editable is c without edits of what the provider has registered, unless it is that of
// another template.
func editable(before, c models.Campaign) models.Campaign {
	if c.Channel.Registers() && c.TemplateID == before.TemplateID {
		c.SenderID, c.Content = before.SenderID, before.Content
	}
	return c
}

// SaveFallback keeps the fallback step of a draft, if everything on it is right.
func (s *Service) SaveFallback(ctx context.Context, by models.Actor, before, c models.Campaign) (models.Campaign, error) {
	var sender models.Sender
	if c.SenderID != 0 {
		var err error
		if sender, err = s.DB.Sender(ctx, c.AppkeyID, c.SenderID); err != nil {
			return c, err
		}
	}
	if err := c.Fallback.Check(c.Content.Ad, sender); err != nil {
		return c, err
	}
	return s.SaveDraft(ctx, by, before, c)
}

// SaveSchedule keeps the time and the pace of a draft, if it can be sent so.
func (s *Service) SaveSchedule(ctx context.Context, by models.Actor, before, c models.Campaign, in models.NewSchedule, pace models.NewPace) (models.Campaign, error) {
	at, err := in.At()
	pacing, paceErr := pace.Pacing()
	if err := models.JoinFields(err, paceErr); err != nil {
		return c, err
	}
	c.ScheduledAt, c.Pace, c.PerDay = at, pacing.Pace, pacing.PerDay
	if err := s.CheckSchedule(ctx, c); err != nil {
		return c, err
	}
	return s.SaveDraft(ctx, by, before, c)
}

// CheckSchedule finds what is wrong with when a draft is to be sent, if it is launched
// now.
func (s *Service) CheckSchedule(ctx context.Context, c models.Campaign) error {
	team, err := s.DB.Team(ctx, c.TeamID)
	if err != nil {
		return err
	}
	recipients, err := s.DB.AudienceSize(ctx, c)
	if err != nil {
		return err
	}
	now := s.Now()
	c = c.LaunchedNow(team, now)
	begin := now
	if c.UndoUntil != nil {
		begin = *c.UndoUntil
	}
	spread, _ := c.Spread()
	return models.JoinFields(c.Channel.CheckSchedule(c.ScheduledAt, begin), c.Channel.CheckPace(spread, recipients, now))
}

// SaveDraft keeps what has been edited of a draft, right or wrong. c carries the
// revision that was edited: if somebody else has saved in the meantime, nothing is
// written. What the person had typed and not saved is forgotten.
func (s *Service) SaveDraft(ctx context.Context, by models.Actor, before, c models.Campaign) (models.Campaign, error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return c, err
	}
	c = editable(before, c)
	if c.SenderID != before.SenderID && c.SenderID != 0 {
		if err := s.checkSender(ctx, c.AppkeyID, c.SenderID); err != nil {
			return c, err
		}
	}
	c.Content = c.Content.Trim()
	if c.Revision == before.Revision && reflect.DeepEqual(draftOf(before), draftOf(c)) {
		return c, s.ForgetDraft(ctx, by, models.PlaceCampaign, c.ID)
	}
	e := models.Event{
		Action: "campaign.update", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		Before: draftOf(before), After: draftOf(c),
	}
	c.EditedBy = by.User.ID
	err := s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.SaveDraft(ctx, &c); err != nil {
			return err
		}
		if err := tx.ForgetDraft(ctx, by.User.ID, models.PlaceCampaign, c.ID); err != nil {
			return err
		}
		return tx.UseImage(ctx, models.PlaceCampaign, c.ID, c.Content.ImageID())
	})
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
	Pace        int `json:",omitempty"`
	PerDay      int `json:",omitempty"`

	TemplateID      int64 `json:",omitempty"`
	TemplateVersion int   `json:",omitempty"`
}

func draftOf(c models.Campaign) draft {
	return draft{c.Name, c.SenderID, c.Content, c.Fallback, c.AudienceID, c.ScheduledAt, c.Pace, c.PerDay, c.TemplateID, c.TemplateVersion}
}

// Launch freezes a draft, or takes one that is approved as it is, and begins to plan it.
// revision is the one that was checked: a draft that has been edited since is not
// launched. A second launch finds it launched and does nothing.
func (s *Service) Launch(ctx context.Context, by models.Actor, appkeyID, id int64, revision int) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	c, err := s.DB.Campaign(ctx, appkeyID, id)
	if err != nil {
		return err
	}
	if !c.State.Unlaunched() {
		return models.Errorf(models.Conflict, "campaign.launched_already")
	}
	if c.Revision != revision {
		return models.Errorf(models.Conflict, "check.changed")
	}
	approval, err := s.launchable(ctx, c)
	if err != nil {
		return err
	}
	report, err := s.checked(ctx, by, c)
	if err != nil {
		return err
	}
	if err := s.uploadImageOf(ctx, c); err != nil && !triedLater(err) {
		return err
	}
	e := models.Event{
		Action: "campaign.launch", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		After: map[string]any{
			"audience": report.Audience, "scheduled_at": c.ScheduledAt, "pace": c.Pace, "per_day": c.PerDay, "revision": c.Revision, "approval": approval.ID,
		},
	}
	return s.change(ctx, by, &e, func(tx *models.DB) error { return s.launch(ctx, tx, by, c, approval, report) })
}

// checked is the report of the check by which c may be launched. Without one that holds,
// it begins another.
func (s *Service) checked(ctx context.Context, by models.Actor, c models.Campaign) (r models.Report, err error) {
	k, found, err := s.DB.Check(ctx, c.ID)
	if err != nil {
		return r, err
	}
	if !found || !k.Holds(c, s.Now()) {
		if _, err := s.StartCheck(ctx, by, c); err != nil {
			return r, err
		}
		if found && k.Of(c) && k.State == models.CheckDone {
			return r, models.Errorf(models.Conflict, "check.stale")
		}
		return r, models.Errorf(models.Conflict, "check.not_done")
	}
	r, err = s.Review(ctx, c, k)
	if err == nil && r.Blocked() {
		return r, models.Errorf(models.Invalid, "check.blocked")
	}
	return r, err
}

func (s *Service) launch(ctx context.Context, tx *models.DB, by models.Actor, c models.Campaign, approval models.Approval, report models.Report) error {
	if err := refuseStopped(ctx, tx, c.AppkeyID); err != nil {
		return err
	}
	team, err := tx.Team(ctx, c.TeamID)
	if err != nil {
		return err
	}
	launched, err := tx.LaunchCampaign(ctx, c.LaunchedNow(team, s.Now()), by.User.ID, report.Audience)
	if err != nil {
		return err
	}
	if !launched {
		return models.Errorf(models.Conflict, "check.changed")
	}
	if err := s.useApproval(ctx, tx, by, c, approval, report.Audience); err != nil {
		return err
	}
	if err := tx.ForgetDrafts(ctx, models.PlaceCampaign, c.ID); err != nil {
		return err
	}
	if err := tx.ForgetCheckRows(ctx, c.ID); err != nil { // the messages say it from now on
		return err
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
// meanwhile are due from now on, at the campaign's pace.
func (s *Service) Resume(ctx context.Context, by models.Actor, appkeyID, id int64) error {
	return s.steer(ctx, by, appkeyID, id, "campaign.resume", func(ctx context.Context, tx *models.DB, c models.Campaign) (bool, error) {
		if c.Planned < c.Audience {
			if c.Hold == holdRestored {
				return false, models.Errorf(models.Conflict, "campaign.restored_unplanned")
			}
			return tx.MoveCampaign(ctx, c.ID, stopped(), models.CampaignPlanning, map[string]any{"hold": "", "hold_code": 0, "refusals": 0})
		}
		if err := tx.RenewDue(ctx, c.ID, s.Now()); err != nil {
			return false, err
		}
		if err := s.layRest(ctx, tx, c); err != nil {
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
	if at := c.Begins(); at != nil && at.After(s.Now()) {
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
