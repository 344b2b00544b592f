package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"soshik/internal/nhn"
	"soshik/models"
)

const (
	// lookUpEvery is how long to wait at most between look-ups of a batch in doubt.
	lookUpEvery = 3 * time.Second
	// lookBack and lookAhead widen the time in which an attempt is searched for,
	// for clocks that differ.
	lookBack  = 10 * time.Minute
	lookAhead = 2 * time.Minute
)

// SettleBatch asks a worker to run [Service.SettleBatch].
type SettleBatch struct {
	BatchID int64 `json:"batch_id"`
}

// Kind names the job.
func (SettleBatch) Kind() string { return "settle_batch" }

// SettleBatch finds out what became of a batch in doubt. It looks its attempts up
// at the provider: what is listed has been taken; what is not is asked for again
// under the same key while the provider remembers it, and given up for a new
// attempt once nothing of the old one can be under way any more. A batch that waits
// for a person is looked up too, and if it turns up after all, nobody is asked.
func (s *Service) SettleBatch(ctx context.Context, batchID int64) error {
	d, err := readDelivery(ctx, s.DB, batchID)
	if err != nil {
		return err
	}
	if d.batch.State != models.BatchInDoubt {
		return nil
	}
	if rests, err := s.resting(ctx, s.DB, d.batch); err != nil || rests {
		return err
	}
	if d.batch.Suspect {
		return s.exposeSuspect(ctx, batchID) // and is settled when it is due again
	}
	client, err := s.load(ctx, d)
	if err != nil {
		return fmt.Errorf("settle batch %d: %w", batchID, err)
	}
	calls, err := s.DB.Calls(ctx, batchID)
	if err != nil {
		return err
	}
	if len(calls) == 0 {
		return fmt.Errorf("batch %d is in doubt without a call", batchID)
	}
	d.call = lastMade(calls)
	found, err := s.lookUp(ctx, client, d, doubtful(calls))
	if wait := retryAfter(err); wait > 0 {
		return s.DB.SetBatch(ctx, batchID, map[string]any{"due_at": s.Now().Add(wait).UTC()})
	}
	if err != nil {
		return fmt.Errorf("look up batch %d: %w", batchID, err)
	}
	if len(found) > 0 {
		return s.adopt(ctx, client, d, found)
	}
	return s.unlisted(ctx, d, calls)
}

// lastMade is the last call that the provider may have got; the last one if it has
// got none.
func lastMade(calls []models.Call) models.Call {
	for _, c := range slices.Backward(calls) {
		if c.Outcome != models.CallNotSent {
			return c
		}
	}
	return calls[len(calls)-1]
}

// retryAfter is for how long the provider is not to be asked again, where err is
// that a call was turned away, or not even made.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*nhn.Error](err); ok && e.NotSent() {
		return e.RetryAfter
	}
	return 0
}

// doubtful are the first calls of the attempts that the provider may have carried
// out, by attempt, the earliest first.
func doubtful(calls []models.Call) []models.Call {
	var first []models.Call
	seen := map[int]bool{}
	for _, c := range calls {
		if slices.Contains([]models.CallOutcome{models.CallNotSent, models.CallRefused, models.CallWithdrawn}, c.Outcome) || seen[c.Attempt] {
			continue
		}
		seen[c.Attempt] = true
		first = append(first, c)
	}
	return first
}

// lookUp lists the messages of the attempts, by the request that each one became.
func (s *Service) lookUp(ctx context.Context, client *nhn.Client, d *delivery, attempts []models.Call) ([][]nhn.Message, error) {
	var found [][]nhn.Message
	for _, a := range attempts {
		key := attemptKey(d.campaign, d.batch.ID, a.Attempt)
		messages, err := channelOf(d.campaign.Channel).listed(ctx, client, key, a.CalledAt.Add(-lookBack), s.Now().Add(lookAhead))
		if err != nil {
			return nil, err
		}
		if len(messages) > 0 {
			found = append(found, messages)
		}
	}
	return found, nil
}

// adopt takes the listed request as the one that the batch became. Its messages
// may be listed one after another, so that who is missing is known only when two
// readings a settling time apart agree, or when nobody is.
func (s *Service) adopt(ctx context.Context, client *nhn.Client, d *delivery, found [][]nhn.Message) error {
	last := found[len(found)-1]
	for _, earlier := range found[:len(found)-1] {
		if err := s.cancelDoubled(ctx, client, d, earlier); err != nil {
			return err
		}
	}
	now, n := s.Now(), countListed(last)
	missing := unlistedOf(d.messages, d.campaign, last)
	if len(missing) > 0 && !s.settled(d.batch, n, now) {
		set := map[string]any{"request_id": last[0].RequestID, "due_at": now.Add(s.Timing.lookUp())}
		if d.batch.Listed != n || d.batch.ListedAt == nil {
			set["listed"], set["listed_at"] = n, now
		}
		_, err := s.DB.MoveBatch(ctx, d.batch, []models.BatchState{models.BatchInDoubt}, models.BatchInDoubt, set)
		return err
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error { return s.acceptListed(ctx, tx, d, last, missing) })
}

// countListed is how many messages a list names: it may name some twice.
func countListed(listed []nhn.Message) int64 {
	named := make(map[string]bool, len(listed))
	for _, m := range listed {
		named[m.RecipientGroupingKey] = true
	}
	return int64(len(named))
}

// settled reports whether the list has shown n messages for a settling time.
func (s *Service) settled(b models.Batch, n int64, now time.Time) bool {
	return b.Listed == n && b.ListedAt != nil && now.Sub(*b.ListedAt) >= s.Timing.Settling
}

// unlistedOf are the open messages that the list does not name.
func unlistedOf(open []models.Message, c models.Campaign, listed []nhn.Message) []models.Message {
	named := make(map[string]bool, len(listed))
	for _, m := range listed {
		named[m.RecipientGroupingKey] = true
	}
	var missing []models.Message
	for _, m := range open {
		if !named[messageKey(c, m)] {
			missing = append(missing, m)
		}
	}
	return missing
}

// acceptListed records that the provider has the batch, and that those whom it
// does not list were refused in the answer that was lost.
func (s *Service) acceptListed(ctx context.Context, tx *models.DB, d *delivery, listed []nhn.Message, missing []models.Message) error {
	now := s.Now()
	moved, err := tx.MoveBatch(ctx, d.batch, []models.BatchState{models.BatchInDoubt}, models.BatchHanded, map[string]any{
		"request_id": listed[0].RequestID, "handed_at": now, "listed": countListed(listed), "asks": false,
	})
	if err != nil || !moved {
		return err
	}
	if err := s.endCall(ctx, tx, d, models.CallAccepted, listed[0].RequestID, nil); err != nil {
		return err
	}
	outcomes := make([]models.MessageOutcome, len(missing))
	for i, m := range missing {
		outcomes[i] = models.MessageOutcome{ID: m.ID, State: models.MessageLost, Code: models.CodeAnswerLost, DoneAt: now.UnixMilli()}
	}
	if _, err = tx.RecordOutcomes(ctx, outcomes); err != nil {
		return err
	}
	return tx.CountHanded(ctx, d.campaign.ID, len(d.messages))
}

// cancelDoubled tries to stop an earlier attempt that has turned up beside its
// successor, and records how many could not be stopped.
func (s *Service) cancelDoubled(ctx context.Context, client *nhn.Client, d *delivery, earlier []nhn.Message) error {
	requestID := earlier[0].RequestID
	cancelErr := channelOf(d.campaign.Channel).cancel(ctx, client, requestID)
	messages, err := channelOf(d.campaign.Channel).request(ctx, client, requestID)
	if err != nil {
		return err
	}
	doubled := 0
	for _, m := range messages {
		if o, known := outcomeOf(m, s.Now()); !known || o.State != models.MessageCancelled {
			doubled++
		}
	}
	s.Log.ErrorContext(ctx, "an earlier attempt has turned up", "batch", d.batch.ID, "request", requestID, "doubled", doubled, "cancel", cancelErr)
	return s.DB.Audit(ctx, models.Actor{}, models.Event{
		Action: "batch.doubled", TeamID: d.campaign.TeamID, AppkeyID: d.campaign.AppkeyID, ObjectType: "campaign",
		ObjectID: d.campaign.ID, ObjectName: d.campaign.Name, Outcome: models.OutcomeFailed,
		After: map[string]any{"batch": d.batch.Number, "request": requestID, "doubled": doubled},
	})
}

// unlisted decides what to do with a batch that the provider does not list: wait,
// repeat the request, begin a new attempt, or ask a person. Repeating goes first,
// since under its key nothing is carried out twice. A batch of which the provider has
// said that it knows the key is no case for a new attempt: it may be listed later yet.
func (s *Service) unlisted(ctx context.Context, d *delivery, calls []models.Call) error {
	now := s.Now()
	settled := now.Sub(d.call.CalledAt) >= s.Timing.Settling
	switch {
	case settled && d.batch.Reported():
		return s.DB.Tx(ctx, func(tx *models.DB) error { return s.acceptReported(ctx, tx, d) })
	case d.batch.Asks:
		return s.DB.SetBatch(ctx, d.batch.ID, map[string]any{"due_at": now.Add(max(s.Timing.lookUp(), s.Timing.Settling/4)).UTC()})
	case s.mayRepeat(d, calls, now):
		return s.repeat(ctx, d)
	case settled && d.batch.Reached:
		return s.DB.Tx(ctx, func(tx *models.DB) error { return s.askPerson(ctx, tx, d) })
	case settled:
		return s.DB.Tx(ctx, func(tx *models.DB) error { return s.giveUpAttempt(ctx, tx, d) })
	}
	return s.DB.SetBatch(ctx, d.batch.ID, map[string]any{"due_at": now.Add(s.Timing.lookUp()).UTC()})
}

// mayRepeat reports whether the same request may be made again under its key: the
// provider surely remembers the key, has not said that it knows it, and the last
// request has had a call's time to end.
func (s *Service) mayRepeat(d *delivery, calls []models.Call, now time.Time) bool {
	if !channelOf(d.campaign.Channel).repeats() || d.batch.Reached || d.batch.Reported() || d.batch.Cancel != models.CancelNone || !d.campaign.State.Runs() {
		return false
	}
	var first time.Time
	made := 0
	for _, c := range calls {
		if c.Attempt != d.batch.Attempt || c.Outcome == models.CallNotSent {
			continue
		}
		if made++; made == 1 {
			first = c.CalledAt
		}
	}
	return made > 0 && made <= maxRepeats && now.Sub(first) < repeatWithin && now.Sub(d.call.CalledAt) >= s.Timing.CallTimeout
}

// maxRepeats is how often a request is made again under its key. When none of them
// got through, the settling time has to pass.
const maxRepeats = 3

// repeat makes the same request again under the same key. Under an emergency stop it
// waits, and is made when that is lifted.
func (s *Service) repeat(ctx context.Context, d *delivery) error {
	taken := false
	err := s.DB.Tx(ctx, func(tx *models.DB) (err error) {
		d.repeat = true
		if err := s.takeTurn(ctx, tx, d); err != nil {
			return err
		}
		taken, err = s.take(ctx, tx, d, models.BatchInDoubt)
		return err
	})
	if _, far := errors.AsType[*farTurnError](err); far || errors.Is(err, errStopped) {
		return s.DB.SetBatch(ctx, d.batch.ID, map[string]any{"due_at": s.Now().Add(s.Timing.lookUp()).UTC()})
	}
	if err != nil || !taken {
		return err
	}
	return s.handOver(ctx, d)
}

// acceptReported records that the provider has a batch which it does not list,
// since it has reported results of it. Results that come before the answer are the
// answer.
func (s *Service) acceptReported(ctx context.Context, tx *models.DB, d *delivery) error {
	moved, err := tx.MoveBatch(ctx, d.batch, []models.BatchState{models.BatchInDoubt}, models.BatchHanded, map[string]any{"handed_at": s.Now(), "asks": false})
	if err != nil {
		return err
	}
	if err := s.endCall(ctx, tx, d, models.CallAccepted, "", nil); err != nil || !moved {
		return err
	}
	return tx.CountHanded(ctx, d.campaign.ID, len(d.messages))
}

// giveUpAttempt ends an attempt of which nothing can be under way any more. The
// batch is planned again; or cancelled, if that is wanted; or a person decides, if
// it has been given up too often or it is late.
func (s *Service) giveUpAttempt(ctx context.Context, tx *models.DB, d *delivery) error {
	now, b := s.Now(), d.batch
	stopped := d.campaign.State == models.CampaignCancelling || b.Cancel != models.CancelNone // whoever stops or moves it goes on
	if !stopped && (b.Doubts+1 >= maxDoubts || late(b, now)) {
		return s.askPerson(ctx, tx, d)
	}
	moved, err := tx.MoveBatch(ctx, b, []models.BatchState{models.BatchInDoubt}, models.BatchPlanned, map[string]any{
		"doubts": b.Doubts + 1, "listed": 0, "listed_at": nil, "job_id": 0, "due_at": now,
	})
	if err != nil || !moved {
		return err
	}
	return s.endCall(ctx, tx, d, models.CallNotFound, "", nil)
}

// holdDoubt is why a campaign is held of which a batch asks.
const holdDoubt = "hold.doubt"

// askPerson leaves it to a person whether the batch counts as sent or is sent
// again. People are told when that stops the campaign, or else of the first one that
// asks.
func (s *Service) askPerson(ctx context.Context, tx *models.DB, d *delivery) error {
	asked, err := tx.BatchAsks(ctx, d.campaign.ID)
	if err != nil {
		return err
	}
	moved, err := tx.MoveBatch(ctx, d.batch, []models.BatchState{models.BatchInDoubt}, models.BatchInDoubt,
		map[string]any{"asks": true, "doubts": d.batch.Doubts + 1})
	if err != nil || !moved {
		return err
	}
	if !d.batch.Reached {
		if err := s.endCall(ctx, tx, d, models.CallNotFound, "", nil); err != nil {
			return err
		}
	}
	stopped, err := s.stop(ctx, tx, d.campaign, models.CampaignHeld, holdDoubt, 0)
	if err != nil || stopped || asked {
		return err
	}
	return s.notify(ctx, tx, d.campaign, models.Notice{Kind: models.NoticeAsks, Reason: models.T(holdDoubt)})
}

// Decision is what a person says about a batch that nobody knows about.
type Decision string

// The decisions.
const (
	CountAsSent Decision = "sent"
	SendAgain   Decision = "again"
)

// DecideBatch carries out what a person has decided about a batch in doubt.
func (s *Service) DecideBatch(ctx context.Context, by models.Actor, appkeyID, campaignID, number int64, decision Decision) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	c, err := s.DB.Campaign(ctx, appkeyID, campaignID)
	if err != nil {
		return err
	}
	bs, err := s.DB.Batches(ctx, c.ID, number-1, 1)
	if err != nil {
		return err
	}
	if len(bs) == 0 || bs[0].Number != number || !bs[0].Asks {
		return models.Errorf(models.Conflict, "batch.decided")
	}
	e := models.Event{
		Action: "batch.decide", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		After: map[string]any{"batch": strconv.FormatInt(number, 10), "decision": decision},
	}
	return s.change(ctx, by, &e, func(tx *models.DB) error { return s.decide(ctx, tx, bs[0], decision) })
}

func (s *Service) decide(ctx context.Context, tx *models.DB, b models.Batch, decision Decision) error {
	now := s.Now()
	to, set := models.BatchPlanned, map[string]any{"asks": false, "doubts": 0, "reached": false, "job_id": 0, "due_at": now, "meant_at": now}
	if b.SendAt != nil && b.SendAt.Before(now) {
		set["send_at"] = nil // whoever says "again" means now, whatever the pace
	}
	if decision == CountAsSent {
		to, set = models.BatchHanded, map[string]any{"asks": false, "handed_at": now}
	}
	moved, err := tx.MoveBatch(ctx, b, []models.BatchState{models.BatchInDoubt}, to, set)
	if err == nil && !moved {
		return models.Errorf(models.Conflict, "batch.decided")
	}
	if err != nil || decision != CountAsSent {
		return err
	}
	return tx.CountHanded(ctx, b.CampaignID, int(b.Open()))
}
