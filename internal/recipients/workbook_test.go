package recipients_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"soshik/internal/recipients"
)

// written is a workbook as excelize writes it.
func written(tb testing.TB, build func(f *excelize.File)) []byte {
	tb.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	build(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// sheetRows are the rows of a workbook's first sheet.
func sheetRows(tb testing.TB, file []byte) ([]recipients.Row, error) {
	tb.Helper()
	book, err := recipients.OpenWorkbook(bytes.NewReader(file), int64(len(file)), spillTo(tb.TempDir()))
	if err != nil {
		return nil, err
	}
	f, err := book.Detect(book.Sheets()[0])
	if err != nil {
		return nil, err
	}
	var rows []recipients.Row
	for row, err := range book.Rows(book.Sheets()[0], f) {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row.Clone())
	}
	return rows, nil
}

// What a cell shows is what another library, which knows the formats in full, says
// that it shows.
func TestNumbersAreWhatPeopleSee(t *testing.T) {
	t.Parallel()
	formats := []string{
		"", "0", "0.00", "#,##0", "#,##0.00", "0%", "0.0%", "00000", "000-0000-0000", `0"원"`, `"쿠폰 "0000`, "yyyy-mm-dd", "yyyy/m/d", "m/d/yy h:mm",
		"hh:mm:ss", `yyyy"년" mm"월"`, "#,##0;[Red]-#,##0", `\X0`, "0.0#",
	}
	values := []float64{0, 1, 7, 15, 1234567, 1012345678, 0.5, 0.15, 12.345, 45992, 45992.5625}
	file := written(t, func(f *excelize.File) {
		for i, format := range formats {
			style := 0
			if format != "" {
				var err error
				if style, err = f.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
					t.Fatal(err)
				}
			}
			for j, value := range values {
				cell, err := excelize.CoordinatesToCellName(j+1, i+1)
				if err = errors.Join(err, f.SetCellFloat("Sheet1", cell, value, -1, 64), f.SetCellStyle("Sheet1", cell, cell, style)); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := sheetRows(t, file)
	if err != nil || len(rows) != len(formats) {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for i, row := range rows {
		for j, got := range row.Fields {
			cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
			want, err := f.GetCellValue("Sheet1", cell)
			if err != nil {
				t.Fatal(err)
			}
			noDay := strings.ContainsAny(formats[i], "yh") && (values[j] < 1 || values[j] > 2_958_465)
			if got != want && !noDay {
				t.Errorf("%v as %q: got %q, want %q", values[j], formats[i], got, want)
			}
		}
	}
}

// Cells of every kind come out of a file of another library as they went in.
func TestWorkbookReadsWhatAnotherLibraryWrites(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	letters := []rune("가나다 라마바abc&<>\"'_x000D_漢字🎉\n\t")
	var want [][]string
	file := written(t, func(f *excelize.File) {
		for i := range 500 {
			fields := make([]string, 8)
			for j := range fields {
				n := random.IntN(12)
				for range n {
					fields[j] += string(letters[random.IntN(len(letters))])
				}
				if strings.TrimSpace(fields[j]) == "" {
					fields[j] = "x"
				}
				cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
				if err := f.SetCellStr("Sheet1", cell, fields[j]); err != nil {
					t.Fatal(err)
				}
			}
			want = append(want, fields)
		}
	})
	rows, err := sheetRows(t, file)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, row := range rows {
		got = append(got, row.Fields)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// parts is a workbook of the parts given, whose sheet is called Sheet1.
func parts(tb testing.TB, sheet, shared, styles []byte) []byte {
	tb.Helper()
	const head = "application/officeDocument/2006/relationships/"
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range []struct {
		name string
		text []byte
	}{
		{"_rels/.rels", []byte(`<Relationships><Relationship Id="r1" Type="` + head + `officeDocument" Target="xl/workbook.xml"/></Relationships>`)},
		{"xl/workbook.xml", []byte(`<workbook><sheets><sheet name="Sheet1" r:id="r1"/></sheets></workbook>`)},
		{"xl/_rels/workbook.xml.rels", []byte(`<Relationships><Relationship Id="r1" Type="` + head + `worksheet" Target="s.xml"/>` +
			`<Relationship Id="r2" Type="` + head + `sharedStrings" Target="t.xml"/><Relationship Id="r3" Type="` + head + `styles" Target="y.xml"/></Relationships>`)},
		{"xl/s.xml", sheet}, {"xl/t.xml", shared}, {"xl/y.xml", styles},
	} {
		w, err := z.Create(part.name)
		if err == nil {
			_, err = w.Write(part.text)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// longText is how long the texts of manyTexts are, at most.
const longText = 200

// manyTexts is a workbook of so many rows, of which each has texts of its own, the
// later ones first.
func manyTexts(tb testing.TB, rows int) []byte {
	tb.Helper()
	var sheet, shared bytes.Buffer
	sheet.WriteString("<worksheet><sheetData>")
	shared.WriteString("<sst>")
	for i := range rows {
		fmt.Fprintf(&sheet, `<row r="%d"><c r="A%d" t="s"><v>%d</v></c><c r="B%d"><v>10%08d</v></c></row>`, i+1, i+1, rows-1-i, i+1, i)
		fmt.Fprintf(&shared, "<si><t>고객 %d번 %s</t></si>", i, strings.Repeat("님", i%longText))
	}
	sheet.WriteString("</sheetData></worksheet>")
	shared.WriteString("</sst>")
	return parts(tb, sheet.Bytes(), shared.Bytes(), nil)
}

// Texts that memory has no room for are found in the spill, in any order, and the heap
// does not grow with the file.
//
//nolint:paralleltest // it runs alone, since it looks at the whole program's memory
func TestWorkbookMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const rows = 50_000
	path := filepath.Join(t.TempDir(), "many.xlsx")
	if err := os.WriteFile(path, manyTexts(t, rows), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path) //nolint:gosec // our own
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	book, err := recipients.OpenWorkbook(f, info.Size(), spillTo(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for row, err := range book.Rows("Sheet1", recipients.Format{Columns: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		text := rows - 1 - n
		if want := fmt.Sprintf("고객 %d번 %s", text, strings.Repeat("님", text%longText)); row.Fields[0] != want {
			t.Fatalf("row %d: %q, want %q", row.Line, row.Fields[0], want)
		}
		if n++; n%10_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			if grown := int64(now.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 { //nolint:gosec // no heap is that large
				t.Errorf("after %d rows: %d MiB more on the heap", n, grown>>20)
			}
		}
	}
	if n != rows {
		t.Errorf("got %d rows", n)
	}
}

func TestWorkbooksThatGrowBeyondAllMeasure(t *testing.T) {
	t.Parallel()
	blank := bytes.Repeat([]byte(" "), 33<<20)
	if _, err := sheetRows(t, parts(t, nil, nil, blank)); !errors.Is(err, recipients.ErrBomb) {
		t.Errorf("styles of 33 MB: %v", err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 100 {
		if _, err := z.Create(fmt.Sprintf("xl/%d%s.xml", i, strings.Repeat("x", 60_000))); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := sheetRows(t, b.Bytes()); !errors.Is(err, recipients.ErrBomb) {
		t.Errorf("names of 6 MB: %v", err)
	}
}

func TestWorkbookPassesErrorsOn(t *testing.T) {
	t.Parallel()
	file := manyTexts(t, 2000)
	full := func() (recipients.Spill, error) { return nil, &os.PathError{Op: "open", Err: syscall.ENOSPC} }
	book, err := recipients.OpenWorkbook(bytes.NewReader(file), int64(len(file)), full)
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range book.Rows("Sheet1", recipients.Format{Columns: 2}) {
		if err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	for _, err = range book.Rows("Sheet9", recipients.Format{}) {
		if !errors.Is(err, recipients.ErrNoSheet) {
			t.Errorf("a sheet that is not there: %v", err)
		}
	}
	if _, err := recipients.OpenWorkbook(brokenDisk{}, 1<<20, full); !errors.Is(err, errBroken) {
		t.Errorf("a broken disk: %v", err)
	}
}

var errBroken = errors.New("broken disk")

type brokenDisk struct{}

// ReadAt fails.
func (brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

// Whatever the parts of a workbook hold, reading ends, and what comes out is text in
// rows that go down.
func FuzzSheet(f *testing.F) {
	f.Add([]byte(`<worksheet><sheetData><row r="1"><c r="A1" t="s" s="1"><v>0</v></c><c r="B1"><f>x</f></c></row></sheetData></worksheet>`),
		[]byte(`<sst><si><t>가&amp;_x000D_</t><rPh><t>x</t></rPh></si></sst>`), `#,##0.0;[Red]-0"원"`, "45992.5")
	f.Add([]byte(`<x:worksheet><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c><x:c s='1'><x:v>VALUE</x:v></x:c></x:row></x:sheetData>`),
		[]byte("\xff\xfe<\x00s\x00"), "yyyy-mm-dd h:mm AM/PM", "-1e300")
	f.Add([]byte(`<worksheet><sheetData><row r="9"><c r="XFE1" t="e"><v>#N/A</v></c><c r="B1" s="1"><v>VALUE</v></c></row><!-- -->`), []byte(`<!DOCTYPE a>`), "0%_)*x\\", "0.1")
	f.Fuzz(func(t *testing.T, sheet, shared []byte, code, value string) {
		var style bytes.Buffer
		style.WriteString(`<styleSheet><numFmts><numFmt numFmtId="200" formatCode="`)
		for _, r := range code {
			fmt.Fprintf(&style, "&#%d;", r)
		}
		style.WriteString(`"/></numFmts><cellXfs><xf/><xf numFmtId="200"/></cellXfs></styleSheet>`)
		sheet = bytes.ReplaceAll(sheet, []byte("VALUE"), []byte(value))
		rows, err := sheetRows(t, parts(t, sheet, shared, style.Bytes()))
		known := errors.Is(err, recipients.ErrNotWorkbook) || errors.Is(err, recipients.ErrBomb)
		if err != nil && !known {
			t.Fatal(err)
		}
		line := int64(0)
		for _, row := range rows {
			if row.Line <= line {
				t.Fatalf("line %d behind line %d", row.Line, line)
			}
			line = row.Line
			for _, field := range row.Fields {
				if !utf8.ValidString(field) {
					t.Fatalf("field %q is no text", field)
				}
			}
		}
	})
}

// Whatever bytes are called a workbook, or anything else, they are read to an end or
// refused in a way that can be told.
func FuzzAnyFile(f *testing.F) {
	for _, name := range uglyFiles(f) {
		file, err := os.ReadFile(name) //nolint:gosec // of our own testdata
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, line := range readUgly(t, file) {
			if !utf8.ValidString(line) {
				t.Fatalf("%q is no text", line)
			}
		}
	})
}

// BenchmarkWorkbook reads and parses a workbook with a text of its own in each row.
func BenchmarkWorkbook(b *testing.B) {
	const rows = 50_000
	file := manyTexts(b, rows)
	m := recipients.Mapping{PhoneColumn: 1, Variables: []recipients.Variable{{Name: "이름", Column: 0}}}
	began := time.Now()
	for b.Loop() {
		book, err := recipients.OpenWorkbook(bytes.NewReader(file), int64(len(file)), spillTo(b.TempDir()))
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range recipients.Parse(book.Rows("Sheet1", recipients.Format{Columns: 2}), m) {
			if err != nil && !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/time.Since(began).Seconds(), "rows/s")
}
