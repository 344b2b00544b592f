package actions

import (
	"context"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// friendTalk sends over FriendTalk v1.5.
type friendTalk struct{}

func (friendTalk) carriesImages() bool { return true }

func (friendTalk) repeats() bool { return true }

func (friendTalk) send(ctx context.Context, client *nhn.Client, d *delivery) (*nhn.SendResult, error) {
	req := nhn.FriendTalkRequest{
		PlusFriendID: d.sender.PlusFriendID, SenderGroupingKey: d.key(),
		CreateUser: strconv.FormatInt(d.campaign.LaunchedBy, 10), Recipients: make([]nhn.FriendTalkRecipient, len(d.messages)),
	}
	if d.batch.RequestAt != nil {
		req.RequestDate = *d.batch.RequestAt
	}
	err := d.compose(func(i int, m models.Message, composed models.Composed) {
		req.Recipients[i] = friendTalkRecipient(d, m, composed)
	})
	if err != nil {
		return nil, err
	}
	return client.SendFriendTalk(ctx, &req, d.key())
}

func friendTalkRecipient(d *delivery, m models.Message, composed models.Composed) nhn.FriendTalkRecipient {
	r := nhn.FriendTalkRecipient{
		RecipientNo: m.Phone, Content: composed.Text, IsAd: composed.Ad, ImageSeq: d.imageSeq,
		RecipientGroupingKey: messageKey(d.campaign, m), Buttons: make([]nhn.Button, len(composed.Buttons)),
		Resend: &nhn.ResendParameter{IsResend: d.campaign.Fallback.On},
	}
	if d.imageSeq != 0 {
		r.ImageLink = composed.ImageLink
	}
	for i, b := range composed.Buttons {
		r.Buttons[i] = nhn.Button{
			Ordering: i + 1, Type: b.Type, Name: b.Name, LinkMo: b.LinkMo, LinkPC: b.LinkPC, SchemeIOS: b.SchemeIOS, SchemeAndroid: b.SchemeAndroid,
		}
	}
	if f := d.campaign.Fallback; f.On {
		r.Resend.Type, r.Resend.Title, r.Resend.Content = f.Type, f.Title, composed.SMS
	}
	return r
}

func (friendTalk) listed(ctx context.Context, client *nhn.Client, groupingKey string, from, to time.Time) ([]nhn.Message, error) {
	return collect(client.AllFriendTalkMessages(ctx, nhn.FriendTalkQuery{
		StartCreateDate: from, EndCreateDate: searched(from, to, kakao.QueryDays), SenderGroupingKey: groupingKey, PageSize: kakao.MaxPageSize,
	}))
}

func (friendTalk) request(ctx context.Context, client *nhn.Client, requestID string) ([]nhn.Message, error) {
	return collect(client.AllFriendTalkMessages(ctx, nhn.FriendTalkQuery{RequestID: requestID, PageSize: kakao.MaxPageSize}))
}

func (friendTalk) message(ctx context.Context, client *nhn.Client, requestID string, seq int) (*nhn.Message, error) {
	return client.FriendTalkMessage(ctx, requestID, seq)
}

func (friendTalk) search(ctx context.Context, client *nhn.Client, q search) ([]nhn.Message, int, error) {
	return client.FriendTalkMessages(ctx, nhn.FriendTalkQuery{
		RequestID: q.requestID, StartRequestDate: q.requested.Start, EndRequestDate: q.requested.End,
		StartCreateDate: q.created.Start, EndCreateDate: q.created.End, RecipientNo: q.phone, PlusFriendID: q.sender.PlusFriendID,
		SenderGroupingKey: q.groupingKey, RecipientGroupingKey: q.recipientKey, MessageStatus: q.status,
		ResultCode: q.group(kakao.ResultGroupSuccess, kakao.ResultGroupFailure), CreateUser: q.createUser, PageNum: q.page, PageSize: q.size,
	})
}

func (friendTalk) cancel(ctx context.Context, client *nhn.Client, requestID string, seqs ...int) error {
	return client.CancelFriendTalk(ctx, requestID, seqs...)
}

// requestAfter is how long after they were handed over, or sent, messages are asked
// after request by request whose results no list of changes has shown.
const requestAfter = 10 * time.Minute

// takeResults reads what has changed since the last time, and request by request what
// has been without a result for long.
func (friendTalk) takeResults(ctx context.Context, s *Service, client *nhn.Client, r models.Reading, since time.Time) error {
	w := &windows{Service: s, client: client, reading: r}
	if err := w.take(ctx, since); err != nil {
		return err
	}
	return s.takeRequests(ctx, client, r, s.Now().Add(-requestAfter))
}
