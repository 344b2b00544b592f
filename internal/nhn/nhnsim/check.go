package nhnsim

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
)

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// required refuses a text that is missing, blank or too long. Nil is no objection.
func required(name string, v *string, limit int) *reply {
	switch {
	case v == nil:
		return new(refuse(kakao.CodeNull, name))
	case blank(*v):
		return new(refuse(kakao.CodeBlank, name))
	}
	return limited(name, *v, limit)
}

func limited(name, v string, limit int) *reply {
	if kakao.Len(v) > limit {
		return new(refuse(kakao.CodeTooLong, name, limit))
	}
	return nil
}

func given(name string, ok bool) *reply {
	if !ok {
		return new(refuse(kakao.CodeNull, name))
	}
	return nil
}

func firstBad(checks ...*reply) *reply {
	for _, c := range checks {
		if c != nil {
			return c
		}
	}
	return nil
}

// validNumber takes 8 to 15 digits with hyphens between them and a plus before.
func validNumber(no string) bool {
	n := 0
	for i, r := range no {
		switch {
		case r >= '0' && r <= '9':
			n++
		case r == '+' && i == 0, r == '-' && i > 0:
		default:
			return false
		}
	}
	return n >= 8 && n <= kakao.MaxPhoneNo
}

// validUnsubscribeNo takes 080 and 7 or 8 digits, with hyphens or without.
func validUnsubscribeNo(no string) bool {
	d := digits(no)
	return validNumber(no) && strings.HasPrefix(d, "080") && (len(d) == 10 || len(d) == 11)
}

// isRequestID reports whether s can name a request: letters and digits.
func isRequestID(s string) bool {
	return s != "" && strings.Trim(s, idLetters) == ""
}

// page is a part of a list.
type page struct{ from, to int }

func (p page) holds(i int) bool { return i >= p.from && i < p.to }

func parsePage(q url.Values) (page, *reply) {
	num, bad := number(q, "pageNum", 1)
	if bad != nil {
		return page{}, bad
	}
	size, bad := number(q, "pageSize", kakao.DefaultPageSize)
	if bad != nil {
		return page{}, bad
	}
	if size > kakao.MaxPageSize {
		return page{}, new(refuse(kakao.CodeTooLarge, "pageSize", kakao.MaxPageSize))
	}
	return page{(num - 1) * size, num * size}, nil
}

// number reads a number of at least 1.
func number(q url.Values, name string, otherwise int) (int, *reply) {
	s := strings.TrimSpace(q.Get(name))
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > 1<<30 {
		return 0, new(refuse(kakao.CodeArgumentType))
	}
	if n < 1 {
		return 0, new(refuse(kakao.CodeTooSmall, name, 1))
	}
	return n, nil
}

// matches reports whether a query does not ask for something other than v.
func matches(q url.Values, name, v string) bool {
	want := q.Get(name)
	return want == "" || want == v
}

// span is a range of time in Unix milliseconds, both ends included.
type span struct{ start, end int64 }

func (s span) holds(ms int64) bool { return ms >= s.start && ms <= s.end }

// span reads two dates of a query, at most so many days apart; ok is false when one is
// missing. The minute in which it ends belongs to it, as the 23:59 of the documents'
// examples belongs to its day, unless the simulator is configured otherwise.
func (c *call) span(q url.Values, start, end string, days int) (s span, ok bool, bad *reply) {
	s, ok, bad = parseSpan(q, start, end, c.now, days)
	if ok && !c.sim.cfg.EndsExactly && len(q.Get(end)) == len(kakao.DateLayout) {
		s.end += minute - 1
	}
	return s, ok, bad
}

func parseSpan(q url.Values, start, end string, now time.Time, days int) (s span, ok bool, bad *reply) {
	if blank(q.Get(start)) || blank(q.Get(end)) {
		return span{}, false, nil
	}
	from, err := kakaoDate(q.Get(start))
	if err != nil {
		return span{}, false, new(refuse(kakao.CodeDateFormat, start))
	}
	to, err := kakaoDate(q.Get(end))
	if err != nil {
		return span{}, false, new(refuse(kakao.CodeDateFormat, end))
	}
	switch {
	case to.Before(from):
		return span{}, false, new(refuse(kakao.CodeSearchConditions))
	case to.Sub(from) > time.Duration(days)*24*time.Hour:
		return span{}, false, new(refuse(kakao.CodeSearchRange, days))
	case from.Before(now.AddDate(0, 0, -kakao.RetentionDays)):
		return span{}, false, new(refuse(kakao.CodeTooOld))
	}
	return span{from.UnixMilli(), to.UnixMilli()}, true, nil
}

// kakaoDate reads a date of a request, with or without seconds.
func kakaoDate(s string) (time.Time, error) {
	if t, err := time.ParseInLocation(kakao.DateLayout, s, kakao.KST); err == nil {
		return t, nil
	}
	return time.ParseInLocation(kakao.DateLayout+":05", s, kakao.KST)
}
