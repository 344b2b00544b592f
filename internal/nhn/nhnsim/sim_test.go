package nhnsim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

const (
	appkey = "app"
	secret = "s3cret"
	smskey = "sms"
	from   = "@소식"
)

// noon is a Monday on which messages are delivered.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, kakao.KST)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is a simulator with an appkey and a registered sender, and a client of it.
type bench struct {
	*clock
	sim    *nhnsim.Sim
	url    string
	client *nhn.Client
}

func open(t testing.TB, cfg nhnsim.Config) *bench {
	t.Helper()
	b := &bench{clock: &clock{now: noon}}
	cfg.Now = b.clock.Now
	b.start(t, cfg)
	return b
}

// start opens the simulator, seeds it and serves it.
func (b *bench) start(t testing.TB, cfg nhnsim.Config) {
	t.Helper()
	sim, err := nhnsim.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.sim = sim
	server := httptest.NewServer(sim)
	t.Cleanup(func() { _ = sim.Close(); server.Close() })
	b.url = server.URL
	b.client = nhn.New(nhn.Config{BaseURL: b.url, Appkey: appkey, SecretKey: secret})
	must(t, sim.AddAppkey(appkey, secret))
	must(t, sim.SetSMSAppkey(appkey, smskey))
	_, err = sim.AddSender(appkey, nhnsim.Sender{
		PlusFriendID: from, Registered: true,
		Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	})
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// object is an answer.
type object map[string]any

// at follows a path of names and indexes.
func (o object) at(path ...any) any {
	var v any = map[string]any(o)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (o object) code() int {
	n, _ := o.at("header", "resultCode").(float64)
	return int(n)
}

// do calls the API as anybody can: with a body that need not be valid.
func (b *bench) do(t testing.TB, method, path, body string, header ...string) object {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set(kakao.HeaderSecretKey, secret)
	req.Header.Set("Content-Type", "application/json;charset=UTF-8")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s answered HTTP %d: %s", method, path, resp.StatusCode, raw)
	}
	var out object
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s %s answered %q: %v", method, path, raw, err)
	}
	return out
}

const (
	talk   = "/friendtalk/v1.5/appkeys/" + appkey
	alim   = "/alimtalk/v2.1/appkeys/" + appkey
	number = "01012345678"
)

// body is a send's, to one recipient with some members replaced.
func body(t testing.TB, request, recipient map[string]any) string {
	t.Helper()
	to := map[string]any{"recipientNo": number, "content": "안녕하세요", "isAd": false}
	for k, v := range recipient {
		to[k] = v
	}
	in := map[string]any{"plusFriendId": from, "recipientList": []any{to}}
	for k, v := range request {
		in[k] = v
	}
	raw, err := json.Marshal(in)
	must(t, err)
	return string(raw)
}

// send hands over a plain message to numbers and returns its request id.
func (b *bench) send(t testing.TB, at time.Time, numbers ...string) string {
	t.Helper()
	req := &nhn.FriendTalkRequest{PlusFriendID: from, RequestDate: at, SenderGroupingKey: "c.1.1", CreateUser: "7"}
	for _, no := range numbers {
		req.Recipients = append(req.Recipients, nhn.FriendTalkRecipient{
			RecipientNo: no, Content: "안녕하세요", RecipientGroupingKey: "k" + no, Resend: &nhn.ResendParameter{IsResend: true},
		})
	}
	out, err := b.client.SendFriendTalk(t.Context(), req, "")
	must(t, err)
	return out.RequestID
}

// stateFile names a new state file.
func stateFile(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "sim.journal")
}

func contains(t testing.TB, page []byte, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !bytes.Contains(page, []byte(s)) {
			t.Errorf("%q is missing in:\n%s", s, page)
		}
	}
}
