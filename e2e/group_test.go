package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// shops is an appkey of the demo's team with a provider of its own, which has shops as
// senders and a group.
type shops struct {
	*site

	sim   *nhnsim.Sim
	path  string // of the appkey
	group nhnsim.Group
	down  atomic.Bool  // the provider does not answer changes of the group
	calls atomic.Int64 // that change the group
}

func newShops(t *testing.T, names ...string) *shops {
	t.Helper()
	sim, err := nhnsim.Open(nhnsim.Config{})
	check(t, err)
	check(t, sim.AddAppkey("shopsappkey", "shopssecret"))
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		_ = sim.Close()
	})
	w := &shops{site: newSite(t, true), sim: sim}
	var first nhnsim.Sender
	for i, name := range names {
		made, err := sim.AddSender("shopsappkey", nhnsim.Sender{PlusFriendID: name, Registered: true, FirstTime: strings.Contains(name, "새")})
		check(t, err)
		if i == 0 {
			first = made
		}
	}
	w.group, err = sim.AddGroup("shopsappkey", nhnsim.Group{Name: "전국 매장", Members: []string{first.SenderKey}})
	check(t, err)
	k, err := w.Actions.CreateAppkey(t.Context(), models.Actor{}, 1, models.NewAppkey{
		Name: "전국 매장 알림", Appkey: "shopsappkey", Secret: "shopssecret", BaseURL: server.URL, SenderVersion: kakao.SenderAPIv21,
	})
	check(t, err)
	_, err = w.Actions.RefreshSenders(t.Context(), models.Actor{}, k)
	check(t, err)
	w.path = fmt.Sprintf("/appkeys/%d", k.ID)
	sim.SetFaults(nhnsim.Faults{Hook: w.answer})
	return w
}

func (w *shops) answer(r *http.Request) *nhnsim.Answer {
	if r.Method == http.MethodGet || !strings.Contains(r.URL.Path, "/sender-groups/") {
		return nil
	}
	if w.calls.Add(1) > 1 && w.down.Load() {
		return &nhnsim.Answer{Drop: true}
	}
	return nil
}

func TestAGroupIsAddedByItsKeyAndItsMembersChanged(t *testing.T) {
	t.Parallel()
	w := newShops(t, "@강남점", "@부산점", "@대구점", "@새로연점", "@제주점")
	v := w.signedIn(t, marketer, browser.Options{})
	v.Visit(w.path + "/groups")
	v.says("아직 그룹이 없습니다")
	v.look("groups-empty")
	v.Fill(v.Field("그룹의 발신 키"), strings.Repeat("0", 40))
	v.button("그룹 추가")
	v.says("NHN Cloud에 없는 발신 프로필 그룹입니다")
	v.Holds(v.Field("그룹의 발신 키"), strings.Repeat("0", 40))
	v.look("groups-wrong")
	v.Fill(v.Field("그룹의 발신 키"), w.group.SenderKey)
	v.button("그룹 추가")
	v.says("전국 매장 그룹을 추가했습니다", "@강남점", "1 / 5,000")
	v.look("group")

	v.addsThree()
	v.removesOne()
	v.link("그룹 · 전국 매장 알림")
	v.says("전국 매장", "2 / 5,000")
	v.look("groups")
}

// addsThree picks senders in several searches, one of which cannot join.
func (v *visitor) addsThree() {
	v.t.Helper()
	v.link("구성원 추가")
	v.says("4,999개를 더 넣을 수 있습니다")
	v.look("group-add")
	v.searches("부산")
	v.ticks("@부산점")
	v.searches("새로")
	v.Must(v.Expect().Locator(v.Role("checkbox", "@부산점")).ToBeChecked())
	v.ticks("@새로연점")
	v.Fill(v.Field("또는 아이디 붙여 넣기"), "제주점\n없는점")
	v.button("고른 발신 프로필 추가")
	v.says("2번째 줄", "@없는점", "이 앱키에 없는 발신 프로필입니다")
	v.Holds(v.Field("또는 아이디 붙여 넣기"), "제주점\n없는점")
	v.Must(v.Expect().Locator(v.Role("checkbox", "@새로연점")).ToBeChecked())
	v.look("group-add-wrong")
	v.Fill(v.Field("또는 아이디 붙여 넣기"), "제주점")
	v.button("고른 발신 프로필 추가")
	v.says("작업을 마쳤습니다", "추가 2, 이미 있음 0, 실패 1", "-1029")
	v.look("group-change")
	v.Click(v.Role("link", "실패"))
	v.SeesNot(v.main().GetByText("@부산점"))
	v.says("@새로연점")
	v.Must2(v.Reload())
	v.says("작업을 마쳤습니다", "@새로연점")
	v.link("그룹으로")
	v.says("3 / 5,000", "@부산점", "@제주점")
}

// searches types what is searched, and waits for what is found.
func (v *visitor) searches(text string) {
	v.t.Helper()
	v.Fill(v.Field("검색용 아이디로 찾기"), text)
	v.Reads(v.Locator("#candidates, #members").GetByRole("status"), "1개")
}

func (v *visitor) ticks(name string) {
	v.t.Helper()
	v.Must(v.Role("checkbox", name).Check())
}

// removesOne searches for a member while it is ticked and while it is not.
func (v *visitor) removesOne() {
	v.t.Helper()
	v.ticks("@제주점")
	v.searches("부산")
	v.Must(v.Expect().Locator(v.Role("checkbox", "@제주점")).ToBeChecked())
	v.SeesNot(v.Role("checkbox", "@강남점"))
	v.button("고른 구성원 빼기")
	v.says("구성원 1개를 그룹에서 뺄까요?", "@제주점")
	v.look("group-remove")
	v.button("그룹에서 빼기")
	v.says("작업을 마쳤습니다", "제외 1")
	v.link("그룹으로")
	v.says("2 / 5,000")
}

func TestAGroupsChangeOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	w := newShops(t, "@강남점", "@부산점", "@대구점", "@광주점", "@제주점")
	w.down.Store(true)
	v := w.signedIn(t, marketer, browser.Options{})
	v.Visit(w.path + "/groups")
	v.Fill(v.Field("그룹의 발신 키"), w.group.SenderKey)
	v.button("그룹 추가")
	v.link("구성원 추가")
	v.button("찾은 4개 모두 추가")
	v.says("NHN Cloud가 요청을 받지 않아 기다리고 있습니다", "추가 1, 이미 있음 0, 실패 0")
	v.look("group-change-waits")
	v.Must2(v.Reload())
	v.says("추가 1, 이미 있음 0, 실패 0")
	w.down.Store(false)
	v.Must(v.Expect().Locator(v.Locator("#change")).ToContainText("추가 4, 이미 있음 0, 실패 0", playwright.LocatorAssertionsToContainTextOptions{
		Timeout: playwright.Float(sendingTakes),
	}))
	v.says("작업을 마쳤습니다")
	v.link("그룹으로")
	v.says("5 / 5,000")
	v.button("이 그룹 빼기")
	v.says("소식에서 뺐습니다", "아직 그룹이 없습니다")
}

// What concerns all senders stops a change: with a secret that works again, it goes on
// with those that are left.
func TestASecretThatStopsWorkingInTheMiddleOfAChange(t *testing.T) {
	t.Parallel()
	w := newShops(t, "@강남점", "@부산점", "@대구점", "@광주점", "@제주점")
	v := w.signedIn(t, admin, browser.Options{})
	v.Visit(w.path + "/groups")
	v.Fill(v.Field("그룹의 발신 키"), w.group.SenderKey)
	v.button("그룹 추가")
	v.link("구성원 추가")
	w.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodPost && w.calls.Add(1) == 3 {
			check(t, w.sim.AddAppkey("shopsappkey", "another-secret"))
		}
		return nil
	}})
	v.button("찾은 4개 모두 추가")
	v.says("비밀 키가 맞지 않습니다", "발신 프로필 2개가 남았습니다", "추가 2, 이미 있음 0, 실패 0")
	v.look("group-change-stopped")
	v.button("이어서 하기")
	v.says("비밀 키가 맞지 않습니다", "발신 프로필 2개가 남았습니다")
	here := v.URL()
	v.Visit(w.path + "/settings")
	v.Fill(v.Field("비밀 키"), "another-secret")
	v.button("저장")
	v.says("저장했습니다")
	v.Must2(v.Goto(here))
	v.button("이어서 하기")
	v.says("작업을 마쳤습니다", "추가 4, 이미 있음 0, 실패 0")
	v.link("그룹으로")
	v.says("5 / 5,000")
}

// Without JavaScript, the same can be done.
func TestAGroupWithoutJavaScript(t *testing.T) {
	t.Parallel()
	w := newShops(t, "@강남점", "@부산점", "@대구점")
	v := w.signedIn(t, marketer, browser.Options{NoScript: true})
	v.Visit(w.path + "/groups")
	v.Fill(v.Field("그룹의 발신 키"), w.group.SenderKey)
	v.button("그룹 추가")
	v.link("구성원 추가")
	v.Fill(v.Field("검색용 아이디로 찾기"), "부산")
	v.button("검색")
	v.SeesNot(v.Role("checkbox", "@대구점"))
	v.ticks("@부산점")
	v.button("고른 발신 프로필 추가")
	v.saysSoon(v.main(), "작업을 마쳤습니다") // the page asks anew by itself
	v.link("그룹으로")
	v.Fill(v.Field("검색용 아이디로 찾기"), "부산")
	v.Click(v.Role("button", "찾기"))
	v.isAt(w.path + `/groups/\d+\?q=.*`)
	v.SeesNot(v.Role("checkbox", "@강남점"))
	v.ticks("@부산점")
	v.button("고른 구성원 빼기")
	v.button("그룹에서 빼기")
	v.saysSoon(v.main(), "제외 1")
}
