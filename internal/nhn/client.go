// Package nhn is a client of NHN Cloud's KakaoTalk Bizmessage API: a file per area
// of the API, one generic function that makes every call, and one error type that
// says whether a call has reached the provider.
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
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/time/rate"

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
	SenderVersion  string        // of the sender API: kakao.SenderAPIv21 unless set
	ConvertToBrand bool          // FriendTalk calls carry X-Convert-To-Brand-Message: true
	HTTP           *http.Client  // one over a transport that all clients share unless set
	Timeout        time.Duration // of a whole call, waiting for Limiter included; 30 seconds unless set
	Limiter        *rate.Limiter // calls a second; none unless set
}

// Format keeps the secret key out of whatever is printed.
func (c Config) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "nhn.Config{%s %s}", c.BaseURL, c.Appkey) }

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
	c := &Client{cfg: cfg, http: http.Client{Transport: transport}}
	if cfg.HTTP != nil {
		c.http = *cfg.HTTP
	}
	// A redirect would carry the secret key to another host, and a send twice.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Format keeps the secret key out of whatever is printed.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "nhn.Client{%v}", c.cfg) }

// LogValue keeps the secret key out of whatever is logged.
func (c *Client) LogValue() slog.Value { return c.cfg.LogValue() }

// transport is shared by all clients, so that a hundred appkeys reuse the same
// connections. It speaks HTTP/1.1 only: HTTP/2 may repeat a request by itself, and
// bodies of half a megabyte gain nothing from it. Idle connections are given up
// before servers usually do, since a request on a connection that is just being
// closed by the other side ends in doubt.
var transport = &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
	Protocols:             http1(),
	MaxIdleConns:          256,
	MaxIdleConnsPerHost:   64,
	IdleConnTimeout:       20 * time.Second,
	TLSHandshakeTimeout:   10 * time.Second,
	ExpectContinueTimeout: time.Second,
	WriteBufferSize:       64 << 10,
	ReadBufferSize:        32 << 10,
}

func http1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// A request is one call before it is made.
type request struct {
	method string
	api    string // e.g. "/friendtalk/v1.5", what comes before the appkey
	path   string // escaped, what comes after the appkey
	query  url.Values
	header http.Header
	body   *body // nil for none
}

// op names the endpoint in errors: without the appkey, and without the query, which
// may hold a phone number.
func (r *request) op() string { return r.method + " " + r.api + r.path }

// json sets what in encodes to as the request's body.
func (r *request) json(in any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return &Error{Op: r.op(), Message: "request cannot be encoded", Err: err, kind: malformed}
	}
	r.body = &body{data: b}
	return nil
}

// header stands at the top of every answer. Failures are told there, mostly under
// HTTP 200, so the status alone decides nothing.
type header struct {
	ResultCode    int      `json:"resultCode"`
	ResultMessage string   `json:"resultMessage"`
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
	var out Out
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	a, err := c.do(ctx, &r)
	if err != nil {
		return out, err
	}
	jsonErr := decode(a.body, &out)
	if e := judge(a, P(&out).head(), jsonErr); e != nil {
		e.Op = r.op()
		e.Message = c.redact(e.Message)
		return out, e
	}
	return out, nil
}

// answer is what a server answered, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do makes the request and reads its answer.
func (c *Client) do(ctx context.Context, r *request) (answer, error) {
	var p progress
	req, err := c.request(p.trace(ctx), r)
	if err != nil {
		return answer{}, &Error{Op: r.op(), Message: "request cannot be made", Err: bare(err), kind: malformed}
	}
	if err := c.turn(ctx); err != nil {
		_ = req.Body.Close()
		return answer{}, &Error{Op: r.op(), Message: "no turn to call", Err: err, kind: unreached}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		e := &Error{Op: r.op(), Message: "no answer", Err: bare(err), kind: doubtful}
		if p.nothingSent() {
			e.Message, e.kind = "no connection", unreached
		}
		return answer{}, e
	}
	defer resp.Body.Close()
	raw, err := readAnswer(resp)
	if err != nil {
		return answer{}, &Error{Op: r.op(), Status: resp.StatusCode, Message: "answer cannot be read", Err: err, kind: doubtful}
	}
	return answer{resp.StatusCode, resp.Header, raw}, nil
}

// turn waits until the call may be made.
func (c *Client) turn(ctx context.Context) error {
	if c.cfg.Limiter != nil {
		return c.cfg.Limiter.Wait(ctx)
	}
	return ctx.Err()
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

// request turns r into an HTTP request. Its GetBody stays nil, so that the
// transport cannot repeat a request with a body on a second connection.
func (c *Client) request(ctx context.Context, r *request) (*http.Request, error) {
	target := c.cfg.BaseURL + r.api + "/appkeys/" + url.PathEscape(c.cfg.Appkey) + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.GetBody = nil
	if r.body != nil {
		req.Body, req.ContentLength = r.body, int64(len(r.body.data))
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json;charset=UTF-8")
	req.Header.Set(kakao.HeaderSecretKey, c.cfg.SecretKey)
	return req, checkHeader(req.Header)
}

// checkHeader finds what net/http would refuse, since that comes too late to tell
// that nothing was sent. A secret key pasted with its line break is the usual case.
func checkHeader(h http.Header) error {
	for name, values := range h {
		for _, v := range values {
			if strings.ContainsFunc(v, unicode.IsControl) {
				return fmt.Errorf("header %s holds a control character", name)
			}
		}
	}
	return nil
}

// redact removes the secret key from what a server may have echoed.
func (c *Client) redact(s string) string {
	if c.cfg.SecretKey == "" {
		return s
	}
	return strings.ReplaceAll(s, c.cfg.SecretKey, "[secret key]")
}

// segment escapes a part of a path. It refuses what would name another endpoint.
func segment(s string) (string, error) {
	if s == "" || s == "." || s == ".." {
		return "", &Error{Message: fmt.Sprintf("%q cannot be part of a path", s), kind: malformed}
	}
	return url.PathEscape(s), nil
}

// body is a request's body whose buffer goes back to a pool when the transport has
// closed it. The transport may close it while another of its goroutines still
// reads, hence the lock.
type body struct {
	mu   sync.Mutex
	data []byte
	read int
	pool *sync.Pool // nil for none
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.data == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.read == len(b.data) {
		return 0, io.EOF
	}
	n := copy(p, b.data[b.read:])
	b.read += n
	return n, nil
}

func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.data != nil && b.pool != nil {
		b.pool.Put(bytes.NewBuffer(b.data[:0]))
	}
	b.data = nil
	return nil
}
