package nhn

import (
	"context"
	"net/http"
	"time"

	"soshik/internal/nhn/internal/jsontext"
)

// Message is one recipient's message as the provider knows it, of every channel.
// What an endpoint does not tell, or tells as null, is zero.
type Message struct {
	RequestID            string
	RecipientSeq         int // from 1, the position in the request
	PlusFriendID         string
	RecipientNo          string
	RequestDate          time.Time // when it was, or is, to be sent
	CreateDate           time.Time // when the provider accepted it
	ReceiveDate          time.Time
	Content              string
	MessageStatus        string // kakao.Status…; something else before it is sent
	ResultCode           string // of the delivery: kakao.Delivery…; empty without a result
	ResultCodeName       string
	ResendStatus         string // kakao.Fallback…
	ResendStatusName     string
	ResendResultCode     string // the SMS service's
	ResendRequestID      string // the SMS service's
	CreateUser           string
	ImageSeq             int
	ImageName            string
	ImageURL             string
	ImageLink            string
	Wide                 bool
	Buttons              []Button
	IsAd                 bool
	SenderGroupingKey    string
	RecipientGroupingKey string

	SenderKey         string // this and the next three: BrandTalk only
	TemplateCode      string
	TemplateImageURL  string
	TemplateImageLink string
}

// messageNames are a message's members, mostly in the order of the documents.
var messageNames = jsontext.Names{
	"requestId", "recipientSeq", "plusFriendId", "recipientNo", "requestDate", "createDate", "receiveDate", "content",
	"messageStatus", "resendStatus", "resendStatusName", "resultCode", "resultCodeName", "createUser", "resendResultCode",
	"resendRequestId", "imageSeq", "imageName", "imageUrl", "imageLink", "wide", "buttons", "isAd", "senderGroupingKey",
	"recipientGroupingKey", "senderKey", "templateCode", "templateImageUrl", "templateImageLink",
}

// A messageScanner reads messages. It shares the texts that a message has in common
// with the one before.
type messageScanner struct {
	before                    Message
	requested, created, other dates
}

func (m *messageScanner) message(s *jsontext.Scanner) Message {
	var out Message
	scanObject(s, messageNames, func(i int) { m.member(s, &out, i) })
	m.before = out
	return out
}

// text is the plain text that stands at i in messageNames.
func (m *Message) text(i int) *string {
	switch i {
	case 0:
		return &m.RequestID
	case 2:
		return &m.PlusFriendID
	case 3:
		return &m.RecipientNo
	case 7:
		return &m.Content
	case 8:
		return &m.MessageStatus
	case 9:
		return &m.ResendStatus
	case 10:
		return &m.ResendStatusName
	case 11:
		return &m.ResultCode
	case 12:
		return &m.ResultCodeName
	case 13:
		return &m.CreateUser
	case 14:
		return &m.ResendResultCode
	case 15:
		return &m.ResendRequestID
	case 17:
		return &m.ImageName
	case 18:
		return &m.ImageURL
	case 19:
		return &m.ImageLink
	case 23:
		return &m.SenderGroupingKey
	case 24:
		return &m.RecipientGroupingKey
	}
	return m.brandText(i)
}

func (m *Message) brandText(i int) *string {
	switch i {
	case 25:
		return &m.SenderKey
	case 26:
		return &m.TemplateCode
	case 27:
		return &m.TemplateImageURL
	default:
		return &m.TemplateImageLink
	}
}

func (m *messageScanner) member(s *jsontext.Scanner, out *Message, i int) {
	switch i {
	case -1:
		s.Skip()
	case 1:
		out.RecipientSeq = scanNumber(s)
	case 4:
		out.RequestDate = m.requested.take(s)
	case 5:
		out.CreateDate = m.created.take(s)
	case 6:
		out.ReceiveDate = m.other.take(s)
	case 16:
		out.ImageSeq = scanNumber(s)
	case 20:
		out.Wide = scanBool(s)
	case 21:
		scanOptionalList(s, func() { out.Buttons = append(out.Buttons, scanButton(s)) })
	case 22:
		out.IsAd = scanBool(s)
	default:
		*out.text(i) = scanText(s, *m.before.text(i))
	}
}

var buttonNames = jsontext.Names{"ordering", "type", "name", "linkMo", "linkPc", "schemeIos", "schemeAndroid", "bizFormId"}

func scanButton(s *jsontext.Scanner) (b Button) {
	scanObject(s, buttonNames, func(i int) {
		switch i {
		case 0:
			b.Ordering = scanNumber(s)
		case 1:
			b.Type = scanText(s, "")
		case 2:
			b.Name = scanText(s, "")
		case 3:
			b.LinkMo = scanText(s, "")
		case 4:
			b.LinkPC = scanText(s, "")
		case 5:
			b.SchemeIOS = scanText(s, "")
		case 6:
			b.SchemeAndroid = scanText(s, "")
		case 7:
			b.BizFormID = scanNumber(s)
		}
	})
	return b
}

// messagesAnswer is a page of messages. Where a list belongs, what is none is an
// error: a batch that is looked up must not seem to be missing.
type messagesAnswer struct {
	envelope
	messages []Message
	total    count
}

func (a *messagesAnswer) scan(s *jsontext.Scanner, name []byte) {
	if string(name) != "messageSearchResultResponse" {
		s.Skip()
		return
	}
	var m messageScanner
	next := 0
	s.Object(func(name []byte) {
		switch (jsontext.Names{"messages", "totalCount"}).Find(name, &next) {
		case 0:
			scanList(s, func() { a.messages = append(a.messages, m.message(s)) })
		case 1:
			_ = a.total.UnmarshalJSON(s.Raw()) // knows every value
		}
	})
}

// messageAnswer is a single message.
type messageAnswer struct {
	envelope
	message *Message
}

func (a *messageAnswer) scan(s *jsontext.Scanner, name []byte) {
	if string(name) != "message" || s.Kind() != jsontext.Object {
		s.Skip()
		return
	}
	var m messageScanner
	a.message = new(m.message(s))
}

// messages makes a call that answers with a page of messages.
func (c *Client) messages(ctx context.Context, r request) ([]Message, int, error) {
	out, err := call[messagesAnswer](ctx, c, r)
	if err != nil {
		return nil, 0, err
	}
	if from := r.query.Get("pageNum"); len(out.messages) == 0 && out.total.n > 0 && (from == "" || from == "1") {
		return nil, 0, &Error{Op: r.op(), Status: http.StatusOK, Message: "answer counts messages that it does not list", kind: doubtful}
	}
	return out.messages, out.total.of(len(out.messages)), nil
}

// message makes a call that answers with one message.
func (c *Client) message(ctx context.Context, r request) (*Message, error) {
	out, err := call[messageAnswer](ctx, c, r)
	if err != nil {
		return nil, err
	}
	if out.message == nil {
		return nil, lacking(r, "message")
	}
	return out.message, nil
}
