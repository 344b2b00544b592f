package recipients_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/recipients"
)

var twoVariables = recipients.Mapping{PhoneColumn: 1, Variables: []recipients.Variable{{Name: "이름", Column: 0}, {Name: "쿠폰", Column: 2}}}

// outcome is what became of a file, as a line for each row.
func outcome(tb testing.TB, file string, f recipients.Format, m recipients.Mapping) ([]string, error) {
	tb.Helper()
	var got []string
	for r, err := range recipients.Parse(recipients.NewReader(strings.NewReader(file), f).All(), m) {
		if p, ok := errors.AsType[*recipients.Problem](err); ok {
			got = append(got, fmt.Sprintf("%d: column %d %q %s", p.Line, p.Column, p.Value, p.Reason))
			continue
		}
		if err != nil {
			return got, err
		}
		line := fmt.Sprintf("%d: %s %s", r.Line, r.Phone, r.Vars)
		if r.Repaired {
			line += " from " + r.Raw
		}
		if r.Short {
			line += " short"
		}
		got = append(got, line)
	}
	return got, nil
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		file string
		want []string
	}{
		{"recipients", "홍길동,010-1234-5678,A1\n김,01111112222,\n", []string{
			`1: 01012345678 {"이름":"홍길동","쿠폰":"A1"}`,
			`2: 01111112222 {"이름":"김","쿠폰":""}`,
		}},
		{"a repaired number", "홍,1012345678,A\n", []string{`1: 01012345678 {"이름":"홍","쿠폰":"A"} from 1012345678`}},
		{"values are trimmed", " 홍 , 010-1234-5678 ,\u00a0A\u3000\n", []string{`1: 01012345678 {"이름":"홍","쿠폰":"A"}`}},
		{"line breaks and tabs in a value", "\"홍\r\n길\t동\",010-1234-5678,A\r\n", []string{`1: 01012345678 {"이름":"홍\n길 동","쿠폰":"A"}`}},
		{"control characters go", "홍\x00\x07길\u0085동\x7f,010-1234-5678,é\n", []string{`1: 01012345678 {"이름":"홍길동","쿠폰":"é"}`}},
		{"quotes and backslashes", `"""홍""\",010-1234-5678,A` + "\n", []string{`1: 01012345678 {"이름":"\"홍\"\\","쿠폰":"A"}`}},
		{"a short row", "홍,010-1234-5678,A\n김,010-1111-2222\n", []string{
			`1: 01012345678 {"이름":"홍","쿠폰":"A"}`, `2: 01011112222 {"이름":"김","쿠폰":""} short`,
		}},
		{"a row too short for a number", "홍,010-1234-5678,A\n김\n", []string{
			`1: 01012345678 {"이름":"홍","쿠폰":"A"}`, `2: column 1 "" phone_empty`,
		}},
		{"a row with too many columns", "홍,010-1234-5678,A\n김,철수,010-1111-2222,B\n", []string{
			`1: 01012345678 {"이름":"홍","쿠폰":"A"}`, `2: column 3 "B" row_columns`,
		}},
		{"refused numbers", "a,02-123-4567,\nb,없음,\nc,1.01E+09,\nd,+81 90 1234 5678,\ne,,x\nf,010-1234-567,\ng,010-1234-56789,", []string{
			`1: column 1 "02-123-4567" phone_not_mobile`,
			`2: column 1 "없음" phone_not_number`,
			`3: column 1 "1.01E+09" phone_exponent`,
			`4: column 1 "+81 90 1234 5678" phone_foreign`,
			`5: column 1 "" phone_empty`,
			`6: column 1 "010-1234-567" phone_too_short`,
			`7: column 1 "010-1234-56789" phone_too_long`,
		}},
		{"bytes that are no text", "a,b,c\n홍,010-1234-5678,\xff\n", []string{
			`1: column 1 "b" phone_not_number`, "2: column 2 \"\ufffd\" row_encoding",
		}},
		{"quotes that are not closed", "\"홍,010-1234-5678,A\n김,010-1111-2222,B\n", []string{
			`1: column -1 "" row_quote`, `2: 01011112222 {"이름":"김","쿠폰":"B"}`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := outcome(t, tt.file, recipients.Format{Encoding: recipients.UTF8}, twoVariables)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseWholeFileErrors(t *testing.T) {
	t.Parallel()
	phone := recipients.Mapping{PhoneColumn: 0}
	tests := []struct {
		name    string
		file    string
		header  bool
		mapping recipients.Mapping
		want    error
	}{
		{"an empty file", "", false, phone, recipients.ErrEmpty},
		{"an empty file that was to have a header", "", true, phone, recipients.ErrEmpty},
		{"nothing but empty lines", "\n,,\n", false, phone, recipients.ErrEmpty},
		{"only a header", "전화,이름\n\n", true, phone, recipients.ErrOnlyHeader},
		{"no column for the number", "전화\n010-1234-5678\n", true, recipients.Mapping{PhoneColumn: -1}, recipients.ErrNoPhoneColumn},
		{"a number's column that is not there", "a,b\nc,d\n", false, recipients.Mapping{PhoneColumn: 2}, &recipients.ColumnError{Column: 2, Columns: 2}},
		{"a variable's column that is not there", "a,b\nc,d\n", false, recipients.Mapping{Variables: []recipients.Variable{{"x", 5}}}, &recipients.ColumnError{Column: 5, Columns: 2}},
		{"a variable without column", "a,b\nc,d\n", false, recipients.Mapping{Variables: []recipients.Variable{{"x", -1}}}, &recipients.ColumnError{Column: -1, Columns: 2}},
		{"a variable that is there twice", "a,b\nc,d\n", false, recipients.Mapping{Variables: []recipients.Variable{{"x", 0}, {"x", 1}}}, &recipients.VariableError{Name: "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows, err := outcome(t, tt.file, recipients.Format{Encoding: recipients.UTF8, HasHeader: tt.header}, tt.mapping)
			if len(rows) > 0 || fmt.Sprintf("%T %v", err, err) != fmt.Sprintf("%T %v", tt.want, tt.want) {
				t.Errorf("got %v, %v; want %v", rows, err, tt.want)
			}
		})
	}
}

func TestParseWithoutVariables(t *testing.T) {
	t.Parallel()
	got, err := outcome(t, "010-1234-5678\n", recipients.Format{}, recipients.Mapping{})
	if err != nil || !cmp.Equal(got, []string{"1: 01012345678 {}"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestParseStopsWhenNobodyListens(t *testing.T) {
	t.Parallel()
	r := recipients.NewReader(strings.NewReader("010-1234-5678\n010-1111-2222\n"), recipients.Format{})
	for got, err := range recipients.Parse(r.All(), recipients.Mapping{}) {
		if err != nil || got.Line != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
		break
	}
	if row, err := r.Read(); err != nil || row.Line != 2 {
		t.Errorf("got %+v, %v", row, err)
	}
}

func TestProblemPointsAtTheRecord(t *testing.T) {
	t.Parallel()
	file := encode(t, recipients.CP949, "이름,전화\r\n홍길동,010-1234-5678\r\n\"김\r\n철수\",없음\r\n")
	rows := recipients.NewReader(bytes.NewReader(file), recipients.Format{Encoding: recipients.CP949, HasHeader: true})
	for _, err := range recipients.Parse(rows.All(), recipients.Mapping{PhoneColumn: 1}) {
		if err == nil {
			continue
		}
		p, ok := errors.AsType[*recipients.Problem](err)
		if !ok {
			t.Fatal(err)
		}
		want := encode(t, recipients.CP949, "\"김\r\n철수\",없음\r\n")
		if p.Error() != "line 3, column 1: phone_not_number" {
			t.Errorf("got %q", p.Error())
		}
		if got := file[p.Offset : p.Offset+p.Size]; p.Line != 3 || !bytes.Equal(got, want) {
			t.Errorf("line %d, bytes %q, want %q", p.Line, got, want)
		}
	}
}

func TestProblemValueIsCut(t *testing.T) {
	t.Parallel()
	got, err := outcome(t, strings.Repeat("가", 5000)+"\n", recipients.Format{}, recipients.Mapping{})
	if err != nil || len(got) != 1 || len(got[0]) > 400 || !strings.Contains(got[0], "가…") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	seen := map[recipients.Reason]bool{"": true}
	for _, r := range recipients.Reasons() {
		if seen[r] {
			t.Errorf("%q is listed twice or empty", r)
		}
		seen[r] = true
	}
	for _, r := range kakao.PhoneReasons() {
		if !seen[recipients.Reason(r)] {
			t.Errorf("%q is missing", r)
		}
	}
}

func FuzzAppendJSONString(f *testing.F) {
	for _, seed := range []string{"", "홍길동", "a\"b\\c\n\t\x00\x1f\x7f", "\xff가\xf0\x9f", "\u2028</script>", "😀"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := recipients.AppendJSONString([]byte("x"), s)[1:]
		standard, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var ours, theirs string
		if err := json.Unmarshal(got, &ours); err != nil {
			t.Fatalf("%q became %s: %v", s, got, err)
		}
		if err := json.Unmarshal(standard, &theirs); err != nil {
			t.Fatal(err)
		}
		if ours != theirs {
			t.Fatalf("%q became %s, which is %q, want %q", s, got, ours, theirs)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("이름,전화,쿠폰\n홍,010-1234-5678,\"a\n\"\"b\"\"\"\n\"김,1012345678"))
	f.Add(encode(f, recipients.CP949, "이름;전화;쿠폰\r\n홍;010-1234-5678;\x01\\\r\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := recipients.NewReader(bytes.NewReader(file), recipients.Detect(file))
		for got, err := range recipients.Parse(r.All(), twoVariables) {
			if err != nil {
				continue
			}
			var vars map[string]string
			if err := json.Unmarshal(got.Vars, &vars); err != nil || len(vars) != 2 {
				t.Fatalf("%s: %v", got.Vars, err)
			}
			if again, repaired, reason := kakao.NormalizePhone(got.Phone); again != got.Phone || repaired || reason != "" {
				t.Fatalf("phone %q", got.Phone)
			}
		}
	})
}

// largeFile yields a file of so many rows without holding it.
type largeFile struct {
	rows  int
	row   func(i int) []byte
	left  []byte
	wrote int
}

func (l *largeFile) Read(p []byte) (int, error) {
	if len(l.left) == 0 {
		if l.wrote == l.rows {
			return 0, io.EOF
		}
		l.left = l.row(l.wrote)
		l.wrote++
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}

//nolint:paralleltest // it runs alone, since it looks at the whole program's memory
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	row := []byte("홍길동,010-1234-5678,\"여러 줄\n쿠폰\"\n")
	var most uint64
	n := 0
	file := &largeFile{rows: 200_000, row: func(int) []byte { return row }}
	for _, err := range recipients.Parse(recipients.NewReader(file, recipients.Format{Encoding: recipients.UTF8}).All(), twoVariables) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%50_000 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if most == 0 {
				most = m.HeapAlloc + 1<<20
			}
			if m.HeapAlloc > most {
				t.Errorf("after %d rows: %d bytes, more than %d", n, m.HeapAlloc, most)
			}
		}
	}
	if n != file.rows {
		t.Errorf("got %d rows", n)
	}
}

// customers is a file of n rows in the encoding e.
func customers(tb testing.TB, e recipients.Encoding, n int) []byte {
	tb.Helper()
	var b strings.Builder
	b.WriteString("고객번호,이름,휴대폰,등급,쿠폰,주소,가입일\r\n")
	for i := range n {
		fmt.Fprintf(&b, "C%07d,홍길동%d,010-%04d-%04d,우수고객,WELCOME-%06d,서울특별시 강남구 테헤란로 %d,2024-05-%02d\r\n",
			i, i%100, i/10000%10000, i%10000, i, i%500, i%28+1)
	}
	return encode(tb, e, b.String())
}

var customerMapping = recipients.Mapping{PhoneColumn: 2, Variables: []recipients.Variable{
	{"이름", 1}, {"등급", 3}, {"쿠폰", 4}, {"주소", 5}, {"가입일", 6},
}}

func BenchmarkReader(b *testing.B) {
	for _, e := range recipients.Encodings() {
		b.Run(string(e), func(b *testing.B) {
			const n = 100_000
			file := customers(b, e, n)
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				for _, err := range recipients.NewReader(bytes.NewReader(file), recipients.Format{Encoding: e, HasHeader: true}).All() {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, e := range recipients.Encodings() {
		b.Run(string(e), func(b *testing.B) {
			const n = 100_000
			file := customers(b, e, n)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				rows := recipients.NewReader(bytes.NewReader(file), recipients.Format{Encoding: e, HasHeader: true}).All()
				for _, err := range recipients.Parse(rows, customerMapping) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
