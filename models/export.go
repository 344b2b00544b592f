package models

import (
	"context"
	"net/url"
	"strings"
	"time"
)

// ExportFormat is what kind of file an export is.
type ExportFormat string

// The formats of exports.
const (
	FormatCSV  ExportFormat = "csv"  // UTF-8 with a mark, so that spreadsheets know it
	FormatXLSX ExportFormat = "xlsx" // a workbook
)

// ExportFormats are all formats, the one that is offered first in front.
func ExportFormats() []ExportFormat { return []ExportFormat{FormatXLSX, FormatCSV} }

// ExportState is how far an export has come.
type ExportState string

// The states of an export. Only of one that is done is there a file for anybody.
const (
	ExportRunning ExportState = taskRunning
	ExportDone    ExportState = "done"
	ExportFailed  ExportState = "failed"
	ExportStopped ExportState = "stopped" // by somebody
	ExportExpired ExportState = "expired" // its file is gone
)

// ExportStates are all states.
func ExportStates() []ExportState {
	return []ExportState{ExportRunning, ExportDone, ExportFailed, ExportStopped, ExportExpired}
}

const (
	// KeepExports is how long the file of an export can be downloaded.
	KeepExports = 72 * time.Hour
	// listExports is how long an export stays on the list when it is over.
	listExports = 30 * 24 * time.Hour
	// MaxExports is how many exports of a team are written, or wait to be, at the same
	// time.
	MaxExports = 5
)

// Export is a file of what a search of deliveries finds, written by a job.
type Export struct {
	ID        int64
	TeamID    int64
	AppkeyID  int64
	CreatedBy int64
	Locale    string // the language of the file
	Query     string // the search, see [DeliveryFilter.Query]
	Format    ExportFormat
	Masked    bool // without phone numbers in full, for whoever might not see them when it was asked for
	State     ExportState
	Problem   Text   `gorm:"serializer:json"` // why it failed, or went before its time
	Claim     string // the job that writes it; empty: none yet
	Rows      int64  `gorm:"column:row_count"` // written
	Total     int64  // to be written; 0: not known
	Bytes     int64  // size of the file, once it is done
	Path      string // its name in the folder of exports; empty: there is none
	CreatedAt time.Time
	WorkedAt  time.Time // last sign of life
	EndedAt   *time.Time
	ExpiresAt *time.Time // when the file goes
}

// Filter is the search that the file is of.
func (e Export) Filter() (DeliveryFilter, error) {
	q, err := url.ParseQuery(e.Query)
	if err != nil {
		return DeliveryFilter{}, err
	}
	return ParseDeliveryFilter(q)
}

// Ready reports whether the file can be downloaded.
func (e Export) Ready(now time.Time) bool {
	return e.State == ExportDone && e.ExpiresAt != nil && now.Before(*e.ExpiresAt)
}

// For is nil if somebody may have the file, else a [Forbidden] error: one with numbers in
// full is not for those who may not see them, though it may once have been theirs.
func (e Export) For(by Actor) error {
	if e.Masked {
		return by.May(ViewTeam)
	}
	return by.May(ViewNumbers)
}

// ExportWords are what a file of messages says, in one language.
type ExportWords struct {
	Header  []string // what the columns are called
	Sheet   string   // what the sheets of a workbook are called
	Erased  string   // in the place of a number that has been erased
	Test    string   // behind the name of a campaign that is a test
	Channel func(Channel) string
	Part    func(Part) string
	Code    func(code string) string // as it is shown; empty for what we have found ourselves
	Meaning func(code string) string
	SMS     func(FallbackState) string
	SMSCode func(ListedMessage) string // why the SMS failed
}

// Defuse is text for a cell of a CSV file that no spreadsheet takes for a formula.
func Defuse(text string) string {
	if Explosive(text) {
		return "'" + text
	}
	return text
}

// Explosive reports whether a spreadsheet that reads text from a CSV file, or a person
// who edits it in a cell, makes a formula of it.
func Explosive(text string) bool {
	for _, r := range text {
		return strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
	}
	return false
}

// Exports are the tasks of writing exports. Each run begins its file anew.
func Exports() Tasks { return Tasks{Table: "exports", Key: "id", Anew: []string{"row_count"}} }

// CreateExport adds an export that is to be written. It must run in a transaction, which
// has the team's row from then on: so many at the same time are not more than are
// allowed. Too many are [Throttled].
func (db *DB) CreateExport(ctx context.Context, e *Export) error {
	if err := db.LockTeam(ctx, e.TeamID); err != nil {
		return err
	}
	var running int64
	if err := db.write(ctx).Model(&Export{}).Where("team_id = ? AND state = ?", e.TeamID, ExportRunning).Count(&running).Error; err != nil {
		return err
	}
	if running >= MaxExports {
		return Errorf(Throttled, "export.too_many", "Max", MaxExports)
	}
	return dbError(db.write(ctx).Create(e).Error, "export")
}

// Export reads an export of an appkey.
func (db *DB) Export(ctx context.Context, appkeyID, id int64) (e Export, err error) {
	err = db.read(ctx).Where("appkey_id = ?", appkeyID).First(&e, id).Error
	return e, dbError(err, "export")
}

// ExportByID reads an export for a job.
func (db *DB) ExportByID(ctx context.Context, id int64) (e Export, err error) {
	err = db.read(ctx).First(&e, id).Error
	return e, dbError(err, "export")
}

// ExportsOf are exports of an appkey, the newest first: those that a person has asked
// for, or all, if by is 0. before is the id before which to go on; 0: from the newest.
func (db *DB) ExportsOf(ctx context.Context, appkeyID, by, before int64, limit int) ([]Export, error) {
	q := db.read(ctx).Where("appkey_id = ?", appkeyID)
	if by != 0 {
		q = q.Where("created_by = ?", by)
	}
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var es []Export
	return es, q.Order("id DESC").Limit(limit).Find(&es).Error
}

// SaveExport writes down how far e has come. It says whether it still is under e's claim.
func (db *DB) SaveExport(ctx context.Context, e Export) (ours bool, err error) {
	res := Exports().running(db.write(ctx).Model(&Export{}), e.ID, e.Claim).
		Select("State", "Problem", "Rows", "Total", "Bytes", "Path", "WorkedAt", "EndedAt", "ExpiresAt").Updates(e)
	return res.RowsAffected > 0, res.Error
}

// StopExport ends a running export, whoever writes it; stopped is false if it has ended
// by itself. It must run in a transaction.
func (db *DB) StopExport(ctx context.Context, id int64, now time.Time) (stopped bool, err error) {
	if stopped, err = db.StopTask(ctx, Exports(), id, string(ExportStopped), now); err != nil || !stopped {
		return false, err
	}
	return true, db.write(ctx).Model(&Export{}).Where("id = ?", id).Update("ended_at", now.UTC()).Error
}

// DeleteExport removes an export from the list, unless it runs; deleted is false if it
// does, or is gone.
func (db *DB) DeleteExport(ctx context.Context, id int64) (deleted bool, err error) {
	res := db.write(ctx).Where("id = ? AND state <> ?", id, ExportRunning).Delete(&Export{})
	return res.RowsAffected > 0, res.Error
}

// ExpireExports ends the exports whose time is over, and takes off the list what has been
// over for long.
func (db *DB) ExpireExports(ctx context.Context, now time.Time) error {
	err := db.write(ctx).Model(&Export{}).Where("state = ? AND expires_at <= ?", ExportDone, now.UTC()).
		Updates(map[string]any{"state": ExportExpired}).Error
	if err != nil {
		return err
	}
	return db.write(ctx).Where("state NOT IN ? AND ended_at < ? AND path = ''", []ExportState{ExportRunning, ExportDone}, now.Add(-listExports).UTC()).
		Delete(&Export{}).Error
}

// DropNumbers ends the exports of a team that have numbers in full, since the person with
// the number phone is forgotten; those that are being written are begun anew. Searches
// for the number are forgotten too. The files are deleted by whoever sweeps.
func (db *DB) DropNumbers(ctx context.Context, teamID int64, phone string) error {
	err := db.write(ctx).Where("team_id = ? AND state <> ? AND query LIKE ?", teamID, ExportRunning, "%"+inPhone+"="+url.QueryEscape(phone)+"%").
		Delete(&Export{}).Error
	if err != nil {
		return err
	}
	dropped := Export{State: ExportExpired, Problem: T("export.forgotten")}
	err = db.write(ctx).Model(&Export{}).Where("team_id = ? AND state = ? AND NOT masked", teamID, ExportDone).
		Select("State", "Problem").Updates(dropped).Error
	if err != nil {
		return err
	}
	return db.write(ctx).Model(&Export{}).Where("team_id = ? AND state = ? AND NOT masked", teamID, ExportRunning).
		Updates(map[string]any{"claim": "", "worked_at": time.Unix(0, 0).UTC()}).Error
}

// DeadExports are exports that name a file and have none for anybody.
func (db *DB) DeadExports(ctx context.Context, limit int) ([]Export, error) {
	var es []Export
	return es, db.read(ctx).Where("path <> '' AND state IN ?", []ExportState{ExportFailed, ExportStopped, ExportExpired}).
		Order("id").Limit(limit).Find(&es).Error
}

// ForgetExportFile notes that the file of an export is gone.
func (db *DB) ForgetExportFile(ctx context.Context, e Export) error {
	return db.write(ctx).Model(&Export{}).Where("id = ? AND path = ?", e.ID, e.Path).Update("path", "").Error
}

// ExportFileKnown reports whether an export names the file.
func (db *DB) ExportFileKnown(ctx context.Context, path string) (bool, error) {
	var n int64
	err := db.read(ctx).Model(&Export{}).Where("path = ? AND path <> ''", path).Limit(1).Count(&n).Error
	return n > 0, err
}

// CountDeliveries is how many messages of an appkey f lets through, as batches have
// counted them; known is false where they have not.
func (db *DB) CountDeliveries(ctx context.Context, appkeyID int64, f DeliveryFilter) (n int64, known bool, err error) {
	s := deliverySearch{db: db, ctx: ctx, appkeyID: appkeyID, f: f, last: maxBatchID}
	possible, err := s.begin()
	if err != nil || !possible {
		return 0, err == nil, err
	}
	if f.Phone != "" || f.Code != "" || s.position > 0 {
		return 0, false, nil
	}
	s.passesOver()
	err = db.read(ctx).Raw("SELECT COALESCE(SUM("+s.count+"), 0) FROM batches WHERE "+s.where.String(), s.where.args...).Scan(&n).Error
	return n, true, err
}

// DeliveryNames are what those are called whom a search names; empty for whoever is gone.
type DeliveryNames struct{ Campaign, Sender, Creator string }

// DeliveryNames reads what those are called whom a search of an appkey names.
func (db *DB) DeliveryNames(ctx context.Context, appkeyID int64, f DeliveryFilter) (n DeliveryNames, err error) {
	for _, name := range []struct {
		to    *string
		id    int64
		query string
	}{
		{&n.Campaign, f.CampaignID, "SELECT name FROM campaigns WHERE id = ? AND appkey_id = ?"},
		{&n.Sender, f.SenderID, "SELECT plus_friend_id FROM senders WHERE id = ? AND appkey_id = ?"},
		// Somebody who has launched nothing here is nobody who could be asked for.
		{&n.Creator, f.CreatedBy, "SELECT name FROM users WHERE id = ? AND EXISTS (SELECT 1 FROM campaigns c WHERE c.appkey_id = ? AND c.launched_by = users.id)"},
	} {
		if name.id == 0 {
			continue
		}
		if err := db.read(ctx).Raw(name.query, name.id, appkeyID).Scan(name.to).Error; err != nil {
			return n, err
		}
	}
	return n, nil
}
