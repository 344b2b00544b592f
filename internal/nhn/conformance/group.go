package conformance

import (
	"context"
	"fmt"
	"slices"

	"soshik/internal/nhn"
)

// group is the key of the group that is looked at.
func (s *suite) group() (string, error) {
	switch {
	case s.options.Group != "":
		return s.options.Group, nil
	case s.sim != nil && len(s.sim.groups) > 0:
		return s.sim.groups[0], nil
	case s.sim != nil:
		return "", skip("there is no group")
	}
	return "", skip("no group is named, and they cannot be listed")
}

func (c *senderChecks) readGroup(ctx context.Context) (string, error) {
	key, err := c.group()
	if err != nil {
		return "", err
	}
	g, err := c.api.SenderGroup(ctx, key)
	if err != nil {
		return "", succeeded(err)
	}
	return fmt.Sprintf("members: %d", len(g.Members)), first(
		same(field{"senderKey", g.SenderKey, key}),
		c.tape.has("senderGroup", "groupName! senderKey! status! senders[] createDate updateDate"),
		c.tape.has("senderGroup.senders", "plusFriendId! senderKey! createDate"),
	)
}

// membership does something with the group and the sender that was registered.
func (c *senderChecks) membership(do func(group, key string) error) error {
	group, err := c.group()
	if err != nil {
		return err
	}
	x, err := c.registered()
	if err != nil {
		return err
	}
	return do(group, x.SenderKey)
}

func (c *senderChecks) join(ctx context.Context) error {
	return c.membership(func(group, key string) error {
		if err := c.api.AddGroupMember(ctx, group, key); err != nil {
			return succeeded(err)
		}
		c.later(func(ctx context.Context) { _ = c.api.RemoveGroupMember(ctx, group, key) })
		return c.isMember(ctx, group, key, true)
	})
}

func (c *senderChecks) leave(ctx context.Context) error {
	return c.membership(func(group, key string) error {
		if err := c.api.RemoveGroupMember(ctx, group, key); err != nil {
			return succeeded(err)
		}
		return c.isMember(ctx, group, key, false)
	})
}

// isMember looks whether a group lists a sender, or does not.
func (c *senderChecks) isMember(ctx context.Context, group, key string, want bool) error {
	g, err := c.api.SenderGroup(ctx, group)
	if err != nil {
		return succeeded(err)
	}
	is := slices.ContainsFunc(g.Members, func(m nhn.GroupMember) bool { return m.SenderKey == key })
	return same(field{"membership", is, want})
}
