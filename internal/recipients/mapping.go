package recipients

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode"

	"soshik/internal/kakao"
)

// What is wrong with a file as a whole, or with what is to be made of it.
var (
	ErrEmpty         = errors.New("file has no rows")
	ErrOnlyHeader    = errors.New("file has a header and no rows")
	ErrNoPhoneColumn = errors.New("no column is chosen for the phone number")
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
	PhoneColumn int // -1 while none is chosen
	Variables   []Variable
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
	header := false
	for row, err := range rows {
		if err != nil {
			return Sheet{}, err
		}
		s.Columns = max(s.Columns, row.Columns)
		if row.Header {
			header, names = true, row.Clone().Fields
			continue
		}
		if len(s.Rows) == n {
			break
		}
		s.Rows = append(s.Rows, row.Clone())
	}
	if header {
		s.Header = headerNames(names, s.Columns)
	}
	return s, emptiness(header, len(s.Rows) > 0 || n == 0)
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
		names[i] = strings.Join(strings.Fields(clean(cell)), " ")
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
		switch _, _, reason := kakao.NormalizePhone(fields[column]); reason {
		case "", kakao.PhoneExponent:
			good++
			filled++
		case kakao.PhoneEmpty:
		default:
			filled++
		}
	}
	return good, filled
}

func hasPhone(fields []string) bool {
	for _, field := range fields {
		if _, _, reason := kakao.NormalizePhone(field); reason == "" || reason == kakao.PhoneExponent {
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
