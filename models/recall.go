package models

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// RecallKind is what a recall is about, and what for.
type RecallKind string

// The kinds of recalls. That of a whole campaign is its state, and none of them.
const (
	RecallBatches  RecallKind = "batches"  // cancels some batches
	RecallMessages RecallKind = "messages" // cancels some recipients' messages
	RecallMove     RecallKind = "move"     // sends the campaign at another time
)

// Recall is what a person has taken back of a campaign that was launched: to cancel it,
// or to send it at another time.
type Recall struct {
	ID         int64
	CampaignID int64
	Kind       RecallKind
	Messages   int64 // how many it was about
	Moved      int64 // of a move: those that wait for their new time
	Late       int64 // of messages: those that had been sent when it was asked for
	FromAt     *time.Time
	ToAt       *time.Time
	AskedBy    int64
	CreatedAt  time.Time
}

// BatchSpan is batches of a campaign by their numbers, from the first to the last.
type BatchSpan struct{ First, Last int64 }

// spansSQL is a condition that batches in one of the spans meet.
func spansSQL(spans []BatchSpan) (condition string, args []any) {
	parts := []string{"1 = 0"}
	for _, s := range spans {
		parts = append(parts, "number BETWEEN ? AND ?")
		args = append(args, s.First, s.Last)
	}
	return "(" + strings.Join(parts, " OR ") + ")", args
}

// StoppableBatches adds up the batches of a campaign in the spans.
func (db *DB) StoppableBatches(ctx context.Context, campaignID int64, spans []BatchSpan, now time.Time) (Stoppable, error) {
	condition, args := spansSQL(spans)
	return db.stoppable(ctx, now, "campaign_id = ? AND "+condition, append([]any{campaignID}, args...)...)
}

// MessagesOf are those of the messages that are the campaign's, by id.
func (db *DB) MessagesOf(ctx context.Context, campaignID int64, ids []int64) ([]ListedMessage, error) {
	var ms []Message
	err := db.read(ctx).Where("campaign_id = ? AND id IN ?", campaignID, ids).Order("id").Find(&ms).Error
	if err != nil || len(ms) == 0 {
		return nil, err
	}
	return db.withBatches(ctx, ms)
}

// Held reports whether the provider has the message and its time is to come.
func (m ListedMessage) Held(now time.Time) bool {
	return m.State == MessageOpen && m.Batch == BatchHanded && m.RequestAt != nil && m.RequestAt.After(now)
}

// StoppableMessages adds up messages.
func StoppableMessages(ms []ListedMessage, now time.Time) (s Stoppable) {
	for _, m := range ms {
		switch {
		case m.Part == PartPlanned:
			s.Here++
		case m.Part == PartDoubt:
			s.Unknown++
		case m.Held(now):
			s.Held++
			if s.HeldFrom.IsZero() || m.RequestAt.Before(s.HeldFrom.Time) {
				s.HeldFrom.Time = *m.RequestAt
			}
			if m.RequestAt.After(s.HeldUntil.Time) {
				s.HeldUntil.Time = *m.RequestAt
			}
		case m.Part == PartHanded:
			s.Sent++
		case slices.Contains([]Part{PartDelivered, PartSMS, PartFailed}, m.Part):
			s.Ended++
		case m.Part == PartCancelled:
			s.StoppedHeld++
		}
	}
	return s
}

// CreateRecall adds a recall.
func (db *DB) CreateRecall(ctx context.Context, r *Recall) error {
	return dbError(db.write(ctx).Create(r).Error, "recall")
}

// SetRecall writes how many messages a recall is about, and what of a move is known at
// once.
func (db *DB) SetRecall(ctx context.Context, r Recall) error {
	return db.write(ctx).Model(&Recall{}).Where("id = ?", r.ID).Select("Messages", "Moved", "Late").Updates(r).Error
}

// CountMoved adds to what has come of a move.
func (db *DB) CountMoved(ctx context.Context, id, moved int64) error {
	return db.write(ctx).Exec("UPDATE recalls SET moved = moved + ? WHERE id = ?", moved, id).Error
}

// Recall reads a recall of a campaign.
func (db *DB) Recall(ctx context.Context, campaignID, id int64) (r Recall, err error) {
	err = db.read(ctx).Where("campaign_id = ?", campaignID).First(&r, id).Error
	return r, dbError(err, "recall")
}

// Recalls are the newest of a campaign.
func (db *DB) Recalls(ctx context.Context, campaignID int64, limit int) ([]Recall, error) {
	var rs []Recall
	return rs, db.read(ctx).Where("campaign_id = ?", campaignID).Order("id DESC").Limit(limit).Find(&rs).Error
}

// Recalled is what has come of a recall so far, counted in messages.
type Recalled struct {
	Open    int64 // not known yet
	Stopped int64 // cancelled, or wait for their new time
	Late    int64 // had been sent, or could not be moved
}

// Recalled adds up what has come of a recall.
func (db *DB) Recalled(ctx context.Context, r Recall, now time.Time) (done Recalled, err error) {
	switch r.Kind {
	case RecallMessages:
		err = db.read(ctx).Raw(`SELECT COALESCE(SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END), 0) AS open,
				COALESCE(SUM(CASE WHEN state = 'stopped' THEN 1 ELSE 0 END), 0) AS stopped,
				COALESCE(SUM(CASE WHEN state = 'late' THEN 1 ELSE 0 END), 0) AS late
			FROM message_stops WHERE recall_id = ?`, r.ID).Scan(&done).Error
		done.Late += r.Late
	case RecallBatches:
		var s Stoppable
		s, err = db.stoppable(ctx, now, "recall_id = ?", r.ID)
		done = Recalled{Open: s.Open(), Stopped: s.StoppedHere + s.StoppedHeld, Late: s.Sent + s.Ended}
	case RecallMove:
		done.Stopped = r.Moved
		err = db.read(ctx).Raw("SELECT COALESCE(SUM("+openSQL+"), 0) FROM batches WHERE recall_id = ? AND cancel IN ('moving', 'withdrawing')", r.ID).Scan(&done.Open).Error
		done.Late = max(0, r.Messages-done.Stopped-done.Open)
	}
	return done, err
}

// RecalledMessages are the messages that a recall is about, at most limit.
func (db *DB) RecalledMessages(ctx context.Context, r Recall, limit int) ([]ListedMessage, error) {
	var ids []int64
	err := db.read(ctx).Model(&MessageStop{}).Where("recall_id = ?", r.ID).Order("message_id").Limit(limit).Pluck("message_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return db.MessagesOf(ctx, r.CampaignID, ids)
}

// RecalledBatches are the batches that a recall is about, at most limit.
func (db *DB) RecalledBatches(ctx context.Context, r Recall, limit int) ([]Batch, error) {
	var bs []Batch
	return bs, db.read(ctx).Where("recall_id = ?", r.ID).Order("number").Limit(limit).Find(&bs).Error
}

// stoppableSQL is a condition that batches meet of which something can be stopped yet.
const stoppableSQL = openSQL + ` > 0 AND (state IN ('planned', 'sending', 'in_doubt') OR state = 'handed_over' AND request_at > ?)`

// CancelSpans has the batches of a campaign in the spans cancelled that can be, and says
// how many they are. A claim that is being made of one of them fails: claim is
// the name under which it is planned from now on. Those that cannot be stopped any more
// are noted to be of the recall too. It must run in a transaction.
func (db *DB) CancelSpans(ctx context.Context, r Recall, spans []BatchSpan, claim string, now time.Time) (batches int64, err error) {
	condition, args := spansSQL(spans)
	now = now.UTC()
	res := db.write(ctx).Exec(`UPDATE batches SET cancel = 'asked', cancel_at = ?, recall_id = ?, claim = CASE WHEN state = 'planned' THEN ? ELSE claim END
		WHERE campaign_id = ? AND cancel NOT IN ('asked', 'done') AND `+stoppableSQL+` AND `+condition,
		append([]any{now, r.ID, claim, r.CampaignID, now}, args...)...)
	if res.Error != nil || res.RowsAffected == 0 {
		return 0, res.Error
	}
	err = db.write(ctx).Exec("UPDATE batches SET recall_id = ? WHERE campaign_id = ? AND state = 'handed_over' AND cancel NOT IN ('asked', 'done') AND "+condition,
		append([]any{r.ID, r.CampaignID}, args...)...).Error
	return res.RowsAffected, err
}

// StoppableOf adds up the batches of a recall.
func (db *DB) StoppableOf(ctx context.Context, recallID int64, now time.Time) (Stoppable, error) {
	return db.stoppable(ctx, now, "recall_id = ?", recallID)
}

// StopRecalled has messages of a campaign stopped that are open, and says how many of
// them are not being stopped already. It must run in a transaction.
func (db *DB) StopRecalled(ctx context.Context, r Recall, ids []int64, now time.Time) (stops int64, err error) {
	now = now.UTC()
	res := db.write(ctx).Exec(`INSERT INTO message_stops (message_id, batch_id, campaign_id, suppression_id, reason, recall_id, state, due_at, created_at)
		SELECT id, id >> 10, campaign_id, 0, 'cancelled', CAST(? AS BIGINT), 'open', CAST(? AS `+db.timeType()+`), CAST(? AS `+db.timeType()+`)
		FROM messages WHERE campaign_id = ? AND id IN ? AND state = 0
		ON CONFLICT (message_id) DO UPDATE SET reason = 'cancelled', recall_id = excluded.recall_id, state = 'open', due_at = excluded.due_at, ended_at = NULL
		WHERE message_stops.state <> 'open'`, r.ID, now, now, r.CampaignID, ids)
	return res.RowsAffected, res.Error
}

// DueRecalls are the batches whose cancelling or moving is to be gone on with, at most
// limit.
func (db *DB) DueRecalls(ctx context.Context, now time.Time, limit int) ([]Batch, error) {
	var bs []Batch
	return bs, db.read(ctx).Where("cancel IN ('asked', 'moving', 'withdrawing') AND cancel_at <= ?", now.UTC()).Order("cancel_at, id").Limit(limit).Find(&bs).Error
}

// ClaimRecall moves the time of a batch's cancelling on, so that of several processes one
// goes on with it. It says whether it was this one.
func (db *DB) ClaimRecall(ctx context.Context, b Batch, until time.Time) (bool, error) {
	res := db.write(ctx).Model(&Batch{}).Where("id = ? AND cancel = ? AND cancel_at = ?", b.ID, b.Cancel, b.CancelAt).Update("cancel_at", until.UTC())
	return res.RowsAffected > 0, res.Error
}

// PostponeRecall has a batch's cancelling gone on with at the time at, if it still is to
// be.
func (db *DB) PostponeRecall(ctx context.Context, batchID int64, at time.Time) error {
	return db.write(ctx).Model(&Batch{}).Where("id = ? AND cancel IN ?", batchID, []Cancel{CancelAsked, CancelMoving, CancelWithdrawing}).
		Update("cancel_at", at.UTC()).Error
}

// CancelWithCampaign has batches that are being cancelled or moved cancelled with their
// campaign.
func (db *DB) CancelWithCampaign(ctx context.Context, campaignID int64) error {
	return db.write(ctx).Model(&Batch{}).Where("campaign_id = ? AND cancel_at IS NOT NULL", campaignID).Update("cancel_at", nil).Error
}

// MoveCancel takes the cancelling of a batch that the provider has from one of its steps
// to another. moved is false if it was in none of them.
func (db *DB) MoveCancel(ctx context.Context, batchID int64, from []Cancel, to Cancel) (moved bool, err error) {
	res := db.write(ctx).Model(&Batch{}).Where("id = ? AND state = ? AND cancel IN ?", batchID, BatchHanded, from).Update("cancel", to)
	return res.RowsAffected > 0, res.Error
}

// CancelledHere counts messages of a planned batch that were cancelled before the provider
// had them. That is none of its results: the attempt that is to come has not ended them.
func (db *DB) CancelledHere(ctx context.Context, batchID, n int64) error {
	return db.write(ctx).Exec("UPDATE batches SET cancelled_here = cancelled_here + ?, ended_before = ended_before + ? WHERE id = ?", n, n, batchID).Error
}

// Reschedule gives a campaign that was launched another time, if it is as c was read. It
// must run in a transaction, and locks the campaign until its end.
func (db *DB) Reschedule(ctx context.Context, c Campaign, at time.Time, to CampaignState) (moved bool, err error) {
	q := db.write(ctx).Model(&Campaign{}).Where("id = ? AND state = ? AND planned = audience", c.ID, c.State)
	if c.ScheduledAt == nil {
		q = q.Where("scheduled_at IS NULL")
	} else {
		q = q.Where("scheduled_at = ?", c.ScheduledAt.UTC())
	}
	res := q.Updates(map[string]any{"scheduled_at": at.UTC(), "state": to, "updated_at": db.now()})
	return res.RowsAffected > 0, res.Error
}

// LockCampaign locks a campaign until the transaction ends, and reads it.
func (db *DB) LockCampaign(ctx context.Context, id int64) (c Campaign, err error) {
	if err := db.write(ctx).Exec("UPDATE campaigns SET revision = revision WHERE id = ?", id).Error; err != nil {
		return c, err
	}
	return db.CampaignByID(ctx, id)
}

// MoveBatches notes that the batches of a campaign that are not sent yet get other times,
// and says how many messages they have. Those that are planned do at once, and a claim that is being made of
// one of them fails; those that the provider has, or may have, are withdrawn from it, and stay on
// their way if they are being withdrawn already. It is one statement, since a batch that comes back from
// being sent meanwhile must be among the one or the other. It must run in a transaction.
func (db *DB) MoveBatches(ctx context.Context, r Recall, claim string, now time.Time) (planned, held int64, err error) {
	const here = "state = 'planned' AND cancel = ''"
	now = now.UTC()
	err = db.write(ctx).Exec(`UPDATE batches SET recall_id = ?, claim = CASE WHEN `+here+` THEN ? ELSE claim END,
			cancel_at = CASE WHEN `+here+` THEN cancel_at ELSE CAST(? AS `+db.timeType()+`) END,
			cancel = CASE WHEN cancel = '' AND state <> 'planned' THEN 'moving' ELSE cancel END
		WHERE campaign_id = ? AND cancel IN ('', 'moving', 'withdrawing') AND `+stoppableSQL, r.ID, claim, now, r.CampaignID, now).Error
	if err != nil {
		return 0, 0, err
	}
	err = db.write(ctx).Raw(`SELECT COALESCE(SUM(CASE WHEN `+here+` THEN `+openSQL+` ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN cancel IN ('moving', 'withdrawing') THEN `+openSQL+` ELSE 0 END), 0)
		FROM batches WHERE recall_id = ?`, r.ID).Row().Scan(&planned, &held)
	return planned, held, err
}

// MovedBatches are the batches of a move that get other times, in order: the planned ones,
// and those that are withdrawn from the provider.
func (db *DB) MovedBatches(ctx context.Context, recallID int64) ([]Batch, error) {
	var bs []Batch
	err := db.write(ctx).Where("recall_id = ? AND (state = ? AND cancel = '' OR cancel IN ('moving', 'withdrawing'))", recallID, BatchPlanned).
		Order("number").Find(&bs).Error
	return bs, err
}

// SetSendAt notes when batches that are withdrawn are sent next. When the provider would
// send them stands in their RequestAt.
func (db *DB) SetSendAt(ctx context.Context, bs []Batch) error {
	for _, b := range bs {
		if err := db.write(ctx).Model(&Batch{}).Where("id = ?", b.ID).Update("send_at", b.SendAt).Error; err != nil {
			return err
		}
	}
	return nil
}

// LeaveBatch ends the moving of a batch that was sent before it could be withdrawn, if no
// other attempt has been made since b was read.
func (db *DB) LeaveBatch(ctx context.Context, b Batch) error {
	return db.write(ctx).Model(&Batch{}).Where("id = ? AND claim = ? AND state = ? AND cancel IN ('moving', 'withdrawing')", b.ID, b.Claim, BatchHanded).
		Updates(map[string]any{"cancel": CancelLate, "send_at": gorm.Expr("request_at")}).Error
}

// Moving is how many messages of a campaign are on their way to another time.
func (db *DB) Moving(ctx context.Context, campaignID int64) (n int64, err error) {
	return n, db.read(ctx).Raw("SELECT COALESCE(SUM("+openSQL+"), 0) FROM batches WHERE campaign_id = ? AND cancel IN ('moving', 'withdrawing')", campaignID).Scan(&n).Error
}

// ReleaseBatch plans a batch again that is being moved, as if it had not been handed over
// yet: its next attempt is another. released is false if it is not as b was read.
func (db *DB) ReleaseBatch(ctx context.Context, b Batch, claim string) (released bool, err error) {
	res := db.write(ctx).Model(&Batch{}).Where("id = ? AND claim = ? AND state = ? AND cancel = ?", b.ID, b.Claim, b.State, b.Cancel).
		Updates(map[string]any{
			"state": BatchPlanned, "cancel": CancelNone, "cancel_at": nil, "claim": claim, "send_at": b.SendAt, "due_at": b.DueAt, "meant_at": b.MeantAt, "job_id": 0,
			"request_id": "", "request_at": nil, "handed_at": nil, "lease_until": nil, "result_code": 0, "result_text": "",
			"doubts": 0, "reached": false, "asks": false, "listed": 0, "listed_at": nil,
		})
	return res.RowsAffected > 0, res.Error
}

// WithdrawCalls notes that an attempt of a batch was cancelled so that it is sent with
// another.
func (db *DB) WithdrawCalls(ctx context.Context, batchID int64, attempt int) error {
	return db.write(ctx).Model(&Call{}).Where("batch_id = ? AND attempt = ? AND outcome <> ?", batchID, attempt, CallNotSent).Update("outcome", CallWithdrawn).Error
}
