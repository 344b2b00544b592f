package models

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// How much one search looks at before it says that it goes on.
const (
	searchedBatches   = 2000  // batches, where none of those with the rarest quality
	searchedCampaigns = 500   // for a number
	searchedMessages  = 20000 // rows, where batches hold few of those that are wanted
)

// Deliveries are at most limit messages of an appkey that f lets through, the newest
// first. It begins with batches, which have what their messages share and count what
// became of them; a number is looked for campaign by campaign. It costs about the same
// however many messages there are. Messages that came in since the page before change
// nothing: they are newer.
func (db *DB) Deliveries(ctx context.Context, appkeyID int64, f DeliveryFilter, limit int) (DeliveryPage, error) {
	s := deliverySearch{db: db, ctx: ctx, appkeyID: appkeyID, f: f, limit: limit, before: f.Before}
	if s.before == 0 {
		s.before = math.MaxInt64
	}
	if possible, err := s.begin(); err != nil || !possible {
		return DeliveryPage{}, err
	}
	find := s.byBatch
	if f.Phone != "" {
		find = s.byPhone
	}
	next, err := find()
	if err != nil {
		return DeliveryPage{}, err
	}
	if len(s.ids) > limit {
		s.ids = s.ids[:limit]
		next = s.ids[limit-1]
	}
	ds, err := db.deliveries(ctx, s.ids)
	return DeliveryPage{ds, next}, err
}

// deliverySearch is a search under way.
type deliverySearch struct {
	db       *DB
	ctx      context.Context //nolint:containedctx // it lives no longer than one call
	appkeyID int64
	f        DeliveryFilter
	limit    int
	before   int64 // ids of messages are below it

	where     conditions     // of batches
	states    []MessageState // nil: whatever
	count     string         // SQL of how many messages of a batch have one of the states
	scan      bool           // messages are read in the order of their ids, instead of by an index of the rare
	delivered bool           // messages with the code may have been delivered
	position  int64          // in its batch, of the one that is looked for; 0: any
	ids       []int64        // found, the newest first
}

// conditions are joined by AND.
type conditions struct {
	sql  []string
	args []any
}

func (c *conditions) add(sql string, args ...any) {
	c.sql, c.args = append(c.sql, sql), append(c.args, args...)
}

func (c conditions) with(sql string, args ...any) conditions {
	return conditions{append(slices.Clone(c.sql), sql), append(slices.Clone(c.args), args...)}
}

func (c conditions) String() string { return strings.Join(c.sql, " AND ") }

// begin makes conditions of the filter; possible is false if nothing can meet them.
func (s *deliverySearch) begin() (possible bool, err error) {
	parts, none := s.f.parts()
	if none {
		return false, nil
	}
	s.where.add("appkey_id = ?", s.appkeyID)
	if possible, err := s.byKeys(); err != nil || !possible {
		return false, err
	}
	s.byColumns()
	s.byDates()
	return s.byParts(parts)
}

// byKeys finds the batch, and the message, that the grouping keys name.
func (s *deliverySearch) byKeys() (possible bool, err error) {
	if s.f.RecipientKey != "" {
		ulid, id, ours := ParseMessageKey(s.f.RecipientKey)
		if !ours {
			return false, nil
		}
		m := Message{ID: id}
		s.position = int64(m.Position())
		s.where.add("id = ?", m.BatchID())
		s.where.add("campaign_id = (SELECT c.id FROM campaigns c WHERE c.ulid = ?)", ulid)
	}
	if s.f.SenderKey != "" {
		ulid, id, attempt, ours := ParseAttemptKey(s.f.SenderKey)
		if !ours {
			return false, nil
		}
		s.where.add("id = ?", id)
		s.where.add("attempt >= ?", attempt)
		s.where.add("campaign_id = (SELECT c.id FROM campaigns c WHERE c.ulid = ?)", ulid)
	}
	return true, nil
}

func (s *deliverySearch) byColumns() {
	for _, c := range []struct {
		sql   string
		value any
		empty bool
	}{
		{"campaign_id = ?", s.f.CampaignID, s.f.CampaignID == 0},
		{"channel = ?", s.f.Channel, s.f.Channel == ""},
		{"request_id = ? AND request_id <> ''", s.f.RequestID, s.f.RequestID == ""},
		{"sender_id = ?", s.f.SenderID, s.f.SenderID == 0},
		{"template_code = ? AND template_code <> ''", s.f.TemplateCode, s.f.TemplateCode == ""},
		{"launched_by = ?", s.f.CreatedBy, s.f.CreatedBy == 0},
	} {
		if !c.empty {
			s.where.add(c.sql, c.value)
		}
	}
}

// requestedSQL is when the provider was to send a batch that has been handed over.
const requestedSQL = "COALESCE(request_at, handed_at)"

func (s *deliverySearch) byDates() {
	for _, r := range []struct {
		sql      string
		from, to *time.Time
	}{{requestedSQL, s.f.RequestFrom, s.f.RequestTo}, {"handed_at", s.f.CreateFrom, s.f.CreateTo}} {
		if r.from == nil && r.to == nil {
			continue
		}
		s.where.add("handed_at IS NOT NULL")
		if r.from != nil {
			s.where.add(r.sql+" >= ?", r.from.UTC())
		}
		if r.to != nil {
			s.where.add(r.sql+" < ?", r.to.Add(time.Minute).UTC())
		}
	}
}

// byParts finds out how messages in the parts are reached.
func (s *deliverySearch) byParts(parts []Part) (possible bool, err error) {
	s.count = "size"
	switch {
	case parts == nil && s.f.Code == "":
		s.scan = true
		return true, nil
	case parts == nil:
	case !parts[0].Own(): // the only one
		if s.f.Code != "" {
			return false, nil
		}
		s.states, s.count, s.scan = []MessageState{MessageOpen}, openSQL, true
		s.where.add("state IN ? AND "+openSQL+" > 0", batchStatesOf(parts[0]))
		return true, nil
	default:
		for _, p := range parts {
			s.states = append(s.states, p.states()...)
		}
		s.count = countSQL(parts)
		s.where.add(s.count + " > 0")
		s.scan = slices.Contains(s.states, MessageDelivered)
	}
	if s.f.Code != "" && (parts == nil || s.scan) {
		s.delivered, err = s.deliveredWithCode()
		s.scan = s.delivered
		return s.delivered || parts == nil, err
	}
	return true, nil
}

// countSQL is how many messages of a batch are in the parts, each of which has states of
// its own.
func countSQL(parts []Part) string {
	if slices.Contains(parts, PartFailed) && slices.Contains(parts, PartSMS) {
		return "failed"
	}
	terms := make([]string, len(parts))
	for i, p := range parts {
		terms[i] = map[Part]string{
			PartDelivered: "delivered", PartSMS: "sms_delivered", PartFailed: "failed - sms_delivered", PartRefused: "refused",
			PartSkipped: "skipped", PartCancelled: "cancelled", PartClosed: "closed",
		}[p]
	}
	return strings.Join(terms, " + ")
}

// deliveredWithCode reports whether the code is one of messages that have been
// delivered; no other has the same.
func (s *deliverySearch) deliveredWithCode() (found bool, err error) {
	err = s.db.read(s.ctx).Raw("SELECT EXISTS (SELECT 1 FROM code_counts WHERE state = 1 AND code = ? AND count > 0)", s.f.Code).Scan(&found).Error
	return found, err
}

// span is a run of messages of one campaign.
type span struct {
	Campaign int64 `json:"c"`
	From     int64 `json:"f"` // ids
	To       int64 `json:"t"`
}

// candidate is a batch that may hold messages that are looked for.
type candidate struct {
	ID         int64
	CampaignID int64
	Number     int64
	Size       int64
	Count      int64 // of those, at most
}

// byBatch goes through batches that may hold what is looked for, the newest first, until
// there are enough or it has looked at enough. next is where it goes on, 0 at the end.
func (s *deliverySearch) byBatch() (next int64, err error) {
	last := s.before >> positionBits // the newest batch that may hold any
	for read := int64(0); ; {
		low, err := s.low(last)
		if err != nil {
			return 0, err
		}
		cs, err := s.candidates(low, last)
		if err != nil {
			return 0, err
		}
		for len(cs) > 0 {
			n := s.enough(cs)
			for _, c := range cs[:n] {
				read += c.Size
			}
			if err := s.find(cs[:n]); err != nil {
				return 0, err
			}
			last, cs = cs[n-1].ID-1, cs[n:]
			switch {
			case len(s.ids) > s.limit:
				return s.ids[s.limit-1], nil
			case s.scan && read > searchedMessages:
				return (last + 1) << positionBits, nil
			}
		}
		return low << positionBits, nil
	}
}

// low is the oldest batch that is looked at, 0 if all are.
func (s *deliverySearch) low(last int64) (low int64, err error) {
	err = s.db.read(s.ctx).Raw("SELECT id FROM batches WHERE appkey_id = ? AND id <= ? ORDER BY id DESC LIMIT 1 OFFSET ?",
		s.appkeyID, last, searchedBatches-1).Scan(&low).Error
	return low, err
}

func (s *deliverySearch) candidates(low, last int64) (cs []candidate, err error) {
	where := s.where.with("id BETWEEN ? AND ?", low, last)
	err = s.db.read(s.ctx).Raw("SELECT id, campaign_id, number, size, "+s.count+" AS count FROM batches WHERE "+where.String()+
		" ORDER BY id DESC", where.args...).Scan(&cs).Error
	return cs, err
}

// enough is how many of the candidates are needed for what is still missing. The first
// of all may have been read to its end before.
func (s *deliverySearch) enough(cs []candidate) int {
	missing := int64(s.limit + 1 - len(s.ids))
	if s.f.Code != "" {
		return len(cs)
	}
	for i, c := range cs {
		if c.ID != s.before>>positionBits {
			missing -= c.Count
		}
		if missing <= 0 {
			return i + 1
		}
	}
	return len(cs)
}

// find adds to the ids what is looked for in the batches.
func (s *deliverySearch) find(cs []candidate) error {
	spans := make([]span, 0, len(cs))
	for _, c := range cs {
		from, to := c.ID<<positionBits, min((c.ID+1)<<positionBits, s.before)-1
		if s.position > 0 {
			from, to = from|s.position, min(from|s.position, to)
		}
		spans = append(spans, span{c.CampaignID, from, to})
	}
	list, err := json.Marshal(spans)
	if err != nil {
		return err
	}
	missing := s.limit + 1 - len(s.ids)
	match := conditions{}
	match.add("m.id BETWEEN r.f AND r.t")
	if !s.scan {
		match.add("m.campaign_id = r.c AND m.state > 3")
	}
	if s.states != nil {
		match.add("m.state IN ?", s.states)
	}
	if s.f.Code != "" {
		match.add("m.code = ?", s.f.Code)
	}
	query := "SELECT m.id FROM (SELECT value->>'c' AS c, value->>'f' AS f, value->>'t' AS t FROM json_each(?)) AS r CROSS JOIN messages m WHERE " +
		match.String() + " ORDER BY m.id DESC LIMIT ?"
	if s.db.Dialect() == Postgres {
		query = "SELECT m.id FROM json_to_recordset(?::json) AS r(c bigint, f bigint, t bigint) CROSS JOIN LATERAL (SELECT m.id FROM messages m WHERE " +
			match.String() + " ORDER BY m.id DESC LIMIT ?) AS m ORDER BY m.id DESC LIMIT ?"
		match.args = append(match.args, missing)
	}
	args := append([]any{string(list)}, match.args...)
	var ids []int64
	if err := s.db.read(s.ctx).Raw(query, append(args, missing)...).Scan(&ids).Error; err != nil {
		return err
	}
	s.ids = append(s.ids, ids...)
	return nil
}

// byPhone looks for the number in one campaign after the other, those with the newest
// batches first.
func (s *deliverySearch) byPhone() (next int64, err error) {
	last := s.before >> positionBits
	var low int64
	err = s.db.read(s.ctx).Raw("SELECT last_batch FROM campaigns WHERE appkey_id = ? AND last_batch > 0 AND last_batch < ? ORDER BY last_batch DESC LIMIT 1 OFFSET ?",
		s.appkeyID, last, searchedCampaigns-1).Scan(&low).Error
	if err != nil {
		return 0, err
	}
	match := conditions{}
	match.add("c.appkey_id = ? AND c.last_batch > 0 AND c.last_batch >= ? AND c.first_batch <= ? AND m.phone = ? AND m.id < ?",
		s.appkeyID, low, last, s.f.Phone, s.before)
	if s.f.CampaignID != 0 {
		match.add("c.id = ?", s.f.CampaignID)
	}
	if s.states != nil {
		match.add("m.state IN ?", s.states)
	}
	if s.f.Code != "" {
		match.add("m.code = ?", s.f.Code)
	}
	var ids []int64
	err = s.db.read(s.ctx).Raw("SELECT m.id FROM campaigns c CROSS JOIN messages m WHERE m.campaign_id = c.id AND "+match.String()+" ORDER BY m.id DESC",
		match.args...).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return low << positionBits, err
	}
	// Campaigns that have not been looked at may have messages older than those of low.
	ids = slices.DeleteFunc(ids, func(id int64) bool { return id>>positionBits < low || s.position > 0 && id&(1<<positionBits-1) != s.position })
	where := s.where.with("id IN ?", batchesOf(ids))
	var batches []int64
	if err := s.db.read(s.ctx).Raw("SELECT id FROM batches WHERE "+where.String(), where.args...).Scan(&batches).Error; err != nil {
		return 0, err
	}
	s.ids = slices.DeleteFunc(ids, func(id int64) bool { return !slices.Contains(batches, id>>positionBits) })
	return low << positionBits, nil
}

// batchesOf are the batches of messages.
func batchesOf(messageIDs []int64) []int64 {
	ids := make([]int64, len(messageIDs))
	for i, id := range messageIDs {
		ids[i] = id >> positionBits
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// deliveries are the messages with these ids, in this order, with what their batches and
// campaigns say.
func (db *DB) deliveries(ctx context.Context, ids []int64) ([]Delivery, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var ms []Message
	if err := db.read(ctx).Where("id IN ?", ids).Order("id DESC").Find(&ms).Error; err != nil {
		return nil, err
	}
	var bs []Batch
	if err := db.read(ctx).Where("id IN ?", batchesOf(ids)).Find(&bs).Error; err != nil {
		return nil, err
	}
	batches, campaignIDs := make(map[int64]Batch, len(bs)), []int64{}
	for _, b := range bs {
		batches[b.ID] = b
		campaignIDs = append(campaignIDs, b.CampaignID)
	}
	slices.Sort(campaignIDs)
	var cs []Campaign
	if err := db.read(ctx).Select("id", "name", "test").Where("id IN ?", slices.Compact(campaignIDs)).Find(&cs).Error; err != nil {
		return nil, err
	}
	campaigns := make(map[int64]Campaign, len(cs))
	for _, c := range cs {
		campaigns[c.ID] = c
	}
	ds := make([]Delivery, len(ms))
	for i, m := range ms {
		b := batches[m.BatchID()]
		c := campaigns[b.CampaignID]
		ds[i] = Delivery{
			ListedMessage: ListedMessage{Message: m, BatchNumber: b.Number, Batch: b.State, RequestAt: b.RequestAt, Part: cmp.Or(PartOf(m.State), b.State.part())},
			CampaignName:  c.Name, Test: c.Test, Channel: b.Channel, SenderID: b.SenderID, TemplateCode: b.TemplateCode, LaunchedBy: b.LaunchedBy,
			RequestID: b.RequestID, HandedAt: b.HandedAt, SendAt: b.SendAt,
		}
	}
	return ds, nil
}
