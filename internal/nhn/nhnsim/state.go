package nhnsim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// everything is all there is, for people and tests to look at.
type everything struct {
	Appkeys   []appkeyState   `json:"appkeys"`
	Senders   []senderState   `json:"senders"`
	Groups    []groupState    `json:"groups"`
	Templates []templateState `json:"templates"`
	Images    []imageState    `json:"images"`
	Faults    []Fault         `json:"faults"`
	Clock     Clock           `json:"clock"`
}

type appkeyState struct {
	Appkey    string `json:"appkey"`
	SecretKey string `json:"secretKey"`
	SMSAppkey string `json:"smsAppkey"`

	Disabled   bool `json:"disabled"`
	Unverified bool `json:"unverified"`
	Requests   int  `json:"requests"`
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

	BrandTalkDailyMax  int `json:"brandtalkDailyMax"`
	BrandTalkSentToday int `json:"brandtalkSentToday"`

	CreateDate time.Time `json:"createDate"`
}

// groupState is a group. Its members are sender keys; given, plusFriendIds will do.
type groupState struct {
	Appkey     string    `json:"appkey"`
	GroupName  string    `json:"groupName"`
	SenderKey  string    `json:"senderKey"`
	Status     string    `json:"status"` // kakao.Sender…
	Members    []string  `json:"members"`
	CreateDate time.Time `json:"createDate"`
	UpdateDate time.Time `json:"updateDate"`
}

// templateState is a template, named by its sender's key or id.
type templateState struct {
	Appkey       string `json:"appkey"`
	PlusFriendID string `json:"plusFriendId"`
	Template
}

type imageState struct {
	Appkey     string    `json:"appkey"`
	ImageSeq   int       `json:"imageSeq"`
	ImageName  string    `json:"imageName"`
	ImageURL   string    `json:"imageUrl"` // on this simulator
	Wide       bool      `json:"wide"`
	CreateDate time.Time `json:"createDate"`
}

// getState reads one project after the other, each as a whole.
func (s *Sim) getState(*http.Request) (any, error) {
	now := s.Now()
	out := everything{Appkeys: []appkeyState{}, Senders: []senderState{}, Groups: []groupState{}, Templates: []templateState{}, Images: []imageState{}}
	for _, p := range s.all() {
		p.mu.RLock()
		out.Appkeys = append(out.Appkeys, p.stateAppkey())
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

// stateAppkey shows the appkey. The caller holds p.mu.
func (p *project) stateAppkey() appkeyState {
	return appkeyState{p.appkey, p.secret, p.smsAppkey, p.state.Disabled, p.state.Unverified, len(p.requests)}
}

// stateSender shows x. The caller holds p.mu.
func (p *project) stateSender(x *sender, now time.Time) senderState {
	out := senderState{
		Appkey: p.appkey, PlusFriendID: x.PlusFriendID, SenderKey: x.SenderKey, CategoryCode: x.CategoryCode, PhoneNo: x.PhoneNo,
		Status: x.status(), Dormant: x.Dormant, Blocked: x.Blocked, FirstTime: x.FirstTime, ProfileStatus: x.ProfileStatus,
		Fallback: x.Fallback, DailyMax: x.DailyMax, AlimTalkDailyMax: x.AlimTalkDailyMax,
		SentToday: p.sent[sentKey{channelFriendTalk, x.PlusFriendID}][day(now.UnixMilli())], CreateDate: x.CreateDate.In(kakao.KST),
		BrandTalkDailyMax: x.BrandTalkDailyMax, BrandTalkSentToday: p.sent[sentKey{channelBrandTalk, x.PlusFriendID}][day(now.UnixMilli())],
	}
	if x.Token != 0 {
		out.Token, out.TokenDate = new(x.Token), x.TokenDate.In(kakao.KST)
	}
	return out
}

// stateGroups are the groups by name. The caller holds p.mu.
func (p *project) stateGroups() []groupState {
	var out []groupState
	for _, g := range p.groups {
		out = append(out, p.stateGroup(g))
	}
	slices.SortFunc(out, func(a, b groupState) int {
		return cmp.Or(strings.Compare(a.GroupName, b.GroupName), strings.Compare(a.SenderKey, b.SenderKey))
	})
	return out
}

func (p *project) stateGroup(g *group) groupState {
	members := append([]string{}, g.Members...)
	return groupState{p.appkey, g.Name, g.SenderKey, g.Status, members, g.CreateDate.In(kakao.KST), g.UpdateDate.In(kakao.KST)}
}

// stateTemplates are the templates of all senders. The caller holds p.mu.
func (p *project) stateTemplates() []templateState {
	var out []templateState
	for _, x := range p.senders {
		for _, t := range x.templates {
			out = append(out, p.stateTemplate(x, t))
		}
	}
	return out
}

func (p *project) stateTemplate(x *sender, t *brandTemplate) templateState {
	out := templateState{p.appkey, x.PlusFriendID, t.copy()}
	out.CreateDate, out.UpdateDate = t.CreateDate.In(kakao.KST), t.UpdateDate.In(kakao.KST)
	return out
}

// stateImages are the images by number. The caller holds p.mu.
func (p *project) stateImages() []imageState {
	var out []imageState
	for _, seq := range slices.Sorted(maps.Keys(p.images)) {
		im := p.images[seq]
		out = append(out, imageState{p.appkey, im.Seq, im.Name, imagePath + im.File, im.Wide, time.UnixMilli(im.Created).In(kakao.KST)})
	}
	return out
}

// postAppkey makes an appkey, or changes of one what is given.
func (s *Sim) postAppkey(r *http.Request) (any, error) {
	body, err := controlBody(r)
	if err != nil {
		return nil, err
	}
	var in appkeyState
	if err := strict(body, &in); err != nil {
		return nil, err
	}
	if old := s.project(in.Appkey); old != nil {
		old.mu.RLock()
		in = old.stateAppkey()
		old.mu.RUnlock()
		if err := strict(body, &in); err != nil {
			return nil, err
		}
	}
	if err := s.putAppkey(in); err != nil {
		return nil, err
	}
	p, err := s.named(in.Appkey)
	if err != nil {
		return nil, err
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.stateAppkey(), nil
}

func (s *Sim) putAppkey(in appkeyState) error {
	switch {
	case in.Appkey == "":
		return errors.New("appkey: is missing")
	case in.SecretKey == "":
		return errors.New("secretKey: is missing")
	}
	if err := s.AddAppkey(in.Appkey, in.SecretKey); err != nil {
		return err
	}
	if in.SMSAppkey != "" {
		if err := s.SetSMSAppkey(in.Appkey, in.SMSAppkey); err != nil {
			return err
		}
	}
	return s.SetAppkeyState(in.Appkey, AppkeyState{in.Disabled, in.Unverified})
}

// postSender makes a sender, or changes of one what is given, and answers it. A new
// one is registered unless its status or a token says otherwise. What only the
// simulator knows, such as sentToday, is taken and left out, so that a sender can be
// posted back as it was read.
func (s *Sim) postSender(r *http.Request) (any, error) {
	body, err := controlBody(r)
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
	if x := p.senderKeys[after.SenderKey]; x != nil && x.PlusFriendID != in.PlusFriendID || p.groups[after.SenderKey] != nil {
		return out, fmt.Errorf("senderKey: %s is taken", after.SenderKey)
	}
	out.SenderKey, out.CategoryCode, out.PhoneNo = after.SenderKey, after.CategoryCode, after.PhoneNo
	out.Registered = after.Status == kakao.SenderRegistered
	out.Dormant, out.Blocked, out.FirstTime, out.ProfileStatus = after.Dormant, after.Blocked, after.FirstTime, after.ProfileStatus
	out.Fallback = after.Fallback
	out.DailyMax, out.AlimTalkDailyMax, out.BrandTalkDailyMax = after.DailyMax, after.AlimTalkDailyMax, after.BrandTalkDailyMax
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
	case x.DailyMax < 0 || x.AlimTalkDailyMax < 0 || x.BrandTalkDailyMax < 0:
		return errors.New("dailyMax, alimtalkDailyMax, brandtalkDailyMax: 0 is no limit, and nothing is below it")
	}
	return nil
}

// postGroup makes a group, or replaces of one what is given, and answers it.
func (s *Sim) postGroup(r *http.Request) (any, error) {
	var in groupState
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	p, err := s.named(in.Appkey)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	changed, err := p.changedGroup(in)
	if err != nil {
		return nil, err
	}
	if err := s.commit(p, entry{Type: entryGroup, Appkey: p.appkey, Group: &changed}); err != nil {
		return nil, err
	}
	return p.stateGroup(p.groups[changed.SenderKey]), nil
}

// changedGroup is the group that in names, by its key or else by its name, with what
// in gives. The caller holds p.mu.
func (p *project) changedGroup(in groupState) (Group, error) {
	now := p.sim.Now()
	out := Group{Name: in.GroupName, SenderKey: in.SenderKey}
	out.complete(p.appkey, now)
	if old := p.groups[out.SenderKey]; old != nil {
		out = old.Group
		out.Name, out.UpdateDate = cmp.Or(in.GroupName, old.Name), now
	}
	out.Status = cmp.Or(in.Status, out.Status)
	if out.Status != kakao.SenderRegistered && out.Status != kakao.SenderWaiting {
		return out, fmt.Errorf("status: %q is neither %s nor %s", out.Status, kakao.SenderWaiting, kakao.SenderRegistered)
	}
	if in.Members != nil {
		out.Members = make([]string, len(in.Members))
	}
	for i, id := range in.Members {
		out.Members[i] = id
		if x := p.sender(id); x != nil {
			out.Members[i] = x.SenderKey
		}
	}
	err := p.checkGroup(&out)
	return out, err
}

// postTemplate makes a template, or changes of one what is given, and answers it.
func (s *Sim) postTemplate(r *http.Request) (any, error) {
	body, err := controlBody(r)
	if err != nil {
		return nil, err
	}
	var in templateState
	if err := strict(body, &in); err != nil {
		return nil, err
	}
	p, err := s.named(in.Appkey)
	if err != nil {
		return nil, err
	}
	if in.SenderKey, err = p.ownerKey(in); err != nil {
		return nil, err
	}
	if in.Status != "" && in.Status != kakao.TemplateNormal && in.Status != kakao.TemplateWaiting && in.Status != kakao.TemplateBlocked {
		return nil, fmt.Errorf("kakaoStatus: %q is none of %s, %s, %s", in.Status, kakao.TemplateNormal, kakao.TemplateWaiting, kakao.TemplateBlocked)
	}
	err = s.SetTemplate(p.appkey, in.SenderKey, in.Code, func(t *Template) {
		buttons := t.Buttons
		t.Buttons = nil // else what is read is laid over those that are there
		after := templateState{Template: *t}
		_ = json.Unmarshal(body, &after) // was read before
		if *t = after.Template; t.Buttons == nil {
			t.Buttons = buttons
		}
	})
	if errors.Is(err, errNoTemplate) {
		_, err = s.AddTemplate(p.appkey, in.Template)
	}
	if err != nil {
		return nil, err
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	x := p.senderKeys[in.SenderKey]
	t := x.template(in.Code)
	if t == nil {
		return nil, errReset
	}
	return p.stateTemplate(x, t), nil
}

// ownerKey is the key of the sender whose template it is.
func (p *project) ownerKey(in templateState) (string, error) {
	if in.SenderKey != "" {
		return in.SenderKey, nil
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if x := p.sender(in.PlusFriendID); x != nil {
		return x.SenderKey, nil
	}
	return "", fmt.Errorf("senderKey, plusFriendId: %q is no sender", in.PlusFriendID)
}
