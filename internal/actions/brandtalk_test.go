package actions_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// brandContent is a template's content as it stands here, defaults included.
func brandContent(code string) models.Content {
	return models.Content{
		Text: "#{이름|고객}님, #{이름}님께만 드리는 #{혜택}", Ad: true, MessageType: kakao.TemplateImage, ContentType: kakao.TemplateVariable,
		ImageURL: "https://example.com/a.png", UnsubscribeNo: "0801234567", TemplateCode: code,
		Buttons: []models.Button{{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://example.com/?c=#{쿠폰|없음}"}},
	}
}

// defaulted is the phone of somebody without a name, and with a coupon that a link
// cannot carry as it is.
const defaulted = "01088880000"

// brandDraft is a campaign with a registered template ready to be launched: to n
// ordinary phones, to those that end in the given four digits, to defaulted, and to
// one without a value.
func (b *bench) brandDraft(t *testing.T, n int, endings ...string) models.Campaign {
	t.Helper()
	const code = "spring2026"
	_, err := b.sim.AddTemplate(testAppkey, nhnsim.Template{
		SenderKey: b.sender.SenderKey, Code: code, Content: "#{이름}님, #{이름}님께만 드리는 #{혜택}",
		Buttons: []nhnsim.TemplateButton{{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://example.com/?c=#{쿠폰}"}},
	})
	must(t, err)
	audience := models.Audience{TeamID: b.team.ID, Columns: []string{"이름", "혜택", "쿠폰"}, CreatedAt: time.Now().UTC()}
	must(t, b.DB.CreateAudience(t.Context(), &audience))
	rs := recipients(n, endings...)
	for i := range rs {
		rs[i].Vars = `{"이름":"김하늘","혜택":"할인"}`
	}
	rs = append(rs, models.Recipient{Phone: defaulted, Vars: `{"이름":"","혜택":"쿠폰","쿠폰":"a/b"}`},
		models.Recipient{Phone: "01088880009", Vars: `{"이름":"김하늘","혜택":""}`})
	must(t, b.DB.InsertRecipients(t.Context(), audience.ID, rs), b.DB.SetAudienceSize(t.Context(), audience.ID, int64(len(rs))))
	c := models.Campaign{
		TeamID: b.team.ID, AppkeyID: b.appkey.ID, Channel: models.BrandTalk, ULID: ulid.Make().String(), Name: "브랜드톡", State: models.CampaignDraft,
		SenderID: b.sender.ID, Content: brandContent(code), AudienceID: audience.ID, CreatedAt: b.Now(), UpdatedAt: b.Now(),
	}
	must(t, b.DB.CreateCampaign(t.Context(), &c))
	return c
}

// launched plans the campaign and hands its first batch over.
func (b *bench) launched(t *testing.T, c models.Campaign) {
	t.Helper()
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
	must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
}

func TestBrandTalkFromLaunchToEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.brandDraft(t, 1500, "0001", "0002", "0003", "0005")
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))

	_, e := b.until(t, c, isState(models.CampaignFinished))
	if e.Delivered != 1501 || e.Refused != 1 || e.Failed != 3 || e.SMSDelivered != 0 || e.Skipped != 1 {
		t.Errorf("equation %+v", e)
	}
	b.wantOnce(t, 1504)
	codes, err := b.DB.CodeCounts(t.Context(), c.ID)
	must(t, err)
	for _, want := range []string{kakao.BrandNotReachable, kakao.BrandPhone, kakao.BrandUnconfirmed, "-5000", models.SkipNoValue} {
		if !slices.ContainsFunc(codes, func(c models.CodeCount) bool { return c.Code == want && c.Count == 1 }) {
			t.Errorf("nobody has %s: %+v", want, codes)
		}
	}
}

// A default stands in wherever its variable does, and what stands in links alone is
// encoded.
func TestBrandTalkParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.brandDraft(t, 0)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	b.until(t, c, isState(models.CampaignFinished))
	got := b.sim.Received()
	if len(got) != 1 || got[0].Text != "고객님, 고객님께만 드리는 쿠폰" || got[0].Buttons[0].Link != "https://example.com/?c=a%2Fb" {
		t.Errorf("received %+v", got)
	}
}

// Whatever the first request is answered, everybody gets the message once, though it
// cannot be repeated under a key.
func TestBrandTalkAnswersAfterWhichSendingGoesOn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer   nhnsim.Answer
		requests int64
	}{
		"accepted, and the connection breaks":           {nhnsim.Answer{After: true, Drop: true}, 1},
		"not accepted, and the connection breaks":       {nhnsim.Answer{Drop: true}, 2},
		"accepted, and answered with 502":               {nhnsim.Answer{After: true, Status: 502, Body: "bad gateway"}, 1},
		"not accepted, and answered with 503":           {nhnsim.Answer{Status: 503, Body: "unavailable"}, 2},
		"429":                                           {nhnsim.Answer{Status: 429, RetryAfter: time.Second}, 2},
		"accepted, and answered with rubbish":           {nhnsim.Answer{After: true, Body: "<html>"}, 1},
		"accepted, and answered with a system error":    {nhnsim.Answer{After: true, Code: kakao.CodeSystem}, 1},
		"not accepted, and answered with -7000":         {nhnsim.Answer{Code: kakao.CodeVendor}, 2},
		"not accepted, and answered with a date passed": {nhnsim.Answer{Code: kakao.CodePast}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 500*time.Millisecond)
			var requests atomic.Int64
			first := firstSend(tt.answer)
			b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
				if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/brandtalk/") {
					requests.Add(1)
				}
				return first(r)
			}})
			b.work(t)
			c := b.brandDraft(t, 300, "0005")
			must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
			_, e := b.until(t, c, isState(models.CampaignFinished))
			if e.Delivered != 301 || e.Refused != 1 || e.Skipped != 1 {
				t.Errorf("equation %+v", e)
			}
			b.wantOnce(t, 301)
			if requests.Load() != tt.requests {
				t.Errorf("%d requests were made, want %d", requests.Load(), tt.requests)
			}
		})
	}
}

func TestBrandTalkTemplateTheProviderDoesNotTake(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*models.Campaign)
		status string
		code   string
	}{
		"unknown": {func(c *models.Campaign) { c.Content.TemplateCode = "nosuch" }, kakao.TemplateNormal, "-3003"},
		"blocked": {func(*models.Campaign) {}, kakao.TemplateBlocked, "-3005"},
		"has a variable that nobody has a value for": {func(c *models.Campaign) { c.Content.Text = "#{이름}님" }, kakao.TemplateNormal, "-3004"},
	} {
		b := newBench(t, time.Second)
		c := b.brandDraft(t, 0)
		must(t, b.sim.SetTemplate(testAppkey, b.sender.SenderKey, c.Content.TemplateCode, func(in *nhnsim.Template) { in.Status = tt.status }))
		other := c
		other.ID, other.ULID = 0, ulid.Make().String()
		tt.change(&other)
		must(t, b.DB.CreateCampaign(t.Context(), &other))
		b.launched(t, other)
		_, e := b.until(t, other, func(_ models.Campaign, e models.Equation) bool { return e.Planned == 0 })
		codes, err := b.DB.CodeCounts(t.Context(), other.ID)
		must(t, err)
		if e.Refused == 0 || !slices.ContainsFunc(codes, func(c models.CodeCount) bool { return c.Code == tt.code && c.Count == e.Refused }) {
			t.Errorf("%s: %+v %+v", name, e, codes)
		}
		if n := len(b.count()); n != 0 {
			t.Errorf("%s, and %d were accepted", name, n)
		}
	}
}

func TestBrandTalkNobodyListedThreeTimesAsksAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodPost {
			return &nhnsim.Answer{Drop: true}
		}
		return nil
	}})
	b.work(t)
	c := b.brandDraft(t, 0)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	c, e := b.until(t, c, isState(models.CampaignHeld))
	if e.InDoubt != 1 || c.Hold != "hold.doubt" || b.batch(t, c).Attempt != 3 {
		t.Fatalf("%s %+v", c.Hold, e)
	}
	b.sim.SetFaults(nhnsim.Faults{})
	must(t, b.DecideBatch(t.Context(), b.admin, b.appkey.ID, c.ID, 1, actions.SendAgain), b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 1)
}

func TestBrandTalkScheduledIsCancelledAtTheProvider(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.work(t)
	c := b.brandDraft(t, 0)
	before := c
	at := b.Now().Add(3 * time.Hour)
	c.ScheduledAt = &at
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	c, _ = b.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 1 })
	must(t, b.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
	_, e := b.until(t, c, isState(models.CampaignCancelled))
	if e.Cancelled != 1 || len(b.count()) != 0 {
		t.Errorf("%+v, and %d were not stopped", e, len(b.count()))
	}
}

// A request is read less and less often, and by one process only.
func TestBrandTalkRequestsAreReadAgainLater(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	var lists atomic.Int64
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/messages") {
			lists.Add(1)
		}
		return nil
	}})
	c := b.brandDraft(t, 0)
	b.launched(t, c)
	must(t, b.DB.SetBatch(t.Context(), b.batch(t, c).ID, map[string]any{"called_at": b.Now().Add(-10 * time.Hour)}))
	asked := actions.TakeResults{AppkeyID: b.appkey.ID, Channel: models.BrandTalk}
	before := b.Now()
	must(t, b.TakeResults(t.Context(), asked), b.TakeResults(t.Context(), asked))
	if lists.Load() != 1 {
		t.Errorf("the request was read %d times", lists.Load())
	}
	if due := b.batch(t, c).DueAt; due.Sub(before) < 30*time.Minute || due.Sub(before) > 31*time.Minute {
		t.Errorf("after ten hours it is read again in %v", due.Sub(before))
	}
}

func TestRegisteredContentIsNotEdited(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.brandDraft(t, 0)
	before := c
	c.Name, c.SenderID, c.Content.Text, c.Content.TemplateCode = "새 이름", 0, "다른 말", "other"
	saved, err := b.SaveMessage(t.Context(), b.admin, before, c)
	must(t, err)
	kept, err := b.DB.Campaign(t.Context(), b.appkey.ID, saved.ID)
	must(t, err)
	if kept.Name != "새 이름" || kept.SenderID != b.sender.ID || kept.Content.Text != before.Content.Text || kept.Content.TemplateCode != before.Content.TemplateCode {
		t.Errorf("kept %+v", kept)
	}
}

func TestBrandTalkCheck(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.brandDraft(t, 0)
	far := b.Now().AddDate(0, 0, 31)
	c.ScheduledAt = &far
	report, err := b.Check(t.Context(), c)
	must(t, err)
	got := map[string]models.Severity{}
	for _, f := range report.Findings {
		got[f.Text.Key] = f.Severity
		if f.Step == "fallback" {
			t.Errorf("BrandTalk has no fallback, and the check says %s", f.Text.Key)
		}
	}
	for key, severity := range map[string]models.Severity{
		"schedule.horizon": models.Blocking, "brandtalk.ended": models.Warning, "check.no_value": models.Warning, "brandtalk.daily_max": models.Unknown,
	} {
		if got[key] != severity {
			t.Errorf("%s is %q in %v", key, got[key], got)
		}
	}
	c.Content.TemplateCode = ""
	report, err = b.Check(t.Context(), c)
	must(t, err)
	if !slices.ContainsFunc(report.Of(models.Blocking), func(f models.Finding) bool { return f.Text.Key == "brandtalk.not_registered" }) {
		t.Errorf("a template that is not registered is sent: %+v", report.Findings)
	}
}
