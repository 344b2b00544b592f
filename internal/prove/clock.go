package prove

import (
	"sync/atomic"
	"time"

	"soshik/internal/kakao"
)

// clock is the one that the provider and the workers live by. It is moved on to where
// the night does not hold everything up and, when nothing but time has to pass, to
// what comes next.
type clock struct{ offset atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.offset.Store(int64(kakao.DayOffset(time.Now())))
	return c
}

func (c *clock) moved() time.Duration { return time.Duration(c.offset.Load()) }

func (c *clock) now() time.Time { return time.Now().Add(c.moved()).UTC() }

// jump moves the clock on to t.
func (c *clock) jump(t time.Time) { c.offset.Add(int64(t.Sub(c.now()))) }
