package conformance

import (
	"bytes"
	"context"
	"fmt"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

func (c *brandTalkChecks) writing() []check {
	return append([]check{
		writes(23, "a template is registered", "it is read as it was registered", only(c.registerFixed)),
		writes(23, "a template with a variable and an image is registered", "its image is told", only(c.registerVariable)),
		writes(23, "a template's code is not registered twice", "-3001", only(c.registerTwice)),
		writes(23, "a variable template without variables is refused", "-6001", only(c.registerWrong)),
		writes(19, "a BrandTalk message is sent", "a request id, and every recipient taken in order", only(c.send)),
		writes(20, "what was sent by BrandTalk is listed by its grouping key", "all its recipients", only(c.listSent)),
		writes(21, "what was sent by BrandTalk is read with its values", "the text with the values of its variables", only(c.readSent)),
		writes(19, "a BrandTalk message is scheduled", "a request id", only(c.schedule)),
		writes(22, "what is scheduled by BrandTalk is cancelled", "all are listed as CANCEL", only(c.cancel)),
		writes(22, "what is cancelled by BrandTalk cannot be cancelled", "-2029", only(func(ctx context.Context) error {
			if c.scheduled == nil {
				return skip("nothing was scheduled")
			}
			return refused(c.api.CancelBrandTalk(ctx, c.scheduled.RequestID), kakao.CodeNothingToCancel)
		})),
	}, c.refusals()...)
}

// refusals are sends that the API does not take.
func (c *brandTalkChecks) refusals() []check {
	send := func(change func(*nhn.BrandTalkRequest), codes ...int) func(context.Context) (string, error) {
		return only(func(ctx context.Context) error {
			req, err := c.message(c.fixed)
			if err != nil {
				return err
			}
			change(req)
			out, err := c.api.SendBrandTalk(ctx, req)
			if err == nil {
				_ = c.api.CancelBrandTalk(ctx, out.RequestID) // nobody should get it
			}
			return refused(err, codes...)
		})
	}
	return []check{
		writes(19, "a BrandTalk message further ahead than 30 days is refused", "-2026", send(func(r *nhn.BrandTalkRequest) { r.RequestDate = c.now.AddDate(0, 0, 40) }, kakao.CodeHorizon)),
		writes(19, "a BrandTalk message of an unknown template is refused", "-3003", send(func(r *nhn.BrandTalkRequest) { r.TemplateCode = "nosuchtemplate" }, kakao.CodeTemplateNotFound)),
		writes(19, "a BrandTalk message without a variable's value is refused", "-1031, and -3004 for the recipient", only(c.withoutValue)),
	}
}

// choose finds the sender that the templates are registered for: one of this run's,
// with which they are deleted. Others keep them for good.
func (c *brandTalkChecks) choose() (*nhn.Sender, error) {
	for _, v := range c.senders {
		if x, err := v.registered(); err == nil {
			return x, nil
		}
	}
	if c.sender == nil {
		return nil, skip("there is no registered sender")
	}
	return c.sender, nil
}

func (c *brandTalkChecks) template(code string) nhn.RegisterTemplateRequest {
	return nhn.RegisterTemplateRequest{
		Code: code, Name: code, MessageType: kakao.TemplateImage, ContentType: kakao.TemplateFixed, Content: "소식의 연동을 확인합니다.",
		UnsubscribeContent: "080-123-4567/12345", ImageLink: "https://example.com", ImageURL: "https://example.com/spring.jpg",
		Buttons: []nhn.Button{
			{Type: kakao.ButtonAddChannel, Name: kakao.ButtonNameChannel},
			{Type: kakao.ButtonWebLink, Name: "열기", LinkMo: "https://example.com/m", LinkPC: "https://example.com/pc"},
		},
	}
}

func (c *brandTalkChecks) registerFixed(ctx context.Context) error {
	x, err := c.choose()
	if err != nil {
		return err
	}
	in := c.template("f" + c.name)
	if err := c.api.RegisterTemplate(ctx, x.SenderKey, in); err != nil {
		return succeeded(err)
	}
	c.owner, c.fixed = x, in.Code
	t, err := c.api.Template(ctx, x.SenderKey, in.Code)
	if err != nil {
		return succeeded(err)
	}
	return first(
		same(field{"templateName", t.Name, in.Name}, field{"messageType", t.MessageType, in.MessageType}, field{"contentType", t.ContentType, in.ContentType},
			field{"templateContent", t.Content, in.Content}, field{"unsubscribeContent", t.UnsubscribeContent, in.UnsubscribeContent},
			field{"templateImageLink", t.ImageLink, in.ImageLink}, field{"kakaoStatus", t.KakaoStatus, kakao.TemplateWaiting},
			field{"buttons", fmt.Sprint(t.Buttons), fmt.Sprint(in.Buttons)}),
		c.tape.has("template", templateMembers), c.tape.has("template.buttons", brandButtonMembers),
	)
}

func (c *brandTalkChecks) registerVariable(ctx context.Context) error {
	x, err := c.choose()
	if err != nil {
		return err
	}
	in := c.template("v" + c.name)
	in.ContentType, in.Content, in.ImageURL = kakao.TemplateVariable, "#{이름}님, 안녕하세요.", ""
	in.Image = &nhn.ImageFile{Name: c.name + ".jpg", Data: bytes.NewReader(picture(false))}
	if err := c.api.RegisterTemplate(ctx, x.SenderKey, in); err != nil {
		return succeeded(err)
	}
	c.owner, c.variable = x, in.Code
	t, err := c.api.Template(ctx, x.SenderKey, in.Code)
	if err != nil {
		return succeeded(err)
	}
	return first(same(field{"contentType", t.ContentType, in.ContentType}, field{"templateContent", t.Content, in.Content}),
		expect(t.ImageURL != "", "an image's URL", "none"))
}

func (c *brandTalkChecks) registerTwice(ctx context.Context) error {
	if c.fixed == "" {
		return skip("no template was registered")
	}
	return refused(c.api.RegisterTemplate(ctx, c.owner.SenderKey, c.template(c.fixed)), kakao.CodeTemplateExists)
}

func (c *brandTalkChecks) registerWrong(ctx context.Context) error {
	x, err := c.choose()
	if err != nil {
		return err
	}
	in := c.template("w" + c.name)
	in.ContentType = kakao.TemplateVariable
	return refused(c.api.RegisterTemplate(ctx, x.SenderKey, in), kakao.CodeTemplateVariable)
}

// message is what is sent by a template of this run.
func (c *brandTalkChecks) message(code string) (*nhn.BrandTalkRequest, error) {
	switch {
	case code == "":
		return nil, skip("no template was registered")
	case len(c.options.To) == 0:
		return nil, skip("no number is named that may be sent to")
	}
	req := &nhn.BrandTalkRequest{SenderKey: c.owner.SenderKey, TemplateCode: code, SenderGroupingKey: c.name, CreateUser: "conformance"}
	for i, no := range c.options.To {
		req.Recipients = append(req.Recipients, nhn.BrandTalkRecipient{RecipientNo: no, RecipientGroupingKey: fmt.Sprintf("%s.%d", c.name, i+1)})
		if code == c.variable {
			req.Recipients[i].TemplateParameter = []nhn.TemplateParameter{{Name: "이름", Value: fmt.Sprintf("손님 %d", i+1)}}
		}
	}
	return req, nil
}

func (c *brandTalkChecks) send(ctx context.Context) error {
	req, err := c.message(c.variable)
	if err != nil {
		return err
	}
	out, err := c.api.SendBrandTalk(ctx, req)
	if err != nil {
		return succeeded(err)
	}
	c.sent = out
	return first(taken(out, c.options.To), same(field{"senderGroupingKey", out.SenderGroupingKey, c.name}))
}

// ours are the messages of one of this run's requests.
func (c *brandTalkChecks) ours(ctx context.Context, requestID string) ([]nhn.Message, error) {
	return c.lists(ctx, func() ([]nhn.Message, int, error) {
		return c.api.BrandTalkMessages(ctx, nhn.BrandTalkQuery{
			StartCreateDate: c.now.AddDate(0, 0, -1), EndCreateDate: c.now.AddDate(0, 0, 1), SenderGroupingKey: c.name, RequestID: requestID, PageSize: kakao.MaxPageSize,
		})
	})
}

func (c *brandTalkChecks) listSent(ctx context.Context) error {
	if c.sent == nil {
		return skip("nothing was sent")
	}
	list, err := c.ours(ctx, c.sent.RequestID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := same(field{"senderGroupingKey", m.SenderGroupingKey, c.name}, field{"templateCode", m.TemplateCode, c.variable}, field{"senderKey", m.SenderKey, c.owner.SenderKey},
			field{"recipientGroupingKey", m.RecipientGroupingKey, fmt.Sprintf("%s.%d", c.name, m.RecipientSeq)}); err != nil {
			return err
		}
	}
	return same(field{"the number of messages", len(list), len(c.options.To)})
}

func (c *brandTalkChecks) readSent(ctx context.Context) error {
	if c.sent == nil {
		return skip("nothing was sent")
	}
	m, err := c.api.BrandTalkMessage(ctx, c.sent.RequestID, 1)
	if err != nil {
		return succeeded(err)
	}
	return first(same(field{"content", m.Content, "손님 1님, 안녕하세요."}, field{"the number of buttons", len(m.Buttons), 2}, field{"createUser", m.CreateUser, "conformance"}),
		c.tape.has("message", brandDetailMembers), c.tape.has("message.buttons", brandButtonMembers))
}

func (c *brandTalkChecks) schedule(ctx context.Context) error {
	req, err := c.message(c.fixed)
	if err != nil {
		return err
	}
	req.RequestDate = c.soon()
	out, err := c.api.SendBrandTalk(ctx, req)
	if err != nil {
		return succeeded(err)
	}
	c.scheduled = out
	c.later(func(ctx context.Context) { _ = c.api.CancelBrandTalk(ctx, out.RequestID) })
	if err := taken(out, c.options.To); err != nil {
		return err
	}
	list, err := c.ours(ctx, out.RequestID)
	if err != nil {
		return err
	}
	return same(field{"requestDate", list[0].RequestDate.Unix(), req.RequestDate.Unix()})
}

func (c *brandTalkChecks) cancel(ctx context.Context) error {
	if c.scheduled == nil {
		return skip("nothing was scheduled")
	}
	if err := c.api.CancelBrandTalk(ctx, c.scheduled.RequestID); err != nil {
		return succeeded(err)
	}
	list, err := c.ours(ctx, c.scheduled.RequestID)
	if err != nil {
		return err
	}
	return cancelled(list, func(int) bool { return true })
}

func (c *brandTalkChecks) withoutValue(ctx context.Context) error {
	req, err := c.message(c.variable)
	if err != nil {
		return err
	}
	for i := range req.Recipients {
		req.Recipients[i].TemplateParameter = nil
	}
	out, err := c.api.SendBrandTalk(ctx, req)
	if err := refused(err, kakao.CodeAllRefused); err != nil {
		return err
	}
	if out == nil || len(out.Recipients) != len(req.Recipients) {
		return &unexpected{want: "what is wrong with each recipient", got: "nothing"}
	}
	return same(field{"resultCode of the recipient", out.Recipients[0].Code, kakao.CodeTemplateParameter})
}
