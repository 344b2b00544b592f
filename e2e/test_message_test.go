package e2e_test

import (
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
)

func TestATestMessageReachesATestNumber(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "단골 감사 쿠폰", 5)
	boss := s.signedIn(t, admin, browser.Options{})
	boss.addsTestNumbers()

	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/message"))
	v.Fill(v.Field("내용"), "#{이름}님, #{쿠폰|가을} 쿠폰이 도착했어요.")
	v.Click(v.Role("button", "테스트 발송").First())
	v.isAt(`/appkeys/1/campaigns/\d+/test\?from=message`)
	v.fillsInTheTest()
	v.Must(v.Role("button", "테스트 보내기").First().Dblclick())
	v.isAt(`/appkeys/1/campaigns/\d+/test\?from=message&sent=\d+`)
	v.saysSoon(v.Locator("#test-state"), "완료")
	v.Reads(v.Locator("#test"), "도착")
	v.Reads(v.Locator("#test"), "문자로 도착")
	v.Reads(v.Locator("#preview .sk-bubble").First(), "박바다님, 가을 쿠폰이")
	v.look("test-sent")
	v.Must2(v.Reload())
	tests, err := s.DB.Tests(t.Context(), 1, 0, 10)
	if err != nil || len(tests) != 1 || tests[0].Audience != 2 {
		t.Errorf("after a double click and a reload there are the tests %+v (%v)", tests, err)
	}
	phone := s.visitor(t, browser.Options{})
	phone.Visit("/demo/phone/")
	phone.Reads(phone.Locator("body"), "박바다님, 가을 쿠폰이 도착했어요.")

	v.link("캠페인 화면에서 자세히 보기")
	v.says("테스트", "수신자 2명이 모두 여기 있습니다")
	v.look("test-campaign")
	v.link("원본 캠페인")
	v.isAt(`/appkeys/1/campaigns/\d+/message`)
	v.menu("캠페인")
	v.link("테스트")
	v.says("단골 감사 쿠폰", "완료")
	v.look("tests")
}

// addsTestNumbers leaves the team with a number that is reached, and one that is by
// SMS only.
func (v *visitor) addsTestNumbers() {
	v.t.Helper()
	v.menu("팀 설정")
	v.Fill(v.Field("누구의 번호"), "문자만 되는 휴대폰")
	v.Fill(v.Field("휴대폰 번호"), "02-123-4567")
	v.button("번호 추가")
	v.says("휴대폰 번호가 아닙니다")
	v.Holds(v.Field("휴대폰 번호"), "02-123-4567")
	v.look("team-settings-refused")
	v.Fill(v.Field("휴대폰 번호"), "+82 10-7777-0001")
	v.button("번호 추가")
	v.says("문자만 되는 휴대폰의 번호를 추가했습니다.", "010-7777-0001")
	v.Click(v.Role("button", "매장 태블릿의 번호 삭제"))
	v.says("번호를 삭제했습니다.")
	v.SeesNot(v.Role("button", "매장 태블릿의 번호 삭제"))
	v.Fill(v.Field("미리 넘기는 시간"), "2")
	v.Must2(v.Field("단위").SelectOption(labelled("시간")))
	v.Click(v.Role("form", "예약 메시지를 넘기는 시점").GetByRole("button"))
	v.says("팀 설정을 저장했습니다.")
	v.Holds(v.Field("미리 넘기는 시간"), "2")
	v.look("team-settings")
}

// fillsInTheTest tries a form that is not whole, values of a recipient, and values of
// one's own.
func (v *visitor) fillsInTheTest() {
	v.t.Helper()
	bubble := v.Locator("#preview .sk-bubble").First()
	name := v.Field("이름")
	v.Must(v.Expect().Locator(v.Locator("input[name=number]:checked")).ToHaveCount(2))
	v.Fill(v.Field("수신자"), "2")
	v.button("이 수신자의 값 넣기")
	v.Holds(name, "단골1")
	v.Reads(bubble, "단골1님, 가을 쿠폰이")
	v.Must(v.Expect().Locator(v.Role("button", "이 수신자의 값 넣기")).ToBeFocused())
	v.look("test")
	v.Fill(name, "")
	v.Reads(bubble, "#{이름}님")
	v.Click(v.Role("button", "테스트 보내기").First())
	v.says("값을 입력해 주세요. 이 변수에는 기본값이 없습니다.")
	v.look("test-refused")
	v.Click(name)
	v.Must(v.Keyboard().Type("박바다"))
	v.Reads(bubble, "박바다님, 가을 쿠폰이")
	v.Must(v.Expect().Locator(name).ToBeFocused())
}

func TestATestMessageWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "스크립트 없이", 5)
	v := s.signedIn(t, marketer, browser.Options{NoScript: true})
	v.Visit(path(c, "/check"))
	v.link("테스트 발송")
	v.Fill(v.Field("이름"), "별")
	v.Click(v.Locator("button[name=preview]").Last())
	v.Reads(v.Locator("#preview .sk-bubble").First(), "별님, 기다리던")
	v.Fill(v.Field("수신자"), "2")
	v.button("이 수신자의 값 넣기")
	v.Holds(v.Field("이름"), "단골1")
	v.Must(v.Field("이름").Press("Enter")) // draws anew, and sends nothing
	v.Holds(v.Field("이름"), "단골1")
	if tests, err := s.DB.Tests(t.Context(), 1, 0, 10); err != nil || len(tests) != 0 {
		t.Errorf("tests %v (%v)", tests, err)
	}
	v.Click(v.Role("button", "테스트 보내기").First())
	v.says("테스트 발송을 시작했습니다.", "테스트 번호 2개")
	v.Must(v.Expect().Locator(v.Locator("#test-state")).ToContainText("완료", playwright.LocatorAssertionsToContainTextOptions{
		Timeout: playwright.Float(sendingTakes),
	}))
	v.link("검사와 발송 단계로")
	v.isAt(`/appkeys/1/campaigns/\d+/check`)
}

func TestTestPagesInOtherLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "가을 소식", 5)
	for _, locale := range []string{"en-US", "ja-JP"} {
		t.Run(locale, func(t *testing.T) {
			t.Parallel()
			v := s.visitor(t, browser.Options{Locale: locale})
			v.Visit("/sign-in")
			v.signIn(admin, password)
			for _, page := range [][2]string{
				{"team-settings", "/teams/1/settings"}, {"tests", "/appkeys/1/campaigns?tests=1"}, {"test", path(c, "/test")},
			} {
				v.Visit(page[1])
				v.look(page[0])
			}
			v.Click(v.Locator("button[name=send]").First())
			v.Sees(v.Locator("#test"))
			v.look("test-sent")
		})
	}
}
