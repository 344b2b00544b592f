package conformance

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// friendTalkChecks are about FriendTalk's messages.
type friendTalkChecks struct {
	*suite
	some *nhn.Message // one that is listed

	sent      *nhn.SendResult // taken, to be delivered at once
	scheduled *nhn.SendResult // taken, for later
	key       string          // idempotency key of what was taken
}

// members of a message in an answer. The list tells neither when it was received nor
// what becomes of it beyond its text; the results not when it was made.
const (
	messageMembers = "requestId! recipientSeq#! plusFriendId! recipientNo requestDate! content messageStatus! resendStatus! resendStatusName! " +
		"resultCode resultCodeName senderGroupingKey recipientGroupingKey"
	listMembers   = messageMembers + " createDate! createUser"
	resultMembers = messageMembers + " receiveDate"
	detailMembers = messageMembers + " createDate! createUser receiveDate resendResultCode resendRequestId " +
		"imageSeq# imageName imageUrl imageLink wide? buttons[] isAd?"
	buttonMembers = "ordering# type name linkMo linkPc schemeIos schemeAndroid"
)

// listing is nil when the last answer lists messages, each with certain members.
func (t *tape) listing(members string) error {
	const at = "messageSearchResultResponse"
	return first(t.has("", at+"{}"), t.has(at, "messages[] totalCount#"), t.has(at+".messages", members))
}

const friendTalkPath = "/friendtalk/v1.5/appkeys/{appkey}"

func (c *friendTalkChecks) reading() []check {
	return append([]check{
		reads(26, "messages are listed by their request's date", "those of 31 days, the latest first", c.byRequestDate),
		reads(26, "messages are listed by the date they were taken", "those of 31 days", c.byCreateDate),
		reads(26, "messages are listed by their request", "only those of the request", c.byRequest),
		reads(26, "messages are listed by what became of them", "only those that arrived, failed or were cancelled", only(c.byStatus)),
		reads(26, "a page of 1,001 messages is not given", "a refusal, or at most 1,000", only(func(ctx context.Context) error {
			list, _, err := c.api.FriendTalkMessages(ctx, c.query(func(q *nhn.FriendTalkQuery) { q.PageSize = kakao.MaxPageSize + 1 }))
			return pageOf(len(list), err)
		})),
		reads(26, "the minute in which a range ends belongs to it", "a message of that minute", only(c.lastMinute)),
		reads(27, "a message is read", "the message of the list", only(c.read)),
		reads(27, "a message that nobody sent is not found", "-1016", only(func(ctx context.Context) error {
			_, err := c.api.FriendTalkMessage(ctx, noRequest, 1)
			return refused(err, kakao.CodeMessageNotFound)
		})),
		reads(29, "the results of the last hour are listed", "messages with their states", c.results),
		reads(29, "results of more than 31 days are refused", "-4003", only(func(ctx context.Context) error {
			_, _, err := c.api.FriendTalkResults(ctx, c.now.AddDate(0, 0, -60), c.now, 0, 0)
			return refused(err, kakao.CodeSearchRange)
		})),
		reads(29, "results without dates are refused", "a refusal", only(func(ctx context.Context) error {
			return refusedSomehow(c.raw(ctx, friendTalkPath+"/message-results", url.Values{}))
		})),
	}, c.searches()...)
}

// noRequest looks like a request's id, and is none.
const noRequest = "20200101000000xxxxxxxxxxx"

// searches are those that the API refuses.
func (c *friendTalkChecks) searches() []check {
	search := func(change func(*nhn.FriendTalkQuery), codes ...int) func(context.Context) (string, error) {
		return only(func(ctx context.Context) error {
			_, _, err := c.api.FriendTalkMessages(ctx, c.query(change))
			return refused(err, codes...)
		})
	}
	return []check{
		reads(26, "a search without a condition is refused", "-4103", search(func(q *nhn.FriendTalkQuery) { *q = nhn.FriendTalkQuery{} }, kakao.CodeSearchConditions)),
		reads(26, "a search of more than 31 days is refused", "-4003", search(func(q *nhn.FriendTalkQuery) {
			q.StartRequestDate, q.EndRequestDate = c.now.AddDate(0, 0, -60), c.now
		}, kakao.CodeSearchRange)),
		reads(26, "a search of what is older than 90 days is refused", "-4017", search(func(q *nhn.FriendTalkQuery) {
			q.StartRequestDate, q.EndRequestDate = c.now.AddDate(0, 0, -110), c.now.AddDate(0, 0, -100)
		}, kakao.CodeTooOld)),
		reads(26, "a date without its hour is refused", "-2027 or -4103", only(func(ctx context.Context) error {
			return c.wrongDates(ctx, friendTalkPath, c.now.Format("2006-01-02")+" :00")
		})),
		reads(26, "a date written backwards is refused", "-2027 or -4103", only(func(ctx context.Context) error {
			return c.wrongDates(ctx, friendTalkPath, c.now.Format("04:15 02-01-2006"))
		})),
	}
}

// wrongDates searches by dates that are none.
func (s *suite) wrongDates(ctx context.Context, path, date string) error {
	err := s.raw(ctx, path+"/messages", url.Values{"startCreateDate": {date}, "endCreateDate": {date}})
	return refused(err, kakao.CodeDateFormat, kakao.CodeSearchConditions)
}

// query asks for what was to be sent in the last 31 days, changed in some way.
func (c *friendTalkChecks) query(change func(*nhn.FriendTalkQuery)) nhn.FriendTalkQuery {
	w := c.lasting(kakao.QueryDays)
	q := nhn.FriendTalkQuery{StartRequestDate: w.Start, EndRequestDate: w.End}
	change(&q)
	return q
}

func (c *friendTalkChecks) byRequestDate(ctx context.Context) (string, error) {
	list, total, err := c.api.FriendTalkMessages(ctx, c.query(func(*nhn.FriendTalkQuery) {}))
	if err != nil {
		return "", succeeded(err)
	}
	if len(list) > 0 {
		c.some = &list[0]
	}
	return counted(len(list), total, "messages"), first(
		c.tape.listing(listMembers), ordered(list),
		expect(total >= len(list), "their number", total),
		expect(len(list) <= kakao.DefaultPageSize, fmt.Sprintf("at most %d messages on a page", kakao.DefaultPageSize), len(list)),
	)
}

// ordered is nil for messages of which those to be sent last come first.
func ordered(list []nhn.Message) error {
	for i := 1; i < len(list); i++ {
		if list[i].RequestDate.After(list[i-1].RequestDate) {
			return &unexpected{want: "the latest first", got: fmt.Sprintf("%s behind %s", list[i].RequestDate, list[i-1].RequestDate)}
		}
	}
	return nil
}

func (c *friendTalkChecks) byCreateDate(ctx context.Context) (string, error) {
	w := c.lasting(kakao.QueryDays)
	list, total, err := c.api.FriendTalkMessages(ctx, nhn.FriendTalkQuery{StartCreateDate: w.Start, EndCreateDate: w.End})
	if err != nil {
		return "", succeeded(err)
	}
	if len(list) > 0 && c.some == nil {
		c.some = &list[0]
	}
	return counted(len(list), total, "messages"), c.tape.listing(listMembers)
}

// one is a message that is listed.
func (c *friendTalkChecks) one() (*nhn.Message, error) {
	if c.some == nil {
		return nil, skip("there is no message")
	}
	return c.some, nil
}

func (c *friendTalkChecks) byRequest(ctx context.Context) (string, error) {
	m, err := c.one()
	if err != nil {
		return "", err
	}
	list, total, err := c.api.FriendTalkMessages(ctx, nhn.FriendTalkQuery{RequestID: m.RequestID, PageSize: kakao.MaxPageSize})
	if err != nil {
		return "", succeeded(err)
	}
	return counted(len(list), total, "messages"), ofRequest(list, m)
}

// ofRequest is nil when a list holds a message and others of its request.
func ofRequest(list []nhn.Message, m *nhn.Message) error {
	found := false
	for _, x := range list {
		if x.RequestID != m.RequestID {
			return &unexpected{want: "messages of " + m.RequestID, got: x.RequestID}
		}
		found = found || x.RecipientSeq == m.RecipientSeq
	}
	return expect(found, fmt.Sprintf("message %d of %s", m.RecipientSeq, m.RequestID), "a list without it")
}

// lastMinute searches the minute in which a message was taken, and nothing around it:
// longer searches are cut into ranges that end in one minute and begin in the next.
func (c *friendTalkChecks) lastMinute(ctx context.Context) error {
	m, err := c.one()
	if err != nil {
		return err
	}
	list, _, err := c.api.FriendTalkMessages(ctx, nhn.FriendTalkQuery{
		StartCreateDate: m.CreateDate, EndCreateDate: m.CreateDate, RequestID: m.RequestID, PageSize: kakao.MaxPageSize,
	})
	if err != nil {
		return succeeded(err)
	}
	return ofRequest(list, m)
}

func (c *friendTalkChecks) byStatus(ctx context.Context) error {
	for _, status := range []string{kakao.StatusCompleted, kakao.StatusFailed} {
		list, _, err := c.api.FriendTalkMessages(ctx, c.query(func(q *nhn.FriendTalkQuery) { q.MessageStatus = status }))
		if err != nil {
			return succeeded(err)
		}
		for _, m := range list {
			if err := same(field{"messageStatus", m.MessageStatus, status}); err != nil {
				return err
			}
		}
	}
	for _, group := range []string{kakao.ResultGroupSuccess, kakao.ResultGroupFailure} {
		list, _, err := c.api.FriendTalkMessages(ctx, c.query(func(q *nhn.FriendTalkQuery) { q.ResultCode = group }))
		if err != nil {
			return succeeded(err)
		}
		for _, m := range list {
			if err := expect((m.ResultCode == kakao.DeliveryOK) == (group == kakao.ResultGroupSuccess), "results of "+group, m.ResultCode); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *friendTalkChecks) read(ctx context.Context) error {
	m, err := c.one()
	if err != nil {
		return err
	}
	x, err := c.api.FriendTalkMessage(ctx, m.RequestID, m.RecipientSeq)
	if err != nil {
		return succeeded(err)
	}
	return first(sameMessage(x, m), c.tape.has("message", detailMembers), c.tape.has("message.buttons", buttonMembers))
}

// sameMessage compares what never changes of a message. To whom it went, and what it
// said, is told to nobody.
func sameMessage(x, m *nhn.Message) error {
	return same(
		field{"requestId", x.RequestID, m.RequestID}, field{"recipientSeq", x.RecipientSeq, m.RecipientSeq},
		field{"plusFriendId", x.PlusFriendID, m.PlusFriendID}, field{"the same recipientNo", x.RecipientNo == m.RecipientNo, true},
		field{"requestDate", x.RequestDate.Unix(), m.RequestDate.Unix()}, field{"the same content", x.Content == m.Content, true},
	)
}

func (c *friendTalkChecks) results(ctx context.Context) (string, error) {
	list, total, err := c.api.FriendTalkResults(ctx, c.now.Add(-time.Hour), c.now, 0, 0)
	if err != nil {
		return "", succeeded(err)
	}
	return counted(len(list), total, "results"), c.tape.listing(resultMembers)
}
