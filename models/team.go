package models

import (
	"context"
	"time"
)

// DefaultLead is how long before its time a message is handed over, in minutes.
const DefaultLead = 24 * 60

// Team owns appkeys, campaigns and lists. Its members see nothing of other teams.
type Team struct {
	ID          int64
	Name        string
	LeadMinutes int
	UndoMinutes int // for how long a launch "now" can be undone; 0: it cannot
	CreatedAt   time.Time

	Suppressed    int64    // numbers on its suppression list
	Hashed        int64    // of them, those of whom a hash is kept
	SuppressCodes []string `gorm:"serializer:json"` // results that put a number on the list
	WeeklyLimit   int      // messages to one person in 7 days; 0: no limit
	RetentionDays int      // after which personal data is erased; 0: it is kept
	KeepDays      int      // after which the rows of a campaign's messages go; 0: they stay
	ApproveFrom   int      // recipients from which a second person approves; 0: never
	HashKey       []byte   // of the hashes, encrypted; nil: there are none yet
	Prices        Prices   `gorm:"serializer:json"`

	Stop // of all its appkeys
}

// Lead is how long before its time a message is handed over.
func (t Team) Lead() time.Duration { return time.Duration(t.LeadMinutes) * time.Minute }

// UndoUntil is until when a campaign can be undone that is launched at now to go out at
// once: a whole minute, since the provider knows no others. It is nil where that is not
// wanted.
func (t Team) UndoUntil(now time.Time) *time.Time {
	if t.UndoMinutes == 0 {
		return nil
	}
	until := now.Add(time.Duration(t.UndoMinutes)*time.Minute + time.Minute - time.Nanosecond).Truncate(time.Minute).UTC()
	return &until
}

// Member is a person in a team.
type Member struct {
	TeamID    int64 `gorm:"primaryKey"`
	UserID    int64 `gorm:"primaryKey"`
	Role      Role
	CreatedAt time.Time
	User      User `gorm:"-"`
}

// Team reads one team.
func (db *DB) Team(ctx context.Context, id int64) (t Team, err error) {
	err = db.read(ctx).First(&t, id).Error
	return t, dbError(err, "team")
}

// CreateTeam adds a team.
func (db *DB) CreateTeam(ctx context.Context, t *Team) error {
	if t.SuppressCodes == nil {
		t.SuppressCodes = []string{}
	}
	if t.Prices == nil {
		t.Prices = Prices{}
	}
	return dbError(db.write(ctx).Create(t).Error, "team")
}

// LockTeam makes transactions that count what a team has, and then add to it or take
// from it, take turns until they end.
func (db *DB) LockTeam(ctx context.Context, id int64) error {
	return db.write(ctx).Exec("UPDATE teams SET name = name WHERE id = ?", id).Error
}

// TeamsOf are the teams that u sees, by name: all, for an instance admin.
func (db *DB) TeamsOf(ctx context.Context, u User) ([]Team, error) {
	q := db.read(ctx).Order("name")
	if !u.InstanceAdmin {
		q = q.Where("id IN (SELECT team_id FROM members WHERE user_id = ?)", u.ID)
	}
	var ts []Team
	return ts, q.Find(&ts).Error
}

// RoleOf is the person's role in the team, empty if there is none.
func (db *DB) RoleOf(ctx context.Context, teamID, userID int64) (Role, error) {
	var ms []Member
	err := db.read(ctx).Where("team_id = ? AND user_id = ?", teamID, userID).Find(&ms).Error
	if err != nil || len(ms) == 0 {
		return "", err
	}
	return ms[0].Role, nil
}

// Members are the people of a team, by name.
func (db *DB) Members(ctx context.Context, teamID int64) ([]Member, error) {
	var ms []Member
	if err := db.read(ctx).Where("team_id = ?", teamID).Find(&ms).Error; err != nil {
		return nil, err
	}
	var users []User
	err := db.read(ctx).Where("id IN (SELECT user_id FROM members WHERE team_id = ?)", teamID).Order("name, id").Find(&users).Error
	if err != nil {
		return nil, err
	}
	byUser := make(map[int64]Member, len(ms))
	for _, m := range ms {
		byUser[m.UserID] = m
	}
	sorted := make([]Member, 0, len(users))
	for _, u := range users {
		m := byUser[u.ID]
		m.User = u
		sorted = append(sorted, m)
	}
	return sorted, nil
}

// CreateMember adds a person to a team.
func (db *DB) CreateMember(ctx context.Context, m *Member) error {
	return dbError(db.write(ctx).Create(m).Error, "member")
}
