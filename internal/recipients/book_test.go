package recipients_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"soshik/internal/recipients"
)

// book is a workbook of the rows.
func book(t *testing.T, name string, header []string, rows ...[]recipients.Cell) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := recipients.NewBook(&b, name, header)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What a written workbook says, says it to another library and to our own reader.
func TestABookIsReadAgain(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 11, 7, 9, 0, time.FixedZone("KST", 9*60*60))
	file := book(t, `발송 & "내역"`, []string{"시각", "번호", "순번", "글", "이름"},
		[]recipients.Cell{{Time: at}, {Text: "010-1111-2222"}, {Number: 1000, Numeric: true}, {Text: "=1+1", Quoted: true}, {Text: "<b>&\"_x0041_\n", Recurs: true}},
		[]recipients.Cell{{}, {Text: "  둘 "}, {Number: -3, Numeric: true}, {Text: "\x00a\ufffe\u0085b"}, {Text: "<b>&\"_x0041_\n", Recurs: true}},
	)
	want := [][]string{
		{"시각", "번호", "순번", "글", "이름"},
		{"2026-11-29 11:07:09", "010-1111-2222", "1000", "=1+1", "<b>&\"_x0041_\n"},
		{"", "  둘 ", "-3", "ab", "<b>&\"_x0041_\n"},
	}
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	got, err := f.GetRows(`발송 & "내역"`)
	if err != nil || !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("excelize reads %q, %v", got, err)
	}
	for _, cell := range []string{"D2", "E2"} {
		if formula, err := f.GetCellFormula(`발송 & "내역"`, cell); err != nil || formula != "" {
			t.Errorf("%s is the formula %q, %v", cell, formula, err)
		}
	}
	rows, err := sheetRows(t, file)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if !slices.Equal(row.Fields, want[i]) {
			t.Errorf("row %d is %q to our own reader", i, row.Fields)
		}
	}
}

// A row more than a sheet has room for goes on the next sheet, under the same header.
func TestABookOfManyRows(t *testing.T) {
	t.Parallel()
	const rows = 1_048_575 + 1
	pipe, out := io.Pipe()
	go func() {
		w, err := recipients.NewBook(out, "Sheet", []string{"n", "same"})
		cells := []recipients.Cell{{Numeric: true}, {Text: "같은 글", Recurs: true}}
		for n := range rows {
			if err == nil {
				cells[0].Number = int64(n)
				err = w.Write(cells)
			}
		}
		if err == nil {
			err = w.Close()
		}
		_ = out.CloseWithError(err)
	}()
	file, err := io.ReadAll(pipe)
	if err != nil {
		t.Fatal(err)
	}
	b, err := recipients.OpenWorkbook(bytes.NewReader(file), int64(len(file)), spillTo(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Sheets(); !slices.Equal(got, []string{"Sheet", "Sheet (2)"}) {
		t.Fatalf("the sheets are %q", got)
	}
	n := 0
	for i, sheet := range b.Sheets() {
		f, err := b.Detect(sheet)
		if err != nil {
			t.Fatal(err)
		}
		f.HasHeader = true
		for row, err := range b.Rows(sheet, f) {
			want := []string{fmt.Sprint(n), "같은 글"}
			if row.Header {
				want = []string{"n", "same"}
			} else {
				n++
			}
			if err != nil || !slices.Equal(row.Fields, want) {
				t.Fatalf("sheet %d, row %d: %q, %v", i, n, row.Fields, err)
			}
		}
	}
	if n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
}

// Texts that recur are kept once, and not without a bound.
func TestABookOfTextsThatDoNotRecur(t *testing.T) {
	t.Parallel()
	rows := make([][]recipients.Cell, 12_000)
	for i := range rows {
		rows[i] = []recipients.Cell{{Text: strings.Repeat("글", 10) + fmt.Sprint(i), Recurs: true}}
	}
	got, err := sheetRows(t, book(t, "Sheet", nil, rows...))
	if err != nil || len(got) != len(rows) {
		t.Fatal(len(got), err)
	}
	for i, row := range got {
		if row.Fields[0] != rows[i][0].Text {
			t.Fatalf("row %d is %q", i, row.Fields)
		}
	}
}
