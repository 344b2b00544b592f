package nhn

import (
	"bytes"
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"soshik/internal/kakao"
)

const friendTalkAPI = "/friendtalk/v1.5"

// friendTalk begins a request to the FriendTalk API.
func (c *Client) friendTalk(method, path string) request {
	r := request{method: method, api: friendTalkAPI, path: path, header: http.Header{}}
	if c.cfg.ConvertToBrand {
		r.header.Set(kakao.HeaderConvertToBrand, "true")
	}
	return r
}

// FriendTalkRequest is a FriendTalk message to up to kakao.MaxRecipients recipients.
type FriendTalkRequest struct {
	PlusFriendID      string    // the sender, at most 30 characters
	RequestDate       time.Time // when to send, to the minute; zero is at once
	SenderGroupingKey string    // at most 100 characters; left out when empty
	CreateUser        string    // at most 100 characters; left out when empty
	Recipients        []FriendTalkRecipient
}

// FriendTalkRecipient is one person's message. Lengths are in kakao.Len units.
type FriendTalkRecipient struct {
	RecipientNo          string   // at most 15 digits
	Content              string   // at most 1,000; 400 with an image, 76 with a wide one
	ImageSeq             int      // of an uploaded image; 0 is none
	ImageLink            string   // where a tap on the image leads; required with ImageSeq
	Buttons              []Button // at most 5; 2 with a wide image
	IsAd                 bool     // always sent: left out, the provider takes it for true
	Resend               *ResendParameter
	RecipientGroupingKey string // at most 100 characters; left out when empty
}

// Button is a button below a message or a template. Empty links are left out.
type Button struct {
	Ordering      int    `json:"ordering"` // from 1; FriendTalk only
	Type          string `json:"type"`     // kakao.Button…
	Name          string `json:"name"`
	LinkMo        string `json:"linkMo,omitempty"`        // required for a web link
	LinkPC        string `json:"linkPc,omitempty"`        // of a web link
	SchemeIOS     string `json:"schemeIos,omitempty"`     // required for an app link
	SchemeAndroid string `json:"schemeAndroid,omitempty"` // required for an app link
	BizFormID     int    `json:"bizFormId,omitempty"`     // BrandTalk only, required for a business form
}

// ResendParameter is how one message falls back to SMS. Empty texts are left out,
// which means: made from the message, and numbers: the sender's own.
type ResendParameter struct {
	IsResend      bool   // always sent: left out, the sender's own setting decides
	Type          string // kakao.FallbackSMS or kakao.FallbackLMS; empty: by the length
	Title         string // of an LMS, at most 40 bytes in EUC-KR; empty: the PlusFriendID
	Content       string // at most 90 (SMS) or 2,000 (LMS) bytes in EUC-KR; of an ad, with ad mark and 080 number
	SendNo        string
	UnsubscribeNo string
}

// bodies keeps the buffers of sent requests, about half a megabyte each.
var bodies = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 256<<10)) }}

// SendFriendTalk hands over a message. An idempotencyKey, unless empty, makes the
// same call within ten minutes fail with kakao.CodeIdempotencyKey, without the first
// one's answer.
//
// When the API refuses the request, the result is nil or, with
// kakao.CodeAllRefused, says for each recipient why. The provider has taken the
// request only when the error is nil; it may have when [Error.InDoubt]. The call is
// made once: neither this client nor its transport ever repeats it.
//
// POST /friendtalk/v1.5/appkeys/{appkey}/messages
//
// See docs/provider.md, endpoint 25.
func (c *Client) SendFriendTalk(ctx context.Context, req *FriendTalkRequest, idempotencyKey string) (*SendResult, error) {
	r := c.friendTalk(http.MethodPost, "/messages")
	if idempotencyKey != "" {
		r.header.Set(kakao.HeaderIdempotencyKey, idempotencyKey)
	}
	buf := bodies.Get().(*bytes.Buffer)
	r.body = &body{data: req.appendJSON(buf.AvailableBuffer()), pool: &bodies}
	return c.send(ctx, r)
}

// send makes a call that hands messages over.
func (c *Client) send(ctx context.Context, r request) (*SendResult, error) {
	out, err := call[sendAnswer](ctx, c, r)
	result := out.result
	if err == nil && (result == nil || result.RequestID == "") {
		return result, lacking(r, "requestId")
	}
	return result, err
}

// FriendTalkQuery says which messages to list. One of three conditions is needed:
// RequestID, both request dates, or both create dates, at most 31 days apart and
// not older than 90. Zero fields do not narrow the list.
type FriendTalkQuery struct {
	RequestID            string
	StartRequestDate     time.Time // to the minute, as are all dates here
	EndRequestDate       time.Time
	StartCreateDate      time.Time
	EndCreateDate        time.Time
	RecipientNo          string
	PlusFriendID         string
	SenderGroupingKey    string
	RecipientGroupingKey string
	MessageStatus        string // kakao.StatusCompleted, kakao.StatusFailed or kakao.StatusCancelled
	ResultCode           string // kakao.ResultGroupSuccess or kakao.ResultGroupFailure
	CreateUser           string
	PageNum              int // from 1; 0 is 1
	PageSize             int // at most kakao.MaxPageSize; 0 is kakao.DefaultPageSize
}

func (q FriendTalkQuery) values() url.Values {
	v := values{}
	v.set("requestId", q.RequestID)
	v.date("startRequestDate", q.StartRequestDate)
	v.date("endRequestDate", q.EndRequestDate)
	v.date("startCreateDate", q.StartCreateDate)
	v.date("endCreateDate", q.EndCreateDate)
	v.set("recipientNo", q.RecipientNo)
	v.set("plusFriendId", q.PlusFriendID)
	v.set("senderGroupingKey", q.SenderGroupingKey)
	v.set("recipientGroupingKey", q.RecipientGroupingKey)
	v.set("messageStatus", q.MessageStatus)
	v.set("resultCode", q.ResultCode)
	v.set("createUser", q.CreateUser)
	v.page(q.PageNum, q.PageSize)
	return url.Values(v)
}

// FriendTalkMessages lists one page of messages, the latest request first, and how
// many there are on all pages: -1 if the provider does not say. Of a message, only
// [Client.FriendTalkMessage] tells ReceiveDate, the image, the buttons, IsAd and what
// the fallback's code is.
//
// GET /friendtalk/v1.5/appkeys/{appkey}/messages
//
// See docs/provider.md, endpoint 26.
func (c *Client) FriendTalkMessages(ctx context.Context, query FriendTalkQuery) (messages []Message, total int, err error) {
	r := c.friendTalk(http.MethodGet, "/messages")
	r.query = query.values()
	return c.messages(ctx, r)
}

// AllFriendTalkMessages walks the messages of all pages from query's on. It ends
// with the first error. See [Client.FriendTalkMessages], and
// [Client.FriendTalkHistory] for more than 31 days.
func (c *Client) AllFriendTalkMessages(ctx context.Context, query FriendTalkQuery) iter.Seq2[Message, error] {
	return walk(query.PageNum, query.PageSize, func(page, size int) ([]Message, int, error) {
		query.PageNum, query.PageSize = page, size
		return c.FriendTalkMessages(ctx, query)
	})
}

// FriendTalkMessage reads everything about one message.
//
// GET /friendtalk/v1.5/appkeys/{appkey}/messages/{requestId}/{recipientSeq}
//
// See docs/provider.md, endpoint 27.
func (c *Client) FriendTalkMessage(ctx context.Context, requestID string, seq int) (*Message, error) {
	id, err := segment(requestID)
	if err != nil {
		return nil, err
	}
	return c.message(ctx, c.friendTalk(http.MethodGet, "/messages/"+id+"/"+strconv.Itoa(seq)))
}

// CancelFriendTalk cancels the given recipients of a request, or all of them when
// none is given. Only what is scheduled and not yet sent can be cancelled;
// kakao.CodeNothingToCancel says that nothing was, and the list says what is.
//
// DELETE /friendtalk/v1.5/appkeys/{appkey}/messages/{requestId}
//
// See docs/provider.md, endpoint 28.
func (c *Client) CancelFriendTalk(ctx context.Context, requestID string, seqs ...int) error {
	return c.cancel(ctx, c.friendTalk(http.MethodDelete, ""), requestID, seqs)
}

// cancel makes the call r for a request, or for some of its recipients.
func (c *Client) cancel(ctx context.Context, r request, requestID string, seqs []int) error {
	id, err := segment(requestID)
	if err != nil {
		return err
	}
	r.path = "/messages/" + id
	if len(seqs) > 0 {
		r.query = url.Values{"recipientSeq": {join(seqs)}}
	}
	_, err = call[envelope](ctx, c, r)
	return err
}

// FriendTalkResults lists one page of the messages whose result or fallback changed
// from start to end, both included and to the minute, and how many there are on all
// pages: -1 if the provider does not say. CreateDate and CreateUser are not told. A
// page of 0 is the first, a size of 0 kakao.DefaultPageSize.
//
// GET /friendtalk/v1.5/appkeys/{appkey}/message-results
//
// See docs/provider.md, endpoint 29.
func (c *Client) FriendTalkResults(ctx context.Context, start, end time.Time, page, size int) (messages []Message, total int, err error) {
	v := values{}
	v.date("startUpdateDate", start)
	v.date("endUpdateDate", end)
	v.page(page, size)
	r := c.friendTalk(http.MethodGet, "/message-results")
	r.query = url.Values(v)
	return c.messages(ctx, r)
}

// AllFriendTalkResults walks the results of all pages. It ends with the first
// error. See [Client.FriendTalkResults], and [Client.FriendTalkResultHistory] for more
// than 31 days.
func (c *Client) AllFriendTalkResults(ctx context.Context, start, end time.Time) iter.Seq2[Message, error] {
	return walk(1, 0, func(page, size int) ([]Message, int, error) {
		return c.FriendTalkResults(ctx, start, end, page, size)
	})
}
