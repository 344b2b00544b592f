package nhnsim

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// Sender is a KakaoTalk channel, for seeding and as the journal keeps it.
type Sender struct {
	PlusFriendID     string    `json:"plusFriendId"`
	SenderKey        string    `json:"senderKey,omitempty"`    // made from the appkey and the id unless set
	CategoryCode     string    `json:"categoryCode,omitempty"` // that of general hospitals unless set
	PhoneNo          string    `json:"phoneNo,omitempty"`      // the administrator's
	Registered       bool      `json:"registered,omitempty"`   // its token was entered
	Dormant          bool      `json:"dormant,omitempty"`
	Blocked          bool      `json:"blocked,omitempty"`
	ProfileStatus    string    `json:"profileStatus,omitempty"` // kakao.Profile…; activated or blocked unless set
	Fallback         Fallback  `json:"fallback,omitzero"`
	DailyMax         int       `json:"dailyMax,omitempty"` // FriendTalk messages; 0 is no limit
	AlimTalkDailyMax int       `json:"alimtalkDailyMax,omitempty"`
	CreateDate       time.Time `json:"createDate,omitzero"` // now unless set
	Token            int       `json:"token,omitempty"`     // 8 digits; drawn while waiting unless set
	TokenDate        time.Time `json:"tokenDate,omitzero"`  // when the token was sent
	FirstTime        bool      `json:"firstTime,omitempty"` // restricted as first-time users are: it cannot join a group

	BrandTalkDailyMax int `json:"brandtalkDailyMax,omitempty"` // 0 is no limit
}

// Fallback is a sender's SMS fallback. It is set when SendNo is, and needs the
// project's SMS appkey.
type Fallback struct {
	IsResend      bool   `json:"isResend,omitempty"`
	SendNo        string `json:"sendNo,omitempty"`
	UnsubscribeNo string `json:"unsubscribeNo,omitempty"`
}

// sender is a Sender and what it has sent.
type sender struct {
	Sender
	templates []*brandTemplate // in the order of registration
}

// entrySenderGone is a journal entry with the key of a deleted sender.
const entrySenderGone = "sender gone"

const defaultCategory = "00100010001"

// AddSender makes a sender known and returns it as it is from now on: a sender of
// that name that exists already stays as it is.
func (s *Sim) AddSender(appkey string, in Sender) (Sender, error) {
	p := s.project(appkey)
	if p == nil {
		return Sender{}, fmt.Errorf("appkey %q is unknown", appkey)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.sender(in.PlusFriendID); old != nil {
		return old.Sender, nil
	}
	in.complete(appkey, s.Now())
	if p.senderKeys[in.SenderKey] != nil || p.groups[in.SenderKey] != nil {
		return Sender{}, fmt.Errorf("sender key %q is taken", in.SenderKey)
	}
	err := s.commit(p, entry{Type: entrySender, Appkey: appkey, Sender: &in})
	return in, err
}

// SetSender changes a sender behind the API's back: it becomes dormant, is blocked,
// gets another daily maximum.
func (s *Sim) SetSender(appkey, plusFriendID string, change func(*Sender)) error {
	p := s.project(appkey)
	if p == nil {
		return fmt.Errorf("appkey %q is unknown", appkey)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.sender(plusFriendID)
	if old == nil {
		return fmt.Errorf("sender %q is unknown", plusFriendID)
	}
	changed := old.Sender
	change(&changed)
	changed.PlusFriendID = plusFriendID
	return s.commit(p, entry{Type: entrySender, Appkey: appkey, Sender: &changed})
}

// SetSMSAppkey sets the SMS service of a project for seeding. Unlike the API's
// endpoint it changes nothing when it is set already.
func (s *Sim) SetSMSAppkey(appkey, smsAppkey string) error {
	p := s.project(appkey)
	if p == nil {
		return fmt.Errorf("appkey %q is unknown", appkey)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.smsAppkey == smsAppkey {
		return nil
	}
	return s.commit(p, entry{Type: entrySMSAppkey, Appkey: appkey, SMS: smsAppkey})
}

func (s *Sender) complete(appkey string, now time.Time) {
	if s.SenderKey == "" {
		sum := sha1.Sum([]byte(appkey + "/" + s.PlusFriendID)) // 40 digits, as keys have
		s.SenderKey = hex.EncodeToString(sum[:])
	}
	if s.CategoryCode == "" {
		s.CategoryCode = defaultCategory
	}
	if s.CreateDate.IsZero() {
		s.CreateDate = now
	}
	if !s.Registered && s.Token == 0 {
		s.Token = 10_000_000 + rand.IntN(90_000_000)
		s.TokenDate = now
	}
}

// sender is nil for an unknown one. The caller holds p.mu.
func (p *project) sender(plusFriendID string) *sender { return p.senderNames[plusFriendID] }

func (p *project) putSender(in Sender) {
	s := p.sender(in.PlusFriendID)
	if s == nil {
		s = &sender{}
		p.senders = append(p.senders, s)
	}
	delete(p.senderKeys, s.SenderKey)
	s.Sender = in
	p.senderNames[in.PlusFriendID], p.senderKeys[in.SenderKey] = s, s
}

// sentBy counts what a sender has sent in a channel by day. One that is deleted and
// registered again has not sent less. The caller holds p.mu for writing.
func (p *project) sentBy(ch channel, plusFriendID string) map[int]int {
	key := sentKey{ch, plusFriendID}
	if p.sent[key] == nil {
		p.sent[key] = map[int]int{}
	}
	return p.sent[key]
}

type sentKey struct {
	channel      channel
	plusFriendID string
}

// dropSender forgets a sender with its templates. What it was accepted for stays.
func (p *project) dropSender(senderKey string, at int64) error {
	s := p.senderKeys[senderKey]
	if s == nil {
		return fmt.Errorf("sender %q that was deleted is unknown", senderKey)
	}
	delete(p.senderKeys, senderKey)
	delete(p.senderNames, s.PlusFriendID)
	p.senders = slices.DeleteFunc(p.senders, func(other *sender) bool { return other == s })
	for _, g := range p.groups {
		g.drop(senderKey, at)
	}
	return nil
}

// unable is the code for why a sender cannot send, or 0.
func (s *Sender) unable() int {
	_, profile := s.kakao()
	switch {
	case s.Blocked, profile == kakao.ProfileBlocked:
		return kakao.CodeSenderBlocked
	case !s.Registered, s.Dormant, profile != kakao.ProfileActivated:
		return kakao.CodeSenderInactive
	}
	return 0
}

// registerSender is endpoint 2. A channel that still waits for its token may be
// registered again and gets a new one.
func registerSender(c *call) reply {
	var in struct {
		PlusFriendID *string `json:"plusFriendId"`
		PhoneNo      *string `json:"phoneNo"`
		CategoryCode *string `json:"categoryCode"`
	}
	if json.Unmarshal(c.body, &in) != nil {
		return refuse(kakao.CodeBody)
	}
	if bad := firstBad(
		required("plusFriendId", in.PlusFriendID, kakao.MaxPlusFriendID),
		required("phoneNo", in.PhoneNo, kakao.MaxPhoneNo),
		required("categoryCode", in.CategoryCode, kakao.CategoryCodeLen),
	); bad != nil {
		return *bad
	}
	switch {
	case !validNumber(*in.PhoneNo):
		return refuse(kakao.CodeParameter, "phoneNo")
	case len(*in.CategoryCode) < kakao.CategoryCodeLen:
		return refuse(kakao.CodeTooSmall, "categoryCode", kakao.CategoryCodeLen)
	case !categoryExists(*in.CategoryCode):
		return refuse(kakao.CodeParameter, "categoryCode")
	}
	return c.register(Sender{PlusFriendID: *in.PlusFriendID, PhoneNo: *in.PhoneNo, CategoryCode: *in.CategoryCode})
}

func (c *call) register(in Sender) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	in.DailyMax, in.AlimTalkDailyMax = max(c.sim.cfg.NewSenderDailyMax, 0), max(c.sim.cfg.NewSenderDailyMax, 0)
	if old := c.sender(in.PlusFriendID); old != nil {
		if old.Registered {
			return refuse(kakao.CodeSenderExists)
		}
		in.SenderKey, in.CreateDate, in.FirstTime = old.SenderKey, old.CreateDate, old.FirstTime
	}
	in.complete(c.appkey, c.now)
	return c.done(entry{Type: entrySender, Appkey: c.appkey, Sender: &in}, nil)
}

// done commits an entry and answers with body. The caller holds c.mu.
func (c *call) done(e entry, body buf) reply {
	if err := c.sim.commit(c.project, e); err != nil {
		c.sim.cfg.Log.Error("simulator cannot keep its state", "err", err)
		return refuse(kakao.CodeSystem)
	}
	return succeed(body)
}

// enterToken is endpoint 3. The token may be a number or a string of digits.
func enterToken(c *call) reply {
	var in struct {
		PlusFriendID *string         `json:"plusFriendId"`
		Token        json.RawMessage `json:"token"`
	}
	if json.Unmarshal(c.body, &in) != nil {
		return refuse(kakao.CodeBody)
	}
	if bad := required("plusFriendId", in.PlusFriendID, kakao.MaxPlusFriendID); bad != nil {
		return *bad
	}
	if len(in.Token) == 0 || string(in.Token) == "null" {
		return refuse(kakao.CodeNull, "token")
	}
	token, err := strconv.Atoi(strings.Trim(string(in.Token), `"`))
	if err != nil {
		return refuse(kakao.CodeBody)
	}
	return c.authenticate(*in.PlusFriendID, token)
}

func (c *call) authenticate(plusFriendID string, token int) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sender(plusFriendID)
	switch {
	case s == nil:
		return refuse(kakao.CodeSenderNotFound)
	case s.Registered:
		return refuse(kakao.CodeSenderExists)
	case s.Token != token:
		return refuse(kakao.CodeToken)
	}
	registered := s.Sender
	registered.Registered = true
	var b buf
	if !c.sim.cfg.TokenWithoutBody {
		b = append(b.name("sender"), '{')
		b = b.text("plusFriendId", registered.PlusFriendID).text("senderKey", registered.SenderKey)
		b = b.text("categoryCode", registered.CategoryCode).text("status", kakao.SenderRegistered)
		b = append(b.end('}'), ',')
	}
	return c.done(entry{Type: entrySender, Appkey: c.appkey, Sender: &registered}, b)
}

// deleteSender is endpoint 4. The channel may be registered again.
func deleteSender(c *call) reply {
	key := c.r.PathValue("senderKey")
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.groups[key] != nil:
		return refuse(kakao.CodeGroupUndeletable)
	case c.senderKeys[key] == nil:
		return refuse(kakao.CodeSenderNotFound)
	}
	return c.done(entry{Type: entrySenderGone, Appkey: c.appkey, At: c.now.UnixMilli(), SenderKey: key}, nil)
}

// showSender is endpoint 5.
func showSender(c *call) reply {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.senderKeys[c.r.PathValue("senderKey")]
	if s == nil {
		return refuse(kakao.CodeSenderNotFound)
	}
	return succeed(append(c.senderJSON(buf(nil).name("sender"), s), ','))
}

// listSenders is endpoint 6.
func listSenders(c *call) reply {
	q := c.r.URL.Query()
	pg, bad := parsePage(q)
	if bad != nil {
		return *bad
	}
	if st := q.Get("status"); st != "" && st != kakao.SenderWaiting && st != kakao.SenderRegistered {
		return refuse(kakao.CodeInvalid)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	b, total := append(buf(nil).name("senders"), '['), 0
	for _, s := range c.senders {
		if !matches(q, "plusFriendId", s.PlusFriendID) || !matches(q, "senderKey", s.SenderKey) || !matches(q, "status", s.status()) {
			continue
		}
		if pg.holds(total) {
			b = append(c.senderJSON(b, s), ',')
		}
		total++
	}
	return succeed(append(b.end(']'), ',').int("totalCount", total))
}

func (s *Sender) status() string {
	if s.Registered {
		return kakao.SenderRegistered
	}
	return kakao.SenderWaiting
}

// version is that of the sender API by which the call came.
func (c *call) version() string { return strings.Split(c.r.URL.Path, "/")[2] }

// senderJSON appends s as the API shows it. The caller holds c.mu.
func (c *call) senderJSON(b buf, s *sender) buf {
	b = append(b, '{')
	b = b.text("plusFriendId", s.PlusFriendID).text("senderKey", s.SenderKey).text("categoryCode", s.CategoryCode)
	b = b.text("status", s.status())
	if s.Registered {
		b = b.text("statusName", "정상 등록")
	} else {
		b = b.text("statusName", "등록 대기 중")
	}
	kakaoStatus, profile := s.kakao()
	b = b.null("kakaoStatus", kakaoStatus).null("kakaoStatusName", kakaoStatusNames[kakaoStatus])
	b = b.null("kakaoProfileStatus", profile).null("kakaoProfileStatusName", profileNames[profile])
	b = append(b.name("alimtalk"), '{')
	b = c.fallbackJSON(b, Fallback{}, false).int("dailyMaxCount", s.AlimTalkDailyMax).int("sentCount", 0)
	b = append(append(b.end('}'), ',').name("friendtalk"), '{')
	b = c.fallbackJSON(b, s.Fallback, true).int("dailyMaxCount", s.DailyMax)
	b = append(b.int("sentCount", c.sent[sentKey{channelFriendTalk, s.PlusFriendID}][day(c.now.UnixMilli())]).end('}'), ',')
	b = b.bool("dormant", s.Dormant).bool("block", s.Blocked)
	return b.date("createDate", c.sim.cfg.DateLayout, s.CreateDate.UnixMilli()).end('}')
}

func (c *call) fallbackJSON(b buf, f Fallback, friendTalk bool) buf {
	if c.version() != kakao.SenderAPIv20 {
		b = b.null("resendAppKey", c.smsAppkey)
	}
	b = b.bool("isResend", f.IsResend).null("resendSendNo", f.SendNo)
	if friendTalk {
		b = b.null("resendUnsubscribeNo", f.UnsubscribeNo)
	}
	return b
}

// kakao is what KakaoTalk says of the channel: nothing while it waits.
func (s *Sender) kakao() (status, profile string) {
	switch {
	case !s.Registered:
		return "", ""
	case s.Blocked:
		status, profile = kakao.KakaoStatusBlocked, kakao.ProfileBlocked
	default:
		status, profile = kakao.KakaoStatusNormal, kakao.ProfileActivated
	}
	if s.ProfileStatus != "" {
		profile = s.ProfileStatus
	}
	return status, profile
}

var kakaoStatusNames = map[string]string{
	kakao.KakaoStatusNormal:  "정상",
	kakao.KakaoStatusBlocked: "차단",
}

var profileNames = map[string]string{
	kakao.ProfileActivated:   "활성화",
	kakao.ProfileBlocked:     "차단",
	kakao.ProfileDeactivated: "비활성화",
	kakao.ProfileDeleted:     "삭제",
	kakao.ProfileDeleting:    "삭제 처리 중",
}
