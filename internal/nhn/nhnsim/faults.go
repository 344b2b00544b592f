package nhnsim

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"soshik/internal/kakao"
)

// Faults is what goes wrong on purpose. Probabilities are from 0 to 1 and drawn
// for each send, or each call with AllCalls. In JSON, durations are nanoseconds.
type Faults struct {
	Seed     uint64 `json:"seed,omitempty"`     // draws the same faults again; 0 goes on with the draws
	AllCalls bool   `json:"allCalls,omitempty"` // reads fail as well

	TooMany     float64       `json:"tooMany,omitempty"`     // HTTP 429, nothing accepted
	RetryAfter  time.Duration `json:"retryAfter,omitempty"`  // said along with it, in whole seconds
	ErrorBefore float64       `json:"errorBefore,omitempty"` // HTTP 503, nothing accepted
	DropBefore  float64       `json:"dropBefore,omitempty"`  // connection closed, nothing accepted

	Slow    float64       `json:"slow,omitempty"` // carried out late, also after the caller has given up
	SlowMax time.Duration `json:"slowMax,omitempty"`

	ErrorAfter float64       `json:"errorAfter,omitempty"` // carried out, then HTTP 502
	DropAfter  float64       `json:"dropAfter,omitempty"`  // carried out, then the connection is closed
	HangAfter  float64       `json:"hangAfter,omitempty"`  // carried out, then no answer
	HangMax    time.Duration `json:"hangMax,omitempty"`    // until the connection is closed; as long as the caller waits unless set
	Garbled    float64       `json:"garbled,omitempty"`    // carried out, then an answer that is not JSON

	LateListing    float64       `json:"lateListing,omitempty"` // accepted, but listed later
	LateListingMax time.Duration `json:"lateListingMax,omitempty"`

	Refuse        float64 `json:"refuse,omitempty"`        // of each recipient: refused at request time
	RefuseCode    int     `json:"refuseCode,omitempty"`    // -5000 unless set
	RepeatResults float64 `json:"repeatResults,omitempty"` // of each entry of a page of results: there twice

	// Hook, where it returns an answer, decides one call. It must not keep r.
	Hook func(r *http.Request) *Answer `json:"-"`
}

// Answer is what a hook gives instead of the simulator's own answer.
type Answer struct {
	After      bool          // the call is carried out first
	Drop       bool          // the connection is closed without an answer
	Status     int           // of HTTP; 200 unless set
	RetryAfter time.Duration // in whole seconds
	Code       int           // resultCode, under which the API's own message stands
	Body       string        // sent as it is instead of a result, when not empty
}

// SetFaults replaces what goes wrong from now on.
func (s *Sim) SetFaults(f Faults) {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	s.faults = f
	if f.Seed != 0 {
		s.dice = rand.New(rand.NewPCG(f.Seed, 2))
	}
}

// Faults is what goes wrong at present.
func (s *Sim) Faults() Faults {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	return s.faults
}

// fault is what goes wrong with one call.
type fault struct {
	first, last Answer // before and after the call; Status 0 and no Drop is none
	delay, hang time.Duration
	hangs       bool
	listedAfter time.Duration

	refuse, again float64
	refuseCode    int
	dice          *rand.Rand
}

// draw decides what goes wrong with a call.
func (s *Sim) draw(r *http.Request, send bool) fault {
	f := s.Faults()
	var a *Answer
	if f.Hook != nil {
		a = f.Hook(r) // without the lock, so that a hook may set faults
	}
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	out := fault{refuse: f.Refuse, again: f.RepeatResults, refuseCode: f.RefuseCode}
	if out.refuseCode == 0 {
		out.refuseCode = kakao.CodeRecipientNo
	}
	if f.Refuse > 0 || f.RepeatResults > 0 {
		out.dice = rand.New(rand.NewPCG(s.dice.Uint64(), 3))
	}
	if a != nil {
		out.hook(*a)
		return out
	}
	if send || f.AllCalls {
		f.draw(&out, s.dice)
	}
	return out
}

func (o *fault) hook(a Answer) {
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	if a.After {
		o.last = a
		return
	}
	o.first = a
}

// draw rolls the dice once for every fault, so that the draws of one do not depend
// on whether another is switched on.
func (f *Faults) draw(o *fault, dice *rand.Rand) {
	hit := func(p float64) bool { return dice.Float64() < p }
	upTo := func(d time.Duration) time.Duration { return time.Duration(dice.Float64() * float64(d)) }
	tooMany, before, drop := hit(f.TooMany), hit(f.ErrorBefore), hit(f.DropBefore)
	slow, delay := hit(f.Slow), upTo(f.SlowMax)
	after, dropAfter, garbled := hit(f.ErrorAfter), hit(f.DropAfter), hit(f.Garbled)
	hang, late, lateBy := hit(f.HangAfter), hit(f.LateListing), upTo(f.LateListingMax)
	switch {
	case tooMany:
		o.first = Answer{Status: http.StatusTooManyRequests, RetryAfter: f.RetryAfter}
	case before:
		o.first = Answer{Status: http.StatusServiceUnavailable, Body: "<html>unavailable</html>"}
	case drop:
		o.first = Answer{Drop: true}
	}
	switch {
	case after:
		o.last = Answer{Status: http.StatusBadGateway, Body: "<html>bad gateway</html>"}
	case dropAfter:
		o.last = Answer{Drop: true}
	case garbled:
		o.last = Answer{Status: http.StatusOK, Body: `{"header":{"resultCode":0,"resultMessage":"SUCC`}
	}
	if slow {
		o.delay = delay
	}
	if late {
		o.listedAfter = lateBy
	}
	o.hangs, o.hang = hang, f.HangMax
}

// before lets a call wait, or answers it without carrying it out.
func (o *fault) before(s *Sim, w http.ResponseWriter) bool {
	if o.first.Status != 0 || o.first.Drop {
		s.stats.faults.Add(1)
		o.first.write(w)
		return false
	}
	if o.delay > 0 { // not cut short when the caller hangs up: late requests do arrive
		s.stats.faults.Add(1)
		return s.wait(o.delay, nil)
	}
	return true
}

// after reports whether a call that was carried out gets its own answer.
func (o *fault) after(s *Sim, w http.ResponseWriter, r *http.Request) bool {
	if o.hangs {
		s.stats.faults.Add(1)
		s.wait(o.hang, r.Context().Done())
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	if o.last.Status != 0 || o.last.Drop {
		s.stats.faults.Add(1)
		o.last.write(w)
		return false
	}
	return true
}

// wait returns after d (0 is forever), when done, or with false when the simulator
// is closed.
func (s *Sim) wait(d time.Duration, done <-chan struct{}) bool {
	var after <-chan time.Time
	if d > 0 {
		after = time.After(d)
	}
	select {
	case <-after:
	case <-done:
	case <-s.closed.Done():
		return false
	}
	return true
}

func (a Answer) write(w http.ResponseWriter) {
	if a.Drop {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	if a.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((a.RetryAfter+time.Second-1)/time.Second)))
	}
	if a.Body != "" {
		w.WriteHeader(a.Status)
		_, _ = w.Write([]byte(a.Body))
		return
	}
	if a.Status != http.StatusOK {
		w.WriteHeader(a.Status)
	}
	if a.Code != 0 || a.Status == http.StatusOK {
		refuse(a.Code).write(w)
	}
}

// refuses draws whether a recipient is refused.
func (o *fault) refuses() bool { return o.refuse > 0 && o.dice.Float64() < o.refuse }

// repeat doubles some entries of a page.
func (o *fault) repeat(list []update) []update {
	if o.again <= 0 {
		return list
	}
	var out []update
	for _, u := range list {
		out = append(out, u)
		if o.dice.Float64() < o.again {
			out = append(out, u)
		}
	}
	return out
}
