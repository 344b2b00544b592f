// Package nhn is a client of NHN Cloud's KakaoTalk Bizmessage API: a file per area
// of the API, one generic function that makes every call, and one error type that
// says whether a call has reached the provider.
//
// What every call has in common: it carries the secret key and ends within
// [Config].Timeout. It goes out at the pace of its appkey ([Pace]), and not at all
// while the provider rests after failures ([Breaker]). Reads are made again, at most
// twice, when that may help; whatever changes something is made once. Every error
// is an [*Error], and none tells a key.
//
// https://docs.nhncloud.com/en/Notification/KakaoTalk%20Bizmessage/en/Overview/
package nhn

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"soshik/internal/kakao"
)

// maxAnswer bounds an answer's body, in bytes after decompression. A page of 1,000
// messages of the greatest length is about a third of it.
const maxAnswer = 16 << 20

const defaultTimeout = 30 * time.Second

// Config says for which project to act, and how. Every field but the two keys has
// a useful zero value. It never prints its secret key.
type Config struct {
	BaseURL        string // the real service unless set; no slash at the end needed
	Appkey         string
	SecretKey      string
	SenderVersion  string           // of the sender API: kakao.SenderAPIv21 unless set
	ConvertToBrand bool             // FriendTalk calls carry X-Convert-To-Brand-Message: true
	HTTP           *http.Client     // one over a transport that all clients share unless set
	Timeout        time.Duration    // of a whole call, waiting and repeating included; 30 seconds unless set
	Pace           *Pace            // shared by the clients of an appkey; one without a rate unless set
	Breaker        *Breaker         // shared by the clients of a base URL; none unless set
	Now            func() time.Time // the time by which the provider counts days; time.Now unless set
}

// Format keeps the secret key out of whatever is printed.
func (c Config) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "nhn.Config{%s %s}", c.BaseURL, c.Appkey) }

// MarshalJSON keeps the secret key out of whatever is written as JSON.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(c)) }

// LogValue keeps the secret key out of whatever is logged.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// Client calls the API for one project. It is safe for concurrent use, and cheap:
// clients share their connections.
type Client struct {
	cfg  Config
	http http.Client
}

// New returns a client for cfg.
func New(cfg Config) *Client {
	cfg.BaseURL = strings.TrimRight(cmp.Or(cfg.BaseURL, kakao.DefaultBaseURL), "/")
	cfg.SenderVersion = cmp.Or(cfg.SenderVersion, kakao.SenderAPIv21)
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	if cfg.Pace == nil {
		cfg.Pace = NewPace(0)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{cfg: cfg, http: http.Client{Transport: transport}}
	if cfg.HTTP != nil {
		c.http = *cfg.HTTP
	}
	// A redirect would carry the secret key to another host, and a send twice.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// WithTimeout is c with another limit on how long a call takes.
func (c *Client) WithTimeout(d time.Duration) *Client {
	out := *c
	out.cfg.Timeout = d
	return &out
}

// Format keeps the secret key out of whatever is printed.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "nhn.Client{%v}", c.cfg) }

// LogValue keeps the secret key out of whatever is logged.
func (c *Client) LogValue() slog.Value { return c.cfg.LogValue() }

// Rest is for how long from now it is of no use to call: the provider rests, or has
// asked the appkey to wait for more than half of a call's time.
func (c *Client) Rest() time.Duration {
	rest := c.cfg.Breaker.Rest()
	if held := c.cfg.Pace.Rest(); held > c.cfg.Timeout/2 {
		rest = max(rest, held)
	}
	return rest
}

// transport is shared by all clients, so that a hundred appkeys reuse the same
// connections. It speaks HTTP/1.1 only: HTTP/2 may repeat a request by itself, and
// bodies of half a megabyte gain nothing from it. Idle connections are given up
// before servers usually do, since a request on a connection that is just being
// closed by the other side ends in doubt.
var transport = &http.Transport{
	Proxy:                  http.ProxyFromEnvironment,
	DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
	Protocols:              http1(),
	MaxIdleConns:           256,
	MaxIdleConnsPerHost:    64,
	IdleConnTimeout:        20 * time.Second,
	TLSHandshakeTimeout:    10 * time.Second,
	ExpectContinueTimeout:  time.Second,
	MaxResponseHeaderBytes: 256 << 10,
	WriteBufferSize:        64 << 10,
	ReadBufferSize:         32 << 10,
}

func http1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// header stands at the top of every answer. Failures are told there, mostly under
// HTTP 200, so the status alone decides nothing.
type header struct {
	ResultCode    code     `json:"resultCode"`
	ResultMessage text     `json:"resultMessage"`
	IsSuccessful  flexBool `json:"isSuccessful"`
}

// envelope is embedded by what every endpoint answers.
type envelope struct {
	Header *header `json:"header"`
}

func (e *envelope) head() *header { return e.Header }

// headed is a pointer to an answer.
type headed[Out any] interface {
	*Out
	head() *header
}

// call makes the request r and decodes its answer. When the API refuses, the
// decoded answer comes along with the error, since a refused send lists what is
// wrong with each recipient. Every error is an *Error.
func call[Out any, P headed[Out]](ctx context.Context, c *Client, r request) (Out, error) {
	defer r.close()
	within, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var before *Error
	for made := 1; ; made++ {
		out, e := once[Out, P](ctx, within, c, &r)
		if e == nil {
			return out, nil
		}
		e.Op = r.op()
		if before != nil && e.kind == resting { // what went wrong says more than that nobody asks any more
			before.RetryAfter = e.RetryAfter
			return out, before
		}
		wait, again := pause(e, made, remaining(within), rand.Float64())
		if r.method != http.MethodGet || !again || !sleep(within, wait) {
			return out, e
		}
		before = e
	}
}

// once makes the request r within the time that is left of a call. ctx is the
// caller's own.
func once[Out any, P headed[Out]](ctx, within context.Context, c *Client, r *request) (out Out, e *Error) {
	var p progress
	req, err := c.httpRequest(p.trace(within), r)
	if err != nil {
		return out, &Error{Message: "request cannot be made", Err: bare(err), kind: malformed}
	}
	t, e := c.enter(within)
	if e != nil {
		return out, e
	}
	defer func() { c.leave(t, e, ctx.Err() != nil) }()
	a, e := c.do(req, &p)
	if e != nil {
		if err := r.failure(); err != nil {
			e = &Error{Message: "what is to be sent cannot be read", Err: err, kind: malformed}
		}
		return out, e
	}
	jsonErr := decode(a.body, &out)
	if e = judge(a, P(&out).head(), jsonErr); e != nil {
		e.Message = cut(c.redact(e.Message))
	}
	return out, e
}

// turn is the leave to make one call.
type turn struct {
	pace    uint64
	breaker uint64
}

// enter waits until the call may be made, or says that it may not.
func (c *Client) enter(ctx context.Context) (t turn, e *Error) {
	if e := c.cfg.Breaker.refusal(); e != nil {
		return t, e
	}
	if t.pace, e = c.cfg.Pace.wait(ctx); e != nil {
		return t, e
	}
	t.breaker, e = c.cfg.Breaker.enter()
	return t, e
}

// leave tells what became of a call; e is nil for success. The provider is not
// blamed when the caller itself has given up.
func (c *Client) leave(t turn, e *Error, gaveUp bool) {
	c.cfg.Pace.leave(t.pace, e)
	switch {
	case e != nil && (e.kind == malformed || e.failing() && gaveUp):
		c.cfg.Breaker.leave(t.breaker, nothing, nil)
	case e != nil && e.failing():
		c.cfg.Breaker.leave(t.breaker, failed, e)
	default:
		c.cfg.Breaker.leave(t.breaker, answers, nil)
	}
}

// answer is what a server answered, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do makes the request and reads its answer.
func (c *Client) do(req *http.Request, p *progress) (answer, *Error) {
	resp, err := c.http.Do(req)
	if err != nil {
		e := &Error{Message: "no answer", Err: bare(err), kind: doubtful}
		if p.nothingSent() {
			e.Message, e.kind = "no connection", unreached
		}
		return answer{}, e
	}
	defer resp.Body.Close()
	raw, err := readAnswer(resp)
	if err != nil {
		return answer{}, &Error{Status: resp.StatusCode, Message: "answer cannot be read", Err: err, kind: doubtful}
	}
	return answer{resp.StatusCode, resp.Header, raw}, nil
}

func readAnswer(resp *http.Response) ([]byte, error) {
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= maxAnswer {
		b.Grow(int(n) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && n > maxAnswer {
		err = fmt.Errorf("more than %d bytes", maxAnswer)
	}
	return b.Bytes(), err
}

// progress is how far a request has come on its way out. The transport buffers what
// it writes, and the hooks run before the buffer is flushed; when the transport gives
// a request up, it closes the connection first. So when a call has failed and written
// is false, the provider got nothing. What is not an http.Transport runs no hooks,
// and proves nothing.
type progress struct{ begun, written atomic.Bool }

func (p *progress) nothingSent() bool { return p.begun.Load() && !p.written.Load() }

func (p *progress) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:          func(string) { p.begun.Store(true) },
		WroteHeaderField: func(string, []string) { p.written.Store(true) },
		WroteHeaders:     func() { p.written.Store(true) },
	})
}
