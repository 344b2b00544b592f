package conformance

import (
	"context"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// brandTalkChecks are about BrandTalk's messages and templates.
type brandTalkChecks struct {
	*suite
	senders []*senderChecks
	some    *nhn.Message // one that is listed

	owner     *nhn.Sender // of the templates that this run has registered; nil is none
	fixed     string      // code of one without variables; empty is none
	variable  string      // code of one with a variable
	sent      *nhn.SendResult
	scheduled *nhn.SendResult
}

const (
	brandListMembers = "requestId! recipientSeq#! plusFriendId! senderKey! templateCode recipientNo requestDate! createDate! receiveDate content " +
		"messageStatus! resultCode resultCodeName createUser senderGroupingKey recipientGroupingKey"
	brandDetailMembers = brandListMembers + " templateImageUrl templateImageLink buttons[]"
	brandButtonMembers = "name type linkMo linkPc schemeAndroid schemeIos bizFormId#"
	templateMembers    = "plusFriendId! senderKey! templateCode! templateName messageType contentType templateContent unsubscribeContent " +
		"templateImageLink templateImageUrl buttons[] kakaoStatus createDate updateDate"
)

const brandTalkPath = "/brandtalk/v2.2/appkeys/{appkey}"

func (c *brandTalkChecks) reading() []check {
	return append([]check{
		reads(20, "BrandTalk messages are listed by their request's date", "those of 30 days, the latest first", c.byRequestDate),
		reads(20, "BrandTalk messages are listed by their request", "only those of the request", c.byRequest),
		reads(20, "a page of 1,001 BrandTalk messages is not given", "a refusal, or at most 1,000", only(func(ctx context.Context) error {
			list, _, err := c.api.BrandTalkMessages(ctx, c.query(func(q *nhn.BrandTalkQuery) { q.PageSize = kakao.MaxPageSize + 1 }))
			return pageOf(len(list), err)
		})),
		reads(21, "a BrandTalk message is read", "the message of the list", only(c.read)),
		reads(21, "a BrandTalk message that nobody sent is not found", "-1016", only(func(ctx context.Context) error {
			_, err := c.api.BrandTalkMessage(ctx, noRequest, 1)
			return refused(err, kakao.CodeMessageNotFound)
		})),
		reads(24, "a template is read by its code", "its texts, its buttons and its status", c.readTemplate),
		reads(24, "a template that nobody registered is not found", "-3003", only(func(ctx context.Context) error {
			if c.sender == nil {
				return skip("there is no registered sender")
			}
			_, err := c.api.Template(ctx, c.sender.SenderKey, "nosuchtemplate")
			return refused(err, kakao.CodeTemplateNotFound)
		})),
	}, c.searches()...)
}

// searches are those that the API refuses.
func (c *brandTalkChecks) searches() []check {
	search := func(change func(*nhn.BrandTalkQuery), codes ...int) func(context.Context) (string, error) {
		return only(func(ctx context.Context) error {
			_, _, err := c.api.BrandTalkMessages(ctx, c.query(change))
			return refused(err, codes...)
		})
	}
	return []check{
		reads(20, "a BrandTalk search without a condition is refused", "-4103", search(func(q *nhn.BrandTalkQuery) { *q = nhn.BrandTalkQuery{} }, kakao.CodeSearchConditions)),
		reads(20, "a BrandTalk search of more than 30 days is refused", "-4003", search(func(q *nhn.BrandTalkQuery) {
			q.StartRequestDate, q.EndRequestDate = c.now.AddDate(0, 0, -60), c.now
		}, kakao.CodeSearchRange)),
		reads(20, "a BrandTalk search of what is older than 90 days is refused", "-4017", search(func(q *nhn.BrandTalkQuery) {
			q.StartRequestDate, q.EndRequestDate = c.now.AddDate(0, 0, -110), c.now.AddDate(0, 0, -100)
		}, kakao.CodeTooOld)),
		reads(20, "a BrandTalk search by a date without its hour is refused", "-2027 or -4103", only(func(ctx context.Context) error {
			return c.wrongDates(ctx, brandTalkPath, c.now.Format("2006-01-02")+" :00")
		})),
	}
}

// query asks for what was to be sent in the last 30 days, changed in some way.
func (c *brandTalkChecks) query(change func(*nhn.BrandTalkQuery)) nhn.BrandTalkQuery {
	w := c.lasting(kakao.BrandTalkQueryDays)
	q := nhn.BrandTalkQuery{StartRequestDate: w.Start, EndRequestDate: w.End}
	change(&q)
	return q
}

func (c *brandTalkChecks) byRequestDate(ctx context.Context) (string, error) {
	list, total, err := c.api.BrandTalkMessages(ctx, c.query(func(*nhn.BrandTalkQuery) {}))
	if err != nil {
		return "", succeeded(err)
	}
	if len(list) > 0 {
		c.some = &list[0]
	}
	return counted(len(list), total, "messages"), first(
		c.tape.listing(brandListMembers), ordered(list), expect(total >= len(list), "their number", total),
	)
}

// one is a message that is listed.
func (c *brandTalkChecks) one() (*nhn.Message, error) {
	if c.some == nil {
		return nil, skip("there is no message")
	}
	return c.some, nil
}

func (c *brandTalkChecks) byRequest(ctx context.Context) (string, error) {
	m, err := c.one()
	if err != nil {
		return "", err
	}
	list, total, err := c.api.BrandTalkMessages(ctx, nhn.BrandTalkQuery{RequestID: m.RequestID, PageSize: kakao.MaxPageSize})
	if err != nil {
		return "", succeeded(err)
	}
	return counted(len(list), total, "messages"), ofRequest(list, m)
}

func (c *brandTalkChecks) read(ctx context.Context) error {
	m, err := c.one()
	if err != nil {
		return err
	}
	x, err := c.api.BrandTalkMessage(ctx, m.RequestID, m.RecipientSeq)
	if err != nil {
		return succeeded(err)
	}
	return first(
		sameMessage(x, m), same(field{"senderKey", x.SenderKey, m.SenderKey}, field{"templateCode", x.TemplateCode, m.TemplateCode}),
		c.tape.has("message", brandDetailMembers), c.tape.has("message.buttons", brandButtonMembers),
	)
}

// known is a template that there is, or was: one that a simulator tells, or that of a
// message.
func (c *brandTalkChecks) known() (senderKey, code string, there bool, err error) {
	switch {
	case c.sim != nil && len(c.sim.templates) > 0:
		return c.sim.templates[0][0], c.sim.templates[0][1], true, nil
	case c.some != nil:
		return c.some.SenderKey, c.some.TemplateCode, false, nil
	}
	return "", "", false, skip("no template is known, and they cannot be listed")
}

func (c *brandTalkChecks) readTemplate(ctx context.Context) (string, error) {
	key, code, there, err := c.known()
	if err != nil {
		return "", err
	}
	t, err := c.api.Template(ctx, key, code)
	if !there && refused(err, kakao.CodeSenderNotFound, kakao.CodeTemplateNotFound) == nil {
		return "", skip("the template of the last message is there no more")
	}
	if err != nil {
		return "", succeeded(err)
	}
	return t.Code, first(
		same(field{"senderKey", t.SenderKey, key}, field{"templateCode", t.Code, code}),
		c.tape.has("template", templateMembers), c.tape.has("template.buttons", brandButtonMembers),
	)
}
