package conformance

import (
	"cmp"
	"context"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// fallbackChecks are about the SMS in place of failed messages.
type fallbackChecks struct {
	*suite
	senders []*senderChecks
}

func (c *fallbackChecks) writing() []check {
	return []check{
		writes(33, "the SMS appkey is set", "the senders tell it (v2.1), and their fallback is reset", only(c.setAppkey)),
		writes(33, "a blank SMS appkey is refused", "a refusal", only(func(ctx context.Context) error {
			return refusedSomehow(c.api.SetFallbackAppkey(ctx, ""))
		})),
		writes(34, "the fallback of a sender is set", "the sender tells it", only(c.set)),
		writes(34, "the fallback of a sender that nobody registered is not set", "-2017", only(func(ctx context.Context) error {
			return refused(c.api.SetFallback(ctx, nhn.Fallback{PlusFriendID: c.nobody(), SendNo: "0212345678"}), kakao.CodeSenderNotFound)
		})),
		writes(34, "a fallback without a number is refused, also to turn it off", "a refusal", only(func(ctx context.Context) error {
			if c.sender == nil {
				return skip("there is no sender that can send")
			}
			return refusedSomehow(c.api.SetFallback(ctx, nhn.Fallback{PlusFriendID: c.sender.PlusFriendID}))
		})),
	}
}

// setAppkey sets the SMS appkey, and then the fallback of all senders as it was.
func (c *fallbackChecks) setAppkey(ctx context.Context) error {
	key := c.options.SMSAppkey
	if c.sim != nil {
		key = cmp.Or(key, c.sim.smsAppkey, "conformance")
	}
	if key == "" {
		return skip("no SMS appkey is named, and setting one resets the fallback of all senders")
	}
	var before []nhn.Sender
	for x, err := range c.api.AllSenders(ctx, nhn.SenderFilter{Status: kakao.SenderRegistered}) {
		if err != nil {
			return succeeded(err)
		}
		before = append(before, x)
	}
	err := c.api.SetFallbackAppkey(ctx, key)
	after, _, lost := c.api.Senders(ctx, nhn.SenderFilter{Status: kakao.SenderRegistered})
	if err := first(err, lost, c.restore(context.WithoutCancel(ctx), before)); err != nil {
		return succeeded(err)
	}
	if len(after) == 0 {
		return skip("there is no sender to tell it")
	}
	for _, x := range after {
		if err := same(field{"resendAppKey of " + x.PlusFriendID, x.FriendTalk.ResendAppkey, key}, field{"resendSendNo of " + x.PlusFriendID, x.FriendTalk.ResendSendNo, ""}); err != nil {
			return err
		}
	}
	return nil
}

// restore sets the fallback of all senders that had one, also where one fails.
func (c *fallbackChecks) restore(ctx context.Context, senders []nhn.Sender) (err error) {
	for _, x := range senders {
		f := x.FriendTalk
		if f.ResendSendNo == "" {
			continue
		}
		err = first(err, c.api.SetFallback(ctx, nhn.Fallback{
			PlusFriendID: x.PlusFriendID, IsResend: f.IsResend, SendNo: f.ResendSendNo, UnsubscribeNo: f.ResendUnsubscribeNo,
		}))
	}
	return err
}

// set gives the sender that was registered a fallback. Of any other it sets what is
// set already.
func (c *fallbackChecks) set(ctx context.Context) error {
	x, f := c.sender, nhn.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"}
	for _, v := range c.senders {
		if made, err := v.registered(); err == nil {
			x = made
		}
	}
	if x == nil {
		return skip("there is no registered sender")
	}
	if x == c.sender {
		now, err := c.api.Sender(ctx, x.SenderKey)
		switch {
		case err != nil:
			return succeeded(err)
		case now.FriendTalk.ResendSendNo == "":
			return skip(x.PlusFriendID + " has no fallback that could be set again")
		}
		f.IsResend, f.SendNo, f.UnsubscribeNo = now.FriendTalk.IsResend, now.FriendTalk.ResendSendNo, now.FriendTalk.ResendUnsubscribeNo
	}
	f.PlusFriendID = x.PlusFriendID
	if err := c.api.SetFallback(ctx, f); err != nil {
		return succeeded(err)
	}
	y, err := c.api.Sender(ctx, x.SenderKey)
	if err != nil {
		return succeeded(err)
	}
	return same(field{"isResend", y.FriendTalk.IsResend, f.IsResend}, field{"resendSendNo", y.FriendTalk.ResendSendNo, f.SendNo},
		field{"resendUnsubscribeNo", y.FriendTalk.ResendUnsubscribeNo, f.UnsubscribeNo})
}
