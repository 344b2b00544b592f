package recipients

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Cell is what stands in a cell of a workbook that is written: a text, which no
// spreadsheet takes for a formula, and of which no digit is lost; a whole number; or a
// time.
type Cell struct {
	Text    string
	Recurs  bool // the text stands in many cells, and is kept once for all
	Quoted  bool // whoever edits the text does not make a formula of it either
	Number  int64
	Numeric bool // it is the number
	Time    time.Time
}

// Book writes a workbook row by row. Its memory does not grow with the rows; those that
// are too many for a sheet go on the next one.
type Book struct {
	archive *zip.Writer
	name    string // of the sheets
	header  []string
	sheet   *bufio.Writer // the present one
	sheets  int
	rows    int // of the present sheet
	line    []byte
	shared  map[string]int // texts that recur, by their place in recurring
	recur   []string
}

const (
	// maxRows is how many rows a sheet has room for.
	maxRows = 1_048_576
	// maxCell is how many characters a cell may have.
	maxCell = 32_767
	// maxRecurring is how many texts are kept once for all cells, at most.
	maxRecurring = 10_000
)

// NewBook begins a workbook whose sheets are called name, each with header, if there is
// any, above its rows.
func NewBook(to io.Writer, name string, header []string) (*Book, error) {
	w := &Book{archive: zip.NewWriter(to), name: name, header: header, shared: map[string]int{}}
	w.archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	err := w.nextSheet()
	return w, err
}

// What stands around the rows of a sheet. The first one stays in sight if it is a header.
const (
	xmlHead    = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	sheetBegin = `<worksheet xmlns="` + mainSpace + `">`
	sheetPane  = `<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`
	sheetEnd   = `</sheetData></worksheet>`

	mainSpace   = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	officeSpace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	typeOf      = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

// The styles of cells, by their place in [bookStyles].
const (
	stylePlain = iota
	styleTime
	styleQuoted
	styleHeader
)

const bookStyles = `<styleSheet xmlns="` + mainSpace + `"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/>` +
	`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

// nextSheet ends the present sheet and begins another.
func (w *Book) nextSheet() error {
	if err := w.endSheet(); err != nil {
		return err
	}
	w.sheets++
	part, err := w.archive.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", w.sheets))
	if err != nil {
		return err
	}
	w.sheet, w.rows = bufio.NewWriterSize(part, readSize), 0
	begin := xmlHead + sheetBegin
	if len(w.header) > 0 {
		begin += sheetPane + fmt.Sprintf(`<cols><col min="1" max="%d" width="20" customWidth="1"/></cols>`, len(w.header))
	}
	if _, err := w.sheet.WriteString(begin + "<sheetData>"); err != nil || len(w.header) == 0 {
		return err
	}
	w.line = append(w.line[:0], "<row>"...)
	for _, name := range w.header {
		w.line = appendText(w.line, name, styleHeader)
	}
	return w.endRow()
}

func (w *Book) endSheet() error {
	if w.sheet == nil {
		return nil
	}
	if _, err := w.sheet.WriteString(sheetEnd); err != nil {
		return err
	}
	return w.sheet.Flush()
}

func (w *Book) endRow() error {
	w.rows++
	w.line = append(w.line, "</row>"...)
	_, err := w.sheet.Write(w.line)
	return err
}

// Write adds a row.
func (w *Book) Write(cells []Cell) error {
	if w.rows == maxRows {
		if err := w.nextSheet(); err != nil {
			return err
		}
	}
	w.line = append(w.line[:0], "<row>"...)
	for _, c := range cells[:min(len(cells), MaxColumns)] {
		w.line = w.appendCell(w.line, c)
	}
	return w.endRow()
}

func (w *Book) appendCell(dst []byte, c Cell) []byte {
	switch {
	case c.Numeric:
		return append(strconv.AppendInt(append(dst, "<c><v>"...), c.Number, 10), "</v></c>"...)
	case !c.Time.IsZero():
		dst = append(dst, `<c s="1"><v>`...)
		return append(strconv.AppendFloat(dst, serial(c.Time), 'f', 10, 64), "</v></c>"...)
	case c.Text == "":
		return append(dst, "<c/>"...)
	case c.Quoted:
		return appendText(dst, c.Text, styleQuoted)
	case c.Recurs:
		if place, known := w.share(c.Text); known {
			return append(strconv.AppendInt(append(dst, `<c t="s"><v>`...), int64(place), 10), "</v></c>"...)
		}
	}
	return appendText(dst, c.Text, stylePlain)
}

// share is the place of a text among those that are kept once, if there is room.
func (w *Book) share(text string) (place int, known bool) {
	if place, known = w.shared[text]; known || len(w.recur) == maxRecurring {
		return place, known
	}
	text = strings.Clone(text) // of what it may be a part is not kept
	w.shared[text] = len(w.recur)
	w.recur = append(w.recur, text)
	return len(w.recur) - 1, true
}

// serial is a time as spreadsheets count it: in days since the end of 1899, by the clock
// of its place.
func serial(t time.Time) float64 {
	const dayOf1970, day = 25_569, 24 * 60 * 60
	_, offset := t.Zone()
	return dayOf1970 + float64(t.Unix()+int64(offset))/day
}

func appendText(dst []byte, text string, style int) []byte {
	dst = append(dst, `<c t="inlineStr"`...)
	if style != stylePlain {
		dst = append(strconv.AppendInt(append(dst, ` s="`...), int64(style), 10), '"')
	}
	return append(appendT(append(dst, "><is>"...), text), "</is></c>"...)
}

func appendT(dst []byte, text string) []byte {
	return append(appendXML(append(dst, `<t xml:space="preserve">`...), text), "</t>"...)
}

// Close ends the workbook. What it has been written to stays open.
func (w *Book) Close() error {
	if err := w.endSheet(); err != nil {
		return err
	}
	if err := w.closeShared(); err != nil {
		return err
	}
	for _, part := range w.parts() {
		p, err := w.archive.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(p, xmlHead+part.text); err != nil {
			return err
		}
	}
	return w.archive.Close()
}

// closeShared writes the texts that are kept once.
func (w *Book) closeShared() error {
	p, err := w.archive.Create("xl/sharedStrings.xml")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(p, readSize)
	_, err = out.WriteString(xmlHead + `<sst xmlns="` + mainSpace + `">`)
	for _, text := range w.recur {
		if err != nil {
			return err
		}
		_, err = out.Write(append(appendT(append(w.line[:0], "<si>"...), text), "</si>"...))
	}
	if err != nil {
		return err
	}
	if _, err := out.WriteString("</sst>"); err != nil {
		return err
	}
	return out.Flush()
}

type bookPart struct{ name, text string }

// parts are what a workbook needs besides its sheets and their texts.
func (w *Book) parts() []bookPart {
	var types, sheets, links strings.Builder
	for n := 1; n <= w.sheets; n++ {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, n, typeOf)
		name := w.name
		if n > 1 {
			name = fmt.Sprintf("%s (%d)", w.name, n)
		}
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, strings.ReplaceAll(string(appendXML(nil, name)), `"`, "&quot;"), n, n)
		fmt.Fprintf(&links, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, officeSpace, n)
	}
	const relations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	link := func(n int, kind, target string) string {
		return fmt.Sprintf(`<Relationship Id="rId%d" Type=%q Target=%q/>`, n, officeSpace+"/"+kind, target)
	}
	return []bookPart{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + typeOf + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + typeOf + `styles+xml"/>` +
			`<Override PartName="/xl/sharedStrings.xml" ContentType="` + typeOf + `sharedStrings+xml"/>` + types.String() + `</Types>`},
		{"_rels/.rels", relations + link(1, "officeDocument", "xl/workbook.xml") + `</Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="` + mainSpace + `" xmlns:r="` + officeSpace + `"><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", relations + links.String() + link(w.sheets+1, "styles", "styles.xml") +
			link(w.sheets+2, "sharedStrings", "sharedStrings.xml") + `</Relationships>`},
		{"xl/styles.xml", bookStyles},
	}
}

// appendXML appends text for a cell, without what XML cannot carry.
func appendXML(dst []byte, s string) []byte {
	if len(s) <= maxCell && plainXML(s) {
		return append(dst, s...)
	}
	if runes := []rune(s); len(runes) > maxCell {
		s = string(runes[:maxCell])
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\ufffe' || r == '\uffff' {
			return -1
		}
		return r
	}, s)
	return append(dst, strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "_x", "_x005F_x").Replace(s)...)
}

// plainXML reports whether text can stand in XML as it is. It may be false for a text
// that can.
func plainXML(s string) bool {
	for _, r := range s {
		switch {
		case r < ' ' || r == '&' || r == '<' || r == '>' || r == '_':
			return false
		case r >= 0x7F && r < 0xA0 || r == utf8.RuneError || r == '\ufffe' || r == '\uffff':
			return false
		}
	}
	return true
}
