package models

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm/clause"

	"soshik/internal/kakao"
)

// CheckState is how far a check has come.
type CheckState string

// The states of a check.
const (
	CheckRunning CheckState = "running"
	CheckDone    CheckState = "done"
	CheckFailed  CheckState = "failed"
)

// CheckFresh is how long a check holds for a campaign that goes out at once.
const CheckFresh = 10 * time.Minute

// Check is what every rule has to say about one revision of a campaign and all its
// recipients. It goes over them in the order of their numbers, and how far it has come
// is written with each piece.
type Check struct {
	CampaignID int64 `gorm:"primaryKey"`
	Revision   int
	State      CheckState
	Problem    Text  `gorm:"serializer:json"` // why it failed
	Done       int64 // recipients read
	Total      int64
	After      string // the last number read
	Tally      Tally  `gorm:"serializer:json"`
	Report     Report `gorm:"serializer:json"` // empty until it is done
	Hash       string // see [CampaignHash]; empty until it is done
	Claim      string // the job that works on it; empty: none yet
	AskedBy    int64
	StartedAt  time.Time
	WorkedAt   time.Time // last sign of life
	EndedAt    *time.Time
}

// Of reports whether it is about c as it is now.
func (k Check) Of(c Campaign) bool { return k.CampaignID == c.ID && k.Revision == c.Revision }

// Holds reports whether c may be launched at now by what the check has found: it is
// done, about c as it is, and not too old for a campaign that goes out at once.
func (k Check) Holds(c Campaign, now time.Time) bool {
	return k.Of(c) && k.State == CheckDone && (c.ScheduledAt != nil || k.EndedAt != nil && now.Sub(*k.EndedAt) < CheckFresh)
}

// Tally is what a check has counted so far.
type Tally struct {
	Rows     map[string]int64 `json:"rows,omitempty"` // recipients behind each finding, by [CheckRow.Rule]
	Sendable int64            `json:"sendable"`       // who will not be skipped
	SMS      int64            `json:"sms"`            // of them those whose fallback is an SMS
	LMS      int64            `json:"lms"`            // and those whose fallback is an LMS
	Unusual  string           `json:"unusual"`        // characters that their fallbacks cannot carry, the first ones
	Hashed   []byte           `json:"hashed"`         // state of the [CampaignHash]
}

// Count adds a recipient to those behind a finding, and says whether their row is
// among the first ones, which are kept.
func (t *Tally) Count(rule string) (kept bool) {
	if t.Rows == nil {
		t.Rows = map[string]int64{}
	}
	t.Rows[rule]++
	return t.Rows[rule] <= KeptRows
}

// maxUnusual is how many of the characters are kept that an SMS cannot carry.
const maxUnusual = 20

// CountFallback counts what would go out by SMS to a recipient.
func (t *Tally) CountFallback(found Inspection) {
	switch found.SMS {
	case kakao.FallbackSMS:
		t.SMS++
	case kakao.FallbackLMS:
		t.LMS++
	}
	for _, r := range found.Unusual {
		if !strings.ContainsRune(t.Unusual, r) && utf8.RuneCountInString(t.Unusual) < maxUnusual {
			t.Unusual += string(r)
		}
	}
}

// Repeats reports whether the same was said to any of the recipients before.
func (t Tally) Repeats() bool {
	for rule := range t.Rows {
		if strings.HasPrefix(rule, repeatRule) {
			return true
		}
	}
	return false
}

// KeptRows is how many recipients behind a finding are kept.
const KeptRows = 10_000

// CheckRow is a recipient behind a finding.
type CheckRow struct {
	CampaignID int64  `gorm:"primaryKey"`
	Rule       string `gorm:"primaryKey"` // Row… or one of [RepeatRule]
	Position   int64  `gorm:"primaryKey"` // in the order of the numbers, from 1
	Phone      string
	Value      string // what is wrong, as far as the rule does not say it
}

// Check reads the check of a campaign; found is false if there is none.
func (db *DB) Check(ctx context.Context, campaignID int64) (k Check, found bool, err error) {
	return first[Check](db.read(ctx).Where("campaign_id = ?", campaignID))
}

// BeginCheck writes a new check over one that does not run, or that is about another
// revision. begun is false if one of the same revision runs.
func (db *DB) BeginCheck(ctx context.Context, k Check) (begun bool, err error) {
	res := db.write(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "campaign_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"revision", "state", "problem", "done", "total", "after", "tally", "report", "hash", "claim", "asked_by", "started_at", "worked_at", "ended_at"}),
		Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "checks.state <> ? OR checks.revision <> excluded.revision", Vars: []any{CheckRunning}}}},
	}).Create(&k)
	return res.RowsAffected > 0, dbError(res.Error, "check")
}

// SaveCheck writes down how far k has come, and locks it until the transaction ends. It
// says whether it still is under k's claim, and the campaign still as it was.
func (db *DB) SaveCheck(ctx context.Context, k Check) (ours bool, err error) {
	const same = "EXISTS (SELECT 1 FROM campaigns c WHERE c.id = checks.campaign_id AND c.revision = checks.revision AND c.launched_at IS NULL)"
	res := Checks().running(db.write(ctx).Model(&Check{}), k.CampaignID, k.Claim).Where(same).
		Select("State", "Problem", "Done", "Total", "After", "Tally", "Report", "Hash", "WorkedAt", "EndedAt").Updates(k)
	return res.RowsAffected > 0, res.Error
}

// RemoveCheck removes the check of a campaign, whoever works on it.
func (db *DB) RemoveCheck(ctx context.Context, campaignID int64) error {
	return db.write(ctx).Where("campaign_id = ?", campaignID).Delete(&Check{}).Error
}

// DropCheck removes a running check from under k's claim: what it was about is no more.
func (db *DB) DropCheck(ctx context.Context, k Check) error {
	return Checks().running(db.write(ctx), k.CampaignID, k.Claim).Delete(&Check{}).Error
}

// checkRowsBatch is how many rows one statement writes.
const checkRowsBatch = 200

// AddCheckRows adds recipients behind findings.
func (db *DB) AddCheckRows(ctx context.Context, rows []CheckRow) error {
	if len(rows) == 0 {
		return nil
	}
	return dbError(db.write(ctx).CreateInBatches(rows, checkRowsBatch).Error, "check_row")
}

// ForgetCheckRows removes what a check has kept of recipients.
func (db *DB) ForgetCheckRows(ctx context.Context, campaignID int64) error {
	return db.write(ctx).Where("campaign_id = ?", campaignID).Delete(&CheckRow{}).Error
}

// EraseCheckRows removes what a check of the team has kept of recipients that nobody has
// worked on since before, of one campaign at a time.
func (db *DB) EraseCheckRows(ctx context.Context, teamID int64, before time.Time) error {
	return db.write(ctx).Exec(`DELETE FROM check_rows WHERE campaign_id = (SELECT k.campaign_id FROM checks k JOIN campaigns c ON c.id = k.campaign_id
		WHERE c.team_id = ? AND k.worked_at < ? AND EXISTS (SELECT 1 FROM check_rows r WHERE r.campaign_id = k.campaign_id) LIMIT 1)`, teamID, before.UTC()).Error
}

// CheckRows are recipients behind a finding, behind the one at position after.
func (db *DB) CheckRows(ctx context.Context, campaignID int64, rule string, after int64, limit int) ([]CheckRow, error) {
	var rows []CheckRow
	return rows, db.read(ctx).Where("campaign_id = ? AND rule = ? AND position > ?", campaignID, rule, after).Order("position").Limit(limit).Find(&rows).Error
}

// RecipientSpan are the recipients of an audience behind one number and up to another.
type RecipientSpan struct {
	AudienceID int64
	Behind     string
	To         string
}

// Repeated are the numbers of a span to which a campaign has sent its message, or is
// about to.
func (db *DB) Repeated(ctx context.Context, span RecipientSpan, campaignID int64) ([]string, error) {
	var phones []string
	err := db.read(ctx).Raw(`SELECT r.phone FROM recipients r `+db.probe("m.phone", "messages m", "m.campaign_id = ? AND m.phone = r.phone AND m.state IN (0, 1, 8, 10)", "m")+`
		r.audience_id = ? AND r.phone > ? AND r.phone <= ? ORDER BY r.phone`, campaignID, span.AudienceID, span.Behind, span.To).Scan(&phones).Error
	return phones, err
}

// repeatsLooked is how many earlier campaigns of the same content are looked at.
const repeatsLooked = 5

// RepeatWindow is how long the same content is remembered.
const RepeatWindow = 7 * 24 * time.Hour

// SameContent are the newest campaigns of c's team that have been launched since and
// say the same as c.
func (db *DB) SameContent(ctx context.Context, c Campaign, since time.Time) ([]Campaign, error) {
	var cs []Campaign
	err := db.read(ctx).Where("team_id = ? AND fingerprint = ? AND fingerprint <> '' AND launched_at > ? AND id <> ? AND NOT test",
		c.TeamID, c.Content.Fingerprint(c.Channel), since.UTC(), c.ID).Order("launched_at DESC").Limit(repeatsLooked).Find(&cs).Error
	return cs, err
}

// OverLimitIn are the numbers of a span to whom one more message of the team at the time
// at would be more than limit of them in seven days, as [DB.OverLimit] has it.
func (db *DB) OverLimitIn(ctx context.Context, c Campaign, span RecipientSpan, at time.Time, limit int) (map[string]bool, error) {
	from, to := at.Add(-limitWindow), at.Add(limitWindow)
	campaigns, err := db.limiting(ctx, c, from)
	if err != nil {
		return nil, err
	}
	sent := map[string][]time.Time{}
	for _, id := range campaigns {
		var rows []struct {
			Phone  string
			SentAt FlexTime
		}
		err := db.read(ctx).Raw(`SELECT r.phone, COALESCE(b.request_at, b.called_at) AS sent_at FROM recipients r `+
			db.probe("b.request_at, b.called_at", "messages o CROSS JOIN batches b", sentSQL+" AND o.phone = r.phone", "b")+`
			r.audience_id = ? AND r.phone > ? AND r.phone <= ?`, id, span.AudienceID, span.Behind, span.To).Scan(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.SentAt.After(from) && row.SentAt.Before(to) {
				sent[row.Phone] = append(sent[row.Phone], row.SentAt.Time)
			}
		}
	}
	over := map[string]bool{}
	for phone, times := range sent {
		if crowded(times, at, limit) {
			over[phone] = true
		}
	}
	return over, nil
}
