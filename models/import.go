package models

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// ImportState is how far an import has come.
type ImportState string

// The states of an import.
const (
	ImportMapping ImportState = "mapping" // what the columns are has to be said
	ImportRunning ImportState = "running"
	ImportDone    ImportState = "done"
	ImportFailed  ImportState = "failed"

	ImportCancelled ImportState = "cancelled" // by a person; nothing of it is left
)

// Uses of a file's column; any other use is the name of a variable.
const (
	UsePhone = "@phone"
	UseNone  = ""
)

// Import turns an uploaded file into an audience.
type Import struct {
	ID         int64
	TeamID     int64
	CampaignID int64
	AudienceID int64 // the one that it fills or has filled; 0 before, and when that has been deleted
	FileName   string
	Path       string // name of the upload in the data folder; empty when it has been deleted
	Size       int64  // bytes
	Encoding   string // of a text, or "xlsx"
	Separator  string
	Sheet      string // of a workbook; empty: it is none
	HasHeader  bool
	Mapping    []string `gorm:"serializer:json"` // what each column is used as
	Recalled   bool     // Mapping began as that of an earlier file of the same shape
	State      ImportState
	// International tells that numbers of other countries are taken too.
	International bool
	Problem       string    // catalog key of why it failed
	Claim         string    // the job that works on it
	WorkedAt      time.Time // its last sign of life
	BytesRead     int64     // progress
	Rows          int64
	Good          int64
	Repaired      int64 // of the good ones
	Doubled       int64
	Refused       int64
	CreatedBy     int64
	CreatedAt     time.Time
	FinishedAt    *time.Time

	Purpose    ImportPurpose
	TargetID   int64      // the audience that is changed; 0: none
	TargetName string     // of a new audience; the reason of suppressing
	ErasedAt   *time.Time // since when its remarks about rows are erased
}

// ImportPurpose is what the recipients of a file are for.
type ImportPurpose string

// The purposes. Those that change an audience are named as what is done to it is.
const (
	PurposeCampaign ImportPurpose = ""
	PurposeCreate   ImportPurpose = "create" // a new audience
	PurposeAppend   ImportPurpose = "append"
	PurposeReplace  ImportPurpose = "replace"
	PurposeSubtract ImportPurpose = "subtract"
	PurposeSuppress ImportPurpose = "suppress"
)

// EncodingWorkbook is the encoding of a file that is a workbook.
const EncodingWorkbook = "xlsx"

// Workbook reports whether the file is one.
func (i Import) Workbook() bool { return i.Sheet != "" }

// ImportRowKind is what an import has to say about a row.
type ImportRowKind string

// The kinds of remarks about rows.
const (
	RowRepaired ImportRowKind = "repaired"
	RowDoubled  ImportRowKind = "doubled"
	RowRefused  ImportRowKind = "refused"
)

// ImportRow is a remark of an import about a row of the file.
type ImportRow struct {
	ImportID int64         `gorm:"primaryKey"`
	Line     int64         `gorm:"primaryKey"`
	Kind     ImportRowKind `gorm:"primaryKey"`
	Reason   string        // why refused: a key behind "import.reason."
	Place    string        // the column that it is refused for; empty: the row as such
	Value    string        // as it stands in the file
	Phone    string        // what it became
}

// Import reads an import of a campaign.
func (db *DB) Import(ctx context.Context, campaignID, id int64) (i Import, err error) {
	err = db.read(ctx).Where("campaign_id = ?", campaignID).First(&i, id).Error
	return i, dbError(err, "import")
}

// TeamImport reads an import of a team that is for no campaign.
func (db *DB) TeamImport(ctx context.Context, teamID, id int64) (i Import, err error) {
	err = db.read(ctx).Where("team_id = ? AND campaign_id = 0", teamID).First(&i, id).Error
	return i, dbError(err, "import")
}

// ImportByID reads an import for a job.
func (db *DB) ImportByID(ctx context.Context, id int64) (i Import, err error) {
	err = db.read(ctx).First(&i, id).Error
	return i, dbError(err, "import")
}

// LastImport is the newest import of a campaign; found is false if there is none.
func (db *DB) LastImport(ctx context.Context, campaignID int64) (i Import, found bool, err error) {
	var is []Import
	err = db.read(ctx).Where("campaign_id = ?", campaignID).Order("id DESC").Limit(1).Find(&is).Error
	if err != nil || len(is) == 0 {
		return i, false, err
	}
	return is[0], true, nil
}

// CreateImport adds an import.
func (db *DB) CreateImport(ctx context.Context, i *Import) error {
	return dbError(db.write(ctx).Create(i).Error, "import")
}

// AudienceImport is the import that the campaign's present recipients come from;
// found is false if they come from nowhere else.
func (db *DB) AudienceImport(ctx context.Context, c Campaign) (i Import, found bool, err error) {
	if c.AudienceID == 0 {
		return i, false, nil
	}
	var is []Import
	err = db.read(ctx).Where("campaign_id = ? AND audience_id = ? AND state = ?", c.ID, c.AudienceID, ImportDone).Limit(1).Find(&is).Error
	if err != nil || len(is) == 0 {
		return i, false, err
	}
	return is[0], true, nil
}

// ImportsIn are the imports of a campaign in a state, in order.
func (db *DB) ImportsIn(ctx context.Context, campaignID int64, state ImportState) ([]Import, error) {
	var is []Import
	return is, db.read(ctx).Where("campaign_id = ? AND state = ?", campaignID, state).Order("id").Find(&is).Error
}

// MoveImport takes an import from state from to i's state and writes all of i;
// moved is false if it was in another state, or under another claim than i's.
func (db *DB) MoveImport(ctx context.Context, i Import, from ImportState) (moved bool, err error) {
	res := db.write(ctx).Model(&Import{}).Where("id = ? AND state = ? AND claim = ?", i.ID, from, i.Claim).
		Select("*").Omit("ID", "CreatedAt").Updates(i)
	return res.RowsAffected > 0, res.Error
}

// SaveImportProgress notes how far a running import has come. It says whether the
// import still is under i's claim.
func (db *DB) SaveImportProgress(ctx context.Context, i Import) (ours bool, err error) {
	i.WorkedAt = db.now()
	res := db.write(ctx).Model(&Import{}).Where("id = ? AND claim = ? AND state = ?", i.ID, i.Claim, ImportRunning).
		Select("AudienceID", "BytesRead", "Rows", "Good", "Repaired", "Doubled", "Refused", "WorkedAt").Updates(i)
	return res.RowsAffected > 0, res.Error
}

// StoreRecipients adds recipients to the audience of a running import and notes its
// progress, in one transaction, so that neither is ever without the other. ours is
// false, and nothing is stored, if the import is not under i's claim any more.
func (db *DB) StoreRecipients(ctx context.Context, i Import, rs []Recipient) (ours bool, err error) {
	if db.Dialect() == Postgres {
		return db.storeCopied(ctx, i, rs)
	}
	err = db.Tx(ctx, func(tx *DB) (err error) {
		if ours, err = tx.SaveImportProgress(ctx, i); err != nil || !ours {
			return err
		}
		return tx.insertRecipients(ctx, i.AudienceID, rs)
	})
	return ours, err
}

func (db *DB) storeCopied(ctx context.Context, i Import, rs []Recipient) (ours bool, err error) {
	err = db.onPostgres(ctx, func(pg *pgx.Conn) error {
		return pgx.BeginFunc(ctx, pg, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, "UPDATE imports SET good = $1, doubled = $2, worked_at = $3 WHERE id = $4 AND claim = $5 AND state = $6",
				i.Good, i.Doubled, db.now(), i.ID, i.Claim, string(ImportRunning))
			if ours = err == nil && tag.RowsAffected() > 0; !ours {
				return err
			}
			return copyRecipients(ctx, tx, i.AudienceID, rs)
		})
	})
	return ours, err
}

// ClaimImport gives the running import to a job, if nobody has worked on it since
// quiet.
func (db *DB) ClaimImport(ctx context.Context, id int64, claim string, quiet time.Time) (claimed bool, err error) {
	res := db.write(ctx).Model(&Import{}).Where("id = ? AND state = ? AND (claim = '' OR worked_at < ?)", id, ImportRunning, quiet.UTC()).
		Updates(map[string]any{"claim": claim, "worked_at": db.now()})
	return res.RowsAffected > 0, res.Error
}

// ReleaseImport takes the running import from the job that holds i's claim, so
// that another may claim it at once. Of several processes, it says so to one.
func (db *DB) ReleaseImport(ctx context.Context, i Import) (released bool, err error) {
	res := db.write(ctx).Model(&Import{}).Where("id = ? AND state = ? AND claim = ? AND worked_at <= ?", i.ID, ImportRunning, i.Claim, i.WorkedAt).
		Updates(map[string]any{"claim": "", "worked_at": db.now()})
	return res.RowsAffected > 0, res.Error
}

// StalledImports are those that run and that nobody has worked on since quiet.
func (db *DB) StalledImports(ctx context.Context, quiet time.Time) ([]Import, error) {
	var is []Import
	return is, db.read(ctx).Where("state = ? AND worked_at < ?", ImportRunning, quiet.UTC()).Find(&is).Error
}

// CancelImport ends a running import, whoever works on it; cancelled is false if it
// has ended by itself.
func (db *DB) CancelImport(ctx context.Context, id int64) (cancelled bool, err error) {
	res := db.write(ctx).Model(&Import{}).Where("id = ? AND state = ?", id, ImportRunning).
		Updates(map[string]any{"state": ImportCancelled, "finished_at": db.now(), "worked_at": db.now()})
	return res.RowsAffected > 0, res.Error
}

// LeftoverImports are those that ended without success before quiet, and whose
// recipients are still there.
func (db *DB) LeftoverImports(ctx context.Context, quiet time.Time) ([]Import, error) {
	var is []Import
	err := db.read(ctx).Where("state IN ('failed', 'cancelled') AND audience_id <> 0 AND worked_at < ?", quiet.UTC()).Find(&is).Error
	return is, err
}

// TouchImport notes that an import has been looked at. Of several processes, it says so
// to one.
func (db *DB) TouchImport(ctx context.Context, i Import) (touched bool, err error) {
	res := db.write(ctx).Model(&Import{}).Where("id = ? AND worked_at <= ?", i.ID, i.WorkedAt).Update("worked_at", db.now())
	return res.RowsAffected > 0, res.Error
}

// ExpiredUploads are imports from before the time given whose file is still there
// and that nobody reads.
func (db *DB) ExpiredUploads(ctx context.Context, before time.Time) ([]Import, error) {
	var is []Import
	err := db.read(ctx).Where("path <> '' AND created_at < ? AND state <> ?", before.UTC(), ImportRunning).Find(&is).Error
	return is, err
}

// ForgetUpload notes that the file of an import has been deleted.
func (db *DB) ForgetUpload(ctx context.Context, importID int64) error {
	return db.write(ctx).Model(&Import{}).Where("id = ?", importID).Update("path", "").Error
}

// UploadKnown reports whether an import names the file.
func (db *DB) UploadKnown(ctx context.Context, path string) (bool, error) {
	var n int64
	err := db.read(ctx).Model(&Import{}).Where("path <> '' AND path = ?", path).Limit(1).Count(&n).Error
	return n > 0, err
}

// DeleteImport removes an import that has not been started; deleted is false if it
// has been.
func (db *DB) DeleteImport(ctx context.Context, id int64) (deleted bool, err error) {
	res := db.write(ctx).Where("id = ? AND state = ?", id, ImportMapping).Delete(&Import{})
	return res.RowsAffected > 0, res.Error
}

// ForgetAudience notes that the audience of an import has been deleted.
func (db *DB) ForgetAudience(ctx context.Context, importID int64) error {
	return db.write(ctx).Model(&Import{}).Where("id = ?", importID).Update("audience_id", 0).Error
}

// remarkRows is how many remarks one statement adds.
const remarkRows = 100

// CreateImportRows adds remarks about rows.
func (db *DB) CreateImportRows(ctx context.Context, rows []ImportRow) error {
	for chunk := range slices.Chunk(rows, remarkRows) {
		args := make([]any, 0, len(chunk)*7)
		for _, r := range chunk {
			args = append(args, r.ImportID, r.Line, r.Kind, r.Reason, r.Place, r.Value, r.Phone)
		}
		values := strings.Repeat(", (?, ?, ?, ?, ?, ?, ?)", len(chunk))[2:]
		err := db.write(ctx).Exec("INSERT INTO import_rows (import_id, line, kind, reason, place, value, phone) VALUES "+values, args...).Error
		if err != nil {
			return dbError(err, "import")
		}
	}
	return nil
}

// DeleteImportRows removes the remarks of an import that begins anew.
func (db *DB) DeleteImportRows(ctx context.Context, importID int64) error {
	return db.write(ctx).Where("import_id = ?", importID).Delete(&ImportRow{}).Error
}

// ImportRows are remarks of one kind behind line after, in the file's order.
func (db *DB) ImportRows(ctx context.Context, importID int64, kind ImportRowKind, after int64, limit int) ([]ImportRow, error) {
	var rows []ImportRow
	err := db.read(ctx).Where("import_id = ? AND kind = ? AND line > ?", importID, kind, after).Order("line").Limit(limit).Find(&rows).Error
	return rows, err
}

// ImportRowKinds are all kinds.
func ImportRowKinds() []ImportRowKind { return []ImportRowKind{RowRefused, RowDoubled, RowRepaired} }

// ColumnField is the form's field for the use of a column.
func ColumnField(n int) string { return "column-" + strconv.Itoa(n) }
