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
}

// wireMessage is a message as it comes.
type wireMessage struct {
	RequestID            string   `json:"requestId"`
	RecipientSeq         int      `json:"recipientSeq"`
	PlusFriendID         string   `json:"plusFriendId"`
	RecipientNo          string   `json:"recipientNo"`
	RequestDate          date     `json:"requestDate"`
	CreateDate           date     `json:"createDate"`
	ReceiveDate          date     `json:"receiveDate"`
	Content              string   `json:"content"`
	MessageStatus        string   `json:"messageStatus"`
	ResultCode           text     `json:"resultCode"`
	ResultCodeName       string   `json:"resultCodeName"`
	ResendStatus         string   `json:"resendStatus"`
	ResendStatusName     string   `json:"resendStatusName"`
	ResendResultCode     text     `json:"resendResultCode"`
	ResendRequestID      string   `json:"resendRequestId"`
	CreateUser           string   `json:"createUser"`
	ImageSeq             int      `json:"imageSeq"`
	ImageName            string   `json:"imageName"`
	ImageURL             string   `json:"imageUrl"`
	ImageLink            string   `json:"imageLink"`
	Wide                 flexBool `json:"wide"`
	Buttons              []Button `json:"buttons"`
	IsAd                 flexBool `json:"isAd"`
	SenderGroupingKey    string   `json:"senderGroupingKey"`
	RecipientGroupingKey string   `json:"recipientGroupingKey"`
}

func (w *wireMessage) message() Message {
	return Message{
		RequestID: w.RequestID, RecipientSeq: w.RecipientSeq, PlusFriendID: w.PlusFriendID, RecipientNo: w.RecipientNo,
		RequestDate: w.RequestDate.Time, CreateDate: w.CreateDate.Time, ReceiveDate: w.ReceiveDate.Time,
		Content: w.Content, MessageStatus: w.MessageStatus,
		ResultCode: string(w.ResultCode), ResultCodeName: w.ResultCodeName,
		ResendStatus: w.ResendStatus, ResendStatusName: w.ResendStatusName,
		ResendResultCode: string(w.ResendResultCode), ResendRequestID: w.ResendRequestID,
		CreateUser: w.CreateUser, ImageSeq: w.ImageSeq, ImageName: w.ImageName, ImageURL: w.ImageURL, ImageLink: w.ImageLink,
		Wide: bool(w.Wide), Buttons: w.Buttons, IsAd: bool(w.IsAd),
		SenderGroupingKey: w.SenderGroupingKey, RecipientGroupingKey: w.RecipientGroupingKey,
	}
}

// messages makes a call that answers with a page of messages.
func (c *Client) messages(ctx context.Context, r request) ([]Message, int, error) {
	out, err := call[struct {
		envelope
		Response *struct {
			Messages   []wireMessage `json:"messages"`
			TotalCount int           `json:"totalCount"`
		} `json:"messageSearchResultResponse"`
	}](ctx, c, r)
	if err != nil || out.Response == nil {
		return nil, 0, err
	}
	list := make([]Message, len(out.Response.Messages))
	for i := range out.Response.Messages {
		list[i] = out.Response.Messages[i].message()
	}
	return list, out.Response.TotalCount, nil
}
