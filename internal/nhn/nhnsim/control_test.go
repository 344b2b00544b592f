package nhnsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

func decodeInto(raw []byte, into any) error { return json.Unmarshal(raw, into) }

func encode(t testing.TB, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return raw
}

func TestControlAnswersWithStatusesOfItsOwn(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for name, test := range map[string]struct {
		method, path string
		status       int
		allow        string
	}{
		"an unknown path":      {"GET", "nothing", 404, ""},
		"a path below another": {"GET", "state/more", 404, ""},
		"reading a reset":      {"GET", "reset", 405, "POST"},
		"deleting the clock":   {"DELETE", "clock", 405, "GET, POST"},
		"putting faults":       {"PUT", "faults", 405, "DELETE, GET, POST"},
		"posting to the index": {"POST", "", 405, "GET"},
		"the state":            {"GET", "state", 200, ""},
		"statistics":           {"GET", "stats", 200, ""},
		"what is wrong":        {"POST", "senders", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.try(t, time.Minute, test.method, "/_sim/"+test.path, "{}")
			if got.status != test.status || got.header.Get("Allow") != test.allow || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("answered %+v", got)
			}
			var out object
			must(t, decodeInto([]byte(got.body), &out))
			if text, _ := out["error"].(string); (text != "") != (test.status >= 400) {
				t.Errorf("answered %v", out)
			}
		})
	}
	if got := b.try(t, time.Minute, "GET", "/_sim/", ""); !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") || strings.Count(got.body, "/_sim/") < 13 {
		t.Errorf("the index is %+v", got)
	}
	if got := b.try(t, time.Minute, "HEAD", "/_sim/state", ""); got.status != 200 || got.body != "" {
		t.Errorf("HEAD answered %+v", got)
	}
}

func TestPagesOfOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/_sim/reset", nil)
	must(t, err)
	req.Header.Set("Origin", "https://example.com")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	if resp.StatusCode != http.StatusForbidden || b.do(t, "GET", alim+"/senders", "").code() != 0 {
		t.Errorf("answered %d", resp.StatusCode)
	}
}

func TestControlCanBeLeftOut(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{NoControl: true})
	for _, path := range []string{"/_sim/", "/_sim/state", "/_sim/stats", "/", "/phone/", "/phone/phone.css"} {
		if got := b.do(t, "GET", path, ""); got.code() != kakao.CodeUnknownAPI {
			t.Errorf("%s answered %v", path, got)
		}
	}
}

func TestFaultsByHTTP(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	kinds := func(o object) (out []string) {
		list, _ := o["faults"].([]any)
		for _, f := range list {
			out = append(out, fmt.Sprint(object(f.(map[string]any))["kind"]))
		}
		return out
	}
	for i, step := range []struct {
		method, body string
		want         []string
	}{
		{"GET", "", nil},
		{"POST", `{"seed":7,"faults":[{"kind":"too-many","rate":0.5,"retryAfter":"1.5s"},{"kind":"late","delay":"2s","delayMin":"0s","endpoint":25}]}`, []string{"too-many", "late"}},
		{"POST", ` {"kind":"drop-after","count":1,"endpoint":"send","groupingKey":"c."}`, []string{"too-many", "late", "drop-after"}},
		{"GET", "", []string{"too-many", "late", "drop-after"}},
		{"POST", ` [{"kind":"error-before","status":500}]`, []string{"error-before"}},
		{"POST", `{"faults":[]}`, nil},
		{"POST", `{"kind":"empty"}`, []string{"empty"}},
		{"DELETE", "", nil},
	} {
		status, got := b.control(t, step.method, "faults", step.body)
		if status != 200 || !slices.Equal(kinds(got), step.want) {
			t.Errorf("step %d answered %d %v", i, status, got)
		}
	}
	if n := accepted(b); n != 0 || b.do(t, "POST", talk+"/messages", body(t, nil, nil)).code() != 0 {
		t.Errorf("something still goes wrong")
	}
}

func TestFaultsTellHowOftenTheyHaveHit(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.control(t, "POST", "faults", `{"seed":3,"faults":[{"kind":"code-before","code":-9999,"count":2,"endpoint":"sender"},{"kind":"wrong-type"}]}`)
	for range 3 {
		b.try(t, time.Minute, "GET", alim+"/senders/x", "")
	}
	_, got := b.control(t, "GET", "faults", "")
	if got["seed"] != 3.0 || got.at("faults", 0, "hits") != 2.0 || got.at("faults", 0, "seen") != 3.0 || got.at("faults", 1, "hits") != 1.0 || got.at("faults", 1, "rate") != 1.0 {
		t.Errorf("got %v", got)
	}
	raw, err := json.Marshal(got)
	must(t, err)
	if status, again := b.control(t, "POST", "faults", string(raw)); status != 200 || again.at("faults", 0, "hits") != 0.0 || again.at("faults", 0, "code") != -9999.0 {
		t.Errorf("posted back as it was read: %d %v", status, again)
	}
}

// A rule that is added draws what it would have drawn had it been in the list.
func TestAnAddedFaultDrawsAsInTheList(t *testing.T) {
	t.Parallel()
	const first, second = `{"kind":"error-before","rate":0.3}`, `{"kind":"too-many","rate":0.3}`
	run := func(bodies ...string) []string {
		b := open(t, nhnsim.Config{Seed: 11})
		for _, body := range bodies {
			if status, got := b.control(t, "POST", "faults", body); status != 200 {
				t.Fatalf("answered %v", got)
			}
		}
		return b.outcomes(t, 40)
	}
	together := run(`{"faults":[` + first + `,` + second + `]}`)
	if !slices.Equal(together, run(first, second)) || !slices.Equal(together, run(`[`+first+`]`, second)) {
		t.Error("the draws are others")
	}
	if slices.Equal(together, run(`{"seed":12,"faults":[`+first+`,`+second+`]}`)) {
		t.Error("the seed changes nothing")
	}
}

func TestFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.control(t, "POST", "faults", `{"kind":"empty"}`)
	for body, says := range map[string]string{
		``:                                              "the body is not the JSON",
		`7`:                                             "the body is not the JSON",
		`{}`:                                            `give "faults"`,
		`{"seed":1}`:                                    `give "faults"`,
		`{"seed":-1,"faults":[]}`:                       "seed: a number -1 does not belong here",
		`{"sed":1,"faults":[]}`:                         "sed: no such member",
		`{"faults":{}}`:                                 "faults: a object does not belong here",
		`[{"kind":"empty"},{"kind":"emty"}]`:            `faults[1].kind: "emty" is none of code-after, `,
		`[{"kind":"empty","ratte":1}]`:                  "faults[0].ratte: no such member",
		`[{}]`:                                          `faults[0].kind: "" is none of`,
		`{"kind":"empty","rate":0}`:                     "rate: 0 is not above 0",
		`{"kind":"empty","rate":1.5}`:                   "rate: 1.5 is not above 0 and at most 1",
		`{"kind":"empty","rate":-1}`:                    "rate: -1 is not",
		`{"kind":"empty","rate":"often"}`:               "rate: a string does not belong here",
		`{"kind":"empty","count":-1}`:                   "count: -1 is below 0",
		`{"kind":"empty","endpoint":35}`:                "endpoint: 35 is not from 1 to 34",
		`{"kind":"empty","endpoint":0}`:                 "endpoint: 0 is not from 1 to 34",
		`{"kind":"empty","endpoint":"sendd"}`:           `endpoint: "sendd" is no number, no pattern such as "GET /friendtalk/", and none of `,
		`{"kind":"empty","endpoint":"GET /{a"}`:         `endpoint: "GET /{a" is no pattern`,
		`{"kind":"empty","endpoint":true}`:              "endpoint: a bool does not belong here",
		`{"kind":"empty","recipientNo":"x"}`:            `recipientNo: "x" has no digits`,
		`{"kind":"delay"}`:                              `delay: "delay" needs it`,
		`{"kind":"late-listing"}`:                       `delay: "late-listing" needs it`,
		`{"kind":"delay","delay":1}`:                    "delay: a number does not belong here",
		`{"kind":"delay","delay":"soon"}`:               `delay: "soon" is no duration such as "1.5s"`,
		`{"kind":"delay","delay":"-1s"}`:                "delay: -1s is not from 0 to",
		`{"kind":"delay","delay":"25h"}`:                "delay: 25h0m0s is not from 0 to 24h0m0s",
		`{"kind":"delay","delay":"1s","delayMin":"2s"}`: "delayMin: 2s is not from 0 to the delay, 1s",
		`{"kind":"drop-before","delay":"1s"}`:           `delay: means nothing to "drop-before"`,
		`{"kind":"drop-before","status":500}`:           `status: means nothing to "drop-before"`,
		`{"kind":"too-many","retryAfter":"-1s"}`:        "retryAfter: -1s is not",
		`{"kind":"error-before","status":99}`:           "status: 99 is not from 200 to 599",
		`{"kind":"code-before"}`:                        `code: "code-before" needs it`,
		`{"kind":"empty","code":-1}`:                    `code: means nothing to "empty"`,
		`{"kind":"huge","size":-1}`:                     "size: -1 is not",
		`{"kind":"huge","body":"x"}`:                    `body: means nothing to "huge"`,
		`[` + strings.Repeat(`{"kind":"empty"},`, 1000) + `{"kind":"empty"}]`: "faults: more than 1000",
	} {
		status, got := b.control(t, "POST", "faults", body)
		text, _ := got["error"].(string)
		if status != 400 || !strings.Contains(text, says) {
			t.Errorf("%.60s: %d %v", body, status, got)
		}
	}
	if got := b.sim.Faults().Rules; len(got) != 1 || got[0].Kind != nhnsim.FaultEmpty {
		t.Errorf("what was refused has changed the list: %+v", got)
	}
}

func FuzzFaults(f *testing.F) {
	for _, s := range []string{
		`{"seed":7,"faults":[{"kind":"late","delay":"2s","delayMin":"0s","endpoint":25}]}`, `[{"kind":"huge","size":1,"endpoint":"GET /{a}/{b...}"}]`,
		`{"kind":"refuse","recipientNo":"010","rate":0.5}`, `{"kind":"empty","endpoint":"GET [::1]/"}`, `null`, `[null]`, `{"faults":null}`, `{"kind":null}`,
	} {
		f.Add(s)
	}
	b := open(f, nhnsim.Config{})
	var mu sync.Mutex
	f.Fuzz(func(t *testing.T, in string) {
		mu.Lock() // one after the other, so that the list is what was posted
		defer mu.Unlock()
		status, got := b.control(t, "POST", "faults", in)
		if text, _ := got["error"].(string); status != 200 && (status != 400 || text == "") {
			t.Errorf("answered %d %v", status, got)
		}
		if status == 200 {
			b.sim.SetFaults(b.sim.Faults())
		}
		b.sim.SetFaults(nhnsim.Faults{})
	})
}

func TestAppkeysAndSendersByHTTP(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	status, got := b.control(t, "POST", "appkeys", `{"appkey":"two","secretKey":"x","smsAppkey":"s"}`)
	if status != 200 || got["appkey"] != "two" || got["secretKey"] != "x" || got["smsAppkey"] != "s" {
		t.Errorf("answered %d %v", status, got)
	}
	for i, step := range []struct {
		body string
		want map[string]any
	}{
		{`{"appkey":"two","plusFriendId":"@a","dailyMax":9}`, m{"status": "YSC03", "dailyMax": 9.0, "token": nil, "dormant": false, "sentToday": 0.0}},
		{`{"appkey":"two","plusFriendId":"@a","dormant":true}`, m{"status": "YSC03", "dailyMax": 9.0, "dormant": true, "blocked": false}},
		{`{"appkey":"two","plusFriendId":"@a","dormant":false,"blocked":true,"firstTime":true,"profileStatus":"C"}`, m{"dormant": false, "blocked": true, "firstTime": true, "profileStatus": "C"}},
		{`{"appkey":"two","plusFriendId":"@a","fallback":{"isResend":true,"sendNo":"0212345678"}}`, m{"blocked": true, "fallback": map[string]any{"isResend": true, "sendNo": "0212345678"}}},
		{`{"appkey":"two","plusFriendId":"@b","token":12345678,"phoneNo":"01011112222"}`, m{"status": "YSC02", "token": 12345678.0, "phoneNo": "01011112222"}},
		{`{"appkey":"two","plusFriendId":"@b","status":"YSC03"}`, m{"status": "YSC03", "token": 12345678.0}},
		{`{"appkey":"two","plusFriendId":"@c","status":"YSC02","senderKey":"0123","categoryCode":"00100010002"}`, m{"status": "YSC02", "senderKey": "0123", "categoryCode": "00100010002"}},
	} {
		status, got := b.control(t, "POST", "senders", step.body)
		for name, want := range step.want {
			if fmt.Sprint(got[name]) != fmt.Sprint(want) {
				t.Errorf("step %d: %s is %v", i, name, got[name])
			}
		}
		if status != 200 || len(got["senderKey"].(string)) != 40 && got["senderKey"] != "0123" {
			t.Errorf("step %d answered %d %v", i, status, got)
		}
	}
	two := nhn.New(nhn.Config{BaseURL: b.url, Appkey: "two", SecretKey: "x"})
	list, total, err := two.Senders(t.Context(), nhn.SenderFilter{Status: kakao.SenderRegistered})
	must(t, err)
	if total != 2 || list[0].FriendTalk.DailyMaxCount != 9 || !list[0].Blocked || list[0].KakaoProfileStatus != "C" {
		t.Errorf("the API tells %+v", list)
	}
	_, state := b.control(t, "GET", "state", "")
	raw, err := json.Marshal(state.at("senders", 0))
	must(t, err)
	if status, got := b.control(t, "POST", "senders", string(raw)); status != 200 || fmt.Sprint(got) != fmt.Sprint(object(state.at("senders", 0).(map[string]any))) {
		t.Errorf("posted back as it was read: %d %v", status, got)
	}
}

func TestAppkeysAreDisabledByHTTP(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for _, step := range []struct {
		body string
		code int
	}{
		{`{"appkey":"app","disabled":true}`, kakao.CodeAppkeyDisabled}, {`{"appkey":"app","disabled":false,"unverified":true}`, kakao.CodeSelfVerification},
		{`{"appkey":"app","smsAppkey":"other"}`, kakao.CodeSelfVerification}, {`{"appkey":"app","unverified":false}`, 0}, {`{"appkey":"app","secretKey":"new"}`, kakao.CodeSecretKey},
	} {
		status, got := b.control(t, "POST", "appkeys", step.body)
		if answer := b.do(t, "GET", alim+"/senders", ""); status != 200 || answer.code() != step.code {
			t.Errorf("%s: %d %v, then %v", step.body, status, got, answer)
		}
	}
}

func TestGroupsByHTTP(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	other, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: "@other", Registered: true})
	must(t, err)
	key := ""
	for i, step := range []struct {
		body    string
		members []string
		status  string
	}{
		{`{"groupName":"g"}`, []string{}, "YSC03"},
		{`{"groupName":"g","members":["` + from + `","` + other.SenderKey + `"]}`, []string{from, "@other"}, "YSC03"},
		{`{"groupName":"g","status":"YSC02"}`, []string{from, "@other"}, "YSC02"},
		{`{"groupName":"g","members":[]}`, []string{}, "YSC02"},
	} {
		status, got := b.control(t, "POST", "groups", step.body)
		if members, _ := got["members"].([]any); status != 200 || got["appkey"] != appkey || got["groupName"] != "g" || len(members) != len(step.members) || got["status"] != step.status || key != "" && got["senderKey"] != key {
			t.Errorf("step %d answered %d %v", i, status, got)
		}
		key, _ = got["senderKey"].(string)
		answer := b.do(t, "GET", alim+"/sender-groups/"+key, "")
		for j, want := range append(step.members, "") {
			if name, _ := answer.at("senderGroup", "senders", j, "plusFriendId").(string); name != want {
				t.Errorf("step %d: the API tells %v", i, answer)
			}
		}
	}
	for name, test := range map[string]struct{ body, says string }{
		"a group without a name":           {`{}`, "needs a name"},
		"a group with a slip of the pen":   {`{"name":"g"}`, "name: no such member"},
		"a group with an unknown member":   {`{"groupName":"g","members":["@x"]}`, `"@x" of group "g" is unknown`},
		"a group with a member twice":      {`{"groupName":"g","members":["` + from + `","` + from + `"]}`, "there twice"},
		"a group of an unknown appkey":     {`{"appkey":"x","groupName":"g"}`, `appkey: "x" is unknown`},
		"a group of no known status":       {`{"groupName":"g","status":"x"}`, `status: "x" is neither`},
		"a group with the key of a sender": {`{"groupName":"g","senderKey":"` + other.SenderKey + `"}`, "that is no sender's"},
	} {
		status, got := b.control(t, "POST", "groups", test.body)
		if text, _ := got["error"].(string); status != 400 || !strings.Contains(text, test.says) {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
}

func TestOutcomesByHTTP(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	if status, got := b.control(t, "POST", "outcomes", `{"recipientNo":"010-1234-5678","code":"3024","after":"5s"}`); status != 200 || got["code"] != "3024" {
		t.Errorf("answered %d %v", status, got)
	}
	id := b.send(t, time.Time{}, number)
	must(t, b.sim.AdvanceClock(5*time.Second))
	if got := b.codes(t, id); !slices.Equal(got, []string{"3024"}) {
		t.Errorf("the codes are %v", got)
	}
	for body, says := range map[string]string{`{"recipientNo":"x","code":"1000"}`: "recipientNo: no digits", `{"recipient":"x"}`: "recipient: no such member"} {
		status, got := b.control(t, "POST", "outcomes", body)
		if text, _ := got["error"].(string); status != 400 || !strings.Contains(text, says) {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
	must(t, b.sim.Reset())
	if got := b.sim.Outcomes(); len(got) != 0 {
		t.Errorf("after a reset: %v", got)
	}
}

func TestTheOnlyAppkeyNeedNotBeNamed(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	if status, got := b.control(t, "POST", "senders", `{"plusFriendId":"`+from+`","dailyMax":5}`); status != 200 || got["appkey"] != appkey || got["dailyMax"] != 5.0 {
		t.Errorf("answered %d %v", status, got)
	}
}

func TestAppkeysAndSendersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	must(t, b.sim.AddAppkey("two", "x"))
	sender := func(members string) string { return `{"appkey":"app","plusFriendId":"@n",` + members + `}` }
	for name, test := range map[string]struct{ path, body, says string }{
		"an appkey without a name":            {"appkeys", `{}`, "appkey: is missing"},
		"an appkey without a secret key":      {"appkeys", `{"appkey":"a"}`, "secretKey: is missing"},
		"an appkey with a slip of the pen":    {"appkeys", `{"appkey":"a","secret":"b"}`, "secret: no such member"},
		"a sender of no appkey":               {"senders", `{"plusFriendId":"@n"}`, "appkey: is missing"},
		"a sender of an unknown appkey":       {"senders", `{"appkey":"no","plusFriendId":"@n"}`, `appkey: "no" is unknown`},
		"a sender without a name":             {"senders", `{"appkey":"app"}`, "plusFriendId: is missing"},
		"a sender with too long a name":       {"senders", `{"appkey":"app","plusFriendId":"` + strings.Repeat("a", 31) + `"}`, "plusFriendId: is longer than 30"},
		"a sender with a slip of the pen":     {"senders", sender(`"dormat":true`), "dormat: no such member"},
		"a sender of no known status":         {"senders", sender(`"status":"A"`), `status: "A" is neither YSC02 nor YSC03`},
		"a sender of no known category":       {"senders", sender(`"categoryCode":"1"`), `categoryCode: "1" is none`},
		"a sender with a number that is none": {"senders", sender(`"phoneNo":"x"`), `phoneNo: "x" is no number`},
		"a token below 1":                     {"senders", sender(`"token":0`), "token: 0 is not above 0"},
		"a maximum below 0":                   {"senders", sender(`"dailyMax":-1`), "dailyMax, alimtalkDailyMax, brandtalkDailyMax: "},
		"a sender that gets another key":      {"senders", `{"appkey":"app","plusFriendId":"` + from + `","senderKey":"0"}`, "and stays so"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, got := b.control(t, "POST", test.path, test.body)
			if text, _ := got["error"].(string); status != 400 || !strings.Contains(text, test.says) {
				t.Errorf("answered %d %v", status, got)
			}
		})
	}
}

// acceptedByHTTP reads the stream.
func (b *bench) acceptedByHTTP(t *testing.T, query string) (out []nhnsim.Accepted) {
	t.Helper()
	got := b.try(t, time.Minute, "GET", "/_sim/accepted?"+query, "")
	if got.status != 200 || got.header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("answered %+v", got)
	}
	for line := range strings.Lines(got.body) {
		var a nhnsim.Accepted
		must(t, json.Unmarshal([]byte(line), &a))
		out = append(out, a)
	}
	return out
}

func TestAcceptedByHTTP(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	must(t, b.sim.AddAppkey("two", secret))
	_, err := b.sim.AddSender("two", nhnsim.Sender{PlusFriendID: from, Registered: true})
	must(t, err)
	b.send(t, time.Time{}, number, "01055556666")
	b.do(t, "POST", "/friendtalk/v1.5/appkeys/two/messages", body(t, m{"senderGroupingKey": "g"}, nil))
	for query, want := range map[string]int{
		"": 3, "appkey=app": 2, "appkey=two": 1, "appkey=none": 0, "senderGroupingKey=c.1.1": 2, "senderGroupingKey=g": 1, "senderGroupingKey=c": 0, "appkey=app&senderGroupingKey=g": 0,
	} {
		if got := b.acceptedByHTTP(t, query); len(got) != want {
			t.Errorf("%q lists %+v", query, got)
		}
	}
	got := b.acceptedByHTTP(t, "")
	if !slices.Equal(got, slices.Collect(b.sim.Accepted(""))) {
		t.Errorf("got %+v", got)
	}
	want := nhnsim.Accepted{Appkey: appkey, RequestID: got[1].RequestID, RecipientSeq: 2, RecipientNo: "01055556666", SenderGroupingKey: "c.1.1", RecipientGroupingKey: "k01055556666"}
	if got[1] != want {
		t.Errorf("got %+v", got[1])
	}
	_, stats := b.control(t, "GET", "stats", "")
	if stats["accepted"] != 3.0 || stats.at("calls", "send") != 2.0 {
		t.Errorf("stats are %v", stats)
	}
}

func TestTheStateTellsEverything(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	must(t, b.sim.Seed("two", "x"))
	b.send(t, time.Time{}, number)
	b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultDelay, Delay: time.Microsecond}))
	_, got := b.control(t, "GET", "state", "")
	for _, name := range []string{"appkeys", "senders", "groups", "templates", "images", "faults"} {
		if _, ok := got[name].([]any); !ok {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if len(got) != 7 || got.at("clock", "now") != "2026-03-02T12:00:00+09:00" {
		t.Errorf("got %v", got)
	}
	for _, want := range []struct {
		path []any
		is   any
	}{
		{[]any{"appkeys", 0, "appkey"}, appkey}, {[]any{"appkeys", 0, "secretKey"}, secret}, {[]any{"appkeys", 0, "smsAppkey"}, smskey}, {[]any{"appkeys", 0, "requests"}, 1.0}, {[]any{"appkeys", 0, "disabled"}, false},
		{[]any{"appkeys", 1, "appkey"}, "two"}, {[]any{"appkeys", 2}, nil},
		{[]any{"senders", 0, "appkey"}, appkey}, {[]any{"senders", 0, "plusFriendId"}, from}, {[]any{"senders", 0, "status"}, "YSC03"}, {[]any{"senders", 0, "sentToday"}, 1.0},
		{[]any{"senders", 1, "plusFriendId"}, nhnsim.SeedSender}, {[]any{"senders", 2, "status"}, "YSC02"}, {[]any{"senders", 3}, nil},
		{[]any{"groups", 0, "groupName"}, nhnsim.SeedGroup}, {[]any{"groups", 0, "members", 0}, got.at("senders", 1, "senderKey")}, {[]any{"groups", 1}, nil},
		{[]any{"templates", 0, "plusFriendId"}, nhnsim.SeedSender}, {[]any{"templates", 0, "senderKey"}, got.at("senders", 1, "senderKey")}, {[]any{"templates", 4}, nil},
		{[]any{"images", 0, "imageSeq"}, 1.0}, {[]any{"images", 1, "wide"}, true}, {[]any{"images", 2}, nil},
		{[]any{"faults", 0, "kind"}, "delay"}, {[]any{"faults", 0, "delay"}, "1µs"},
	} {
		if got.at(want.path...) != want.is {
			t.Errorf("%v is %v", want.path, got.at(want.path...))
		}
	}
	types := map[string]bool{}
	for i := range 4 {
		types[fmt.Sprint(got.at("templates", i, "messageType"), got.at("templates", i, "contentType"))] = true
	}
	if len(types) != 4 {
		t.Errorf("templates are of the types %v", types)
	}
	image, _ := got.at("images", 0, "imageUrl").(string)
	if answer := b.try(t, time.Minute, "GET", image, ""); answer.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("the image %s is %v", image, answer.header)
	}
	if token, _ := got.at("senders", 2, "token").(float64); token < 10_000_000 {
		t.Errorf("the token is %v", token)
	}
}

func TestSeedingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t)}
	b := open(t, cfg)
	state := func() string {
		must(t, b.sim.Seed("two", "x"))
		_, got := b.control(t, "GET", "state", "")
		return fmt.Sprint(got)
	}
	first := state()
	if second := state(); second != first {
		t.Errorf("%s\n%s", first, second)
	}
	must(t, b.sim.Close())
	cfg.Now = b.clock.Now
	b.start(t, cfg)
	if third := state(); third != first {
		t.Errorf("%s\n%s", first, third)
	}
}

func TestResetBringsTheBeginningBack(t *testing.T) {
	t.Parallel()
	cfg := exact()
	cfg.StateFile, cfg.Seed = stateFile(t), 4
	b := open(t, cfg)
	cfg.Now = b.clock.Now
	must(t, b.sim.Seed("two", "x"))
	b.send(t, time.Time{}, number)
	must(t, b.sim.AdvanceClock(time.Hour))
	b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultShuffle}))
	status, got := b.control(t, "POST", "reset", "")
	if status != 200 || got.at("appkeys", 0, "appkey") != "two" || got.at("appkeys", 1) != nil || got.at("faults", 0) != nil || got.at("clock", "offset") != "0s" {
		t.Fatalf("answered %d %v", status, got)
	}
	if got := b.do(t, "GET", alim+"/senders", ""); got.code() != kakao.CodeAppkey {
		t.Errorf("what was not seeded is still there: %v", got)
	}
	if s := b.sim.Stats(); s.Accepted != 0 || s.Calls["send"] != 0 || len(b.acceptedByHTTP(t, "")) != 0 {
		t.Errorf("stats are %+v", s)
	}
	_, before := b.control(t, "GET", "state", "")
	must(t, b.sim.Close())
	b.start(t, cfg)
	_, after := b.control(t, "GET", "state", "")
	if fmt.Sprint(before["senders"]) != fmt.Sprint(after["senders"].([]any)[1:]) { // the first is open's own
		t.Errorf("before a restart %v, after %v", before, after)
	}
}

func TestAResetEndsCallsThatWait(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	must(t, b.sim.Seed(appkey, secret))
	b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultLate, Delay: time.Hour}))
	answered := make(chan seen)
	go func() { answered <- b.try(t, time.Minute, "POST", talk+"/messages", body(t, nil, nil)) }()
	for b.sim.Stats().Faults == 0 {
		<-time.After(time.Millisecond)
	}
	must(t, b.sim.Reset())
	if got := <-answered; got.status != 0 || accepted(b) != 0 {
		t.Errorf("answered %+v, accepted %d", got, accepted(b))
	}
}

// Whatever is under way when the state is reset, the journal can be read afterwards.
func TestResetWhileEverythingHappens(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t)}
	b := open(t, cfg)
	must(t, b.sim.Seed(appkey, secret))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 30 {
				b.try(t, time.Minute, "POST", talk+"/messages", body(t, m{"plusFriendId": nhnsim.SeedSender}, nil))
				b.try(t, time.Minute, "POST", "/_sim/senders", `{"appkey":"app","plusFriendId":"@x","dormant":true}`)
				b.try(t, time.Minute, "POST", "/_sim/clock", `{"advance":"1s"}`)
			}
		})
	}
	for range 20 {
		must(t, b.sim.Reset())
	}
	wg.Wait()
	n := accepted(b)
	must(t, b.sim.Close())
	again, err := nhnsim.Open(cfg)
	must(t, err)
	left := 0
	for range again.Accepted(appkey) {
		left++
	}
	if left != n {
		t.Errorf("accepted %d, after a restart %d", n, left)
	}
	must(t, again.Close())
}
