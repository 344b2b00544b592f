package models

import (
	"context"
	"time"
)

// LiveLedger is the other side of a search at the provider: what was handed over of what
// is asked for, and whether the provider lists it. It is looked up request by request,
// and not in the windows or under the conditions of the search, so that nothing is
// missed because of those.
type LiveLedger struct {
	Requests int        // that were compared
	Missing  []Unlisted // those of them of which the provider does not list everything
	Unsure   int        // that could not be compared: their lists contradicted themselves, or they changed meanwhile
	Fresh    bool       // there are others that were handed over too recently to be listed for sure
	Off      bool       // what is asked for is a status, which only the provider knows: nothing was compared
	Failed   Text       // why the comparison ended early; its key is empty if it did not
	Next     int64      // the batch before which to go on; 0: nothing is left
}

// Unlisted is a request of which the provider does not list everything.
type Unlisted struct {
	Request  Batch
	Campaign Campaign
	Messages []ListedMessage // that are not listed, in order
	Of       int             // messages that were looked for in its list
}

// Count is how many messages the provider does not list.
func (l LiveLedger) Count() (n int) {
	for _, u := range l.Missing {
		n += len(u.Messages)
	}
	return n
}

// Empty reports whether there is nothing to say about the comparison.
func (l LiveLedger) Empty() bool {
	return l.Requests+l.Unsure == 0 && !l.Fresh && !l.Off && l.Failed.Key == ""
}

// Comparable reports whether it can be said of a message that it belongs to what q
// searches: what state the provider has it in is not known here.
func (q LiveQuery) Comparable() bool { return q.Status == "" && q.Group == "" }

// known is what q asks for, as far as the provider would heed it.
func (q LiveQuery) known() DeliveryFilter {
	f, t := q.DeliveryFilter, q.Channel.Traits()
	f.CampaignID, f.Part, f.Code, f.Before = 0, "", "", 0
	if !t.ByTemplate {
		f.TemplateCode = ""
	}
	if !t.ByCreator {
		f.CreatedBy = 0
	}
	return f
}

// HandedRequests are at most limit batches of an appkey with messages that q asks for and
// that the provider has, the newest first: handed over from one time on, until the other.
// fresh is true if there are others that were handed over since.
func (db *DB) HandedRequests(ctx context.Context, appkeyID int64, q LiveQuery, from, until time.Time, limit int) (bs []Batch, fresh bool, err error) {
	s := deliverySearch{db: db, ctx: ctx, appkeyID: appkeyID, f: q.known(), last: maxBatchID}
	if possible, err := s.begin(); err != nil || !possible {
		return nil, false, err
	}
	s.passesOver()
	where := s.where.with("state = ?", BatchHanded)
	where.add("request_id <> '' AND cancel NOT IN ?", []Cancel{CancelMoving, CancelWithdrawing})
	if q.Phone != "" {
		where.add("EXISTS (SELECT 1 FROM messages m WHERE m.campaign_id = batches.campaign_id AND m.phone = ? AND m.id BETWEEN batches.id * 1024 AND batches.id * 1024 + 1023)", q.Phone)
	}
	settled := where.with("handed_at >= ?", from.UTC())
	settled.add("handed_at <= ?", until.UTC())
	if q.Compared > 0 {
		settled.add("id < ?", q.Compared)
	}
	if err := db.read(ctx).Where(settled.String(), settled.args...).Order("id DESC").Limit(limit).Find(&bs).Error; err != nil {
		return nil, false, err
	}
	_, fresh, err = first[Batch](db.read(ctx).Where(where.String(), where.args...).Where("handed_at > ?", until.UTC()))
	return bs, fresh, err
}

// Unlisted are the messages of the batch b that q asks for, that are in its request as
// far as is known for sure, and whose keys are not among those that the provider lists.
// same is false if the batch is another request by now than it was when b was read.
func (db *DB) Unlisted(ctx context.Context, b Batch, q LiveQuery, listed map[string]bool) (u Unlisted, same bool, err error) {
	if u.Request, err = db.Batch(ctx, b.ID); err != nil {
		return u, false, err
	}
	if u.Campaign, err = db.Campaign(ctx, b.AppkeyID, b.CampaignID); err != nil {
		return u, false, err
	}
	if r := u.Request; r.RequestID != b.RequestID || r.State != BatchHanded || r.Attempt != b.Attempt || r.Cancel.Moves() {
		return u, false, nil
	}
	messages, err := db.BatchMessages(ctx, b.ID)
	if err != nil {
		return u, false, err
	}
	for _, m := range messages {
		key := MessageKey(u.Campaign, m)
		if !u.Request.requested(m) || q.Phone != "" && q.Phone != m.Phone || q.RecipientKey != "" && q.RecipientKey != key {
			continue
		}
		if u.Of++; !listed[key] {
			u.Messages = append(u.Messages, listedIn(m, u.Request))
		}
	}
	return u, true, nil
}

// requested reports whether the message is in the batch's present request for sure. Where
// some had ended before that was made, only those that are open are.
func (b Batch) requested(m Message) bool {
	switch m.State {
	case MessageOpen:
		return true
	case MessageDelivered, MessageFailed, MessageSMS:
		return b.Untouched()
	case MessageSkipped, MessageRefused, MessageLost, MessageClosed, MessageCancelled:
	}
	return false
}
