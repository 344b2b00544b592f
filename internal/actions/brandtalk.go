package actions

import (
	"context"
	"errors"
	"fmt"
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

func (brandTalk) cancel(ctx context.Context, client *nhn.Client, requestID string, seqs ...int) error {
	return client.CancelBrandTalk(ctx, requestID, seqs...)
}

const (
	// requestsRead are read at most in one go; what is left comes with the next.
	requestsRead = 200
	// readAgain is by which part of its age the next reading of a request is put off:
	// most results come at once, and the last ones may take days.
	readAgain = 20
	// readAtLeast is how long it is put off at most.
	readAtLeast = 6 * time.Hour
)

// takeResults reads the requests that have open messages, one after another:
// BrandTalk has no list of what has changed.
func (b brandTalk) takeResults(ctx context.Context, s *Service, client *nhn.Client, k models.Appkey, _ time.Time) error {
	now := s.Now()
	bs, err := s.DB.OpenRequests(ctx, k.ID, models.BrandTalk, now, now.AddDate(0, 0, -kakao.RetentionDays), requestsRead)
	if err != nil {
		return err
	}
	var errs []error
	for _, batch := range bs {
		if err := b.takeRequest(ctx, s, client, batch); err != nil {
			errs = append(errs, fmt.Errorf("request of batch %d: %w", batch.ID, err))
			if noAnswer(err) {
				break
			}
		}
	}
	return errors.Join(errs...)
}

// takeRequest records what the request of a batch has come to. The time of the next
// reading is moved on first, so that of several processes one reads.
func (b brandTalk) takeRequest(ctx context.Context, s *Service, client *nhn.Client, batch models.Batch) error {
	now := s.Now()
	age := now.Sub(*latestOf(batch.CalledAt, batch.RequestAt))
	ours, err := s.DB.Postpone(ctx, batch, now.Add(min(max(age/readAgain, s.Sweeping.ResultsEvery), readAtLeast)))
	if err != nil || !ours {
		return err
	}
	messages, err := b.request(ctx, client, batch.RequestID)
	if err != nil {
		return err
	}
	return s.takePage(ctx, messages)
}

// latestOf is the later one of two times, of which the second may be unknown.
func latestOf(a, b *time.Time) *time.Time {
	if b != nil && b.After(*a) {
		return b
	}
	return a
}
