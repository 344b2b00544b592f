package nhnsim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/internal/jsontext"
)

const sendOp = "send"

// sendFriendTalk is endpoint 25. An idempotency key is held while the call is under
// way, and kept for ten minutes when it was accepted.
func sendFriendTalk(c *call) reply {
	key := c.r.Header.Get(kakao.HeaderIdempotencyKey)
	if !c.claimKey(key) {
		c.sim.stats.repeats.Add(1)
		return refuse(kakao.CodeIdempotencyKey)
	}
	answer := c.send(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.inUse, key)
	if key != "" && answer.code != kakao.CodeOK && c.sim.cfg.FailedCallUsesKey {
		e := entry{Type: entryKey, Appkey: c.appkey, At: c.now.UnixMilli(), Key: key}
		if err := c.sim.commit(c.project, e); err != nil {
			return refuse(kakao.CodeSystem)
		}
	}
	return answer
}

// claimKey reports whether no other call has used the key lately or uses it now.
func (c *call) claimKey(key string) bool {
	if key == "" {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	used, known := c.keys[key]
	if c.inUse[key] || known && c.now.UnixMilli()-used < keyLife {
		return false
	}
	c.inUse[key] = true
	return true
}

func (c *call) send(key string) reply {
	in, ok := parseSend(c.body)
	if !ok {
		return refuse(kakao.CodeBody)
	}
	if bad := in.check(); bad != nil {
		return *bad
	}
	sendAt, bad := parseRequestDate(in.RequestDate, c.now, kakao.FriendTalkHorizonDays)
	if bad != nil {
		return *bad
	}
	d, bad := c.draft(&in, sendAt)
	if bad != nil {
		return *bad
	}
	d.fill(&in)
	return c.accept(d, key, func(b buf, i int) buf { return in.RecipientList[i].result(b, i+1, d.refusals[i]) })
}

// check looks at what concerns the whole request but needs no state.
func (in *sendIn) check() *reply {
	return firstBad(
		required("plusFriendId", in.PlusFriendID, kakao.MaxPlusFriendID),
		checkSend(in.RecipientList != nil, len(in.RecipientList), in.SenderGroupingKey, in.CreateUser),
	)
}

// checkSend looks at what all sends have: whether there is a list, of n recipients,
// and how long the other texts are.
func checkSend(listed bool, n int, groupingKey, createUser string) *reply {
	if bad := firstBad(given("recipientList", listed), limited("senderGroupingKey", groupingKey, kakao.MaxGroupingKey)); bad != nil {
		return bad
	}
	switch {
	case n == 0, n > kakao.MaxRecipients:
		return new(refuse(kakao.CodeNotBetween, "recipientList", 1, kakao.MaxRecipients))
	case kakao.Len(createUser) > kakao.MaxCreateUser:
		return new(refuse(kakao.CodeCreateUser))
	}
	return nil
}

// parseRequestDate reads when to send: now for a blank date, and at most so many days
// ahead.
func parseRequestDate(date string, now time.Time, horizonDays int) (time.Time, *reply) {
	if blank(date) {
		return now, nil
	}
	t, err := kakaoDate(date)
	switch {
	case err != nil:
		return t, new(refuse(kakao.CodeDateFormat, "requestDate"))
	case t.Before(now):
		return t, new(refuse(kakao.CodePast))
	case t.After(now.AddDate(0, 0, horizonDays)):
		return t, new(refuse(kakao.CodeHorizon, horizonDays))
	}
	return t, nil
}

// draft is a request before it is accepted, and what it is checked against.
type draft struct {
	*request
	sim      *Sim
	sender   Sender
	images   map[int]Image // never written to
	sms      bool          // whether the project has an SMS service
	fault    fault
	refusals []int // codes by position; 0 is accepted
	last     *style
}

// draft begins a request once the sender may send and the fallback settings that it
// asks for exist.
func (c *call) draft(in *sendIn, sendAt time.Time) (*draft, *reply) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.sender(*in.PlusFriendID)
	if code := c.unable(s, *in.PlusFriendID); code != 0 {
		return nil, new(refuse(code))
	}
	n := len(in.RecipientList)
	d := &draft{
		request: c.newRequest(s, sendAt, n),
		sim:     c.sim, sender: s.Sender, images: c.images, sms: c.smsAppkey != "", fault: c.fault,
		refusals: make([]int, n),
	}
	d.groupingKey, d.createUser = in.SenderGroupingKey, in.CreateUser
	for i := range in.RecipientList {
		if code := d.checkFallback(in.RecipientList[i].Resend); code != 0 {
			return nil, new(refuse(code))
		}
	}
	return d, nil
}

// checkFallback looks at the settings of one recipient's fallback, which concern
// the whole request: nobody is sent anything while they are wrong.
func (d *draft) checkFallback(p *resendIn) int {
	switch {
	case p == nil || !d.resends(p):
		return 0
	case !d.sms, p.SendNo == "" && d.sender.Fallback.SendNo == "":
		return kakao.CodeFallbackNotSet
	case p.SendNo != "" && !validNumber(p.SendNo):
		return kakao.CodeSMSSendNo
	case p.UnsubscribeNo != "" && !validUnsubscribeNo(p.UnsubscribeNo):
		return kakao.CodeUnsubscribeNo
	}
	return 0
}

// fill takes the recipients that nothing is wrong with.
func (d *draft) fill(in *sendIn) {
	for i := range in.RecipientList {
		to := &in.RecipientList[i]
		if d.refusals[i] = d.check(to); d.refusals[i] != 0 {
			continue
		}
		m := message{no: to.RecipientNo.text, key: to.RecipientGroupingKey, content: to.Content.text, style: d.style(to), seq: int32(i + 1)}
		d.messages = append(d.messages, m)
	}
}

// check returns the code that a recipient is refused with, or 0.
func (d *draft) check(to *recipientIn) int {
	switch {
	case !to.RecipientNo.given, !to.Content.given:
		return kakao.CodeNull
	case blank(to.Content.text):
		return kakao.CodeBlank
	case !validNumber(to.RecipientNo.text), lastFour(to.RecipientNo.text) == NumberRefused:
		return kakao.CodeRecipientNo
	case longer(to.RecipientGroupingKey, kakao.MaxGroupingKey), tooLong(to.ImageLink):
		return kakao.CodeTooLong
	case d.fault.refuses(to.RecipientNo.text):
		return d.fault.refuseCode
	}
	if code := d.checkContent(to); code != 0 {
		return code
	}
	if code := checkButtons(to.Buttons); code != 0 {
		return code
	}
	return checkSMS(to)
}

// checkContent looks at the image and at what it leaves room for.
func (d *draft) checkContent(to *recipientIn) int {
	text := to.Content.text
	if to.ImageSeq == 0 {
		return firstCode(longer(text, kakao.MaxContent), kakao.CodeContent, len(to.Buttons) > kakao.MaxButtons, kakao.CodeButton)
	}
	im, ok := d.images[to.ImageSeq]
	switch {
	case !ok:
		return kakao.CodeImageNotFound
	case blank(to.ImageLink):
		return kakao.CodeImageLink
	case im.Wide:
		return firstCode(longer(text, kakao.MaxContentWide), kakao.CodeContentWide, len(to.Buttons) > kakao.MaxButtonsWide, kakao.CodeButtonsWide)
	}
	return firstCode(longer(text, kakao.MaxContentImage), kakao.CodeContentImage, len(to.Buttons) > kakao.MaxButtons, kakao.CodeButton)
}

func firstCode(bad1 bool, code1 int, bad2 bool, code2 int) int {
	switch {
	case bad1:
		return code1
	case bad2:
		return code2
	}
	return 0
}

func checkButtons(buttons []button) int {
	seen := 0
	for i := range buttons {
		b := &buttons[i]
		if code := b.check(); code != 0 {
			return code
		}
		if b.Ordering < 1 || b.Ordering > kakao.MaxButtons || seen&(1<<b.Ordering) != 0 {
			return kakao.CodeButton
		}
		seen |= 1 << b.Ordering
	}
	return 0
}

func (b *button) check() int {
	switch {
	case blank(b.Name):
		return kakao.CodeButtonName
	case longer(b.Name, kakao.MaxButtonName), slices.ContainsFunc([]string{b.LinkMo, b.LinkPC, b.SchemeIOS, b.SchemeAndroid}, tooLong):
		return kakao.CodeButton
	}
	switch b.Type {
	case kakao.ButtonWebLink:
		if blank(b.LinkMo) {
			return kakao.CodeLinkMissing
		}
	case kakao.ButtonAppLink:
		if blank(b.SchemeIOS) || blank(b.SchemeAndroid) {
			return kakao.CodeAppLink
		}
	case kakao.ButtonBotKey, kakao.ButtonDelivery:
	default:
		return kakao.CodeButtonType
	}
	if !webLink(b.LinkMo) || !webLink(b.LinkPC) {
		return kakao.CodeLinkScheme
	}
	return 0
}

func tooLong(link string) bool { return longer(link, kakao.MaxLink) }

// longer compares a text's length with a limit, and mostly need not measure it: it has
// at least as many bytes.
func longer(s string, limit int) bool { return len(s) > limit && kakao.Len(s) > limit }

// webLink takes an empty link too.
func webLink(s string) bool {
	return s == "" || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// Bounds of what the SMS service stores, in characters. What is shorter, but has more
// bytes than go out, is cut.
const (
	maxSMSTitle = 120
	maxSMSText  = 255
	maxLMSText  = 4000
)

// checkSMS looks at the text of a fallback: that of an advertisement begins with
// the ad mark and names an 080 number.
func checkSMS(to *recipientIn) int {
	p := to.Resend
	if p == nil || p.IsResend == saidNo {
		return 0
	}
	switch {
	case p.Type != "" && p.Type != kakao.FallbackSMS && p.Type != kakao.FallbackLMS,
		kakao.Len(p.Title) > maxSMSTitle, kakao.Len(p.Content) > maxLMSText,
		p.Type == kakao.FallbackSMS && kakao.Len(p.Content) > maxSMSText,
		to.ad() && p.Content != "" && !adText(p.Content):
		return kakao.CodeFallbackMessage
	}
	return 0
}

func (to *recipientIn) ad() bool { return to.IsAd == nil || *to.IsAd }

// adText reports whether the text of an SMS has what the law wants of an
// advertisement: the mark before all, and the way out with its 080 number behind all.
// Blanks, hyphens, colons and brackets in that do not matter.
func adText(s string) bool {
	tight := smsPunctuation.Replace(s)
	phrase := strings.TrimRight(tight, "0123456789")
	number := tight[len(phrase):]
	return strings.HasPrefix(strings.TrimSpace(s), kakao.AdMark) && validUnsubscribeNo(number) &&
		(strings.HasSuffix(phrase, "무료수신거부") || strings.HasSuffix(phrase, "무료거부"))
}

var smsPunctuation = strings.NewReplacer(" ", "", "\n", "", "\r", "", "\t", "", "-", "", ":", "", "[", "", "]", "")

// resends reports whether a failure goes out by SMS: where the message does not say,
// the sender's own setting decides.
func (d *draft) resends(p *resendIn) bool {
	if p == nil || p.IsResend == notSaid {
		return d.sms && d.sender.Fallback.IsResend
	}
	return p.IsResend == saidYes
}

// style resolves a recipient's settings with the sender's. An advertisement without
// an 080 number has no fallback.
func (d *draft) style(to *recipientIn) *style {
	st := style{ImageLink: to.ImageLink, Buttons: to.Buttons, IsAd: to.ad(), Fallback: d.resends(to.Resend)}
	if to.ImageSeq != 0 {
		st.Image = d.images[to.ImageSeq]
	}
	st.SendNo, st.UnsubscribeNo = d.sender.Fallback.SendNo, d.sender.Fallback.UnsubscribeNo
	if p := to.Resend; p != nil {
		st.Type, st.Title, st.Content = p.Type, p.Title, p.Content
		st.SendNo, st.UnsubscribeNo = or(p.SendNo, st.SendNo), or(p.UnsubscribeNo, st.UnsubscribeNo)
	}
	if st.SendNo == "" || st.IsAd && st.UnsubscribeNo == "" {
		st.Fallback = false
	}
	if d.last == nil || !d.last.equal(&st) {
		d.last = new(st)
	}
	return d.last
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// resultOf appends what became of the i-th recipient of a request.
type resultOf func(b buf, i int) buf

// accept stores the request unless nobody is left in it or it exceeds what the sender
// may send that day.
func (c *call) accept(d *draft, key string, result resultOf) reply {
	n, refused := len(d.messages), int64(len(d.refusals)-len(d.messages))
	if n == 0 {
		c.sim.stats.refused.Add(refused)
		return reply{code: kakao.CodeAllRefused, message: describe(kakao.CodeAllRefused), body: d.answer(result, false)}
	}
	d.overrides = c.sim.overridesOf(d.messages)
	d.decideAll()
	line, err := d.line(c.appkey, key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if bad := c.recheck(d); bad != nil {
		return *bad
	}
	if err == nil && d.wait(c.queue) {
		d.decideAll()
		line, err = d.line(c.appkey, key)
	}
	if err != nil {
		return refuse(kakao.CodeSystem)
	}
	answer := c.done(entry{Type: entrySend, Appkey: c.appkey, At: d.created, ID: d.id, Key: key, request: d.request, raw: line}, nil)
	if answer.code == kakao.CodeOK {
		answer.body = d.answer(result, true)
		c.sim.stats.accepted.Add(int64(n))
		c.sim.stats.refused.Add(refused)
	}
	return answer
}

// recheck looks at what may have changed since the draft was begun. The caller holds
// c.mu.
func (c *call) recheck(d *draft) *reply {
	s := c.sender(d.plusFriendID)
	if s == nil {
		return new(refuse(kakao.CodeSenderNotFound))
	}
	if d.template != nil && s.template(d.template.Code) != d.template {
		return new(refuse(kakao.CodeTemplateStatus))
	}
	ch := d.channel()
	if limit := s.limit(ch); limit > 0 && c.sentBy(ch, d.plusFriendID)[day(d.sendAt)]+len(d.messages) > limit {
		return new(refuse(kakao.CodeDailyMax))
	}
	return nil
}

// answer tells what became of each recipient, under a request id if any was taken.
func (d *draft) answer(result resultOf, accepted bool) buf {
	b := make(buf, 0, 256+len(d.refusals)*(96+len(d.groupingKey)))
	b = append(b.name("message"), '{')
	id := ""
	if accepted {
		id = d.id
	}
	b = b.null("requestId", id).null("senderGroupingKey", d.groupingKey)
	b = append(b.name("sendResults"), '[')
	for i := range d.refusals {
		b = append(result(b, i), ',')
	}
	b = append(b.end(']'), ',')
	return append(b.end('}'), ',')
}

func (to *recipientIn) result(b buf, seq, code int) buf {
	reason := ""
	if code != kakao.CodeOK {
		reason = to.reason(code)
	}
	return sendResult(b, seq, to.RecipientNo.pointer(), code, reason, to.RecipientGroupingKey)
}

// sendResult appends what became of one recipient; the reason is that of a refusal.
func sendResult(b buf, seq int, no *string, code int, reason, groupingKey string) buf {
	b = append(b, `{"recipientSeq":`...)
	b = strconv.AppendInt(b, int64(seq), 10)
	b = append(b, `,"recipientNo":`...)
	if no == nil {
		b = append(b, "null"...)
	} else {
		b = jsontext.AppendString(b, *no)
	}
	if code == kakao.CodeOK {
		b = append(b, `,"resultCode":0,"resultMessage":"SUCCESS",`...)
	} else {
		b = append(b, ',')
		b = b.int("resultCode", code).text("resultMessage", reason)
	}
	return b.null("recipientGroupingKey", groupingKey).end('}')
}

// reason is the message of a refusal, with the names that belong in it.
func (to *recipientIn) reason(code int) string {
	switch {
	case code == kakao.CodeNull && !to.RecipientNo.given:
		return describe(code, "recipientNo")
	case code == kakao.CodeNull, code == kakao.CodeBlank:
		return describe(code, "content")
	case code == kakao.CodeTooLong && tooLong(to.ImageLink):
		return describe(code, "imageLink", kakao.MaxLink)
	case code == kakao.CodeTooLong:
		return describe(code, "recipientGroupingKey", kakao.MaxGroupingKey)
	}
	return describe(code)
}
