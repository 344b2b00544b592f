package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

const (
	smsAppkey       = "smsAppkey-87654321"
	smsAppkeyMasked = "smsA••••4321"
)

// fullSender is one with everything that the provider can tell.
func fullSender() nhnsim.Sender {
	return nhnsim.Sender{
		PlusFriendID: "@봄봄상점", Registered: true, DailyMax: 1000,
		Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	}
}

// newSenderSite is a site that has read the sender of [fullSender].
func newSenderSite(t *testing.T) (*site, *nhnsim.Sim, models.Appkey) {
	t.Helper()
	s, sim, k := newAppkeySite(t)
	if err := sim.SetSMSAppkey(testAppkey, smsAppkey); err != nil {
		t.Fatal(err)
	}
	add(t, sim, fullSender())
	s.readSenders(t)
	return s, sim, k
}

// campaign is one of the only sender, in a state.
func (s *site) campaign(t *testing.T, k models.Appkey, name string, state models.CampaignState) models.Campaign {
	t.Helper()
	c := models.Campaign{
		TeamID: k.TeamID, AppkeyID: k.ID, Channel: models.FriendTalk, ULID: models.NewToken(), Name: name, State: state,
		SenderID: s.sender(t).ID, Fallback: models.Fallback{On: true}, CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
	if err := s.DB.CreateCampaign(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// fail makes one operation of the provider go wrong.
func fail(sim *nhnsim.Sim, kind, endpoint string) {
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: kind, Endpoint: endpoint}}})
}

func (s *site) useVersion20(t *testing.T, k models.Appkey) {
	t.Helper()
	form := settingsForm(k.BaseURL)
	s.post(t, "/appkeys/1/settings", with(form, "sender_version", kakao.SenderAPIv20)).says(t, http.StatusOK)
}

func TestSenderPageTellsAllThatTheProviderTells(t *testing.T) {
	t.Parallel()
	s, sim, k := newSenderSite(t)
	s.post(t, "/appkeys/1/senders/1/refresh", nil)
	c := s.campaign(t, k, "겨울 세일", models.CampaignScheduled)
	page := s.get(t, "/appkeys/1/senders/1")
	page.says(t, http.StatusOK,
		"정상", "활성화", "친구톡", "알림톡", "0 / 1,000", "제한 없음", "켜짐", "꺼짐", "02-1234-5678", "080-123-4567", smsAppkeyMasked,
		s.sender(t).SenderKey, "(API v2.1)", "겨울 세일", "예약됨", fmt.Sprintf("/campaigns/%d", c.ID), "NHN Cloud 응답 원문", `"kakaoProfileStatusName": "활성화"`,
		"이 기간에 보낸 메시지가 없습니다.",
	)
	page.keepsQuiet(t, smsAppkey)
	if got := strings.Count(page.body, "<progress"); got != 1 {
		t.Errorf("%d bars for one daily maximum", got)
	}

	if err := sim.SetSender(testAppkey, "@봄봄상점", func(x *nhnsim.Sender) { x.ProfileStatus, x.DailyMax = "Z", 0 }); err != nil {
		t.Fatal(err)
	}
	s.post(t, "/appkeys/1/senders/1/refresh", nil).says(t, http.StatusOK, `<dd class="datagrid-content mb-0">Z</dd>`)
}

func TestSenderPageWithTheOlderAPI(t *testing.T) {
	t.Parallel()
	s, _, k := newSenderSite(t)
	s.useVersion20(t, k)
	page := s.post(t, "/appkeys/1/senders/1/refresh", nil)
	page.says(t, http.StatusOK, "API v2.0은 알려 주지 않음", "(API v2.0)", "02-1234-5678")
	page.keepsQuiet(t, smsAppkeyMasked, "연결 안 됨")
	s.get(t, "/appkeys/1/fallback").says(t, http.StatusOK, "알 수 없음")
}

func TestViewerSeesNoNumberOfASender(t *testing.T) {
	t.Parallel()
	s, _, _ := newSenderSite(t)
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	page := viewer.get(t, "/appkeys/1/senders/1")
	page.says(t, http.StatusOK, "02-****-5678", "080-***-4567", `"categoryCode": "00100010001"`)
	page.keepsQuiet(t, "1234-5678", "0212345678", "0801234567", "/delete", "/fallback", `name="send_no"`)
}

func TestUsageTellsWhatWasSentElsewhere(t *testing.T) {
	t.Parallel()
	s, _, _ := newSenderSite(t)
	day := s.sender(t).RefreshedAt.In(kakao.KST).AddDate(0, 0, -1).Format("2006-01-02")
	if _, err := s.DB.SQL().ExecContext(t.Context(), "INSERT INTO sender_days VALUES (1, '"+day+"', 1234, 56)"); err != nil {
		t.Fatal(err)
	}
	s.get(t, "/appkeys/1/senders/1").says(t, http.StatusOK, "최근 14일 발송량", "다른 곳에서 1,234건", "알림톡 집계", ">56<")
}

func TestSenderThatIsGoneIsMarked(t *testing.T) {
	t.Parallel()
	s, sim, _ := newSenderSite(t)
	sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer {
		return &nhnsim.Answer{Body: `{"header":{"resultCode":0,"resultMessage":"SUCCESS","isSuccessful":true},"senders":[],"totalCount":0}`}
	}})
	gone := s.post(t, "/appkeys/1/senders/1/refresh", nil)
	gone.says(t, http.StatusUnprocessableEntity, "더 이상 없음", "목록에서 사라진 때", "다시 등록", "/refresh")
	gone.keepsQuiet(t, `name="send_no"`, "/delete")
	s.post(t, "/appkeys/1/senders/1/fallback", fallbackForm()).says(t, http.StatusUnprocessableEntity, "NHN Cloud에 더 이상 없는 발신 프로필입니다.")
	sim.SetFaults(nhnsim.Faults{})
	s.post(t, "/appkeys/1/senders/1/refresh", nil).keepsQuiet(t, "더 이상 없음", "다시 등록")
	if s.sender(t).GoneAt != nil {
		t.Error("it is listed and counts as gone")
	}
}

func deleteForm() url.Values { return url.Values{"confirm": {"@봄봄상점"}} }

const deletePath = "/appkeys/1/senders/1/delete"

func TestSenderIsDeleted(t *testing.T) {
	t.Parallel()
	for _, version := range []string{kakao.SenderAPIv21, kakao.SenderAPIv20} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s, sim, k := newSenderSite(t)
			if version == kakao.SenderAPIv20 {
				s.useVersion20(t, k)
			}
			over := s.campaign(t, k, "지난 캠페인", models.CampaignFinished)
			s.get(t, deletePath).says(t, http.StatusOK, "템플릿도 NHN Cloud에서 모두 함께 삭제", "되돌릴 수 없습니다", "보낼 예정인 캠페인은 없습니다")
			for _, typed := range []string{"", "@봄봄", "봄봄상점!"} {
				s.post(t, deletePath, url.Values{"confirm": {typed}}).marks(t, "confirm")
			}
			page := s.post(t, deletePath, url.Values{"confirm": {"봄봄상점"}})
			page.says(t, http.StatusOK, "@봄봄상점 프로필을 삭제했습니다.", "님이 삭제했습니다.", "다시 등록", "plus_friend_id=%40", "지난 캠페인")
			page.keepsQuiet(t, "/refresh", "/delete", `name="send_no"`)
			if calls := sim.Stats().Calls["delete sender"]; calls != 1 {
				t.Errorf("the provider was asked %d times", calls)
			}
			if got := s.sender(t); got.GoneAt == nil || got.DeletedBy != 1 {
				t.Errorf("kept as %+v", got)
			}
			logs := s.audited(t, "sender.delete")
			if len(logs) != 1 || !strings.Contains(logs[0].Before, "0212345678") || strings.Contains(logs[0].Before, smsAppkey) {
				t.Errorf("audited as %+v", logs)
			}
			s.get(t, fmt.Sprintf("/appkeys/1/campaigns/%d", over.ID)).says(t, http.StatusOK, "@봄봄상점")
			if got := s.get(t, deletePath); got.path != "/appkeys/1/senders/1" {
				t.Errorf("deleting again leads to %s", got.path)
			}
			s.post(t, deletePath, deleteForm()).says(t, http.StatusUnprocessableEntity, "NHN Cloud에 더 이상 없는 발신 프로필입니다.")
		})
	}
}

func TestDeletedSenderIsRegisteredAgain(t *testing.T) {
	t.Parallel()
	s, sim, _ := newSenderSite(t)
	s.post(t, deletePath, deleteForm())
	form := s.get(t, "/appkeys/1/senders/new?plus_friend_id=%40%EB%B4%84%EB%B4%84%EC%83%81%EC%A0%90&category_code="+generalHospital)
	form.says(t, http.StatusOK, `value="@봄봄상점"`, `value="`+generalHospital+`" checked`)
	s.post(t, "/appkeys/1/senders/new", senderForm()).says(t, http.StatusOK, "등록을 요청했습니다")
	if again := s.sender(t); again.GoneAt != nil || again.DeletedBy != 0 || again.SenderKey != "" || again.Status != kakao.SenderWaiting {
		t.Errorf("kept as %+v", again)
	}
	// It waits for its token, and its key has to be asked for.
	s.get(t, deletePath).says(t, http.StatusOK, "아직 발신 키를 받지 못했습니다")
	s.post(t, deletePath, deleteForm()).says(t, http.StatusOK, "삭제했습니다")
	if calls := sim.Stats().Calls["delete sender"]; calls != 2 {
		t.Errorf("the provider was asked %d times", calls)
	}
}

func TestWaitingSenderWithoutAKeyIsNotDeleted(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	s.post(t, "/appkeys/1/senders/new", senderForm())
	sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer {
		return &nhnsim.Answer{Body: `{"header":{"resultCode":0,"resultMessage":"SUCCESS","isSuccessful":true},
			"senders":[{"plusFriendId":"@봄봄상점","senderKey":null,"status":"YSC02"}],"totalCount":1}`}
	}})
	s.post(t, deletePath, deleteForm()).says(t, http.StatusUnprocessableEntity, "키를 아직 주지 않아 삭제할 수 없습니다")
}

func TestDeletionThatBreaksCampaignsIsRefused(t *testing.T) {
	t.Parallel()
	s, sim, k := newSenderSite(t)
	for _, state := range models.CampaignStates() {
		s.campaign(t, k, "캠페인 "+string(state), state)
	}
	const names = "캠페인 draft,캠페인 waiting,캠페인 approved,캠페인 planning,캠페인 scheduled,캠페인 sending,캠페인 paused,캠페인 held"
	page := s.get(t, deletePath)
	page.says(t, http.StatusOK, append(strings.Split(names, ","), "캠페인 8개를 보낼 수 없게 됩니다")...)
	page.keepsQuiet(t, "캠페인 finished", "캠페인 cancelled", "캠페인 cancelling")
	s.post(t, deletePath, deleteForm()).marks(t, "anyway")
	s.post(t, deletePath, url.Values{}).marks(t, "anyway", "confirm")
	if calls := sim.Stats().Calls["delete sender"]; calls != 0 {
		t.Errorf("the provider was asked %d times", calls)
	}
	s.post(t, deletePath, s.deleteAnyway(t)).says(t, http.StatusOK, "삭제했습니다")
	if logs := s.audited(t, "sender.delete"); len(logs) != 1 || !strings.Contains(logs[0].After, "캠페인 held") {
		t.Errorf("audited as %+v", logs)
	}
}

var seenCampaign = regexp.MustCompile(`name="seen" value="([^"]+)"`)

// deleteAnyway is the form as it stands on the page, with everything agreed to.
func (s *site) deleteAnyway(t *testing.T) url.Values {
	t.Helper()
	form := with(deleteForm(), "anyway", "1")
	for _, found := range seenCampaign.FindAllStringSubmatch(s.get(t, deletePath).body, -1) {
		form.Add("seen", found[1])
	}
	return form
}

// What was agreed to are the campaigns that the page showed: one that has come since,
// or has been launched since, is told and asked about again.
func TestDeletionThatBreaksMoreThanWasSeenIsAskedAgain(t *testing.T) {
	t.Parallel()
	s, sim, k := newSenderSite(t)
	s.campaign(t, k, "먼저 있던 캠페인", models.CampaignScheduled)
	draft := s.campaign(t, k, "작성 중이던 캠페인", models.CampaignDraft)
	form := s.deleteAnyway(t)
	s.campaign(t, k, "나중에 생긴 캠페인", models.CampaignDraft)
	if _, err := s.DB.MoveCampaign(t.Context(), draft.ID, models.CampaignStates(), models.CampaignSending, nil); err != nil {
		t.Fatal(err)
	}
	again := s.post(t, deletePath, form)
	again.marks(t, "anyway")
	again.says(t, http.StatusUnprocessableEntity, "캠페인 2개가 더 생겼습니다", "나중에 생긴 캠페인", "@봄봄상점")
	if n := strings.Count(again.body, "새로 생김"); n != 2 || strings.Contains(again.body, "checked") {
		t.Errorf("%d campaigns are marked as new", n)
	}
	if calls := sim.Stats().Calls["delete sender"]; calls != 0 {
		t.Errorf("the provider was asked %d times", calls)
	}
	s.post(t, deletePath, s.deleteAnyway(t)).says(t, http.StatusOK, "삭제했습니다")
}

func TestDeletionThatTheProviderDoesNotConfirm(t *testing.T) {
	t.Parallel()
	only := func(a nhnsim.Answer) func(*http.Request) *nhnsim.Answer {
		return func(r *http.Request) *nhnsim.Answer {
			if r.Method == http.MethodDelete {
				return &a
			}
			return nil
		}
	}
	silence := func(r *http.Request) *nhnsim.Answer {
		return &nhnsim.Answer{Drop: true, After: r.Method == http.MethodDelete}
	}
	tests := []struct {
		name   string
		hook   func(*http.Request) *nhnsim.Answer
		status int
		says   string
		gone   bool
	}{
		{"it is gone already", only(nhnsim.Answer{Code: kakao.CodeSenderNotFound}), http.StatusOK, "삭제했습니다", true},
		{"the answer is lost after it was done", only(nhnsim.Answer{After: true, Drop: true}), http.StatusOK, "삭제했습니다", true},
		{"an error comes after it was done", only(nhnsim.Answer{After: true, Status: 502, Body: "<html>"}), http.StatusOK, "삭제했습니다", true},
		{"the connection breaks before it was done", only(nhnsim.Answer{Drop: true}), http.StatusUnprocessableEntity, "목록에는 아직 있습니다", false},
		{"nothing answers any more", silence, http.StatusUnprocessableEntity, "삭제되었는지 알 수 없습니다", false},
		{"it is a group's key", only(nhnsim.Answer{Code: kakao.CodeGroupUndeletable}), http.StatusUnprocessableEntity, "발신 프로필 그룹은 여기서 삭제할 수 없습니다", false},
		{"the system fails before it was done", only(nhnsim.Answer{Code: kakao.CodeSystem}), http.StatusUnprocessableEntity, "목록에는 아직 있습니다", false},
		{"too many requests", only(nhnsim.Answer{Status: 429}), http.StatusUnprocessableEntity, "요청이 너무 많습니다", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, sim, _ := newSenderSite(t)
			sim.SetFaults(nhnsim.Faults{Hook: tt.hook})
			s.post(t, deletePath, deleteForm()).says(t, tt.status, tt.says)
			if gone := s.sender(t).GoneAt != nil; gone != tt.gone {
				t.Errorf("counts as gone: %v", gone)
			}
			want := models.OutcomeFailed
			if tt.gone {
				want = models.OutcomeOK
			}
			if logs := s.audited(t, "sender.delete"); len(logs) != 1 || logs[0].Outcome != want || logs[0].After == "" {
				t.Errorf("audited as %+v", logs)
			}
		})
	}
}

func TestDeletionThatTimesOutIsLookedUp(t *testing.T) {
	t.Parallel()
	s, sim, _ := newSenderSite(t)
	fail(sim, nhnsim.FaultTimeoutAfter, "delete sender")
	s.post(t, deletePath, deleteForm()).says(t, http.StatusOK, "삭제했습니다")
}

func TestSMSAppkeyIsConnected(t *testing.T) {
	t.Parallel()
	s, sim, k := newSenderSite(t)
	s.campaign(t, k, "겨울 세일", models.CampaignScheduled)
	s.campaign(t, k, "초안", models.CampaignDraft)
	s.get(t, "/appkeys/1/settings").says(t, http.StatusOK, `href="/appkeys/1/fallback"`)
	page := s.get(t, "/appkeys/1/fallback")
	page.says(t, http.StatusOK, smsAppkeyMasked, "모든 발신 프로필의 대체 발송 설정이 초기화됩니다", "@봄봄상점", "겨울 세일")
	page.keepsQuiet(t, smsAppkey, "초안")

	s.post(t, "/appkeys/1/fallback", url.Values{}).marks(t, "sms_appkey", "sure")
	s.post(t, "/appkeys/1/fallback", url.Values{"sms_appkey": {"another-appkey-0001"}}).marks(t, "sure")
	s.post(t, "/appkeys/1/fallback", url.Values{"sms_appkey": {"앱키"}, "sure": {"1"}}).marks(t, "sms_appkey")
	if calls := sim.Stats().Calls["fallback appkey"]; calls != 0 {
		t.Fatalf("the provider was asked %d times", calls)
	}
	done := s.post(t, "/appkeys/1/fallback", url.Values{"sms_appkey": {"another-appkey-0001"}, "sure": {"1"}})
	done.says(t, http.StatusOK, "SMS 앱키를 연결했습니다.", "anot••••0001", "겨울 세일")
	done.keepsQuiet(t, "설정을 잃는 발신 프로필")
	if got := s.sender(t); got.Fallback || got.FallbackSendNo != "" || got.ResendAppkey != "another-appkey-0001" {
		t.Errorf("kept as %+v", got)
	}
	logs := s.audited(t, "appkey.fallback")
	if len(logs) != 1 || !strings.Contains(logs[0].Before, smsAppkeyMasked) || !strings.Contains(logs[0].Before, "@봄봄상점") ||
		!strings.Contains(logs[0].After, "anot••••0001") || strings.Contains(logs[0].After, "another-appkey") {
		t.Errorf("audited as %+v", logs)
	}
}

func TestSMSAppkeyThatIsNotConfirmed(t *testing.T) {
	t.Parallel()
	form := url.Values{"sms_appkey": {"another-appkey-0001"}, "sure": {"1"}}
	tests := []struct {
		name   string
		faults []nhnsim.Fault
		old    bool // the older API
		status int
		says   string
	}{
		{"the answer is lost after it was done", []nhnsim.Fault{{Kind: nhnsim.FaultDropAfter, Endpoint: "fallback appkey"}}, false, http.StatusOK, "SMS 앱키를 연결했습니다."},
		{"the same, and the API does not tell", []nhnsim.Fault{{Kind: nhnsim.FaultDropAfter, Endpoint: "fallback appkey"}}, true, http.StatusUnprocessableEntity, "연결되었는지 알 수 없습니다"},
		{"the connection breaks before it was done", []nhnsim.Fault{{Kind: nhnsim.FaultDropBefore, Endpoint: "fallback appkey"}}, false, http.StatusUnprocessableEntity, "NHN Cloud가 제때 응답하지 않았습니다"},
		{"the senders cannot be read then", []nhnsim.Fault{{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeParameter, Endpoint: "senders"}}, false, http.StatusOK, "발신 프로필을 새로 고치지 못했습니다"},
		{"everything is silent", []nhnsim.Fault{{Kind: nhnsim.FaultDropAfter}}, false, http.StatusUnprocessableEntity, "연결되었는지 알 수 없습니다"},
		{"nothing is let in", []nhnsim.Fault{{Kind: nhnsim.FaultTooMany}}, false, http.StatusUnprocessableEntity, "요청이 너무 많습니다"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, sim, k := newSenderSite(t)
			if tt.old {
				s.useVersion20(t, k)
				s.post(t, "/appkeys/1/senders/refresh", nil)
			}
			sim.SetFaults(nhnsim.Faults{Rules: tt.faults})
			s.post(t, "/appkeys/1/fallback", form).says(t, tt.status, tt.says)
			if logs := s.audited(t, "appkey.fallback"); len(logs) != 1 || (logs[0].Outcome == models.OutcomeOK) != (tt.status == http.StatusOK) {
				t.Errorf("audited as %+v", logs)
			}
		})
	}
}

func TestSMSAppkeyThatTheProviderRefusesIsToldBesideItsField(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer { return &nhnsim.Answer{Code: kakao.CodeSMSAppkey} }})
	s.post(t, "/appkeys/1/fallback", url.Values{"sms_appkey": {"unknown"}}).marks(t, "sms_appkey")
}

func TestSenderPageLeadsToTheSMSAppkey(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	s.post(t, "/appkeys/1/senders/refresh", nil)
	s.get(t, "/appkeys/1/senders/1").says(t, http.StatusOK, `href="/appkeys/1/fallback"`, "연결 안 됨")
	marketer := s.as(t, s.addUser(t, "marketer@example.com", models.Marketer).ID)
	page := marketer.get(t, "/appkeys/1/senders/1")
	page.says(t, http.StatusOK, "팀 관리자에게 SMS 앱키 연결을 요청하세요.")
	page.keepsQuiet(t, `href="/appkeys/1/fallback"`)
}
