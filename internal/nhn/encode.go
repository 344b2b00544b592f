package nhn

import (
	"strconv"

	"soshik/internal/kakao"
	"soshik/internal/nhn/internal/jsontext"
)

// appendJSON appends the request as JSON. It stands in for encoding/json, which
// takes several times as long for a thousand recipients; a fuzz test holds the two
// together.
func (r *FriendTalkRequest) appendJSON(b []byte) []byte {
	b = append(b, `{"plusFriendId":`...)
	b = jsontext.AppendString(b, r.PlusFriendID)
	if !r.RequestDate.IsZero() {
		b = appendField(b, `,"requestDate":`, kakao.FormatDate(r.RequestDate))
	}
	b = appendField(b, `,"senderGroupingKey":`, r.SenderGroupingKey)
	b = appendField(b, `,"createUser":`, r.CreateUser)
	b = append(b, `,"recipientList":[`...)
	for i := range r.Recipients {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.Recipients[i].appendJSON(b)
	}
	return append(b, `]}`...)
}

func (r *FriendTalkRecipient) appendJSON(b []byte) []byte {
	b = append(b, `{"recipientNo":`...)
	b = jsontext.AppendString(b, r.RecipientNo)
	b = append(b, `,"content":`...)
	b = jsontext.AppendString(b, r.Content)
	if r.ImageSeq != 0 {
		b = strconv.AppendInt(append(b, `,"imageSeq":`...), int64(r.ImageSeq), 10)
	}
	b = appendField(b, `,"imageLink":`, r.ImageLink)
	if len(r.Buttons) > 0 {
		b = append(b, `,"buttons":`...)
		sep := byte('[')
		for i := range r.Buttons {
			b = r.Buttons[i].appendJSON(append(b, sep))
			sep = ','
		}
		b = append(b, ']')
	}
	b = strconv.AppendBool(append(b, `,"isAd":`...), r.IsAd)
	if r.Resend != nil {
		b = r.Resend.appendJSON(append(b, `,"resendParameter":`...))
	}
	b = appendField(b, `,"recipientGroupingKey":`, r.RecipientGroupingKey)
	return append(b, '}')
}

func (t *Button) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"ordering":`...), int64(t.Ordering), 10)
	b = jsontext.AppendString(append(b, `,"type":`...), t.Type)
	b = jsontext.AppendString(append(b, `,"name":`...), t.Name)
	b = appendField(b, `,"linkMo":`, t.LinkMo)
	b = appendField(b, `,"linkPc":`, t.LinkPC)
	b = appendField(b, `,"schemeIos":`, t.SchemeIOS)
	b = appendField(b, `,"schemeAndroid":`, t.SchemeAndroid)
	return append(b, '}')
}

func (p *ResendParameter) appendJSON(b []byte) []byte {
	b = strconv.AppendBool(append(b, `{"isResend":`...), p.IsResend)
	b = appendField(b, `,"resendType":`, p.Type)
	b = appendField(b, `,"resendTitle":`, p.Title)
	b = appendField(b, `,"resendContent":`, p.Content)
	b = appendField(b, `,"resendSendNo":`, p.SendNo)
	b = appendField(b, `,"resendUnsubscribeNo":`, p.UnsubscribeNo)
	return append(b, '}')
}

// appendJSON appends the request as JSON, as that of FriendTalk does.
func (r *BrandTalkRequest) appendJSON(b []byte) []byte {
	b = append(b, `{"senderKey":`...)
	b = jsontext.AppendString(b, r.SenderKey)
	b = append(b, `,"templateCode":`...)
	b = jsontext.AppendString(b, r.TemplateCode)
	if !r.RequestDate.IsZero() {
		b = appendField(b, `,"requestDate":`, kakao.FormatDate(r.RequestDate))
	}
	b = appendField(b, `,"senderGroupingKey":`, r.SenderGroupingKey)
	b = appendField(b, `,"createUser":`, r.CreateUser)
	b = append(b, `,"recipientList":[`...)
	for i := range r.Recipients {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.Recipients[i].appendJSON(b)
	}
	return append(b, `]}`...)
}

func (r *BrandTalkRecipient) appendJSON(b []byte) []byte {
	b = append(b, `{"recipientNo":`...)
	b = jsontext.AppendString(b, r.RecipientNo)
	if len(r.TemplateParameter) > 0 {
		b = append(b, `,"templateParameter":`...)
		sep := byte('{')
		for _, p := range r.TemplateParameter {
			b = jsontext.AppendString(append(b, sep), p.Name)
			b = jsontext.AppendString(append(b, ':'), p.Value)
			sep = ','
		}
		b = append(b, '}')
	}
	b = appendField(b, `,"recipientGroupingKey":`, r.RecipientGroupingKey)
	return append(b, '}')
}

// appendField appends a named string, or nothing for an empty one.
func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return jsontext.AppendString(append(b, name...), value)
}
