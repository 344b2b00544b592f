package nhnsim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Accepted is a recipient of an accepted request.
type Accepted struct {
	Appkey               string `json:"appkey"`
	RequestID            string `json:"requestId"`
	RecipientSeq         int    `json:"recipientSeq"`
	RecipientNo          string `json:"recipientNo"`
	SenderGroupingKey    string `json:"senderGroupingKey"`
	RecipientGroupingKey string `json:"recipientGroupingKey"`
	Cancelled            bool   `json:"cancelled"`
}

// Accepted walks every recipient that was ever accepted for an appkey, or for all
// where it is empty, in order, listed or not. None for an unknown appkey.
func (s *Sim) Accepted(appkey string) iter.Seq[Accepted] { return s.accepted(appkey, "") }

// accepted narrows by the request's grouping key too, unless that is empty.
func (s *Sim) accepted(appkey, groupingKey string) iter.Seq[Accepted] {
	return func(yield func(Accepted) bool) {
		for _, p := range s.all() {
			if appkey != "" && p.appkey != appkey {
				continue
			}
			p.mu.RLock()
			requests := slices.Clip(p.requests)
			p.mu.RUnlock()
			for _, r := range requests {
				if groupingKey != "" && r.groupingKey != groupingKey {
					continue
				}
				for _, a := range p.accepted(r) {
					if !yield(a) {
						return
					}
				}
			}
		}
	}
}

func (p *project) accepted(r *request) []Accepted {
	p.mu.RLock()
	defer p.mu.RUnlock()
	out := make([]Accepted, len(r.messages))
	for i := range r.messages {
		m := &r.messages[i]
		out[i] = Accepted{p.appkey, r.id, int(m.seq), m.no, r.groupingKey, m.key, m.cancelledAt != 0}
	}
	return out
}

// all are the projects by appkey.
func (s *Sim) all() []*project {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.SortedFunc(maps.Values(s.projects), func(a, b *project) int { return strings.Compare(a.appkey, b.appkey) })
}

// control is a path by which another process sees the simulator, seeds it, moves its
// clock and makes it fail.
type control struct {
	method, path, says string
	serve              http.HandlerFunc
}

func (s *Sim) controls() []control {
	return []control{
		{"GET", "/_sim/", "this list", nil},
		{"GET", "/_sim/state", "everything there is: appkeys, senders, groups, templates, images, faults, clock", answer(s.getState)},
		{"GET", "/_sim/accepted", "every accepted recipient, an object a line; ?appkey= and ?senderGroupingKey= narrow", s.streamAccepted},
		{"GET", "/_sim/stats", "counts of calls and recipients", answer(func(*http.Request) (any, error) { return s.Stats(), nil })},
		{"GET", "/_sim/clock", "what the clock shows", answer(func(*http.Request) (any, error) { return s.Clock(), nil })},
		{"POST", "/_sim/clock", `{"set":"2026-12-01T09:00:00+09:00"}, {"advance":"24h"}, {"speed":60}, or several of them`, answer(s.postClock)},
		{"GET", "/_sim/faults", "what goes wrong, and how often it has", answer(func(*http.Request) (any, error) { return s.Faults(), nil })},
		{"POST", "/_sim/faults", `{"seed":7,"faults":[{"kind":"too-many","rate":0.1,"retryAfter":"2s"}]} replaces the list, as does a bare list; a single fault is added`, answer(s.postFaults)},
		{"DELETE", "/_sim/faults", "nothing goes wrong any more", answer(s.deleteFaults)},
		{"POST", "/_sim/appkeys", `{"appkey":"a","secretKey":"s","smsAppkey":"m"} makes one, or changes what is given: disabled, unverified`, answer(s.postAppkey)},
		{"POST", "/_sim/senders", `{"appkey":"a","plusFriendId":"@p","status":"YSC03","dailyMax":1000} makes one, or changes what is given: dormant, blocked, firstTime, token, fallback, …`, answer(s.postSender)},
		{"POST", "/_sim/groups", `{"appkey":"a","groupName":"g","members":["@p", …]} makes one, or replaces its members; sender keys will do as well`, answer(s.postGroup)},
		{"POST", "/_sim/templates", `{"appkey":"a","plusFriendId":"@p","templateCode":"t","templateContent":"…"} makes one, or changes what is given; "kakaoStatus":"S" blocks it`, answer(s.postTemplate)},
		{"GET", "/_sim/outcomes", "what becomes of messages to single numbers", answer(func(*http.Request) (any, error) { return s.Outcomes(), nil })},
		{"POST", "/_sim/outcomes", `{"recipientNo":"010…","code":"3018","fallbackCode":"1000","after":"1m"} decides it; without a code the rule of numbers holds again`, answer(s.postOutcome)},
		{"POST", "/_sim/reset", "everything as it was in the beginning: state, journal, faults, counts, clock", answer(s.postReset)},
	}
}

// control serves the paths under /_sim/. Pages of other sites cannot post to them.
func (s *Sim) control() http.Handler {
	byPath := map[string]map[string]http.HandlerFunc{}
	for _, c := range s.controls() {
		if byPath[c.path] == nil {
			byPath[c.path] = map[string]http.HandlerFunc{}
		}
		byPath[c.path][c.method] = c.serve
	}
	byPath["/_sim/"]["GET"] = s.index
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		methods, known := byPath[r.URL.Path]
		serve := methods[strings.Replace(r.Method, http.MethodHead, http.MethodGet, 1)]
		switch {
		case !known:
			writeJSON(w, http.StatusNotFound, problem("no such path; GET /_sim/ lists them"))
		case serve == nil:
			allowed := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
			w.Header().Set("Allow", allowed)
			writeJSON(w, http.StatusMethodNotAllowed, problem("this path takes "+allowed))
		default:
			serve(w, r)
		}
	}))
}

// index lists the paths and the kinds of faults.
func (s *Sim) index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	var b bytes.Buffer
	b.WriteString("Simulated KakaoTalk Bizmessage API. Nothing is really sent. What phones have received: /\n\n")
	for _, c := range s.controls() {
		fmt.Fprintf(&b, "%-6s %-15s %s\n", c.method, c.path, c.says)
	}
	fmt.Fprintf(&b, "\nKinds of faults: %s.\n", strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	fmt.Fprintf(&b, "Every fault may be narrowed by rate, count, endpoint, appkey, groupingKey and recipientNo. An endpoint is a number\n"+
		"from 1 to %d, a pattern such as \"POST /friendtalk/\", or an operation: %s.\n", len(endpoints()), strings.Join(s.stats.names(), ", "))
	_, _ = b.WriteTo(w)
}

// problem is the answer to what cannot be done.
func problem(text string) any { return map[string]string{"error": text} }

// answer writes what do returns: 400 for its error.
func answer(do func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := do(r)
		if err != nil {
			writeJSON(w, http.StatusBadRequest, problem(err.Error()))
			return
		}
		writeJSON(w, http.StatusOK, out)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // who does not wait for the answer does not get it
}

// decode reads a body that is one JSON value with no members but those of into.
func decode(r *http.Request, into any) error {
	body, err := controlBody(r)
	if err != nil {
		return err
	}
	return strict(body, into)
}

func controlBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("the body is longer than %d bytes", maxBody)
	}
	return body, err
}

// strict says in a sentence what is wrong with JSON.
func strict(body []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the value")
		}
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return fmt.Errorf("%s: a %s does not belong here", e.Field, e.Value)
	}
	if err == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("%s: no such member", strings.Trim(name, `"`))
	}
	return fmt.Errorf("the body is not the JSON that belongs here: %w", err)
}

func (s *Sim) postFaults(r *http.Request) (any, error) {
	body, err := controlBody(r)
	if err != nil {
		return nil, err
	}
	f, add, err := parseFaults(body, s.stats.names())
	switch {
	case err != nil:
		return nil, err
	case len(f.Rules) > maxFaults || add && len(s.Faults().Rules) >= maxFaults:
		return nil, fmt.Errorf("faults: more than %d", maxFaults)
	case add:
		s.addFault(f.Rules[0])
	default:
		s.SetFaults(f)
	}
	return s.Faults(), nil
}

func (s *Sim) deleteFaults(*http.Request) (any, error) {
	s.SetFaults(Faults{})
	return s.Faults(), nil
}

func (s *Sim) postOutcome(r *http.Request) (any, error) {
	var in Override
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	return in, s.SetOutcome(in)
}

func (s *Sim) postReset(r *http.Request) (any, error) {
	if err := s.Reset(); err != nil {
		return nil, err
	}
	return s.getState(r)
}

// streamAccepted writes what [Sim.Accepted] walks, an object a line.
func (s *Sim) streamAccepted(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := bufio.NewWriterSize(w, 64<<10)
	defer out.Flush()
	q := r.URL.Query()
	var b buf
	for a := range s.accepted(q.Get("appkey"), q.Get("senderGroupingKey")) {
		b = append(b[:0], '{')
		b = b.text("appkey", a.Appkey).text("requestId", a.RequestID).int("recipientSeq", a.RecipientSeq).text("recipientNo", a.RecipientNo)
		b = b.text("senderGroupingKey", a.SenderGroupingKey).text("recipientGroupingKey", a.RecipientGroupingKey)
		b = append(b.bool("cancelled", a.Cancelled).end('}'), '\n')
		if _, err := out.Write(b); err != nil {
			return
		}
	}
}
