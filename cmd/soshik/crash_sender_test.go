package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/internal/testdb"
	"soshik/models"
)

// takenUp is how far the clock is moved on after each kill, so that the next process
// need not wait until the dead one is taken for dead.
const takenUp = time.Minute

// senderCrash is a database and a provider that processes can be killed over.
type senderCrash struct {
	*actions.Service

	sim           *nhnsim.Sim
	appkey        models.Appkey
	address, data string
	key           string
	offset        time.Duration // of the next process's clock
}

// newSenderCrash makes n senders at the provider. Nobody has read them yet.
func newSenderCrash(t *testing.T, n int) *senderCrash {
	t.Helper()
	w := &senderCrash{address: testdb.New(t), data: t.TempDir(), key: strings.Repeat("5", 64), offset: kakao.DayOffset(time.Now())}
	var err error
	w.sim, err = nhnsim.Open(nhnsim.Config{})
	must(t, err)
	provider := httptest.NewServer(w.sim)
	t.Cleanup(func() {
		provider.Close()
		must(t, w.sim.Close())
	})
	must(t, w.sim.AddAppkey("crash", "secret"))
	w.Service = crashService(t, w.address, w.key, w.offset)
	t.Cleanup(func() { must(t, w.DB.Close()) })
	w.appkey = seedCrash(t, w.Service, provider.URL)
	for i := range n {
		_, err := w.sim.AddSender("crash", nhnsim.Sender{PlusFriendID: fmt.Sprintf("@shop%04d", i), Registered: true})
		must(t, err)
	}
	return w
}

// until runs a process until reached, and kills it; the last one is let live.
func (w *senderCrash) until(t *testing.T, last bool, reached func() bool) {
	t.Helper()
	p := startProcess(t, w.address, w.data, w.key, w.offset)
	deadline, tick := time.After(30*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !reached() {
		select {
		case <-deadline:
			t.Fatal("the process does not come that far")
		case <-tick.C:
		}
	}
	if last {
		return
	}
	must(t, p.Process.Kill())
	_ = p.Wait()
	w.offset += takenUp
}

// A change of a group whose process is killed again and again goes on where it was:
// each sender is asked for once, and once more at most for each kill.
func TestKillNineInAGroupChange(t *testing.T) {
	t.Parallel()
	const size, kills = 60, 3
	w := newSenderCrash(t, size)
	ctx := t.Context()
	_, err := w.RefreshSenders(ctx, models.Actor{}, w.appkey)
	must(t, err)
	made, err := w.sim.AddGroup("crash", nhnsim.Group{Name: "shops"})
	must(t, err)
	g, err := w.AddGroup(ctx, models.Actor{}, w.appkey, made.SenderKey)
	must(t, err)
	asked := w.countMembersAsked()
	c, err := w.AddMembers(ctx, models.Actor{}, w.appkey, g, models.NewMembers{All: true})
	must(t, err)

	settled := func() int {
		counts, err := w.DB.ItemCounts(ctx, c.ID)
		must(t, err)
		return counts.Settled()
	}
	for kill := range kills {
		w.until(t, false, func() bool { return settled() >= (kill+1)*size/(kills+1) })
	}
	w.until(t, true, func() bool {
		c, err = w.DB.GroupChangeByID(ctx, c.ID)
		must(t, err)
		return c.State != models.ChangeRunning
	})
	counts, err := w.DB.ItemCounts(ctx, c.ID)
	must(t, err)
	members, err := w.DB.CountMembers(ctx, g.ID, "")
	must(t, err)
	calls, senders := asked()
	t.Logf("%d calls for %d senders, %v", calls, senders, counts)
	if c.State != models.ChangeDone || counts[models.ItemDone]+counts[models.ItemAlready] != size || members != size {
		t.Errorf("the change is %s, %v, with %d members", c.State, counts, members)
	}
	if senders != size || calls > size+kills {
		t.Errorf("%d calls were made for %d senders", calls, senders)
	}
}

// countMembersAsked makes the provider slow to add members, whether or not somebody
// waits, and counts the calls and the senders they were about.
func (w *senderCrash) countMembersAsked() func() (calls, senders int) {
	var mu sync.Mutex
	asked, calls := map[string]bool{}, 0
	w.sim.SetFaults(nhnsim.Faults{
		Hook: func(r *http.Request) *nhnsim.Answer {
			if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/sender-groups/") {
				mu.Lock()
				defer mu.Unlock()
				asked[r.URL.Path] = true
				calls++
			}
			return nil
		},
		Rules: []nhnsim.Fault{{Kind: nhnsim.FaultLate, Endpoint: "add member", Delay: 20 * time.Millisecond}},
	})
	return func() (int, int) {
		mu.Lock()
		defer mu.Unlock()
		return calls, len(asked)
	}
}

// A refresh whose process is killed is taken up by the next one, and changes nothing
// before all senders have been read.
func TestKillNineInARefresh(t *testing.T) {
	t.Parallel()
	const size, kills = 2 * kakao.MaxPageSize, 3
	w := newSenderCrash(t, size)
	ctx := t.Context()
	var silent atomic.Bool // about the second page
	silent.Store(true)
	w.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if silent.Load() && r.URL.Query().Get("pageNum") == "2" {
			<-r.Context().Done()
		}
		return nil
	}})
	must(t, w.AskRefresh(ctx, models.Actor{}, w.appkey))
	state := func() models.SenderRefresh {
		r, err := w.DB.Refresh(ctx, w.appkey.ID)
		must(t, err)
		return r
	}
	claim := ""
	for range kills {
		w.until(t, false, func() bool {
			r := state()
			return r.Claim != claim && r.ReadCount >= kakao.MaxPageSize
		})
		r := state()
		claim = r.Claim
		known, err := w.DB.HasSenders(ctx, w.appkey.ID)
		must(t, err)
		if r.State != models.RefreshRunning || known {
			t.Fatalf("killed, the refresh is %s, senders are kept: %t", r.State, known)
		}
	}
	silent.Store(false)
	w.until(t, true, func() bool { return state().State != models.RefreshRunning })
	kept, err := w.DB.CountSenders(ctx, w.appkey.ID, models.SenderFilter{})
	must(t, err)
	if r := state(); r.State != models.RefreshDone || r.ReadCount != size || kept != size {
		t.Errorf("the refresh is %s (%v), %d were read, %d kept", r.State, r.Why(), r.ReadCount, kept)
	}
}
