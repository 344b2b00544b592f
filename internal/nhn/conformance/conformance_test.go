package conformance_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/conformance"
	"soshik/internal/nhn/nhnsim"
)

const (
	appkey = "app"
	secret = "s3cret-of-the-test"
)

var numbers = []string{"01012345678", "01087654321"}

// empty starts a simulator by whose clock it is day, with an appkey.
func empty(t *testing.T, cfg nhnsim.Config) *nhnsim.Sim {
	t.Helper()
	offset := kakao.DayOffset(time.Now())
	cfg.Now = func() time.Time { return time.Now().Add(offset) }
	sim, err := nhnsim.Open(cfg)
	must(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	must(t, sim.AddAppkey(appkey, secret))
	return sim
}

// open starts one that has something of everything but images, which take long to draw.
func open(t *testing.T, cfg nhnsim.Config) *nhnsim.Sim {
	t.Helper()
	sim := empty(t, cfg)
	must(t, sim.SetSMSAppkey(appkey, nhnsim.SeedSMSAppkey))
	x, err := sim.AddSender(appkey, nhnsim.Sender{
		PlusFriendID: nhnsim.SeedSender, Registered: true, Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	})
	must(t, err)
	_, err = sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: nhnsim.SeedWaitingSender})
	must(t, err)
	_, err = sim.AddGroup(appkey, nhnsim.Group{Name: nhnsim.SeedGroup, Members: []string{x.SenderKey}})
	must(t, err)
	_, err = sim.AddTemplate(appkey, nhnsim.Template{SenderKey: x.SenderKey, Code: "fixed", Content: "안녕하세요"})
	must(t, err)
	return sim
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func serve(t *testing.T, h http.Handler) conformance.Target {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return conformance.Target{BaseURL: server.URL + "/", Appkey: appkey, Secret: secret, Timeout: 10 * time.Second}
}

// check runs all checks and returns what came of them.
func check(t *testing.T, target conformance.Target, options conformance.Options) []conformance.Result {
	t.Helper()
	var out []conformance.Result
	counts := conformance.Run(t.Context(), target, options, func(r conformance.Result) { out = append(out, r) })
	n := 0
	for status, k := range counts {
		n += k
		if k != len(with(out, status)) {
			t.Errorf("%d are counted as %s of %d", k, status, len(with(out, status)))
		}
	}
	if n != len(out) {
		t.Errorf("%d of %d are counted", n, len(out))
	}
	return out
}

func with(list []conformance.Result, status conformance.Status) []conformance.Result {
	return slices.DeleteFunc(slices.Clone(list), func(r conformance.Result) bool { return r.Status != status })
}

func line(r conformance.Result) string {
	return fmt.Sprintf("%s %d %s: %s", r.Status, r.Endpoint, r.Name, r.Detail)
}

// The simulator passes every check, for each version of the sender API and for both,
// with nothing left out.
func TestTheSimulatorConforms(t *testing.T) {
	t.Parallel()
	for _, version := range []string{kakao.SenderAPIv21, kakao.SenderAPIv20, ""} {
		for _, bare := range []bool{false, true} {
			t.Run(fmt.Sprintf("version %q, token with the header alone: %t", version, bare), func(t *testing.T) {
				t.Parallel()
				sim := empty(t, nhnsim.Config{TokenWithoutBody: bare, RequireConvert: bare})
				must(t, sim.Seed(appkey, secret))
				target := serve(t, sim)
				target.SenderVersion, target.ConvertToBrand = version, bare
				got := check(t, target, conformance.Options{Write: true, To: numbers})
				endpoints := map[int]bool{}
				for _, r := range got {
					endpoints[r.Endpoint] = true
					if r.Status != conformance.OK {
						t.Error(line(r))
					}
				}
				for n := 1; n <= 34; n++ {
					if asked := version == "" || n > 18 || n <= 9 == (version == kakao.SenderAPIv21); endpoints[n] != asked {
						t.Errorf("endpoint %d is checked: %t", n, endpoints[n])
					}
				}
			})
		}
	}
}

// What was there before is there afterwards, and nothing else but the messages.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	sim := open(t, nhnsim.Config{})
	target := serve(t, sim)
	before := state(t, sim)
	for _, r := range with(check(t, target, conformance.Options{Write: true, To: numbers}), conformance.Failed) {
		t.Error(line(r))
	}
	if after := state(t, sim); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	for a := range sim.Accepted(appkey) {
		if !slices.Contains(numbers, a.RecipientNo) {
			t.Errorf("a message went to %s", a.RecipientNo)
		}
	}
}

// state is what the simulator has, without what every call changes.
func state(t *testing.T, sim *nhnsim.Sim) string {
	t.Helper()
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/_sim/state", http.NoBody))
	var b strings.Builder
	for part := range strings.SplitSeq(w.Body.String(), ",") {
		if !strings.Contains(part, "updateDate") && !strings.Contains(part, `"now"`) && !strings.Contains(part, `"requests"`) && !strings.Contains(part, "entToday") {
			b.WriteString(part + "\n")
		}
	}
	return b.String()
}

func TestReadingChangesNothing(t *testing.T) {
	t.Parallel()
	sim := open(t, nhnsim.Config{})
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		sim.ServeHTTP(w, r)
	}))
	for _, r := range check(t, target, conformance.Options{}) {
		if r.Status == conformance.Failed || r.Status == conformance.Ended || r.Writes {
			t.Error(line(r))
		}
	}
}

func TestChecksComeInTheSameOrder(t *testing.T) {
	t.Parallel()
	target := serve(t, open(t, nhnsim.Config{}))
	var before []string
	for range 3 {
		var names []string
		for _, r := range check(t, target, conformance.Options{}) {
			names = append(names, r.Name)
		}
		if before != nil && !slices.Equal(names, before) {
			t.Fatalf("%v, then %v", before, names)
		}
		before = names
	}
}

// A project that holds nothing fails nothing, and what cannot be made says why. Without
// its control paths, the simulator looks like any other server.
func TestAnEmptyProjectSkips(t *testing.T) {
	t.Parallel()
	got := check(t, serve(t, empty(t, nhnsim.Config{NoControl: true})), conformance.Options{Write: true, To: numbers})
	for _, r := range with(got, conformance.Failed) {
		if r.Endpoint != 30 { // an image needs a sender: -8005
			t.Error(line(r))
		}
	}
	reasons := map[string]string{}
	for _, r := range with(got, conformance.Skipped) {
		reasons[r.Name] = r.Detail
	}
	for name, want := range map[string]string{
		"a sender is read by its key (v2.1)": "there is no sender", "a group is read by its key (v2.0)": "no group is named, and they cannot be listed",
		"a message is read": "there is no message", "a sender is registered (v2.1)": "no channel is named that may be registered",
		"a message is sent": "there is no sender that can send", "the SMS appkey is set": "no SMS appkey is named, and setting one resets the fallback of all senders",
		"a template is read by its code": "no template is known, and they cannot be listed", "images are deleted": "no image was uploaded",
	} {
		if reasons[name] != want {
			t.Errorf("%s: %q", name, reasons[name])
		}
	}
}

func TestNothingIsSentUnlessANumberIsNamed(t *testing.T) {
	t.Parallel()
	sim := open(t, nhnsim.Config{})
	got := check(t, serve(t, sim), conformance.Options{Write: true})
	for a := range sim.Accepted(appkey) {
		t.Errorf("sent %+v", a)
	}
	for _, r := range with(got, conformance.Failed) {
		t.Error(line(r))
	}
}

// What the provider has switched off is told apart from what fails.
func TestWhatHasEnded(t *testing.T) {
	t.Parallel()
	sim := open(t, nhnsim.Config{RequireConvert: true})
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/brandtalk/") {
			r = r.Clone(r.Context())
			r.URL.Path = "/nothing"
		}
		sim.ServeHTTP(w, r)
	}))
	got := check(t, target, conformance.Options{Write: true, To: numbers})
	for _, r := range got {
		if brand := r.Endpoint >= 19 && r.Endpoint <= 24; r.Status == conformance.Failed || brand && r.Status != conformance.Ended && r.Status != conformance.Skipped {
			t.Error(line(r))
		}
		if r.Endpoint == 25 && r.Status == conformance.Ended && !strings.Contains(r.Detail, "-9992") {
			t.Error(line(r))
		}
	}
	if n := len(with(got, conformance.Ended)); n < 10 {
		t.Errorf("%d have ended", n)
	}
}

// What no server of the API answers fails the first check, and skips the others.
func TestServersThatAreNone(t *testing.T) {
	t.Parallel()
	says := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	for name, test := range map[string]struct {
		server http.Handler
		says   string
	}{
		"a page":                    {says(200, "<html>"), "answer is not what the API answers"},
		"nothing":                   {says(200, ""), "answer is not what the API answers"},
		"an error":                  {says(500, "<html>"), "HTTP 500"},
		"no such page":              {says(404, "<html>"), "HTTP 404"},
		"an appkey that is unknown": {says(200, `{"header":{"resultCode":-1000,"resultMessage":"Invalid appKey of `+secret+`","isSuccessful":false}}`), "expected success, got -1000 Invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := check(t, serve(t, test.server), conformance.Options{Write: true, To: numbers})
			if got[0].Status != conformance.Failed || !strings.Contains(got[0].Detail, test.says) {
				t.Error(line(got[0]))
			}
			for _, r := range got[1:] {
				if r.Status != conformance.Skipped || r.Detail != "the first check has failed" {
					t.Error(line(r))
				}
			}
		})
	}
}

// A server that lies is found out: whatever the simulator answers but one thing, no
// check of that thing passes.
func TestLiesAreFoundOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		old, lie string
		fails    []string
	}{
		"a member that is missing":        {`"categoryCode"`, `"categories"`, []string{"the senders are listed (v2.1)", "a sender is read by its key (v2.0)"}},
		"a number as a text":              {`"dailyMaxCount":0`, `"dailyMaxCount":"0"`, []string{"the senders are listed (v2.1)"}},
		"null where nothing is null":      {`"status":"YSC03"`, `"status":null`, []string{"the senders are listed (v2.1)"}},
		"another refusal":                 {`"resultCode":-1016`, `"resultCode":-1017`, []string{"a message that nobody sent is not found", "a BrandTalk message that nobody sent is not found"}},
		"success for a refusal":           {`"resultCode":-4103,"resultMessage":"RequestId or startRequestDate/endRequestDate is invalid.","isSuccessful":false`, `"resultCode":0,"resultMessage":"SUCCESS","isSuccessful":true`, []string{"a search without a condition is refused"}},
		"a first level of four digits":    {`"depth":1,"code":"0`, `"depth":1,"code":"00`, []string{"the categories are three levels deep (v2.1)"}},
		"a message of another sender":     {`"plusFriendId":"@소식상점","recipientNo"`, `"plusFriendId":"","recipientNo"`, nil},
		"a cancellation that is not told": {`"messageStatus":"CANCEL"`, `"messageStatus":"READY"`, []string{"what is scheduled is cancelled", "what is scheduled by BrandTalk is cancelled"}},
		"a recipient who was refused":     {`"resultCode":0,"resultMessage":"SUCCESS","recipientGroupingKey"`, `"resultCode":-5000,"resultMessage":"RecipientNo is invalid.","recipientGroupingKey"`, []string{"a message is sent", "a BrandTalk message is sent"}},
		"an image that is not wide":       {`"wide":true`, `"wide":false`, []string{"a wide image is uploaded"}},
		"a key that can be used again":    {`"resultCode":-1005`, `"resultCode":-9999`, []string{"its idempotency key is refused a second time"}},
		"a group of another key":          {`"groupName":"소식상점 그룹","senderKey":"`, `"groupName":"소식상점 그룹","senderKey":"0`, []string{"a group is read by its key (v2.1)"}},
		"a text without its values":       {`님, 안녕하세요.`, `님께`, []string{"a template with a variable and an image is registered", "what was sent by BrandTalk is read with its values"}},
		"fallback that is not reset":      {`"resendSendNo":null`, `"resendSendNo":"0212345678"`, []string{"the SMS appkey is set"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := serve(t, lying(open(t, nhnsim.Config{}), test.old, test.lie))
			failed := map[string]bool{}
			for _, r := range with(check(t, target, conformance.Options{Write: true, To: numbers, Patience: time.Millisecond}), conformance.Failed) {
				failed[r.Name] = true
				if r.Detail == "" || strings.Contains(r.Detail, secret) {
					t.Error(line(r))
				}
			}
			for _, name := range test.fails {
				if !failed[name] {
					t.Errorf("%q does not fail, but %v", name, failed)
				}
			}
		})
	}
}

// lying answers as sim does, with some words replaced.
func lying(sim http.Handler, old, lie string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_sim/") {
			sim.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		sim.ServeHTTP(rec, r)
		_, _ = w.Write(bytes.ReplaceAll(rec.Body.Bytes(), []byte(old), []byte(lie)))
	})
}

// A server that says yes to everything passes what it can know nothing of: that
// nothing is listed under conditions.
func TestOneThatAlwaysSaysYes(t *testing.T) {
	t.Parallel()
	sim := open(t, nhnsim.Config{})
	calls := 0
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls <= 3 { // what tells a simulator, the list, the sender that can send
			sim.ServeHTTP(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"header":{"resultCode":0,"resultMessage":"SUCCESS","isSuccessful":true}}`)
	}))
	for _, r := range with(check(t, target, conformance.Options{Write: true, To: numbers, Patience: time.Millisecond}), conformance.OK)[1:] {
		if !strings.Contains(r.Name, "1,001") && r.Name != "messages are listed by what became of them" {
			t.Error(line(r))
		}
	}
}

func TestAStoppedRunPutsBackWhatItChanged(t *testing.T) {
	t.Parallel()
	sim := open(t, nhnsim.Config{})
	target := serve(t, sim)
	before := state(t, sim)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	skipped := 0
	conformance.Run(ctx, target, conformance.Options{Write: true, To: numbers}, func(r conformance.Result) {
		if r.Endpoint == 23 {
			stop()
		}
		if r.Detail == "the run was stopped" {
			skipped++
		}
	})
	if after := state(t, sim); after != before || skipped < 10 {
		t.Errorf("%d were skipped; before:\n%s\nafter:\n%s", skipped, before, after)
	}
	for a := range sim.Accepted(appkey) {
		if a.SenderGroupingKey == "" {
			t.Errorf("%+v", a)
		}
	}
}

func TestTargetsHideTheirSecret(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprintf("%v %+v %#v %s", conformance.Target{Secret: secret}, conformance.Target{Secret: secret}, conformance.Target{Secret: secret}, &conformance.Target{Secret: secret}); strings.Contains(got, secret) {
		t.Error(got)
	}
}
