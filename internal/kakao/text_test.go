package kakao_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"

	"soshik/internal/kakao"
)

func TestLen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       int
	}{
		{"nothing", "", 0},
		{"ASCII", "abc", 3},
		{"Hangul", "안녕하세요", 5},
		{"a line break", "a\nb", 3},
		{"a line break of a form", "a\r\nb", 3},
		{"two line breaks of a form", "\r\n\r\n", 2},
		{"a carriage return alone", "a\rb", 3},
		{"a carriage return at the end", "a\r", 2},
		{"an emoji is two", "😀", 2},
		{"a family of emoji", "👨‍👩‍👧", 8},
		{"an ideograph beyond the first plane", "𠮷", 2},
		{"a byte that is no text", "a\xff", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := kakao.Len(tt.text); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestEUCKRLen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		bytes      int
		unsendable string
	}{
		{"nothing", "", 0, ""},
		{"ASCII", "(광고) sale", 11, ""},
		{"Hangul", "안녕하세요", 10, ""},
		{"a syllable of the extension", "뷁", 2, ""},
		{"Hanja and signs", "漢字 ★㈜→", 11, ""},
		{"a line break", "가\n나", 5, ""},
		{"a line break of a form", "가\r\n나", 5, ""},
		{"an emoji", "가😀", 4, "😀"},
		{"an en dash", "1–2", 4, "–"},
		{"each character once, in order", "–😀–😀é", 10, "–😀é"},
		{"a no-break space", "a\u00a0b", 4, "\u00a0"},
		{"a byte that is no text", "a\xff", 3, "\ufffd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bytes, unsendable := kakao.EUCKRLen(tt.text)
			if bytes != tt.bytes || string(unsendable) != tt.unsendable {
				t.Errorf("got %d %q, want %d %q", bytes, string(unsendable), tt.bytes, tt.unsendable)
			}
		})
	}
}

func TestEUCKRLenAgreesWithTheEncoderOnEveryCharacter(t *testing.T) {
	t.Parallel()
	encoder := korean.EUCKR.NewEncoder()
	for r := rune(1); r <= 0x1FFFF; r++ {
		if !utf8.ValidRune(r) || r == '\r' {
			continue
		}
		encoded, err := encoder.String(string(r))
		bytes, unsendable := kakao.EUCKRLen(string(r))
		if (err == nil) != (len(unsendable) == 0) {
			t.Fatalf("%U: the encoder says %v, and we say %q", r, err, unsendable)
		}
		if err == nil && bytes != len(encoded) {
			t.Fatalf("%U has %d bytes, and we say %d", r, len(encoded), bytes)
		}
	}
}

func FuzzEUCKRLen(f *testing.F) {
	f.Add("(광고) 안녕하세요 😀\r\n")
	f.Add("\xff\r")
	f.Fuzz(func(t *testing.T, s string) {
		bytes, unsendable := kakao.EUCKRLen(s)
		if bytes > 2*kakao.Len(s) || len(unsendable) > utf8.RuneCountInString(s) {
			t.Fatalf("%q: %d bytes, %q unsendable", s, bytes, unsendable)
		}
		plain := strings.ReplaceAll(s, "\r\n", "\n")
		if encoded, err := korean.EUCKR.NewEncoder().String(plain); err == nil && (bytes != len(encoded) || unsendable != nil) {
			t.Fatalf("%q has %d bytes, and we say %d, %q", s, len(encoded), bytes, unsendable)
		}
	})
}

func BenchmarkEUCKRLen(b *testing.B) {
	text := strings.Repeat("안녕하세요 고객님, 소식입니다. ", 60)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		kakao.EUCKRLen(text)
	}
}
