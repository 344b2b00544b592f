package nhnsim_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

func plain() *nhn.FriendTalkRequest {
	return &nhn.FriendTalkRequest{PlusFriendID: from, Recipients: []nhn.FriendTalkRecipient{{RecipientNo: number, Content: "안녕"}}}
}

func accepted(b *bench) int {
	n := 0
	for range b.sim.Accepted(appkey) {
		n++
	}
	return n
}

func TestFaults(t *testing.T) {
	t.Parallel()
	code := func(a nhnsim.Answer) nhnsim.Faults {
		return nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
			if r.Method == http.MethodPost {
				return &a
			}
			return nil
		}}
	}
	for name, test := range map[string]struct {
		faults           nhnsim.Faults
		notSent, inDoubt bool
		accepted         int
	}{
		"429 accepts nothing":                      {nhnsim.Faults{TooMany: 1, RetryAfter: 3 * time.Second}, true, false, 0},
		"an error before accepts nothing":          {nhnsim.Faults{ErrorBefore: 1}, false, true, 0},
		"a connection dropped before":              {nhnsim.Faults{DropBefore: 1}, false, true, 0},
		"an error after has accepted":              {nhnsim.Faults{ErrorAfter: 1}, false, true, 1},
		"a connection dropped after":               {nhnsim.Faults{DropAfter: 1}, false, true, 1},
		"no answer, ever":                          {nhnsim.Faults{HangAfter: 1}, false, true, 1},
		"no answer, for a while":                   {nhnsim.Faults{HangAfter: 1, HangMax: time.Millisecond}, false, true, 1},
		"an answer that is not JSON":               {nhnsim.Faults{Garbled: 1}, false, true, 1},
		"a code of one's own, instead":             {code(nhnsim.Answer{Code: kakao.CodeSystem}), false, true, 0},
		"a code of one's own, after":               {code(nhnsim.Answer{After: true, Code: kakao.CodeVendor}), false, true, 1},
		"a body of one's own":                      {code(nhnsim.Answer{Body: "hello"}), false, true, 0},
		"a connection dropped by a hook":           {code(nhnsim.Answer{Drop: true}), false, true, 0},
		"a connection dropped by a hook, after":    {code(nhnsim.Answer{Drop: true, After: true}), false, true, 1},
		"recipients refused at request time":       {nhnsim.Faults{Refuse: 1, RefuseCode: -8008}, false, false, 0},
		"recipients refused with the usual number": {nhnsim.Faults{Refuse: 1}, false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, nhnsim.Config{})
			if test.faults.HangAfter > 0 && test.faults.HangMax == 0 {
				b.client = nhn.New(nhn.Config{BaseURL: b.url, Appkey: appkey, SecretKey: secret, Timeout: time.Second})
			}
			b.sim.SetFaults(test.faults)
			_, err := b.client.SendFriendTalk(t.Context(), plain(), "")
			e, ok := errors.AsType[*nhn.Error](err)
			if !ok || e.NotSent() != test.notSent || e.InDoubt() != test.inDoubt {
				t.Fatalf("got %v", err)
			}
			if test.notSent && e.RetryAfter != test.faults.RetryAfter {
				t.Errorf("asks to wait for %v", e.RetryAfter)
			}
			b.sim.SetFaults(nhnsim.Faults{})
			if n := accepted(b); n != test.accepted {
				t.Errorf("accepted %d, want %d", n, test.accepted)
			}
			if _, _, err := b.client.Senders(t.Context(), nhn.SenderFilter{}); err != nil {
				t.Errorf("without faults: %v", err)
			}
		})
	}
}

func TestALateRequestArrivesAfterItsCallerIsGone(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.sim.SetFaults(nhnsim.Faults{Seed: 7, Slow: 1, SlowMax: time.Second})
	impatient := nhn.New(nhn.Config{BaseURL: b.url, Appkey: appkey, SecretKey: secret, Timeout: 150 * time.Millisecond})
	gone := 0
	for range 4 {
		_, err := impatient.SendFriendTalk(t.Context(), plain(), "")
		if e, ok := errors.AsType[*nhn.Error](err); ok && e.InDoubt() {
			gone++
		}
	}
	if gone == 0 {
		t.Fatal("every call was answered in time")
	}
	deadline := time.Now().Add(10 * time.Second)
	for b.sim.Stats().Accepted < b.sim.Stats().Calls["send"] && time.Now().Before(deadline) {
		<-time.After(time.Millisecond)
	}
	if s := b.sim.Stats(); s.Accepted != s.Calls["send"] || int(s.Accepted) < gone {
		t.Errorf("%d calls, %d accepted, %d callers gone", s.Calls["send"], s.Accepted, gone)
	}
}

func TestLateListing(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	b.sim.SetFaults(nhnsim.Faults{Seed: 3, LateListing: 1, LateListingMax: time.Hour})
	id := b.send(t, time.Time{}, number)
	seen := func() int {
		_, total, err := b.client.FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: id})
		must(t, err)
		return total
	}
	if seen() != 0 || accepted(b) != 1 {
		t.Error("listed at once")
	}
	b.Add(time.Hour)
	if seen() != 1 {
		t.Error("never listed")
	}
}

func TestResultsMayBeRepeated(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	b.send(t, time.Time{}, number)
	b.Add(time.Minute)
	b.sim.SetFaults(nhnsim.Faults{RepeatResults: 1})
	list, total, err := b.client.FriendTalkResults(t.Context(), noon, noon.Add(time.Minute), 1, 10)
	must(t, err)
	if len(list) != 2 || total != 1 {
		t.Errorf("got %d of %d", len(list), total)
	}
}

func TestAHookMayEndItself(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer {
		b.sim.SetFaults(nhnsim.Faults{})
		return &nhnsim.Answer{Status: http.StatusTooManyRequests}
	}})
	_, first := b.client.SendFriendTalk(t.Context(), plain(), "")
	_, second := b.client.SendFriendTalk(t.Context(), plain(), "")
	if first == nil || second != nil {
		t.Errorf("answered %v, then %v", first, second)
	}
}

func TestFaultsAreDrawnFromTheirSeed(t *testing.T) {
	t.Parallel()
	draw := func() (out []bool) {
		b := open(t, nhnsim.Config{})
		b.sim.SetFaults(nhnsim.Faults{Seed: 42, ErrorBefore: 0.5})
		for range 20 {
			_, err := b.client.SendFriendTalk(t.Context(), plain(), "")
			out = append(out, err == nil)
		}
		return out
	}
	if diff := cmp.Diff(draw(), draw()); diff != "" {
		t.Error(diff)
	}
}

func TestControlByHTTP(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	post := func(path, body string) int {
		t.Helper()
		resp, err := http.Post(b.url+path, "application/json", strings.NewReader(body))
		must(t, err)
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for path, body := range map[string]string{"/_sim/appkeys": `{"appkey":"two","secretKey":"x","smsAppkey":"s"}`, "/_sim/faults": `{"errorBefore":1}`} {
		if got := post(path, body); got != 200 {
			t.Errorf("%s answered %d", path, got)
		}
	}
	if got := post("/_sim/senders", `{"appkey":"two","sender":{"plusFriendId":"@two","registered":true,"dailyMax":9}}`); got != 200 {
		t.Errorf("senders answered %d", got)
	}
	for path, body := range map[string]string{"/_sim/appkeys": `{}`, "/_sim/senders": `{"appkey":"no"}`, "/_sim/faults": `{`} {
		if got := post(path, body); got != 400 {
			t.Errorf("%s %s answered %d", path, body, got)
		}
	}
	list, _, err := nhn.New(nhn.Config{BaseURL: b.url, Appkey: "two", SecretKey: "x"}).Senders(t.Context(), nhn.SenderFilter{})
	must(t, err)
	if len(list) != 1 || list[0].FriendTalk.DailyMaxCount != 9 {
		t.Errorf("got %+v", list)
	}
	if f := b.sim.Faults(); f.ErrorBefore != 1 {
		t.Errorf("faults are %+v", f)
	}
	post("/_sim/faults", `{}`)
	b.send(t, time.Time{}, number, "01055556666")
	resp, err := http.Get(b.url + "/_sim/accepted?appkey=" + appkey)
	must(t, err)
	defer resp.Body.Close()
	var got []nhnsim.Accepted
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		var a nhnsim.Accepted
		must(t, json.Unmarshal(lines.Bytes(), &a))
		got = append(got, a)
	}
	if len(got) != 2 || got[1].RecipientNo != "01055556666" || got[1].RecipientSeq != 2 || got[1].RecipientGroupingKey != "k01055556666" {
		t.Errorf("got %+v", got)
	}
	resp2, err := http.Get(b.url + "/_sim/stats")
	must(t, err)
	defer resp2.Body.Close()
	var stats nhnsim.Stats
	must(t, json.NewDecoder(resp2.Body).Decode(&stats))
	if stats.Accepted != 2 || stats.Calls["send"] != 1 {
		t.Errorf("stats are %+v", stats)
	}
}

func TestControlCanBeLeftOut(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{NoControl: true})
	if got := b.do(t, "GET", "/_sim/stats", ""); got.code() != kakao.CodeUnknownAPI {
		t.Errorf("answered %v", got)
	}
}

func TestTheStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	file := stateFile(t)
	cfg := exact()
	cfg.StateFile, cfg.FailedCallUsesKey, cfg.ImageBaseURL = file, true, "https://images.example"
	b := open(t, cfg)
	cfg.Now = b.clock.Now
	image, err := b.sim.AddImage(appkey, "a.jpg", false)
	must(t, err)
	req := plain()
	req.SenderGroupingKey, req.CreateUser = "g", "u"
	req.Recipients[0].ImageSeq, req.Recipients[0].ImageLink = image, "https://example.com"
	req.Recipients[0].Buttons = []nhn.Button{{Ordering: 1, Type: "WL", Name: "보기", LinkMo: "https://example.com"}}
	req.Recipients = append(req.Recipients, nhn.FriendTalkRecipient{RecipientNo: "01011110005", Content: "x"},
		nhn.FriendTalkRecipient{RecipientNo: "01011110001", Content: "다른\n\"글\"", RecipientGroupingKey: "k"})
	out, err := b.client.SendFriendTalk(t.Context(), req, "used")
	must(t, err)
	scheduled := b.send(t, noon.Add(time.Hour), number, "01055556666")
	must(t, b.client.CancelFriendTalk(t.Context(), scheduled, 1))
	_, _ = b.client.SendFriendTalk(t.Context(), &nhn.FriendTalkRequest{PlusFriendID: "@nobody", Recipients: req.Recipients}, "failed")
	b.Add(time.Minute)

	before := look(t, b, out.RequestID, scheduled)
	must(t, b.sim.Close())
	torn, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = torn.WriteString(`{"t":"send","k":"app","id":"2026`)
	must(t, errors.Join(err, torn.Close()))
	b.start(t, cfg)
	if diff := cmp.Diff(before, look(t, b, out.RequestID, scheduled)); diff != "" {
		t.Error(diff)
	}
	for _, key := range []string{"used", "failed"} {
		if _, err := b.client.SendFriendTalk(t.Context(), plain(), key); err == nil || !strings.Contains(err.Error(), "-1005") {
			t.Errorf("key %q is forgotten: %v", key, err)
		}
	}
	b.send(t, time.Time{}, number) // the torn line is gone, what follows is whole
	n := accepted(b)
	must(t, b.sim.Close())
	b.start(t, cfg)
	if accepted(b) != n || n != 5 {
		t.Errorf("accepted %d, then %d", n, accepted(b))
	}
}

// look is what the API and the simulator tell of everything.
func look(t *testing.T, b *bench, ids ...string) []any {
	t.Helper()
	var out []any
	for _, id := range ids {
		for msg, err := range b.client.AllFriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: id}) {
			must(t, err)
			whole, err := b.client.FriendTalkMessage(t.Context(), id, msg.RecipientSeq)
			must(t, err)
			out = append(out, msg, *whole)
		}
	}
	senders, _, err := b.client.Senders(t.Context(), nhn.SenderFilter{})
	must(t, err)
	out = append(out, senders)
	for a := range b.sim.Accepted(appkey) {
		out = append(out, a)
	}
	for msg, err := range b.client.AllFriendTalkResults(t.Context(), noon, noon.Add(time.Hour)) {
		must(t, err)
		out = append(out, msg)
	}
	return out
}

func TestABrokenStateFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a line that is not JSON":       "{\"t\":\"appkey\",\"k\":\"a\",\"secret\":\"s\"}\nnonsense\n",
		"an entry of an unknown type":   "{\"t\":\"appkey\",\"k\":\"a\",\"secret\":\"s\"}\n{\"t\":\"x\",\"k\":\"a\"}\n",
		"an entry of an unknown appkey": "{\"t\":\"sender\",\"k\":\"a\",\"sender\":{}}\n",
		"columns of different lengths":  "{\"t\":\"appkey\",\"k\":\"a\",\"secret\":\"s\"}\n{\"t\":\"send\",\"k\":\"a\",\"send\":{\"no\":[\"1\"]}}\n",
		"a cancelled unknown request":   "{\"t\":\"appkey\",\"k\":\"a\",\"secret\":\"s\"}\n{\"t\":\"cancel\",\"k\":\"a\",\"id\":\"x\"}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "state")
			must(t, os.WriteFile(file, []byte(text), 0o600))
			if _, err := nhnsim.Open(nhnsim.Config{StateFile: file}); err == nil || !strings.Contains(err.Error(), "line ") {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

func TestWhatIsNotWrittenIsNotAccepted(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{StateFile: stateFile(t)})
	must(t, b.sim.Close())
	if got := b.do(t, "POST", talk+"/messages", body(t, nil, nil)); got.code() != kakao.CodeSystem || accepted(b) != 0 {
		t.Errorf("answered %v, accepted %d", got, accepted(b))
	}
}

func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{StateFile: stateFile(t)})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				id := b.send(t, noon.Add(time.Hour), number, "01012340001")
				if err := b.client.CancelFriendTalk(t.Context(), id, 2); err != nil {
					t.Error(err)
				}
				b.Add(time.Second)
				for _, err := range b.client.AllFriendTalkResults(t.Context(), noon, noon.Add(time.Hour)) {
					must(t, err)
				}
				if _, _, err := b.client.Senders(t.Context(), nhn.SenderFilter{}); err != nil {
					t.Error(err)
				}
				b.sim.Received()
				b.sim.SetFaults(nhnsim.Faults{})
			}
		})
	}
	wg.Wait()
	if s := b.sim.Stats(); s.Accepted != 160 || s.Cancelled != 80 || accepted(b) != 160 {
		t.Errorf("stats are %+v", s)
	}
}

func TestThePhoneShowsWhatArrived(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	server := http.StripPrefix("/phone", b.sim.PhoneHandler())
	get := func(path string) (string, http.Header) {
		t.Helper()
		w := &recorder{header: http.Header{}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		must(t, err)
		server.ServeHTTP(w, r)
		return w.body.String(), w.header
	}
	page, _ := get("/phone/")
	contains(t, []byte(page), "아직 도착한 메시지가 없습니다", `http-equiv="refresh" content="5"`, "./phone.css")

	must(t, b.client.RegisterSender(t.Context(), nhn.RegisterSenderRequest{PlusFriendID: "@새소식", PhoneNo: "01077778888", CategoryCode: "00100010001"}))
	req := plain()
	req.Recipients[0].Content = "<b>봄</b>"
	req.Recipients[0].IsAd = true
	req.Recipients[0].Buttons = []nhn.Button{{Ordering: 1, Type: "WL", Name: "보러 가기", LinkMo: "https://example.com/a"}}
	again := req.Recipients[0]
	again.RecipientNo = "01099990001"
	req.Recipients = append(req.Recipients, again)
	_, err := b.client.SendFriendTalk(t.Context(), req, "")
	must(t, err)
	b.Add(time.Minute)
	page, header := get("/phone/")
	contains(t, []byte(page), "인증 번호", "01077778888", "&lt;b&gt;봄", "보러 가기", "01099990001", "[무료 수신거부]0801234567", "보러 가기 - https://example.com/a")
	if strings.Contains(page, "<script") || strings.Contains(page, "style=") || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("page is not safe under a policy: %s", page)
	}
	if css, header := get("/phone/phone.css"); !strings.Contains(css, "prefers-color-scheme") || !strings.HasPrefix(header.Get("Content-Type"), "text/css") {
		t.Errorf("style sheet: %v", header)
	}
	got := b.sim.Received()
	if len(got) != 3 || got[0].Kind != kakao.FallbackLMS && got[0].Kind != kakao.FallbackSMS || got[1].Kind != "FRIENDTALK" || got[2].Kind != "TOKEN" {
		t.Errorf("received %+v", got)
	}
}

func TestThePhoneShowsTheLastHundred(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	numbers := make([]string, 1000)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("010%08d", 20_000_000+10*i)
	}
	b.send(t, time.Time{}, numbers...)
	b.Add(time.Minute)
	got := b.sim.Received()
	if len(got) != 100 {
		t.Fatalf("received %d", len(got))
	}
	for i := 1; i < len(got); i++ {
		if got[i].At.After(got[i-1].At) {
			t.Fatalf("%d is newer than the one before", i)
		}
	}
	if d := got[99].At.Sub(noon); d < 4*time.Second {
		t.Errorf("the last of them came after %v, but later ones are missing", d)
	}
}

type recorder struct {
	header http.Header
	body   strings.Builder
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(int)             {}
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
