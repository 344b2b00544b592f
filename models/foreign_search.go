package models

import (
	"context"
	"math"
	"time"

	"gorm.io/gorm"
)

// foreignSearch is a search for messages of others under way.
type foreignSearch struct {
	db       *DB
	appkeyID int64
	f        DeliveryFilter
	where    conditions   // all of them
	times    conditions   // those of them that say when: all indexes end with that
	ways     []foreignWay // indexes that find what f asks for, the newest first
	few      *foreignWay  // one that finds so few that they are put in order afterwards; nil: none
}

// foreignWay is an index of messages of others, and the conditions that it is for.
type foreignWay struct {
	index string
	where conditions
}

// rareChannelSQL is by which channel, in the words of the indexes of such messages.
const rareChannelSQL = "channel <> 'friendtalk' AND channel = ?"

// foreignProbed is how many messages a way is followed to see how rare they are.
const foreignProbed = 1000

// begin makes conditions of the filter; possible is false if nothing can meet them.
func (s *foreignSearch) begin(ctx context.Context, after string) (possible bool, err error) {
	s.where.add("appkey_id = ?", s.appkeyID)
	parts, none := s.f.parts()
	states := foreignStates(parts)
	if none || s.f.CampaignID != 0 || s.f.CreatedBy != 0 || (parts != nil && states == nil) {
		return false, nil
	}
	s.byTime(after)
	s.byRequest()
	if s.f.Phone != "" {
		s.few = s.by("foreign_messages_phone", "phone = ?", s.f.Phone)
	}
	if s.f.RecipientKey != "" {
		s.few = s.by("foreign_messages_recipient_group", "recipient_group <> '' AND recipient_group = ?", s.f.RecipientKey)
	}
	s.byColumns(states)
	if s.f.SenderID == 0 {
		return true, nil
	}
	sender, found, err := first[Sender](s.db.read(ctx).Where("id = ? AND appkey_id = ?", s.f.SenderID, s.appkeyID))
	s.by("foreign_messages_sender", "plus_friend_id = ?", sender.PlusFriendID)
	if s.f.Channel != "" && s.f.Channel != FriendTalk {
		s.by("foreign_messages_channel_sender", rareChannelSQL+" AND plus_friend_id = ?", s.f.Channel, sender.PlusFriendID)
	}
	return found, err
}

// by adds a condition for which there is an index.
func (s *foreignSearch) by(index, sql string, args ...any) *foreignWay {
	s.where.add(sql, args...)
	way := foreignWay{index: index}
	way.where.add("appkey_id = ?", s.appkeyID)
	way.where.add(sql, args...)
	s.ways = append(s.ways, way)
	return &way
}

func (s *foreignSearch) byTime(after string) {
	if sent, id, ok := parseForeignPlace(after); ok {
		s.times.add("(sent_at, id) < (?, ?)", sent, id)
	}
	if s.f.RequestFrom != nil {
		s.times.add("sent_at >= ?", s.f.RequestFrom.UnixMilli())
	}
	if s.f.RequestTo != nil {
		s.times.add("sent_at < ?", s.f.RequestTo.Add(time.Minute).UnixMilli())
	}
	s.where.sql, s.where.args = append(s.where.sql, s.times.sql...), append(s.where.args, s.times.args...)
}

func (s *foreignSearch) byRequest() {
	if s.f.RequestID != "" {
		s.few = s.by("sqlite_autoindex_foreign_messages_1", "channel IN ? AND request_id = ?", Channels(), s.f.RequestID)
	}
	if s.f.SenderKey != "" {
		s.by("foreign_messages_sender_group", "sender_group <> '' AND sender_group = ?", s.f.SenderKey)
	}
	if s.f.TemplateCode != "" {
		s.by("foreign_messages_template", "template_code <> '' AND template_code = ?", s.f.TemplateCode)
	}
}

func (s *foreignSearch) byColumns(states []MessageState) {
	switch s.f.Channel {
	case "":
	case FriendTalk: // nearly all are
		s.where.add("channel = ?", s.f.Channel)
	default:
		s.by("foreign_messages_channel", rareChannelSQL, s.f.Channel)
	}
	if s.f.Code != "" {
		s.by("foreign_messages_code", "code = ?", s.f.Code)
	}
	switch len(states) {
	case 0:
	case 1:
		s.by("foreign_messages_state", "state = ?", states[0])
	default:
		s.where.add("state IN ?", states)
	}
}

// query reads what is searched for, those that were sent last first. SQLite is told by
// which index, since it does not know how many rows there are of what: it would go through
// all of them in the order in which they are wanted.
func (s *foreignSearch) query(ctx context.Context) (*gorm.DB, error) {
	q := s.db.read(ctx).Where(s.where.String(), s.where.args...)
	if s.few != nil { // no index that has them in order is of any use
		q = q.Order("+sent_at DESC, +id DESC")
	} else {
		q = q.Order("sent_at DESC, id DESC")
	}
	if s.db.Dialect() != SQLite {
		return q, nil
	}
	index, err := s.rarest(ctx)
	return q.Table("foreign_messages INDEXED BY " + index), err
}

// rarest is the index that finds the fewest messages in a time: the one whose last of so
// many lies the furthest back.
func (s *foreignSearch) rarest(ctx context.Context) (index string, err error) {
	switch {
	case s.few != nil:
		return s.few.index, nil
	case len(s.ways) == 0:
		return "foreign_messages_newest", nil
	case len(s.ways) == 1:
		return s.ways[0].index, nil
	}
	least := int64(math.MaxInt64)
	for _, way := range s.ways {
		where := conditions{append(way.where.sql, s.times.sql...), append(way.where.args, s.times.args...)}
		var sent []int64
		err := s.db.read(ctx).Table("foreign_messages INDEXED BY "+way.index).Where(where.String(), where.args...).
			Order("sent_at DESC, id DESC").Offset(foreignProbed).Limit(1).Pluck("sent_at", &sent).Error
		if err != nil || len(sent) == 0 {
			return way.index, err
		}
		if sent[0] < least {
			index, least = way.index, sent[0]
		}
	}
	return index, nil
}
