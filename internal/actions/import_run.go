package actions

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/riverqueue/river"

	"soshik/internal/recipients"
	"soshik/models"
)

// RunImport asks a worker to run [Service.RunImport].
type RunImport struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (RunImport) Kind() string { return "run_import" }

// TidyImport asks a worker to run [Service.TidyImport].
type TidyImport struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (TidyImport) Kind() string { return "tidy_import" }

// QueueImport is for imports, so that long ones hold up nothing but others.
const QueueImport = "import"

func inImports() *river.InsertOpts { return &river.InsertOpts{MaxAttempts: 3, Queue: QueueImport} }

const (
	// importChunk is how many recipients are stored in one transaction, and
	// importChunkBusy how many while something is being sent over the one writer that
	// SQLite has, so that a batch does not wait long.
	importChunk, importChunkBusy = 10_000, 2000
	// maxRemarks is how many remarks of each kind an import keeps by row; the
	// counters count all.
	maxRemarks = 100_000
	// importProgress is after how many rows that were read the progress is written down.
	importProgress = 10_000
	// maxPending is how many remarks are gathered before they are written down.
	maxPending = 5000
	// maxShownValue is how much of a refused value is kept, in bytes.
	maxShownValue = 200
)

// RunImport reads the file into a new audience of the campaign. It reads the whole
// file first and stores the recipients in the order of their numbers, which is
// several times faster than in the file's. Interrupted, it reads the file again and goes
// on storing where it was: what is stored is counted in the same transaction.
func (s *Service) RunImport(ctx context.Context, importID int64) error {
	claim := ulid.Make().String()
	claimed, err := s.DB.ClaimImport(ctx, importID, claim, s.Now().Add(-stalled))
	if err != nil || !claimed {
		return err
	}
	i, err := s.DB.ImportByID(ctx, importID)
	if err != nil {
		return err
	}
	w := &importWork{s: s, i: i, remarks: map[models.ImportRowKind]int{}}
	w.i.Claim = claim
	err = w.run(ctx)
	switch {
	case err == nil, errors.Is(err, errImportTaken):
		return nil
	case ctx.Err() != nil: // the program is stopping: whoever comes next need not wait
		w.i.WorkedAt = s.Now()
		_, releaseErr := s.DB.ReleaseImport(context.WithoutCancel(ctx), w.i)
		return errors.Join(err, releaseErr)
	}
	return s.failImport(ctx, w.i, err)
}

// errImportTaken means that the import is another job's by now, or has been
// cancelled.
var errImportTaken = errors.New("the import is no longer ours")

// failImport ends an import that cannot go on. A failure of ours is returned, for
// the log.
func (s *Service) failImport(ctx context.Context, i models.Import, cause error) error {
	now, failed := s.Now(), i
	failed.State, failed.Problem, failed.FinishedAt = models.ImportFailed, "import.failed", &now
	told := models.FieldText(fileProblem(cause), "file").Key
	if models.KindOf(cause) == models.Conflict {
		told = models.TextOf(cause).Key
	}
	if told != "" {
		failed.Problem = told
	}
	e := models.Event{Action: "import.fail", TeamID: i.TeamID, ObjectType: "import", ObjectID: i.ID, ObjectName: i.FileName, Outcome: models.OutcomeFailed}
	err := s.change(ctx, models.Actor{}, &e, func(tx *models.DB) error { return move(ctx, tx, failed) })
	switch {
	case errors.Is(err, errImportTaken):
		return nil
	case err != nil:
		return errors.Join(cause, err)
	case told != "":
		cause = nil
	}
	return errors.Join(cause, s.TidyImport(ctx, i.ID))
}

// move ends a running import that is still ours.
func move(ctx context.Context, tx *models.DB, i models.Import) error {
	moved, err := tx.MoveImport(ctx, i, models.ImportRunning)
	if err == nil && !moved {
		return errImportTaken
	}
	return err
}

// TidyImport removes what an import has left behind that failed or was cancelled: its
// file and its recipients. It can be called again.
func (s *Service) TidyImport(ctx context.Context, importID int64) error {
	i, err := s.DB.ImportByID(ctx, importID)
	if err != nil || i.State != models.ImportFailed && i.State != models.ImportCancelled {
		return err
	}
	if i.Path != "" {
		if err := errors.Join(s.removeUpload(i.Path), s.DB.ForgetUpload(ctx, i.ID)); err != nil {
			return err
		}
	}
	if i.AudienceID == 0 {
		return nil
	}
	if err := s.DB.DeleteAudience(ctx, i.AudienceID); err != nil {
		return err
	}
	return s.DB.ForgetAudience(ctx, i.ID)
}

// importWork is an import under way.
type importWork struct {
	s       *Service
	i       models.Import
	spool   *spool
	header  []string
	pending []models.ImportRow
	remarks map[models.ImportRowKind]int
}

func (w *importWork) run(ctx context.Context) (err error) {
	if err := w.begin(ctx); err != nil {
		return err
	}
	if w.spool, err = w.s.newSpool(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.spool.close()) }()
	if err := w.read(ctx); err != nil {
		return err
	}
	return w.store(ctx)
}

// begin starts counting anew, apart from the recipients that are stored.
func (w *importWork) begin(ctx context.Context) error {
	w.i.BytesRead, w.i.Rows, w.i.Repaired, w.i.Doubled, w.i.Refused = 0, 0, 0, 0, 0
	return w.s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := w.save(ctx, tx); err != nil {
			return err
		}
		return tx.DeleteImportRows(ctx, w.i.ID)
	})
}

// save writes the progress down if the import is still ours. It locks the import,
// so that whatever follows in the transaction is done by one job alone.
func (w *importWork) save(ctx context.Context, tx *models.DB) error {
	ours, err := tx.SaveImportProgress(ctx, w.i)
	if err == nil && !ours {
		return errImportTaken
	}
	return err
}

// columnUses is what the reader is told about the columns, and what the audience's are
// called.
func columnUses(i models.Import) (m recipients.Mapping, columns []string) {
	m.PhoneColumn, m.International = -1, i.International
	for n, use := range i.Mapping {
		switch use {
		case models.UsePhone:
			m.PhoneColumn = n
		case models.UseNone:
		default:
			m.Variables = append(m.Variables, recipients.Variable{Name: use, Column: n})
			columns = append(columns, use)
		}
	}
	return m, columns
}

// read goes through the file once, spools the good rows and remarks on the others.
func (w *importWork) read(ctx context.Context) (err error) {
	f, err := w.s.openImport(w.i)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	mapping, _ := columnUses(w.i)
	for r, err := range recipients.Parse(w.named(f), mapping) {
		if err := w.take(r, err); err != nil {
			return err
		}
		if w.i.Rows++; w.i.Rows%importProgress == 0 {
			if err := w.report(ctx, f.read); err != nil {
				return err
			}
		}
	}
	return errors.Join(w.report(ctx, w.i.Size), w.spool.end())
}

// named are the rows of a file; what it calls its columns is taken note of.
func (w *importWork) named(f *importFile) func(yield func(recipients.Row, error) bool) {
	return func(yield func(recipients.Row, error) bool) {
		for row, err := range f.rows {
			if row.Header {
				w.header = slices.Clone(row.Fields)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// take spools a row, or remarks on what is wrong with it.
func (w *importWork) take(r recipients.Recipient, err error) error {
	if problem, about := errors.AsType[*recipients.Problem](err); about {
		w.refuse(problem)
		return nil
	}
	if err != nil {
		return err
	}
	return w.keep(r)
}

// report writes down the progress and the remarks that have gathered.
func (w *importWork) report(ctx context.Context, bytesRead int64) error {
	w.i.BytesRead = min(bytesRead, w.i.Size)
	err := w.s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := w.save(ctx, tx); err != nil {
			return err
		}
		return tx.CreateImportRows(ctx, w.pending)
	})
	w.pending = w.pending[:0]
	return err
}

func (w *importWork) remark(r models.ImportRow) {
	w.remarks[r.Kind]++
	if w.remarks[r.Kind] <= maxRemarks {
		r.ImportID, r.Place, r.Value, r.Phone = w.i.ID, storable(r.Place), storable(r.Value), strings.Clone(r.Phone)
		w.pending = append(w.pending, r)
	}
}

// storable is a copy of a text of the file that every database takes.
func storable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "�")
}

func (w *importWork) refuse(p *recipients.Problem) {
	w.i.Refused++
	value := p.Value
	if len(value) > maxShownValue {
		value = value[:maxShownValue]
	}
	w.remark(models.ImportRow{
		Kind: models.RowRefused, Line: p.Line, Reason: string(p.Reason), Place: columnName(w.header, p), Value: value,
	})
}

func (w *importWork) keep(r recipients.Recipient) error {
	if r.Repaired {
		w.i.Repaired++
		w.remark(models.ImportRow{Kind: models.RowRepaired, Line: r.Line, Value: r.Raw, Phone: r.Phone})
	}
	return w.spool.add(r)
}

// store writes the spooled rows to a new audience in the order of their numbers. Of those
// with the same number the first in the file wins.
func (w *importWork) store(ctx context.Context) error {
	if err := w.openAudience(ctx); err != nil {
		return err
	}
	if err := w.storeRows(ctx); err != nil {
		return err
	}
	if err := w.report(ctx, w.i.Size); err != nil { // the last remarks
		return err
	}
	return w.finish(ctx)
}

// openAudience goes on with the audience of an interrupted run, if it is what this run would
// have stored by then; else the import gets a new one, which hangs on it, so that it is found
// again if the process dies.
func (w *importWork) openAudience(ctx context.Context) error {
	if w.i.AudienceID != 0 {
		goesOn, err := w.goesOn(ctx)
		if err != nil || goesOn {
			return err
		}
		if err := w.s.DB.DeleteAudience(ctx, w.i.AudienceID); err != nil {
			return err
		}
	}
	_, columns := columnUses(w.i)
	audience := models.Audience{TeamID: w.i.TeamID, Columns: columns, CreatedBy: w.i.CreatedBy, CreatedAt: w.s.Now()}
	return w.s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := tx.CreateAudience(ctx, &audience); err != nil {
			return err
		}
		w.i.AudienceID, w.i.Good = audience.ID, 0
		return w.save(ctx, tx)
	})
}

// goesOn reports whether the last of the recipients that are counted as stored is where it
// should be.
func (w *importWork) goesOn(ctx context.Context) (bool, error) {
	if w.i.Good == 0 {
		return false, nil
	}
	n := int64(0)
	for row, err := range w.spool.sorted() {
		switch {
		case err != nil:
			return false, err
		case row.repeats:
			continue
		}
		if n++; n == w.i.Good {
			return w.s.DB.HasRecipient(ctx, w.i.AudienceID, w.spool.text(row))
		}
	}
	return false, nil
}

// storeRows stores the recipients behind those that are stored.
func (w *importWork) storeRows(ctx context.Context) error {
	var rs []models.Recipient
	stored, size := w.i.Good, 0
	for row, err := range w.spool.sorted() {
		switch {
		case err != nil:
			return err
		case row.repeats:
			w.i.Doubled++
			w.remark(models.ImportRow{Kind: models.RowDoubled, Line: row.line(), Value: w.spool.text(row), Phone: w.spool.text(row)})
			continue
		case stored > 0:
			stored--
			continue
		case len(rs) == 0:
			if size, err = w.chunkSize(ctx); err != nil {
				return err
			}
		}
		vars, err := w.spool.vars(row)
		if err != nil {
			return err
		}
		if rs = append(rs, models.Recipient{Phone: w.spool.text(row), Vars: vars}); len(rs) < size {
			continue
		}
		if err := w.storeChunk(ctx, rs); err != nil {
			return err
		}
		rs = rs[:0]
	}
	return w.storeChunk(ctx, rs)
}

// chunkSize is how many recipients are stored in the next transaction.
func (w *importWork) chunkSize(ctx context.Context) (int, error) {
	if w.s.DB.Dialect() != models.SQLite {
		return importChunk, nil
	}
	busy, err := w.s.DB.Sending(ctx)
	if busy {
		return importChunkBusy, err
	}
	return importChunk, err
}

func (w *importWork) storeChunk(ctx context.Context, rs []models.Recipient) error {
	if len(w.pending) > maxPending {
		if err := w.report(ctx, w.i.Size); err != nil {
			return err
		}
	}
	w.i.Good += int64(len(rs))
	ours, err := w.s.DB.StoreRecipients(ctx, w.i, rs)
	if err == nil && !ours {
		return errImportTaken
	}
	return err
}

// finish does with the new audience what the import is for. A campaign's audience before
// has served its purpose then, and so has the file, unless rows of it were refused, which the person may want back.
func (w *importWork) finish(ctx context.Context) error {
	now, done := w.s.Now(), w.i
	done.State, done.BytesRead, done.FinishedAt = models.ImportDone, w.i.Size, &now
	if done.Refused == 0 {
		done.Path = ""
	}
	e := models.Event{
		Action: "import.finish", TeamID: done.TeamID, ObjectType: "import", ObjectID: done.ID, ObjectName: done.FileName,
		After: map[string]int64{"rows": done.Rows, "good": done.Good, "repaired": done.Repaired, "doubled": done.Doubled, "refused": done.Refused},
	}
	err := w.s.change(ctx, models.Actor{}, &e, func(tx *models.DB) error {
		if err := tx.SetAudienceSize(ctx, done.AudienceID, done.Good); err != nil {
			return err
		}
		if err := move(ctx, tx, done); err != nil {
			return err
		}
		return w.conclude(ctx, tx, done)
	})
	if err != nil {
		return err
	}
	w.s.tidyAfter(ctx, w.i, done.Path == "")
	return nil
}

// tidyAfter removes the audiences of the imports before one that is done, and its file
// if nobody wants it any more. What fails is tried again after the next import.
func (s *Service) tidyAfter(ctx context.Context, i models.Import, file bool) {
	var err error
	if file {
		err = s.removeUpload(i.Path)
	}
	var earlier []models.Import
	if i.Purpose == models.PurposeCampaign {
		var readErr error
		earlier, readErr = s.DB.ImportsIn(ctx, i.CampaignID, models.ImportDone)
		err = errors.Join(err, readErr)
	}
	for _, e := range earlier {
		if e.ID == i.ID || e.AudienceID == 0 {
			continue
		}
		dropErr := s.DB.DeleteAudience(ctx, e.AudienceID)
		if dropErr == nil {
			dropErr = s.DB.ForgetAudience(ctx, e.ID)
		}
		err = errors.Join(err, dropErr)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "tidying up after an import", "import", i.ID, "error", err)
	}
}
