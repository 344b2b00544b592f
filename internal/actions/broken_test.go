package actions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/testdb"
	"soshik/models"
)

// breakable is a bench whose database and provider fail at one call, and which does
// its work step by step, so that the same calls come in the same order each time.
type breakable struct {
	*bench

	db     *testdb.Breaker
	api    *brokenTransport
	whole  *models.DB // the same database, which does not fail
	move   func(time.Duration)
	cancel bool // each campaign, once it has been planned
}

// brokenTransport lets one call to the provider fail.
type brokenTransport struct {
	next  http.RoundTripper
	fault testdb.Fault
	calls int
}

func (b *brokenTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	b.calls++
	if b.calls == b.fault.N && !b.fault.After {
		return nil, errBrokenCall
	}
	resp, err := b.next.RoundTrip(r)
	if err == nil && b.calls == b.fault.N {
		_, _ = io.Copy(io.Discard, resp.Body)
		return nil, errors.Join(errBrokenCall, resp.Body.Close())
	}
	return resp, err
}

var errBrokenCall = errors.New("the call has been broken on purpose")

func newBreakable(t *testing.T, cancel bool) *breakable {
	t.Helper()
	address := testdb.New(t)
	db, breaker := testdb.OpenBroken(t, address)
	whole, err := models.Open(t.Context(), address)
	must(t, err)
	t.Cleanup(func() { must(t, whole.Close()) })
	offset := kakao.DayOffset(time.Now())
	var moved atomic.Int64
	now := func() time.Time { return time.Now().Add(offset + time.Duration(moved.Load())).UTC() }
	db.SetClock(now)
	whole.SetClock(now)
	b := &breakable{
		bench: newBenchOn(t, db, 5*time.Second, now), db: breaker, whole: whole, cancel: cancel,
		move: func(by time.Duration) { moved.Add(int64(by)) },
		api:  &brokenTransport{next: &http.Transport{}},
	}
	if whole.Dialect() == models.SQLite { // nothing here outlives the test
		for _, db := range []*models.DB{db, whole} {
			_, err := db.SQL().ExecContext(t.Context(), "PRAGMA synchronous=OFF")
			must(t, err)
		}
	}
	b.Provider = actions.NewProvider(b.Keeper, 5*time.Second, &http.Client{Transport: b.api})
	// Nothing runs beside something else here, so that leases need not be long.
	b.Timing = actions.Timing{CallTimeout: 500 * time.Millisecond, Settling: 4 * time.Second}
	return b
}

// runJobs works the jobs that wait, the oldest first, whatever comes of them: what
// fails is for the sweep to find.
func (b *breakable) runJobs(t *testing.T) {
	t.Helper()
	args := "args"
	if b.whole.Dialect() == models.SQLite {
		args = "json(args)"
	}
	for {
		var id int64
		var kind, text string
		row := b.whole.SQL().QueryRowContext(t.Context(), "SELECT id, kind, "+args+" FROM river_job WHERE state = 'available' ORDER BY id LIMIT 1")
		if err := row.Scan(&id, &kind, &text); err != nil {
			return
		}
		_, err := b.whole.SQL().ExecContext(t.Context(), "DELETE FROM river_job WHERE id = $1", id)
		must(t, err)
		_ = b.runJob(t.Context(), kind, []byte(text))
	}
}

func (b *breakable) runJob(ctx context.Context, kind string, text []byte) error {
	var in struct {
		BatchID    int64 `json:"batch_id"`
		CampaignID int64 `json:"campaign_id"`
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	switch kind {
	case (actions.PlanCampaign{}).Kind():
		return b.PlanCampaign(ctx, in.CampaignID)
	case (actions.SendBatch{}).Kind():
		return b.SendBatch(ctx, in.BatchID)
	case (actions.SettleBatch{}).Kind():
		return b.SettleBatch(ctx, in.BatchID)
	case (actions.CancelCampaign{}).Kind():
		return b.CancelBatches(ctx, in.CampaignID)
	case (actions.TakeResults{}).Kind():
		var results actions.TakeResults
		return errors.Join(json.Unmarshal(text, &results), b.TakeResults(ctx, results))
	}
	return nil
}

// through takes a draft through all its states with the faults that are set.
func (b *breakable) through(t *testing.T, c models.Campaign) {
	t.Helper()
	ctx, cancelled := t.Context(), !b.cancel
	for range 120 {
		now, err := b.whole.Campaign(ctx, b.appkey.ID, c.ID)
		must(t, err)
		e, err := b.whole.Equation(ctx, now)
		must(t, err)
		if e.Sum() != e.Audience {
			t.Fatalf("the equation does not hold: %+v", e)
		}
		switch {
		case now.State == models.CampaignDraft:
			_ = b.Launch(ctx, b.admin, b.appkey.ID, c.ID, now.Revision)
		case now.State.Over() && e.Open() == 0:
			return
		case now.State == models.CampaignHeld, now.State == models.CampaignPaused:
			_ = b.Resume(ctx, b.admin, b.appkey.ID, c.ID)
		case !cancelled && e.Unplanned == 0:
			cancelled = b.Cancel(ctx, b.admin, b.appkey.ID, c.ID) == nil
		}
		_ = b.Sweep(ctx)
		b.runJobs(t)
		b.db.Mend()
		b.pass(t)
	}
	t.Fatal("it does not come to an end")
}

// pass lets time pass: by the clock, and for those who are dead.
func (b *breakable) pass(t *testing.T) {
	t.Helper()
	b.move(2 * time.Second)
	_, err := b.whole.ExpireLeases(t.Context(), time.Now().Add(time.Hour), b.Now())
	must(t, err)
}

// judge compares the ledger with what the provider has of a campaign.
func (b *breakable) judge(t *testing.T, c models.Campaign) {
	t.Helper()
	live := map[string]int{}
	for a := range b.sim.Accepted(testAppkey) {
		if strings.HasPrefix(a.RecipientGroupingKey, c.ULID) && !a.Cancelled {
			live[a.RecipientNo]++
		}
	}
	bs, err := b.whole.Batches(t.Context(), c.ID, 0, 10)
	must(t, err)
	for _, batch := range bs {
		ms, err := b.whole.BatchMessages(t.Context(), batch.ID)
		must(t, err)
		for _, m := range ms {
			want := 0
			switch m.State {
			case models.MessageOpen, models.MessageDelivered, models.MessageFailed, models.MessageSMS, models.MessageClosed:
				want = 1
			case models.MessageSkipped, models.MessageRefused, models.MessageLost, models.MessageCancelled:
			}
			if live[m.Phone] != want {
				t.Errorf("%s: the ledger says %d, the provider has %d", m.Phone, m.State, live[m.Phone])
			}
		}
	}
}

// Each call of a small campaign fails once, to the database and to the provider, before
// it is carried out and after. A query whose answer is lost has failed all the same, so
// that of the database's only the calls that may write are carried out first. A process
// that the database leaves for the rest of a step is as good as dead. Nobody is lost or
// doubled.
func TestEveryCallFailsOnce(t *testing.T) {
	t.Parallel()
	for _, channel := range models.Channels() {
		for _, cancel := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, cancelled %v", channel, cancel), func(t *testing.T) {
				t.Parallel()
				b := newBreakable(t, cancel)
				draft := b.drafts(t, channel)
				kinds := map[string]func(n int) (made int){
					"database before": b.breaks(t, draft, testdb.Fault{}),
					"database after":  b.breaks(t, draft, testdb.Fault{After: true, Writes: true}),
					"database gone":   b.breaks(t, draft, testdb.Fault{Stays: true, Writes: true}),
					"provider before": b.breaksProvider(t, draft, false),
					"provider after":  b.breaksProvider(t, draft, true),
				}
				for name, breaks := range kinds {
					n := 1
					for made := n; n <= made && !t.Failed(); n++ {
						made = breaks(n)
					}
					t.Logf("%s: %d calls", name, n-1)
					if t.Failed() {
						t.Fatalf("%s: call %d", name, n-1)
					}
				}
			})
		}
	}
}

// breaks has the n-th call to the database fail, and says how many were made.
func (b *breakable) breaks(t *testing.T, draft func() models.Campaign, f testdb.Fault) func(n int) int {
	t.Helper()
	return func(n int) int {
		c := draft()
		f.N = n
		b.db.Set(f)
		b.through(t, c)
		made := b.db.Calls()
		b.judge(t, c)
		return made
	}
}

func (b *breakable) breaksProvider(t *testing.T, draft func() models.Campaign, after bool) func(n int) int {
	t.Helper()
	return func(n int) int {
		c := draft()
		b.db.Set(testdb.Fault{})
		b.api.calls, b.api.fault = 0, testdb.Fault{N: n, After: after}
		b.through(t, c)
		b.judge(t, c)
		return b.api.calls
	}
}

// drafts makes drafts alike, in the morning.
func (b *breakable) drafts(t *testing.T, channel models.Channel) func() models.Campaign {
	t.Helper()
	broken := b.DB
	b.DB = b.whole
	defer func() { b.DB = broken }()
	var first models.Campaign
	if channel == models.BrandTalk {
		first = b.brandDraft(t, 1, "0005")
	} else {
		first = b.draft(t, 1, "0001", "0005")
	}
	return func() models.Campaign {
		if b.Now().In(kakao.KST).Hour() >= 18 {
			b.move(kakao.NextMorning(b.Now().Add(6*time.Hour)).Sub(b.Now()) + time.Hour)
		}
		c := first
		c.ID, c.ULID, c.CreatedAt, c.UpdatedAt = 0, ulid.Make().String(), b.Now(), b.Now()
		if b.cancel {
			at := b.Now().Add(time.Hour)
			c.ScheduledAt = &at
		}
		must(t, b.whole.CreateCampaign(t.Context(), &c))
		return c
	}
}
