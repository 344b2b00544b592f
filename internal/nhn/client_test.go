package nhn_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

const (
	appkey = "AppkeyOfTheTests"
	secret = "SecretOfTheTests"
)

// serve answers every call with handler.
func serve(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func client(url string) *nhn.Client {
	return nhn.New(nhn.Config{BaseURL: url, Appkey: appkey, SecretKey: secret})
}

// one is a request to one recipient.
func one() *nhn.FriendTalkRequest {
	return &nhn.FriendTalkRequest{PlusFriendID: "@소식", Recipients: []nhn.FriendTalkRecipient{{RecipientNo: "01012345678", Content: "안녕"}}}
}

// failure is the *nhn.Error of a call that must fail.
func failure(t testing.TB, err error) *nhn.Error {
	t.Helper()
	e, ok := errors.AsType[*nhn.Error](err)
	if !ok {
		t.Fatalf("error is %T %v, want an *nhn.Error", err, err)
	}
	return e
}

// verdict is what an error says about a send.
type verdict struct{ notSent, inDoubt, temporary bool }

func verdictOf(e *nhn.Error) verdict { return verdict{e.NotSent(), e.InDoubt(), e.Temporary()} }

var (
	notSent = verdict{notSent: true, temporary: true}
	inDoubt = verdict{inDoubt: true, temporary: true}
	refused = verdict{}
)

func answer(code int) string {
	return fmt.Sprintf(`{"header":{"resultCode":%d,"resultMessage":"because","isSuccessful":%t}}`, code, code == 0)
}

func TestAnswersAreJudged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int
		body       string
		retryAfter string
		want       verdict
		code       int
		wait       time.Duration
	}{
		"a refusal under 200 has its code":                  {200, answer(-1000), "", refused, -1000, 0},
		"a refusal under 401 has its code":                  {401, answer(-1001), "", refused, -1001, 0},
		"a used idempotency key is in doubt, for good":      {200, answer(-1005), "", verdict{inDoubt: true}, -1005, 0},
		"a failing vendor is in doubt":                      {200, answer(-7000), "", inDoubt, -7000, 0},
		"a system error is in doubt":                        {200, answer(-9999), "", inDoubt, -9999, 0},
		"429 was not sent and says when to come back":       {429, "slow down", "7", notSent, 0, 7 * time.Second},
		"429 with a header keeps its code":                  {429, answer(-4), "", notSent, -4, 0},
		"nobody makes us wait for more than an hour":        {429, "", "999999999999", notSent, 0, time.Hour},
		"a wait that is no number is none":                  {429, "", "soon", notSent, 0, 0},
		"a negative wait is none":                           {429, "", "-5", notSent, 0, 0},
		"500 is in doubt":                                   {500, "<html>", "", inDoubt, 0, 0},
		"500 with a refusal is in doubt":                    {500, answer(-1000), "", inDoubt, -1000, 0},
		"503 may say when to come back":                     {503, "", "2", inDoubt, 0, 2 * time.Second},
		"a page of HTML is in doubt":                        {200, "<html>login</html>", "", inDoubt, 0, 0},
		"an empty answer is in doubt":                       {200, "", "", inDoubt, 0, 0},
		"a cut-off answer is in doubt":                      {200, `{"header":{"resultCode":0,"resul`, "", inDoubt, 0, 0},
		"an answer without a header is in doubt":            {200, `{}`, "", inDoubt, 0, 0},
		"null is in doubt":                                  {200, `null`, "", inDoubt, 0, 0},
		"an answer of the wrong shape is in doubt":          {200, `{"header":{"resultCode":0,"isSuccessful":true},"message":[]}`, "", inDoubt, 0, 0},
		"success without a request id is in doubt":          {200, answer(0), "", inDoubt, 0, 0},
		"success with a null request id is in doubt":        {200, `{"header":{"resultCode":0,"isSuccessful":true},"message":{"requestId":null}}`, "", inDoubt, 0, 0},
		"a refusal in strings is one":                       {200, `{"header":{"resultCode":"-1000","resultMessage":"because","isSuccessful":"false"}}`, "", refused, -1000, 0},
		"a refusal with rubbish beside it is one":           {200, `{"message":"","header":{"resultCode":-1000,"isSuccessful":false}}`, "", refused, -1000, 0},
		"a refusal without a code is in doubt":              {200, `{"header":{"resultCode":0,"isSuccessful":false}}`, "", inDoubt, 0, 0},
		"an empty header is in doubt":                       {200, `{"header":{}}`, "", inDoubt, 0, 0},
		"a header that is none is in doubt":                 {200, `{"header":"SUCCESS"}`, "", inDoubt, 0, 0},
		"a header with a code that is none is in doubt":     {200, `{"header":{"resultCode":"no","isSuccessful":false}}`, "", inDoubt, 0, 0},
		"a header with a code of null is in doubt":          {200, `{"header":{"resultCode":null,"isSuccessful":true},"message":{"requestId":"R"}}`, "", inDoubt, 0, 0},
		"success with a code is in doubt":                   {200, `{"header":{"resultCode":-1000,"isSuccessful":true},"message":{"requestId":"R"}}`, "", inDoubt, -1000, 0},
		"success with something behind it is in doubt":      {200, `{"header":{"resultCode":0,"isSuccessful":true},"message":{"requestId":"R"}} }`, "", inDoubt, 0, 0},
		"a recipient whose code cannot be read is in doubt": {200, `{"header":{"resultCode":0,"isSuccessful":true},"message":{"requestId":"R","sendResults":[{"resultCode":"?"}]}}`, "", inDoubt, 0, 0},
		"a gateway's own JSON is in doubt":                  {403, `{"message":"Forbidden"}`, "", inDoubt, 0, 0},
		"success under 400 is in doubt":                     {400, answer(0), "", inDoubt, 0, 0},
		"a page of HTML under 404 is in doubt":              {404, "<html>", "", inDoubt, 0, 0},
		"a redirect is not followed":                        {307, "", "", inDoubt, 0, 0},
		"an answer larger than any true one is in doubt":    {200, strings.Repeat(" ", 17<<20), "", inDoubt, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				if test.retryAfter != "" {
					w.Header().Set("Retry-After", test.retryAfter)
				}
				w.Header().Set("Location", r.URL.Path)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			_, err := client(server.URL).SendFriendTalk(t.Context(), one(), "key")
			e := failure(t, err)
			if got := verdictOf(e); got != test.want || e.Code != test.code || e.Status != test.status || e.RetryAfter != test.wait {
				t.Errorf("%v: got %+v, code %d, status %d, wait %v", e, got, e.Code, e.Status, e.RetryAfter)
			}
			if n := calls.Load(); n != 1 {
				t.Errorf("the server was called %d times", n)
			}
		})
	}
}

func TestFailuresOfTheNetwork(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	silent := listen(t, func(net.Conn) {})
	underWay, giveUp := context.WithCancel(t.Context())
	halting := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		giveUp()
		<-r.Context().Done()
	})
	dropping := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	cutting := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, answer(0))
	})
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	noTurn := nhn.NewPace(1000)
	busy := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	if err := nhn.New(nhn.Config{BaseURL: busy.URL, Pace: noTurn}).DeleteImages(t.Context(), 1); err == nil {
		t.Error("turned away, and no failure")
	}

	for name, test := range map[string]struct {
		cfg  nhn.Config
		ctx  context.Context
		want verdict
	}{
		"a refused connection was not sent":                 {nhn.Config{BaseURL: closedServer()}, nil, notSent},
		"an unknown host was not sent":                      {nhn.Config{BaseURL: "http://soshik.invalid"}, nil, notSent},
		"a certificate nobody signed was not sent":          {nhn.Config{BaseURL: secure.URL}, nil, notSent},
		"a handshake that never ends was not sent":          {nhn.Config{BaseURL: "https" + silent, Timeout: 50 * time.Millisecond}, nil, notSent},
		"cancelled before the call was not sent":            {nhn.Config{BaseURL: halting.URL}, cancelled, notSent},
		"without a turn within the time it was not sent":    {nhn.Config{BaseURL: busy.URL, Pace: noTurn}, nil, notSent},
		"a base URL that is none cannot be sent, ever":      {nhn.Config{BaseURL: "http://a b/"}, nil, verdict{notSent: true}},
		"a secret key with a line break cannot be sent":     {nhn.Config{BaseURL: halting.URL, SecretKey: secret + "\n"}, nil, verdict{notSent: true}},
		"no answer within the time is in doubt":             {nhn.Config{BaseURL: halting.URL}, underWay, inDoubt},
		"a connection closed without an answer is in doubt": {nhn.Config{BaseURL: dropping.URL}, nil, inDoubt},
		"an answer cut off in its body is in doubt":         {nhn.Config{BaseURL: cutting.URL}, nil, inDoubt},
		"what does not report its progress is in doubt":     {nhn.Config{HTTP: &http.Client{Transport: failing{}}}, nil, inDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := test.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			test.cfg.Appkey = appkey
			if test.cfg.SecretKey == "" {
				test.cfg.SecretKey = secret
			}
			_, err := nhn.New(test.cfg).SendFriendTalk(ctx, one(), "")
			e := failure(t, err)
			if got := verdictOf(e); got != test.want {
				t.Errorf("%v: got %+v, want %+v", e, got, test.want)
			}
			discreet(t, err)
		})
	}
}

// failing is a transport that breaks without saying when.
type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("broken") }

// listen hands every connection to handle, and returns what follows the scheme in
// its URL.
func listen(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			go handle(c)
		}
	}()
	return "://" + l.Addr().String()
}

// A connection that the server closes while it is idle, or after the next request
// has come, must never make the transport send a request twice.
func TestSendsAreNeverRepeatedOnAReusedConnection(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	received := map[string]int{} // by idempotency key
	url := listen(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		for first := true; ; first = false {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			mu.Lock()
			received[r.Header.Get(kakao.HeaderIdempotencyKey)]++
			mu.Unlock()
			if !first {
				_ = c.Close() // the second request on a connection is read, and not answered
				return
			}
			body := `{"header":{"resultCode":0,"isSuccessful":true},"message":{"requestId":"R"}}`
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}
	})
	c := client("http" + url)
	var err error
	for n := 0; err == nil && n < 100; n++ { // until a connection is used again
		_, err = c.SendFriendTalk(t.Context(), one(), strconv.Itoa(n))
	}
	if e := failure(t, err); !e.InDoubt() || e.NotSent() {
		t.Errorf("%v is not in doubt", e)
	}
	mu.Lock()
	defer mu.Unlock()
	for key, n := range received {
		if n != 1 {
			t.Errorf("call %s came %d times", key, n)
		}
	}
}

// discreet fails when an error tells a key or a number.
func discreet(t testing.TB, err error) {
	t.Helper()
	for _, s := range []string{secret, appkey, "01012345678"} {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), s) {
			t.Errorf("%q tells %q", err, s)
		}
	}
}

// Whatever a server says back, and wherever, no error tells it.
func TestWhatAServerEchoesIsNotTold(t *testing.T) {
	t.Parallel()
	const odd = "Secret/Of+The Tests=="
	for name, body := range map[string]string{
		"as it is":                  `{"header":{"resultCode":-1001,"resultMessage":"who is ` + odd + ` of ` + appkey + `","isSuccessful":false}}`,
		"as part of a URL":          `{"header":{"resultCode":-1001,"resultMessage":"/x?k=` + url.QueryEscape(odd) + `","isSuccessful":false}}`,
		"where a message is cut":    `{"header":{"resultCode":-1001,"resultMessage":"` + strings.Repeat("x", 490) + odd + `","isSuccessful":false}}`,
		"as a number of the header": `{"header":{"resultCode":"` + odd + `","isSuccessful":false}}`,
		"instead of JSON":           odd,
		"in place of an object":     `{"header":{"resultCode":0,"isSuccessful":true},"message":"` + odd + `"}`,
		"a number, as a number":     `{"header":{"resultCode":0,"isSuccessful":true},"message":01012345678}`,
		"a number, in an object":    `{"header":{"resultCode":0,"isSuccessful":true},"message":{"sendResults":1012345678}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := nhn.New(nhn.Config{Appkey: appkey, SecretKey: odd, HTTP: transport(func(*http.Request) (*http.Response, error) { return respond(200, body), nil })})
			_, err := c.SendFriendTalk(t.Context(), one(), "")
			_ = failure(t, err)
			var log strings.Builder
			slog.New(slog.NewJSONHandler(&log, nil)).Info("failed", "error", err)
			for _, s := range []string{odd, odd[:10], url.QueryEscape(odd), appkey, "1012345678"} {
				if told := fmt.Sprintf("%v %+v %#v %s", err, err, errors.Unwrap(err), log.String()); strings.Contains(told, s) {
					t.Errorf("tells %q: %s", s, told)
				}
			}
		})
	}
}

func TestNoErrorTellsWhatACallCarried(t *testing.T) {
	t.Parallel()
	gone := nhn.New(nhn.Config{BaseURL: "http://soshik.invalid", Appkey: appkey, SecretKey: secret, Timeout: 50 * time.Millisecond})
	closed := nhn.New(nhn.Config{BaseURL: closedServer(), Appkey: appkey, SecretKey: secret, Timeout: 50 * time.Millisecond})
	broken := nhn.New(nhn.Config{BaseURL: "http://a b/", Appkey: appkey, SecretKey: secret})
	torn := nhn.New(nhn.Config{Appkey: appkey, SecretKey: secret + "\n"})
	for _, c := range []*nhn.Client{gone, closed, broken, torn} {
		_, _, err := c.FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RecipientNo: "01012345678", CreateUser: secret})
		_ = failure(t, err)
		discreet(t, err)
		_, err = c.UploadImage(t.Context(), secret, strings.NewReader(secret), false)
		_ = failure(t, err)
		discreet(t, err)
		err = c.RegisterTemplate(t.Context(), "k", nhn.RegisterTemplateRequest{Content: secret, Image: &nhn.ImageFile{Name: secret, Data: strings.NewReader(secret)}})
		_ = failure(t, err)
		discreet(t, err)
	}
}

// closedServer is where nobody listens.
func closedServer() string {
	s := httptest.NewServer(nil)
	s.Close()
	return s.URL
}

func TestAnswersMayBeCalledWhatTheyAreNot(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"", "text/html", "application/json; utf-8", "application/octet-stream"} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			_, _ = io.WriteString(w, answer(0))
		})
		if err := remove(t.Context(), client(server.URL)); err != nil {
			t.Errorf("%q: %v", contentType, err)
		}
	}
}

func TestKeysAreKeptOutOfErrorsAndLogs(t *testing.T) {
	t.Parallel()
	echoing := serve(t, func(w http.ResponseWriter, r *http.Request) {
		out, _ := json.Marshal("who is " + r.Header.Get(kakao.HeaderSecretKey))
		fmt.Fprintf(w, `{"header":{"resultCode":-1001,"resultMessage":%s,"isSuccessful":false}}`, out)
	})
	_, _, err := client(echoing.URL).Senders(t.Context(), nhn.SenderFilter{})
	discreet(t, err)

	cfg := nhn.Config{BaseURL: echoing.URL, Appkey: "public", SecretKey: secret}
	var log strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("start", "cfg", cfg, "client", nhn.New(cfg))
	}
	c := nhn.New(cfg)
	fmt.Fprintf(&log, "%v %+v %#v %s %v %+v %#v %v %+v", cfg, cfg, cfg, cfg, c, c, c, &cfg, struct{ C *nhn.Client }{c})
	plain, err := json.Marshal(cfg)
	if err != nil {
		t.Error(err)
	}
	log.Write(plain)
	if strings.Contains(log.String(), secret) {
		t.Errorf("the secret key is told: %s", log.String())
	}
}
