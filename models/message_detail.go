package models

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"soshik/internal/kakao"
)

// Told is what the provider says about a message, besides who gets it and what it says.
type Told struct {
	RequestID    string    `json:"requestId"`
	Seq          int       `json:"seq"`          // its place in the request, from 1
	Status       string    `json:"status"`       // kakao.Status…; something else before it is sent
	Code         string    `json:"code"`         // of the delivery; empty without a result
	CodeName     string    `json:"codeName"`     // in the provider's words
	Fallback     string    `json:"fallback"`     // kakao.Fallback…; empty where the channel has none
	FallbackName string    `json:"fallbackName"` // in the provider's words
	SMSCode      string    `json:"smsCode"`      // the SMS service's
	SMSRequestID string    `json:"smsRequestId"` // the SMS service's
	AttemptKey   string    `json:"attemptKey"`   // the grouping key of its request
	RequestAt    time.Time `json:"requestAt,omitzero"`
	CreatedAt    time.Time `json:"createdAt,omitzero"`
	ReceivedAt   time.Time `json:"receivedAt,omitzero"`
}

// Outcome is what t says has become of the message, at now unless it says when; reported
// is false while there is no result.
func (t Told) Outcome(now time.Time) (o MessageOutcome, reported bool) {
	o.Code, o.SMSCode, o.DoneAt = t.Code, t.SMSCode, now.UnixMilli()
	if !t.ReceivedAt.IsZero() {
		o.DoneAt = t.ReceivedAt.UnixMilli()
	}
	switch t.Status {
	case kakao.StatusCompleted:
		o.State = MessageDelivered
	case kakao.StatusCancelled:
		o.State = MessageCancelled
	case kakao.StatusFailed:
		o.State, o.Fallback = MessageFailed, fallbackStateOf(t.Fallback)
		if o.Fallback == FallbackDelivered {
			o.State = MessageSMS
		}
	default:
		return o, false
	}
	return o, true
}

func fallbackStateOf(status string) FallbackState {
	switch status {
	case kakao.FallbackTarget:
		return FallbackTarget
	case kakao.FallbackInProgress:
		return FallbackUnderWay
	case kakao.FallbackSucceeded:
		return FallbackDelivered
	case kakao.FallbackFailed:
		return FallbackFailed
	}
	return FallbackNone
}

// MessageDetail is what the provider said about a single message when it was asked
// about it last.
type MessageDetail struct {
	MessageID    int64 `gorm:"primaryKey;autoIncrement:false"`
	FetchedAt    time.Time
	ReceiveAt    *time.Time // when it arrived; nil: not told
	SMSRequestID string     `gorm:"column:sms_request_id"`
	Raw          Told       `gorm:"serializer:json"`
}

// MessageRecord is everything that is known about one message.
type MessageRecord struct {
	ListedMessage

	Campaign  Campaign
	Request   Batch // the batch that it is in
	Calls     []Call
	Stop      MessageStop   // zero: nobody wanted to stop it
	Detail    MessageDetail // zero: the provider was not asked about it alone
	StoppedBy int64         // the person who has cancelled it; 0: nobody
	Skipped   int           // messages before it in the batch that were left out of the request
}

// MessageRecord reads a message of an appkey with all that is known about it.
func (db *DB) MessageRecord(ctx context.Context, appkeyID, id int64) (r MessageRecord, err error) {
	var m Message
	if err := db.read(ctx).First(&m, id).Error; err != nil {
		return r, dbError(err, "message")
	}
	if r.Request, err = db.Batch(ctx, m.BatchID()); err != nil {
		return r, err
	}
	if r.Campaign, err = db.Campaign(ctx, appkeyID, m.CampaignID); err != nil {
		return r, err
	}
	r.ListedMessage = listedIn(m, r.Request)
	if r.Calls, err = db.Calls(ctx, m.BatchID()); err != nil {
		return r, err
	}
	if err := db.read(ctx).Where("message_id = ?", id).Limit(1).Find(&r.Stop).Error; err != nil {
		return r, err
	}
	if r.Stop.RecallID > 0 {
		recall, err := db.Recall(ctx, m.CampaignID, r.Stop.RecallID)
		if err != nil {
			return r, err
		}
		r.StoppedBy = recall.AskedBy
	}
	err = db.read(ctx).Raw("SELECT COUNT(*) FROM messages WHERE id BETWEEN ? AND ? AND state = ?",
		m.BatchID()<<positionBits, id, MessageSkipped).Scan(&r.Skipped).Error
	if err != nil {
		return r, err
	}
	return r, db.read(ctx).Where("message_id = ?", id).Limit(1).Find(&r.Detail).Error
}

// GoneMessage is a message whose row has gone, since its team does not keep it any longer.
type GoneMessage struct {
	Campaign    Campaign
	BatchNumber int64
}

// GoneMessage finds what is still known of a message of an appkey whose row has gone.
func (db *DB) GoneMessage(ctx context.Context, appkeyID, id int64) (g GoneMessage, err error) {
	m := Message{ID: id}
	b, err := db.Batch(ctx, m.BatchID())
	if err != nil {
		return g, err
	}
	if g.Campaign, err = db.Campaign(ctx, appkeyID, b.CampaignID); err != nil {
		return g, err
	}
	if g.BatchNumber = b.Number; b.Number > g.Campaign.RowsGoneUntil || m.Position() < 1 || int64(m.Position()) > b.Size {
		return GoneMessage{}, Errorf(NotFound, "error.not_found")
	}
	return g, nil
}

// Askable reports whether the provider knows the message, so that it can be asked about
// it. What it refused at once, it has not kept.
func (r MessageRecord) Askable() bool {
	return r.Request.RequestID != "" && r.State != MessageSkipped && r.State != MessageRefused
}

// Seq is the place of the message in its request, from 1; 0 if it is not known. Unless the
// provider has told it, it is that among the messages of the batch that were not skipped.
func (r MessageRecord) Seq() int {
	switch told := r.Detail.Raw; {
	case told.RequestID == r.Request.RequestID && told.Seq > 0:
		return told.Seq
	case r.Request.Untouched():
		return r.Position() - r.Skipped
	}
	return 0
}

// Difference is how what the provider said about the message, when it was asked about it
// last, differs from what is known here. What has become of it since is no difference.
func (r MessageRecord) Difference() Difference {
	d := r.Detail
	if d.MessageID == 0 || d.Raw.RequestID != r.Request.RequestID || d.FetchedAt.Before(r.Done()) {
		return Same
	}
	o, reported := d.Raw.Outcome(d.FetchedAt)
	if found := r.Compare(o, reported); found != ToldMore {
		return found
	}
	return ToldReplaced // else it would have been taken over
}

// SaveMessageDetail keeps what the provider said about a message, unless something newer
// is known.
func (db *DB) SaveMessageDetail(ctx context.Context, d MessageDetail) error {
	d.FetchedAt = d.FetchedAt.UTC()
	return db.write(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "message_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"fetched_at", "receive_at", "sms_request_id", "raw"}),
		Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "message_details.fetched_at <= excluded.fetched_at"}}},
	}).Create(&d).Error
}
