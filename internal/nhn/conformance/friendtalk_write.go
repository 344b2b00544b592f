package conformance

import (
	"context"
	"fmt"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

func (c *friendTalkChecks) writing() []check {
	return append([]check{
		writes(25, "a message is sent", "a request id, and every recipient taken in order", only(c.send)),
		writes(25, "its idempotency key is refused a second time", "-1005", only(c.repeat)),
		writes(26, "what was sent is listed by its grouping key", "all its recipients", only(c.listSent)),
		writes(27, "what was sent is read as it was sent", "its text, its button, no advertisement", only(c.readSent)),
		writes(25, "a message is scheduled", "a request id", only(c.schedule)),
		writes(28, "one recipient of what is scheduled is cancelled", "it alone is listed as CANCEL", c.cancelOne),
		writes(28, "what is scheduled is cancelled", "all are listed as CANCEL", only(c.cancelAll)),
		writes(28, "what is cancelled cannot be cancelled", "-2029", only(func(ctx context.Context) error {
			if c.scheduled == nil {
				return skip("nothing was scheduled")
			}
			return refused(c.api.CancelFriendTalk(ctx, c.scheduled.RequestID), kakao.CodeNothingToCancel)
		})),
		writes(28, "what nobody sent cannot be cancelled", "-2029", only(func(ctx context.Context) error {
			return refused(c.api.CancelFriendTalk(ctx, noRequest), kakao.CodeNothingToCancel)
		})),
	}, c.refusals()...)
}

// refusals are sends that the API does not take.
func (c *friendTalkChecks) refusals() []check {
	send := func(change func(*nhn.FriendTalkRequest), codes ...int) func(context.Context) (string, error) {
		return only(func(ctx context.Context) error {
			req, err := c.message()
			if err != nil {
				return err
			}
			change(req)
			out, err := c.api.SendFriendTalk(ctx, req, "")
			if err == nil {
				_ = c.api.CancelFriendTalk(ctx, out.RequestID) // nobody should get it
			}
			return refused(err, codes...)
		})
	}
	return []check{
		writes(25, "a message of yesterday is refused", "-2025", send(func(r *nhn.FriendTalkRequest) { r.RequestDate = c.now.AddDate(0, 0, -1) }, kakao.CodePast)),
		writes(25, "a message of the year after next is refused", "-2026", send(func(r *nhn.FriendTalkRequest) { r.RequestDate = c.now.AddDate(2, 0, 0) }, kakao.CodeHorizon)),
		writes(25, "a message of a sender that nobody registered is refused", "-2017", send(func(r *nhn.FriendTalkRequest) { r.PlusFriendID = c.nobody() }, kakao.CodeSenderNotFound)),
		writes(25, "a message to what is no number is refused", "-1031, and -5000 for the recipient", only(c.toNobody)),
	}
}

// message is what is sent: plain, no advertisement, without fallback.
func (c *friendTalkChecks) message() (*nhn.FriendTalkRequest, error) {
	switch {
	case c.sender == nil:
		return nil, skip("there is no sender that can send")
	case len(c.options.To) == 0:
		return nil, skip("no number is named that may be sent to")
	}
	req := &nhn.FriendTalkRequest{PlusFriendID: c.sender.PlusFriendID, SenderGroupingKey: c.name, CreateUser: "conformance"}
	for i, no := range c.options.To {
		req.Recipients = append(req.Recipients, nhn.FriendTalkRecipient{
			RecipientNo: no, Content: "소식의 연동을 확인하는 메시지입니다.", Resend: &nhn.ResendParameter{}, RecipientGroupingKey: fmt.Sprintf("%s.%d", c.name, i+1),
			Buttons: []nhn.Button{{Ordering: 1, Type: kakao.ButtonWebLink, Name: "열기", LinkMo: "https://example.com/m", LinkPC: "https://example.com/pc"}},
		})
	}
	return req, nil
}

func (c *friendTalkChecks) send(ctx context.Context) error {
	req, err := c.message()
	if err != nil {
		return err
	}
	c.key = c.name
	out, err := c.api.SendFriendTalk(ctx, req, c.key)
	if err != nil {
		return succeeded(err)
	}
	c.sent = out
	return first(taken(out, c.options.To), same(field{"senderGroupingKey", out.SenderGroupingKey, c.name}),
		c.tape.has("message", "requestId! senderGroupingKey sendResults[]"),
		c.tape.has("message.sendResults", "recipientSeq#! recipientNo resultCode#! resultMessage! recipientGroupingKey"))
}

// taken is nil when every number was taken, in the order of the request.
func taken(out *nhn.SendResult, numbers []string) error {
	if len(out.Recipients) != len(numbers) {
		return &unexpected{want: fmt.Sprintf("%d recipients", len(numbers)), got: fmt.Sprint(len(out.Recipients))}
	}
	for i, r := range out.Recipients {
		if err := same(field{"recipientSeq", r.Seq, i + 1}, field{"recipientNo", r.RecipientNo, numbers[i]}, field{"resultCode", r.Code, kakao.CodeOK}); err != nil {
			return err
		}
	}
	return nil
}

func (c *friendTalkChecks) repeat(ctx context.Context) error {
	if c.sent == nil {
		return skip("nothing was sent")
	}
	req, err := c.message()
	if err != nil {
		return err
	}
	_, err = c.api.SendFriendTalk(ctx, req, c.key)
	return refused(err, kakao.CodeIdempotencyKey)
}

// lists waits until as many messages as were sent are listed by a grouping key.
func (s *suite) lists(ctx context.Context, read func() ([]nhn.Message, int, error)) (list []nhn.Message, err error) {
	all, err := s.eventually(ctx, func() (bool, error) {
		list, _, err = read()
		return len(list) >= len(s.options.To), succeeded(err)
	})
	if err == nil && !all {
		err = &unexpected{want: fmt.Sprintf("%d messages", len(s.options.To)), got: fmt.Sprint(len(list))}
	}
	return list, err
}

// ours are the messages of this run's grouping key that are to be sent at most a day
// from now.
func (c *friendTalkChecks) ours(ctx context.Context, requestID string) ([]nhn.Message, error) {
	return c.lists(ctx, func() ([]nhn.Message, int, error) {
		return c.api.FriendTalkMessages(ctx, nhn.FriendTalkQuery{
			StartCreateDate: c.now.AddDate(0, 0, -1), EndCreateDate: c.now.AddDate(0, 0, 1), SenderGroupingKey: c.name, RequestID: requestID, PageSize: kakao.MaxPageSize,
		})
	})
}

func (c *friendTalkChecks) listSent(ctx context.Context) error {
	if c.sent == nil {
		return skip("nothing was sent")
	}
	list, err := c.ours(ctx, c.sent.RequestID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := same(field{"requestId", m.RequestID, c.sent.RequestID}, field{"senderGroupingKey", m.SenderGroupingKey, c.name},
			field{"recipientGroupingKey", m.RecipientGroupingKey, fmt.Sprintf("%s.%d", c.name, m.RecipientSeq)}); err != nil {
			return err
		}
	}
	return same(field{"the number of messages", len(list), len(c.options.To)})
}

func (c *friendTalkChecks) readSent(ctx context.Context) error {
	req, err := c.message()
	if err != nil {
		return err
	}
	if c.sent == nil {
		return skip("nothing was sent")
	}
	m, err := c.api.FriendTalkMessage(ctx, c.sent.RequestID, 1)
	if err != nil {
		return succeeded(err)
	}
	want := req.Recipients[0]
	return first(
		same(field{"content", m.Content, want.Content}, field{"isAd", m.IsAd, false}, field{"createUser", m.CreateUser, req.CreateUser},
			field{"resendStatus", m.ResendStatus, kakao.FallbackNone}, field{"the number of buttons", len(m.Buttons), 1}),
		c.tape.has("message", detailMembers), c.tape.has("message.buttons", buttonMembers),
		expect(len(m.Buttons) == 1 && m.Buttons[0] == want.Buttons[0], fmt.Sprint(want.Buttons), m.Buttons),
	)
}

func (c *friendTalkChecks) schedule(ctx context.Context) error {
	req, err := c.message()
	if err != nil {
		return err
	}
	req.RequestDate = c.soon()
	out, err := c.api.SendFriendTalk(ctx, req, "")
	if err != nil {
		return succeeded(err)
	}
	c.scheduled = out
	c.later(func(ctx context.Context) { _ = c.api.CancelFriendTalk(ctx, out.RequestID) })
	if err := taken(out, c.options.To); err != nil {
		return err
	}
	list, err := c.ours(ctx, out.RequestID)
	if err != nil {
		return err
	}
	return same(field{"requestDate", list[0].RequestDate.Unix(), req.RequestDate.Unix()}, field{"resultCode", list[0].ResultCode, ""})
}

func (c *friendTalkChecks) cancelOne(ctx context.Context) (string, error) {
	switch {
	case c.scheduled == nil:
		return "", skip("nothing was scheduled")
	case len(c.options.To) < 2:
		return "", skip("there is one recipient only")
	}
	if err := c.api.CancelFriendTalk(ctx, c.scheduled.RequestID, 1); err != nil {
		return "", succeeded(err)
	}
	return "", c.cancelled(ctx, func(seq int) bool { return seq == 1 })
}

func (c *friendTalkChecks) cancelAll(ctx context.Context) error {
	if c.scheduled == nil {
		return skip("nothing was scheduled")
	}
	if err := c.api.CancelFriendTalk(ctx, c.scheduled.RequestID); err != nil {
		return succeeded(err)
	}
	return c.cancelled(ctx, func(int) bool { return true })
}

// cancelled looks whether these of the scheduled messages are cancelled, and no others.
func (c *friendTalkChecks) cancelled(ctx context.Context, want func(seq int) bool) error {
	list, err := c.ours(ctx, c.scheduled.RequestID)
	if err != nil {
		return err
	}
	return cancelled(list, want)
}

func cancelled(list []nhn.Message, want func(seq int) bool) error {
	for _, m := range list {
		if is := m.MessageStatus == kakao.StatusCancelled; is != want(m.RecipientSeq) {
			return &unexpected{want: fmt.Sprintf("message %d cancelled: %t", m.RecipientSeq, want(m.RecipientSeq)), got: m.MessageStatus}
		}
	}
	return nil
}

func (c *friendTalkChecks) toNobody(ctx context.Context) error {
	if c.sender == nil {
		return skip("there is no sender that can send")
	}
	out, err := c.api.SendFriendTalk(ctx, &nhn.FriendTalkRequest{
		PlusFriendID: c.sender.PlusFriendID, Recipients: []nhn.FriendTalkRecipient{{RecipientNo: "12", Content: "-"}},
	}, "")
	if err := refused(err, kakao.CodeAllRefused); err != nil {
		return err
	}
	if out == nil || len(out.Recipients) != 1 {
		return &unexpected{want: "what is wrong with the recipient", got: "nothing"}
	}
	return same(field{"requestId", out.RequestID, ""}, field{"resultCode of the recipient", out.Recipients[0].Code, kakao.CodeRecipientNo})
}
