package nhnsim

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
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
	sent map[int]int // FriendTalk messages by day

	brandSent map[int]int      // BrandTalk messages by day
	templates []*brandTemplate // in the order of registration
}

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
	in.complete(appkey, s.cfg.Now())
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
func (p *project) sender(plusFriendID string) *sender {
	for _, s := range p.senders {
		if s.PlusFriendID == plusFriendID {
			return s
		}
	}
	return nil
}

func (p *project) putSender(in Sender) {
	if s := p.sender(in.PlusFriendID); s != nil {
		s.Sender = in
		return
	}
	p.senders = append(p.senders, &sender{Sender: in, sent: map[int]int{}, brandSent: map[int]int{}})
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
		in.CreateDate = old.CreateDate
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

// showSender is endpoint 5.
func showSender(c *call) reply {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, s := range c.senders {
		if s.SenderKey == c.r.PathValue("senderKey") {
			return succeed(append(c.senderJSON(buf(nil).name("sender"), s), ','))
		}
	}
	return refuse(kakao.CodeSenderNotFound)
}

// listSenders is endpoint 6.
func listSenders(c *call) reply {
	q := c.r.URL.Query()
	pg, bad := parsePage(q)
	if bad != nil {
		return *bad
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
	b = append(b.int("sentCount", s.sent[day(c.now.UnixMilli())]).end('}'), ',')
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
