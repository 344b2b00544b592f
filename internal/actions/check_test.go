package actions_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/kakao"
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

// put changes the recipients of the draft to these, and its message and fallback.
func (b *bench) put(t *testing.T, c models.Campaign, columns []string, rs []models.Recipient, change func(c *models.Campaign)) models.Campaign {
	t.Helper()
	audience := models.Audience{TeamID: b.team.ID, Columns: columns, CreatedAt: b.Now()}
	must(t, b.DB.CreateAudience(t.Context(), &audience), b.DB.InsertRecipients(t.Context(), audience.ID, rs),
		b.DB.SetAudienceSize(t.Context(), audience.ID, int64(len(rs))))
	before := c
	c.AudienceID = audience.ID
	if change != nil {
		change(&c)
	}
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	return c
}

// found is the severity of each finding of a report, by the key of its text.
func found(r models.Report) map[string]models.Severity {
	keys := map[string]models.Severity{}
	for _, f := range r.Findings {
		keys[f.Text.Key] = f.Severity
	}
	return keys
}

func TestTheRecipientsBehindEachFinding(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	values := func(name, place string) string {
		return models.VarsJSON(map[string]string{"이름": name, "곳": place})
	}
	rs := []models.Recipient{
		{Phone: "01010000001", Vars: values("김하늘", "a.example")},
		{Phone: "01010000002", Vars: values("", "a.example")},
		{Phone: "01010000003", Vars: values(strings.Repeat("a", 1000), "a.example")},
		{Phone: "01010000004", Vars: values("김하늘", "a b")},
		{Phone: "01010000005", Vars: values(strings.Repeat("가", 60), "a.example")},
		{Phone: "01010000006", Vars: values("하늘😀", "a.example")},
		{Phone: "01010000007", Vars: values("김하늘", "a.example")},
		{Phone: "01010000008", Vars: values(strings.Repeat("가", 300), "a.example")},
	}
	c := b.put(t, b.draft(t, 0), []string{"이름", "곳"}, rs, func(c *models.Campaign) {
		c.Content.Buttons = []models.Button{{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://#{곳}/?n=#{이름}"}}
		c.Fallback = models.Fallback{On: true, Type: kakao.FallbackSMS, Text: "(광고)#{이름}\n[무료 수신거부]0801234567"}
	})
	_, err := b.Suppress(t.Context(), b.admin, b.team.ID, models.NewSuppression{Pasted: models.Pasted{Text: "01010000007"}, Reason: "요청"})
	must(t, err)
	k, err := b.CheckNow(t.Context(), b.admin, c)
	must(t, err)
	for rule, want := range map[string][]string{
		models.RowNoValue: {"01010000002 이름"}, models.RowTextLong: {"01010000003 1008"}, models.RowLinkWrong: {"01010000004 https://a%20b/?n=%EA%B9%80%ED%95%98%EB%8A%98"},
		models.RowSMSCharacters: {"01010000006 😀"}, models.RowSuppressed: {"01010000007 "}, models.RowLinkLong: {"01010000008 2721"},
		models.RowSMSCut: {"01010000005 152"},
	} {
		rows, err := b.DB.CheckRows(t.Context(), c.ID, rule, 0, 10)
		must(t, err)
		var got []string
		for _, row := range rows {
			got = append(got, row.Phone+" "+row.Value)
		}
		f, listed := k.Report.Finding(rule)
		if !slices.Equal(got, want) || !listed || f.Count != int64(len(want)) || f.Rule == "" || f.Severity != models.Warning {
			t.Errorf("%s: %q, %+v", rule, got, f)
		}
	}
	if k.Report.Audience != 8 || k.Report.Sendable != 4 || k.Report.SMS != 4 || k.Report.Blocked() {
		t.Errorf("%+v", k.Report)
	}
	hash, err := b.HashCampaign(t.Context(), c)
	if err != nil || hash != k.Hash {
		t.Errorf("the hash is %q or %q: %v", k.Hash, hash, err)
	}
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
	launched, err := b.DB.Campaign(t.Context(), b.appkey.ID, c.ID)
	must(t, err)
	e, err := b.DB.Equation(t.Context(), launched)
	if err != nil || e.Skipped != 4 {
		t.Errorf("the check has promised 4 messages: %+v %v", e, err)
	}
	if rows, err := b.DB.CheckRows(t.Context(), c.ID, models.RowNoValue, 0, 10); err != nil || len(rows) > 0 {
		t.Errorf("numbers are kept behind the findings of a launched campaign: %v %v", rows, err)
	}
}

func TestTheSameContentAndTheWeeklyLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	first := b.draft(t, 50)
	b.launch(t, first)
	b.until(t, first, isState(models.CampaignFinished))
	c := b.draft(t, 99, "0000")
	k, err := b.CheckNow(t.Context(), b.admin, c)
	must(t, err)
	f, listed := k.Report.Finding(models.RepeatRule(first.ID))
	if !listed || f.Count != 50 || f.Text.Key != "check.repeat_minutes" || !slices.Contains(f.Text.Args, any(int64(50))) {
		t.Errorf("the same content: %+v", k.Report.Findings)
	}
	must(t, b.SaveRecipientSettings(t.Context(), b.admin, b.team.ID, models.RecipientSettings{Limit: "1"}))
	k, err = b.CheckNow(t.Context(), b.admin, c)
	must(t, err)
	if f, listed := k.Report.Finding(models.RowWeekly); !listed || f.Count != 50 || k.Report.Sendable != 50 {
		t.Errorf("the limit: %+v", k.Report)
	}
	other := b.put(t, c, []string{"이름"}, recipients(50), func(c *models.Campaign) { c.Content.Text = "다른 #{이름}" })
	k, err = b.CheckNow(t.Context(), b.admin, other)
	must(t, err)
	if _, listed := k.Report.Finding(models.RepeatRule(first.ID)); listed {
		t.Error("another content is taken for the same")
	}
	if found(k.Report)["check.nobody"] != models.Blocking {
		t.Errorf("nobody is left: %+v", k.Report.Findings)
	}
}

func TestRulesThatAreNotAboutSingleRecipients(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	at := func(hour, minute int) *time.Time {
		k := b.Now().In(kakao.KST).AddDate(0, 0, 2)
		return new(time.Date(k.Year(), k.Month(), k.Day(), hour, minute, 0, 0, kakao.KST))
	}
	for name, tt := range map[string]struct {
		change func(c *models.Campaign)
		want   string
	}{
		"at night":          {func(c *models.Campaign) { c.ScheduledAt = at(21, 0) }, "schedule.night"},
		"into the night":    {func(c *models.Campaign) { c.ScheduledAt, c.Pace = at(20, 0), 1 }, "check.over_night"},
		"near the night":    {func(c *models.Campaign) { c.ScheduledAt = at(20, 49) }, ""},
		"far away":          {func(c *models.Campaign) { c.ScheduledAt = new(at(10, 0).AddDate(0, 0, 40)) }, "check.far"},
		"beyond":            {func(c *models.Campaign) { c.ScheduledAt = new(at(10, 0).AddDate(0, 0, 90)) }, "schedule.horizon"},
		"no mark":           {func(c *models.Campaign) { c.Fallback.Text = "쿠폰 [무료 수신거부]0801234567" }, "fallback.ad_mark"},
		"no way to decline": {func(c *models.Campaign) { c.Fallback.Text = "(광고)쿠폰" }, "fallback.opt_out"},
		"no fallback":       {func(c *models.Campaign) { c.Fallback.On = false }, "check.no_fallback"},
		"a lost image": {func(c *models.Campaign) {
			c.Content.Image, c.Content.ImageLink = &models.Picture{ID: 77}, "https://a.example"
		}, "check.image_lost"},
		"no column": {func(c *models.Campaign) { c.Content.Text = "#{없음}" }, "check.no_column"},
	} {
		c := b.draft(t, 120)
		before := c
		tt.change(&c)
		c, err := b.SaveDraft(t.Context(), b.admin, before, c)
		must(t, err)
		r, err := b.Check(t.Context(), c)
		must(t, err)
		if _, listed := found(r)[tt.want]; tt.want != "" && !listed || tt.want == "" && len(r.Of(models.Warning))+len(r.Of(models.Blocking)) > 0 {
			t.Errorf("%s: %v", name, found(r))
		}
	}
}

func TestTheDailyMaximumLeadsToSpreading(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.sender.DailyMax, b.sender.SentCount, b.sender.RefreshedAt = 100, 90, b.Now()
	must(t, b.DB.SaveSenders(t.Context(), []models.Sender{b.sender}))
	c := b.draft(t, 20)
	r, err := b.Check(t.Context(), c)
	must(t, err)
	i := slices.IndexFunc(r.Findings, func(f models.Finding) bool { return f.Rule == models.RuleDailyMax })
	if i < 0 || r.Findings[i].Severity != models.Warning || r.Findings[i].Step != "schedule" {
		t.Fatalf("%+v", r.Findings)
	}
	before := c
	c.PerDay = 10
	c, err = b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	r, err = b.Check(t.Context(), c)
	must(t, err)
	if _, listed := found(r)["check.daily_max"]; listed {
		t.Error("spread over days, it is still too much")
	}
	tomorrow := kakao.NextMorning(b.Now().Add(24 * time.Hour)).Add(time.Hour)
	c.PerDay, c.ScheduledAt = 0, &tomorrow
	r, err = b.Check(t.Context(), c)
	must(t, err)
	if _, listed := found(r)["check.daily_max"]; listed {
		t.Error("what was sent today counts for tomorrow")
	}
}

// A check whose process dies is gone on with where it was, and comes to the same.
func TestACheckGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.crowd(t, b.rich(t), 3*piece)
	whole, err := b.CheckNow(t.Context(), b.admin, c)
	must(t, err)
	_, err = b.CheckAgain(t.Context(), b.admin, c)
	must(t, err)
	b.dieInCheck(t, c)
	before, found, err := b.DB.Check(t.Context(), c.ID)
	must(t, err)
	if !found || before.State != models.CheckRunning || before.Done == 0 || before.Done == before.Total {
		t.Fatalf("it has not died in the middle: %+v", before)
	}
	_, err = b.DB.SQL().ExecContext(t.Context(), "UPDATE checks SET claim = 'dead'")
	must(t, err, b.RunCheck(t.Context(), c.ID))
	if k, _, err := b.DB.Check(t.Context(), c.ID); err != nil || k.Done != before.Done {
		t.Errorf("another job works on it while its own may live: %+v %v", k, err)
	}
	later := b.Now
	b.Now = func() time.Time { return later().Add(time.Minute) }
	must(t, b.Sweep(t.Context()), b.RunCheck(t.Context(), c.ID))
	k, _, err := b.DB.Check(t.Context(), c.ID)
	must(t, err)
	if k.State != models.CheckDone || k.Hash != whole.Hash || k.Report.Sendable != whole.Report.Sendable || k.Done != k.Total {
		t.Errorf("it comes to something else: %+v, not %+v", k, whole)
	}
}

// piece is how many recipients are checked at a time.
const piece = 5000

// dieInCheck runs the check of c and stops it in the middle.
func (b *bench) dieInCheck(t *testing.T, c models.Campaign) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	now, calls := b.Now, 0
	b.Now = func() time.Time {
		if calls++; calls > 5 {
			cancel()
		}
		return now()
	}
	if err := b.RunCheck(ctx, c.ID); err == nil {
		t.Fatal("it was not stopped")
	}
	b.Now = now
}

func TestAnEditEndsTheCheck(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.crowd(t, b.rich(t), 3*piece)
	_, err := b.StartCheck(t.Context(), b.admin, c)
	must(t, err)
	b.dieInCheck(t, c)
	before := c
	c.Content.Text += "!"
	c, err = b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err, b.RunCheck(t.Context(), c.ID))
	if k, found, err := b.DB.Check(t.Context(), c.ID); found || err != nil {
		t.Errorf("the check of what is no more is kept: %+v %v", k, err)
	}
	if err := b.Service.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision); models.TextOf(err).Key != "check.not_done" {
		t.Errorf("launched unchecked: %v", err)
	}
	k, found, err := b.DB.Check(t.Context(), c.ID)
	if err != nil || !found || k.State != models.CheckRunning || !k.Of(c) {
		t.Errorf("the launch has not begun a check: %+v %v", k, err)
	}
}

func TestTwoChecksAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.crowd(t, b.rich(t), 2*piece)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := b.StartCheck(t.Context(), b.admin, c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for range 3 {
		group.Go(func() {
			if err := b.RunCheck(t.Context(), c.ID); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	k, _, err := b.DB.Check(t.Context(), c.ID)
	if err != nil || k.State != models.CheckDone || k.Done != 2*piece || k.Report.Sendable != 2*piece {
		t.Errorf("%+v %v", k, err)
	}
	logs, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 100)
	must(t, err)
	if n := len(slices.DeleteFunc(logs, func(l models.AuditLog) bool { return l.Action != "campaign.check" })); n != 1 {
		t.Errorf("%d checks were begun", n)
	}
}

func TestACheckGrowsOldForWhatGoesOutAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 10)
	_, err := b.CheckNow(t.Context(), b.admin, c)
	must(t, err)
	now := b.Now
	b.Now = func() time.Time { return now().Add(models.CheckFresh) }
	if err := b.Service.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision); models.TextOf(err).Key != "check.stale" {
		t.Errorf("launched by an old check: %v", err)
	}
	must(t, b.Service.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
}

// What may have changed since the check is judged when the campaign is launched.
func TestTheSenderIsJudgedAtTheLaunch(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 10)
	_, err := b.CheckNow(t.Context(), b.admin, c)
	must(t, err)
	b.sender.Blocked, b.sender.RefreshedAt = true, b.Now()
	must(t, b.DB.SaveSenders(t.Context(), []models.Sender{b.sender}))
	if err := b.Service.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision); models.TextOf(err).Key != "check.blocked" {
		t.Errorf("launched from a blocked sender: %v", err)
	}
}

func TestWhoMayCheck(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 10)
	for _, role := range models.Roles() {
		by := models.Actor{User: models.User{ID: 9}, Role: role}
		_, err := b.CheckAgain(t.Context(), by, c)
		if may := by.Can(models.ManageCampaigns); may != (err == nil) {
			t.Errorf("%s checks: %v", role, err)
		}
		if err := b.SavePrices(t.Context(), by, b.team.ID, models.NewPrices{"sms": "9"}); by.Can(models.ManageTeam) != (err == nil) {
			t.Errorf("%s sets prices: %v", role, err)
		}
		if err := b.ExportCheckRows(t.Context(), by, c, models.Finding{}); by.Can(models.ViewNumbers) != (err == nil) {
			t.Errorf("%s takes numbers: %v", role, err)
		}
	}
}

func TestRowsOfAnOldCheckAreErased(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.put(t, b.draft(t, 0), []string{"이름"}, []models.Recipient{{Phone: "01010000001", Vars: `{"이름":""}`}, {Phone: "01010000002", Vars: `{"이름":"a"}`}}, nil)
	_, err := b.CheckNow(t.Context(), b.admin, c)
	must(t, err, b.SaveRecipientSettings(t.Context(), b.admin, b.team.ID, models.RecipientSettings{Retention: "30"}))
	kept := func() int {
		rows, err := b.DB.CheckRows(t.Context(), c.ID, models.RowNoValue, 0, 10)
		must(t, err)
		return len(rows)
	}
	must(t, b.Sweep(t.Context()))
	if kept() != 1 {
		t.Error("erased before its time")
	}
	now := b.Now
	b.Now = func() time.Time { return now().AddDate(0, 0, 31) }
	must(t, b.Sweep(t.Context()))
	if kept() != 0 {
		t.Error("kept longer than the team wants")
	}
}

// Who is forgotten is not behind any finding any more.
func TestForgettingReachesTheRowsOfACheck(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.put(t, b.draft(t, 0), []string{"이름"}, []models.Recipient{{Phone: "01010000001", Vars: `{"이름":""}`}, {Phone: "01010000002", Vars: `{"이름":"a"}`}}, nil)
	_, err := b.CheckNow(t.Context(), b.admin, c)
	must(t, err)
	_, err = b.Forget(t.Context(), b.admin, b.team, "01010000001", false)
	must(t, err)
	if rows, err := b.DB.CheckRows(t.Context(), c.ID, models.RowNoValue, 0, 10); err != nil || len(rows) > 0 {
		t.Errorf("still there: %v %v", rows, err)
	}
}
