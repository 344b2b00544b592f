// Package jsontext appends JSON to byte slices, for the two hot paths that
// encoding/json is too slow for: a request with a thousand recipients, and the
// simulator's pages of a thousand messages.
package jsontext

import "unicode/utf8"

const hex = "0123456789abcdef"

// AppendString appends s as a JSON string. What is not UTF-8 becomes U+FFFD, as
// encoding/json does it; <, > and & stay as they are.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	if plain(s) {
		return append(append(b, s...), '"')
	}
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = appendEscaped(append(b, s[start:i]...), c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b = append(append(b, s[start:i]...), `\ufffd`...)
			start = i + size
		}
		i += size
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// plain reports whether s can stand in JSON as it is.
func plain(s string) bool {
	clean, ascii := examine(s)
	return clean && (ascii || utf8.ValidString(s))
}

// examine reports whether s has no character that JSON escapes, and whether it is
// ASCII. It looks at eight bytes at once.
func examine[T string | []byte](s T) (clean, ascii bool) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	var odd, high uint64
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, slash := x^('"'*ones), x^('\\'*ones)
		// The top bit of a byte below 0x80 is left where the subtraction borrows.
		odd |= ((x - ' '*ones) &^ x) | ((quote - ones) &^ quote) | ((slash - ones) &^ slash)
		high |= x
	}
	if odd&tops != 0 {
		return false, false
	}
	for ; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return false, false
		}
		high |= uint64(c)
	}
	return true, high&tops == 0
}

func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	default:
		return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}
