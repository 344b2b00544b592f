package actions_test

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// numbers adds test numbers that end in the given four digits.
func (b *bench) numbers(t *testing.T, endings ...string) []int64 {
	t.Helper()
	var ids []int64
	for _, ending := range endings {
		n, err := b.AddTestNumber(t.Context(), b.admin, b.team.ID, models.NewTestNumber{Name: "휴대폰 " + ending, Phone: "010-5555-" + ending})
		must(t, err)
		ids = append(ids, n.ID)
	}
	return ids
}

// newTest is the form of a test of c, filled in.
func newTest(c models.Campaign, numbers []int64) models.NewTest {
	return models.NewTest{
		Token: models.NewFormToken(), Revision: c.Revision, Numbers: numbers, Values: map[string]string{"이름": "김하늘"},
	}
}

// sent sends a test that has to go out.
func (b *bench) sent(t *testing.T, c models.Campaign, in models.NewTest) models.Campaign {
	t.Helper()
	test, again, err := b.TestCampaign(t.Context(), b.admin, c, in)
	must(t, err)
	if again {
		t.Fatal("the form had been sent before")
	}
	return test
}

func TestATestIsWhatWouldBeSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.draft(t, 1)
	c.Fallback = models.Fallback{On: true, Text: "(광고) #{이름}님 안녕하세요 [무료 수신거부]0801234567"}
	c, err := b.SaveDraft(t.Context(), b.admin, c, c)
	must(t, err)
	test := b.sent(t, c, newTest(c, b.numbers(t, "1001", "0001", "0004", "0005")))
	test, e := b.until(t, test, isState(models.CampaignFinished))
	if e.Audience != 4 || e.Delivered != 1 || e.Failed != 2 || e.SMSDelivered != 1 || e.Refused != 1 {
		t.Errorf("equation %+v", e)
	}
	if !test.Test || test.OriginalID != c.ID || test.Name != c.Name || test.LaunchedBy != b.admin.User.ID || test.LaunchedAt == nil {
		t.Errorf("the test is %+v", test)
	}
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision))
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 4)
	b.wantSameMessage(t)

	got := b.results(t, test)
	want := map[string]models.Part{
		"01055551001": models.PartDelivered, "01055550001": models.PartSMS, "01055550004": models.PartFailed, "01055550005": models.PartRefused,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// results are the parts of a test's numbers.
func (b *bench) results(t *testing.T, test models.Campaign) map[string]models.Part {
	t.Helper()
	ms, err := b.DB.TestMessages(t.Context(), test)
	must(t, err)
	got := map[string]models.Part{}
	for _, m := range ms {
		if m.Name != "휴대폰 "+m.Phone[7:] {
			t.Errorf("%s is %q's", m.Phone, m.Name)
		}
		got[m.Phone] = m.Part
	}
	return got
}

// wantSameMessage checks that the draft's recipient and the test numbers have received
// the same by KakaoTalk, and who was not reached, an SMS of the draft's.
func (b *bench) wantSameMessage(t *testing.T) {
	t.Helper()
	told := map[string]nhnsim.Received{}
	for _, r := range b.sim.Received() {
		told[r.Kind+" "+r.To] = r
	}
	want := told["FRIENDTALK 01010001000"]
	for to, want := range map[string]nhnsim.Received{
		"FRIENDTALK 01055551001": {Text: want.Text, Buttons: want.Buttons, IsAd: true},
		"SMS 01055550001":        {Text: "(광고) 김하늘님 안녕하세요 [무료 수신거부]0801234567"},
	} {
		got := told[to]
		got = nhnsim.Received{Text: got.Text, Buttons: got.Buttons, IsAd: got.IsAd}
		if diff := cmp.Diff(want, got); diff != "" || got.Text == "" {
			t.Errorf("%s: %s", to, diff)
		}
	}
}

// A press that comes several times, at once or later, sends one test.
func TestAFormSendsOneTest(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.draft(t, 1)
	in := newTest(c, b.numbers(t, "1001", "1002"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	tests, first := map[int64]int{}, 0
	for range 8 {
		wg.Go(func() {
			test, again, err := b.TestCampaign(t.Context(), b.admin, c, in)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			tests[test.ID]++
			if !again {
				first++
			}
		})
	}
	wg.Wait()
	if len(tests) != 1 || first != 1 {
		t.Errorf("eight presses at once made the tests %v, %d of them anew", tests, first)
	}
	for id := range maps.Keys(tests) {
		b.until(t, models.Campaign{ID: id}, isState(models.CampaignFinished))
	}
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision)) // after which no draft is there to be tested
	c, err := b.DB.Campaign(t.Context(), b.appkey.ID, c.ID)
	must(t, err)
	if _, again, err := b.TestCampaign(t.Context(), b.admin, c, in); err != nil || !again {
		t.Errorf("a press long after: %v %v", again, err)
	}
	if _, _, err := b.TestCampaign(t.Context(), b.admin, c, newTest(c, in.Numbers)); models.KindOf(err) != models.Conflict {
		t.Errorf("a test of what has been launched: %v", err)
	}
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 3)
	logs, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 100)
	must(t, err)
	var found []models.AuditLog
	for _, l := range logs {
		if l.Action == "campaign.test" {
			found = append(found, l)
		}
	}
	if len(found) != 1 || found[0].ObjectID != c.ID || found[0].UserID != b.admin.User.ID ||
		!strings.Contains(found[0].After, `"numbers":2`) || strings.Contains(found[0].After, "5555") {
		t.Errorf("audited as %+v", found)
	}
}

// However many press at the same time, no more goes out than may.
func TestThrottleHoldsForRequestsAtTheSameTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.draft(t, 1)
	numbers := b.numbers(t, "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1009", "1010", "1011", "1012")
	other := b.admin
	other.User.ID++
	press := func(by models.Actor, times int) (sent int, refused map[string]int) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		refused = map[string]int{}
		for range times {
			wg.Go(func() {
				_, _, err := b.TestCampaign(t.Context(), by, c, newTest(c, numbers))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					sent++
				case models.KindOf(err) != models.Throttled:
					t.Error(err)
				default:
					refused[models.TextOf(err).Key]++
				}
			})
		}
		wg.Wait()
		return sent, refused
	}
	sent, refused := press(b.admin, 12) // 100 a day are 8 times 12, and 4
	if sent != 8 || refused["test_message.day_left"] != 4 {
		t.Errorf("%d were sent, refused %v", sent, refused)
	}
	numbers = numbers[:1]
	sent, refused = press(b.admin, 6)
	if sent != 2 || refused["test_message.too_often"] != 4 {
		t.Errorf("%d were sent by the same person, refused %v", sent, refused)
	}
	sent, refused = press(other, 4)
	if sent != 2 || refused["test_message.day_full"] != 2 {
		t.Errorf("%d were sent by another, refused %v", sent, refused)
	}
	later := b.Now().Add(24 * time.Hour)
	b.Now = func() time.Time { return later }
	if sent, refused = press(b.admin, 1); sent != 1 {
		t.Errorf("the next day: %d, refused %v", sent, refused)
	}
}

func TestATestAtNightWaitsForTheMorning(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	ctx, day := t.Context(), b.Now()
	k := day.In(kakao.KST)
	night := time.Date(k.Year(), k.Month(), k.Day(), 23, 0, 0, 0, kakao.KST).UTC()
	b.Now = func() time.Time { return night }
	c := b.draft(t, 1)
	test := b.sent(t, c, newTest(c, b.numbers(t, "1001")))
	must(t, b.PlanCampaign(ctx, test.ID), b.SendBatch(ctx, b.batch(t, test).ID))
	batch := b.batch(t, test)
	if morning := kakao.NextMorning(night); batch.State != models.BatchPlanned || !batch.DueAt.Equal(morning) || len(b.count()) != 0 {
		t.Errorf("at night the batch is %s, due %s, want %s; %d were sent", batch.State, batch.DueAt, morning, len(b.count()))
	}
	b.Now = func() time.Time { return kakao.NextMorning(night) }
	must(t, b.SendBatch(ctx, batch.ID))
	b.wantOnce(t, 1)
}

// A test takes what the provider does as a campaign does.
func TestATestAndTheProvidersFaults(t *testing.T) {
	t.Parallel()
	t.Run("accepted, and the answer is lost", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, time.Second)
		b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{After: true, Drop: true})})
		b.work(t)
		c := b.draft(t, 1)
		test := b.sent(t, c, newTest(c, b.numbers(t, "1001", "1002")))
		if _, e := b.until(t, test, isState(models.CampaignFinished)); e.Delivered != 2 {
			t.Errorf("equation %+v", e)
		}
		b.wantOnce(t, 2)
	})
	t.Run("the sender is blocked by the provider", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, time.Second)
		b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{Code: kakao.CodeSenderBlocked})})
		b.work(t)
		c := b.draft(t, 1)
		test := b.sent(t, c, newTest(c, b.numbers(t, "1001")))
		test, _ = b.until(t, test, isState(models.CampaignPaused))
		if want := fmt.Sprintf("api.%d", kakao.CodeSenderBlocked); test.Hold != want {
			t.Errorf("held for %q, want %q", test.Hold, want)
		}
	})
}

// A registered template is tried out as it is sent: with its defaults for all places of
// a variable.
func TestATestOverBrandTalk(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.work(t)
	c := b.brandDraft(t, 0)
	in := newTest(c, b.numbers(t, "1001", "0001"))
	in.Values = map[string]string{"혜택": "할인"}
	test, e := b.until(t, b.sent(t, c, in), isState(models.CampaignFinished))
	if e.Delivered != 1 || e.Failed != 1 || test.Channel != models.BrandTalk || test.Content.TemplateCode != c.Content.TemplateCode {
		t.Errorf("equation %+v of %+v", e, test)
	}
	b.wantOnce(t, 2)
	var got string
	for _, r := range b.sim.Received() {
		if r.Kind == "BRANDTALK" && r.To == "01055551001" {
			got = r.Text
		}
	}
	if want := "고객님, 고객님께만 드리는 할인"; got != want {
		t.Errorf("the phone has received %q, want %q", got, want)
	}
	in = newTest(c, in.Numbers)
	in.Values = map[string]string{"이름": "김하늘"}
	if _, _, err := b.TestCampaign(t.Context(), b.admin, c, in); models.FieldText(err, models.TestValueField(1)).Key == "" {
		t.Errorf("without a value of 혜택: %v", err)
	}
}

func TestOnlyARegisteredTemplateIsTriedOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	tried := models.Template{
		TeamID: b.team.ID, AppkeyID: b.appkey.ID, SenderID: b.sender.ID, Channel: models.BrandTalk, Name: "등록 전", Version: 1,
		State: models.TemplateDraft, Content: brandContent(""),
	}
	in := models.NewTest{Token: models.NewFormToken(), Revision: 1, Numbers: b.numbers(t, "1001"), Values: map[string]string{"혜택": "할인"}}
	if _, _, err := b.TestTemplate(t.Context(), b.admin, b.appkey, tried, in); models.KindOf(err) != models.Conflict {
		t.Errorf("a template that is not registered: %v", err)
	}
	unregistered := b.brandDraft(t, 0)
	unregistered.Content.TemplateCode = ""
	in.Revision = unregistered.Revision
	if _, _, err := b.TestCampaign(t.Context(), b.admin, unregistered, in); models.TextOf(err).Key != "test_message.blocked" {
		t.Errorf("a campaign without a registered template: %v", err)
	}
	if len(b.count()) != 0 {
		t.Errorf("sent to %v", b.count())
	}
}

func TestWhatIsNotSentAsATest(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c, numbers := b.draft(t, 1), b.numbers(t, "1001")
	change := func(change func(*models.Campaign)) models.Campaign {
		changed := c
		change(&changed)
		return changed
	}
	viewer, gone := b.admin, newTest(c, numbers)
	viewer.User.InstanceAdmin, viewer.Role = false, models.Viewer
	gone.Numbers = []int64{numbers[0], 4711}
	stale, empty := newTest(c, numbers), newTest(c, numbers)
	stale.Revision--
	empty.Values = nil
	tests := []struct {
		name  string
		by    models.Actor
		c     models.Campaign
		in    models.NewTest
		kind  models.Kind
		key   string
		field string
	}{
		{name: "by a viewer", by: viewer, c: c, in: newTest(c, numbers), kind: models.Forbidden},
		{name: "what has been edited since", by: b.admin, c: c, in: stale, kind: models.Conflict, key: "test_message.changed"},
		{name: "a message without text", by: b.admin, c: change(func(c *models.Campaign) { c.Content.Text = "" }), in: newTest(c, numbers), kind: models.Invalid, key: "test_message.blocked"},
		{name: "without a sender", by: b.admin, c: change(func(c *models.Campaign) { c.SenderID = 0 }), in: newTest(c, numbers), kind: models.Invalid, key: "test_message.blocked"},
		{name: "a fallback without its mark", by: b.admin, c: change(func(c *models.Campaign) { c.Fallback.Text = "안녕하세요" }), in: newTest(c, numbers), kind: models.Invalid, key: "test_message.blocked"},
		{name: "to a number that is gone", by: b.admin, c: c, in: gone, kind: models.Invalid, field: "numbers"},
		{name: "to nobody", by: b.admin, c: c, in: newTest(c, nil), kind: models.Invalid, field: "numbers"},
		{name: "without a value", by: b.admin, c: c, in: empty, kind: models.Invalid, field: models.TestValueField(0)},
	}
	for _, tt := range tests {
		_, _, err := b.TestCampaign(t.Context(), tt.by, tt.c, tt.in)
		if models.KindOf(err) != tt.kind || tt.key != "" && models.TextOf(err).Key != tt.key || tt.field != "" && models.FieldText(err, tt.field).Key == "" {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if found, err := b.DB.Tests(t.Context(), b.appkey.ID, 0, 10); err != nil || len(found) != 0 {
		t.Errorf("tests %v %v", found, err)
	}
}

func TestTeamSettingsAreForAdmins(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	marketer := models.Actor{User: models.User{ID: 9}, Role: models.Marketer}
	_, addErr := b.AddTestNumber(ctx, marketer, b.team.ID, models.NewTestNumber{Name: "나", Phone: "01055551001"})
	id := b.numbers(t, "1001")[0]
	for what, err := range map[string]error{
		"add": addErr, "remove": b.RemoveTestNumber(ctx, marketer, b.team.ID, id),
		"settings": b.SaveTeamSettings(ctx, marketer, b.team.ID, models.TeamSettings{Lead: "1", Unit: models.LeadHours}),
	} {
		if models.KindOf(err) != models.Forbidden {
			t.Errorf("%s by a marketer: %v", what, err)
		}
	}
	if err := b.RemoveTestNumber(ctx, b.admin, b.team.ID+1, id); models.KindOf(err) != models.NotFound {
		t.Errorf("another team's number: %v", err)
	}
	if _, err := b.AddTestNumber(ctx, b.admin, b.team.ID, models.NewTestNumber{Name: "다른 이름", Phone: "+82 10 5555 1001"}); models.FieldText(err, "phone").Key != "error.exists.test_number" {
		t.Errorf("the same number written otherwise: %v", err)
	}
	must(t, b.SaveTeamSettings(ctx, b.admin, b.team.ID, models.TeamSettings{Lead: "2", Unit: models.LeadHours}), b.RemoveTestNumber(ctx, b.admin, b.team.ID, id))
	team, err := b.DB.Team(ctx, b.team.ID)
	if ns, readErr := b.DB.TestNumbers(ctx, b.team.ID); err != nil || readErr != nil || team.LeadMinutes != 120 || len(ns) != 0 {
		t.Errorf("%+v, numbers %v (%v %v)", team, ns, err, readErr)
	}
}
