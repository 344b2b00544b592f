package prove

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// What the provider knows.
const (
	appkey   = "prove"
	lateKey  = "late" // an appkey whose messages are listed too late, and nothing else goes wrong
	secret   = "secret"
	sender   = "@prove"
	template = "prove"
)

// provider is the simulated provider, in this process, so that it survives the kills.
type provider struct {
	*nhnsim.Sim

	url       string
	server    *http.Server
	random    *rand.Rand
	draws     uint64 // the seed of what goes wrong
	usesKey   bool
	underWay  atomic.Int64 // sends
	cut       atomic.Int64 // sends whose caller was gone before its patience was over
	delayed   time.Duration
	listsLate time.Duration
}

func startProvider(ctx context.Context, seed uint64, c *clock) (*provider, error) {
	p := &provider{draws: seed, random: rand.New(rand.NewPCG(seed, 1))}
	p.usesKey = p.random.IntN(2) == 0
	var err error
	p.Sim, err = nhnsim.Open(nhnsim.Config{
		Now: c.now, Seed: seed, FailedCallUsesKey: p.usesKey, FailureRate: .02,
		Latency:         nhnsim.Span{Min: 50 * time.Millisecond, Max: 500 * time.Millisecond},
		FallbackLatency: nhnsim.Span{Min: 50 * time.Millisecond, Max: 500 * time.Millisecond},
	})
	if err != nil {
		return nil, err
	}
	for _, key := range []string{appkey, lateKey} {
		if err := p.seed(key); err != nil {
			return nil, err
		}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.url = "http://" + ln.Addr().String()
	p.server = &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(ln) }()
	return p, nil
}

// seed makes an appkey with a sender and a template.
func (p *provider) seed(key string) error {
	if err := p.AddAppkey(key, secret); err != nil {
		return err
	}
	if err := p.SetSMSAppkey(key, "sms"); err != nil {
		return err
	}
	s, err := p.AddSender(key, nhnsim.Sender{
		PlusFriendID: sender, Registered: true,
		Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	})
	if err != nil {
		return err
	}
	_, err = p.AddTemplate(key, nhnsim.Template{SenderKey: s.SenderKey, Code: template, Content: "안녕하세요"})
	return err
}

// serve notes calls that are cut off by a kill: whoever lives waits for the timeout.
func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") {
		p.underWay.Add(1)
		defer p.underWay.Add(-1)
		began := time.Now()
		stop := context.AfterFunc(r.Context(), func() {
			if time.Since(began) < callTimeout*9/10 {
				p.cut.Add(1)
			}
		})
		defer stop()
	}
	p.ServeHTTP(w, r)
}

func (p *provider) stop() error { return errors.Join(p.server.Close(), p.Close()) }

// misbehave lets go wrong what can. A call is carried out, and its messages are
// listed, within the settling time of the call. One appkey is apart: its first request
// goes unanswered and is listed only long after, so that a person has to be asked.
func (p *provider) misbehave() {
	most := settling * 9 / 10
	p.delayed = time.Duration((.1 + .6*p.random.Float64()) * float64(most))
	p.listsLate = most - p.delayed
	rules := []nhnsim.Fault{
		{Kind: nhnsim.FaultRepeat, Rate: .1}, {Kind: nhnsim.FaultShuffle, Rate: .3},
		{Kind: nhnsim.FaultErrorBefore, Rate: .02}, {Kind: nhnsim.FaultDropAfter, Rate: .02},
	}
	for _, ch := range models.Channels() {
		rules = append(rules, p.faults(ch)...)
	}
	for i := range rules {
		rules[i].Appkey = appkey
	}
	rules = append(rules,
		nhnsim.Fault{Kind: nhnsim.FaultLateListing, Rate: 1, Endpoint: "send", Appkey: lateKey, Delay: tooLate},
		nhnsim.Fault{Kind: nhnsim.FaultTimeoutAfter, Count: 1, Endpoint: "send", Appkey: lateKey})
	p.SetFaults(nhnsim.Faults{Seed: p.draws, Rules: rules})
}

// tooLate is when messages are listed that a person has to be asked about.
const tooLate = 3 * settling

// faults are what goes wrong with the sends of a channel: each is about as frequent
// as stands here, drawn between half of that and half as much again.
func (p *provider) faults(ch models.Channel) []nhnsim.Fault {
	lost, endpoint := .1, "send"
	if ch == models.BrandTalk { // what is lost cannot be made again under its key, and soon asks a person
		lost, endpoint = .03, "brandtalk send"
	}
	rules := []nhnsim.Fault{
		{Kind: nhnsim.FaultLate, Rate: .6, Delay: p.delayed, DelayMin: new(time.Duration(0))},
		{Kind: nhnsim.FaultTooMany, Rate: .05, RetryAfter: time.Second},
		{Kind: nhnsim.FaultErrorBefore, Rate: lost / 2},
		{Kind: nhnsim.FaultDropBefore, Rate: lost},
		{Kind: nhnsim.FaultTimeoutAfter, Rate: .1},
		{Kind: nhnsim.FaultErrorAfter, Rate: .1},
		{Kind: nhnsim.FaultDropAfter, Rate: .1},
		{Kind: nhnsim.FaultNotJSON, Rate: .02},
		{Kind: nhnsim.FaultTruncated, Rate: .02},
		{Kind: nhnsim.FaultLateListing, Rate: .4, Delay: p.listsLate, DelayMin: new(time.Duration(0))},
		{Kind: nhnsim.FaultRefuse, Rate: .005},
	}
	for i := range rules {
		rules[i].Rate *= .5 + p.random.Float64()
		rules[i].Endpoint = endpoint
	}
	return rules
}
