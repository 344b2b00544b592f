// Package conformance asks a server of NHN Cloud's KakaoTalk Bizmessage API, the real
// one or a simulator, whether it does what the documents say and this program counts
// on: a list of checks for its 34 endpoints, each of which makes calls through the
// client and judges what comes back.
//
// Reading checks change nothing. They find out what there is and judge that, so they
// work whatever a project holds, and are skipped where it holds nothing. Writing checks
// are made only when they are asked for. They put back what they have changed.
package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// Target is the server, and the project that is looked at. It never prints its secret
// key.
type Target struct {
	BaseURL        string
	Appkey         string
	Secret         string        `json:"-"`
	SenderVersion  string        // of the sender API: kakao.SenderAPIv21 or kakao.SenderAPIv20; both unless set
	ConvertToBrand bool          // FriendTalk calls carry X-Convert-To-Brand-Message: true
	Timeout        time.Duration // of a call; 30 seconds unless set
}

// Format keeps the secret key out of whatever is printed.
func (t Target) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "{%s %s}", t.BaseURL, t.Appkey) }

// Options say how far the checks go. Their zero value only reads.
type Options struct {
	Write     bool
	To        []string      // numbers that messages are sent to; none is sent without
	Sender    string        // plusFriendId of the sender that messages come from; the first that can send unless set
	Group     string        // sender key of a group, since groups cannot be listed
	SMSAppkey string        // to be set, which resets the fallback of all senders; a simulator's is known
	Register  Registration  // to be registered; made up on a simulator
	Patience  time.Duration // how long what was taken may stay unlisted; 20 seconds unless set
}

// Registration is a channel that may become a sender. Its administrator gets a token.
type Registration struct{ PlusFriendID, PhoneNo string }

// Status is how a check ended.
type Status string

// How checks end.
const (
	OK      Status = "ok"
	Failed  Status = "failed"
	Skipped Status = "skipped" // it could not be made
	Ended   Status = "ended"   // the provider has switched off what it is about
)

// Result is what came of a check.
type Result struct {
	Endpoint int    // its number in docs/provider.md, from 1 to 34; 0 is none of them
	Name     string // what was done, such as "a sender is read by its key"
	Expects  string
	Writes   bool // whether it changes something
	Status   Status
	Detail   string // what was found; what was expected and what came; why it was skipped
}

// Counts are how many checks ended in each way.
type Counts map[Status]int

// Run makes the checks one after the other, always in the same order, and reports each
// as it ends. When the server does not answer as the API does, or does not know the
// keys, the first check says so and the others are skipped. A cancelled ctx skips those
// that are left; what was changed is put back all the same.
func Run(ctx context.Context, target Target, options Options, report func(Result)) Counts {
	s := newSuite(target, options)
	defer s.tape.close()
	defer s.putBack(ctx)
	s.sim = s.simulator(ctx)
	if s.sim != nil {
		s.now = s.sim.now
	}
	counts := Counts{}
	for _, c := range s.checks() {
		if c.writes && !options.Write {
			continue
		}
		r := s.run(ctx, c)
		counts[r.Status]++
		report(r)
	}
	return counts
}

// check is one check. do returns what is worth telling when nothing is wrong.
type check struct {
	endpoint      int
	name, expects string
	writes        bool
	do            func(ctx context.Context) (note string, err error)
}

func reads(endpoint int, name, expects string, do func(context.Context) (string, error)) check {
	return check{endpoint, name, expects, false, do}
}

func writes(endpoint int, name, expects string, do func(context.Context) (string, error)) check {
	return check{endpoint, name, expects, true, do}
}

// suite is one run. Later checks build on what earlier ones have found.
type suite struct {
	target  Target
	options Options
	tape    *tape
	api     *nhn.Client // for what is not the sender API's
	sim     *simulator  // nil where the server is none, or does not show its state
	now     time.Time   // the server's, when the run began
	name    string      // of this run, unlike any other's

	useless string      // why no check can be made; empty while they can
	sender  *nhn.Sender // that messages come from; nil is none
	undo    []func(context.Context)
}

func newSuite(t Target, o Options) *suite {
	t.BaseURL = strings.TrimRight(t.BaseURL, "/")
	o.Patience = cmp.Or(o.Patience, 20*time.Second)
	s := &suite{target: t, options: o, tape: newTape(), now: time.Now()}
	s.name = strconv.FormatInt(s.now.UnixMilli(), 36) + strconv.FormatInt(rand.Int64N(36*36*36), 36)
	s.api = s.client(kakao.SenderAPIv21, func(*nhn.Config) {})
	return s
}

// client is one of the target's, with something about it changed.
func (s *suite) client(senderVersion string, change func(*nhn.Config)) *nhn.Client {
	cfg := nhn.Config{
		BaseURL: s.target.BaseURL, Appkey: s.target.Appkey, SecretKey: s.target.Secret, SenderVersion: senderVersion,
		ConvertToBrand: s.target.ConvertToBrand, Timeout: s.target.Timeout, HTTP: &http.Client{Transport: s.tape},
	}
	change(&cfg)
	return nhn.New(cfg)
}

// checks are all of them, in their order: what reads, then what writes, and last of
// all the deletion of the senders that were registered for it. Messages are read after
// some were sent, if any are.
func (s *suite) checks() []check {
	versions := []string{kakao.SenderAPIv21, kakao.SenderAPIv20}
	if v := s.target.SenderVersion; v != "" {
		versions = []string{v}
	}
	var senders []*senderChecks
	for i, version := range versions {
		senders = append(senders, &senderChecks{suite: s, version: version, api: s.client(version, func(*nhn.Config) {}), first: i == 0})
	}
	friend, brand, image := &friendTalkChecks{suite: s}, &brandTalkChecks{suite: s, senders: senders}, &imageChecks{suite: s}
	fallback := &fallbackChecks{suite: s, senders: senders}

	var list []check
	for _, c := range senders {
		list = append(list, c.reading()...)
	}
	for _, c := range senders {
		list = append(list, c.writing()...)
	}
	list = slices.Concat(list, friend.writing(), image.writing(), fallback.writing(), brand.writing())
	list = slices.Concat(list, friend.reading(), image.reading(), brand.reading())
	for _, c := range senders {
		list = append(list, c.deleting()...)
	}
	return list
}

func (s *suite) run(ctx context.Context, c check) Result {
	r := Result{Endpoint: c.endpoint, Name: c.name, Expects: c.expects, Writes: c.writes, Status: OK}
	err := error(skip(s.useless))
	switch {
	case ctx.Err() != nil:
		err = skip("the run was stopped")
	case s.useless == "":
		if r.Detail, err = c.do(ctx); err == nil {
			err = first(s.tape.has("", "header{}!"), s.tape.has("header", "resultCode#! resultMessage isSuccessful?!"))
		}
	}
	if err != nil {
		r.Status, r.Detail = s.status(c, err), s.redact(err.Error())
	}
	return r
}

// status is what an error makes of a check.
func (s *suite) status(c check, err error) Status {
	if _, ok := errors.AsType[skip](err); ok {
		return Skipped
	}
	if e, ok := errors.AsType[*nhn.Error](err); ok && ended(c.endpoint, e) {
		return Ended
	}
	return Failed
}

// ended reports whether an error says that what an endpoint is about is over: a version
// of the API, FriendTalk without the header that it needs since, BrandTalk as a whole.
func ended(endpoint int, e *nhn.Error) bool {
	brandTalk := endpoint >= 19 && endpoint <= 24
	switch e.Code {
	case kakao.CodeVersionEnded, kakao.CodeFriendTalkEnded:
		return true
	case kakao.CodeUnknownAPI:
		return brandTalk
	case 0:
		return brandTalk && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
	}
	return false
}

// redact takes the secret key out of what a server may have echoed.
func (s *suite) redact(text string) string {
	if s.target.Secret == "" {
		return text
	}
	return strings.ReplaceAll(text, s.target.Secret, "[secret key]")
}

// later notes how to put back what was changed. It is done in any case, in reverse
// order, so it may find that there is nothing left to do.
func (s *suite) later(undo func(context.Context)) { s.undo = append(s.undo, undo) }

func (s *suite) putBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i](ctx)
	}
}

// pause is how long to wait before asking again for what is not there yet.
const pause = 500 * time.Millisecond

// eventually asks until the answer is yes, an error, or patience is over.
func (s *suite) eventually(ctx context.Context, ask func() (bool, error)) (bool, error) {
	over := time.After(s.options.Patience)
	for {
		if yes, err := ask(); yes || err != nil {
			return yes, err
		}
		select {
		case <-time.After(pause):
		case <-over:
			return false, nil
		case <-ctx.Done():
			return false, skip("the run was stopped")
		}
	}
}

// soon is when what is scheduled is to be sent. It is cancelled before.
func (s *suite) soon() time.Time { return s.now.Add(3 * time.Hour).Truncate(time.Minute) }

// lasting is a search of so many days that end now.
func (s *suite) lasting(days int) nhn.Window {
	windows, _ := nhn.Windows(s.now.AddDate(0, 0, -days), s.now, s.now, days)
	return windows[0]
}
