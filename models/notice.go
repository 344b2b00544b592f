package models

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// NoticeKind is what has happened to a campaign that people are told of.
type NoticeKind string

// The kinds of notices.
const (
	NoticeFinished  NoticeKind = "finished"
	NoticeCancelled NoticeKind = "cancelled"
	NoticeFailed    NoticeKind = "failed"   // it has ended, and nobody was reached
	NoticePaused    NoticeKind = "paused"   // by a fault, not by a person
	NoticeHeld      NoticeKind = "held"     // it waits for a person
	NoticeAsks      NoticeKind = "asks"     // a person has to decide about a batch
	NoticeApproval  NoticeKind = "approval" // it waits to be approved
	NoticeApproved  NoticeKind = "approved"
	NoticeRejected  NoticeKind = "rejected"
	NoticeReturned  NoticeKind = "returned" // the asking ended otherwise: withdrawn, void, or too late
	NoticeTest      NoticeKind = "test"     // of the team's webhook; no person is told
)

// NoticeKinds are all kinds.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{
		NoticeFinished, NoticeCancelled, NoticeFailed, NoticePaused, NoticeHeld, NoticeAsks,
		NoticeApproval, NoticeApproved, NoticeRejected, NoticeReturned, NoticeTest,
	}
}

// Topic is what a person chooses by what they want to be told by mail.
type Topic string

// The topics.
const (
	TopicEnded    Topic = "ended"
	TopicFailed   Topic = "failed"
	TopicWaits    Topic = "waits"
	TopicApproval Topic = "approval"
)

// Topics are all topics, in the order in which they are shown.
func Topics() []Topic { return []Topic{TopicEnded, TopicFailed, TopicWaits, TopicApproval} }

// Topic is what the kind belongs to; empty for a test.
func (k NoticeKind) Topic() Topic {
	switch k {
	case NoticeFinished, NoticeCancelled:
		return TopicEnded
	case NoticeFailed, NoticePaused:
		return TopicFailed
	case NoticeHeld, NoticeAsks:
		return TopicWaits
	case NoticeApproval, NoticeApproved, NoticeRejected, NoticeReturned:
		return TopicApproval
	case NoticeTest:
	}
	return ""
}

// Mails reports whether the person wants mail about a topic. They get it unless they
// have said no.
func (u User) Mails(t Topic) bool { return !slices.Contains(strings.Split(u.MailOff, ","), string(t)) }

// MailPreferences is what a person wants to be told of.
type MailPreferences struct {
	Topics     []Topic // by mail
	FollowsAll bool    // of all campaigns of their teams, not only their own
}

// PreferencesOf is what u wants now.
func PreferencesOf(u User) MailPreferences {
	in := MailPreferences{FollowsAll: u.FollowsAll}
	for _, t := range Topics() {
		if u.Mails(t) {
			in.Topics = append(in.Topics, t)
		}
	}
	return in
}

// off is how what is not wanted is stored.
func (in MailPreferences) off() string {
	var off []string
	for _, t := range Topics() {
		if !slices.Contains(in.Topics, t) {
			off = append(off, string(t))
		}
	}
	return strings.Join(off, ",")
}

// SetMailPreferences keeps what the person wants to be told of.
func (db *DB) SetMailPreferences(ctx context.Context, userID int64, in MailPreferences) error {
	return db.write(ctx).Model(&User{ID: userID}).Updates(map[string]any{"mail_off": in.off(), "follows_all": in.FollowsAll}).Error
}

// Notice is something that has happened to a campaign, as it was at that moment.
type Notice struct {
	ID         int64
	TeamID     int64
	AppkeyID   int64
	CampaignID int64 // 0: it is a test of the team's webhook
	Kind       NoticeKind
	Name       string   // of the campaign, without what looks like a phone number
	Reason     Text     `gorm:"serializer:json"` // why it stopped; zero if it did not
	Counts     Equation `gorm:"serializer:json"`
	CreatedAt  time.Time
	AskedBy    int64 `gorm:"-"` // who has asked for the approval that it is about; 0: it is about none; not kept
	DecidedBy  int64 `gorm:"-"` // who has decided about it, and need not be told; not kept
}

// phoneLike finds what looks like a mobile phone number in what people have typed.
var phoneLike = regexp.MustCompile(`(?:\+?82[-. ]?|0)1[016789][-. ]?\d{3,4}[-. ]?\d{4}`)

// WithoutPhones is text with everything masked that looks like a mobile phone number.
func WithoutPhones(text string) string {
	return phoneLike.ReplaceAllStringFunc(text, func(found string) string {
		if phone, _, reason := kakao.NormalizePhone(found); reason == "" {
			return kakao.MaskPhone(phone)
		}
		return "***"
	})
}

// CreateNotice adds a notice.
func (db *DB) CreateNotice(ctx context.Context, n *Notice) error {
	return db.write(ctx).Create(n).Error
}

// Notice reads a notice.
func (db *DB) Notice(ctx context.Context, id int64) (n Notice, err error) {
	err = db.read(ctx).First(&n, id).Error
	return n, dbError(err, "notice")
}

// Told are the people who are told of n, which is about c: those who have made and
// launched it or asked for its approval, as long as they see the team, and those who follow all its campaigns;
// that approval is asked for, those who may give it, less who has asked or has edited it last. Nobody is told who cannot
// sign in yet, or of what they have decided themselves.
func (db *DB) Told(ctx context.Context, n Notice, c Campaign) ([]User, error) {
	members, err := db.Members(ctx, n.TeamID)
	if err != nil {
		return nil, err
	}
	own := slices.DeleteFunc([]int64{c.CreatedBy, c.LaunchedBy, n.AskedBy}, func(id int64) bool { return id == n.DecidedBy })
	var told []User
	for _, m := range members {
		wanted := slices.Contains(own, m.UserID) || m.User.FollowsAll && m.UserID != n.DecidedBy
		if n.Kind == NoticeApproval {
			wanted = m.UserID != n.AskedBy && m.UserID != c.EditedBy && m.Role.Allows(Approve)
		}
		if wanted && m.Active() {
			told = append(told, m.User)
		}
	}
	if n.Kind == NoticeApproval {
		return told, nil
	}
	var admins []User // who see every team
	if err := db.read(ctx).Where("id IN ? AND instance_admin AND password_hash <> ''", own).Find(&admins).Error; err != nil {
		return nil, err
	}
	for _, u := range admins {
		if !slices.ContainsFunc(told, func(t User) bool { return t.ID == u.ID }) {
			told = append(told, u)
		}
	}
	return told, nil
}

// Notification is that a person is told of a notice.
type Notification struct {
	ID       int64
	NoticeID int64
	UserID   int64
	TeamID   int64
	ReadAt   *time.Time // nil: not yet
}

// CreateNotifications tells each of the people of the notice.
func (db *DB) CreateNotifications(ctx context.Context, n Notice, people []User) error {
	if len(people) == 0 {
		return nil
	}
	rows := make([]Notification, len(people))
	for i, u := range people {
		rows[i] = Notification{NoticeID: n.ID, UserID: u.ID, TeamID: n.TeamID}
	}
	return db.write(ctx).Create(&rows).Error
}

// seen is SQL that is true where the person whose notification it is still sees its
// team.
const seen = `(EXISTS (SELECT 1 FROM members m WHERE m.team_id = notifications.team_id AND m.user_id = notifications.user_id)
	OR EXISTS (SELECT 1 FROM users u WHERE u.id = notifications.user_id AND u.instance_admin))`

// MaxUnread is up to where unread notifications are counted.
const MaxUnread = 99

// Unread is how many notifications the person has not read, [MaxUnread] + 1 if there
// are more than that.
func (db *DB) Unread(ctx context.Context, userID int64) (n int, err error) {
	err = db.read(ctx).Raw(`SELECT COUNT(*) FROM (SELECT 1 FROM notifications WHERE user_id = ? AND read_at IS NULL AND `+seen+limitTo(MaxUnread+1)+`) AS unread`,
		userID).Scan(&n).Error
	return n, err
}

// NotificationRow is a notification as the list shows it.
type NotificationRow struct {
	Notification

	Notice Notice
	Team   string
}

// Notifications are those of a person, the newest first, before the one with id before
// (0: from the newest on).
func (db *DB) Notifications(ctx context.Context, userID, before int64, limit int) ([]NotificationRow, error) {
	q := db.read(ctx).Where("user_id = ? AND "+seen, userID)
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var ns []Notification
	if err := q.Order("id DESC").Limit(limit).Find(&ns).Error; err != nil {
		return nil, err
	}
	var noticeIDs, teamIDs []int64
	for _, n := range ns {
		noticeIDs, teamIDs = append(noticeIDs, n.NoticeID), append(teamIDs, n.TeamID)
	}
	notices, err := listed(ctx, db, noticeIDs, func(n Notice) (int64, Notice) { return n.ID, n })
	if err != nil {
		return nil, err
	}
	teams, err := listed(ctx, db, teamIDs, func(t Team) (int64, string) { return t.ID, t.Name })
	if err != nil {
		return nil, err
	}
	rows := make([]NotificationRow, len(ns))
	for i, n := range ns {
		rows[i] = NotificationRow{Notification: n, Notice: notices[n.NoticeID], Team: teams[n.TeamID]}
	}
	return rows, nil
}

// NotificationOf reads a notification of the person's; found is false if there is no
// such, or the person does not see its team any more.
func (db *DB) NotificationOf(ctx context.Context, userID, id int64) (row NotificationRow, found bool, err error) {
	rows, err := db.Notifications(ctx, userID, id+1, 1)
	if err != nil || len(rows) == 0 || rows[0].ID != id {
		return NotificationRow{}, false, err
	}
	return rows[0], true, nil
}

// ReadNotifications marks those of a person as read: the one with the id, or all of
// them up to it.
func (db *DB) ReadNotifications(ctx context.Context, userID, id int64, all bool) error {
	q := db.write(ctx).Model(&Notification{}).Where("user_id = ? AND read_at IS NULL", userID)
	if all {
		q = q.Where("id <= ?", id)
	} else {
		q = q.Where("id = ?", id)
	}
	return q.Update("read_at", db.now()).Error
}
