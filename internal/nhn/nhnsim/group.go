package nhnsim

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"soshik/internal/kakao"
)

// Kinds of journal entries about sender groups.
const (
	entryGroup      = "group"       // a new group
	entryMember     = "member"      // a sender that joined a group
	entryMemberGone = "member gone" // a sender that left a group
)

// addMemberOp is what calls of endpoint 8 count as.
const addMemberOp = "add member"

// Group is a group of senders, for seeding and as the journal keeps it. The API
// cannot make one: that is done in the provider's console.
type Group struct {
	Name       string    `json:"name"`
	SenderKey  string    `json:"senderKey,omitempty"` // made from the appkey and the name unless set
	Status     string    `json:"status,omitempty"`    // kakao.SenderRegistered unless set
	Members    []string  `json:"members,omitempty"`   // sender keys, in the order in which they joined
	CreateDate time.Time `json:"createDate,omitzero"` // now unless set
	UpdateDate time.Time `json:"updateDate,omitzero"` // of the last change of its members; CreateDate unless set
}

// group is a Group, and its members as a set of sender keys.
type group struct {
	Group
	has map[string]bool
}

// AddGroup makes a group known and returns it as it is from now on: a group of that
// key that exists already stays as it is. Its members have to be senders of the
// appkey.
func (s *Sim) AddGroup(appkey string, in Group) (Group, error) {
	p := s.project(appkey)
	if p == nil {
		return Group{}, fmt.Errorf("appkey %q is unknown", appkey)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	in.complete(appkey, s.Now())
	if old := p.groups[in.SenderKey]; old != nil {
		out := old.Group
		out.Members = slices.Clone(out.Members)
		return out, nil
	}
	if err := p.checkGroup(&in); err != nil {
		return Group{}, err
	}
	err := s.commit(p, entry{Type: entryGroup, Appkey: appkey, Group: &in})
	return in, err
}

func (g *Group) complete(appkey string, now time.Time) {
	if g.SenderKey == "" {
		sum := sha1.Sum([]byte(appkey + "/group/" + g.Name)) // 40 digits, as keys have
		g.SenderKey = hex.EncodeToString(sum[:])
	}
	if g.Status == "" {
		g.Status = kakao.SenderRegistered
	}
	if g.CreateDate.IsZero() {
		g.CreateDate = now
	}
	if g.UpdateDate.IsZero() {
		g.UpdateDate = g.CreateDate
	}
}

// checkGroup refuses what the API could not show. The caller holds p.mu.
func (p *project) checkGroup(g *Group) error {
	if g.Name == "" || p.senderKeys[g.SenderKey] != nil {
		return fmt.Errorf("group %q needs a name, and a key that is no sender's", g.Name)
	}
	if len(g.Members) > kakao.MaxGroupMembers {
		return fmt.Errorf("group %q has %d members", g.Name, len(g.Members))
	}
	seen := map[string]bool{}
	for _, key := range g.Members {
		if p.senderKeys[key] == nil || seen[key] {
			return fmt.Errorf("member %q of group %q is unknown, or there twice", key, g.Name)
		}
		seen[key] = true
	}
	return nil
}

// putGroup keeps members of its own, since the caller may go on with the others.
func (p *project) putGroup(in Group) {
	g := &group{Group: in, has: make(map[string]bool, len(in.Members))}
	g.Members = slices.Clone(in.Members)
	for _, key := range g.Members {
		g.has[key] = true
	}
	p.groups[in.SenderKey] = g
}

// applyMember lets a sender join a group, or leave it.
func (p *project) applyMember(e *entry) error {
	g := p.groups[e.GroupKey]
	if g == nil {
		return fmt.Errorf("group %q of a %s entry is unknown", e.GroupKey, e.Type)
	}
	if e.Type == entryMemberGone {
		g.drop(e.SenderKey, e.At)
		return nil
	}
	g.Members, g.has[e.SenderKey] = append(g.Members, e.SenderKey), true
	g.UpdateDate = time.UnixMilli(e.At)
	return nil
}

// drop takes a sender out of the group, if it is in it.
func (g *group) drop(senderKey string, at int64) {
	if !g.has[senderKey] {
		return
	}
	delete(g.has, senderKey)
	g.Members = slices.DeleteFunc(g.Members, func(key string) bool { return key == senderKey })
	g.UpdateDate = time.UnixMilli(at)
}

// noSender is the code for what should name a sender, by its plusFriendId or its
// key, and does not: a group cannot send. The caller holds p.mu.
func (p *project) noSender(id string) int {
	for key, g := range p.groups {
		if id == key || id == g.Name || id == "@"+g.Name {
			return kakao.CodeSenderIsGroup
		}
	}
	return kakao.CodeSenderNotFound
}

// showGroup is endpoint 7. A member's date is that of its own registration.
func showGroup(c *call) reply {
	c.mu.RLock()
	defer c.mu.RUnlock()
	g := c.groups[c.r.PathValue("groupSenderKey")]
	if g == nil {
		return refuse(kakao.CodeGroupNotFound)
	}
	layout := c.sim.cfg.DateLayout
	b := append(buf(nil).name("senderGroup"), '{')
	b = b.text("groupName", g.Name).text("senderKey", g.SenderKey).text("status", g.Status)
	b = append(b.name("senders"), '[')
	for _, key := range g.Members {
		if s := c.senderKeys[key]; s != nil {
			b = append(b, '{')
			b = b.text("plusFriendId", s.PlusFriendID).text("senderKey", s.SenderKey)
			b = append(b.date("createDate", layout, s.CreateDate.UnixMilli()).end('}'), ',')
		}
	}
	b = append(b.end(']'), ',')
	b = b.date("createDate", layout, g.CreateDate.UnixMilli()).date("updateDate", layout, g.UpdateDate.UnixMilli())
	return succeed(append(b.end('}'), ','))
}

// addMember is endpoint 8. It has no body; one that comes is not looked at.
func addMember(c *call) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	g, s, bad := c.membership()
	switch {
	case bad != nil:
		return *bad
	case !s.Registered:
		return refuse(kakao.CodeSenderInactive)
	case g.has[s.SenderKey]:
		return refuse(kakao.CodeGroupMember)
	case s.FirstTime:
		return refuse(kakao.CodeGroupFirstTime)
	case len(g.Members) >= kakao.MaxGroupMembers:
		return refuse(kakao.CodeGroupFull)
	}
	return c.member(entryMember, g, s)
}

// removeMember is endpoint 9.
func removeMember(c *call) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	g, s, bad := c.membership()
	switch {
	case bad != nil:
		return *bad
	case !g.has[s.SenderKey]:
		return refuse(kakao.CodeNotGroupMember)
	}
	return c.member(entryMemberGone, g, s)
}

// membership finds the group and the sender that the path names. The caller holds
// c.mu.
func (c *call) membership() (*group, *sender, *reply) {
	g := c.groups[c.r.PathValue("groupSenderKey")]
	if g == nil {
		return nil, nil, new(refuse(kakao.CodeGroupNotFound))
	}
	s := c.senderKeys[c.r.PathValue("senderKey")]
	if s == nil {
		return nil, nil, new(refuse(kakao.CodeSenderNotFound))
	}
	return g, s, nil
}

func (c *call) member(kind string, g *group, s *sender) reply {
	e := entry{Type: kind, Appkey: c.appkey, At: c.now.UnixMilli(), GroupKey: g.SenderKey, SenderKey: s.SenderKey}
	return c.done(e, nil)
}
