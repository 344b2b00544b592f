package models

import (
	"context"
	"time"

	"soshik/internal/kakao"
)

// ForgetState is how far the forgetting of a person has come.
type ForgetState string

// The states of a forgetting.
const (
	ForgetRunning ForgetState = "running"
	ForgetDone    ForgetState = "done"
)

// Forgetting is a person who is to be forgotten. The number is kept, encrypted, until
// nothing is left of it anywhere else.
type Forgetting struct {
	ID         int64
	TeamID     int64
	Sealed     []byte // nil when it is done
	Masked     string
	State      ForgetState
	Claim      string
	DueAt      time.Time
	Messages   int64 // erased
	Recipients int64 // taken out of audiences
	Remarks    int64 // of imports, deleted
	Waiting    int64 // messages that are not over yet
	Suppressed bool  // the hash is on the suppression list
	AskedBy    int64
	CreatedAt  time.Time
	EndedAt    *time.Time
}

// Traces is where a number is found in what a team has.
type Traces struct {
	Messages     int64 // that are over
	Open         int64 // that are not
	Recipients   int64 // in audiences
	Remarks      int64 // of imports
	TestNumbers  int64
	Elsewhere    int64 // messages that other systems have sent
	Suppressions int64 // on the suppression list, or once on it
	Active       bool  // it is on the list
}

// Any reports whether there is anything of the person.
func (t Traces) Any() bool {
	return t.Messages+t.Open+t.Recipients+t.Remarks+t.TestNumbers+t.Elsewhere+t.Suppressions > 0
}

// PersonMessages are the messages to a number in all campaigns of a team: one probe
// for each campaign.
func (db *DB) PersonMessages(ctx context.Context, teamID int64, phone string) ([]Message, error) {
	query := `SELECT m.id, m.campaign_id, m.state FROM campaigns c CROSS JOIN messages m WHERE c.team_id = ? AND m.campaign_id = c.id AND m.phone = ?`
	if db.Dialect() == Postgres {
		query = `SELECT m.id, m.campaign_id, m.state FROM campaigns c
			CROSS JOIN LATERAL (SELECT id, campaign_id, state FROM messages WHERE c.team_id = ? AND campaign_id = c.id AND phone = ? LIMIT 1) AS m`
	}
	var ms []Message
	return ms, db.read(ctx).Raw(query, teamID, phone).Scan(&ms).Error
}

// personRecipients are the ids of the recipients with a number in all audiences of a
// team or, where only those are asked for that are idle, in those that no campaign is
// being planned from just now.
func (db *DB) personRecipients(ctx context.Context, teamID int64, phone string, onlyIdle bool) ([]Recipient, error) {
	idle := ""
	if onlyIdle {
		idle = ` AND NOT EXISTS (SELECT 1 FROM campaigns c WHERE c.audience_id = a.id AND c.state = 'planning')`
	}
	query := `SELECT r.id, r.audience_id FROM audiences a CROSS JOIN recipients r WHERE a.team_id = ? AND r.audience_id = a.id AND r.phone = ?` + idle
	if db.Dialect() == Postgres {
		query = `SELECT r.id, r.audience_id FROM audiences a
			CROSS JOIN LATERAL (SELECT id, audience_id FROM recipients WHERE a.team_id = ? AND audience_id = a.id AND phone = ? LIMIT 1) AS r
			WHERE TRUE` + idle
	}
	var rs []Recipient
	return rs, db.read(ctx).Raw(query, teamID, phone).Scan(&rs).Error
}

// rawRemarks is how many remarks are looked through at a time.
const rawRemarks = 5000

// RemarksNaming are the remarks about refused rows of a team's imports whose text has the
// number, which is in no column of its own there; their values are without it.
func (db *DB) RemarksNaming(ctx context.Context, teamID int64, phone string) ([]ImportRow, error) {
	var imports []int64
	err := db.read(ctx).Model(&Import{}).Where("team_id = ? AND refused > 0 AND erased_at IS NULL", teamID).Order("id").Pluck("id", &imports).Error
	if err != nil {
		return nil, err
	}
	var named []ImportRow
	eraser := kakao.ErasePhone(phone)
	for _, id := range imports {
		for after, more := int64(-1), true; more; {
			rows, err := db.ImportRows(ctx, id, RowRefused, after, rawRemarks)
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				after = row.Line
				if erased, found := eraser.In(row.Value, erasedMark); found {
					row.Value = erased
					named = append(named, row)
				}
			}
			more = len(rows) == rawRemarks
		}
	}
	return named, nil
}

// EraseRemarks writes remarks as [DB.RemarksNaming] has them.
func (db *DB) EraseRemarks(ctx context.Context, rows []ImportRow) error {
	for _, row := range rows {
		err := db.write(ctx).Exec("UPDATE import_rows SET value = ? WHERE import_id = ? AND kind = ? AND line = ?", row.Value, row.ImportID, row.Kind, row.Line).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// KeptUploads are the imports of a team whose files are kept though nobody reads them any
// more.
func (db *DB) KeptUploads(ctx context.Context, teamID int64) ([]Import, error) {
	var is []Import
	return is, db.read(ctx).Where("team_id = ? AND path <> '' AND state NOT IN ?", teamID, []ImportState{ImportMapping, ImportRunning}).Find(&is).Error
}

const remarksOf = `import_id IN (SELECT id FROM imports WHERE team_id = ?) AND phone = ? AND phone <> ''`

// Traces looks for a number, or its hash, in what a team has.
func (db *DB) Traces(ctx context.Context, teamID int64, phone string, hash Hasher) (t Traces, err error) {
	ms, err := db.PersonMessages(ctx, teamID, phone)
	if err != nil {
		return t, err
	}
	for _, m := range ms {
		if m.State == MessageOpen {
			t.Open++
		} else {
			t.Messages++
		}
	}
	rs, err := db.personRecipients(ctx, teamID, phone, false)
	if err != nil {
		return t, err
	}
	t.Recipients = int64(len(rs))
	if err := db.read(ctx).Raw("SELECT COUNT(*) FROM import_rows WHERE "+remarksOf, teamID, phone).Scan(&t.Remarks).Error; err != nil {
		return t, err
	}
	if err := db.read(ctx).Raw("SELECT COUNT(*) FROM test_numbers WHERE team_id = ? AND phone = ?", teamID, phone).Scan(&t.TestNumbers).Error; err != nil {
		return t, err
	}
	if err := db.read(ctx).Raw("SELECT COUNT(*) FROM foreign_messages WHERE "+foreignOf+" AND phone = ?", teamID, phone).Scan(&t.Elsewhere).Error; err != nil {
		return t, err
	}
	keys := []string{phone}
	if hash != nil {
		keys = append(keys, hash(phone))
	}
	var ss []Suppression
	err = db.read(ctx).Where("team_id = ? AND phone IN ?", teamID, keys).Find(&ss).Error
	for _, s := range ss {
		t.Suppressions++
		t.Active = t.Active || s.RemovedAt == nil
	}
	return t, err
}

// CreateForgetting adds a person who is to be forgotten.
func (db *DB) CreateForgetting(ctx context.Context, f *Forgetting) error {
	return dbError(db.write(ctx).Create(f).Error, "forgetting")
}

// Forgetting reads a forgetting for a job.
func (db *DB) Forgetting(ctx context.Context, id int64) (f Forgetting, err error) {
	err = db.read(ctx).First(&f, id).Error
	return f, dbError(err, "forgetting")
}

// Forgettings are the newest of a team.
func (db *DB) Forgettings(ctx context.Context, teamID int64, limit int) ([]Forgetting, error) {
	var fs []Forgetting
	return fs, db.read(ctx).Where("team_id = ?", teamID).Order("id DESC").Limit(limit).Find(&fs).Error
}

// DueForgettings are those that are to be gone on with.
func (db *DB) DueForgettings(ctx context.Context, now time.Time, limit int) ([]Forgetting, error) {
	var fs []Forgetting
	return fs, db.read(ctx).Where("state = ? AND due_at <= ?", ForgetRunning, now.UTC()).Order("due_at").Limit(limit).Find(&fs).Error
}

// ClaimForgetting moves the time of a forgetting on, so that of several processes one
// goes on with it.
func (db *DB) ClaimForgetting(ctx context.Context, f Forgetting, until time.Time) (bool, error) {
	res := db.write(ctx).Model(&Forgetting{}).Where("id = ? AND state = ? AND due_at = ?", f.ID, ForgetRunning, f.DueAt.UTC()).Update("due_at", until.UTC())
	return res.RowsAffected > 0, res.Error
}

// SaveForgetting writes how far it has come.
func (db *DB) SaveForgetting(ctx context.Context, f Forgetting) error {
	return db.write(ctx).Model(&Forgetting{}).Where("id = ?", f.ID).Select("*").Omit("ID", "CreatedAt").Updates(f).Error
}

// StopPerson has open messages stopped whose recipient wants to be forgotten.
func (db *DB) StopPerson(ctx context.Context, ms []Message, now time.Time) error {
	for _, m := range ms {
		stop := MessageStop{MessageID: m.ID, BatchID: m.BatchID(), CampaignID: m.CampaignID, State: StopOpen, DueAt: now.UTC(), CreatedAt: now.UTC()}
		err := db.write(ctx).Exec(`INSERT INTO message_stops (message_id, batch_id, campaign_id, suppression_id, reason, state, due_at, created_at)
			VALUES (?, ?, ?, 0, ?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING`,
			stop.MessageID, stop.BatchID, stop.CampaignID, StopForgotten, stop.State, stop.DueAt, stop.CreatedAt).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// ErasePerson erases what is over of a number in what a team has: the numbers and
// values of messages, whose states stay, those of others too; recipients, remarks and test numbers as a whole.
// It says what it has erased, and how many messages are not over. It must run in a
// transaction.
func (db *DB) ErasePerson(ctx context.Context, teamID int64, phone string) (erased Traces, err error) {
	ms, err := db.PersonMessages(ctx, teamID, phone)
	if err != nil {
		return erased, err
	}
	for _, m := range ms {
		if m.State == MessageOpen {
			erased.Open++
			continue
		}
		if err := db.write(ctx).Exec("UPDATE messages SET phone = '~' || id, vars = '{}' WHERE id = ?", m.ID).Error; err != nil {
			return erased, err
		}
		erased.Messages++
	}
	rs, err := db.personRecipients(ctx, teamID, phone, true)
	if err != nil {
		return erased, err
	}
	for _, r := range rs {
		if err := db.write(ctx).Delete(&Recipient{}, r.ID).Error; err != nil {
			return erased, err
		}
		if err := db.GrowAudience(ctx, r.AudienceID, -1); err != nil {
			return erased, err
		}
	}
	erased.Recipients = int64(len(rs))
	if erased.Elsewhere, err = db.eraseForeign(ctx, teamID, phone); err != nil {
		return erased, err
	}
	res := db.write(ctx).Exec("DELETE FROM import_rows WHERE "+remarksOf, teamID, phone)
	if res.Error != nil {
		return erased, res.Error
	}
	erased.Remarks = res.RowsAffected
	if err := db.write(ctx).Exec("DELETE FROM check_rows WHERE phone = ? AND campaign_id IN (SELECT id FROM campaigns WHERE team_id = ?)", phone, teamID).Error; err != nil {
		return erased, err
	}
	return erased, db.write(ctx).Exec("DELETE FROM test_numbers WHERE team_id = ? AND phone = ?", teamID, phone).Error
}

// HashSuppressions keeps of a number's suppressions a hash only, in the place of the
// number. active is whether it is on the list. It must run in a transaction.
func (db *DB) HashSuppressions(ctx context.Context, teamID int64, phone, hash string) (active bool, err error) {
	var ss []Suppression
	if err := db.write(ctx).Where("team_id = ? AND phone IN ?", teamID, []string{phone, hash}).Order("id").Find(&ss).Error; err != nil {
		return false, err
	}
	for _, s := range ss {
		active = active || s.RemovedAt == nil && s.Hashed()
	}
	for _, s := range ss {
		if s.Hashed() {
			continue
		}
		if s.RemovedAt == nil && active { // its hash is there already
			if err := db.write(ctx).Delete(&Suppression{}, s.ID).Error; err != nil {
				return active, err
			}
			if err := db.countSuppressed(ctx, teamID, -1); err != nil {
				return active, err
			}
			continue
		}
		if err := db.write(ctx).Model(&Suppression{}).Where("id = ?", s.ID).Update("phone", hash).Error; err != nil {
			return active, err
		}
		if s.RemovedAt == nil {
			active = true
			if err := db.write(ctx).Exec("UPDATE teams SET hashed = hashed + 1 WHERE id = ?", teamID).Error; err != nil {
				return active, err
			}
		}
	}
	return active, nil
}

// RetainingTeams are the teams that keep personal data for a time only.
func (db *DB) RetainingTeams(ctx context.Context) ([]Team, error) {
	var ts []Team
	return ts, db.read(ctx).Where("retention_days > 0").Order("id").Find(&ts).Error
}

// ErasableCampaign is a campaign of a team that was over before the time given and whose
// personal data is there; found is false if there is none.
func (db *DB) ErasableCampaign(ctx context.Context, teamID int64, before time.Time) (c Campaign, found bool, err error) {
	return first[Campaign](db.read(ctx).Table("campaigns c").
		Where("c.team_id = ? AND c.finished_at < ? AND c.state IN ? AND c.erased_at IS NULL AND "+untouchedSQL, teamID, before.UTC(),
			[]CampaignState{CampaignFinished, CampaignCancelled}).Order("c.finished_at, c.id"))
}

// EraseBatches erases numbers and values of the messages of a campaign's next batches, at
// most limit, and notes how far it has come. whole is true when none was left. It must
// run in a transaction.
func (db *DB) EraseBatches(ctx context.Context, c Campaign, limit int, now time.Time) (whole bool, err error) {
	bs, err := db.Batches(ctx, c.ID, c.ErasedUntil, limit)
	if err != nil {
		return false, err
	}
	set := map[string]any{}
	if whole = len(bs) < limit; whole {
		set["erased_at"], set["audience_id"] = now.UTC(), 0
	}
	if len(bs) > 0 {
		set["erased_until"] = bs[len(bs)-1].Number
	}
	res := db.write(ctx).Model(&Campaign{}).Where("id = ? AND erased_at IS NULL AND erased_until = ?", c.ID, c.ErasedUntil).Updates(set)
	if res.Error != nil || res.RowsAffected == 0 { // another process has
		return false, res.Error
	}
	for _, b := range bs {
		err := db.write(ctx).Exec("UPDATE messages SET phone = '~' || id, vars = '{}' WHERE id BETWEEN ? AND ? AND phone NOT LIKE '~%'",
			b.ID<<positionBits, b.ID<<positionBits|(1<<positionBits-1)).Error
		if err != nil {
			return false, err
		}
	}
	return whole, nil
}

// UnusedAudience is a named audience of a team that nobody has made, changed or used
// since before; found is false if there is none.
func (db *DB) UnusedAudience(ctx context.Context, teamID int64, before time.Time) (a Audience, found bool, err error) {
	t := before.UTC()
	return first[Audience](db.read(ctx).Where(`team_id = ? AND name <> '' AND erased_at IS NULL AND created_at < ?
			AND (changed_at IS NULL OR changed_at < ?) AND (used_at IS NULL OR used_at < ?)
			AND NOT EXISTS (SELECT 1 FROM audience_works w WHERE w.audience_id = audiences.id AND w.state = 'running')
			AND NOT EXISTS (SELECT 1 FROM campaigns c WHERE c.audience_id = audiences.id AND c.team_id = audiences.team_id)`, teamID, t, t, t).Order("id"))
}

// OldImport is an import of a team from before the time given that has remarks about
// rows; found is false if there is none.
func (db *DB) OldImport(ctx context.Context, teamID int64, before time.Time) (i Import, found bool, err error) {
	return first[Import](db.read(ctx).Where("team_id = ? AND created_at < ? AND erased_at IS NULL AND state <> ?", teamID, before.UTC(), ImportRunning).Order("id"))
}

// EraseImport deletes remarks of an import, at most limit, and notes when none is left.
func (db *DB) EraseImport(ctx context.Context, id int64, limit int, now time.Time) (whole bool, err error) {
	res := db.write(ctx).Exec(`DELETE FROM import_rows WHERE import_id = ? AND (kind, line) IN (SELECT kind, line FROM import_rows WHERE import_id = ?`+limitTo(limit)+`)`, id, id)
	if res.Error != nil || res.RowsAffected == int64(limit) {
		return false, res.Error
	}
	return true, db.write(ctx).Model(&Import{}).Where("id = ?", id).Update("erased_at", now.UTC()).Error
}
