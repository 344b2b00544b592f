package recipients_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/recipients"
)

var words = recipients.Words{
	Title: "이유", PlainTitle: "reason",
	Why: func(p *recipients.Problem) (string, string) {
		return `거절, "` + string(p.Reason) + `"`, string(p.Reason)
	},
}

// givenBack is the file of the rows of a text that were refused.
func givenBack(tb testing.TB, file []byte, f recipients.Format, m recipients.Mapping) []byte {
	tb.Helper()
	var b bytes.Buffer
	refused := recipients.Refused(recipients.NewReader(bytes.NewReader(file), f).All(), m)
	if err := recipients.WriteRefused(&b, bytes.NewReader(file), f, refused, words); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// What was refused comes back byte for byte, behind the reason.
func TestRefusedRowsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	m := recipients.Mapping{PhoneColumn: 1}
	const rows = "이름,휴대폰\r\n홍,010-1234-5678\r\n김,\"02\r\n12\"\r\n\"이,1234\r\n박,,a,b\r\n최,1.01E+09"
	const want = "\"이유\",이름,휴대폰\r\n" +
		"\"거절, \"\"phone_too_short\"\"\",김,\"02\r\n12\"\r\n" +
		"\"거절, \"\"row_quote\"\"\",\"이,1234\r\n" +
		"\"거절, \"\"row_columns\"\"\",박,,a,b\r\n" +
		"\"거절, \"\"phone_exponent\"\"\",최,1.01E+09\r\n"
	marks := map[recipients.Encoding]string{recipients.UTF8: "\ufeff", recipients.UTF16LE: "\xff\xfe", recipients.UTF16BE: "\xfe\xff"}
	for _, e := range recipients.Encodings() {
		file := append([]byte(marks[e]), encode(t, e, rows)...)
		f := recipients.Detect(file)
		if f.Encoding != e {
			t.Fatalf("%s looks like %s", e, f.Encoding)
		}
		got := givenBack(t, file, f, m)
		if diff := cmp.Diff(marks[e]+string(encode(t, e, want)), string(got)); diff != "" {
			t.Errorf("%s: %s", e, diff)
		}
	}
}

// A reason in letters that the file's encoding lacks comes in plain ones.
func TestReasonsInLettersThatTheEncodingLacks(t *testing.T) {
	t.Parallel()
	file := encode(t, recipients.CP949, "이름,휴대폰\n김,12\n")
	f := recipients.Detect(file)
	var b bytes.Buffer
	refused := recipients.Refused(recipients.NewReader(bytes.NewReader(file), f).All(), recipients.Mapping{PhoneColumn: 1})
	err := recipients.WriteRefused(&b, bytes.NewReader(file), f, refused, recipients.Words{
		Title: "号", PlainTitle: "reason", Why: func(*recipients.Problem) (string, string) { return "短い番号です 🎉", "too short" },
	})
	if want := string(encode(t, recipients.CP949, "\"reason\",이름,휴대폰\r\n\"too short\",김,12\r\n")); err != nil || b.String() != want {
		t.Errorf("got %q, %v", b.String(), err)
	}
}

// A workbook's rows come back as a workbook, in which everything is text.
func TestRefusedRowsOfAWorkbook(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(filepath.Join("testdata", "ugly", "70-formulas.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	book, err := recipients.OpenWorkbook(bytes.NewReader(file), int64(len(file)), spillTo(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := book.Detect("명단")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	m := recipients.Mapping{PhoneColumn: 1, Variables: []recipients.Variable{{Name: "이름", Column: 0}}}
	if err := recipients.WriteRefusedWorkbook(&b, recipients.Refused(book.Rows("명단", f), m), words); err != nil {
		t.Fatal(err)
	}
	rows, err := sheetRows(t, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, row := range rows {
		got = append(got, row.Fields)
	}
	want := [][]string{
		{"이유", "이름", "휴대폰", "쿠폰"},
		{`거절, "row_formula"`, "#N/A", "010-1111-2222"},
		{`거절, "row_formula"`, "", "010-3333-4444"},
		{`거절, "row_formula"`, "이", "#REF!"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever a file holds, what comes back of it is read in the same encoding and has as many
// rows as were refused.
func FuzzWriteRefused(f *testing.F) {
	f.Add([]byte("이름,휴대폰\r\n홍,010-1234-5678\r\n김,\"02\r\n12\"\r\n박,,a,b\r\n"), byte(0))
	f.Add(encode(f, recipients.CP949, "이름;휴대폰\n최;1.01E+09"), byte(1))
	f.Fuzz(func(t *testing.T, file []byte, shape byte) {
		format := recipients.DetectAs(file, recipients.Encodings()[shape&3], recipients.Separators()[shape>>2&3])
		n := 0
		for refusal, err := range recipients.Refused(recipients.NewReader(bytes.NewReader(file), format).All(), recipients.Mapping{PhoneColumn: 0}) {
			if err == nil && (refusal.Problem != nil || refusal.Row.Header) {
				n++
			}
		}
		var b bytes.Buffer
		refused := recipients.Refused(recipients.NewReader(bytes.NewReader(file), format).All(), recipients.Mapping{PhoneColumn: 0})
		if err := recipients.WriteRefused(&b, bytes.NewReader(file), format, refused, words); err != nil {
			return // of the file as a whole
		}
		format.HasHeader, format.Skip, format.Columns = false, 0, recipients.MaxColumns
		again := 0
		for row, err := range recipients.NewReader(&b, format).All() {
			if err != nil {
				t.Fatal(err)
			}
			if row.Reason == "" || len(row.Fields) > 0 {
				again++
			}
		}
		if again < n {
			t.Fatalf("%d rows of %d came back", again, n)
		}
	})
}
