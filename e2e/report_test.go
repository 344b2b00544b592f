package e2e_test

import (
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
)

// readsTheReport reads what has become of a campaign's messages: as lines, as numbers and
// by code; and keeps those whom KakaoTalk does not reach.
func (v *visitor) readsTheReport() {
	v.t.Helper()
	campaign := v.path()
	timeline := v.Role("region", "시간에 따라").First()
	v.Sees(timeline.GetByRole("img").First())
	v.Must(v.Expect().Locator(timeline.GetByRole("table")).ToBeHidden())
	v.Must(timeline.GetByRole("switch").Check())
	v.Must(v.Expect().Locator(timeline.GetByRole("img")).ToHaveCount(0))
	for _, column := range []string{"넘김", "도착", "문자로 도착", "실패"} {
		v.Sees(timeline.GetByRole("columnheader", playwright.LocatorGetByRoleOptions{Name: column, Exact: playwright.Bool(true)}))
	}
	v.Reads(timeline.GetByRole("row").Last(), "합계")
	v.look("campaign-numbers")
	v.link("이 사람들을 목록으로")
	v.Must(v.Expect().Locator(v.Role("checkbox", "3018")).ToBeChecked())
	v.look("campaign-audience")
	v.Fill(v.Field("목록 이름"), " ")
	v.button("수신자 목록 만들기")
	v.Sees(v.Locator("#name-problem"))
	v.Must(v.Expect().Locator(v.Role("checkbox", "3018")).ToBeChecked())
	v.Fill(v.Field("목록 이름"), "카카오톡이 닿지 않은 단골")
	v.button("수신자 목록 만들기")
	v.says("‘카카오톡이 닿지 않은 단골’ 목록을 만들었습니다", "010-7777-0001", "010-7777-0004")
	v.Visit(campaign)
}

// The numbers stay open while the page renews itself.
func TestTheNumbersOfARunningCampaignStayOpen(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "오늘의 소식", 40)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/recipients"))
	v.link("이어서 하기", "진행 상황 보기", "가져온 결과 보기")
	v.says("40명을 가져왔습니다")
	v.Visit(path(c, "/check"))
	v.button("검사 시작")
	v.Click(v.Role("button", "40명에게 지금 보내기"))
	v.isAt(`/appkeys/1/campaigns/\d+`)
	timeline := v.Role("region", "시간에 따라").First()
	v.Must(timeline.GetByRole("switch").Check())
	v.Must(timeline.GetByRole("switch").Focus())
	v.saysSoon(v.Locator("#campaign-state"), "완료")
	v.Must(v.Expect().Locator(timeline.GetByRole("switch")).ToBeChecked())
	v.Must(v.Expect().Locator(timeline.GetByRole("switch")).ToBeFocused())
	v.Reads(timeline.GetByRole("row").Last(), "합계")
}
