package nhn

import (
	"errors"

	"soshik/internal/nhn/internal/jsontext"
)

// SendResult is what the provider says to a send, of every channel.
type SendResult struct {
	RequestID         string // names the accepted request from now on; empty when all recipients were refused
	SenderGroupingKey string
	Recipients        []RecipientResult // in the order of the request
}

// RecipientResult is what became of one recipient when the request was accepted. A
// recipient that was refused is not stored by the provider and never listed.
type RecipientResult struct {
	Seq                  int // from 1, the position in the request
	RecipientNo          string
	Code                 int // kakao.CodeOK, or why it was refused
	Message              string
	RecipientGroupingKey string
}

type sendAnswer struct {
	envelope
	result *SendResult // nil when the answer says nothing of the message
}

var recipientNames = jsontext.Names{"recipientSeq", "recipientNo", "resultCode", "resultMessage", "recipientGroupingKey"}

func (a *sendAnswer) scan(s *jsontext.Scanner, name []byte) {
	if string(name) != "message" || s.Kind() != jsontext.Object {
		s.Skip()
		return
	}
	out := &SendResult{Recipients: []RecipientResult{}}
	a.result = out
	scanObject(s, jsontext.Names{"requestId", "senderGroupingKey", "sendResults"}, func(i int) {
		switch i {
		case 0:
			out.RequestID = scanText(s, "")
		case 1:
			out.SenderGroupingKey = scanText(s, "")
		case 2:
			scanList(s, func() { out.Recipients = append(out.Recipients, scanRecipient(s, out.Recipients)) })
		}
	})
}

// scanRecipient fails without a code that can be read, since 0 would be a success.
func scanRecipient(s *jsontext.Scanner, list []RecipientResult) (r RecipientResult) {
	before := "SUCCESS"
	if n := len(list); n > 0 {
		before = list[n-1].Message
	}
	judged := false
	scanObject(s, recipientNames, func(i int) {
		switch i {
		case 0:
			r.Seq = scanNumber(s)
		case 1:
			r.RecipientNo = scanText(s, "")
		case 2:
			r.Code, judged = scanInteger(s)
		case 3:
			r.Message = scanText(s, before)
		case 4:
			r.RecipientGroupingKey = scanText(s, "")
		}
	})
	if !judged {
		s.Fail(errors.New("a recipient without a result code"))
	}
	return r
}
