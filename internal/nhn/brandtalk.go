package nhn

import (
	"bytes"
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const brandTalkAPI = "/brandtalk/v2.2"

// BrandTalkRequest is a template sent to up to kakao.MaxRecipients recipients.
type BrandTalkRequest struct {
	SenderKey         string    // 40 characters
	TemplateCode      string    // at most 20 characters
	RequestDate       time.Time // when to send, to the minute, at most 30 days ahead; zero is at once
	SenderGroupingKey string    // at most 100 characters; left out when empty
	CreateUser        string    // at most 100 characters; left out when empty
	Recipients        []BrandTalkRecipient
}

// BrandTalkRecipient is one person and the values of the template's variables.
type BrandTalkRecipient struct {
	RecipientNo          string              // at most 15 digits
	TemplateParameter    []TemplateParameter // each variable once; left out when empty
	RecipientGroupingKey string              // at most 100 characters; left out when empty
}

// TemplateParameter is the value of one variable.
type TemplateParameter struct {
	Name  string // bare: "name" for #{name}
	Value string
}

// SendBrandTalk hands over a message. BrandTalk has no idempotency key, so a call
// that is [Error.InDoubt] can only be looked up, by its SenderGroupingKey. For what
// the result and the error mean see [Client.SendFriendTalk].
//
// POST /brandtalk/v2.2/appkeys/{appkey}/messages
//
// See docs/provider.md, endpoint 19.
func (c *Client) SendBrandTalk(ctx context.Context, req *BrandTalkRequest) (*SendResult, error) {
	buf := bodies.Get().(*bytes.Buffer)
	return c.send(ctx, request{
		method: http.MethodPost, api: brandTalkAPI, path: "/messages",
		body: &body{data: req.appendJSON(buf.AvailableBuffer()), pool: &bodies},
	})
}

// BrandTalkQuery says which messages to list. One of three conditions is needed:
// RequestID, both request dates, or both create dates, at most 30 days apart and
// not older than 90. Zero fields do not narrow the list.
type BrandTalkQuery struct {
	RequestID            string
	StartRequestDate     time.Time // to the minute, as are all dates here
	EndRequestDate       time.Time
	StartCreateDate      time.Time
	EndCreateDate        time.Time
	RecipientNo          string
	SenderKey            string
	TemplateCode         string
	SenderGroupingKey    string
	RecipientGroupingKey string
	MessageStatus        string // kakao.StatusCompleted, kakao.StatusFailed or kakao.StatusCancelled
	ResultCode           string // kakao.BrandResultSuccess or kakao.BrandResultFailure
	PageNum              int    // from 1; 0 is 1
	PageSize             int    // at most kakao.MaxPageSize; 0 is kakao.DefaultPageSize
}

func (q BrandTalkQuery) values() url.Values {
	v := values{}
	v.set("requestId", q.RequestID)
	v.date("startRequestDate", q.StartRequestDate)
	v.date("endRequestDate", q.EndRequestDate)
	v.date("startCreateDate", q.StartCreateDate)
	v.date("endCreateDate", q.EndCreateDate)
	v.set("recipientNo", q.RecipientNo)
	v.set("senderKey", q.SenderKey)
	v.set("templateCode", q.TemplateCode)
	v.set("senderGroupingKey", q.SenderGroupingKey)
	v.set("recipientGroupingKey", q.RecipientGroupingKey)
	v.set("messageStatus", q.MessageStatus)
	v.set("resultCode", q.ResultCode)
	v.page(q.PageNum, q.PageSize)
	return url.Values(v)
}

// BrandTalkMessages lists one page of messages, the latest request first, and how
// many there are on all pages: -1 if the provider does not say. Of a message, only
// [Client.BrandTalkMessage] tells the image and the buttons.
//
// GET /brandtalk/v2.2/appkeys/{appkey}/messages
//
// See docs/provider.md, endpoint 20.
func (c *Client) BrandTalkMessages(ctx context.Context, query BrandTalkQuery) (messages []Message, total int, err error) {
	return c.messages(ctx, request{method: http.MethodGet, api: brandTalkAPI, path: "/messages", query: query.values()})
}

// AllBrandTalkMessages walks the messages of all pages from query's on. It ends with
// the first error. See [Client.BrandTalkMessages], and [Client.BrandTalkHistory] for
// more than 30 days.
func (c *Client) AllBrandTalkMessages(ctx context.Context, query BrandTalkQuery) iter.Seq2[Message, error] {
	return walk(query.PageNum, query.PageSize, func(page, size int) ([]Message, int, error) {
		query.PageNum, query.PageSize = page, size
		return c.BrandTalkMessages(ctx, query)
	})
}

// BrandTalkMessage reads everything about one message.
//
// GET /brandtalk/v2.2/appkeys/{appkey}/messages/{requestId}/{recipientSeq}
//
// See docs/provider.md, endpoint 21.
func (c *Client) BrandTalkMessage(ctx context.Context, requestID string, seq int) (*Message, error) {
	id, err := segment(requestID)
	if err != nil {
		return nil, err
	}
	return c.message(ctx, request{method: http.MethodGet, api: brandTalkAPI, path: "/messages/" + id + "/" + strconv.Itoa(seq)})
}

// CancelBrandTalk cancels the given recipients of a request, or all of them when
// none is given. Only what is scheduled and not yet sent can be cancelled;
// kakao.CodeNothingToCancel says that nothing was, and the list says what is.
//
// DELETE /brandtalk/v2.2/appkeys/{appkey}/messages/{requestId}
//
// See docs/provider.md, endpoint 22.
func (c *Client) CancelBrandTalk(ctx context.Context, requestID string, seqs ...int) error {
	return c.cancel(ctx, request{method: http.MethodDelete, api: brandTalkAPI}, requestID, seqs)
}
