package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// press is a site with a sender under which templates are registered.
type press struct {
	*site
	sim    *nhnsim.Sim
	appkey models.Appkey
	sender models.Sender
}

func newPress(t *testing.T) *press {
	t.Helper()
	s, sim, appkey := newAppkeySite(t)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	s.readSenders(t)
	return &press{s, sim, appkey, s.sender(t)}
}

func (p *press) path(rest string) string { return "/appkeys/1/templates/" + rest }

// written is a saved template of BrandTalk.
func (p *press) written(t *testing.T, name string) models.Template {
	t.Helper()
	got := p.post(t, p.path("new"), url.Values{"channel": {"brandtalk"}, "name": {name}, "sender": {fmt.Sprint(p.sender.ID)}})
	if got.status != http.StatusOK {
		t.Fatalf("making a template: %d %s", got.status, got.path)
	}
	saved := p.post(t, got.path, url.Values{
		"version": {"0"}, "name": {name}, "message-type": {"I"}, "content-type": {"V"}, "text": {"#{이름|고객}님, 반갑습니다"}, "unsubscribe": {"080-123-4567"},
		"image-url": {"https://example.com/a.png"}, "button-0-type": {"WL"}, "button-0-name": {"보기"}, "button-0-link": {"https://example.com"},
	})
	if saved.status != http.StatusOK {
		t.Fatalf("saving a template: %d %v", saved.status, saved.problems())
	}
	return p.kept(t, strings.TrimPrefix(got.path, p.path("")))
}

func (p *press) kept(t *testing.T, id string) models.Template {
	t.Helper()
	var n int64
	if _, err := fmt.Sscan(id, &n); err != nil {
		t.Fatal(err)
	}
	made, err := p.DB.TemplateByID(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (p *press) of(made models.Template, rest string) string {
	return p.path(fmt.Sprintf("%d%s", made.ID, rest))
}

func TestTemplateIsRegisteredBlockedAndShown(t *testing.T) {
	t.Parallel()
	p := newPress(t)
	made := p.written(t, "봄 세일")
	p.get(t, p.of(made, "")).says(t, http.StatusOK, p.of(made, "/register"))
	p.get(t, p.of(made, "/register")).says(t, http.StatusOK, `value="bomseil"`, "바꾸거나 지울 수 없습니다", "2023년 1월 31일에 종료", "https://example.com/a.png", "080-123-4567")

	got := p.post(t, p.of(made, "/register"), url.Values{"code": {"bomseil"}, "version": {"1"}})
	got.says(t, http.StatusOK, "코드는 bomseil입니다", "대기 (첫 발송 전)", "#{이름|고객}님, 반갑습니다", "목록 조회, 수정, 삭제를 제공하지 않습니다")
	got.keepsQuiet(t, "<textarea")
	if theirs := p.sim.Templates(testAppkey); len(theirs) != 1 || theirs[0].Content != "#{이름}님, 반갑습니다" {
		t.Errorf("registered %+v", theirs)
	}
	if got := p.get(t, p.of(made, "/register")); got.path != p.of(made, "") {
		t.Errorf("a registered template can be registered again: %s", got.path)
	}

	err := p.sim.SetTemplate(testAppkey, p.sender.SenderKey, "bomseil", func(in *nhnsim.Template) { in.Status = kakao.TemplateBlocked })
	if err != nil {
		t.Fatal(err)
	}
	p.post(t, p.of(made, "/check"), nil).says(t, http.StatusOK, "상태를 확인했습니다", "카카오가 이 템플릿을 차단했습니다", "차단됨")
	p.get(t, "/appkeys/1/templates").says(t, http.StatusOK, "차단됨")
	p.get(t, "/teams/1").says(t, http.StatusOK, "보낼 수 없게 된 템플릿", "봄 세일", "bomseil")
}

func TestRegistrationThatIsWrong(t *testing.T) {
	t.Parallel()
	p := newPress(t)
	made, first := p.written(t, "둘째"), p.written(t, "첫째")
	p.post(t, p.of(first, "/register"), url.Values{"code": {"first"}, "version": {"1"}}).says(t, http.StatusOK, "등록했습니다")
	for name, code := range map[string]string{
		"no code": "", "Hangul": "봄", "a hyphen": "a-b", "too long": strings.Repeat("a", 21), "taken here": "first", "markup": `"><script>`,
	} {
		got := p.post(t, p.of(made, "/register"), url.Values{"code": {code}, "version": {"1"}})
		if got.problems()["code"] == "" || got.status != http.StatusUnprocessableEntity && got.status != http.StatusConflict {
			t.Errorf("%s: %d %v", name, got.status, got.problems())
		}
		got.says(t, got.status, `value="`+code+`"`)
		if strings.Contains(got.body, "<script>") {
			t.Errorf("%s: what was typed is markup", name)
		}
	}
	if got := p.post(t, p.of(made, "/register"), url.Values{"code": {"second"}, "version": {"0"}}); !strings.Contains(got.body, "그사이 템플릿이 바뀌었습니다") {
		t.Errorf("a version that nobody has seen is registered: %d", got.status)
	}
	p.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/templates") {
			return &nhnsim.Answer{Code: kakao.CodeTemplateUnsubscribe}
		}
		return nil
	}})
	got := p.post(t, p.of(made, "/register"), url.Values{"code": {"second"}, "version": {"1"}})
	if got.status/100 == 2 || !strings.Contains(got.body, "080") || !strings.Contains(got.body, `value="second"`) {
		t.Errorf("what the provider refuses: %d", got.status)
	}
	if kept := p.kept(t, fmt.Sprint(made.ID)); kept.State != models.TemplateDraft {
		t.Errorf("it is %s", kept.State)
	}
}

// An answer that is lost leads to the template's page, which says that it is being
// looked up, and does not offer to register again.
func TestRegistrationInDoubtIsShown(t *testing.T) {
	t.Parallel()
	p := newPress(t)
	made := p.written(t, "봄")
	down := true
	p.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if down && strings.Contains(r.URL.Path, "/templates") {
			return &nhnsim.Answer{After: true, Status: 502}
		}
		return nil
	}})
	got := p.post(t, p.of(made, "/register"), url.Values{"code": {"bom"}, "version": {"1"}})
	got.says(t, http.StatusOK, "답을 받지 못했습니다", "다시 등록하지 않습니다", "등록 중", p.of(made, "/check"))
	got.keepsQuiet(t, p.of(made, "/register"))
	p.sim.SetFaults(nhnsim.Faults{})
	p.post(t, p.of(made, "/check"), nil).says(t, http.StatusOK, "대기 (첫 발송 전)")
}

func TestTemplateIsAdopted(t *testing.T) {
	t.Parallel()
	p := newPress(t)
	_, err := p.sim.AddTemplate(testAppkey, nhnsim.Template{
		SenderKey: p.sender.SenderKey, Code: "console1", Name: "콘솔 <b>템플릿</b>", Content: "#{이름}님 <i>안녕</i>", Status: kakao.TemplateNormal, ImageURL: "https://example.com/b.png",
	})
	if err != nil {
		t.Fatal(err)
	}
	p.get(t, p.path("adopt")).says(t, http.StatusOK, "코드를 알아야 합니다", "@봄봄상점")
	p.post(t, p.path("adopt"), url.Values{"sender": {""}, "code": {""}}).marks(t, "sender", "code")
	sender := fmt.Sprint(p.sender.ID)
	if got := p.post(t, p.path("adopt"), url.Values{"sender": {sender}, "code": {"nosuch"}}); got.problems()["code"] == "" || !strings.Contains(got.body, `value="nosuch"`) {
		t.Errorf("a code that the provider does not know: %d %v", got.status, got.problems())
	}
	got := p.post(t, p.path("adopt"), url.Values{"sender": {sender}, "code": {"console1"}})
	got.says(t, http.StatusOK, "가져왔습니다", "#{이름}님 <i>안녕</i>", "정상", "console1")
	if strings.Contains(got.body, "<i>안녕</i>") {
		t.Error("a template's text is markup")
	}
	if got := p.post(t, p.path("adopt"), url.Values{"sender": {sender}, "code": {"console1"}}); !strings.Contains(got.problems()["code"], "이미 목록에") {
		t.Errorf("adopted twice: %d %v", got.status, got.problems())
	}
}

func TestWhoMayRegister(t *testing.T) {
	t.Parallel()
	p := newPress(t)
	made := p.written(t, "봄")
	for _, role := range models.Roles() {
		who := p.as(t, p.addUser(t, string(role)+"@example.com", role).ID)
		page, adopt := who.get(t, p.of(made, "")), who.get(t, p.path("adopt"))
		may := role.Allows(models.ManageCampaigns)
		if strings.Contains(page.body, p.of(made, "/register")) != may || (adopt.status == http.StatusOK) != may {
			t.Errorf("%s is offered to register: %v, to adopt: %d", role, !may, adopt.status)
		}
		got := who.post(t, p.of(made, "/register"), url.Values{"code": {""}, "version": {"1"}})
		if (got.status == http.StatusForbidden) == may {
			t.Errorf("%s registers: %d", role, got.status)
		}
	}
}

// A campaign with a registered template is composed in four steps, of which the first
// shows what is registered and takes but a name.
func TestCampaignWithARegisteredTemplate(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := models.Campaign{
		TeamID: 1, AppkeyID: d.appkey.ID, Channel: models.BrandTalk, ULID: models.NewToken(), Name: "봄", State: models.CampaignDraft, SenderID: d.sender.ID,
		Content: models.Content{
			Text: "#{이름|고객}님 <b>", Ad: true, MessageType: "I", ContentType: "V", TemplateCode: "bom", UnsubscribeNo: "0801234567", ImageURL: "https://example.com/a.png",
			Buttons: []models.Button{{Type: "WL", Name: "보기", LinkMo: "https://example.com/x"}, {Type: "ZZ", Name: "모르는 것"}},
		},
	}
	if err := d.DB.CreateCampaign(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	got := d.get(t, d.step(c, "message"))
	got.says(t, http.StatusOK, "바꿀 수 없습니다", "#{이름|고객}님 <b>", "bom", "080-123-4567", "https://example.com/x", ">ZZ<", "@봄봄상점")
	got.keepsQuiet(t, "<textarea", d.step(c, "fallback"), `name="text"`, `value="sms"`)
	saved := d.post(t, d.step(c, "message"), url.Values{"name": {"새 이름"}, "text": {"다른 말"}, "sender": {"0"}, "revision": {"0"}, "add-button": {"1"}})
	if now := d.read(t, c); now.Name != "새 이름" || now.Content.Text != c.Content.Text || len(now.Content.Buttons) != 2 || now.SenderID != d.sender.ID || !strings.HasSuffix(saved.path, "/recipients") {
		t.Errorf("kept %+v, and on to %s", now, saved.path)
	}
	d.part(t, d.step(c, "message")+"/preview", url.Values{"name": {"새 이름"}}).says(t, http.StatusOK, "<mark>고객</mark>님 <b>")
	for _, step := range []string{"fallback", "fallback/preview"} {
		if got := d.post(t, d.step(c, step), url.Values{"on": {"1"}}); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", step, got.status)
		}
	}
	if got := d.get(t, d.step(c, "fallback")); got.status != http.StatusNotFound {
		t.Errorf("the fallback of what has none: %d", got.status)
	}
	d.give(t, c, "김하늘", "")
	d.get(t, d.step(c, "schedule")).says(t, http.StatusOK, "30일 뒤까지")
	check := d.checks(t, c)
	check.says(t, http.StatusOK, "2023년 1월 31일에 종료", "브랜드톡의 하루 발송 한도", "2명에게 지금 보내기")
	check.keepsQuiet(t, "대체 발송", "친구가 아닌")
	d.post(t, d.step(c, "message"), url.Values{"name": {""}, "revision": {fmt.Sprint(d.read(t, c).Revision)}, "audience": {fmt.Sprint(d.read(t, c).AudienceID)}}).marks(t, "name")
}
