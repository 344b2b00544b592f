package actions

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"soshik/internal/nhn"
	"soshik/models"
)

// Reschedule sends a campaign that was launched at another time, as far as it has not been
// sent. What is here gets its new time at once. What the provider holds is withdrawn
// from it, batch by batch, and planned again only when its list says that all of it that
// was not sent is cancelled: so nobody is handed over twice, whatever comes in between.
func (s *Service) Reschedule(ctx context.Context, by models.Actor, appkeyID, id int64, in models.NewSchedule) (r models.Recall, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return r, err
	}
	c, err := s.DB.Campaign(ctx, appkeyID, id)
	if err != nil {
		return r, err
	}
	if !c.Movable() {
		return r, models.Errorf(models.Conflict, "campaign.moved")
	}
	if err := s.MayMove(ctx, by, c); err != nil {
		return r, err
	}
	in.Later = true
	at, err := in.At()
	if err != nil {
		return r, err
	}
	moved := c
	moved.ScheduledAt = at
	spread, _ := moved.Spread()
	now := s.Now()
	if err := models.JoinFields(c.Channel.CheckSchedule(at, now), c.Channel.CheckPace(spread, c.Audience, now)); err != nil {
		return r, err
	}
	if c.ScheduledAt != nil && c.ScheduledAt.Equal(*at) {
		return r, withField(nil, "scheduled_at", "move.same")
	}
	e := models.Event{
		Action: "campaign.reschedule", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		Before: map[string]any{"scheduled_at": c.ScheduledAt}, After: map[string]any{"scheduled_at": at},
	}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		r = models.Recall{CampaignID: c.ID, Kind: models.RecallMove, FromAt: c.ScheduledAt, ToAt: at, AskedBy: by.User.ID, CreatedAt: s.Now()}
		return s.reschedule(ctx, tx, c, *at, &r)
	})
	if err != nil {
		return r, err
	}
	return r, s.sweepRecalls(ctx)
}

// MayMove is nil if by may send c at another time. What a second person has approved was
// approved for its time, so that another one is for somebody to say who could have
// approved it: with that right, and not who asked, edited it last or launched it.
func (s *Service) MayMove(ctx context.Context, by models.Actor, c models.Campaign) error {
	team, err := s.DB.Team(ctx, c.TeamID)
	if err != nil || by.System() || c.Test || !team.NeedsApproval(c.Audience) {
		return err
	}
	asked, err := s.DB.Approvals(ctx, c.ID, 1)
	if err != nil {
		return err
	}
	own := by.User.ID == c.LaunchedBy || by.User.ID == c.EditedBy
	if len(asked) > 0 {
		own = by.User.ID == asked[0].AskedBy || by.User.ID == asked[0].EditedBy
	}
	if own || !by.Can(models.Approve) {
		return models.Errorf(models.Conflict, "move.approver")
	}
	return nil
}

func (s *Service) reschedule(ctx context.Context, tx *models.DB, c models.Campaign, at time.Time, r *models.Recall) error {
	to := c.State
	if c.State.Runs() {
		to = models.CampaignScheduled
	}
	moved, err := tx.Reschedule(ctx, c, at, to)
	if err != nil {
		return err
	}
	if !moved {
		return models.Errorf(models.Conflict, "campaign.moved")
	}
	c.ScheduledAt = &at
	if err := tx.CreateRecall(ctx, r); err != nil {
		return err
	}
	var held int64
	if r.Moved, held, err = tx.MoveBatches(ctx, *r, ulid.Make().String(), s.Now()); err != nil {
		return err
	}
	if r.Moved+held == 0 {
		return models.Errorf(models.Conflict, "recall.nothing")
	}
	r.Messages = r.Moved + held
	if err := s.layMoved(ctx, tx, c, *r); err != nil {
		return err
	}
	return tx.SetRecall(ctx, *r)
}

// layMoved lays the batches of a move from the campaign's new time on, at its pace.
func (s *Service) layMoved(ctx context.Context, tx *models.DB, c models.Campaign, r models.Recall) error {
	team, err := tx.Team(ctx, c.TeamID)
	if err != nil {
		return err
	}
	bs, err := tx.MovedBatches(ctx, r.ID)
	if err != nil {
		return err
	}
	spread, _ := c.Spread()
	var n int64
	var planned, held []models.Batch
	for _, b := range bs {
		var at time.Time
		at, n = spread.Fit(n, b.Open())
		b = s.laidAt(b, c, team, at)
		if b.State == models.BatchPlanned {
			planned = append(planned, b)
			continue
		}
		held = append(held, b)
	}
	if err := tx.LayBatches(ctx, planned); err != nil {
		return err
	}
	return tx.SetSendAt(ctx, held)
}

// moveBatch goes on with withdrawing a batch from the provider; done is whether that is
// over. Of one that is being handed over, or in doubt, it is not known yet what to do.
func (s *Service) moveBatch(ctx context.Context, c models.Campaign, b models.Batch) (done bool, err error) {
	switch b.State {
	case models.BatchPlanned:
		return true, s.DB.Tx(ctx, func(tx *models.DB) error { return s.planAnew(ctx, tx, b, nil) })
	case models.BatchHanded:
		return s.withdraw(ctx, c, b)
	case models.BatchRefused, models.BatchCancelled:
		return true, s.DB.SetBatch(ctx, b.ID, map[string]any{"cancel": models.CancelDone})
	case models.BatchSending, models.BatchInDoubt:
	}
	return false, nil
}

// withdraw has the provider cancel the request of a batch, and plans the batch again when
// its list says so of all messages that are open. What has ended for another reason is
// taken in first; that the provider is about to be asked is written down before, so that
// its cancellations are not taken for somebody's wish.
func (s *Service) withdraw(ctx context.Context, c models.Campaign, b models.Batch) (done bool, err error) {
	sent := b.RequestAt == nil || !b.RequestAt.After(s.Now())
	if b.Open() == 0 || b.RequestID == "" || b.Cancel == models.CancelMoving && sent {
		return true, s.DB.LeaveBatch(ctx, b)
	}
	if wait := s.Provider.rest(b.AppkeyID); wait > 0 {
		return false, s.DB.PostponeRecall(ctx, b.ID, s.Now().Add(wait))
	}
	_, client, err := s.stopClient(ctx, b)
	if err != nil {
		return false, err
	}
	if b.Cancel == models.CancelMoving {
		begun, err := s.beginWithdrawing(ctx, client, c, b)
		if err != nil || !begun {
			return false, err
		}
		b.Cancel = models.CancelWithdrawing
	}
	cancelErr := channelOf(c.Channel).cancel(ctx, client, b.RequestID)
	listed, err := channelOf(c.Channel).request(ctx, client, b.RequestID)
	if err != nil {
		return false, errors.Join(err, s.withdrawAgain(ctx, b, retryAfter(err)))
	}
	if err := s.takePage(ctx, listed); err != nil {
		return false, err
	}
	return s.judgeWithdrawal(ctx, b, listed, retryAfter(cancelErr))
}

// beginWithdrawing takes in what has ended of a batch, and writes down that the provider
// is about to be asked to cancel the rest. begun is false if somebody cancels the batch.
func (s *Service) beginWithdrawing(ctx context.Context, client *nhn.Client, c models.Campaign, b models.Batch) (begun bool, err error) {
	listed, err := channelOf(c.Channel).request(ctx, client, b.RequestID)
	if err != nil {
		return false, errors.Join(err, s.withdrawAgain(ctx, b, retryAfter(err)))
	}
	if err := s.takePage(ctx, listed); err != nil {
		return false, err
	}
	return s.DB.MoveCancel(ctx, b.ID, []models.Cancel{models.CancelMoving}, models.CancelWithdrawing)
}

func (s *Service) withdrawAgain(ctx context.Context, b models.Batch, wait time.Duration) error {
	return s.DB.PostponeRecall(ctx, b.ID, s.Now().Add(max(wait, cancelEvery)))
}

// judgeWithdrawal decides by the provider's list what becomes of a batch that it was asked
// to cancel. While it lists an open message as neither cancelled nor sent, or not at all,
// it is asked again; a batch of which nothing was cancelled in time stays handed over.
func (s *Service) judgeWithdrawal(ctx context.Context, b models.Batch, listed []nhn.Message, wait time.Duration) (done bool, err error) {
	open, err := s.DB.OpenMessages(ctx, b.ID)
	if err != nil {
		return false, err
	}
	w := withdrawalOf(b, listed, s.Now())
	cancelled, underWay := 0, 0
	for _, m := range open {
		switch {
		case w.cancelled[m.ID]:
			cancelled++
		case w.underWay[m.ID]:
			underWay++
		}
	}
	switch {
	case len(open) == underWay: // or nothing is open any more
		return true, s.DB.LeaveBatch(ctx, b)
	case len(open) == cancelled:
		return true, s.DB.Tx(ctx, func(tx *models.DB) error { return s.planAnew(ctx, tx, b, &w) })
	}
	return false, s.withdrawAgain(ctx, b, wait)
}

// withdrawal is what the provider lists of a request that it was asked to cancel.
type withdrawal struct {
	cancelled map[int64]bool // messages, by id
	underWay  map[int64]bool // whose time has come, without a result
	attempt   int            // that the request was
}

func withdrawalOf(b models.Batch, listed []nhn.Message, now time.Time) withdrawal {
	w := withdrawal{cancelled: map[int64]bool{}, underWay: map[int64]bool{}, attempt: b.Attempt}
	for _, m := range listed {
		_, id, ours := parseMessageKey(m.RecipientGroupingKey)
		if !ours {
			continue
		}
		if attempt := attemptOf(m.SenderGroupingKey); attempt > 0 {
			w.attempt = attempt
		}
		o, known := outcomeOf(m, now)
		w.cancelled[id] = known && o.State == models.MessageCancelled
		w.underWay[id] = !known && !m.RequestDate.After(now)
	}
	return w
}

// planAnew plans a batch again for the campaign's time: one that the provider does not
// have, or all of whose open messages it lists as cancelled.
func (s *Service) planAnew(ctx context.Context, tx *models.DB, b models.Batch, w *withdrawal) error {
	c, err := tx.LockCampaign(ctx, b.CampaignID)
	if err != nil || !c.Movable() {
		return err
	}
	team, err := tx.Team(ctx, c.TeamID)
	if err != nil {
		return err
	}
	now, err := tx.Batch(ctx, b.ID) // it may have been moved once more
	if err != nil || now.SendAt == nil {
		return err
	}
	laid := s.laidAt(b, c, team, *now.SendAt)
	released, err := tx.ReleaseBatch(ctx, laid, ulid.Make().String())
	if err != nil || !released {
		return err
	}
	open, err := tx.OpenMessages(ctx, b.ID)
	if err != nil {
		return err
	}
	if w != nil {
		if slices.ContainsFunc(open, func(m models.Message) bool { return !w.cancelled[m.ID] }) {
			return errors.New("the provider has not cancelled all that is open")
		}
		if err := tx.WithdrawCalls(ctx, b.ID, w.attempt); err != nil {
			return err
		}
		// What has ended by now, the request that was withdrawn ended.
		if err := tx.SetBatch(ctx, b.ID, map[string]any{"ended_before": models.EndedByNow()}); err != nil {
			return err
		}
	}
	return tx.CountMoved(ctx, now.RecallID, int64(len(open)))
}
