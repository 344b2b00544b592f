package e2e_test

import (
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
)

// onPhone is a telephone's window.
func onPhone(o browser.Options) browser.Options {
	o.Width, o.Height = 390, 844
	return o
}

func TestACampaignIsRejectedMendedAndApprovedOnAPhone(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "12월 행사 안내", 40)
	boss := s.signedIn(t, admin, browser.Options{})
	boss.setsTheLimit("10")

	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/recipients"))
	v.link("이어서 하기", "진행 상황 보기", "가져온 결과 보기")
	v.says("40명을 가져왔습니다")
	v.checks(c)
	v.says("승인이 필요합니다", "승인할 수 있는 사람: 김지우, 박서준")
	v.Fill(v.Field("승인하는 사람에게 남길 말"), "쿠폰 링크를 한번 봐 주세요.")
	v.look("approval-ask")
	v.Click(v.Role("button", "승인 요청").First())
	v.isAt(`/appkeys/1/campaigns/\d+/approval`)
	v.says("승인을 요청했습니다", "승인 대기", "승인자의 결정을 기다리고 있습니다", "단골.csv")
	v.look("approval-asked")
	v.Visit(path(c, "/message"))
	v.isAt(`/appkeys/1/campaigns/\d+/approval`)

	phone := s.signedIn(t, approver, onPhone(browser.Options{}))
	phone.rejects()

	v.Visit(path(c, "/check"))
	v.says("박서준님이 반려했습니다: 인사말을 12월에 맞게 고쳐 주세요.")
	v.look("approval-returned")
	v.Visit(path(c, "/message"))
	v.Fill(v.Field("내용"), "#{이름}님, 12월 소식이 도착했어요.")
	v.button("다음: 수신자")
	v.isAt(`/appkeys/1/campaigns/\d+/recipients`)
	v.checks(c)
	v.Must(v.Field("승인되면 바로 발송").Check())
	v.Click(v.Role("button", "승인 요청").First())
	v.says("자동으로 발송 시작")

	phone.approves()

	v.Visit(path(c, ""))
	v.saysSoon(v.Locator("#campaign"), "완료")
	v.says("승인 기록", "승인 후 발송", "박서준 승인", "박서준 반려", "인사말을 12월에 맞게 고쳐 주세요.")
	v.look("approval-launched")
}

// setsTheLimit says from how many recipients on a second person approves.
func (v *visitor) setsTheLimit(from string) {
	v.t.Helper()
	v.menu("팀 설정")
	form := v.Role("form", "발송 승인")
	v.Holds(v.Field("승인이 필요한 수신자 수"), "1000")
	v.Fill(v.Field("승인이 필요한 수신자 수"), "많이")
	v.Click(form.GetByRole("button"))
	v.says("숫자로 입력해 주세요")
	v.Fill(v.Field("승인이 필요한 수신자 수"), from)
	v.Click(form.GetByRole("button"))
	v.says("팀 설정을 저장했습니다.")
	v.Holds(v.Field("승인이 필요한 수신자 수"), from)
}

// rejects finds what waits, looks at rows of it, and rejects it with a reason.
func (v *visitor) rejects() {
	v.t.Helper()
	v.Visit("/teams/1/approvals")
	v.says("12월 행사 안내", "쿠폰 링크를 한번 봐 주세요.", "40명")
	v.looksOnPhone("approvals")
	v.Click(v.main().GetByText("12월 행사 안내"))
	v.says("이하윤님이 승인을 요청했습니다", "이 캠페인은 처음으로 승인을 요청했습니다")
	whose := v.Locator("#preview .sk-whose")
	v.Click(v.Role("button", "다음 수신자"))
	v.Holds(v.Locator("#row"), "2")
	v.Reads(whose, "010-4100-1001")
	v.Must(v.Locator("label[for='as-sms']").Click())
	v.Sees(v.Locator("#preview .sk-screen-sms"))
	v.Must(v.Locator("label[for='as-kakao']").Click())
	v.looksOnPhone("approval")
	v.button("반려")
	v.says("반려하는 이유를 적어 주세요.")
	v.looksOnPhone("approval-without-reason")
	v.Fill(v.Field("반려하는 이유"), "인사말을 12월에 맞게 고쳐 주세요.")
	v.button("반려")
	v.says("반려했습니다. 캠페인은 다시 초안이 되었습니다.", "반려됨", "인사말을 12월에 맞게 고쳐 주세요.")
}

// approves sees what has changed, and approves it.
func (v *visitor) approves() {
	v.t.Helper()
	v.Visit("/teams/1")
	v.Click(v.main().GetByText("12월 행사 안내").First())
	v.says("달라진 점", "반려한 내용과 비교")
	v.Reads(v.Locator(".sk-differences ins").First(), "12월")
	v.looksOnPhone("approval-changes")
	v.button("승인하고 바로 발송")
	v.says("승인했습니다")
}

// looksOnPhone is look for somebody who goes on with a telephone.
func (v *visitor) looksOnPhone(name string) {
	v.t.Helper()
	v.look(name)
	v.Must(v.SetViewportSize(v.options.Width, v.options.Height))
}

// Everything works without JavaScript too, and a campaign that was approved can be
// edited again, at the cost of its approval.
func TestApprovalWithoutScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "겨울 소식", 40)
	boss := s.signedIn(t, admin, browser.Options{NoScript: true})
	boss.setsTheLimit("10")
	v := s.signedIn(t, marketer, browser.Options{NoScript: true})
	v.Visit(path(c, "/recipients"))
	v.link("이어서 하기", "진행 상황 보기", "가져온 결과 보기")
	v.checks(c)
	v.Click(v.Role("button", "승인 요청").First())
	v.says("승인을 요청했습니다")

	phone := s.signedIn(t, approver, onPhone(browser.Options{NoScript: true}))
	phone.Visit("/teams/1/approvals")
	phone.Click(phone.main().GetByText("겨울 소식"))
	phone.Click(phone.Role("button", "다음 수신자"))
	phone.Holds(phone.Locator("#row"), "2")
	phone.Click(phone.Role("button", "승인").Filter(playwright.LocatorFilterOptions{HasText: exactly("승인")}))
	phone.says("승인했습니다. 24시간 동안 유효합니다.")

	v.Visit(path(c, ""))
	v.says("박서준님이 승인했습니다", "까지 유효합니다")
	v.button("수정하기")
	v.isAt(`/appkeys/1/campaigns/\d+/message`)
	v.says("승인 요청을 거두었습니다", "승인을 다시 받아야 합니다")
	v.checks(c)
	v.Click(v.Role("button", "승인 요청").First())
	v.says("승인을 요청했습니다")

	phone.Visit("/teams/1/approvals")
	phone.Click(phone.main().GetByText("겨울 소식").First())
	phone.says("에 승인한 내용과 비교", "달라진 점이 없습니다.")
	phone.Click(phone.Role("button", "승인").Filter(playwright.LocatorFilterOptions{HasText: exactly("승인")}))
	v.Visit(path(c, ""))
	v.Click(v.Role("button", "40명에게 지금 발송"))
	v.says("발송을 시작했습니다")
}
