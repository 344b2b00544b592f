package kakao

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// PhoneEraser finds the writings of one number in texts.
type PhoneEraser struct {
	number   string
	writings *regexp.Regexp
}

// ErasePhone is what erases the number, the digits of a Korean mobile phone: with or
// without its leading zero, +82 or 0082, with any separators that [NormalizePhone] knows,
// in full-width digits, or in exponent form. Digits that happen to be the same within a
// longer number are taken for it: rather too much is erased than too little.
func ErasePhone(number string) PhoneEraser {
	between := "[" + separators() + "]*"
	digits := func(s string) string {
		var parts []string
		for _, d := range s {
			parts = append(parts, "["+string(d)+string(d-'0'+'０')+"]")
		}
		return strings.Join(parts, between)
	}
	country := "(?:[+＋]?(?:" + digits("00") + between + ")?" + digits("82") + between + ")?"
	zero := "(?:" + digits("0") + between + ")?"
	return PhoneEraser{number, regexp.MustCompile(country + zero + digits(strings.TrimPrefix(number, "0")))}
}

// separators is the class of what may stand between the digits of a number.
func separators() string {
	var class strings.Builder
	for r := range rune(utf8.RuneError) {
		if new(phoneText).separator(r) {
			class.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return strings.ReplaceAll(class.String(), "-", `\-`) // which is a range in a class
}

// In puts mark in the place of each writing of the number that text has; found is whether
// there was any.
func (e PhoneEraser) In(text, mark string) (erased string, found bool) {
	if whole, _, _ := NormalizePhone(text); whole == e.number {
		return mark, true
	}
	erased = e.writings.ReplaceAllLiteralString(text, mark)
	return erased, erased != text
}
