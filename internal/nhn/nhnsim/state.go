package nhnsim

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"soshik/internal/kakao"
)

// everything is all there is, for people and tests to look at.
type everything struct {
	Appkeys   []appkeyState `json:"appkeys"`
	Senders   []senderState `json:"senders"`
	Groups    []any         `json:"groups"`
	Templates []any         `json:"templates"`
	Images    []imageState  `json:"images"`
	Faults    []Fault       `json:"faults"`
	Clock     Clock         `json:"clock"`
}

type appkeyState struct {
	Appkey    string `json:"appkey"`
	SecretKey string `json:"secretKey"`
	SMSAppkey string `json:"smsAppkey"`
	Requests  int    `json:"requests"`
}

// senderState is a sender as the control paths show and take it.
type senderState struct {
	Appkey           string    `json:"appkey"`
	PlusFriendID     string    `json:"plusFriendId"`
	SenderKey        string    `json:"senderKey"`
	CategoryCode     string    `json:"categoryCode"`
	PhoneNo          string    `json:"phoneNo"`
	Status           string    `json:"status"` // kakao.Sender…
	Token            *int      `json:"token"`  // null unless one was sent
	TokenDate        time.Time `json:"tokenDate,omitzero"`
	Dormant          bool      `json:"dormant"`
	Blocked          bool      `json:"blocked"`
	FirstTime        bool      `json:"firstTime"`
	ProfileStatus    string    `json:"profileStatus"` // empty follows from blocked
	Fallback         Fallback  `json:"fallback"`
	DailyMax         int       `json:"dailyMax"`
	AlimTalkDailyMax int       `json:"alimtalkDailyMax"`
	SentToday        int       `json:"sentToday"`
	CreateDate       time.Time `json:"createDate"`
}

type imageState struct {
	Appkey    string `json:"appkey"`
	ImageSeq  int    `json:"imageSeq"`
	ImageName string `json:"imageName"`
	ImageURL  string `json:"imageUrl"`
	Wide      bool   `json:"wide"`
}

// getState reads one project after the other, each as a whole.
func (s *Sim) getState(*http.Request) (any, error) {
	now := s.Now()
	out := everything{Appkeys: []appkeyState{}, Senders: []senderState{}, Groups: []any{}, Templates: []any{}, Images: []imageState{}}
	for _, p := range s.all() {
		p.mu.RLock()
		out.Appkeys = append(out.Appkeys, appkeyState{p.appkey, p.secret, p.smsAppkey, len(p.requests)})
		for _, x := range p.senders {
			out.Senders = append(out.Senders, p.stateSender(x, now))
		}
		out.Groups = append(out.Groups, p.stateGroups()...)
		out.Templates = append(out.Templates, p.stateTemplates()...)
		out.Images = append(out.Images, p.stateImages()...)
		p.mu.RUnlock()
	}
	out.Faults, out.Clock = s.Faults().Rules, s.Clock()
	return out, nil
}

// stateSender shows x. The caller holds p.mu.
func (p *project) stateSender(x *sender, now time.Time) senderState {
	out := senderState{
		Appkey: p.appkey, PlusFriendID: x.PlusFriendID, SenderKey: x.SenderKey, CategoryCode: x.CategoryCode, PhoneNo: x.PhoneNo,
		Status: x.status(), Dormant: x.Dormant, Blocked: x.Blocked, FirstTime: x.FirstTime, ProfileStatus: x.ProfileStatus,
		Fallback: x.Fallback, DailyMax: x.DailyMax, AlimTalkDailyMax: x.AlimTalkDailyMax,
		SentToday: x.sent[day(now.UnixMilli())], CreateDate: x.CreateDate.In(kakao.KST),
	}
	if x.Token != 0 {
		out.Token, out.TokenDate = new(x.Token), x.TokenDate.In(kakao.KST)
	}
	return out
}

// stateGroups are the groups with their members. The caller holds p.mu.
func (p *project) stateGroups() []any { return nil }

// stateTemplates are the templates of all senders. The caller holds p.mu.
func (p *project) stateTemplates() []any { return nil }

// stateImages are the images by number. The caller holds p.mu.
func (p *project) stateImages() []imageState {
	var out []imageState
	for _, seq := range slices.Sorted(maps.Keys(p.images)) {
		im := p.images[seq]
		out = append(out, imageState{p.appkey, im.Seq, im.Name, im.URL, im.Wide})
	}
	return out
}

// postAppkey makes an appkey, or changes its keys.
func (s *Sim) postAppkey(r *http.Request) (any, error) {
	var in appkeyState
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.Appkey == "" {
		return nil, errors.New("appkey: is missing")
	}
	if in.SecretKey == "" {
		return nil, errors.New("secretKey: is missing")
	}
	if err := s.AddAppkey(in.Appkey, in.SecretKey); err != nil {
		return nil, err
	}
	if in.SMSAppkey != "" {
		if err := s.SetSMSAppkey(in.Appkey, in.SMSAppkey); err != nil {
			return nil, err
		}
	}
	p := s.project(in.Appkey)
	if p == nil {
		return nil, errReset
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return appkeyState{p.appkey, p.secret, p.smsAppkey, len(p.requests)}, nil
}

// postSender makes a sender, or changes of one what is given, and answers it. A new
// one is registered unless its status or a token says otherwise. What only the
// simulator knows, such as sentToday, is taken and left out, so that a sender can be
// posted back as it was read.
func (s *Sim) postSender(r *http.Request) (any, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	var in senderState
	if err := strict(body, &in); err != nil {
		return nil, err
	}
	p, err := s.named(in.Appkey)
	if err != nil {
		return nil, err
	}
	if blank(in.PlusFriendID) {
		return nil, errors.New("plusFriendId: is missing")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	changed, err := p.changedSender(in, body)
	if err != nil {
		return nil, err
	}
	if err := s.commit(p, entry{Type: entrySender, Appkey: p.appkey, Sender: &changed}); err != nil {
		return nil, err
	}
	return p.stateSender(p.sender(changed.PlusFriendID), s.Now()), nil
}

// named is the project of an appkey, which may be left out where there is only one.
func (s *Sim) named(appkey string) (*project, error) {
	if all := s.all(); appkey == "" && len(all) == 1 {
		return all[0], nil
	}
	if appkey == "" {
		return nil, errors.New("appkey: is missing")
	}
	if p := s.project(appkey); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("appkey: %q is unknown", appkey)
}

// changedSender is the sender that in names with what body gives. The caller holds
// p.mu.
func (p *project) changedSender(in senderState, body []byte) (Sender, error) {
	now := p.sim.Now()
	out := Sender{PlusFriendID: in.PlusFriendID, Registered: true}
	before := senderState{Status: kakao.SenderRegistered}
	old := p.sender(in.PlusFriendID)
	if old != nil {
		out, before = old.Sender, p.stateSender(old, now)
	} else if in.Status == kakao.SenderWaiting || in.Token != nil && in.Status == "" {
		before.Status, out.Registered = kakao.SenderWaiting, false
	}
	after := before
	if err := strict(body, &after); err != nil {
		return out, err
	}
	if err := after.check(old != nil, before); err != nil {
		return out, err
	}
	for _, x := range p.senders {
		if x.SenderKey == after.SenderKey && x.PlusFriendID != in.PlusFriendID {
			return out, fmt.Errorf("senderKey: is that of %s", x.PlusFriendID)
		}
	}
	out.SenderKey, out.CategoryCode, out.PhoneNo = after.SenderKey, after.CategoryCode, after.PhoneNo
	out.Registered = after.Status == kakao.SenderRegistered
	out.Dormant, out.Blocked, out.FirstTime, out.ProfileStatus = after.Dormant, after.Blocked, after.FirstTime, after.ProfileStatus
	out.Fallback, out.DailyMax, out.AlimTalkDailyMax = after.Fallback, after.DailyMax, after.AlimTalkDailyMax
	if after.Token == nil {
		out.Token, out.TokenDate = 0, time.Time{}
	} else if *after.Token != out.Token {
		out.Token, out.TokenDate = *after.Token, now
	}
	if !after.CreateDate.IsZero() {
		out.CreateDate = after.CreateDate
	}
	out.complete(p.appkey, now)
	return out, nil
}

// check says in a sentence what is wrong with a sender.
func (x *senderState) check(exists bool, before senderState) error {
	switch {
	case x.Status != kakao.SenderRegistered && x.Status != kakao.SenderWaiting:
		return fmt.Errorf("status: %q is neither %s nor %s", x.Status, kakao.SenderWaiting, kakao.SenderRegistered)
	case exists && x.SenderKey != before.SenderKey:
		return fmt.Errorf("senderKey: that of %s is %s, and stays so", x.PlusFriendID, before.SenderKey)
	case kakao.Len(x.PlusFriendID) > kakao.MaxPlusFriendID:
		return fmt.Errorf("plusFriendId: is longer than %d characters", kakao.MaxPlusFriendID)
	case x.CategoryCode != "" && !categoryExists(x.CategoryCode):
		return fmt.Errorf("categoryCode: %q is none", x.CategoryCode)
	case x.PhoneNo != "" && !validNumber(x.PhoneNo):
		return fmt.Errorf("phoneNo: %q is no number", x.PhoneNo)
	case x.Token != nil && *x.Token <= 0:
		return fmt.Errorf("token: %d is not above 0", *x.Token)
	case x.DailyMax < 0 || x.AlimTalkDailyMax < 0:
		return errors.New("dailyMax, alimtalkDailyMax: 0 is no limit, and nothing is below it")
	}
	return nil
}

// postGroup makes a group, or replaces its members.
func (s *Sim) postGroup(*http.Request) (any, error) {
	return nil, errors.New("groups are not simulated")
}
