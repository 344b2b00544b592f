package e2e_test

import (
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// newPressSite is a demo with a provider of its own and one sender there.
func newPressSite(t *testing.T) (*site, *nhnsim.Sim, models.Sender) {
	t.Helper()
	s, sim := newSendersSite(t)
	ks, err := s.DB.AllAppkeys(t.Context())
	check(t, err)
	_, err = s.Actions.RefreshSenders(t.Context(), models.Actor{}, ks[0])
	check(t, err)
	senders, err := s.DB.Senders(t.Context(), ks[0].ID)
	check(t, err)
	return s, sim, senders[0]
}

func TestATemplateIsWrittenRegisteredAndBlocked(t *testing.T) {
	t.Parallel()
	s, sim, sender := newPressSite(t)
	v := s.signedIn(t, marketer, browser.Options{})
	v.menu("템플릿")
	v.link("새 템플릿")
	v.writesATemplate("봄맞이 할인", "@봄봄상점")
	v.link("등록…")
	v.Holds(v.Field("템플릿 코드"), "bommatihalin")
	v.says("바꾸거나 지울 수 없습니다", "2023년 1월 31일에 종료")
	v.look("template-register")
	v.Fill(v.Field("템플릿 코드"), "봄")
	v.button("등록하기")
	v.says("영문과 숫자만 쓸 수 있습니다")
	v.Fill(v.Field("템플릿 코드"), "spring1")
	v.button("등록하기")
	v.says("코드는 spring1입니다", "대기 (첫 발송 전)")
	v.look("template-registered")

	check(t, sim.SetTemplate(demoAppkey, sender.SenderKey, "spring1", func(in *nhnsim.Template) { in.Status = kakao.TemplateBlocked }))
	v.button("상태 확인")
	v.says("카카오가 이 템플릿을 차단했습니다")
	v.look("template-blocked")
	v.menu("템플릿")
	v.says("차단됨", "spring1")
	v.menu("개요")
	v.says("보낼 수 없게 된 템플릿", "봄맞이 할인")
	v.look("overview-template-blocked")
}

// writesATemplate writes a template of BrandTalk and saves it.
func (v *visitor) writesATemplate(name, sender string) {
	v.t.Helper()
	v.Must(v.Locator("input[name=channel][value=brandtalk]").Check())
	v.Must2(v.Locator("#sender").SelectOption(playwright.SelectOptionValues{ValuesOrLabels: &[]string{v.optionOf("#sender", sender)}}))
	v.Fill(v.Field("템플릿 이름"), name)
	v.Click(v.Locator("#new-template .card-footer button"))
	v.isAt(`/appkeys/1/templates/\d+`)
	v.Fill(v.Field("내용"), "#{이름|고객}님, 봄맞이 할인이 시작됐어요.")
	v.Must2(v.Locator("#content-type").SelectOption(playwright.SelectOptionValues{Values: &[]string{kakao.TemplateVariable}}))
	v.Fill(v.Locator("#image-url"), "https://shop.example.com/spring.png")
	v.Fill(v.Locator("#unsubscribe"), "080-123-4567")
	v.button("저장")
	v.says("템플릿을 저장했습니다")
}

// optionOf is the value of the option of a select whose text begins with label.
func (v *visitor) optionOf(selector, label string) string {
	v.t.Helper()
	value, err := v.Locator(selector + " option").Filter(playwright.LocatorFilterOptions{HasText: label}).First().GetAttribute("value")
	v.Must(err)
	return value
}

func TestAnAdoptedTemplateIsSent(t *testing.T) {
	t.Parallel()
	s, sim, sender := newPressSite(t)
	_, err := sim.AddTemplate(demoAppkey, nhnsim.Template{
		SenderKey: sender.SenderKey, Code: "console1", Name: "콘솔에서 만든 안내", Content: "#{이름}님, 주문하신 상품이 도착했습니다.", Status: kakao.TemplateNormal,
		Buttons: []nhnsim.TemplateButton{{Type: kakao.ButtonAddChannel, Name: kakao.ButtonNameChannel}},
	})
	check(t, err)
	v := s.signedIn(t, marketer, browser.Options{})
	v.menu("템플릿")
	v.link("등록된 템플릿 가져오기")
	v.look("template-adopt")
	v.Fill(v.Field("템플릿 코드"), "nosuch")
	v.button("가져오기")
	v.Holds(v.Field("템플릿 코드"), "nosuch")
	v.Sees(v.Locator("#code-problem"))
	v.Fill(v.Field("템플릿 코드"), "console1")
	v.button("가져오기")
	v.says("가져왔습니다", "주문하신 상품이 도착했습니다", "채널 추가")

	v.button("캠페인 시작 (버전 1)")
	v.isAt(`/appkeys/1/campaigns/\d+/message`)
	v.says("바꿀 수 없습니다", "console1")
	v.look("message-registered")
	v.Fill(v.Field("캠페인 이름"), "도착 안내")
	v.button("다음: 수신자")
	v.chooses("주문.csv", []byte("이름,휴대폰\n김하늘,01020003000\n박바다,01020003001\n이별,01077770001\n"))
	v.button("가져오기 시작")
	v.says("3명을 가져왔습니다")
	v.link("다음: 시간")
	v.button("다음: 검사와 발송")
	v.says("2023년 1월 31일에 종료")
	v.button("3명에게 지금 보내기")
	v.says("발송을 시작했습니다")
	v.saysSoon(v.Locator("#campaign-state"), "완료")
	v.addsUp(3)
	v.says("A3018")
	v.look("progress-brandtalk")
}
