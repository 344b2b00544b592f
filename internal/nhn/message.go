package nhn

import (
	"context"
	"time"
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

// wireMessage is a message as it comes.
type wireMessage struct {
	RequestID            text                    `json:"requestId"`
	RecipientSeq         number                  `json:"recipientSeq"`
	PlusFriendID         text                    `json:"plusFriendId"`
	RecipientNo          text                    `json:"recipientNo"`
	RequestDate          date                    `json:"requestDate"`
	CreateDate           date                    `json:"createDate"`
	ReceiveDate          date                    `json:"receiveDate"`
	Content              text                    `json:"content"`
	MessageStatus        text                    `json:"messageStatus"`
	ResultCode           text                    `json:"resultCode"`
	ResultCodeName       text                    `json:"resultCodeName"`
	ResendStatus         text                    `json:"resendStatus"`
	ResendStatusName     text                    `json:"resendStatusName"`
	ResendResultCode     text                    `json:"resendResultCode"`
	ResendRequestID      text                    `json:"resendRequestId"`
	CreateUser           text                    `json:"createUser"`
	ImageSeq             number                  `json:"imageSeq"`
	ImageName            text                    `json:"imageName"`
	ImageURL             text                    `json:"imageUrl"`
	ImageLink            text                    `json:"imageLink"`
	Wide                 flexBool                `json:"wide"`
	Buttons              maybe[list[wireButton]] `json:"buttons"`
	IsAd                 flexBool                `json:"isAd"`
	SenderGroupingKey    text                    `json:"senderGroupingKey"`
	RecipientGroupingKey text                    `json:"recipientGroupingKey"`
	SenderKey            text                    `json:"senderKey"`
	TemplateCode         text                    `json:"templateCode"`
	TemplateImageURL     text                    `json:"templateImageUrl"`
	TemplateImageLink    text                    `json:"templateImageLink"`
}

func (w *wireMessage) message() Message {
	return Message{
		RequestID: string(w.RequestID), RecipientSeq: int(w.RecipientSeq), PlusFriendID: string(w.PlusFriendID), RecipientNo: string(w.RecipientNo),
		RequestDate: w.RequestDate.Time, CreateDate: w.CreateDate.Time, ReceiveDate: w.ReceiveDate.Time,
		Content: string(w.Content), MessageStatus: string(w.MessageStatus),
		ResultCode: string(w.ResultCode), ResultCodeName: string(w.ResultCodeName),
		ResendStatus: string(w.ResendStatus), ResendStatusName: string(w.ResendStatusName),
		ResendResultCode: string(w.ResendResultCode), ResendRequestID: string(w.ResendRequestID),
		CreateUser: string(w.CreateUser), ImageSeq: int(w.ImageSeq), ImageName: string(w.ImageName), ImageURL: string(w.ImageURL), ImageLink: string(w.ImageLink),
		Wide: bool(w.Wide), Buttons: buttons(w.Buttons.v), IsAd: bool(w.IsAd),
		SenderGroupingKey: string(w.SenderGroupingKey), RecipientGroupingKey: string(w.RecipientGroupingKey),
		SenderKey: string(w.SenderKey), TemplateCode: string(w.TemplateCode),
		TemplateImageURL: string(w.TemplateImageURL), TemplateImageLink: string(w.TemplateImageLink),
	}
}

// messages makes a call that answers with a page of messages.
func (c *Client) messages(ctx context.Context, r request) ([]Message, int, error) {
	out, err := call[struct {
		envelope
		Response *struct {
			Messages   []wireMessage `json:"messages"`
			TotalCount count         `json:"totalCount"`
		} `json:"messageSearchResultResponse"`
	}](ctx, c, r)
	if err != nil || out.Response == nil {
		return nil, 0, err
	}
	list := make([]Message, len(out.Response.Messages))
	for i := range out.Response.Messages {
		list[i] = out.Response.Messages[i].message()
	}
	return list, out.Response.TotalCount.of(len(list)), nil
}

// message makes a call that answers with one message.
func (c *Client) message(ctx context.Context, r request) (*Message, error) {
	out, err := call[struct {
		envelope
		Message maybe[wireMessage] `json:"message"`
	}](ctx, c, r)
	if err != nil {
		return nil, err
	}
	if !out.Message.ok {
		return nil, lacking(r, "message")
	}
	return new(out.Message.v.message()), nil
}
