package recipients_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"

	"soshik/internal/recipients"
)

// encode writes text as a file of that encoding has it, without a byte order mark.
func encode(tb testing.TB, e recipients.Encoding, text string) []byte {
	tb.Helper()
	encodings := map[recipients.Encoding]encoding.Encoding{
		recipients.UTF8:    encoding.Nop,
		recipients.CP949:   korean.EUCKR,
		recipients.UTF16LE: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
		recipients.UTF16BE: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	}
	b, err := encodings[e].NewEncoder().Bytes([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func readAll(tb testing.TB, r io.Reader, f recipients.Format) []recipients.Row {
	tb.Helper()
	var rows []recipients.Row
	for row, err := range recipients.NewReader(r, f).All() {
		if err != nil {
			tb.Fatal(err)
		}
		rows = append(rows, row.Clone())
	}
	return rows
}

type fieldsTest struct {
	name string
	file string
	want [][]string
}

func testFields(t *testing.T, tests []fieldsTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got [][]string
			for _, row := range readAll(t, strings.NewReader(tt.file), recipients.Format{Encoding: recipients.UTF8}) {
				got = append(got, row.Fields)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReaderFields(t *testing.T) {
	t.Parallel()
	const bad = "\ufffd"
	testFields(t, []fieldsTest{
		{"plain fields", "a,b\nc,d\n", [][]string{{"a", "b"}, {"c", "d"}}},
		{"no line break at the end", "a,b\nc,d", [][]string{{"a", "b"}, {"c", "d"}}},
		{"line breaks of Windows", "a,b\r\nc,d\r\n", [][]string{{"a", "b"}, {"c", "d"}}},
		{"empty fields", ",a,\n", [][]string{{"", "a", ""}}},
		{"Hangul", "홍길동,서울\n", [][]string{{"홍길동", "서울"}}},
		{"spaces are kept", " a , b \n", [][]string{{" a ", " b "}}},
		{"nothing", "", nil},
		{"empty lines", "\n\r\n\na\n\n", [][]string{{"a"}}},
		{"lines of separators", "a,b\n,\n ,\t\n\"\",\"\"\nc,d\n", [][]string{{"a", "b"}, {"c", "d"}}},
		{"a control-Z at the end", "a\nb\n\x1a", [][]string{{"a"}, {"b"}}},
		{"a control-Z behind the last field", "a\nb\x1a", [][]string{{"a"}, {"b"}}},
		{"NUL bytes at the end", "a\nb\x00\x00\x00", [][]string{{"a"}, {"b"}}},
		{"a byte order mark", "\ufeffa,b\n", [][]string{{"a", "b"}}},
		{"a byte order mark and nothing", "\ufeff", nil},
		{"a sequence that is no text", "a,b\xffc\n", [][]string{{"a", "b" + bad + "c"}}},
	})
}

func TestReaderQuotes(t *testing.T) {
	t.Parallel()
	testFields(t, []fieldsTest{
		{"quotes", `"a","b"` + "\n", [][]string{{"a", "b"}}},
		{"a separator in quotes", `"a,b",c`, [][]string{{"a,b", "c"}}},
		{"doubled quotes", `"say ""hi""",c`, [][]string{{`say "hi"`, "c"}}},
		{"only a doubled quote", `"""",c`, [][]string{{`"`, "c"}}},
		{"empty quotes", `"",c`, [][]string{{"", "c"}}},
		{"spaces around quotes", ` "a" , "b,c" ` + "\n", [][]string{{"a", "b,c"}}},
		{"quotes at the end of a Windows line", "\"a\",\"b\"\r\nc,d\r\n", [][]string{{"a", "b"}, {"c", "d"}}},
		{"a line break in quotes", "\"a\nb\",c\nd,e\n", [][]string{{"a\nb", "c"}, {"d", "e"}}},
		{"a Windows line break in quotes", "\"a\r\nb\",c\r\nd,e", [][]string{{"a\nb", "c"}, {"d", "e"}}},
		{"line breaks in two fields", "\"a\nb\",\"c\nd\"\n", [][]string{{"a\nb", "c\nd"}}},
		{"empty lines in quotes", "\"a\n\n\nb\",c\n", [][]string{{"a\n\n\nb", "c"}}},
		{"a line break first in quotes", "\"\na\",c\n", [][]string{{"\na", "c"}}},
		{"a line break last in quotes", "\"a\n\",c\n", [][]string{{"a\n", "c"}}},
		{"doubled quotes over a line break", "\"a \"\"b\"\"\nc\",d\n", [][]string{{"a \"b\"\nc", "d"}}},

		{"a quote in the middle of a field", `27" monitor,b`, [][]string{{`27" monitor`, "b"}}},
		{"a quote in the middle of quotes", `"27" monitor",b`, [][]string{{`27" monitor`, "b"}}},
		{"text behind quotes", `"Hong" Gildong,b`, [][]string{{`"Hong" Gildong`, "b"}}},
		{"text behind quotes, and a field over a line break", "\"Hong\" Gildong,\"b\nc\"\n", [][]string{{`"Hong" Gildong`, "b\nc"}}},
		{"a quote that is never closed", "\"a,b\nc,d\n", [][]string{{`"a`, "b"}, {"c", "d"}}},
		{"a quote that is never closed, in the last line", "a,b\nc,\"d", [][]string{{"a", "b"}, {"c", `"d`}}},
		{"a quote that is not closed before another opens", "\"Kim,1\n\"Lee\",2\n", [][]string{{`"Kim`, "1"}, {"Lee", "2"}}},
	})
}

func TestReaderPlaces(t *testing.T) {
	t.Parallel()
	const file = "이름,메모\r\n\r\n홍길동,\"첫째\r\n둘째\"\r\n김,x\r\n"
	for _, e := range recipients.Encodings() {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			b := encode(t, e, file)
			var lines []int64
			for _, row := range readAll(t, iotest.OneByteReader(bytes.NewReader(b)), recipients.Format{Encoding: e, HasHeader: true}) {
				lines = append(lines, row.Line)
				if row.Header != (row.Line == 1) {
					t.Errorf("line %d: header is %v", row.Line, row.Header)
				}
				part := readAll(t, bytes.NewReader(b[row.Offset:row.Offset+row.Size]), recipients.Format{Encoding: e})
				if len(part) != 1 || !cmp.Equal(part[0].Fields, row.Fields) {
					t.Errorf("line %d: bytes %d+%d are %v, not %v", row.Line, row.Offset, row.Size, part, row.Fields)
				}
			}
			if diff := cmp.Diff([]int64{1, 3, 5}, lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReaderOffsetsCountTheByteOrderMark(t *testing.T) {
	t.Parallel()
	tests := []struct {
		e    recipients.Encoding
		mark string
	}{
		{recipients.UTF8, "\xef\xbb\xbf"},
		{recipients.UTF16LE, "\xff\xfe"},
		{recipients.UTF16BE, "\xfe\xff"},
	}
	for _, tt := range tests {
		t.Run(string(tt.e), func(t *testing.T) {
			t.Parallel()
			file := append([]byte(tt.mark), encode(t, tt.e, "가😀\n나\n")...)
			rows := readAll(t, bytes.NewReader(file), recipients.Format{Encoding: tt.e})
			if len(rows) != 2 || rows[0].Fields[0] != "가😀" || rows[0].Offset != int64(len(tt.mark)) || rows[1].Offset+rows[1].Size != int64(len(file)) {
				t.Errorf("got %+v", rows)
			}
		})
	}
}

func TestReaderSeparators(t *testing.T) {
	t.Parallel()
	for _, c := range recipients.Separators() {
		file := strings.ReplaceAll("가각|뷁똠|\"x|y\"\n", "|", string(c))
		for _, e := range recipients.Encodings() {
			rows := readAll(t, bytes.NewReader(encode(t, e, file)), recipients.Format{Encoding: e, Separator: c})
			if len(rows) != 1 || !cmp.Equal(rows[0].Fields, []string{"가각", "뷁똠", "x" + string(c) + "y"}) {
				t.Errorf("%s with %q: got %+v", e, c, rows)
			}
		}
	}
}

func TestReaderOldMacintosh(t *testing.T) {
	t.Parallel()
	rows := readAll(t, strings.NewReader("a,b\rc,d\r\r\"e\rf\",g"), recipients.Format{Encoding: recipients.UTF8, CR: true})
	if len(rows) != 3 || rows[1].Line != 2 || rows[2].Line != 4 || rows[2].Fields[0] != "e\nf" {
		t.Errorf("got %+v", rows)
	}
}

func TestReaderReasons(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", recipients.MaxRecord)
	lines := strings.Repeat("x\n", recipients.MaxRecord/2)
	tests := []struct {
		name   string
		format recipients.Format
		file   string
		want   []recipients.Reason // of each row
	}{
		{"as many columns as the first", recipients.Format{}, "a,b\nc,d\n", []recipients.Reason{"", ""}},
		{"fewer columns are no fault", recipients.Format{}, "a,b\nc\n", []recipients.Reason{"", ""}},
		{"more columns", recipients.Format{}, "a,b\nc,d,e\nf,g\n", []recipients.Reason{"", recipients.ReasonColumns, ""}},
		{"more columns that are empty", recipients.Format{}, "a,b\nc,d,, \n", []recipients.Reason{"", ""}},
		{"more columns than was said", recipients.Format{Columns: 2}, "a\nc,d\nc,d,e", []recipients.Reason{"", "", recipients.ReasonColumns}},
		{"a header of more columns", recipients.Format{Columns: 2, HasHeader: true}, "a,b,c\nc,d\n", []recipients.Reason{"", ""}},
		{"more columns than a spreadsheet has", recipients.Format{}, "a,b\nc" + strings.Repeat(",", recipients.MaxColumns) + "\nd,e\n", []recipients.Reason{"", recipients.ReasonColumns, ""}},
		{"bytes that are no UTF-8", recipients.Format{}, "a\n\xb0\xa1\nb\n", []recipients.Reason{"", recipients.ReasonEncoding, ""}},
		{"a replacement character that was in the file", recipients.Format{}, "\ufffd\n", []recipients.Reason{""}},
		{"bytes that are no CP949", recipients.Format{Encoding: recipients.CP949}, "a\n\x80\n\xb0\xa1\n\xff\n\xb0\n\xc7\x41\n", []recipients.Reason{
			"", recipients.ReasonEncoding, "", recipients.ReasonEncoding, recipients.ReasonEncoding, recipients.ReasonEncoding,
		}},
		{"half of a pair in UTF-16", recipients.Format{Encoding: recipients.UTF16BE}, "\x00a\x00\n\xd8\x3d\x00\n\x00b\x00\n\xde\x00\x00\n\xd8\x3d", []recipients.Reason{
			"", recipients.ReasonEncoding, "", recipients.ReasonEncoding, recipients.ReasonEncoding,
		}},
		{"half a unit of UTF-16", recipients.Format{Encoding: recipients.UTF16LE}, "a\x00\n\x00b", []recipients.Reason{"", recipients.ReasonEncoding}},
		{"quotes that are not closed", recipients.Format{}, "\"a\nb\n", []recipients.Reason{recipients.ReasonQuote, ""}},
		{"a line that is too long", recipients.Format{}, "a\n" + long + "x\nb\n", []recipients.Reason{"", recipients.ReasonTooLong, ""}},
		{"a last line that is too long", recipients.Format{}, "a\n" + long + long, []recipients.Reason{"", recipients.ReasonTooLong}},
		{"a line that is just not too long", recipients.Format{}, "a\n" + long[1:] + "\nb\n", []recipients.Reason{"", "", ""}},
		{"quotes that are closed too late", recipients.Format{}, "\"" + long[:600000] + "\n" + long + "\"\nb\n", []recipients.Reason{
			recipients.ReasonQuote, recipients.ReasonTooLong, "",
		}},
		{"quotes that are just closed in time", recipients.Format{}, "\"" + lines[:len(lines)-4] + "\"\nb", []recipients.Reason{"", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.format.Encoding == "" {
				tt.format.Encoding = recipients.UTF8
			}
			var got []recipients.Reason
			for _, row := range readAll(t, strings.NewReader(tt.file), tt.format) {
				got = append(got, row.Reason)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReaderSkipsTitles(t *testing.T) {
	t.Parallel()
	rows := readAll(t, strings.NewReader("회원 목록\n\n이름,전화\n홍,010\n"), recipients.Format{Encoding: recipients.UTF8, Skip: 1, HasHeader: true})
	if len(rows) != 2 || !rows[0].Header || rows[0].Line != 3 || rows[0].Columns != 2 || rows[1].Header {
		t.Errorf("got %+v", rows)
	}
}

func TestReaderPassesErrorsOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	for _, e := range recipients.Encodings() {
		file := io.MultiReader(bytes.NewReader(encode(t, e, "a,b\nc,")), iotest.ErrReader(broken))
		r := recipients.NewReader(file, recipients.Format{Encoding: e})
		if row, err := r.Read(); err != nil || row.Fields[0] != "a" {
			t.Errorf("%s: got %v, %v", e, row, err)
		}
		for range 2 {
			if _, err := r.Read(); !errors.Is(err, broken) {
				t.Errorf("%s: got %v", e, err)
			}
		}
	}
	if _, err := recipients.NewReader(iotest.ErrReader(broken), recipients.Format{}).Read(); !errors.Is(err, broken) {
		t.Errorf("at once: got %v", err)
	}
	if _, err := recipients.NewReader(stuckReader{}, recipients.Format{}).Read(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("without progress: got %v", err)
	}
}

// stuckReader never has anything, and never says so.
type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

func TestReaderReadsEveryPairOfCP949(t *testing.T) {
	t.Parallel()
	for lead := 0x80; lead <= 0xFF; lead++ {
		for trail := 0x21; trail <= 0xFF; trail++ {
			if trail == '"' || trail == ',' {
				continue
			}
			pair := []byte{byte(lead), byte(trail)}
			want, err := korean.EUCKR.NewDecoder().Bytes(pair)
			if err != nil {
				t.Fatal(err)
			}
			rows := readAll(t, bytes.NewReader(pair), recipients.Format{Encoding: recipients.CP949})
			if len(rows) != 1 || rows[0].Fields[0] != string(want) {
				t.Fatalf("%x: got %+v, want %q", pair, rows, want)
			}
			if bad := bytes.ContainsRune(want, utf8.RuneError); bad != (rows[0].Reason == recipients.ReasonEncoding) {
				t.Fatalf("%x: reason %q", pair, rows[0].Reason)
			}
		}
	}
}

// TestNoTrailByteParts holds what the reader rests on: that no second byte of a
// CP949 character is a quote, a separator or a line break.
func TestNoTrailByteParts(t *testing.T) {
	t.Parallel()
	for r := rune(0x80); r <= 0xFFFF; r++ {
		b, err := korean.EUCKR.NewEncoder().Bytes([]byte(string(r)))
		if err == nil && bytes.ContainsAny(b[1:], "\"\r\n\x00\x1a "+string(recipients.Separators())) {
			t.Errorf("%U is % x", r, b)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"이름,전화\n홍길동,010-1234-5678\n", "\"a\nb\",c\n\"d", "\"Kim,1\n\"Lee\",2\n", "\ufeffa;b\r\n\r\n;\x1a", "\xb0\xa1,\xb0,\x80\n", "\"\"x\n\"\"\"\n",
		"a\x00,\x00\n\x00",
	} {
		for i := range byte(8) {
			f.Add([]byte(seed), i)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte, shape byte) {
		format := recipients.Format{
			Encoding:  recipients.Encodings()[shape&3],
			Separator: recipients.Separators()[shape>>2&3],
			CR:        shape&16 != 0,
			HasHeader: shape&32 != 0,
			Skip:      int(shape >> 6),
		}
		whole := readAll(t, bytes.NewReader(file), format)
		end, line := int64(0), int64(0)
		for _, row := range whole {
			if row.Offset < end || row.Line <= line || row.Size < 1 {
				t.Fatalf("row %+v behind byte %d, line %d", row, end, line)
			}
			end, line = row.Offset+row.Size, row.Line
			for _, field := range row.Fields {
				if !utf8.ValidString(field) {
					t.Fatalf("field %q is no text", field)
				}
			}
			if row.Reason == "" && len(row.Fields) == 0 {
				t.Fatalf("row %+v has nothing", row)
			}
		}
		if most := int64(len(file)+1) &^ 1; end > most {
			t.Fatalf("rows end at %d of %d", end, len(file))
		}
		pieces := readAll(t, iotest.OneByteReader(bytes.NewReader(file)), format)
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Fatalf("byte by byte it reads otherwise: %s", diff)
		}
	})
}
