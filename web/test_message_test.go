package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"soshik/models"
)

// testNumbers gives the team test numbers, as many as there are names.
func (d *desk) testNumbers(t *testing.T, names ...string) []string {
	t.Helper()
	var ids []string
	for i, name := range names {
		n := models.TestNumber{TeamID: 1, Phone: fmt.Sprintf("0105555%04d", 1000+i), Name: name, CreatedBy: 1, CreatedAt: d.now}
		err := d.DB.Tx(t.Context(), func(tx *models.DB) error { return tx.CreateTestNumber(t.Context(), &n) })
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, fmt.Sprint(n.ID))
	}
	return ids
}

// saved is a draft whose message is all right, with two test numbers to try it on.
func (d *desk) saved(t *testing.T) (models.Campaign, []string) {
	t.Helper()
	c := d.begin(t)
	if got := d.post(t, d.step(c, "message"), d.message(t, c)); !strings.HasSuffix(got.path, "/recipients") {
		t.Fatalf("saving leads to %s: %d", got.path, got.status)
	}
	return d.read(t, c), d.testNumbers(t, "김하늘", "이하윤")
}

var hiddenToken = regexp.MustCompile(`name="token" value="([0-9A-Z]{26})"`)

// testForm is the form of a test as the page has it, with the given changes,
// alternating name and value.
func (d *desk) testForm(t *testing.T, c models.Campaign, changes ...string) url.Values {
	t.Helper()
	page := d.get(t, d.step(c, "test"))
	token := hiddenToken.FindStringSubmatch(page.body)
	if page.status != http.StatusOK || token == nil {
		t.Fatalf("%s: %d, no token", page.path, page.status)
	}
	form := url.Values{"token": {token[1]}, "revision": {fmt.Sprint(d.read(t, c).Revision)}, "send": {"1"}, "name-0": {"이름"}, "value-0": {"박바다"}}
	for _, m := range regexp.MustCompile(`name="number" value="(\d+)" checked`).FindAllStringSubmatch(page.body, -1) {
		form.Add("number", m[1])
	}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

// tests are the tests that have been sent, the newest first.
func (d *desk) tests(t *testing.T) []models.Campaign {
	t.Helper()
	cs, err := d.DB.Tests(t.Context(), d.appkey.ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

func TestATestFromTheMessageToItsResult(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.testNumbers(t, "김하늘", "이하윤")
	got := d.post(t, d.step(c, "message"), d.message(t, c, "text", "#{이름}님, 방금 고친 내용", "test", "1"))
	if !strings.HasSuffix(got.path, "/test") {
		t.Fatalf("the button leads to %s: %d", got.path, got.status)
	}
	got.says(t, http.StatusOK, "김하늘", "010-5555-1000", "이하윤", "방금 고친 내용", "오늘 팀에서 0건")
	got.keepsQuiet(t, "야간")
	form := d.testForm(t, c)
	if len(form["number"]) != 2 {
		t.Errorf("ticked are %v, want both", form["number"])
	}
	sent := d.post(t, d.step(c, "test"), form)
	sent.says(t, http.StatusOK, "테스트 발송을 시작했습니다.", "테스트 번호 2개", "박바다", "메시지 단계로")
	tests := d.tests(t)
	if len(tests) != 1 || tests[0].Content.Text != "#{이름}님, 방금 고친 내용" || tests[0].Audience != 2 {
		t.Fatalf("tests %+v", tests)
	}
	again := d.post(t, d.step(c, "test"), form)
	again.says(t, http.StatusOK, "이미 보낸 테스트입니다.")
	if n := len(d.tests(t)); n != 1 {
		t.Errorf("%d tests after the same form came twice", n)
	}
	if page := d.get(t, d.step(c, "test")); !strings.Contains(page.body, `value="박바다"`) {
		t.Error("the values of the last test are not offered")
	} else {
		page.says(t, http.StatusOK, "이전 테스트", "오늘 팀에서 2건")
	}

	list := d.get(t, strings.TrimSuffix(d.path(""), "/"))
	if n := strings.Count(list.body, "11월 쿠폰"); n != 1 {
		t.Errorf("the list names the campaign %d times", n)
	}
	d.get(t, strings.TrimSuffix(d.path(""), "/")+"?tests=1").says(t, http.StatusOK, "11월 쿠폰", `aria-current="page"`)
	d.get(t, d.path(fmt.Sprint(tests[0].ID))).says(t, http.StatusOK, "11월 쿠폰", "테스트", "원본 캠페인")
	if logs := d.audited(t, "campaign.test"); len(logs) != 1 || strings.Contains(logs[0].After, "5555") {
		t.Errorf("audited as %+v", logs)
	}
}

func TestATestNeedsAMessageThatIsRight(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.testNumbers(t, "김하늘")
	d.post(t, d.step(c, "message"), d.message(t, c, "text", "", "test", "1")).marks(t, "text")
	d.post(t, d.step(c, "message"), d.message(t, c, "sender", "", "test", "1")).marks(t, "sender")
	d.post(t, d.step(c, "message"), d.message(t, c, "text", "", "preview", "1")).says(t, http.StatusOK) // keeps what is wrong
	page := d.get(t, d.step(c, "test"))
	page.says(t, http.StatusOK, "고쳐야 보낼 수 있습니다", "메시지에서 고치기", " disabled")
	form := url.Values{"token": {models.NewFormToken()}, "revision": {fmt.Sprint(d.read(t, c).Revision)}, "send": {"1"}, "number": {"1"}}
	d.post(t, d.step(c, "test"), form).says(t, http.StatusUnprocessableEntity, "메시지에 고칠 것이 있어 보내지 않았습니다.")
	if n := len(d.tests(t)); n != 0 {
		t.Errorf("%d tests were sent", n)
	}
}

func TestATestWithBadInput(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, numbers := d.saved(t)
	foreign := models.TestNumber{TeamID: 2, Phone: "01055559999", Name: "남의 번호", CreatedAt: d.now}
	err := d.DB.Tx(t.Context(), func(tx *models.DB) error {
		if err := tx.CreateTeam(t.Context(), &models.Team{Name: "다른 팀", CreatedAt: d.now}); err != nil {
			return err
		}
		return tx.CreateTestNumber(t.Context(), &foreign)
	})
	if err != nil {
		t.Fatal(err)
	}
	const evil = `<script>alert(1)</script>{ p.T("x") }#{이름}`
	tests := []struct {
		name    string
		changes []string
		says    []string
	}{
		{"no number", []string{"number", ""}, []string{"받을 번호를 하나 이상 골라 주세요.", `value="박바다"`}},
		{"another team's number", []string{"number", fmt.Sprint(foreign.ID)}, []string{"그사이 삭제된 번호가 있습니다", `value="박바다"`}},
		{"a number that is none", []string{"number", "x"}, []string{"받을 번호를 하나 이상 골라 주세요."}},
		{"no value", []string{"value-0", " "}, []string{"값을 입력해 주세요. 이 변수에는 기본값이 없습니다."}},
		{"a value that is too long", []string{"value-0", strings.Repeat("가", 1000)}, []string{"길이 제한을 넘습니다"}},
		{"no token", []string{"token", ""}, []string{"화면을 새로 연 뒤"}},
		{"markup that comes back", []string{"value-0", evil, "number", ""}, []string{evil}},
		{"an older draft", []string{"revision", "0"}, []string{"내용이 바뀌어 보내지 않았습니다", `value="박바다"`}},
	}
	for _, tt := range tests {
		got := d.post(t, d.step(c, "test"), d.testForm(t, c, tt.changes...))
		got.says(t, http.StatusUnprocessableEntity, tt.says...)
		if strings.Contains(got.body, "<script>alert") {
			t.Errorf("%s: markup is not shown as text", tt.name)
		}
		got.keepsQuiet(t, "남의 번호")
	}
	if n := len(d.tests(t)); n != 0 {
		t.Errorf("%d tests were sent", n)
	}
	form := d.testForm(t, c, "value-0", evil, "number", numbers[1])
	d.post(t, d.step(c, "test"), form).says(t, http.StatusOK, "테스트 번호 1개")
	if values, err := d.DB.TestValues(t.Context(), d.tests(t)[0]); err != nil || values["이름"] != evil {
		t.Errorf("sent with %q (%v)", values, err)
	}
}

func TestATestThatIsTooMany(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, numbers := d.saved(t)
	for range models.MaxTests {
		d.post(t, d.step(c, "test"), d.testForm(t, c, "number", numbers[0])).says(t, http.StatusOK, "테스트 번호 1개")
	}
	got := d.post(t, d.step(c, "test"), d.testForm(t, c, "value-0", "열한 번째"))
	got.says(t, http.StatusTooManyRequests, "10분 동안 10번까지", "이후에 다시 보내 주세요", `value="열한 번째"`)
	if n := len(d.tests(t)); n != models.MaxTests {
		t.Errorf("%d tests were sent", n)
	}
}

func TestATestAtNightSaysThatItWaits(t *testing.T) {
	t.Parallel()
	d := newDeskAt(t, 22)
	c, _ := d.saved(t)
	d.get(t, d.step(c, "test")).says(t, http.StatusOK, "지금은 야간(20:50–08:00, 한국 시간)", "08:00에 나갑니다")
	sent := d.post(t, d.step(c, "test"), d.testForm(t, c))
	sent.says(t, http.StatusOK, "야간이라 기다리고 있습니다.", `content="60"`, `hx-trigger="every 60s"`)
}

func TestATestWithARecipientsValues(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, numbers := d.saved(t)
	d.give(t, c, "하나", "둘", "셋")
	d.get(t, d.step(c, "test")+"?from=check").says(t, http.StatusOK, "이 수신자의 값 넣기", "검사와 발송 단계로", "이름")
	form := d.testForm(t, c, "fill", "1", "row", "2", "number", numbers[0])
	whole := d.post(t, d.step(c, "test"), form)
	whole.says(t, http.StatusOK, `value="둘"`, `name="row" min="1" max="3" value="2"`)
	if n := strings.Count(whole.body, `" checked`); n < 1 || strings.Contains(whole.body, `value="`+numbers[1]+`" checked`) {
		t.Error("what was ticked is not kept")
	}
	part := d.part(t, d.step(c, "test"), form)
	part.says(t, http.StatusOK, `value="둘"`, `id="preview"`, `hx-swap-oob="true"`)
	part.keepsQuiet(t, "<html", `name="number"`)
	typed := d.part(t, d.step(c, "test"), url.Values{"name-0": {"이름"}, "value-0": {"타자"}})
	typed.says(t, http.StatusOK, "타자")
	typed.keepsQuiet(t, "<html", `id="values"`)
	for _, row := range []string{"0", "-1", "99", "x"} {
		d.post(t, d.step(c, "test"), d.testForm(t, c, "fill", "1", "row", row)).says(t, http.StatusOK, "변수에 넣을 값")
	}
	if n := len(d.tests(t)); n != 0 {
		t.Errorf("%d tests were sent", n)
	}
}

func TestTheResultOfATestIsItsOwn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, _ := d.saved(t)
	d.post(t, d.step(c, "test"), d.testForm(t, c)).says(t, http.StatusOK)
	test := d.tests(t)[0]
	path := func(c models.Campaign, sent string) string { return d.step(c, "test?from=message&sent="+sent) }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+path(c, fmt.Sprint(test.ID)), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("HX-Request", "true")
	req.Header.Set("HX-Request-Type", "partial")
	part := d.do(t, req)
	part.says(t, http.StatusOK, `id="test"`, "every 2s", "김하늘")
	part.keepsQuiet(t, "<html")
	other := d.begin(t)
	for _, sent := range []string{fmt.Sprint(c.ID), "4711"} {
		d.get(t, path(c, sent)).says(t, http.StatusNotFound)
	}
	d.get(t, path(other, fmt.Sprint(test.ID))).says(t, http.StatusNotFound)
	viewer := *d
	viewer.site = d.as(t, d.addUser(t, "viewer@example.com", models.Viewer).ID)
	viewer.get(t, path(c, fmt.Sprint(test.ID))).says(t, http.StatusForbidden)
	seen := viewer.get(t, d.path(fmt.Sprint(test.ID)))
	seen.says(t, http.StatusOK, "테스트")
	seen.keepsQuiet(t, "5555-1000")
	page := viewer.get(t, d.step(c, "message"))
	page.keepsQuiet(t, "테스트 발송")
}

func TestWithoutTestNumbersThePageSaysWhatToDo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.post(t, d.step(c, "message"), d.message(t, c)).says(t, http.StatusOK)
	d.get(t, d.step(c, "test")).says(t, http.StatusOK, "테스트 메시지를 받을 번호가 아직 없습니다.", "/teams/1/settings")
	marketer := *d
	marketer.site = d.as(t, d.addUser(t, "marketer@example.com", models.Marketer).ID)
	got := marketer.get(t, d.step(c, "test"))
	got.says(t, http.StatusOK, "팀 관리자에게 팀 설정에서")
	got.keepsQuiet(t, "/teams/1/settings")
}

func TestATemplateIsTriedOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.testNumbers(t, "김하늘", "이하윤")
	made := models.Template{
		TeamID: 1, AppkeyID: d.appkey.ID, Channel: models.FriendTalk, Name: "단골 인사", Version: 2, State: models.TemplateDraft,
		Content: models.Content{Text: "#{이름}님, 반갑습니다", Ad: true}, CreatedAt: d.now, UpdatedAt: d.now,
	}
	if err := d.DB.CreateTemplate(t.Context(), &made); err != nil {
		t.Fatal(err)
	}
	page := fmt.Sprintf("/appkeys/%d/templates/%d", d.appkey.ID, made.ID)
	d.get(t, page).says(t, http.StatusOK, page+"/test", "테스트 발송")
	form := d.get(t, page+"/test")
	form.says(t, http.StatusOK, "템플릿으로", "@봄봄상점", "반갑습니다", "김하늘")
	in := url.Values{
		"token": {hiddenToken.FindStringSubmatch(form.body)[1]}, "revision": {"2"}, "send": {"1"}, "number": {"1", "2"},
		"name-0": {"이름"}, "value-0": {"박바다"}, "sender": {""},
	}
	unsent := d.post(t, page+"/test", in)
	unsent.marks(t, "sender")
	unsent.says(t, http.StatusUnprocessableEntity, `value="박바다"`)
	in.Set("sender", "4711")
	d.post(t, page+"/test", in).marks(t, "sender")
	in.Set("sender", fmt.Sprint(d.sender.ID))
	in.Set("revision", "1")
	d.post(t, page+"/test", in).says(t, http.StatusUnprocessableEntity, "내용이 바뀌어 보내지 않았습니다")
	in.Set("revision", "2")
	sent := d.post(t, page+"/test", in)
	sent.says(t, http.StatusOK, "테스트 발송을 시작했습니다.", "테스트 번호 2개", "박바다")
	d.post(t, page+"/test", in).says(t, http.StatusOK, "이미 보낸 테스트입니다.")
	tests := d.tests(t)
	if len(tests) != 1 || tests[0].TemplateID != made.ID || tests[0].TemplateVersion != 2 || tests[0].OriginalID != 0 || tests[0].SenderID != d.sender.ID {
		t.Fatalf("tests %+v", tests)
	}
	d.get(t, d.path(fmt.Sprint(tests[0].ID))).says(t, http.StatusOK, "원본 템플릿", page)
	d.get(t, page+"/test").says(t, http.StatusOK, "이전 테스트", `value="박바다"`)
	logs := d.audited(t, "campaign.test")
	if len(logs) != 1 || logs[0].ObjectType != "template" || logs[0].ObjectID != made.ID || !strings.Contains(logs[0].After, `"numbers":2`) {
		t.Errorf("audited as %+v", logs)
	}
	d.get(t, page).keepsQuiet(t, "캠페인 1개")
	other := made
	other.ID, other.Name = 0, "다른 템플릿"
	if err := d.DB.CreateTemplate(t.Context(), &other); err != nil {
		t.Fatal(err)
	}
	d.get(t, fmt.Sprintf("/appkeys/%d/templates/%d/test?sent=%d", d.appkey.ID, other.ID, tests[0].ID)).says(t, http.StatusNotFound)
}

func TestWhatCannotBeSentOfTemplatesIsNotTriedOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	archived := models.Template{
		TeamID: 1, AppkeyID: d.appkey.ID, Channel: models.FriendTalk, Name: "옛 인사", Version: 1, State: models.TemplateDraft,
		Content: models.Content{Text: "안녕하세요"}, ArchivedAt: &d.now, CreatedAt: d.now, UpdatedAt: d.now,
	}
	if err := d.DB.CreateTemplate(t.Context(), &archived); err != nil {
		t.Fatal(err)
	}
	page := fmt.Sprintf("/appkeys/%d/templates/%d", d.appkey.ID, archived.ID)
	d.get(t, page).keepsQuiet(t, page+"/test")
	if got := d.get(t, page+"/test"); got.path != page {
		t.Errorf("trying it out leads to %s", got.path)
	}
	form := url.Values{"token": {models.NewFormToken()}, "revision": {"1"}, "send": {"1"}, "sender": {fmt.Sprint(d.sender.ID)}}
	if got := d.post(t, page+"/test", form); got.status != http.StatusUnprocessableEntity || len(d.tests(t)) != 0 {
		t.Errorf("sent: %d, %v", got.status, d.tests(t))
	}
}
