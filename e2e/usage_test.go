package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/internal/testdb"
	"soshik/models"
)

// Somebody looks at what the month costs, asks for prices, and an admin enters them.
func TestAMonthsUsageIsReadPricedAndDownloaded(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	this := models.MonthOf(s.Actions.Now())
	before := this.AddDate(0, 0, -3) // in the month before
	k, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	testdb.FillLedger(t, s.DB, k, models.Campaign{
		Channel: models.FriendTalk, Name: "지난달의 쿠폰", LaunchedBy: 3, SenderID: 1, LaunchedAt: &before, Fallback: models.Fallback{On: true, Type: "SMS"},
	}, 40, before)

	m := s.signedIn(t, marketer, browser.Options{})
	m.menu("월별 사용량")
	m.says("이 달에는 보낸 것이 없습니다")
	m.look("usage-none")
	c := s.launched(t, "이달의 소식", 40, false)
	s.untilCampaign(t, c, func(c models.Campaign, _ models.Equation) bool { return c.State == models.CampaignFinished })
	m.Must2(m.Reload())
	m.says("이달의 소식", "단가 없음", "팀 관리자가 팀 설정에서 입력할 수 있습니다")
	m.SeesNot(m.main().GetByText("단가 입력하기"))
	m.look("usage-without-prices")
	m.link("이달의 소식")
	m.isAt(path(c, ""))

	s.entersPrices(t)
	m.readsTheMonthBefore(before.Format("2006-01"), this.Format("2006-01"))
	s.readsUsageOnThePhone(t, before.Format("2006-01"))
}

// entersPrices follows the link of the page to where prices are set.
func (s *site) entersPrices(t *testing.T) {
	t.Helper()
	a := s.signedIn(t, admin, browser.Options{})
	a.menu("월별 사용량")
	a.link("단가 입력하기")
	a.isAt(`/teams/1/settings#prices`)
	prices := a.Locator("#prices")
	field := func(label string) playwright.Locator {
		return prices.GetByLabel(label, playwright.LocatorGetByLabelOptions{Exact: playwright.Bool(true)})
	}
	a.Fill(field("친구톡"), "열다섯")
	a.Fill(field("SMS"), "9.9")
	a.Click(prices.GetByRole("button"))
	a.says("금액을 숫자로 입력해 주세요")
	a.Holds(field("친구톡"), "열다섯")
	a.Holds(field("SMS"), "9.9")
	a.Fill(field("친구톡"), "15")
	a.Click(prices.GetByRole("button"))
	a.says("메시지 단가를 저장했습니다")
	a.menu("월별 사용량")
	a.SeesNot(a.main().GetByText("단가 입력하기"))
}

// readsTheMonthBefore turns over to it and back, and downloads it.
func (v *visitor) readsTheMonthBefore(before, this string) {
	v.t.Helper()
	v.menu("월별 사용량")
	v.Click(v.Role("link", "이전 달"))
	v.isAt(`/teams/1/usage\?month=` + before)
	v.says("지난달의 쿠폰", "559.8원", "합계") // 36 × 15 and 2 × 9.9
	v.SeesNot(v.main().GetByText("이달의 소식"))
	v.look("usage")
	text := v.downloads("CSV로 받기")
	lines := strings.Split(strings.TrimSpace(text), "\r\n")
	if len(lines) != 2 || !strings.HasPrefix(text, "\ufeff월,앱키,") || !strings.HasPrefix(lines[1], before+",쇼핑몰 알림,") || !strings.HasSuffix(lines[1], ",559.8") {
		v.t.Errorf("the file has %q", lines)
	}
	v.Click(v.Role("link", "다음 달"))
	v.isAt(`/teams/1/usage\?month=` + this)
	v.says("이달의 소식")
	v.link("쇼핑몰 알림") // the appkey's own page
	v.isAt(`/appkeys/1/usage\?month=` + this)
	v.says("이달의 소식")
	v.Click(v.Role("link", "이전 달"))
	v.isAt(`/appkeys/1/usage\?month=` + before)
	v.says("지난달의 쿠폰")
	v.link("이번 달")
	v.isAt(`/appkeys/1/usage\?month=` + this)
}

// readsUsageOnThePhone is somebody who may only look, with a phone and no script.
func (s *site) readsUsageOnThePhone(t *testing.T, before string) {
	t.Helper()
	v := s.signedIn(t, viewer, browser.Options{NoScript: true, Width: 390, Height: 844})
	v.Visit("/teams/1/usage")
	v.Click(v.Role("link", "이전 달"))
	v.isAt(`/teams/1/usage\?month=` + before)
	v.says("지난달의 쿠폰", "559.8원")
	if text := v.downloads("CSV로 받기"); !strings.Contains(text, "지난달의 쿠폰") {
		t.Errorf("the file has %q", text)
	}
	for _, month := range []string{"2999-13", "", "어제"} {
		v.Visit(fmt.Sprintf("/teams/1/usage?month=%s", month))
		v.says("이달의 소식")
	}
}
