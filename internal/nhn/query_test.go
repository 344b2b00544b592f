package nhn_test

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// at reads a date in Korea.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	d, err := kakao.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// written are windows as they stand in queries.
func written(windows []nhn.Window) []string {
	var out []string
	for _, w := range windows {
		out = append(out, kakao.FormatDate(w.Start)+" – "+kakao.FormatDate(w.End))
	}
	return out
}

func TestWindows(t *testing.T) {
	t.Parallel()
	const now = "2026-05-10 12:00:40"
	for name, test := range map[string]struct {
		start, end string
		days       int
		since      string
		want       []string
	}{
		"exactly 31 days, both ends included": {"2026-04-01 00:00", "2026-05-01 23:59", 31, "2026-04-01 00:00", []string{"2026-04-01 00:00 – 2026-05-01 23:59"}},
		"a minute more": {"2026-04-01 00:00", "2026-05-02 00:00", 31, "2026-04-01 00:00", []string{
			"2026-04-01 00:01 – 2026-05-02 00:00", "2026-04-01 00:00 – 2026-04-01 00:00",
		}},
		"exactly 30 days":  {"2026-04-01 00:00", "2026-04-30 23:59", 30, "2026-04-01 00:00", []string{"2026-04-01 00:00 – 2026-04-30 23:59"}},
		"a minute less":    {"2026-04-01 00:01", "2026-04-30 23:59", 30, "2026-04-01 00:01", []string{"2026-04-01 00:01 – 2026-04-30 23:59"}},
		"31 days, 30 wide": {"2026-04-01 00:00", "2026-05-01 23:59", 30, "2026-04-01 00:00", []string{"2026-04-02 00:00 – 2026-05-01 23:59", "2026-04-01 00:00 – 2026-04-01 23:59"}},
		"one minute":       {"2026-05-01 10:00", "2026-05-01 10:00", 31, "2026-05-01 10:00", []string{"2026-05-01 10:00 – 2026-05-01 10:00"}},
		"seconds do not count": {"2026-05-01 10:00:59", "2026-05-01 10:01:01", 31, "2026-05-01 10:00", []string{
			"2026-05-01 10:00 – 2026-05-01 10:01",
		}},
		"the end before the start":        {"2026-05-01 10:01", "2026-05-01 10:00", 31, "2026-05-01 10:01", nil},
		"the end before what is kept":     {"2025-01-01 00:00", "2025-06-01 00:00", 31, "2026-02-09 12:02", nil},
		"the start before what is kept":   {"2026-01-01 00:00", "2026-02-20 00:00", 31, "2026-02-09 12:02", []string{"2026-02-09 12:02 – 2026-02-20 00:00"}},
		"the start at what is kept":       {"2026-02-09 12:02", "2026-02-20 00:00", 31, "2026-02-09 12:02", []string{"2026-02-09 12:02 – 2026-02-20 00:00"}},
		"the end is what is kept":         {"", "2026-02-09 12:02", 31, "2026-02-09 12:02", []string{"2026-02-09 12:02 – 2026-02-09 12:02"}},
		"the start after now":             {"2026-05-20 00:00", "2026-05-21 00:00", 31, "2026-05-20 00:00", []string{"2026-05-20 00:00 – 2026-05-21 00:00"}},
		"the end in the future":           {"2026-05-01 00:00", "2026-06-15 00:00", 31, "2026-05-01 00:00", []string{"2026-05-15 00:01 – 2026-06-15 00:00", "2026-05-01 00:00 – 2026-05-15 00:00"}},
		"open at its end":                 {"2026-05-10 00:00", "", 31, "2026-05-10 00:00", []string{"2026-05-10 00:00 – 2026-05-10 12:00"}},
		"over the night of a summer time": {"2026-03-28 00:00", "2026-04-27 23:59", 31, "2026-03-28 00:00", []string{"2026-03-28 00:00 – 2026-04-27 23:59"}},
		"everything": {"", "", 31, "2026-02-09 12:02", []string{
			"2026-04-09 12:01 – 2026-05-10 12:00", "2026-03-09 12:01 – 2026-04-09 12:00", "2026-02-09 12:02 – 2026-03-09 12:00",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			windows, since := nhn.Windows(at(t, test.start), at(t, test.end).UTC(), at(t, now).UTC(), test.days)
			if diff := cmp.Diff(test.want, written(windows)); diff != "" {
				t.Error(diff)
			}
			if got := kakao.FormatDate(since); got != test.since {
				t.Errorf("looks back to %s, want %s", got, test.since)
			}
		})
	}
}

// FuzzWindows checks that windows cover every minute from since to the end once,
// newest first, and that none is too wide or too old.
func FuzzWindows(f *testing.F) {
	f.Add(int64(-40*24*60), int64(0), int64(1_778_000_000), uint8(31))
	f.Add(int64(-130_000), int64(-1), int64(1_778_000_059), uint8(30))
	f.Add(int64(5), int64(4), int64(1_778_000_000), uint8(1))
	f.Fuzz(func(t *testing.T, from, to, at int64, days uint8) {
		now := time.Unix(1_600_000_000+at%1_000_000_000, 0)
		start, end := now.Add(time.Duration(from%200_000)*time.Minute), now.Add(time.Duration(to%200_000)*time.Minute)
		wide := max(int(days%40), 1)
		windows, since := nhn.Windows(start, end, now, wide)
		if since.Before(now.AddDate(0, 0, -kakao.RetentionDays)) || since.Before(start.Truncate(time.Minute)) {
			t.Fatalf("looks back to %v at %v, from %v", since, now, start)
		}
		next := end.Truncate(time.Minute)
		if len(windows) == 0 && !next.Before(since) {
			t.Fatal("no windows")
		}
		for _, w := range windows {
			if !w.End.Equal(next) || w.Start.After(w.End) || w.Start.Before(since) || w.End.Sub(w.Start) >= time.Duration(wide)*24*time.Hour {
				t.Fatalf("window %v does not follow %v", w, next)
			}
			next = w.Start.Add(-time.Minute)
		}
		if len(windows) > 0 && !next.Add(time.Minute).Equal(since) {
			t.Fatalf("ends at %v, not %v", next, since)
		}
	})
}

// archive is a provider that has one message a day, and refuses what the real one
// does.
type archive struct {
	t       *testing.T
	now     time.Time
	days    int // the widest search
	sizeCap int // of a page
	queries []string
}

func (a *archive) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	a.queries = append(a.queries, asked(q))
	list := a.messages()
	for _, name := range []string{"Request", "Create", "Update"} {
		if q.Get("start"+name+"Date") == "" {
			continue
		}
		start, end := at(a.t, q.Get("start"+name+"Date")), at(a.t, q.Get("end"+name+"Date"))
		if code := a.refuses(start, end); code != 0 {
			return respond(200, answer(code)), nil
		}
		list = within(list, start, end)
	}
	num, _ := strconv.Atoi(q.Get("pageNum"))
	size, _ := strconv.Atoi(q.Get("pageSize"))
	size = min(size, a.sizeCap)
	first := min((num-1)*size, len(list))
	var out []string
	for _, m := range list[first:min(first+size, len(list))] {
		out = append(out, fmt.Sprintf(`{"requestId":%q,"requestDate":%q}`, kakao.FormatDate(m), kakao.FormatDate(m)))
	}
	return respond(200, fmt.Sprintf(`{%s,"messageSearchResultResponse":{"messages":[%s],"totalCount":%d}}`, success, strings.Join(out, ","), len(list))), nil
}

// asked are the dates and the page of a query.
func asked(q url.Values) string {
	var out []string
	for _, name := range []string{"startRequestDate", "endRequestDate", "startCreateDate", "endCreateDate", "startUpdateDate", "endUpdateDate", "pageNum"} {
		if v := q.Get(name); v != "" {
			out = append(out, v)
		}
	}
	return strings.Join(out, " ")
}

// messages are their dates, the newest first: noon of every day of four months.
func (a *archive) messages() []time.Time {
	var out []time.Time
	for d := range 120 {
		out = append(out, time.Date(2026, 5, 10-d, 12, 0, 0, 0, kakao.KST))
	}
	return out
}

func (a *archive) refuses(start, end time.Time) int {
	switch {
	case end.Before(start):
		return kakao.CodeSearchConditions
	case end.Sub(start) > time.Duration(a.days)*24*time.Hour:
		return kakao.CodeSearchRange
	case start.Before(a.now.AddDate(0, 0, -kakao.RetentionDays)):
		return kakao.CodeTooOld
	}
	return 0
}

func within(list []time.Time, start, end time.Time) []time.Time {
	var out []time.Time
	for _, m := range list {
		if !m.Before(start) && !m.After(end) {
			out = append(out, m)
		}
	}
	return out
}

func newArchive(t *testing.T, days int) (*archive, *nhn.Client) {
	t.Helper()
	a := &archive{t: t, now: time.Date(2026, 5, 10, 12, 0, 30, 0, kakao.KST), days: days, sizeCap: 25}
	c := nhn.New(nhn.Config{HTTP: &http.Client{Transport: a}, Now: func() time.Time { return a.now }})
	return a, c
}

func TestHistoryReachesBackAsFarAsTheProviderKeeps(t *testing.T) {
	t.Parallel()
	jan, today := at(t, "2026-01-01 00:00"), at(t, "2026-05-10 12:00")
	for name, test := range map[string]struct {
		days int
		read func(*nhn.Client) (time.Time, []string, error)
	}{
		"FriendTalk by request": {31, func(c *nhn.Client) (time.Time, []string, error) {
			since, all := c.FriendTalkHistory(t.Context(), nhn.FriendTalkQuery{StartRequestDate: jan, EndRequestDate: today})
			return ids(since, all)
		}},
		"FriendTalk by creation, open at both ends": {31, func(c *nhn.Client) (time.Time, []string, error) {
			since, all := c.FriendTalkHistory(t.Context(), nhn.FriendTalkQuery{EndCreateDate: today, PageNum: 7})
			return ids(since, all)
		}},
		"BrandTalk by request": {30, func(c *nhn.Client) (time.Time, []string, error) {
			since, all := c.BrandTalkHistory(t.Context(), nhn.BrandTalkQuery{StartRequestDate: jan, PageSize: 10})
			return ids(since, all)
		}},
		"BrandTalk by both": {30, func(c *nhn.Client) (time.Time, []string, error) {
			since, all := c.BrandTalkHistory(t.Context(), nhn.BrandTalkQuery{StartRequestDate: jan, EndRequestDate: today, StartCreateDate: jan, EndCreateDate: today})
			return ids(since, all)
		}},
		"FriendTalk results": {31, func(c *nhn.Client) (time.Time, []string, error) {
			since, all := c.FriendTalkResultHistory(t.Context(), time.Time{}, time.Time{})
			return ids(since, all)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := newArchive(t, test.days)
			since, got, err := test.read(c)
			if err != nil {
				t.Fatal(err)
			}
			if s := kakao.FormatDate(since); s != "2026-02-09 12:02" {
				t.Errorf("looks back to %s", s)
			}
			if len(got) != 90 || got[0] != "2026-05-10 12:00" || got[89] != "2026-02-10 12:00" {
				t.Errorf("%d messages: %v", len(got), got)
			}
		})
	}
}

// ids are the messages that a history yields.
func ids(since time.Time, all iter.Seq2[nhn.Message, error]) (time.Time, []string, error) {
	var out []string
	for m, err := range all {
		if err != nil {
			return since, out, err
		}
		out = append(out, m.RequestID)
	}
	return since, out, nil
}

func TestHistoryOfARequestAsksOnce(t *testing.T) {
	t.Parallel()
	a, c := newArchive(t, 31)
	a.sizeCap = 1000
	since, all := c.FriendTalkHistory(t.Context(), nhn.FriendTalkQuery{RequestID: "R"})
	if _, got, err := ids(since, all); err != nil || len(got) != 120 || !since.IsZero() || len(a.queries) != 1 {
		t.Errorf("%d messages since %v by %v: %v", len(got), since, a.queries, err)
	}
}

// While the history is read, time goes by, and what was kept is not any more.
func TestHistoryHeedsTheTimeThatReadingTakes(t *testing.T) {
	t.Parallel()
	a, c := newArchive(t, 31)
	_, all := c.FriendTalkHistory(t.Context(), nhn.FriendTalkQuery{EndCreateDate: a.now})
	n := 0
	for _, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		n++
		a.now = a.now.Add(time.Hour)
	}
	if n < 85 || n > 90 {
		t.Errorf("%d messages", n)
	}
}

func TestHistoryEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	a, c := newArchive(t, 7) // narrower than it should be
	_, all := c.FriendTalkHistory(t.Context(), nhn.FriendTalkQuery{EndCreateDate: a.now})
	var errs []error
	for _, err := range all {
		errs = append(errs, err)
	}
	if len(errs) != 1 || failure(t, errs[0]).Code != kakao.CodeSearchRange || len(a.queries) != 1 {
		t.Errorf("%v by %v", errs, a.queries)
	}
}

func TestHistoryStopsWhenItsReaderDoes(t *testing.T) {
	t.Parallel()
	a, c := newArchive(t, 31)
	_, all := c.FriendTalkHistory(t.Context(), nhn.FriendTalkQuery{EndCreateDate: a.now})
	for _, err := range all {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if len(a.queries) != 1 {
		t.Errorf("asked %v", a.queries)
	}
}

func TestNothingIsAskedForNoTime(t *testing.T) {
	t.Parallel()
	a, c := newArchive(t, 31)
	_, all := c.FriendTalkHistory(t.Context(), nhn.FriendTalkQuery{StartRequestDate: a.now, EndRequestDate: a.now.Add(-time.Hour)})
	for m, err := range all {
		t.Error("something came:", m.RequestID, err)
	}
	if len(a.queries) != 0 {
		t.Errorf("asked %v", a.queries)
	}
}

// pages is a provider of senders with pages as they are, whatever is asked for.
type pages struct {
	pages [][]string
	total string // as it stands in the answer
	asked int
}

func (p *pages) RoundTrip(r *http.Request) (*http.Response, error) {
	p.asked++
	n, err := strconv.Atoi(r.URL.Query().Get("pageNum"))
	if err != nil || p.asked > 20 {
		return nil, errors.New("asked for ever")
	}
	var out []string
	if n <= len(p.pages) {
		for _, s := range p.pages[n-1] {
			out = append(out, fmt.Sprintf(`{"plusFriendId":%q}`, s))
		}
	}
	return respond(200, `{`+success+`,"senders":[`+strings.Join(out, ",")+`],"totalCount":`+p.total+`}`), nil
}

func TestAllPagesAreRead(t *testing.T) {
	t.Parallel()
	three := [][]string{{"a", "b"}, {"c", "d"}, {"e"}}
	for name, test := range map[string]struct {
		pages  [][]string
		total  string
		filter nhn.SenderFilter
		want   string
		asked  int
	}{
		"as many as there are":                    {three, "5", nhn.SenderFilter{PageSize: 2}, "abcde", 3},
		"the last one full":                       {three[:2], "4", nhn.SenderFilter{PageSize: 2}, "abcd", 2},
		"from the second on":                      {three, "5", nhn.SenderFilter{PageNum: 2, PageSize: 2}, "cde", 2},
		"none":                                    {nil, "0", nhn.SenderFilter{}, "", 1},
		"one, of the greatest size":               {three[:1], "2", nhn.SenderFilter{}, "ab", 1},
		"without a total":                         {three, "null", nhn.SenderFilter{PageSize: 2}, "abcde", 4},
		"without a total, and smaller than asked": {three, "null", nhn.SenderFilter{}, "abcde", 4},
		"smaller than asked":                      {three, "5", nhn.SenderFilter{}, "abcde", 3},
		"with entries that come twice":            {[][]string{{"a", "a", "b"}, {"c", "c", "d"}, {"e"}}, "5", nhn.SenderFilter{PageSize: 2}, "aabccde", 3},
		"with entries that have gone meanwhile":   {three, "7", nhn.SenderFilter{PageSize: 2}, "abcde", 4},
		"a page too far":                          {three, "5", nhn.SenderFilter{PageNum: 9, PageSize: 2}, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &pages{pages: test.pages, total: test.total}
			c := nhn.New(nhn.Config{HTTP: &http.Client{Transport: p}})
			for range 2 { // a walk can be made twice
				got := ""
				p.asked = 0
				for s, err := range c.AllSenders(t.Context(), test.filter) {
					if err != nil {
						t.Fatal(err)
					}
					got += s.PlusFriendID
				}
				if got != test.want || p.asked != test.asked {
					t.Errorf("read %q by %d calls, want %q by %d", got, p.asked, test.want, test.asked)
				}
			}
		})
	}
}

// Every list can be walked to its end.
func TestEveryListHasItsWalk(t *testing.T) {
	t.Parallel()
	ctx, message := t.Context(), `"messageSearchResultResponse":{"messages":[{"requestId":"%s"}],"totalCount":3}`
	for name, test := range map[string]struct {
		path, answer string
		walk         func(*nhn.Client) (int, error)
	}{
		"senders": {"/alimtalk/v2.1/appkeys//senders", `"senders":[{"plusFriendId":"%s"}],"totalCount":3`, func(c *nhn.Client) (int, error) {
			return length(c.AllSenders(ctx, nhn.SenderFilter{PageSize: 1}))
		}},
		"FriendTalk messages": {"/friendtalk/v1.5/appkeys//messages", message, func(c *nhn.Client) (int, error) {
			return length(c.AllFriendTalkMessages(ctx, nhn.FriendTalkQuery{RequestID: "R"}))
		}},
		"FriendTalk results": {"/friendtalk/v1.5/appkeys//message-results", message, func(c *nhn.Client) (int, error) {
			return length(c.AllFriendTalkResults(ctx, noonKST, noonKST))
		}},
		"BrandTalk messages": {"/brandtalk/v2.2/appkeys//messages", message, func(c *nhn.Client) (int, error) {
			return length(c.AllBrandTalkMessages(ctx, nhn.BrandTalkQuery{RequestID: "R"}))
		}},
		"images": {"/friendtalk/v1.5/appkeys//images", `"imagesResponse":{"images":[{"imageSeq":%s}],"totalCount":3}`, func(c *nhn.Client) (int, error) {
			return length(c.AllImages(ctx))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fails := false
			c := nhn.New(nhn.Config{HTTP: transport(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path != test.path || r.URL.Query().Get("pageSize") == "" {
					t.Errorf("called %s", r.URL)
				}
				if fails && r.URL.Query().Get("pageNum") == "2" {
					return respond(200, answer(kakao.CodeAppkey)), nil
				}
				return respond(200, `{`+success+`,`+fmt.Sprintf(test.answer, r.URL.Query().Get("pageNum"))+`}`), nil
			})})
			if n, err := test.walk(c); n != 3 || err != nil {
				t.Errorf("%d entries: %v", n, err)
			}
			fails = true
			if n, err := test.walk(c); n != 1 || failure(t, err).Code != kakao.CodeAppkey {
				t.Errorf("%d entries: %v", n, err)
			}
		})
	}
}

// length walks to the end, or to the first error, which must be the end.
func length[T any](all iter.Seq2[T, error]) (n int, failed error) {
	for _, err := range all {
		switch {
		case failed != nil:
			return n, errors.New("an error was not the end")
		case err != nil:
			failed = err
		default:
			n++
		}
	}
	return n, failed
}
