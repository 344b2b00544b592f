package models

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"soshik/internal/kakao"
)

// Sender is a KakaoTalk channel that messages are sent from, as the provider
// described it at RefreshedAt.
type Sender struct {
	ID            int64
	AppkeyID      int64
	PlusFriendID  string // with its leading @
	PhoneNo       string // of the administrator; empty when registered elsewhere
	CategoryCode  string
	SenderKey     string // empty until registered
	Status        string // kakao.SenderWaiting, kakao.SenderRegistered
	StatusName    string // the provider's word for it
	KakaoStatus   string // kakao.KakaoStatus…, empty while waiting
	ProfileStatus string // kakao.Profile…, empty while waiting
	// The provider's words for the two, empty while waiting.
	KakaoStatusName   string
	ProfileStatusName string
	Dormant           bool
	Blocked           bool
	Fallback          bool // FriendTalk messages that fail go out by SMS unless they say otherwise
	FallbackSendNo    string
	UnsubscribeNo     string // the 080 number
	ResendAppkey      string // of the SMS service; see TellsAppkeys
	DailyMax          int    // FriendTalk messages a day; 0: no limit
	SentCount         int    // FriendTalk messages of the day of RefreshedAt

	// The same for AlimTalk, which has no 080 number.
	AlimtalkFallback     bool
	AlimtalkSendNo       string
	AlimtalkResendAppkey string
	AlimtalkDailyMax     int
	AlimtalkSentCount    int

	APIVersion   string     // of the sender API it was last read with; empty when never
	RegisteredAt *time.Time // by the provider, as it says
	GoneAt       *time.Time // since when the provider does not list it; nil while it does
	TroubledAt   *time.Time // since when it is known to be [Sender.InTrouble]; nil while it is not
	DeletedBy    int64      // who has had it deleted here, while GoneAt is set; 0: nobody here has
	Raw          string     // the provider's last answer about it, JSON; empty when there was none
	RefreshedAt  time.Time
	CreatedAt    time.Time
}

// TellsAppkeys reports whether the sender API that s was read with tells the appkeys
// of the SMS service: v2.0 does not.
func (s Sender) TellsAppkeys() bool { return s.APIVersion != kakao.SenderAPIv20 }

// SenderTrouble is what keeps a sender from sending.
type SenderTrouble string

// The troubles, the worst first; none is empty.
const (
	SenderIsGone     SenderTrouble = "gone" // the provider does not list it any more
	SenderIsBlocked  SenderTrouble = "blocked"
	SenderIsDormant  SenderTrouble = "dormant"
	SenderIsInactive SenderTrouble = "inactive" // the channel's profile is blocked, deactivated or deleted
	SenderIsWaiting  SenderTrouble = "waiting"  // for its token
	SenderIsUnknown  SenderTrouble = "unknown"  // a status that is not known here
)

// SenderTroubles are all troubles, so that a test can walk them.
func SenderTroubles() []SenderTrouble {
	return []SenderTrouble{SenderIsGone, SenderIsBlocked, SenderIsDormant, SenderIsInactive, SenderIsWaiting, SenderIsUnknown}
}

// Trouble is what keeps s from sending, "" if nothing does.
func (s Sender) Trouble() SenderTrouble {
	switch {
	case s.GoneAt != nil:
		return SenderIsGone
	case s.Blocked || s.KakaoStatus == kakao.KakaoStatusBlocked:
		return SenderIsBlocked
	case s.Dormant:
		return SenderIsDormant
	case s.inactive():
		return SenderIsInactive
	case s.Status == kakao.SenderWaiting:
		return SenderIsWaiting
	case s.Status != kakao.SenderRegistered:
		return SenderIsUnknown
	}
	return ""
}

// inactive reports whether the channel's profile is in a state from which nothing
// can be sent. A state that is not known here may well be a good one.
func (s Sender) inactive() bool {
	switch s.ProfileStatus {
	case kakao.ProfileBlocked, kakao.ProfileDeactivated, kakao.ProfileDeleted, kakao.ProfileDeleting:
		return true
	}
	return false
}

// InTrouble reports whether something has happened to s that somebody has to look
// into: it is gone, blocked, dormant or inactive. The list's SQL says the same.
func (s Sender) InTrouble() bool { return s.Trouble().Sudden() }

// Sudden reports whether t befalls a sender that was fine before.
func (t SenderTrouble) Sudden() bool {
	switch t {
	case SenderIsGone, SenderIsBlocked, SenderIsDormant, SenderIsInactive:
		return true
	}
	return false
}

// Usable reports whether messages can be sent from s: it is registered and in no
// trouble. If not, reason says why and what to do.
func (s Sender) Usable() (ok bool, reason Text) {
	if t := s.Trouble(); t != "" {
		return false, T("sender.trouble." + string(t))
	}
	return true, Text{}
}

// SentToday is how many messages were sent on the day of now, in Korea. It is not
// known when s was last refreshed on another day.
func (s Sender) SentToday(now time.Time) (count int, known bool) {
	y, m, d := s.RefreshedAt.In(kakao.KST).Date()
	ny, nm, nd := now.In(kakao.KST).Date()
	return s.SentCount, y == ny && m == nm && d == nd
}

// sentOn is how many messages were sent on the day of at, as far as it is known now.
func (s Sender) sentOn(at, now time.Time) int {
	y, m, d := at.In(kakao.KST).Date()
	if ny, nm, nd := now.In(kakao.KST).Date(); y != ny || m != nm || d != nd {
		return 0
	}
	if count, known := s.SentToday(now); known {
		return count
	}
	return 0
}

// NewSender is what is filled in to register a sender.
type NewSender struct {
	PlusFriendID  string
	PhoneNo       string
	CategoryCode  string
	CategoryQuery string // what categories were searched by
}

// Normal is in with its PlusFriendID and number as the provider wants them. What
// cannot be read stays as it was typed.
func (in NewSender) Normal() NewSender {
	if id := strings.TrimLeft(strings.ReplaceAll(in.PlusFriendID, "＠", "@"), "@"); id != "" {
		in.PlusFriendID = "@" + id
	}
	if number, _, reason := kakao.NormalizePhone(in.PhoneNo); reason == "" {
		in.PhoneNo = number
	}
	return in
}

// Validate checks what can be known without asking the provider. It wants a
// [NewSender.Normal] one.
func (in NewSender) Validate() error {
	p := problems{}
	switch {
	case strings.TrimLeft(in.PlusFriendID, "@") == "":
		p.add("plus_friend_id", "field.required")
	case kakao.Len(in.PlusFriendID) > kakao.MaxPlusFriendID:
		p.add("plus_friend_id", "sender.id_long", "Max", kakao.MaxPlusFriendID)
	case strings.ContainsAny(in.PlusFriendID, " \t\u00a0\u3000") || strings.Count(in.PlusFriendID, "@") != 1:
		p.add("plus_friend_id", "sender.id_wrong")
	}
	if _, _, reason := kakao.NormalizePhone(in.PhoneNo); reason == kakao.PhoneEmpty {
		p.add("phone_no", "field.required")
	} else if reason != "" {
		p.add("phone_no", "sender.phone_wrong")
	}
	if len(in.CategoryCode) != kakao.CategoryCodeLen || !onlyDigits(in.CategoryCode) {
		p.add("category_code", "sender.category_choose")
	}
	return p.err()
}

// NewFallback is what is filled in to set a sender's fallback.
type NewFallback struct {
	On            bool   `json:"on"`
	SendNo        string `json:"send_no"`
	UnsubscribeNo string `json:"unsubscribe_no"` // may be empty; advertisements do not fall back then
}

// Normal is in with numbers of digits only. What is no number stays as it was
// typed.
func (in NewFallback) Normal() NewFallback {
	in.SendNo, in.UnsubscribeNo = dialled(in.SendNo), dialled(in.UnsubscribeNo)
	return in
}

// dialled is a number without what people write between its digits.
func dialled(number string) string {
	tight := strings.NewReplacer("-", "", " ", "", ".", "", "(", "", ")", "", "\u00a0", "").Replace(number)
	if !onlyDigits(tight) {
		return number
	}
	return tight
}

func onlyDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// Shortest and longest numbers that an SMS can come from, and the length of an 080
// number, in digits.
const (
	minSendNo        = 8
	minUnsubscribeNo = 10
	maxUnsubscribeNo = 11
)

// Validate checks what can be known without asking the provider. It wants a
// [NewFallback.Normal] one. The provider wants a number even to turn fallback off.
func (in NewFallback) Validate() error {
	p := problems{}
	switch n := len(in.SendNo); {
	case n == 0:
		p.add("send_no", "field.required")
	case !onlyDigits(in.SendNo) || n < minSendNo || n > kakao.MaxPhoneNo:
		p.add("send_no", "sender.send_no_wrong")
	}
	n := len(in.UnsubscribeNo)
	fits := onlyDigits(in.UnsubscribeNo) && strings.HasPrefix(in.UnsubscribeNo, "080") && n >= minUnsubscribeNo && n <= maxUnsubscribeNo
	if n > 0 && !fits {
		p.add("unsubscribe_no", "sender.unsubscribe_no_wrong")
	}
	return p.err()
}

// Unexposed is s with the appkeys of the SMS service masked, in the provider's answer
// too, for what people read.
func (s Sender) Unexposed() Sender {
	s.ResendAppkey, s.AlimtalkResendAppkey = MaskKey(s.ResendAppkey), MaskKey(s.AlimtalkResendAppkey)
	s.Raw = resendAppkey.ReplaceAllStringFunc(s.Raw, func(found string) string {
		parts := resendAppkey.FindStringSubmatch(found)
		return parts[1] + MaskKey(parts[2]) + `"`
	})
	return s
}

// resendAppkey finds an appkey of the SMS service in an answer of the provider.
var resendAppkey = regexp.MustCompile(`("resendAppKey"\s*:\s*")([^"\\]*)"`)

// Senders are those of an appkey, by name.
func (db *DB) Senders(ctx context.Context, appkeyID int64) (ss []Sender, err error) {
	err = db.read(ctx).Where("appkey_id = ?", appkeyID).Order("plus_friend_id").Find(&ss).Error
	return ss, err
}

// Sender reads one sender of an appkey.
func (db *DB) Sender(ctx context.Context, appkeyID, id int64) (s Sender, err error) {
	err = db.read(ctx).Where("appkey_id = ?", appkeyID).First(&s, id).Error
	return s, dbError(err, "sender")
}

// senderBatch is how many senders are written with one statement.
const senderBatch = 100

// SaveSenders writes what the provider says of senders, those that are new
// included. The administrator's number, which the provider does not tell, stays. A
// sender that has been deleted since it was read stays deleted.
func (db *DB) SaveSenders(ctx context.Context, ss []Sender) error {
	if len(ss) == 0 {
		return nil
	}
	told := []string{
		"category_code", "sender_key", "status", "status_name", "kakao_status", "profile_status", "dormant", "blocked",
		"kakao_status_name", "profile_status_name", "fallback", "fallback_send_no", "unsubscribe_no", "resend_appkey",
		"daily_max", "sent_count", "alimtalk_fallback", "alimtalk_send_no", "alimtalk_resend_appkey", "alimtalk_daily_max",
		"alimtalk_sent_count", "api_version", "registered_at", "raw", "refreshed_at",
	}
	ss = slices.Clone(ss)
	for i := range ss {
		if ss[i].TroubledAt = nil; ss[i].InTrouble() {
			ss[i].TroubledAt = &ss[i].RefreshedAt
		}
	}
	// Since when it is in trouble stays while it is.
	troubled := clause.Assignment{Column: clause.Column{Name: "troubled_at"}, Value: gorm.Expr(
		"CASE WHEN senders.gone_at > excluded.refreshed_at THEN senders.troubled_at WHEN excluded.troubled_at IS NULL THEN NULL ELSE COALESCE(senders.troubled_at, excluded.troubled_at) END")}
	return dbError(db.write(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "appkey_id"}, {Name: "plus_friend_id"}},
		DoUpdates: append(clause.AssignmentColumns(told), stillGone("gone_at"), stillGone("deleted_by"), troubled),
	}).CreateInBatches(ss, senderBatch).Error, "sender")
}

// stillGone keeps a column of a sender that is gone since a later time than that of
// the reading that is written.
func stillGone(column string) clause.Assignment {
	kept := "CASE WHEN senders.gone_at > excluded.refreshed_at THEN senders." + column + " ELSE excluded." + column + " END"
	return clause.Assignment{Column: clause.Column{Name: column}, Value: gorm.Expr(kept)}
}

// PutWaitingSender keeps a sender that now waits for its token. One that waited, or
// was there, before gets the new number and category; what the provider told of it
// then, its key too, is no longer so. It fills in s.ID.
func (db *DB) PutWaitingSender(ctx context.Context, s *Sender) error {
	anew := []string{
		"phone_no", "category_code", "sender_key", "status", "status_name", "kakao_status", "kakao_status_name", "profile_status",
		"profile_status_name", "dormant", "blocked", "gone_at", "deleted_by", "troubled_at", "refreshed_at",
	}
	err := db.write(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "appkey_id"}, {Name: "plus_friend_id"}},
		DoUpdates: clause.AssignmentColumns(anew),
	}).Create(s).Error
	if err != nil {
		return dbError(err, "sender")
	}
	var kept Sender
	err = db.write(ctx).Where("appkey_id = ? AND plus_friend_id = ?", s.AppkeyID, s.PlusFriendID).First(&kept).Error
	*s = kept
	return dbError(err, "sender")
}

// Category is a kind of business that a sender can be registered under.
type Category struct {
	Code string   `json:"code"` // 11 digits
	Path []string `json:"path"` // its names, from the widest to its own
}

// Name is the whole path, for people.
func (c Category) Name() string { return strings.Join(c.Path, " › ") }

// Matches reports whether every word of query is found in c's names, or query is
// how its code begins. An empty query matches nothing.
func (c Category) Matches(query string) bool {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return false
	}
	if len(words) == 1 && onlyDigits(words[0]) && strings.HasPrefix(c.Code, words[0]) {
		return true
	}
	name := strings.ToLower(strings.Join(c.Path, " "))
	for _, w := range words {
		if !strings.Contains(name, w) {
			return false
		}
	}
	return true
}

// categoryRow is the provider's list of categories, kept for an appkey.
type categoryRow struct {
	AppkeyID  int64 `gorm:"primaryKey"`
	Tree      string
	FetchedAt time.Time
}

// TableName tells GORM where categories are kept.
func (categoryRow) TableName() string { return "categories" }

// Categories are those kept for an appkey, and when they were fetched; none if
// they never were.
func (db *DB) Categories(ctx context.Context, appkeyID int64) (cs []Category, fetchedAt time.Time, err error) {
	var rows []categoryRow
	if err := db.read(ctx).Where("appkey_id = ?", appkeyID).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, fetchedAt, err
	}
	if err := json.Unmarshal([]byte(rows[0].Tree), &cs); err != nil {
		return nil, fetchedAt, fmt.Errorf("categories of appkey %d: %w", appkeyID, err)
	}
	return cs, rows[0].FetchedAt, nil
}

// SaveCategories replaces those kept for an appkey.
func (db *DB) SaveCategories(ctx context.Context, appkeyID int64, cs []Category, fetchedAt time.Time) error {
	tree, err := json.Marshal(cs)
	if err != nil {
		return fmt.Errorf("categories: %w", err)
	}
	return db.write(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "appkey_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"tree", "fetched_at"}),
	}).Create(&categoryRow{appkeyID, string(tree), fetchedAt}).Error
}
