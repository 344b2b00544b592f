package models

import (
	"context"
	"slices"
	"strings"
	"time"
)

// ChangeState is how far a change of a group's members has come.
type ChangeState string

// The states of a change.
const (
	ChangeRunning ChangeState = "running" // or waits for the provider
	ChangeDone    ChangeState = "done"
	ChangeStopped ChangeState = "stopped" // with senders still planned; it can go on
)

// StoppedByHand is the key of the Problem of a change that a person has stopped.
const StoppedByHand = "group.stopped_by_person"

// ChangeStates are all states of a change.
func ChangeStates() []ChangeState { return []ChangeState{ChangeRunning, ChangeDone, ChangeStopped} }

// GroupChange is senders being added to a group, or removed from it, one by one. A
// group has at most one that runs.
type GroupChange struct {
	ID        int64
	GroupID   int64
	Removal   bool
	State     ChangeState
	Problem   Text `gorm:"serializer:json"` // why it has stopped or, while it runs, why it waits
	Size      int
	AskedBy   int64
	Claim     string    // the job that works on it; empty: none
	DueAt     time.Time // when somebody is to look after it, unless its job moves this on
	CreatedAt time.Time
	EndedAt   *time.Time
}

// Waits reports whether c is held up by the provider.
func (c GroupChange) Waits() bool { return c.State == ChangeRunning && c.Problem.Key != "" }

// ItemState is what has become of one sender of a change.
type ItemState string

// The states of an item.
const (
	ItemPlanned ItemState = "planned"
	ItemDone    ItemState = "done"
	ItemAlready ItemState = "already" // it was a member, or none, before
	ItemFailed  ItemState = "failed"
)

// ItemStates are all states of an item.
func ItemStates() []ItemState { return []ItemState{ItemPlanned, ItemDone, ItemAlready, ItemFailed} }

// GroupChangeItem is one sender of a change.
type GroupChangeItem struct {
	ChangeID     int64 `gorm:"primaryKey"`
	Position     int   `gorm:"primaryKey"` // from 1
	SenderKey    string
	PlusFriendID string
	State        ItemState
	Code         int  // the provider's, of a failure
	Problem      Text `gorm:"serializer:json"` // of a failure
}

// CreateGroupChange adds a change with its items, which it numbers. It is a Conflict
// while another one of the group runs.
func (db *DB) CreateGroupChange(ctx context.Context, c *GroupChange, items []GroupChangeItem) error {
	if err := db.write(ctx).Create(c).Error; err != nil {
		return dbError(err, "group_change")
	}
	for n := range items {
		items[n].ChangeID, items[n].Position, items[n].State = c.ID, n+1, ItemPlanned
	}
	for chunk := range slices.Chunk(items, memberBatch) {
		args := make([]any, 0, 5*len(chunk))
		for _, i := range chunk {
			args = append(args, i.ChangeID, i.Position, i.SenderKey, i.PlusFriendID, i.State)
		}
		values := strings.Repeat(", (?, ?, ?, ?, ?, 0, '')", len(chunk))[2:]
		err := db.write(ctx).Exec("INSERT INTO group_change_items (change_id, position, sender_key, plus_friend_id, state, code, problem) VALUES "+values, args...).Error
		if err != nil {
			return dbError(err, "group_change")
		}
	}
	return nil
}

// GroupChange reads one change of a group.
func (db *DB) GroupChange(ctx context.Context, groupID, id int64) (c GroupChange, err error) {
	err = db.read(ctx).Where("group_id = ?", groupID).First(&c, id).Error
	return c, dbError(err, "group_change")
}

// GroupChangeByID reads a change for a job.
func (db *DB) GroupChangeByID(ctx context.Context, id int64) (c GroupChange, err error) {
	err = db.read(ctx).First(&c, id).Error
	return c, dbError(err, "group_change")
}

// LastGroupChange is the newest change of a group; found is false if there is none.
func (db *DB) LastGroupChange(ctx context.Context, groupID int64) (c GroupChange, found bool, err error) {
	var cs []GroupChange
	err = db.read(ctx).Where("group_id = ?", groupID).Order("id DESC").Limit(1).Find(&cs).Error
	if err != nil || len(cs) == 0 {
		return c, false, err
	}
	return cs[0], true, nil
}

// ClaimGroupChange gives a running change to a job until due, if no other has it; a
// job that has not moved its time on is taken for dead.
func (db *DB) ClaimGroupChange(ctx context.Context, id int64, claim string, now, due time.Time) (claimed bool, err error) {
	res := db.write(ctx).Model(&GroupChange{}).Where("id = ? AND state = ? AND (claim = '' OR due_at <= ?)", id, ChangeRunning, now.UTC()).
		Updates(map[string]any{"claim": claim, "due_at": due.UTC()})
	return res.RowsAffected > 0, res.Error
}

// KeepGroupChange moves the time on of a change that still is under c's claim, and
// writes its Problem. It says whether it is.
func (db *DB) KeepGroupChange(ctx context.Context, c GroupChange, due time.Time) (ours bool, err error) {
	c.DueAt = due.UTC()
	return db.updateClaimed(ctx, c, "DueAt", "Problem")
}

// ReleaseGroupChange gives a change back that c's claim holds: nobody works on it
// until due.
func (db *DB) ReleaseGroupChange(ctx context.Context, c GroupChange, due time.Time) (ours bool, err error) {
	held := c
	c.Claim, c.DueAt = "", due.UTC()
	res := db.write(ctx).Model(&GroupChange{}).Where("id = ? AND state = ? AND claim = ?", held.ID, ChangeRunning, held.Claim).
		Select("Claim", "DueAt", "Problem").Updates(c)
	return res.RowsAffected > 0, res.Error
}

// EndGroupChange takes a running change under c's claim to c's state.
func (db *DB) EndGroupChange(ctx context.Context, c GroupChange) (ours bool, err error) {
	return db.updateClaimed(ctx, c, "State", "Problem", "EndedAt")
}

func (db *DB) updateClaimed(ctx context.Context, c GroupChange, first any, rest ...any) (ours bool, err error) {
	res := db.write(ctx).Model(&GroupChange{}).Where("id = ? AND state = ? AND claim = ?", c.ID, ChangeRunning, c.Claim).
		Select(first, rest...).Updates(c)
	return res.RowsAffected > 0, res.Error
}

// StopGroupChange ends a running change from outside, whoever works on it.
func (db *DB) StopGroupChange(ctx context.Context, id int64, why Text, now time.Time) (stopped bool, err error) {
	res := db.write(ctx).Model(&GroupChange{}).Where("id = ? AND state = ?", id, ChangeRunning).
		Select("State", "Problem", "EndedAt").Updates(GroupChange{State: ChangeStopped, Problem: why, EndedAt: new(now.UTC())})
	return res.RowsAffected > 0, res.Error
}

// ResumeGroupChange lets a stopped change run again, with nobody's claim on it. It is
// a Conflict while another one of the group runs.
func (db *DB) ResumeGroupChange(ctx context.Context, id int64, due time.Time) (resumed bool, err error) {
	res := db.write(ctx).Model(&GroupChange{}).Where("id = ? AND state = ?", id, ChangeStopped).
		Select("State", "Problem", "EndedAt", "Claim", "DueAt").Updates(GroupChange{State: ChangeRunning, DueAt: due.UTC()})
	return res.RowsAffected > 0, dbError(res.Error, "group_change")
}

// DueGroupChanges are running changes that somebody is to look after: nobody works on
// them, or nobody any more.
func (db *DB) DueGroupChanges(ctx context.Context, now time.Time) ([]GroupChange, error) {
	var cs []GroupChange
	return cs, db.read(ctx).Where("state = ? AND due_at <= ?", ChangeRunning, now.UTC()).Order("due_at, id").Find(&cs).Error
}

// PlannedItems are the next items of a change, at most limit.
func (db *DB) PlannedItems(ctx context.Context, changeID int64, limit int) ([]GroupChangeItem, error) {
	var is []GroupChangeItem
	return is, db.read(ctx).Where("change_id = ? AND state = ?", changeID, ItemPlanned).Order("position").Limit(limit).Find(&is).Error
}

// SettleItem writes what has become of an item of c, and of the group's members by
// it, and moves c's time on. It says whether the change still is under c's claim; if
// not, nothing is written. It is to be used in a transaction.
func (db *DB) SettleItem(ctx context.Context, c GroupChange, i GroupChangeItem, due time.Time) (ours bool, err error) {
	if ours, err = db.KeepGroupChange(ctx, c, due); err != nil || !ours {
		return ours, err
	}
	err = db.write(ctx).Model(&GroupChangeItem{}).Where("change_id = ? AND position = ?", i.ChangeID, i.Position).
		Select("State", "Code", "Problem").Updates(i).Error
	switch {
	case err != nil || i.State == ItemFailed:
		return true, err
	case c.Removal:
		return true, db.dropMember(ctx, c.GroupID, i)
	}
	return true, db.putMember(ctx, c.GroupID, i)
}

// ItemCounts are how many items of a change are in which state.
type ItemCounts map[ItemState]int

// Settled is how many have been dealt with.
func (c ItemCounts) Settled() int { return c[ItemDone] + c[ItemAlready] + c[ItemFailed] }

// ItemCounts counts the items of a change.
func (db *DB) ItemCounts(ctx context.Context, changeID int64) (ItemCounts, error) {
	var rows []struct {
		State ItemState
		Count int
	}
	err := db.read(ctx).Model(&GroupChangeItem{}).Select("state, COUNT(*) AS count").Where("change_id = ?", changeID).Group("state").Find(&rows).Error
	counts := ItemCounts{}
	for _, r := range rows {
		counts[r.State] = r.Count
	}
	return counts, err
}

// GroupChangeItems are at most limit items of a change behind position after, of one
// state or, for "", of all, in order.
func (db *DB) GroupChangeItems(ctx context.Context, changeID int64, state ItemState, after int64, limit int) ([]GroupChangeItem, error) {
	q := db.read(ctx).Where("change_id = ? AND position > ?", changeID, after)
	if state != "" {
		q = q.Where("state = ?", state)
	}
	var is []GroupChangeItem
	return is, q.Order("position").Limit(limit).Find(&is).Error
}
