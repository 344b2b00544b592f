package nhnsim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

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

// only is the one thing that goes wrong.
func only(f nhnsim.Fault) nhnsim.Faults { return nhnsim.Faults{Rules: []nhnsim.Fault{f}} }

// seen is an answer as it came. Status 0 is none.
type seen struct {
	status int
	header http.Header
	body   string
}

// try calls the API, and gives up after patience.
func (b *bench) try(t testing.TB, patience time.Duration, method, path, body string) seen {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, b.url+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set(kakao.HeaderSecretKey, secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return seen{}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	return seen{resp.StatusCode, resp.Header, string(raw)}
}

// Every kind of fault, as who sends sees it, and what has become of the send.
func TestFaultsAsTheCallerSeesThem(t *testing.T) {
	t.Parallel()
	const short, long = 100 * time.Millisecond, time.Minute
	none := func(s seen) bool { return s.status == 0 }
	is := func(status int, body string) func(seen) bool {
		return func(s seen) bool { return s.status == status && s.body == body }
	}
	answers := func(code int) func(seen) bool {
		return func(s seen) bool {
			var o object
			return s.status == 200 && json.Unmarshal([]byte(s.body), &o) == nil && o.code() == code
		}
	}
	for name, test := range map[string]struct {
		fault    nhnsim.Fault
		patience time.Duration
		sees     func(seen) bool
		accepted int
	}{
		"429, and how long to wait": {nhnsim.Fault{Kind: nhnsim.FaultTooMany, RetryAfter: 2500 * time.Millisecond}, long,
			func(s seen) bool { return s.status == 429 && s.header.Get("Retry-After") == "3" }, 0},
		"429 without a time":               {nhnsim.Fault{Kind: nhnsim.FaultTooMany}, long, func(s seen) bool { return s.status == 429 && s.header.Get("Retry-After") == "" }, 0},
		"503 before":                       {nhnsim.Fault{Kind: nhnsim.FaultErrorBefore}, long, is(503, "<html>unavailable</html>"), 0},
		"500 before, with a body":          {nhnsim.Fault{Kind: nhnsim.FaultErrorBefore, Status: 500, Body: "no"}, long, is(500, "no"), 0},
		"502 after":                        {nhnsim.Fault{Kind: nhnsim.FaultErrorAfter}, long, is(502, "<html>bad gateway</html>"), 1},
		"500 after":                        {nhnsim.Fault{Kind: nhnsim.FaultErrorAfter, Status: 500, Body: "oh"}, long, is(500, "oh"), 1},
		"no answer, nothing accepted":      {nhnsim.Fault{Kind: nhnsim.FaultTimeoutBefore}, short, none, 0},
		"no answer, accepted":              {nhnsim.Fault{Kind: nhnsim.FaultTimeoutAfter}, short, none, 1},
		"no answer, then a closed one":     {nhnsim.Fault{Kind: nhnsim.FaultTimeoutBefore, Delay: time.Millisecond}, long, none, 0},
		"accepted, no answer, then closed": {nhnsim.Fault{Kind: nhnsim.FaultTimeoutAfter, Delay: time.Millisecond}, long, none, 1},
		"a dropped connection before":      {nhnsim.Fault{Kind: nhnsim.FaultDropBefore}, long, none, 0},
		"a dropped connection after":       {nhnsim.Fault{Kind: nhnsim.FaultDropAfter}, long, none, 1},
		"a code instead":                   {nhnsim.Fault{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeSystem}, long, answers(kakao.CodeSystem), 0},
		"a code that no table has":         {nhnsim.Fault{Kind: nhnsim.FaultCodeBefore, Code: -12345}, long, answers(-12345), 0},
		"a code after":                     {nhnsim.Fault{Kind: nhnsim.FaultCodeAfter, Code: kakao.CodeVendor}, long, answers(kakao.CodeVendor), 1},
		"what is not JSON":                 {nhnsim.Fault{Kind: nhnsim.FaultNotJSON}, long, is(200, "upstream is not available"), 1},
		"what is not JSON, of one's own":   {nhnsim.Fault{Kind: nhnsim.FaultNotJSON, Body: "<b>"}, long, is(200, "<b>"), 1},
		"nothing":                          {nhnsim.Fault{Kind: nhnsim.FaultEmpty}, long, is(200, ""), 1},
		"half an answer": {nhnsim.Fault{Kind: nhnsim.FaultTruncated}, long, func(s seen) bool {
			return strings.HasPrefix(s.body, `{"header":{"resultCode":0`) && !json.Valid([]byte(s.body))
		}, 1},
		"the answer as if it were a page": {nhnsim.Fault{Kind: nhnsim.FaultWrongType}, long, func(s seen) bool {
			return answers(0)(s) && strings.HasPrefix(s.header.Get("Content-Type"), "text/html")
		}, 1},
		"an answer of a hundred kilobytes":  {nhnsim.Fault{Kind: nhnsim.FaultHuge, Size: 100_000}, long, func(s seen) bool { return answers(0)(s) && len(s.body) > 100_000 && len(s.body) < 101_000 }, 1},
		"a delay that the caller outwaits":  {nhnsim.Fault{Kind: nhnsim.FaultDelay, Delay: time.Millisecond}, long, answers(0), 1},
		"a delay that the caller gives up":  {nhnsim.Fault{Kind: nhnsim.FaultDelay, Delay: time.Hour}, short, none, 0},
		"a late one that the caller awaits": {nhnsim.Fault{Kind: nhnsim.FaultLate, Delay: time.Millisecond}, long, answers(0), 1},
		"a recipient refused":               {nhnsim.Fault{Kind: nhnsim.FaultRefuse, Code: -8008}, long, answers(kakao.CodeAllRefused), 0},
		"a fault of other endpoints":        {nhnsim.Fault{Kind: nhnsim.FaultDropBefore, Endpoint: "26"}, long, answers(0), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, nhnsim.Config{})
			b.sim.SetFaults(only(test.fault))
			if got := b.try(t, test.patience, "POST", talk+"/messages", body(t, nil, nil)); !test.sees(got) {
				t.Errorf("sees %+v", got)
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

func TestHooks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer           nhnsim.Answer
		notSent, inDoubt bool
		accepted         int
	}{
		"a code instead":               {nhnsim.Answer{Code: kakao.CodeSystem}, false, true, 0},
		"a code after":                 {nhnsim.Answer{After: true, Code: kakao.CodeVendor}, false, true, 1},
		"a body":                       {nhnsim.Answer{Body: "hello"}, false, true, 0},
		"a dropped connection":         {nhnsim.Answer{Drop: true}, false, true, 0},
		"a dropped connection, after":  {nhnsim.Answer{Drop: true, After: true}, false, true, 1},
		"429, with a time to wait for": {nhnsim.Answer{Status: 429, RetryAfter: 3 * time.Second}, true, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, nhnsim.Config{})
			b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultErrorBefore}}, Hook: func(*http.Request) *nhnsim.Answer { return &test.answer }})
			_, err := b.client.SendFriendTalk(t.Context(), plain(), "")
			e, ok := errors.AsType[*nhn.Error](err)
			if !ok || e.NotSent() != test.notSent || e.InDoubt() != test.inDoubt || e.RetryAfter != test.answer.RetryAfter || accepted(b) != test.accepted {
				t.Errorf("got %v, accepted %d", err, accepted(b))
			}
		})
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

func TestALateRequestArrivesAfterItsCallerIsGone(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultLate, Delay: 300 * time.Millisecond, DelayMin: new(200 * time.Millisecond)}))
	if got := b.try(t, 50*time.Millisecond, "POST", talk+"/messages", body(t, nil, nil)); got.status != 0 || accepted(b) != 0 {
		t.Fatalf("answered %+v", got)
	}
	deadline := time.Now().Add(10 * time.Second)
	for accepted(b) == 0 && time.Now().Before(deadline) {
		<-time.After(time.Millisecond)
	}
	if accepted(b) != 1 {
		t.Error("it never arrived")
	}
}

func TestLateListing(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultLateListing, Delay: time.Hour, DelayMin: new(time.Minute)}))
	id := b.send(t, time.Time{}, number)
	listed := func() int {
		_, total, err := b.client.FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: id})
		must(t, err)
		return total
	}
	b.Add(time.Minute - time.Second)
	if listed() != 0 || accepted(b) != 1 {
		t.Error("listed at once")
	}
	b.Add(time.Hour)
	if listed() != 1 {
		t.Error("never listed")
	}
}

func TestPagesOfMessagesAreDisturbed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rules  []nhnsim.Fault
		sorted bool
		n      int
	}{
		"not at all":                     {nil, true, 6},
		"every entry is there twice":     {[]nhnsim.Fault{{Kind: nhnsim.FaultRepeat}}, true, 12},
		"two entries are there twice":    {[]nhnsim.Fault{{Kind: nhnsim.FaultRepeat, Count: 2, Endpoint: "26"}, {Kind: nhnsim.FaultRepeat, Count: 2, Endpoint: "29"}}, true, 8},
		"the entries are in no order":    {[]nhnsim.Fault{{Kind: nhnsim.FaultShuffle}}, false, 6},
		"they are twice and in no order": {[]nhnsim.Fault{{Kind: nhnsim.FaultRepeat}, {Kind: nhnsim.FaultShuffle}}, false, 12},
		"another list is disturbed":      {[]nhnsim.Fault{{Kind: nhnsim.FaultRepeat, Endpoint: "message", Rate: 1}}, true, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, exact())
			id := b.send(t, time.Time{}, "01000000010", "01000000011", "01000000012", "01000000013", "01000000014", "01000000015")
			b.Add(time.Minute)
			b.sim.SetFaults(nhnsim.Faults{Seed: 1, Rules: test.rules})
			results, total, err := b.client.FriendTalkResults(t.Context(), noon, noon.Add(time.Minute), 1, 100)
			must(t, err)
			list, _, err := b.client.FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: id})
			must(t, err)
			slices.Reverse(list) // the greatest number comes first
			for name, page := range map[string][]nhn.Message{"results": results, "list": list} {
				sorted := slices.IsSortedFunc(page, func(a, b nhn.Message) int { return a.RecipientSeq - b.RecipientSeq })
				if len(page) != test.n || sorted != test.sorted || total != 6 {
					t.Errorf("%s: %d of %d, sorted %t", name, len(page), total, sorted)
				}
			}
		})
	}
}

func TestRecipientsAreRefusedAtARate(t *testing.T) {
	t.Parallel()
	refused := func(rule nhnsim.Fault) (out []string) {
		b := open(t, nhnsim.Config{})
		b.sim.SetFaults(nhnsim.Faults{Seed: 5, Rules: []nhnsim.Fault{rule}})
		req := plain()
		req.Recipients = nil
		for i := range 100 {
			req.Recipients = append(req.Recipients, nhn.FriendTalkRecipient{RecipientNo: fmt.Sprintf("010-1234-%04d", 1000+i), Content: "a"})
		}
		got, err := b.client.SendFriendTalk(t.Context(), req, "")
		must(t, err)
		for _, r := range got.Recipients {
			if r.Code == -8008 {
				out = append(out, r.RecipientNo)
			}
		}
		if hits := b.sim.Faults().Rules[0].Hits; hits != len(out) || accepted(b) != 100-len(out) {
			t.Errorf("%d hits, accepted %d, refused %d", hits, accepted(b), len(out))
		}
		return out
	}
	if got := refused(nhnsim.Fault{Kind: nhnsim.FaultRefuse, Code: -8008, Rate: .3}); len(got) < 15 || len(got) > 45 {
		t.Errorf("%d of 100 are refused", len(got))
	}
	if got := refused(nhnsim.Fault{Kind: nhnsim.FaultRefuse, Code: -8008, Count: 7}); len(got) != 7 {
		t.Errorf("%d are refused, want 7", len(got))
	}
	if got := refused(nhnsim.Fault{Kind: nhnsim.FaultRefuse, Code: -8008, RecipientNo: "01012341042"}); !slices.Equal(got, []string{"010-1234-1042"}) {
		t.Errorf("refused are %v", got)
	}
}

// outcomes calls n times and tells for each call what went wrong.
func (b *bench) outcomes(t *testing.T, n int) (out []string) {
	t.Helper()
	for range n {
		got := b.try(t, time.Minute, "POST", talk+"/messages", body(t, nil, nil))
		var o object
		_ = json.Unmarshal([]byte(got.body), &o)
		out = append(out, fmt.Sprint(got.status, " ", o.code(), " ", got.header.Get("Retry-After")))
	}
	return out
}

func TestTheSameSeedMakesTheSameFaults(t *testing.T) {
	t.Parallel()
	rules := []nhnsim.Fault{
		{Kind: nhnsim.FaultTooMany, Rate: .2, RetryAfter: time.Second}, {Kind: nhnsim.FaultErrorBefore, Rate: .2},
		{Kind: nhnsim.FaultCodeAfter, Rate: .3, Code: kakao.CodeSystem}, {Kind: nhnsim.FaultDropAfter, Rate: .2},
	}
	run := func(f nhnsim.Faults) []string {
		b := open(t, nhnsim.Config{})
		b.sim.SetFaults(f)
		return b.outcomes(t, 60)
	}
	first := run(nhnsim.Faults{Seed: 42, Rules: rules})
	if !slices.Equal(first, run(nhnsim.Faults{Seed: 42, Rules: rules})) {
		t.Error("the second time was another")
	}
	if slices.Equal(first, run(nhnsim.Faults{Seed: 43, Rules: rules})) {
		t.Error("another seed makes the same faults")
	}
	b := open(t, nhnsim.Config{})
	b.sim.SetFaults(nhnsim.Faults{Seed: 42, Rules: rules})
	b.outcomes(t, 10)
	b.sim.SetFaults(b.sim.Faults()) // begins anew
	if !slices.Equal(first, b.outcomes(t, 60)) {
		t.Error("what is read back and set again makes other faults")
	}
}

func TestARuleDrawsFromAStreamOfItsOwn(t *testing.T) {
	t.Parallel()
	run := func(rules ...nhnsim.Fault) (out []bool) {
		b := open(t, nhnsim.Config{})
		b.sim.SetFaults(nhnsim.Faults{Seed: 9, Rules: rules})
		for _, s := range b.outcomes(t, 50) {
			out = append(out, strings.HasPrefix(s, "503"))
		}
		return out
	}
	unavailable := nhnsim.Fault{Kind: nhnsim.FaultErrorBefore, Rate: .4}
	alone := run(unavailable)
	if n := len(slices.DeleteFunc(slices.Clone(alone), func(hit bool) bool { return !hit })); n < 8 || n > 32 {
		t.Errorf("%d of 50 hit", n)
	}
	if got := run(unavailable, nhnsim.Fault{Kind: nhnsim.FaultRefuse, Rate: .5}, nhnsim.Fault{Kind: nhnsim.FaultDelay, Rate: .5, Delay: time.Microsecond}); !slices.Equal(alone, got) {
		t.Error("rules behind it change what a rule draws")
	}
}

func TestWhatARuleIsAbout(t *testing.T) {
	t.Parallel()
	const lists = talk + "/messages?requestId=x"
	send := func(key, no string) string {
		return body(t, m{"senderGroupingKey": key}, m{"recipientNo": no})
	}
	for name, test := range map[string]struct {
		rule               nhnsim.Fault
		method, path, body string
		hit                bool
	}{
		"every endpoint":                           {nhnsim.Fault{}, "GET", alim + "/senders", "", true},
		"the number of the endpoint":               {nhnsim.Fault{Endpoint: "25"}, "POST", talk + "/messages", send("", number), true},
		"the number of another":                    {nhnsim.Fault{Endpoint: "26"}, "POST", talk + "/messages", send("", number), false},
		"the number of the older version":          {nhnsim.Fault{Endpoint: "15"}, "GET", "/alimtalk/v2.0/appkeys/app/senders", "", true},
		"the number of the newer version":          {nhnsim.Fault{Endpoint: "6"}, "GET", "/alimtalk/v2.0/appkeys/app/senders", "", false},
		"one of several numbers":                   {nhnsim.Fault{Endpoint: "1, 6,25"}, "GET", alim + "/senders", "", true},
		"the operation":                            {nhnsim.Fault{Endpoint: "results"}, "GET", talk + "/message-results", "", true},
		"another operation":                        {nhnsim.Fault{Endpoint: "results"}, "GET", lists, "", false},
		"a pattern of the path":                    {nhnsim.Fault{Endpoint: "GET /friendtalk/v1.5/appkeys/{appkey}/messages"}, "GET", lists, "", true},
		"a pattern of all below a path":            {nhnsim.Fault{Endpoint: "/alimtalk/"}, "GET", alim + "/senders", "", true},
		"a pattern with another method":            {nhnsim.Fault{Endpoint: "POST /"}, "GET", lists, "", false},
		"the appkey":                               {nhnsim.Fault{Appkey: appkey}, "GET", lists, "", true},
		"another appkey":                           {nhnsim.Fault{Appkey: "other"}, "GET", lists, "", false},
		"the grouping key of a send":               {nhnsim.Fault{GroupingKey: "c.1.1"}, "POST", talk + "/messages", send("c.1.1", number), true},
		"what the grouping key begins with":        {nhnsim.Fault{GroupingKey: "c."}, "POST", talk + "/messages", send("c.1.1", number), true},
		"another grouping key":                     {nhnsim.Fault{GroupingKey: "d"}, "POST", talk + "/messages", send("c.1.1", number), false},
		"a grouping key, of a send without":        {nhnsim.Fault{GroupingKey: "d"}, "POST", talk + "/messages", send("", number), false},
		"a grouping key, of what is not JSON":      {nhnsim.Fault{GroupingKey: "d"}, "POST", talk + "/messages", "{", false},
		"the grouping key of a list":               {nhnsim.Fault{GroupingKey: "c"}, "GET", lists + "&senderGroupingKey=c.1", "", true},
		"a grouping key, where there is none":      {nhnsim.Fault{GroupingKey: "c"}, "GET", alim + "/senders?senderGroupingKey=c", "", false},
		"a recipient":                              {nhnsim.Fault{RecipientNo: "010-9999-8888"}, "POST", talk + "/messages", send("", "01099998888"), true},
		"another recipient":                        {nhnsim.Fault{RecipientNo: "01099998887"}, "POST", talk + "/messages", send("", "01099998888"), false},
		"the recipient that a list is asked for":   {nhnsim.Fault{RecipientNo: "01099998888"}, "GET", lists + "&recipientNo=010-9999-8888", "", true},
		"a recipient, and a list is asked for all": {nhnsim.Fault{RecipientNo: "01099998888"}, "GET", lists, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, nhnsim.Config{})
			test.rule.Kind = nhnsim.FaultErrorBefore
			b.sim.SetFaults(only(test.rule))
			got := b.try(t, time.Minute, test.method, test.path, test.body)
			if hit := got.status == 503; hit != test.hit {
				t.Errorf("answered %d", got.status)
			}
			if f := b.sim.Faults().Rules[0]; f.Hits != f.Seen || (f.Hits == 1) != test.hit {
				t.Errorf("counted %d hits of %d", f.Hits, f.Seen)
			}
		})
	}
}

// Endpoints have the numbers of the provider's documents. Those that are not
// simulated are left out.
func TestEndpointsAreKnownByTheirNumbers(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	senders := []string{"GET /sender/categories", "POST /senders", "POST /sender/token", "DELETE /senders/x", "GET /senders/x", "GET /senders",
		"GET /sender-groups/x", "POST /sender-groups/x/senders/y", "DELETE /sender-groups/x/senders/y"}
	var calls []string
	for _, area := range []struct {
		base string
		list []string
	}{
		{"/alimtalk/v2.1", senders}, {"/alimtalk/v2.0", senders},
		{"/brandtalk/v2.2", []string{"POST /messages", "GET /messages", "GET /messages/x/1", "DELETE /messages/x", "POST /senders/x/templates", "GET /senders/x/templates/y"}},
		{"/friendtalk/v1.5", []string{"POST /messages", "GET /messages", "GET /messages/x/1", "DELETE /messages/x", "GET /message-results",
			"POST /images", "GET /images", "DELETE /images", "POST /failback/appkey", "POST /failback"}},
	} {
		for _, call := range area.list {
			method, path, _ := strings.Cut(call, " ")
			calls = append(calls, method+" "+area.base+"/appkeys/app"+path)
		}
	}
	for i, call := range calls {
		method, path, _ := strings.Cut(call, " ")
		b.sim.SetFaults(nhnsim.Faults{})
		if got := b.try(t, time.Minute, method, path, "{}"); strings.Contains(got.body, "-9998") {
			continue
		}
		b.sim.SetFaults(only(nhnsim.Fault{Kind: nhnsim.FaultTooMany, Endpoint: fmt.Sprint(i + 1)}))
		if got := b.try(t, time.Minute, method, path, "{}"); got.status != http.StatusTooManyRequests {
			t.Errorf("%s is not number %d: %+v", call, i+1, got)
		}
	}
	if len(calls) != 34 {
		t.Errorf("%d endpoints", len(calls))
	}
}

// Rules with a count make a play in the order of the list: what another rule
// answers does not use a rule up.
func TestCountedRulesComeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{
		{Kind: nhnsim.FaultTooMany, Count: 2, RetryAfter: time.Second}, {Kind: nhnsim.FaultErrorBefore, Count: 1}, {Kind: nhnsim.FaultCodeAfter, Count: 1, Code: -7000},
	}})
	want := []string{"429 0 1", "429 0 1", "503 0 ", "200 -7000 ", "200 0 ", "200 0 "}
	if got := b.outcomes(t, 6); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if accepted(b) != 3 || b.sim.Stats().Faults != 4 {
		t.Errorf("accepted %d, counted %d", accepted(b), b.sim.Stats().Faults)
	}
}

func TestARuleThatMakesNoSensePanics(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, `faults[0].kind: "no" is none of`) {
			t.Errorf("panics with %s", got)
		}
	}()
	b.sim.SetFaults(only(nhnsim.Fault{Kind: "no"}))
}

// A body is parsed for rules only where one asks for what is in it, which a
// simulator that is measured relies on.
func BenchmarkSendWithRules(b *testing.B) {
	for name, rule := range map[string]nhnsim.Fault{
		"that look at the call": {Kind: nhnsim.FaultDropBefore, Rate: 1e-12, Endpoint: "send"},
		"that look at the body": {Kind: nhnsim.FaultDropBefore, GroupingKey: "none"},
	} {
		b.Run(name, func(b *testing.B) {
			h := open(b, nhnsim.Config{})
			h.sim.SetFaults(only(rule))
			req := thousand()
			for b.Loop() {
				if _, err := h.client.SendFriendTalk(b.Context(), req, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
