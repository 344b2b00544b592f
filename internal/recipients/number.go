package recipients

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// numberFormat is how a cell shows a number. Its zero value is "General": the number
// with up to 15 digits and no exponent. What is not understood of a format is shown
// so too, dates then as 2006-01-02, rather than in half of the way.
type numberFormat struct {
	kind     formatKind
	positive section
	negative section // empty: the positive one behind a minus
}

type formatKind int

const (
	formatGeneral formatKind = iota
	formatNumber
	formatDate
)

// section is one of the up to four parts of a format.
type section []formatToken

// formatToken is a literal text, or a placeholder of a digit or of a part of a date.
type formatToken struct {
	what byte // 'l' literal, '0' '#' '?' digits, '.', ',', '%'; of dates: y m d h i (minute) s a (half of the day)
	n    int  // how many of it in a row, for dates
	text string
}

// builtInFormats are the formats that workbooks name by number alone.
var builtInFormats = map[int]string{
	1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
	14: "yyyy-mm-dd", 15: "yyyy-mm-dd", 16: "yyyy-mm-dd", 17: "yyyy-mm-dd",
	18: "hh:mm", 19: "hh:mm:ss", 20: "hh:mm", 21: "hh:mm:ss", 22: "yyyy-mm-dd hh:mm",
	27: "yyyy-mm-dd", 28: "yyyy-mm-dd", 29: "yyyy-mm-dd", 30: "yyyy-mm-dd", 31: `yyyy"년" mm"월" dd"일"`, 32: "hh:mm", 33: "hh:mm:ss",
	34: "yyyy-mm-dd", 35: "yyyy-mm-dd", 36: "yyyy-mm-dd", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00",
	41: "#,##0", 42: "#,##0", 43: "#,##0.00", 44: "#,##0.00",
	50: "yyyy-mm-dd", 51: "yyyy-mm-dd", 52: "yyyy-mm-dd", 53: "yyyy-mm-dd", 54: "yyyy-mm-dd", 55: "yyyy-mm-dd",
	56: "yyyy-mm-dd", 57: "yyyy-mm-dd", 58: "yyyy-mm-dd",
}

// newNumberFormat understands the code of a format.
func newNumberFormat(code string) numberFormat {
	const longest = 255 // that is Excel's own
	if len(code) > longest {
		return numberFormat{}
	}
	sections, kind := parseFormat(code)
	if kind == formatGeneral || len(sections) == 0 {
		return numberFormat{kind: kind}
	}
	f := numberFormat{kind: kind, positive: sections[0]}
	if len(sections) > 1 && kind == formatNumber {
		f.negative = sections[1]
	}
	return f
}

// parseFormat parts a code into its sections. There are none where it is not
// understood, and the kind then says only whether it is of a date.
func parseFormat(code string) (sections []section, kind formatKind) {
	p := formatParser{rest: code}
	for p.rest != "" && !p.unknown {
		p.token()
	}
	p.done = append(p.done, p.section)
	sections = p.done
	switch {
	case p.dates && (p.unknown || p.digits):
		return nil, formatDate
	case p.dates:
		for _, s := range sections {
			minutes(s)
		}
		return sections, formatDate
	case p.unknown || !p.digits:
		return nil, formatGeneral
	}
	for _, s := range sections[:min(2, len(sections))] {
		if !s.countable() {
			return nil, formatGeneral
		}
	}
	return sections, formatNumber
}

// formatParser is in the middle of a code.
type formatParser struct {
	rest    string
	done    []section
	section section
	dates   bool
	digits  bool
	unknown bool
}

func (p *formatParser) literal(text string) {
	p.section = append(p.section, formatToken{what: 'l', text: text})
}

// token takes the next token of the code.
func (p *formatParser) token() {
	c := p.rest[0]
	switch {
	case c == '"':
		text, rest, _ := strings.Cut(p.rest[1:], `"`)
		p.literal(text)
		p.rest = rest
		return
	case c == '\\' || c == '_' || c == '*':
		p.escape(c)
		return
	case c == '[':
		p.bracket()
		return
	case c == ';':
		p.done, p.section = append(p.done, p.section), nil
	case strings.IndexByte("0#?.,%", c) >= 0:
		p.digits = p.digits || c != '.' && c != ',' && c != '%'
		p.section = append(p.section, formatToken{what: c, text: string(c)})
	case c == '@':
		p.unknown = len(p.done) < 3 // the fourth section is that of texts
	case p.datePart():
		return
	case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '/' && !p.dates:
		p.unknown = true // General, exponents, fractions, what other languages have
	default:
		p.literal(string(c))
	}
	p.rest = p.rest[1:]
}

// escape takes a character that stands for itself, or the space of another.
func (p *formatParser) escape(c byte) {
	r := []rune(p.rest[1:])
	if len(r) == 0 {
		p.rest = ""
		return
	}
	switch c {
	case '\\':
		p.literal(string(r[0]))
	case '_':
		p.literal(" ")
	}
	p.rest = string(r[1:])
}

// bracket takes what stands in brackets: a colour, a currency, or what is not understood.
func (p *formatParser) bracket() {
	inside, rest, _ := strings.Cut(p.rest[1:], "]")
	p.rest = rest
	currency, is := strings.CutPrefix(inside, "$")
	switch {
	case is:
		symbol, _, _ := strings.Cut(currency, "-")
		p.literal(symbol)
	case strings.ContainsAny(inside, "<>="): // a condition
		p.unknown = true
	case len(inside) < 3: // [h], [mm]: time that has passed
		p.unknown, p.dates = true, true
	}
}

// datePart takes a part of a date, if one comes.
func (p *formatParser) datePart() bool {
	low := strings.ToLower(p.rest)
	for _, half := range []string{"am/pm", "a/p", "오전/오후"} {
		if strings.HasPrefix(low, half) {
			p.section, p.dates, p.rest = append(p.section, formatToken{what: 'a'}), true, p.rest[len(half):]
			return true
		}
	}
	c := low[0]
	if strings.IndexByte("ymdhs", c) < 0 {
		return false
	}
	n := 1
	for n < len(low) && low[n] == c {
		n++
	}
	p.dates = true
	p.unknown = p.unknown || n > 2 && c != 'y' // names of months and days
	p.section, p.rest = append(p.section, formatToken{what: c, n: n}), p.rest[n:]
	return true
}

// minutes finds out which "m" are minutes: those behind hours, and before seconds.
func minutes(s section) {
	last := byte(0)
	month := -1
	for i, t := range s {
		switch t.what {
		case 'm':
			if month = i; last == 'h' {
				s[i].what = 'i'
			}
		case 's':
			if month >= 0 && last == 'm' {
				s[month].what = 'i'
			}
		}
		if t.what != 'l' {
			last = t.what
		}
	}
}

// countable reports whether the digits of a section stand as they can be filled in: a single
// point, thousands only between digits.
func (s section) countable() bool {
	points, open := 0, false
	for i, t := range s {
		switch t.what {
		case '.':
			points++
		case '0', '#', '?':
			open = true
		case ',':
			follows := i+1 < len(s) && (s[i+1].what == '0' || s[i+1].what == '#' || s[i+1].what == '?')
			if !open || !follows {
				return false
			}
		}
	}
	return points < 2
}

// append appends what people see of a number to dst; value is how the file writes
// it.
func (f numberFormat) append(dst, value []byte, date04 bool) []byte {
	if f.kind == formatGeneral {
		return appendGeneral(dst, value)
	}
	n, err := strconv.ParseFloat(string(value), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return append(dst, value...)
	}
	if f.kind == formatDate {
		return f.appendDate(dst, n, value, date04)
	}
	s, minus := f.positive, n < 0
	if minus && len(f.negative) > 0 {
		s, minus = f.negative, false
	}
	return append(dst, s.number(math.Abs(n), minus)...)
}

// appendGeneral writes a number with up to 15 digits, which is what spreadsheets keep
// and show, and without exponent: 1.012345678E9 is 1012345678.
func appendGeneral(dst, value []byte) []byte {
	if digitsOnly(value) {
		return append(dst, value...)
	}
	n, err := strconv.ParseFloat(string(value), 64)
	if size := math.Abs(n); err != nil || size >= 1e21 || n != 0 && size < 1e-9 || math.IsNaN(n) {
		return append(dst, value...)
	}
	return append(dst, plainFloat(n)...)
}

func digitsOnly(value []byte) bool {
	for _, c := range value {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// plainFloat is n, rounded to 15 digits.
func plainFloat(n float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(n, 'e', 14, 64), 64)
	if err != nil {
		rounded = n
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// number fills a number in. It has no sign.
func (s section) number(n float64, minus bool) string {
	decimals, point, thousands := 0, false, false
	for _, t := range s {
		switch t.what {
		case '.':
			point = true
		case ',':
			thousands = true
		case '%':
			n *= 100
		case '0', '#', '?':
			if point {
				decimals++
			}
		}
	}
	whole, fraction := roundHalfUp(plainFloat(n), decimals)
	if minus && strings.Trim(whole+fraction, "0") == "" {
		minus = false
	}
	text := s.wholePart(strings.TrimLeft(whole, "0"), thousands) + s.fractionPart(fraction)
	if minus {
		text = "-" + text
	}
	return strings.TrimSpace(text)
}

// roundHalfUp rounds digits as people do: 0.5 becomes 1, and so does 1.5 become 2.
func roundHalfUp(number string, decimals int) (whole, fraction string) {
	whole, fraction, _ = strings.Cut(number, ".")
	if len(fraction) <= decimals {
		return whole, fraction + strings.Repeat("0", decimals-len(fraction))
	}
	digits := []byte("0" + whole + fraction[:decimals])
	if fraction[decimals] >= '5' {
		i := len(digits) - 1
		for ; digits[i] == '9'; i-- {
			digits[i] = '0'
		}
		digits[i]++
	}
	point := len(digits) - decimals
	return string(digits[:point]), string(digits[point:])
}

// wholePart fills in the digits before the point, from the right; those for which
// there is no placeholder stand at the first.
func (s section) wholePart(digits string, thousands bool) string {
	end, first := len(s), -1
	for i, t := range s {
		if t.what == '.' {
			end = i
			break
		}
		if first < 0 && (t.what == '0' || t.what == '#' || t.what == '?') {
			first = i
		}
	}
	out, written := "", 0
	put := func(d string) {
		if thousands && written > 0 && written%3 == 0 {
			out = "," + out
		}
		out = d + out
		written++
	}
	for i := end - 1; i >= 0; i-- {
		switch t := s[i]; t.what {
		case 'l', '%':
			out = t.text + out
		case '0', '#', '?':
			if digits != "" {
				put(digits[len(digits)-1:])
				digits = digits[:len(digits)-1]
			} else if t.what == '0' {
				put("0")
			}
			for i == first && digits != "" {
				put(digits[len(digits)-1:])
				digits = digits[:len(digits)-1]
			}
		}
	}
	return out
}

// fractionPart fills in the point and the digits behind it.
func (s section) fractionPart(digits string) string {
	point := -1
	for i, t := range s {
		if t.what == '.' {
			point = i
		}
	}
	if point < 0 {
		return ""
	}
	needed, n := 0, 0 // digits that must be shown, even if zero
	for _, t := range s[point:] {
		if t.what == '0' || t.what == '#' || t.what == '?' {
			n++
			if t.what == '0' || n <= len(digits) && digits[n-1] != '0' {
				needed = n
			}
		}
	}
	out := ""
	if needed > 0 {
		out = "."
	}
	n = 0
	for _, t := range s[point:] {
		switch t.what {
		case 'l', '%':
			out += t.text
		case '0', '#', '?':
			if n < needed {
				out += digits[n : n+1]
			}
			n++
		}
	}
	return out
}

// Days of the calendar that spreadsheets count from.
const (
	day1904  = 1462      // 1904-01-01 as a day of 1900's count
	lastDate = 2_958_465 // 9999-12-31
)

// appendDate writes the day and the time that n counts.
func (f numberFormat) appendDate(dst []byte, n float64, value []byte, date04 bool) []byte {
	if date04 {
		n += day1904
	}
	if n < 0 || n > lastDate {
		return appendGeneral(dst, value)
	}
	if n < 60 { //nolint:mnd // the 29th of February 1900, which spreadsheets believe in
		n++
	}
	const day = 24 * 60 * 60
	whole, part := math.Modf(n)
	t := time.Date(1899, 12, 30+int(whole), 0, 0, int(math.Round(part*day)), 0, time.UTC)
	if len(f.positive) > 0 {
		return f.positive.date(dst, t)
	}
	switch {
	case n < 2: // a time of no day
		return t.AppendFormat(dst, "15:04")
	case t.Hour()+t.Minute()+t.Second() == 0:
		return t.AppendFormat(dst, "2006-01-02")
	}
	return t.AppendFormat(dst, "2006-01-02 15:04")
}

func (s section) date(dst []byte, t time.Time) []byte {
	half := false
	for _, token := range s {
		half = half || token.what == 'a'
	}
	two := func(n, digits int) {
		if digits > 1 && n < 10 {
			dst = append(dst, '0')
		}
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	for _, token := range s {
		switch token.what {
		case 'y':
			if token.n > 2 {
				dst = strconv.AppendInt(dst, int64(t.Year()), 10)
			} else {
				two(t.Year()%100, 2)
			}
		case 'm':
			two(int(t.Month()), token.n)
		case 'd':
			two(t.Day(), token.n)
		case 'h':
			h := t.Hour()
			if half {
				h = (h+11)%12 + 1
			}
			two(h, token.n)
		case 'i':
			two(t.Minute(), token.n)
		case 's':
			two(t.Second(), token.n)
		case 'a':
			dst = append(dst, halfDay(t)...)
		default:
			dst = append(dst, token.text...)
		}
	}
	return []byte(strings.TrimRight(string(dst), " "))
}

func halfDay(t time.Time) string {
	if t.Hour() < 12 {
		return "오전"
	}
	return "오후"
}
