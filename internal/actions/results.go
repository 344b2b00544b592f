package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// TakeResults asks a worker to run [Service.TakeResults].
type TakeResults struct {
	AppkeyID int64          `json:"appkey_id"`
	Channel  models.Channel `json:"channel"`
	Since    time.Time      `json:"since"` // when the oldest request with open messages was made
}

// Kind names the job.
func (TakeResults) Kind() string { return "take_results" }

// TakeResults reads what became of the messages of a channel, and records it.
func (s *Service) TakeResults(ctx context.Context, in TakeResults) error {
	if s.Provider.rest(in.AppkeyID) > 0 {
		return nil // the sweep asks again
	}
	appkey, err := s.DB.Appkey(ctx, in.AppkeyID)
	if err != nil {
		return err
	}
	client, err := s.Provider.client(appkey)
	if err != nil {
		return err
	}
	if err := channelOf(in.Channel).takeResults(ctx, s, client, appkey, in.Since); err != nil {
		return fmt.Errorf("results of appkey %d: %w", appkey.ID, err)
	}
	return nil
}

// takePage records the results that are about messages of ours.
func (s *Service) takePage(ctx context.Context, messages []nhn.Message) error {
	outcomes, err := s.outcomes(ctx, messages)
	if err != nil || len(outcomes) == 0 {
		return err
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		n, err := tx.RecordOutcomes(ctx, outcomes)
		if err != nil || n == 0 {
			return err
		}
		return s.suppressResults(ctx, tx, outcomes)
	})
}

// outcomes are what the provider says about messages that this installation has
// sent: their keys name a campaign that it has.
func (s *Service) outcomes(ctx context.Context, messages []nhn.Message) ([]models.MessageOutcome, error) {
	type named struct {
		ulid    string
		outcome models.MessageOutcome
	}
	var found []named
	ulids := map[string]bool{}
	now := s.Now()
	for _, m := range messages {
		ulid, id, ours := parseMessageKey(m.RecipientGroupingKey)
		o, known := outcomeOf(m, now)
		if !ours || !known {
			continue
		}
		o.ID, ulids[ulid] = id, true
		if o.State == models.MessageCancelled {
			o.Attempt = attemptOf(m.SenderGroupingKey)
		}
		found = append(found, named{ulid, o})
	}
	campaigns, err := s.campaigns(ctx, ulids)
	if err != nil {
		return nil, err
	}
	var outcomes []models.MessageOutcome
	for _, f := range found {
		if id, ours := campaigns[f.ulid]; ours {
			f.outcome.CampaignID = id
			outcomes = append(outcomes, f.outcome)
		}
	}
	return outcomes, nil
}

func (s *Service) campaigns(ctx context.Context, ulids map[string]bool) (map[string]int64, error) {
	if len(ulids) == 0 {
		return nil, nil
	}
	list := make([]string, 0, len(ulids))
	for u := range ulids {
		list = append(list, u)
	}
	return s.DB.CampaignsByULID(ctx, list)
}

// outcomeOf is what the provider's description of a message says about it; known
// is false while there is no result.
func outcomeOf(m nhn.Message, now time.Time) (o models.MessageOutcome, known bool) {
	o.Code, o.SMSCode, o.DoneAt = m.ResultCode, m.ResendResultCode, now.UnixMilli()
	if !m.ReceiveDate.IsZero() {
		o.DoneAt = m.ReceiveDate.UnixMilli()
	}
	switch m.MessageStatus {
	case kakao.StatusCompleted:
		o.State = models.MessageDelivered
	case kakao.StatusCancelled:
		o.State = models.MessageCancelled
	case kakao.StatusFailed:
		o.State, o.Fallback = models.MessageFailed, fallbackStateOf(m.ResendStatus)
		if o.Fallback == models.FallbackDelivered {
			o.State = models.MessageSMS
		}
	default:
		return o, false
	}
	return o, true
}

func fallbackStateOf(status string) models.FallbackState {
	switch status {
	case kakao.FallbackTarget:
		return models.FallbackTarget
	case kakao.FallbackInProgress:
		return models.FallbackUnderWay
	case kakao.FallbackSucceeded:
		return models.FallbackDelivered
	case kakao.FallbackFailed:
		return models.FallbackFailed
	}
	return models.FallbackNone
}

// noAnswer tells from a refusal that the provider was not asked, or did not
// answer.
func noAnswer(err error) bool {
	e, ok := errors.AsType[*nhn.Error](err)
	return ok && (e.NotSent() || e.InDoubt())
}
