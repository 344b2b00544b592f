package nhn_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// patient is a provider with a breaker, whose answers are set by hand.
type patient struct {
	clock   clock
	breaker nhn.Breaker
	client  *nhn.Client
	calls   atomic.Int32
	answer  func(*http.Request) (*http.Response, error)
}

func newPatient(cfg nhn.Config) *patient {
	p := &patient{clock: clock{t: noonKST}, answer: dead}
	p.breaker.Now = p.clock.now
	cfg.Breaker = &p.breaker
	if cfg.HTTP == nil {
		cfg.HTTP = transport(func(r *http.Request) (*http.Response, error) {
			p.calls.Add(1)
			return p.answer(r)
		})
	}
	p.client = nhn.New(cfg)
	return p
}

func dead(*http.Request) (*http.Response, error)    { return respond(503, "<html>"), nil }
func healthy(*http.Request) (*http.Response, error) { return respond(200, answer(kakao.CodeOK)), nil }

// call makes one call, which is never repeated by itself.
func (p *patient) call() error { return remove(context.Background(), p.client) }

// fail makes n calls.
func (p *patient) fail(n int) {
	for range n {
		_ = p.call()
	}
}

// rested moves the clock on to the end of the rest.
func (p *patient) rested() { p.clock.add(p.breaker.State().Until.Sub(p.clock.now())) }

func TestWhatMakesTheProviderRest(t *testing.T) {
	t.Parallel()
	body := func(status int, body string) func(*http.Request) (*http.Response, error) {
		return func(*http.Request) (*http.Response, error) { return respond(status, body), nil }
	}
	for name, test := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		rests  bool
		why    string
	}{
		"503":                             {dead, true, "HTTP 503 Service Unavailable"},
		"500 with a refusal":              {body(500, answer(-1000)), true, "HTTP 500 Internal Server Error"},
		"no answer":                       {func(*http.Request) (*http.Response, error) { return nil, errors.New("reset") }, true, "no answer: reset"},
		"no answer within the time":       {func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }, true, "no answer: context deadline exceeded"},
		"a page of another site":          {body(200, "<html>"), true, "HTTP 200, and not an answer of the API"},
		"an empty answer":                 {body(200, ""), true, "HTTP 200, and not an answer of the API"},
		"a page that is not found":        {body(404, "<html>"), true, "HTTP 404, and not an answer of the API"},
		"a refusal":                       {body(200, answer(kakao.CodeImageNotFound)), false, ""},
		"a refusal under 401":             {body(401, answer(kakao.CodeSecretKey)), false, ""},
		"a system error of the API":       {body(200, answer(kakao.CodeSystem)), false, ""},
		"429, which is the pace's matter": {func(*http.Request) (*http.Response, error) { return respond(429, ""), nil }, false, ""},
		"success":                         {healthy, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPatient(nhn.Config{})
				p.answer = test.answer
				p.fail(4)
				if p.breaker.State().Resting {
					t.Fatal("rests after four")
				}
				p.fail(1)
				if s := p.breaker.State(); s.Resting != test.rests || s.LastError != test.why {
					t.Errorf("after five: %+v", s)
				}
			})
		})
	}
}

func TestACallersOwnFaultsAreNotTheProviders(t *testing.T) {
	t.Parallel()
	hang := func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func(p *patient) error{
		"who is gone already": func(p *patient) error { return remove(gone, p.client) },
		"who gives up": func(p *patient) error {
			ctx, cancel := context.WithCancel(t.Context())
			p.answer = func(r *http.Request) (*http.Response, error) { cancel(); return hang(r) }
			return remove(ctx, p.client)
		},
		"who has less time than a call": func(p *patient) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			p.answer = hang
			return remove(ctx, p.client)
		},
		"whose request cannot be made": func(p *patient) error { return p.client.CancelFriendTalk(t.Context(), "..") },
		"whose image cannot be read": func(p *patient) error {
			p.answer = func(r *http.Request) (*http.Response, error) {
				_, err := r.Body.Read(make([]byte, 10_000))
				return nil, readAll(r, err)
			}
			_, err := p.client.UploadImage(t.Context(), "a.png", unreadable{}, false)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(nhn.Config{})
			for range 10 {
				if err := call(p); err == nil {
					t.Fatal("no failure")
				}
			}
			if s := p.breaker.State(); s.Resting {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestFailuresCountInARow(t *testing.T) {
	t.Parallel()
	p := newPatient(nhn.Config{})
	for range 3 {
		p.answer = dead
		p.fail(4)
		p.answer = healthy
		p.fail(1)
	}
	if p.breaker.State().Resting {
		t.Error("a success between was not heeded")
	}
	p.answer = dead
	for range 20 {
		p.fail(1)
		p.clock.add(90 * time.Second)
	}
	if p.breaker.State().Resting {
		t.Error("failures of six minutes were counted")
	}
	for range 5 {
		p.fail(1)
		p.clock.add(70 * time.Second)
	}
	if !p.breaker.State().Resting {
		t.Error("failures of five minutes were not counted")
	}
}

func TestAProviderThatRestsIsNotCalled(t *testing.T) {
	t.Parallel()
	p := newPatient(nhn.Config{})
	p.fail(5)
	p.clock.add(300 * time.Millisecond)
	s := p.breaker.State()
	left := s.Until.Sub(p.clock.now())
	if length := s.Until.Sub(s.Since); length < 800*time.Millisecond || length > 1200*time.Millisecond {
		t.Errorf("rests for %v", length)
	}
	for range 100 {
		e := failure(t, p.call())
		if !e.Resting() || !e.NotSent() || !e.Temporary() || e.InDoubt() || e.Limited() || e.RetryAfter != left || e.Message != "provider is resting after failures" {
			t.Fatalf("%+v", e)
		}
	}
	if n := p.calls.Load(); n != 5 {
		t.Errorf("was called %d times", n)
	}
	if rest := p.client.Rest(); rest != left {
		t.Errorf("rests for %v, want %v", rest, left)
	}
}

func TestRestsDoubleUntilAProbeSucceeds(t *testing.T) {
	t.Parallel()
	p := newPatient(nhn.Config{})
	p.fail(5)
	since := p.breaker.State().Since
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		s, want := p.breaker.State(), time.Duration(seconds)*time.Second
		rest := s.Until.Sub(p.clock.now())
		if rest < want*8/10 || rest > min(want*12/10, time.Minute) || !s.Since.Equal(since) {
			t.Fatalf("rests for %v since %v, want about %v", rest, s.Since, want)
		}
		p.rested()
		if rest := p.breaker.Rest(); rest != 0 {
			t.Fatalf("the rest is over, and it rests for %v", rest)
		}
		before := p.calls.Load()
		p.fail(3)
		if n := p.calls.Load() - before; n != 1 {
			t.Fatalf("%d calls were let through", n)
		}
	}
	p.rested()
	p.answer = healthy
	for range 10 {
		if err := p.call(); err != nil {
			t.Fatal(err)
		}
	}
	if s := p.breaker.State(); s != (nhn.BreakerState{}) {
		t.Errorf("after a success: %+v", s)
	}
	p.answer = dead
	p.fail(5)
	if s := p.breaker.State(); s.Until.Sub(s.Since) > 1200*time.Millisecond {
		t.Errorf("begins again with %v", s.Until.Sub(s.Since))
	}
}

// gate answers calls when it is told to.
type gate struct {
	came   chan struct{}
	answer chan *http.Response
}

func (g *gate) serve(*http.Request) (*http.Response, error) {
	g.came <- struct{}{}
	return <-g.answer, nil
}

func newGate() *gate { return &gate{make(chan struct{}), make(chan *http.Response)} }

func TestOneProbeAtATime(t *testing.T) {
	t.Parallel()
	p, g := newPatient(nhn.Config{}), newGate()
	p.fail(5)
	p.rested()
	p.answer = g.serve
	done := make(chan error)
	go func() { done <- p.call() }()
	<-g.came
	for range 50 {
		if e := failure(t, p.call()); !e.Resting() || e.RetryAfter != time.Second {
			t.Fatalf("beside the probe: %v, to wait %v", e, e.RetryAfter)
		}
	}
	g.answer <- respond(200, answer(kakao.CodeImageNotFound)) // a refusal is an answer
	if e := failure(t, <-done); e.Code != kakao.CodeImageNotFound {
		t.Error(e)
	}
	if p.breaker.State().Resting {
		t.Error("still rests")
	}
}

func TestAProbeThatIsGivenUpIsMadeAgain(t *testing.T) {
	t.Parallel()
	p, g := newPatient(nhn.Config{}), newGate()
	p.fail(5)
	p.rested()
	until := p.breaker.State().Until
	p.answer = func(r *http.Request) (*http.Response, error) {
		g.came <- struct{}{}
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- remove(ctx, p.client) }()
	<-g.came
	cancel()
	_ = failure(t, <-done)
	if s := p.breaker.State(); !s.Resting || !s.Until.Equal(until) {
		t.Errorf("%+v", s)
	}
	p.answer = healthy
	if err := p.call(); err != nil {
		t.Error(err)
	}
}

// Calls that began before the provider rested, or before it came back, say nothing
// any more.
func TestSlowCallsFromBefore(t *testing.T) {
	t.Parallel()
	p, g := newPatient(nhn.Config{}), newGate()
	p.answer = g.serve
	over := make(chan struct{})
	for range 20 {
		go func() {
			_ = p.call()
			over <- struct{}{}
		}()
		<-g.came
	}
	end := func(n int, a func(*http.Request) (*http.Response, error)) {
		for range n {
			resp, _ := a(nil)
			g.answer <- resp
			<-over
		}
	}
	p.answer = dead
	p.fail(5)
	rest := p.breaker.State()
	end(5, dead)
	if s := p.breaker.State(); s != rest {
		t.Errorf("failures from before have changed the rest to %+v", s)
	}
	end(5, healthy)
	if s := p.breaker.State(); s != rest {
		t.Errorf("successes from before have changed the rest to %+v", s)
	}
	p.rested()
	p.answer = healthy
	p.fail(1)
	end(10, dead)
	if s := p.breaker.State(); s.Resting {
		t.Errorf("failures from before have made it rest: %+v", s)
	}
}

// Of many that call at the same moment when the rest is over, one is let through.
func TestManyCallersAtTheEndOfARest(t *testing.T) {
	t.Parallel()
	p := newPatient(nhn.Config{})
	var inside atomic.Int32
	p.answer = func(*http.Request) (*http.Response, error) {
		if inside.Add(1) > 1 {
			t.Error("two at a time")
		}
		defer inside.Add(-1)
		runtime.Gosched()
		return dead(nil)
	}
	p.fail(5)
	for range 50 {
		p.rested()
		before := p.calls.Load()
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(p.failOnce)
		}
		wg.Wait()
		if n := p.calls.Load() - before; n != 1 {
			t.Fatalf("%d calls were let through", n)
		}
	}
}

func (p *patient) failOnce() { p.fail(1) }

// Whatever calls do at the same time, and whoever gives up, the provider is found
// when it is back.
func TestManyCallersOfAProviderThatComesAndGoes(t *testing.T) {
	t.Parallel()
	p := newPatient(nhn.Config{})
	p.answer = func(*http.Request) (*http.Response, error) {
		if rand.IntN(10) < 8 {
			return dead(nil)
		}
		return healthy(nil)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 300 {
				ctx, cancel := context.WithCancel(context.Background())
				if rand.IntN(5) == 0 {
					cancel()
				}
				_ = remove(ctx, p.client)
				cancel()
				p.clock.add(100 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	p.answer = healthy
	if p.breaker.State().Resting {
		p.rested()
	}
	if err := p.call(); err != nil || p.breaker.State().Resting {
		t.Errorf("never comes back: %v, %+v", err, p.breaker.State())
	}
}

func TestTheBreakerIsSharedAndTellsNobodysSecrets(t *testing.T) {
	t.Parallel()
	p := newPatient(nhn.Config{Appkey: appkey, SecretKey: secret})
	p.answer = func(r *http.Request) (*http.Response, error) {
		return respond(500, `{"header":{"resultCode":-9999,"resultMessage":"`+r.Header.Get(kakao.HeaderSecretKey)+` 01012345678","isSuccessful":false}}`), nil
	}
	p.fail(5)
	other := nhn.New(nhn.Config{Appkey: "b", SecretKey: "c", Breaker: &p.breaker})
	err := remove(t.Context(), other)
	if e := failure(t, err); !e.Resting() {
		t.Error(e)
	}
	discreet(t, err)
	if s := p.breaker.State(); s.LastError != "HTTP 500 Internal Server Error" {
		t.Errorf("%+v", s)
	}
}

// Why nobody could be reached is told while the provider rests, too.
func TestARestSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	p := newPatient(nhn.Config{BaseURL: "http://soshik.invalid", HTTP: &http.Client{Transport: &http.Transport{}}})
	p.fail(5)
	e := failure(t, p.call())
	if _, ok := errors.AsType[*net.DNSError](error(e)); !ok || !e.Resting() || !strings.HasPrefix(p.breaker.State().LastError, "no connection: ") {
		t.Errorf("%v, %+v", e, p.breaker.State())
	}
}

func TestAReadStopsWhenTheProviderRests(t *testing.T) {
	t.Parallel()
	p := newPatient(nhn.Config{})
	p.fail(4)
	_, err := p.client.Categories(t.Context())
	if e := failure(t, err); e.Status != 503 || e.RetryAfter == 0 || p.calls.Load() != 5 {
		t.Errorf("%v, to wait %v, after %d calls", e, e.RetryAfter, p.calls.Load())
	}
}

func TestWithoutABreakerNobodyRests(t *testing.T) {
	t.Parallel()
	var none *nhn.Breaker
	if none.State() != (nhn.BreakerState{}) || none.Rest() != 0 {
		t.Error("rests")
	}
	calls := 0
	c := nhn.New(nhn.Config{HTTP: transport(func(*http.Request) (*http.Response, error) { calls++; return dead(nil) })})
	for range 10 {
		_ = remove(t.Context(), c)
	}
	if calls != 10 || c.Rest() != 0 {
		t.Errorf("called %d times", calls)
	}
}
