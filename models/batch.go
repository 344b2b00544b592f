package models

import (
	"context"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
)

// BatchState is where a batch stands.
type BatchState string

// The states of a batch.
const (
	BatchPlanned   BatchState = "planned"
	BatchSending   BatchState = "sending"     // a request is out, under a lease
	BatchInDoubt   BatchState = "in_doubt"    // whether the provider has it is not known
	BatchHanded    BatchState = "handed_over" // the provider has it
	BatchRefused   BatchState = "refused"
	BatchCancelled BatchState = "cancelled"
)

// BatchStates are all states.
func BatchStates() []BatchState {
	return []BatchState{BatchPlanned, BatchSending, BatchInDoubt, BatchHanded, BatchRefused, BatchCancelled}
}

// Cancel says how far the cancelling of a batch has come.
type Cancel string

// The steps of cancelling.
const (
	CancelNone  Cancel = ""
	CancelAsked Cancel = "asked" // the provider is to be asked
	CancelDone  Cancel = "done"  // its list has decided

	// The steps of sending at another time what the provider holds.
	CancelMoving      Cancel = "moving"      // it is to be withdrawn from the provider
	CancelWithdrawing Cancel = "withdrawing" // the provider has been asked, or is being asked, to cancel it
	CancelLate        Cancel = "late"        // it had been sent
)

// Moves reports whether a batch is on its way to another time.
func (c Cancel) Moves() bool { return c == CancelMoving || c == CancelWithdrawing }

// Batch is what one request hands over: at most kakao.MaxRecipients messages.
type Batch struct {
	ID         int64
	CampaignID int64
	AppkeyID   int64
	Number     int64 // in the campaign, from 1
	State      BatchState
	DueAt      time.Time  // not claimed, or not looked up, before
	MeantAt    time.Time  // when it was to go out: waiting for the provider moves DueAt alone
	SendAt     *time.Time // when the provider is to send it; nil: at once
	JobID      int64
	Attempt    int
	Claim      string
	LeaseUntil *time.Time // by the database's clock
	CalledAt   *time.Time
	RequestAt  *time.Time // the requestDate sent; nil: at once
	Calls      int
	Reached    bool // a repeat was answered with -1005
	Doubts     int  // attempts given up after the settling time
	Asks       bool // a person has to decide
	Suspect    bool // the provider may have more of it than is known here; not claimed before it has been asked
	Listed     int64
	ListedAt   *time.Time
	RequestID  string
	HandedAt   *time.Time
	ResultCode int
	ResultText string
	Cancel     Cancel
	CancelAt   *time.Time // when its cancelling is gone on with; nil: with the campaign's
	RecallID   int64      // the last recall that was about it; 0: none

	// What its campaign says, for searches over all campaigns.
	Channel      Channel
	SenderID     int64
	TemplateCode string // the registered template that is sent; empty: none
	LaunchedBy   int64

	Size         int64
	Skipped      int64
	Refused      int64
	Delivered    int64
	Failed       int64
	SMSDelivered int64 `gorm:"column:sms_delivered"`
	SMSWaiting   int64 `gorm:"column:sms_waiting"`
	Cancelled    int64
	Closed       int64

	CancelledHere int64 // of the cancelled, those that the provider did not have
	EndedBefore   int64 // of those that have ended, how many the present attempt, or the next, did not end
}

// Open is how many messages share the batch's state.
func (b Batch) Open() int64 {
	return b.Size - b.Skipped - b.Refused - b.Delivered - b.Failed - b.Cancelled - b.Closed
}

// Ended is how many messages have been delivered, have failed or were cancelled.
func (b Batch) Ended() int64 { return b.Delivered + b.Failed + b.Cancelled }

// EndedByNow is how many messages of a batch have ended, for a column that is set when
// the batch is moved.
func EndedByNow() any { return gorm.Expr("delivered + failed + cancelled") }

// Untouched reports whether every message of the batch that was not skipped was in its
// request: none had ended, or was cancelled, before.
func (b Batch) Untouched() bool { return b.EndedBefore == 0 && b.CancelledHere == 0 }

// Reported says whether the provider has reported what became of any of its messages
// since the present attempt began.
func (b Batch) Reported() bool { return b.Ended() > b.EndedBefore }

// Call is one request made for a batch.
type Call struct {
	BatchID   int64 `gorm:"primaryKey"`
	Call      int   `gorm:"primaryKey"`
	Attempt   int
	CalledAt  time.Time
	Outcome   CallOutcome
	RequestID string
	Code      int
	Text      string
}

// CallOutcome is what came of a request.
type CallOutcome string

// The outcomes of a request.
const (
	CallUnknown  CallOutcome = "" // no answer yet, or the process died
	CallAccepted CallOutcome = "accepted"
	CallNotSent  CallOutcome = "not_sent" // certainly not carried out
	CallRefused  CallOutcome = "refused"
	CallInDoubt  CallOutcome = "in_doubt"
	CallNotFound CallOutcome = "not_found" // in doubt, and not listed after the settling time
	// CallWithdrawn was accepted and then cancelled, so that its messages are sent with
	// another attempt.
	CallWithdrawn CallOutcome = "withdrawn"
)

// Batch reads one batch.
func (db *DB) Batch(ctx context.Context, id int64) (b Batch, err error) {
	err = db.read(ctx).First(&b, id).Error
	return b, dbError(err, "batch")
}

// batchesByID are the batches of messages by their ids, with these columns alone if any are
// named.
func (db *DB) batchesByID(ctx context.Context, ms []Message, columns ...string) (map[int64]Batch, error) {
	q := db.read(ctx).Where("id IN ?", batchesOf(ms))
	if len(columns) > 0 {
		q = q.Select(columns)
	}
	var bs []Batch
	if err := q.Find(&bs).Error; err != nil {
		return nil, err
	}
	byID := make(map[int64]Batch, len(bs))
	for _, b := range bs {
		byID[b.ID] = b
	}
	return byID, nil
}

// batchesOf are the ids of the batches of messages, in order.
func batchesOf(ms []Message) []int64 {
	ids := make([]int64, len(ms))
	for i, m := range ms {
		ids[i] = m.BatchID()
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Batches are those of a campaign with a number greater than after, in order.
func (db *DB) Batches(ctx context.Context, campaignID, after int64, limit int) ([]Batch, error) {
	var bs []Batch
	return bs, db.read(ctx).Where("campaign_id = ? AND number > ?", campaignID, after).Order("number").Limit(limit).Find(&bs).Error
}

// BatchCounts is how many batches of a campaign are in each state.
func (db *DB) BatchCounts(ctx context.Context, campaignID int64) (map[BatchState]int64, error) {
	var rows []struct {
		State BatchState
		N     int64
	}
	err := db.read(ctx).Raw("SELECT state, COUNT(*) AS n FROM batches WHERE campaign_id = ? GROUP BY state", campaignID).Scan(&rows).Error
	counts := map[BatchState]int64{}
	for _, r := range rows {
		counts[r.State] = r.N
	}
	return counts, err
}

// BatchAsks reports whether a batch of the campaign waits for a person.
func (db *DB) BatchAsks(ctx context.Context, campaignID int64) (bool, error) {
	var n int64
	err := db.read(ctx).Model(&Batch{}).Where("campaign_id = ? AND state = ? AND asks", campaignID, BatchInDoubt).Limit(1).Count(&n).Error
	return n > 0, err
}

// Calls are the requests made for a batch, in order.
func (db *DB) Calls(ctx context.Context, batchID int64) ([]Call, error) {
	var cs []Call
	return cs, db.read(ctx).Where("batch_id = ?", batchID).Order("call").Find(&cs).Error
}

// CreateCall notes a request that is about to be made.
func (db *DB) CreateCall(ctx context.Context, c *Call) error { return db.write(ctx).Create(c).Error }

// EndCall notes what came of a request, unless it has been withdrawn: an answer may come
// late.
func (db *DB) EndCall(ctx context.Context, c Call) error {
	return db.write(ctx).Model(&Call{}).Where("batch_id = ? AND call = ? AND outcome <> ?", c.BatchID, c.Call, CallWithdrawn).
		Select("Outcome", "RequestID", "Code", "Text").Updates(c).Error
}

// MoveBatch takes a batch that is in one of the states from, under the given
// claim, to another state and sets columns. moved is false if it was not so any
// more.
func (db *DB) MoveBatch(ctx context.Context, b Batch, from []BatchState, to BatchState, set map[string]any) (moved bool, err error) {
	values := map[string]any{"state": to}
	for k, v := range set {
		values[k] = v
	}
	res := db.write(ctx).Model(&Batch{}).Where("id = ? AND claim = ? AND state IN ?", b.ID, b.Claim, from).Updates(values)
	return res.RowsAffected > 0, res.Error
}

// SetBatch sets columns of a batch whatever its state.
func (db *DB) SetBatch(ctx context.Context, id int64, set map[string]any) error {
	return db.write(ctx).Model(&Batch{}).Where("id = ?", id).Updates(set).Error
}

// PlannedBatchIDs are the planned batches of a campaign that are due now, in order.
func (db *DB) PlannedBatchIDs(ctx context.Context, campaignID int64, now time.Time) ([]int64, error) {
	var ids []int64
	return ids, db.write(ctx).Model(&Batch{}).Where("campaign_id = ? AND state = ? AND due_at <= ?", campaignID, BatchPlanned, now.UTC()).Order("number").Pluck("id", &ids).Error
}

// SetJobs notes which job is to claim each batch.
func (db *DB) SetJobs(ctx context.Context, jobs map[int64]int64) error {
	for _, id := range slices.Sorted(maps.Keys(jobs)) {
		if _, err := db.SQLTx().ExecContext(ctx, "UPDATE batches SET job_id = $1 WHERE id = $2", jobs[id], id); err != nil {
			return err
		}
	}
	return nil
}

// LockWaiting are those of bs that are still planned under the job that was read,
// locked until the transaction ends: another process may have given them a job.
func (db *DB) LockWaiting(ctx context.Context, bs []Batch) ([]int64, error) {
	var ids []int64
	for _, b := range bs {
		res := db.write(ctx).Model(&Batch{}).Where("id = ? AND state = ? AND job_id = ?", b.ID, BatchPlanned, b.JobID).Update("job_id", 0)
		if res.Error != nil {
			return nil, res.Error
		}
		if res.RowsAffected > 0 {
			ids = append(ids, b.ID)
		}
	}
	return ids, nil
}
