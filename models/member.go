package models

import "context"

// errLastAdmin keeps a team from being left without anybody who looks after it.
func errLastAdmin() error {
	return &Error{Kind: Conflict, Key: "member.last_admin", Fields: map[string]Text{"role": T("member.last_admin")}}
}

// Member reads one person of a team.
func (db *DB) Member(ctx context.Context, teamID, userID int64) (m Member, err error) {
	err = db.read(ctx).Where("team_id = ? AND user_id = ?", teamID, userID).Take(&m).Error
	if err != nil {
		return m, dbError(err, "member")
	}
	m.User, err = db.User(ctx, userID)
	return m, err
}

// Active reports whether the person has chosen a password, and so can sign in.
func (m Member) Active() bool { return m.User.PasswordHash != "" }

// CountTeamsOf is how many teams the person is in.
func (db *DB) CountTeamsOf(ctx context.Context, userID int64) (n int64, err error) {
	err = db.read(ctx).Model(&Member{}).Where("user_id = ?", userID).Count(&n).Error
	return n, err
}

// SetRole gives a member another role. The last admin of a team stays one. It has
// to be called in a transaction.
func (db *DB) SetRole(ctx context.Context, m Member, role Role) error {
	if role != Admin {
		if err := db.refuseLastAdmin(ctx, m); err != nil {
			return err
		}
	}
	return db.write(ctx).Model(&Member{}).Where("team_id = ? AND user_id = ?", m.TeamID, m.UserID).Update("role", role).Error
}

// DeleteMember takes a person out of a team. The last admin of a team stays. It
// has to be called in a transaction.
func (db *DB) DeleteMember(ctx context.Context, m Member) error {
	if err := db.refuseLastAdmin(ctx, m); err != nil {
		return err
	}
	return db.write(ctx).Where("team_id = ? AND user_id = ?", m.TeamID, m.UserID).Delete(&Member{}).Error
}

// refuseLastAdmin fails if the team has no admin but m. The team is locked
// first, so that two admins who remove each other at the same moment take turns.
func (db *DB) refuseLastAdmin(ctx context.Context, m Member) error {
	if err := db.LockTeam(ctx, m.TeamID); err != nil {
		return err
	}
	var others int64
	err := db.write(ctx).Model(&Member{}).Where("team_id = ? AND role = ? AND user_id <> ?", m.TeamID, Admin, m.UserID).Count(&others).Error
	if err == nil && others == 0 && m.Role == Admin {
		return errLastAdmin()
	}
	return err
}
