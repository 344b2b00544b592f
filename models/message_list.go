package models

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Part is a part of a campaign's recipients, as its page tells them apart: a term
// of the [Equation], with those reached by SMS apart from the failed. It is also
// how a list of messages is filtered.
type Part string

// The parts, each recipient in one of them.
const (
	PartUnplanned Part = "unplanned" // has no message yet
	PartPlanned   Part = "planned"
	PartDoubt     Part = "in_doubt"
	PartHanded    Part = "handed_over"
	PartDelivered Part = "delivered"
	PartSMS       Part = "sms"
	PartFailed    Part = "failed" // and not reached by SMS
	PartRefused   Part = "refused"
	PartSkipped   Part = "skipped"
	PartCancelled Part = "cancelled"
	PartClosed    Part = "closed"
)

// Parts are all parts, in the order in which they are shown: what went well, what
// is under way, what did not.
func Parts() []Part {
	return []Part{
		PartDelivered, PartSMS, PartHanded, PartDoubt, PartPlanned, PartUnplanned,
		PartFailed, PartRefused, PartSkipped, PartCancelled, PartClosed,
	}
}

// Count is how many recipients are in the part.
func (e Equation) Count(p Part) int64 {
	return map[Part]int64{
		PartUnplanned: e.Unplanned, PartPlanned: e.Planned, PartDoubt: e.InDoubt, PartHanded: e.Handed,
		PartDelivered: e.Delivered, PartSMS: e.SMSDelivered, PartFailed: e.Failed - e.SMSDelivered,
		PartRefused: e.Refused, PartSkipped: e.Skipped, PartCancelled: e.Cancelled, PartClosed: e.Closed,
	}[p]
}

// states are the states of messages in the part that say so themselves; none for a
// part whose messages share their batch's state.
func (p Part) states() []MessageState {
	switch p {
	case PartDelivered:
		return []MessageState{MessageDelivered}
	case PartSMS:
		return []MessageState{MessageSMS}
	case PartFailed:
		return []MessageState{MessageFailed}
	case PartRefused:
		return []MessageState{MessageRefused, MessageLost}
	case PartSkipped:
		return []MessageState{MessageSkipped}
	case PartCancelled:
		return []MessageState{MessageCancelled}
	case PartClosed:
		return []MessageState{MessageClosed}
	}
	return nil
}

// Own reports whether messages in the part say so themselves, whatever their
// batch's state is.
func (p Part) Own() bool { return len(p.states()) > 0 }

// PartOf is the part of messages in a state; empty for [MessageOpen], whose batch
// decides.
func PartOf(s MessageState) Part {
	switch s {
	case MessageDelivered:
		return PartDelivered
	case MessageSMS:
		return PartSMS
	case MessageFailed:
		return PartFailed
	case MessageRefused, MessageLost:
		return PartRefused
	case MessageSkipped:
		return PartSkipped
	case MessageCancelled:
		return PartCancelled
	case MessageClosed:
		return PartClosed
	}
	return ""
}

// part is where messages are that share the batch's state.
func (s BatchState) part() Part {
	switch s {
	case BatchPlanned:
		return PartPlanned
	case BatchSending, BatchInDoubt:
		return PartDoubt
	}
	return PartHanded
}

// ListedMessage is a message as a list shows it.
type ListedMessage struct {
	Message

	Part        Part
	BatchNumber int64
	Batch       BatchState
	RequestAt   *time.Time // when the provider sends its batch; nil: at once
}

// MessageFilter says which messages of a campaign are listed.
type MessageFilter struct {
	Part  Part   // empty: all
	Code  string // empty: all
	Phone string // digits; empty: all. A number is found wherever it is.
	After int64  // the id of the message before the first; 0: from the beginning
}

// Messages are at most limit messages of a campaign that f lets through, by id.
// What it costs does not grow with the campaign's messages: a number is found by
// the unique key; rare states by the index that holds them alone; what is common,
// batch by batch in the primary key, where the batches' counters say which of them
// hold any. Only a rare code among very many failures is searched for longer.
func (db *DB) Messages(ctx context.Context, campaignID int64, f MessageFilter, limit int) ([]ListedMessage, error) {
	ms, err := db.findMessages(ctx, campaignID, f, limit)
	if err != nil || len(ms) == 0 {
		return nil, err
	}
	return db.withBatches(ctx, ms)
}

func (db *DB) findMessages(ctx context.Context, campaignID int64, f MessageFilter, limit int) ([]Message, error) {
	if f.Phone != "" {
		var ms []Message
		return ms, db.read(ctx).Where("campaign_id = ? AND phone = ? AND id > ?", campaignID, f.Phone, f.After).Limit(limit).Find(&ms).Error
	}
	states := f.Part.states()
	if f.Code != "" {
		found, err := db.statesWith(ctx, campaignID, f.Code)
		if err != nil {
			return nil, err
		}
		states = slices.DeleteFunc(found, func(s MessageState) bool { return f.Part != "" && !slices.Contains(states, s) })
		if len(states) == 0 {
			return nil, nil
		}
	}
	if len(states) == 0 || slices.Contains(states, MessageDelivered) {
		return db.commonMessages(ctx, campaignID, f, limit)
	}
	return db.rareMessages(ctx, campaignID, f, states, limit)
}

// statesWith are the states in which messages of the campaign have the code.
func (db *DB) statesWith(ctx context.Context, campaignID int64, code string) ([]MessageState, error) {
	var states []MessageState
	return states, db.read(ctx).Raw("SELECT state FROM code_counts WHERE campaign_id = ? AND code = ? AND count > 0 ORDER BY state",
		campaignID, code).Scan(&states).Error
}

// rareMessages reads each state through the index of the rare ones.
func (db *DB) rareMessages(ctx context.Context, campaignID int64, f MessageFilter, states []MessageState, limit int) ([]Message, error) {
	var all []Message
	for _, state := range states {
		// That it is greater than 3 is said in so many words: the index is partial.
		q := db.read(ctx).Where("campaign_id = ? AND state = ? AND state > 3 AND id > ?", campaignID, state, f.After)
		if f.Code != "" {
			q = q.Where("code = ?", f.Code)
		}
		var ms []Message
		if err := q.Order("id").Limit(limit).Find(&ms).Error; err != nil {
			return nil, err
		}
		all = append(all, ms...)
	}
	slices.SortFunc(all, func(a, b Message) int { return cmp.Compare(a.ID, b.ID) })
	return all[:min(len(all), limit)], nil
}

// commonMessages goes through the batches that hold messages of the part, each of
// which has one at least, until the page is full.
func (db *DB) commonMessages(ctx context.Context, campaignID int64, f MessageFilter, limit int) ([]Message, error) {
	batches, err := db.batchesWith(ctx, campaignID, f, limit+1) // the first may have been read to its end
	if err != nil {
		return nil, err
	}
	var all []Message
	for _, id := range batches {
		q := db.read(ctx).Where("id > ? AND id < ?", max(f.After, id<<positionBits), (id+1)<<positionBits)
		if f.Part != "" || f.Code != "" {
			q = q.Where("state = ?", commonState(f))
		}
		var ms []Message
		if err := q.Order("id").Limit(limit - len(all)).Find(&ms).Error; err != nil {
			return nil, err
		}
		if all = append(all, ms...); len(all) == limit {
			break
		}
	}
	return all, nil
}

func commonState(f MessageFilter) MessageState {
	if f.Code != "" || f.Part == PartDelivered {
		return MessageDelivered
	}
	return MessageOpen
}

// batchesWith are the batches from the one of f.After on that hold messages of the
// part.
func (db *DB) batchesWith(ctx context.Context, campaignID int64, f MessageFilter, limit int) ([]int64, error) {
	q := db.read(ctx).Model(&Batch{}).Where("campaign_id = ?", campaignID)
	if f.After > 0 {
		q = q.Where("number >= COALESCE((SELECT b.number FROM batches b WHERE b.id = ? AND b.campaign_id = ?), 0)", f.After>>positionBits, campaignID)
	}
	switch {
	case f.Part == "" && f.Code == "":
	case commonState(f) == MessageDelivered:
		q = q.Where("delivered > 0")
	default:
		q = q.Where("state IN ? AND "+openSQL+" > 0", batchStatesOf(f.Part))
	}
	var ids []int64
	return ids, q.Order("number").Limit(limit).Pluck("id", &ids).Error
}

func batchStatesOf(p Part) []BatchState {
	return slices.DeleteFunc(BatchStates(), func(s BatchState) bool { return s.part() != p })
}

// withBatches adds to messages what their batches say.
func (db *DB) withBatches(ctx context.Context, ms []Message) ([]ListedMessage, error) {
	ids := make([]int64, len(ms))
	for i, m := range ms {
		ids[i] = m.BatchID()
	}
	slices.Sort(ids)
	var bs []Batch
	if err := db.read(ctx).Select("id", "number", "state", "request_at").Where("id IN ?", slices.Compact(ids)).Find(&bs).Error; err != nil {
		return nil, err
	}
	byID := make(map[int64]Batch, len(bs))
	for _, b := range bs {
		byID[b.ID] = b
	}
	all := make([]ListedMessage, len(ms))
	for i, m := range ms {
		all[i] = listedIn(m, byID[m.BatchID()])
	}
	return all, nil
}

// listedIn is a message of the batch b as a list shows it.
func listedIn(m Message, b Batch) ListedMessage {
	return ListedMessage{Message: m, BatchNumber: b.Number, Batch: b.State, RequestAt: b.RequestAt, Part: cmp.Or(PartOf(m.State), b.State.part())}
}
