package nhn

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
	Message *struct {
		RequestID         text `json:"requestId"`
		SenderGroupingKey text `json:"senderGroupingKey"`
		SendResults       []struct {
			RecipientSeq         number `json:"recipientSeq"`
			RecipientNo          text   `json:"recipientNo"`
			ResultCode           code   `json:"resultCode"`
			ResultMessage        text   `json:"resultMessage"`
			RecipientGroupingKey text   `json:"recipientGroupingKey"`
		} `json:"sendResults"`
	} `json:"message"`
}

// result is nil when the answer says nothing of the message.
func (a *sendAnswer) result() *SendResult {
	if a.Message == nil {
		return nil
	}
	out := &SendResult{
		RequestID:         string(a.Message.RequestID),
		SenderGroupingKey: string(a.Message.SenderGroupingKey),
		Recipients:        make([]RecipientResult, len(a.Message.SendResults)),
	}
	for i, r := range a.Message.SendResults {
		out.Recipients[i] = RecipientResult{
			Seq: int(r.RecipientSeq), RecipientNo: string(r.RecipientNo), Code: int(r.ResultCode),
			Message: string(r.ResultMessage), RecipientGroupingKey: string(r.RecipientGroupingKey),
		}
	}
	return out
}
