package nhn_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

func TestWhichReadsAreMadeAgainAndWhen(t *testing.T) {
	t.Parallel()
	const long = time.Minute
	slow := nhn.LimitedError(nhn.Error{RetryAfter: 3 * time.Second})
	for name, test := range map[string]struct {
		e      *nhn.Error
		made   int
		left   time.Duration
		jitter float64
		wait   time.Duration
		again  bool
	}{
		"after the first, 200 ms on average":            {nhn.DoubtfulError, 1, long, 0.5, 200 * time.Millisecond, true},
		"after the second, twice as long":               {nhn.DoubtfulError, 2, long, 0.5, 400 * time.Millisecond, true},
		"at least half as long":                         {nhn.DoubtfulError, 1, long, 0, 100 * time.Millisecond, true},
		"at most half as long again":                    {nhn.DoubtfulError, 1, long, 1, 300 * time.Millisecond, true},
		"after the third, no more":                      {nhn.DoubtfulError, 3, long, 0.5, 0, false},
		"without a connection too":                      {nhn.UnreachedError, 1, long, 0.5, 200 * time.Millisecond, true},
		"an error of the provider's own vendor too":     {nhn.VendorError, 1, long, 0.5, 200 * time.Millisecond, true},
		"not sooner than the provider asks for":         {slow, 1, long, 0.5, 3 * time.Second, true},
		"not when the provider asks for too long":       {slow, 1, 3 * time.Second, 0.5, 3 * time.Second, false},
		"not when the pause takes all that is left":     {nhn.DoubtfulError, 1, 200 * time.Millisecond, 0.5, 200 * time.Millisecond, false},
		"not when no time is left":                      {nhn.DoubtfulError, 1, -time.Second, 0.5, 200 * time.Millisecond, false},
		"not after a refusal":                           {nhn.RefusedError, 1, long, 0.5, 0, false},
		"not after what would never succeed":            {nhn.UsedKeyError, 1, long, 0.5, 0, false},
		"not what cannot be sent":                       {nhn.MalformedError, 1, long, 0.5, 0, false},
		"not while the provider rests: that is at once": {nhn.RestingError, 1, long, 0.5, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wait, again := nhn.RetryPause(test.e, test.made, test.left, test.jitter)
			if again != test.again || again && wait != test.wait {
				t.Errorf("got %v %v", wait, again)
			}
		})
	}
}

// Reads are made three times, whatever changes something once.
func TestOnlyReadsAreMadeAgain(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				c := nhn.New(nhn.Config{Appkey: appkey, SecretKey: secret, SenderVersion: e.version, HTTP: transport(func(*http.Request) (*http.Response, error) {
					calls++
					return respond(http.StatusServiceUnavailable, "<html>"), nil
				})})
				err := failure(t, e.call(t.Context(), c))
				want := 1
				if e.method == http.MethodGet {
					want = 3
				}
				if calls != want || err.Status != http.StatusServiceUnavailable {
					t.Errorf("%d calls, and %v", calls, err)
				}
			})
		})
	}
}

// script answers one call after the other, and notes when each came.
type script struct {
	answers []*http.Response
	began   time.Time
	at      []time.Duration
}

func (s *script) RoundTrip(*http.Request) (*http.Response, error) {
	if s.began.IsZero() {
		s.began = time.Now()
	}
	s.at = append(s.at, time.Since(s.began))
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a, nil
}

// later is an answer that says when to come back.
func later(status int, seconds string) *http.Response {
	resp := respond(status, "")
	resp.Header.Set("Retry-After", seconds)
	return resp
}

func TestAReadGoesOnAfterFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []*http.Response{later(503, "5"), later(429, "2"), respond(200, `{`+success+`,"senders":[{"plusFriendId":"@a"}],"totalCount":1}`)}}
		c := nhn.New(nhn.Config{Appkey: appkey, SecretKey: secret, HTTP: &http.Client{Transport: s}})
		list, total, err := c.Senders(t.Context(), nhn.SenderFilter{})
		if err != nil || len(list) != 1 || total != 1 {
			t.Fatal(list, total, err)
		}
		if s.at[1] != 5*time.Second || s.at[2] != 7*time.Second {
			t.Errorf("called after %v", s.at)
		}
	})
}

func TestAReadIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer *http.Response
		cfg    nhn.Config
	}{
		"after a refusal":                              {respond(200, answer(kakao.CodeAppkey)), nhn.Config{}},
		"when the time of the call ends before":        {respond(503, ""), nhn.Config{Timeout: 80 * time.Millisecond}},
		"when the provider asks for longer than it is": {later(503, "31"), nhn.Config{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: []*http.Response{test.answer}}
				test.cfg.HTTP = &http.Client{Transport: s}
				_, err := nhn.New(test.cfg).Categories(t.Context())
				_ = failure(t, err)
				if len(s.at) != 1 || time.Since(s.began) != 0 {
					t.Errorf("called %d times, returned after %v", len(s.at), time.Since(s.began))
				}
			})
		})
	}
}

func TestACallerNeedNotWaitForThePause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []*http.Response{later(503, "20")}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := nhn.New(nhn.Config{HTTP: &http.Client{Transport: s}}).Categories(ctx)
		if e := failure(t, err); e.Status != 503 || time.Since(s.began) != time.Second {
			t.Errorf("%v after %v", e, time.Since(s.began))
		}
	})
}
