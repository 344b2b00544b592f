package models

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"soshik/internal/kakao"
)

// SenderGroup is a group of senders, as the provider described it at RefreshedAt.
// Groups are made and deleted in the provider's console; the API lists none, so that
// those that are known here have been added by their key.
type SenderGroup struct {
	ID          int64
	AppkeyID    int64
	SenderKey   string // the group's own, kakao.SenderKeyLen characters
	Name        string
	Status      string     // kakao.SenderWaiting, kakao.SenderRegistered
	MemberCount int        // at most kakao.MaxGroupMembers
	MadeAt      *time.Time // by the provider, as it says
	ChangedAt   *time.Time // the same
	GoneAt      *time.Time // since when the provider does not know it; nil while it does
	RefreshedAt time.Time
	CreatedAt   time.Time
}

// Room is how many members can still be added.
func (g SenderGroup) Room() int { return max(kakao.MaxGroupMembers-g.MemberCount, 0) }

// GroupMember is a sender that is in a group. It may be one that is not known here.
type GroupMember struct {
	GroupID      int64  `gorm:"primaryKey"`
	SenderKey    string `gorm:"primaryKey"`
	PlusFriendID string
	RegisteredAt *time.Time // as a sender, by the provider
}

// GroupKey is a group's key as it is typed: without stray space.
func GroupKey(typed string) string { return strings.TrimSpace(typed) }

// CheckGroupKey says what is wrong with the form of a group's key.
func CheckGroupKey(key string) error {
	p := problems{}
	switch {
	case key == "":
		p.add("group_key", "field.required")
	case len(key) != kakao.SenderKeyLen || strings.Trim(key, keyLetters) != "":
		p.add("group_key", "group.key_wrong", "Max", kakao.SenderKeyLen)
	}
	return p.err()
}

const keyLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// SenderGroups are those of an appkey, by name.
func (db *DB) SenderGroups(ctx context.Context, appkeyID int64) ([]SenderGroup, error) {
	var gs []SenderGroup
	return gs, db.read(ctx).Where("appkey_id = ?", appkeyID).Order("name, id").Find(&gs).Error
}

// SenderGroup reads one group of an appkey.
func (db *DB) SenderGroup(ctx context.Context, appkeyID, id int64) (g SenderGroup, err error) {
	err = db.read(ctx).Where("appkey_id = ?", appkeyID).First(&g, id).Error
	return g, dbError(err, "group")
}

// SenderGroupByID reads a group for a job.
func (db *DB) SenderGroupByID(ctx context.Context, id int64) (g SenderGroup, err error) {
	err = db.read(ctx).First(&g, id).Error
	return g, dbError(err, "group")
}

// CreateSenderGroup adds a group with its members. One of its key is a Conflict.
func (db *DB) CreateSenderGroup(ctx context.Context, g *SenderGroup, ms []GroupMember) error {
	if err := db.write(ctx).Create(g).Error; err != nil {
		return dbError(err, "group")
	}
	return db.insertMembers(ctx, g.ID, ms)
}

// SaveSenderGroup writes what the provider says of a group, and which members it
// has. It is to be used in a transaction.
func (db *DB) SaveSenderGroup(ctx context.Context, g SenderGroup, ms []GroupMember) error {
	err := db.write(ctx).Model(&SenderGroup{}).Where("id = ?", g.ID).
		Select("Name", "Status", "MemberCount", "MadeAt", "ChangedAt", "GoneAt", "RefreshedAt").Updates(g).Error
	if err != nil {
		return dbError(err, "group")
	}
	if err := db.write(ctx).Where("group_id = ?", g.ID).Delete(&GroupMember{}).Error; err != nil {
		return dbError(err, "group")
	}
	return db.insertMembers(ctx, g.ID, ms)
}

// memberBatch is how many members are written with one statement.
const memberBatch = 200

func (db *DB) insertMembers(ctx context.Context, groupID int64, ms []GroupMember) error {
	for chunk := range slices.Chunk(ms, memberBatch) {
		args := make([]any, 0, 4*len(chunk))
		for _, m := range chunk {
			args = append(args, groupID, m.SenderKey, m.PlusFriendID, m.RegisteredAt)
		}
		values := strings.Repeat(", (?, ?, ?, ?)", len(chunk))[2:]
		err := db.write(ctx).Exec("INSERT INTO group_members (group_id, sender_key, plus_friend_id, registered_at) VALUES "+values, args...).Error
		if err != nil {
			return dbError(err, "group")
		}
	}
	return nil
}

// LoseSenderGroup notes that the provider has not known a group since now, unless
// that is noted already. What was known of it stays.
func (db *DB) LoseSenderGroup(ctx context.Context, id int64, now time.Time) error {
	return db.write(ctx).Model(&SenderGroup{}).Where("id = ? AND gone_at IS NULL", id).Update("gone_at", now.UTC()).Error
}

// DeleteSenderGroup forgets a group with its members and changes.
func (db *DB) DeleteSenderGroup(ctx context.Context, id int64) error {
	return dbError(db.write(ctx).Delete(&SenderGroup{}, id).Error, "group")
}

// putMember notes that a sender has become a member, dropMember that it is none any
// more. Noting it twice changes nothing.
func (db *DB) putMember(ctx context.Context, groupID int64, i GroupChangeItem) error {
	res := db.write(ctx).Clauses(clause.OnConflict{DoNothing: true}).
		Create(&GroupMember{GroupID: groupID, SenderKey: i.SenderKey, PlusFriendID: i.PlusFriendID})
	return db.countMembers(ctx, groupID, res, +1)
}

func (db *DB) dropMember(ctx context.Context, groupID int64, i GroupChangeItem) error {
	res := db.write(ctx).Where("group_id = ? AND sender_key = ?", groupID, i.SenderKey).Delete(&GroupMember{})
	return db.countMembers(ctx, groupID, res, -1)
}

func (db *DB) countMembers(ctx context.Context, groupID int64, changed *gorm.DB, by int) error {
	if changed.Error != nil || changed.RowsAffected == 0 {
		return changed.Error
	}
	return db.write(ctx).Model(&SenderGroup{}).Where("id = ?", groupID).
		Update("member_count", gorm.Expr("member_count + ?", by)).Error
}

// MemberCursor is where a page of members begins: behind this one. The zero cursor
// is the beginning.
type MemberCursor struct{ PlusFriendID, SenderKey string }

// String is the cursor for an address; see [ParseMemberCursor].
func (c MemberCursor) String() string {
	if c == (MemberCursor{}) {
		return ""
	}
	return c.SenderKey + " " + c.PlusFriendID
}

// ParseMemberCursor reads what String has made; anything else is the beginning.
func ParseMemberCursor(s string) (c MemberCursor) {
	key, name, found := strings.Cut(s, " ")
	if !found {
		return c
	}
	return MemberCursor{name, key}
}

// MemberFilter says which members of a group are listed.
type MemberFilter struct {
	Query string // part of their PlusFriendID, in upper or lower case; empty: all
	After MemberCursor
}

// containing is a pattern for LIKE … ESCAPE '!' that finds query anywhere.
func containing(query string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(query)) + "%"
}

const nameContains = "LOWER(plus_friend_id) LIKE ? ESCAPE '!'"

// GroupMembers are at most limit members of a group, by name.
func (db *DB) GroupMembers(ctx context.Context, groupID int64, f MemberFilter, limit int) ([]GroupMember, error) {
	q := db.read(ctx).Where("group_id = ?", groupID)
	if f.Query != "" {
		q = q.Where(nameContains, containing(f.Query))
	}
	if f.After != (MemberCursor{}) {
		q = q.Where("(plus_friend_id, sender_key) > (?, ?)", f.After.PlusFriendID, f.After.SenderKey)
	}
	var ms []GroupMember
	return ms, q.Order("plus_friend_id, sender_key").Limit(limit).Find(&ms).Error
}

// CountMembers is how many members of a group a search finds.
func (db *DB) CountMembers(ctx context.Context, groupID int64, query string) (n int64, err error) {
	q := db.read(ctx).Model(&GroupMember{}).Where("group_id = ?", groupID)
	if query != "" {
		q = q.Where(nameContains, containing(query))
	}
	return n, q.Count(&n).Error
}

// MembersWith are the members of a group that have one of keys, by name.
func (db *DB) MembersWith(ctx context.Context, groupID int64, keys []string) ([]GroupMember, error) {
	var all []GroupMember
	for chunk := range slices.Chunk(keys, memberBatch) {
		var ms []GroupMember
		if err := db.read(ctx).Where("group_id = ? AND sender_key IN ?", groupID, chunk).Find(&ms).Error; err != nil {
			return nil, err
		}
		all = append(all, ms...)
	}
	slices.SortFunc(all, func(a, b GroupMember) int { return strings.Compare(a.PlusFriendID, b.PlusFriendID) })
	return all, nil
}

// groupableSQL are the senders that a group can have: registered, and still listed. An
// index has the same words.
const groupableSQL = "sender_key <> '' AND status = '" + kakao.SenderRegistered + "' AND gone_at IS NULL"

// candidates is the condition for the senders of an appkey that can be added to a
// group: it can have them, and has them not.
func (g SenderGroup) candidates(query string) (where string, args []any) {
	where = "appkey_id = ? AND " + groupableSQL +
		" AND NOT EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = ? AND m.sender_key = senders.sender_key)"
	args = []any{g.AppkeyID, g.ID}
	if query != "" {
		where += " AND " + nameContains
		args = append(args, containing(query))
	}
	return where, args
}

const candidateColumns = "id, plus_friend_id, sender_key, status, dormant, blocked"

// GroupCandidates are at most limit senders that can be added to g and that a search
// finds, by name.
func (db *DB) GroupCandidates(ctx context.Context, g SenderGroup, query string, limit int) ([]Sender, error) {
	where, args := g.candidates(query)
	var ss []Sender
	// The rows are wide: which of them, the inner query reads from an index.
	return ss, db.read(ctx).Raw("SELECT "+candidateColumns+" FROM senders WHERE id IN (SELECT id FROM senders WHERE "+where+
		" ORDER BY plus_friend_id"+limitTo(limit)+") ORDER BY plus_friend_id", args...).Scan(&ss).Error
}

// AllGroupCandidates are those of [DB.GroupCandidates] without a limit, with nothing
// but their names and keys.
func (db *DB) AllGroupCandidates(ctx context.Context, g SenderGroup, query string) ([]Sender, error) {
	where, args := g.candidates(query)
	var ss []Sender
	return ss, db.read(ctx).Raw("SELECT plus_friend_id, sender_key FROM senders WHERE "+where+" ORDER BY plus_friend_id", args...).Scan(&ss).Error
}

// CountCandidates is how many there are of [DB.GroupCandidates].
func (db *DB) CountCandidates(ctx context.Context, g SenderGroup, query string) (n int64, err error) {
	where, args := g.candidates(query)
	return n, db.read(ctx).Raw("SELECT COUNT(*) FROM senders WHERE "+where, args...).Scan(&n).Error
}

// CandidatesWith are the senders that can be added to g and have one of keys, by name.
func (db *DB) CandidatesWith(ctx context.Context, g SenderGroup, keys []string) ([]Sender, error) {
	where, args := g.candidates("")
	var all []Sender
	for chunk := range slices.Chunk(keys, memberBatch) {
		var ss []Sender
		err := db.read(ctx).Raw("SELECT "+candidateColumns+" FROM senders WHERE "+where+" AND sender_key IN ?",
			append(slices.Clone(args), chunk)...).Scan(&ss).Error
		if err != nil {
			return nil, err
		}
		all = append(all, ss...)
	}
	slices.SortFunc(all, func(a, b Sender) int { return strings.Compare(a.PlusFriendID, b.PlusFriendID) })
	return all, nil
}

// SenderWithKey is the sender of an appkey that has a key; found is false if there
// is none.
func (db *DB) SenderWithKey(ctx context.Context, appkeyID int64, key string) (s Sender, found bool, err error) {
	var ss []Sender
	err = db.read(ctx).Where("appkey_id = ? AND sender_key = ?", appkeyID, key).Limit(1).Find(&ss).Error
	if err != nil || len(ss) == 0 {
		return s, false, err
	}
	return ss[0], true, nil
}

// SendersWithKeys are the senders of an appkey that have one of keys, by their key.
func (db *DB) SendersWithKeys(ctx context.Context, appkeyID int64, keys []string) (map[string]Sender, error) {
	byKey := make(map[string]Sender, len(keys))
	for chunk := range slices.Chunk(keys, memberBatch) {
		var ss []Sender
		err := db.read(ctx).Select("id", "appkey_id", "sender_key").Where("appkey_id = ? AND sender_key IN ?", appkeyID, chunk).Find(&ss).Error
		if err != nil {
			return nil, err
		}
		for _, s := range ss {
			byKey[s.SenderKey] = s
		}
	}
	return byKey, nil
}
