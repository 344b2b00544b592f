package recipients

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"
)

// Why a workbook cannot be read.
var (
	ErrNotWorkbook = errors.New("not an Excel workbook (.xlsx)")
	ErrOldWorkbook = errors.New("an old Excel workbook (.xls)")
	ErrEncrypted   = errors.New("a workbook with a password")
	ErrBomb        = errors.New("a workbook that grows beyond all measure when it is unpacked")
	ErrNoSheet     = errors.New("workbook has no such sheet")
)

// Bounds of what a workbook may unpack to, in bytes: far beyond what a million rows
// have, and little enough that reading ends.
const (
	maxSheetSize  = 8 << 30
	maxSharedSize = 2 << 30
	maxOtherSize  = 32 << 20
	maxDirectory  = 4 << 20 // of the list of the files inside
	maxSheets     = 1000
	maxStyles     = 65_490 // that is Excel's own
)

// IsWorkbook tells by its first bytes that a file may be a workbook of Excel 2007 or
// later: any archive begins so.
func IsWorkbook(sample []byte) bool { return bytes.HasPrefix(sample, []byte("PK\x03\x04")) }

// CheckOldWorkbook returns [ErrOldWorkbook] or [ErrEncrypted] for a file in the
// format of Excel 97 to 2003, in which workbooks with a password are wrapped to this
// day, and nil for any other.
func CheckOldWorkbook(r io.ReaderAt) error {
	const sector = 512
	var head [sector]byte
	if n, _ := r.ReadAt(head[:], 0); n < sector || string(head[:8]) != "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" {
		if n >= 8 && string(head[:8]) == "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" {
			return ErrOldWorkbook
		}
		return nil
	}
	// The first sector of its directory names what is inside, in UTF-16.
	size := int64(1) << min(head[0x1E], 12)
	number := int64(head[0x30]) | int64(head[0x31])<<8 | int64(head[0x32])<<16 | int64(head[0x33])<<24
	directory := make([]byte, size)
	n, _ := r.ReadAt(directory, (number+1)*size)
	plain := bytes.ReplaceAll(directory[:n], []byte{0}, nil)
	if bytes.Contains(plain, []byte("EncryptedPackage")) || bytes.Contains(plain, []byte("EncryptionInfo")) {
		return ErrEncrypted
	}
	return ErrOldWorkbook
}

// A Workbook is an open .xlsx file.
type Workbook struct {
	parts  map[string]*zip.File // by their names in small letters
	sheets []sheetPart
	shared string // the part of the texts; "" if there is none
	styles []numberFormat
	date04 bool // days count from 1904
	spill  func() (Spill, error)
}

type sheetPart struct {
	name, part string
	hidden     bool
}

// OpenWorkbook opens a workbook of size bytes. spill is called when memory has no
// room for the texts of a sheet.
func OpenWorkbook(r io.ReaderAt, size int64, spill func() (Spill, error)) (*Workbook, error) {
	bounded := &directoryReader{r: r, left: maxDirectory}
	archive, err := zip.NewReader(bounded, size)
	if err != nil {
		if bounded.left < 0 {
			return nil, ErrBomb
		}
		return nil, fmt.Errorf("%w: %w", ErrNotWorkbook, err)
	}
	bounded.open = true
	w := &Workbook{parts: make(map[string]*zip.File, len(archive.File)), spill: spill}
	for _, f := range archive.File {
		w.parts[partName(f.Name)] = f
	}
	if err := w.readBook(); err != nil {
		return nil, err
	}
	return w, nil
}

// directoryReader reads no more than so many bytes until it is opened: the list of
// an archive's files is held in memory.
type directoryReader struct {
	r    io.ReaderAt
	left int64
	open bool
}

// ReadAt reads.
func (d *directoryReader) ReadAt(p []byte, at int64) (int, error) {
	if !d.open {
		if d.left -= int64(len(p)); d.left < 0 {
			return 0, ErrBomb
		}
	}
	return d.r.ReadAt(p, at)
}

// partName is how a part is called, however the archive writes it.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// boundedPart is a part of a workbook, of which no more than left bytes are read.
type boundedPart struct {
	io.ReadCloser

	left int64
}

// Read reads.
func (b *boundedPart) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrBomb
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// part opens a part; it is nil if the workbook has none of that name.
func (w *Workbook) part(name string, size int64) (io.ReadCloser, error) {
	f := w.parts[partName(name)]
	if f == nil || name == "" {
		return nil, nil //nolint:nilnil // told apart by the caller
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrNotWorkbook, name, err)
	}
	return &boundedPart{ReadCloser: r, left: size}, nil
}

// each calls fn at every tag of a part, if there is such a part.
func (w *Workbook) each(name string, fn func(x *xmlReader) error) (err error) {
	r, err := w.part(name, maxOtherSize)
	if err != nil || r == nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for x := newXMLReader(r); ; {
		switch err := x.next(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: %s: %w", ErrNotWorkbook, name, err)
		}
		if err := fn(x); err != nil {
			return err
		}
	}
}

// relations are what a part names by id, and of what type they are.
type relation struct{ id, kind, target string }

func (w *Workbook) relations(part string) (all []relation, err error) {
	folder, file := path.Split(part)
	err = w.each(folder+"_rels/"+file+".rels", func(x *xmlReader) error {
		if x.opens("Relationship") && len(all) < 10*maxSheets && string(x.attr("TargetMode")) != "External" {
			target := x.attrText("Target")
			if !strings.HasPrefix(target, "/") {
				target = folder + target
			}
			kind := x.attrText("Type")
			all = append(all, relation{x.attrText("Id"), kind[strings.LastIndexByte(kind, '/')+1:], partName(path.Clean(target))})
		}
		return nil
	})
	return all, err
}

// readBook finds out which sheets there are and where they stand.
func (w *Workbook) readBook() error {
	book := "xl/workbook.xml"
	roots, err := w.relations("")
	if err != nil {
		return err
	}
	for _, r := range roots {
		if r.kind == "officeDocument" {
			book = r.target
		}
	}
	if w.parts[partName(book)] == nil {
		return fmt.Errorf("%w: it has no %s", ErrNotWorkbook, book)
	}
	relations, err := w.relations(book)
	if err != nil {
		return err
	}
	err = w.each(book, func(x *xmlReader) error {
		switch {
		case x.opens("workbookPr"):
			w.date04 = x.attrOn("date1904")
		case x.opens("sheet") && len(w.sheets) < maxSheets:
			w.addSheet(x, relations)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(w.sheets) == 0 {
		return fmt.Errorf("%w: it has no sheet", ErrNotWorkbook)
	}
	for _, r := range relations {
		switch r.kind {
		case "sharedStrings":
			w.shared = r.target
		case "styles":
			err = errors.Join(err, w.readStyles(r.target))
		}
	}
	return err
}

// addSheet adds the sheet of a tag, unless it is a chart.
func (w *Workbook) addSheet(x *xmlReader, relations []relation) {
	id := x.attrText("r:id")
	if id == "" { // another prefix
		if i := bytes.Index(x.attrs, []byte(":id=")); i >= 0 {
			start := bytes.LastIndexAny(x.attrs[:i], " \t\r\n") + 1
			id = x.attrText(string(x.attrs[start : i+len(":id")]))
		}
	}
	for _, r := range relations {
		if r.id == id && r.kind == "worksheet" {
			state := string(x.attr("state"))
			w.sheets = append(w.sheets, sheetPart{name: x.attrText("name"), part: r.target, hidden: state == "hidden" || state == "veryHidden"})
		}
	}
}

// readStyles learns how the cells of each style show numbers.
func (w *Workbook) readStyles(part string) error {
	codes := map[int]string{}
	cells := false
	return w.each(part, func(x *xmlReader) error {
		switch {
		case x.opens("numFmt") && len(codes) < maxStyles:
			codes[x.attrInt("numFmtId")] = x.attrText("formatCode")
		case string(x.name) == "cellXfs":
			cells = !x.ending
		case cells && x.opens("xf") && len(w.styles) < maxStyles:
			id := x.attrInt("numFmtId")
			code, own := codes[id]
			if !own {
				code = builtInFormats[id]
			}
			w.styles = append(w.styles, newNumberFormat(code))
		}
		return nil
	})
}

// Sheets are the names of the sheets, those that people see first.
func (w *Workbook) Sheets() []string {
	var shown, hidden []string
	for _, s := range w.sheets {
		if s.hidden {
			hidden = append(hidden, s.name)
		} else {
			shown = append(shown, s.name)
		}
	}
	return slices.Concat(shown, hidden)
}

// Detect decides how the table of a sheet stands in it.
func (w *Workbook) Detect(sheet string) (Format, error) {
	l, err := layoutOf(w.rows(sheet))
	if err != nil {
		return Format{}, err
	}
	f := Format{}
	f.HasHeader, f.Skip = l.header()
	f.Columns = l.columns(f.Skip)
	if f.HasHeader { // what stands beside the table is no part of it
		return f, nil
	}
	for _, row := range l.rows {
		f.Columns = max(f.Columns, len(row))
	}
	return f, nil
}

// Rows yields the rows of a sheet, of f.Columns columns; what stands beside those is
// left out. An error comes last.
func (w *Workbook) Rows(sheet string, f Format) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		n := 0
		for row, err := range w.rows(sheet) {
			if err != nil {
				yield(Row{}, err)
				return
			}
			if n++; n <= f.Skip {
				continue
			}
			row.Header = f.HasHeader && n == f.Skip+1
			row.Columns = f.Columns
			row.Fields = row.Fields[:min(len(row.Fields), f.Columns)]
			if !yield(row, nil) {
				return
			}
		}
	}
}

// rows yields the rows of a sheet that have any text.
func (w *Workbook) rows(sheet string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		i := slices.IndexFunc(w.sheets, func(s sheetPart) bool { return s.name == sheet })
		if i < 0 {
			yield(Row{}, ErrNoSheet)
			return
		}
		if err := w.readSheet(w.sheets[i].part, yield); err != nil {
			yield(Row{}, err)
		}
	}
}

func (w *Workbook) readSheet(part string, yield func(Row, error) bool) (err error) {
	r, err := w.part(part, maxSheetSize)
	if err != nil {
		return err
	}
	if r == nil {
		return fmt.Errorf("%w: it has no %s", ErrNotWorkbook, part)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	texts := &sharedTexts{spill: w.spill}
	defer func() { err = errors.Join(err, texts.close()) }()
	shared, err := w.part(w.shared, maxSharedSize)
	if err != nil {
		return err
	}
	if shared != nil {
		defer func() { err = errors.Join(err, shared.Close()) }()
		texts.xml = newXMLReader(shared)
	}
	s := &sheetReader{xml: newXMLReader(r), texts: texts, styles: w.styles, date04: w.date04}
	for {
		row, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errXML), errors.Is(err, zip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("%w: %s: %w", ErrNotWorkbook, part, err)
		case err != nil:
			return err
		}
		if !yield(row, nil) {
			return nil
		}
	}
}
