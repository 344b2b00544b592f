package models

import (
	"cmp"
	"strings"

	"soshik/internal/kakao"
)

// Pattern is a text with variables: #{name}, or #{name|default} with what stands
// in for an empty value. A "#{" without its "}" is text.
type Pattern []part

// part is literal text, or a variable when name is set.
type part struct{ literal, name, fallback string }

// ParsePattern reads a text with variables. It accepts every text.
func ParsePattern(s string) Pattern {
	var p Pattern
	for s != "" {
		start := strings.Index(s, "#{")
		if start < 0 {
			break
		}
		end := strings.IndexAny(s[start+2:], "}\n")
		if end < 0 || s[start+2+end] != '}' {
			p = p.append(part{literal: s[:start+2]})
			s = s[start+2:]
			continue
		}
		inside := s[start+2 : start+2+end]
		if next := strings.Index(inside, "#{"); next >= 0 { // the first one has no end
			p = p.append(part{literal: s[:start+2+next]})
			s = s[start+2+next:]
			continue
		}
		name, fallback, _ := strings.Cut(inside, "|")
		if name = strings.TrimSpace(name); name == "" {
			p = p.append(part{literal: s[:start+3+end]})
		} else {
			p = p.append(part{literal: s[:start]}).append(part{name: name, fallback: fallback})
		}
		s = s[start+3+end:]
	}
	return p.append(part{literal: s})
}

// append adds a part, and leaves out empty text.
func (p Pattern) append(next part) Pattern {
	if next.name == "" && next.literal == "" {
		return p
	}
	return append(p, next)
}

// Names are the variables, each once, in the order in which they appear.
func (p Pattern) Names() []string {
	var names []string
	seen := map[string]bool{}
	for _, part := range p {
		if part.name != "" && !seen[part.name] {
			seen[part.name] = true
			names = append(names, part.name)
		}
	}
	return names
}

// literalLen is how long the pattern is without its variables, in [kakao.Len]
// units.
func (p Pattern) literalLen() int {
	n := 0
	for _, part := range p {
		if part.name == "" {
			n += kakao.Len(part.literal)
		}
	}
	return n
}

// Plain is the pattern as text, its variables without their defaults.
func (p Pattern) Plain() string {
	var b strings.Builder
	for _, part := range p {
		if part.name == "" {
			b.WriteString(part.literal)
		} else {
			b.WriteString("#{" + part.name + "}")
		}
	}
	return b.String()
}

// Span is a piece of a resolved pattern.
type Span struct {
	Text    string
	Name    string // of the variable that it came from; empty for text
	Missing bool   // the variable has neither value nor default
}

// Resolve puts the values in place. Values are never read as patterns again.
func (p Pattern) Resolve(vars map[string]string) []Span {
	spans := make([]Span, 0, len(p))
	for _, part := range p {
		if part.name == "" {
			spans = append(spans, Span{Text: part.literal})
			continue
		}
		value := vars[part.name]
		if value == "" {
			value = part.fallback
		}
		spans = append(spans, Span{Text: value, Name: part.name, Missing: value == ""})
	}
	return spans
}

// ResolveLink is [Pattern.Resolve] for a link, in which values are percent-encoded.
func (p Pattern) ResolveLink(vars map[string]string) []Span {
	spans := p.Resolve(vars)
	for i, s := range spans {
		if s.Name != "" {
			spans[i].Text = percentEncode(s.Text)
		}
	}
	return spans
}

// samples adds a value to show for each variable that values lacks: what it is
// called, unless it has a default.
func (p Pattern) samples(values map[string]string) {
	for _, part := range p {
		if part.name != "" && (values[part.name] == "" || values[part.name] == part.name) {
			values[part.name] = cmp.Or(part.fallback, values[part.name], part.name)
		}
	}
}

// Text is the resolved text; ok is false when a variable has no value.
func (p Pattern) Text(vars map[string]string) (text string, ok bool) { return p.join(vars, nil) }

// Link is the resolved text of a link, in which values are percent-encoded.
func (p Pattern) Link(vars map[string]string) (link string, ok bool) {
	return p.join(vars, percentEncode)
}

func (p Pattern) join(vars map[string]string, encode func(string) string) (string, bool) {
	var b strings.Builder
	ok := true
	for _, part := range p {
		value := part.literal
		if part.name != "" {
			if value = vars[part.name]; value == "" {
				value = part.fallback
			}
			ok = ok && value != ""
			if encode != nil {
				value = encode(value)
			}
		}
		b.WriteString(value)
	}
	return b.String(), ok
}

// percentEncode leaves only RFC 3986's unreserved characters, so that a value can
// stand in any part of a link.
func percentEncode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
