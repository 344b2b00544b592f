package models

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// SuppressionSource is how a number came on the suppression list.
type SuppressionSource string

// The sources of suppressions.
const (
	SuppressedByHand   SuppressionSource = "hand"
	SuppressedByFile   SuppressionSource = "file"
	SuppressedByResult SuppressionSource = "result" // by the team's rule
	SuppressedByForget SuppressionSource = "forget" // with the wish to be forgotten
)

// SuppressionSources are all sources.
func SuppressionSources() []SuppressionSource {
	return []SuppressionSource{SuppressedByHand, SuppressedByFile, SuppressedByResult, SuppressedByForget}
}

// Suppression is a number that gets no message of the team any more, and the proof of
// why. It stays when the number is taken off the list again.
type Suppression struct {
	ID            int64
	TeamID        int64
	Phone         string // or, of a forgotten person, a hash: see [Suppression.Hashed]
	Source        SuppressionSource
	Reason        string // as somebody has written it; or the code of the result
	Origin        string // name of the file or the campaign
	CampaignID    int64  // whose result it was; 0: none
	CreatedBy     int64  // 0: the program, by the team's rule
	CreatedAt     time.Time
	Pending       bool // what is planned or held for the number has not been looked for yet
	RemovedBy     int64
	RemovedAt     *time.Time
	RemovedReason string
}

// hashPrefix marks a keyed hash of a number; no number begins so.
const hashPrefix = "h:"

// Hashed reports whether only a hash is kept of the number.
func (s Suppression) Hashed() bool { return strings.HasPrefix(s.Phone, hashPrefix) }

// HashedPhone is how the hash of a number is stored in its place.
func HashedPhone(hash string) string { return hashPrefix + hash }

// NewSuppression is what is filled in to suppress numbers.
type NewSuppression struct {
	Pasted

	Reason string
}

// MaxReason is how long a reason may be, in characters.
const MaxReason = 200

// CheckReason refuses a reason that is missing or too long.
func CheckReason(reason string) error {
	p := problems{}
	switch n := len([]rune(reason)); {
	case n == 0:
		p.add("reason", "field.required")
	case n > MaxReason:
		p.add("reason", "field.too_long", "Max", MaxReason)
	}
	return p.err()
}

// SuppressionFilter says which suppressions of a team are listed, the newest first.
type SuppressionFilter struct {
	Phone  string // a whole number, or its hash; empty: all. Removed ones are found too.
	Past   bool   // those that have been removed
	Before int64  // the id of the one before the first
}

// Suppressions are at most limit suppressions of a team that f lets through.
func (db *DB) Suppressions(ctx context.Context, teamID int64, f SuppressionFilter, limit int) ([]Suppression, error) {
	q := db.read(ctx).Where("team_id = ?", teamID)
	switch {
	case f.Phone != "":
		q = q.Where("phone = ?", f.Phone)
	case f.Past:
		q = q.Where("removed_at IS NOT NULL")
	default:
		q = q.Where("removed_at IS NULL")
	}
	if f.Before > 0 {
		q = q.Where("id < ?", f.Before)
	}
	var ss []Suppression
	return ss, q.Order("id DESC").Limit(limit).Find(&ss).Error
}

// Suppression reads a suppression of the team.
func (db *DB) Suppression(ctx context.Context, teamID, id int64) (s Suppression, err error) {
	err = db.read(ctx).Where("team_id = ?", teamID).First(&s, id).Error
	return s, dbError(err, "suppression")
}

// ActiveSuppression is the suppression of a number, or of its hash; found is false if
// it is not on the list.
func (db *DB) ActiveSuppression(ctx context.Context, teamID int64, keys []string) (s Suppression, found bool, err error) {
	return first[Suppression](db.write(ctx).Where("team_id = ? AND phone IN ? AND removed_at IS NULL", teamID, keys))
}

// Suppress puts suppressions on the list of their team, which they all share, and says
// how many were not there. It must run in a transaction.
func (db *DB) Suppress(ctx context.Context, ss []Suppression) (added int64, err error) {
	for chunk := range slices.Chunk(ss, insertRows) {
		args := make([]any, 0, len(chunk)*8)
		for _, s := range chunk {
			args = append(args, s.TeamID, s.Phone, s.Source, s.Reason, s.Origin, s.CampaignID, s.CreatedBy, s.CreatedAt.UTC())
		}
		values := strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?, TRUE, 0, '')", len(chunk))[2:]
		res := db.write(ctx).Exec(`INSERT INTO suppressions (team_id, phone, source, reason, origin, campaign_id, created_by, created_at, pending, removed_by, removed_reason)
			VALUES `+values+` ON CONFLICT (team_id, phone) WHERE removed_at IS NULL DO NOTHING`, args...)
		if res.Error != nil {
			return added, res.Error
		}
		added += res.RowsAffected
	}
	if len(ss) == 0 {
		return 0, nil
	}
	return added, db.countSuppressed(ctx, ss[0].TeamID, added)
}

// SuppressPiece puts the numbers of a piece on the list, each as s says.
func (db *DB) SuppressPiece(ctx context.Context, s Suppression, p Piece) (Moved, error) {
	query, args := p.selected("CAST(? AS BIGINT), phone, ?, ?, ?, CAST(? AS BIGINT), ?, TRUE, 0, ''")
	if db.Dialect() == Postgres {
		query = strings.Replace(query, "phone, ?, ?, ?, CAST(? AS BIGINT), ?,", "phone, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS TIMESTAMPTZ),", 1)
	}
	args = append([]any{s.TeamID, s.Source, s.Reason, s.Origin, s.CreatedBy, s.CreatedAt.UTC()}, args...)
	res := db.write(ctx).Exec(`INSERT INTO suppressions (team_id, phone, source, reason, origin, created_by, created_at, pending, removed_by, removed_reason, campaign_id)
		`+strings.Replace(query, "TRUE, 0, ''", "TRUE, 0, '', 0", 1)+` ON CONFLICT (team_id, phone) WHERE removed_at IS NULL DO NOTHING`, args...)
	if res.Error != nil {
		return Moved{}, res.Error
	}
	return Moved{Added: res.RowsAffected}, db.countSuppressed(ctx, s.TeamID, res.RowsAffected)
}

func (db *DB) countSuppressed(ctx context.Context, teamID, n int64) error {
	if n == 0 {
		return nil
	}
	return db.write(ctx).Exec("UPDATE teams SET suppressed = suppressed + ? WHERE id = ?", n, teamID).Error
}

// Unsuppress takes a number off the list. removed is false if it was not on it. It must
// run in a transaction.
func (db *DB) Unsuppress(ctx context.Context, s Suppression, by int64, reason string, now time.Time) (removed bool, err error) {
	res := db.write(ctx).Model(&Suppression{}).Where("id = ? AND removed_at IS NULL", s.ID).
		Updates(map[string]any{"removed_by": by, "removed_at": now.UTC(), "removed_reason": reason, "pending": false})
	if res.Error != nil || res.RowsAffected == 0 {
		return false, res.Error
	}
	if s.Hashed() {
		if err := db.write(ctx).Exec("UPDATE teams SET hashed = hashed - 1 WHERE id = ?", s.TeamID).Error; err != nil {
			return false, err
		}
	}
	return true, db.countSuppressed(ctx, s.TeamID, -1)
}

// A Hasher makes the keyed hash of a number, as a suppression keeps it.
type Hasher func(phone string) string

// SuppressedMessages are the open messages of a batch whose numbers are on the team's
// list. hash is nil if the list has no hashes.
func (db *DB) SuppressedMessages(ctx context.Context, teamID, batchID int64, hash Hasher) ([]int64, error) {
	var ids []int64
	err := db.read(ctx).Raw("SELECT m.id FROM messages m "+
		db.probe("s.id", "suppressions s", "s.team_id = ? AND s.phone = m.phone AND s.removed_at IS NULL", "s")+
		"m.id BETWEEN ? AND ? AND m.state = 0 ORDER BY m.id",
		teamID, batchID<<positionBits, batchID<<positionBits|(1<<positionBits-1)).Scan(&ids).Error
	if err != nil || hash == nil {
		return ids, err
	}
	ms, err := db.OpenMessages(ctx, batchID)
	if err != nil {
		return nil, err
	}
	phones := make([]string, len(ms))
	for i, m := range ms {
		phones[i] = m.Phone
	}
	hashed, err := db.hashedAmong(ctx, teamID, phones, hash)
	for _, m := range ms {
		if hashed[m.Phone] && !slices.Contains(ids, m.ID) {
			ids = append(ids, m.ID)
		}
	}
	return ids, err
}

// hashedAmong are those of phones whose hashes are on the list.
func (db *DB) hashedAmong(ctx context.Context, teamID int64, phones []string, hash Hasher) (map[string]bool, error) {
	found := map[string]bool{}
	for chunk := range slices.Chunk(phones, kakao.MaxRecipients) {
		phoneOf := make(map[string]string, len(chunk))
		keys := make([]string, len(chunk))
		for i, phone := range chunk {
			keys[i] = hash(phone)
			phoneOf[keys[i]] = phone
		}
		var hits []string
		err := db.read(ctx).Raw("SELECT phone FROM suppressions WHERE team_id = ? AND removed_at IS NULL AND phone IN ?", teamID, keys).Scan(&hits).Error
		if err != nil {
			return nil, err
		}
		for _, hit := range hits {
			found[phoneOf[hit]] = true
		}
	}
	return found, nil
}

// SuppressedAmong are those of recipients, which are in the order of their numbers,
// whose numbers are on the team's list. hash is nil if the list has no hashes.
func (db *DB) SuppressedAmong(ctx context.Context, teamID int64, rs []Recipient, hash Hasher) (map[string]bool, error) {
	found := map[string]bool{}
	if len(rs) == 0 {
		return found, nil
	}
	var hits []string
	err := db.read(ctx).Raw("SELECT phone FROM suppressions WHERE team_id = ? AND removed_at IS NULL AND phone >= ? AND phone <= ?",
		teamID, rs[0].Phone, rs[len(rs)-1].Phone).Scan(&hits).Error
	if err != nil {
		return nil, err
	}
	for _, hit := range hits {
		found[hit] = true
	}
	if hash == nil {
		return found, nil
	}
	phones := make([]string, len(rs))
	for i, r := range rs {
		phones[i] = r.Phone
	}
	hashed, err := db.hashedAmong(ctx, teamID, phones, hash)
	for phone := range hashed {
		found[phone] = true
	}
	return found, err
}

// AnalyzeSuppressions tells PostgreSQL how the list is made up after many numbers have
// come on it. Until it finds that out by itself, it would search the whole list for each
// number.
func (db *DB) AnalyzeSuppressions(ctx context.Context) error {
	if db.Dialect() == SQLite {
		return nil
	}
	return db.write(ctx).Exec("ANALYZE suppressions").Error
}

// PendingSuppressions are suppressions of a team for which nobody has looked yet what is
// planned or held, at most limit.
func (db *DB) PendingSuppressions(ctx context.Context, teamID int64, limit int) ([]Suppression, error) {
	var ss []Suppression
	return ss, db.read(ctx).Where("team_id = ? AND pending", teamID).Order("id").Limit(limit).Find(&ss).Error
}

// PendingTeams are the teams that have such suppressions.
func (db *DB) PendingTeams(ctx context.Context) ([]int64, error) {
	var ids []int64
	return ids, db.read(ctx).Raw("SELECT DISTINCT team_id FROM suppressions WHERE pending ORDER BY team_id").Scan(&ids).Error
}

// NamesOf are the names of people by their ids.
func (db *DB) NamesOf(ctx context.Context, ids []int64) (map[int64]string, error) {
	return listed(ctx, db, ids, func(u User) (int64, string) { return u.ID, u.Name })
}

// StopState is what became of a message that was to be stopped.
type StopState string

// The states of a stop.
const (
	StopOpen    StopState = "open"
	StopStopped StopState = "stopped" // it was not sent
	StopLate    StopState = "late"    // it had been sent
)

// StopReason is why a message is to be stopped: what is written of one that has not been
// handed over.
type StopReason string

// The reasons of stops. The first two are the codes of messages that are skipped.
const (
	StopSuppressed StopReason = SkipSuppressed
	StopForgotten  StopReason = SkipForgotten
	StopCancelled  StopReason = "cancelled" // a person has cancelled it
)

// MessageStop is a message that is to be stopped, since its recipient has opted out or
// somebody has cancelled it.
type MessageStop struct {
	MessageID     int64 `gorm:"primaryKey"`
	BatchID       int64
	CampaignID    int64
	SuppressionID int64 // 0: the reason is another
	Reason        StopReason
	RecallID      int64 // 0: nobody has cancelled it
	State         StopState
	DueAt         time.Time
	CreatedAt     time.Time
	EndedAt       *time.Time
}

// BeginStops has messages stopped that are open in the running campaigns of a team and
// whose numbers the suppressions name, which are not pending then any more. It must run
// in a transaction.
func (db *DB) BeginStops(ctx context.Context, teamID int64, ss []Suppression, now time.Time) (stops int64, err error) {
	ids := make([]int64, len(ss))
	for i, s := range ss {
		ids[i] = s.ID
	}
	var campaigns []int64
	err = db.write(ctx).Model(&Campaign{}).Where("team_id = ? AND state IN ?", teamID, []CampaignState{
		CampaignPlanning, CampaignScheduled, CampaignSending, CampaignPaused, CampaignHeld,
	}).Pluck("id", &campaigns).Error
	if err != nil {
		return 0, err
	}
	for _, id := range campaigns {
		res := db.write(ctx).Exec(`INSERT INTO message_stops (message_id, batch_id, campaign_id, suppression_id, reason, state, due_at, created_at)
			SELECT m.id, m.id >> 10, m.campaign_id, s.id, 'suppressed', 'open', CAST(? AS `+db.timeType()+`), CAST(? AS `+db.timeType()+`)
			FROM suppressions s `+db.probe("m.id, m.campaign_id, m.state", "messages m", "m.campaign_id = ? AND m.phone = s.phone", "m")+`
			s.id IN ? AND m.state = 0 ON CONFLICT (message_id) DO NOTHING`, now.UTC(), now.UTC(), id, ids)
		if res.Error != nil {
			return stops, res.Error
		}
		stops += res.RowsAffected
	}
	return stops, db.write(ctx).Model(&Suppression{}).Where("id IN ?", ids).Update("pending", false).Error
}

// probe joins to each row what the tables of from have for it by a unique key, and
// calls it name; the condition of the other rows has to follow. It is a probe for each
// row on PostgreSQL too, which would rather join the tables as a whole.
func (db *DB) probe(columns, from, where, name string) string {
	if db.Dialect() == Postgres {
		return "CROSS JOIN LATERAL (SELECT " + columns + " FROM " + from + " WHERE " + where + " LIMIT 1) AS " + name + " WHERE "
	}
	return "CROSS JOIN " + from + " WHERE " + where + " AND "
}

// timeType is what a time is cast to where a database would not know that it is one.
func (db *DB) timeType() string {
	if db.Dialect() == Postgres {
		return "TIMESTAMPTZ"
	}
	return "TEXT"
}

// DueStops are the batches of which messages are to be stopped now, at most limit.
func (db *DB) DueStops(ctx context.Context, now time.Time, limit int) ([]int64, error) {
	var ids []int64
	err := db.read(ctx).Raw("SELECT DISTINCT batch_id FROM message_stops WHERE state = 'open' AND due_at <= ? ORDER BY batch_id"+limitTo(limit), now.UTC()).Scan(&ids).Error
	return ids, err
}

// ClaimStops moves the time of a batch's stops on, so that of several processes one
// sees to them. It says whether it was this one.
func (db *DB) ClaimStops(ctx context.Context, batchID int64, now, until time.Time) (bool, error) {
	res := db.write(ctx).Model(&MessageStop{}).Where("batch_id = ? AND state = ? AND due_at <= ?", batchID, StopOpen, now.UTC()).Update("due_at", until.UTC())
	return res.RowsAffected > 0, res.Error
}

// OpenStops are the stops of a batch of which nothing has become yet.
func (db *DB) OpenStops(ctx context.Context, batchID int64) ([]MessageStop, error) {
	var ss []MessageStop
	return ss, db.write(ctx).Where("batch_id = ? AND state = ?", batchID, StopOpen).Order("message_id").Find(&ss).Error
}

// LockPlanned locks a batch that is planned until the transaction ends; locked is false
// if it is not planned any more.
func (db *DB) LockPlanned(ctx context.Context, batchID int64) (locked bool, err error) {
	res := db.write(ctx).Exec("UPDATE batches SET number = number WHERE id = ? AND state = 'planned'", batchID)
	return res.RowsAffected > 0, res.Error
}

// EndStops writes what has become of messages that were to be stopped, of a batch.
func (db *DB) EndStops(ctx context.Context, batchID int64, state StopState, messageIDs []int64, now time.Time) error {
	if len(messageIDs) == 0 {
		return nil
	}
	return db.write(ctx).Model(&MessageStop{}).Where("batch_id = ? AND message_id IN ? AND state = ?", batchID, messageIDs, StopOpen).
		Updates(map[string]any{"state": state, "ended_at": now.UTC()}).Error
}

// PostponeStops has the open stops of a batch looked at again at due.
func (db *DB) PostponeStops(ctx context.Context, batchID int64, due time.Time) error {
	return db.write(ctx).Model(&MessageStop{}).Where("batch_id = ? AND state = ?", batchID, StopOpen).Update("due_at", due.UTC()).Error
}

// StopsOf are the messages that were to be stopped because of a suppression.
func (db *DB) StopsOf(ctx context.Context, suppressionID int64, limit int) ([]MessageStop, error) {
	var ss []MessageStop
	return ss, db.read(ctx).Where("suppression_id = ?", suppressionID).Order("message_id DESC").Limit(limit).Find(&ss).Error
}

// MessagesWith are messages by their ids.
func (db *DB) MessagesWith(ctx context.Context, ids []int64) ([]Message, error) {
	var ms []Message
	return ms, db.write(ctx).Where("id IN ?", ids).Order("id").Find(&ms).Error
}

// SentTo is when messages went, or will go, to a person.
type SentTo struct {
	ID     int64 // of the open message that is to be sent to the same person
	SentAt FlexTime
}

// limitWindow is the time in which a team may limit the messages to a person.
const limitWindow = 7 * 24 * time.Hour

// OverLimit are the open messages of a batch of c whose recipients would get more than
// limit messages of the team in seven days, if they were sent at the time at. Tests do
// not count, nor does what was not delivered. What it costs grows with the campaigns
// of those days: each is probed by number.
func (db *DB) OverLimit(ctx context.Context, c Campaign, batchID int64, at time.Time, limit int) ([]int64, error) {
	from, to := at.Add(-limitWindow), at.Add(limitWindow)
	campaigns, err := db.limiting(ctx, c, from)
	if err != nil {
		return nil, err
	}
	sent := map[int64][]time.Time{}
	for _, id := range campaigns {
		var rows []SentTo
		err := db.read(ctx).Raw(`SELECT m.id, COALESCE(b.request_at, b.called_at) AS sent_at FROM messages m `+
			db.probe("b.request_at, b.called_at", "messages o CROSS JOIN batches b", sentSQL+" AND o.phone = m.phone", "b")+`
			m.id BETWEEN ? AND ? AND m.state = 0`, id, batchID<<positionBits, batchID<<positionBits|(1<<positionBits-1)).Scan(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.SentAt.After(from) && row.SentAt.Before(to) {
				sent[row.ID] = append(sent[row.ID], row.SentAt.Time)
			}
		}
	}
	var over []int64
	for id, times := range sent {
		if crowded(times, at, limit) {
			over = append(over, id)
		}
	}
	slices.Sort(over)
	return over, nil
}

// sentSQL says of a message o of a campaign, and of its batch b, that they count for the
// limit.
const sentSQL = "o.campaign_id = ? AND o.state IN (0, 1, 10) AND b.id = o.id >> 10 AND b.state IN ('sending', 'in_doubt', 'handed_over')"

// limiting are the campaigns of c's team, besides c, whose messages may count for the
// limit from the time on.
func (db *DB) limiting(ctx context.Context, c Campaign, from time.Time) (ids []int64, err error) {
	err = db.read(ctx).Raw(`SELECT id FROM campaigns WHERE team_id = ? AND id <> ? AND NOT test AND state <> 'draft'
		AND (finished_at IS NULL OR finished_at > ?) AND (planned > 0) ORDER BY id`, c.TeamID, c.ID, from.UTC()).Scan(&ids).Error
	return ids, err
}

// crowded reports whether one more message at the time at makes more than limit of them
// in some seven days.
func crowded(times []time.Time, at time.Time, limit int) bool {
	if len(times) < limit {
		return false
	}
	all := append(slices.Clone(times), at)
	slices.SortFunc(all, time.Time.Compare)
	for i := range all {
		if i+limit < len(all) && all[i+limit].Sub(all[i]) < limitWindow && !all[i].After(at) && !all[i+limit].Before(at) {
			return true
		}
	}
	return false
}

// RecipientSettings is what is filled in to change a team's settings about recipients.
type RecipientSettings struct {
	Codes     []string
	Limit     string // whole numbers; 0: none
	Retention string
}

// Bounds of the settings.
const (
	MaxWeeklyLimit   = 50
	MinRetentionDays = 30
	MaxRetentionDays = 3650
)

// Codes that are not offered are left out.
func optOutCodes(codes []string) []string {
	kept := []string{}
	for _, code := range kakao.OptOutCodes() {
		if slices.Contains(codes, code) {
			kept = append(kept, code)
		}
	}
	return kept
}

// SaveRecipientSettings writes a team's settings about recipients.
func (db *DB) SaveRecipientSettings(ctx context.Context, t Team) error {
	return dbError(db.write(ctx).Model(&Team{}).Where("id = ?", t.ID).Select("SuppressCodes", "WeeklyLimit", "RetentionDays").Updates(t).Error, "team")
}

// SetHashKey gives a team the key of its hashes, unless it has one already.
func (db *DB) SetHashKey(ctx context.Context, teamID int64, sealed []byte) error {
	return db.write(ctx).Exec("UPDATE teams SET hash_key = ? WHERE id = ? AND hash_key IS NULL", sealed, teamID).Error
}

// RecipientSettingsOf are a team's settings as the form shows them.
func RecipientSettingsOf(t Team) RecipientSettings {
	in := RecipientSettings{Codes: t.SuppressCodes}
	if t.WeeklyLimit > 0 {
		in.Limit = strconv.Itoa(t.WeeklyLimit)
	}
	if t.RetentionDays > 0 {
		in.Retention = strconv.Itoa(t.RetentionDays)
	}
	return in
}

// Apply checks the form and changes t as it says. Empty fields are no limit.
func (in RecipientSettings) Apply(t *Team) error {
	p := problems{}
	t.SuppressCodes = optOutCodes(in.Codes)
	t.WeeklyLimit = settingNumber(p, "weekly_limit", in.Limit, 1, MaxWeeklyLimit)
	t.RetentionDays = settingNumber(p, "retention", in.Retention, MinRetentionDays, MaxRetentionDays)
	return p.err()
}

// settingNumber is a whole number from least to most, or 0 for no number at all.
func settingNumber(p problems, field, text string, least, most int) int {
	if text == "" || text == "0" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		p.add(field, "suppression.setting_range", "Min", least, "Max", most)
	}
	return n
}
