package models

import (
	"context"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// SenderStanding is how a list of senders is narrowed by state.
type SenderStanding string

// The groups; a sender that waits is in no trouble until it is gone.
const (
	SendersAll       SenderStanding = ""
	SendersReady     SenderStanding = "registered"
	SendersWaiting   SenderStanding = "waiting"
	SendersInTrouble SenderStanding = "trouble" // gone, blocked, dormant or inactive
	SendersDeleted   SenderStanding = "deleted" // by a person here; none of the others has them
)

// SenderStandings are all groups.
func SenderStandings() []SenderStanding {
	return []SenderStanding{SendersAll, SendersReady, SendersWaiting, SendersInTrouble, SendersDeleted}
}

// SenderSort is the order of a list of senders.
type SenderSort string

// The orders, each in the direction in which it is looked for.
const (
	SendersByName       SenderSort = "" // from A
	SendersByRegistered SenderSort = "registered"
	SendersByCount      SenderSort = "count"   // FriendTalk messages of today, the most first
	SendersByChecked    SenderSort = "checked" // the longest ago first
)

// SenderSorts are all orders.
func SenderSorts() []SenderSort {
	return []SenderSort{SendersByName, SendersByRegistered, SendersByCount, SendersByChecked}
}

// SenderFilter says which senders of an appkey are listed, and how.
type SenderFilter struct {
	Name  string // a part of the PlusFriendID, with or without its @; empty: all
	Key   string // how the sender key begins; empty: all
	Group SenderStanding
	Sort  SenderSort
	After int64 // the id of the sender before the first; 0: from the beginning
}

// Narrow reports whether f leaves anything out.
func (f SenderFilter) Narrow() bool { return f.Name != "" || f.Key != "" || f.Group != SendersAll }

// troubleSQL is [Sender.InTrouble] of a row. An index has the same words.
const troubleSQL = `(gone_at IS NOT NULL OR blocked OR dormant OR kakao_status = 'S' OR profile_status IN ('B', 'C', 'D', 'E'))`

// where is the condition that f makes for senders of an appkey.
func (f SenderFilter) where(appkeyID int64) (sql string, args []any) {
	sql, args = "appkey_id = ? AND deleted_by = 0", []any{appkeyID}
	if f.Group == SendersDeleted {
		sql = "appkey_id = ? AND deleted_by <> 0"
	}
	if f.Name != "" {
		sql += ` AND LOWER(plus_friend_id) LIKE ? ESCAPE '\'`
		args = append(args, "%"+likeText(strings.ToLower(f.Name))+"%")
	}
	if f.Key != "" {
		// The range is there for the index, which LIKE does not use everywhere.
		sql += ` AND sender_key >= ? AND sender_key <= ? AND sender_key LIKE ? ESCAPE '\'`
		args = append(args, f.Key, f.Key+"zzzz", likeText(f.Key)+"%")
	}
	switch f.Group {
	case SendersReady:
		sql += " AND status = '" + kakao.SenderRegistered + "' AND NOT " + troubleSQL
	case SendersWaiting:
		sql += " AND status = '" + kakao.SenderWaiting + "' AND NOT " + troubleSQL
	case SendersInTrouble:
		sql += " AND " + troubleSQL
	}
	return sql, args
}

// midnight is when the day of now began in Korea.
func midnight(now time.Time) time.Time {
	y, m, d := now.In(kakao.KST).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, kakao.KST)
}

// likeText is s as a LIKE pattern that matches nothing else.
func likeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}

// senderOrder is how senders are ordered: by an expression, then by id.
type senderOrder struct {
	expr string
	args []any
	desc bool
}

func (s SenderSort) order(today time.Time) senderOrder {
	switch s {
	case SendersByRegistered:
		return senderOrder{expr: "COALESCE(registered_at, created_at)", desc: true}
	case SendersByCount: // a count of another day is not today's
		return senderOrder{expr: "CASE WHEN refreshed_at >= ? THEN sent_count ELSE -1 END", args: []any{today.UTC()}, desc: true}
	case SendersByChecked:
		return senderOrder{expr: "refreshed_at"}
	}
	return senderOrder{expr: "plus_friend_id"}
}

// ListedSenders are at most limit senders of an appkey that f lets through, in f's
// order, without their [Sender.Raw]. now decides which day is today.
func (db *DB) ListedSenders(ctx context.Context, appkeyID int64, f SenderFilter, now time.Time, limit int) ([]Sender, error) {
	o := f.Sort.order(midnight(now))
	than, direction := ">", ""
	if o.desc {
		than, direction = "<", " DESC"
	}
	where, args := f.where(appkeyID)
	if f.After > 0 {
		where += " AND (" + o.expr + ", id) " + than + " (SELECT " + o.expr + ", id FROM senders WHERE id = ?)"
		args = slices.Concat(args, o.args, o.args, []any{f.After})
	}
	args = slices.Concat(args, o.args)
	var ss []Sender
	// The rows are wide, and the inner query can do without them where an index has
	// what it asks for.
	order := " ORDER BY " + o.expr + direction + ", id" + direction
	args = append(args, o.args...)
	return ss, db.read(ctx).Raw("SELECT "+listedColumns+" FROM senders WHERE id IN (SELECT id FROM senders WHERE "+where+order+limitTo(limit)+")"+order,
		args...).Scan(&ss).Error
}

// listedColumns are what a list of senders shows.
const listedColumns = `id, appkey_id, plus_friend_id, sender_key, status, status_name, kakao_status, kakao_status_name,
	profile_status, profile_status_name, dormant, blocked, daily_max, sent_count, alimtalk_daily_max, alimtalk_sent_count,
	registered_at, gone_at, troubled_at, refreshed_at, created_at`

// CountedSenders is up to how many senders a list counts: beyond, it is enough to
// know that there are more.
const CountedSenders = 10_000

// CountSenders counts the senders of an appkey that f lets through, up to one more
// than [CountedSenders].
func (db *DB) CountSenders(ctx context.Context, appkeyID int64, f SenderFilter) (n int, err error) {
	where, args := f.where(appkeyID)
	err = db.read(ctx).Raw("SELECT COUNT(*) FROM (SELECT 1 FROM senders WHERE "+where+limitTo(CountedSenders+1)+") AS found",
		args...).Scan(&n).Error
	return n, err
}

// HasSenders reports whether an appkey has any sender.
func (db *DB) HasSenders(ctx context.Context, appkeyID int64) (found bool, err error) {
	err = db.read(ctx).Raw("SELECT EXISTS (SELECT 1 FROM senders WHERE appkey_id = ?)", appkeyID).Scan(&found).Error
	return found, err
}

// SenderCount is how many senders an appkey has, and how many of them are in which
// trouble.
type SenderCount struct {
	Total    int
	Troubles map[SenderTrouble]int
}

// SenderCounts counts the senders of a team by appkey.
func (db *DB) SenderCounts(ctx context.Context, teamID int64) (map[int64]SenderCount, error) {
	var rows []struct {
		Sender

		Count int
	}
	err := db.read(ctx).Raw(`SELECT appkey_id, status, gone_at, blocked, dormant, kakao_status, profile_status, COUNT(*) AS count
		FROM senders WHERE deleted_by = 0 AND appkey_id IN (SELECT id FROM appkeys WHERE team_id = ?)
		GROUP BY appkey_id, status, gone_at, blocked, dormant, kakao_status, profile_status`, teamID).Scan(&rows).Error
	counts := map[int64]SenderCount{}
	for _, row := range rows {
		c := counts[row.AppkeyID]
		if c.Troubles == nil {
			c.Troubles = map[SenderTrouble]int{}
		}
		c.Total += row.Count
		if t := row.Trouble(); t != "" {
			c.Troubles[t] += row.Count
		}
		counts[row.AppkeyID] = c
	}
	return counts, err
}

// TroubledSender is a sender that is gone, blocked, dormant or inactive, and the
// campaigns that would go out from it.
type TroubledSender struct {
	Sender

	Endangers []Campaign
}

// endangeredSQL are campaigns that would go out, now or once they are launched.
const endangeredSQL = `(c.state IN ('planning', 'scheduled', 'sending', 'paused', 'held') OR c.state = 'draft' AND c.scheduled_at IS NOT NULL)`

// TroubledSenders are senders of a team in trouble, at most limit: those that such
// campaigns use first, then those whose trouble is the newest.
func (db *DB) TroubledSenders(ctx context.Context, teamID int64, limit int) ([]TroubledSender, error) {
	var ss []Sender
	// Few senders are in trouble, whichever team's they are: their index is the one to begin with.
	err := db.read(ctx).Raw("SELECT "+listedColumns+" FROM senders WHERE deleted_by = 0 AND "+troubleSQL+
		" AND EXISTS (SELECT 1 FROM appkeys k WHERE k.id = senders.appkey_id AND k.team_id = ?)"+
		" ORDER BY CASE WHEN EXISTS (SELECT 1 FROM campaigns c WHERE c.sender_id = senders.id AND "+endangeredSQL+") THEN 0 ELSE 1 END,"+
		" COALESCE(troubled_at, refreshed_at) DESC, id DESC"+limitTo(limit), teamID).Scan(&ss).Error
	if err != nil || len(ss) == 0 {
		return nil, err
	}
	found, place := make([]TroubledSender, len(ss)), make(map[int64]int, len(ss))
	ids := make([]int64, len(ss))
	for i, s := range ss {
		found[i].Sender, ids[i], place[s.ID] = s, s.ID, i
	}
	var cs []Campaign
	err = db.read(ctx).Raw("SELECT c.id, c.appkey_id, c.name, c.state, c.sender_id, c.scheduled_at FROM campaigns c WHERE c.sender_id IN ? AND "+
		endangeredSQL+" ORDER BY c.id DESC"+limitTo(maxEndangered), ids).Scan(&cs).Error
	for _, c := range cs {
		of := &found[place[c.SenderID]]
		of.Endangers = append(of.Endangers, c)
	}
	return found, err
}

// maxEndangered is how many campaigns in danger are told, the newest first.
const maxEndangered = 100
