package actions

import (
	"context"
	"errors"
	"io"
	"slices"

	"soshik/internal/recipients"
	"soshik/models"
)

// Upload is a file that is being uploaded.
type Upload struct {
	Name string // as the person's computer calls it
	Body io.Reader
	Max  int64 // bytes that are taken
	For  models.ImportPurpose
	// Target is the audience that is changed, 0 for none; Called the name of a new one,
	// or the reason for suppressing.
	Target int64
	Called string
}

// CreateImport keeps an uploaded file and looks into it: what it is encoded in, and
// which columns it has. What is found can be changed before the import starts. A
// file that was uploaded before and has not been started is forgotten.
func (s *Service) CreateImport(ctx context.Context, by models.Actor, c models.Campaign, up Upload) (i models.Import, err error) {
	if err := s.mayImport(by, c); err != nil {
		return i, err
	}
	name, err := s.keepUpload(up)
	if err != nil {
		return i, fileProblem(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.removeUpload(name))
		}
	}()
	now := s.Now()
	i = models.Import{
		TeamID: c.TeamID, CampaignID: c.ID, FileName: up.Name, Path: name,
		Purpose: up.For, TargetID: up.Target, TargetName: up.Called,
	}
	if err := s.inspect(ctx, c, &i); err != nil {
		return i, fileProblem(err)
	}
	i.State, i.CreatedBy, i.CreatedAt, i.WorkedAt = models.ImportMapping, by.User.ID, now, now
	if err := s.forgetUploads(ctx, c); err != nil {
		return i, err
	}
	err = s.recordImport(ctx, by, c, &i)
	return i, err
}

func (s *Service) mayImport(by models.Actor, c models.Campaign) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	if c.State != models.CampaignDraft {
		return noDraft(c)
	}
	return nil
}

func (s *Service) recordImport(ctx context.Context, by models.Actor, c models.Campaign, i *models.Import) error {
	e := models.Event{
		Action: "import.create", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "import", ObjectName: i.FileName,
		After: map[string]any{"campaign": c.ID, "bytes": i.Size},
	}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := tx.CreateImport(ctx, i); err != nil {
			return err
		}
		e.ObjectID = i.ID
		return nil
	})
}

// TooLarge is what is told about a file of more than limit bytes.
func TooLarge(limit int64) error {
	return fieldError(models.T("import.too_large", "Max", limit>>20), nil)
}

// fieldError is about the form's file.
func fieldError(text models.Text, cause error) error {
	return &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: map[string]models.Text{"file": text}, Err: cause}
}

// forgetUploads removes files of the campaign whose import was never started.
func (s *Service) forgetUploads(ctx context.Context, c models.Campaign) error {
	if c.ID == 0 {
		return nil
	}
	is, err := s.DB.ImportsIn(ctx, c.ID, models.ImportMapping)
	for _, i := range is {
		deleted, deleteErr := s.DB.DeleteImport(ctx, i.ID)
		err = errors.Join(err, deleteErr)
		if deleted {
			err = errors.Join(err, s.removeUpload(i.Path))
		}
	}
	return err
}

// fileProblem turns what is wrong with a file as a whole into what the person is
// told.
func fileProblem(err error) error {
	var key string
	switch {
	case errors.Is(err, recipients.ErrEmpty):
		key = "import.empty"
	case errors.Is(err, recipients.ErrOnlyHeader):
		key = "import.only_header"
	case errors.Is(err, recipients.ErrNoPhoneColumn):
		key = "import.no_phone"
	case errors.Is(err, recipients.ErrOldWorkbook):
		key = "import.old_workbook"
	case errors.Is(err, recipients.ErrEncrypted):
		key = "import.encrypted"
	case errors.Is(err, recipients.ErrBomb):
		key = "import.bomb"
	case errors.Is(err, recipients.ErrNotWorkbook):
		key = "import.broken_workbook"
	case errors.Is(err, recipients.ErrWebPage):
		key = "import.web_page"
	case errors.Is(err, recipients.ErrNotText):
		key = "import.not_csv"
	case models.DiskFull(err):
		key = "import.disk_full"
	default:
		return err
	}
	return fieldError(models.T(key), err)
}

// ReadAs is how a person says that a file is to be read.
type ReadAs struct {
	Encoding      string // of a text; of a workbook it is what it is
	Separator     string
	Sheet         string // of a workbook
	Header        bool   // the first row names the columns
	International bool   // numbers of other countries are taken too
}

// check refuses what no file is read as; the form offers nothing else.
func (r ReadAs) check(i models.Import) error {
	known := slices.Contains(recipients.Encodings(), recipients.Encoding(r.Encoding)) &&
		len(r.Separator) == 1 && slices.Contains(recipients.Separators(), r.Separator[0])
	if !known && !i.Workbook() {
		return models.Errorf(models.Invalid, "error.invalid")
	}
	return nil
}

// ReadImportAs changes how the file is read, before the import starts. The uses that its columns
// have by now stay as long as the columns do; they may be nil.
func (s *Service) ReadImportAs(ctx context.Context, by models.Actor, c models.Campaign, i models.Import, as ReadAs, uses []string) error {
	if err := s.mayImport(by, c); err != nil {
		return err
	}
	if err := as.check(i); err != nil {
		return err
	}
	before, recalled := i, i.Recalled
	if i.Workbook() {
		i.Sheet = as.Sheet
	} else {
		i.Encoding, i.Separator = as.Encoding, as.Separator
	}
	i.HasHeader, i.International = as.Header, as.International
	sheet, err := s.PreviewImport(i, previewRows)
	if errors.Is(err, recipients.ErrNoSheet) {
		return models.Errorf(models.Invalid, "error.invalid")
	}
	if err != nil {
		return fileProblem(err)
	}
	international := i.International
	if err := s.suggest(ctx, c, &i, sheet); err != nil {
		return err
	}
	i.International = international // as the person says just now
	if sameColumns(i, before) && len(uses) == len(i.Mapping) {
		i.Mapping, i.Recalled = uses, recalled
	}
	return s.moveImport(ctx, i, models.ImportMapping)
}

// sameColumns reports whether two readings of a file find the same columns.
func sameColumns(a, b models.Import) bool {
	return a.Encoding == b.Encoding && a.Separator == b.Separator && a.Sheet == b.Sheet && a.HasHeader == b.HasHeader
}

func (s *Service) moveImport(ctx context.Context, i models.Import, from models.ImportState) error {
	moved, err := s.DB.MoveImport(ctx, i, from)
	if err == nil && !moved {
		return models.Errorf(models.Conflict, "import.changed")
	}
	return err
}

// StartImport begins to read the file with the given use of each column.
func (s *Service) StartImport(ctx context.Context, by models.Actor, c models.Campaign, i models.Import, mapping []string) error {
	if err := s.mayImport(by, c); err != nil {
		return err
	}
	if err := checkMapping(mapping); err != nil {
		return err
	}
	i.Mapping, i.State, i.WorkedAt = mapping, models.ImportRunning, s.Now()
	e := models.Event{
		Action: "import.start", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "import", ObjectID: i.ID, ObjectName: i.FileName,
		After: map[string]any{"mapping": mapping, "encoding": i.Encoding},
	}
	sheet, err := s.PreviewImport(i, previewRows)
	if err != nil {
		return fileProblem(err)
	}
	remembered := models.Mapping{TeamID: i.TeamID, Shape: sheet.Shape(), Uses: mapping, International: i.International, UsedAt: s.Now()}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := s.startImport(ctx, tx, i); err != nil {
			return err
		}
		return tx.SaveMapping(ctx, remembered)
	})
}

// startImport refuses a second import beside a running one: which of the two would
// be the campaign's?
func (s *Service) startImport(ctx context.Context, tx *models.DB, i models.Import) error {
	running, err := tx.ImportsIn(ctx, i.CampaignID, models.ImportRunning)
	if err != nil {
		return err
	}
	if len(running) > 0 && i.CampaignID != 0 {
		return models.Errorf(models.Conflict, "import.another")
	}
	moved, err := tx.MoveImport(ctx, i, models.ImportMapping)
	if err != nil {
		return err
	}
	if !moved {
		return models.Errorf(models.Conflict, "import.changed")
	}
	_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), RunImport{ImportID: i.ID}, inImports())
	return err
}

func checkMapping(mapping []string) error {
	fields := map[string]models.Text{}
	phones, seen := 0, map[string]bool{}
	for n, use := range mapping {
		switch {
		case use == models.UsePhone:
			phones++
		case use != models.UseNone && seen[use]:
			fields[models.ColumnField(n)] = models.T("import.use_twice", "Name", use)
		}
		seen[use] = true
	}
	if phones == 0 {
		fields["mapping"] = models.T("import.one_phone")
	}
	if phones > 1 {
		for n, use := range mapping {
			if use == models.UsePhone {
				fields[models.ColumnField(n)] = models.T("import.phone_twice")
			}
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: fields}
}

// CancelImport ends an import that runs. What it has stored by then is removed by a
// job; the recipients that the campaign had before stay.
func (s *Service) CancelImport(ctx context.Context, by models.Actor, c models.Campaign, i models.Import) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	e := models.Event{
		Action: "import.cancel", TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "import", ObjectID: i.ID, ObjectName: i.FileName,
	}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		cancelled, err := tx.CancelImport(ctx, i.ID)
		if err != nil {
			return err
		}
		if !cancelled {
			return models.Errorf(models.Conflict, "import.ended")
		}
		_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), TidyImport{ImportID: i.ID}, inImports())
		return err
	})
}
