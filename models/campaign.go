package models

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// CampaignState is where a campaign stands.
type CampaignState string

// The states of a campaign.
const (
	CampaignDraft      CampaignState = "draft"
	CampaignWaiting    CampaignState = "waiting"   // for approval; nothing can be edited
	CampaignApproved   CampaignState = "approved"  // can be launched as it is
	CampaignPlanning   CampaignState = "planning"  // messages and batches are being written
	CampaignScheduled  CampaignState = "scheduled" // its time is still to come
	CampaignSending    CampaignState = "sending"
	CampaignPaused     CampaignState = "paused"
	CampaignHeld       CampaignState = "held" // needs a person
	CampaignCancelling CampaignState = "cancelling"
	CampaignFinished   CampaignState = "finished"
	CampaignCancelled  CampaignState = "cancelled"
)

// CampaignStates are all states.
func CampaignStates() []CampaignState {
	return []CampaignState{
		CampaignDraft, CampaignWaiting, CampaignApproved, CampaignPlanning, CampaignScheduled, CampaignSending, CampaignPaused,
		CampaignHeld, CampaignCancelling, CampaignFinished, CampaignCancelled,
	}
}

// Frozen reports whether a second person is asked, or has approved, so that nothing may
// change.
func (s CampaignState) Frozen() bool { return s == CampaignWaiting || s == CampaignApproved }

// Unlaunched reports whether nothing has been launched yet.
func (s CampaignState) Unlaunched() bool { return s == CampaignDraft || s.Frozen() }

// unlaunched are the states of [CampaignState.Unlaunched].
var unlaunched = []CampaignState{CampaignDraft, CampaignWaiting, CampaignApproved}

// Runs reports whether batches may be handed over.
func (s CampaignState) Runs() bool { return s == CampaignScheduled || s == CampaignSending }

// Over reports whether nothing will happen any more by itself.
func (s CampaignState) Over() bool { return s == CampaignFinished || s == CampaignCancelled }

// Limits of time.
const (
	// Soon is how near a time must be for the message to go out at once: the
	// provider's requestDate has minutes, and one that has passed is refused.
	Soon = 2 * time.Minute
	// LateStart is how late a batch may still go out by itself, counted from
	// [Batch.MeantAt]. What is found later asks a person.
	LateStart = 2 * time.Hour
	// WarnDays is from how many days ahead on a schedule is warned about: the
	// provider has had limits of 30 to 90 days.
	WarnDays = 30
)

// Campaign is one message to an audience.
type Campaign struct {
	ID         int64
	TeamID     int64
	AppkeyID   int64
	Channel    Channel
	ULID       string `gorm:"column:ulid"` // what names it to the provider; no other installation makes the same
	Name       string
	State      CampaignState
	Hold       string   // why it is paused or held: a catalog key
	HoldCode   int      // the provider's result code, or 0
	SenderID   int64    // 0: not chosen yet
	Content    Content  `gorm:"serializer:json"`
	Fallback   Fallback `gorm:"serializer:json"`
	AudienceID int64    // 0: none yet
	// What the content was copied from. It stays as it is when there are newer versions.
	TemplateID      int64 // 0: none
	TemplateVersion int
	ScheduledAt     *time.Time // nil: at once
	Pace            int        // recipients a minute; 0: as fast as it goes
	PerDay          int        // recipients a day at most; 0: no limit
	UndoUntil       *time.Time // of one launched to go out at once: when it does, and can be undone until; nil: at once indeed
	Test            bool       // to the team's test numbers
	CopiedFrom      int64      // the campaign that it was begun as a copy of; 0: none
	RetryOf         int64      // the campaign whose failed messages it sends again; 0: none
	OriginalID      int64      // of a test: the campaign that it tries out; 0: a template
	FormToken       string     // of a test: names the form that began it, which begins no other
	Audience        int64      // recipients, at launch
	Planned         int64      // of them those that the plan has reached
	PlanAfter       string     // the last number planned
	FirstBatch      int64      // id of its first batch; 0: it has none
	LastBatch       int64      // id of its last batch so far
	Refusals        int        // batches refused in a row
	Revision        int        // counts edits
	Returned        Text       `gorm:"serializer:json"` // to who composes: why it is a draft again; empty: it never was anything else
	CreatedBy       int64
	EditedBy        int64 // who has edited it last
	LaunchedBy      int64
	CreatedAt       time.Time
	UpdatedAt       time.Time
	LaunchedAt      *time.Time
	FinishedAt      *time.Time
	ErasedAt        *time.Time // since when numbers and values of its messages are erased
	ErasedUntil     int64      // number of the last batch that is erased
	RowsGoneAt      *time.Time // since when the rows of its messages are going, or have gone
	RowsGoneUntil   int64      // number of the last batch whose rows have gone
	RowsGone        bool       // none is left
	Fingerprint     string     // see [Content.Fingerprint]; empty until it is launched
}

// Retryable reports whether failed messages of the campaign may be sent again: it has
// been launched, is no test, and its numbers are there.
func (c Campaign) Retryable() bool {
	switch c.State {
	case CampaignSending, CampaignPaused, CampaignHeld, CampaignFinished, CampaignCancelled:
		return !c.Test && c.ErasedAt == nil
	}
	return false
}

// EditedFrom is the revision that an edit begins with which began with revision and
// the audience audienceID. Recipients that have come in since are nobody's edit, so
// they are in nobody's way.
func (c Campaign) EditedFrom(revision int, audienceID int64) int {
	if c.Revision == revision+1 && c.AudienceID != audienceID {
		return c.Revision
	}
	return revision
}

// goesOut is when c begins to go out, if it is launched now.
func (c Campaign) goesOut(now time.Time) time.Time {
	if c.ScheduledAt != nil && c.ScheduledAt.After(now) {
		return *c.ScheduledAt
	}
	return now
}

// NewCampaign is what is filled in to begin a campaign.
type NewCampaign struct {
	Name     string
	SenderID int64
	Content  Content
}

// Validate checks the draft's message for what would stop it; a draft is kept all
// the same.
func (in NewCampaign) Validate(ch Channel) error {
	p := problems{}
	validateName(p, "name", in.Name)
	if in.SenderID == 0 {
		p.add("sender", "field.choose")
	}
	ch.rules().checkSent(in.Content.Trim(), p)
	return p.err()
}

// CheckName checks only what a draft cannot do without.
func (in NewCampaign) CheckName() error {
	p := problems{}
	validateName(p, "name", in.Name)
	return p.err()
}

// Campaign reads a campaign of the appkey.
func (db *DB) Campaign(ctx context.Context, appkeyID, id int64) (c Campaign, err error) {
	err = db.read(ctx).Where("appkey_id = ?", appkeyID).First(&c, id).Error
	return c, dbError(err, "campaign")
}

// CampaignByID reads a campaign for a job.
func (db *DB) CampaignByID(ctx context.Context, id int64) (c Campaign, err error) {
	err = db.read(ctx).First(&c, id).Error
	return c, dbError(err, "campaign")
}

// Campaigns are those of an appkey, the newest first, before the one with id
// before (0: from the newest on). Tests are not among them.
func (db *DB) Campaigns(ctx context.Context, appkeyID, before int64, limit int) ([]Campaign, error) {
	return campaignsBefore(db.read(ctx).Where("appkey_id = ? AND NOT test", appkeyID), before, limit)
}

func campaignsBefore(q *gorm.DB, before int64, limit int) ([]Campaign, error) {
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var cs []Campaign
	return cs, q.Order("id DESC").Limit(limit).Find(&cs).Error
}

// OpenCampaigns are those in one of the states, the oldest first.
func (db *DB) OpenCampaigns(ctx context.Context, states ...CampaignState) ([]Campaign, error) {
	var cs []Campaign
	return cs, db.read(ctx).Where("state IN ?", states).Order("id").Find(&cs).Error
}

// CreateCampaign adds a campaign.
func (db *DB) CreateCampaign(ctx context.Context, c *Campaign) error {
	return dbError(db.write(ctx).Create(c).Error, "campaign")
}

// SaveDraft writes what can be edited of a draft. It fails with [Conflict] when
// somebody else has saved it since c was read, or it is no draft any more.
func (db *DB) SaveDraft(ctx context.Context, c *Campaign) error {
	read := c.Revision
	c.Revision, c.UpdatedAt = read+1, db.now()
	res := db.write(ctx).Model(&Campaign{}).Where("id = ? AND state = ? AND revision = ?", c.ID, CampaignDraft, read).
		Select("Name", "SenderID", "Content", "Fallback", "AudienceID", "TemplateID", "TemplateVersion", "ScheduledAt", "Pace", "PerDay",
			"Revision", "EditedBy", "UpdatedAt").Updates(c)
	if res.Error == nil && res.RowsAffected == 0 {
		c.Revision = read
		return Errorf(Conflict, "campaign.changed")
	}
	return dbError(res.Error, "campaign")
}

// MoveCampaign takes the campaign from one of the states from to another and sets
// columns; moved is false if it was in none of them.
func (db *DB) MoveCampaign(ctx context.Context, id int64, from []CampaignState, to CampaignState, set map[string]any) (moved bool, err error) {
	values := map[string]any{"state": to, "updated_at": db.now()}
	for k, v := range set {
		values[k] = v
	}
	res := db.write(ctx).Model(&Campaign{}).Where("id = ? AND state IN ?", id, from).Updates(values)
	return res.RowsAffected > 0, res.Error
}

// CountRefusal notes that a batch was refused as a whole, and says how many have
// been in a row.
func (db *DB) CountRefusal(ctx context.Context, id int64) (int, error) {
	err := db.write(ctx).Model(&Campaign{}).Where("id = ?", id).Update("refusals", gorm.Expr("refusals + 1")).Error
	if err != nil {
		return 0, err
	}
	var n int
	return n, db.write(ctx).Model(&Campaign{}).Where("id = ?", id).Pluck("refusals", &n).Error
}

// ForgetRefusals begins to count anew.
func (db *DB) ForgetRefusals(ctx context.Context, id int64) error {
	return db.write(ctx).Model(&Campaign{}).Where("id = ? AND refusals > 0", id).Update("refusals", 0).Error
}

// Equation says where the recipients of a campaign are. Its parts always add up
// to Audience.
type Equation struct {
	Audience  int64
	Unplanned int64
	Skipped   int64
	Planned   int64
	InDoubt   int64
	Handed    int64
	Refused   int64
	Delivered int64
	Failed    int64 // those reached by SMS too
	Cancelled int64
	Closed    int64

	SMSDelivered int64 // of Failed
	SMSWaiting   int64 // of Failed
}

// Sum is what the parts add up to.
func (e Equation) Sum() int64 {
	return e.Unplanned + e.Skipped + e.Planned + e.InDoubt + e.Handed + e.Refused + e.Delivered + e.Failed + e.Cancelled + e.Closed
}

// Open is how many may still change.
func (e Equation) Open() int64 {
	return e.Unplanned + e.Planned + e.InDoubt + e.Handed + e.SMSWaiting
}

// Equation adds up the campaign's batches, in one reading, so that it holds at
// every moment.
func (db *DB) Equation(ctx context.Context, c Campaign) (e Equation, err error) {
	err = db.read(ctx).Raw(`SELECT c.audience, c.audience - c.planned AS unplanned,
			COALESCE(SUM(b.skipped), 0) AS skipped, COALESCE(SUM(b.refused), 0) AS refused,
			COALESCE(SUM(b.delivered), 0) AS delivered, COALESCE(SUM(b.failed), 0) AS failed,
			COALESCE(SUM(b.cancelled), 0) AS cancelled, COALESCE(SUM(b.closed), 0) AS closed,
			COALESCE(SUM(b.sms_delivered), 0) AS sms_delivered, COALESCE(SUM(b.sms_waiting), 0) AS sms_waiting,
			COALESCE(SUM(CASE WHEN b.state = 'planned' THEN `+openSQL+` ELSE 0 END), 0) AS planned,
			COALESCE(SUM(CASE WHEN b.state IN ('sending', 'in_doubt') THEN `+openSQL+` ELSE 0 END), 0) AS in_doubt,
			COALESCE(SUM(CASE WHEN b.state IN ('handed_over', 'refused', 'cancelled') THEN `+openSQL+` ELSE 0 END), 0) AS handed
		FROM campaigns c LEFT JOIN batches b ON b.campaign_id = c.id
		WHERE c.id = ? GROUP BY c.id`, c.ID).Scan(&e).Error
	return e, err
}

// openSQL is how many messages of a batch share the batch's state.
const openSQL = "(size - skipped - refused - delivered - failed - cancelled - closed)"

// LaunchedNow is c as it is when it is launched now: what goes out at once waits for as
// long as the team may undo it.
func (c Campaign) LaunchedNow(t Team, now time.Time) Campaign {
	c.LaunchedAt, c.UndoUntil = &now, nil
	if c.ScheduledAt == nil {
		c.UndoUntil = t.UndoUntil(now)
	}
	return c
}

// LaunchCampaign freezes a draft, or takes one that is approved, which is
// [Campaign.LaunchedNow], and begins its planning. It says whether it was still as it
// was read.
func (db *DB) LaunchCampaign(ctx context.Context, c Campaign, userID, audience int64) (launched bool, err error) {
	res := db.write(ctx).Model(&Campaign{}).Where("id = ? AND state = ? AND revision = ?", c.ID, c.State, c.Revision).
		Updates(map[string]any{
			"state": CampaignPlanning, "launched_by": userID, "launched_at": c.LaunchedAt, "undo_until": c.UndoUntil, "audience": audience, "updated_at": db.now(),
			"fingerprint": c.Content.Fingerprint(c.Channel),
		})
	return res.RowsAffected > 0, res.Error
}

// TouchCampaign takes up a campaign that nobody works on; of several processes, it
// says so to one.
func (db *DB) TouchCampaign(ctx context.Context, c Campaign) (bool, error) {
	res := db.write(ctx).Model(&Campaign{}).Where("id = ? AND state = ? AND updated_at = ?", c.ID, c.State, c.UpdatedAt).
		Update("updated_at", db.now())
	return res.RowsAffected > 0, res.Error
}

// RenewDue lets planned batches of a campaign that were meant to go out before now go
// out from now on.
func (db *DB) RenewDue(ctx context.Context, id int64, now time.Time) error {
	now = now.UTC()
	return db.write(ctx).Model(&Batch{}).Where("campaign_id = ? AND state = ? AND meant_at < ?", id, BatchPlanned, now).
		Updates(map[string]any{"meant_at": now, "due_at": gorm.Expr("CASE WHEN due_at < ? THEN ? ELSE due_at END", now, now)}).Error
}

// Sending reports whether messages of any campaign are being planned or handed over.
func (db *DB) Sending(ctx context.Context) (bool, error) {
	var n int64
	err := db.read(ctx).Model(&Campaign{}).Where("state IN ?", []CampaignState{CampaignPlanning, CampaignSending, CampaignCancelling}).Limit(1).Count(&n).Error
	return n > 0, err
}

// UseAudience gives a draft its recipients, on behalf of a person. What is edited at the
// same time is not in its way. used is false if it is no draft any more.
func (db *DB) UseAudience(ctx context.Context, campaignID, audienceID, userID int64) (used bool, err error) {
	res := db.write(ctx).Model(&Campaign{}).Where("id = ? AND state = ?", campaignID, CampaignDraft).
		Updates(map[string]any{"audience_id": audienceID, "edited_by": userID, "revision": gorm.Expr("revision + 1"), "updated_at": db.now()})
	return res.RowsAffected > 0, res.Error
}
