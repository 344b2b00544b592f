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

	"soshik/internal/kakao"
	"soshik/models"
)

// image puts an image into the library of team 1.
func (d *desk) image(t *testing.T, name string, wide bool) models.Image {
	t.Helper()
	i := models.Image{TeamID: 1, Hash: name, Wide: wide, Name: name, Format: models.FormatJPEG, Width: 800, Height: 600, Size: 214 << 10, CreatedBy: 1, CreatedAt: d.now}
	err := d.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.PutImage(t.Context(), &i, models.ImageFile{Original: []byte("x"), Thumbnail: []byte("x")})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// brandTalk is a template of the other channel.
func (d *desk) brandTalk(t *testing.T) models.Template {
	t.Helper()
	made := models.Template{
		TeamID: 1, AppkeyID: d.appkey.ID, Channel: models.BrandTalk, SenderID: d.sender.ID, Name: "브랜드톡", Tags: []string{}, State: models.TemplateDraft,
		Content:   models.Content{Ad: true, MessageType: kakao.TemplateImage, ContentType: kakao.TemplateFixed},
		CreatedBy: 1, UpdatedBy: 1, CreatedAt: d.now, UpdatedAt: d.now,
	}
	if err := d.DB.CreateTemplate(t.Context(), &made); err != nil {
		t.Fatal(err)
	}
	return made
}

// problems asks what is wrong with what is typed.
func (d *desk) problems(t *testing.T, path string, form url.Values) answer {
	t.Helper()
	form.Set("part", "problems")
	return d.part(t, path+"/preview", form)
}

func TestProblemsAsOneTypes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	for name, try := range map[string]struct {
		changes []string
		wrong   []string
		says    string
	}{
		"nothing yet":                {append(button(0, "", ""), "text", "", "name", ""), nil, ""},
		"all is well":                {button(0, "보기", "https://a.example"), nil, ""},
		"too long a text":            {[]string{"text", strings.Repeat("가", 1001)}, []string{"text"}, "내용: 1,001자입니다"},
		"a variable being written":   {[]string{"text", "안녕 #{이"}, nil, ""},
		"a variable that stays open": {[]string{"text", "안녕 #{이름 님"}, []string{"text"}, "내용: #{ 가 }로 닫히지 않았습니다"},
		"a link being written":       {button(0, "", "https:/"), nil, ""},
		"a script":                   {button(0, "", "JAVASCRIPT:alert(1)"), []string{"button-0-link"}, "버튼 1 모바일 링크: 링크는 https://"},
		"after a save was tried":     {append(button(0, "", ""), "text", "", "tried", "1"), []string{"button-0-link", "button-0-name", "text"}, "내용: 입력해 주세요."},
	} {
		got := d.problems(t, d.step(c, "message"), d.message(t, c, try.changes...))
		if !slices.Equal(wrong(got), try.wrong) {
			t.Errorf("%s: marked %v", name, wrong(got))
		}
		got.says(t, http.StatusOK, `id="text-slot"`, `hx-swap-oob="true"`, `id="problems-text"`, try.says)
		got.keepsQuiet(t, "<textarea", `id="preview"`, "<html", `id="button-0-link"`)
	}
	again := d.post(t, d.step(c, "message"), d.message(t, c, "text", ""))
	again.says(t, http.StatusUnprocessableEntity, `name="tried" value="1"`)
	d.get(t, d.step(c, "message")).keepsQuiet(t, `name="tried"`)
}

// isInert checks that nothing that was typed is a part of the page.
func (a answer) isInert(t *testing.T) {
	t.Helper()
	for _, piece := range []string{"<script>alert", "<img src=x", `@templ.Raw("`, "<b>", "' onfocus='"} {
		if strings.Contains(a.body, piece) {
			t.Errorf("%s has %q", a.path, piece)
		}
	}
}

func TestWhatIsTypedIsTextEverywhere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	for _, page := range []string{d.step(c, "message"), d.at(d.brandTalk(t), "")} {
		for _, bad := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{ p.T("x") } @templ.Raw("<b>")`, `{{ . }}`, `' onfocus='alert(1)`} {
			form := d.message(t, c, append(button(0, bad, bad), "text", bad+" #{"+bad+"|"+bad+"}", "name", bad, "image-link", bad, "image-url", bad,
				"unsubscribe", bad, "auth", bad, "message-type", bad, "content-type", bad, "image-query", bad, "chat", bad, "as", bad,
				models.ButtonField(0, models.FieldType), bad, models.ButtonField(0, models.FieldIOS), bad, models.ButtonField(0, models.FieldFormID), bad)...)
			for _, path := range []string{page + "/preview", page + "/draft", page} {
				for _, part := range []string{"", "problems", "images"} {
					form.Set("part", part)
					got := d.part(t, path, form)
					if got.status >= http.StatusInternalServerError {
						t.Fatalf("%s %s with %s: %d", path, part, bad, got.status)
					}
					got.isInert(t)
				}
			}
			d.get(t, page).isInert(t)
		}
	}
}

func TestImageOfTheLibrary(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.get(t, d.step(c, "message")).says(t, http.StatusOK, "라이브러리에 아직 이미지가 없습니다", "이미지 없음")
	normal, wide := d.image(t, "가을-쿠폰.jpg", false), d.image(t, "가을-와이드.jpg", true)
	d.get(t, d.step(c, "message")).says(t, http.StatusOK, "가을-쿠폰.jpg", "가을-와이드.jpg", fmt.Sprintf("/images/%d/thumbnail", wide.ID))

	form := d.message(t, c, "image", fmt.Sprint(normal.ID))
	part := d.part(t, d.step(c, "message/preview"), form)
	part.says(t, http.StatusOK, "/ 400자", "이미지 있음", "800×600 · 214KB · 일반", `width="800" height="600"`, `id="image-current"`, "0 / 5")
	part.keepsQuiet(t, `type="radio"`)
	form.Set("image", fmt.Sprint(wide.ID))
	d.part(t, d.step(c, "message/preview"), form).says(t, http.StatusOK, "/ 76자", "와이드", "0 / 2", "sk-bubble-wide")

	form.Set("part", "images")
	form.Set("image-query", "쿠폰")
	found := d.part(t, d.step(c, "message/preview"), form)
	found.says(t, http.StatusOK, "가을-쿠폰.jpg", "가을-와이드.jpg") // the chosen one stays
	form.Set("image-query", "없는 이름")
	d.part(t, d.step(c, "message/preview"), form).says(t, http.StatusOK, "‘없는 이름’(으)로 찾은 이미지가 없습니다", "가을-와이드.jpg")

	got := d.post(t, d.step(c, "message"), d.message(t, c, "image", fmt.Sprint(wide.ID)))
	if !slices.Equal(wrong(got), []string{"image-link"}) {
		t.Errorf("an image without a link: marked %v", wrong(got))
	}
	got = d.post(t, d.step(c, "message"), d.message(t, c, "image", fmt.Sprint(wide.ID), "image-link", "https://a.example/#{코드}"))
	if saved := d.read(t, c); !strings.HasSuffix(got.path, "/recipients") || saved.Content.ImageID() != wide.ID || !saved.Content.Wide() {
		t.Errorf("%s, saved %+v", got.path, saved.Content)
	}
	if got := d.post(t, d.step(c, "message"), d.message(t, c, "image", "4711")); got.status != http.StatusNotFound {
		t.Errorf("an image of nobody: %d", got.status)
	}
	d.post(t, d.step(c, "message"), d.message(t, c, "find-image", "1", "image-query", "쿠폰")).says(t, http.StatusOK, "<details open", `value="쿠폰"`)
}

func TestTypesOfButtons(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.brandTalk(t)
	field := func(name string) string { return models.ButtonField(0, name) }
	form := d.templateForm(t, made, append(button(0, "보러 가기", "https://a.example"), field(models.FieldAndroid), "shop://a", "change-button", "0")...)
	for _, try := range []struct {
		kind string
		says []string
	}{
		{kakao.ButtonAppLink, []string{`id="button-0-android"`, `id="button-0-ios"`, `value="shop://a"`}},
		{kakao.ButtonBotKey, []string{`type="hidden" name="button-0-link" value="https://a.example"`, `type="hidden" name="button-0-android" value="shop://a"`, "버튼 이름을 채널에 보냅니다"}},
		{kakao.ButtonAddChannel, []string{`value="채널 추가"`, "readonly", `type="hidden" name="button-0-name" value="보러 가기"`, "sk-kbutton-channel"}},
		{kakao.ButtonBizForm, []string{"톡에서 예약하기", "톡에서 설문하기", "톡에서 응모하기", `id="button-0-form"`, "이 채널에서 만든", "게시되어", "참여 기간", `type="hidden" name="button-0-name" value="보러 가기"`}},
		{kakao.ButtonWebLink, []string{`id="button-0-name" name="button-0-name" value="보러 가기"`, `id="button-0-link" name="button-0-link" value="https://a.example"`}},
	} {
		form.Set(field(models.FieldType), try.kind)
		d.part(t, d.at(made, ""), form).says(t, http.StatusOK, append(try.says, `id="button-0-type"`)...)
	}
	form.Set(field(models.FieldType), kakao.ButtonBizForm)
	form.Set(field(models.FieldForm), "톡에서 설문하기")
	form.Set(field(models.FieldFormID), "일곱")
	form.Del("change-button")
	got := d.post(t, d.at(made, ""), form)
	got.says(t, http.StatusUnprocessableEntity, `value="일곱"`, "비즈니스폼 번호를 숫자로", `selected lang="ko">톡에서 설문하기`)
	for name, value := range map[string]string{
		field(models.FieldFormID): "7", "text": "안녕하세요", "message-type": "I", "content-type": "F", "image-url": "https://img.example/a.jpg", "unsubscribe": "080-123-4567",
	} {
		form.Set(name, value)
	}
	if got := d.post(t, d.at(made, ""), form); got.status != http.StatusOK {
		t.Fatal(got.status, wrong(got))
	}
	saved, err := d.DB.Template(t.Context(), d.appkey, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := models.Button{Type: kakao.ButtonBizForm, Name: "톡에서 설문하기", FormID: "7"}
	if bs := saved.Content.Buttons; len(bs) != 1 || bs[0] != want {
		t.Errorf("saved: %+v", bs)
	}
}

func TestBrandTalkInTheEditor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	made := d.brandTalk(t)
	d.get(t, d.at(made, "")).says(t, http.StatusOK, "메시지 유형", "내용 유형", "080 수신 거부 번호", "인증 번호", "이미지 주소", "주소로 지정", "(안내)", "이 주소를 열어 보지 않으므로")
	form := d.templateForm(t, made, "message-type", "W", "content-type", "V", "text", "#{이름|고객}님", "unsubscribe", "080-123-4567", "auth", "12345", "image-url", "https://img.example/a.jpg")
	part := d.part(t, d.at(made, "/preview"), form)
	part.says(t, http.StatusOK, "6 / 76자", "#{변수}도 그대로 셈", "변수 1 / 20개", "무료 수신거부 080-123-4567 (인증번호 12345)", "(광고)", "발송사가 주소에서 가져올 이미지", "0 / 2", "<mark>고객</mark>님")
	part.keepsQuiet(t, kakao.OptOutLine, "img.example/a.jpg\"")
	form.Set("auth", "12345678901")
	form.Set("unsubscribe", "070-1")
	if got := d.problems(t, d.at(made, ""), form); !slices.Equal(wrong(got), []string{"auth", "unsubscribe"}) {
		t.Errorf("marked %v", wrong(got))
	}
	got := d.post(t, d.at(made, ""), form)
	if !slices.Equal(wrong(got), []string{"auth", "unsubscribe"}) || got.status != http.StatusUnprocessableEntity {
		t.Errorf("%d, marked %v", got.status, wrong(got))
	}
	got.says(t, http.StatusUnprocessableEntity, `value="070-1"`, `value="12345678901"`, `value="https://img.example/a.jpg"`)
}

func TestTheBubble(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	long := strings.Repeat("아주긴낱말", 60)
	var five []string
	for i, kind := range []string{kakao.ButtonWebLink, kakao.ButtonAppLink, kakao.ButtonBotKey, kakao.ButtonDelivery, kakao.ButtonWebLink} {
		five = append(five, models.ButtonField(i, models.FieldType), kind, models.ButtonField(i, models.FieldName), fmt.Sprint("버튼", i+1),
			models.ButtonField(i, models.FieldLink), "https://a.example/#{코드}", models.ButtonField(i, models.FieldAndroid), "shop://android", models.ButtonField(i, models.FieldIOS), "shop://ios")
	}
	part := d.part(t, d.step(c, "message/preview"), d.message(t, c, append(five, "text", long+"\n\nhttps://b.example/ 끝", "chat", "dark")...))
	part.says(t, http.StatusOK, long+"\n\n", `<span class="sk-link">https://b.example/</span> 끝`, "버튼2 · iOS", "shop://ios", "버튼 이름과 이 메시지를 채널에 보냅니다")
	if got := regexp.MustCompile(`<span>버튼(\d)</span>`).FindAllStringSubmatch(part.body, -1); len(got) != 5 || got[0][1] != "1" || got[4][1] != "5" {
		t.Errorf("the buttons are %v", got)
	}
	if strings.Contains(html.UnescapeString(part.body), "shop://android</span></span></dd></div><div><dt>버튼3") {
		t.Error("a bot keyword leads somewhere")
	}
	d.post(t, d.step(c, "message"), d.message(t, c, "chat", "dark", "preview", "1")).says(t, http.StatusOK, `id="chat-dark" value="dark" checked`)
	d.get(t, d.step(c, "message")).says(t, http.StatusOK, `id="chat-light" value="light" checked`)
}
