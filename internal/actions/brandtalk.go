package actions

import (
	"context"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// brandTalk sends over BrandTalk v2.2: a registered template by its code, with values
// for its variables.
type brandTalk struct{}

// repeats is false, since BrandTalk has no idempotency key: what is in doubt can only
// be looked up.
func (brandTalk) repeats() bool { return false }

// carriesImages is false: a template has its image since it was registered.
func (brandTalk) carriesImages() bool { return false }

func (brandTalk) send(ctx context.Context, client *nhn.Client, d *delivery) (*nhn.SendResult, error) {
	req := nhn.BrandTalkRequest{
		SenderKey: d.sender.SenderKey, TemplateCode: d.campaign.Content.TemplateCode, SenderGroupingKey: d.key(),
		CreateUser: strconv.FormatInt(d.campaign.LaunchedBy, 10), Recipients: make([]nhn.BrandTalkRecipient, len(d.messages)),
	}
	if d.batch.RequestAt != nil {
		req.RequestDate = *d.batch.RequestAt
	}
	err := d.compose(func(i int, m models.Message, composed models.Composed) {
		req.Recipients[i] = nhn.BrandTalkRecipient{
			RecipientNo: m.Phone, TemplateParameter: templateParameters(composed.Parameters), RecipientGroupingKey: messageKey(d.campaign, m),
		}
	})
	if err != nil {
		return nil, err
	}
	return client.SendBrandTalk(ctx, &req)
}

func templateParameters(ps []models.Parameter) []nhn.TemplateParameter {
	out := make([]nhn.TemplateParameter, len(ps))
	for i, p := range ps {
		out[i] = nhn.TemplateParameter(p)
	}
	return out
}

func (brandTalk) listed(ctx context.Context, client *nhn.Client, groupingKey string, from, to time.Time) ([]nhn.Message, error) {
	return collect(client.AllBrandTalkMessages(ctx, nhn.BrandTalkQuery{
		StartCreateDate: from, EndCreateDate: searched(from, to, kakao.BrandTalkQueryDays), SenderGroupingKey: groupingKey, PageSize: kakao.MaxPageSize,
	}))
}

func (brandTalk) request(ctx context.Context, client *nhn.Client, requestID string) ([]nhn.Message, error) {
	return collect(client.AllBrandTalkMessages(ctx, nhn.BrandTalkQuery{RequestID: requestID, PageSize: kakao.MaxPageSize}))
}

func (brandTalk) message(ctx context.Context, client *nhn.Client, requestID string, seq int) (*nhn.Message, error) {
	return client.BrandTalkMessage(ctx, requestID, seq)
}

func (brandTalk) search(ctx context.Context, client *nhn.Client, q search) ([]nhn.Message, int, error) {
	return client.BrandTalkMessages(ctx, nhn.BrandTalkQuery{
		RequestID: q.requestID, StartRequestDate: q.requested.Start, EndRequestDate: q.requested.End,
		StartCreateDate: q.created.Start, EndCreateDate: q.created.End, RecipientNo: q.phone, SenderKey: q.sender.SenderKey,
		TemplateCode: q.templateCode, SenderGroupingKey: q.groupingKey, RecipientGroupingKey: q.recipientKey, MessageStatus: q.status,
		ResultCode: q.group(kakao.BrandResultSuccess, kakao.BrandResultFailure), PageNum: q.page, PageSize: q.size,
	})
}

func (brandTalk) cancel(ctx context.Context, client *nhn.Client, requestID string, seqs ...int) error {
	return client.CancelBrandTalk(ctx, requestID, seqs...)
}

// takeResults reads the requests that have open messages, one after another:
// BrandTalk has no list of what has changed.
func (brandTalk) takeResults(ctx context.Context, s *Service, client *nhn.Client, r models.Reading, _ time.Time) error {
	return s.takeRequests(ctx, client, r, s.Now())
}
