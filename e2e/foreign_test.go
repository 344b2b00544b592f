package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// quickProvider is a provider of the test's own in the place of the demo's, which knows
// at once what has become of a message.
func (s *site) quickProvider(t *testing.T) *nhnsim.Sim {
	t.Helper()
	soon := nhnsim.Span{Min: time.Millisecond, Max: 10 * time.Millisecond}
	sim, err := nhnsim.Open(nhnsim.Config{Now: s.Actions.Now, Latency: soon, FallbackLatency: soon})
	check(t, err)
	check(t, sim.AddAppkey(demoAppkey, demoSecret))
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		check(t, sim.Close())
	})
	check(t, sim.SetSMSAppkey(demoAppkey, "demosms"))
	addSender(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true, Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"}})
	k, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	k.BaseURL = server.URL
	check(t, s.DB.SaveAppkey(t.Context(), k))
	return sim
}

// sendElsewhere has another system send a FriendTalk message with the demo's appkey.
func (s *site) sendElsewhere(t *testing.T, text string, phones ...string) {
	t.Helper()
	k, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	var recipients []map[string]any
	for _, phone := range phones {
		recipients = append(recipients, map[string]any{"recipientNo": phone, "content": text, "isAd": true, "resendParameter": map[string]any{"isResend": false}})
	}
	body, err := json.Marshal(map[string]any{"plusFriendId": "@봄봄상점", "senderGroupingKey": "crm", "recipientList": recipients})
	check(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, k.BaseURL+"/friendtalk/v1.5/appkeys/"+demoAppkey+"/messages", bytes.NewReader(body))
	check(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(kakao.HeaderSecretKey, demoSecret)
	r.Header.Set(kakao.HeaderConvertToBrand, "true")
	resp, err := http.DefaultClient.Do(r)
	check(t, err)
	answer, err := io.ReadAll(resp.Body)
	check(t, errors.Join(err, resp.Body.Close()))
	if !strings.Contains(string(answer), `"isSuccessful":true`) {
		t.Fatalf("the provider says %s", answer)
	}
}

// untilTakenIn waits until so many messages of others are known.
func (s *site) untilTakenIn(t *testing.T, n int) {
	t.Helper()
	s.until(t, func() bool {
		page, err := s.DB.ForeignMessages(t.Context(), 1, models.DeliveryFilter{}, "", 100)
		check(t, err)
		return len(page.Messages) == n
	})
}

// until waits until what it asks for is so.
func (s *site) until(t *testing.T, reached func() bool) {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for !reached() {
		select {
		case <-deadline:
			t.Fatal("it has not come to that")
		case <-tick.C:
		}
	}
}

const elsewhere = "/appkeys/1/deliveries/elsewhere"

// An admin has what others send taken in, everybody finds it, and then no longer.
func TestMessagesSentElsewhereAreTakenInAndFound(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	s.quickProvider(t)
	a := s.signedIn(t, admin, browser.Options{})
	a.Visit(elsewhere)
	a.says("다른 곳에서 보낸 메시지를 가져오지 않습니다")
	a.look("elsewhere-off")
	a.link("앱키 설정")
	a.takesInOfOthers(true)
	a.menu("발송 내역")
	a.link("다른 곳에서 보낸 메시지")
	a.says("아직 가져온 메시지가 없습니다")
	a.look("elsewhere-none")

	s.sendElsewhere(t, "콘솔에서 보낸 소식", "01055551101", "01055551102", "01077770001")
	s.untilTakenIn(t, 3)
	a.Must2(a.Reload())
	a.says("010-5555-1101", "010-5555-1102", "010-7777-0001", "콘솔에서 보낸 소식", "친구톡 · @봄봄상점")
	a.look("elsewhere")
	a.findsThoseOfOthers()
	s.readsThoseOfOthers(t)

	a.link("앱키 설정")
	a.takesInOfOthers(false)
	s.sendElsewhere(t, "끈 뒤의 소식", "01055551109")
	c := s.launched(t, "우리의 소식", 40, false) // whose results are read behind it
	s.untilCampaign(t, c, func(c models.Campaign, _ models.Equation) bool { return c.State == models.CampaignFinished })
	a.Visit(elsewhere)
	a.says("지금은 새로 가져오지 않습니다", "010-5555-1101")
	a.SeesNot(a.GetByText("010-5555-1109"))
	a.menu("발송 내역")
	a.SeesNot(a.main().GetByRole("link", playwright.LocatorGetByRoleOptions{Name: "다른 곳에서 보낸 메시지"}))
}

// takesInOfOthers changes the appkey's setting on its page.
func (v *visitor) takesInOfOthers(on bool) {
	v.t.Helper()
	v.isAt("/appkeys/1/settings")
	v.Must(v.Field("다른 곳에서 보낸 메시지도 가져오기").SetChecked(on))
	v.button("저장")
	v.says("앱키 설정을 저장했습니다")
	v.Visit("/appkeys/1/settings")
	v.Must(v.Expect().Locator(v.Field("다른 곳에서 보낸 메시지도 가져오기")).ToBeChecked(playwright.LocatorAssertionsToBeCheckedOptions{Checked: playwright.Bool(on)}))
}

// findsThoseOfOthers narrows the list down, wrongly and rightly.
func (v *visitor) findsThoseOfOthers() {
	v.t.Helper()
	rows := v.main().Locator("tbody tr")
	v.Fill(v.Field("휴대폰 번호"), "02-123")
	v.button("찾기")
	v.Sees(v.Locator("#recipientNo-problem"))
	v.Holds(v.Field("휴대폰 번호"), "02-123")
	v.Fill(v.Field("휴대폰 번호"), "010-5555-1102")
	v.button("찾기")
	v.Must(v.Expect().Locator(rows).ToHaveCount(1))
	v.Reads(rows, "010-5555-1102")
	v.Fill(v.Field("휴대폰 번호"), "")
	v.Must2(v.Locator("#part").SelectOption(labelled("실패")))
	v.button("찾기")
	v.Must(v.Expect().Locator(rows).ToHaveCount(1))
	v.Reads(rows, "010-7777-0001")
	v.Click(v.main().Locator("summary").Filter(hasText("조건 더 보기")))
	v.Fill(v.Field("발신 그룹핑 키"), "another")
	v.button("찾기")
	v.says("조건에 맞는")
	v.link("조건 지우기")
	v.Must(v.Expect().Locator(rows).ToHaveCount(3))
}

// readsThoseOfOthers is somebody who may not see numbers, with a phone and no script.
func (s *site) readsThoseOfOthers(t *testing.T) {
	t.Helper()
	v := s.signedIn(t, viewer, browser.Options{NoScript: true, Width: 390, Height: 844})
	v.Visit(elsewhere)
	v.says("@봄봄상점", "010-****-1101")
	for _, secret := range []string{"콘솔에서 보낸 소식", "010-5555", "앱키 설정"} {
		v.SeesNot(v.main().GetByText(secret))
	}
	v.Must2(v.Locator("#part").SelectOption(labelled("도착")))
	v.button("찾기")
	v.Must(v.Expect().Locator(v.main().Locator("tbody tr")).ToHaveCount(2))
	if path := v.path(); !strings.Contains(path, "part=delivered") {
		t.Errorf("the filter is not in %s", path)
	}
}
