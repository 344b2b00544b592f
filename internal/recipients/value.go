package recipients

import (
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// trim is s without white space and invisible marks around it.
func trim(s string) string {
	if s == "" || visible(s[0]) && visible(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u200b' || r == '\ufeff'
	})
}

func visible(c byte) bool { return c > ' ' && c < 0x7F }

// clean is the value of a cell: trimmed, its line breaks as "\n", a tab as a space,
// and without other control characters.
func clean(s string) string {
	s = trim(s)
	if !hasControl(s) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

// hasControl may be true for a text without, but not the other way round.
func hasControl(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == 0x7F || c == 0xC2 { // U+0080 to U+009F begin with C2
			return true
		}
	}
	return false
}

// AppendJSONString appends s to dst as a JSON string, quotes included. What is no
// UTF-8 becomes U+FFFD. Only what must be is escaped, so that the result is not fit
// to stand inside HTML as it is.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[start:i]...), badRune...)
				start = i + 1
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			dst = appendEscape(append(dst, s[start:i]...), c)
			start = i + 1
		}
		i++
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	}
	return hex.AppendEncode(append(dst, `\u00`...), []byte{c})
}

// shorten is s, cut between characters to at most a few hundred bytes.
func shorten(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	n := most
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
