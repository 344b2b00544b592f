package nhnsim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"soshik/internal/kakao"
)

// faultSet is [Faults] at work. It is replaced, never changed; what its rules count
// and draw is under mu.
type faultSet struct {
	mu    *sync.Mutex // the simulator's one
	seed  uint64
	rules []*rule
	reads bool // a rule looks into bodies
	hook  func(*http.Request) *Answer
}

// rule is a Fault at work.
type rule struct {
	Fault
	kind
	target *target
	dice   *rand.Rand
}

// SetFaults replaces what goes wrong from now on, the hook too. A rule that makes no
// sense is a mistake in the caller's code: it panics.
func (s *Sim) SetFaults(f Faults) {
	set := &faultSet{mu: &s.diceMu, seed: cmp.Or(f.Seed, s.cfg.Seed), hook: f.Hook}
	for i, f := range f.Rules {
		if err := f.check(s.stats.names()); err != nil {
			panic(fmt.Sprintf("nhnsim: faults[%d].%v", i, err))
		}
		set = set.with(f, s.stats.names())
	}
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	s.faults.Store(set)
}

// addFault puts a rule that has been checked behind the others, whose draws go on.
func (s *Sim) addFault(f Fault) {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	s.faults.Store(s.faults.Load().with(f, s.stats.names()))
}

// with is the set with another rule behind the others.
func (set *faultSet) with(f Fault, ops []string) *faultSet {
	target, _ := parseTarget(f.Endpoint, ops) // was checked
	f.Rate, f.Seen, f.Hits = cmp.Or(f.Rate, 1), 0, 0
	more := *set
	more.rules = append(slices.Clip(set.rules), &rule{
		Fault: f, kind: kinds[f.Kind], target: target, dice: rand.New(rand.NewPCG(set.seed, uint64(len(set.rules)))),
	})
	more.reads = set.reads || f.GroupingKey != "" || f.RecipientNo != ""
	return &more
}

// Faults is what goes wrong at present, and how often it has.
func (s *Sim) Faults() Faults {
	set := s.faults.Load()
	out := Faults{Seed: set.seed, Rules: make([]Fault, len(set.rules)), Hook: set.hook}
	set.mu.Lock()
	defer set.mu.Unlock()
	for i, ru := range set.rules {
		out.Rules[i] = ru.Fault
	}
	return out
}

// fault is what goes wrong with one call.
type fault struct {
	delay       time.Duration // before it is carried out
	heedless    bool          // of a caller who has given up
	first, last *trouble      // instead of carrying it out, and instead of its answer
	listedAfter time.Duration
	parts       []part          // rules about recipients or entries
	refuseCode  int             // of the recipient that was last refused
	ended       <-chan struct{} // closed when the state that the call came for is gone
}

// trouble is what a call is answered with instead.
type trouble struct {
	rule *rule // nil for a hook's
	Answer
	hangs bool
	hang  time.Duration // 0 is as long as the caller waits
}

// part is a rule that is about parts of a call, with the dice of that call.
type part struct {
	*rule
	dice *rand.Rand
	set  *faultSet
}

// hits draws whether it hits the next part.
func (p *part) hits() bool {
	if p.dice.Float64() >= p.Rate {
		return false
	}
	p.set.mu.Lock()
	defer p.set.mu.Unlock()
	if p.spent() {
		return false
	}
	p.Hits++
	return true
}

// draw decides what goes wrong with a call.
func (s *Sim) draw(r *http.Request, body []byte, rt route) fault {
	set, ended := s.faults.Load(), s.era.Load().Done()
	if set.hook != nil {
		if a := set.hook(r); a != nil { // without a lock, so that a hook may set faults
			return s.hooked(*a)
		}
	}
	if len(set.rules) == 0 {
		return fault{}
	}
	q := &question{route: rt, r: r}
	if set.reads {
		q.read(body)
	}
	f := set.draw(q)
	f.ended = ended
	if f.delay > 0 || f.first != nil || f.last != nil || f.listedAfter > 0 {
		s.stats.faults.Add(1)
	}
	return f
}

func (s *Sim) hooked(a Answer) fault {
	s.stats.faults.Add(1)
	t := &trouble{Answer: a}
	t.Status = cmp.Or(a.Status, http.StatusOK)
	if a.After {
		return fault{last: t}
	}
	return fault{first: t}
}

// draw asks every rule that is about the call, and takes of those that hit what can
// take effect together.
func (set *faultSet) draw(q *question) fault {
	set.mu.Lock()
	defer set.mu.Unlock()
	var f fault
	var hit []*rule
	var share []float64
	for _, ru := range set.rules {
		if !ru.isAbout(q) {
			continue
		}
		ru.Seen++
		// As many draws whatever comes of them, so that those of later calls stay the same.
		chance, delay, seed := ru.dice.Float64(), ru.dice.Float64(), ru.dice.Uint64()
		switch {
		case ru.spent():
		case ru.byPart():
			f.parts = append(f.parts, part{ru, rand.New(rand.NewPCG(seed, 0)), set})
		case chance < ru.Rate:
			hit, share = append(hit, ru), append(share, delay)
		}
	}
	for i, ru := range hit {
		if ru.phase == before && f.first == nil {
			f.first = ru.trouble(ru.wait(share[i]))
			ru.Hits++
		}
	}
	for i, ru := range hit {
		f.add(ru, ru.wait(share[i]))
	}
	if f.first != nil {
		f.parts = nil
	}
	return f
}

// add lets a rule take effect that does not keep the call from being carried out.
func (f *fault) add(ru *rule, d time.Duration) {
	switch {
	case ru.phase == before, ru.phase != waits && f.first != nil, ru.phase == after && f.last != nil:
		return
	case ru.phase == waits:
		f.delay += d
		f.heedless = f.heedless || ru.Kind == FaultLate
	case ru.phase == after:
		f.last = ru.trouble(d)
	case ru.Kind == FaultLateListing:
		f.listedAfter += d
	}
	ru.Hits++
}

func (ru *rule) spent() bool { return ru.Count > 0 && ru.Hits >= ru.Count }

// byPart tells whether a rule is drawn for recipients, entries or pages, not for the
// call.
func (ru *rule) byPart() bool {
	return ru.Kind == FaultRefuse || ru.Kind == FaultRepeat || ru.Kind == FaultShuffle
}

// wait is the delay for a share from 0 to 1.
func (ru *rule) wait(share float64) time.Duration {
	if ru.DelayMin == nil {
		return ru.Delay
	}
	return *ru.DelayMin + time.Duration(share*float64(ru.Delay-*ru.DelayMin))
}

// trouble is what a rule answers with.
func (ru *rule) trouble(d time.Duration) *trouble {
	t := &trouble{rule: ru}
	t.Status, t.RetryAfter, t.Code, t.Body = http.StatusOK, ru.RetryAfter, ru.Code, ru.Body
	switch ru.Kind {
	case FaultTooMany:
		t.Status = http.StatusTooManyRequests
	case FaultErrorBefore:
		t.Status, t.Body = cmp.Or(ru.Status, http.StatusServiceUnavailable), cmp.Or(ru.Body, "<html>unavailable</html>")
	case FaultErrorAfter:
		t.Status, t.Body = cmp.Or(ru.Status, http.StatusBadGateway), cmp.Or(ru.Body, "<html>bad gateway</html>")
	case FaultNotJSON:
		t.Body = cmp.Or(ru.Body, "upstream is not available")
	case FaultTimeoutBefore, FaultTimeoutAfter:
		t.hangs, t.hang = true, d
	case FaultDropBefore, FaultDropAfter:
		t.Drop = true
	}
	return t
}

// question is what rules ask of a call.
type question struct {
	route
	r           *http.Request
	groupingKey string
	numbers     []string // digits of recipients
}

// read finds what rules narrow by: in the body of a send, in the query of a list.
func (q *question) read(body []byte) {
	switch {
	case slices.Contains(sends, q.number):
		var in struct {
			SenderGroupingKey string `json:"senderGroupingKey"`
			RecipientList     []struct {
				RecipientNo string `json:"recipientNo"`
			} `json:"recipientList"`
		}
		if json.Unmarshal(body, &in) != nil {
			return // refused later, for that
		}
		q.groupingKey = in.SenderGroupingKey
		for _, to := range in.RecipientList {
			q.numbers = append(q.numbers, digits(to.RecipientNo))
		}
	case slices.Contains(lists, q.number):
		query := q.r.URL.Query()
		q.groupingKey, q.numbers = query.Get("senderGroupingKey"), []string{digits(query.Get("recipientNo"))}
	}
}

func (ru *rule) isAbout(q *question) bool {
	return (ru.endpoints == nil || slices.Contains(ru.endpoints, q.number)) &&
		(ru.Appkey == "" || ru.Appkey == q.r.PathValue("appkey")) &&
		ru.target.holds(q.route, q.r) &&
		(ru.GroupingKey == "" || strings.HasPrefix(q.groupingKey, ru.GroupingKey)) &&
		(ru.RecipientNo == "" || slices.Contains(q.numbers, digits(ru.RecipientNo)))
}

// before lets a call wait, or answers it without carrying it out. It reports whether
// the call is carried out.
func (f *fault) before(w http.ResponseWriter, r *http.Request) bool {
	if f.delay > 0 {
		gone := r.Context().Done()
		if f.heedless {
			gone = nil
		}
		if !f.wait(f.delay, gone) {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
	}
	if f.first == nil {
		return true
	}
	f.write(f.first, w, r, nil)
	return false
}

// after answers a call that was carried out.
func (f *fault) after(w http.ResponseWriter, r *http.Request, answer reply) {
	if f.last == nil {
		answer.write(w)
		return
	}
	f.write(f.last, w, r, answer.json())
}

// wait returns whether d has passed, and not before it somebody was gone, the
// simulator closed or its state reset. 0 never passes.
func (f *fault) wait(d time.Duration, gone <-chan struct{}) bool {
	var passed <-chan time.Time
	if d > 0 {
		passed = time.After(d)
	}
	select {
	case <-passed:
		return true
	case <-gone:
	case <-f.ended:
	}
	return false
}

// write answers with what goes wrong, given the call's own answer.
func (f *fault) write(t *trouble, w http.ResponseWriter, r *http.Request, own []byte) {
	if t.hangs {
		f.wait(t.hang, r.Context().Done())
	}
	if t.hangs || t.Drop {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	kind := ""
	if t.rule != nil {
		kind = t.rule.Kind
	}
	switch kind {
	case FaultTruncated:
		writeBody(w, jsonType, own[:len(own)/2])
	case FaultWrongType:
		writeBody(w, "text/html;charset=UTF-8", own)
	case FaultEmpty:
		writeBody(w, jsonType, nil)
	case FaultNotJSON:
		writeBody(w, jsonType, []byte(t.Body))
	case FaultHuge:
		writeHuge(w, own, cmp.Or(t.rule.Size, 64<<20))
	default:
		t.Answer.write(w)
	}
}

// writeHuge answers with another member, as long as the caller reads.
func writeHuge(w http.ResponseWriter, own []byte, size int) {
	w.Header().Set("Content-Type", jsonType)
	pad := bytes.Repeat([]byte{'a'}, 64<<10)
	_, err := fmt.Fprintf(w, `%s,"padding":"`, bytes.TrimSuffix(own, []byte{'}'}))
	for ; size > 0 && err == nil; size -= len(pad) {
		_, err = w.Write(pad[:min(size, len(pad))])
	}
	if err == nil {
		_, _ = io.WriteString(w, `"}`)
	}
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

// refuses draws whether a recipient is refused, with refuseCode.
func (f *fault) refuses(recipientNo string) bool {
	for i := range f.parts {
		p := &f.parts[i]
		if p.Kind != FaultRefuse || p.RecipientNo != "" && digits(p.RecipientNo) != digits(recipientNo) || !p.hits() {
			continue
		}
		f.refuseCode = cmp.Or(p.Code, kakao.CodeRecipientNo)
		return true
	}
	return false
}

// disturb doubles and shuffles the entries of a page.
func (f *fault) disturb(list []update) []update {
	for i := range f.parts {
		p := &f.parts[i]
		switch {
		case p.Kind == FaultRepeat:
			list = p.repeat(list)
		case p.Kind == FaultShuffle && len(list) > 1 && p.hits():
			list = p.shuffle(list)
		}
	}
	return list
}

// repeat doubles some entries of a page.
func (p *part) repeat(list []update) []update {
	var out []update
	for _, u := range list {
		out = append(out, u)
		if p.hits() {
			out = append(out, u)
		}
	}
	return out
}

// shuffle returns the entries in another order.
func (p *part) shuffle(list []update) []update {
	out := slices.Clone(list)
	p.dice.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	if slices.Equal(out, list) {
		slices.Reverse(out)
	}
	return out
}
