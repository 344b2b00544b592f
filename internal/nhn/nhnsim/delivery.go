package nhnsim

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// HeaderOutcome is a header of sends. It decides what becomes of all their messages:
// a delivery code, and behind a slash, if one is wanted, the code of the fallback's
// SMS.
const HeaderOutcome = "X-Sim-Outcome"

// Override is what becomes of messages to a number in place of what the rule of
// numbers says. It holds for what is accepted from then on.
type Override struct {
	RecipientNo  string   `json:"recipientNo"`
	Code         string   `json:"code"`                   // of the delivery; empty takes the override back
	FallbackCode string   `json:"fallbackCode,omitempty"` // of the SMS; delivered unless set
	After        Duration `json:"after,omitempty"`        // from the sending to the result; the usual time unless set
}

// A Duration is written as people do, "1.5s".
type Duration time.Duration

// MarshalText writes d as time.Duration prints it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration takes.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// delivery is how the messages of a request are delivered. It is kept with the
// request, so that what became of it stays the same whatever the simulator is
// configured to later.
type delivery struct {
	Start           int64   `json:"start"`          // Unix milliseconds of the first message
	Step            int64   `json:"step,omitempty"` // nanoseconds from one message to the next
	Latency         Span    `json:"latency"`
	FallbackLatency Span    `json:"fallbackLatency"`
	FailureRate     float64 `json:"failureRate,omitempty"`
	Code            string  `json:"code,omitempty"` // of all messages, by [HeaderOutcome]
	FallbackCode    string  `json:"fallbackCode,omitempty"`
}

// delivery is how a request that is sent at a time is delivered when nothing is
// waiting before it.
// outcome is what [HeaderOutcome] says.
func (c *Config) delivery(sendAt time.Time, outcome string) delivery {
	d := delivery{Start: sendAt.UnixMilli(), Latency: c.Latency, FallbackLatency: c.FallbackLatency, FailureRate: c.FailureRate}
	d.Code, d.FallbackCode, _ = strings.Cut(outcome, "/")
	if c.Rate > 0 {
		d.Step = int64(float64(time.Second) / c.Rate)
	}
	return d
}

// Outcome tells what becomes of a message to a number, depending on nothing but its
// arguments and the configured latencies and failure rate.
func (c *Config) Outcome(recipientNo, requestID string, sendAt time.Time) Outcome {
	d := c.delivery(sendAt, "")
	return d.outcome(recipientNo, requestID, 0, Override{})
}

// SetOutcome decides what becomes of messages to a number.
func (s *Sim) SetOutcome(o Override) error {
	o.RecipientNo = digits(o.RecipientNo)
	if o.RecipientNo == "" {
		return errors.New("recipientNo: no digits")
	}
	s.admin.Lock()
	defer s.admin.Unlock()
	return s.commit(nil, entry{Type: entryOverride, Override: &o})
}

// Outcomes lists what [Sim.SetOutcome] has decided, by number.
func (s *Sim) Outcomes() []Override {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := slices.Collect(maps.Values(s.overrides))
	slices.SortFunc(list, func(a, b Override) int { return strings.Compare(a.RecipientNo, b.RecipientNo) })
	return list
}

// putOverride replaces the map, since calls under way hold on to the old one.
func (s *Sim) putOverride(o Override) {
	s.mu.Lock()
	defer s.mu.Unlock()
	overrides := maps.Clone(s.overrides)
	if overrides == nil {
		overrides = map[string]Override{}
	}
	if overrides[o.RecipientNo] = o; o.Code == "" {
		delete(overrides, o.RecipientNo)
	}
	s.overrides = overrides
}

// overridesOf are those for the numbers of messages, by index; nil for none.
func (s *Sim) overridesOf(messages []message) map[int]Override {
	s.mu.RLock()
	overrides := s.overrides
	s.mu.RUnlock()
	if len(overrides) == 0 {
		return nil
	}
	var out map[int]Override
	for i := range messages {
		if o, ok := overrides[digits(messages[i].no)]; ok {
			if out == nil {
				out = map[int]Override{}
			}
			out[i] = o
		}
	}
	return out
}

// wait puts the request behind what is being delivered, and reports whether that
// is later than it was to be.
func (r *request) wait(q *queue) bool {
	start := q.take(r.delivery.Start, r.delivery.length(len(r.messages)))
	later := start != r.delivery.Start
	r.delivery.Start = start
	return later
}

// length is how many milliseconds the delivery of n messages takes.
func (d *delivery) length(n int) int64 { return d.Step * int64(n) / int64(time.Millisecond) }

// outcome tells what becomes of the i-th message that was accepted.
func (d *delivery) outcome(no, requestID string, i int, override Override) Outcome {
	at := time.UnixMilli(d.Start).Add(time.Duration(d.Step * int64(i)))
	h := hash(requestID, no)
	out := Outcome{Code: d.code(no, h, at, override), ResultAt: at.Add(d.Latency.pick(h))}
	if override.After > 0 {
		out.ResultAt = at.Add(time.Duration(override.After))
	}
	if out.Code == kakao.DeliveryOK {
		return out
	}
	out.FallbackCode, out.FallbackAt = or(override.FallbackCode, d.FallbackCode), out.ResultAt.Add(d.FallbackLatency.pick(h>>20))
	switch {
	case out.FallbackCode != "":
	case lastFour(no) == NumberFallbackFails:
		out.FallbackCode = smsPhoneOff
	default:
		out.FallbackCode = smsDelivered
	}
	return out
}

// code is the delivery's: what was asked for, else what the rule of numbers says.
func (d *delivery) code(no string, h uint64, at time.Time, override Override) string {
	switch {
	case override.Code != "":
		return override.Code
	case d.Code != "":
		return d.Code
	case kakao.Night(at):
		return kakao.DeliveryNight
	}
	switch lastFour(no) {
	case NumberNotReachable, NumberFallbackFails:
		return kakao.DeliveryNotReachable
	case NumberPhoneError:
		return kakao.DeliveryPhone
	case NumberUnconfirmed:
		return kakao.DeliveryUnconfirmed
	}
	if d.FailureRate > 0 && float64(h>>40)/float64(1<<24) < d.FailureRate {
		return kakao.DeliveryNotReachable
	}
	return kakao.DeliveryOK
}

// queue is when an appkey's deliveries are busy, as spans in order that do not
// touch. Ends are not included.
type queue []span

// take finds the first gap at or after start for a delivery of so many
// milliseconds, makes it busy and returns its beginning.
func (q *queue) take(start, length int64) int64 {
	if length <= 0 {
		return start
	}
	i, _ := slices.BinarySearchFunc(*q, start, func(s span, t int64) int {
		if s.end <= t {
			return -1
		}
		return 1
	})
	for ; i < len(*q) && (*q)[i].start < start+length; i++ {
		start = max(start, (*q)[i].end)
	}
	q.put(i, span{start, start + length})
	return start
}

// put inserts s at i and joins it with the neighbours that it touches.
func (q *queue) put(i int, s span) {
	list := slices.Insert(*q, i, s)
	if i+1 < len(list) && list[i+1].start == s.end {
		list[i].end = list[i+1].end
		list = slices.Delete(list, i+1, i+2)
	}
	if i > 0 && list[i-1].end == list[i].start {
		list[i-1].end = list[i].end
		list = slices.Delete(list, i, i+1)
	}
	*q = list
}
