package recipients

import (
	"archive/zip"
	"bufio"
	"io"
	"strings"
	"unicode"
)

// workbookWriter writes a workbook of one sheet, row by row, in which every cell is
// text: no spreadsheet takes any for a formula, and no number loses a digit.
type workbookWriter struct {
	archive *zip.Writer
	sheet   *bufio.Writer
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// What a workbook needs besides its sheet.
var workbookParts = [...]struct{ name, text string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" ` +
		`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ` +
		`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" ` +
		`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
}

func newWorkbookWriter(to io.Writer) (*workbookWriter, error) {
	w := &workbookWriter{archive: zip.NewWriter(to)}
	for _, part := range workbookParts {
		p, err := w.archive.Create(part.name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(p, xmlHead+part.text); err != nil {
			return nil, err
		}
	}
	p, err := w.archive.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	w.sheet = bufio.NewWriterSize(p, readSize)
	_, err = w.sheet.WriteString(xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	return w, err
}

// maxCell is how many characters a cell may have.
const maxCell = 32_767

func (w *workbookWriter) write(fields []string) error {
	_, err := w.sheet.WriteString("<row>")
	for _, field := range fields[:min(len(fields), MaxColumns)] {
		if err != nil {
			return err
		}
		if field == "" {
			_, err = w.sheet.WriteString("<c/>")
			continue
		}
		_, err = w.sheet.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">` + escapeXML(field) + `</t></is></c>`)
	}
	if err != nil {
		return err
	}
	_, err = w.sheet.WriteString("</row>")
	return err
}

func (w *workbookWriter) close() error {
	if _, err := w.sheet.WriteString("</sheetData></worksheet>"); err != nil {
		return err
	}
	if err := w.sheet.Flush(); err != nil {
		return err
	}
	return w.archive.Close()
}

// escapeXML is text for a cell, without what XML cannot carry.
func escapeXML(s string) string {
	if runes := []rune(s); len(runes) > maxCell {
		s = string(runes[:maxCell])
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\ufffe' || r == '\uffff' {
			return -1
		}
		return r
	}, s)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "_x", "_x005F_x").Replace(s)
}
