package nhn_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// turnstile answers calls by a function, and notes when each came.
type turnstile struct {
	answer func(n int) *http.Response // the nth, from 1

	mu    sync.Mutex
	began time.Time
	at    []time.Duration
}

func (s *turnstile) RoundTrip(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, time.Since(s.began))
	return s.answer(len(s.at)), nil
}

func fine(int) *http.Response { return respond(200, answer(kakao.CodeOK)) }

// remove is a call that is made once.
func remove(ctx context.Context, c *nhn.Client) error { return c.DeleteImages(ctx, 1) }

// turnstiled is a client that goes through s.
func turnstiled(s *turnstile, cfg nhn.Config) *nhn.Client {
	s.began = time.Now()
	if s.answer == nil {
		s.answer = fine
	}
	cfg.HTTP = &http.Client{Transport: s}
	return nhn.New(cfg)
}

func TestThePaceOfAnAppkeyIsSharedByItsClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &turnstile{}
		pace := nhn.NewPace(10)
		clients := []*nhn.Client{turnstiled(s, nhn.Config{Pace: pace}), turnstiled(s, nhn.Config{Pace: pace})}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				if err := remove(t.Context(), clients[i%2]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(s.began); took != 3*time.Second || len(s.at) != 40 {
			t.Errorf("%d calls took %v", len(s.at), took) // ten at once, then ten a second
		}
		pace.SetRate(0)
		for range 100 {
			_ = remove(t.Context(), clients[0])
		}
		if took := time.Since(s.began); took != 3*time.Second {
			t.Errorf("without a rate it took until %v", took)
		}
	})
}

// tooMany answers the first n calls with 429, and says when to come back if that is
// not empty.
func tooMany(n int, seconds string) func(int) *http.Response {
	return func(i int) *http.Response {
		if i > n {
			return fine(i)
		}
		if seconds == "" {
			return respond(429, "")
		}
		return later(429, seconds)
	}
}

func TestNoCallGoesOutBeforeTheProviderAllowsIt(t *testing.T) {
	t.Parallel()
	second := time.Second
	for name, test := range map[string]struct {
		answer func(int) *http.Response
		want   []time.Duration
	}{
		"Retry-After is obeyed":                   {tooMany(2, "7"), []time.Duration{0, 7 * second, 14 * second}},
		"Retry-After may be a date":               {tooMany(1, "Sat, 01 Jan 2000 00:00:10 GMT"), []time.Duration{0, 10 * second}}, // it is midnight
		"without it, a second, and twice as long": {tooMany(4, ""), []time.Duration{0, second, 3 * second, 7 * second, 15 * second}},
		"but not longer than a minute": {tooMany(8, ""), []time.Duration{
			0, second, 3 * second, 7 * second, 15 * second, 31 * second, 63 * second, 123 * second, 183 * second,
		}},
		"an answer begins anew": {
			func(i int) *http.Response {
				if i == 3 {
					return fine(i)
				}
				return respond(429, "")
			}, []time.Duration{0, second, 3 * second, 3 * second, 4 * second, 6 * second},
		},
		"a failure of another kind does too": {
			func(i int) *http.Response {
				if i == 2 {
					return respond(500, "")
				}
				return respond(429, "")
			}, []time.Duration{0, second, second, 2 * second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &turnstile{answer: test.answer}
				c := turnstiled(s, nhn.Config{Timeout: 5 * time.Minute})
				for range test.want {
					_ = remove(t.Context(), c)
				}
				for i, want := range test.want {
					if s.at[i] != want {
						t.Fatalf("called after %v, want %v", s.at, test.want)
					}
				}
			})
		})
	}
}

func TestACallWithoutTimeToWaitFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &turnstile{answer: tooMany(1, "40")}
		c := turnstiled(s, nhn.Config{})
		if e := failure(t, remove(t.Context(), c)); e.Status != 429 || !e.Limited() || e.RetryAfter != 40*time.Second {
			t.Errorf("the first: %v", e)
		}
		if c.Rest() != 40*time.Second {
			t.Errorf("rests for %v", c.Rest())
		}
		<-time.After(5 * time.Second)
		e := failure(t, remove(t.Context(), c)) // a call has 30 seconds
		if !e.Limited() || !e.NotSent() || !e.Temporary() || e.InDoubt() || e.Status != 0 || e.RetryAfter != 35*time.Second {
			t.Errorf("the second: %v, to wait %v", e, e.RetryAfter)
		}
		if len(s.at) != 1 || time.Since(s.began) != 5*time.Second {
			t.Errorf("%d calls, after %v", len(s.at), time.Since(s.began))
		}
		<-time.After(10 * time.Second)
		if c.Rest() != 25*time.Second {
			t.Errorf("rests for %v", c.Rest())
		}
		if err := remove(t.Context(), c); err != nil || s.at[1] != 40*time.Second {
			t.Errorf("the third: %v, called after %v", err, s.at)
		}
	})
}

func TestTheRateLeavesNoTimeEither(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &turnstile{}
		c := turnstiled(s, nhn.Config{Pace: nhn.NewPace(1), Timeout: 100 * time.Millisecond})
		if err := remove(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if e := failure(t, remove(t.Context(), c)); !e.Limited() || e.RetryAfter != time.Second || time.Since(s.began) != 0 {
			t.Errorf("%v, to wait %v", e, e.RetryAfter)
		}
		<-time.After(950 * time.Millisecond)
		if err := remove(t.Context(), c); err != nil { // whom there was no time for has not taken a turn
			t.Error(err)
		}
	})
}

// A hundred calls that are under way together are turned away together, and do not
// make the wait a minute.
func TestCallsTurnedAwayTogetherCountOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var inside sync.WaitGroup
		inside.Add(100)
		pace := nhn.NewPace(0)
		c := nhn.New(nhn.Config{Pace: pace, HTTP: transport(func(*http.Request) (*http.Response, error) {
			inside.Done()
			inside.Wait()
			return respond(429, ""), nil
		})})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { _ = remove(t.Context(), c) })
		}
		wg.Wait()
		if rest := pace.Rest(); rest != time.Second {
			t.Errorf("rests for %v", rest)
		}
	})
}

func TestWhoWaitsForATurnWaitsForALaterOneToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &turnstile{answer: func(i int) *http.Response {
			if i == 2 {
				return later(429, "3")
			}
			return fine(i)
		}}
		c := turnstiled(s, nhn.Config{Pace: nhn.NewPace(1)})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { _ = remove(t.Context(), c) })
		}
		wg.Wait()
		want := []time.Duration{0, time.Second, 4 * time.Second, 5 * time.Second}
		for i, w := range want { // the second says to wait until 4 s; nobody comes before, and one a second after
			if i >= len(s.at) || s.at[i] < w {
				t.Fatalf("called after %v, want not before %v", s.at, want)
			}
		}
	})
}

func TestACallerWhoGivesUpWaitingHasNotCalled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &turnstile{answer: tooMany(1, "20")}
		c := turnstiled(s, nhn.Config{})
		_ = remove(t.Context(), c)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		e := failure(t, remove(ctx, c))
		if e.Limited() || !e.NotSent() || time.Since(s.began) != time.Second || len(s.at) != 1 {
			t.Errorf("%v after %v, %d calls", e, time.Since(s.began), len(s.at))
		}
	})
}
