package nhn

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How long an appkey that got a 429 waits when the provider does not say it.
const (
	firstHold = time.Second
	maxHold   = time.Minute
)

// Pace is how fast calls may go out for one appkey: so many a second, and none
// after an answer 429 until the time that its Retry-After asks for is over; without
// one, until a second is, then two, and so on to a minute. A call waits for its turn
// if its own time allows, and else fails at once with [Error.Limited]. All clients of
// an appkey share one. It is safe for concurrent use.
type Pace struct {
	limiter *rate.Limiter

	mu    sync.Mutex
	until time.Time     // no call before
	step  time.Duration // the last hold whose length was ours; 0 since an answer that was no 429
	holds uint64        // how many there were: a call belongs to the one before it
}

// NewPace is a pace of so many calls a second; 0 is as many as there are.
func NewPace(perSecond int) *Pace {
	return &Pace{limiter: rate.NewLimiter(limitOf(perSecond), max(perSecond, 1))}
}

// SetRate changes how many calls may go out in a second; 0 is as many as there are.
func (p *Pace) SetRate(perSecond int) {
	if limit := limitOf(perSecond); p.limiter.Limit() != limit {
		p.limiter.SetBurst(max(perSecond, 1))
		p.limiter.SetLimit(limit)
	}
}

func limitOf(perSecond int) rate.Limit {
	if perSecond <= 0 {
		return rate.Inf
	}
	return rate.Limit(perSecond)
}

// Rest is for how long from now no call may go out.
func (p *Pace) Rest() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(time.Until(p.until), 0)
}

// held is for how long no call may go out, and after how many holds.
func (p *Pace) held() (rest time.Duration, holds uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(time.Until(p.until), 0), p.holds
}

// wait returns when a call may go out, or says that it may not in time. The turn
// is to be handed to leave.
func (p *Pace) wait(ctx context.Context) (turn uint64, e *Error) {
	for {
		rest, holds := p.held()
		if rest > 0 {
			if e := await(ctx, rest); e != nil {
				return 0, e
			}
			continue
		}
		token := p.limiter.Reserve()
		delay := token.Delay()
		if e := await(ctx, delay); e != nil {
			token.Cancel()
			return 0, e
		}
		if delay == 0 {
			return holds, nil
		}
		if rest, holds = p.held(); rest == 0 { // nobody got a 429 in the meantime
			return holds, nil
		}
	}
}

// await waits for d, or says at once that it would take too long.
func await(ctx context.Context, d time.Duration) *Error {
	if err := ctx.Err(); err != nil {
		return &Error{Message: "no turn to call", Err: err, kind: unreached}
	}
	if d == 0 {
		return nil
	}
	if d >= remaining(ctx) {
		return &Error{Message: "too many calls", RetryAfter: d, kind: limited}
	}
	if !sleep(ctx, d) {
		return &Error{Message: "no turn to call", Err: ctx.Err(), kind: unreached}
	}
	return nil
}

// leave tells what became of a call; e is nil for success.
func (p *Pace) leave(turn uint64, e *Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e != nil && e.kind == limited:
		p.hold(turn, e.RetryAfter)
	case turn == p.holds && (e == nil || e.Status != 0):
		p.step = 0
	}
}

// hold lets no call out for the time that the provider asks for or, without one,
// for a while of our own. Of many calls that are turned away together, one counts.
func (p *Pace) hold(turn uint64, asked time.Duration) {
	if asked == 0 {
		if turn != p.holds {
			return
		}
		p.step = min(max(2*p.step, firstHold), maxHold)
		asked = p.step
	}
	p.holds++
	if until := time.Now().Add(asked); until.After(p.until) {
		p.until = until
	}
}
