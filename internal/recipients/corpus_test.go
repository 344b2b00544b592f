package recipients_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/recipients"
)

// Each file in testdata/ugly is one that people have, and beside it stands what must
// come out: how it is read, which column has the numbers, and what becomes of each row.
func TestUglyFiles(t *testing.T) {
	t.Parallel()
	files := uglyFiles(t)
	if len(files) < 40 {
		t.Fatalf("only %d files", len(files))
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			file, err := os.ReadFile(name) //nolint:gosec // of our own testdata
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(name + ".want") //nolint:gosec // of our own testdata
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(readUgly(t, file), "\n") + "\n"
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func uglyFiles(tb testing.TB) (names []string) {
	tb.Helper()
	all, err := filepath.Glob("testdata/ugly/*")
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range all {
		if filepath.Ext(name) != ".want" {
			names = append(names, name)
		}
	}
	return names
}

// spillTo makes the files that a workbook spills to.
func spillTo(dir string) func() (recipients.Spill, error) {
	return func() (recipients.Spill, error) { return os.CreateTemp(dir, "spill-*") }
}

// readUgly reads a file without being told anything about it.
func readUgly(tb testing.TB, file []byte) []string {
	tb.Helper()
	how, rows, err := openUgly(file, spillTo(tb.TempDir()))
	if err != nil {
		return []string{"error: " + theError(err)}
	}
	sheet, err := recipients.Preview(rows, 200)
	if err != nil {
		return []string{how, "error: " + theError(err)}
	}
	m := recipients.SuggestMapping(sheet.Header, sheet.Rows)
	lines := []string{how, "phone: none"}
	if m.PhoneColumn >= 0 {
		lines[1] = "phone: " + recipients.ColumnName(sheet.Header, m.PhoneColumn)
	}
	for r, err := range recipients.Parse(rows, m) {
		lines = append(lines, become(r, err))
	}
	return lines
}

// become is what became of a row.
func become(r recipients.Recipient, err error) string {
	if p, ok := errors.AsType[*recipients.Problem](err); ok {
		value := p.Value
		if len(value) > 40 {
			value = value[:40]
		}
		return fmt.Sprintf("%d: column %d %q %s", p.Line, p.Column, value, p.Reason)
	}
	if err != nil {
		return "error: " + theError(err)
	}
	line := fmt.Sprintf("%d: %s %s", r.Line, r.Phone, r.Vars)
	if r.Repaired {
		line += fmt.Sprintf(" from %q", r.Raw)
	}
	if r.Short {
		line += " short"
	}
	return line
}

// theError is the error without what it wraps.
func theError(err error) string {
	for _, known := range []error{
		recipients.ErrEmpty, recipients.ErrOnlyHeader, recipients.ErrNoPhoneColumn, recipients.ErrNotText, recipients.ErrWebPage,
		recipients.ErrNotWorkbook, recipients.ErrOldWorkbook, recipients.ErrEncrypted, recipients.ErrBomb,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}

// openUgly decides how a file is read.
func openUgly(file []byte, spill func() (recipients.Spill, error)) (how string, rows iter.Seq2[recipients.Row, error], err error) {
	if recipients.IsWorkbook(file) {
		return openUglyWorkbook(file, spill)
	}
	if err := recipients.CheckOldWorkbook(bytes.NewReader(file)); err != nil {
		return "", nil, err
	}
	sample := file[:min(len(file), recipients.SampleSize)]
	f := recipients.Detect(sample)
	if err := recipients.CheckText(sample, f.Encoding); err != nil {
		return "", nil, err
	}
	rows = func(yield func(recipients.Row, error) bool) {
		recipients.NewReader(bytes.NewReader(file), f).All()(yield)
	}
	return fmt.Sprintf("%s %q%s", f.Encoding, f.Separator, table(f)), rows, nil
}

func openUglyWorkbook(file []byte, spill func() (recipients.Spill, error)) (how string, rows iter.Seq2[recipients.Row, error], err error) {
	book, err := recipients.OpenWorkbook(bytes.NewReader(file), int64(len(file)), spill)
	if err != nil {
		return "", nil, err
	}
	for _, name := range book.Sheets() {
		f, err := book.Detect(name)
		if err != nil {
			return "", nil, err
		}
		rows = book.Rows(name, f)
		how = fmt.Sprintf("sheet %q of %d%s", name, len(book.Sheets()), table(f))
		sheet, err := recipients.Preview(rows, 200)
		if err == nil && recipients.SuggestMapping(sheet.Header, sheet.Rows).PhoneColumn >= 0 {
			break
		}
	}
	return how, rows, nil
}

func table(f recipients.Format) string {
	s := fmt.Sprintf(", %d columns", f.Columns)
	if f.HasHeader {
		s += ", header"
	}
	if f.Skip > 0 {
		s += fmt.Sprintf(" behind %d titles", f.Skip)
	}
	return s
}
