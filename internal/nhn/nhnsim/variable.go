package nhnsim

import (
	"slices"
	"strings"
	"unicode"

	"soshik/internal/kakao"
)

// text is a text with variables, #{name}, taken apart once so that filling it needs
// no search: a literal, then a variable and a literal for each variable.
type text struct {
	literals []string
	names    []int // which variable, an index in the template's list of names
	length   int   // of all literals
}

// parseText takes s apart. Names that are not in the list yet are appended to it.
// What is opened and never closed is no variable.
func parseText(s string, names *[]string) text {
	var t text
	for {
		open := strings.Index(s, "#{")
		if open < 0 {
			break
		}
		n := strings.IndexByte(s[open:], '}')
		if n < 0 {
			break
		}
		name := s[open+len("#{") : open+n]
		i := slices.Index(*names, name)
		if i < 0 {
			i = len(*names)
			*names = append(*names, name)
		}
		t.add(s[:open])
		t.names = append(t.names, i)
		s = s[open+n+1:]
	}
	t.add(s)
	return t
}

func (t *text) add(literal string) {
	t.literals = append(t.literals, literal)
	t.length += kakao.Len(literal)
}

// fill puts values in place of the variables. A value that looks like a variable
// stays as it is.
func (t *text) fill(values []string) string {
	if len(t.names) == 0 {
		return t.literals[0]
	}
	var b strings.Builder
	for i, n := range t.names {
		b.WriteString(t.literals[i])
		b.WriteString(values[n])
	}
	b.WriteString(t.literals[len(t.names)])
	return b.String()
}

// filledLen is the length of what fill returns, in [kakao.Len] units.
func (t *text) filledLen(values []string) int {
	n := t.length
	for _, i := range t.names {
		n += kakao.Len(values[i])
	}
	return n
}

// validVariable takes 1 to 20 letters, Hangul, digits, hyphens and underscores.
func validVariable(name string) bool {
	for _, r := range name {
		switch {
		case asciiAlphanumeric(r), r == '-', r == '_', unicode.Is(unicode.Hangul, r):
		default:
			return false
		}
	}
	return name != "" && kakao.Len(name) <= kakao.MaxVariableName
}

func asciiAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
