package nhnsim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

// exact makes results come about after a second and fallbacks after two more.
func exact() nhnsim.Config {
	return nhnsim.Config{
		Latency:         nhnsim.Span{Min: time.Second, Max: time.Second},
		FallbackLatency: nhnsim.Span{Min: 2 * time.Second, Max: 2 * time.Second},
	}
}

func TestTheNumberDecides(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		no, status, code, fallback, fallbackCode string
	}{
		"an ordinary number is reached":                  {"01012345678", "COMPLETED", "1000", "RSC02", ""},
		"0001 is reached by SMS only":                    {"01012340001", "FAILED", "3018", "RSC04", "1000"},
		"0002 has an error, and is reached by SMS":       {"01012340002", "FAILED", "3008", "RSC04", "1000"},
		"0003 is unconfirmed, and is reached by SMS too": {"010-1234-0003", "FAILED", "3005", "RSC04", "1000"},
		"0004 is not reached at all":                     {"01012340004", "FAILED", "3018", "RSC05", "2003"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, exact())
			id := b.send(t, time.Time{}, test.no)
			read := func() *nhn.Message {
				msg, err := b.client.FriendTalkMessage(t.Context(), id, 1)
				must(t, err)
				return msg
			}
			if got := read(); got.MessageStatus != "READY" || got.ResultCode != "" || got.ResendStatus != "RSC02" || !got.ReceiveDate.IsZero() {
				t.Errorf("before: %+v", got)
			}
			b.Add(time.Second)
			got := read()
			if failed := test.status == "FAILED"; got.MessageStatus != test.status || got.ResultCode != test.code || (got.ResendStatus == "RSC03") != failed || (got.ResendRequestID != "") != failed {
				t.Errorf("with the result: %+v", got)
			}
			b.Add(2 * time.Second)
			if got := read(); got.ResendStatus != test.fallback || got.ResendResultCode != test.fallbackCode || got.ResultCodeName == "" {
				t.Errorf("in the end: %+v", got)
			}
		})
	}
}

func TestMessagesFailAtNight(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	evening := time.Date(2026, 3, 2, 20, 50, 0, 0, kakao.KST)
	late, early := b.send(t, evening, number), b.send(t, evening.Add(-time.Minute), number)
	b.Add(10 * time.Hour)
	for id, want := range map[string]string{late: "3022", early: "1000"} {
		got, err := b.client.FriendTalkMessage(t.Context(), id, 1)
		must(t, err)
		if got.ResultCode != want || want == "3022" && got.ResendStatus != "RSC04" {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
}

func TestAShareOfAllNumbersFails(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{FailureRate: 0.02, Latency: nhnsim.Span{Min: time.Second, Max: 3 * time.Second}}
	failed := 0
	for i := range 10_000 {
		no := fmt.Sprintf("010%08d", 20_000_100+i)
		out := cfg.Outcome(no, "R", noon)
		if again := cfg.Outcome(no, "R", noon); again != out {
			t.Fatalf("%s has two outcomes: %+v %+v", no, out, again)
		}
		if d := out.ResultAt.Sub(noon); d < time.Second || d > 3*time.Second {
			t.Fatalf("%s has its result after %v", no, d)
		}
		if out.Code == kakao.DeliveryNotReachable {
			failed++
		}
	}
	if failed < 150 || failed > 250 {
		t.Errorf("%d of 10,000 failed, want about 200", failed)
	}
}

func TestMessagesWithoutFallback(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	_, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: "@plain", Registered: true})
	must(t, err)
	for name, test := range map[string]struct {
		request, to m
		want        string
	}{
		"the sender's setting decides":                 {nil, nil, "RSC02"},
		"the message's own setting decides":            {nil, m{"resendParameter": m{"isResend": false}}, "RSC01"},
		"a sender without settings has none":           {m{"plusFriendId": "@plain"}, nil, "RSC01"},
		"the message brings its own number":            {m{"plusFriendId": "@plain"}, m{"resendParameter": m{"isResend": true, "resendSendNo": "0212345678"}}, "RSC02"},
		"an ad without an 080 number has none":         {m{"plusFriendId": "@plain"}, m{"isAd": true, "resendParameter": m{"isResend": true, "resendSendNo": "0212345678"}}, "RSC01"},
		"without isAd it is an ad, with the sender's":  {nil, m{"isAd": nil}, "RSC02"},
		"without isAd it is an ad, and there has none": {m{"plusFriendId": "@plain"}, m{"isAd": nil, "resendParameter": m{"isResend": true, "resendSendNo": "0212345678"}}, "RSC01"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, _ := b.do(t, "POST", talk+"/messages", body(t, test.request, test.to)).at("message", "requestId").(string)
			if got := b.do(t, "GET", talk+"/messages/"+id+"/1", ""); got.at("message", "resendStatus") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}

func TestEmojiCannotGoByText(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	id, _ := b.do(t, "POST", talk+"/messages", body(t, nil, m{"recipientNo": "01012340001", "content": "안녕 😀"})).at("message", "requestId").(string)
	b.Add(time.Minute)
	if got := b.do(t, "GET", talk+"/messages/"+id+"/1", ""); got.at("message", "resendStatus") != "RSC05" {
		t.Errorf("got %v", got)
	}
}

func TestWhatIsTooLongForATextIsCut(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("가", n) }
	for name, test := range map[string]struct {
		resend            m
		kind, title, text string
	}{
		"an SMS is cut at 90 bytes":                 {m{"resendType": "SMS", "resendContent": "a" + long(46)}, "SMS", "", "a" + long(44)},
		"an LMS is cut at 2,000 bytes":              {m{"resendType": "LMS", "resendContent": long(1001)}, "LMS", from, long(1000)},
		"a title is cut at 40 bytes":                {m{"resendType": "LMS", "resendTitle": long(21), "resendContent": "b"}, "LMS", long(20), "b"},
		"90 bytes go by SMS, which has no title":    {m{"resendTitle": "c", "resendContent": long(45)}, "SMS", "", long(45)},
		"91 bytes go by LMS":                        {m{"resendContent": long(45) + "d"}, "LMS", from, long(45) + "d"},
		"an emoji behind the cut is not in the way": {m{"resendType": "SMS", "resendContent": long(45) + "😀"}, "SMS", "", long(45)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, exact())
			test.resend["isResend"] = true
			if got := b.do(t, "POST", talk+"/messages", body(t, nil, m{"recipientNo": "01012340001", "resendParameter": test.resend})); got.code() != 0 {
				t.Fatalf("answered %v", got)
			}
			b.Add(time.Minute)
			got := b.sim.Received()
			if len(got) != 1 || got[0].Kind != test.kind || got[0].Title != test.title || got[0].Text != test.text {
				t.Errorf("received %+v", got)
			}
		})
	}
}

func TestNullsAreEmitted(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	id, _ := b.do(t, "POST", talk+"/messages", body(t, nil, nil)).at("message", "requestId").(string)
	got := b.do(t, "GET", talk+"/messages/"+id+"/1", "").at("message").(map[string]any)
	for _, name := range strings.Fields("receiveDate resultCode resultCodeName resendResultCode resendRequestId createUser imageSeq imageName imageUrl imageLink wide senderGroupingKey recipientGroupingKey") {
		if v, there := got[name]; !there || v != nil {
			t.Errorf("%s is %v, there %t", name, v, there)
		}
	}
	if got["requestDate"] != "2026-03-02 12:00:00.0" || got["isAd"] != false {
		t.Errorf("got %v", got)
	}
}

func TestConditionsOfLists(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	day := func(n int) string { return url.QueryEscape(kakao.FormatDate(noon.AddDate(0, 0, n))) }
	dates := func(start, end int) string { return "startRequestDate=" + day(start) + "&endRequestDate=" + day(end) }
	for name, test := range map[string]struct {
		path string
		code int
	}{
		"no condition":                     {"/messages", -4103},
		"one date of two":                  {"/messages?startRequestDate=" + day(0), -4103},
		"a request id":                     {"/messages?requestId=x", 0},
		"request dates 31 days apart":      {"/messages?" + dates(-31, 0), 0},
		"request dates 32 days apart":      {"/messages?" + dates(-32, 0), -4003},
		"dates in the wrong order":         {"/messages?" + dates(0, -1), -4103},
		"dates older than 90 days":         {"/messages?" + dates(-91, -80), -4017},
		"create dates":                     {"/messages?startCreateDate=" + day(-1) + "&endCreateDate=" + day(0), 0},
		"a date without its hour":          {"/messages?startRequestDate=2018-05-01%20:00&endRequestDate=" + day(0), -2027},
		"a page of letters":                {"/messages?requestId=x&pageNum=a", -9994},
		"page 0":                           {"/messages?requestId=x&pageNum=0", -2003},
		"pages of 1,000":                   {"/messages?requestId=x&pageSize=1000", 0},
		"pages of 1,001":                   {"/messages?requestId=x&pageSize=1001", -2005},
		"an unknown result group":          {"/messages?requestId=x&resultCode=1000", -4000},
		"results without dates":            {"/message-results", -2002},
		"results of 32 days":               {"/message-results?startUpdateDate=" + day(-32) + "&endUpdateDate=" + day(0), -4003},
		"results":                          {"/message-results?startUpdateDate=" + day(-1) + "&endUpdateDate=" + day(0), 0},
		"an unknown message":               {"/messages/x/1", -1016},
		"a sequence number that is a word": {"/messages/x/y", -9994},
		"an unknown sequence number":       {"/messages/" + b.send(t, time.Time{}, number) + "/2", -1016},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := b.do(t, "GET", talk+test.path, ""); got.code() != test.code {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
}

func TestListsAreOrderedFilteredAndPaged(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	var numbers []string
	for i := range 20 {
		numbers = append(numbers, fmt.Sprintf("0101234%04d", 100+i))
	}
	later := b.send(t, noon.Add(time.Hour), "01012340001", "01055556666")
	first := b.send(t, time.Time{}, numbers...)
	b.Add(2 * time.Hour)

	everything := nhn.FriendTalkQuery{StartRequestDate: noon, EndRequestDate: noon.Add(time.Hour)}
	list, total, err := b.client.FriendTalkMessages(t.Context(), everything)
	must(t, err)
	if len(list) != kakao.DefaultPageSize || total != 22 {
		t.Fatalf("got %d of %d", len(list), total)
	}
	for i, want := range []struct {
		id  string
		seq int
	}{{later, 2}, {later, 1}, {first, 20}, {first, 19}} {
		if list[i].RequestID != want.id || list[i].RecipientSeq != want.seq {
			t.Errorf("entry %d is %s %d", i, list[i].RequestID, list[i].RecipientSeq)
		}
	}
	if m := list[0]; !m.RequestDate.Equal(noon.Add(time.Hour)) || !m.CreateDate.Equal(noon) || m.CreateUser != "7" || m.SenderGroupingKey != "c.1.1" {
		t.Errorf("got %+v", m)
	}

	page := everything
	page.PageNum, page.PageSize = 3, 10
	list, total, err = b.client.FriendTalkMessages(t.Context(), page)
	must(t, err)
	if len(list) != 2 || total != 22 || list[1].RecipientSeq != 1 {
		t.Errorf("third page is %+v of %d", list, total)
	}

	for name, test := range map[string]struct {
		change func(*nhn.FriendTalkQuery)
		want   int
	}{
		"by request":                   {func(q *nhn.FriendTalkQuery) { q.RequestID = first }, 20},
		"by request alone":             {func(q *nhn.FriendTalkQuery) { *q = nhn.FriendTalkQuery{RequestID: later} }, 2},
		"by number, without hyphens":   {func(q *nhn.FriendTalkQuery) { q.RecipientNo = "010-5555-6666" }, 1},
		"by sender":                    {func(q *nhn.FriendTalkQuery) { q.PlusFriendID = "@other" }, 0},
		"by sender grouping key":       {func(q *nhn.FriendTalkQuery) { q.SenderGroupingKey = "c.1.1" }, 22},
		"by another's grouping key":    {func(q *nhn.FriendTalkQuery) { q.SenderGroupingKey = "c.1" }, 0},
		"by recipient grouping key":    {func(q *nhn.FriendTalkQuery) { q.RecipientGroupingKey = "k01055556666" }, 1},
		"by user":                      {func(q *nhn.FriendTalkQuery) { q.CreateUser = "8" }, 0},
		"by status":                    {func(q *nhn.FriendTalkQuery) { q.MessageStatus = kakao.StatusFailed }, 1},
		"by success":                   {func(q *nhn.FriendTalkQuery) { q.ResultCode = kakao.ResultGroupSuccess }, 21},
		"by failure":                   {func(q *nhn.FriendTalkQuery) { q.ResultCode = kakao.ResultGroupFailure }, 1},
		"by request date, ends belong": {func(q *nhn.FriendTalkQuery) { q.StartRequestDate = noon.Add(time.Hour) }, 2},
		"by create date": {func(q *nhn.FriendTalkQuery) {
			*q = nhn.FriendTalkQuery{StartCreateDate: noon.Add(-time.Minute), EndCreateDate: noon}
		}, 22},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := everything
			test.change(&q)
			q.PageSize = 7
			n := 0
			for _, err := range b.client.AllFriendTalkMessages(t.Context(), q) {
				must(t, err)
				n++
			}
			if n != test.want {
				t.Errorf("got %d, want %d", n, test.want)
			}
		})
	}
}

func TestOldMessagesAreForgotten(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	id := b.send(t, time.Time{}, number)
	b.Add(91 * 24 * time.Hour)
	_, total, err := b.client.FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: id})
	must(t, err)
	if got := b.do(t, "GET", talk+"/messages/"+id+"/1", ""); total != 0 || got.code() != -1016 {
		t.Errorf("listed %d, answered %v", total, got)
	}
}

func TestResultsComeByTheirLastChange(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{
		Latency:         nhnsim.Span{Min: time.Second, Max: time.Second},
		FallbackLatency: nhnsim.Span{Min: 2 * time.Minute, Max: 2 * time.Minute},
		EndsExactly:     true,
	})
	b.send(t, time.Time{}, "01012345678", "01012340001")
	scheduled := b.send(t, noon.Add(time.Hour), "01011112222", "01033334444")
	results := func(start, end time.Duration) (out []string) {
		t.Helper()
		for msg, err := range b.client.AllFriendTalkResults(t.Context(), noon.Add(start), noon.Add(end)) {
			must(t, err)
			out = append(out, msg.RecipientNo[7:]+" "+msg.MessageStatus+" "+msg.ResendStatus)
		}
		slices.Sort(out)
		return out
	}
	expect := func(name string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	expect("nothing before the results", results(-time.Minute, 5*time.Minute))
	b.Add(time.Second)
	expect("the end is not rounded up", results(-time.Minute, 0))
	expect("results", results(0, time.Minute), "0001 FAILED RSC03", "5678 COMPLETED RSC02")
	must(t, b.client.CancelFriendTalk(t.Context(), scheduled, 2))
	expect("a cancellation is a result", results(0, time.Minute), "0001 FAILED RSC03", "4444 CANCEL RSC02", "5678 COMPLETED RSC02")
	b.Add(2 * time.Minute)
	expect("what changed again moves on", results(0, time.Minute), "4444 CANCEL RSC02", "5678 COMPLETED RSC02")
	expect("to its new minute", results(2*time.Minute, 3*time.Minute), "0001 FAILED RSC04")
}

// The minute in which a range ends belongs to it, unless it is configured not to.
func TestRangesEndWithTheirLastMinute(t *testing.T) {
	t.Parallel()
	for _, exactly := range []bool{false, true} {
		b := open(t, nhnsim.Config{EndsExactly: exactly, Latency: nhnsim.Span{Min: time.Second, Max: time.Second}})
		b.Add(10 * time.Second)
		id := b.send(t, time.Time{}, number)
		b.Add(time.Second)
		until := func(end string) map[string]float64 {
			out := map[string]float64{}
			for name, path := range map[string]string{
				"Request": "/messages", "Create": "/messages", "Update": "/message-results",
			} {
				got := b.do(t, "GET", fmt.Sprintf("%s%s?start%sDate=2026-03-02+11:00&end%sDate=%s", talk, path, name, name, end), "")
				out[name], _ = got.at("messageSearchResultResponse", "totalCount").(float64)
			}
			return out
		}
		whole := 1.0
		if exactly {
			whole = 0
		}
		for end, want := range map[string]float64{
			"2026-03-02+11:59": 0, "2026-03-02+12:00": whole, "2026-03-02+12:00:09": 0, "2026-03-02+12:00:11": 1, "2026-03-02+12:01": 1,
		} {
			for name, got := range until(end) {
				if got != want {
					t.Errorf("request %s, exactly %t: %v are listed by %sDate until %s", id, exactly, got, name, end)
				}
			}
		}
	}
}

func TestCancelling(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	id := b.send(t, noon.Add(time.Hour), "01011110001", "01022220002", "01033330003")
	cancel := func(query string) int { return b.do(t, "DELETE", talk+"/messages/"+query, "").code() }
	for i, step := range []struct {
		query string
		later time.Duration
		code  int
	}{
		{id + "?recipientSeq=1,x", 0, -9994}, {id + "?recipientSeq=4", 0, -2029}, {"unknown", 0, -2029}, {"a-b", 0, -2028}, {"%20", 0, -2028},
		{id + "?recipientSeq=1,%202", 0, 0}, {id + "?recipientSeq=1", 0, -2029}, {id + "?recipientSeq=1,3", 0, 0},
		{id, 0, -2029}, {b.send(t, time.Time{}, number), 0, -2029}, {b.send(t, noon.Add(time.Minute), number), time.Minute, -2029},
		{b.send(t, noon.Add(time.Hour), number), 0, 0},
	} {
		b.Add(step.later)
		if got := cancel(step.query); got != step.code {
			t.Errorf("step %d answered %d, want %d", i, got, step.code)
		}
	}
	cancelled := 0
	for a := range b.sim.Accepted(appkey) {
		if a.Cancelled {
			cancelled++
		}
	}
	if cancelled != 4 || b.sim.Stats().Cancelled != 4 {
		t.Errorf("%d are cancelled, counted %d", cancelled, b.sim.Stats().Cancelled)
	}
	b.Add(2 * time.Hour)
	got, err := b.client.FriendTalkMessage(t.Context(), id, 2)
	must(t, err)
	if got.MessageStatus != kakao.StatusCancelled || got.ResultCode != "" {
		t.Errorf("a cancelled message is sent: %+v", got)
	}
}
