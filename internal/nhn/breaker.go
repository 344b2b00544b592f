package nhn

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// When the provider rests, and for how long.
const (
	breakAfter  = 5               // failures in a row
	breakWithin = 5 * time.Minute // that are no further apart, the first from the last
	firstRest   = time.Second     // doubles with every probe that fails
	maxRest     = time.Minute
	probeRest   = 5 * time.Second // at most, what calls are told to wait while one is made as a probe
)

// Breaker spares a provider that is dead, and those who call it. After five failures
// in a row within five minutes (no connection, no answer in time, 5xx, or an answer that
// is not the API's) the provider rests: calls fail at once with [Error.Resting].
// After a second, spread by a fifth, one call is let through as a probe. When it
// succeeds, all are; when it fails, the rest begins anew and is twice as long, up to a
// minute. Whatever the API answers, refusals and 429 too, is success: it lives. A call
// that its own caller gives up says nothing, nor does one that began before the
// provider rested or came back.
//
// All clients of a base URL share one. The zero value is ready for use, and it is
// safe for concurrent use. A nil Breaker never rests.
type Breaker struct {
	Now func() time.Time // time.Now unless set, before the first use

	mu       sync.Mutex
	epoch    uint64      // counts the changes between open, resting and probing again; calls of another say nothing
	failures []time.Time // in a row, the last breakAfter at most
	resting  bool
	since    time.Time     // when it began to rest
	until    time.Time     // when the next probe may be made
	rest     time.Duration // how long the present rest is, before it is spread
	probing  bool          // a probe is under way
	last     *Error        // the failure for which it rests
}

// BreakerState is what a [Breaker] does at a moment.
type BreakerState struct {
	Resting   bool
	Since     time.Time // when the rest began; its probes do not end it
	Until     time.Time // when a call is let through as a probe; past while one is awaited or under way
	LastError string    // in English, without anything that an answer said
}

// State is what the breaker does now. Of a provider that does not rest all is zero.
func (b *Breaker) State() BreakerState {
	if b == nil {
		return BreakerState{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.resting {
		return BreakerState{}
	}
	return BreakerState{Resting: true, Since: b.since, Until: b.until, LastError: b.last.outage()}
}

// Rest is for how long from now calls fail at once; 0 when the next one is made.
func (b *Breaker) Rest() time.Duration {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left()
}

// left is Rest under the lock.
func (b *Breaker) left() time.Duration {
	if !b.resting {
		return 0
	}
	if left := b.until.Sub(b.now()); left > 0 {
		return left
	}
	if b.probing {
		return min(b.rest, probeRest)
	}
	return 0
}

func (b *Breaker) now() time.Time {
	if b.Now == nil {
		return time.Now()
	}
	return b.Now()
}

// refusal is the error of a call that may not be made now; nil if it may.
func (b *Breaker) refusal() *Error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refuse()
}

// refuse is refusal under the lock.
func (b *Breaker) refuse() *Error {
	left := b.left()
	if left == 0 {
		return nil
	}
	e := &Error{Message: "provider is resting after failures", RetryAfter: left, kind: resting}
	if b.last.kind == unreached {
		e.Err = b.last.Err
	}
	return e
}

// enter lets a call through or refuses it. What it returns is to be handed to
// leave.
func (b *Breaker) enter() (epoch uint64, e *Error) {
	if b == nil {
		return 0, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.refuse(); e != nil {
		return 0, e
	}
	b.probing = b.resting
	return b.epoch, nil
}

// outcome is what a call says about the provider.
type outcome int

const (
	answers outcome = iota // it lives
	failed
	nothing
)

// leave tells what became of a call that was let through. e is what it failed
// with.
func (b *Breaker) leave(epoch uint64, o outcome, e *Error) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if epoch != b.epoch {
		return
	}
	b.probing = false // within an epoch of rest, every call is a probe
	switch {
	case o == nothing:
	case o == answers && b.resting:
		b.wake()
	case o == answers:
		b.failures = b.failures[:0]
	case b.resting:
		b.lieDown(2*b.rest, e)
	default:
		b.fail(e)
	}
}

// fail counts a failure.
func (b *Breaker) fail(e *Error) {
	now := b.now()
	if len(b.failures) == breakAfter {
		b.failures = append(b.failures[:0], b.failures[1:]...)
	}
	b.failures = append(b.failures, now)
	if len(b.failures) == breakAfter && now.Sub(b.failures[0]) <= breakWithin {
		b.since = now
		b.lieDown(firstRest, e)
	}
}

func (b *Breaker) lieDown(rest time.Duration, e *Error) {
	b.epoch++
	b.resting, b.last = true, e
	b.rest = min(rest, maxRest)
	spread := time.Duration(float64(b.rest) * (0.8 + 0.4*rand.Float64()))
	b.until = b.now().Add(min(spread, maxRest))
}

func (b *Breaker) wake() {
	b.epoch++
	b.resting, b.last, b.failures = false, nil, b.failures[:0]
}

// outage says in a few words what kind of failure e is, without anything that the
// answer said: it is shown to whoever uses the same provider.
func (e *Error) outage() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s: %v", e.Message, e.Err)
	}
	if e.Status >= http.StatusInternalServerError {
		return fmt.Sprintf("HTTP %d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("HTTP %d, and not an answer of the API", e.Status)
}
