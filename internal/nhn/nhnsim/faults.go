package nhnsim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// What can go wrong with a call. Before and after are about its being carried out:
// what goes wrong before has accepted nothing.
const (
	FaultDelay         = "delay"          // carried out after Delay, unless the caller has given up by then
	FaultLate          = "late"           // carried out after Delay, also when the caller has given up
	FaultTooMany       = "too-many"       // HTTP 429, with RetryAfter; not carried out
	FaultErrorBefore   = "error-before"   // HTTP Status, 503 unless set, with Body; not carried out
	FaultErrorAfter    = "error-after"    // carried out, then HTTP Status, 502 unless set, with Body
	FaultTimeoutBefore = "timeout-before" // not carried out, and no answer until the caller gives up, or for Delay
	FaultTimeoutAfter  = "timeout-after"  // carried out, and no answer until the caller gives up, or for Delay
	FaultDropBefore    = "drop-before"    // connection closed, not carried out
	FaultDropAfter     = "drop-after"     // carried out, then the connection is closed
	FaultCodeBefore    = "code-before"    // answered with Code under HTTP 200, not carried out
	FaultCodeAfter     = "code-after"     // carried out, then answered with Code under HTTP 200
	FaultNotJSON       = "not-json"       // carried out, then answered with Body, a sentence unless set
	FaultTruncated     = "truncated"      // carried out, then answered with the first half of the answer
	FaultWrongType     = "wrong-type"     // carried out, then answered under text/html
	FaultEmpty         = "empty"          // carried out, then answered with nothing under HTTP 200
	FaultHuge          = "huge"           // carried out, then answered with the answer and Size bytes more, 64 MiB unless set
	FaultLateListing   = "late-listing"   // a send is accepted, and listed only after Delay
	FaultRefuse        = "refuse"         // each recipient of a send, at the rate: refused with Code, -5000 unless set
	FaultRepeat        = "repeat"         // each entry of a page of messages, at the rate: there twice
	FaultShuffle       = "shuffle"        // the entries of a page of messages are in no order
)

// Faults is what goes wrong on purpose. The same seed and the same calls make the
// same faults: each rule draws from a stream of its own, which follows from Seed and
// its place in the list, so that a rule that is added does not change what others draw.
type Faults struct {
	Seed  uint64  `json:"seed"` // 0 is the simulator's own
	Rules []Fault `json:"faults"`

	// Hook, where it returns an answer, decides one call, and no rule does. It must not
	// keep r.
	Hook func(r *http.Request) *Answer `json:"-"`
}

// Fault is a rule: what goes wrong, how often, and with which calls. Where several
// rules hit the same call, delays add up and the first answer of the list stands;
// the others are not used up by it. Durations pass by the machine's clock, but for
// that of [FaultLateListing]. In JSON they are texts such as "1.5s".
type Fault struct {
	Kind        string  // Fault…
	Rate        float64 // of the calls that it is about, above 0 to 1; 1 unless set
	Count       int     // hits at most; 0 is no limit
	Endpoint    string  // numbers, operations of [Stats] or patterns of [http.ServeMux], with commas between; empty is every endpoint
	Appkey      string
	GroupingKey string // what the senderGroupingKey of a send, or of a list's query, begins with
	RecipientNo string // a recipient of a send, or a list's query

	Delay      time.Duration
	DelayMin   *time.Duration // drawn between it and Delay, where set
	Status     int            // of HTTP
	RetryAfter time.Duration  // in whole seconds; no header unless set
	Code       int            // resultCode, under which the API's own message stands
	Body       string
	Size       int // bytes

	Seen int // calls that it was about; set by the simulator
	Hits int // calls, recipients or entries that it made fail; set by the simulator
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

// phase is when a fault takes effect.
type phase int

const (
	waits  phase = iota // before everything
	before              // instead of carrying out
	during              // while carrying out
	after               // instead of the answer
)

// kind is what a fault heeds besides what every fault does. Endpoints, where there
// are any, are those that it is about.
type kind struct {
	phase     phase
	needs     string
	heeds     string
	endpoints []int
}

// The endpoints by which messages are sent, and those that list them.
var (
	sends = []int{19, 25}
	lists = []int{20, 26, 29}
)

var kinds = map[string]kind{
	FaultDelay:         {waits, "delay", "delayMin", nil},
	FaultLate:          {waits, "delay", "delayMin", nil},
	FaultTooMany:       {before, "", "retryAfter body", nil},
	FaultErrorBefore:   {before, "", "status retryAfter body", nil},
	FaultErrorAfter:    {after, "", "status retryAfter body", nil},
	FaultTimeoutBefore: {before, "", "delay delayMin", nil},
	FaultTimeoutAfter:  {after, "", "delay delayMin", nil},
	FaultDropBefore:    {before, "", "", nil},
	FaultDropAfter:     {after, "", "", nil},
	FaultCodeBefore:    {before, "code", "", nil},
	FaultCodeAfter:     {after, "code", "", nil},
	FaultNotJSON:       {after, "", "body", nil},
	FaultTruncated:     {after, "", "", nil},
	FaultWrongType:     {after, "", "", nil},
	FaultEmpty:         {after, "", "", nil},
	FaultHuge:          {after, "", "size", nil},
	FaultLateListing:   {during, "delay", "delayMin", sends},
	FaultRefuse:        {during, "", "code", sends},
	FaultRepeat:        {during, "", "", lists},
	FaultShuffle:       {during, "", "", lists},
}

// Bounds of what a rule may say.
const (
	maxFaults     = 1000
	maxFaultDelay = 24 * time.Hour
	maxFaultSize  = 1 << 30
)

// check says in a sentence what is wrong with a rule. ops are the operations that
// an endpoint can be named by.
func (f *Fault) check(ops []string) error {
	k, ok := kinds[f.Kind]
	if !ok {
		return fmt.Errorf("kind: %q is none of %s", f.Kind, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	if f.Rate < 0 || f.Rate > 1 || f.Rate != f.Rate {
		return fmt.Errorf("rate: %v is not above 0 and at most 1", f.Rate)
	}
	if f.Count < 0 {
		return fmt.Errorf("count: %d is below 0", f.Count)
	}
	if _, err := parseTarget(f.Endpoint, ops); err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	if f.RecipientNo != "" && digits(f.RecipientNo) == "" {
		return fmt.Errorf("recipientNo: %q has no digits", f.RecipientNo)
	}
	for name, set := range f.given() {
		switch {
		case set && !named(k.needs, name) && !named(k.heeds, name):
			return fmt.Errorf("%s: means nothing to %q", name, f.Kind)
		case !set && named(k.needs, name):
			return fmt.Errorf("%s: %q needs it", name, f.Kind)
		}
	}
	return f.checkValues()
}

// given tells which of the fields are set that not every kind heeds.
func (f *Fault) given() map[string]bool {
	return map[string]bool{
		"delay": f.Delay != 0, "delayMin": f.DelayMin != nil, "status": f.Status != 0, "retryAfter": f.RetryAfter != 0,
		"code": f.Code != 0, "body": f.Body != "", "size": f.Size != 0,
	}
}

func named(names, name string) bool { return slices.Contains(strings.Fields(names), name) }

func (f *Fault) checkValues() error {
	switch {
	case f.Delay < 0 || f.Delay > maxFaultDelay:
		return fmt.Errorf("delay: %v is not from 0 to %v", f.Delay, maxFaultDelay)
	case f.DelayMin != nil && (*f.DelayMin < 0 || *f.DelayMin > f.Delay):
		return fmt.Errorf("delayMin: %v is not from 0 to the delay, %v", *f.DelayMin, f.Delay)
	case f.RetryAfter < 0 || f.RetryAfter > maxFaultDelay:
		return fmt.Errorf("retryAfter: %v is not from 0 to %v", f.RetryAfter, maxFaultDelay)
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status: %d is not from 200 to 599", f.Status)
	case f.Size < 0 || f.Size > maxFaultSize:
		return fmt.Errorf("size: %d is not from 0 to %d bytes", f.Size, maxFaultSize)
	}
	return nil
}

// faultJSON is a Fault as JSON has it.
type faultJSON struct {
	Kind        string        `json:"kind"`
	Rate        *float64      `json:"rate,omitempty"`
	Count       int           `json:"count,omitempty"`
	Endpoint    *endpointJSON `json:"endpoint,omitempty"`
	Appkey      string        `json:"appkey,omitempty"`
	GroupingKey string        `json:"groupingKey,omitempty"`
	RecipientNo string        `json:"recipientNo,omitempty"`
	Delay       *string       `json:"delay,omitempty"`
	DelayMin    *string       `json:"delayMin,omitempty"`
	Status      int           `json:"status,omitempty"`
	RetryAfter  *string       `json:"retryAfter,omitempty"`
	Code        int           `json:"code,omitempty"`
	Body        string        `json:"body,omitempty"`
	Size        int           `json:"size,omitempty"`
	Seen        int           `json:"seen"`
	Hits        int           `json:"hits"`
}

// endpointJSON is a text, or a number.
type endpointJSON string

func (e *endpointJSON) UnmarshalJSON(b []byte) error {
	if n, err := strconv.Atoi(string(b)); err == nil {
		*e = endpointJSON(strconv.Itoa(n))
		return nil
	}
	return json.Unmarshal(b, (*string)(e))
}

// MarshalJSON writes durations as texts.
func (f Fault) MarshalJSON() ([]byte, error) {
	out := faultJSON{
		Kind: f.Kind, Rate: new(cmp.Or(f.Rate, 1)), Count: f.Count, Appkey: f.Appkey, GroupingKey: f.GroupingKey, RecipientNo: f.RecipientNo,
		Status: f.Status, Code: f.Code, Body: f.Body, Size: f.Size, Seen: f.Seen, Hits: f.Hits,
	}
	if f.Endpoint != "" {
		out.Endpoint = new(endpointJSON(f.Endpoint))
	}
	if f.Delay != 0 {
		out.Delay = new(f.Delay.String())
	}
	if f.DelayMin != nil {
		out.DelayMin = new(f.DelayMin.String())
	}
	if f.RetryAfter != 0 {
		out.RetryAfter = new(f.RetryAfter.String())
	}
	return json.Marshal(out)
}

// fault is the rule that in describes. What the simulator counts is left out, so
// that a list can be posted back as it was read.
func (in *faultJSON) fault() (f Fault, err error) {
	f = Fault{
		Kind: in.Kind, Count: in.Count, Appkey: in.Appkey, GroupingKey: in.GroupingKey, RecipientNo: in.RecipientNo,
		Status: in.Status, Code: in.Code, Body: in.Body, Size: in.Size,
	}
	if in.Rate != nil {
		if f.Rate = *in.Rate; f.Rate == 0 {
			return f, errors.New("rate: 0 is not above 0 and at most 1; leave the fault out instead")
		}
	}
	if in.Endpoint != nil {
		f.Endpoint = string(*in.Endpoint)
	}
	var least time.Duration
	for _, d := range []struct {
		name string
		text *string
		into *time.Duration
	}{{"delay", in.Delay, &f.Delay}, {"delayMin", in.DelayMin, &least}, {"retryAfter", in.RetryAfter, &f.RetryAfter}} {
		if d.text == nil {
			continue
		}
		if *d.into, err = time.ParseDuration(*d.text); err != nil {
			return f, fmt.Errorf(`%s: %q is no duration such as "1.5s"`, d.name, *d.text)
		}
	}
	if in.DelayMin != nil {
		f.DelayMin = &least
	}
	return f, nil
}

// parseFaults reads a body of /_sim/faults: a list, a list with its seed, or a single
// rule, which is to be added to those that are there.
func parseFaults(body []byte, ops []string) (f Faults, add bool, err error) {
	body = []byte(strings.TrimSpace(string(body)))
	var list struct {
		Seed   uint64            `json:"seed"`
		Faults []json.RawMessage `json:"faults"`
	}
	var members map[string]json.RawMessage
	isObject := json.Unmarshal(body, &members) == nil
	switch {
	case !isObject:
		err = strict(body, &list.Faults)
	case members["kind"] != nil:
		list.Faults, add = []json.RawMessage{body}, true
	case members["faults"] != nil:
		err = strict(body, &list)
	default:
		err = errors.New(`give "faults", a list, or a single fault with its "kind"`)
	}
	if err != nil {
		return f, add, err
	}
	f.Seed = list.Seed
	for i, raw := range list.Faults {
		rule, err := parseFault(raw, ops)
		if err != nil && !add {
			err = fmt.Errorf("faults[%d].%w", i, err)
		}
		if err != nil {
			return f, add, err
		}
		f.Rules = append(f.Rules, rule)
	}
	return f, add, nil
}

func parseFault(raw []byte, ops []string) (Fault, error) {
	var in faultJSON
	if err := strict(raw, &in); err != nil {
		return Fault{}, err
	}
	f, err := in.fault()
	if err == nil {
		err = f.check(ops)
	}
	return f, err
}

// target is what an endpoint's narrowing asks for; empty is everything.
type target struct {
	numbers  []int
	ops      []string
	patterns *http.ServeMux
}

// parseTarget reads numbers, operations and patterns.
func parseTarget(s string, ops []string) (*target, error) {
	t := &target{}
	if s == "" {
		return t, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		n, err := strconv.Atoi(part)
		switch {
		case err == nil && n >= 1 && n <= len(endpoints()):
			t.numbers = append(t.numbers, n)
		case err == nil:
			return nil, fmt.Errorf("%d is not from 1 to %d", n, len(endpoints()))
		case strings.Contains(part, "/"):
			if err := t.addPattern(part); err != nil {
				return nil, err
			}
		case slices.Contains(ops, part):
			t.ops = append(t.ops, part)
		default:
			return nil, fmt.Errorf(`%q is no number, no pattern such as "GET /friendtalk/", and none of %s`, part, strings.Join(ops, ", "))
		}
	}
	return t, nil
}

// addPattern adds what [http.ServeMux] takes, which panics for anything else.
func (t *target) addPattern(pattern string) (err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf(`%q is no pattern such as "GET /friendtalk/"`, pattern)
		}
	}()
	if t.patterns == nil {
		t.patterns = http.NewServeMux()
	}
	t.patterns.Handle(pattern, http.NotFoundHandler())
	return nil
}

func (t *target) holds(rt route, r *http.Request) bool {
	if t.numbers == nil && t.ops == nil && t.patterns == nil {
		return true
	}
	if slices.Contains(t.numbers, rt.number) || slices.Contains(t.ops, rt.op) {
		return true
	}
	if t.patterns == nil {
		return false
	}
	_, pattern := t.patterns.Handler(r)
	return pattern != ""
}

// route is which call it is.
type route struct {
	number int    // of the endpoint, from 1; 0 is none of them
	op     string // as in [Stats]
}

// endpoints are the provider's calls by number, from 1, with {} for what varies.
func endpoints() []string {
	var out []string
	add := func(base string, calls ...string) {
		for _, c := range calls {
			method, path, _ := strings.Cut(c, " ")
			out = append(out, method+" "+base+"/appkeys/{}"+path)
		}
	}
	for _, version := range []string{kakao.SenderAPIv21, kakao.SenderAPIv20} {
		add("/alimtalk/"+version,
			"GET /sender/categories", "POST /senders", "POST /sender/token", "DELETE /senders/{}", "GET /senders/{}", "GET /senders",
			"GET /sender-groups/{}", "POST /sender-groups/{}/senders/{}", "DELETE /sender-groups/{}/senders/{}")
	}
	add("/brandtalk/v2.2",
		"POST /messages", "GET /messages", "GET /messages/{}/{}", "DELETE /messages/{}",
		"POST /senders/{}/templates", "GET /senders/{}/templates/{}")
	add("/friendtalk/v1.5",
		"POST /messages", "GET /messages", "GET /messages/{}/{}", "DELETE /messages/{}", "GET /message-results",
		"POST /images", "GET /images", "DELETE /images", "POST /failback/appkey", "POST /failback")
	return out
}

// endpointNumber is that of a pattern of routes, whatever its wildcards are called;
// 0 for none of the provider's.
func endpointNumber(pattern string) int {
	var b strings.Builder
	inside := false
	for _, r := range pattern {
		if r == '{' || r == '}' {
			inside = r == '{'
			b.WriteRune(r)
		} else if !inside {
			b.WriteRune(r)
		}
	}
	return 1 + slices.Index(endpoints(), b.String())
}
