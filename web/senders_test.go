package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// refreshed reads all senders of appkey 1 from the provider, without a page.
func (s *site) refreshed(t *testing.T, k models.Appkey) {
	t.Helper()
	if _, err := s.Actions.RefreshSenders(t.Context(), models.Actor{}, k); err != nil {
		t.Fatal(err)
	}
}

// readSenders reads the senders of appkey 1 and waits for them, however long it takes.
func (s *site) readSenders(t *testing.T) {
	t.Helper()
	k, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	s.refreshed(t, k)
}

// part asks for what htmx would.
func (s *site) part(t *testing.T, path string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("HX-Request-Type", "partial")
	return s.do(t, req)
}

func TestSendersAreFound(t *testing.T) {
	t.Parallel()
	s, sim, k := newAppkeySite(t)
	add(t, sim,
		nhnsim.Sender{PlusFriendID: "@봄봄상점", SenderKey: "aa11" + strings.Repeat("0", 36), Registered: true},
		nhnsim.Sender{PlusFriendID: "@가을상점", SenderKey: "bb22" + strings.Repeat("0", 36), Registered: true, Blocked: true},
		nhnsim.Sender{PlusFriendID: "@겨울나라"},
	)
	s.refreshed(t, k)
	tests := []struct {
		name  string
		query url.Values
		found []string
	}{
		{"a part of the name", url.Values{"q": {"상점"}}, []string{"@봄봄상점", "@가을상점"}},
		{"with its at sign", url.Values{"q": {" @봄 "}}, []string{"@봄봄상점"}},
		{"with a full width at sign", url.Values{"q": {"＠봄봄상점"}}, []string{"@봄봄상점"}},
		{"the beginning of the key", url.Values{"key": {"BB22"}}, []string{"@가을상점"}},
		{"waiting", url.Values{"state": {"waiting"}}, []string{"@겨울나라"}},
		{"registered", url.Values{"state": {"registered"}}, []string{"@봄봄상점"}},
		{"in trouble", url.Values{"state": {"trouble"}}, []string{"@가을상점"}},
		{"a state that nobody knows", url.Values{"state": {"<b>"}, "sort": {"x"}}, []string{"@봄봄상점", "@가을상점", "@겨울나라"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, got := range []answer{s.get(t, "/appkeys/1/senders?"+tt.query.Encode()), s.part(t, "/appkeys/1/senders?"+tt.query.Encode())} {
				got.says(t, http.StatusOK, tt.found...)
				got.says(t, http.StatusOK, fmt.Sprintf("발신 프로필 %d개", len(tt.found)))
				for _, name := range []string{"@봄봄상점", "@가을상점", "@겨울나라"} {
					if !slices.Contains(tt.found, name) {
						got.keepsQuiet(t, name)
					}
				}
			}
		})
	}
	nothing := s.part(t, "/appkeys/1/senders?q=우주선")
	nothing.says(t, http.StatusOK, "조건에 맞는 발신 프로필이 없습니다", `href="/appkeys/1/senders"`)
	nothing.keepsQuiet(t, "<form id", "<html")
	s.get(t, "/appkeys/1/senders?q=상점&sort=count").says(t, http.StatusOK, `value="상점"`, `name="sort" value="count"`, `aria-sort="descending"`)
}

func TestSendersArePagedByKey(t *testing.T) {
	t.Parallel()
	s, _, k := newAppkeySite(t)
	ss := make([]models.Sender, 120)
	for i := range ss {
		ss[i] = models.Sender{AppkeyID: k.ID, PlusFriendID: fmt.Sprintf("@channel%03d", i), Status: kakao.SenderRegistered, RefreshedAt: k.CreatedAt, CreatedAt: k.CreatedAt}
	}
	if err := s.DB.SaveSenders(t.Context(), ss); err != nil {
		t.Fatal(err)
	}
	first := s.get(t, "/appkeys/1/senders?q=channel")
	first.says(t, http.StatusOK, "발신 프로필 120개", "@channel049", `rel="next"`)
	first.keepsQuiet(t, "@channel050", "처음으로")
	second := s.get(t, "/appkeys/1/senders?q=channel&after=50")
	second.says(t, http.StatusOK, "@channel050", "@channel099", "처음으로", `href="/appkeys/1/senders?q=channel"`)
	second.keepsQuiet(t, "@channel049", "@channel100")
	last := s.get(t, "/appkeys/1/senders?q=channel&after=100")
	last.says(t, http.StatusOK, "@channel119")
	last.keepsQuiet(t, `rel="next"`)
}

func TestRefreshThatGoesOnShowsItsProgress(t *testing.T) {
	t.Parallel()
	s, sim, k := newAppkeySite(t)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	s.refreshed(t, k)
	now := s.Actions.Now()
	if started, err := s.DB.StartRefresh(t.Context(), k.ID, 1, now, now); !started || err != nil {
		t.Fatal(started, err)
	}
	if ours, err := s.DB.SaveRefresh(t.Context(), models.SenderRefresh{
		AppkeyID: k.ID, State: models.RefreshRunning, ReadCount: 2000, Total: 4800, WorkedAt: now,
	}); !ours || err != nil {
		t.Fatal(ours, err)
	}
	s.get(t, "/appkeys/1/senders").says(t, http.StatusOK, "4,800개 중 2,000개", `max="4800" value="2000"`, `hx-trigger="every 1s"`, `http-equiv="refresh"`, "@봄봄상점")
	part := s.part(t, "/appkeys/1/senders/refresh")
	part.says(t, http.StatusOK, "4,800개 중 2,000개", `hx-trigger="every 1s"`)
	part.keepsQuiet(t, "<html", "@봄봄상점", `hx-trigger="load"`)
	if got := s.get(t, "/appkeys/1/senders/refresh"); got.path != "/appkeys/1/senders" {
		t.Errorf("led to %s", got.path)
	}
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	viewer.get(t, "/appkeys/1/senders").says(t, http.StatusOK, "4,800개 중 2,000개")
	if err := s.Actions.RunRefresh(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	over := s.part(t, "/appkeys/1/senders/refresh")
	over.says(t, http.StatusOK, `hx-trigger="load"`)
	over.keepsQuiet(t, "every 1s")
}

func TestQuotasOfToday(t *testing.T) {
	t.Parallel()
	s, _, k := newAppkeySite(t)
	now := s.Actions.Now()
	quota := func(name string, fn func(*models.Sender)) models.Sender {
		sender := models.Sender{AppkeyID: k.ID, PlusFriendID: name, Status: kakao.SenderRegistered, RefreshedAt: now, CreatedAt: now}
		fn(&sender)
		return sender
	}
	err := s.DB.SaveSenders(t.Context(), []models.Sender{
		quota("@full", func(s *models.Sender) { s.SentCount, s.DailyMax = 1500, 1000 }),
		quota("@alim", func(s *models.Sender) { s.AlimtalkSentCount, s.AlimtalkDailyMax = 30, 200 }),
		quota("@yesterday", func(s *models.Sender) { s.SentCount, s.DailyMax, s.RefreshedAt = 77, 88, now.AddDate(0, 0, -1) }),
	})
	if err != nil {
		t.Fatal(err)
	}
	page := s.get(t, "/appkeys/1/senders")
	page.says(t, http.StatusOK, `<progress max="1000" value="1000"`, "1,500 / 1,000", `<progress max="200" value="30"`, "30 / 200", "오늘 확인 전", "제한 없음")
	page.keepsQuiet(t, "77 / 88", `max="88"`)
}

// Whatever the provider refuses a registration or a token with is told in a sentence
// on the page, with what was typed.
func TestEveryRefusalHasItsSentence(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	s.post(t, "/appkeys/1/senders/new", senderForm())
	for code, says := range map[int]string{
		kakao.CodeSenderExists: "이미 등록된 발신 프로필입니다.", kakao.CodeToken: "토큰이 맞지 않습니다.", kakao.CodeSenderInactive: "활성 상태가 아닙니다.",
		kakao.CodeSelfVerification: "본인 인증을 마쳐야", kakao.CodeSenderNotFound: "NHN Cloud에 없는 발신 프로필입니다.", kakao.CodeParameter: "받아들이지 않았습니다.",
		kakao.CodeTooLong: "너무 깁니다.", kakao.CodeBlank: "비어 있습니다.", kakao.CodeNull: "빠졌습니다.", kakao.CodeTooSmall: "최소보다",
	} {
		sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultCodeBefore, Code: code}}})
		refused := s.post(t, "/appkeys/1/senders/new", senderForm())
		refused.says(t, http.StatusUnprocessableEntity, `value="봄봄상점"`)
		if code == kakao.CodeSenderNotFound { // there is no such channel
			refused.marks(t, "plus_friend_id")
		} else {
			refused.says(t, http.StatusUnprocessableEntity, says)
		}
		s.post(t, "/appkeys/1/senders/1/token", url.Values{"token": {"12345678"}}).says(t, http.StatusUnprocessableEntity, says, `value="12345678"`)
		s.post(t, "/appkeys/1/senders/refresh", nil).says(t, http.StatusOK, says)
	}
}

func TestTokenIsTakenHoweverItIsTyped(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]func(string) string{
		"with spaces":         func(s string) string { return "  " + s[:4] + " " + s[4:] },
		"on two lines":        func(s string) string { return s[:4] + "\r\n" + s[4:] + "\n" },
		"with a hyphen":       func(s string) string { return s[:4] + "-" + s[4:] },
		"with a long dash":    func(s string) string { return s[:4] + "–" + s[4:] },
		"with what is unseen": func(s string) string { return "\u200b" + s[:4] + "\u00a0" + s[4:] + "\ufeff" },
		"in full width": func(s string) string {
			return strings.Map(func(r rune) rune { return r - '0' + '０' }, s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, sim, _ := newAppkeySite(t)
			s.post(t, "/appkeys/1/senders/new", senderForm())
			s.get(t, "/appkeys/1/senders").says(t, http.StatusOK, `href="/appkeys/1/senders/1/token"`)
			s.post(t, "/appkeys/1/senders/1/token", url.Values{"token": {typed(token(t, sim))}}).says(t, http.StatusOK, "등록을 마쳤습니다.")
		})
	}
}

// The same channel may be a sender of two projects; each appkey has its own.
func TestSameChannelInTwoAppkeys(t *testing.T) {
	t.Parallel()
	s, sim, k := newAppkeySite(t)
	if err := sim.AddAppkey("second", testSecret); err != nil {
		t.Fatal(err)
	}
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	if _, err := sim.AddSender("second", nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true, Dormant: true}); err != nil {
		t.Fatal(err)
	}
	s.post(t, "/teams/1/appkeys/new", with(with(appkeyForm(k.BaseURL), "name", "둘째"), "appkey", "second"))
	for _, appkey := range []string{"1", "2"} {
		s.post(t, "/appkeys/"+appkey+"/senders/refresh", nil).says(t, http.StatusOK, "@봄봄상점", "발신 프로필 1개를 새로 고쳤습니다.")
	}
	first := s.get(t, "/appkeys/1/senders")
	first.says(t, http.StatusOK, "정상", `href="/appkeys/1/senders/1"`, `href="/appkeys/2/senders"`)
	first.keepsQuiet(t, "휴면", `href="/appkeys/2/senders/2"`)
	second := s.get(t, "/appkeys/2/senders")
	second.says(t, http.StatusOK, "휴면", `href="/appkeys/2/senders/2"`, `href="/appkeys/1/senders"`)
	for path, same := range map[string]string{
		"/appkeys/2/senders/2": "/appkeys/1/senders", "/appkeys/2/senders/new": "/appkeys/1/senders/new", "/appkeys/2/campaigns": "/appkeys/1/campaigns",
		"/appkeys/2/settings": "/appkeys/1/settings", "/teams/1": "/appkeys/1/campaigns",
	} {
		s.get(t, path).says(t, http.StatusOK, `<a class="dropdown-item" href="`+same+`"`)
	}
}

func TestOverviewTellsWhichCampaignsAreInDanger(t *testing.T) {
	t.Parallel()
	s, sim, k := newAppkeySite(t)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true})
	s.refreshed(t, k)
	s.get(t, "/teams/1").keepsQuiet(t, "발신 프로필 문제")
	c := models.Campaign{
		TeamID: 1, AppkeyID: k.ID, Channel: models.FriendTalk, ULID: models.NewToken(), Name: "연말 인사", State: models.CampaignScheduled, SenderID: s.sender(t).ID,
	}
	if err := s.DB.CreateCampaign(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	if err := sim.SetSender(testAppkey, "@봄봄상점", func(s *nhnsim.Sender) { s.Blocked = true }); err != nil {
		t.Fatal(err)
	}
	s.refreshed(t, k)
	s.get(t, "/teams/1").says(t, http.StatusOK, "발신 프로필 문제", `href="/appkeys/1/senders/1"`, "차단", "에 처음 확인",
		"영향받는 캠페인:", "연말 인사", fmt.Sprintf(`href="/appkeys/1/campaigns/%d"`, c.ID), "발신 프로필 상태 변화 확인")
}
