package models

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm/clause"
)

// ForeignMessage is a message that was sent through an appkey by another system, such
// as the provider's console: as the provider describes it. It belongs to no campaign.
type ForeignMessage struct {
	ID             int64
	AppkeyID       int64
	Channel        Channel
	RequestID      string
	Seq            int // place in the request, from 1
	Phone          string
	PlusFriendID   string
	SenderKey      string
	TemplateCode   string // empty: none
	Content        string
	State          MessageState
	Fallback       FallbackState
	Code           string // of the delivery
	SMSCode        string `gorm:"column:sms_code"`
	SentAt         int64  // when it was, or is, to be sent: milliseconds since 1970
	DoneAt         int64  // milliseconds since 1970; 0: open
	SenderGroup    string // grouping key of the request
	RecipientGroup string // grouping key of the recipient
	CreateUser     string
	DueAt          *time.Time // when the provider is asked for its result; nil: nothing more is expected
	TakenAt        time.Time  // when it was seen first
}

// Sent is when it was, or is, to be sent.
func (m ForeignMessage) Sent() time.Time { return time.UnixMilli(m.SentAt) }

// Erased reports whether its number and content have been erased.
func (m ForeignMessage) Erased() bool { return strings.HasPrefix(m.Phone, erasedMark) }

// Part is what became of it.
func (m ForeignMessage) Part() Part {
	if m.State == MessageOpen {
		return PartHanded
	}
	return PartOf(m.State)
}

// ForeignParts are the parts that messages of others can be in.
func ForeignParts() []Part {
	return []Part{PartDelivered, PartSMS, PartHanded, PartFailed, PartCancelled, PartClosed}
}

// foreignAtOnce is how many are written with one statement.
const foreignAtOnce = 500

// SaveForeign writes messages. Those that are known already change only if something
// new is said about them: a result stays, except that a failure may become a delivery
// by SMS.
func (db *DB) SaveForeign(ctx context.Context, ms []ForeignMessage) error {
	if len(ms) == 0 {
		return nil
	}
	return db.write(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "appkey_id"}, {Name: "channel"}, {Name: "request_id"}, {Name: "seq"}},
		DoUpdates: clause.AssignmentColumns([]string{"state", "fallback", "code", "sms_code", "done_at", "due_at"}),
		Where: clause.Where{Exprs: []clause.Expression{clause.Expr{
			SQL: `(foreign_messages.state IN (?, ?) OR (foreign_messages.state = ? AND excluded.state IN (?, ?)))
				AND (foreign_messages.state <> excluded.state OR foreign_messages.fallback <> excluded.fallback OR foreign_messages.sms_code <> excluded.sms_code)`,
			Vars: []any{MessageOpen, MessageClosed, MessageFailed, MessageFailed, MessageSMS},
		}}},
	}).CreateInBatches(ms, foreignAtOnce).Error
}

// KnownForeign are those of the requests of which messages of others are known.
func (db *DB) KnownForeign(ctx context.Context, appkeyID int64, ch Channel, requestIDs []string) ([]string, error) {
	slices.Sort(requestIDs)
	var known []string
	return known, db.read(ctx).Raw("SELECT DISTINCT request_id FROM foreign_messages WHERE appkey_id = ? AND channel = ? AND request_id IN ?",
		appkeyID, ch, slices.Compact(requestIDs)).Scan(&known).Error
}

// AwaitedForeign are requests of an appkey and a channel with messages of others
// of which a result is still to come and that are to be read now, at most limit.
func (db *DB) AwaitedForeign(ctx context.Context, appkeyID int64, ch Channel, now time.Time, limit int) ([]ForeignRequest, error) {
	var rs []ForeignRequest
	return rs, db.read(ctx).Raw(`SELECT request_id, MIN(sent_at) AS sent_at, MIN(due_at) AS due_at FROM foreign_messages
		WHERE appkey_id = ? AND channel = ? AND due_at <= ? AND due_at IS NOT NULL GROUP BY request_id ORDER BY 3`+limitTo(limit),
		appkeyID, ch, now.UTC()).Scan(&rs).Error
}

// ForeignRequest is a request of another system with open messages.
type ForeignRequest struct {
	RequestID string
	SentAt    int64 // milliseconds since 1970
}

// PostponeForeign has the messages of a request asked after next at the time until.
func (db *DB) PostponeForeign(ctx context.Context, appkeyID int64, ch Channel, requestID string, until time.Time) error {
	return db.write(ctx).Exec("UPDATE foreign_messages SET due_at = ? WHERE appkey_id = ? AND channel = ? AND request_id = ? AND due_at IS NOT NULL",
		until.UTC(), appkeyID, ch, requestID).Error
}

// CloseForeign ends the waiting for results of messages that were sent before: the
// provider has forgotten them.
func (db *DB) CloseForeign(ctx context.Context, appkeyID int64, ch Channel, before, now time.Time) error {
	return db.write(ctx).Exec(`UPDATE foreign_messages SET due_at = NULL, state = CASE WHEN state = ? THEN ? ELSE state END,
			fallback = CASE WHEN state = ? THEN fallback ELSE ? END, done_at = CASE WHEN state = ? THEN ? ELSE done_at END
		WHERE appkey_id = ? AND channel = ? AND due_at IS NOT NULL AND sent_at < ?`,
		MessageOpen, MessageClosed, MessageOpen, FallbackUnknown, MessageOpen, now.UnixMilli(), appkeyID, ch, before.UnixMilli()).Error
}

// ForeignPage is a part of what a search for messages of others finds.
type ForeignPage struct {
	Messages []ForeignMessage // those that were, or are, sent last first
	Next     string           // where to go on, for [DB.ForeignMessages]; empty: there is nothing more
}

// ForeignMessages are at most limit messages of others that f lets through, those
// that were sent last first. after is where the page before ended, empty for the
// first one. What f asks for that only campaigns have finds nothing.
func (db *DB) ForeignMessages(ctx context.Context, appkeyID int64, f DeliveryFilter, after string, limit int) (p ForeignPage, err error) {
	s := foreignSearch{db: db, appkeyID: appkeyID, f: f}
	if possible, err := s.begin(ctx, after); err != nil || !possible {
		return p, err
	}
	q, err := s.query(ctx)
	if err != nil {
		return p, err
	}
	err = q.Limit(limit + 1).Find(&p.Messages).Error
	if err == nil && len(p.Messages) > limit {
		p.Messages = p.Messages[:limit]
		last := p.Messages[limit-1]
		p.Next = strconv.FormatInt(last.SentAt, 10) + "." + strconv.FormatInt(last.ID, 10)
	}
	return p, err
}

// parseForeignPlace reads what [ForeignPage.Next] has; ok is false if it is none.
func parseForeignPlace(text string) (sent, id int64, ok bool) {
	before, behind, ok := strings.Cut(text, ".")
	if !ok {
		return 0, 0, false
	}
	sent, err := strconv.ParseInt(before, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	id, err = strconv.ParseInt(behind, 10, 64)
	return sent, id, err == nil
}

// foreignStates are the states of messages of others in parts.
func foreignStates(parts []Part) []MessageState {
	var states []MessageState
	for _, s := range MessageStates() {
		if slices.Contains(parts, ForeignMessage{State: s}.Part()) {
			states = append(states, s)
		}
	}
	return states
}

// HasForeign reports whether messages of others have been taken in, whether or not
// they still are.
func (db *DB) HasForeign(ctx context.Context, appkeyID int64) (bool, error) {
	_, found, err := first[ForeignMessage](db.read(ctx).Select("id").Where("appkey_id = ?", appkeyID))
	return found, err
}

const foreignOf = "appkey_id IN (SELECT id FROM appkeys WHERE team_id = ?)"

// eraseForeign erases the number, and what was written to it, of messages of others.
func (db *DB) eraseForeign(ctx context.Context, teamID int64, phone string) (int64, error) {
	res := db.write(ctx).Exec("UPDATE foreign_messages SET phone = '~' || id, content = '', recipient_group = '' WHERE "+foreignOf+" AND phone = ?", teamID, phone)
	return res.RowsAffected, res.Error
}

// DeleteForeign deletes messages of others that were sent through a team's appkeys before
// the time given, at most limit of each appkey, and says how many.
func (db *DB) DeleteForeign(ctx context.Context, teamID int64, before time.Time, limit int) (n int64, err error) {
	ks, err := db.Appkeys(ctx, teamID)
	if err != nil {
		return 0, err
	}
	for _, k := range ks {
		res := db.write(ctx).Exec(`DELETE FROM foreign_messages WHERE id IN (SELECT id FROM foreign_messages
			WHERE appkey_id = ? AND sent_at < ? ORDER BY sent_at`+limitTo(limit)+`)`, k.ID, before.UnixMilli())
		if res.Error != nil {
			return n, res.Error
		}
		n += res.RowsAffected
	}
	return n, nil
}

// countForeign is how many messages of others were sent through a team's appkeys before
// the time given, at most limit.
func (db *DB) countForeign(ctx context.Context, teamID int64, before time.Time, limit int) (n int64, err error) {
	return n, db.read(ctx).Raw("SELECT COUNT(*) FROM (SELECT 1 FROM foreign_messages WHERE "+foreignOf+" AND sent_at < ?"+limitTo(limit)+") AS counted",
		teamID, before.UnixMilli()).Scan(&n).Error
}
