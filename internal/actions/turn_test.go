package actions_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// atOnce lets all batches of a campaign go out now.
func (b *bench) atOnce(t *testing.T, c models.Campaign) []models.Batch {
	t.Helper()
	for _, batch := range b.batches(t, c) {
		now := b.Now().UTC()
		must(t, b.DB.SetBatch(t.Context(), batch.ID, map[string]any{"send_at": nil, "due_at": now, "meant_at": now}))
	}
	return b.batches(t, c)
}

// process is a service like that of b, as another process would have it: with the same
// database and an own experience of the provider.
func (b *bench) process() *actions.Service {
	return &actions.Service{
		DB: b.DB, Jobs: b.Jobs, Log: b.Log, Keeper: b.Keeper, Now: b.Now, Timing: b.Timing, Sweeping: b.Sweeping,
		Provider: actions.NewProvider(b.Keeper, b.Timing.CallTimeout, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}),
	}
}

// sends makes the simulator note when requests to send came in.
func (b *bench) sends() (times func() []time.Time) {
	var mu sync.Mutex
	var at []time.Time
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Now())
		}
		return nil
	}})
	return func() []time.Time {
		mu.Lock()
		defer mu.Unlock()
		slices.SortFunc(at, time.Time.Compare)
		return at
	}
}

// However many processes there are, and whichever of our appkeys they send through: the
// provider gets no more requests for a project than its rate allows.
func TestProcessesShareTheRateOfAProject(t *testing.T) {
	t.Parallel()
	const rate, batches = 20, 40
	b := newBench(t, 10*time.Second)
	b.appkey.RatePerSecond = rate
	must(t, b.DB.SaveAppkey(t.Context(), b.appkey))
	c := b.paced(t, 10*batches, models.Pacing{Pace: 10}, nil)
	work := make(chan int64, batches)
	for _, batch := range b.atOnce(t, c) {
		work <- batch.ID
	}
	close(work)
	times := b.sends()
	began, err := b.DB.Now(t.Context())
	must(t, err)
	var wg sync.WaitGroup
	for _, s := range []*actions.Service{b.Service, b.process(), b.process()} {
		for range 4 {
			wg.Go(func() {
				for id := range work {
					if err := s.SendBatch(t.Context(), id); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	at := times()
	if len(at) != batches {
		t.Fatalf("%d requests, want %d", len(at), batches)
	}
	// However busy the machine is, every request had a turn of its own.
	if next := int64(b.number(t, "SELECT MAX(next_at) FROM turns")); next < began.Add(batches*time.Second/rate).UnixMicro() {
		t.Errorf("%d requests have taken turns for %s", batches, time.UnixMicro(next).Sub(began))
	}
	const jitter = time.Second // of a busy machine, between a turn and its request
	for i := range at {
		for j := i + 1; j < len(at); j++ {
			if allowed := 1 + float64(rate)*(at[j].Sub(at[i])+jitter).Seconds(); float64(j-i+1) > allowed {
				t.Fatalf("%d requests in %s", j-i+1, at[j].Sub(at[i]))
			}
		}
	}
	b.wantOnce(t, 10*batches)
}

// What would have to wait for long is not claimed, and goes out when its turn comes.
func TestATurnThatIsFarAwayIsNotClaimed(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.appkey.RatePerSecond = 1
	must(t, b.DB.SaveAppkey(t.Context(), b.appkey))
	c := b.planned(t)
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		now, err := tx.Now(t.Context())
		for range 5 {
			if err == nil {
				_, err = tx.TakeTurn(t.Context(), b.appkey, now)
			}
		}
		return err
	}))
	wantBatches(t, b.sendDue(t, c))
	batch := b.batch(t, c)
	if wait := batch.DueAt.Sub(b.Now()); batch.Attempt != 0 || wait < 3*time.Second || wait > 6*time.Second {
		t.Errorf("attempt %d, due in %s", batch.Attempt, wait)
	}
	b.work(t)
	b.until(t, c, isState(models.CampaignFinished))
	b.wantOnce(t, 10)
}

func TestTurns(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	k := models.Appkey{BaseURL: "https://one.example", Appkey: "k", RatePerSecond: 4}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		name string
		k    models.Appkey
		now  time.Time
		want time.Duration
	}{
		{"the first goes at once", k, now, 0},
		{"the second waits", k, now, 250 * time.Millisecond},
		{"the third waits for both", k, now, 500 * time.Millisecond},
		{"time has passed", k, now.Add(600 * time.Millisecond), 150 * time.Millisecond},
		{"another of our appkeys is the same project", models.Appkey{ID: 9, BaseURL: k.BaseURL, Appkey: "k", RatePerSecond: 100}, now.Add(600 * time.Millisecond), 400 * time.Millisecond},
		{"another project has turns of its own", models.Appkey{BaseURL: k.BaseURL, Appkey: "l", RatePerSecond: 4}, now, 0},
		{"nobody has called for long", k, now.Add(time.Hour), 0},
		{"without a rate nobody waits", models.Appkey{BaseURL: k.BaseURL, Appkey: "m"}, now, 0},
		{"without a rate nobody waits again", models.Appkey{BaseURL: k.BaseURL, Appkey: "m"}, now, 0},
		{"the clock was set back", k, now, 0},
		{"and goes on from there", k, now, 250 * time.Millisecond},
	} {
		must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
			wait, err := tx.TakeTurn(t.Context(), step.k, step.now)
			if wait != step.want {
				t.Errorf("%s: %s, want %s", step.name, wait, step.want)
			}
			return err
		}))
	}
}
