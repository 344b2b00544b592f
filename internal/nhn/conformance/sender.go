package conformance

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// senderChecks are about the sender API in one of its versions.
type senderChecks struct {
	*suite
	version string
	api     *nhn.Client
	first   bool // of the versions that are checked

	list []nhn.Sender
	made *nhn.Sender // that this run has registered
}

// no is the number of an endpoint in this version, given that of v2.1.
func (c *senderChecks) no(endpoint int) int {
	if c.version == kakao.SenderAPIv20 {
		return endpoint + 9
	}
	return endpoint
}

// called is a name that tells the versions apart.
func (c *senderChecks) called(name string) string { return name + " (" + c.version + ")" }

func (c *senderChecks) reads(endpoint int, name, expects string, do func(context.Context) error) check {
	return reads(c.no(endpoint), c.called(name), expects, only(do))
}

func (c *senderChecks) writes(endpoint int, name, expects string, do func(context.Context) error) check {
	return writes(c.no(endpoint), c.called(name), expects, only(do))
}

// members of a sender in an answer.
const (
	senderMembers = "plusFriendId! senderKey! categoryCode status! statusName kakaoStatus kakaoStatusName " +
		"kakaoProfileStatus kakaoProfileStatusName alimtalk{}! friendtalk{}! dormant? block? createDate"
	channelMembers = "isResend? resendSendNo dailyMaxCount# sentCount#"
)

func (c *senderChecks) reading() []check {
	list := []check{
		reads(c.no(6), c.called("the senders are listed"), "a page of senders and their number", c.listed),
		c.reads(6, "a wrong secret key is refused", "-1001", c.wrongSecret),
		c.reads(6, "an unknown appkey is refused", "-1000 or -4004", c.wrongAppkey),
		c.reads(6, "a page of one holds one sender", "one sender, and the same number in all", c.pageOfOne),
		c.reads(6, "senders are found by id, by key and by status", "only those that were asked for", c.filtered),
		c.reads(6, "a page of 1,001 senders is not given", "a refusal, or at most 1,000", func(ctx context.Context) error {
			list, _, err := c.api.Senders(ctx, nhn.SenderFilter{PageSize: kakao.MaxPageSize + 1})
			return pageOf(len(list), err)
		}),
		c.reads(5, "a sender is read by its key", "the sender of the list", c.read),
		c.reads(5, "a sender that nobody registered is not found", "-2017", func(ctx context.Context) error {
			_, err := c.api.Sender(ctx, noKey)
			return refused(err, kakao.CodeSenderNotFound)
		}),
		reads(c.no(1), c.called("the categories are three levels deep"), "codes of 3, 4 and 4 digits", c.categories),
		reads(c.no(7), c.called("a group is read by its key"), "its name, its status and its members", c.readGroup),
		c.reads(7, "a group that nobody made is not found", "-1010", func(ctx context.Context) error {
			_, err := c.api.SenderGroup(ctx, noKey)
			return refused(err, kakao.CodeGroupNotFound)
		}),
	}
	if c.first {
		unknown := reads(0, "a path that is none is refused", "-9998", only(func(ctx context.Context) error {
			return refused(c.raw(ctx, "/alimtalk/v0.0/appkeys/{appkey}/senders", url.Values{}), kakao.CodeUnknownAPI)
		}))
		list = append(list[:1:1], append([]check{unknown}, list[1:]...)...)
	}
	return list
}

// nobody is an id that no sender has.
func (s *suite) nobody() string { return "@nobody" + s.name }

// noKey looks like a sender's key, and is none.
var noKey = strings.Repeat("0", kakao.SenderKeyLen)

// listed lists the senders. Nothing else is worth asking where it fails at first.
func (c *senderChecks) listed(ctx context.Context) (string, error) {
	list, total, err := c.api.Senders(ctx, nhn.SenderFilter{})
	if err != nil && c.first {
		c.useless = "the first check has failed"
	}
	if err != nil {
		return "", succeeded(err)
	}
	c.list = list
	c.choose(ctx)
	return counted(len(list), total, "senders"), first(
		c.tape.has("", "senders[] totalCount#"), c.whole("senders"),
		expect(len(list) <= kakao.DefaultPageSize, fmt.Sprintf("at most %d senders on a page", kakao.DefaultPageSize), len(list)),
		expect(total >= len(list), "their number", total),
	)
}

// choose finds a sender that messages can come from.
func (c *senderChecks) choose(ctx context.Context) {
	for x, err := range c.api.AllSenders(ctx, nhn.SenderFilter{PlusFriendID: c.options.Sender, Status: kakao.SenderRegistered}) {
		if err == nil && c.sender == nil && !x.Blocked && !x.Dormant && x.KakaoProfileStatus == kakao.ProfileActivated {
			c.sender = &x
		}
		if err != nil || c.sender != nil {
			return
		}
	}
}

// whole is nil when the senders at a path have what a sender has, and what it may send.
// Version v2.0 does not tell the SMS appkey.
func (c *senderChecks) whole(path string) error {
	members := channelMembers
	if c.version != kakao.SenderAPIv20 {
		members += " resendAppKey"
	}
	return first(
		c.tape.has(path, senderMembers), c.tape.has(path+".alimtalk", members),
		c.tape.has(path+".friendtalk", members+" resendUnsubscribeNo"),
	)
}

func (c *senderChecks) wrongSecret(ctx context.Context) error {
	_, _, err := c.client(c.version, func(cfg *nhn.Config) { cfg.SecretKey = "no-such-key" }).Senders(ctx, nhn.SenderFilter{})
	return refused(err, kakao.CodeSecretKey)
}

func (c *senderChecks) wrongAppkey(ctx context.Context) error {
	_, _, err := c.client(c.version, func(cfg *nhn.Config) { cfg.Appkey = "no-such-appkey" }).Senders(ctx, nhn.SenderFilter{})
	return refused(err, kakao.CodeAppkey, kakao.CodeAppkeyNotFound)
}

// one is the first sender of the list.
func (c *senderChecks) one() (*nhn.Sender, error) {
	if len(c.list) == 0 {
		return nil, skip("there is no sender")
	}
	return &c.list[0], nil
}

func (c *senderChecks) pageOfOne(ctx context.Context) error {
	if _, err := c.one(); err != nil {
		return err
	}
	_, all, err := c.api.Senders(ctx, nhn.SenderFilter{})
	if err != nil {
		return succeeded(err)
	}
	list, total, err := c.api.Senders(ctx, nhn.SenderFilter{PageNum: 1, PageSize: 1})
	if err != nil {
		return succeeded(err)
	}
	if err := same(field{"the size of the page", len(list), 1}, field{"the number in all", total, all}); err != nil || all < 2 {
		return err
	}
	next, _, err := c.api.Senders(ctx, nhn.SenderFilter{PageNum: 2, PageSize: 1})
	if err != nil {
		return succeeded(err)
	}
	return expect(len(next) == 1 && next[0].SenderKey != list[0].SenderKey, "another sender on the second page", len(next))
}

func (c *senderChecks) filtered(ctx context.Context) error {
	x, err := c.one()
	if err != nil {
		return err
	}
	for _, f := range []nhn.SenderFilter{{PlusFriendID: x.PlusFriendID}, {SenderKey: x.SenderKey}} {
		list, _, err := c.api.Senders(ctx, f)
		if err != nil {
			return succeeded(err)
		}
		if len(list) != 1 || list[0].SenderKey != x.SenderKey {
			return &unexpected{want: "one sender, " + x.PlusFriendID, got: fmt.Sprintf("%d senders", len(list))}
		}
	}
	for _, status := range []string{kakao.SenderWaiting, kakao.SenderRegistered} {
		list, _, err := c.api.Senders(ctx, nhn.SenderFilter{Status: status})
		if err != nil {
			return succeeded(err)
		}
		for _, y := range list {
			if y.Status != status {
				return &unexpected{want: "status " + status, got: y.Status}
			}
		}
	}
	return nil
}

func (c *senderChecks) read(ctx context.Context) error {
	x, err := c.one()
	if err != nil {
		return err
	}
	y, err := c.api.Sender(ctx, x.SenderKey)
	if err != nil {
		return succeeded(err)
	}
	return first(
		same(field{"plusFriendId", y.PlusFriendID, x.PlusFriendID}, field{"senderKey", y.SenderKey, x.SenderKey},
			field{"categoryCode", y.CategoryCode, x.CategoryCode}, field{"createDate", y.CreateDate, x.CreateDate}),
		c.whole("sender"), plausible(y),
	)
}

// plausible looks at what the documents say of every sender.
func plausible(x *nhn.Sender) error {
	kakaoSays := x.KakaoStatus + x.KakaoStatusName + x.KakaoProfileStatus + x.KakaoProfileStatusName
	return first(
		expect(len(x.SenderKey) == kakao.SenderKeyLen, "a key of 40 characters", len(x.SenderKey)),
		expect(strings.HasPrefix(x.PlusFriendID, "@"), "an id that begins with @", x.PlusFriendID),
		expect(x.Status == kakao.SenderRegistered || x.Status == kakao.SenderWaiting, "status YSC02 or YSC03", x.Status),
		expect(x.Status != kakao.SenderWaiting || kakaoSays == "", "nothing of KakaoTalk's while it waits", kakaoSays),
		expect(!x.CreateDate.IsZero(), "a date of registration", "none that can be read"),
	)
}

func (c *senderChecks) categories(ctx context.Context) (string, error) {
	tree, err := c.api.Categories(ctx)
	if err != nil {
		return "", succeeded(err)
	}
	n := 0
	for code, path := range nhn.Leaves(tree) {
		n++
		for i, level := range path {
			if level.Depth != i+1 || len(path) != 3 || level.Name == "" || len(code) != kakao.CategoryCodeLen || strings.Trim(code, "0123456789") != "" {
				return "", &unexpected{want: "three levels and 11 digits", got: fmt.Sprintf("%q at depth %d of %q", level.Name, level.Depth, code)}
			}
		}
	}
	if n == 0 {
		return "", &unexpected{want: "categories", got: "none"}
	}
	return fmt.Sprintf("%d kinds of business", n), first(
		c.tape.has("categories", "parentCode depth#! code! name! subCategories[]"),
		same(field{"the first code's length", len(tree[0].Code), 3}),
	)
}

// channel is what is to be registered.
func (c *senderChecks) channel() (nhn.RegisterSenderRequest, error) {
	in := nhn.RegisterSenderRequest{PlusFriendID: c.options.Register.PlusFriendID, PhoneNo: c.options.Register.PhoneNo, CategoryCode: "00100010001"}
	switch {
	case in.PlusFriendID != "" && in.PhoneNo != "":
		return in, nil
	case c.sim == nil:
		return in, skip("no channel is named that may be registered")
	}
	in.PlusFriendID, in.PhoneNo = "@"+c.name+c.version, "01000000000"
	return in, nil
}

func (c *senderChecks) writing() []check {
	return []check{
		c.writes(2, "a registration without an id is refused", "-2001 or -2002", func(ctx context.Context) error {
			return refused(c.api.RegisterSender(ctx, nhn.RegisterSenderRequest{}), kakao.CodeBlank, kakao.CodeNull)
		}),
		c.writes(2, "a sender is not registered twice", "-1004", func(ctx context.Context) error {
			if c.sender == nil {
				return skip("there is no registered sender")
			}
			return refused(c.api.RegisterSender(ctx, nhn.RegisterSenderRequest{
				PlusFriendID: c.sender.PlusFriendID, PhoneNo: "01000000000", CategoryCode: "00100010001",
			}), kakao.CodeSenderExists)
		}),
		c.writes(2, "a sender is registered", "it is listed, and waits for its token", c.register),
		c.writes(3, "a wrong token is refused", "-1008", c.wrongToken),
		c.writes(3, "the token makes it a sender", "it is listed as registered", c.enterToken),
		c.writes(8, "a sender joins a group", "the group lists it", c.join),
		c.writes(8, "a sender joins a group only once", "-1018", func(ctx context.Context) error {
			return c.membership(func(group, key string) error {
				return refused(c.api.AddGroupMember(ctx, group, key), kakao.CodeGroupMember)
			})
		}),
		c.writes(9, "a sender leaves a group", "the group lists it no more", c.leave),
		c.writes(9, "a sender leaves a group only once", "-1022", func(ctx context.Context) error {
			return c.membership(func(group, key string) error {
				return refused(c.api.RemoveGroupMember(ctx, group, key), kakao.CodeNotGroupMember)
			})
		}),
	}
}

func (c *senderChecks) register(ctx context.Context) error {
	in, err := c.channel()
	if err != nil {
		return err
	}
	if err := c.api.RegisterSender(ctx, in); err != nil {
		return succeeded(err)
	}
	x, err := c.find(ctx, in.PlusFriendID)
	if err != nil {
		return err
	}
	c.made = x
	c.later(func(ctx context.Context) { _ = c.api.DeleteSender(ctx, x.SenderKey) })
	return first(same(field{"status", x.Status, kakao.SenderWaiting}, field{"categoryCode", x.CategoryCode, in.CategoryCode}), plausible(x))
}

// find lists the sender of a name until it is there.
func (c *senderChecks) find(ctx context.Context, plusFriendID string) (x *nhn.Sender, err error) {
	found, err := c.eventually(ctx, func() (bool, error) {
		list, _, err := c.api.Senders(ctx, nhn.SenderFilter{PlusFriendID: plusFriendID})
		if err != nil {
			return false, succeeded(err)
		}
		if len(list) == 1 {
			x = &list[0]
		}
		return x != nil, nil
	})
	if err == nil && !found {
		err = &unexpected{want: plusFriendID + " in the list", got: "none"}
	}
	return x, err
}

// waiting is the sender that this run has registered, be its token entered or not.
func (c *senderChecks) waiting() (*nhn.Sender, error) {
	if c.made == nil {
		return nil, skip("no sender was registered")
	}
	return c.made, nil
}

// registered is the same, if its token was entered.
func (c *senderChecks) registered() (*nhn.Sender, error) {
	if c.made == nil || c.made.Status != kakao.SenderRegistered {
		return nil, skip("no sender was registered")
	}
	return c.made, nil
}

func (c *senderChecks) wrongToken(ctx context.Context) error {
	x, err := c.waiting()
	if err != nil {
		return err
	}
	_, err = c.api.EnterToken(ctx, x.PlusFriendID, 1)
	return refused(err, kakao.CodeToken)
}

func (c *senderChecks) enterToken(ctx context.Context) error {
	x, err := c.waiting()
	if err != nil {
		return err
	}
	token := c.token(ctx, x.PlusFriendID)
	if token == 0 {
		return skip("the token went to the administrator's phone")
	}
	answer, err := c.api.EnterToken(ctx, x.PlusFriendID, token)
	if err != nil {
		return succeeded(err)
	}
	if answer != nil { // not every server answers with the sender
		err = same(field{"senderKey of the answer", answer.SenderKey, x.SenderKey}, field{"status of the answer", answer.Status, kakao.SenderRegistered})
	}
	y, lost := c.find(ctx, x.PlusFriendID)
	if err := first(err, lost); err != nil {
		return err
	}
	c.made = y
	return same(field{"status", y.Status, kakao.SenderRegistered}, field{"senderKey", y.SenderKey, x.SenderKey})
}

// deleting are the last checks, since the templates go with the sender.
func (c *senderChecks) deleting() []check {
	return []check{
		c.writes(4, "a sender is deleted", "it is not found any more: -2017", func(ctx context.Context) error {
			x, err := c.waiting()
			if err != nil {
				return err
			}
			if err := c.api.DeleteSender(ctx, x.SenderKey); err != nil {
				return succeeded(err)
			}
			_, err = c.api.Sender(ctx, x.SenderKey)
			return refused(err, kakao.CodeSenderNotFound)
		}),
		c.writes(4, "a sender that nobody registered is not deleted", "-2017", func(ctx context.Context) error {
			return refused(c.api.DeleteSender(ctx, noKey), kakao.CodeSenderNotFound)
		}),
	}
}
