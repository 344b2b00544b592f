package actions

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"

	"soshik/internal/recipients"
	"soshik/models"
)

// RunImport asks a worker to run [Service.RunImport].
type RunImport struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (RunImport) Kind() string { return "run_import" }

const (
	// importChunk is how many recipients are stored in one transaction: few enough
	// that what waits for SQLite's one writer does not wait long.
	importChunk = 2000
	// maxRemarks is how many remarks of each kind an import keeps by row; the
	// counters count all.
	maxRemarks = 100_000
)

// uploads is the folder of the uploaded files in the data folder.
const uploads = "uploads"

// Upload is a file that is being uploaded.
type Upload struct {
	Name string // as the person's computer calls it
	Body io.Reader
	Max  int64 // bytes that are taken
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
	if i, err = s.inspect(name); err != nil {
		return i, fileProblem(err)
	}
	now := s.Now()
	i.TeamID, i.CampaignID, i.FileName, i.Path = c.TeamID, c.ID, up.Name, name
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
		return models.Errorf(models.Conflict, "campaign.launched_already")
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

// keepUpload writes the file to the uploads under a name that nobody can guess.
func (s *Service) keepUpload(up Upload) (name string, err error) {
	if err := os.MkdirAll(s.uploadPath(""), 0o700); err != nil {
		return "", err
	}
	name = rand.Text()
	f, err := os.OpenFile(s.uploadPath(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	n, err := io.Copy(f, io.LimitReader(up.Body, up.Max+1))
	err = errors.Join(err, f.Close())
	switch {
	case n > up.Max:
		err = errors.Join(TooLarge(up.Max), err)
	case err == nil && n == 0:
		err = recipients.ErrEmpty
	}
	if err != nil {
		return "", errors.Join(err, s.removeUpload(name))
	}
	return name, nil
}

// TooLarge is what is told about a file of more than limit bytes.
func TooLarge(limit int64) error {
	return fieldError(models.T("import.too_large", "Max", limit>>20), nil)
}

// fieldError is about the form's file.
func fieldError(text models.Text, cause error) error {
	return &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: map[string]models.Text{"file": text}, Err: cause}
}

func (s *Service) uploadPath(name string) string { return filepath.Join(s.DataDir, uploads, name) }

func (s *Service) removeUpload(name string) error {
	if name == "" {
		return nil
	}
	if err := os.Remove(s.uploadPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// forgetUploads removes files of the campaign whose import was never started.
func (s *Service) forgetUploads(ctx context.Context, c models.Campaign) error {
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

// inspect decides how a file is read and what its columns are used as.
func (s *Service) inspect(name string) (i models.Import, err error) {
	f, err := os.Open(s.uploadPath(name))
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return i, err
	}
	sample, err := readSample(f)
	if err != nil {
		return i, err
	}
	format := recipients.Detect(sample)
	if err := notText(sample, format.Encoding); err != nil {
		return i, err
	}
	i = models.Import{
		Path: name, Size: info.Size(), Encoding: string(format.Encoding), Separator: string(format.Separator), HasHeader: format.HasHeader,
	}
	sheet, err := s.PreviewImport(i, previewRows)
	if err != nil {
		return i, err
	}
	i.Mapping = uses(sheet)
	if !slices.Contains(i.Mapping, models.UsePhone) {
		return i, recipients.ErrNoPhoneColumn
	}
	return i, nil
}

// notText finds out by its first bytes that a file is none of text: a workbook, an
// archive, a picture.
func notText(sample []byte, encoding recipients.Encoding) error {
	for _, magic := range []string{"PK\x03\x04", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"} { // .xlsx, .xls
		if bytes.HasPrefix(sample, []byte(magic)) {
			return fieldError(models.T("import.workbook"), nil)
		}
	}
	wide := encoding == recipients.UTF16LE || encoding == recipients.UTF16BE
	if !wide && bytes.IndexByte(sample, 0) >= 0 {
		return fieldError(models.T("import.not_csv"), nil)
	}
	return nil
}

// previewRows are looked at to find out what the columns are.
const previewRows = 200

// uses suggests what each column is used as: the phone number, or a variable of
// the column's own name.
func uses(sheet recipients.Sheet) []string {
	suggested := recipients.SuggestMapping(sheet.Header, sheet.Rows)
	mapping := make([]string, width(sheet))
	for _, v := range suggested.Variables {
		if v.Column < len(mapping) {
			mapping[v.Column] = v.Name
		}
	}
	if suggested.PhoneColumn >= 0 && suggested.PhoneColumn < len(mapping) {
		mapping[suggested.PhoneColumn] = models.UsePhone
	}
	return mapping
}

// width is how many columns a sheet has: where no row can be read, as many as there
// seem to be.
func width(sheet recipients.Sheet) int {
	n := max(sheet.Columns, len(sheet.Header))
	for _, row := range sheet.Rows {
		n = max(n, len(row.Fields))
	}
	return min(n, maxColumns)
}

// maxColumns is how many columns can be given a use.
const maxColumns = 200

// PreviewImport reads the first n rows of the file of i, as i says it is to be
// read.
func (s *Service) PreviewImport(i models.Import, n int) (sheet recipients.Sheet, err error) {
	f, err := s.openImport(i)
	if err != nil {
		return sheet, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return recipients.Preview(f.reader.All(), n)
}

// importFile is an uploaded file that is being read.
type importFile struct {
	*os.File
	read   int64 // bytes, so far
	reader *recipients.Reader
}

// Read counts what is read.
func (f *importFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.read += int64(n)
	return n, err
}

// openImport opens the file of i, to be read as i says.
func (s *Service) openImport(i models.Import) (_ *importFile, err error) {
	file, err := os.Open(s.uploadPath(i.Path))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	sample, err := readSample(file)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var separator byte
	if i.Separator != "" {
		separator = i.Separator[0]
	}
	format := recipients.DetectAs(sample, recipients.Encoding(i.Encoding), separator)
	format.HasHeader = i.HasHeader
	f := &importFile{File: file}
	f.reader = recipients.NewReader(f, format)
	return f, nil
}

func readSample(r io.Reader) ([]byte, error) {
	sample := make([]byte, recipients.SampleSize)
	n, err := io.ReadFull(r, sample)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return sample[:n], err
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
	case models.DiskFull(err):
		key = "import.disk_full"
	default:
		return err
	}
	return fieldError(models.T(key), err)
}

// ReadAs is how a person says that a file is to be read.
type ReadAs struct {
	Encoding  string
	Separator string
	Header    bool // the first row names the columns
}

// check refuses what no file is read as; the form offers nothing else.
func (r ReadAs) check() error {
	known := slices.Contains(recipients.Encodings(), recipients.Encoding(r.Encoding)) &&
		len(r.Separator) == 1 && slices.Contains(recipients.Separators(), r.Separator[0])
	if !known {
		return models.Errorf(models.Invalid, "error.invalid")
	}
	return nil
}

// ReadImportAs changes how the file is read, before the import starts.
func (s *Service) ReadImportAs(ctx context.Context, by models.Actor, c models.Campaign, i models.Import, as ReadAs) error {
	if err := s.mayImport(by, c); err != nil {
		return err
	}
	if err := as.check(); err != nil {
		return err
	}
	i.Encoding, i.Separator, i.HasHeader = as.Encoding, as.Separator, as.Header
	sheet, err := s.PreviewImport(i, previewRows)
	if err != nil {
		return fileProblem(err)
	}
	i.Mapping = uses(sheet)
	return s.moveImport(ctx, i, models.ImportMapping)
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
	return s.change(ctx, by, &e, func(tx *models.DB) error { return s.startImport(ctx, tx, i) })
}

// startImport refuses a second import beside a running one: which of the two would
// be the campaign's?
func (s *Service) startImport(ctx context.Context, tx *models.DB, i models.Import) error {
	running, err := tx.ImportsIn(ctx, i.CampaignID, models.ImportRunning)
	if err != nil {
		return err
	}
	if len(running) > 0 {
		return models.Errorf(models.Conflict, "import.another")
	}
	moved, err := tx.MoveImport(ctx, i, models.ImportMapping)
	if err != nil {
		return err
	}
	if !moved {
		return models.Errorf(models.Conflict, "import.changed")
	}
	_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), RunImport{ImportID: i.ID}, work())
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
	if phones != 1 {
		fields["mapping"] = models.T("import.one_phone")
	}
	if len(fields) == 0 {
		return nil
	}
	return &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: fields}
}

// RunImport reads the file into a new audience of the campaign. It reads the whole
// file first and stores the recipients in the order of their numbers, which is
// several times faster than in the file's. Interrupted, it begins anew: everything
// that it has written by then hangs on the import and is deleted first.
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

// errImportTaken means that another job has taken the import over.
var errImportTaken = errors.New("the import is another job's by now")

// failImport ends an import that cannot go on. A failure of ours is returned, for
// the log.
func (s *Service) failImport(ctx context.Context, i models.Import, cause error) error {
	now, failed := s.Now(), i
	failed.State, failed.Problem, failed.FinishedAt, failed.AudienceID, failed.Path = models.ImportFailed, "import.failed", &now, 0, ""
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
	return errors.Join(cause, s.dropAudience(ctx, i.AudienceID), s.removeUpload(i.Path))
}

// move ends a running import that is still ours.
func move(ctx context.Context, tx *models.DB, i models.Import) error {
	moved, err := tx.MoveImport(ctx, i, models.ImportRunning)
	if err == nil && !moved {
		return errImportTaken
	}
	return err
}

func (s *Service) dropAudience(ctx context.Context, id int64) error {
	if id == 0 {
		return nil
	}
	return s.DB.DeleteAudience(ctx, id)
}

// importWork is an import under way.
type importWork struct {
	s       *Service
	i       models.Import
	spool   *os.File // the values of the recipients, one behind the other
	buffer  *bufio.Writer
	offset  uint64
	rows    []spooled
	pending []models.ImportRow
	remarks map[models.ImportRowKind]int
}

// spooled is a good row: 16 bytes, so that a million of them take 16 MB.
type spooled struct {
	key   uint64 // the number without its leading zero, then the line in 32 bits
	place uint64 // in the spool: the offset, then the length in lengthBits
}

const (
	lineBits   = 32
	lengthBits = 24 // a record is at most a megabyte, and six times that as JSON
)

func (r spooled) phone() uint64 { return r.key >> lineBits }
func (r spooled) line() int64   { return int64(r.key & (1<<lineBits - 1)) } //nolint:gosec // 32 bits

// text is the number that the row was spooled with: every mobile number begins
// with a zero.
func (r spooled) text() string { return "0" + strconv.FormatUint(r.phone(), 10) }

func (w *importWork) run(ctx context.Context) (err error) {
	if err := w.begin(ctx); err != nil {
		return err
	}
	if w.spool, err = os.CreateTemp(w.s.uploadPath(""), "spool-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.spool.Close()) }()
	if err := os.Remove(w.spool.Name()); err != nil { // gone with the process
		return err
	}
	w.buffer = bufio.NewWriterSize(w.spool, 1<<18)
	if err := w.read(ctx); err != nil {
		return err
	}
	return w.store(ctx)
}

// begin deletes what an interrupted run has left behind.
func (w *importWork) begin(ctx context.Context) error {
	if err := w.s.dropAudience(ctx, w.i.AudienceID); err != nil {
		return err
	}
	w.i.AudienceID, w.i.BytesRead, w.i.Rows, w.i.Good, w.i.Repaired, w.i.Doubled, w.i.Refused = 0, 0, 0, 0, 0, 0, 0
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

// mapping is what the reader is told about the columns.
func (w *importWork) mapping() (m recipients.Mapping, columns []string) {
	m.PhoneColumn = -1
	for n, use := range w.i.Mapping {
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
	mapping, _ := w.mapping()
	for r, err := range recipients.Parse(f.reader.All(), mapping) {
		if err := w.take(r, err); err != nil {
			return err
		}
		if w.i.Rows++; w.i.Rows%importProgress == 0 {
			w.reserve(f.read)
			if err := w.report(ctx, f.read); err != nil {
				return err
			}
		}
	}
	return errors.Join(w.report(ctx, w.i.Size), w.buffer.Flush())
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

// reserve makes room for as many rows as the file seems to have, so that the list
// is not copied as it grows.
func (w *importWork) reserve(read int64) {
	if w.i.Rows != importProgress || read == 0 {
		return
	}
	expected := float64(len(w.rows)) * float64(w.i.Size) / float64(read) * 1.05
	w.rows = slices.Grow(w.rows, max(0, int(min(expected, maxReserve))-len(w.rows)))
}

const (
	// importProgress is after how many rows the progress is written down.
	importProgress = 10_000
	// reportChunks is after how many chunks that have been stored it is.
	reportChunks = 5
	// maxReserve is for how many rows room is made beforehand, at most.
	maxReserve = 2_000_000
)

// report writes down the progress and the remarks that have gathered.
func (w *importWork) report(ctx context.Context, bytesRead int64) error {
	w.i.BytesRead = bytesRead
	err := w.s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := w.save(ctx, tx); err != nil {
			return err
		}
		return tx.CreateImportRows(ctx, w.pending)
	})
	w.pending = w.pending[:0]
	return err
}

func (w *importWork) remark(kind models.ImportRowKind, line int64, reason, value, phone string) {
	w.remarks[kind]++
	if w.remarks[kind] <= maxRemarks {
		w.pending = append(w.pending, models.ImportRow{
			ImportID: w.i.ID, Kind: kind, Line: line, Reason: reason, Value: strings.Clone(value), Phone: strings.Clone(phone),
		})
	}
}

func (w *importWork) refuse(p *recipients.Problem) {
	w.i.Refused++
	value := p.Value
	if len(value) > maxShownValue {
		value = value[:maxShownValue]
	}
	w.remark(models.RowRefused, p.Line, string(p.Reason), strings.ToValidUTF8(value, "�"), "")
}

// maxShownValue is how much of a refused value is kept, in bytes.
const maxShownValue = 200

func (w *importWork) keep(r recipients.Recipient) error {
	if r.Repaired {
		w.i.Repaired++
		w.remark(models.RowRepaired, r.Line, "", r.Raw, r.Phone)
	}
	phone, err := strconv.ParseUint(r.Phone, 10, lineBits)
	if err != nil {
		return fmt.Errorf("line %d: %w", r.Line, err)
	}
	if r.Line >= 1<<lineBits || len(r.Vars) >= 1<<lengthBits {
		return fmt.Errorf("line %d is too long or too far down", r.Line)
	}
	w.rows = append(w.rows, spooled{key: phone<<lineBits | uint64(r.Line), place: w.offset<<lengthBits | uint64(len(r.Vars))}) //nolint:gosec // checked
	n, err := w.buffer.Write(r.Vars)
	w.offset += uint64(n) //nolint:gosec // never negative
	return err
}

// store writes the spooled rows to a new audience in the order of their numbers.
// Of those with the same number the first in the file wins.
func (w *importWork) store(ctx context.Context) error {
	slices.SortFunc(w.rows, func(a, b spooled) int { return cmp.Compare(a.key, b.key) })
	if err := w.createAudience(ctx); err != nil {
		return err
	}
	for start := 0; start < len(w.rows); start += importChunk {
		chunk := w.rows[start:min(start+importChunk, len(w.rows))]
		var before uint64
		if start > 0 {
			before = w.rows[start-1].phone()
		}
		if err := w.storeChunk(ctx, chunk, before); err != nil {
			return err
		}
		if start/importChunk%reportChunks == 0 {
			if err := w.report(ctx, w.i.Size); err != nil {
				return err
			}
		}
	}
	if err := w.report(ctx, w.i.Size); err != nil { // the last remarks
		return err
	}
	return w.finish(ctx)
}

// createAudience hangs the new audience on the import, so that it is found again
// if the process dies.
func (w *importWork) createAudience(ctx context.Context) error {
	_, columns := w.mapping()
	audience := models.Audience{TeamID: w.i.TeamID, Columns: columns, CreatedBy: w.i.CreatedBy, CreatedAt: w.s.Now()}
	return w.s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := tx.CreateAudience(ctx, &audience); err != nil {
			return err
		}
		w.i.AudienceID = audience.ID
		return w.save(ctx, tx)
	})
}

func (w *importWork) storeChunk(ctx context.Context, chunk []spooled, before uint64) error {
	rs := make([]models.Recipient, 0, len(chunk))
	for _, row := range chunk {
		if row.phone() == before {
			w.i.Doubled++
			w.remark(models.RowDoubled, row.line(), "", row.text(), row.text())
			continue
		}
		before = row.phone()
		vars := make([]byte, row.place&(1<<lengthBits-1))
		if _, err := w.spool.ReadAt(vars, int64(row.place>>lengthBits)); err != nil { //nolint:gosec // 40 bits
			return err
		}
		rs = append(rs, models.Recipient{Phone: row.text(), Vars: string(vars)})
	}
	w.i.Good += int64(len(rs))
	return w.s.DB.InsertRecipients(ctx, w.i.AudienceID, rs)
}

// finish makes the new audience the campaign's, unless the campaign has been
// launched in the meantime. The file has served its purpose then, and so has the
// audience before.
func (w *importWork) finish(ctx context.Context) error {
	now, done := w.s.Now(), w.i
	done.State, done.BytesRead, done.FinishedAt, done.Path = models.ImportDone, w.i.Size, &now, ""
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
		used, err := tx.UseAudience(ctx, done.CampaignID, done.AudienceID)
		if err == nil && !used {
			return models.Errorf(models.Conflict, "campaign.launched_already")
		}
		return err
	})
	if err != nil {
		return err
	}
	w.s.tidy(ctx, w.i)
	return nil
}

// tidy removes the file of an import that is done, and the audiences of those
// before it. What fails is tried again after the next import.
func (s *Service) tidy(ctx context.Context, i models.Import) {
	err := s.removeUpload(i.Path)
	earlier, readErr := s.DB.ImportsIn(ctx, i.CampaignID, models.ImportDone)
	err = errors.Join(err, readErr)
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
