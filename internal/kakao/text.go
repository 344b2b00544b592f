package kakao

import (
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/unicode/norm"
)

// Len is the length of s as the provider counts it: in UTF-16 code units, where a
// line break (also "\r\n", which is sent as "\n") is one and an emoji is two.
func Len(s string) int {
	n := 0
	for i, r := range s {
		if r == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			continue
		}
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// EUCKRLen is the length of s in EUC-KR bytes, as SMS messages are measured, and
// the characters, in order and each once, that an SMS cannot carry. Such a
// character counts as two bytes, and a line break, as in [Len], as one.
func EUCKRLen(s string) (bytes int, unsendable []rune) {
	sendable := eucKR()
	var seen map[rune]bool
	for i, r := range s {
		switch {
		case r == '\r' && i+1 < len(s) && s[i+1] == '\n':
			continue
		case r < utf8.RuneSelf:
			bytes++
			continue
		}
		bytes += 2
		if sendable.has(r) || seen[r] {
			continue
		}
		if seen == nil {
			seen = map[rune]bool{}
		}
		seen[r] = true
		unsendable = append(unsendable, r)
	}
	return bytes, unsendable
}

// runeSet is a set of characters of the basic multilingual plane, a bit for each.
type runeSet [1 << 16 / 64]uint64

func (s *runeSet) has(r rune) bool { return r < 1<<16 && s[r/64]&(1<<(r%64)) != 0 }

// eucKR are the characters of two bytes, computed when they are first needed.
var eucKR = sync.OnceValue(func() *runeSet {
	var set runeSet
	var utf [2 * utf8.UTFMax]byte
	decoder := korean.EUCKR.NewDecoder()
	for lead := 0x81; lead <= 0xFE; lead++ {
		for trail := 0x41; trail <= 0xFE; trail++ {
			n, _, err := decoder.Transform(utf[:], []byte{byte(lead), byte(trail)}, true)
			if r, size := utf8.DecodeRune(utf[:n]); err == nil && size == n && r != utf8.RuneError {
				set[r/64] |= 1 << (r % 64)
			}
		}
	}
	return &set
})

// Composed is s with its letters composed. Files that come from macOS have names of
// which every Hangul syllable is written in parts.
func Composed(s string) string { return norm.NFC.String(s) }
