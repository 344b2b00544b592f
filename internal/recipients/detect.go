package recipients

import (
	"bytes"
	"iter"
	"strings"
	"unicode/utf8"
)

// SampleSize is how many bytes of a file are enough for [Detect].
const SampleSize = 64 << 10

// A Format is how a file is written. The zero value stands for UTF-8 with commas and
// without a header.
type Format struct {
	Encoding  Encoding
	BOM       bool // the file begins with a byte order mark
	Separator byte // one of [Separators]; 0 means a comma
	CR        bool // lines end with a carriage return alone, as old Macintosh programs write them
	HasHeader bool // the first record, behind the titles, names the columns
	Skip      int  // records above the header, such as a title, that are no recipients
	Columns   int  // of a usual record; 0 means as many as the first record has
}

// Separators are the characters that may part columns.
func Separators() []byte { return []byte{',', '\t', ';', '|'} }

// Detect decides how a file is written from its first bytes; [SampleSize] are
// plenty. The sample may end anywhere, also within a character. Where nothing
// decides, the file is UTF-8 with commas: so too where all letters beyond ASCII come
// later than the sample.
func Detect(sample []byte) Format { return DetectAs(sample, "", 0) }

// DetectAs is [Detect] for a file of which a person says the encoding, the
// separator or both. An empty encoding and a separator of 0 are decided.
func DetectAs(sample []byte, e Encoding, separator byte) Format {
	if e == "" {
		e = detectEncoding(sample)
	}
	f := Format{Encoding: e, BOM: bytes.HasPrefix(sample, e.mark()) && e != CP949}
	f.CR = bytes.IndexByte(sample, '\n') < 0 && bytes.IndexByte(sample, '\r') >= 0
	candidates := Separators()
	if separator != 0 {
		candidates = []byte{separator}
	}
	var best layout
	for i, c := range candidates {
		f.Separator = c
		if l := newLayout(sample, f); i == 0 || l.better(best) {
			best = l
		}
	}
	f.Separator = best.separator
	f.HasHeader, f.Skip = best.header()
	f.Columns = best.columns(f.Skip)
	return f
}

// mark is the encoding's byte order mark.
func (e Encoding) mark() []byte {
	switch e {
	case UTF16LE:
		return []byte{0xFF, 0xFE}
	case UTF16BE:
		return []byte{0xFE, 0xFF}
	default:
		return byteOrderMark
	}
}

// detectEncoding goes by the byte order mark, else it takes that of UTF-8 and CP949
// in which fewer sequences of the sample cannot be read.
func detectEncoding(sample []byte) Encoding {
	for _, e := range []Encoding{UTF8, UTF16LE, UTF16BE} {
		if bytes.HasPrefix(sample, e.mark()) {
			return e
		}
	}
	if e := unmarkedUTF16(sample); e != "" {
		return e
	}
	whole := trimPartialRune(sample)
	if utf8.Valid(whole) {
		return UTF8
	}
	_, badUTF8 := appendUTF8(nil, whole)
	_, badCP949 := appendCP949(nil, sample, cp949())
	if badUTF8 < badCP949 {
		return UTF8
	}
	return CP949
}

// unmarkedUTF16 is the encoding of UTF-16 without a byte order mark, "" for any other: digits and
// separators then have a zero byte, nearly all on the same side.
func unmarkedUTF16(sample []byte) Encoding {
	const (
		share = 10 // of every so many characters at least one is of ASCII
		side  = 4  // for one zero on the other side, as 대 has it, there are more than so many
	)
	var zeros [2]int
	for i, c := range sample {
		if c == 0 {
			zeros[i&1]++
		}
	}
	enough := len(sample) / 2 / share
	switch {
	case zeros[1] > enough && zeros[1] > side*zeros[0]:
		return UTF16LE
	case zeros[0] > enough && zeros[0] > side*zeros[1]:
		return UTF16BE
	}
	return ""
}

// CheckText returns [ErrNotText] for a file that is none of text, as a picture, and
// [ErrWebPage] for a page of the web, which shops export under the name of a workbook.
func CheckText(sample []byte, e Encoding) error {
	if !e.wide() && bytes.IndexByte(bytes.TrimRight(sample, "\x00\x1a"), 0) >= 0 {
		return ErrNotText
	}
	const head = 1024
	begin := strings.ToLower(string(bytes.TrimLeft(sample[:min(len(sample), head)], "\ufeff \t\r\n")))
	for _, tag := range []string{"<html", "<!doctype", "<table", "<meta", "<?xml", "<style", "<head"} {
		if strings.HasPrefix(begin, tag) {
			return ErrWebPage
		}
	}
	return nil
}

// trimPartialRune is b without the beginning of a character at its end.
func trimPartialRune(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if !utf8.RuneStart(b[i]) {
			continue
		}
		if !utf8.FullRune(b[i:]) {
			return b[:i]
		}
		break
	}
	return b
}

// layout is what a sample looks like with a certain separator.
type layout struct {
	separator byte
	rows      [][]string // readable ones
	width     int        // columns of most rows
	usual     int        // rows of that width
	phones    int        // rows with a mobile number in a column of its own
}

func newLayout(sample []byte, f Format) layout {
	f.Columns = len(sample) + 1 // no row has too many
	l, _ := layoutOf(NewReader(bytes.NewReader(sample), f).All())
	l.separator = f.Separator
	return l
}

// enoughCells is how many cells of the first rows are looked at, however wide the
// rows are.
const enoughCells = 200_000

// layoutOf looks at the first rows.
func layoutOf(rows iter.Seq2[Row, error]) (layout, error) {
	const enough = 200
	var l layout
	widths, cells := map[int]int{}, 0
	for row, err := range rows {
		if err != nil {
			return l, err
		}
		if row.Reason != "" {
			continue
		}
		l.rows = append(l.rows, row.Clone().Fields)
		n := len(row.Fields)
		widths[n]++
		if widths[n] > l.usual {
			l.width, l.usual = n, widths[n]
		}
		if hasPhone(row.Fields) {
			l.phones++
		}
		if cells += n; len(l.rows) == enough || cells > enoughCells {
			break
		}
	}
	return l, nil
}

// better reports whether l looks more like columns than m. Of equals the first that
// was tried stays, unless the other parts more.
func (l layout) better(m layout) bool {
	if a, b := l.score(), m.score(); a != b {
		return a > b
	}
	return l.width > m.width
}

func (l layout) score() int {
	if l.width < 2 {
		return l.phones
	}
	return l.phones + l.usual
}

// columns is how many columns the file has: those of most rows, and of its first.
func (l layout) columns(skip int) int {
	if skip >= len(l.rows) {
		return l.width
	}
	return max(l.width, len(l.rows[skip]))
}

// header reports whether the first row names the columns, and how many titles stand
// above it: rows of a single cell in a file of several columns, which are taken for
// titles only if names follow.
func (l layout) header() (has bool, skip int) {
	const titles = 5
	for skip < titles && skip+2 < len(l.rows) && l.width > 1 && isTitle(l.rows[skip]) {
		skip++
	}
	if l.namesAt(skip) {
		return true, skip
	}
	return l.namesAt(0), 0
}

func isTitle(fields []string) bool {
	filled := 0
	for _, field := range fields {
		if trim(field) != "" {
			filled++
		}
	}
	return filled == 1 && !hasPhone(fields)
}

// namesAt reports whether row i names the columns: where the rows below it have
// phone numbers, it has something else, and nothing that might be meant as one.
func (l layout) namesAt(i int) bool {
	if i >= len(l.rows) {
		return false
	}
	row, below := l.rows[i], l.rows[i+1:]
	if hasPhone(row) {
		return false
	}
	named := false
	for _, name := range row {
		named = named || headerRank(name) > 0
	}
	column := phoneColumn(below, l.width)
	switch {
	case column >= 0 && column < len(row) && trim(row[column]) != "":
		return !numeric(row[column])
	case column >= 0 || len(below) == 0:
		return named
	}
	for _, field := range row {
		if numeric(field) && !named {
			return false
		}
	}
	return true
}

// numeric reports whether a cell has more digits than the name of a column would.
func numeric(s string) bool {
	digits := 0
	for _, r := range s {
		if r >= '0' && r <= '9' || r >= '０' && r <= '９' {
			digits++
		}
	}
	return digits >= 5 || strings.ContainsAny(s, "0123456789") && digits*2 > utf8.RuneCountInString(s)
}
