package e2e_test

import (
	"regexp"
	"testing"

	"soshik/e2e/browser"
)

func TestAnAppkeyIsTestedAndASenderRegistered(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, admin, browser.Options{})
	v.menu("앱키")
	v.look("appkeys")
	v.testsAnAppkey()
	v.registersASender(s)
	v.setsTheFallback()
}

// testsAnAppkey enters the demo's appkey by hand: with the wrong secret key, with
// the right one, and as one that the team has already.
func (v *visitor) testsAnAppkey() {
	v.t.Helper()
	address, err := v.Locator("td.sk-url").First().InnerText()
	v.Must(err)
	v.link("앱키 추가")
	v.Fill(v.Field("이름"), "두 번째 앱키")
	v.Fill(v.Field("앱키"), "demoappkey")
	v.Fill(v.Field("비밀 키"), "wrongsecret")
	v.Fill(v.Field("API 주소"), address)
	v.button("연결 확인")
	v.Reads(v.Locator("#connection"), "비밀 키가 맞지 않습니다")
	v.Holds(v.Field("비밀 키"), "wrongsecret")
	v.look("appkey-new")
	v.Fill(v.Field("비밀 키"), "demosecret")
	v.button("연결 확인")
	v.Reads(v.Locator("#connection"), "연결되었습니다. 이 앱키의 발신 프로필은 1개입니다")
	v.button("앱키 추가")
	v.says("이 팀에 이미 등록된 앱키입니다")
	v.Holds(v.Field("이름"), "두 번째 앱키")

	v.menu("앱키")
	v.Click(v.Role("link", "쇼핑몰 알림 설정 변경"))
	v.look("appkey")
	v.button("연결 확인")
	v.says("연결되었습니다")
	v.Holds(v.Field("비밀 키"), "")
}

func (v *visitor) registersASender(s *site) {
	v.t.Helper()
	v.menu("발신 프로필")
	v.says("@봄봄상점", "정상")
	v.look("senders")
	v.link("발신 프로필 등록")
	v.Fill(v.Field("카카오톡 채널 검색용 아이디"), "@가을상점")
	v.Fill(v.Field("채널 관리자 휴대폰 번호"), "02-123-4567")
	v.button("등록하고 토큰 받기")
	v.says("한국 휴대폰 번호가 아닙니다", "업종을 검색해서 카테고리를 하나 골라 주세요")
	v.Holds(v.Field("카카오톡 채널 검색용 아이디"), "@가을상점")
	v.Fill(v.Field("채널 관리자 휴대폰 번호"), "010-9876-5432")
	v.Fill(v.Field("카테고리 검색어"), "커피")
	v.Click(v.GetByText("커피전문점"))
	v.look("sender-new")
	v.button("등록하고 토큰 받기")
	v.says("@가을상점 등록을 요청했습니다")
	v.look("sender-token")

	v.Fill(v.Field("토큰"), "000000")
	v.button("등록 마치기")
	v.says("토큰이 맞지 않습니다")
	v.Holds(v.Field("토큰"), "000000")
	v.Fill(v.Field("토큰"), s.tokenOnThePhone(v))
	v.button("등록 마치기")
	v.says("@가을상점 등록을 마쳤습니다", "정상")
	v.look("sender")
}

// tokenOnThePhone reads what the channel's administrator has received.
func (s *site) tokenOnThePhone(v *visitor) string {
	v.t.Helper()
	phone := s.visitor(v.t, browser.Options{})
	phone.Visit("/demo/phone/")
	phone.Click(phone.Locator("nav a").Filter(hasText("010-9876-5432")))
	message := phone.Locator(".message.TOKEN").First()
	phone.Sees(message)
	text, err := message.Locator(".text").InnerText()
	phone.Must(err)
	token := regexp.MustCompile(`\d{4,}`).FindString(text)
	if token == "" {
		v.t.Fatalf("no token in %q", text)
	}
	phone.pictures("phone")
	return token
}

func (v *visitor) setsTheFallback() {
	v.t.Helper()
	v.Must(v.Field("실패하면 문자로 대체 발송").Check())
	v.Fill(v.Field("문자 발신 번호"), "02-1234-5678")
	v.Fill(v.Field("080 수신 거부 번호"), "070-123-4567")
	v.button("저장")
	v.says("080으로 시작하는 번호를 입력해 주세요")
	v.Holds(v.Field("문자 발신 번호"), "02-1234-5678")
	v.Fill(v.Field("080 수신 거부 번호"), "080-123-4567")
	v.button("저장")
	v.says("대체 발송 설정을 저장했습니다")
}
