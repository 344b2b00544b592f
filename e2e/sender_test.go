package e2e_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"soshik/e2e/browser"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// provide lets the demo's appkey ask a provider of the test's own, which can be made
// to fail, and reads its only sender.
func (s *site) provide(t *testing.T, now func() time.Time) *nhnsim.Sim {
	t.Helper()
	sim, err := nhnsim.Open(nhnsim.Config{Now: now})
	check(t, err)
	api := httptest.NewServer(sim)
	t.Cleanup(func() {
		api.CloseClientConnections()
		api.Close()
		_ = sim.Close()
	})
	check(t, sim.AddAppkey("demoappkey", "demosecret"))
	check(t, sim.SetSMSAppkey("demoappkey", "smsAppkey-87654321"))
	_, err = sim.AddSender("demoappkey", nhnsim.Sender{
		PlusFriendID: "@봄봄상점", PhoneNo: "01012345678", Registered: true, DailyMax: 1000,
		Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	})
	check(t, err)
	k, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	k.BaseURL = api.URL
	check(t, s.DB.SaveAppkey(t.Context(), k))
	k, err = s.DB.Appkey(t.Context(), 1)
	check(t, err)
	_, err = s.Actions.RefreshSenders(t.Context(), models.Actor{}, k)
	check(t, err)
	return sim
}

// scheduled is a campaign of the demo's sender that waits for its time.
func (s *site) scheduled(t *testing.T, name string) models.Campaign {
	t.Helper()
	c := models.Campaign{
		TeamID: 1, AppkeyID: 1, Channel: models.FriendTalk, ULID: models.NewToken(), Name: name, State: models.CampaignScheduled, SenderID: 1,
		Fallback: models.Fallback{On: true}, ScheduledAt: new(s.Actions.Now().AddDate(0, 0, 3)), CreatedAt: time.Now().UTC(), UpdatedAt: time.Now().UTC(),
		LaunchedAt: new(time.Now().UTC()),
	}
	check(t, s.DB.CreateCampaign(t.Context(), &c))
	return c
}

func TestASenderIsLookedAtAndItsFallbackSet(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	s.provide(t, s.Actions.Now)
	s.scheduled(t, "겨울 세일 사전 안내")
	yesterday := s.Actions.Now().AddDate(0, 0, -1).Format("2006-01-02")
	_, err := s.DB.SQL().ExecContext(t.Context(), "INSERT INTO sender_days VALUES (1, '"+yesterday+"', 12, 1234567)")
	check(t, err)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit("/appkeys/1/senders/1")
	v.says("친구톡과 알림톡", "0 / 1,000", "smsA••••4321", "다른 곳에서 12건", "겨울 세일 사전 안내")
	v.button("새로 고침")
	v.says("@봄봄상점의 상태를 새로 고쳤습니다", "건강 › 병원 › 종합병원")
	v.Click(v.GetByText("NHN Cloud 응답 원문"))
	v.Reads(v.Locator(".sk-raw"), `"plusFriendId": "@봄봄상점"`)
	v.look("sender-full")

	v.Fill(v.Field("문자 발신 번호"), "112")
	v.button("저장")
	v.says("8~15자리 숫자로 입력해 주세요")
	v.Holds(v.Field("문자 발신 번호"), "112")
	v.look("sender-wrong-number")
	v.Fill(v.Field("문자 발신 번호"), "1588-1234")
	v.Must(v.Field("실패하면 문자로 대체 발송").Uncheck())
	v.button("저장")
	v.says("대체 발송 설정을 저장했습니다", "1588-1234")
	v.Holds(v.Field("문자 발신 번호"), "1588-1234") // wanted even to turn it on again
	v.Must(v.Field("실패하면 문자로 대체 발송").Check())
	v.button("저장")
	v.says("대체 발송 설정을 저장했습니다")

	for _, locale := range []string{"en-US", "ja-JP"} {
		other := s.signedIn(t, admin, browser.Options{Locale: locale})
		other.Visit("/appkeys/1/senders/1")
		other.look("sender-full")
		other.Visit("/appkeys/1/senders/1/delete")
		other.look("sender-delete")
		other.Visit("/appkeys/1/fallback")
		other.look("sender-sms")
	}
}

func TestTheSMSAppkeyIsChangedWithSomethingToLose(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	s.provide(t, s.Actions.Now)
	s.scheduled(t, "겨울 세일 사전 안내")
	v := s.signedIn(t, admin, browser.Options{})
	v.menu("앱키")
	v.Click(v.Role("link", "쇼핑몰 알림 설정 변경"))
	v.link("대체 발송 SMS 앱키")
	v.says("smsA••••4321", "설정을 잃는 발신 프로필 1개", "@봄봄상점", "겨울 세일 사전 안내")
	v.look("sender-sms")
	v.Fill(v.Field("새 SMS 앱키"), "another-appkey-0001")
	v.button("SMS 앱키 연결")
	v.says("초기화되는 설정을 확인한 뒤 선택해 주세요")
	v.Holds(v.Field("새 SMS 앱키"), "another-appkey-0001")
	v.Must(v.Field("모든 발신 프로필의 대체 발송 설정이 초기화되는 것을 알고 있습니다").Check())
	v.button("SMS 앱키 연결")
	v.says("SMS 앱키를 연결했습니다", "anot••••0001")
	v.Visit("/appkeys/1/senders/1")
	v.says("anot••••0001", "꺼짐")
	v.Holds(v.Field("문자 발신 번호"), "")
}

func TestASenderIsDeleted(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	sim := s.provide(t, s.Actions.Now)
	c := s.scheduled(t, "겨울 세일 사전 안내")
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit("/appkeys/1/senders/1")
	v.link("삭제")
	v.says("템플릿도 NHN Cloud에서 모두 함께 삭제됩니다", "되돌릴 수 없습니다", "겨울 세일 사전 안내")
	v.look("sender-delete")
	name := v.Field("카카오톡 채널 검색용 아이디")
	v.Fill(name, "@봄봄상점")
	v.button("발신 프로필 삭제")
	v.says("보낼 예정인 캠페인이 1개 있습니다")
	v.Holds(name, "@봄봄상점")
	v.Fill(name, "@봄봄")
	v.Must(v.Field("위 캠페인을 보낼 수 없게 되더라도 삭제합니다").Check())
	v.button("발신 프로필 삭제")
	v.says("아이디 @봄봄상점 그대로 입력해 주세요")
	v.look("sender-delete-refused")

	s.scheduled(t, "새해 첫 할인 안내")
	v.Fill(name, "@봄봄상점")
	v.button("발신 프로필 삭제")
	v.says("캠페인 1개가 더 생겼습니다", "새해 첫 할인 안내", "새로 생김")
	v.look("sender-delete-again")
	v.Must(v.Field("위 캠페인을 보낼 수 없게 되더라도 삭제합니다").Check())
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultDropBefore, Endpoint: "delete sender", Count: 1}}})
	v.button("발신 프로필 삭제")
	v.says("목록에는 아직 있습니다")
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultTimeoutAfter, Endpoint: "delete sender", Count: 1}}})
	v.button("발신 프로필 삭제")
	v.saysSoon(v.main(), "@봄봄상점 프로필을 삭제했습니다")
	v.says("이하윤 님이 삭제했습니다")
	v.SeesNot(v.Role("button", "새로 고침"))
	v.look("sender-deleted")
	v.Visit(fmt.Sprintf("/appkeys/1/campaigns/%d", c.ID))
	v.says("겨울 세일 사전 안내")

	v.Visit("/appkeys/1/senders/1")
	v.link("다시 등록")
	v.Holds(v.Field("카카오톡 채널 검색용 아이디"), "@봄봄상점")
	v.Fill(v.Field("채널 관리자 휴대폰 번호"), "010-9876-5432")
	v.button("등록하고 토큰 받기")
	v.says("@봄봄상점 등록을 요청했습니다")
}

func TestASenderWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	sim := s.provide(t, s.Actions.Now)
	v := s.signedIn(t, admin, browser.Options{})
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultErrorBefore}}})
	v.Visit("/appkeys/1/senders/1/delete")
	v.Fill(v.Field("카카오톡 채널 검색용 아이디"), "@봄봄상점")
	v.button("발신 프로필 삭제")
	v.says("삭제되었는지 알 수 없습니다")
	v.Visit("/appkeys/1/senders/1")
	v.button("새로 고침")
	v.says("NHN Cloud", "@봄봄상점", "친구톡과 알림톡")
	v.SeesNot(v.GetByText("더 이상 없음"))
}
