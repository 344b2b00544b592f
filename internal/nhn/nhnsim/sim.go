// Package nhnsim stands in for NHN Cloud's KakaoTalk Bizmessage API: stateful,
// strict, and failing on request. Tests, demos and the crash test run against it;
// the program under test cannot tell it from the real service, and it shares no
// check with that program.
//
// What becomes of a message follows from the last four digits of its recipient's
// number, see [NumberNotReachable] and its neighbours.
package nhnsim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"soshik/internal/kakao"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 16 << 20

// DefaultAppkey and DefaultSecret are what a simulator of its own begins with.
const (
	DefaultAppkey = "demoappkey"
	DefaultSecret = "demosecret"
)

// Config says where the simulator keeps its state and how it behaves. Its zero
// value is a service in memory that delivers everything within seconds.
type Config struct {
	StateFile string           // journal of everything that happened; empty keeps it in memory
	Now       func() time.Time // the clock; time.Now unless set
	Log       *slog.Logger     // discarded unless set

	Speed float64 // of the clock, in seconds that pass in one; as the state file has it, else 1, unless set

	Latency         Span    // from sending to the result; 1 to 6 seconds unless set
	FallbackLatency Span    // from a failure to the result of its SMS; 3 to 8 seconds unless set
	Rate            float64 // deliveries a second for an appkey; as many as there are unless set
	FailureRate     float64 // share of all numbers that are not reachable
	Seed            uint64  // of request ids, and of faults that bring none; random unless set

	NewSenderDailyMax int    // messages a day of a sender that registers itself; 1,000 unless set, below 0 no limit
	FailedCallUsesKey bool   // a refused send, too, makes its idempotency key fail for ten minutes
	RequireConvert    bool   // FriendTalk without X-Convert-To-Brand-Message is refused with -9992
	TokenWithoutBody  bool   // the token is answered with the header alone, as the documents have it
	EndsExactly       bool   // a range of dates ends where its last minute begins
	DateLayout        string // of dates in answers; "2006-01-02 15:04:05.0" unless set
	NoControl         bool   // leaves out the phone's pages, and the paths under /_sim/ but the images'
	ImageBaseURL      string // where images can be reached; where a call came to unless set
}

// Span is a time between two bounds.
type Span struct{ Min, Max time.Duration }

// Sim is the simulated service. It is safe for concurrent use.
type Sim struct {
	cfg     Config
	mux     *http.ServeMux
	journal *journal
	clock   clock
	stats   stats
	era     atomic.Pointer[era]

	admin sync.Mutex // held where what belongs to no project changes
	seeds []keys     // what [Sim.Seed] has made

	mu        sync.RWMutex
	projects  map[string]*project
	overrides map[string]Override // by number; replaced, never written to

	idMu sync.Mutex
	ids  *rand.Rand

	faultMu sync.Mutex // held where faults is replaced
	faults  atomic.Pointer[faultSet]
	diceMu  sync.Mutex

	pictures *pictures
}

// era is the time from one beginning of the state to the next. Calls that wait do
// not outlive it.
type era struct {
	context.Context
	end context.CancelFunc
}

// newEra ends the calls that wait.
func (s *Sim) newEra() {
	ctx, end := context.WithCancel(context.Background())
	if old := s.era.Swap(&era{ctx, end}); old != nil {
		old.end()
	}
}

// Open starts a simulator with the state it was left in. Only one at a time can
// use a state file: [ErrInUse].
func Open(cfg Config) (*Sim, error) {
	cfg.fill()
	s := &Sim{cfg: cfg, projects: map[string]*project{}, clock: clock{under: cfg.Now}, pictures: newPictures(cfg.StateFile)}
	s.newEra()
	s.mux = s.routes()
	s.SetFaults(Faults{})
	j, err := openJournal(cfg.StateFile, s.replay)
	if err != nil {
		return nil, fmt.Errorf("simulator's state %s: %w", cfg.StateFile, err)
	}
	s.journal = j
	s.ids = rand.New(rand.NewPCG(cfg.Seed, uint64(j.size))) // not the ids of before a restart
	if err := s.startClock(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (c *Config) fill() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Latency == (Span{}) {
		c.Latency = Span{time.Second, 6 * time.Second}
	}
	if c.FallbackLatency == (Span{}) {
		c.FallbackLatency = Span{3 * time.Second, 8 * time.Second}
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64N(1 << 53) // which every reader of JSON can hold
	}
	c.NewSenderDailyMax = cmp.Or(c.NewSenderDailyMax, 1000)
	c.DateLayout = cmp.Or(c.DateLayout, "2006-01-02 15:04:05.0")
}

// HangUp drops the calls that wait since something goes wrong with them.
func (s *Sim) HangUp() { s.newEra() }

// Close ends calls that wait and closes the state file.
func (s *Sim) Close() error {
	s.era.Load().end()
	return s.journal.close()
}

// AddAppkey makes an appkey known, or gives a known one another secret key.
func (s *Sim) AddAppkey(appkey, secret string) error {
	if appkey == "" || secret == "" {
		return fmt.Errorf("an appkey needs a name and a secret key")
	}
	s.admin.Lock()
	defer s.admin.Unlock()
	if p := s.project(appkey); p != nil {
		p.mu.RLock()
		same := p.secret == secret
		p.mu.RUnlock()
		if same {
			return nil
		}
	}
	return s.commit(nil, entry{Type: entryAppkey, Appkey: appkey, Secret: secret})
}

// project is nil for an unknown appkey.
func (s *Sim) project(appkey string) *project {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.projects[appkey]
}

// commit writes an entry to the journal, then applies it. The caller holds the lock
// of the project it is about, so that the journal has the order in which things
// happened; nil stands for no project, and s.admin is held.
func (s *Sim) commit(p *project, e entry) error {
	if p != nil && p.gone {
		return errReset
	}
	if err := s.journal.append(&e); err != nil {
		return err
	}
	if p == nil {
		return s.replay(&e)
	}
	return p.apply(&e)
}

// replay applies an entry of which no lock is held.
func (s *Sim) replay(e *entry) error {
	switch {
	case e.Type == entryClock:
		return s.clock.restore(e.Clock)
	case e.Type == entryOverride && e.empty():
		return fmt.Errorf("entry of type %q says nothing", e.Type)
	case e.Type == entryOverride:
		s.putOverride(*e.Override)
		return nil
	}
	p := s.project(e.Appkey)
	if p == nil {
		if e.Type != entryAppkey {
			return fmt.Errorf("appkey %q of a %s entry is unknown", e.Appkey, e.Type)
		}
		p = newProject(s, e.Appkey)
		s.mu.Lock()
		s.projects[e.Appkey] = p
		s.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.apply(e)
}

// A call is one request to an endpoint of a project, with its body read.
type call struct {
	*project
	r     *http.Request
	body  []byte
	now   time.Time
	fault fault
}

// endpoint carries a call out.
type endpoint func(c *call) reply

// routes are the endpoints. The sender API exists in two versions that differ in
// one field; see [call.version].
func (s *Sim) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, version := range []string{kakao.SenderAPIv21, kakao.SenderAPIv20} {
		base := "/alimtalk/" + version + "/appkeys/{appkey}"
		s.handle(mux, "GET", base+"/sender/categories", "categories", categories)
		s.handle(mux, "POST", base+"/senders", "register sender", registerSender)
		s.handle(mux, "POST", base+"/sender/token", "token", enterToken)
		s.handle(mux, "DELETE", base+"/senders/{senderKey}", "delete sender", deleteSender)
		s.handle(mux, "GET", base+"/senders/{senderKey}", "sender", showSender)
		s.handle(mux, "GET", base+"/senders", "senders", listSenders)
		s.handle(mux, "GET", base+"/sender-groups/{groupSenderKey}", "group", showGroup)
		s.handle(mux, "POST", base+"/sender-groups/{groupSenderKey}/senders/{senderKey}", addMemberOp, addMember)
		s.handle(mux, "DELETE", base+"/sender-groups/{groupSenderKey}/senders/{senderKey}", "remove member", removeMember)
	}
	const friendTalk = "/friendtalk/v1.5/appkeys/{appkey}"
	s.handle(mux, "POST", friendTalk+"/messages", sendOp, converted(sendFriendTalk))
	s.handle(mux, "GET", friendTalk+"/messages", "messages", listMessages)
	s.handle(mux, "GET", friendTalk+"/messages/{requestId}/{recipientSeq}", "message", showMessage)
	s.handle(mux, "DELETE", friendTalk+"/messages/{requestId}", "cancel", cancelMessages)
	s.handle(mux, "GET", friendTalk+"/message-results", "results", listResults)
	s.handle(mux, "POST", friendTalk+"/images", uploadOp, uploadImage)
	s.handle(mux, "GET", friendTalk+"/images", "images", listImages)
	s.handle(mux, "DELETE", friendTalk+"/images", "delete images", deleteImages)
	s.handle(mux, "POST", friendTalk+"/failback/appkey", "fallback appkey", setFallbackAppkey)
	s.handle(mux, "POST", friendTalk+"/failback", "fallback", setFallback)
	const brandTalk = "/brandtalk/v2.2/appkeys/{appkey}"
	s.handle(mux, "POST", brandTalk+"/messages", brandSendOp, sendBrandTalk)
	s.handle(mux, "GET", brandTalk+"/messages", "brandtalk messages", listMessages)
	s.handle(mux, "GET", brandTalk+"/messages/{requestId}/{recipientSeq}", "brandtalk message", showMessage)
	s.handle(mux, "DELETE", brandTalk+"/messages/{requestId}", "brandtalk cancel", cancelMessages)
	s.handle(mux, "POST", brandTalk+"/senders/{senderKey}/templates", templateOp, registerTemplate)
	s.handle(mux, "GET", brandTalk+"/senders/{senderKey}/templates/{templateCode}", "template", showTemplate)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(kakao.CodeUnknownAPI).write(w) })
	mux.Handle("GET "+imagePath+"{file}", s.ImageHandler())
	if !s.cfg.NoControl {
		mux.Handle("/_sim/", s.control())
		phone := s.PhoneHandler()
		mux.Handle("GET /{$}", phone)
		mux.Handle("GET /phone.css", phone)
		mux.Handle("GET /phone.svg", phone)
		mux.Handle("GET /images/{file}", phone)
		mux.Handle("GET /phone/", http.StripPrefix("/phone", phone))
	}
	return mux
}

// converted lets a send pass only with the header that the provider demands since
// the end of FriendTalk, when the simulator is configured to.
func converted(next endpoint) endpoint {
	return func(c *call) reply {
		if c.sim.cfg.RequireConvert && c.r.Header.Get(kakao.HeaderConvertToBrand) != "true" {
			return refuse(kakao.CodeFriendTalkEnded)
		}
		return next(c)
	}
}

// ServeHTTP answers the API, the control paths under /_sim/, and with the phone's
// pages at / and /phone/.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !clean(r.URL.EscapedPath()) {
		refuse(kakao.CodeUnknownAPI).write(w) // the mux would redirect it
		return
	}
	s.mux.ServeHTTP(w, r)
}

// clean reports whether a path has neither empty segments nor dots to be resolved.
func clean(p string) bool {
	cleaned := path.Clean(p)
	if strings.HasSuffix(p, "/") && cleaned != "/" {
		cleaned += "/"
	}
	return p == cleaned || !strings.HasPrefix(p, "/")
}

// handle serves an endpoint: with its share of faults, and after the checks that
// come before all others.
func (s *Sim) handle(mux *http.ServeMux, method, path, op string, next endpoint) {
	counter, which := s.stats.counter(op), route{endpointNumber(method + " " + path), op}
	mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) {
		counter.Add(1)
		body, err := readBody(w, r)
		if err != nil {
			unread(op).write(w)
			return
		}
		f := s.draw(r, body, which)
		if !f.before(w, r) {
			return
		}
		start := time.Now()
		answer := s.serve(r, op, body, f, next)
		s.stats.busy.Add(int64(time.Since(start)))
		f.after(w, r, answer)
	})
}

// readBody reads a body of up to maxBody bytes into room made for it.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var b bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= maxBody {
		b.Grow(int(n) + bytes.MinRead)
	}
	_, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody))
	return b.Bytes(), err
}

// serve checks who calls, and with what, and carries the call out.
func (s *Sim) serve(r *http.Request, op string, body []byte, f fault, next endpoint) reply {
	p := s.project(r.PathValue("appkey"))
	if p == nil {
		return refuse(kakao.CodeAppkey)
	}
	p.mu.RLock()
	secret, state := p.secret, p.state
	p.mu.RUnlock()
	if r.Header.Get(kakao.HeaderSecretKey) != secret {
		return refuse(kakao.CodeSecretKey)
	}
	if code := state.code(); code != 0 {
		return refuse(code)
	}
	if !takes(op, r) {
		return refuse(kakao.CodeContentType)
	}
	return next(&call{project: p, r: r, body: body, now: s.Now(), fault: f})
}

const idLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newID names a request: 14 digits of Korean time and 11 letters or digits.
func (s *Sim) newID(now time.Time) string {
	b := now.In(kakao.KST).AppendFormat(make([]byte, 0, 25), "20060102150405")
	s.idMu.Lock()
	defer s.idMu.Unlock()
	for range 11 {
		b = append(b, idLetters[s.ids.IntN(len(idLetters))])
	}
	return string(b)
}

// stats counts what the simulator did since it was opened or reset.
type stats struct {
	busy       atomic.Int64 // nanoseconds in endpoints
	accepted   atomic.Int64 // recipients
	refused    atomic.Int64 // recipients, at request time
	cancelled  atomic.Int64 // recipients
	repeats    atomic.Int64 // calls with a used idempotency key
	faults     atomic.Int64 // calls that were made to fail
	mu         sync.Mutex
	operations map[string]*atomic.Int64 // calls by endpoint
}

func (s *stats) counter(op string) *atomic.Int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations == nil {
		s.operations = map[string]*atomic.Int64{}
	}
	if s.operations[op] == nil {
		s.operations[op] = new(atomic.Int64)
	}
	return s.operations[op]
}

// names are the operations that are counted, in order.
func (s *stats) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.operations))
}

// reset begins to count anew.
func (s *stats) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range []*atomic.Int64{&s.busy, &s.accepted, &s.refused, &s.cancelled, &s.repeats, &s.faults} {
		n.Store(0)
	}
	for _, n := range s.operations {
		n.Store(0)
	}
}

// Stats is what the simulator did since it was opened or reset.
type Stats struct {
	Calls       map[string]int64 `json:"calls"`       // by endpoint
	Accepted    int64            `json:"accepted"`    // recipients
	Refused     int64            `json:"refused"`     // recipients, at request time
	Cancelled   int64            `json:"cancelled"`   // recipients
	Repeats     int64            `json:"repeats"`     // calls refused for their idempotency key
	Faults      int64            `json:"faults"`      // calls made to fail
	BusySeconds float64          `json:"busySeconds"` // time spent in endpoints, without reading and writing
}

// Stats tells what the simulator did since it was opened or reset.
func (s *Sim) Stats() Stats {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	out := Stats{
		Calls: map[string]int64{}, Accepted: s.stats.accepted.Load(), Refused: s.stats.refused.Load(),
		Cancelled: s.stats.cancelled.Load(), Repeats: s.stats.repeats.Load(), Faults: s.stats.faults.Load(),
		BusySeconds: time.Duration(s.stats.busy.Load()).Seconds(),
	}
	for op, n := range s.stats.operations {
		out.Calls[op] = n.Load()
	}
	return out
}
