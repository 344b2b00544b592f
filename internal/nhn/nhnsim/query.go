package nhnsim

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// visible reports whether readings show r: it has been listed, and is not older
// than what the provider keeps.
func (r *request) visible(now time.Time) bool {
	return now.UnixMilli() >= r.visibleAt && r.sendAt >= now.AddDate(0, 0, -kakao.RetentionDays).UnixMilli()
}

// listQuery is what a list is narrowed by.
type listQuery struct {
	url.Values
	channel            channel
	requested, created *span
}

func (c *call) listQuery() (listQuery, *reply) {
	q, ch := c.r.URL.Query(), c.channel()
	out := listQuery{Values: q, channel: ch}
	for _, dates := range []struct {
		start, end string
		into       **span
	}{{"startRequestDate", "endRequestDate", &out.requested}, {"startCreateDate", "endCreateDate", &out.created}} {
		s, ok, bad := c.span(q, dates.start, dates.end, searches[ch].days)
		if bad != nil {
			return out, bad
		}
		if ok {
			*dates.into = &s
		}
	}
	if blank(q.Get("requestId")) && out.requested == nil && out.created == nil {
		return out, new(refuse(kakao.CodeSearchConditions))
	}
	if r := q.Get("resultCode"); r != "" && r != searches[ch].succeeded && r != searches[ch].failed {
		return out, new(refuse(kakao.CodeInvalid))
	}
	return out, nil
}

// takes reports whether the query asks for messages of r.
func (q listQuery) takes(r *request) bool {
	return q.channel == r.channel() && matches(q.Values, "requestId", r.id) &&
		(q.requested == nil || q.requested.holds(r.sendAt)) &&
		(q.created == nil || q.created.holds(r.created)) &&
		matches(q.Values, "senderGroupingKey", r.groupingKey) && q.takesOrigin(r)
}

// takesOrigin reports whether the query asks for what r was sent from.
func (q listQuery) takesOrigin(r *request) bool {
	if t := r.template; t != nil {
		return matches(q.Values, "senderKey", t.SenderKey) && matches(q.Values, "templateCode", t.Code)
	}
	return matches(q.Values, "plusFriendId", r.plusFriendID) && matches(q.Values, "createUser", r.createUser)
}

// narrow reports whether the query asks for some messages of a request only.
func (q listQuery) narrow() bool {
	return q.Get("recipientNo") != "" || q.Get("recipientGroupingKey") != "" || q.Get("messageStatus") != "" || q.Get("resultCode") != ""
}

// takesMessage reports whether the query asks for m.
func (q listQuery) takesMessage(m *message, now int64) bool {
	if no := q.Get("recipientNo"); no != "" && digits(no) != digits(m.no) {
		return false
	}
	if !matches(q.Values, "recipientGroupingKey", m.key) {
		return false
	}
	st := m.state(now)
	switch q.Get("resultCode") {
	case searches[q.channel].succeeded:
		if !arrived(st.code) {
			return false
		}
	case searches[q.channel].failed:
		if st.code == "" || arrived(st.code) {
			return false
		}
	}
	return matches(q.Values, "messageStatus", st.status)
}

// listMessages is endpoints 20 and 26: the latest request date first, then the greatest
// request id, then the greatest sequence number.
func listMessages(c *call) reply {
	q, bad := c.listQuery()
	if bad != nil {
		return *bad
	}
	pg, bad := parsePage(q.Values)
	if bad != nil {
		return *bad
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	list, total := c.find(q, pg)
	return c.answerList(list, total, shapeList)
}

// find returns the messages of a page and how many there are in all. The caller
// holds c.mu.
func (c *call) find(q listQuery, pg page) (list []update, total int) {
	now := c.now.UnixMilli()
	narrow := q.narrow()
	for _, r := range c.matching(q) {
		n := len(r.messages)
		if !narrow && (total+n <= pg.from || total >= pg.to) {
			total += n
			continue
		}
		for i := n - 1; i >= 0; i-- {
			if narrow && !q.takesMessage(&r.messages[i], now) {
				continue
			}
			if pg.holds(total) {
				list = append(list, update{r: r, i: i})
			}
			total++
		}
	}
	return list, total
}

// matching are the requests that a query is about, in the order of the list.
func (c *call) matching(q listQuery) []*request {
	candidates := c.requests
	if id := q.Get("requestId"); id != "" {
		candidates = nil
		if r := c.byID[id]; r != nil {
			candidates = []*request{r}
		}
	}
	var out []*request
	for _, r := range candidates {
		if r.visible(c.now) && q.takes(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *request) int {
		return cmp.Or(cmp.Compare(b.sendAt, a.sendAt), strings.Compare(b.id, a.id))
	})
	return out
}

// answerList answers with a page of messages. The caller holds c.mu.
func (c *call) answerList(list []update, total int, sh shape) reply {
	list = c.fault.disturb(list)
	b := make(buf, 0, 256+len(list)*640)
	b = append(b.name("messageSearchResultResponse"), '{')
	b = append(b.name("messages"), '[')
	for _, u := range list {
		b = append(c.appendListed(b, u.r, u.i, sh), ',')
	}
	b = append(b.end(']'), ',').int("totalCount", total)
	return succeed(append(b.end('}'), ','))
}

// showMessage is endpoints 21 and 27.
func showMessage(c *call) reply {
	seq, err := strconv.Atoi(c.r.PathValue("recipientSeq"))
	if err != nil {
		return refuse(kakao.CodeArgumentType)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	r := c.request(c.r.PathValue("requestId"))
	if r == nil || !r.visible(c.now) {
		return refuse(kakao.CodeMessageNotFound)
	}
	i, ok := r.find(seq)
	if !ok {
		return refuse(kakao.CodeMessageNotFound)
	}
	b := c.appendDetail(buf(nil).name("message"), r, i)
	return succeed(append(b, ','))
}

// reading is the answer to one query of results, all its pages.
type reading struct {
	at   int64
	list []update
}

// readingLife is how long the pages after the first come from the reading that the
// first began, in milliseconds. The first page is always new.
const readingLife = 10_000

// listResults is endpoint 29, in the order of the minutes in which states changed.
func listResults(c *call) reply {
	q := c.r.URL.Query()
	s, ok, bad := c.span(q, "startUpdateDate", "endUpdateDate", kakao.QueryDays)
	if bad != nil {
		return *bad
	}
	if missing := "startUpdateDate"; !ok {
		if !blank(q.Get(missing)) {
			missing = "endUpdateDate"
		}
		return refuse(kakao.CodeNull, missing)
	}
	pg, bad := parsePage(q)
	if bad != nil {
		return *bad
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	all := c.reading(s, pg.from > 0)
	list := all[min(pg.from, len(all)):min(pg.to, len(all))]
	return c.answerList(list, len(all), shapeResult)
}

// reading are the FriendTalk messages whose last change was in s. The caller holds c.mu.
func (c *call) reading(s span, later bool) []update {
	now := c.now.UnixMilli()
	c.readMu.Lock()
	defer c.readMu.Unlock()
	if old, ok := c.readings[s]; ok && later && now-old.at < readingLife {
		return old.list
	}
	var list []update
	for m := s.start / minute; m <= min(s.end, now)/minute; m++ {
		for _, u := range c.updates[m] {
			if u.at <= now && s.holds(u.at) && u.r.template == nil && u.r.visible(c.now) && u.r.messages[u.i].state(now).updated == u.at {
				list = append(list, u)
			}
		}
	}
	for k, old := range c.readings {
		if now-old.at >= readingLife {
			delete(c.readings, k)
		}
	}
	c.readings[s] = reading{now, list}
	return list
}

// cancelMessages is endpoints 22 and 28.
func cancelMessages(c *call) reply {
	seqs, bad := parseSeqs(c.r.URL.Query().Get("recipientSeq"))
	if bad != nil {
		return *bad
	}
	id := c.r.PathValue("requestId")
	if !isRequestID(id) {
		return refuse(kakao.CodeRequestID)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.request(id)
	if r == nil || c.now.UnixMilli() >= r.sendAt {
		return refuse(kakao.CodeNothingToCancel)
	}
	var hit []int
	for i := range r.messages {
		m := &r.messages[i]
		if m.cancelledAt == 0 && (seqs == nil || seqs[int(m.seq)]) {
			hit = append(hit, int(m.seq))
		}
	}
	if len(hit) == 0 {
		return refuse(kakao.CodeNothingToCancel)
	}
	answer := c.done(entry{Type: entryCancel, Appkey: c.appkey, At: c.now.UnixMilli(), ID: r.id, Seqs: hit}, nil)
	if answer.code == kakao.CodeOK {
		c.sim.stats.cancelled.Add(int64(len(hit)))
	}
	return answer
}

// parseSeqs reads a list of sequence numbers; nil stands for all.
func parseSeqs(s string) (map[int]bool, *reply) {
	if blank(s) {
		return nil, nil
	}
	out := map[int]bool{}
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, new(refuse(kakao.CodeArgumentType))
		}
		out[n] = true
	}
	return out, nil
}
