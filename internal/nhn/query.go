package nhn

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"

	"soshik/internal/kakao"
)

// values builds a query from what is set.
type values url.Values

func (v values) set(name, value string) {
	if value != "" {
		url.Values(v).Set(name, value)
	}
}

func (v values) date(name string, t time.Time) {
	if !t.IsZero() {
		v.set(name, kakao.FormatDate(t))
	}
}

func (v values) page(num, size int) {
	if num > 0 {
		v.set("pageNum", strconv.Itoa(num))
	}
	if size > 0 {
		v.set("pageSize", strconv.Itoa(size))
	}
}

// Window is a time that one search can cover: minutes, both included.
type Window struct{ Start, End time.Time }

// Windows cuts the time from start to end, both included and to the minute, into
// windows of at most so many days, the newest first, without gap or overlap. What is
// older than the provider keeps at now is left out: since is how far back the windows
// reach. A start of zero is as far back as the provider looks, an end of zero is now.
// There are none when the end is before the start.
//
// A day has 1,440 minutes, the first and the last included, so a window of 31 days
// ends one minute before the 31 days are over: whichever way the provider counts,
// that is not too long.
func Windows(start, end, now time.Time, days int) (windows []Window, since time.Time) {
	since = oldest(now)
	if start = start.Truncate(time.Minute); start.After(since) {
		since = start
	}
	if end.IsZero() {
		end = now
	}
	span := time.Duration(days)*24*time.Hour - time.Minute
	for end = end.Truncate(time.Minute); !end.Before(since); end = end.Add(-time.Minute) {
		from := end.Add(-span)
		if from.Before(since) {
			from = since
		}
		windows = append(windows, Window{from, end})
		end = from
	}
	return windows, since
}

// oldest is the first minute that can be searched at now, one more than the
// provider's 90 days leave: its clock may be ahead of ours.
func oldest(now time.Time) time.Time {
	return now.AddDate(0, 0, -kakao.RetentionDays).Truncate(time.Minute).Add(2 * time.Minute)
}

// span is a range of a query, which may be left out.
type span struct{ start, end time.Time }

// windows are those of the span; a single one without times when the query does not
// ask by them.
func (s span) windows(now time.Time, days int) (windows []Window, since time.Time) {
	if s.start.IsZero() && s.end.IsZero() {
		return []Window{{}}, time.Time{}
	}
	return Windows(s.start, s.end, now, days)
}

// still is the window without what has become too old while others were read. The
// lists are newest first, so that pages do not shift by it.
func (w Window) still(now time.Time) Window {
	if since := oldest(now); !w.Start.IsZero() && w.Start.Before(since) {
		w.Start = since
	}
	return w
}

// empty reports whether nothing of the window is left.
func (w Window) empty() bool { return w.End.Before(w.Start) }

// FriendTalkHistory walks all messages that query asks for, however far apart its
// dates: it searches 31 days at a time, the newest first. A range with one date only
// is open at its other end, see [Windows]. since is how far back it looks, zero if the
// query has no dates. It ends with the first error; PageNum is not heeded.
//
// GET /friendtalk/v1.5/appkeys/{appkey}/messages
//
// See docs/provider.md, endpoint 26.
func (c *Client) FriendTalkHistory(ctx context.Context, query FriendTalkQuery) (since time.Time, messages iter.Seq2[Message, error]) {
	requested, created := span{query.StartRequestDate, query.EndRequestDate}, span{query.StartCreateDate, query.EndCreateDate}
	return c.history(kakao.QueryDays, query.PageSize, requested, created, func(requested, created Window, page, size int) ([]Message, int, error) {
		q := query
		q.StartRequestDate, q.EndRequestDate = requested.Start, requested.End
		q.StartCreateDate, q.EndCreateDate = created.Start, created.End
		q.PageNum, q.PageSize = page, size
		return c.FriendTalkMessages(ctx, q)
	})
}

// BrandTalkHistory walks all messages that query asks for, however far apart its
// dates: it searches 30 days at a time, the newest first. See
// [Client.FriendTalkHistory].
//
// GET /brandtalk/v2.2/appkeys/{appkey}/messages
//
// See docs/provider.md, endpoint 20.
func (c *Client) BrandTalkHistory(ctx context.Context, query BrandTalkQuery) (since time.Time, messages iter.Seq2[Message, error]) {
	requested, created := span{query.StartRequestDate, query.EndRequestDate}, span{query.StartCreateDate, query.EndCreateDate}
	return c.history(kakao.BrandTalkQueryDays, query.PageSize, requested, created, func(requested, created Window, page, size int) ([]Message, int, error) {
		q := query
		q.StartRequestDate, q.EndRequestDate = requested.Start, requested.End
		q.StartCreateDate, q.EndCreateDate = created.Start, created.End
		q.PageNum, q.PageSize = page, size
		return c.BrandTalkMessages(ctx, q)
	})
}

// FriendTalkResultHistory walks the results of all messages whose result or fallback
// changed from start to end, however far apart: it searches 31 days at a time, the
// newest first. See [Client.FriendTalkHistory].
//
// GET /friendtalk/v1.5/appkeys/{appkey}/message-results
//
// See docs/provider.md, endpoint 29.
func (c *Client) FriendTalkResultHistory(ctx context.Context, start, end time.Time) (since time.Time, messages iter.Seq2[Message, error]) {
	if start.IsZero() {
		start = oldest(c.cfg.Now())
	}
	return c.history(kakao.QueryDays, 0, span{start, end}, span{}, func(updated, _ Window, page, size int) ([]Message, int, error) {
		return c.FriendTalkResults(ctx, updated.Start, updated.End, page, size)
	})
}

// history walks the pages of every window of the two ranges that a query may have.
func (c *Client) history(
	days, size int, requested, created span, read func(requested, created Window, page, size int) ([]Message, int, error),
) (since time.Time, messages iter.Seq2[Message, error]) {
	now := c.cfg.Now()
	outer, since := requested.windows(now, days)
	inner, createdSince := created.windows(now, days)
	if createdSince.After(since) {
		since = createdSince
	}
	return since, func(yield func(Message, error) bool) {
		for _, r := range outer {
			for _, w := range inner {
				pages := walk(1, size, func(page, size int) ([]Message, int, error) {
					r, w := r.still(c.cfg.Now()), w.still(c.cfg.Now())
					if r.empty() || w.empty() {
						return nil, 0, nil
					}
					return read(r, w, page, size)
				})
				for m, err := range pages {
					if !yield(m, err) || err != nil {
						return
					}
				}
			}
		}
	}
}
