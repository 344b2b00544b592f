package web_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/web"
)

// desk is a site on which a campaign can be composed, at two in the afternoon in
// Korea.
type desk struct {
	*site
	appkey models.Appkey
	sender models.Sender
	now    time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return newDeskAt(t, 14)
}

// newDeskAt is a desk at an hour of today, in Korea.
func newDeskAt(t *testing.T, hour int) *desk {
	t.Helper()
	now := time.Now().In(kakao.KST)
	offset := time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, kakao.KST).Sub(now)
	d := &desk{now: now.Add(offset), site: newSite(t, func(cfg *web.Config) {
		cfg.ClockOffset, cfg.SweepEvery = offset, time.Hour
	})}
	d.setUp(t)
	d.appkey = models.Appkey{
		TeamID: 1, Name: "쇼핑몰", Appkey: "shop", Secret: []byte("x"), BaseURL: closedProvider(t),
		SenderVersion: kakao.SenderAPIv21, RatePerSecond: 10, CreatedAt: d.now, UpdatedAt: d.now,
	}
	d.sender = models.Sender{
		PlusFriendID: "@봄봄상점", Status: kakao.SenderRegistered, KakaoStatus: kakao.KakaoStatusNormal, DailyMax: 1000, SentCount: 312,
		FallbackSendNo: "15881234", UnsubscribeNo: "0801234567", RefreshedAt: d.now, CreatedAt: d.now,
	}
	if err := d.DB.CreateAppkey(t.Context(), &d.appkey); err != nil {
		t.Fatal(err)
	}
	d.sender.AppkeyID = d.appkey.ID
	if err := d.DB.SaveSenders(t.Context(), []models.Sender{d.sender}); err != nil {
		t.Fatal(err)
	}
	senders, err := d.DB.Senders(t.Context(), d.appkey.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.sender = senders[0]
	return d
}

// begin creates a campaign as a person does, and comes back with it.
func (d *desk) begin(t *testing.T) models.Campaign {
	t.Helper()
	got := d.post(t, d.path("new"), url.Values{"name": {"11월 쿠폰"}, "sender": {fmt.Sprint(d.sender.ID)}})
	if !strings.HasSuffix(got.path, "/message") {
		t.Fatalf("creating leads to %s: %d", got.path, got.status)
	}
	cs, err := d.DB.Campaigns(t.Context(), d.appkey.ID, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	return cs[0]
}

func (d *desk) path(rest string) string {
	return fmt.Sprintf("/appkeys/%d/campaigns/%s", d.appkey.ID, rest)
}

func (d *desk) step(c models.Campaign, step string) string {
	return d.path(fmt.Sprintf("%d/%s", c.ID, step))
}

func (d *desk) read(t *testing.T, c models.Campaign) models.Campaign {
	t.Helper()
	c, err := d.DB.Campaign(t.Context(), d.appkey.ID, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// part posts a form as htmx does when it wants a part of the page.
func (d *desk) part(t *testing.T, path string, form url.Values) answer {
	t.Helper()
	req := formRequest(t, d.url+path, form)
	req.Header.Set("HX-Request", "true")
	req.Header.Set("HX-Request-Type", "partial")
	return d.do(t, req)
}

// give gives the campaign recipients, one for each of the values of 이름.
func (d *desk) give(t *testing.T, c models.Campaign, names ...string) {
	t.Helper()
	a := models.Audience{TeamID: 1, Columns: []string{"이름"}, CreatedAt: d.now}
	rs := make([]models.Recipient, len(names))
	for i, name := range names {
		rs[i] = models.Recipient{Phone: fmt.Sprintf("0101234%04d", i), Vars: models.VarsJSON(map[string]string{"이름": name})}
	}
	if err := d.DB.CreateAudience(t.Context(), &a); err != nil {
		t.Fatal(err)
	}
	if err := d.DB.InsertRecipients(t.Context(), a.ID, rs); err != nil {
		t.Fatal(err)
	}
	if err := d.DB.SetAudienceSize(t.Context(), a.ID, int64(len(rs))); err != nil {
		t.Fatal(err)
	}
	if used, err := d.DB.UseAudience(t.Context(), c.ID, a.ID, 1); err != nil || !used {
		t.Fatal(used, err)
	}
}

// message is the form of the message step, all of it right; changes are fields
// that differ, alternating name and value.
func (d *desk) message(t *testing.T, c models.Campaign, changes ...string) url.Values {
	t.Helper()
	form := url.Values{
		"revision": {fmt.Sprint(d.read(t, c).Revision)}, "audience": {fmt.Sprint(d.read(t, c).AudienceID)}, "name": {c.Name}, "sender": {fmt.Sprint(d.sender.ID)},
		"text": {"#{이름}님, 안녕하세요"}, "ad": {"1"},
	}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

func button(i int, name, link string) []string {
	return []string{models.ButtonField(i, "name"), name, models.ButtonField(i, "link"), link, models.ButtonField(i, "link-pc"), ""}
}

var marked = regexp.MustCompile(`id="([a-z0-9_-]+)-problem">([^<]*)<`)

// wrong are the fields that a form which came back marks.
func wrong(a answer) []string {
	var found []string
	for _, m := range marked.FindAllStringSubmatch(a.body, -1) {
		found = append(found, m[1])
	}
	slices.Sort(found)
	return found
}

func TestBeginCampaign(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.get(t, d.path("")[:len(d.path(""))-1]).says(t, http.StatusOK, "아직 캠페인이 없습니다", "새 캠페인")
	if got := d.post(t, d.path("new"), url.Values{"name": {" "}}); got.status != http.StatusUnprocessableEntity || !slices.Equal(wrong(got), []string{"name"}) {
		t.Errorf("without a name: %d %v", got.status, wrong(got))
	}
	if got := d.post(t, d.path("new"), url.Values{"name": {"쿠폰"}, "sender": {"4711"}}); got.status != http.StatusUnprocessableEntity || !slices.Equal(wrong(got), []string{"sender"}) {
		t.Errorf("with a sender that is not the appkey's: %d %v", got.status, wrong(got))
	}
	d.post(t, d.path("new"), url.Values{"name": {"보낼 곳 하나"}})
	if cs, err := d.DB.Campaigns(t.Context(), d.appkey.ID, 0, 10); err != nil || len(cs) != 1 || cs[0].SenderID != d.sender.ID {
		t.Errorf("the only sender is not taken: %+v %v", cs, err)
	}
	d.begin(t)
	d.get(t, d.list()).says(t, http.StatusOK, "11월 쿠폰", "보낼 곳 하나", "초안", "@봄봄상점", "친구톡", "지금 바로", "김지우")
}

func (d *desk) list() string { return strings.TrimSuffix(d.path(""), "/") }

func TestCampaignListPages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 27 {
		c := models.Campaign{
			TeamID: 1, AppkeyID: d.appkey.ID, Channel: models.FriendTalk, ULID: models.NewToken(), Name: fmt.Sprintf("캠페인 %02d호", i+1),
			State: models.CampaignDraft, CreatedBy: 1, CreatedAt: d.now, UpdatedAt: d.now,
		}
		if err := d.DB.CreateCampaign(t.Context(), &c); err != nil {
			t.Fatal(err)
		}
	}
	first := d.get(t, d.list())
	first.says(t, http.StatusOK, "27호", "03호", "이전 캠페인")
	first.keepsQuiet(t, "02호")
	older := regexp.MustCompile(`\?before=\d+`).FindString(first.body)
	second := d.get(t, d.list()+older)
	second.says(t, http.StatusOK, "02호", "01호", "처음으로")
	second.keepsQuiet(t, "03호", "이전 캠페인")
	d.get(t, d.list()+"?before=1").says(t, http.StatusOK, "더 이전 캠페인이 없습니다")
}

func TestListWithoutSenderLeadsToOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bare := models.Appkey{TeamID: 1, Name: "새 앱키", Appkey: "bare", Secret: []byte("x"), BaseURL: d.appkey.BaseURL, SenderVersion: kakao.SenderAPIv21, RatePerSecond: 1, CreatedAt: d.now, UpdatedAt: d.now}
	if err := d.DB.CreateAppkey(t.Context(), &bare); err != nil {
		t.Fatal(err)
	}
	got := d.get(t, fmt.Sprintf("/appkeys/%d/campaigns", bare.ID))
	got.says(t, http.StatusOK, "발신 프로필이 필요합니다", fmt.Sprintf("/appkeys/%d/senders/new", bare.ID))
	got.keepsQuiet(t, "새 캠페인")
	d.get(t, fmt.Sprintf("/appkeys/%d/campaigns/new", bare.ID)).says(t, http.StatusOK, "아직 발신 프로필이 없습니다")
}

func TestMessageIsSaved(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	form := d.message(t, c, append(button(0, "쿠폰 받기", "https://bombom.example/c/#{코드}"), "text", "안녕하세요\r\n#{이름|고객}님")...)
	if got := d.post(t, d.step(c, "message"), form); !strings.HasSuffix(got.path, "/recipients") {
		t.Fatalf("saving leads to %s: %d %v", got.path, got.status, wrong(got))
	}
	saved := d.read(t, c)
	want := models.Content{Text: "안녕하세요\n#{이름|고객}님", Ad: true, Buttons: []models.Button{{Type: kakao.ButtonWebLink, Name: "쿠폰 받기", LinkMo: "https://bombom.example/c/#{코드}"}}}
	if fmt.Sprint(saved.Content) != fmt.Sprint(want) || saved.Revision != c.Revision+1 {
		t.Errorf("saved: %+v", saved)
	}
	if len(d.audited(t, "campaign.update")) != 1 {
		t.Error("the change is not in the audit log")
	}
	d.post(t, d.step(c, "message"), d.message(t, c, append(button(0, "쿠폰 받기", "https://bombom.example/c/#{코드}"), "text", want.Text)...))
	if len(d.audited(t, "campaign.update")) != 1 {
		t.Error("saving without a change is recorded")
	}
}

func TestMessageComesBackWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	for name, try := range map[string]struct {
		changes []string
		wrong   []string
		says    string
	}{
		"no name":                     {[]string{"name", ""}, []string{"name"}, "입력해 주세요."},
		"no sender":                   {[]string{"sender", ""}, []string{"sender"}, "선택해 주세요."},
		"no text":                     {[]string{"text", "  "}, []string{"text"}, "입력해 주세요."},
		"1,001 characters":            {[]string{"text", strings.Repeat("가", 1001)}, []string{"text"}, "1,001자입니다. 1,000자까지"},
		"1,002 units with emoji":      {[]string{"text", strings.Repeat("😀", 501)}, []string{"text"}, "1,002자입니다. 1,000자까지"},
		"a button without a link":     {button(0, "보기", ""), []string{"button-0-link"}, "링크를 입력해 주세요."},
		"a button without a name":     {button(0, "", "https://a.example"), []string{"button-0-name"}, "입력해 주세요."},
		"a link without a scheme":     {button(0, "보기", "a.example"), []string{"button-0-link"}, "https:// 또는 http://"},
		"a link with a blank":         {button(0, "보기", "https://a .example"), []string{"button-0-link"}, "올바른 링크가 아닙니다"},
		"two buttons, both wrong":     {append(button(0, "보기", "x"), button(1, "", "")...), []string{"button-0-link", "button-1-link", "button-1-name"}, "표시된 항목을 확인해 주세요."},
		"a variable as a name":        {button(0, "#{이름}", "https://a.example"), []string{"button-0-name"}, "변수를 쓸 수 없습니다"},
		"everything at the same time": {append(button(0, "보기", ""), "name", "", "text", "", "sender", ""), []string{"button-0-link", "name", "sender", "text"}, "표시된 항목"},
	} {
		got := d.post(t, d.step(c, "message"), d.message(t, c, try.changes...))
		if got.status != http.StatusUnprocessableEntity || !slices.Equal(wrong(got), try.wrong) {
			t.Errorf("%s: %d, marked %v", name, got.status, wrong(got))
		}
		got.says(t, http.StatusUnprocessableEntity, try.says)
		for i := 0; i < len(try.changes); i += 2 {
			if typed := strings.TrimSpace(try.changes[i+1]); !strings.Contains(html.UnescapeString(got.body), typed) {
				t.Errorf("%s: what was typed for %s is lost", name, try.changes[i])
			}
		}
	}
	if got := d.post(t, d.step(c, "message"), d.message(t, c, "sender", "4711")); !slices.Equal(wrong(got), []string{"sender"}) {
		t.Errorf("another appkey's sender: marked %v", wrong(got))
	}
	if d.read(t, c).Revision != 0 {
		t.Error("something wrong was saved")
	}
}

func TestSaveForLater(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	got := d.post(t, d.step(c, "message"), d.message(t, c, append(button(0, "보기", "kaputt"), "text", "아직 쓰는 중", "later", "1")...))
	got.says(t, http.StatusOK, "초안을 저장했습니다")
	if saved := d.read(t, c); got.path != d.list() || saved.Content.Text != "아직 쓰는 중" || saved.Content.Buttons[0].LinkMo != "kaputt" {
		t.Errorf("%s, saved %+v", got.path, saved.Content)
	}
	if got := d.post(t, d.step(c, "message"), d.message(t, c, "sender", "4711", "later", "1")); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a foreign sender is kept: %d", got.status)
	}
}

func TestButtonsComeGoAndMove(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	two := append(button(0, "하나", "https://a.example"), button(1, "둘", "https://b.example")...)
	for _, try := range []struct {
		name, submit, value string
		buttons             []string
		focus               string
	}{
		{"add", "add-button", "1", []string{"하나", "둘", ""}, "button-2-name"},
		{"remove", "remove-button", "0", []string{"둘"}, "add-button"},
		{"up", "up-button", "1", []string{"둘", "하나"}, "down-button-0"},
		{"down", "down-button", "0", []string{"둘", "하나"}, "up-button-1"},
		{"drag", "move-button", "1 0", []string{"둘", "하나"}, "handle-0"},
		{"up beyond the first", "up-button", "0", []string{"하나", "둘"}, "down-button-0"},
	} {
		form := d.message(t, c, append(slices.Clone(two), try.submit, try.value, "text", "쓰던 글")...)
		got := d.post(t, d.step(c, "message"), form)
		got.says(t, http.StatusOK, "쓰던 글", "캠페인 이름")
		var names []string
		for _, b := range d.read(t, c).Content.Buttons {
			names = append(names, b.Name)
		}
		if !slices.Equal(names, try.buttons) {
			t.Errorf("%s: the draft has %q", try.name, names)
		}
		if !regexp.MustCompile(`id="` + try.focus + `"[^>]* autofocus`).MatchString(got.body) {
			t.Errorf("%s: %s has not the focus", try.name, try.focus)
		}
		form.Set("revision", fmt.Sprint(d.read(t, c).Revision))
		part := d.part(t, d.step(c, "message"), form)
		part.says(t, http.StatusOK, `id="buttons"`, `id="revision"`, `id="preview"`)
		part.keepsQuiet(t, "<html", `id="text"`)
	}
	var five []string
	for i := range kakao.MaxButtons {
		five = append(five, button(i, "보기", "https://a.example")...)
	}
	d.post(t, d.step(c, "message"), d.message(t, c, append(five, "add-button", "1")...))
	if n := len(d.read(t, c).Content.Buttons); n != kakao.MaxButtons {
		t.Errorf("a sixth button: %d", n)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.give(t, c, "김하늘", "", "<b>이든</b>")
	form := d.message(t, c, append(button(0, "쿠폰 받기", "https://a.example/#{코드}"), "text", "#{이름|고객}님 #{없음}\nhttps://b.example", "row", "1")...)

	part := d.part(t, d.step(c, "message/preview"), form)
	part.says(t, http.StatusOK, "<mark>김하늘</mark>님 <mark class=\"sk-missing\">#{없음}</mark>", "(광고)", kakao.OptOutLine, "봄봄상점", "쿠폰 받기",
		`<span class="sk-link">https://b.example</span>`, "010-1234-0000", "오후 2:00", "23 / 1,000자", "1번째 수신자 기준", "코드 · 열 없음", `id="text-counter"`, `hx-swap-oob="true"`)
	part.keepsQuiet(t, "<html", "<textarea", `id="row"`)
	if vary := part.header.Values("Vary"); !slices.Contains(vary, "HX-Request") {
		t.Errorf("Vary: %v", vary)
	}

	form.Set("row", "2")
	d.part(t, d.step(c, "message/preview"), form).says(t, http.StatusOK, "<mark>고객</mark>님", "010-1234-0001")
	form.Set("row", "99")
	third := d.part(t, d.step(c, "message/preview"), form)
	if !strings.Contains(third.body, "<mark>&lt;b&gt;이든&lt;/b&gt;</mark>") {
		t.Error("a value is not escaped")
	}
	if d.read(t, c).Content.Text != "" {
		t.Error("drawing the preview has saved the draft")
	}

	form.Set("row", "1")
	form.Set("row-step", "1")
	whole := d.post(t, d.step(c, "message"), form)
	whole.says(t, http.StatusOK, "<html", "<mark>고객</mark>님", `value="2"`, "#{이름|고객}님 #{없음}")
	form.Del("row-step")
	form.Set("preview", "1")
	form.Set("revision", fmt.Sprint(d.read(t, c).Revision))
	d.post(t, d.step(c, "message"), form).says(t, http.StatusOK, "<html", "<mark>김하늘</mark>님")
}

func TestPreviewBySMS(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	form := d.message(t, c, append(button(0, "보기", "https://a.example/#{코드}"), "text", "#{이름|고객}님 😀")...)
	d.part(t, d.step(c, "message/preview"), form).says(t, http.StatusOK, "대체 발송이 꺼져 있습니다", "예시 값으로")
	d.post(t, d.step(c, "message"), form)

	fallback := url.Values{"revision": {fmt.Sprint(d.read(t, c).Revision)}, "on": {"1"}}
	part := d.part(t, d.step(c, "fallback/preview"), fallback)
	part.says(t, http.StatusOK, "(광고)<mark>고객</mark>님 <mark class=\"sk-bad\">😀</mark>", "보기 - ", "https://a.example/",
		"[무료 수신거부]0801234567", "1588-1234", "SMS · 85 / 90바이트", "문자로 보낼 수 없는 글자가 있습니다: 😀")
	fallback.Set("text", strings.Repeat("가", 46))
	d.part(t, d.step(c, "fallback/preview"), fallback).says(t, http.StatusOK, "LMS · 92 / 2,000바이트")
	fallback.Set("type", "SMS")
	d.part(t, d.step(c, "fallback/preview"), fallback).says(t, http.StatusOK, "SMS · 92 / 90바이트", "넘는 부분은 잘립니다")
}

func TestViewersSeeMaskedNumbersAndNoButtons(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.give(t, c, "김하늘", "박바다")
	d.post(t, d.step(c, "message"), d.message(t, c))
	viewer := d.as(t, d.addUser(t, "viewer@example.com", models.Viewer).ID)
	got := viewer.get(t, d.step(c, "message")+"?row=2")
	got.says(t, http.StatusOK, "010-****-0001", "<mark>박바다</mark>", "?row=1")
	got.keepsQuiet(t, "010-1234-0001", "다음: 수신자", `name="row-step"`)
	for _, step := range []string{"fallback", "schedule", "check"} {
		got := viewer.get(t, d.step(c, step))
		got.says(t, http.StatusOK)
		got.keepsQuiet(t, "010-1234-", "2명에게 지금 보내기", "다음:")
	}
}

func TestFallbackStep(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.get(t, d.step(c, "fallback")).says(t, http.StatusOK, "1588-1234 번호로 나가고", "080-123-4567", fmt.Sprintf("/appkeys/%d/senders/%d", d.appkey.ID, d.sender.ID))
	form := func(changes ...string) url.Values {
		f := url.Values{"revision": {fmt.Sprint(d.read(t, c).Revision)}, "on": {"1"}}
		for i := 0; i < len(changes); i += 2 {
			f.Set(changes[i], changes[i+1])
		}
		return f
	}
	for name, try := range map[string]struct {
		changes, wrong []string
		says           string
	}{
		"an advertisement without its mark": {[]string{"text", "할인"}, []string{"text"}, "(광고)로 시작해야 합니다"},
		"without the way to opt out":        {[]string{"text", "(광고)할인"}, []string{"text"}, "080 번호로 끝나야 합니다"},
		"an emoji":                          {[]string{"text", "(광고)😀"}, []string{"text"}, "보낼 수 없는 글자가 있습니다: 😀"},
		"too many bytes for an SMS":         {[]string{"type", "SMS", "text", strings.Repeat("가", 46)}, []string{"text"}, "92바이트입니다. 90바이트까지"},
		"a title that is too long":          {[]string{"title", strings.Repeat("가", 21)}, []string{"title"}, "42바이트입니다"},
	} {
		got := d.post(t, d.step(c, "fallback"), form(try.changes...))
		if !slices.Equal(wrong(got), try.wrong) {
			t.Errorf("%s: marked %v", name, wrong(got))
		}
		got.says(t, http.StatusUnprocessableEntity, try.says, try.changes[len(try.changes)-1])
	}
	if got := d.post(t, d.step(c, "fallback"), form("type", "LMS", "title", "소식")); !strings.HasSuffix(got.path, "/schedule") {
		t.Errorf("saving leads to %s: %v", got.path, wrong(got))
	}
	if f := d.read(t, c).Fallback; f != (models.Fallback{On: true, Type: "LMS", Title: "소식"}) {
		t.Errorf("saved: %+v", f)
	}
	d.post(t, d.step(c, "fallback"), form("text", "쓰는 중", "later", "1")).says(t, http.StatusOK, "초안을 저장했습니다")
}

func TestScheduleStep(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.get(t, d.step(c, "schedule")).says(t, http.StatusOK, "한국 시간", "20:50–08:00")
	post := func(date, clock string, more ...string) answer {
		form := url.Values{"revision": {fmt.Sprint(d.read(t, c).Revision)}, "when": {"later"}, "date": {date}, "clock": {clock}}
		for _, name := range more {
			form.Set(name, "1")
		}
		return d.post(t, d.step(c, "schedule"), form)
	}
	day := func(days int) string { return d.now.AddDate(0, 0, days).Format(time.DateOnly) }
	for name, try := range map[string]struct {
		date, clock string
		wrong       []string
		says        string
	}{
		"in the past":        {day(0), "13:00", []string{"scheduled_at"}, "이미 지난 시간입니다"},
		"at night":           {day(1), "21:00", []string{"scheduled_at"}, "야간(20:50–08:00"},
		"beyond the horizon": {day(91), "14:00", []string{"scheduled_at"}, "90일 이내로만"},
		"not a date":         {"내일", "14:00", []string{"date"}, "날짜를 골라 주세요"},
		"not a time of day":  {day(1), "점심", []string{"clock"}, "시각을 입력해 주세요"},
		"nothing at all":     {"", "", []string{"clock", "date"}, "표시된 항목"},
		"a day that is not":  {"2027-02-30", "14:00", []string{"date"}, "날짜를 골라 주세요"},
	} {
		got := post(try.date, try.clock)
		if !slices.Equal(wrong(got), try.wrong) {
			t.Errorf("%s: marked %v", name, wrong(got))
		}
		got.says(t, http.StatusUnprocessableEntity, try.says, `value="`+try.date+`"`, `value="`+try.clock+`"`)
	}
	if got := post(day(1), "10:00"); !strings.HasSuffix(got.path, "/check") {
		t.Errorf("saving leads to %s: %v", got.path, wrong(got))
	}
	if at := d.read(t, c).ScheduledAt; at == nil || at.In(kakao.KST).Format(kakao.DateLayout) != day(1)+" 10:00" {
		t.Errorf("saved: %v", at)
	}
	if got := post(day(1), "22:00", "later"); got.path != d.list() {
		t.Errorf("for later, a wrong time leads to %s", got.path)
	}
}

func TestNowIsRefusedAtNight(t *testing.T) {
	t.Parallel()
	d := newDeskAt(t, 22)
	c := d.begin(t)
	got := d.post(t, d.step(c, "schedule"), url.Values{"revision": {"0"}, "when": {"now"}})
	got.says(t, http.StatusUnprocessableEntity, "지금은 야간(20:50–08:00")
}

// ready composes a campaign that can be launched.
func (d *desk) ready(t *testing.T, names ...string) models.Campaign {
	t.Helper()
	c := d.begin(t)
	d.give(t, c, names...)
	if got := d.post(t, d.step(c, "message"), d.message(t, c)); got.status != http.StatusOK {
		t.Fatal(got.status, wrong(got))
	}
	return d.read(t, c)
}

// launch sends the form of the check, as somebody does who has seen it.
func (d *desk) launch(t *testing.T, c models.Campaign) answer {
	t.Helper()
	d.checks(t, c)
	return d.post(t, d.step(c, "launch"), url.Values{"revision": {fmt.Sprint(c.Revision)}})
}

func TestCheckSaysWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	empty := d.checks(t, c)
	empty.says(t, http.StatusOK, "발송을 막는 문제 2개", "수신자 파일이 없습니다", "내용", "입력해 주세요.", d.step(c, "message")+"#text", d.step(c, "recipients"))
	if !regexp.MustCompile(`<button[^>]* disabled[^>]*aria-describedby="verdict"`).MatchString(empty.body) {
		t.Error("the launch button is not disabled, or does not say why")
	}
	d.launch(t, d.read(t, c)).says(t, http.StatusUnprocessableEntity, "발송을 막는 문제가 있습니다")

	d.give(t, c, "김하늘", "", "박바다")
	d.post(t, d.step(c, "message"), d.message(t, c, "text", "#{이름}님 #{쿠폰}"))
	d.checks(t, c).says(t, http.StatusOK, "변수 #{쿠폰}에 넣을 열이 수신자 파일에 없습니다", "수신자에서 고치기")
	d.launch(t, d.read(t, c)).says(t, http.StatusUnprocessableEntity, "발송을 막는 문제가 있습니다")

	d.post(t, d.step(c, "message"), d.message(t, c))
	d.checks(t, c).says(t, http.StatusOK, "확인할 것이 1개", "비어 있는 수신자 1명은 제외", "대체 발송이 꺼져", "2명에게 지금 보내기", "3명")
}

func TestLaunch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘", "박바다")
	d.checks(t, c).says(t, http.StatusOK, "보낼 준비가 되었습니다", "2명에게 지금 보내기")
	d.launch(t, c).says(t, http.StatusOK, "발송을 시작했습니다")
	launched := d.read(t, c)
	if launched.State == models.CampaignDraft || launched.Audience != 2 {
		t.Fatalf("launched: %+v", launched)
	}
	if again := d.launch(t, c); again.path != d.path(fmt.Sprint(c.ID)) || again.status != http.StatusOK {
		t.Errorf("a second launch leads to %s: %d", again.path, again.status)
	}
	if n := len(d.audited(t, "campaign.launch")); n != 1 {
		t.Errorf("launched %d times", n)
	}
	for _, step := range []string{"message", "fallback", "schedule", "check"} {
		if got := d.get(t, d.step(c, step)); got.path != d.path(fmt.Sprint(c.ID)) {
			t.Errorf("the step %s of a launched campaign leads to %s", step, got.path)
		}
	}
	if got := d.post(t, d.step(c, "message"), d.message(t, c, "text", "바꾸기")); got.path != d.path(fmt.Sprint(c.ID)) || d.read(t, c).Content.Text == "바꾸기" {
		t.Errorf("a launched campaign was changed, or it leads to %s", got.path)
	}
	if got := d.part(t, d.step(c, "message/preview"), url.Values{}); got.header.Get("HX-Redirect") != d.path(fmt.Sprint(c.ID)) {
		t.Errorf("the preview of a launched campaign: %v", got.header)
	}
}

func TestScheduledLaunch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘")
	d.post(t, d.step(c, "schedule"), url.Values{"revision": {fmt.Sprint(c.Revision)}, "when": {"later"}, "date": {d.now.AddDate(0, 0, 5).Format(time.DateOnly)}, "clock": {"10:00"}})
	d.get(t, d.step(c, "check")).says(t, http.StatusOK, d.now.AddDate(0, 0, 5).Format("2006년 1월 2일")+" 10:00에 예약")
	d.launch(t, d.read(t, c)).says(t, http.StatusOK, "발송을 예약했습니다")
}

func TestWhatWasNotCheckedIsNotLaunched(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘")
	d.post(t, d.step(c, "message"), d.message(t, c, "text", "그사이 바뀐 글"))
	got := d.launch(t, c)
	got.says(t, http.StatusUnprocessableEntity, "검사한 뒤 캠페인이 바뀌어", "그사이 바뀐 글", fmt.Sprintf(`value="%d"`, d.read(t, c).Revision))
	if d.read(t, c).State != models.CampaignDraft {
		t.Error("it was launched")
	}
}

func TestTwoPeopleEditTheSameDraft(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	mine := d.message(t, c, append(button(0, "내 버튼", "https://a.example"), "text", "내가 쓴 글")...)
	d.post(t, d.step(c, "message"), d.message(t, c, "text", "남이 쓴 글"))
	for _, submit := range []string{"", "later", "add-button", "preview"} {
		if submit != "" {
			mine.Set(submit, "1")
		}
		got := d.post(t, d.step(c, "message"), mine)
		got.says(t, http.StatusUnprocessableEntity, "그사이 다른 사람이", "내가 쓴 글", "내 버튼", `name="revision" value="1"`)
		mine.Del(submit)
	}
	if got := d.read(t, c).Content.Text; got != "남이 쓴 글" {
		t.Errorf("the draft says %q", got)
	}
	mine.Set("revision", "1") // having been told
	if got := d.post(t, d.step(c, "message"), mine); !strings.HasSuffix(got.path, "/recipients") || d.read(t, c).Content.Text != "내가 쓴 글" {
		t.Errorf("saving again leads to %s", got.path)
	}
	stale := url.Values{"revision": {"0"}, "on": {"1"}, "title": {"제목"}}
	d.post(t, d.step(c, "fallback"), stale).says(t, http.StatusUnprocessableEntity, "그사이 다른 사람이", `value="제목"`)
	stale = url.Values{"revision": {"0"}, "when": {"later"}, "date": {d.now.AddDate(0, 0, 1).Format(time.DateOnly)}, "clock": {"11:11"}}
	d.post(t, d.step(c, "schedule"), stale).says(t, http.StatusUnprocessableEntity, "그사이 다른 사람이", `value="11:11"`)
}

func TestRecipientsThatComeMeanwhileAreInNobodysWay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	form := d.message(t, c, "audience", "0")
	d.give(t, c, "김하늘")
	if got := d.post(t, d.step(c, "message"), form); !strings.HasSuffix(got.path, "/recipients") {
		t.Errorf("saving leads to %s: %d", got.path, got.status)
	}
	if saved := d.read(t, c); saved.AudienceID == 0 || saved.Content.Text == "" {
		t.Errorf("the message or the recipients are lost: %+v", saved)
	}
	form.Set("text", "다시 쓴 글")
	d.post(t, d.step(c, "message"), form).says(t, http.StatusUnprocessableEntity, "그사이 다른 사람이")
}

func TestOtherTeamsCampaignsDoNotExist(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘")
	stranger := d.as(t, d.addUser(t, "stranger@example.com", "").ID)
	second := models.Appkey{TeamID: 1, Name: "둘째", Appkey: "second", Secret: []byte("x"), BaseURL: d.appkey.BaseURL, SenderVersion: kakao.SenderAPIv21, RatePerSecond: 1, CreatedAt: d.now, UpdatedAt: d.now}
	if err := d.DB.CreateAppkey(t.Context(), &second); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"message", "fallback", "schedule", "check"} {
		stranger.get(t, d.step(c, step)).says(t, http.StatusNotFound)
		d.get(t, fmt.Sprintf("/appkeys/%d/campaigns/%d/%s", second.ID, c.ID, step)).says(t, http.StatusNotFound)
	}
	for _, step := range []string{"message", "message/preview", "fallback", "fallback/preview", "schedule", "launch"} {
		form := url.Values{"revision": {fmt.Sprint(c.Revision)}}
		stranger.post(t, d.step(c, step), form).says(t, http.StatusNotFound)
		d.post(t, fmt.Sprintf("/appkeys/%d/campaigns/%d/%s", second.ID, c.ID, step), form).says(t, http.StatusNotFound)
	}
	if d.read(t, c).State != models.CampaignDraft {
		t.Error("it was launched by a stranger, or through another appkey")
	}
}

func TestComposingInThreeLanguages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘", "박바다")
	d.checks(t, c)
	for lang, says := range map[string]map[string]string{
		"ko": {"message": "다음: 수신자", "fallback": "카카오톡으로 받지 못하면 문자로 보내기", "schedule": "언제 보낼까요?", "check": "2명에게 지금 보내기"},
		"en": {"message": "Next: Recipients", "fallback": "Send an SMS where KakaoTalk does not reach", "schedule": "When should it go out?", "check": "Send to 2 people now"},
		"ja": {"message": "次へ：受信者", "fallback": "カカオトークで届かなければSMSで送る", "schedule": "いつ送りますか？", "check": "2人に今すぐ送信"},
	} {
		d.post(t, "/account", url.Values{"locale": {lang}})
		for step, text := range says {
			got := d.get(t, d.step(c, step))
			got.says(t, http.StatusOK, `lang="`+lang+`"`, text)
			if left := untranslated.FindAllString(got.body, -1); len(left) > 0 {
				t.Errorf("%s %s shows keys: %v", lang, step, left)
			}
		}
	}
}

// untranslated finds catalog keys that a page shows as they are.
var untranslated = regexp.MustCompile(`>\s*(?:compose|campaigns|phone|step|check|schedule|content|fallback)\.[a-z_.]+`)

func TestComposePagesKeepToTheContentPolicy(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘")
	for _, step := range []string{"message", "fallback", "schedule", "check"} {
		body := d.get(t, d.step(c, step)).body
		for what, found := range map[string]bool{
			"a style attribute":  regexp.MustCompile(`\sstyle=`).MatchString(body),
			"an event attribute": regexp.MustCompile(`\s(?:on[a-z]+|hx-on[^=]*)="`).MatchString(body),
			"a trigger filter":   regexp.MustCompile(`hx-trigger="[^"]*\[`).MatchString(body),
			"an inline script":   regexp.MustCompile(`<script(?:>|[^>]*>[^<])`).MatchString(body),
		} {
			if found {
				t.Errorf("%s has %s", step, what)
			}
		}
	}
}
