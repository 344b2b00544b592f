package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// ApplySuppressions asks a worker to run [Service.ApplySuppressions].
type ApplySuppressions struct {
	TeamID int64 `json:"team_id"`
}

// Kind names the job.
func (ApplySuppressions) Kind() string { return "apply_suppressions" }

// StopMessages asks a worker to run [Service.StopMessages].
type StopMessages struct {
	BatchID int64 `json:"batch_id"`
}

// Kind names the job.
func (StopMessages) Kind() string { return "stop_messages" }

const (
	// appliedAtOnce is how many suppressions are looked after in one transaction.
	appliedAtOnce = 500
	// stopsAtOnce is how many recipients one request asks to be cancelled. They stand in
	// its address, of which the provider does not say how long it may be: with 100, the
	// list has 500 characters at most, a quarter of what every server and proxy takes.
	stopsAtOnce = 100
	// stopBatches is how many batches one sweep has looked after.
	stopBatches = 200
	// stopEvery is how long to wait before a batch is looked at again whose fate is
	// open.
	stopEvery = 5 * time.Second
)

// applySoon has what is planned or held for new suppressions of a team looked for.
func (s *Service) applySoon(ctx context.Context, tx *models.DB, teamID int64) error {
	_, err := s.Jobs.InsertTx(ctx, tx.SQLTx(), ApplySuppressions{TeamID: teamID}, soon())
	return err
}

// ApplySuppressions finds the messages that are planned, under way or held for numbers
// that have come on a team's list, and has them stopped.
func (s *Service) ApplySuppressions(ctx context.Context, teamID int64) error {
	for {
		n, err := s.applySome(ctx, teamID)
		if err != nil {
			return fmt.Errorf("suppressions of team %d: %w", teamID, err)
		}
		if n < appliedAtOnce {
			return s.sweepStops(ctx)
		}
	}
}

func (s *Service) applySome(ctx context.Context, teamID int64) (n int, err error) {
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		ss, err := tx.PendingSuppressions(ctx, teamID, appliedAtOnce)
		if n = len(ss); err != nil || n == 0 {
			return err
		}
		_, err = tx.BeginStops(ctx, teamID, ss, s.Now())
		return err
	})
	return n, err
}

// sweepSuppressions looks after suppressions whose job was lost.
func (s *Service) sweepSuppressions(ctx context.Context) error {
	teams, err := s.DB.PendingTeams(ctx)
	if err != nil {
		return err
	}
	for _, id := range teams {
		if err := s.ApplySuppressions(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// sweepStops has the batches looked after of which messages are to be stopped.
func (s *Service) sweepStops(ctx context.Context) error {
	now := s.Now()
	batches, err := s.DB.DueStops(ctx, now, stopBatches)
	if err != nil {
		return err
	}
	for _, id := range batches {
		err := s.DB.Tx(ctx, func(tx *models.DB) error {
			ours, err := tx.ClaimStops(ctx, id, now, now.Add(2*s.Timing.CallTimeout+stopEvery))
			if err != nil || !ours {
				return err
			}
			_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), StopMessages{BatchID: id}, soon())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// StopMessages stops those messages of a batch whose recipients have opted out, or that
// somebody has cancelled: those that are planned are skipped or cancelled; of what the provider holds it is asked to cancel them,
// and its list decides; what is being handed over just now is looked at again.
func (s *Service) StopMessages(ctx context.Context, batchID int64) error {
	planned, err := s.stopPlanned(ctx, batchID)
	if err != nil || planned {
		return err
	}
	stops, err := s.DB.OpenStops(ctx, batchID)
	if err != nil || len(stops) == 0 {
		return err
	}
	b, err := s.DB.Batch(ctx, batchID)
	if err != nil {
		return err
	}
	switch b.State {
	case models.BatchHanded:
		if b.Cancel.Moves() { // it is planned again soon, or has been sent
			break
		}
		return s.stopHeld(ctx, b, stops)
	case models.BatchRefused, models.BatchCancelled:
		return s.DB.EndStops(ctx, b.ID, models.StopStopped, messageIDs(stops), s.Now())
	case models.BatchPlanned, models.BatchSending, models.BatchInDoubt:
	}
	return s.DB.PostponeStops(ctx, b.ID, s.Now().Add(stopEvery))
}

func messageIDs(stops []models.MessageStop) []int64 {
	ids := make([]int64, len(stops))
	for i, stop := range stops {
		ids[i] = stop.MessageID
	}
	return ids
}

// stopPlanned skips or cancels messages of a batch that is planned. The batch is locked, so that
// whoever claims it meanwhile reads its messages afterwards.
func (s *Service) stopPlanned(ctx context.Context, batchID int64) (planned bool, err error) {
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		if planned, err = tx.LockPlanned(ctx, batchID); err != nil || !planned {
			return err
		}
		b, err := tx.Batch(ctx, batchID)
		if err != nil {
			return err
		}
		_, err = s.applyStops(ctx, tx, b)
		return err
	})
	return planned, err
}

// applyStops skips or cancels the messages of a planned batch that are to be stopped, and
// says whether any is left.
func (s *Service) applyStops(ctx context.Context, tx *models.DB, b models.Batch) (left bool, err error) {
	stops, err := tx.OpenStops(ctx, b.ID)
	if err != nil || len(stops) == 0 {
		return true, err
	}
	if locked, err := tx.LockPlanned(ctx, b.ID); err != nil || !locked {
		return false, err
	}
	if stops, err = tx.OpenStops(ctx, b.ID); err != nil { // somebody else may have seen to them
		return false, err
	}
	var cancelled, skipped []models.MessageOutcome
	for _, stop := range stops {
		o := models.MessageOutcome{ID: stop.MessageID, State: models.MessageCancelled, DoneAt: s.Now().UnixMilli()}
		if stop.Reason == models.StopCancelled {
			cancelled = append(cancelled, o)
			continue
		}
		o.State, o.Code = models.MessageSkipped, string(stop.Reason)
		skipped = append(skipped, o)
	}
	n, err := tx.RecordOutcomes(ctx, cancelled)
	if err != nil {
		return false, err
	}
	if err := tx.CancelledHere(ctx, b.ID, int64(n)); err != nil {
		return false, err
	}
	if left, err = s.endPlanned(ctx, tx, b, skipped); err != nil {
		return false, err
	}
	_, err = s.closeStops(ctx, tx, b.ID, func(models.Message) bool { return true })
	return left, err
}

// stopHeld asks the provider to cancel messages of a request that it holds, and writes
// down what its list says of them.
func (s *Service) stopHeld(ctx context.Context, b models.Batch, stops []models.MessageStop) error {
	if b.RequestAt == nil || !b.RequestAt.After(s.Now()) || b.RequestID == "" {
		return s.endStops(ctx, b, nil, true)
	}
	c, client, err := s.stopClient(ctx, b)
	if err != nil {
		return err
	}
	if wait := s.Provider.rest(b.AppkeyID); wait > 0 {
		return s.DB.PostponeStops(ctx, b.ID, s.Now().Add(wait))
	}
	listed, err := channelOf(c.Channel).request(ctx, client, b.RequestID)
	if err != nil {
		return errors.Join(err, s.DB.PostponeStops(ctx, b.ID, s.Now().Add(max(retryAfter(err), stopEvery))))
	}
	seqs := heldSeqs(listed, messageIDs(stops))
	for chunk := range slices.Chunk(seqs, stopsAtOnce) {
		if err := channelOf(c.Channel).cancel(ctx, client, b.RequestID, chunk...); noAnswer(err) {
			return errors.Join(err, s.DB.PostponeStops(ctx, b.ID, s.Now().Add(max(retryAfter(err), stopEvery))))
		}
	}
	if len(seqs) > 0 {
		if listed, err = channelOf(c.Channel).request(ctx, client, b.RequestID); err != nil {
			return errors.Join(err, s.DB.PostponeStops(ctx, b.ID, s.Now().Add(max(retryAfter(err), stopEvery))))
		}
	}
	if err := s.takePage(ctx, listed); err != nil {
		return err
	}
	return s.endStops(ctx, b, listed, false)
}

func (s *Service) stopClient(ctx context.Context, b models.Batch) (c models.Campaign, client *nhn.Client, err error) {
	if c, err = s.DB.CampaignByID(ctx, b.CampaignID); err != nil {
		return c, nil, err
	}
	appkey, err := s.DB.Appkey(ctx, b.AppkeyID)
	if err != nil {
		return c, nil, err
	}
	client, err = s.Provider.client(appkey)
	return c, client, err
}

// heldSeqs are the places in their request of those of the messages that the provider
// has neither sent nor cancelled.
func heldSeqs(listed []nhn.Message, ids []int64) []int {
	var seqs []int
	for _, m := range listed {
		_, id, ours := parseMessageKey(m.RecipientGroupingKey)
		if ours && slices.Contains(ids, id) && open(m) {
			seqs = append(seqs, m.RecipientSeq)
		}
	}
	return seqs
}

// open reports whether nothing has become of a message yet.
func open(m nhn.Message) bool {
	return !slices.Contains([]string{kakao.StatusCompleted, kakao.StatusFailed, kakao.StatusCancelled}, m.MessageStatus)
}

// endStops writes down what has become of messages that were to be stopped. What the
// provider still lists as open, or does not list yet, is asked about again, unless it is
// too late anyway; and so is a batch that is being moved by now: what the provider lists
// as cancelled may be that, and nobody's end.
func (s *Service) endStops(ctx context.Context, b models.Batch, listed []nhn.Message, late bool) error {
	over := map[int64]bool{}
	for _, m := range listed {
		if _, id, ours := parseMessageKey(m.RecipientGroupingKey); ours && (!open(m) || !m.RequestDate.After(s.Now())) {
			over[id] = true
		}
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		now, err := tx.Batch(ctx, b.ID)
		if err != nil {
			return err
		}
		if !now.Cancel.Moves() && now.Claim == b.Claim {
			waits, err := s.closeStops(ctx, tx, b.ID, func(m models.Message) bool { return late || over[m.ID] })
			if err != nil || !waits {
				return err
			}
		}
		return tx.PostponeStops(ctx, b.ID, s.Now().Add(stopEvery))
	})
}

// closeStops ends the stops of messages that are stopped by now, and of those for which
// it is too late; waits is whether any is left.
func (s *Service) closeStops(ctx context.Context, tx *models.DB, batchID int64, late func(models.Message) bool) (waits bool, err error) {
	stops, err := tx.OpenStops(ctx, batchID)
	if err != nil {
		return false, err
	}
	ms, err := tx.MessagesWith(ctx, messageIDs(stops))
	if err != nil {
		return false, err
	}
	ended := map[models.StopState][]int64{}
	for _, m := range ms {
		switch {
		case m.State == models.MessageCancelled || m.State == models.MessageSkipped || m.State == models.MessageRefused:
			ended[models.StopStopped] = append(ended[models.StopStopped], m.ID)
		case late(m) || m.State != models.MessageOpen:
			ended[models.StopLate] = append(ended[models.StopLate], m.ID)
		default:
			waits = true
		}
	}
	for _, state := range []models.StopState{models.StopStopped, models.StopLate} {
		if err := tx.EndStops(ctx, batchID, state, ended[state], s.Now()); err != nil {
			return false, err
		}
	}
	return waits, nil
}
