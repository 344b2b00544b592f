package nhnsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/internal/jsontext"
)

// request is an accepted send, of FriendTalk unless it has a template. Dates are Unix
// milliseconds. Only the cancellation of its messages ever changes.
type request struct {
	id, plusFriendID, groupingKey, createUser string
	created                                   int64
	sendAt                                    int64
	visibleAt                                 int64 // before, no reading shows it
	messages                                  []message
	template                                  *brandTemplate // its text and buttons
	values                                    []string       // of the template's variables, message by message
	delivery                                  delivery
	overrides                                 map[int]Override // by index in messages
}

// newRequest begins a request of n recipients at most.
func (c *call) newRequest(from *sender, sendAt time.Time, n int) *request {
	return &request{
		id: c.sim.newID(c.now), plusFriendID: from.PlusFriendID, created: c.now.UnixMilli(), sendAt: sendAt.UnixMilli(),
		visibleAt: c.now.Add(c.fault.listedAfter).UnixMilli(), messages: make([]message, 0, n),
		delivery: c.sim.cfg.delivery(sendAt, c.r.Header.Get(HeaderOutcome)),
	}
}

// message is one recipient's. Messages of a request share what is alike.
type message struct {
	no, key, content string
	style            *style
	outcome          outcome
	cancelledAt      int64
	seq              int32 // from 1, the position in the request
}

// outcome is an [Outcome] as it is kept: fallbackAt is 0 when there is none.
type outcome struct {
	resultAt, fallbackAt int64
	code, fallbackCode   string
}

// style is everything of a message but its text and its recipient, with the
// sender's settings resolved.
type style struct {
	Image         Image    `json:"image,omitzero"`
	ImageLink     string   `json:"imageLink,omitempty"`
	Buttons       []button `json:"buttons,omitempty"`
	IsAd          bool     `json:"isAd,omitempty"`
	Fallback      bool     `json:"fallback,omitempty"` // whether a failure goes out by SMS
	Type          string   `json:"type,omitempty"`
	Title         string   `json:"title,omitempty"`
	Content       string   `json:"content,omitempty"`
	SendNo        string   `json:"sendNo,omitempty"`
	UnsubscribeNo string   `json:"unsubscribeNo,omitempty"`
}

func (s *style) equal(o *style) bool {
	return s.Image == o.Image && s.ImageLink == o.ImageLink && s.IsAd == o.IsAd && s.Fallback == o.Fallback &&
		s.Type == o.Type && s.Title == o.Title && s.Content == o.Content &&
		s.SendNo == o.SendNo && s.UnsubscribeNo == o.UnsubscribeNo && slices.Equal(s.Buttons, o.Buttons)
}

type button struct {
	Ordering      int    `json:"ordering"`
	Type          string `json:"type"`
	Name          string `json:"name"`
	LinkMo        string `json:"linkMo,omitempty"`
	LinkPC        string `json:"linkPc,omitempty"`
	SchemeIOS     string `json:"schemeIos,omitempty"`
	SchemeAndroid string `json:"schemeAndroid,omitempty"`
}

// decide sets what becomes of the i-th message, without a look at its channel.
func (r *request) decide(i int) {
	m := &r.messages[i]
	o := r.delivery.outcome(m.no, r.id, i, r.overrides[i])
	m.outcome = outcome{resultAt: o.ResultAt.UnixMilli(), code: o.Code}
	if o.FallbackCode == "" || !m.style.Fallback {
		return
	}
	m.outcome.fallbackAt, m.outcome.fallbackCode = o.FallbackAt.UnixMilli(), o.FallbackCode
	if !m.sms(r.plusFriendID).sendable() {
		m.outcome.fallbackCode = smsUnsendable
	}
}

// find returns the index of the message with a sequence number.
func (r *request) find(seq int) (int, bool) {
	i := sort.Search(len(r.messages), func(i int) bool { return int(r.messages[i].seq) >= seq })
	return i, i < len(r.messages) && int(r.messages[i].seq) == seq
}

// statusReady is what a message's status is before it is sent; the provider has
// never said what it calls it.
const statusReady = "READY"

// status, result code and fallback state at a moment, and when they came about.
type state struct {
	status, code, fallback, fallbackCode string
	updated, received                    int64
}

func (m *message) state(now int64) state {
	st := state{status: statusReady, fallback: kakao.FallbackNone}
	if m.style.Fallback {
		st.fallback = kakao.FallbackTarget
	}
	o := &m.outcome
	switch {
	case m.cancelledAt != 0:
		st.status, st.updated = kakao.StatusCancelled, m.cancelledAt
	case now < o.resultAt:
	case arrived(o.code):
		st.status, st.code, st.updated, st.received = kakao.StatusCompleted, o.code, o.resultAt, o.resultAt
	default:
		st.status, st.code, st.updated = kakao.StatusFailed, o.code, o.resultAt
		o.advance(&st, now)
	}
	return st
}

// advance sets how far the fallback of a failed message has come.
func (o *outcome) advance(st *state, now int64) {
	switch {
	case o.fallbackAt == 0:
	case now < o.fallbackAt:
		st.fallback = kakao.FallbackInProgress
	case o.fallbackCode == smsDelivered:
		st.fallback, st.fallbackCode, st.updated = kakao.FallbackSucceeded, o.fallbackCode, o.fallbackAt
	default:
		st.fallback, st.fallbackCode, st.updated = kakao.FallbackFailed, o.fallbackCode, o.fallbackAt
	}
}

// smsRequestID names the fallback's request to the SMS service.
func (m *message) smsRequestID(r *request) string {
	h := hash("sms", r.id, m.no)
	b := time.UnixMilli(m.outcome.resultAt).In(kakao.KST).AppendFormat(nil, "20060102150405")
	for range 11 {
		b = append(b, idLetters[h%62])
		h /= 62
		h ^= uint64(m.seq)
	}
	return string(b)
}

// shape is which of a message's fields an endpoint shows.
type shape int

const (
	shapeList shape = iota
	shapeResult
	shapeDetail
)

// appendTo appends m as an endpoint shows it at a moment.
func (m *message) appendTo(b buf, r *request, now int64, layout string, sh shape) buf {
	st := m.state(now)
	b = append(b, '{')
	b = b.text("requestId", r.id).int("recipientSeq", int(m.seq)).text("plusFriendId", r.plusFriendID)
	b = b.text("recipientNo", m.no).date("requestDate", layout, r.sendAt)
	if sh != shapeResult {
		b = b.date("createDate", layout, r.created)
	}
	if sh != shapeList {
		b = b.date("receiveDate", layout, st.received)
	}
	b = b.text("content", m.content).text("messageStatus", st.status)
	b = b.text("resendStatus", st.fallback).text("resendStatusName", fallbackNames[st.fallback])
	b = b.null("resultCode", st.code).null("resultCodeName", deliveryNames[st.code])
	if sh != shapeResult {
		b = b.null("createUser", r.createUser)
	}
	if sh == shapeDetail {
		b = m.detail(b, r, st)
	}
	b = b.null("senderGroupingKey", r.groupingKey).null("recipientGroupingKey", m.key)
	return b.end('}')
}

// detail appends what only the reading of a single message shows.
func (m *message) detail(b buf, r *request, st state) buf {
	sms := ""
	if m.outcome.fallbackAt != 0 && st.code != "" {
		sms = m.smsRequestID(r)
	}
	b = b.null("resendResultCode", st.fallbackCode).null("resendRequestId", sms)
	if im := m.style.Image; im.Seq != 0 {
		b = b.int("imageSeq", im.Seq).text("imageName", im.Name).text("imageUrl", im.URL)
		b = b.null("imageLink", m.style.ImageLink).bool("wide", im.Wide)
	} else {
		b = append(b, `"imageSeq":null,"imageName":null,"imageUrl":null,"imageLink":null,"wide":null,`...)
	}
	b = append(b.name("buttons"), '[')
	for _, t := range m.style.Buttons {
		b = append(b, '{')
		b = b.int("ordering", t.Ordering).text("type", t.Type).text("name", t.Name).null("linkMo", t.LinkMo)
		b = b.null("linkPc", t.LinkPC).null("schemeIos", t.SchemeIOS).null("schemeAndroid", t.SchemeAndroid)
		b = append(b.end('}'), ',')
	}
	b = append(b.end(']'), ',')
	return b.bool("isAd", m.style.IsAd)
}

// request rebuilds a request from the journal, with the template it was sent by.
func (s *sent) request(id string, created int64, cfg *Config, t *brandTemplate) (*request, error) {
	n := len(s.Numbers)
	if len(s.Keys) != n || len(s.Seq) != n || len(s.Content) != n || len(s.Style) != n || t != nil && len(s.Values) != n*len(t.names) {
		return nil, fmt.Errorf("request %q has columns of different lengths", id)
	}
	r := &request{
		id: id, plusFriendID: s.PlusFriendID, groupingKey: s.GroupingKey, createUser: s.CreateUser,
		created: created, sendAt: s.SendAt, visibleAt: s.VisibleAt, messages: make([]message, n),
		template: t, values: s.Values, overrides: s.Overrides, delivery: cfg.delivery(time.UnixMilli(s.SendAt), ""),
	}
	if s.Delivery != nil {
		r.delivery = *s.Delivery
	}
	for i := range r.messages {
		c, st := int(s.Content[i]), int(s.Style[i])
		if c < 0 || c >= len(s.Contents) || st < 0 || st >= len(s.Styles) || s.Styles[st] == nil {
			return nil, fmt.Errorf("message %d of request %q has no text", i, id)
		}
		m := &r.messages[i]
		*m = message{no: s.Numbers[i], key: s.Keys[i], content: s.Contents[c], style: s.Styles[st], seq: s.Seq[i]}
	}
	r.decideAll()
	return r, nil
}

// line appends the request as a journal entry, the counterpart of [sent.request]. It
// is written by hand for speed.
func (r *request) line(appkey, key string) ([]byte, error) {
	b := make(buf, 0, 512+len(r.messages)*64)
	b = append(b, '{')
	b = b.text("t", entrySend).text("k", appkey).int("at", int(r.created)).text("id", r.id).text("key", key)
	b = append(b.name("send"), '{')
	b = b.int("sendAt", int(r.sendAt)).int("visibleAt", int(r.visibleAt)).text("from", r.plusFriendID)
	b = b.text("group", r.groupingKey).text("user", r.createUser)
	if t := r.template; t != nil {
		b = b.text("template", t.Code).strings("values", len(r.values), func(i int) string { return r.values[i] })
	}
	styles, contents := r.table()
	raw, err := json.Marshal(struct {
		Delivery  *delivery        `json:"delivery"`
		Overrides map[int]Override `json:"overrides,omitempty"`
		Styles    []*style         `json:"styles"`
	}{&r.delivery, r.overrides, styles})
	if err != nil {
		return nil, err
	}
	b = append(append(b, raw[1:len(raw)-1]...), ',')
	b = b.strings("contents", len(contents), func(i int) string { return contents[i] })
	b = b.strings("no", len(r.messages), func(i int) string { return r.messages[i].no })
	b = b.strings("keys", len(r.messages), func(i int) string { return r.messages[i].key })
	b = b.ints("seq", len(r.messages), func(i int) int { return int(r.messages[i].seq) })
	b = b.runs("content", r, func(a, z *message) bool { return a.content == z.content })
	b = b.runs("style", r, func(a, z *message) bool { return a.style == z.style })
	return append(b.end('}').close('}'), '\n'), nil
}

// table lists each style and text once for every run of messages that share it.
func (r *request) table() (styles []*style, contents []string) {
	for i := range r.messages {
		m := &r.messages[i]
		if i == 0 || m.style != r.messages[i-1].style {
			styles = append(styles, m.style)
		}
		if i == 0 || m.content != r.messages[i-1].content {
			contents = append(contents, m.content)
		}
	}
	return styles, contents
}

// close appends a bracket behind another one.
func (b buf) close(bracket byte) buf { return append(b, bracket) }

func (b buf) strings(name string, n int, at func(int) string) buf {
	b = append(b.name(name), '[')
	for i := range n {
		b = append(jsontext.AppendString(b, at(i)), ',')
	}
	return append(b.end(']'), ',')
}

func (b buf) ints(name string, n int, at func(int) int) buf {
	b = append(b.name(name), '[')
	for i := range n {
		b = append(strconv.AppendInt(b, int64(at(i)), 10), ',')
	}
	return append(b.end(']'), ',')
}

// runs numbers the runs of messages that are alike.
func (b buf) runs(name string, r *request, alike func(a, z *message) bool) buf {
	run := 0
	return b.ints(name, len(r.messages), func(i int) int {
		if i > 0 && !alike(&r.messages[i-1], &r.messages[i]) {
			run++
		}
		return run
	})
}
