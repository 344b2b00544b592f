package e2e_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// showsSoon lets the time pass after which the overview asks anew, and waits for what it
// shows then.
func (v *visitor) showsSoon(text string) {
	v.t.Helper()
	v.Sees(v.Locator("#overview[data-htmx-powered]")) // the page's script has begun
	v.Must(v.Clock().FastForward("00:16"))
	v.saysSoon(v.Locator("#alarms"), text)
}

// height is where on the screen an element is.
func (v *visitor) height(of playwright.Locator) float64 {
	v.t.Helper()
	box, err := of.BoundingBox()
	v.Must(err)
	if box == nil {
		v.t.Fatal("it is not there")
	}
	return box.Y
}

// An alarm comes and goes while somebody reads, and neither moves what they read nor
// takes the focus from it.
func TestAnAlarmComesAndGoesWhileSomebodyReads(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"/teams/1", "/appkeys/1"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, true)
			c := s.heldCampaign(t, "내일의 소식", 40)
			marketer3 := models.Actor{User: models.User{ID: 3}, Role: models.Marketer}
			v := s.signedIn(t, marketer, browser.Options{Height: 500})
			v.Must(v.Clock().Install())
			v.Visit(where)
			v.says("이상 없음", "내일의 소식")
			v.SeesNot(v.GetByText("확인할 일 1건"))
			read := v.Role("region", "예정된 캠페인").GetByRole("link").First()
			v.Must(read.ScrollIntoViewIfNeeded())
			v.Must(read.Focus())
			v.Must2(v.Evaluate("scrollTo(0, 100)")) // the alarms are still to be seen
			before := v.height(read)
			check(t, s.Actions.Pause(t.Context(), marketer3, c.AppkeyID, c.ID))
			v.showsSoon("확인할 일 1건")
			v.says("캠페인 1건이 일시 정지되어 있습니다.")
			v.Must(v.Expect().Locator(read).ToBeFocused())
			if after := v.height(read); math.Abs(after-before) > 2 {
				t.Errorf("what is read was at %.0f and is at %.0f", before, after)
			}
			v.look("overview-alarm" + strings.ReplaceAll(where, "/", "-"))
			v.Click(v.main().GetByRole("link", playwright.LocatorGetByRoleOptions{Name: "확인하기"}))
			v.isAt(path(c, ""))
			v.Reads(v.Locator("#campaign-state"), "일시 정지")

			v.Visit(where)
			v.says("확인할 일 1건")
			check(t, s.Actions.Resume(t.Context(), marketer3, c.AppkeyID, c.ID))
			v.showsSoon("이상 없음")
			v.SeesNot(v.GetByText("확인할 일 1건"))
		})
	}
}

// What is wrong is said with a link to where it is.
func TestAlarmsLeadToWhereTheyPoint(t *testing.T) {
	t.Parallel()
	s, sim := newSendersSite(t)
	check(t, sim.SetSender(demoAppkey, "@봄봄상점", func(p *nhnsim.Sender) { p.Blocked = true }))
	k, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	_, err = s.Actions.RefreshSenders(t.Context(), models.Actor{}, k)
	check(t, err)
	_, err = s.DB.SQL().ExecContext(t.Context(), `INSERT INTO river_job (kind, state, attempt, max_attempts, args, priority, queue, created_at, scheduled_at)
		VALUES ('take_results', 'retryable', 3, 25, '{}', 1, 'nobody', CURRENT_TIMESTAMP, $1)`, time.Now().UTC().Add(time.Hour))
	check(t, err)

	a := s.signedIn(t, admin, browser.Options{})
	a.menu("개요")
	a.says("발신 프로필 1개로 더는 보낼 수 없습니다", "결과 가져오기 1건")
	a.look("overview-alarms")
	a.followsAlarm("더는 보낼 수 없습니다")
	a.isAt(`/teams/1#troubles`)
	a.Must(a.Expect().Locator(a.Locator("#troubles")).ToBeInViewport())
	a.link("쇼핑몰 알림")
	a.isAt("/appkeys/1")
	a.followsAlarm("더는 보낼 수 없습니다")
	a.isAt(`/appkeys/1/senders\?state=.+`)
	a.says("@봄봄상점", "차단")
	a.leadsSomewhere("/teams/1")
	a.leadsSomewhere("/appkeys/1")

	a.Visit("/appkeys/1/stop")
	a.Fill(a.Field("이유"), "점검합니다")
	a.Must(a.Field("이 앱키의 발송을 멈춥니다").Check())
	a.button("지금 멈추기")
	v := s.signedIn(t, viewer, browser.Options{NoScript: true, Width: 390, Height: 844})
	v.Visit("/teams/1")
	v.says("쇼핑몰 알림 앱키의 발송이 긴급 정지되어 있습니다", "더는 보낼 수 없습니다")
	v.SeesNot(v.GetByText("결과 가져오기"))
	v.Must(v.Expect().Locator(v.Locator("meta[http-equiv=refresh]")).ToHaveAttribute("content", "60"))
	v.fits()
	v.followsAlarm("긴급 정지되어 있습니다")
	v.isAt("/appkeys/1/stop")
	v.says("점검합니다", "관리자만 다시 시작할 수 있습니다")
}

// followsAlarm follows the link of an alarm of the overview.
func (v *visitor) followsAlarm(text string) {
	v.t.Helper()
	v.Click(v.Locator("#overview .sk-alarm").Filter(hasText(text)).GetByRole("link"))
}

// leadsSomewhere checks that every link of an overview leads to a page, or to a part of
// its own.
func (v *visitor) leadsSomewhere(overview string) {
	v.t.Helper()
	v.Visit(overview)
	answer, err := v.Evaluate(`() => [...document.querySelectorAll("#overview a[href]")].map(a => a.getAttribute("href"))`)
	v.Must(err)
	links, _ := answer.([]any)
	if len(links) == 0 {
		v.t.Errorf("%s has no links", overview)
	}
	for _, link := range links {
		href := fmt.Sprint(link)
		if id, here := strings.CutPrefix(href, "#"); here {
			v.Must(v.Expect().Locator(v.Locator("[id='" + id + "']")).ToHaveCount(1))
			continue
		}
		got, err := v.Request().Get(v.options.BaseURL + href)
		v.Must(err)
		if got.Status() != 200 {
			v.t.Errorf("%s of %s: %d", href, overview, got.Status())
		}
	}
}
