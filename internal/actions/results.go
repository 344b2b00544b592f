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
	Since    time.Time      `json:"since"` // when the first of the requests with open messages was made, or to be sent
}

// Kind names the job.
func (TakeResults) Kind() string { return "take_results" }

// readingLease is how long nobody else reads the results of a channel after whoever
// does has last shown that they live.
const readingLease = time.Minute

// TakeResults reads what became of the messages of a channel, and records it.
func (s *Service) TakeResults(ctx context.Context, in TakeResults) error {
	err := s.takeResults(ctx, in)
	next := s.Now().Add(max(s.Sweeping.ResultsEvery, retryAfter(err)))
	// Even when the program is being ended: whoever comes next need not wait.
	return errors.Join(err, s.DB.PostponeReading(context.WithoutCancel(ctx), in.AppkeyID, in.Channel, next))
}

func (s *Service) takeResults(ctx context.Context, in TakeResults) error {
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
	r, err := s.DB.Reading(ctx, in.AppkeyID, in.Channel)
	if err != nil {
		return err
	}
	if err := channelOf(in.Channel).takeResults(ctx, taking{s, client, appkey, r, in.Since}); err != nil {
		return fmt.Errorf("results of appkey %d: %w", appkey.ID, err)
	}
	return nil
}

// taking is a reading of results that goes on.
type taking struct {
	*Service

	client  *nhn.Client
	appkey  models.Appkey
	reading models.Reading
	since   time.Time // when the oldest request with open messages was made
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

// takeRequests reads the requests of which results are still to come, one after
// another: those that were made, or sent, up to the time youngest.
func (t taking) takeRequests(ctx context.Context, youngest time.Time) error {
	now := t.Now()
	bs, err := t.DB.AwaitedRequests(ctx, t.appkey.ID, t.reading.Channel, now, now.AddDate(0, 0, -kakao.RetentionDays), youngest, requestsRead)
	if err != nil {
		return err
	}
	var errs []error
	for _, b := range bs {
		if err := t.takeRequest(ctx, t.client, t.reading.Channel, b); err != nil {
			errs = append(errs, fmt.Errorf("request of batch %d: %w", b.ID, err))
			if noAnswer(err) {
				break
			}
		}
	}
	return errors.Join(errs...)
}

// takeRequest records what the request of a batch has come to. The time of the next
// reading is moved on first, so that of several processes one reads.
func (s *Service) takeRequest(ctx context.Context, client *nhn.Client, ch models.Channel, b models.Batch) error {
	now := s.Now()
	age := now.Sub(*latestOf(b.CalledAt, b.RequestAt))
	ours, err := s.DB.Postpone(ctx, b, now.Add(min(max(age/readAgain, s.Sweeping.ResultsEvery), readAtLeast)))
	if err != nil || !ours {
		return err
	}
	messages, err := channelOf(ch).request(ctx, client, b.RequestID)
	if err != nil {
		return err
	}
	return errors.Join(s.takePage(ctx, messages), s.keepReading(ctx, b.AppkeyID, ch))
}

// keepReading says that the reading goes on.
func (s *Service) keepReading(ctx context.Context, appkeyID int64, ch models.Channel) error {
	return s.DB.PostponeReading(ctx, appkeyID, ch, s.Now().Add(readingLease))
}

// latestOf is the later one of two times, of which the second may be unknown.
func latestOf(a, b *time.Time) *time.Time {
	if b != nil && b.After(*a) {
		return b
	}
	return a
}

// takePage records the results that are about messages of ours.
func (s *Service) takePage(ctx context.Context, messages []nhn.Message) error {
	outcomes, err := s.outcomes(ctx, messages)
	if err != nil || len(outcomes) == 0 {
		return err
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		_, err := s.keepOutcomes(ctx, tx, outcomes)
		return err
	})
}

// keepOutcomes records outcomes, and says of how many messages they say something new.
func (s *Service) keepOutcomes(ctx context.Context, tx *models.DB, outcomes []models.MessageOutcome) (int, error) {
	n, err := tx.RecordOutcomes(ctx, outcomes)
	if err != nil || n == 0 {
		return n, err
	}
	return n, s.suppressResults(ctx, tx, outcomes)
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
	return toldOf(m).Outcome(now)
}

// expiredAtOnce is how many batches one sweep closes.
const expiredAtOnce = 20

// sweepExpired closes messages of which no result can come any more: the provider
// forgets them. Of a failed one whose SMS was under way, that is all that will ever
// be known.
func (s *Service) sweepExpired(ctx context.Context) error {
	bs, err := s.DB.ExpiredBatches(ctx, s.Now().AddDate(0, 0, -kakao.RetentionDays-1), expiredAtOnce)
	if err != nil {
		return err
	}
	for _, b := range bs {
		if err := s.closeExpired(ctx, b); err != nil {
			return fmt.Errorf("close batch %d: %w", b.ID, err)
		}
	}
	return nil
}

func (s *Service) closeExpired(ctx context.Context, b models.Batch) error {
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		messages, err := tx.AwaitedMessages(ctx, b.ID)
		if err != nil {
			return err
		}
		outcomes := make([]models.MessageOutcome, len(messages))
		for i, m := range messages {
			o := models.MessageOutcome{ID: m.ID, State: models.MessageClosed, DoneAt: s.Now().UnixMilli()}
			if m.State == models.MessageFailed {
				o.State, o.Fallback, o.Code, o.SMSCode, o.DoneAt = m.State, models.FallbackUnknown, m.Code, m.SMSCode, m.DoneAt
			}
			outcomes[i] = o
		}
		_, err = tx.RecordOutcomes(ctx, outcomes)
		return err
	})
}

// noAnswer tells from a refusal that the provider was not asked, or did not
// answer.
func noAnswer(err error) bool {
	e, ok := errors.AsType[*nhn.Error](err)
	return ok && (e.NotSent() || e.InDoubt())
}
