package models

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// positionBits is how many bits of a message's id are its position in its batch.
const positionBits = 10

// MessageState is what became of one recipient. Zero means that the message
// shares the state of its batch. The numbers are stored.
type MessageState int

// The states of a message.
const (
	MessageOpen      MessageState = 0
	MessageDelivered MessageState = 1
	MessageSkipped   MessageState = 4
	MessageRefused   MessageState = 5 // the provider said so
	MessageLost      MessageState = 6 // refused for all we know: the answer was lost and the list does not name it
	MessageClosed    MessageState = 7 // no result came in the provider's 90 days
	MessageFailed    MessageState = 8
	MessageCancelled MessageState = 9
	MessageSMS       MessageState = 10 // failed, and reached by SMS
)

// MessageStates are all states.
func MessageStates() []MessageState {
	return []MessageState{
		MessageOpen, MessageDelivered, MessageSkipped, MessageRefused, MessageLost, MessageClosed,
		MessageFailed, MessageCancelled, MessageSMS,
	}
}

// FallbackState is how far a message's fallback has come. The numbers are stored.
type FallbackState int

// The states of a fallback.
const (
	FallbackNone FallbackState = iota
	FallbackTarget
	FallbackUnderWay
	FallbackDelivered
	FallbackFailed
	FallbackUnknown // no result came in the provider's 90 days
)

// Message is one recipient's message.
type Message struct {
	ID         int64
	CampaignID int64
	Phone      string
	Vars       string // JSON object
	State      MessageState
	Fallback   FallbackState
	Code       string // result code, or why it was skipped
	SMSCode    string `gorm:"column:sms_code"`
	DoneAt     int64  // milliseconds since 1970; 0: open
}

// MessageID is the id of the message at position (from 1) of a batch.
func MessageID(batchID int64, position int) int64 { return batchID<<positionBits | int64(position) }

// BatchID is the batch of a message.
func (m Message) BatchID() int64 { return m.ID >> positionBits }

// Position is the place of a message in its batch, from 1.
func (m Message) Position() int { return int(m.ID & (1<<positionBits - 1)) }

// Done is when its outcome came, zero while it is open.
func (m Message) Done() time.Time {
	if m.DoneAt == 0 {
		return time.Time{}
	}
	return time.UnixMilli(m.DoneAt)
}

// erasedMark begins what stands in the place of a number that has been erased.
const erasedMark = "~"

// Erased reports whether the number of a message has been erased.
func (m Message) Erased() bool { return strings.HasPrefix(m.Phone, erasedMark) }

// may reports whether what is known of a message may go from state s to next.
// What the provider reports beats what was inferred, and a result stays, except
// that a failure may become a delivery by SMS.
func (s MessageState) may(next MessageState) bool {
	switch s {
	case MessageOpen:
		return next != MessageOpen
	case MessageLost, MessageClosed:
		return next == MessageDelivered || next == MessageFailed || next == MessageCancelled || next == MessageSMS
	case MessageFailed:
		return next == MessageFailed || next == MessageSMS
	case MessageSMS:
		return next == MessageSMS // whose code only the reading of a single message tells
	}
	return false
}

// known orders how much is known of a fallback, which only grows.
func (s FallbackState) known() int {
	return slices.Index([]FallbackState{FallbackNone, FallbackTarget, FallbackUnderWay, FallbackUnknown, FallbackFailed, FallbackDelivered}, s)
}

// after is o with what is known of m and o does not say: lists do not tell the code of
// the SMS, nor when nothing but that became known.
func (o MessageOutcome) after(m Message) MessageOutcome {
	if o.State == m.State && o.Fallback == m.Fallback {
		o.SMSCode, o.DoneAt = cmp.Or(o.SMSCode, m.SMSCode), m.DoneAt
	}
	return o
}

// takes reports whether o says something new of m, which is written.
func (m Message) takes(o MessageOutcome) bool {
	switch {
	case !m.State.may(o.State):
		return false
	case m.State != o.State:
		return true
	case m.Fallback != o.Fallback:
		return o.Fallback.known() > m.Fallback.known()
	}
	return o.SMSCode != "" && o.SMSCode != m.SMSCode
}

// reported reports whether s is a result that the provider has told.
func (s MessageState) reported() bool {
	return s == MessageDelivered || s == MessageFailed || s == MessageSMS
}

// OpenMessages are those of a batch that share its state, by position.
func (db *DB) OpenMessages(ctx context.Context, batchID int64) ([]Message, error) {
	var ms []Message
	err := db.read(ctx).Where("id BETWEEN ? AND ? AND state = ?", batchID<<positionBits, batchID<<positionBits|(1<<positionBits-1), MessageOpen).
		Order("id").Find(&ms).Error
	return ms, err
}

// AwaitedMessages are those of a batch of which a result is still to come, that of
// their SMS included, by position.
func (db *DB) AwaitedMessages(ctx context.Context, batchID int64) ([]Message, error) {
	var ms []Message
	err := db.read(ctx).Where("id BETWEEN ? AND ?", batchID<<positionBits, batchID<<positionBits|(1<<positionBits-1)).
		Where("state = ? OR (state = ? AND fallback IN ?)", MessageOpen, MessageFailed, []FallbackState{FallbackTarget, FallbackUnderWay}).
		Order("id").Find(&ms).Error
	return ms, err
}

// BatchMessages are all messages of a batch, by position.
func (db *DB) BatchMessages(ctx context.Context, batchID int64) ([]Message, error) {
	var ms []Message
	err := db.read(ctx).Where("id BETWEEN ? AND ?", batchID<<positionBits, batchID<<positionBits|(1<<positionBits-1)).
		Order("id").Find(&ms).Error
	return ms, err
}

// MessageOutcome is what is to be written about one message.
type MessageOutcome struct {
	ID       int64         `json:"i"`
	State    MessageState  `json:"s"`
	Fallback FallbackState `json:"f"`
	Code     string        `json:"c"`
	SMSCode  string        `json:"m"`
	DoneAt   int64         `json:"d"` // milliseconds since 1970
	// CampaignID, if not 0, must be the message's: what a key names may belong to
	// another installation.
	CampaignID int64 `json:"-"`
	// Attempt is, of a cancellation that the provider lists, the attempt that it is of;
	// -1 if that cannot be told, 0 for what the provider does not list.
	Attempt int `json:"-"`
}

// RecordOutcomes writes those of outcomes that say something new of messages of
// the campaign that are known, keeps the counters of their batches and codes, and
// says how many it wrote. It must run in a transaction.
func (db *DB) RecordOutcomes(ctx context.Context, outcomes []MessageOutcome) (int, error) {
	old, err := db.lockMessages(ctx, outcomes)
	if err != nil {
		return 0, err
	}
	if outcomes, err = withoutWithdrawn(db.write(ctx), outcomes); err != nil {
		return 0, err
	}
	fresh := make([]MessageOutcome, 0, len(outcomes))
	d, now := newDeltas(), minuteOf(db.now())
	for _, o := range outcomes {
		m, known := old[o.ID]
		if !known || (o.CampaignID != 0 && o.CampaignID != m.CampaignID) || !m.takes(o) {
			continue
		}
		o = o.after(m)
		d.move(m, o, now)
		m.State, m.Fallback, m.Code, m.SMSCode, m.DoneAt = o.State, o.Fallback, o.Code, o.SMSCode, o.DoneAt
		old[o.ID] = m
		fresh = append(fresh, o)
	}
	if len(fresh) == 0 {
		return 0, nil
	}
	if err := db.writeOutcomes(ctx, fresh); err != nil {
		return 0, err
	}
	if err := db.sizeSMS(ctx, d.days, d.reached); err != nil {
		return 0, err
	}
	return len(fresh), db.applyDeltas(ctx, d)
}

// withoutWithdrawn leaves out cancellations that say nothing of their messages: of
// attempts that were, or are being, withdrawn so that the messages are sent at another
// time. Before they are recorded, it must run behind lockMessages: whoever withdraws says
// so before the provider is asked to cancel.
func withoutWithdrawn(q *gorm.DB, outcomes []MessageOutcome) ([]MessageOutcome, error) {
	var ids []int64
	for _, o := range outcomes {
		if o.Attempt != 0 {
			ids = append(ids, Message{ID: o.ID}.BatchID())
		}
	}
	if len(ids) == 0 {
		return outcomes, nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var withdrawing []int64
	if err := q.Model(&Batch{}).Where("id IN ? AND cancel = ?", ids, CancelWithdrawing).Pluck("id", &withdrawing).Error; err != nil {
		return nil, err
	}
	var calls []Call
	if err := q.Where("batch_id IN ? AND outcome = ?", ids, CallWithdrawn).Find(&calls).Error; err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(outcomes), func(o MessageOutcome) bool {
		id := Message{ID: o.ID}.BatchID()
		return o.Attempt != 0 && (slices.Contains(withdrawing, id) ||
			slices.ContainsFunc(calls, func(c Call) bool { return c.BatchID == id && (c.Attempt == o.Attempt || o.Attempt < 0) }))
	}), nil
}

func (db *DB) lockMessages(ctx context.Context, outcomes []MessageOutcome) (map[int64]Message, error) {
	ids := make([]int64, len(outcomes))
	for i, o := range outcomes {
		ids[i] = o.ID
	}
	slices.Sort(ids) // everybody locks in the same order
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	query := "SELECT id, campaign_id, state, fallback, code, sms_code, done_at FROM messages WHERE id IN (SELECT value FROM json_each(?))"
	if db.Dialect() == Postgres {
		query = `SELECT id, campaign_id, state, fallback, code, sms_code, done_at FROM messages
			WHERE id IN (SELECT value::bigint FROM json_array_elements_text(?::json)) ORDER BY id FOR UPDATE`
	}
	var ms []Message
	if err := db.write(ctx).Raw(query, string(list)).Scan(&ms).Error; err != nil {
		return nil, fmt.Errorf("lock messages: %w", err)
	}
	byID := make(map[int64]Message, len(ms))
	for _, m := range ms {
		byID[m.ID] = m
	}
	return byID, nil
}

func (db *DB) writeOutcomes(ctx context.Context, outcomes []MessageOutcome) error {
	list, err := json.Marshal(outcomes)
	if err != nil {
		return err
	}
	from := `(SELECT value->>'i' AS i, value->>'s' AS s, value->>'f' AS f, value->>'c' AS c, value->>'m' AS m, value->>'d' AS d FROM json_each(?))`
	if db.Dialect() == Postgres {
		from = `json_to_recordset(?::json)`
	}
	as := " AS v"
	if db.Dialect() == Postgres {
		as = " AS v(i bigint, s smallint, f smallint, c text, m text, d bigint)"
	}
	err = db.write(ctx).Exec(`UPDATE messages SET state = v.s, fallback = v.f, code = v.c, sms_code = v.m, done_at = v.d
		FROM `+from+as+` WHERE messages.id = v.i`, string(list)).Error
	if err != nil {
		return fmt.Errorf("write outcomes: %w", err)
	}
	return nil
}

// deltas are changes of counters.
type deltas struct {
	batches map[int64]*Batch
	codes   map[codeKey]int64
	days    days
	minutes minutes
	reached map[int64][]MessageOutcome // by SMS, by campaign
}

type codeKey struct {
	campaign int64
	state    MessageState
	code     string
}

func (k codeKey) compare(other codeKey) int {
	return cmp.Or(cmp.Compare(k.campaign, other.campaign), cmp.Compare(k.state, other.state), cmp.Compare(k.code, other.code))
}

func newDeltas() deltas {
	return deltas{map[int64]*Batch{}, map[codeKey]int64{}, days{}, minutes{}, map[int64][]MessageOutcome{}}
}

// move counts that m becomes o in the minute now.
func (d deltas) move(m Message, o MessageOutcome, now int64) {
	b := d.batches[m.BatchID()]
	if b == nil {
		b = &Batch{}
		d.batches[m.BatchID()] = b
	}
	b.count(m.State, m.Fallback, -1)
	b.count(o.State, o.Fallback, +1)
	if m.State != MessageOpen {
		d.codes[codeKey{m.CampaignID, m.State, m.Code}]--
	}
	d.codes[codeKey{m.CampaignID, o.State, o.Code}]++
	if m.State != MessageOpen {
		d.days.at(m.CampaignID, dayOf(m.DoneAt)).count(m.State, -1)
	}
	d.days.at(m.CampaignID, dayOf(o.DoneAt)).count(o.State, +1)
	if o.State == MessageSMS && m.State != MessageSMS {
		d.reached[m.CampaignID] = append(d.reached[m.CampaignID], o)
	}
	d.minutes.count(m.CampaignID, m.State, m.DoneAt, -1)
	d.minutes.count(m.CampaignID, o.State, o.DoneAt, +1)
	if !m.State.reported() && o.State.reported() {
		d.minutes.at(m.CampaignID, now).Taken++
	}
}

// count changes the counter of state by n.
func (b *Batch) count(state MessageState, fallback FallbackState, n int64) {
	switch state {
	case MessageOpen:
	case MessageDelivered:
		b.Delivered += n
	case MessageSkipped:
		b.Skipped += n
	case MessageRefused, MessageLost:
		b.Refused += n
	case MessageClosed:
		b.Closed += n
	case MessageCancelled:
		b.Cancelled += n
	case MessageFailed:
		b.Failed += n
		if fallback == FallbackTarget || fallback == FallbackUnderWay {
			b.SMSWaiting += n
		}
	case MessageSMS:
		b.Failed += n
		b.SMSDelivered += n
	default:
		panic(fmt.Errorf("no message state %d", state))
	}
}

func (db *DB) applyDeltas(ctx context.Context, d deltas) error {
	for _, id := range slices.Sorted(maps.Keys(d.batches)) {
		b := d.batches[id]
		err := db.write(ctx).Exec(`UPDATE batches SET skipped = skipped + ?, refused = refused + ?, delivered = delivered + ?,
			failed = failed + ?, sms_delivered = sms_delivered + ?, sms_waiting = sms_waiting + ?,
			cancelled = cancelled + ?, closed = closed + ? WHERE id = ?`,
			b.Skipped, b.Refused, b.Delivered, b.Failed, b.SMSDelivered, b.SMSWaiting, b.Cancelled, b.Closed, id).Error
		if err != nil {
			return fmt.Errorf("count batch: %w", err)
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(d.codes), codeKey.compare) { // in the same order everywhere
		n := d.codes[k]
		if n == 0 {
			continue
		}
		err := db.write(ctx).Exec(`INSERT INTO code_counts (campaign_id, state, code, count) VALUES (?, ?, ?, ?)
			ON CONFLICT (campaign_id, state, code) DO UPDATE SET count = code_counts.count + excluded.count`,
			k.campaign, k.state, k.code, n).Error
		if err != nil {
			return fmt.Errorf("count codes: %w", err)
		}
	}
	if err := db.addDays(ctx, d.days); err != nil {
		return err
	}
	return db.addMinutes(ctx, d.minutes)
}

// CodeCount is how many messages of a campaign have a code.
type CodeCount struct {
	State MessageState
	Code  string
	Count int64
}

// CodeCounts are the codes of what did not arrive, the most frequent first.
func (db *DB) CodeCounts(ctx context.Context, campaignID int64) ([]CodeCount, error) {
	var cs []CodeCount
	return cs, db.read(ctx).Raw(`SELECT state, code, count FROM code_counts
		WHERE campaign_id = ? AND count > 0 AND state <> ? ORDER BY count DESC, code`, campaignID, MessageDelivered).Scan(&cs).Error
}
