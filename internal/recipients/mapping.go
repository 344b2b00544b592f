package recipients

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"soshik/internal/kakao"
)

// What is wrong with a file as a whole, or with what is to be made of it.
var (
	ErrEmpty         = errors.New("file has no rows")
	ErrOnlyHeader    = errors.New("file has a header and no rows")
	ErrNoPhoneColumn = errors.New("no column is chosen for the phone number")
	ErrNotText       = errors.New("neither a text file nor a workbook")
	ErrWebPage       = errors.New("a web page that is called a workbook")
)

// A ColumnError is a mapping to a column that the file does not have.
type ColumnError struct {
	Column  int // the first is 0
	Columns int // of the file
}

func (e *ColumnError) Error() string {
	return fmt.Sprintf("column %d of a file with %d columns", e.Column, e.Columns)
}

// A VariableError is a mapping that names a variable twice.
type VariableError struct{ Name string }

func (e *VariableError) Error() string { return fmt.Sprintf("variable %q has two columns", e.Name) }

// A Mapping says which column is what. Columns count from 0.
type Mapping struct {
	PhoneColumn   int // -1 while none is chosen
	Variables     []Variable
	International bool // numbers of other countries are taken too
}

// A Variable of a message takes its values from a column.
type Variable struct {
	Name   string
	Column int
}

// check says what is wrong with m for a file of so many columns.
func (m Mapping) check(columns int) error {
	if m.PhoneColumn < 0 {
		return ErrNoPhoneColumn
	}
	if m.PhoneColumn >= columns {
		return &ColumnError{m.PhoneColumn, columns}
	}
	seen := map[string]bool{}
	for _, v := range m.Variables {
		if v.Column < 0 || v.Column >= columns {
			return &ColumnError{v.Column, columns}
		}
		if seen[v.Name] {
			return &VariableError{v.Name}
		}
		seen[v.Name] = true
	}
	return nil
}

// uses reports whether anything is taken from a column.
func (m Mapping) uses(column int) bool {
	return column == m.PhoneColumn || slices.ContainsFunc(m.Variables, func(v Variable) bool { return v.Column == column })
}

// A Sheet is the top of a file, for people to look at.
type Sheet struct {
	Columns int
	Header  []string // a name for each column, "" for a column without; nil without a header
	Rows    []Row    // the first rows, those with a reason included
}

// Preview takes the header and at most n rows from the beginning of a file. It
// returns [ErrEmpty] or [ErrOnlyHeader] when there is nothing to show.
func Preview(rows iter.Seq2[Row, error], n int) (Sheet, error) {
	var s Sheet
	var names []string
	header, cells := false, 0
	for row, err := range rows {
		if err != nil {
			return Sheet{}, err
		}
		s.Columns = max(s.Columns, row.Columns)
		if row.Header {
			header, names = true, row.Clone().Fields
			continue
		}
		if len(s.Rows) == n || cells > enoughCells {
			break
		}
		cells += len(row.Fields)
		s.Rows = append(s.Rows, row.Clone())
	}
	if header {
		s.Header = headerNames(names, s.Columns)
	}
	return s, emptiness(header, len(s.Rows) > 0 || n == 0)
}

// Shape is the same for files whose columns are called alike, and for those without
// names that have as many columns.
func (s Sheet) Shape() string {
	hash := sha256.New()
	for _, name := range s.Header {
		fmt.Fprintf(hash, "%s\n", plainName(name))
	}
	fmt.Fprintf(hash, "%d", s.Columns)
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// ColumnName is what column n of a file with that header is called: its name, or the letters
// that spreadsheets use.
func ColumnName(header []string, n int) string {
	if n < len(header) && header[n] != "" {
		return header[n]
	}
	last := string(rune('A' + n%26))
	if n < 26 {
		return last
	}
	return ColumnName(nil, n/26-1) + last
}

// FindColumn is the column that most likely fills the variable of that name, of those
// that are free, or -1: the one called the same but for spaces and the like, one that
// means the same, or the only one whose name has the other within.
func FindColumn(header []string, name string, free func(column int) bool) int {
	plain := plainName(name)
	like := []func(column string) bool{
		func(column string) bool { return column == plain },
		func(column string) bool { return synonymous(column, plain) },
		func(column string) bool { return within(column, plain) || within(plain, column) },
	}
	for _, matches := range like {
		found := -1
		for i, column := range header {
			if column = plainName(column); column == "" || !free(i) || !matches(column) {
				continue
			}
			if found >= 0 { // which of the two?
				found = -1
				break
			}
			found = i
		}
		if found >= 0 {
			return found
		}
	}
	return -1
}

// within reports whether a name of more than a syllable is a part of another.
func within(part, whole string) bool {
	return utf8.RuneCountInString(part) > 1 && strings.Contains(whole, part)
}

// synonyms are names that mean the same to people who send messages.
var synonyms = [][]string{
	{"이름", "성명", "성함", "고객명", "고객이름", "회원명", "회원이름", "수신자명", "받는분", "받는사람이름", "고객", "name", "fullname", "customername", "氏名", "名前", "お名前"},
	{"쿠폰", "쿠폰번호", "쿠폰코드", "coupon", "couponcode", "クーポン", "クーポンコード"},
	{"금액", "가격", "결제금액", "주문금액", "amount", "price", "金額", "価格"},
	{"날짜", "일자", "date", "日付"},
	{"주문번호", "주문no", "orderno", "ordernumber", "注文番号"},
	{"상품명", "상품", "제품명", "제품", "product", "productname", "item", "商品名", "商品"},
	{"포인트", "적립금", "마일리지", "point", "points", "ポイント"},
	{"등급", "회원등급", "grade", "level", "ランク", "会員ランク"},
	{"주소", "배송지", "address", "住所"},
	{"회사", "회사명", "업체명", "상호", "company", "companyname", "会社名"},
	{"링크", "url", "주소링크", "link", "リンク"},
}

func synonymous(a, b string) bool {
	for _, words := range synonyms {
		if slices.Contains(words, a) && slices.Contains(words, b) {
			return true
		}
	}
	return false
}

func emptiness(header, rows bool) error {
	switch {
	case rows:
		return nil
	case header:
		return ErrOnlyHeader
	}
	return ErrEmpty
}

// headerNames makes the cells of a header names that are unique, apart from empty
// ones: a second "이름" becomes "이름 (2)".
func headerNames(cells []string, columns int) []string {
	names := make([]string, max(columns, len(cells)))
	taken := map[string]bool{"": true}
	for i, cell := range cells {
		names[i] = strings.Join(strings.Fields(norm.NFC.String(clean(cell))), " ") // Macs part syllables
		taken[names[i]] = true
	}
	seen := map[string]bool{}
	for i, name := range names {
		for n := 2; name != "" && seen[names[i]]; n++ {
			if other := fmt.Sprintf("%s (%d)", name, n); !taken[other] {
				names[i], taken[other] = other, true
			}
		}
		seen[names[i]] = true
	}
	return names
}

// SuggestMapping guesses the column of the phone numbers, from what most of its
// cells hold and from its name, and makes every other column that has a name a
// variable. header may be nil.
func SuggestMapping(header []string, rows []Row) Mapping {
	cells, columns := make([][]string, 0, len(rows)), len(header)
	for _, row := range rows {
		if row.Reason == "" || row.Reason == ReasonColumns {
			cells = append(cells, row.Fields)
			columns = max(columns, len(row.Fields))
		}
	}
	m := Mapping{PhoneColumn: -1}
	best := 0
	for i := range columns {
		rank := 0
		if i < len(header) {
			rank = headerRank(header[i])
		}
		good, filled := countPhones(cells, i)
		if good*2 > filled {
			rank += 10 // what a column holds says more than its name
		}
		if rank > best {
			m.PhoneColumn, best = i, rank
		}
	}
	for i, name := range header {
		if i != m.PhoneColumn && name != "" {
			m.Variables = append(m.Variables, Variable{name, i})
		}
	}
	return m
}

// phoneColumn is the column of whose cells most are phone numbers, or -1.
func phoneColumn(rows [][]string, columns int) int {
	column, best := -1, 0
	for i := range columns {
		if good, filled := countPhones(rows, i); good*2 > filled && good > best {
			column, best = i, good
		}
	}
	return column
}

// countPhones counts the cells of a column that are not empty, and those that are
// phone numbers or were, before a spreadsheet dropped their digits.
func countPhones(rows [][]string, column int) (good, filled int) {
	for _, fields := range rows {
		if column >= len(fields) {
			continue
		}
		phone, empty := isPhone(fields[column])
		if phone {
			good++
		}
		if !empty {
			filled++
		}
	}
	return good, filled
}

// isPhone reports whether a cell holds a phone number, be it of another country or what a
// spreadsheet has left of one.
func isPhone(cell string) (phone, empty bool) {
	switch _, _, reason := kakao.NormalizePhone(cell); reason {
	case "", kakao.PhoneExponent:
		return true, false
	case kakao.PhoneForeign:
		return digits(cell) >= minForeign, false
	case kakao.PhoneEmpty:
		return false, true
	}
	return false, false
}

// minForeign is how many digits the number of another country has at least; "+15" is a
// difference.
const minForeign = 8

func digits(s string) (n int) {
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

func hasPhone(fields []string) bool {
	for _, field := range fields {
		if phone, _ := isPhone(field); phone {
			return true
		}
	}
	return false
}

// headerRank says how much the name of a column sounds like phone numbers: 0 not at
// all, 4 like nothing else.
func headerRank(name string) int {
	name = plainName(name)
	short := name
	for _, suffix := range []string{"번호", "番号", "號碼", "号码", "number", "no", "num"} {
		short = strings.TrimSuffix(short, suffix)
	}
	switch {
	case name == "":
		return 0
	case oneOf(short, "휴대폰", "휴대전화", "휴대", "핸드폰", "모바일", "이동전화", "hp", "mobile", "mobilephone", "cell", "cellphone",
		"携帯", "携帯電話", "手机"):
		return 4
	case oneOf(short, "전화", "연락처", "수신", "수신자", "받는사람", "phone", "tel", "telephone", "recipient", "電話", "电话", "連絡先"):
		return 3
	case containsAny(name, "휴대폰", "휴대전화", "핸드폰", "모바일", "이동전화", "mobile", "cellphone", "携帯", "手机"):
		return 2
	case containsAny(name, "전화", "연락처", "phone", "電話", "电话", "連絡先"):
		return 1
	}
	return 0
}

// plainName is the letters and digits of a name, in small ASCII letters where full
// width or capitals were used.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

func oneOf(s string, words ...string) bool {
	for _, word := range words {
		if s == word {
			return true
		}
	}
	return false
}

func containsAny(s string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}
