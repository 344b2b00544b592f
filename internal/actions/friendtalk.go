package actions

import (
	"context"
	"fmt"
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
	composer := models.NewComposer(d.campaign.Channel, d.campaign.Content, d.campaign.Fallback)
	for i, m := range d.messages {
		composed, skip, err := composer.Compose(m.Vars)
		if err != nil {
			return nil, err
		}
		if skip != "" {
			return nil, fmt.Errorf("message %d was planned and cannot be sent: %s", m.ID, skip)
		}
		req.Recipients[i] = friendTalkRecipient(d, m, composed)
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
	return collect(ctx, client, nhn.FriendTalkQuery{
		StartCreateDate: from, EndCreateDate: to, SenderGroupingKey: groupingKey, PageSize: kakao.MaxPageSize,
	})
}

func (friendTalk) request(ctx context.Context, client *nhn.Client, requestID string) ([]nhn.Message, error) {
	return collect(ctx, client, nhn.FriendTalkQuery{RequestID: requestID, PageSize: kakao.MaxPageSize})
}

func collect(ctx context.Context, client *nhn.Client, query nhn.FriendTalkQuery) ([]nhn.Message, error) {
	var messages []nhn.Message
	for m, err := range client.AllFriendTalkMessages(ctx, query) {
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, nil
}

func (friendTalk) cancel(ctx context.Context, client *nhn.Client, requestID string) error {
	return client.CancelFriendTalk(ctx, requestID)
}
