package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/oklog/ulid/v2"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// Timing is how long things take that two computers have to agree about.
type Timing struct {
	// CallTimeout is how long a request may take.
	CallTimeout time.Duration
	// Settling is how long after a request the provider may still take it in or
	// list it.
	Settling time.Duration
}

// lease is how long a claim holds: longer than the call, so that it never runs
// out while a request is under way.
func (t Timing) lease() time.Duration { return t.CallTimeout + t.CallTimeout/2 }

// lookUp is how long to wait between look-ups of a batch in doubt.
func (t Timing) lookUp() time.Duration { return min(lookUpEvery, t.Settling/4) }

const (
	// repeatWithin is how long after the first request the same may be made again
	// under its idempotency key. The provider remembers keys for ten minutes.
	repeatWithin = 8 * time.Minute
	// maxDoubts is how many attempts may be given up before a person decides.
	maxDoubts = 3
	// maxRefusals is how many batches in a row may be refused before the campaign
	// pauses.
	maxRefusals = 3
	// retryNotSent is how long to wait when the provider could not be reached and
	// did not say how long.
	retryNotSent = 5 * time.Second
)

// SendBatch asks a worker to run [Service.SendBatch].
type SendBatch struct {
	BatchID int64 `json:"batch_id"`
}

// Kind names the job.
func (SendBatch) Kind() string { return "send_batch" }

// delivery is a batch that has been claimed, with all that its request needs.
type delivery struct {
	batch    models.Batch
	campaign models.Campaign
	appkey   models.Appkey
	sender   models.Sender
	messages []models.Message
	call     models.Call
	imageSeq int           // names the campaign's image to the provider; 0: it has none
	repeat   bool          // the request has been made before under the same key
	wait     time.Duration // after the claim, for the project's turn
}

func (d *delivery) key() string { return attemptKey(d.campaign, d.batch.ID, d.batch.Attempt) }

// SendBatch hands a planned batch over: it claims it, makes the request with no
// transaction held, and records the answer. A batch that is not to be sent now,
// or that somebody else has claimed, is left alone.
func (s *Service) SendBatch(ctx context.Context, batchID int64) error {
	d, err := s.claim(ctx, batchID)
	if errors.Is(err, errSuspect) {
		if err := s.exposeSuspect(ctx, batchID); err != nil {
			return err
		}
		d, err = s.claim(ctx, batchID)
	}
	if errors.Is(err, errImageMissing) {
		if ready, err := s.uploadFirst(ctx, batchID); err != nil || !ready {
			return err
		}
		d, err = s.claim(ctx, batchID)
	}
	if far, ok := errors.AsType[*farTurnError](err); ok {
		_, err := s.DB.Postpone(ctx, far.batch, s.Now().Add(far.wait))
		return err
	}
	if err != nil || d == nil {
		return err
	}
	return s.handOver(ctx, d)
}

// claim takes a planned batch under a lease; nil if it is not to be sent now.
func (s *Service) claim(ctx context.Context, batchID int64) (d *delivery, err error) {
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		d, err = s.claimable(ctx, tx, batchID)
		if err != nil || d == nil {
			return err
		}
		left, err := s.applyStops(ctx, tx, d.batch)
		if err == nil && left {
			left, err = s.skipSuppressed(ctx, tx, d.campaign, d.batch)
		}
		if err != nil || !left {
			d = nil
			return err
		}
		if _, err := s.imageSeq(ctx, tx, d.campaign); err != nil {
			return err
		}
		if err := s.takeTurn(ctx, tx, d); err != nil {
			return err
		}
		d.batch.Attempt++
		taken, err := s.take(ctx, tx, d, models.BatchPlanned)
		if err != nil || !taken {
			d = nil
			return err
		}
		return s.beginSending(ctx, tx, d.campaign, d.batch)
	})
	if errors.Is(err, errStopped) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim batch %d: %w", batchID, err)
	}
	return d, nil
}

// maxTurnWait is for how long a job may wait for its turn, under the claim. What would
// have to wait longer is not claimed.
const maxTurnWait = time.Second

// farTurnError rolls a claim back whose turn is too far away.
type farTurnError struct {
	batch models.Batch
	wait  time.Duration
}

func (e *farTurnError) Error() string { return fmt.Sprintf("no turn for %s", e.wait) }

// errStopped rolls a claim back under an emergency stop.
var errStopped = errors.New("stopped")

// takeTurn takes the next free moment of d's project, unless that is far away or an
// emergency stop has been committed. Claims of a project, and its stops, go one after
// another from here on.
func (s *Service) takeTurn(ctx context.Context, tx *models.DB, d *delivery) error {
	databaseNow, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if d.wait, err = tx.TakeTurn(ctx, d.appkey, databaseNow); err != nil {
		return err
	}
	stopped, err := tx.Stopped(ctx, d.campaign.AppkeyID)
	switch {
	case err != nil:
		return err
	case stopped:
		return errStopped
	case d.wait >= maxTurnWait:
		return &farTurnError{d.batch, d.wait}
	}
	return nil
}

// errSuspect says that a batch has to be looked up before it is claimed.
var errSuspect = errors.New("the provider may have more of the batch than is known")

// claimable reads the batch and says by a nil delivery that it must not go out
// now.
func (s *Service) claimable(ctx context.Context, tx *models.DB, batchID int64) (*delivery, error) {
	d, err := readDelivery(ctx, tx, batchID)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	b, c := &d.batch, d.campaign
	if b.State != models.BatchPlanned || b.Cancel != models.CancelNone || !c.State.Runs() || b.DueAt.After(now) {
		return nil, nil
	}
	if b.Suspect || b.Reported() {
		return nil, errSuspect
	}
	if late(*b, now) {
		return nil, s.hold(ctx, tx, c, "hold.late")
	}
	if rests, err := s.resting(ctx, tx, *b); err != nil || rests {
		return nil, err
	}
	if c.Pacing().Paced() && b.SendAt != nil && now.Sub(*b.SendAt) > behind {
		return nil, s.layAnew(ctx, tx, c)
	}
	b.RequestAt = nil
	switch at := b.SendAt; {
	case at != nil && at.Sub(now) >= models.Soon:
		b.RequestAt = at
		return d, nil
	case at != nil && at.After(now): // too near to be asked for, and nothing goes out before its time
		return nil, tx.SetBatch(ctx, b.ID, map[string]any{"due_at": at.UTC()})
	}
	if kakao.Night(now) {
		return nil, untilMorning(ctx, tx, *b, now)
	}
	return d, nil
}

// untilMorning postpones a batch to the end of the night, which makes it no later
// than it is.
func untilMorning(ctx context.Context, tx *models.DB, b models.Batch, now time.Time) error {
	morning := kakao.NextMorning(now)
	return tx.SetBatch(ctx, b.ID, map[string]any{"due_at": morning.UTC(), "meant_at": b.MeantAt.Add(morning.Sub(now)).UTC()})
}

// resting postpones a batch while no call of its appkey would go out. That spares
// it a claim, and the ledger a call that was none.
func (s *Service) resting(ctx context.Context, tx *models.DB, b models.Batch) (bool, error) {
	wait := s.Provider.rest(b.AppkeyID)
	if wait == 0 {
		return false, nil
	}
	return true, tx.SetBatch(ctx, b.ID, map[string]any{"due_at": s.Now().Add(wait).UTC()})
}

// late reports whether it is too late for b to be sent by itself: when it was to be
// handed over, or to be sent if that is later, is long since.
func late(b models.Batch, now time.Time) bool {
	meant := b.MeantAt
	if b.SendAt != nil && b.SendAt.After(meant) {
		meant = *b.SendAt
	}
	return now.Sub(meant) > models.LateStart
}

func readDelivery(ctx context.Context, tx *models.DB, batchID int64) (*delivery, error) {
	b, err := tx.Batch(ctx, batchID)
	if err != nil {
		return nil, err
	}
	c, err := tx.CampaignByID(ctx, b.CampaignID)
	if err != nil {
		return nil, err
	}
	k, err := tx.Appkey(ctx, c.AppkeyID)
	if err != nil {
		return nil, err
	}
	return &delivery{batch: b, campaign: c, appkey: k}, nil
}

// take moves the batch to sending under a new claim and notes the request that is
// about to be made when its turn has come.
func (s *Service) take(ctx context.Context, tx *models.DB, d *delivery, from models.BatchState) (bool, error) {
	databaseNow, err := tx.Now(ctx)
	if err != nil {
		return false, err
	}
	b, now := &d.batch, s.Now().Add(d.wait)
	claim, lease := ulid.Make().String(), databaseNow.Add(d.wait+s.Timing.lease())
	set := map[string]any{
		"claim": claim, "lease_until": lease, "called_at": now, "request_at": b.RequestAt,
		"attempt": b.Attempt, "calls": b.Calls + 1,
	}
	if from == models.BatchPlanned { // what has ended by now, this attempt did not end
		set["ended_before"] = models.EndedByNow()
	}
	taken, err := tx.MoveBatch(ctx, *b, []models.BatchState{from}, models.BatchSending, set)
	if err != nil || !taken {
		return false, err
	}
	b.State, b.Claim, b.LeaseUntil, b.CalledAt, b.Calls = models.BatchSending, claim, &lease, &now, b.Calls+1
	d.call = models.Call{BatchID: b.ID, Call: b.Calls, Attempt: b.Attempt, CalledAt: now}
	return true, tx.CreateCall(ctx, &d.call)
}

// beginSending turns a scheduled campaign to sending with its first batch that
// goes out at once.
func (s *Service) beginSending(ctx context.Context, tx *models.DB, c models.Campaign, b models.Batch) error {
	if c.State != models.CampaignScheduled || b.RequestAt != nil {
		return nil
	}
	_, err := tx.MoveCampaign(ctx, c.ID, []models.CampaignState{models.CampaignScheduled}, models.CampaignSending, nil)
	return err
}

// handOver makes the request and records its answer. From here on a shutdown
// does not interrupt: the client's timeout does.
func (s *Service) handOver(ctx context.Context, d *delivery) error {
	ctx, turn := context.WithoutCancel(ctx), time.Now().Add(d.wait)
	client, err := s.load(ctx, d)
	if err == nil && len(d.messages) == 0 {
		err = errors.New("no message of the batch is open")
	}
	if err != nil {
		return s.giveBack(ctx, d, err)
	}
	time.Sleep(time.Until(turn))
	if s.Now().Sub(d.call.CalledAt) > s.Timing.CallTimeout/2 {
		return s.overslept(ctx, d)
	}
	res, err := channelOf(d.campaign.Channel).send(ctx, client, d)
	return s.record(ctx, d, res, err)
}

// overslept gives a claim back that is too old for its request to be made: the machine
// was suspended, say. Others count the settling time from the claim on, and may have
// given the attempt up by now.
func (s *Service) overslept(ctx context.Context, d *delivery) error {
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := s.endCall(ctx, tx, d, models.CallNotSent, "", nil); err != nil {
			return err
		}
		if d.repeat {
			return s.leaveInDoubt(ctx, tx, d, s.Now())
		}
		return s.planAgain(ctx, tx, d, s.Now())
	})
}

// load reads what the request needs besides batch and campaign.
func (s *Service) load(ctx context.Context, d *delivery) (client *nhn.Client, err error) {
	if d.messages, err = s.DB.OpenMessages(ctx, d.batch.ID); err != nil {
		return nil, err
	}
	if d.sender, err = s.DB.Sender(ctx, d.appkey.ID, d.campaign.SenderID); err != nil {
		return nil, err
	}
	if d.imageSeq, err = s.imageSeq(ctx, s.DB, d.campaign); err != nil {
		return nil, err
	}
	return s.Provider.client(d.appkey)
}

// giveBack plans the batch again when the request could not even be put together,
// and asks a person, since trying again would fail again. A repeated request stays
// in doubt.
func (s *Service) giveBack(ctx context.Context, d *delivery, cause error) error {
	err := s.DB.Tx(ctx, func(tx *models.DB) error {
		if d.repeat {
			return s.leaveInDoubt(ctx, tx, d, s.Now())
		}
		if err := s.planAgain(ctx, tx, d, s.Now()); err != nil {
			return err
		}
		return s.hold(ctx, tx, d.campaign, "hold.failed")
	})
	return errors.Join(fmt.Errorf("batch %d: %w", d.batch.ID, cause), err)
}

// record writes down what came of the request, if the claim is still ours.
func (s *Service) record(ctx context.Context, d *delivery, res *nhn.SendResult, sendErr error) error {
	failure, known := errors.AsType[*nhn.Error](sendErr)
	if sendErr != nil && !known {
		return s.giveBack(ctx, d, sendErr)
	}
	err := s.DB.Tx(ctx, func(tx *models.DB) error { return s.recordIn(ctx, tx, d, res, failure) })
	if err != nil {
		return fmt.Errorf("record batch %d: %w", d.batch.ID, err)
	}
	return nil
}

// recordIn decides by the table of answers.
func (s *Service) recordIn(ctx context.Context, tx *models.DB, d *delivery, res *nhn.SendResult, failure *nhn.Error) error {
	switch {
	case failure == nil:
		return s.accept(ctx, tx, d, res)
	case d.repeat && failure.NotSent():
		return s.notRepeated(ctx, tx, d, failure)
	case d.repeat, failure.InDoubt():
		return s.doubt(ctx, tx, d, failure)
	case failure.NotSent():
		return s.notSent(ctx, tx, d, failure)
	case failure.Code == kakao.CodeAllRefused && res != nil:
		return s.refuseEach(ctx, tx, d, res, failure)
	case failure.Code == kakao.CodePast:
		return s.past(ctx, tx, d, failure)
	case pauses(failure.Code):
		return s.pauseFor(ctx, tx, d, failure)
	}
	return s.refuse(ctx, tx, d, failure)
}

// pauses reports whether code is a fault of the appkey, the sender, its fallback
// or its daily maximum, with which no batch would go out.
func pauses(code int) bool {
	switch code {
	case kakao.CodeAppkey, kakao.CodeSecretKey, kakao.CodeSMSAppkey, kakao.CodeSMSSendNo, kakao.CodeSenderInactive,
		kakao.CodeDailyMax, kakao.CodeUnsubscribeNo, kakao.CodeSenderIsGroup, kakao.CodeSenderBlocked,
		kakao.CodeSelfVerification, kakao.CodeSenderNotFound, kakao.CodeFallbackNotSet, kakao.CodeAppkeyNotFound,
		kakao.CodeAppkeyDisabled, kakao.CodeFriendTalkEnded, kakao.CodeVersionEnded:
		return true
	}
	return false
}

// underWay are the states in which an answer to a claim still counts: the lease
// may have run out in the meantime.
func underWay() []models.BatchState {
	return []models.BatchState{models.BatchSending, models.BatchInDoubt}
}

func (s *Service) accept(ctx context.Context, tx *models.DB, d *delivery, res *nhn.SendResult) error {
	now := s.Now()
	moved, err := tx.MoveBatch(ctx, d.batch, underWay(), models.BatchHanded, map[string]any{
		"request_id": res.RequestID, "handed_at": now, "result_code": kakao.CodeOK, "result_text": "", "lease_until": nil,
	})
	if err != nil {
		return err
	}
	if err := s.endCall(ctx, tx, d, models.CallAccepted, res.RequestID, nil); err != nil || !moved {
		return err
	}
	if err := tx.ForgetRefusals(ctx, d.campaign.ID); err != nil {
		return err
	}
	if _, err = tx.RecordOutcomes(ctx, refusals(d, res, now)); err != nil {
		return err
	}
	return tx.CountHanded(ctx, d.campaign.ID, len(d.messages))
}

// refusals are the recipients that the answer refuses, each with its own code. The
// position in the request decides; where the answer names a message, that does.
func refusals(d *delivery, res *nhn.SendResult, now time.Time) []models.MessageOutcome {
	var out []models.MessageOutcome
	for _, r := range res.Recipients {
		if r.Code == kakao.CodeOK {
			continue
		}
		_, id, ok := parseMessageKey(r.RecipientGroupingKey)
		if !ok && r.Seq >= 1 && r.Seq <= len(d.messages) {
			id, ok = d.messages[r.Seq-1].ID, true
		}
		if ok {
			out = append(out, models.MessageOutcome{ID: id, State: models.MessageRefused, Code: strconv.Itoa(r.Code), DoneAt: now.UnixMilli()})
		}
	}
	return out
}

func (s *Service) notSent(ctx context.Context, tx *models.DB, d *delivery, failure *nhn.Error) error {
	if err := s.endCall(ctx, tx, d, models.CallNotSent, "", failure); err != nil {
		return err
	}
	return s.planAgain(ctx, tx, d, s.Now().Add(cmp.Or(failure.RetryAfter, retryNotSent)))
}

// notRepeated leaves a batch in doubt as it was, since the same request has not been
// made again: it does not count as a repeat, nor as the last time it was made.
func (s *Service) notRepeated(ctx context.Context, tx *models.DB, d *delivery, failure *nhn.Error) error {
	if err := s.endCall(ctx, tx, d, models.CallNotSent, "", failure); err != nil {
		return err
	}
	wait := cmp.Or(failure.RetryAfter, s.Timing.lookUp())
	return s.leaveInDoubt(ctx, tx, d, s.Now().Add(wait))
}

// past is the answer to a requestDate that has gone by on the way: the batch goes
// out without one.
func (s *Service) past(ctx context.Context, tx *models.DB, d *delivery, failure *nhn.Error) error {
	if err := s.endCall(ctx, tx, d, models.CallRefused, "", failure); err != nil {
		return err
	}
	due := s.Now()
	if at := d.batch.SendAt; at != nil && at.After(due) {
		due = *at
	}
	return s.planAgain(ctx, tx, d, due)
}

func (s *Service) pauseFor(ctx context.Context, tx *models.DB, d *delivery, failure *nhn.Error) error {
	if err := s.endCall(ctx, tx, d, models.CallRefused, "", failure); err != nil {
		return err
	}
	if err := s.planAgain(ctx, tx, d, s.Now()); err != nil {
		return err
	}
	return s.pause(ctx, tx, d.campaign, fmt.Sprintf("api.%d", failure.Code), failure.Code)
}

// planAgain gives the batch back to be claimed from due on.
func (s *Service) planAgain(ctx context.Context, tx *models.DB, d *delivery, due time.Time) error {
	_, err := tx.MoveBatch(ctx, d.batch, []models.BatchState{models.BatchSending}, models.BatchPlanned, map[string]any{
		"due_at": due.UTC(), "lease_until": nil, "job_id": 0,
	})
	return err
}

// refuseEach records that the provider refused every recipient, each with its own
// code.
func (s *Service) refuseEach(ctx context.Context, tx *models.DB, d *delivery, res *nhn.SendResult, failure *nhn.Error) error {
	outcomes := refusals(d, res, s.Now())
	return s.closeRefused(ctx, tx, d, outcomes, failure)
}

// refuse records that the provider refused the request as a whole. Three in a row
// pause the campaign: something is wrong with it rather than with a recipient.
func (s *Service) refuse(ctx context.Context, tx *models.DB, d *delivery, failure *nhn.Error) error {
	if err := s.closeRefused(ctx, tx, d, nil, failure); err != nil {
		return err
	}
	if failure.Code == kakao.CodeTemplateStatus || failure.Code == kakao.CodeTemplateNotFound {
		if err := tx.HastenTemplate(ctx, d.campaign.SenderID, d.campaign.Content.TemplateCode, s.Now()); err != nil {
			return err
		}
	}
	n, err := tx.CountRefusal(ctx, d.campaign.ID)
	if err != nil || n < maxRefusals {
		return err
	}
	return s.pause(ctx, tx, d.campaign, "hold.refusals", failure.Code)
}

// closeRefused refuses the batch: messages as outcomes say, the others with the
// code of failure.
func (s *Service) closeRefused(ctx context.Context, tx *models.DB, d *delivery, outcomes []models.MessageOutcome, failure *nhn.Error) error {
	moved, err := tx.MoveBatch(ctx, d.batch, underWay(), models.BatchRefused, map[string]any{
		"result_code": failure.Code, "result_text": failure.Message, "lease_until": nil,
	})
	if err != nil {
		return err
	}
	if err := s.endCall(ctx, tx, d, models.CallRefused, "", failure); err != nil || !moved {
		return err
	}
	now := s.Now().UnixMilli()
	for _, m := range d.messages { // whom outcomes name already stays as it says
		outcomes = append(outcomes, models.MessageOutcome{ID: m.ID, State: models.MessageRefused, Code: strconv.Itoa(failure.Code), DoneAt: now})
	}
	_, err = tx.RecordOutcomes(ctx, outcomes)
	return err
}

// doubt records that nobody knows whether the provider has the request.
func (s *Service) doubt(ctx context.Context, tx *models.DB, d *delivery, failure *nhn.Error) error {
	if err := s.endCall(ctx, tx, d, models.CallInDoubt, "", failure); err != nil {
		return err
	}
	if d.repeat && failure.Code == kakao.CodeIdempotencyKey {
		if err := tx.SetBatch(ctx, d.batch.ID, map[string]any{"reached": true}); err != nil {
			return err
		}
	}
	return s.leaveInDoubt(ctx, tx, d, s.Now())
}

// leaveInDoubt has the batch looked up from due on.
func (s *Service) leaveInDoubt(ctx context.Context, tx *models.DB, d *delivery, due time.Time) error {
	_, err := tx.MoveBatch(ctx, d.batch, []models.BatchState{models.BatchSending}, models.BatchInDoubt, map[string]any{
		"due_at": due.UTC(), "lease_until": nil, "listed": 0, "listed_at": nil,
	})
	return err
}

func (s *Service) endCall(ctx context.Context, tx *models.DB, d *delivery, outcome models.CallOutcome, requestID string, failure *nhn.Error) error {
	d.call.Outcome, d.call.RequestID = outcome, requestID
	if failure != nil {
		d.call.Code, d.call.Text = failure.Code, failure.Message
	}
	return tx.EndCall(ctx, d.call)
}

// pause stops a running campaign for a reason.
func (s *Service) pause(ctx context.Context, tx *models.DB, c models.Campaign, reason string, code int) error {
	_, err := s.stop(ctx, tx, c, models.CampaignPaused, reason, code)
	return err
}

// hold stops a running campaign until a person has decided.
func (s *Service) hold(ctx context.Context, tx *models.DB, c models.Campaign, reason string) error {
	_, err := s.stop(ctx, tx, c, models.CampaignHeld, reason, 0)
	return err
}

// stop pauses or holds a running campaign, and tells people of it. moved is false if it
// did not run.
func (s *Service) stop(ctx context.Context, tx *models.DB, c models.Campaign, to models.CampaignState, reason string, code int) (moved bool, err error) {
	return s.stopIn(ctx, tx, c, []models.CampaignState{models.CampaignScheduled, models.CampaignSending}, to, reason, code)
}

// stopIn is [Service.stop] for a campaign that is in one of the states from.
func (s *Service) stopIn(
	ctx context.Context, tx *models.DB, c models.Campaign, from []models.CampaignState, to models.CampaignState, reason string, code int,
) (moved bool, err error) {
	moved, err = tx.MoveCampaign(ctx, c.ID, from, to, map[string]any{"hold": reason, "hold_code": code})
	if err != nil || !moved {
		return false, err
	}
	action, n := "campaign.pause", models.Notice{Kind: models.NoticePaused, Reason: models.T(reason)}
	if to == models.CampaignHeld {
		action, n.Kind = "campaign.hold", models.NoticeHeld
	}
	if reason == holdDoubt {
		n.Kind = models.NoticeAsks
	}
	err = tx.Audit(ctx, models.Actor{}, models.Event{
		Action: action, TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		After: map[string]any{"reason": reason, "code": code},
	})
	if err != nil {
		return true, err
	}
	return true, s.notify(ctx, tx, c, n)
}
