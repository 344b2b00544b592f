package actions

import (
	"cmp"
	"context"
	"slices"

	"github.com/oklog/ulid/v2"

	"soshik/models"
)

// TestCampaign sends the message of a draft as it has been saved to test numbers of the
// team: as a campaign of its own, which takes the way of all others from the plan to
// the results. A form begins one test at most; when it has begun one before, again is
// true and test is that one.
func (s *Service) TestCampaign(ctx context.Context, by models.Actor, draft models.Campaign, in models.NewTest) (test models.Campaign, again bool, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return test, false, err
	}
	if test, again, err = s.DB.TestByToken(ctx, draft.TeamID, in.Token); err != nil || again {
		return test, again, err
	}
	if draft.State != models.CampaignDraft {
		return test, false, noDraft(draft)
	}
	if draft.Revision != in.Revision {
		return test, false, models.Errorf(models.Conflict, "test_message.changed")
	}
	e := models.Event{
		Action: "campaign.test", TeamID: draft.TeamID, AppkeyID: draft.AppkeyID,
		ObjectType: "campaign", ObjectID: draft.ID, ObjectName: draft.Name,
	}
	test = models.Campaign{OriginalID: draft.ID}
	return s.sendTest(ctx, by, draft, test, in, e)
}

// TestTemplate sends what a template says now to test numbers of the team, as
// [Service.TestCampaign] does. One that belongs to no sender goes out from the one that
// was chosen.
func (s *Service) TestTemplate(ctx context.Context, by models.Actor, k models.Appkey, t models.Template, in models.NewTest) (test models.Campaign, again bool, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return test, false, err
	}
	if test, again, err = s.DB.TestByToken(ctx, k.TeamID, in.Token); err != nil || again {
		return test, again, err
	}
	if ok, reason := t.Begins(); !ok {
		return test, false, models.Errorf(models.Conflict, reason.Key, reason.Args...)
	}
	if t.Version != in.Revision {
		return test, false, models.Errorf(models.Conflict, "test_message.changed")
	}
	senderID := cmp.Or(t.SenderID, in.SenderID)
	if senderID == 0 {
		return test, false, withField(nil, "sender", "field.choose")
	}
	if err := s.checkSender(ctx, k.ID, senderID); err != nil {
		return test, false, err
	}
	c := MessageOf(k, t, senderID)
	test = models.Campaign{TemplateID: t.ID, TemplateVersion: t.Version}
	return s.sendTest(ctx, by, c, test, in, templateEvent("campaign.test", k, t))
}

// MessageOf is the message that is sent of a template, by the sender.
func MessageOf(k models.Appkey, t models.Template, senderID int64) models.Campaign {
	return models.Campaign{TeamID: k.TeamID, AppkeyID: k.ID, Channel: t.Channel, Name: t.Name, SenderID: senderID, Content: t.Sent()}
}

// CheckTest runs those rules over the message of c that depend on neither its
// recipients nor its time.
func (s *Service) CheckTest(ctx context.Context, c models.Campaign) (r models.Report, err error) {
	sender, err := s.checkMessage(ctx, c, &r)
	if err != nil {
		return r, err
	}
	if !c.Channel.Traits().Fallback {
		return r, nil
	}
	if err := r.AddForm("fallback", c.Fallback.Check(c.Content.Ad, sender)); err != nil {
		return r, err
	}
	if c.Fallback.On && c.Fallback.Text == "" {
		checkMadeSMS(c, sender, &r)
	}
	return r, nil
}

// sendTest sends the message of c as test, which says already what it is a test of;
// so does e. Whether it may go out is decided where it is written, so that requests at
// the same time take turns.
func (s *Service) sendTest(ctx context.Context, by models.Actor, c, test models.Campaign, in models.NewTest, e models.Event) (_ models.Campaign, again bool, err error) {
	report, err := s.CheckTest(ctx, c)
	if err != nil {
		return test, false, err
	}
	if report.Blocked() {
		return test, false, models.Errorf(models.Invalid, "test_message.blocked")
	}
	if err := in.Check(c.Channel, c.Content, c.Fallback); err != nil {
		return test, false, err
	}
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		again, err = s.beginTest(ctx, tx, by, c, &test, in)
		if err != nil || again {
			return err
		}
		e.After = map[string]any{"test": test.ID, "numbers": test.Audience, "fallback": test.Fallback.On}
		return tx.Audit(ctx, by, e)
	})
	return test, again, err
}

// beginTest writes the test if as much may be sent, unless its form has begun one
// before.
func (s *Service) beginTest(ctx context.Context, tx *models.DB, by models.Actor, c models.Campaign, test *models.Campaign, in models.NewTest) (again bool, err error) {
	if err := tx.LockTeam(ctx, c.TeamID); err != nil {
		return false, err
	}
	before, again, err := tx.TestByToken(ctx, c.TeamID, in.Token)
	if err != nil || again {
		*test = before
		return again, err
	}
	if err := refuseStopped(ctx, tx, c.AppkeyID); err != nil {
		return false, err
	}
	numbers, err := chosenNumbers(ctx, tx, c.TeamID, in.Numbers)
	if err != nil {
		return false, err
	}
	use, err := tx.TestUse(ctx, c.TeamID, by.User.ID, s.Now())
	if err != nil {
		return false, err
	}
	if err := use.Allows(len(numbers)); err != nil {
		return false, err
	}
	return false, s.launchTest(ctx, tx, by, c, test, numbers, in)
}

// chosenNumbers are the team's test numbers with the ids.
func chosenNumbers(ctx context.Context, tx *models.DB, teamID int64, ids []int64) ([]models.TestNumber, error) {
	all, err := tx.TestNumbers(ctx, teamID)
	if err != nil {
		return nil, err
	}
	known := func(id int64) bool {
		return slices.ContainsFunc(all, func(n models.TestNumber) bool { return n.ID == id })
	}
	if !slices.ContainsFunc(ids, func(id int64) bool { return !known(id) }) {
		return slices.DeleteFunc(all, func(n models.TestNumber) bool { return !slices.Contains(ids, n.ID) }), nil
	}
	return nil, withField(nil, "numbers", "test_message.gone")
}

// launchTest writes the test with its audience and begins its planning.
func (s *Service) launchTest(ctx context.Context, tx *models.DB, by models.Actor, c models.Campaign, test *models.Campaign, numbers []models.TestNumber, in models.NewTest) error {
	now, names, values := s.Now(), c.Content.Names(c.Fallback), map[string]string{}
	for _, name := range names {
		values[name] = in.Values[name]
	}
	audience := models.Audience{TeamID: c.TeamID, Columns: names, Size: int64(len(numbers)), CreatedBy: by.User.ID, CreatedAt: now}
	if err := tx.CreateAudience(ctx, &audience); err != nil {
		return err
	}
	rs := make([]models.Recipient, len(numbers))
	for i, n := range numbers {
		rs[i] = models.Recipient{AudienceID: audience.ID, Phone: n.Phone, Vars: models.VarsJSON(values)}
	}
	if err := tx.AddRecipients(ctx, rs); err != nil {
		return err
	}
	test.TeamID, test.AppkeyID, test.Channel, test.ULID, test.Name = c.TeamID, c.AppkeyID, c.Channel, ulid.Make().String(), c.Name
	test.State, test.Test, test.FormToken = models.CampaignPlanning, true, in.Token
	test.SenderID, test.Content, test.Fallback = c.SenderID, c.Content, c.Fallback
	test.AudienceID, test.Audience = audience.ID, audience.Size
	test.CreatedBy, test.LaunchedBy, test.CreatedAt, test.UpdatedAt, test.LaunchedAt = by.User.ID, by.User.ID, now, now, &now
	if err := tx.CreateCampaign(ctx, test); err != nil {
		return err
	}
	if err := tx.UseImage(ctx, models.PlaceCampaign, test.ID, test.Content.ImageID()); err != nil {
		return err
	}
	_, err := s.Jobs.InsertTx(ctx, tx.SQLTx(), PlanCampaign{CampaignID: test.ID}, nil)
	return err
}
