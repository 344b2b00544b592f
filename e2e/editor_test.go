package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/internal/kakao"
	"soshik/models"
)

// wait is how long the slowest of what an editor asks for takes to be asked for, in
// milliseconds of the page's clock.
const wait = 1000

// glances are what the buttons of the editor are, in order.
func (v *visitor) glances() playwright.Locator { return v.Locator("#buttons .sk-glance strong") }

func (v *visitor) isOrdered(names ...string) {
	v.t.Helper()
	v.Must(v.Expect().Locator(v.glances()).ToHaveText(names))
}

// addsButton fills a new web link in.
func (v *visitor) addsButton(i int, name, link string) {
	v.t.Helper()
	v.button("버튼 추가")
	group := fmt.Sprintf("버튼 %d", i+1)
	v.Fill(v.in(group, "버튼 이름"), name)
	v.Fill(v.in(group, "모바일 링크"), link)
}

func TestButtonsAreDragged(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "순서", 5)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/message"))
	for i, name := range []string{"하나", "둘", "셋"} {
		v.addsButton(i, name, fmt.Sprintf("https://shop.example.com/%d", i))
	}
	v.isOrdered("하나", "둘", "셋")
	for i := range 3 {
		v.Click(v.Locator(fmt.Sprintf("#button-%d", i))) // close it
	}

	third, err := v.Locator("#handle-2").BoundingBox()
	v.Must(err)
	first, err := v.Locator("#handle-0").BoundingBox()
	v.Must(err)
	v.Must(v.Mouse().Move(third.X+10, third.Y+10))
	v.Must(v.Mouse().Down())
	v.Must(v.Mouse().Move(third.X+10, third.Y-20))
	v.Must(v.Mouse().Move(first.X+10, first.Y-5))
	v.Must(v.Mouse().Up())
	v.isOrdered("셋", "하나", "둘")
	v.Must(v.Expect().Locator(v.Locator("#handle-0")).ToBeFocused())
	v.Must(v.Expect().Locator(v.Locator("#preview .sk-kbutton")).ToHaveText([]string{"셋", "하나", "둘"}))

	v.Press("Alt+ArrowDown")
	v.isOrdered("하나", "셋", "둘")
	v.Must(v.Expect().Locator(v.Locator("#handle-1")).ToBeFocused())
	v.Press("Alt+ArrowDown")
	v.isOrdered("하나", "둘", "셋")
	v.Press("Alt+ArrowDown")
	v.Must(v.Expect().Locator(v.Locator("#handle-2")).ToBeFocused())

	v.Click(v.Locator("#button-2"))
	v.Holds(v.in("버튼 3", "모바일 링크"), "https://shop.example.com/2")
	v.Click(v.Role("button", "버튼 3 위로 옮기기"))
	v.isOrdered("하나", "셋", "둘")
	v.Click(v.Role("button", "버튼 2 지우기"))
	v.isOrdered("하나", "둘")
}

func TestAButtonBecomesAnotherAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "종류", 5)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/message"))
	v.addsButton(0, "보러 가기", "https://shop.example.com/")
	become := func(kind string) {
		t.Helper()
		v.Must2(v.in("버튼 1", "버튼 종류").SelectOption(labelled(kind)))
		v.Reads(v.Locator("#glance-0 .badge"), kind)
		v.Must(v.Expect().Locator(v.in("버튼 1", "버튼 종류")).ToBeFocused())
	}
	become("앱 링크")
	v.Holds(v.in("버튼 1", "버튼 이름"), "보러 가기")
	v.Fill(v.in("버튼 1", "안드로이드 앱 주소"), "myshop://sale")
	become("메시지 전달")
	v.SeesNot(v.in("버튼 1", "모바일 링크"))
	v.Reads(v.Locator("#glance-0"), "이 메시지를 채널에 보냅니다")
	become("웹 링크")
	v.Holds(v.in("버튼 1", "모바일 링크"), "https://shop.example.com/")
	become("앱 링크")
	v.Holds(v.in("버튼 1", "안드로이드 앱 주소"), "myshop://sale")
	v.Fill(v.in("버튼 1", "iOS 앱 주소"), "myshop://sale")
	v.look("message-app-link")
	become("봇 키워드")
	v.button("다음: 수신자")
	v.isAt(`/appkeys/1/campaigns/\d+/recipients`)
	saved, err := s.DB.Campaign(t.Context(), 1, c.ID)
	check(t, err)
	if b := saved.Content.Buttons[0]; b != (models.Button{Type: kakao.ButtonBotKey, Name: "보러 가기"}) {
		t.Errorf("saved with what another type asks for: %+v", b)
	}
}

func TestAnImageIsChosen(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "이미지", 5)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/message"))
	v.Reads(v.Locator("#text-counter"), "/ 1,000자")
	v.Click(v.Locator("#image-summary"))
	v.Must(v.Field("이미지 이름으로 찾기").Fill("와이드"))
	v.Must(v.Expect().Locator(v.Locator("#image-choices input")).ToHaveCount(2))
	v.Must(v.Locator("#image-choices label").Filter(hasText("새벽-배송-와이드.jpg")).GetByRole("radio").Check())
	v.Reads(v.Locator("#text-counter"), "/ 76자 (와이드")
	v.Reads(v.Locator("#button-counter"), "0 / 2")
	v.Reads(v.Locator("#image-current"), "새벽-배송-와이드.jpg")
	v.Sees(v.Locator("#preview .sk-bubble-wide .sk-bubble-image"))

	v.Must(v.Field("이미지 이름으로 찾기").Fill(""))
	normal := v.Locator("#image-choices label").Filter(hasText("회원-쿠폰.png")).GetByRole("radio")
	v.Must(normal.Check())
	v.Reads(v.Locator("#text-counter"), "/ 400자 (이미지 있음")
	v.Must(v.Expect().Locator(normal).ToBeFocused())
	v.button("다음: 수신자")
	v.says("이미지를 누르면 열릴 링크를 입력해 주세요")
	v.Fill(v.Field("이미지 링크"), "https://shop.example.com/")
	v.look("message-image")
	v.button("다음: 수신자")
	v.isAt(`/appkeys/1/campaigns/\d+/recipients`)
	saved, err := s.DB.Campaign(t.Context(), 1, c.ID)
	check(t, err)
	if i := saved.Content.Image; i == nil || i.Name != "회원-쿠폰.png" {
		t.Errorf("saved: %+v", saved.Content)
	}
}

func TestAnImageIsChosenWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "이미지", 5)
	v := s.signedIn(t, marketer, browser.Options{NoScript: true})
	v.Visit(path(c, "/message"))
	v.Click(v.Locator("#image-summary"))
	v.Fill(v.Locator("[name=image-query]"), "쿠폰")
	v.button("찾기")
	v.Must(v.Locator("#image-choices label").Filter(hasText("회원-쿠폰.png")).GetByRole("radio").Check())
	v.Fill(v.Field("이미지 링크"), "https://shop.example.com/")
	v.button("다음: 수신자")
	v.isAt(`/appkeys/1/campaigns/\d+/recipients`)
	v.Visit(path(c, "/message"))
	v.Reads(v.Locator("#image-current"), "회원-쿠폰.png")
	v.SeesNot(v.Locator(".sk-handle"))
}

// topOf is where an element begins, from the top of the page.
func (v *visitor) topOf(selector string) any {
	v.t.Helper()
	top, err := v.Evaluate("selector => Math.round(document.querySelector(selector).getBoundingClientRect().top + scrollY)", selector)
	v.Must(err)
	return top
}

// What is wrong is told beside the field as one types; what is only empty is told
// after a save was tried. The page's clock is moved on.
func TestProblemsAreToldAsOneTypes(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "문제", 5)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/message"))
	v.button("버튼 추가")
	v.Sees(v.in("버튼 1", "모바일 링크"))
	v.Must(v.Clock().Install())
	link, problem := v.in("버튼 1", "모바일 링크"), v.Locator("#button-0-link-slot")
	types := func(text string) {
		t.Helper()
		v.Fill(link, text)
		v.Must(v.Clock().RunFor(wait))
	}
	before := v.topOf("#add-button")
	types("javascript:alert(1)")
	v.Reads(problem, "https:// 또는 http://")
	v.Must(v.Expect().Locator(link).ToBeFocused())
	v.Must(v.Expect().Locator(link).ToHaveAttribute("aria-invalid", "true"))
	v.Reads(v.Locator("#problems-said"), "버튼 1 모바일 링크: ")
	v.Must(v.Expect().Locator(v.Locator("#button-0-name-slot")).ToHaveText(""))
	if after := v.topOf("#add-button"); after != before {
		t.Errorf("the page jumps from %v to %v", before, after)
	}
	types("htt")
	v.Must(v.Expect().Locator(problem).ToHaveText(""))
	types("https://shop.example.com/")
	v.Must(v.Expect().Locator(link).Not().ToHaveAttribute("aria-invalid", "true"))
	v.Must(v.Expect().Locator(v.Locator("#problems-said")).ToHaveText(""))
	types("")
	v.Must(v.Expect().Locator(problem).ToHaveText(""))

	v.Fill(v.Field("내용"), strings.Repeat("가", 950))
	v.Must(v.Clock().RunFor(wait))
	v.Reads(v.Locator("#text-counter.sk-near"), "50자 남음")
	v.button("다음: 수신자")
	v.Reads(problem, "버튼을 누르면 열릴 링크")
	v.Must(v.Clock().Install())
	v.Fill(v.in("버튼 1", "버튼 이름"), "보기")
	v.Must(v.Clock().RunFor(wait))
	v.Must(v.Expect().Locator(v.Locator("#button-0-name-slot")).ToHaveText(""))
	v.Reads(problem, "버튼을 누르면 열릴 링크")
}

// The chat is light or dark whatever the site is.
func TestTheChatHasColoursOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "색", 5)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/message"))
	screen := v.Locator(".sk-screen-kakao")
	v.Must(v.Expect().Locator(screen).ToHaveCSS("background-color", "rgb(186, 206, 224)"))
	v.Must(v.Locator("label[for=chat-dark]").Click())
	v.Must(v.Expect().Locator(screen).ToHaveCSS("background-color", "rgb(27, 28, 31)"))
	v.Fill(v.Field("내용"), "어두운 방")
	v.Reads(v.Locator("#preview .sk-bubble").First(), "어두운 방")
	v.Must(v.Expect().Locator(screen).ToHaveCSS("background-color", "rgb(27, 28, 31)"))
	v.look("message-dark-chat")
}

// BrandTalk's rules are told where a template is written: limits by its kind, and where
// the buttons that have a place of their own may stand.
func TestBrandTalkRulesAreTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	user, err := s.DB.User(t.Context(), 3)
	check(t, err)
	appkey, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	by := models.Actor{User: user, Role: models.Marketer}
	made, err := s.Actions.CreateTemplate(t.Context(), by, appkey, models.NewTemplate{Channel: models.BrandTalk, Name: "브랜드톡 규칙", SenderID: 1})
	check(t, err)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(fmt.Sprintf("/appkeys/1/templates/%d", made.ID))
	v.Fill(v.Field("내용"), strings.Repeat("가", 77))
	v.Reads(v.Locator("#text-counter"), "77 / 1,000자")
	v.Must2(v.Field("메시지 유형").SelectOption(labelled("와이드형 (W)")))
	v.Reads(v.Locator("#text-counter.sk-over"), "77 / 76자 · 1자 초과")
	v.Reads(v.Locator("#text-slot"), "77자입니다. 76자까지")
	v.Reads(v.Locator("#button-counter"), "0 / 2")
	v.Must2(v.Field("메시지 유형").SelectOption(labelled("이미지형 (I)")))
	v.Must(v.Expect().Locator(v.Locator("#text-slot")).ToHaveText(""))
	v.Fill(v.Locator("#unsubscribe"), "070-123-4567")
	v.Reads(v.Locator("#unsubscribe-slot"), "080 번호를")
	v.Fill(v.Locator("#unsubscribe"), "080-123-4567")
	v.Reads(v.Locator("#preview .sk-optout"), "무료 수신거부 080-123-4567")

	v.addsButton(0, "보기", "https://shop.example.com/")
	v.button("버튼 추가")
	v.Must2(v.in("버튼 2", "버튼 종류").SelectOption(labelled("채널 추가")))
	v.Holds(v.Locator("#button-1-name"), "채널 추가")
	v.Fill(v.Locator("#auth"), "123")
	v.Reads(v.Locator("#button-1-type-slot"), "맨 위에 있어야 합니다")
	v.Click(v.Role("button", "버튼 2 위로 옮기기"))
	v.isOrdered("채널 추가", "보기")
	v.Must2(v.in("버튼 2", "버튼 종류").SelectOption(labelled("비즈니스폼")))
	v.says("참여 기간이 끝나지 않았습니다")
	v.Must2(v.in("버튼 2", "버튼 이름").SelectOption(labelled("톡에서 설문하기")))
	v.Fill(v.in("버튼 2", "비즈니스폼 번호"), "7")
	v.Must(v.Expect().Locator(v.Locator("#preview .sk-kbutton")).ToHaveText([]string{"ch+ 채널 추가", "톡에서 설문하기"}))
	v.look("template-brandtalk-rules")
}
