package models

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
)

// How much one search looks at before it says that it goes on.
const (
	firstBatches      = 50    // batches that are read first; more, where these hold too little
	searchedBatches   = 2000  // batches that have the quality by which they are found
	searchedCampaigns = 500   // for a number
	searchedMessages  = 20000 // rows, where batches hold few of those that are wanted
	codedCampaigns    = 200   // that are known to have a code, all of them
	boundedBatches    = 20000 // batches of a range of dates of which the first and the last are looked up
)

// Deliveries are at most limit messages of an appkey that f lets through, the newest
// first. It begins with batches, which have what their messages share and count what
// became of them; a number and a code are looked for campaign by campaign. It costs about
// the same however many messages there are. Messages that have come in since the page
// before change nothing: they are newer.
func (db *DB) Deliveries(ctx context.Context, appkeyID int64, f DeliveryFilter, limit int) (DeliveryPage, error) {
	s := deliverySearch{db: db, ctx: ctx, appkeyID: appkeyID, f: f, limit: limit, before: f.Before}
	if s.before == 0 {
		s.before = math.MaxInt64
	}
	s.last = s.before >> positionBits
	if possible, err := s.begin(); err != nil || !possible {
		return DeliveryPage{}, err
	}
	find := s.byBatch
	switch {
	case f.Phone != "":
		find = s.byPhone
	case f.Code != "" && !s.scan:
		find = s.byCode
	}
	next, err := find()
	if err != nil {
		return DeliveryPage{}, err
	}
	if len(s.found) > limit {
		s.found = s.found[:limit]
		next = s.found[limit-1].ID
	}
	ds, err := db.deliveries(ctx, s.found)
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
	first    int64 // the oldest batch that may hold any
	last     int64 // the newest

	where    conditions     // of batches
	way      conditions     // those of them by which an index finds batches, the newest first
	few      bool           // an index finds so few batches that all are looked at
	states   []MessageState // nil: whatever
	count    string         // SQL of how many messages of a batch have one of the states
	scan     bool           // messages are read in the order of their ids, instead of by an index of the rare
	position int64          // in its batch, of the one that is looked for; 0: any
	found    []Message      // the newest first, without their variables
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
	if none || !s.byKeys() {
		return false, nil
	}
	s.byColumns()
	if possible, err := s.byParts(parts); err != nil || !possible {
		return false, err
	}
	s.chooseWay()
	return s.byDates()
}

// byKeys finds the batch, and the message, that the grouping keys name; possible is false
// if they are not ours.
func (s *deliverySearch) byKeys() (possible bool) {
	if s.f.RecipientKey != "" {
		ulid, id, ours := ParseMessageKey(s.f.RecipientKey)
		if !ours {
			return false
		}
		m := Message{ID: id}
		s.position = int64(m.Position())
		s.byKey(ulid, m.BatchID())
	}
	if s.f.SenderKey != "" {
		ulid, id, attempt, ours := ParseAttemptKey(s.f.SenderKey)
		if !ours {
			return false
		}
		s.byKey(ulid, id)
		s.where.add("attempt >= ?", attempt)
	}
	return true
}

func (s *deliverySearch) byKey(ulid string, batchID int64) {
	s.few = true
	s.where.add("id = ?", batchID)
	s.where.add("campaign_id = (SELECT c.id FROM campaigns c WHERE c.ulid = ?)", ulid)
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

// chooseWay chooses the index that leads to the fewest batches, as far as that can be
// told. A plus before a column keeps the database from choosing another.
func (s *deliverySearch) chooseWay() {
	if s.few = s.few || s.f.CampaignID != 0 || s.f.RequestID != ""; s.few {
		s.where.add("+appkey_id = ?", s.appkeyID)
		return
	}
	s.where.add("appkey_id = ?", s.appkeyID)
	s.way.add("appkey_id = ?", s.appkeyID)
	switch {
	case s.f.TemplateCode != "":
		s.way.add("template_code = ? AND template_code <> ''", s.f.TemplateCode)
	case s.f.CreatedBy != 0:
		s.way.add("launched_by = ?", s.f.CreatedBy)
	case s.f.SenderID != 0:
		s.way.add("sender_id = ?", s.f.SenderID)
	case slices.Contains([]string{"skipped", "refused", "cancelled", "closed"}, s.count):
		s.way.add(s.count + " > 0")
	case s.f.Part == PartPlanned || s.f.Part == PartDoubt:
		s.way.add(unsentSQL)
	}
}

// unsentSQL is a condition of batches that have not been handed over. An index has the
// same words.
const unsentSQL = "state IN ('planned', 'sending', 'in_doubt')"

// requestedSQL is when the provider was to send a batch that has been handed over.
const requestedSQL = "COALESCE(request_at, handed_at)"

// byDates adds the conditions of the ranges of dates, and finds out between which
// batches they are met: those of a time were planned at about the same time.
func (s *deliverySearch) byDates() (possible bool, err error) {
	for _, r := range []struct {
		sql      string
		from, to *time.Time
	}{{requestedSQL, s.f.RequestFrom, s.f.RequestTo}, {"handed_at", s.f.CreateFrom, s.f.CreateTo}} {
		if r.from == nil && r.to == nil {
			continue
		}
		var within conditions
		within.add("handed_at IS NOT NULL")
		if r.from != nil {
			within.add(r.sql+" >= ?", r.from.UTC())
		}
		if r.to != nil {
			within.add(r.sql+" < ?", r.to.Add(time.Minute).UTC())
		}
		for _, sql := range within.sql[1:] {
			if s.db.Dialect() == SQLite {
				sql = "+" + sql
			}
			s.where.add(sql)
		}
		s.where.args = append(s.where.args, within.args...)
		if possible, err := s.bound(within); err != nil || !possible {
			return false, err
		}
	}
	return true, nil
}

// bound narrows the search to the batches from the first to the last that are within.
func (s *deliverySearch) bound(within conditions) (possible bool, err error) {
	if s.few {
		return true, nil
	}
	var found struct{ Count, First, Last int64 }
	err = s.db.read(s.ctx).Raw("SELECT COUNT(*) AS count, COALESCE(MIN(id), 0) AS first, COALESCE(MAX(id), 0) AS last FROM (SELECT id FROM batches WHERE appkey_id = ? AND "+
		within.String()+limitTo(boundedBatches+1)+") AS within", append([]any{s.appkeyID}, within.args...)...).Scan(&found).Error
	if err != nil || found.Count > boundedBatches {
		return true, err
	}
	s.first, s.last = max(s.first, found.First), min(s.last, found.Last)
	return s.first <= s.last && found.Count > 0, nil
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
		if parts[0] != PartHanded {
			s.where.add(unsentSQL)
		}
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
		s.scan, err = s.deliveredWithCode()
		return s.scan || parts == nil, err
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

// candidate is a batch that may hold messages that are looked for.
type candidate struct {
	ID         int64
	CampaignID int64
	Size       int64
	Count      int64 // of those, at most
}

// byBatch goes through batches that may hold what is looked for, the newest first, until
// there are enough or it has looked at enough. next is where it goes on, 0 at the end.
func (s *deliverySearch) byBatch() (next int64, err error) {
	low, err := s.low()
	if err != nil {
		return 0, err
	}
	read, at := int64(0), s.last
	for wanted := min(s.limit, firstBatches) + 2; ; wanted *= 2 { // each holds one at least, but for the first, and for rows that are gone
		cs, err := s.candidates(max(low, s.first), at, wanted)
		if err != nil {
			return 0, err
		}
		for rest := cs; len(rest) > 0; {
			n := s.enough(rest)
			for _, c := range rest[:n] {
				read += c.Size
			}
			if err := s.find(rest[:n]); err != nil {
				return 0, err
			}
			at, rest = rest[n-1].ID-1, rest[n:]
			switch {
			case len(s.found) > s.limit:
				return s.found[s.limit-1].ID, nil
			case s.scan && read > searchedMessages:
				return (at + 1) << positionBits, nil
			}
		}
		switch {
		case len(cs) < wanted && low > s.first:
			return low << positionBits, nil
		case len(cs) < wanted:
			return 0, nil
		case wanted > searchedBatches:
			return (at + 1) << positionBits, nil
		}
	}
}

// low is the oldest batch that is looked at; 0 if all are, or all that are looked at are
// candidates.
func (s *deliverySearch) low() (low int64, err error) {
	if s.few || len(s.where.sql) == len(s.way.sql) {
		return 0, nil
	}
	err = s.db.read(s.ctx).Raw("SELECT id FROM batches WHERE "+s.way.String()+" AND id <= ? ORDER BY id DESC LIMIT 1 OFFSET ?",
		append(slices.Clone(s.way.args), s.last, searchedBatches-1)...).Scan(&low).Error
	return low, err
}

func (s *deliverySearch) candidates(low, last int64, limit int) (cs []candidate, err error) {
	between, order := "id BETWEEN ? AND ?", "id"
	if s.few {
		between = "+id BETWEEN ? AND ?"
		if s.f.CampaignID != 0 && s.f.RequestID == "" {
			order = "number" // batches of a campaign have both in the same order
		}
	}
	where := s.where.with(between, low, last)
	err = s.db.read(s.ctx).Raw("SELECT id, campaign_id, size, "+s.count+" AS count FROM batches WHERE "+where.String()+
		" ORDER BY "+order+" DESC"+limitTo(limit), where.args...).Scan(&cs).Error
	return cs, err
}

// enough is how many of the candidates are needed for what is still missing. The first
// of all may have been read to its end before.
func (s *deliverySearch) enough(cs []candidate) int {
	missing := int64(s.limit + 1 - len(s.found))
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

// span is a run of messages of one campaign.
type span struct {
	Campaign int64        `json:"c"`
	From     int64        `json:"f"` // ids
	To       int64        `json:"t"`
	State    MessageState `json:"s"` // where it matters
}

// find adds what is looked for in the batches.
func (s *deliverySearch) find(cs []candidate) error {
	states := s.states
	if s.scan || states == nil {
		states = []MessageState{MessageOpen} // no matter which
	}
	spans := make([]span, 0, len(cs))
	for _, c := range cs {
		from, to := c.ID<<positionBits, min((c.ID+1)<<positionBits, s.before)-1
		if s.position > 0 {
			from, to = from|s.position, min(from|s.position, to)
		}
		for _, state := range states {
			spans = append(spans, span{c.CampaignID, from, to, state})
		}
	}
	var match conditions
	match.add("m.id BETWEEN r.f AND r.t")
	switch {
	case !s.scan:
		// That it is greater than 3 is said in so many words: the index is partial.
		match.add("m.campaign_id = r.c AND m.state = r.s AND m.state > 3")
	case s.states != nil:
		match.add("m.state IN ?", s.states)
	}
	if s.f.Code != "" {
		match.add("m.code = ?", s.f.Code)
	}
	ms, err := s.within(spans, match)
	s.found = append(s.found, ms...)
	return err
}

// within are messages in the spans that match, the newest first.
func (s *deliverySearch) within(spans []span, match conditions) ([]Message, error) {
	if len(spans) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(spans)
	if err != nil {
		return nil, err
	}
	missing := s.limit + 1 - len(s.found)
	args := append([]any{string(list)}, match.args...)
	one, newest := "FROM messages m WHERE "+match.String(), " ORDER BY m.id DESC"+limitTo(missing)
	if s.db.Dialect() == Postgres {
		return s.messages("SELECT m.* FROM json_to_recordset(?::json) AS r(c bigint, f bigint, t bigint, s smallint)"+
			" CROSS JOIN LATERAL (SELECT "+foundColumns+" "+one+newest+") AS m"+newest, args...)
	}
	query := "SELECT " + foundColumns + " FROM (SELECT value->>'c' AS c, value->>'f' AS f, value->>'t' AS t, value->>'s' AS s FROM json_each(?)) AS r" +
		" CROSS JOIN messages AS m WHERE "
	if slices.ContainsFunc(spans, func(r span) bool { return r.To-r.From >= int64(missing) }) {
		return s.messages(query+"m.id IN (SELECT m.id "+one+newest+")"+newest, args...)
	}
	// None has more than are missing: to limit, and to sort, each of them would only cost.
	ms, err := s.messages(query+match.String(), args...)
	slices.SortFunc(ms, func(a, b Message) int { return cmp.Compare(b.ID, a.ID) })
	return ms, err
}

// foundColumns are what a search reads of a message: all but its variables, which are
// most of it.
const foundColumns = "m.id, m.campaign_id, m.phone, m.state, m.fallback, m.code, m.sms_code, m.done_at"

// messages reads what the query finds of [foundColumns]. Exports read millions: what knows
// neither the columns nor their types would take most of their time.
func (s *deliverySearch) messages(query string, args ...any) (ms []Message, err error) {
	rows, err := s.db.read(s.ctx).Raw(query, args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m Message
		var state, fallback int64
		if err := rows.Scan(&m.ID, &m.CampaignID, &m.Phone, &state, &fallback, &m.Code, &m.SMSCode, &m.DoneAt); err != nil {
			return nil, err
		}
		m.State, m.Fallback = MessageState(state), FallbackState(fallback)
		ms = append(ms, m)
	}
	return ms, rows.Err()
}

// byPhone looks for the number in one campaign after the other, those with the newest
// batches first.
func (s *deliverySearch) byPhone() (next int64, err error) {
	low, err := s.lowCampaign()
	if err != nil {
		return 0, err
	}
	match := s.campaigns(low)
	match.add("m.phone = ? AND m.id < ?", s.f.Phone, s.before)
	if s.states != nil {
		match.add("m.state IN ?", s.states)
	}
	if s.f.Code != "" {
		match.add("m.code = ?", s.f.Code)
	}
	ms, err := s.messages("SELECT "+foundColumns+" FROM campaigns c CROSS JOIN messages m WHERE m.campaign_id = c.id AND "+match.String()+" ORDER BY m.id DESC",
		match.args...)
	if err != nil {
		return 0, err
	}
	return s.keep(ms, low)
}

// lowCampaign is the last batch of the oldest campaign that is looked at, 0 if all are:
// of those that have no batch as new as the newest that is looked for.
func (s *deliverySearch) lowCampaign() (low int64, err error) {
	if s.f.CampaignID != 0 {
		return 0, nil
	}
	err = s.db.read(s.ctx).Raw("SELECT last_batch FROM campaigns WHERE appkey_id = ? AND last_batch > 0 AND last_batch < ?"+
		" ORDER BY last_batch DESC LIMIT 1 OFFSET ?", s.appkeyID, s.last, searchedCampaigns-1).Scan(&low).Error
	return low, err
}

// campaigns are conditions of campaigns that have batches among those that are looked
// at, as far as a campaign tells that.
func (s *deliverySearch) campaigns(low int64) (c conditions) {
	if s.f.CampaignID != 0 {
		c.add("c.id = ? AND +c.appkey_id = ?", s.f.CampaignID, s.appkeyID)
		return c
	}
	c.add("c.appkey_id = ? AND c.last_batch > 0 AND c.last_batch >= ? AND c.first_batch <= ?", s.appkeyID, max(low, s.first), s.last)
	if s.f.SenderID != 0 {
		c.add("+c.sender_id = ?", s.f.SenderID)
	}
	if s.f.CreatedBy != 0 {
		c.add("+c.launched_by = ?", s.f.CreatedBy)
	}
	if s.f.TemplateCode != "" {
		c.add("(SELECT b.template_code FROM batches b WHERE b.id = c.first_batch) = ?", s.f.TemplateCode)
	}
	return c
}

// keep takes those of the messages, the newest first, whose batches meet the conditions.
// Batches older than low may be of campaigns that have not been looked at: there the
// search goes on.
func (s *deliverySearch) keep(ms []Message, low int64) (next int64, err error) {
	if low > s.first {
		next = low << positionBits
	}
	ms = slices.DeleteFunc(ms, func(m Message) bool { return m.ID < next })
	if len(ms) > s.limit { // there may be more than these
		ms = ms[:s.limit]
		next = ms[s.limit-1].ID
	}
	if s.position > 0 {
		ms = slices.DeleteFunc(ms, func(m Message) bool { return int64(m.Position()) != s.position })
	}
	if len(ms) == 0 {
		return next, nil
	}
	where := s.where.with("id IN ?", batchesOf(ms))
	var batches []int64
	if err := s.db.read(s.ctx).Raw("SELECT id FROM batches WHERE "+where.String()+" ORDER BY id", where.args...).Scan(&batches).Error; err != nil {
		return 0, err
	}
	s.found = slices.DeleteFunc(ms, func(m Message) bool {
		_, meets := slices.BinarySearch(batches, m.BatchID())
		return !meets
	})
	return next, nil
}

// coded is a campaign with messages that have the code.
type coded struct {
	ID         int64
	FirstBatch int64
	LastBatch  int64
	Count      int64 // of those
}

// byCode looks for the code in one campaign after the other, those with the newest batches
// first: campaigns count their codes.
func (s *deliverySearch) byCode() (next int64, err error) {
	found, low, err := s.codedCampaigns()
	if err != nil {
		return 0, err
	}
	missing := int64(s.limit + 1)
	var spans []span
	for _, c := range found {
		if missing <= 0 {
			low = c.LastBatch + 1 // all that are newer have been looked at
			break
		}
		if c.LastBatch < s.last { // none of them has been listed before
			missing -= c.Count
		}
		spans = append(spans, span{Campaign: c.ID, From: max(c.FirstBatch, s.first) << positionBits, To: min((min(c.LastBatch, s.last)+1)<<positionBits, s.before) - 1})
	}
	var match conditions
	match.add("m.campaign_id = r.c AND m.code = ? AND m.state > 3 AND m.id BETWEEN r.f AND r.t", s.f.Code)
	if s.states != nil {
		match.add("+m.state IN ?", s.states)
	}
	ms, err := s.within(spans, match)
	if err != nil {
		return 0, err
	}
	return s.keep(ms, low)
}

// codedCampaigns are campaigns that have the code, those with the newest batches first.
// Batches older than low may be of others.
func (s *deliverySearch) codedCampaigns() (found []coded, low int64, err error) {
	var few []int64
	err = s.db.read(s.ctx).Raw("SELECT DISTINCT campaign_id FROM code_counts WHERE code = ? AND state > 3 AND count > 0"+limitTo(codedCampaigns+1),
		s.f.Code).Scan(&few).Error
	if err != nil || len(few) == 0 {
		return nil, 0, err
	}
	if len(few) > codedCampaigns {
		if low, err = s.lowCampaign(); err != nil {
			return nil, 0, err
		}
	}
	match := s.campaigns(low)
	match.add("k.code = ? AND k.state > 3 AND k.count > 0", s.f.Code)
	if len(few) <= codedCampaigns {
		match.add("c.id IN ?", few)
	}
	err = s.db.read(s.ctx).Raw("SELECT c.id, c.first_batch, c.last_batch, SUM(k.count) AS count FROM campaigns c JOIN code_counts k ON k.campaign_id = c.id WHERE "+
		match.String()+" GROUP BY c.id, c.first_batch, c.last_batch ORDER BY c.last_batch DESC", match.args...).Scan(&found).Error
	return found, low, err
}

// batchesOf are the batches of messages, in order.
func batchesOf(ms []Message) []int64 {
	ids := make([]int64, len(ms))
	for i, m := range ms {
		ids[i] = m.BatchID()
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// deliveries are messages with what their batches and campaigns say.
func (db *DB) deliveries(ctx context.Context, ms []Message) ([]Delivery, error) {
	if len(ms) == 0 {
		return nil, nil
	}
	var bs []Batch
	columns := []string{
		"id", "campaign_id", "number", "state", "request_at", "channel", "sender_id", "template_code", "launched_by", "request_id", "handed_at", "send_at",
		"skipped", "ended_before", "cancelled_here",
	}
	if err := db.read(ctx).Select(columns).Where("id IN ?", batchesOf(ms)).Find(&bs).Error; err != nil {
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
		if b.RequestID != "" && b.Skipped == 0 && b.Untouched() {
			ds[i].Seq = m.Position()
		}
	}
	return ds, nil
}
