package actions

import (
	"context"
	"slices"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// Review is the report of a check that is done, with what depends on the time, the sender,
// the template and the team's settings judged anew.
func (s *Service) Review(ctx context.Context, c models.Campaign, k models.Check) (r models.Report, err error) {
	sender, err := s.checkMessage(ctx, c, &r)
	if err != nil {
		return r, err
	}
	if err := s.checkImage(ctx, c, &r); err != nil {
		return r, err
	}
	if err := s.checkRecipients(ctx, c, k.Tally, &r); err != nil {
		return r, err
	}
	if c.Channel.Traits().Fallback {
		if err := r.AddForm("fallback", c.Fallback.Check(c.Content.Ad, sender)); err != nil {
			return r, err
		}
		checkFallback(c, k.Tally, &r)
	}
	if err := s.checkTime(ctx, c, &r); err != nil {
		return r, err
	}
	c.Channel.Note(c, sender, s.Now(), &r)
	return r, nil
}

func (s *Service) checkMessage(ctx context.Context, c models.Campaign, r *models.Report) (models.Sender, error) {
	draft := models.NewCampaign{Name: c.Name, SenderID: c.SenderID, Content: c.Content}
	if err := r.AddForm("message", draft.Validate(c.Channel)); err != nil || c.SenderID == 0 {
		return models.Sender{}, err
	}
	sender, err := s.DB.Sender(ctx, c.AppkeyID, c.SenderID)
	if err != nil {
		return sender, err
	}
	if usable, reason := sender.Usable(); !usable {
		r.Add(models.Blocking, models.RuleSender, "message", reason.Key, reason.Args...)
	}
	return sender, s.checkRegistered(ctx, c, r)
}

// checkRegistered looks at how the template that a campaign sends stands with the
// provider, as far as it is known here.
func (s *Service) checkRegistered(ctx context.Context, c models.Campaign, r *models.Report) error {
	if !c.Channel.Registers() || c.Content.TemplateCode == "" {
		return nil
	}
	t, err := s.DB.TemplateWithCode(ctx, c.SenderID, c.Content.TemplateCode)
	switch {
	case models.KindOf(err) == models.NotFound:
		return nil
	case err != nil:
		return err
	}
	if usable, reason := t.Usable(); !usable {
		r.Add(models.Blocking, models.RuleTemplate, "message", reason.Key, reason.Args...)
	}
	return nil
}

// checkImage looks for the image that a message carries: whether it can be sent, and
// whether the provider has it, as far as is known.
func (s *Service) checkImage(ctx context.Context, c models.Campaign, r *models.Report) error {
	if c.Content.ImageID() == 0 || !channelOf(c.Channel).carriesImages() {
		return nil
	}
	_, held, err := s.DB.ImageUpload(ctx, c.AppkeyID, c.Content.ImageID())
	if err != nil || held {
		return err
	}
	kept, err := s.DB.ImageKept(ctx, c.Content.ImageID())
	switch {
	case err != nil:
		return err
	case kept:
		r.Add(models.Note, models.RuleImage, "", "check.image_upload")
	default:
		r.Add(models.Blocking, models.RuleImage, "message", "check.image_lost")
	}
	return nil
}

// checkRecipients says what has been found about single recipients.
func (s *Service) checkRecipients(ctx context.Context, c models.Campaign, t models.Tally, r *models.Report) error {
	if c.AudienceID == 0 {
		r.Add(models.Blocking, models.RuleRecipients, "recipients", "check.no_recipients")
		return nil
	}
	audience, err := s.DB.Audience(ctx, c.TeamID, c.AudienceID)
	if err != nil {
		return err
	}
	team, err := s.DB.Team(ctx, c.TeamID)
	if err != nil {
		return err
	}
	if err := s.checkRetried(ctx, c, r); err != nil {
		return err
	}
	r.Audience, r.Sendable, r.SMS, r.LMS = audience.Size, t.Sendable, t.SMS, t.LMS
	for _, name := range c.Content.Names(c.Fallback) {
		if !slices.Contains(audience.Columns, name) && !hasDefault(c, name) {
			r.Add(models.Blocking, models.RuleVariables, "recipients", "check.no_column", "Name", name)
		}
	}
	limits := c.Channel.Limits(c.Content)
	rows := rowFindings{t, r}
	rows.add(models.RowSuppressed, models.RuleSuppressed, "recipients", "check.suppressed")
	rows.add(models.RowWeekly, models.RuleWeekly, "recipients", "check.weekly_limit", "Limit", team.WeeklyLimit)
	if !r.Blocked() {
		rows.add(models.RowNoValue, models.RuleVariables, "recipients", "check.no_value")
	}
	rows.add(models.RowTextLong, models.RuleText, "message", "check.text_long", "Max", limits.Text)
	rows.add(models.RowLinkLong, models.RuleLink, "message", "check.link_long", "Max", kakao.MaxLink)
	rows.add(models.RowLinkWrong, models.RuleLink, "message", "check.link_wrong")
	if r.Sendable == 0 && !r.Blocked() {
		r.Add(models.Blocking, models.RuleRecipients, "recipients", "check.nobody")
	}
	return s.checkRepeats(ctx, c, t, r)
}

// checkRetried looks for the messages that a retry sends again: without them nobody can
// tell who has been reached meanwhile.
func (s *Service) checkRetried(ctx context.Context, c models.Campaign, r *models.Report) error {
	if c.RetryOf == 0 {
		return nil
	}
	of, err := s.DB.CampaignByID(ctx, c.RetryOf)
	if err != nil || of.ErasedAt == nil {
		return err
	}
	r.Add(models.Blocking, models.RuleRecipients, "recipients", "retention.retried_gone", "Name", of.Name)
	return nil
}

// rowFindings adds to a report what has been counted about single recipients.
type rowFindings struct {
	tally  models.Tally
	report *models.Report
}

// add adds a warning about recipients who have been counted under the name rows, if there
// are any. Its text is given their count.
func (f rowFindings) add(rows string, rule models.Rule, step, key string, args ...any) {
	if n := f.tally.Rows[rows]; n > 0 {
		f.report.Findings = append(f.report.Findings, models.Finding{
			Severity: models.Warning, Rule: rule, Step: step, Text: models.T(key, append([]any{"Count", n}, args...)...), Count: n, Rows: rows,
		})
	}
}

// checkRepeats says to how many of the recipients the same was said shortly before.
func (s *Service) checkRepeats(ctx context.Context, c models.Campaign, t models.Tally, r *models.Report) error {
	if !t.Repeats() {
		return nil
	}
	repeats, err := s.DB.SameContent(ctx, c, s.Now().Add(-models.RepeatWindow))
	if err != nil {
		return err
	}
	for _, earlier := range repeats {
		name := models.RepeatRule(earlier.ID)
		n := t.Rows[name]
		key, ago := since(s.Now().Sub(*earlier.LaunchedAt))
		percent := int64(0)
		if r.Audience > 0 {
			percent = max(1, min(100, n*100/r.Audience))
		}
		rowFindings{t, r}.add(name, models.RuleRepeat, "recipients", key, "Percent", percent, "Ago", ago, "Name", earlier.Name)
	}
	return nil
}

// since is how long ago something was, in the largest unit that it has one of.
func since(d time.Duration) (key string, n int) {
	switch {
	case d >= 24*time.Hour:
		return "check.repeat_days", int(d / (24 * time.Hour))
	case d >= time.Hour:
		return "check.repeat_hours", int(d / time.Hour)
	}
	return "check.repeat_minutes", max(1, int(d/time.Minute))
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

// checkFallback says what has been found about the texts that go out by SMS.
func checkFallback(c models.Campaign, t models.Tally, r *models.Report) {
	if !c.Fallback.On {
		r.Add(models.Note, models.RuleFallback, "fallback", "check.no_fallback")
		return
	}
	rows, limit, cut := rowFindings{t, r}, kakao.MaxLMSBytes, "check.sms_cut_rows"
	if c.Fallback.Type == kakao.FallbackSMS {
		limit = kakao.MaxSMSBytes
	}
	if c.Fallback.Text != "" {
		cut = "check.own_sms_cut"
	}
	rows.add(models.RowSMSLong, models.RuleSMSText, "fallback", "check.sms_long", "Max", kakao.MaxLMSBytes)
	rows.add(models.RowSMSCut, models.RuleSMSText, "fallback", cut, "Max", limit)
	rows.add(models.RowSMSCharacters, models.RuleSMSText, "fallback", "check.sms_unsendable_rows", "Characters", t.Unusual)
}

// checkMadeSMS looks at the text that the provider makes of the message for samples, which
// nobody has checked for what an SMS can carry.
func checkMadeSMS(c models.Campaign, sender models.Sender, r *models.Report) {
	sms := c.Fallback.SMS(c.Content, sender.UnsubscribeNo, c.Content.Samples(c.Fallback))
	if len(sms.Unsendable) > 0 {
		r.Add(models.Warning, models.RuleSMSText, "fallback", "check.sms_unsendable", "Characters", string(sms.Unsendable))
	}
	if sms.Cut() {
		r.Add(models.Warning, models.RuleSMSText, "fallback", "check.sms_cut", "Count", sms.Bytes, "Max", sms.Limit)
	}
}

// checkTime looks at when the campaign goes out, from its beginning to its end.
func (s *Service) checkTime(ctx context.Context, c models.Campaign, r *models.Report) error {
	now := s.Now()
	if err := r.AddForm("schedule", s.CheckSchedule(ctx, c)); err != nil {
		return err
	}
	if c.ScheduledAt != nil && c.ScheduledAt.After(now.AddDate(0, 0, models.WarnDays)) {
		r.Add(models.Warning, models.RuleHorizon, "schedule", "check.far", "Days", models.WarnDays)
	}
	team, err := s.DB.Team(ctx, c.TeamID)
	if err != nil {
		return err
	}
	course := c.CourseNow(team, r.Sendable, now)
	switch end := handOverEnds(c, course, r.Sendable); {
	case kakao.Night(course.Begin):
	case c.Pacing().Paced() && c.PerDay == 0 && course.Days > 1:
		r.Add(models.Warning, models.RuleNight, "schedule", "check.over_night", "Days", course.Days)
	case end.After(nightAfter(course.Begin)) && c.PerDay == 0:
		r.Add(models.Warning, models.RuleNight, "schedule", "check.into_night", "Start", clock(course.Begin), "End", clock(end))
	}
	return nil
}

// handedPerSecond is how many messages are handed over in a second at least, with no pace
// set.
const handedPerSecond = 1000

// handOverEnds is when n messages of c have been handed over, if nothing is in its way.
func handOverEnds(c models.Campaign, course models.Course, n int64) time.Time {
	if c.Pace > 0 {
		return course.End
	}
	return course.End.Add(time.Duration(n) * time.Second / handedPerSecond)
}

// nightAfter is when the first night behind t begins.
func nightAfter(t time.Time) time.Time {
	k := t.In(kakao.KST)
	night := time.Date(k.Year(), k.Month(), k.Day(), 0, kakao.NightStart, 0, 0, kakao.KST)
	if night.Before(t) {
		return night.AddDate(0, 0, 1)
	}
	return night
}

// clock is the time of day of t in Korea.
func clock(t time.Time) string { return t.In(kakao.KST).Format("15:04") }
