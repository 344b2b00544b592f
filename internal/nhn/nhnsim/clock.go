package nhnsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"soshik/internal/kakao"
)

// maxSpeed is how many seconds of the simulator's may pass in one: a day a second.
const maxSpeed = 86_400

// The clock can be set to what lies between these years.
const (
	firstYear = 2000
	lastYear  = 2200
)

// clock is the simulator's time: that of Config.Now, until it is moved or sped up.
type clock struct {
	under  func() time.Time
	anchor atomic.Pointer[anchor] // nil follows under
}

// anchor is a moment from which the clock goes on at a speed. It is the journal's
// form too, so that the clock goes on while the simulator is down.
type anchor struct {
	At    time.Time `json:"at"`    // by the clock
	Under time.Time `json:"under"` // by the clock underneath
	Speed float64   `json:"speed"`
}

func (c *clock) now() time.Time {
	a := c.anchor.Load()
	if a == nil {
		return c.under()
	}
	return a.now(c.under())
}

// now stops at the end of the last year, since a fast clock reaches what dates
// cannot hold.
func (a *anchor) now(under time.Time) time.Time {
	end := time.Date(lastYear, 1, 1, 0, 0, 0, 0, kakao.KST)
	passed := float64(under.Round(0).Sub(a.Under)) * a.Speed
	if passed >= float64(end.Sub(a.At)) {
		return end
	}
	return a.At.Add(time.Duration(math.Round(passed)))
}

// restore takes over what the journal has.
func (c *clock) restore(a *anchor) error {
	if a == nil || !(a.Speed > 0) {
		return errors.New("entry of the clock without a speed")
	}
	c.anchor.Store(a)
	return nil
}

func (c *clock) speed() float64 {
	if a := c.anchor.Load(); a != nil {
		return a.Speed
	}
	return 1
}

// Clock is what the simulator's clock shows.
type Clock struct {
	Now    time.Time
	Speed  float64       // seconds that pass in one
	Offset time.Duration // from the clock underneath
}

// MarshalJSON writes the moment in Korean time to the millisecond, and the offset as
// Go writes durations.
func (c Clock) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Now    string  `json:"now"`
		Speed  float64 `json:"speed"`
		Offset string  `json:"offset"`
	}{c.Now.In(kakao.KST).Truncate(time.Millisecond).Format(time.RFC3339Nano), c.Speed, c.Offset.Round(time.Millisecond).String()})
}

// Clock tells what the simulator's clock shows.
func (s *Sim) Clock() Clock {
	under, a := s.clock.under(), s.clock.anchor.Load()
	if a == nil {
		return Clock{under, 1, 0}
	}
	now := a.now(under)
	return Clock{now, a.Speed, now.Sub(under)}
}

// Now is the simulator's time. Everything happens by it: deliveries, the life of
// idempotency keys, nights, what is too far ahead, dates of tokens.
func (s *Sim) Now() time.Time { return s.clock.now() }

// SetClock sets the clock; its speed stays. Set back, it lets happen again what had
// happened by then.
func (s *Sim) SetClock(to time.Time) error { return s.moveClock(clockMove{set: &to}) }

// AdvanceClock moves the clock on.
func (s *Sim) AdvanceClock(by time.Duration) error { return s.moveClock(clockMove{advance: by}) }

// SpeedClock lets so many seconds pass in one, from now on.
func (s *Sim) SpeedClock(speed float64) error { return s.moveClock(clockMove{speed: &speed}) }

// startClock lets the clock run as fast as it is configured to, which is kept too: the
// time must not begin anew with the process.
func (s *Sim) startClock() error {
	if s.cfg.Speed == 0 || s.cfg.Speed == s.clock.speed() {
		return nil
	}
	return s.SpeedClock(s.cfg.Speed)
}

// clockMove is a change of the clock: set, then advanced, then at another speed.
// What is nil or 0 is left out.
type clockMove struct {
	set     *time.Time
	advance time.Duration
	speed   *float64
}

// moveClock keeps the change in the journal.
func (s *Sim) moveClock(m clockMove) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	to, err := m.from(&s.clock)
	if err != nil {
		return err
	}
	return s.commit(nil, entry{Type: entryClock, Clock: &to})
}

func (m clockMove) from(c *clock) (anchor, error) {
	under := c.under().Round(0) // without the monotonic reading, which means nothing after a restart
	to := anchor{At: c.now().Round(0), Under: under, Speed: c.speed()}
	if m.set != nil {
		to.At = *m.set
	}
	if m.advance < 0 {
		return to, errors.New("advance: the clock is not moved back by a duration; set it instead")
	}
	to.At = to.At.Add(m.advance)
	if y := to.At.In(kakao.KST).Year(); y < firstYear || y >= lastYear {
		return to, fmt.Errorf("set, advance: %s is not between the years %d and %d", to.At.Format(time.RFC3339), firstYear, lastYear)
	}
	if m.speed != nil {
		to.Speed = *m.speed
	}
	if math.IsNaN(to.Speed) || to.Speed <= 0 || to.Speed > maxSpeed {
		return to, fmt.Errorf("speed: %v is not above 0 and at most %d", to.Speed, maxSpeed)
	}
	return to, nil
}

// clockIn is a request to move the clock.
type clockIn struct {
	Set     *string  `json:"set"`
	Advance *string  `json:"advance"`
	Speed   *float64 `json:"speed"`
}

func (in clockIn) move() (m clockMove, err error) {
	if in == (clockIn{}) {
		return m, errors.New(`give "set", "advance" or "speed"`)
	}
	if in.Set != nil {
		t, err := time.Parse(time.RFC3339, *in.Set)
		if err != nil {
			return m, fmt.Errorf("set: %q is no date such as 2026-12-01T09:00:00+09:00", *in.Set)
		}
		m.set = &t
	}
	if in.Advance != nil {
		if m.advance, err = time.ParseDuration(*in.Advance); err != nil {
			return m, fmt.Errorf(`advance: %q is no duration such as "24h" or "1m30s"`, *in.Advance)
		}
	}
	m.speed = in.Speed
	return m, nil
}

// postClock moves the clock as a request's body says, and answers what it shows.
func (s *Sim) postClock(r *http.Request) (any, error) {
	var in clockIn
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	m, err := in.move()
	if err == nil {
		err = s.moveClock(m)
	}
	return s.Clock(), err
}
