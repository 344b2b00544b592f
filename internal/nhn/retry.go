package nhn

import (
	"context"
	"math"
	"time"
)

// A read is made at most maxTries times, with pauses that begin at firstPause and
// double.
const (
	maxTries   = 3
	firstPause = 200 * time.Millisecond
)

// pause says whether a read that was made so many times, and has failed with e the
// last time, may be made again, and how long to wait before. left is what remains
// of the call's time, and jitter, from 0 to 1, spreads the pauses of many callers:
// from half of the pause to one and a half. It is never shorter than what the
// provider asks for.
func pause(e *Error, made int, left time.Duration, jitter float64) (wait time.Duration, again bool) {
	if made >= maxTries || !e.Temporary() || e.kind == resting {
		return 0, false
	}
	wait = firstPause << (made - 1)
	wait = time.Duration(float64(wait) * (0.5 + jitter))
	wait = max(wait, e.RetryAfter)
	return wait, wait < left
}

// remaining is what is left until ctx ends.
func remaining(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return math.MaxInt64
	}
	return time.Until(deadline)
}

// sleep waits for d. It returns false when ctx has ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
