package bench

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding/korean"
)

// What becomes of a row.
type kind int

const (
	good kind = iota
	doubled
	refused
)

// person is a row of the files that are imported.
type person struct {
	kind    kind
	n       int
	written string // the number as the file has it
	phone   string // what it becomes
}

// Of every rowCycle rows one is refused and five are doubled.
const rowCycle = 200

// personAt is row n of so many. The numbers stand in no order.
func personAt(n, rows int) person {
	p := person{n: n}
	switch {
	case n%rowCycle == 17:
		p.kind, p.written = refused, "02-123-4567"
		return p
	case n%rowCycle >= 195 && n > rows/2: // 5 of 200: the number of a row in the first half
		p.kind, n = doubled, n-rows/2+100-(n-rows/2+100)%rowCycle+3
	}
	// 55,623,059 is prime to 90,000,000, so that every number comes once, each far from the one before.
	number := 10_000_000 + n*55_623_059%90_000_000
	p.phone = fmt.Sprintf("010%08d", number)
	p.written = p.phone[:3] + "-" + p.phone[3:7] + "-" + p.phone[7:]
	return p
}

// counts are how many rows of each kind there are.
func counts(rows int) (n [3]int64) {
	for i := range rows {
		n[personAt(i, rows).kind]++
	}
	return n
}

var columns = []string{"이름", "휴대폰", "쿠폰", "등급", "매장", "링크"}

func (p person) cells() []string {
	return []string{
		"김하늘", p.written, fmt.Sprintf("AUTUMN-%07d", p.n), "골드 회원", "봄봄상점 강남역점", fmt.Sprintf("m/%d", p.n),
	}
}

// vars are what is stored of a good row.
func (p person) vars() string {
	var b strings.Builder
	for i, cell := range p.cells() {
		if i == 1 {
			continue
		}
		b.WriteString(map[bool]string{true: "{", false: ","}[b.Len() == 0] + `"` + columns[i] + `":"` + cell + `"`)
	}
	return b.String() + "}"
}

// writeCP949 writes a CSV as a spreadsheet in Korea does.
func writeCP949(path string, rows int) (err error) {
	f, err := os.Create(path) //nolint:gosec // in our own folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(korean.EUCKR.NewEncoder().Writer(f))
	if _, err := w.WriteString(strings.Join(columns, ",") + "\r\n"); err != nil {
		return err
	}
	for n := range rows {
		if _, err := w.WriteString(strings.Join(personAt(n, rows).cells(), ",") + "\r\n"); err != nil {
			return err
		}
	}
	return w.Flush()
}

// What a workbook has besides its sheet and its texts.
var workbook = [...]struct{ name, text string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
	{"_rels/.rels", `<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="회원" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`},
}

// writeWorkbook writes the rows as Excel does: every text once, in a part of its own, and cells
// that name it by its number.
func writeWorkbook(path string, rows int) (err error) {
	f, err := os.Create(path) //nolint:gosec // in our own folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	for _, part := range workbook {
		w, err := z.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, part.text); err != nil {
			return err
		}
	}
	if err := writePart(z, "xl/worksheets/sheet1.xml", func(w *bufio.Writer) error { return writeSheet(w, rows) }); err != nil {
		return err
	}
	if err := writePart(z, "xl/sharedStrings.xml", func(w *bufio.Writer) error { return writeTexts(w, rows) }); err != nil {
		return err
	}
	return z.Close()
}

func writePart(z *zip.Writer, name string, write func(w *bufio.Writer) error) error {
	part, err := z.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(part)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// Texts of the workbook: the names of the columns, what all rows have in common, then three of each
// row.
const fixedTexts, ownTexts = 9, 3

func writeSheet(w *bufio.Writer, rows int) error {
	if _, err := w.WriteString(`<worksheet><sheetData>`); err != nil {
		return err
	}
	if _, err := w.WriteString(sheetRow(1, 0, 1, 2, 3, 4, 5)); err != nil {
		return err
	}
	for n := range rows {
		own := fixedTexts + n*ownTexts
		if _, err := w.WriteString(sheetRow(n+2, 6, own, own+1, 7, 8, own+2)); err != nil {
			return err
		}
	}
	_, err := w.WriteString(`</sheetData></worksheet>`)
	return err
}

func sheetRow(line int, texts ...int) string {
	row := fmt.Sprintf(`<row r="%d" spans="1:%d">`, line, len(texts))
	for i, text := range texts {
		row += fmt.Sprintf(`<c r="%c%d" t="s"><v>%d</v></c>`, 'A'+i, line, text)
	}
	return row + "</row>"
}

func writeTexts(w *bufio.Writer, rows int) error {
	fixed := person{}.cells()
	all := append(append([]string{}, columns...), fixed[0], fixed[3], fixed[4])
	if _, err := w.WriteString("<sst><si><t>" + strings.Join(all, "</t></si><si><t>") + "</t></si>"); err != nil {
		return err
	}
	for n := range rows {
		c := personAt(n, rows).cells()
		if _, err := fmt.Fprintf(w, "<si><t>%s</t></si><si><t>%s</t></si><si><t>%s</t></si>", c[1], c[2], c[5]); err != nil {
			return err
		}
	}
	_, err := w.WriteString("</sst>")
	return err
}
