package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// The demo's keys, by which a provider of the test's own takes the demo's place.
const (
	demoAppkey = "demoappkey"
	demoSecret = "demosecret"
)

// newSendersSite is a demo whose provider the test can change.
func newSendersSite(t *testing.T) (*site, *nhnsim.Sim) {
	t.Helper()
	s := newSite(t, true)
	sim, err := nhnsim.Open(nhnsim.Config{Now: s.Actions.Now})
	check(t, err)
	check(t, sim.AddAppkey(demoAppkey, demoSecret))
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		check(t, sim.Close())
	})
	ks, err := s.DB.AllAppkeys(t.Context())
	check(t, err)
	ks[0].BaseURL = server.URL
	check(t, s.DB.SaveAppkey(t.Context(), ks[0]))
	addSender(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true, DailyMax: 200_000, AlimTalkDailyMax: 50_000})
	return s, sim
}

func addSender(t *testing.T, sim *nhnsim.Sim, in nhnsim.Sender) {
	t.Helper()
	_, err := sim.AddSender(demoAppkey, in)
	check(t, err)
}

// addCrowd makes senders of every kind, and n more.
func addCrowd(t *testing.T, sim *nhnsim.Sim, n int) {
	t.Helper()
	addSender(t, sim, nhnsim.Sender{PlusFriendID: "@가을상점", Registered: true, DailyMax: 1000, Blocked: true})
	addSender(t, sim, nhnsim.Sender{PlusFriendID: "@겨울에도따뜻한우리동네꽃집본점공식채널", Registered: true, AlimTalkDailyMax: 1000})
	addSender(t, sim, nhnsim.Sender{PlusFriendID: "@여름바다", Registered: true, Dormant: true})
	addSender(t, sim, nhnsim.Sender{PlusFriendID: "@문닫은가게", Registered: true, ProfileStatus: kakao.ProfileDeactivated})
	addSender(t, sim, nhnsim.Sender{PlusFriendID: "@새로연상점"})
	for i := range n {
		addSender(t, sim, nhnsim.Sender{PlusFriendID: fmt.Sprintf("@지점%04d", i), Registered: true, DailyMax: 1000})
	}
}

func TestSendersAreFoundAsOneTypes(t *testing.T) {
	t.Parallel()
	s, sim := newSendersSite(t)
	addCrowd(t, sim, 60)
	v := s.signedIn(t, marketer, browser.Options{})
	v.menu("발신 프로필")
	v.button("새로 고침")
	v.says("발신 프로필 66개를 새로 고쳤습니다", "발신 프로필 66개", "@가을상점", "차단", "휴면", "프로필 비활성", "토큰 대기")
	v.look("senders-list")
	v.Visit("/appkeys/1/senders")
	v.link("다음")
	v.says("@지점0059", "처음으로")
	v.link("처음으로")

	v.Click(v.Field("검색용 아이디"))
	v.Compose("ㅅ", "사", "상")
	v.says("@지점0000") // nothing is asked while a syllable is composed
	v.Commit("상")
	v.Compose("ㅈ", "저", "점")
	v.Commit("점")
	v.Reads(v.Locator("#sender-count"), "발신 프로필 3개")
	v.Holds(v.Field("검색용 아이디"), "상점")
	v.SeesNot(v.GetByText("@지점0000"))
	v.isAt(`/appkeys/1/senders\?q=.+`)
	v.Must2(v.Locator("#state").SelectOption(labelled("문제 있음")))
	v.Reads(v.Locator("#sender-count"), "발신 프로필 1개")
	v.says("@가을상점")
	v.Must2(v.Reload())
	v.Holds(v.Field("검색용 아이디"), "상점")
	v.Reads(v.Locator("#sender-count"), "발신 프로필 1개")
	v.Fill(v.Field("검색용 아이디"), "없는채널")
	v.says("조건에 맞는 발신 프로필이 없습니다")
	v.look("senders-nothing")
	v.Must2(v.Reload())
	v.link("조건 지우기")
	v.Reads(v.Locator("#sender-count"), "발신 프로필 66개")
	v.Click(v.Role("link", "등록일"))
	v.isAt(`/appkeys/1/senders\?sort=registered`)
	v.Visit("/appkeys/1/senders?state=waiting")
	v.link("토큰 입력")
	v.isAt(`/appkeys/1/senders/\d+/token`)

	plain := s.signedIn(t, marketer, browser.Options{NoScript: true})
	plain.Visit("/appkeys/1/senders")
	plain.Fill(plain.Field("검색용 아이디"), "상점")
	plain.button("찾기")
	plain.says("발신 프로필 3개")
	plain.Holds(plain.Field("검색용 아이디"), "상점")
}

func TestSendersAreRefreshedWithProgress(t *testing.T) {
	t.Parallel()
	s, sim := newSendersSite(t)
	addCrowd(t, sim, 1200)
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultDelay, Delay: 3 * time.Second, Count: 2}}})
	v := s.signedIn(t, admin, browser.Options{})
	v.menu("발신 프로필")
	v.button("새로 고침")
	v.says("NHN Cloud에서 발신 프로필을 불러오는 중입니다")
	v.says("1,206개 중 1,000개")
	v.look("senders-running")
	v.Must2(v.Reload())
	v.Reads(v.Locator("#sender-count"), "발신 프로필 1,206개") // the list comes by itself
	v.SeesNot(v.Locator("#sender-refresh progress"))
	v.says("@여름바다")
}

func TestRefreshThatFailsSaysWhyAndShowsWhatWasKnown(t *testing.T) {
	t.Parallel()
	s, sim := newSendersSite(t)
	v := s.signedIn(t, marketer, browser.Options{})
	v.menu("발신 프로필")
	v.button("새로 고침")
	v.says("발신 프로필 1개를 새로 고쳤습니다")

	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultTooMany, RetryAfter: time.Second}}})
	v.button("새로 고침")
	v.says("NHN Cloud에 요청이 너무 많습니다", "에 확인한 상태입니다", "@봄봄상점")
	sim.SetFaults(nhnsim.Faults{})
	check(t, sim.AddAppkey(demoAppkey, "another-secret"))
	v.button("새로 고침")
	v.says("비밀 키가 맞지 않습니다", "@봄봄상점", "정상")
	v.look("senders-failed")
	v.Must2(v.Reload())
	check(t, sim.AddAppkey(demoAppkey, demoSecret))
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultErrorBefore}}})
	v.button("새로 고침")
	v.says("HTTP 503", "@봄봄상점")
	v.Must2(v.Reload())
	v.says("HTTP 503", "에 확인한 상태입니다")
}

// whileReading makes the provider another one as soon as the second page of its senders
// is asked for.
func whileReading(sim *nhnsim.Sim, do func()) {
	var once sync.Once
	sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.URL.Query().Get("pageNum") == "2" {
			once.Do(do)
		}
		return nil
	}})
}

func TestSecretThatStopsWorkingInTheMiddleOfARefresh(t *testing.T) {
	t.Parallel()
	s, sim := newSendersSite(t)
	addCrowd(t, sim, 1200)
	v := s.signedIn(t, admin, browser.Options{})
	v.menu("발신 프로필")
	v.button("새로 고침")
	v.Reads(v.Locator("#sender-count"), "발신 프로필 1,206개")
	v.Must2(v.Reload())
	check(t, sim.SetSender(demoAppkey, "@가을상점", func(s *nhnsim.Sender) { s.Blocked = false }))
	whileReading(sim, func() { check(t, sim.AddAppkey(demoAppkey, "another-secret")) })
	v.button("새로 고침")
	v.says("비밀 키가 맞지 않습니다", "에 확인한 상태입니다", "발신 프로필 1,206개", "차단") // nothing of what was read is kept
	v.look("senders-secret")

	sim.SetFaults(nhnsim.Faults{})
	v.menu("앱키")
	v.Click(v.Role("link", "쇼핑몰 알림 설정 변경"))
	v.Fill(v.Field("비밀 키"), "another-secret")
	v.button("저장")
	v.menu("발신 프로필")
	v.button("새로 고침")
	v.SeesNot(v.main().GetByText("비밀 키가 맞지 않습니다"))
	v.SeesNot(v.main().GetByText("불러오는 중입니다")) // it may take longer than the answer waits for it
	v.Must2(v.Locator("#state").SelectOption(labelled("문제 있음")))
	v.Reads(v.Locator("#sender-count"), "발신 프로필 2개")
}

// A channel may be registered in two projects: each has a sender of its own, and who
// switches from one to the other stays on the page.
func TestTheSameChannelInTwoAppkeys(t *testing.T) {
	t.Parallel()
	s, sim := newSendersSite(t)
	check(t, sim.AddAppkey("secondappkey", "second-secret"))
	_, err := sim.AddSender("secondappkey", nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true, Dormant: true, DailyMax: 300})
	check(t, err)
	first, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	_, err = s.Actions.CreateAppkey(t.Context(), models.Actor{}, 1, models.NewAppkey{
		Name: "매장 알림", Appkey: "secondappkey", Secret: "second-secret", BaseURL: first.BaseURL, SenderVersion: kakao.SenderAPIv20,
	})
	check(t, err)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit("/appkeys/1/senders")
	v.button("새로 고침")
	v.says("발신 프로필 1개를 새로 고쳤습니다", "정상")
	v.switches("쇼핑몰 알림", "매장 알림")
	v.isAt(`/appkeys/2/senders`)
	v.button("NHN Cloud에서 불러오기")
	v.says("발신 프로필 1개를 새로 고쳤습니다", "휴면", "0 / 300")
	v.link("@봄봄상점")
	v.says("API v2.0은 알려 주지 않음", "오래 쓰지 않아 휴면 상태")
	v.look("sender-older-api")
	v.switches("매장 알림", "쇼핑몰 알림")
	v.isAt(`/appkeys/1/senders`)
	v.says("정상")
	v.SeesNot(v.main().GetByText("휴면"))
}

// switches takes the visitor from one appkey to another.
func (v *visitor) switches(from, to string) {
	v.t.Helper()
	switcher := v.Locator("details.switcher").Filter(playwright.LocatorFilterOptions{HasText: from}).First()
	v.Click(switcher.Locator("summary"))
	v.Click(switcher.GetByText(to, playwright.LocatorGetByTextOptions{Exact: playwright.Bool(true)}))
}

func TestChangeOfASenderIsSeenOnTheOverview(t *testing.T) {
	t.Parallel()
	s, sim := newSendersSite(t)
	addCrowd(t, sim, 0)
	v := s.signedIn(t, admin, browser.Options{})
	v.menu("발신 프로필")
	v.button("새로 고침")
	v.says("발신 프로필 6개를 새로 고쳤습니다")
	found, err := s.DB.SendersNamed(t.Context(), 1, []string{"@봄봄상점"})
	check(t, err)
	now := s.Actions.Now()
	for _, name := range []string{"연말 감사 인사", "새해 첫 할인 안내"} {
		check(t, s.DB.CreateCampaign(t.Context(), &models.Campaign{
			TeamID: 1, AppkeyID: 1, Channel: models.FriendTalk, ULID: models.NewToken(), Name: name, State: models.CampaignPaused,
			SenderID: found["@봄봄상점"].ID, CreatedAt: now, UpdatedAt: now,
		}))
	}
	check(t, sim.SetSender(demoAppkey, "@봄봄상점", func(s *nhnsim.Sender) { s.Dormant = true }))
	v.button("새로 고침")
	v.Must2(v.Locator("#state").SelectOption(labelled("문제 있음")))
	v.says("발신 프로필 4개", "@봄봄상점")
	v.menu("개요")
	v.says("발신 프로필 문제", "@봄봄상점", "휴면", "연말 감사 인사", "새해 첫 할인 안내", "발신 프로필 상태 변화 확인")
	v.look("overview-troubles")
	v.link("연말 감사 인사")
	v.isAt(`/appkeys/1/campaigns/\d+`)
}

// A channel that is registered already needs no registration: it is read.
func TestSenderThatExistsIsTakenOver(t *testing.T) {
	t.Parallel()
	s, sim := newSendersSite(t)
	addSender(t, sim, nhnsim.Sender{PlusFriendID: "@가을상점", Registered: true})
	v := s.signedIn(t, marketer, browser.Options{NoScript: true})
	v.Visit("/appkeys/1/senders/new")
	v.Fill(v.Field("카카오톡 채널 검색용 아이디"), "가을상점")
	v.Fill(v.Field("채널 관리자 휴대폰 번호"), "010-9876-5432")
	v.Fill(v.Field("카테고리 검색어"), "커피")
	v.button("검색")
	v.Click(v.GetByText("커피전문점"))
	v.button("등록하고 토큰 받기")
	v.says("이미 등록된 발신 프로필입니다")
	v.button("이 발신 프로필 불러오기")
	v.says("@가을상점을(를) NHN Cloud에서 불러왔습니다", "정상")
	v.isAt(`/appkeys/1/senders/\d+`)
}
