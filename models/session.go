package models

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// How long a session lives: without use, and how often its use is written down.
const (
	SessionLife  = 14 * 24 * time.Hour
	sessionTouch = time.Minute
	// InvitationLife is how long an invitation can be taken up.
	InvitationLife = 7 * 24 * time.Hour
)

// Session is a signed-in browser. The browser's cookie carries a token, of which
// the row keeps only a hash.
type Session struct {
	ID         int64
	TokenHash  string
	UserID     int64
	Flash      string // JSON of a [Text], shown by the next page
	Address    string
	UserAgent  string
	CreatedAt  time.Time
	LastUsedAt time.Time
	ExpiresAt  time.Time
}

// Invitation lets a person choose a password, once.
type Invitation struct {
	ID        int64
	TokenHash string
	UserID    int64
	CreatedAt time.Time
	ExpiresAt time.Time
}

// NewToken is an unguessable string of 32 letters and digits.
func NewToken() string { return rand.Text() + rand.Text()[:6] }

// HashToken is what is kept of a token.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// CreateSession starts a session for s.UserID under token.
func (db *DB) CreateSession(ctx context.Context, token string, s *Session) error {
	now := db.now()
	s.TokenHash, s.CreatedAt, s.LastUsedAt, s.ExpiresAt = HashToken(token), now, now, now.Add(SessionLife)
	return dbError(db.write(ctx).Create(s).Error, "session")
}

// LivingSession reads the session of token, if it has one that has not run out.
func (db *DB) LivingSession(ctx context.Context, token string) (s Session, found bool, err error) {
	if token == "" {
		return s, false, nil
	}
	var ss []Session
	err = db.read(ctx).Where("token_hash = ? AND expires_at > ?", HashToken(token), db.now()).Limit(1).Find(&ss).Error
	if err != nil || len(ss) == 0 {
		return s, false, err
	}
	return ss[0], true, nil
}

// TouchSession notes the use of s, at most once a minute.
func (db *DB) TouchSession(ctx context.Context, s Session) error {
	now := db.now()
	if now.Sub(s.LastUsedAt) < sessionTouch {
		return nil
	}
	return db.write(ctx).Model(&Session{}).Where("id = ?", s.ID).
		Updates(map[string]any{"last_used_at": now, "expires_at": now.Add(SessionLife)}).Error
}

// SetFlash keeps what the session's next page shows.
func (db *DB) SetFlash(ctx context.Context, sessionID int64, flash string) error {
	return db.write(ctx).Model(&Session{}).Where("id = ?", sessionID).Update("flash", flash).Error
}

// DeleteSession ends a session.
func (db *DB) DeleteSession(ctx context.Context, userID, id int64) error {
	return db.write(ctx).Where("id = ? AND user_id = ?", id, userID).Delete(&Session{}).Error
}

// DeleteExpired removes sessions, invitations and throttles that have run out.
func (db *DB) DeleteExpired(ctx context.Context) error {
	now := db.now()
	if err := db.write(ctx).Where("expires_at < ?", now).Delete(&Session{}).Error; err != nil {
		return err
	}
	if err := db.write(ctx).Where("expires_at < ?", now).Delete(&Invitation{}).Error; err != nil {
		return err
	}
	return db.write(ctx).Where("started_at < ?", now.Add(-ThrottleWindow)).Delete(&Throttle{}).Error
}

// CreateInvitation lets userID choose a password with token; earlier
// invitations end.
func (db *DB) CreateInvitation(ctx context.Context, userID int64, token string) error {
	if err := db.write(ctx).Where("user_id = ?", userID).Delete(&Invitation{}).Error; err != nil {
		return err
	}
	now := db.now()
	return db.write(ctx).Create(&Invitation{
		TokenHash: HashToken(token), UserID: userID, CreatedAt: now, ExpiresAt: now.Add(InvitationLife),
	}).Error
}

// Invitation reads the living invitation of token.
func (db *DB) Invitation(ctx context.Context, token string) (in Invitation, err error) {
	err = db.read(ctx).Where("token_hash = ? AND expires_at > ?", HashToken(token), db.now()).Take(&in).Error
	return in, dbError(err, "invitation")
}

// DeleteInvitation ends an invitation that has been taken up.
func (db *DB) DeleteInvitation(ctx context.Context, id int64) error {
	return db.write(ctx).Delete(&Invitation{}, id).Error
}

// How many failed sign-ins an account may have in how much time.
const (
	ThrottleWindow = 15 * time.Minute
	ThrottleMax    = 8
)

// Throttle counts the failures under a name, as "account:kim@example.com".
type Throttle struct {
	Name      string `gorm:"primaryKey"`
	Failures  int
	StartedAt time.Time
}

// Throttled reports whether name has failed too often, and until when.
func (db *DB) Throttled(ctx context.Context, name string) (until time.Time, throttled bool, err error) {
	var ts []Throttle
	if err := db.read(ctx).Where("name = ?", name).Find(&ts).Error; err != nil || len(ts) == 0 {
		return until, false, err
	}
	until = ts[0].StartedAt.Add(ThrottleWindow)
	return until, ts[0].Failures >= ThrottleMax && db.now().Before(until), nil
}

// CountFailure notes one more failure under name.
func (db *DB) CountFailure(ctx context.Context, name string) error {
	now := db.now()
	return db.write(ctx).Exec(`INSERT INTO throttles (name, failures, started_at) VALUES (?, 1, ?)
		ON CONFLICT (name) DO UPDATE SET
			failures = CASE WHEN throttles.started_at < ? THEN 1 ELSE throttles.failures + 1 END,
			started_at = CASE WHEN throttles.started_at < ? THEN excluded.started_at ELSE throttles.started_at END`,
		name, now, now.Add(-ThrottleWindow), now.Add(-ThrottleWindow)).Error
}

// ForgetFailures forgets those under name.
func (db *DB) ForgetFailures(ctx context.Context, name string) error {
	return db.write(ctx).Where("name = ?", name).Delete(&Throttle{}).Error
}
