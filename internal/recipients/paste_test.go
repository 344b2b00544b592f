package recipients_test

import (
	"strings"
	"testing"

	"soshik/internal/recipients"
)

func TestPasted(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"numbers one to a line", "010-1111-2222\r\n01033334444\r\n", "010-1111-2222\n01033334444\n"},
		{"numbers in a row", "010-1111-2222, 010-3333-4444,\n01055556666", "010-1111-2222\n010-3333-4444\n01055556666\n"},
		{"numbers parted by slashes and semicolons", "010-1111-2222 / 010-3333-4444; 010 5555 6666", "010-1111-2222\n010-3333-4444\n010 5555 6666\n"},
		{"a block of cells", "이름\t휴대폰\n홍길동\t010-1111-2222\n", "이름\t휴대폰\n홍길동\t010-1111-2222\n"},
		{"two columns of numbers are a block", "이름\t010-1111-2222\t010-3333-4444\n", "이름\t010-1111-2222\t010-3333-4444\n"},
		{"numbers of other countries", "+81 90-1234-5678, +1 201-555-0123", "+81 90-1234-5678\n+1 201-555-0123\n"},
		{"nothing", "", ""},
		{"a single number", "010-1111-2222", "010-1111-2222"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := recipients.Pasted(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFindColumn(t *testing.T) {
	t.Parallel()
	header := []string{"고객 성명", "휴대폰", "Coupon Code", "할인율(%)", "금액", "주문 금액 합계", "메모"}
	free := func(n int) bool { return n != 1 }
	tests := []struct {
		variable string
		want     int
	}{
		{"할인율", 3}, {"쿠폰", 2}, {"성명", 0}, {"금액", 4}, {"메모", 6}, {"주소", -1}, {"휴대폰", -1},
	}
	for _, tt := range tests {
		if got := recipients.FindColumn(header, tt.variable, free); got != tt.want {
			t.Errorf("%s: column %d, want %d", tt.variable, got, tt.want)
		}
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	a := recipients.Sheet{Columns: 2, Header: []string{"이름", "휴대폰 번호"}}
	if b := (recipients.Sheet{Columns: 2, Header: []string{" 이름", "휴대폰번호"}}); a.Shape() != b.Shape() {
		t.Error("spaces make another shape")
	}
	for _, other := range []recipients.Sheet{
		{Columns: 2}, {Columns: 3, Header: []string{"이름", "휴대폰 번호"}}, {Columns: 2, Header: []string{"휴대폰 번호", "이름"}}, {Columns: 2, Header: []string{"이름휴대폰", "번호"}},
	} {
		if a.Shape() == other.Shape() {
			t.Errorf("%+v has the same shape", other)
		}
	}
}

func TestColumnName(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "이름", 1: "B", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA"} {
		if got := recipients.ColumnName([]string{"이름", ""}, n); got != want {
			t.Errorf("column %d is %q, want %q", n, got, want)
		}
	}
}

// Numbers of other countries are taken only where they are wanted, and only those that can
// be a mobile phone's.
func TestInternationalNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, wanted, otherwise string }{
		{"+81 90-1234-5678", "1: +819012345678 {}", "phone_foreign"},
		{"+1 (201) 555-0123", "1: +12015550123 {}", "phone_foreign"},
		{"＋８１ ９０ １２３４ ５６７８", "1: +819012345678 {}", "phone_foreign"},
		{"+81 3-1234-5678", "phone_not_mobile", "phone_foreign"},
		{"+81 90", "phone_not_number", "phone_foreign"},
		{"+999 1234567", "phone_not_number", "phone_foreign"},
		{"+82 10-1234-5678", "1: 01012345678 {}", "1: 01012345678 {}"},
		{"819012345678", "phone_not_mobile", "phone_not_mobile"}, // without its plus it might be anything
	}
	for _, tt := range tests {
		for on, want := range map[bool]string{true: tt.wanted, false: tt.otherwise} {
			got, err := outcome(t, tt.raw+"\n", recipients.Format{Encoding: recipients.UTF8}, recipients.Mapping{International: on})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got[0], want) {
				t.Errorf("%s, wanted %v: got %s, want %s", tt.raw, on, got, want)
			}
		}
	}
}
