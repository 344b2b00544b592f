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

func (friendTalk) cancel(ctx context.Context, client *nhn.Client, requestID string, seqs ...int) error {
	return client.CancelFriendTalk(ctx, requestID, seqs...)
}

const (
	// overlap is how much of what has been read is read again: results may be
	// reported a little after their time.
	overlap = 2 * time.Minute
	// resultPages are read at most in one go; what is left comes with the next.
	resultPages = 2000
)

// takeResults reads what has changed since the last time. Reading the same again
// changes nothing.
func (f friendTalk) takeResults(ctx context.Context, s *Service, client *nhn.Client, k models.Appkey, since time.Time) error {
	now := s.Now()
	start := latest(k.ResultsUntil.Add(-overlap), since.Add(-lookBack), now.AddDate(0, 0, -kakao.QueryDays+1))
	if err := f.takeWindow(ctx, s, client, start, now.Add(time.Minute)); err != nil {
		return err
	}
	return s.DB.SetResultsUntil(ctx, k.ID, now.Add(-time.Minute))
}

func latest(times ...time.Time) time.Time {
	last := times[0]
	for _, t := range times[1:] {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// takeWindow reads the pages from the last to the first: a message whose state
// changes while they are read moves on in the window or out of it, and would be
// jumped over the other way round.
func (f friendTalk) takeWindow(ctx context.Context, s *Service, client *nhn.Client, start, end time.Time) error {
	first, total, err := client.FriendTalkResults(ctx, start, end, 1, kakao.MaxPageSize)
	if err != nil {
		return err
	}
	if total < 0 {
		return f.takeAll(ctx, s, client, start, end)
	}
	pages := min((total+kakao.MaxPageSize-1)/kakao.MaxPageSize, resultPages)
	for page := pages; page > 1; page-- {
		messages, _, err := client.FriendTalkResults(ctx, start, end, page, kakao.MaxPageSize)
		if err != nil {
			return err
		}
		if err := s.takePage(ctx, messages); err != nil {
			return err
		}
	}
	if pages > 1 {
		if first, _, err = client.FriendTalkResults(ctx, start, end, 1, kakao.MaxPageSize); err != nil {
			return err
		}
	}
	return s.takePage(ctx, first)
}

// takeAll reads the pages from the first on, where the provider does not say how
// many there are.
func (friendTalk) takeAll(ctx context.Context, s *Service, client *nhn.Client, start, end time.Time) error {
	for page := 1; page <= resultPages; page++ {
		messages, _, err := client.FriendTalkResults(ctx, start, end, page, kakao.MaxPageSize)
		if err != nil || len(messages) == 0 {
			return err
		}
		if err := s.takePage(ctx, messages); err != nil {
			return err
		}
	}
	return nil
}
