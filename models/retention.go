package models

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"
)

// Bounds of how long a team keeps the rows of messages: longer than the provider keeps
// its own, so that nothing can come any more that is about them.
const (
	MinKeepDays = 100
	MaxKeepDays = 3650
)

// KeepSettings is what is filled in to say how long the rows of messages are kept.
type KeepSettings struct {
	Days string // whole days; empty: for good
}

// KeepSettingsOf is the setting of a team as the form shows it.
func KeepSettingsOf(t Team) KeepSettings {
	if t.KeepDays == 0 {
		return KeepSettings{}
	}
	return KeepSettings{Days: strconv.Itoa(t.KeepDays)}
}

// KeepDays checks the form, and is the number of days: 0 for good.
func (in KeepSettings) KeepDays() (int, error) {
	if in.Days == "" || in.Days == "0" {
		return 0, nil
	}
	p := problems{}
	n, err := strconv.Atoi(in.Days)
	if err != nil || n < MinKeepDays || n > MaxKeepDays {
		p.add("days", "retention.range", "Min", MinKeepDays, "Max", MaxKeepDays)
	}
	return n, p.err()
}

// Shorter reports whether rows go sooner if days are kept rather than what t keeps now.
func (t Team) Shorter(days int) bool { return days > 0 && (t.KeepDays == 0 || days < t.KeepDays) }

// SaveKeepDays writes how long a team keeps the rows of messages.
func (db *DB) SaveKeepDays(ctx context.Context, t Team) error {
	return dbError(db.write(ctx).Model(&Team{}).Where("id = ?", t.ID).Select("KeepDays").Updates(t).Error, "team")
}

// Removable is what would be removed of a team.
type Removable struct {
	Campaigns int64
	Messages  int64
	Foreign   int64 // messages that others have sent; above MaxForeignCounted: there are more than that
}

// MaxForeignCounted is up to how many messages of others are counted, since that is done
// by looking at them.
const MaxForeignCounted = 100_000

// Removable says what is removed of a team if nothing is kept of campaigns that were over
// before the time given, nor of what others have sent before. It counts campaigns, and no
// rows but those of others.
func (db *DB) Removable(ctx context.Context, teamID int64, before time.Time) (r Removable, err error) {
	err = db.read(ctx).Raw(`SELECT COUNT(*) AS campaigns, COALESCE(SUM(planned), 0) AS messages FROM campaigns
		WHERE team_id = ? AND finished_at < ? AND NOT rows_gone AND state IN ('finished', 'cancelled')`, teamID, before.UTC()).Scan(&r).Error
	if err != nil {
		return r, err
	}
	r.Foreign, err = db.countForeign(ctx, teamID, before, MaxForeignCounted+1)
	return r, err
}

// RemovalState is how far a removal has come.
type RemovalState string

// The states of a removal.
const (
	RemovalRunning RemovalState = "running"
	RemovalDone    RemovalState = "done"
	RemovalFailed  RemovalState = "failed"
)

// Removal is one time that rows of a team are removed whose time is over.
type Removal struct {
	ID        int64
	TeamID    int64
	State     RemovalState
	Claim     string // the job that works on it; empty: none yet
	KeepDays  int    // of the team, when it was begun
	Before    time.Time
	Campaigns int64 // whose rows have gone
	Messages  int64
	Notices   int64
	StartedAt time.Time
	WorkedAt  time.Time // last sign of life
	EndedAt   *time.Time
}

// Any reports whether the removal has removed anything.
func (r Removal) Any() bool { return r.Campaigns+r.Messages+r.Notices > 0 }

// RemovedEvery is how often rows are removed of a team whose time is over.
const RemovedEvery = 24 * time.Hour

// NextRemoval is when rows of the team are removed again after its last removal, which may
// be none: at once if they are kept for a shorter time by now.
func (t Team) NextRemoval(last Removal) time.Time {
	if last.KeepDays == 0 || last.KeepDays > t.KeepDays {
		return last.StartedAt
	}
	return last.StartedAt.Add(RemovedEvery)
}

// RemovalTasks are the tasks of removing rows whose time is over.
func RemovalTasks() Tasks { return Tasks{Table: "removals", Key: "id"} }

// CreateRemoval adds a removal.
func (db *DB) CreateRemoval(ctx context.Context, r *Removal) error {
	return dbError(db.write(ctx).Create(r).Error, "removal")
}

// Removal reads a removal for a job.
func (db *DB) Removal(ctx context.Context, id int64) (r Removal, err error) {
	err = db.read(ctx).First(&r, id).Error
	return r, dbError(err, "removal")
}

// Removals are the newest of a team that are running or have removed anything.
func (db *DB) Removals(ctx context.Context, teamID int64, limit int) ([]Removal, error) {
	var rs []Removal
	return rs, db.read(ctx).Where("team_id = ? AND (state = ? OR campaigns + messages + notices > 0)", teamID, RemovalRunning).
		Order("id DESC").Limit(limit).Find(&rs).Error
}

// LastRemoval is the newest of a team, also if it has removed nothing; found is false if
// there was none yet.
func (db *DB) LastRemoval(ctx context.Context, teamID int64) (r Removal, found bool, err error) {
	return first[Removal](db.read(ctx).Where("team_id = ?", teamID).Order("id DESC"))
}

// TidyRemovals forgets the removals of a team that ended before the time given and that
// have removed nothing.
func (db *DB) TidyRemovals(ctx context.Context, teamID int64, before time.Time) error {
	return db.write(ctx).Exec("DELETE FROM removals WHERE team_id = ? AND state <> 'running' AND started_at < ? AND campaigns + messages + notices = 0",
		teamID, before.UTC()).Error
}

// SaveRemoval writes how far a removal has come, and locks it until the transaction ends.
// It says whether it still is under r's claim.
func (db *DB) SaveRemoval(ctx context.Context, r Removal) (ours bool, err error) {
	res := RemovalTasks().running(db.write(ctx).Model(&Removal{}), r.ID, r.Claim).
		Select("State", "Campaigns", "Messages", "Notices", "WorkedAt", "EndedAt").Updates(r)
	return res.RowsAffected > 0, res.Error
}

// TeamToTidy is a team that keeps rows for a time only, or of which a campaign has lost a
// part of its rows, and for which no removal was begun since, or none that kept as few days
// as the team does now. found is false if there is none, or while one runs for any team:
// it is no hurry, and others need the workers.
func (db *DB) TeamToTidy(ctx context.Context, since time.Time) (t Team, found bool, err error) {
	return first[Team](db.read(ctx).Where(`(keep_days > 0 OR EXISTS (SELECT 1 FROM campaigns c WHERE c.team_id = teams.id AND NOT c.rows_gone AND c.rows_gone_at IS NOT NULL))
		AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.team_id = teams.id AND r.started_at > ?
			AND (teams.keep_days = 0 OR r.keep_days BETWEEN 1 AND teams.keep_days))
		AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.state = 'running')`, since.UTC()).Order("id"))
}

// untouchedSQL is a condition that campaigns c meet whose messages nobody is reading just
// now who would do something wrong without them: lists that take recipients from a
// campaign, and what sends a campaign's failed messages again. Lists that lose theirs, as
// that of a campaign whose rows have gone, are not in the way.
const untouchedSQL = `NOT EXISTS (SELECT 1 FROM audience_works w WHERE w.team_id = c.team_id AND w.state = 'running' AND w.kind NOT IN ('delete', 'erase', 'suppress'))
	AND NOT EXISTS (SELECT 1 FROM campaigns r WHERE r.retry_of = c.id AND r.retry_of > 0 AND r.state NOT IN ('draft', 'waiting', 'approved', 'finished', 'cancelled'))`

// answeredSQL is a condition that campaigns c meet of whose messages no result is to come.
const answeredSQL = "NOT EXISTS (SELECT 1 FROM batches b WHERE b.campaign_id = c.id AND b.state = 'handed_over' AND " + awaitingSQL + ")"

// RemovableCampaign is the next campaign of a removal; found is false if there is none
// left. One of which a part has gone comes first, whatever the team's setting is now.
func (db *DB) RemovableCampaign(ctx context.Context, r Removal) (c Campaign, found bool, err error) {
	c, found, err = first[Campaign](db.read(ctx).Where("team_id = ? AND NOT rows_gone AND rows_gone_at IS NOT NULL", r.TeamID).Order("id"))
	if err != nil || found || r.KeepDays == 0 {
		return c, found, err
	}
	return first[Campaign](db.read(ctx).Table("campaigns c").
		Where("c.team_id = ? AND c.finished_at < ? AND NOT c.rows_gone AND c.state IN ? AND "+untouchedSQL+" AND "+answeredSQL, r.TeamID, r.Before.UTC(),
			[]CampaignState{CampaignFinished, CampaignCancelled}).Order("c.finished_at, c.id"))
}

// RemoveRows removes the messages of a campaign's next batches, at most limit, and the
// requests that were made for them, and notes how far it has come. The batches stay, and
// with them the campaign's [Equation]. It says how many messages there were; whole is
// true when none was left. It must run in a transaction.
func (db *DB) RemoveRows(ctx context.Context, c Campaign, limit int, now time.Time) (messages int64, whole bool, err error) {
	bs, err := db.Batches(ctx, c.ID, c.RowsGoneUntil, limit)
	if err != nil {
		return 0, false, err
	}
	whole = len(bs) < limit
	set := map[string]any{
		"rows_gone_at": gorm.Expr("COALESCE(rows_gone_at, ?)", now.UTC()), "erased_at": gorm.Expr("COALESCE(erased_at, ?)", now.UTC()), "rows_gone": whole,
	}
	if len(bs) > 0 {
		set["rows_gone_until"] = bs[len(bs)-1].Number
	}
	if whole {
		set["audience_id"] = 0
	}
	res := db.write(ctx).Model(&Campaign{}).Where("id = ? AND NOT rows_gone AND rows_gone_until = ?", c.ID, c.RowsGoneUntil).Updates(set)
	if res.Error != nil || res.RowsAffected == 0 { // another process has
		return 0, false, res.Error
	}
	for _, b := range bs {
		res := db.write(ctx).Exec("DELETE FROM messages WHERE id BETWEEN ? AND ?", b.ID<<positionBits, b.ID<<positionBits|(1<<positionBits-1))
		if res.Error != nil {
			return 0, false, res.Error
		}
		messages += res.RowsAffected
		if err := db.write(ctx).Exec("DELETE FROM calls WHERE batch_id = ?", b.ID).Error; err != nil {
			return 0, false, err
		}
	}
	if whole {
		err = db.removeRest(ctx, c.ID)
	}
	return messages, whole, err
}

// removeRest removes what else there is of a campaign's single messages: its minutes,
// which the days sum up, and what its check has kept of its recipients.
func (db *DB) removeRest(ctx context.Context, campaignID int64) error {
	if err := db.write(ctx).Exec("DELETE FROM campaign_minutes WHERE campaign_id = ?", campaignID).Error; err != nil {
		return err
	}
	return db.write(ctx).Exec("DELETE FROM check_rows WHERE campaign_id = ?", campaignID).Error
}

// RemoveNotices removes notices of a team from before the time given, the oldest first, at
// most limit, and whom they were told to. It says how many.
func (db *DB) RemoveNotices(ctx context.Context, teamID int64, before time.Time, limit int) (int64, error) {
	res := db.write(ctx).Exec(`DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE team_id = ? AND created_at < ? ORDER BY created_at, id`+limitTo(limit)+`)`,
		teamID, before.UTC())
	return res.RowsAffected, res.Error
}
