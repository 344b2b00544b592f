package kakao

import (
	"strconv"
	"strings"
)

// A PhoneReason says why a text was refused as the number of a Korean mobile
// phone. The empty reason means that nothing is wrong. Its values are stable, so
// that they can be stored.
type PhoneReason string

// Why a text is no number that a message can be sent to.
const (
	PhoneEmpty     PhoneReason = "phone_empty"      // nothing but spaces, quotes and separators
	PhoneNotNumber PhoneReason = "phone_not_number" // letters, or digits that belong together in no known way
	PhoneTooShort  PhoneReason = "phone_too_short"
	PhoneTooLong   PhoneReason = "phone_too_long"   // also two numbers in one cell
	PhoneNotMobile PhoneReason = "phone_not_mobile" // a landline, 050x, 070, 080 or 1588 number
	PhoneExponent  PhoneReason = "phone_exponent"   // 1.01E+09: a spreadsheet has dropped digits
	PhoneForeign   PhoneReason = "phone_foreign"    // another country's number
)

// PhoneReasons are all reasons, so that a test can walk them.
func PhoneReasons() []PhoneReason {
	return []PhoneReason{
		PhoneEmpty, PhoneNotNumber, PhoneTooShort, PhoneTooLong, PhoneNotMobile, PhoneExponent, PhoneForeign,
	}
}

// NormalizePhone reads raw as the number of a Korean mobile phone, in any of the
// ways in which people and spreadsheets write one. number is 10 or 11 ASCII digits
// that begin with 01, or "" when there is a reason against it.
//
// repaired is true when the text was not written as usual and something was done
// about it: a lost leading zero, +82, full-width digits, no-break or zero-width
// spaces, an apostrophe, a typographic dash, a thousands comma, ".0", an exponent
// with all its digits. Hyphens, dots, spaces and parentheses are usual. No digit is
// ever invented, apart from the leading zero, and none but zeros of a fraction is
// dropped within a number: a guess would text a stranger.
//
// Where raw is the plain digits already, number shares its memory.
func NormalizePhone(raw string) (number string, repaired bool, reason PhoneReason) {
	if number := usualPhone(raw); number != "" {
		return number, false, ""
	}
	var t phoneText
	reason = t.scan(raw)
	if reason == PhoneExponent {
		digits, reason := expandExponent(raw)
		if reason != "" {
			return "", false, reason
		}
		t = phoneText{repaired: true}
		t.scan(digits)
		return t.number()
	}
	if reason != "" {
		return "", false, reason
	}
	return t.number()
}

// usualPhone is the short way for what nearly every row of a file has:
// 01012345678, or 010-1234-5678 with any one usual separator. It is "" for all
// other writings.
func usualPhone(raw string) string {
	switch {
	case len(raw) == 11 && raw[:3] == "010" && allDigits(raw[3:]):
		return raw
	case len(raw) == 13 && raw[:3] == "010" && raw[3] == raw[8] && (raw[3] == '-' || raw[3] == '.' || raw[3] == ' ') &&
		allDigits(raw[4:8]) && allDigits(raw[9:]):
		var b [11]byte
		copy(b[:], raw[:3])
		copy(b[3:], raw[4:8])
		copy(b[7:], raw[9:])
		return string(b[:])
	}
	return ""
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return true
}

// phoneText is what was found in the text of a number.
type phoneText struct {
	digits   [20]byte // no writing of a number that is accepted has more
	n        int      // digits found, those that did not fit included
	group    int      // digits since the last separator
	gap      rune     // the separator met since the last digit: '.', ' ' for any other, 0 for none
	dots     int      // groups that a single dot parts from what is before them
	others   int      // groups parted in any other way
	whole    int      // digits before the first dot
	plus     bool     // a + came first
	repaired bool     // a character was met that is not usual
}

// scan takes raw in. PhoneExponent means that it may be a number in exponent form,
// which is another grammar.
func (t *phoneText) scan(raw string) PhoneReason {
	for _, r := range raw {
		switch {
		case r >= '0' && r <= '9':
			t.digit(byte(r))
		case r >= '０' && r <= '９':
			t.repaired = true
			t.digit(byte(r - '０' + '0'))
		case r == '+' || r == '＋':
			if t.plus || t.n > 0 {
				return PhoneNotNumber
			}
			t.plus = true
		case (r == 'E' || r == 'e') && t.n > 0 && !t.plus:
			return PhoneExponent
		case !t.separator(r):
			return PhoneNotNumber
		}
	}
	return ""
}

func (t *phoneText) digit(d byte) {
	if t.gap != 0 && t.n > 0 {
		if t.gap == '.' {
			if t.dots == 0 {
				t.whole = t.n
			}
			t.dots++
		} else {
			t.others++
		}
		t.group = 0
	}
	t.gap = 0
	if t.n < len(t.digits) {
		t.digits[t.n] = d
	}
	t.n++
	t.group++
}

// separator takes in what may stand between, before and behind digits, and
// reports whether r is that.
func (t *phoneText) separator(r rune) bool {
	switch r {
	case '.':
		if t.gap == 0 {
			t.gap = '.'
			return true
		}
	case '-', ' ', '(', ')', '\t', '\r', '\n':
	case '\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u202a', '\u202c', '\u202d', '\u2060', '\ufeff':
		t.repaired = true // invisible, parts nothing
		return true
	case '\'', '"', '`', '‘', '’', '“', '”', '′', '=', // ="010…" and '010… keep a spreadsheet from counting
		',', '，', '．', '·', '（', '）',
		'\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2015', '\u2212', '－', '﹣', 'ㅡ',
		'\u00a0', '\u2002', '\u2003', '\u2007', '\u2009', '\u202f', '\u3000':
		t.repaired = true
	default:
		return false
	}
	t.gap = ' '
	return true
}

// number judges the digits that were found.
func (t *phoneText) number() (string, bool, PhoneReason) {
	switch {
	case t.n == 0 && t.plus:
		return "", false, PhoneNotNumber
	case t.n == 0:
		return "", false, PhoneEmpty
	case t.dots == 1 && t.others == 0 && t.whole >= 9: // a spreadsheet's fraction
		if !t.zeros(t.whole) {
			return "", false, PhoneNotNumber
		}
		t.n, t.repaired = t.whole, true
	case t.dots+t.others > 0 && t.group == 1: // "011-123-4567 (2)": a remark, not a digit of the number
		return "", false, PhoneNotNumber
	}
	if t.n > len(t.digits) {
		return "", false, PhoneTooLong
	}
	return t.mobile()
}

// zeros reports whether all digits from the i-th on are 0.
func (t *phoneText) zeros(i int) bool {
	return t.n <= len(t.digits) && strings.Trim(string(t.digits[i:t.n]), "0") == ""
}

// mobile is the number as it is dialled in Korea, if a mobile phone has it.
func (t *phoneText) mobile() (string, bool, PhoneReason) {
	d, foreign := t.digits[:t.n], false
	switch {
	case t.plus && hasDigits(d, "82"), len(d) >= 11 && hasDigits(d, "82"):
		d, foreign = d[2:], true
	case t.plus && d[0] == '0':
		return "", false, PhoneNotNumber
	case t.plus:
		return "", false, PhoneForeign
	case hasDigits(d, "0082"):
		d, foreign = d[4:], true
	}
	lost := len(d) > 0 && d[0] != '0' && (foreign || len(d) >= 9 && isMobile('0', d))
	var number [len(t.digits) + 1]byte
	out := number[:0]
	if lost {
		out = append(out, '0')
	}
	out = append(out, d...)
	if reason := judgePhone(out); reason != "" {
		return "", false, reason
	}
	return string(out), t.repaired || foreign || lost, ""
}

func hasDigits(d []byte, prefix string) bool {
	return len(d) >= len(prefix) && string(d[:len(prefix)]) == prefix
}

// isMobile reports whether first and the digits d behind it begin with the prefix
// of a mobile phone: 010, or 011, 016 to 019 of the years before.
func isMobile(first byte, d []byte) bool {
	return first == '0' && len(d) >= 2 && d[0] == '1' && strings.IndexByte("016789", d[1]) >= 0
}

// judgePhone says what is wrong with the digits of a number dialled in Korea.
func judgePhone(d []byte) PhoneReason {
	shortest, longest, otherwise := 9, 12, PhoneNotMobile // "02-123-4567" to "0505-1234-5678"
	switch {
	case len(d) == 0:
		return PhoneTooShort
	case isMobile(d[0], d[1:]):
		shortest, longest, otherwise = 10, 11, ""
		if d[2] == '0' {
			shortest = 11
		}
	case len(d) == 8 && d[0] == '1' && strings.IndexByte("568", d[1]) >= 0: // 1588-1234
		shortest = 8
	}
	switch {
	case len(d) < shortest:
		return PhoneTooShort
	case len(d) > longest:
		return PhoneTooLong
	}
	return otherwise
}

// expandExponent writes a number in exponent form out, such as 1012345678 for
// "1.012345678E+09". It refuses a form that lacks digits, since zeros in their
// place would be another person's number.
func expandExponent(raw string) (string, PhoneReason) {
	s := strings.Trim(raw, " \t\r\n\u00a0\u3000\u200b\ufeff'\"`‘’“”=")
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return "", PhoneNotNumber
	}
	exponent, err := strconv.Atoi(s[i+1:])
	whole, fraction, _ := strings.Cut(s[:i], ".")
	if err != nil || exponent < 0 || whole == "" || !allDigits(whole) || !allDigits(fraction) {
		return "", PhoneNotNumber
	}
	if len(fraction) < exponent {
		return "", PhoneExponent
	}
	if strings.Trim(fraction[exponent:], "0") != "" {
		return "", PhoneNotNumber
	}
	return whole + fraction[:exponent], ""
}

// FormatPhone writes a Korean number of digits only with hyphens, such as
// "010-1234-5678", "02-123-4567" or "1588-1234". Anything else comes back as it is.
func FormatPhone(number string) string {
	area, middle, last := splitPhone(number)
	switch {
	case area == "":
		return number
	case middle == "":
		return area + "-" + last
	}
	return area + "-" + middle + "-" + last
}

// MaskPhone is [FormatPhone] for eyes that may not see the number:
// "010-****-5678". Of what is no Korean number at most the last four characters
// stay, and none of what is shorter than eight.
func MaskPhone(number string) string {
	area, middle, last := splitPhone(number)
	switch {
	case area == "":
		return maskText(number)
	case middle == "":
		return "****-" + last
	}
	return area + "-" + strings.Repeat("*", len(middle)) + "-" + last
}

func maskText(s string) string {
	runes := []rune(s)
	hidden := len(runes)
	if hidden >= 8 {
		hidden -= 4
	}
	return strings.Repeat("*", hidden) + string(runes[hidden:])
}

// splitPhone parts digits as they are spoken. area is "" for what is no Korean
// number; middle is "" for an eight-digit number, which has none.
func splitPhone(number string) (area, middle, last string) {
	if !allDigits(number) {
		return "", "", ""
	}
	n := 3
	switch {
	case len(number) == 8 && number[0] == '1':
		return number[:4], "", number[4:]
	case strings.HasPrefix(number, "02"):
		n = 2
	case strings.HasPrefix(number, "050"):
		n = 4
	}
	if rest := len(number) - n; !strings.HasPrefix(number, "0") || rest < 7 || rest > 8 {
		return "", "", ""
	}
	return number[:n], number[n : len(number)-4], number[len(number)-4:]
}
