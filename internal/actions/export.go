package actions

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/riverqueue/river"

	"soshik/models"
)

// WriteExport asks a worker to run [Service.RunExport].
type WriteExport struct {
	ExportID int64 `json:"export_id"`
}

// Kind names the job.
func (WriteExport) Kind() string { return "write_export" }

// QueueExport is for exports, so that long ones hold up nothing but others.
const QueueExport = "export"

func exporting() longTask {
	insert := &river.InsertOpts{MaxAttempts: 1, Queue: QueueExport}
	return longTask{models.Exports(), func(id int64) river.JobArgs { return WriteExport{ExportID: id} }, insert}
}

// NewExport is what somebody asks for who wants the messages that a search finds as a
// file.
type NewExport struct {
	Filter models.DeliveryFilter
	Format models.ExportFormat
	Locale string // the language of the file
}

// exportEvent is about an export. Of the search, which may name a number, only what else
// it names is recorded.
func exportEvent(action string, e models.Export) models.Event {
	search := map[string]any{"format": e.Format, "masked": e.Masked}
	if f, err := e.Filter(); err == nil {
		search["number"] = f.Phone != ""
		f.Phone = ""
		search["search"] = f.Query().Encode()
	}
	if e.State == models.ExportDone {
		search["rows"] = e.Rows
	}
	return models.Event{
		Action: action, TeamID: e.TeamID, AppkeyID: e.AppkeyID, ObjectType: "export", ObjectID: e.ID, After: search,
	}
}

// CreateExport has a file written of the messages of an appkey that a search finds. For
// those who may not see numbers it has none in full, and never will.
func (s *Service) CreateExport(ctx context.Context, by models.Actor, k models.Appkey, in NewExport) (e models.Export, err error) {
	if err := by.May(models.ViewTeam); err != nil {
		return e, err
	}
	if in.Format != models.FormatCSV && in.Format != models.FormatXLSX {
		return e, withField(nil, "format", "field.choose")
	}
	in.Filter.Before = 0
	now := s.Now()
	e = models.Export{
		TeamID: k.TeamID, AppkeyID: k.ID, CreatedBy: by.User.ID, Locale: in.Locale, Query: in.Filter.Query().Encode(), Format: in.Format,
		Masked: !by.Can(models.ViewNumbers), State: models.ExportRunning, CreatedAt: now, WorkedAt: now,
	}
	event := exportEvent("export.create", e)
	err = s.change(ctx, by, &event, func(tx *models.DB) error {
		if err := tx.CreateExport(ctx, &e); err != nil {
			return err
		}
		event.ObjectID = e.ID
		return s.queue(ctx, tx, exporting(), e.ID)
	})
	return e, err
}

// MayExport is nil if somebody may see to an export: whoever has asked for it, and those
// who look after the appkey. For others there is none.
func MayExport(by models.Actor, e models.Export) error {
	if e.CreatedBy == by.User.ID || by.Can(models.ManageAppkeys) {
		return nil
	}
	return models.Errorf(models.NotFound, "error.not_found")
}

// OpenExport opens the file of an export that is done, to be given to somebody, and
// records that. The caller closes it. What is not there any more, or not whole, is a
// conflict.
func (s *Service) OpenExport(ctx context.Context, by models.Actor, e models.Export) (_ *os.File, err error) {
	if err := MayExport(by, e); err != nil {
		return nil, err
	}
	if err := e.For(by); err != nil {
		return nil, errors.Join(err, s.RecordDenied(ctx, by, e.TeamID, "export with numbers"))
	}
	gone := models.Errorf(models.Conflict, "export.gone")
	if !e.Ready(s.Now()) {
		return nil, gone
	}
	f, err := os.Open(s.exportPath(e.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() != e.Bytes {
		err = gone
	}
	if err == nil {
		err = s.DB.Audit(ctx, by, exportEvent("export.download", e))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// StopExport ends an export that is being written.
func (s *Service) StopExport(ctx context.Context, by models.Actor, e models.Export) error {
	if err := MayExport(by, e); err != nil {
		return err
	}
	event := exportEvent("export.stop", e)
	return s.change(ctx, by, &event, func(tx *models.DB) error {
		stopped, err := tx.StopExport(ctx, e.ID, s.Now())
		if err == nil && !stopped {
			err = models.Errorf(models.Conflict, "export.ended")
		}
		return err
	})
}

// RemoveExport takes an export that does not run off the list, and deletes its file.
func (s *Service) RemoveExport(ctx context.Context, by models.Actor, e models.Export) error {
	if err := MayExport(by, e); err != nil {
		return err
	}
	event := exportEvent("export.remove", e)
	err := s.change(ctx, by, &event, func(tx *models.DB) error {
		deleted, err := tx.DeleteExport(ctx, e.ID)
		if err == nil && !deleted {
			err = models.Errorf(models.Conflict, "export.running")
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.removeExport(e.Path)
}

// exports is the folder of the files in the data folder.
const exports = "exports"

func (s *Service) exportPath(name string) string { return filepath.Join(s.DataDir, exports, name) }

func (s *Service) removeExport(name string) error {
	if name == "" {
		return nil
	}
	if err := os.Remove(s.exportPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// deadExports is how many files one sweep deletes.
const deadExports = 100

// sweepExports takes up exports whose process has died, and deletes the files whose time
// is over and those that no export names.
func (s *Service) sweepExports(ctx context.Context) error {
	err := errors.Join(s.sweepTasks(ctx, exporting()), s.DB.ExpireExports(ctx, s.Now()))
	dead, readErr := s.DB.DeadExports(ctx, deadExports)
	err = errors.Join(err, readErr)
	for _, e := range dead {
		err = errors.Join(err, s.dropExport(ctx, e))
	}
	entries, readErr := os.ReadDir(s.exportPath(""))
	if readErr != nil && !errors.Is(readErr, fs.ErrNotExist) {
		err = errors.Join(err, readErr)
	}
	for _, entry := range entries {
		known, readErr := s.DB.ExportFileKnown(ctx, entry.Name())
		if readErr == nil && !known {
			readErr = s.removeExport(entry.Name())
		}
		err = errors.Join(err, readErr)
	}
	return err
}

// dropExport deletes the file of an export, and notes that it is gone.
func (s *Service) dropExport(ctx context.Context, e models.Export) error {
	return errors.Join(s.removeExport(e.Path), s.DB.ForgetExportFile(ctx, e))
}
