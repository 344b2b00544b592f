package models

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// RefreshState is how far a refresh has come.
type RefreshState string

// The states of a refresh.
const (
	RefreshRunning RefreshState = "running"
	RefreshDone    RefreshState = "done"
	RefreshFailed  RefreshState = "failed"
)

// SenderRefresh is the last reading of all senders of an appkey. Its zero value is
// that of an appkey whose senders were never read.
type SenderRefresh struct {
	AppkeyID    int64 `gorm:"primaryKey"`
	State       RefreshState
	AskedBy     int64  // 0: the program
	Claim       string // the job that works on it; empty: none yet
	ReadCount   int    // senders, so far
	Total       int    // that the provider counts; 0: not known yet
	Problem     string // JSON of a [Text]; empty unless failed
	StartedAt   time.Time
	WorkedAt    time.Time // last sign of life
	EndedAt     *time.Time
	SucceededAt *time.Time // when the last one that was done ended
}

// Why is why the refresh failed; the zero Text if it did not.
func (r SenderRefresh) Why() Text {
	var t Text
	if r.Problem == "" {
		return t
	}
	if err := json.Unmarshal([]byte(r.Problem), &t); err != nil {
		return Text{Key: "error.internal"}
	}
	return t
}

// Fail notes why the refresh failed.
func (r *SenderRefresh) Fail(why Text) error {
	b, err := json.Marshal(why)
	if err != nil {
		return fmt.Errorf("why a refresh failed: %w", err)
	}
	r.State, r.Problem = RefreshFailed, string(b)
	return nil
}

// Refresh is the last reading of an appkey's senders.
func (db *DB) Refresh(ctx context.Context, appkeyID int64) (r SenderRefresh, err error) {
	err = db.read(ctx).Where("appkey_id = ?", appkeyID).Limit(1).Find(&r).Error
	return r, err
}

// StartRefresh begins a refresh, unless one is running on which somebody has worked
// since quiet: then started is false.
func (db *DB) StartRefresh(ctx context.Context, appkeyID, askedBy int64, now, quiet time.Time) (started bool, err error) {
	res := db.write(ctx).Exec(`INSERT INTO sender_refreshes
			(appkey_id, state, asked_by, claim, read_count, total, problem, started_at, worked_at)
			VALUES (?, 'running', ?, '', 0, 0, '', ?, ?)
		ON CONFLICT (appkey_id) DO UPDATE SET state = excluded.state, asked_by = excluded.asked_by, claim = '', read_count = 0, total = 0,
			problem = '', started_at = excluded.started_at, worked_at = excluded.worked_at, ended_at = NULL
		WHERE sender_refreshes.state <> 'running' OR sender_refreshes.worked_at < ?`, appkeyID, askedBy, now.UTC(), now.UTC(), quiet.UTC())
	return res.RowsAffected > 0, res.Error
}

// SaveRefresh writes down where a running refresh stands. It says whether the
// refresh still is under r's claim.
func (db *DB) SaveRefresh(ctx context.Context, r SenderRefresh) (ours bool, err error) {
	res := SenderRefreshes().running(db.write(ctx).Model(&SenderRefresh{}), r.AppkeyID, r.Claim).
		Select("State", "ReadCount", "Total", "Problem", "WorkedAt", "EndedAt", "SucceededAt").Updates(r)
	return res.RowsAffected > 0, res.Error
}

// AppkeysToRefresh are appkeys whose last refresh began before since, or that never
// had one, at most limit.
func (db *DB) AppkeysToRefresh(ctx context.Context, since time.Time, limit int) ([]Appkey, error) {
	var ks []Appkey
	return ks, db.read(ctx).Joins("LEFT JOIN sender_refreshes r ON r.appkey_id = appkeys.id").
		Where("r.appkey_id IS NULL OR (r.state <> ? AND r.started_at < ?)", RefreshRunning, since.UTC()).
		Order("appkeys.id").Limit(limit).Find(&ks).Error
}

// NoteRefresh notes that all senders of an appkey have been read besides the job;
// one that is running stays so.
func (db *DB) NoteRefresh(ctx context.Context, r SenderRefresh) error {
	return db.write(ctx).Exec(`INSERT INTO sender_refreshes
			(appkey_id, state, asked_by, claim, read_count, total, problem, started_at, worked_at, ended_at, succeeded_at)
			VALUES (?, 'done', ?, '', ?, ?, '', ?, ?, ?, ?)
		ON CONFLICT (appkey_id) DO UPDATE SET state = excluded.state, asked_by = excluded.asked_by, read_count = excluded.read_count,
			total = excluded.total, problem = '', started_at = excluded.started_at, worked_at = excluded.worked_at,
			ended_at = excluded.ended_at, succeeded_at = excluded.succeeded_at
		WHERE sender_refreshes.state <> 'running'`,
		r.AppkeyID, r.AskedBy, r.ReadCount, r.Total, r.StartedAt.UTC(), r.WorkedAt.UTC(), r.EndedAt, r.SucceededAt).Error
}

// SenderState is what a refresh looks out for, as the audit log keeps it.
type SenderState struct {
	Status        string `json:"status"`
	KakaoStatus   string `json:"kakao_status,omitempty"`
	ProfileStatus string `json:"profile_status,omitempty"`
	Blocked       bool   `json:"blocked,omitempty"`
	Dormant       bool   `json:"dormant,omitempty"`
	Gone          bool   `json:"gone,omitempty"`
}

// State is s's state.
func (s Sender) State() SenderState {
	return SenderState{s.Status, s.KakaoStatus, s.ProfileStatus, s.Blocked, s.Dormant, s.GoneAt != nil}
}

// Became reports whether s, which was known in the state before, is in another now.
// What was not known before has not changed.
func (s Sender) Became(before SenderState) bool {
	now := s.State()
	if before.Status == now.Status && before.KakaoStatus == "" {
		before.KakaoStatus, before.ProfileStatus = now.KakaoStatus, now.ProfileStatus
	}
	return before != now
}

// SendersNamed are those of an appkey with these PlusFriendIDs, by PlusFriendID.
func (db *DB) SendersNamed(ctx context.Context, appkeyID int64, names []string) (map[string]Sender, error) {
	var ss []Sender
	if err := db.read(ctx).Where("appkey_id = ? AND plus_friend_id IN ?", appkeyID, names).Omit("raw").Find(&ss).Error; err != nil {
		return nil, err
	}
	found := make(map[string]Sender, len(ss))
	for _, s := range ss {
		found[s.PlusFriendID] = s
	}
	return found, nil
}

// NoteSenderDay keeps what these senders of an appkey have sent on a day, written
// as 2026-12-31, as it stands in their rows.
func (db *DB) NoteSenderDay(ctx context.Context, appkeyID int64, names []string, day string) error {
	return db.write(ctx).Exec(`INSERT INTO sender_days (sender_id, day, friendtalk, alimtalk)
			SELECT id, ?, sent_count, alimtalk_sent_count FROM senders WHERE appkey_id = ? AND plus_friend_id IN ?
		ON CONFLICT (sender_id, day) DO UPDATE SET friendtalk = excluded.friendtalk, alimtalk = excluded.alimtalk`, day, appkeyID, names).Error
}

// UnlistedSenders are senders of an appkey that nothing has been heard of since the
// time and that are not known to be gone, at most limit.
func (db *DB) UnlistedSenders(ctx context.Context, appkeyID int64, since time.Time, limit int) ([]Sender, error) {
	var ss []Sender
	return ss, db.read(ctx).Where("appkey_id = ? AND refreshed_at < ? AND gone_at IS NULL", appkeyID, since.UTC()).
		Omit("raw").Order("id").Limit(limit).Find(&ss).Error
}

// MarkSendersGone notes that the provider lists these senders no more.
func (db *DB) MarkSendersGone(ctx context.Context, ids []int64, now time.Time) error {
	return db.write(ctx).Exec("UPDATE senders SET gone_at = ?, troubled_at = COALESCE(troubled_at, ?) WHERE id IN ?", now.UTC(), now.UTC(), ids).Error
}
