package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
	"soshik/web"
)

// swift looks for work often, in tests that wait for some.
func swift(c *web.Config) { c.SweepEvery = 100 * time.Millisecond }

// newGroupSite is a site with senders "@g000" and so on, and a group at the provider
// of which the first is a member.
func newGroupSite(t *testing.T, senders int) (*site, *nhnsim.Sim, nhnsim.Group) {
	t.Helper()
	sim, baseURL := newProvider(t)
	s := newSite(t, idle, swift)
	s.setUp(t)
	s.addAppkey(t, baseURL)
	for i := range senders {
		add(t, sim, nhnsim.Sender{PlusFriendID: fmt.Sprintf("@g%03d", i), Registered: true, FirstTime: i == 4})
	}
	s.readSenders(t)
	g, err := sim.AddGroup(testAppkey, nhnsim.Group{Name: "전국 매장", Members: []string{s.keyOf(t, "@g000")}})
	if err != nil {
		t.Fatal(err)
	}
	return s, sim, g
}

// keyOf is the key of a sender of appkey 1.
func (s *site) keyOf(t *testing.T, name string) string {
	t.Helper()
	ss, err := s.DB.Senders(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, sender := range ss {
		if sender.PlusFriendID == name {
			return sender.SenderKey
		}
	}
	t.Fatalf("no sender %s", name)
	return ""
}

// settled waits until the change whose page is at path does not run any more, and
// returns its page.
func (s *site) settled(t *testing.T, path string) answer {
	t.Helper()
	deadline, tick := time.After(3*time.Minute), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		got := s.get(t, path)
		if got.status != http.StatusOK {
			t.Fatalf("%s: %d", path, got.status)
		}
		if !strings.Contains(got.body, `hx-trigger="every 1s"`) {
			return got
		}
		select {
		case <-deadline:
			t.Fatalf("%s still runs", path)
		case <-tick.C:
		}
	}
}

func groupForm(key string) url.Values { return url.Values{"group_key": {key}} }

func TestGroupIsAddedByItsKey(t *testing.T) {
	t.Parallel()
	s, _, g := newGroupSite(t, 2)
	s.get(t, "/appkeys/1/groups").says(t, http.StatusOK, "아직 그룹이 없습니다", "NHN Cloud 콘솔", `href="/appkeys/1/senders"`)
	added := s.post(t, "/appkeys/1/groups", groupForm(" "+g.SenderKey+" "))
	added.says(t, http.StatusOK, "전국 매장 그룹을 추가했습니다.", "@g000", "1 / 5,000", g.SenderKey, "정상", "삭제는 NHN Cloud 콘솔에서")
	if added.path != "/appkeys/1/groups/1" {
		t.Errorf("led to %s", added.path)
	}
	s.get(t, "/appkeys/1/groups").says(t, http.StatusOK, "전국 매장", "1 / 5,000", "방금")
	if logs := s.audited(t, "group.add"); len(logs) != 1 || !strings.Contains(logs[0].After, g.SenderKey) {
		t.Errorf("audited as %+v", logs)
	}
}

func TestGroupKeyBadInput(t *testing.T) {
	t.Parallel()
	s, _, g := newGroupSite(t, 1)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	tests := []struct{ name, key, says string }{
		{"nothing typed", "", "입력해 주세요."},
		{"too short", "abc", "40자입니다"},
		{"a name", "@전국매장", "40자입니다"},
		{"a space within", strings.Repeat("a", 20) + " " + strings.Repeat("a", 19), "40자입니다"},
		{"a group that there is not", strings.Repeat("a", kakao.SenderKeyLen), "NHN Cloud에 없는 발신 프로필 그룹입니다."},
		{"a sender's key", s.keyOf(t, "@g000"), "@g000 발신 프로필의 키입니다."},
		{"a group that is there already", g.SenderKey, "이미 추가한 그룹입니다."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.post(t, "/appkeys/1/groups", groupForm(tt.key))
			got.marks(t, "group_key")
			got.says(t, http.StatusUnprocessableEntity, tt.says, `value="`+tt.key+`"`)
		})
	}
}

func TestGroupWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	s, sim, g := newGroupSite(t, 1)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultErrorBefore}}})
	s.post(t, "/appkeys/1/groups", groupForm(strings.Repeat("a", 40))).says(t, http.StatusUnprocessableEntity, "HTTP 503")
	s.post(t, "/appkeys/1/groups/1/refresh", nil).says(t, http.StatusUnprocessableEntity, "마지막으로 확인한", "@g000")
}

func TestGroupThatTheProviderDoesNotKnowAnyMoreIsKept(t *testing.T) {
	t.Parallel()
	s, sim, g := newGroupSite(t, 1)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	s.post(t, "/appkeys/1/groups/1/refresh", nil).says(t, http.StatusOK, "전국 매장 그룹을 새로 고쳤습니다.")
	sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer { return &nhnsim.Answer{Code: kakao.CodeGroupNotFound} }})
	s.post(t, "/appkeys/1/groups/1/refresh", nil).says(t, http.StatusUnprocessableEntity, "더 이상 없는 그룹입니다", "@g000")
	s.get(t, "/appkeys/1/groups").says(t, http.StatusOK, "더 이상 없음")
	sim.SetFaults(nhnsim.Faults{})
	s.post(t, "/appkeys/1/groups/1/refresh", nil).keepsQuiet(t, "더 이상 없는 그룹입니다")
}

func TestMembersAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	s, _, g := newGroupSite(t, 6)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	form := url.Values{"q": {"g00"}, "sender": {s.keyOf(t, "@g001"), s.keyOf(t, "@g004")}}
	begun := s.post(t, "/appkeys/1/groups/1/add", form)
	if begun.path != "/appkeys/1/groups/1/changes/1" {
		t.Fatalf("led to %s %s", begun.path, begun.body)
	}
	over := s.settled(t, begun.path)
	over.says(t, http.StatusOK, "작업을 마쳤습니다.", "추가 1, 이미 있음 0, 실패 1", "@g004", "-1029", "신규 사용자 제한이 풀린 뒤")
	failed := s.get(t, begun.path+"?state=failed")
	failed.says(t, http.StatusOK, "@g004")
	failed.keepsQuiet(t, "@g001")
	s.get(t, "/appkeys/1/groups/1").says(t, http.StatusOK, "@g001", "2 / 5,000")

	keys := url.Values{"sender": {s.keyOf(t, "@g000"), s.keyOf(t, "@g001")}}
	s.post(t, "/appkeys/1/groups/1/remove", keys).says(t, http.StatusOK, "구성원 2개를 그룹에서 뺄까요?", "@g000", "@g001")
	s.get(t, "/appkeys/1/groups/1").says(t, http.StatusOK, "2 / 5,000")
	begun = s.post(t, "/appkeys/1/groups/1/remove", with(keys, "confirm", "1"))
	s.settled(t, begun.path).says(t, http.StatusOK, "제외 2, 이미 없음 0, 실패 0")
	s.get(t, "/appkeys/1/groups/1").says(t, http.StatusOK, "아직 구성원이 없습니다", "0 / 5,000")

	logs := s.audited(t, "group.change")
	if len(logs) != 2 || !strings.Contains(logs[1].After, s.keyOf(t, "@g004")) || !strings.Contains(logs[0].After, `"count":2`) {
		t.Errorf("audited as %+v", logs)
	}
	if len(s.audited(t, "group.change_finish")) != 2 {
		t.Error("the ends are not audited")
	}
	s.post(t, "/appkeys/1/groups/1/forget", nil).says(t, http.StatusOK, "소식에서 뺐습니다", "아직 그룹이 없습니다")
	if len(s.audited(t, "group.forget")) != 1 {
		t.Error("not audited")
	}
}

func TestAddMembersBadInputKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s, sim, g := newGroupSite(t, 3)
	add(t, sim, nhnsim.Sender{PlusFriendID: "@waits"})
	s.readSenders(t)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	picked := s.keyOf(t, "@g001")
	form := url.Values{"q": {"g002"}, "sender": {picked}, "pasted": {"g002, @nobody\n@g000\n@waits"}}
	got := s.post(t, "/appkeys/1/groups/1/add", form)
	got.marks(t, "pasted")
	got.says(t, http.StatusUnprocessableEntity, "2개를 추가할 수 없습니다", "1번째 줄", "@nobody", "이 앱키에 없는", "3번째 줄", "아직 등록이 끝나지 않은",
		"g002, @nobody\n@g000\n@waits</textarea>", `value="g002"`, `value="`+picked+`" checked`)
	got.keepsQuiet(t, "2번째 줄") // a member is passed over

	s.post(t, "/appkeys/1/groups/1/add", url.Values{}).says(t, http.StatusUnprocessableEntity, "하나 이상 골라 주세요")
	s.post(t, "/appkeys/1/groups/1/remove", url.Values{"confirm": {"1"}}).says(t, http.StatusUnprocessableEntity, "하나 이상 골라 주세요", "@g000")
	s.post(t, "/appkeys/1/groups/1/remove", nil).says(t, http.StatusUnprocessableEntity, "하나 이상 골라 주세요")

	begun := s.post(t, "/appkeys/1/groups/1/add", with(form, "pasted", "\"g002\"\t@g000"))
	s.settled(t, begun.path).says(t, http.StatusOK, "추가 2, 이미 있음 0, 실패 0")
}

func TestSendersAreSearchedAndAllOfThemAdded(t *testing.T) {
	t.Parallel()
	s, _, g := newGroupSite(t, 12)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	picked := s.keyOf(t, "@g003")
	form := url.Values{"q": {"G01"}, "sender": {picked}, "search": {"1"}}
	found := s.post(t, "/appkeys/1/groups/1/add", form)
	found.says(t, http.StatusOK, "발신 프로필 2개", "@g010", "@g011", `value="`+picked+`" checked`, "찾은 2개 모두 추가")
	found.keepsQuiet(t, "@g002")

	req := formRequest(t, s.url+"/appkeys/1/groups/1/add", form)
	req.Header.Set("HX-Request-Type", "partial")
	part := s.do(t, req)
	part.says(t, http.StatusOK, "@g010", "@g003")
	part.keepsQuiet(t, "<form", "textarea")

	form.Del("search")
	begun := s.post(t, "/appkeys/1/groups/1/add", with(form, "all", "1"))
	s.settled(t, begun.path).says(t, http.StatusOK, "추가 3, 이미 있음 0, 실패 0", "@g003", "@g010", "@g011")
}

func TestMembersAreSearchedAndPagedByKey(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	for i := range 250 {
		add(t, sim, nhnsim.Sender{PlusFriendID: fmt.Sprintf("@m%03d", i), Registered: true})
	}
	s.readSenders(t)
	ss, err := s.DB.Senders(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, sender := range ss {
		keys = append(keys, sender.SenderKey)
	}
	g, err := sim.AddGroup(testAppkey, nhnsim.Group{Name: "큰 그룹", Members: keys})
	if err != nil {
		t.Fatal(err)
	}
	page := s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	page.says(t, http.StatusOK, "구성원 250개", "@m099", `name="after"`)
	page.keepsQuiet(t, "@m100")
	next := s.get(t, page.path+"?after="+url.QueryEscape(keys[99]+" @m099")+"&sender="+keys[200])
	next.says(t, http.StatusOK, "@m100", "@m199", "처음으로", `value="`+keys[200]+`" checked`)
	next.keepsQuiet(t, "@m099", "@m201")
	found := s.get(t, page.path+"?q=M24")
	found.says(t, http.StatusOK, "구성원 10개를 찾았습니다.", "@m249", `value="M24"`)
	found.keepsQuiet(t, "@m239")
	s.get(t, page.path+"?q=%25").says(t, http.StatusOK, "찾는 구성원이 없습니다")
}

func TestAChangeIsStoppedAndGoesOn(t *testing.T) {
	t.Parallel()
	s, sim, g := newGroupSite(t, 4)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultErrorBefore}}})
	begun := s.post(t, "/appkeys/1/groups/1/add", url.Values{"all": {"1"}})
	begun.says(t, http.StatusOK, "발신 프로필 3개를 그룹에 추가", `hx-trigger="every 1s"`, `http-equiv="refresh"`, "멈추기")
	s.get(t, "/appkeys/1/groups/1").says(t, http.StatusOK, "작업이 진행 중입니다")
	s.post(t, "/appkeys/1/groups/1/add", url.Values{"all": {"1"}}).says(t, http.StatusUnprocessableEntity, "아직 진행 중입니다")
	stopped := s.post(t, begun.path+"/stop", nil)
	stopped.says(t, http.StatusOK, "작업을 멈췄습니다.", "발신 프로필 3개가 남았습니다", "이어서 하기")
	s.post(t, begun.path+"/stop", nil).says(t, http.StatusUnprocessableEntity, "상태가 바뀌었습니다")
	s.get(t, "/appkeys/1/groups/1").says(t, http.StatusOK, "중간에 멈췄습니다")
	sim.SetFaults(nhnsim.Faults{})
	s.post(t, begun.path+"/resume", nil).says(t, http.StatusOK, "발신 프로필 3개를 그룹에 추가")
	s.settled(t, begun.path).says(t, http.StatusOK, "추가 3, 이미 있음 0, 실패 0")
}

func TestViewerSeesGroupsAndChangesNothing(t *testing.T) {
	t.Parallel()
	s, _, g := newGroupSite(t, 2)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	viewer.get(t, "/appkeys/1/groups").keepsQuiet(t, "group_key")
	page := viewer.get(t, "/appkeys/1/groups/1")
	page.says(t, http.StatusOK, "전국 매장", "@g000")
	page.keepsQuiet(t, "/refresh", "/forget", "/add", "/remove", "checkbox")
	viewer.post(t, "/appkeys/1/groups/1/forget", nil).says(t, http.StatusForbidden)
}

func TestGroupOfAnotherAppkeyDoesNotExist(t *testing.T) {
	t.Parallel()
	s, _, g := newGroupSite(t, 1)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	s.post(t, "/teams/1/appkeys/new", with(with(appkeyForm(""), "name", "둘째"), "appkey", "second"))
	for _, path := range []string{"/appkeys/2/groups/1", "/appkeys/1/groups/9", "/appkeys/1/groups/x", "/appkeys/2/groups/1/add", "/appkeys/1/groups/1/changes/1"} {
		s.get(t, path).says(t, http.StatusNotFound)
	}
}

func TestAGroupIsNotOfferedAsSenderOfAMessage(t *testing.T) {
	t.Parallel()
	s, _, g := newGroupSite(t, 2)
	s.post(t, "/appkeys/1/groups", groupForm(g.SenderKey))
	made := s.post(t, "/appkeys/1/campaigns/new", url.Values{"name": {"인사"}})
	page := s.get(t, made.path)
	page.says(t, http.StatusOK, "@g000", "@g001")
	page.keepsQuiet(t, "전국 매장", g.SenderKey)
	senders, err := s.DB.Senders(t.Context(), 1)
	if err != nil || len(senders) != 2 {
		t.Errorf("%d senders: %v", len(senders), err)
	}
}
