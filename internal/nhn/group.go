package nhn

import (
	"context"
	"net/http"
	"time"
)

// SenderGroup is a group of senders that share templates. Groups are made in the
// provider's console, and are known by a sender key of their own.
type SenderGroup struct {
	Name       string
	SenderKey  string // the group's own, 40 characters
	Status     string // kakao.SenderWaiting or kakao.SenderRegistered
	Members    []GroupMember
	CreateDate time.Time
	UpdateDate time.Time
}

// GroupMember is a sender of a group.
type GroupMember struct {
	PlusFriendID string
	SenderKey    string
	CreateDate   time.Time
}

// SenderGroup reads a group and its members, all of them.
//
// GET /alimtalk/{version}/appkeys/{appkey}/sender-groups/{groupSenderKey}
//
// See docs/provider.md, endpoints 7 and 16.
func (c *Client) SenderGroup(ctx context.Context, groupKey string) (*SenderGroup, error) {
	group, err := segment(groupKey)
	if err != nil {
		return nil, err
	}
	r := request{method: http.MethodGet, api: c.senderAPI(), path: "/sender-groups/" + group}
	out, err := call[struct {
		envelope
		Group maybe[wireGroup] `json:"senderGroup"`
	}](ctx, c, r)
	if err != nil {
		return nil, err
	}
	if !out.Group.ok {
		return nil, lacking(r, "senderGroup")
	}
	return out.Group.v.group(), nil
}

// AddGroupMember adds a sender to a group, which has at most kakao.MaxGroupMembers.
// kakao.CodeGroupMember says that it is in already, kakao.CodeGroupFull that there is
// no room, and kakao.CodeGroupFirstTime that the sender is too new.
//
// POST /alimtalk/{version}/appkeys/{appkey}/sender-groups/{groupSenderKey}/senders/{senderKey}
//
// See docs/provider.md, endpoints 8 and 17.
func (c *Client) AddGroupMember(ctx context.Context, groupKey, senderKey string) error {
	return c.groupMember(ctx, http.MethodPost, groupKey, senderKey)
}

// RemoveGroupMember takes a sender out of a group. kakao.CodeNotGroupMember says that
// it is not in.
//
// DELETE /alimtalk/{version}/appkeys/{appkey}/sender-groups/{groupSenderKey}/senders/{senderKey}
//
// See docs/provider.md, endpoints 9 and 18.
func (c *Client) RemoveGroupMember(ctx context.Context, groupKey, senderKey string) error {
	return c.groupMember(ctx, http.MethodDelete, groupKey, senderKey)
}

func (c *Client) groupMember(ctx context.Context, method, groupKey, senderKey string) error {
	group, err := segment(groupKey)
	if err != nil {
		return err
	}
	sender, err := segment(senderKey)
	if err != nil {
		return err
	}
	_, err = call[envelope](ctx, c, request{method: method, api: c.senderAPI(), path: "/sender-groups/" + group + "/senders/" + sender})
	return err
}

// wireGroup is a group as it comes.
type wireGroup struct {
	GroupName  text             `json:"groupName"`
	SenderKey  text             `json:"senderKey"`
	Status     text             `json:"status"`
	Senders    list[wireMember] `json:"senders"`
	CreateDate date             `json:"createDate"`
	UpdateDate date             `json:"updateDate"`
}

type wireMember struct {
	PlusFriendID text `json:"plusFriendId"`
	SenderKey    text `json:"senderKey"`
	CreateDate   date `json:"createDate"`
}

func (w *wireGroup) group() *SenderGroup {
	g := &SenderGroup{
		Name: string(w.GroupName), SenderKey: string(w.SenderKey), Status: string(w.Status),
		Members: make([]GroupMember, len(w.Senders)), CreateDate: w.CreateDate.Time, UpdateDate: w.UpdateDate.Time,
	}
	for i, m := range w.Senders {
		g.Members[i] = GroupMember{string(m.PlusFriendID), string(m.SenderKey), m.CreateDate.Time}
	}
	return g
}
