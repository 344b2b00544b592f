package models

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"
)

// ApprovalState is what has become of an asking for approval.
type ApprovalState string

// The states of an asking. Of the first two a campaign has one at most.
const (
	ApprovalWaiting   ApprovalState = "waiting"
	ApprovalApproved  ApprovalState = "approved"
	ApprovalRejected  ApprovalState = "rejected"
	ApprovalWithdrawn ApprovalState = "withdrawn" // by a person, to edit the campaign
	ApprovalVoided    ApprovalState = "voided"    // what was to be approved is not the same any more
	ApprovalExpired   ApprovalState = "expired"
	ApprovalLaunched  ApprovalState = "launched"
)

// ApprovalStates are all states.
func ApprovalStates() []ApprovalState {
	return []ApprovalState{
		ApprovalWaiting, ApprovalApproved, ApprovalRejected, ApprovalWithdrawn, ApprovalVoided, ApprovalExpired, ApprovalLaunched,
	}
}

// Open reports whether the campaign is frozen because of it.
func (s ApprovalState) Open() bool { return s == ApprovalWaiting || s == ApprovalApproved }

// ApprovalHolds is how long a campaign that goes out at once stays approved.
const ApprovalHolds = 24 * time.Hour

// Limits of what is written with an approval, in characters.
const (
	MaxApprovalMessage = 500
	MaxRejectReason    = 500
)

// Approval is one asking for a second person's approval of a campaign, and what has
// become of it. It is bound to a hash of everything that is sent or decides it.
type Approval struct {
	ID         int64
	TeamID     int64
	AppkeyID   int64
	CampaignID int64
	State      ApprovalState
	Hash       string          // see [CampaignHash]
	Version    CampaignVersion `gorm:"serializer:json"` // what was shown
	Message    string          // of who asked, to who approves
	Launch     bool            // as soon as it is approved
	AskedBy    int64
	EditedBy   int64 // who had edited the campaign last
	AskedAt    time.Time
	ExpiresAt  *time.Time // nil: not while it waits
	DecidedBy  int64      // 0: nobody
	DecidedAt  *time.Time
	Reason     string // of a rejection
	EndedBy    int64  // 0: the program, or nobody yet
	EndedAt    *time.Time
	Why        Text       `gorm:"serializer:json"` // it has ended, or cannot be launched by itself
	DueAt      *time.Time // when its launch is tried next; nil: a person launches
}

// Own reports whether the approval is about u's own work: they asked for it, or were
// the last to edit the campaign.
func (a Approval) Own(u User) bool { return u.ID == a.AskedBy || u.ID == a.EditedBy }

// ShortHash is what people compare of the hash.
func (a Approval) ShortHash() string { return a.Hash[:min(len(a.Hash), 12)] }

// Expired reports whether the approval, or the asking for it, is over by now.
func (a Approval) Expired(now time.Time) bool { return a.ExpiresAt != nil && !now.Before(*a.ExpiresAt) }

// ExpiryOf is when an approval that was given at decided (nil: it still waits) of a
// campaign that goes out at the time at (nil: at once) expires; nil is never.
func ExpiryOf(at, decided *time.Time) *time.Time {
	switch {
	case at != nil:
		return new(at.Add(-Soon).UTC())
	case decided != nil:
		return new(decided.Add(ApprovalHolds).UTC())
	}
	return nil
}

// NeedsApproval reports whether a second person approves a campaign to so many
// recipients.
func (t Team) NeedsApproval(recipients int64) bool {
	return t.ApproveFrom > 0 && recipients >= int64(t.ApproveFrom)
}

// NewApproval is what is filled in to ask for approval.
type NewApproval struct {
	Message string
	Launch  bool
}

// Validate checks the form.
func (in NewApproval) Validate() error {
	p := problems{}
	if n := utf8.RuneCountInString(in.Message); n > MaxApprovalMessage {
		p.add("message", "field.too_long", "Max", MaxApprovalMessage)
	}
	return p.err()
}

// Rejection is what is filled in to reject a campaign.
type Rejection struct{ Reason string }

// Validate checks the form.
func (in Rejection) Validate() error {
	p := problems{}
	switch n := utf8.RuneCountInString(strings.TrimSpace(in.Reason)); {
	case n == 0:
		p.add("reason", "approval.reason_missing")
	case n > MaxRejectReason:
		p.add("reason", "field.too_long", "Max", MaxRejectReason)
	}
	return p.err()
}

// ApprovalSettings is what is filled in to say from how many recipients on a second
// person approves.
type ApprovalSettings struct{ From string } // empty or 0: never

// MaxApproveFrom is the largest limit: larger lists cannot be imported.
const MaxApproveFrom = 1_000_000

// ApprovalSettingsOf is the setting of a team as the form shows it.
func ApprovalSettingsOf(t Team) ApprovalSettings {
	if t.ApproveFrom == 0 {
		return ApprovalSettings{}
	}
	return ApprovalSettings{strconv.Itoa(t.ApproveFrom)}
}

// Recipients checks the form; it is the number that was filled in.
func (in ApprovalSettings) Recipients() (int, error) {
	text := strings.ReplaceAll(in.From, ",", "")
	if text == "" {
		return 0, nil
	}
	p := problems{}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > MaxApproveFrom {
		p.add("approve_from", "approval.from_range", "Max", MaxApproveFrom)
	}
	return n, p.err()
}

// SaveApprovalSettings writes from how many recipients on a second person approves.
func (db *DB) SaveApprovalSettings(ctx context.Context, t Team) error {
	return dbError(db.write(ctx).Model(&Team{}).Where("id = ?", t.ID).Select("ApproveFrom").Updates(t).Error, "team")
}

// CreateApproval adds an asking. A campaign has one open at most.
func (db *DB) CreateApproval(ctx context.Context, a *Approval) error {
	return dbError(db.write(ctx).Create(a).Error, "approval")
}

// ApprovalByID reads an approval for a job.
func (db *DB) ApprovalByID(ctx context.Context, id int64) (a Approval, err error) {
	err = db.read(ctx).First(&a, id).Error
	return a, dbError(err, "approval")
}

// OpenApproval is the asking because of which a campaign is frozen; found is false if
// there is none.
func (db *DB) OpenApproval(ctx context.Context, campaignID int64) (a Approval, found bool, err error) {
	return first[Approval](db.read(ctx).Where("campaign_id = ? AND state IN ?", campaignID, openApprovals))
}

var openApprovals = []ApprovalState{ApprovalWaiting, ApprovalApproved}

// Approvals are the askings of a campaign, the newest first.
func (db *DB) Approvals(ctx context.Context, campaignID int64, limit int) ([]Approval, error) {
	var as []Approval
	return as, db.read(ctx).Where("campaign_id = ?", campaignID).Order("id DESC").Limit(limit).Find(&as).Error
}

// SaveApproval writes what became of an asking that was in the state from. saved is
// false if it is in another one by now.
func (db *DB) SaveApproval(ctx context.Context, a Approval, from ApprovalState) (saved bool, err error) {
	res := db.write(ctx).Model(&Approval{}).Where("id = ? AND state = ?", a.ID, from).
		Select("State", "ExpiresAt", "DecidedBy", "DecidedAt", "Reason", "EndedBy", "EndedAt", "Why", "DueAt").Updates(a)
	return res.RowsAffected > 0, res.Error
}

// PostponeApproval moves on when the launch of an approved campaign is tried next; of
// several processes, it says so to one.
func (db *DB) PostponeApproval(ctx context.Context, a Approval, until time.Time) (ours bool, err error) {
	res := db.write(ctx).Model(&Approval{}).Where("id = ? AND state = ? AND due_at = ?", a.ID, ApprovalApproved, a.DueAt.UTC()).Update("due_at", until.UTC())
	return res.RowsAffected > 0, res.Error
}

// ExpiredApprovals are open ones whose time has come, at most limit.
func (db *DB) ExpiredApprovals(ctx context.Context, now time.Time, limit int) ([]Approval, error) {
	var as []Approval
	return as, db.read(ctx).Where("state IN ? AND expires_at <= ?", openApprovals, now.UTC()).Order("expires_at").Limit(limit).Find(&as).Error
}

// DueApprovals are those whose campaigns are to be launched, at most limit.
func (db *DB) DueApprovals(ctx context.Context, now time.Time, limit int) ([]Approval, error) {
	var as []Approval
	return as, db.read(ctx).Where("state = ? AND due_at <= ?", ApprovalApproved, now.UTC()).Order("due_at").Limit(limit).Find(&as).Error
}

// ApprovalCount is how many askings of a team wait for somebody else than u.
func (db *DB) ApprovalCount(ctx context.Context, teamID int64, u User) (n int64, err error) {
	err = db.read(ctx).Model(&Approval{}).Where("team_id = ? AND state = ? AND asked_by <> ? AND edited_by <> ?", teamID, ApprovalWaiting, u.ID, u.ID).Count(&n).Error
	return n, err
}

// ApprovalRow is an asking as lists show it: the campaign, and the people by name.
type ApprovalRow struct {
	Approval

	Campaign Campaign
	Asked    string // empty if that person is gone
	Decided  string
	Ended    string
}

// WaitingApprovals are those of a team that wait, the oldest first, at most limit.
func (db *DB) WaitingApprovals(ctx context.Context, teamID int64, limit int) ([]ApprovalRow, error) {
	return db.approvalRows(ctx, db.read(ctx).Where("team_id = ? AND state = ?", teamID, ApprovalWaiting).Order("id").Limit(limit))
}

// DecidedApprovals are those of a team that were decided last, at most limit.
func (db *DB) DecidedApprovals(ctx context.Context, teamID int64, limit int) ([]ApprovalRow, error) {
	return db.approvalRows(ctx, db.read(ctx).Where("team_id = ? AND decided_at IS NOT NULL", teamID).Order("decided_at DESC").Limit(limit))
}

// CampaignApprovals are [DB.Approvals] with names.
func (db *DB) CampaignApprovals(ctx context.Context, campaignID int64, limit int) ([]ApprovalRow, error) {
	return db.approvalRows(ctx, db.read(ctx).Where("campaign_id = ?", campaignID).Order("id DESC").Limit(limit))
}

func (db *DB) approvalRows(ctx context.Context, q *gorm.DB) ([]ApprovalRow, error) {
	var as []Approval
	if err := q.Find(&as).Error; err != nil {
		return nil, err
	}
	var users, campaigns []int64
	for _, a := range as {
		users, campaigns = append(users, a.AskedBy, a.DecidedBy, a.EndedBy), append(campaigns, a.CampaignID)
	}
	names, err := listed(ctx, db, users, func(u User) (int64, string) { return u.ID, u.Name })
	if err != nil {
		return nil, err
	}
	byID, err := listed(ctx, db, campaigns, func(c Campaign) (int64, Campaign) { return c.ID, c })
	if err != nil {
		return nil, err
	}
	rows := make([]ApprovalRow, len(as))
	for i, a := range as {
		rows[i] = ApprovalRow{Approval: a, Campaign: byID[a.CampaignID], Asked: names[a.AskedBy], Decided: names[a.DecidedBy], Ended: names[a.EndedBy]}
	}
	return rows, nil
}

// LastVersion is what was approved of a campaign before the asking with id before (0:
// now) or, where nothing was, what was asked for last; found is false if nothing was.
func (db *DB) LastVersion(ctx context.Context, campaignID, before int64) (a Approval, found bool, err error) {
	q := db.read(ctx).Where("campaign_id = ?", campaignID)
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	return first[Approval](q.Order("CASE WHEN decided_at IS NOT NULL AND state <> 'rejected' THEN 0 ELSE 1 END, id DESC"))
}

// Approvers are the members of a team who may approve what u asks for and editedBy has
// edited last, by name.
func (db *DB) Approvers(ctx context.Context, teamID int64, u User, editedBy int64) ([]User, error) {
	var roles []Role
	for _, role := range Roles() {
		if role.Allows(Approve) {
			roles = append(roles, role)
		}
	}
	var users []User
	err := db.read(ctx).Where("id NOT IN ? AND id IN (SELECT user_id FROM members WHERE team_id = ? AND role IN ?)", []int64{u.ID, editedBy}, teamID, roles).Order("name, id").Find(&users).Error
	return users, err
}

// FreezeCampaign lets a draft wait for approval. It says whether it was still the draft
// that was read.
func (db *DB) FreezeCampaign(ctx context.Context, c Campaign) (frozen bool, err error) {
	c.State, c.Returned, c.UpdatedAt = CampaignWaiting, Text{}, db.now()
	res := db.write(ctx).Model(&Campaign{}).Where("id = ? AND state = ? AND revision = ?", c.ID, CampaignDraft, c.Revision).
		Select("State", "Returned", "UpdatedAt").Updates(&c)
	return res.RowsAffected > 0, res.Error
}

// ReturnCampaign makes a frozen campaign a draft again, and says to who composes it why.
// What was read of it before cannot be saved any more. returned is false if it is not
// frozen any more.
func (db *DB) ReturnCampaign(ctx context.Context, id int64, why Text) (returned bool, err error) {
	moved, err := db.MoveCampaign(ctx, id, []CampaignState{CampaignWaiting, CampaignApproved}, CampaignDraft, map[string]any{"revision": gorm.Expr("revision + 1")})
	if err != nil || !moved {
		return false, err
	}
	return true, db.write(ctx).Model(&Campaign{}).Where("id = ?", id).Select("Returned").Updates(&Campaign{Returned: why}).Error
}

// FrozenWith are the campaigns of a team that wait for approval, or are approved, and
// have a number among their recipients.
func (db *DB) FrozenWith(ctx context.Context, teamID int64, phone string) ([]Campaign, error) {
	var cs []Campaign
	return cs, db.write(ctx).Where(`team_id = ? AND state IN ? AND EXISTS (SELECT 1 FROM recipients r WHERE r.audience_id = campaigns.audience_id AND r.phone = ?)`,
		teamID, []CampaignState{CampaignWaiting, CampaignApproved}, phone).Order("id").Find(&cs).Error
}

// OriginOf is where the recipients of a campaign come from: names of audiences, or of a
// file. It is empty where nothing is known of it.
func (db *DB) OriginOf(ctx context.Context, c Campaign) (string, error) {
	w, found, err := db.LastCampaignWork(ctx, c.ID)
	if err != nil {
		return "", err
	}
	if found && w.AudienceID == c.AudienceID {
		names := make([]string, len(w.Sources))
		for i, source := range w.Sources {
			names[i] = source.Name
		}
		return strings.Join(names, ", "), nil
	}
	i, _, err := db.AudienceImport(ctx, c)
	return i.FileName, err
}
