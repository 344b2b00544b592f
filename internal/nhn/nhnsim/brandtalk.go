package nhnsim

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"soshik/internal/kakao"
)

const brandSendOp = "brandtalk send"

// channel is the kind of a message. Neither kind's endpoints know the other's
// requests.
type channel int

const (
	channelFriendTalk channel = iota
	channelBrandTalk
)

// searches are how each channel's lists are narrowed: the widest range in days, and
// the groups of results.
var searches = [...]struct {
	days              int
	succeeded, failed string
}{
	channelFriendTalk: {kakao.QueryDays, kakao.ResultGroupSuccess, kakao.ResultGroupFailure},
	channelBrandTalk:  {kakao.BrandTalkQueryDays, kakao.BrandResultSuccess, kakao.BrandResultFailure},
}

// channel is the one whose endpoint was called.
func (c *call) channel() channel {
	if strings.HasPrefix(c.r.URL.Path, "/brandtalk/") {
		return channelBrandTalk
	}
	return channelFriendTalk
}

func (r *request) channel() channel {
	if r.template != nil {
		return channelBrandTalk
	}
	return channelFriendTalk
}

// request is the one of the endpoint's channel with an id; nil for an unknown one.
// The caller holds c.mu.
func (c *call) request(id string) *request {
	r := c.byID[id]
	if r == nil || r.channel() != c.channel() {
		return nil
	}
	return r
}

// unable is the code for why s, which was looked for by an id or a key, cannot send,
// or 0. Nil is an unknown sender. The caller holds p.mu.
func (p *project) unable(s *sender, id string) int {
	if s == nil {
		return p.noSender(id)
	}
	return s.Sender.unable()
}

// limit is how much a sender may send a day in a channel; 0 is no limit.
func (s *Sender) limit(ch channel) int {
	if ch == channelBrandTalk {
		return s.BrandTalkDailyMax
	}
	return s.DailyMax
}

// brandIn is the body of a BrandTalk send. Members are pointers where a missing one
// differs from an empty one.
type brandIn struct {
	SenderKey         *string            `json:"senderKey"`
	TemplateCode      *string            `json:"templateCode"`
	RequestDate       string             `json:"requestDate"`
	SenderGroupingKey string             `json:"senderGroupingKey"`
	CreateUser        string             `json:"createUser"`
	RecipientList     []brandRecipientIn `json:"recipientList"`
}

type brandRecipientIn struct {
	RecipientNo          *string            `json:"recipientNo"`
	Parameter            map[string]*string `json:"templateParameter"`
	RecipientGroupingKey string             `json:"recipientGroupingKey"`
}

// sendBrandTalk is endpoint 19. It heeds no idempotency key: none is documented.
func sendBrandTalk(c *call) reply {
	var in brandIn
	if json.Unmarshal(c.body, &in) != nil {
		return refuse(kakao.CodeBody)
	}
	if bad := in.check(); bad != nil {
		return *bad
	}
	sendAt, bad := parseRequestDate(in.RequestDate, c.now, kakao.BrandTalkHorizonDays)
	if bad != nil {
		return *bad
	}
	d, bad := c.brandDraft(&in, sendAt)
	if bad != nil {
		return *bad
	}
	d.fillBrand(&in)
	return c.accept(d, "", func(b buf, i int) buf { return in.RecipientList[i].result(b, i+1, d.refusals[i]) })
}

// check looks at what concerns the whole request but needs no state.
func (in *brandIn) check() *reply {
	return firstBad(
		required("senderKey", in.SenderKey, kakao.SenderKeyLen),
		required("templateCode", in.TemplateCode, kakao.MaxTemplateCode),
		checkSend(in.RecipientList != nil, len(in.RecipientList), in.SenderGroupingKey, in.CreateUser),
	)
}

// brandDraft begins a request once the sender may send and its template is not
// blocked.
func (c *call) brandDraft(in *brandIn, sendAt time.Time) (*draft, *reply) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.senderKeys[*in.SenderKey]
	if code := c.unable(s, *in.SenderKey); code != 0 {
		return nil, new(refuse(code))
	}
	t := s.template(*in.TemplateCode)
	switch {
	case t == nil:
		return nil, new(refuse(kakao.CodeTemplateNotFound))
	case t.Status == kakao.TemplateBlocked:
		return nil, new(refuse(kakao.CodeTemplateStatus))
	}
	n := len(in.RecipientList)
	d := &draft{request: c.newRequest(s, sendAt, n), sim: c.sim, fault: c.fault, refusals: make([]int, n), last: &style{}}
	d.groupingKey, d.createUser = in.SenderGroupingKey, in.CreateUser
	d.template, d.values = t, make([]string, 0, n*len(t.names))
	return d, nil
}

// fillBrand takes the recipients that nothing is wrong with.
func (d *draft) fillBrand(in *brandIn) {
	for i := range in.RecipientList {
		to, before := &in.RecipientList[i], len(d.values)
		if d.refusals[i] = d.checkBrand(to); d.refusals[i] != 0 {
			d.values = d.values[:before]
			continue
		}
		d.messages = append(d.messages, message{no: *to.RecipientNo, key: to.RecipientGroupingKey, style: d.last, seq: int32(i + 1)})
	}
}

// checkBrand returns the code that a recipient is refused with, or 0, and notes the
// values of its variables.
func (d *draft) checkBrand(to *brandRecipientIn) int {
	switch {
	case to.RecipientNo == nil:
		return kakao.CodeNull
	case !validNumber(*to.RecipientNo), lastFour(*to.RecipientNo) == NumberRefused:
		return kakao.CodeRecipientNo
	case longer(to.RecipientGroupingKey, kakao.MaxGroupingKey):
		return kakao.CodeTooLong
	case d.fault.refuses(*to.RecipientNo):
		return d.fault.refuseCode
	}
	before := len(d.values)
	for _, name := range d.template.names {
		v := to.Parameter[name]
		if v == nil {
			return kakao.CodeTemplateParameter
		}
		d.values = append(d.values, *v)
	}
	if d.template.content.filledLen(d.values[before:]) > kakao.MaxTemplateContent {
		return kakao.CodeTemplateContent
	}
	return 0
}

func (to *brandRecipientIn) result(b buf, seq, code int) buf {
	reason := ""
	switch code {
	case kakao.CodeNull:
		reason = describe(code, "recipientNo")
	case kakao.CodeTooLong:
		reason = describe(code, "recipientGroupingKey", kakao.MaxGroupingKey)
	case kakao.CodeOK:
	default:
		reason = describe(code)
	}
	return sendResult(b, seq, to.RecipientNo, code, reason, to.RecipientGroupingKey)
}

// parameters are the values of the i-th message's variables.
func (r *request) parameters(i int) []string {
	n := len(r.template.names)
	return r.values[i*n : (i+1)*n]
}

// brandCode is the code of a BrandTalk message with which a FriendTalk message
// would have failed or arrived.
func brandCode(code string) string {
	switch code {
	case kakao.DeliveryOK:
		return kakao.BrandOK
	case kakao.DeliveryNight:
		return kakao.BrandNight
	case kakao.DeliveryUnconfirmed:
		return kakao.BrandUnconfirmed
	}
	if code[0] >= 'A' {
		return code
	}
	return "A" + code
}

// decideAll sets what becomes of all messages. What its values have made too long
// for a wide image does not arrive.
func (r *request) decideAll() {
	for i := range r.messages {
		r.decide(i)
		if r.template != nil {
			r.decideBrand(i)
		}
	}
}

func (r *request) decideBrand(i int) {
	o := &r.messages[i].outcome
	o.code = brandCode(o.code)
	tooLong := r.template.MessageType == kakao.TemplateWide && r.template.content.filledLen(r.parameters(i)) > kakao.MaxTemplateContentWide
	if tooLong && o.code == kakao.BrandOK {
		o.code = kakao.BrandTooLong
	}
}

// arrived reports whether a delivery code is one of success.
func arrived(code string) bool { return code == kakao.DeliveryOK || code == kakao.BrandOK }

// appendListed appends the i-th message of r as a list of its channel shows it.
func (c *call) appendListed(b buf, r *request, i int, sh shape) buf {
	if r.template == nil {
		return r.messages[i].appendTo(b, r, c.now.UnixMilli(), c.sim.cfg.DateLayout, sh)
	}
	return c.appendBrand(b, r, i, sh)
}

// appendDetail appends the i-th message of r as the reading of a single one shows it.
func (c *call) appendDetail(b buf, r *request, i int) buf {
	if r.template == nil {
		return c.withImageURL(r.messages[i]).appendTo(b, r, c.now.UnixMilli(), c.sim.cfg.DateLayout, shapeDetail)
	}
	return c.appendBrand(b, r, i, shapeDetail)
}

func (c *call) appendBrand(b buf, r *request, i int, sh shape) buf {
	m, t := &r.messages[i], r.template
	now, layout := c.now.UnixMilli(), c.sim.cfg.DateLayout
	st := m.state(now)
	b = append(b, '{')
	b = b.text("requestId", r.id).int("recipientSeq", int(m.seq)).text("plusFriendId", r.plusFriendID)
	b = b.text("senderKey", t.SenderKey).text("templateCode", t.Code).text("recipientNo", m.no)
	b = b.date("requestDate", layout, r.sendAt).date("createDate", layout, r.created).date("receiveDate", layout, st.received)
	b = b.text("content", t.content.fill(r.parameters(i)))
	if sh == shapeDetail {
		b = b.null("templateImageUrl", c.templateImageURL(&t.Template)).null("templateImageLink", t.ImageLink)
		b = append(b.name("buttons"), '[')
		for k := range t.Buttons {
			b = t.Buttons[k].appendTo(b, t.filledLinks(k, r.parameters(i)))
		}
		b = append(b.end(']'), ',')
	}
	b = b.text("messageStatus", st.status).null("resultCode", st.code).null("resultCodeName", deliveryName(st.code))
	b = b.null("createUser", r.createUser).null("senderGroupingKey", r.groupingKey).null("recipientGroupingKey", m.key)
	return b.end('}')
}

// filledLinks are the links of the k-th button with values in place of the variables.
func (t *brandTemplate) filledLinks(k int, values []string) [4]string {
	var out [4]string
	for i := range out {
		out[i] = t.links[k][i].fill(values)
	}
	return out
}

// receivedBrand is what arrived of the i-th message.
func (r *request) receivedBrand(i int, at time.Time) Received {
	t := r.template
	out := Received{
		At: at, Kind: "BRANDTALK", To: r.messages[i].no, From: r.plusFriendID, Text: t.content.fill(r.parameters(i)),
		IsAd: true, OptOut: "무료 수신거부 " + t.UnsubscribeContent,
		Image: cmp.Or(t.ImageName, t.ImageURL), ImageFile: t.File, Wide: t.MessageType == kakao.TemplateWide,
	}
	for k, b := range t.Buttons {
		out.Buttons = append(out.Buttons, ReceivedButton{b.Name, t.filledLinks(k, r.parameters(i))[0]})
	}
	return out
}

// deliveryName is the text of either channel's delivery code.
func deliveryName(code string) string { return cmp.Or(brandNames[code], deliveryNames[code]) }

// brandNames are the texts of BrandTalk's delivery codes.
var brandNames = map[string]string{
	kakao.BrandOK:             "성공",
	kakao.BrandNight:          "발송 제한 시간",
	kakao.BrandNotReachable:   "메시지를 전송할 수 없음",
	kakao.BrandPhone:          "전화번호 오류",
	kakao.BrandUnconfirmed:    "알 수 없는 메시지 상태",
	kakao.BrandTooLong:        "메시지 길이 제한 오류",
	kakao.BrandBlockedProfile: "차단 상태의 발신 프로필",
}
