package actions_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// addSenders makes n senders "@g0000" and so on known, here and at the provider, and
// returns their keys. Those named in firstTime are first-time users.
func (b *bench) addSenders(t *testing.T, n int, firstTime ...string) []string {
	t.Helper()
	keys := make([]string, n)
	for i := range n {
		in := nhnsim.Sender{PlusFriendID: fmt.Sprintf("@g%04d", i), Registered: true}
		for _, name := range firstTime {
			in.FirstTime = in.FirstTime || name == in.PlusFriendID
		}
		made, err := b.sim.AddSender(testAppkey, in)
		must(t, err)
		keys[i] = made.SenderKey
	}
	_, err := b.RefreshSenders(t.Context(), b.admin, b.appkey)
	must(t, err)
	return keys
}

// addGroup makes a group with members known, here and at the provider.
func (b *bench) addGroup(t *testing.T, members ...string) models.SenderGroup {
	t.Helper()
	made, err := b.sim.AddGroup(testAppkey, nhnsim.Group{Name: "전국 매장", Members: members})
	must(t, err)
	g, err := b.AddGroup(t.Context(), b.admin, b.appkey, made.SenderKey)
	must(t, err)
	return g
}

// join lets a sender join a group at the provider, past this program.
func (b *bench) join(t *testing.T, g models.SenderGroup, senderKey string) {
	t.Helper()
	url := b.appkey.BaseURL + "/alimtalk/v2.1/appkeys/" + testAppkey + "/sender-groups/" + g.SenderKey + "/senders/" + senderKey
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
	must(t, err)
	req.Header.Set("X-Secret-Key", testSecret)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	must(t, resp.Body.Close())
}

// untilChange waits until a change is in the state.
func (b *bench) untilChange(t *testing.T, c models.GroupChange, reached func(models.GroupChange) bool) models.GroupChange {
	t.Helper()
	deadline, tick := time.After(time.Minute), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for {
		now, err := b.DB.GroupChangeByID(t.Context(), c.ID)
		must(t, err)
		if reached(now) {
			return now
		}
		select {
		case <-deadline:
			t.Fatalf("the change is %s (%s)", now.State, now.Problem.Key)
		case <-tick.C:
		}
	}
}

func isOver(c models.GroupChange) bool { return c.State == models.ChangeDone }

// wantItems checks how many senders of a change are in which state.
func (b *bench) wantItems(t *testing.T, c models.GroupChange, want models.ItemCounts) {
	t.Helper()
	got, err := b.DB.ItemCounts(t.Context(), c.ID)
	must(t, err)
	for _, state := range models.ItemStates() {
		if got[state] != want[state] {
			t.Errorf("%d items are %s, want %d", got[state], state, want[state])
		}
	}
}

// wantMembers checks how many members a group has, here and at the provider.
func (b *bench) wantMembers(t *testing.T, g models.SenderGroup, want int) {
	t.Helper()
	here, err := b.DB.SenderGroup(t.Context(), g.AppkeyID, g.ID)
	must(t, err)
	listed, err := b.DB.CountMembers(t.Context(), g.ID, "")
	must(t, err)
	there, err := b.sim.AddGroup(testAppkey, nhnsim.Group{Name: g.Name}) // one that exists is returned as it is
	must(t, err)
	if here.MemberCount != want || listed != int64(want) || len(there.Members) != want {
		t.Errorf("%d members here (%d listed), %d there, want %d", here.MemberCount, listed, len(there.Members), want)
	}
}

func TestEachSenderOfAChangeHasItsOwnResult(t *testing.T) {
	t.Parallel()
	for _, version := range []string{kakao.SenderAPIv21, kakao.SenderAPIv20} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			b.appkey.SenderVersion = version
			must(t, b.DB.SaveAppkey(t.Context(), b.appkey))
			keys := b.addSenders(t, 6, "@g0004")
			g := b.addGroup(t, keys[0])
			b.join(t, g, keys[5]) // somebody adds one in the console meanwhile
			b.work(t)
			c, err := b.AddMembers(t.Context(), b.admin, b.appkey, g, models.NewMembers{Keys: keys})
			must(t, err)
			b.untilChange(t, c, isOver)
			b.wantItems(t, c, models.ItemCounts{models.ItemDone: 3, models.ItemAlready: 1, models.ItemFailed: 1})
			failed, err := b.DB.GroupChangeItems(t.Context(), c.ID, models.ItemFailed, 0, 10)
			must(t, err)
			if len(failed) != 1 || failed[0].Code != kakao.CodeGroupFirstTime || failed[0].Problem.Key != "api.-1029" {
				t.Errorf("failed: %+v", failed)
			}
			b.wantMembers(t, g, 5)

			c, err = b.RemoveMembers(t.Context(), b.admin, b.appkey, g, keys[:2])
			must(t, err)
			b.untilChange(t, c, isOver)
			b.wantItems(t, c, models.ItemCounts{models.ItemDone: 2})
			b.wantMembers(t, g, 3)
			if calls := b.sim.Stats().Calls; calls["add member"] != 6 {
				t.Errorf("calls: %v", calls)
			}
		})
	}
}

// answers makes the provider answer calls that change a group, the first one n = 1.
func (b *bench) answers(answer func(n int64) *nhnsim.Answer) *atomic.Int64 {
	var calls atomic.Int64
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodGet || !strings.Contains(r.URL.Path, "/sender-groups/") {
			return nil
		}
		return answer(calls.Add(1))
	}})
	return &calls
}

func TestWhatIsNoAnswerAboutASenderIsAskedAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer nhnsim.Answer // to the second call
		want   models.ItemCounts
	}{
		{"one call too many", nhnsim.Answer{Status: http.StatusTooManyRequests, RetryAfter: time.Second}, models.ItemCounts{models.ItemDone: 3}},
		{"one call too many, for longer", nhnsim.Answer{Status: http.StatusTooManyRequests, RetryAfter: 3 * time.Second}, models.ItemCounts{models.ItemDone: 3}},
		{"an answer that is lost", nhnsim.Answer{After: true, Drop: true}, models.ItemCounts{models.ItemDone: 2, models.ItemAlready: 1}},
		{"a gateway that fails", nhnsim.Answer{Status: http.StatusBadGateway, Body: "bad gateway"}, models.ItemCounts{models.ItemDone: 3}},
		{"a provider that does not know", nhnsim.Answer{Code: kakao.CodeSystem}, models.ItemCounts{models.ItemDone: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			keys := b.addSenders(t, 3)
			g := b.addGroup(t)
			b.answers(func(n int64) *nhnsim.Answer {
				if n == 2 {
					return &tt.answer
				}
				return nil
			})
			b.work(t)
			c, err := b.AddMembers(t.Context(), b.admin, b.appkey, g, models.NewMembers{Keys: keys})
			must(t, err)
			if c = b.untilChange(t, c, isOver); c.Problem.Key != "" {
				t.Errorf("over, and waits for %q", c.Problem.Key)
			}
			b.wantItems(t, c, tt.want)
			b.wantMembers(t, g, 3)
		})
	}
}

func TestWhatTheProviderNeverKnowsFailsAtLast(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	keys := b.addSenders(t, 2)
	g := b.addGroup(t)
	b.answers(func(n int64) *nhnsim.Answer {
		if n <= 3 {
			return &nhnsim.Answer{Code: kakao.CodeSystem}
		}
		return nil
	})
	b.work(t)
	c, err := b.AddMembers(t.Context(), b.admin, b.appkey, g, models.NewMembers{Keys: keys})
	must(t, err)
	b.untilChange(t, c, isOver)
	b.wantItems(t, c, models.ItemCounts{models.ItemFailed: 1, models.ItemDone: 1})
}

func TestAChangeWaitsWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	keys := b.addSenders(t, 20)
	g := b.addGroup(t)
	var down atomic.Bool
	down.Store(true)
	calls := b.answers(func(n int64) *nhnsim.Answer {
		if n > 5 && down.Load() {
			return &nhnsim.Answer{Drop: true}
		}
		return nil
	})
	b.work(t)
	c, err := b.AddMembers(t.Context(), b.admin, b.appkey, g, models.NewMembers{Keys: keys})
	must(t, err)
	b.untilChange(t, c, func(c models.GroupChange) bool { return c.Waits() && c.Problem.Key == "provider.resting" })
	if n := calls.Load(); n > 40 { // a busy machine lets it rest, and be asked, several times
		t.Errorf("a provider that is down was called %d times", n)
	}
	down.Store(false)
	b.untilChange(t, c, isOver)
	b.wantItems(t, c, models.ItemCounts{models.ItemDone: 20})
	b.wantMembers(t, g, 20)
}

func TestAChangeStopsAtWhatConcernsAll(t *testing.T) {
	t.Parallel()
	for _, code := range []int{
		kakao.CodeAppkey, kakao.CodeSecretKey, kakao.CodeAppkeyDisabled, kakao.CodeGroupNotFound, kakao.CodeGroupFull,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			keys := b.addSenders(t, 4)
			g := b.addGroup(t)
			b.answers(func(n int64) *nhnsim.Answer {
				if n == 2 {
					return &nhnsim.Answer{Code: code}
				}
				return nil
			})
			b.work(t)
			c, err := b.AddMembers(t.Context(), b.admin, b.appkey, g, models.NewMembers{Keys: keys})
			must(t, err)
			stopped := b.untilChange(t, c, func(c models.GroupChange) bool { return c.State == models.ChangeStopped })
			if want := fmt.Sprintf("api.%d", code); stopped.Problem.Key != want {
				t.Errorf("stopped because of %q, want %q", stopped.Problem.Key, want)
			}
			b.wantItems(t, c, models.ItemCounts{models.ItemDone: 1, models.ItemPlanned: 3})
			must(t, b.ResumeChange(t.Context(), b.admin, b.appkey, g, stopped))
			b.untilChange(t, c, isOver)
			b.wantItems(t, c, models.ItemCounts{models.ItemDone: 4})
			b.wantMembers(t, g, 4)
		})
	}
}

func TestAChangeWhoseProcessHasDiedIsTakenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	keys := b.addSenders(t, 10)
	g := b.addGroup(t)
	c, err := b.AddMembers(t.Context(), b.admin, b.appkey, g, models.NewMembers{Keys: keys})
	must(t, err)
	// The process has claimed the change and asked for the first sender, and died
	// before it could write down the answer.
	long := b.Now().Add(-time.Hour)
	claimed, err := b.DB.ClaimGroupChange(t.Context(), c.ID, "dead", b.Now(), long)
	must(t, err)
	if !claimed {
		t.Fatal("not claimed")
	}
	b.join(t, g, keys[0])
	b.work(t)
	b.untilChange(t, c, isOver)
	b.wantItems(t, c, models.ItemCounts{models.ItemDone: 9, models.ItemAlready: 1})
	b.wantMembers(t, g, 10)
}

func TestJobsOfTheSameChangeDoNotWorkTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	keys := b.addSenders(t, 30)
	g := b.addGroup(t)
	c, err := b.AddMembers(t.Context(), b.admin, b.appkey, g, models.NewMembers{Keys: keys})
	must(t, err)
	var jobs sync.WaitGroup
	for range 4 {
		jobs.Go(func() {
			if err := b.ChangeGroup(t.Context(), c.ID); err != nil {
				t.Error(err)
			}
		})
	}
	jobs.Wait()
	b.wantItems(t, c, models.ItemCounts{models.ItemDone: 30})
	if n := b.sim.Stats().Calls["add member"]; n != 30 {
		t.Errorf("%d calls for 30 senders", n)
	}
}

func TestOnlyOneChangeOfAGroupRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	keys := b.addSenders(t, 4)
	g := b.addGroup(t, keys[3])
	first, err := b.AddMembers(t.Context(), b.admin, b.appkey, g, models.NewMembers{Keys: keys[:1]})
	must(t, err)
	_, err = b.RemoveMembers(t.Context(), b.admin, b.appkey, g, keys[3:])
	if models.KindOf(err) != models.Conflict || models.TextOf(err).Key != "error.exists.group_change" {
		t.Errorf("a second change: %v", err)
	}
	if err := b.ForgetGroup(t.Context(), b.admin, b.appkey, g); models.KindOf(err) != models.Conflict {
		t.Errorf("forgotten meanwhile: %v", err)
	}
	must(t, b.StopChange(t.Context(), b.admin, b.appkey, g, first))
	second, err := b.RemoveMembers(t.Context(), b.admin, b.appkey, g, keys[3:])
	must(t, err)
	if err := b.ResumeChange(t.Context(), b.admin, b.appkey, g, first); models.KindOf(err) != models.Conflict {
		t.Errorf("the first goes on beside the second: %v", err)
	}
	must(t, b.ChangeGroup(t.Context(), second.ID), b.ChangeGroup(t.Context(), first.ID))
	b.wantItems(t, first, models.ItemCounts{models.ItemPlanned: 1})
	b.wantMembers(t, g, 0)
	must(t, b.ForgetGroup(t.Context(), b.admin, b.appkey, g))
	if _, err := b.DB.GroupChangeByID(t.Context(), first.ID); models.KindOf(err) != models.NotFound {
		t.Errorf("its change is still there: %v", err)
	}
}

func TestWhoMayChangeGroups(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	keys := b.addSenders(t, 1)
	g := b.addGroup(t, keys...)
	viewer := models.Actor{User: models.User{ID: 99}, Role: models.Viewer}
	ctx := t.Context()
	_, added := b.AddGroup(ctx, viewer, b.appkey, g.SenderKey)
	_, more := b.AddMembers(ctx, viewer, b.appkey, g, models.NewMembers{Keys: keys})
	_, less := b.RemoveMembers(ctx, viewer, b.appkey, g, keys)
	for what, err := range map[string]error{
		"add": added, "add members": more, "remove members": less,
		"refresh": b.RefreshGroup(ctx, viewer, b.appkey, g),
		"forget":  b.ForgetGroup(ctx, viewer, b.appkey, g),
		"stop":    b.StopChange(ctx, viewer, b.appkey, g, models.GroupChange{}),
		"resume":  b.ResumeChange(ctx, viewer, b.appkey, g, models.GroupChange{}),
	} {
		if models.KindOf(err) != models.Forbidden {
			t.Errorf("%s by a viewer: %v", what, err)
		}
	}
}

func TestAFullGroupStaysQuick(t *testing.T) {
	t.Parallel()
	b := newBench(t, 10*time.Second)
	keys := b.addSenders(t, kakao.MaxGroupMembers)
	began := time.Now()
	g := b.addGroup(t, keys...)
	t.Logf("added with %d members in %s", g.MemberCount, time.Since(began))
	if g.Room() != 0 {
		t.Errorf("room for %d", g.Room())
	}
	began = time.Now()
	must(t, b.RefreshGroup(t.Context(), b.admin, b.appkey, g))
	t.Logf("refreshed in %s", time.Since(began))
	_, err := b.AddMembers(t.Context(), b.admin, b.appkey, g, models.NewMembers{Pasted: testSender})
	if models.TextOf(err).Key != "group.too_many" {
		t.Errorf("one more: %v", err)
	}
	var seen int
	var at models.MemberCursor
	began = time.Now()
	pages := 0
	for {
		ms, err := b.DB.GroupMembers(t.Context(), g.ID, models.MemberFilter{After: models.ParseMemberCursor(at.String())}, 100)
		must(t, err)
		if len(ms) == 0 {
			break
		}
		pages++
		seen += len(ms)
		at = models.MemberCursor{PlusFriendID: ms[len(ms)-1].PlusFriendID, SenderKey: ms[len(ms)-1].SenderKey}
	}
	t.Logf("%d pages in %s", pages, time.Since(began))
	if seen != kakao.MaxGroupMembers {
		t.Errorf("%d members on all pages", seen)
	}
	began = time.Now()
	found, err := b.DB.GroupMembers(t.Context(), g.ID, models.MemberFilter{Query: "999"}, 101)
	must(t, err)
	t.Logf("searched in %s", time.Since(began))
	if len(found) != 5 {
		t.Errorf("%d found", len(found))
	}
}
