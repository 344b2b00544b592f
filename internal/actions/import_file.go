package actions

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"soshik/internal/recipients"
	"soshik/models"
)

// uploads is the folder of the uploaded files in the data folder.
const uploads = "uploads"

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

// Pasted is an upload of text that a person has pasted, of less than limit bytes.
func Pasted(name, text string, limit int) (up Upload, err error) {
	switch {
	case strings.TrimSpace(text) == "":
		err = fieldError(models.T("import.nothing_pasted"), nil)
	case len(text) >= limit:
		err = fieldError(models.T("import.too_much_pasted", "Max", limit>>20), nil)
	}
	text = recipients.Pasted(text)
	return Upload{Name: name, Body: strings.NewReader(text), Max: int64(len(text))}, err
}

// NoRoom reports whether nothing more can be written to the data folder.
func (s *Service) NoRoom() bool {
	f, err := s.spill()
	if err != nil {
		return models.DiskFull(err)
	}
	_, err = f.Write(make([]byte, roomWanted))
	return models.DiskFull(errors.Join(err, f.Close()))
}

// roomWanted is with how much of it free a disk is not full, in bytes.
const roomWanted = 64 << 10

// spill makes a file in the uploads that is gone when it is closed, and with the
// process.
func (s *Service) spill() (*os.File, error) {
	f, err := os.CreateTemp(s.uploadPath(""), spillPrefix+"*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

const spillPrefix = "spool-"

// inspect decides how the file of a new import is read and what its columns are used
// as.
func (s *Service) inspect(ctx context.Context, c models.Campaign, i *models.Import) (err error) {
	f, err := os.Open(s.uploadPath(i.Path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	i.Size = info.Size()
	sample, err := readSample(f)
	if err != nil {
		return err
	}
	sheet, err := s.inspectSample(f, sample, i)
	if err != nil {
		return err
	}
	if err := s.suggest(ctx, c, i, sheet); err != nil {
		return err
	}
	if !slices.Contains(i.Mapping, models.UsePhone) {
		return recipients.ErrNoPhoneColumn
	}
	return nil
}

// inspectSample decides how a file is read, and reads the first rows so.
func (s *Service) inspectSample(f *os.File, sample []byte, i *models.Import) (sheet recipients.Sheet, err error) {
	if recipients.IsWorkbook(sample) {
		return s.inspectWorkbook(f, i)
	}
	if err := recipients.CheckOldWorkbook(f); err != nil {
		return sheet, err
	}
	format := recipients.Detect(sample)
	if err := recipients.CheckText(sample, format.Encoding); err != nil {
		return sheet, err
	}
	i.Encoding, i.Separator, i.HasHeader = string(format.Encoding), string(format.Separator), format.HasHeader
	return s.PreviewImport(*i, previewRows)
}

// inspectWorkbook takes the first sheet that has numbers, else the first with rows.
func (s *Service) inspectWorkbook(f *os.File, i *models.Import) (first recipients.Sheet, err error) {
	book, err := recipients.OpenWorkbook(f, i.Size, s.spiller())
	if err != nil {
		return first, err
	}
	err = recipients.ErrEmpty
	i.Encoding = models.EncodingWorkbook
	chosen := *i
	for _, name := range book.Sheets() {
		format, detectErr := book.Detect(name)
		if detectErr != nil {
			return first, detectErr
		}
		i.Sheet, i.HasHeader = name, format.HasHeader
		sheet, sheetErr := recipients.Preview(book.Rows(name, format), previewRows)
		switch {
		case errors.Is(sheetErr, recipients.ErrEmpty), errors.Is(sheetErr, recipients.ErrOnlyHeader):
			if !chosen.Workbook() && errors.Is(err, recipients.ErrEmpty) {
				err = sheetErr
			}
			continue
		case sheetErr != nil:
			return first, sheetErr
		case recipients.SuggestMapping(sheet.Header, sheet.Rows).PhoneColumn >= 0:
			return sheet, nil
		}
		if !chosen.Workbook() {
			chosen, first, err = *i, sheet, nil
		}
	}
	*i = chosen
	return first, err
}

// spiller is what a workbook spills to.
func (s *Service) spiller() func() (recipients.Spill, error) {
	return func() (recipients.Spill, error) { return s.spill() }
}

// previewRows are looked at to find out what the columns are.
const previewRows = 200

// suggest decides what each column is used as: as in the team's last file of the same shape,
// or else the phone number, and variables of the columns' own names. What the
// message needs besides is looked for among the rest.
func (s *Service) suggest(ctx context.Context, c models.Campaign, i *models.Import, sheet recipients.Sheet) error {
	suggested := recipients.SuggestMapping(sheet.Header, sheet.Rows)
	i.Mapping, i.Recalled = make([]string, width(sheet)), false
	for _, v := range suggested.Variables {
		if v.Column < len(i.Mapping) {
			i.Mapping[v.Column] = v.Name
		}
	}
	if suggested.PhoneColumn >= 0 && suggested.PhoneColumn < len(i.Mapping) {
		i.Mapping[suggested.PhoneColumn] = models.UsePhone
	}
	before, found, err := s.DB.Mapping(ctx, i.TeamID, sheet.Shape())
	if err != nil {
		return err
	}
	// Without names, a file of another kind may have as many columns.
	if found && len(before.Uses) == len(i.Mapping) && (sheet.Header != nil || slices.Index(before.Uses, models.UsePhone) == suggested.PhoneColumn) {
		i.Mapping, i.International, i.Recalled = before.Uses, before.International, true
	}
	fill(i.Mapping, sheet.Header, c.Content.Names(c.Fallback))
	return nil
}

// fill gives the variables of a message that have no column one that seems to be
// meant.
func fill(mapping, header, names []string) {
	for _, name := range names {
		if slices.Contains(mapping, name) {
			continue
		}
		column := recipients.FindColumn(header, name, func(n int) bool {
			return n < len(mapping) && mapping[n] != models.UsePhone && !slices.Contains(names, mapping[n])
		})
		if column >= 0 {
			mapping[column] = name
		}
	}
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
	return recipients.Preview(f.rows, n)
}

// ImportSheets are the names of the sheets that the file of i has; none if it is no
// workbook.
func (s *Service) ImportSheets(i models.Import) (names []string, err error) {
	if !i.Workbook() {
		return nil, nil
	}
	f, err := os.Open(s.uploadPath(i.Path))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	book, err := recipients.OpenWorkbook(f, i.Size, s.spiller())
	if err != nil {
		return nil, err
	}
	return book.Sheets(), nil
}

// importFile is an uploaded file that is being read.
type importFile struct {
	*os.File

	read   int64 // bytes, so far
	format recipients.Format
	rows   iter.Seq2[recipients.Row, error]
}

// Read counts what is read.
func (f *importFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.read += int64(n)
	return n, err
}

// ReadAt counts what is read.
func (f *importFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	f.read += int64(n)
	return n, err
}

// openImport opens the file of i, to be read as i says.
func (s *Service) openImport(i models.Import) (_ *importFile, err error) {
	file, err := os.Open(s.uploadPath(i.Path))
	if err != nil {
		return nil, err
	}
	f := &importFile{File: file}
	if i.Workbook() {
		err = s.openWorkbook(f, i)
	} else {
		err = f.openText(i)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

func (s *Service) openWorkbook(f *importFile, i models.Import) error {
	book, err := recipients.OpenWorkbook(f, i.Size, s.spiller())
	if err != nil {
		return err
	}
	if f.format, err = book.Detect(i.Sheet); err != nil {
		return err
	}
	f.format.HasHeader = i.HasHeader
	f.rows = book.Rows(i.Sheet, f.format)
	return nil
}

func (f *importFile) openText(i models.Import) error {
	sample, err := readSample(f)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	f.read = 0
	var separator byte
	if i.Separator != "" {
		separator = i.Separator[0]
	}
	f.format = recipients.DetectAs(sample, recipients.Encoding(i.Encoding), separator)
	f.format.HasHeader = i.HasHeader
	f.rows = recipients.NewReader(f, f.format).All()
	return nil
}

func readSample(r io.Reader) ([]byte, error) {
	sample := make([]byte, recipients.SampleSize)
	n, err := io.ReadFull(r, sample)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return sample[:n], err
}

// RefusedFile makes a file of the rows that an import refused, as its own file has them, each
// behind why it was refused: what why makes of the key of a reason and of the name of its column,
// in the person's language and, for encodings that lack its letters, in English. The caller closes
// the file, which is gone then. Once the import's own has been deleted, that is a conflict.
func (s *Service) RefusedFile(
	ctx context.Context, i models.Import, title, plainTitle string, why func(reason, column string) (text, plain string),
) (_ *os.File, err error) {
	gone := models.Errorf(models.Conflict, "import.file_gone")
	if i.State != models.ImportDone || i.Path == "" {
		return nil, gone
	}
	f, err := s.openImport(i)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var header []string
	words := recipients.Words{Title: title, PlainTitle: plainTitle, Why: func(p *recipients.Problem) (string, string) {
		return why(string(p.Reason), columnName(header, p))
	}}
	out, err := s.spill()
	if err != nil {
		return nil, err
	}
	refused := refusedRows(ctx, f, i, &header)
	if i.Workbook() {
		err = recipients.WriteRefusedWorkbook(out, refused, words)
	} else {
		err = recipients.WriteRefused(out, f.File, f.format, refused, words)
	}
	if err == nil {
		_, err = out.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// refusedRows reads a file until all rows have been found that were refused of it, and takes
// note of its header.
func refusedRows(ctx context.Context, f *importFile, i models.Import, header *[]string) iter.Seq2[recipients.Refusal, error] {
	mapping, _ := columnUses(i)
	return func(yield func(recipients.Refusal, error) bool) {
		left := i.Refused
		for refusal, err := range recipients.Refused(f.rows, mapping) {
			switch {
			case err != nil:
			case refusal.Problem == nil:
				*header = slices.Clone(refusal.Row.Fields)
			default:
				left--
				err = ctx.Err()
			}
			if !yield(refusal, err) || err != nil || left <= 0 {
				return
			}
		}
	}
}

// columnName is what the column of a problem is called; "" if it is none's.
func columnName(header []string, p *recipients.Problem) string {
	if p.Column < 0 {
		return ""
	}
	return recipients.ColumnName(header, p.Column)
}

// sweepUploads deletes the files whose time is over, and those that nobody knows: of
// uploads that were cut off by a crash.
func (s *Service) sweepUploads(ctx context.Context) error {
	if s.Sweeping.KeepUploads <= 0 {
		return nil
	}
	before := s.Now().Add(-s.Sweeping.KeepUploads)
	is, err := s.DB.ExpiredUploads(ctx, before)
	for _, i := range is {
		err = errors.Join(err, s.expireUpload(ctx, i))
	}
	entries, readErr := os.ReadDir(s.uploadPath(""))
	if readErr != nil {
		if errors.Is(readErr, fs.ErrNotExist) {
			readErr = nil
		}
		return errors.Join(err, readErr)
	}
	for _, entry := range entries {
		err = errors.Join(err, s.sweepUpload(ctx, entry, time.Now().Add(-s.Sweeping.KeepUploads)))
	}
	return err
}

// expireUpload deletes the file of an import; one that has not been started goes with it.
func (s *Service) expireUpload(ctx context.Context, i models.Import) error {
	if i.State == models.ImportMapping {
		deleted, err := s.DB.DeleteImport(ctx, i.ID)
		if err != nil || !deleted {
			return err
		}
		return s.removeUpload(i.Path)
	}
	return errors.Join(s.removeUpload(i.Path), s.DB.ForgetUpload(ctx, i.ID))
}

// sweepUpload deletes a file that has not been written to since before and that no import
// names.
func (s *Service) sweepUpload(ctx context.Context, entry fs.DirEntry, before time.Time) error {
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !info.ModTime().Before(before) {
		return err
	}
	known, err := s.DB.UploadKnown(ctx, filepath.Base(entry.Name()))
	if err != nil || known {
		return err
	}
	return s.removeUpload(entry.Name())
}
