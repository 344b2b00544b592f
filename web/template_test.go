package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/models"
)

// templates is where the templates of the desk are.
func (d *desk) templates(rest string) string {
	return fmt.Sprintf("/appkeys/%d/templates%s", d.appkey.ID, rest)
}

func (d *desk) at(t models.Template, rest string) string {
	return d.templates(fmt.Sprintf("/%d%s", t.ID, rest))
}

// newest is the template that was made last.
func (d *desk) newestTemplate(t *testing.T) models.Template {
	t.Helper()
	rows, err := d.DB.TemplateRows(t.Context(), d.appkey, models.TemplateFilter{}, 1)
	if err != nil || len(rows) == 0 {
		t.Fatal(rows, err)
	}
	return rows[0].Template
}

func (d *desk) readTemplate(t *testing.T, of models.Template) models.Template {
	t.Helper()
	found, err := d.DB.Template(t.Context(), d.appkey, of.ID)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// write makes a template of texts, a version each, as a person does.
func (d *desk) write(t *testing.T, name string, texts ...string) models.Template {
	t.Helper()
	d.post(t, d.templates("/new"), url.Values{"channel": {"friendtalk"}, "name": {name}})
	made := d.newestTemplate(t)
	for _, text := range texts {
		if got := d.post(t, d.at(made, ""), d.templateForm(t, made, "text", text)); got.status != http.StatusOK {
			t.Fatalf("saving %q: %d %v", text, got.status, wrong(got))
		}
	}
	return d.readTemplate(t, made)
}

// templateForm is the form of a template, all of it right; changes are fields that
// differ, alternating name and value.
func (d *desk) templateForm(t *testing.T, of models.Template, changes ...string) url.Values {
	t.Helper()
	now := d.readTemplate(t, of)
	form := url.Values{"version": {fmt.Sprint(now.Version)}, "name": {now.Name}, "text": {"#{이름|고객}님, 안녕하세요"}, "ad": {"1"}, "tag": slices.Clone(now.Tags)}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

func TestTemplateBeginsWithASample(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.get(t, d.templates("")).says(t, http.StatusOK, "아직 템플릿이 없습니다", "매장 행사", "?sample=coupon")
	d.get(t, d.templates("/new?sample=coupon")).says(t, http.StatusOK, `value="coupon" checked`, "쿠폰 쓰러 가기", "봄봄상점")
	got := d.post(t, d.templates("/new"), url.Values{"channel": {"friendtalk"}, "sample": {"coupon"}})
	got.says(t, http.StatusOK, "다시 만나는 할인 쿠폰", "아직 저장하지 않았습니다", "#{쿠폰번호}")
	made := d.newestTemplate(t)
	if made.Version != 0 || !made.Content.Ad || len(d.audited(t, "template.create")) != 1 {
		t.Errorf("made: %+v", made)
	}
	saved := d.post(t, d.at(made, ""), d.templateForm(t, made))
	saved.says(t, http.StatusOK, "버전 1입니다", "캠페인 시작 (버전 1)")
	d.post(t, d.at(made, ""), d.templateForm(t, made)).says(t, http.StatusOK, "템플릿을 저장했습니다.")
	if v := d.readTemplate(t, made).Version; v != 1 {
		t.Errorf("saving without a change makes version %d", v)
	}
}

func TestNewTemplateComesBackWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, try := range map[string]struct {
		form  url.Values
		wrong []string
	}{
		"nothing":                     {url.Values{}, []string{"channel", "name"}},
		"no name and no sample":       {url.Values{"channel": {"friendtalk"}, "sample": {"<b>"}}, []string{"name"}},
		"an unknown channel":          {url.Values{"channel": {"alimtalk"}, "name": {"가"}}, []string{"channel"}},
		"a name that is too long":     {url.Values{"channel": {"friendtalk"}, "name": {strings.Repeat("가", models.MaxName+1)}}, []string{"name"}},
		"BrandTalk without a sender":  {url.Values{"channel": {"brandtalk"}, "name": {"가"}}, []string{"sender"}},
		"another appkey's sender":     {url.Values{"channel": {"brandtalk"}, "name": {"가"}, "sender": {"4711"}}, []string{"sender"}},
		"a sender that is no number":  {url.Values{"channel": {"brandtalk"}, "name": {"가"}, "sender": {"x"}}, []string{"sender"}},
		"HTML as a name is only text": {url.Values{"channel": {"brandtalk"}, "name": {"<script>x</script>"}}, []string{"sender"}},
	} {
		got := d.post(t, d.templates("/new"), try.form)
		if got.status != http.StatusUnprocessableEntity || !slices.Equal(wrong(got), try.wrong) {
			t.Errorf("%s: %d, marked %v", name, got.status, wrong(got))
		}
		if strings.Contains(got.body, "<script>x") {
			t.Errorf("%s: what was typed is markup", name)
		}
	}
	if found, err := d.DB.HasTemplates(t.Context(), d.appkey); found || err != nil {
		t.Error("something wrong was made", err)
	}
	d.post(t, d.templates("/new"), url.Values{"channel": {"brandtalk"}, "name": {"등록할 것"}, "sender": {fmt.Sprint(d.sender.ID)}, "sample": {"event"}}).
		says(t, http.StatusOK, "브랜드톡 템플릿", "@봄봄상점", `value="0801234567"`)
}

func TestTemplateComesBackWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.write(t, "쿠폰", "처음")
	for name, try := range map[string]struct {
		changes []string
		wrong   []string
		says    string
	}{
		"no name":             {[]string{"name", " "}, []string{"name"}, "입력해 주세요."},
		"no text":             {[]string{"text", " "}, []string{"text"}, "입력해 주세요."},
		"1,001 characters":    {[]string{"text", strings.Repeat("가", 1001)}, []string{"text"}, "1,001자입니다"},
		"an open variable":    {[]string{"text", "#{이름님"}, []string{"text"}, "닫히지 않았습니다"},
		"a javascript: link":  {button(0, "보기", "javascript:alert(1)"), []string{"button-0-link"}, "https:// 또는 http://"},
		"eleven tags":         {[]string{"tags", "1,2,3,4,5,6,7,8,9,10,11"}, []string{"tags"}, "10개까지"},
		"a tag of 21 letters": {[]string{"tags", strings.Repeat("가", 21)}, []string{"tags"}, "20자까지"},
		"HTML is text":        {[]string{"text", "<img src=x onerror=alert(1)>", "name", ""}, []string{"name"}, "<img src=x"},
	} {
		got := d.post(t, d.at(made, ""), d.templateForm(t, made, try.changes...))
		if got.status != http.StatusUnprocessableEntity || !slices.Equal(wrong(got), try.wrong) {
			t.Errorf("%s: %d, marked %v", name, got.status, wrong(got))
		}
		got.says(t, http.StatusUnprocessableEntity, try.says, "data-unsaved")
		if strings.Contains(got.body, "<img src=x") {
			t.Errorf("%s: what was typed is markup", name)
		}
	}
	if now := d.readTemplate(t, made); now.Version != 1 || now.Content.Text != "처음" {
		t.Errorf("something wrong was saved: %+v", now)
	}
}

func TestTemplateButtonsAreRearranged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.write(t, "쿠폰", "처음")
	form := d.templateForm(t, made, append(button(0, "하나", "https://a.example"), "text", "쓰는 중", "add-button", "1")...)
	d.post(t, d.at(made, ""), form).says(t, http.StatusOK, `id="button-1-name"`, "쓰는 중", "<html")
	part := d.part(t, d.at(made, ""), form)
	part.says(t, http.StatusOK, `id="buttons"`, `id="preview"`, `id="button-1-name"`)
	part.keepsQuiet(t, "<html", `id="text"`)
	if d.readTemplate(t, made).Version != 1 {
		t.Error("a button more is saved already")
	}
	// It is kept all the same.
	d.get(t, d.at(made, "")).says(t, http.StatusOK, "쓰는 중", "저장하지 않은 내용이 남아 있어", `name="discard"`)
	d.get(t, d.at(made, "?saved=1")).keepsQuiet(t, "쓰는 중", "data-keep")
	d.post(t, d.at(made, ""), url.Values{"discard": {"1"}}).says(t, http.StatusOK, "저장하지 않은 내용을 버렸습니다", "처음")
	form.Del("add-button")
	d.part(t, d.at(made, "/preview"), form).says(t, http.StatusOK, "쓰는 중", `id="text-counter"`)
	d.post(t, d.at(made, "/draft"), form).says(t, http.StatusOK, "임시 보관됨")
	d.post(t, d.at(made, ""), form)
	d.get(t, d.at(made, "")).keepsQuiet(t, "저장하지 않은 내용이 남아 있어")
}

func TestTags(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.write(t, "쿠폰", "처음")
	got := d.post(t, d.at(made, ""), d.templateForm(t, made, "text", "처음", "tags", "#겨울, 쿠폰 ,겨울,,VIP"))
	got.says(t, http.StatusOK, "템플릿을 저장했습니다.", `value="VIP" checked`)
	if now := d.readTemplate(t, made); now.Version != 1 || !slices.Equal(now.Tags, []string{"VIP", "겨울", "쿠폰"}) {
		t.Errorf("version %d, tags %q", now.Version, now.Tags)
	}
	if n := len(d.audited(t, "template.tag")); n != 1 {
		t.Errorf("recorded %d times", n)
	}
	other := d.write(t, "다른 것", "배송")
	d.get(t, d.at(other, "")).says(t, http.StatusOK, `name="tag" value="겨울"`) // suggested
	list := d.get(t, d.templates("?tag="+url.QueryEscape("겨울")))
	list.says(t, http.StatusOK, "템플릿 1개", "쿠폰", `aria-current="true"`)
	list.keepsQuiet(t, "다른 것")
	form := d.templateForm(t, made, "text", "처음")
	form["tag"] = []string{"쿠폰"}
	d.post(t, d.at(made, ""), form)
	d.get(t, d.templates("?tag="+url.QueryEscape("겨울"))).says(t, http.StatusOK, "조건에 맞는 템플릿이 없습니다")
}

func TestTemplatesAreFound(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, name := range []string{"겨울 쿠폰", "여름 쿠폰", "배송 안내"} {
		d.write(t, name, name+"입니다. 100% 만족")
	}
	for name, tt := range map[string]struct {
		query url.Values
		found []string
	}{
		"everything":         {url.Values{}, []string{"겨울 쿠폰", "여름 쿠폰", "배송 안내"}},
		"a part of the name": {url.Values{"q": {"쿠폰"}}, []string{"겨울 쿠폰", "여름 쿠폰"}},
		"two words":          {url.Values{"q": {" 쿠폰  겨울 "}}, []string{"겨울 쿠폰"}},
		"a word of the text": {url.Values{"q": {"안내입니다"}}, []string{"배송 안내"}},
		"a percent sign":     {url.Values{"q": {"0%"}}, []string{"겨울 쿠폰", "여름 쿠폰", "배송 안내"}},
		"an underscore":      {url.Values{"q": {"_"}}, nil},
		"FriendTalk":         {url.Values{"channel": {"friendtalk"}}, []string{"겨울 쿠폰", "여름 쿠폰", "배송 안내"}},
		"BrandTalk":          {url.Values{"channel": {"brandtalk"}}, nil},
		"archived":           {url.Values{"archived": {"1"}}, nil},
		"nonsense":           {url.Values{"channel": {"<b>"}, "after": {"x"}}, []string{"겨울 쿠폰", "여름 쿠폰", "배송 안내"}},
	} {
		for _, got := range []answer{d.get(t, d.templates("?"+tt.query.Encode())), d.site.part(t, d.templates("?"+tt.query.Encode()))} {
			got.says(t, http.StatusOK, append(slices.Clone(tt.found), fmt.Sprintf("템플릿 %d개", len(tt.found)))...)
			for _, other := range []string{"겨울 쿠폰", "여름 쿠폰", "배송 안내"} {
				if strings.Contains(got.body, other) != slices.Contains(tt.found, other) {
					t.Errorf("%s: %s", name, other)
				}
			}
		}
	}
}

func TestTemplatesArePaged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 26 {
		made := models.Template{TeamID: 1, AppkeyID: d.appkey.ID, Channel: models.FriendTalk, Name: fmt.Sprintf("템플릿 %02d호", i+1), State: models.TemplateDraft, UpdatedAt: d.now}
		if err := d.DB.CreateTemplate(t.Context(), &made); err != nil {
			t.Fatal(err)
		}
	}
	first := d.get(t, d.templates(""))
	first.says(t, http.StatusOK, "26호", "03호", "템플릿 26개", `rel="next"`)
	first.keepsQuiet(t, "02호")
	third, err := d.DB.TemplateRows(t.Context(), d.appkey, models.TemplateFilter{}, 24)
	if err != nil {
		t.Fatal(err)
	}
	second := d.get(t, d.templates(fmt.Sprintf("?after=%d", third[23].ID)))
	second.says(t, http.StatusOK, "02호", "01호", "처음으로")
	second.keepsQuiet(t, "03호", `rel="next"`)
}

func TestVersionsAreComparedAndBroughtBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.write(t, "쿠폰", "오늘만 쿠폰을 드립니다", "오늘만 선물을 드립니다")
	d.post(t, d.at(made, ""), d.templateForm(t, made, append(button(0, "보기", "https://a.example"), "name", "선물", "text", "오늘만 선물을 드립니다", "ad", "")...))
	page := d.get(t, d.at(made, "/versions"))
	page.says(t, http.StatusOK, "버전 2 → 버전 3", "<del>쿠폰</del><ins>선물</ins>", "<del>켜짐</del>", "<ins>꺼짐</ins>", "<ins>https://a.example</ins>", "김지우")
	page.keepsQuiet(t, "<del>쿠폰을</del>")
	d.get(t, d.at(made, "/versions?from=2&to=1")).says(t, http.StatusOK, "버전 1 → 버전 2", "<del>쿠폰을</del><ins>선물을</ins>")
	d.get(t, d.at(made, "/versions?from=2&to=2")).says(t, http.StatusOK, "비교할 두 버전을 골라 주세요")
	d.get(t, d.at(made, "/versions?from=-1&to=99&before=x")).says(t, http.StatusOK, "버전 2 → 버전 3")

	d.post(t, d.at(made, "/versions/1/restore"), url.Values{"current": {"3"}}).says(t, http.StatusOK, "버전 1의 내용으로 되돌렸습니다. 버전 4입니다", "버전 1 되돌림")
	if now := d.readTemplate(t, made); now.Version != 4 || now.Content.Text != "오늘만 쿠폰을 드립니다" || now.Name != "쿠폰" {
		t.Errorf("brought back: %+v", now)
	}
	d.post(t, d.at(made, "/versions/1/restore"), url.Values{"current": {"4"}}).says(t, http.StatusOK, "현재 내용이 이미 버전 1의 내용과 같습니다")
	late := d.post(t, d.at(made, "/versions/2/restore"), url.Values{"current": {"3"}})
	late.says(t, http.StatusUnprocessableEntity, "그사이 다른 사람이 이 템플릿을 저장했습니다")
	if got := d.post(t, d.at(made, "/versions/9/restore"), url.Values{"current": {"4"}}); got.status != http.StatusNotFound {
		t.Errorf("a version that is not: %d", got.status)
	}
	restored := d.audited(t, "template.restore")
	if len(restored) != 1 || !strings.Contains(restored[0].After, `"restored":1`) || !strings.Contains(restored[0].Before, `"version":3`) {
		t.Errorf("recorded: %+v", restored)
	}
}

func TestSomebodyElseWasFaster(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.write(t, "쿠폰", "처음")
	mine := d.templateForm(t, made, "text", "내가 쓴 글")
	other := d.as(t, d.addUser(t, "other@example.com", models.Marketer).ID)
	other.post(t, d.at(made, ""), d.templateForm(t, made, append(button(0, "보기", "https://a.example"), "text", "먼저 쓴 글")...))

	got := d.post(t, d.at(made, ""), mine)
	got.says(t, http.StatusUnprocessableEntity, "먼저 저장했습니다(버전 2)", "바뀐 것: 내용, 버튼", "내가 쓴 글", "내 내용으로 저장", "from=1&to=2", `name="version" value="2"`)
	if now := d.readTemplate(t, made); now.Content.Text != "먼저 쓴 글" {
		t.Errorf("saved all the same: %+v", now)
	}
	// Who goes on later, from what was kept, is told as well.
	d.post(t, d.at(made, "/draft"), mine)
	d.get(t, d.at(made, "")).says(t, http.StatusOK, "먼저 저장했습니다(버전 2)", "내가 쓴 글", `name="version" value="1"`)
	mine.Set("version", "2")
	d.post(t, d.at(made, ""), mine).says(t, http.StatusOK, "버전 3입니다")
	d.get(t, d.at(made, "/versions")).says(t, http.StatusOK, "<del>먼저</del><ins>내가</ins> 쓴 글")
}

func TestTemplateIsArchivedAndBroughtBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.write(t, "쿠폰", "처음")
	d.post(t, d.at(made, "/archive"), nil).says(t, http.StatusOK, "보관했습니다", "보관된 템플릿입니다", "보관함에서 꺼내기")
	d.post(t, d.at(made, "/archive"), nil) // again, by somebody with an old page
	if n := len(d.audited(t, "template.archive")); n != 1 {
		t.Errorf("recorded %d times", n)
	}
	d.get(t, d.templates("")).keepsQuiet(t, "sk-template-name")
	d.get(t, d.templates("?archived=1")).says(t, http.StatusOK, "쿠폰", "보관됨")
	for _, rest := range []string{"", "/campaign"} {
		if got := d.post(t, d.at(made, rest), d.templateForm(t, made, "text", "고침")); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%q of an archived template: %d", rest, got.status)
		}
	}
	if got := d.post(t, d.at(made, "/versions/1/restore"), url.Values{"current": {"1"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a version of an archived template: %d", got.status)
	}
	d.post(t, d.at(made, "/unarchive"), nil).says(t, http.StatusOK, "보관함에서 꺼냈습니다", "캠페인 시작 (버전 1)")
	copied := d.post(t, d.at(made, "/duplicate"), nil)
	copied.says(t, http.StatusOK, "‘쿠폰’ 템플릿을 복제했습니다", "쿠폰 복사본", "버전 1 ·")
	if again := d.newestTemplate(t); again.ID == made.ID || !again.Content.Same(made.Content) {
		t.Errorf("the copy: %+v", again)
	}
}

func TestATemplateIsUsedUnderEachAppkeyOfTheTeam(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	mine := d.write(t, "팀의 것", "처음")
	d.post(t, d.templates("/new"), url.Values{"channel": {"brandtalk"}, "name": {"발신 프로필의 것"}, "sender": {fmt.Sprint(d.sender.ID)}})
	brand := d.newestTemplate(t)
	other := models.Appkey{TeamID: 1, Name: "다른 앱키", Appkey: "other", Secret: []byte("x"), BaseURL: d.appkey.BaseURL, SenderVersion: kakao.SenderAPIv21, RatePerSecond: 1, CreatedAt: d.now, UpdatedAt: d.now}
	if err := d.DB.CreateAppkey(t.Context(), &other); err != nil {
		t.Fatal(err)
	}
	list := d.get(t, fmt.Sprintf("/appkeys/%d/templates", other.ID))
	list.says(t, http.StatusOK, "팀의 것")
	list.keepsQuiet(t, "발신 프로필의 것")
	if got := d.get(t, fmt.Sprintf("/appkeys/%d/templates/%d", other.ID, brand.ID)); got.status != http.StatusNotFound {
		t.Errorf("another appkey's sender's template: %d", got.status)
	}
	got := d.post(t, fmt.Sprintf("/appkeys/%d/templates/%d/campaign", other.ID, mine.ID), nil)
	if !strings.HasPrefix(got.path, fmt.Sprintf("/appkeys/%d/campaigns/", other.ID)) {
		t.Errorf("the campaign is at %s", got.path)
	}
	if got := d.post(t, d.at(brand, "/campaign"), nil); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a campaign of a BrandTalk template: %d", got.status)
	}
	d.get(t, d.templates("")).says(t, http.StatusOK, "캠페인 1개에 사용", "저장 전", "@봄봄상점")
}

func TestACampaignIsMadeOfATemplate(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.write(t, "쿠폰", "첫 글")
	got := d.post(t, d.at(made, "/campaign"), nil)
	got.says(t, http.StatusOK, "‘쿠폰’(버전 1)의 내용으로 캠페인을 시작했습니다", "첫 글", "버전 1에서 가져옴")
	cs, err := d.DB.Campaigns(t.Context(), d.appkey.ID, 0, 1)
	if err != nil || len(cs) != 1 {
		t.Fatal(cs, err)
	}
	c := cs[0]
	if c.TemplateID != made.ID || c.TemplateVersion != 1 || c.SenderID != d.sender.ID || c.Name != "쿠폰" {
		t.Errorf("the campaign: %+v", c)
	}
	d.post(t, d.at(made, ""), d.templateForm(t, made, "text", "둘째 글"))
	step := d.get(t, d.step(c, "message"))
	step.says(t, http.StatusOK, "첫 글", "새 버전이 있습니다(버전 2)", "새 버전 가져오기")
	step.keepsQuiet(t, "둘째 글", "이 캠페인에서 고침")

	form := d.message(t, c, "text", "고친 글", "template", fmt.Sprint(made.ID))
	asked := d.post(t, d.step(c, "message"), form)
	asked.says(t, http.StatusOK, "‘쿠폰’(버전 2)의 내용을 가져올까요?", "고친 글", "둘째 글", `name="replace"`)
	d.get(t, d.step(c, "message")).says(t, http.StatusOK, "고친 글", "이 캠페인에서 고침") // saved before it asked
	now := d.read(t, c)
	take := url.Values{"revision": {fmt.Sprint(now.Revision)}, "audience": {"0"}, "template": {fmt.Sprint(made.ID)}, "replace": {"1"}}
	stale := url.Values{"revision": {"0"}, "audience": {"0"}, "template": {fmt.Sprint(made.ID)}, "replace": {"1"}}
	if got := d.post(t, d.step(c, "template"), stale); got.status != http.StatusUnprocessableEntity {
		t.Errorf("over somebody else's edit: %d", got.status)
	}
	d.post(t, d.step(c, "template"), take).says(t, http.StatusOK, "가져왔습니다(버전 2)", "둘째 글", "버전 2에서 가져옴")
	if now := d.read(t, c); now.TemplateVersion != 2 || now.Content.Text != "둘째 글" {
		t.Errorf("taken: %+v", now)
	}
	if n := len(d.audited(t, "campaign.from_template")); n != 1 {
		t.Errorf("recorded %d times", n)
	}
}

func TestATemplateIsTakenIntoACampaign(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made, other := d.write(t, "쿠폰", "쿠폰의 글"), d.write(t, "배송", "배송의 글")
	d.write(t, "저장하지 않은 것")
	c := d.begin(t)
	list := d.post(t, d.step(c, "message"), d.message(t, c, "text", "", "template", "0"))
	list.says(t, http.StatusOK, "쿠폰", "배송", "이 템플릿 쓰기", "템플릿 2개")
	list.keepsQuiet(t, "저장하지 않은 것")
	d.site.part(t, d.step(c, "template")+"?q=쿠폰").says(t, http.StatusOK, "템플릿 1개")
	if got := d.post(t, d.step(c, "template"), url.Values{}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("without one chosen: %d", got.status)
	}
	if got := d.post(t, d.step(c, "template"), url.Values{"template": {"4711"}}); got.status != http.StatusNotFound {
		t.Errorf("one that is not there: %d", got.status)
	}
	form := func(t_ models.Template) url.Values {
		now := d.read(t, c)
		return url.Values{"revision": {fmt.Sprint(now.Revision)}, "audience": {fmt.Sprint(now.AudienceID)}, "template": {fmt.Sprint(t_.ID)}}
	}
	d.post(t, d.step(c, "template"), form(made)).says(t, http.StatusOK, "가져왔습니다", "쿠폰의 글") // nothing was typed: nothing is asked
	d.post(t, d.step(c, "template"), form(other)).says(t, http.StatusOK, "가져올까요?", "쿠폰의 글", "배송의 글")
	if now := d.read(t, c); now.TemplateID != made.ID {
		t.Error("replaced before it was said")
	}
	d.post(t, d.at(other, "/archive"), nil)
	replace := form(other)
	replace.Set("replace", "1")
	d.post(t, d.step(c, "template"), replace).says(t, http.StatusUnprocessableEntity, "보관된 템플릿으로는")
}

func TestViewersReadTemplates(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.write(t, "쿠폰", "처음", "다음")
	viewer := d.as(t, d.addUser(t, "viewer@example.com", models.Viewer).ID)
	list := viewer.get(t, d.templates(""))
	list.says(t, http.StatusOK, "쿠폰")
	list.keepsQuiet(t, "새 템플릿")
	page := viewer.get(t, d.at(made, ""))
	page.says(t, http.StatusOK, "다음", "disabled", "버전 기록")
	page.keepsQuiet(t, "캠페인 시작", "data-keep", ">저장<", "복제", `name="add-tag"`)
	versions := viewer.get(t, d.at(made, "/versions"))
	versions.says(t, http.StatusOK, "버전 1 → 버전 2")
	versions.keepsQuiet(t, "되돌리기")
}

func TestSendersNameTheirTemplates(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	path := fmt.Sprintf("/appkeys/%d/senders/%d", d.appkey.ID, d.sender.ID)
	for name, state := range map[string]models.TemplateState{"등록한 템플릿": models.TemplateRegistered, "쓰는 중인 템플릿": models.TemplateDraft} {
		made := models.Template{TeamID: 1, AppkeyID: d.appkey.ID, SenderID: d.sender.ID, Channel: models.BrandTalk, Name: name, Version: 1, State: state}
		if err := d.DB.CreateTemplate(t.Context(), &made); err != nil {
			t.Fatal(err)
		}
	}
	d.write(t, "팀의 템플릿", "처음")
	detail := d.get(t, path)
	detail.says(t, http.StatusOK, "등록한 템플릿", "쓰는 중인 템플릿")
	detail.keepsQuiet(t, "팀의 템플릿")
	deletion := d.get(t, path+"/delete")
	deletion.says(t, http.StatusOK, "등록한 템플릿")
	deletion.keepsQuiet(t, "쓰는 중인 템플릿", "팀의 템플릿")
}
