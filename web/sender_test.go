package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

const generalHospital = "00100010001"

func senderForm() url.Values {
	return url.Values{"plus_friend_id": {"봄봄상점"}, "phone_no": {"010-1234-5678"}, "category_code": {generalHospital}}
}

var digits8 = regexp.MustCompile(`\d{8}`)

// token is the one that the phone has received last.
func token(t *testing.T, sim *nhnsim.Sim) string {
	t.Helper()
	for _, r := range sim.Received() {
		if found := digits8.FindString(r.Text); r.Kind == "TOKEN" && found != "" {
			return found
		}
	}
	t.Fatal("no token has arrived")
	return ""
}

// add makes senders known to the provider.
func add(t *testing.T, sim *nhnsim.Sim, senders ...nhnsim.Sender) {
	t.Helper()
	for _, in := range senders {
		if _, err := sim.AddSender(testAppkey, in); err != nil {
			t.Fatal(err)
		}
	}
}

// sender is the only one of appkey 1.
func (s *site) sender(t *testing.T) models.Sender {
	t.Helper()
	ss, err := s.DB.Senders(t.Context(), 1)
	if err != nil || len(ss) != 1 {
		t.Fatal(ss, err)
	}
	return ss[0]
}

func TestSenderIsRegistered(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	s.get(t, "/appkeys/1/senders/new").says(t, http.StatusOK, "카카오톡 채널 검색용 아이디")
	requested := s.post(t, "/appkeys/1/senders/new", senderForm())
	requested.says(t, http.StatusOK, "@봄봄상점 등록을 요청했습니다.", "010-1234-5678")
	if requested.path != "/appkeys/1/senders/1/token" {
		t.Fatalf("led to %s", requested.path)
	}
	if waiting := s.sender(t); waiting.Status != kakao.SenderWaiting || waiting.PlusFriendID != "@봄봄상점" || waiting.PhoneNo != "01012345678" {
		t.Errorf("kept as %+v", waiting)
	}
	code := token(t, sim)
	entered := s.post(t, "/appkeys/1/senders/1/token", url.Values{"token": {" " + code[:4] + " " + code[4:]}})
	entered.says(t, http.StatusOK, "@봄봄상점 등록을 마쳤습니다.", "정상", "건강 › 병원 › 종합병원")
	registered := s.sender(t)
	if registered.Status != kakao.SenderRegistered || len(registered.SenderKey) != kakao.SenderKeyLen || registered.PhoneNo != "01012345678" || registered.DailyMax != 1000 {
		t.Errorf("kept as %+v", registered)
	}
	if ok, _ := registered.Usable(); !ok {
		t.Error("it cannot be used")
	}
	if got := s.get(t, "/appkeys/1/senders/1/token"); got.path != "/appkeys/1/senders/1" {
		t.Error("a registered sender is asked for a token")
	}
	if len(s.audited(t, "sender.register")) != 1 || len(s.audited(t, "sender.token")) != 1 {
		t.Error("not audited")
	}
}

func TestNewSenderBadInput(t *testing.T) {
	t.Parallel()
	s, _, _ := newAppkeySite(t)
	good := senderForm()
	tests := []struct {
		name  string
		form  url.Values
		marks []string
	}{
		{"nothing typed", url.Values{}, []string{"plus_friend_id", "phone_no", "category_code"}},
		{"only the at sign", with(good, "plus_friend_id", "@"), []string{"plus_friend_id"}},
		{"an ID with a space", with(good, "plus_friend_id", "봄봄 상점"), []string{"plus_friend_id"}},
		{"an ID too long with its at sign", with(good, "plus_friend_id", strings.Repeat("가", kakao.MaxPlusFriendID)), []string{"plus_friend_id"}},
		{"a landline", with(good, "phone_no", "02-123-4567"), []string{"phone_no"}},
		{"letters for a number", with(good, "phone_no", "김지우"), []string{"phone_no"}},
		{"a category of the second level", with(good, "category_code", "0010001"), []string{"category_code"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.post(t, "/appkeys/1/senders/new", tt.form)
			got.marks(t, tt.marks...)
			got.says(t, http.StatusUnprocessableEntity, `value="`+tt.form.Get("phone_no")+`"`)
		})
	}
	t.Cleanup(func() {
		if calls := len(s.audited(t, "sender.register")); calls > 0 {
			t.Errorf("%d of them went to the provider", calls)
		}
	})
}

// A registration whose answer is lost may have come about: then its token is waited
// for. What waited before may not have got a new one, so that is not taken for granted.
func TestRegistrationWithoutAnAnswerIsLookedUp(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	lost := nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultDropAfter, Endpoint: "register sender"}}}
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultDropBefore, Endpoint: "register sender"}}})
	s.post(t, "/appkeys/1/senders/new", senderForm()).says(t, http.StatusUnprocessableEntity, "제때 응답하지 않았습니다")
	sim.SetFaults(lost)
	s.post(t, "/appkeys/1/senders/new", senderForm()).says(t, http.StatusOK, "등록을 요청했습니다", "토큰 입력")
	s.post(t, "/appkeys/1/senders/new", senderForm()).says(t, http.StatusUnprocessableEntity, "제때 응답하지 않았습니다")
	sim.SetFaults(nhnsim.Faults{})
	s.post(t, "/appkeys/1/senders/1/token", url.Values{"token": {token(t, sim)}}).says(t, http.StatusOK, "등록을 마쳤습니다")
}

func TestCategoriesAreSearched(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	form := url.Values{"plus_friend_id": {"봄봄상점"}, "category_query": {"병원 치과"}, "category_code": {generalHospital}, "search": {"1"}}
	found := s.post(t, "/appkeys/1/senders/new", form)
	found.says(t, http.StatusOK, `value="봄봄상점"`, "건강 › 병원 › 치과", `value="`+generalHospital+`" checked`)
	found.keepsQuiet(t, "한의원")
	s.post(t, "/appkeys/1/senders/new", with(form, "category_query", "우주선")).says(t, http.StatusOK, "맞는 카테고리가 없습니다.")
	s.post(t, "/appkeys/1/senders/new", with(form, "category_query", "병원 종합")).says(t, http.StatusOK, "카테고리 1개를 찾았습니다.")

	req := formRequest(t, s.url+"/appkeys/1/senders/new", form)
	req.Header.Set("HX-Request-Type", "partial")
	part := s.do(t, req)
	part.says(t, http.StatusOK, "치과")
	part.keepsQuiet(t, "<form", "category_query")
	if calls := sim.Stats().Calls["categories"]; calls != 1 {
		t.Errorf("the provider was asked %d times for what is kept", calls)
	}
}

func TestCategoriesWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	s, sim, k := newAppkeySite(t)
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultErrorBefore}}})
	s.get(t, "/appkeys/1/senders/new").says(t, http.StatusOK, "HTTP 503", `name="plus_friend_id"`)

	old := []models.Category{{Code: generalHospital, Path: []string{"건강", "병원", "종합병원"}}}
	if err := s.DB.SaveCategories(t.Context(), k.ID, old, k.CreatedAt.AddDate(0, 0, -2)); err != nil {
		t.Fatal(err)
	}
	got := s.post(t, "/appkeys/1/senders/new", url.Values{"category_query": {"종합"}, "search": {"1"}})
	got.says(t, http.StatusOK, "건강 › 병원 › 종합병원")
	got.keepsQuiet(t, "HTTP 503")
}

func TestSenderThatIsRegisteredElsewhereIsOffered(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	refused := s.post(t, "/appkeys/1/senders/new", senderForm())
	refused.says(t, http.StatusUnprocessableEntity, "이미 등록된 발신 프로필입니다.", `name="read"`, `value="봄봄상점"`)
	logs := s.audited(t, "sender.register")
	if len(logs) != 1 || logs[0].Outcome != models.OutcomeFailed || !strings.Contains(logs[0].After, "-1004") {
		t.Errorf("audited as %+v", logs)
	}
	read := s.post(t, "/appkeys/1/senders/new", with(senderForm(), "read", "1"))
	read.says(t, http.StatusOK, "@봄봄상점을(를) NHN Cloud에서 불러왔습니다.")
	if read.path != "/appkeys/1/senders/1" || len(s.audited(t, "sender.read")) != 1 {
		t.Errorf("led to %s", read.path)
	}
	elsewhere := s.post(t, "/appkeys/1/senders/new", with(with(senderForm(), "read", "1"), "plus_friend_id", "@남의채널"))
	elsewhere.says(t, http.StatusUnprocessableEntity, "이 앱키의 목록에는 없는 채널입니다.", `value="@남의채널"`)
}

func TestWrongToken(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	s.post(t, "/appkeys/1/senders/new", senderForm())
	wrong := "10000000"
	if token(t, sim) == wrong {
		wrong = "10000001"
	}
	for typed, says := range map[string]string{
		wrong: "토큰이 맞지 않습니다.", "": "입력해 주세요.", "abc": "숫자만 입력해 주세요.", "-5x": "숫자만 입력해 주세요.", "123456789012": "숫자만 입력해 주세요.",
	} {
		got := s.post(t, "/appkeys/1/senders/1/token", url.Values{"token": {typed}})
		got.marks(t, "token")
		got.says(t, http.StatusUnprocessableEntity, says, `value="`+typed+`"`)
	}
	if logs := s.audited(t, "sender.token"); len(logs) != 1 || logs[0].Outcome != models.OutcomeFailed {
		t.Errorf("audited as %+v", logs)
	}
}

func TestTokenThatIsAnsweredWithTheHeaderAlone(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	s.post(t, "/appkeys/1/senders/new", senderForm())
	sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if strings.HasSuffix(r.URL.Path, "/sender/token") {
			return &nhnsim.Answer{After: true, Body: `{"header":{"resultCode":0,"resultMessage":"SUCCESS","isSuccessful":true}}`}
		}
		return nil
	}})
	s.post(t, "/appkeys/1/senders/1/token", url.Values{"token": {token(t, sim)}}).says(t, http.StatusOK, "등록을 마쳤습니다.")
	if got := s.sender(t); got.Status != kakao.SenderRegistered || got.SenderKey == "" {
		t.Errorf("kept as %+v", got)
	}
}

func TestSenderListTellsTheirState(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	s.get(t, "/appkeys/1/senders").says(t, http.StatusOK, "아직 발신 프로필이 없습니다", "NHN Cloud에서 불러오기")
	add(t, sim,
		nhnsim.Sender{PlusFriendID: "@a-normal", Registered: true, DailyMax: 1000},
		nhnsim.Sender{PlusFriendID: "@b-unlimited", Registered: true},
		nhnsim.Sender{PlusFriendID: "@c-blocked", Registered: true, Blocked: true},
		nhnsim.Sender{PlusFriendID: "@d-dormant", Registered: true, Dormant: true},
		nhnsim.Sender{PlusFriendID: "@e-waiting"},
	)
	list := s.post(t, "/appkeys/1/senders/refresh", nil)
	list.says(t, http.StatusOK, "발신 프로필 5개를 새로 고쳤습니다.", "정상", "차단", "휴면", "토큰 대기", `<progress max="1000" value="0"`, "0 / 1,000", "제한 없음", "방금")
	if got := strings.Count(list.body, `<progress max="1000"`); got != 1 {
		t.Errorf("%d bars for one daily maximum", got)
	}
	ss, err := s.DB.Senders(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []models.SenderTrouble{"", "", models.SenderIsBlocked, models.SenderIsDormant, models.SenderIsWaiting} {
		ok, reason := ss[i].Usable()
		if ss[i].Trouble() != want || ok != (want == "") || ok != (reason.Key == "") {
			t.Errorf("%s: trouble %q, usable %v %v", ss[i].PlusFriendID, ss[i].Trouble(), ok, reason)
		}
		says := "발신 프로필 정보"
		if want == models.SenderIsBlocked {
			says = "카카오가 이 발신 프로필을 차단해"
		}
		s.get(t, fmt.Sprintf("/appkeys/1/senders/%d", ss[i].ID)).says(t, http.StatusOK, says)
	}
}

func TestRefreshThatFailsKeepsWhatWasKnown(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	s.post(t, "/appkeys/1/senders/refresh", nil)
	before := s.sender(t)
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultErrorBefore}}})
	s.post(t, "/appkeys/1/senders/refresh", nil).says(t, http.StatusOK, "HTTP 503", "@봄봄상점", "불러오지 못했습니다", "에 확인한 상태입니다")
	s.post(t, "/appkeys/1/senders/1/refresh", nil).says(t, http.StatusUnprocessableEntity, "HTTP 503", "@봄봄상점")
	if diff := cmp.Diff(before, s.sender(t)); diff != "" {
		t.Error(diff)
	}
}

func TestSenderThatIsNoLongerListedIsKeptAndMarked(t *testing.T) {
	t.Parallel()
	s, sim, k := newAppkeySite(t)
	gone := models.Sender{AppkeyID: k.ID, PlusFriendID: "@사라진채널", Status: kakao.SenderWaiting}
	if err := s.DB.PutWaitingSender(t.Context(), &gone); err != nil {
		t.Fatal(err)
	}
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	list := s.post(t, "/appkeys/1/senders/refresh", nil)
	list.says(t, http.StatusOK, "발신 프로필 1개를 새로 고쳤습니다.", "@사라진채널", "더 이상 없음")
	s.post(t, "/appkeys/1/senders/1/refresh", nil).says(t, http.StatusUnprocessableEntity, "NHN Cloud 목록에 이 발신 프로필이 없습니다.")
}

func fallbackForm() url.Values {
	return url.Values{"on": {"1"}, "send_no": {"1588-1234"}, "unsubscribe_no": {"080-123-4567"}}
}

func TestFallbackIsSet(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	s.post(t, "/appkeys/1/senders/refresh", nil)
	s.post(t, "/appkeys/1/senders/1/fallback", fallbackForm()).says(t, http.StatusUnprocessableEntity, "SMS 앱키가 없거나 맞지 않습니다.", `value="1588-1234"`)
	if err := sim.SetSMSAppkey(testAppkey, "sms"); err != nil {
		t.Fatal(err)
	}
	s.post(t, "/appkeys/1/senders/1/fallback", fallbackForm()).says(t, http.StatusOK, "대체 발송 설정을 저장했습니다.", `value="080-123-4567"`)
	if got := s.sender(t); !got.Fallback || got.FallbackSendNo != "15881234" || got.UnsubscribeNo != "0801234567" {
		t.Errorf("kept as %+v", got)
	}
	logs := s.audited(t, "sender.fallback")
	if len(logs) != 2 || logs[0].Outcome != models.OutcomeOK || logs[1].Outcome != models.OutcomeFailed || !strings.Contains(logs[0].Before, `"on":false`) {
		t.Errorf("audited as %+v", logs)
	}
	tests := []struct {
		name  string
		form  url.Values
		marks []string
	}{
		{"on without a number", url.Values{"on": {"1"}}, []string{"send_no"}},
		{"letters", with(fallbackForm(), "send_no", "call me"), []string{"send_no"}},
		{"too few digits", with(fallbackForm(), "send_no", "112"), []string{"send_no"}},
		{"no 080 number", with(fallbackForm(), "unsubscribe_no", "010-1234-5678"), []string{"unsubscribe_no"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s.post(t, "/appkeys/1/senders/1/fallback", tt.form).marks(t, tt.marks...)
		})
	}
}

// The provider wants a number even to turn fallback off: without one typed, it is the
// last one.
func TestFallbackIsTurnedOffWithTheLastNumber(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	if err := sim.SetSMSAppkey(testAppkey, "sms"); err != nil {
		t.Fatal(err)
	}
	s.post(t, "/appkeys/1/senders/refresh", nil)
	s.post(t, "/appkeys/1/senders/1/fallback", url.Values{}).marks(t, "send_no")
	s.post(t, "/appkeys/1/senders/1/fallback", fallbackForm()).says(t, http.StatusOK, "대체 발송 설정을 저장했습니다.")
	s.post(t, "/appkeys/1/senders/1/fallback", url.Values{}).says(t, http.StatusOK, "대체 발송 설정을 저장했습니다.")
	if got := s.sender(t); got.Fallback || got.FallbackSendNo != "15881234" {
		t.Errorf("kept as %+v", got)
	}
}

func TestProviderRefusesANumberBesideItsField(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	s.post(t, "/appkeys/1/senders/refresh", nil)
	for code, field := range map[int]string{kakao.CodeSMSSendNo: "send_no", kakao.CodeUnsubscribeNo: "unsubscribe_no"} {
		sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer { return &nhnsim.Answer{Code: code} }})
		s.post(t, "/appkeys/1/senders/1/fallback", fallbackForm()).marks(t, field)
	}
}

func TestViewerSeesSendersAndChangesNothing(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	s.post(t, "/appkeys/1/senders/new", senderForm())
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	page := viewer.get(t, "/appkeys/1/senders/1")
	page.says(t, http.StatusOK, "@봄봄상점", "010-****-5678")
	page.keepsQuiet(t, "010-1234-5678", "토큰 입력", "/refresh")
	viewer.get(t, "/appkeys/1/senders").keepsQuiet(t, "/refresh", "/senders/new")
	viewer.post(t, "/appkeys/1/senders/1/token", url.Values{"token": {token(t, sim)}}).says(t, http.StatusForbidden)
}

func TestSenderOfAnotherAppkeyDoesNotExist(t *testing.T) {
	t.Parallel()
	s, _, _ := newAppkeySite(t)
	s.post(t, "/appkeys/1/senders/new", senderForm())
	s.post(t, "/teams/1/appkeys/new", with(with(appkeyForm(""), "name", "둘째"), "appkey", "second"))
	for _, path := range []string{"/appkeys/2/senders/1", "/appkeys/1/senders/99", "/appkeys/1/senders/x", "/appkeys/2/senders/1/token"} {
		s.get(t, path).says(t, http.StatusNotFound)
	}
}
