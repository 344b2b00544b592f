package recipients_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/recipients"
)

const people = "이름,휴대폰,쿠폰\n홍길동,010-1234-5678,A1\n김철수,010-1111-2222,B2\n"

func TestDetectEncoding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		file []byte
		want recipients.Encoding
		bom  bool
	}{
		{"UTF-8", []byte(people), recipients.UTF8, false},
		{"UTF-8 with a byte order mark", []byte("\ufeff" + people), recipients.UTF8, true},
		{"CP949", encode(t, recipients.CP949, people), recipients.CP949, false},
		{"UTF-16 LE", append([]byte("\xff\xfe"), encode(t, recipients.UTF16LE, people)...), recipients.UTF16LE, true},
		{"UTF-16 BE", append([]byte("\xfe\xff"), encode(t, recipients.UTF16BE, people)...), recipients.UTF16BE, true},
		{"ASCII", []byte("name,phone\n"), recipients.UTF8, false},
		{"nothing", nil, recipients.UTF8, false},
		{"a syllable that EUC-KR lacks", encode(t, recipients.CP949, "이름\n뷁\n"), recipients.CP949, false},
		{"one broken byte in UTF-8", []byte(people + "\xff\n"), recipients.UTF8, false},
		{"one broken byte in CP949", append(encode(t, recipients.CP949, people), 0xFF, '\n'), recipients.CP949, false},
		{"mixed, mostly CP949", append(encode(t, recipients.CP949, people), "é"...), recipients.CP949, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := recipients.Detect(tt.file)
			if got.Encoding != tt.want || got.BOM != tt.bom {
				t.Errorf("got %s, mark %v", got.Encoding, got.BOM)
			}
		})
	}
}

func TestDetectIsNotFooledByWhereTheSampleEnds(t *testing.T) {
	t.Parallel()
	for _, e := range []recipients.Encoding{recipients.UTF8, recipients.CP949} {
		file := encode(t, e, strings.Repeat(people, 3))
		for n := len(file) / 3; n < len(file); n++ {
			got := recipients.Detect(file[:n])
			if got.Encoding != e || got.Separator != ',' || !got.HasHeader || got.Columns != 3 || got.Skip != 0 {
				t.Errorf("%s: the first %d bytes look like %+v", e, n, got)
			}
		}
	}
}

func TestDetectSeparator(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		want       byte
	}{
		{"commas", people, ','},
		{"tabs", strings.ReplaceAll(people, ",", "\t"), '\t'},
		{"semicolons", strings.ReplaceAll(people, ",", ";"), ';'},
		{"bars", strings.ReplaceAll(people, ",", "|"), '|'},
		{"a single column", "휴대폰\n010-1234-5678\n010-1111-2222\n", ','},
		{"tabs, and a comma in every address", "번호\t주소\n010-1234-5678\t서울, 강남\n010-1111-2222\t부산, 중구\n", '\t'},
		{"semicolons, and two commas in every address", "010-1234-5678;서울, 강남, 1\n010-1111-2222;부산, 중구, 2\n", ';'},
		{"commas, and quoted semicolons", "010-1234-5678,\"a;b;c\"\n010-1111-2222,\"d;e;f\"\n", ','},
		{"commas, and rows of different lengths", "이름,휴대폰\n홍,010-1234-5678\n김,010-1111-2222,x,y\n이,010-3333-4444\n", ','},
		{"no numbers at all", "a;b;c\nd;e;f\n", ';'},
		{"nothing", "", ','},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, e := range []recipients.Encoding{recipients.UTF8, recipients.CP949} {
				if got := recipients.Detect(encode(t, e, tt.file)); got.Separator != tt.want {
					t.Errorf("%s: got %q, want %q", e, got.Separator, tt.want)
				}
			}
		})
	}
}

func TestDetectHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		header     bool
		skip       int
		columns    int
	}{
		{"names above numbers", people, true, 0, 3},
		{"numbers at once", "홍,010-1234-5678\n김,010-1111-2222\n", false, 0, 2},
		{"a broken number at once", "홍,010-123-567\n김,010-1111-2222\n", false, 0, 2},
		{"names of which none says number", "a,b\n홍,010-1234-5678\n김,010-1111-2222\n", true, 0, 2},
		{"a name with a digit", "이름,연락처1\n홍,010-1234-5678\n", true, 0, 2},
		{"names and dropped digits", "이름,연락처\n홍,1.01E+09\n김,1.01E+09\n", true, 0, 2},
		{"names and nothing else", "이름,연락처\n", true, 0, 2},
		{"one recipient and nothing else", "홍,010-1234-5678\n", false, 0, 2},
		{"one text and nothing else", "홍길동\n", false, 0, 1},
		{"a column without name", "이름,\n홍,010-1234-5678\n김,010-1111-2222\n", false, 0, 2},
		{"no numbers, and texts above", "가,나\n다,라\n", true, 0, 2},
		{"no numbers, and digits above", "가,123456\n다,라\n", false, 0, 2},
		{"a title", "5월 회원 목록\n\n이름,휴대폰\n홍,010-1234-5678\n김,010-1111-2222\n", true, 1, 2},
		{"two titles with separators", "회원 목록,,\n2024년 5월,,\n이름,휴대폰,쿠폰\n홍,010-1234-5678,A\n김,010-1111-2222,B\n", true, 2, 3},
		{"a recipient without number above recipients", "홍,\n김,010-1234-5678\n이,010-1111-2222\n", false, 0, 2},
		{"a number alone above recipients", "010-3333-4444\n김,010-1234-5678\n이,010-1111-2222\n", false, 0, 2},
		{"a short first row", "010-3333-4444\n010-1234-5678,김,A\n010-1111-2222,이,B\n", false, 0, 3},
		{"nothing", "", false, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := recipients.Detect([]byte(tt.file))
			if got.HasHeader != tt.header || got.Skip != tt.skip || got.Columns != tt.columns {
				t.Errorf("got header %v, skip %d, %d columns", got.HasHeader, got.Skip, got.Columns)
			}
		})
	}
}

func TestDetectOldMacintosh(t *testing.T) {
	t.Parallel()
	if got := recipients.Detect([]byte(strings.ReplaceAll(people, "\n", "\r"))); !got.CR || got.Columns != 3 {
		t.Errorf("got %+v", got)
	}
	if got := recipients.Detect([]byte(strings.ReplaceAll(people, "\n", "\r\n"))); got.CR {
		t.Errorf("got %+v", got)
	}
}

func TestDetectAsAPersonSays(t *testing.T) {
	t.Parallel()
	file := encode(t, recipients.CP949, people)
	got := recipients.DetectAs(file, recipients.UTF8, 0)
	if got.Encoding != recipients.UTF8 || got.Separator != ',' {
		t.Errorf("got %+v", got)
	}
	got = recipients.DetectAs(file, "", ';')
	if got.Encoding != recipients.CP949 || got.Separator != ';' || got.Columns != 1 {
		t.Errorf("got %+v", got)
	}
	marked := append([]byte("\xff\xfe"), encode(t, recipients.UTF16LE, people)...)
	if got := recipients.DetectAs(marked, recipients.CP949, 0); got.BOM {
		t.Errorf("got %+v", got)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		file   string
		format recipients.Format
		n      int
		header []string
		rows   [][]string
		err    error
	}{
		{"a header", people, recipients.Format{HasHeader: true}, 1, []string{"이름", "휴대폰", "쿠폰"}, [][]string{{"홍길동", "010-1234-5678", "A1"}}, nil},
		{"no header", "a,b\nc,d\n", recipients.Format{}, 5, nil, [][]string{{"a", "b"}, {"c", "d"}}, nil},
		{"no rows wanted", people, recipients.Format{HasHeader: true}, 0, []string{"이름", "휴대폰", "쿠폰"}, nil, nil},
		{"names around which is space", " 이름 ,\"휴대폰\r\n번호\"\nx,y\n", recipients.Format{HasHeader: true}, 0, []string{"이름", "휴대폰 번호"}, nil, nil},
		{"columns without name", "이름,,\nx,y,z\n", recipients.Format{HasHeader: true}, 0, []string{"이름", "", ""}, nil, nil},
		{"fewer names than columns", "이름\nx,y,z\n", recipients.Format{HasHeader: true, Columns: 3}, 0, []string{"이름", "", ""}, nil, nil},
		{"a name that occurs twice", "a,a,b\nx,y,z\n", recipients.Format{HasHeader: true}, 0, []string{"a", "a (2)", "b"}, nil, nil},
		{"a name that occurs thrice", "a,a,a\nx,y,z\n", recipients.Format{HasHeader: true}, 0, []string{"a", "a (2)", "a (3)"}, nil, nil},
		{"a name that is taken", "a,a,a (2)\nx,y,z\n", recipients.Format{HasHeader: true}, 0, []string{"a", "a (3)", "a (2)"}, nil, nil},
		{"taken names that occur twice", "a (2),a,a,a (2)\n1,2,3,4\n", recipients.Format{HasHeader: true}, 0, []string{"a (2)", "a", "a (3)", "a (2) (2)"}, nil, nil},
		{"nothing", "", recipients.Format{HasHeader: true}, 5, nil, nil, recipients.ErrEmpty},
		{"only a header", "a,b\n", recipients.Format{HasHeader: true}, 5, []string{"a", "b"}, nil, recipients.ErrOnlyHeader},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := recipients.Preview(recipients.NewReader(strings.NewReader(tt.file), tt.format).All(), tt.n)
			var rows [][]string
			for _, row := range got.Rows {
				rows = append(rows, row.Fields)
			}
			if !errors.Is(err, tt.err) || !cmp.Equal(got.Header, tt.header) || !cmp.Equal(rows, tt.rows) {
				t.Errorf("got %q, %q, %v", got.Header, rows, err)
			}
		})
	}
}

func TestSuggestMapping(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		phone      int
		variables  string
	}{
		{"a header that says so", people, 1, "이름=0 쿠폰=2 "},
		{"English", "Name,Mobile No.\nx,010-1234-5678\n", 1, "Name=0 "},
		{"Japanese", "名前,電話番号\nx,010-1234-5678\n", 1, "名前=0 "},
		{"full-width letters", "이름,ＴＥＬ\nx,010-1234-5678\n", 1, "이름=0 "},
		{"a name with a remark", "이름,휴대폰 번호(필수)\nx,010-1234-5678\n", 1, "이름=0 "},
		{"two columns of numbers", "보호자 연락처,연락처\n010-1234-5678,010-1111-2222\n", 1, "보호자 연락처=0 "},
		{"a landline and a mobile", "전화번호,휴대전화\n02-123-4567,010-1111-2222\n", 1, "전화번호=0 "},
		{"the content against the name", "전화번호,비고\n02-123-4567,010-1111-2222\n", 1, "전화번호=0 "},
		{"no name that says so", "a,b\nx,010-1234-5678\n", 1, "a=0 "},
		{"a name within another word", "hotel,b\nx,y\n", -1, "hotel=0 b=1 "},
		{"a name and no numbers", "이름,hp\nx,\n", 1, "이름=0 "},
		{"dropped digits", "a,b\nx,1.01E+09\n", 1, "a=0 "},
		{"some broken numbers", "a,b\nx,010-1234-5678\ny,없음\nz,010-1111-2222\n", 1, "a=0 "},
		{"a column without name is no variable", "휴대폰,\n010-1234-5678,x\n", 0, ""},
		{"no header", "홍,010-1234-5678\n김,010-1111-2222\n", 1, ""},
		{"nothing like a number", "가,나\n다,라\n", -1, "가=0 나=1 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			format := recipients.Detect([]byte(tt.file))
			sheet, err := recipients.Preview(recipients.NewReader(strings.NewReader(tt.file), format).All(), 20)
			if err != nil {
				t.Fatal(err)
			}
			got := recipients.SuggestMapping(sheet.Header, sheet.Rows)
			variables := ""
			for _, v := range got.Variables {
				variables += fmt.Sprintf("%s=%d ", v.Name, v.Column)
			}
			if got.PhoneColumn != tt.phone || variables != tt.variables {
				t.Errorf("got column %d, %q; want %d, %q", got.PhoneColumn, variables, tt.phone, tt.variables)
			}
		})
	}
}

func FuzzDetect(f *testing.F) {
	f.Add([]byte(people))
	f.Add(encode(f, recipients.CP949, people))
	f.Add(append([]byte("\xff\xfe"), encode(f, recipients.UTF16LE, people)...))
	f.Add([]byte("title\r\ra;b;\"c\rd"))
	f.Fuzz(func(t *testing.T, sample []byte) {
		format := recipients.Detect(sample)
		if !bytes.ContainsRune(recipients.Separators(), rune(format.Separator)) || format.Skip < 0 || format.Columns < 0 {
			t.Fatalf("got %+v", format)
		}
		if again := recipients.DetectAs(sample, format.Encoding, format.Separator); again != format {
			t.Fatalf("got %+v, and when told so %+v", format, again)
		}
		sheet, err := recipients.Preview(recipients.NewReader(bytes.NewReader(sample), format).All(), 10)
		if err == nil {
			recipients.SuggestMapping(sheet.Header, sheet.Rows)
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	sample := customers(b, recipients.CP949, 1000)[:recipients.SampleSize]
	b.SetBytes(int64(len(sample)))
	for b.Loop() {
		recipients.Detect(sample)
	}
}
