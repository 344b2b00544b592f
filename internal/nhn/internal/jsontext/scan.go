package jsontext

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Scanner walks over a JSON text once, from its beginning, and makes nothing but
// what its caller asks for. The caller takes exactly one value at a time; where the
// text goes wrong, every later take gives zero values, and [Scanner.End] tells what
// it was. It accepts what encoding/json accepts; a fuzz test holds the two together.
type Scanner struct {
	data  []byte
	pos   int
	depth int
	err   error
	buf   []byte // of the last text that had escapes
}

// maxDepth bounds how deep values may lie in each other, as in encoding/json.
const maxDepth = 10_000

// Scan begins a walk over data, which must not change meanwhile.
func Scan(data []byte) *Scanner { return &Scanner{data: data} }

// A Kind is a kind of value, by the character that it begins with.
type Kind byte

// The kinds of values. None stands for the end of the text, or a broken one.
const (
	None   Kind = 0
	Null   Kind = 'n'
	False  Kind = 'f'
	True   Kind = 't'
	Number Kind = '0'
	String Kind = '"'
	Object Kind = '{'
	Array  Kind = '['
)

// Kind tells what the next value is, without taking it.
func (s *Scanner) Kind() Kind {
	switch c := s.peek(); c {
	case 'n', 'f', 't', '"', '{', '[':
		return Kind(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	}
	return None
}

// End reports what was wrong with the text, also when there is more of it than the
// values that were taken.
func (s *Scanner) End() error {
	if s.err == nil && s.peek() != 0 {
		s.fail("more than one value")
	}
	return s.err
}

// Fail makes the rest of the text worthless: the caller has met something that it
// does not take.
func (s *Scanner) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *Scanner) fail(what string) { s.Fail(fmt.Errorf("JSON at byte %d: %s", s.pos, what)) }

// ErrKind says that a value is of another kind than its place allows.
var ErrKind = errors.New("value of another kind")

// peek returns the next character that is not space, or 0 when there is none.
func (s *Scanner) peek() byte {
	if s.err != nil {
		return 0
	}
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		case 0:
			s.fail("a zero byte")
			return 0
		default:
			return c
		}
	}
	return 0
}

// Object takes an object and calls member for each of its members, which must take
// the value. Of null, nothing is called. name is only valid during the call.
func (s *Scanner) Object(member func(name []byte)) {
	if !s.open('{') {
		return
	}
	for first := true; s.more('}', first); first = false {
		name := s.text()
		if s.expect(':') {
			s.taken(func() { member(name) })
		}
	}
}

// Array takes an array and calls element for each of its elements, which must take
// it. Of null, nothing is called.
func (s *Scanner) Array(element func()) {
	if !s.open('[') {
		return
	}
	for first := true; s.more(']', first); first = false {
		s.taken(element)
	}
}

// taken calls take and sees to it that it moves on.
func (s *Scanner) taken(take func()) {
	before := s.pos
	take()
	if s.err == nil && s.pos == before {
		s.Skip()
	}
}

// open enters an object or array; false for null and what is neither.
func (s *Scanner) open(bracket byte) bool {
	switch c := s.peek(); {
	case c == 'n':
		s.literal("null")
		return false
	case c != bracket:
		s.mismatch(c)
		return false
	}
	s.pos++
	if s.depth++; s.depth > maxDepth {
		s.fail("nested too deep")
		return false
	}
	return true
}

// mismatch fails at a value that begins with c but should not.
func (s *Scanner) mismatch(c byte) {
	if s.err == nil && c != 0 && s.Kind() != None {
		s.Fail(ErrKind)
	}
	s.fail("no value")
}

// more moves to the next member or element; false behind the last one.
func (s *Scanner) more(bracket byte, first bool) bool {
	c := s.peek()
	if c == bracket {
		s.pos++
		s.depth--
		return false
	}
	if !first && !s.expect(',') {
		return false
	}
	if bracket == '}' && s.peek() != '"' {
		s.fail("no name")
	}
	return s.err == nil
}

func (s *Scanner) expect(c byte) bool {
	if s.peek() != c {
		s.fail("no " + string(rune(c)))
		return false
	}
	s.pos++
	return true
}

func (s *Scanner) literal(word string) bool {
	if s.err == nil && bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		s.pos += len(word)
		return true
	}
	s.fail("no value")
	return false
}

// Rest is the text that has not been walked over.
func (s *Scanner) Rest() []byte { return s.data[s.pos:] }

// Skip takes a value and leaves it.
func (s *Scanner) Skip() {
	switch s.Kind() {
	case Object:
		s.Object(func([]byte) { s.Skip() })
	case Array:
		s.Array(s.Skip)
	default:
		s.Token()
	}
}

// Text takes a string. Of null, it is empty.
func (s *Scanner) Text() string { return s.Same("") }

// Same takes a string, and returns old where that is equal, which spares a copy. Of
// null, it is empty.
func (s *Scanner) Same(old string) string {
	switch c := s.peek(); c {
	case '"':
		if b := s.text(); string(b) != old {
			return string(b)
		}
		return old
	case 'n':
		s.literal("null")
	default:
		s.mismatch(c)
	}
	return ""
}

// Int takes a whole number. Of null, it is 0.
func (s *Scanner) Int() int {
	switch c := s.peek(); {
	case c == '-' || c >= '0' && c <= '9':
		n, err := strconv.Atoi(string(s.number()))
		if err != nil {
			s.Fail(ErrKind)
		}
		return n
	case c == 'n':
		s.literal("null")
	default:
		s.mismatch(c)
	}
	return 0
}

// Bool takes true or false. Of null, it is false.
func (s *Scanner) Bool() bool {
	switch c := s.peek(); c {
	case 't':
		return s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.mismatch(c)
	}
	return false
}

// Token takes what is neither object nor array, and returns a string's text and
// what else stands there as it is written. It is only valid until the next take.
func (s *Scanner) Token() []byte {
	switch c := s.peek(); {
	case c == '"':
		return s.text()
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == 't' && s.literal("true"), c == 'n' && s.literal("null"):
		return s.data[s.pos-4 : s.pos]
	case c == 'f' && s.literal("false"):
		return s.data[s.pos-5 : s.pos]
	default:
		s.mismatch(c)
	}
	return nil
}

// Raw takes a value and returns it as it is written.
func (s *Scanner) Raw() []byte {
	s.peek()
	from := s.pos
	s.Skip()
	if s.err != nil {
		return nil
	}
	return s.data[from:s.pos]
}

// text takes a string. What it returns is a part of the text unless that has
// escapes or bytes that are not UTF-8.
func (s *Scanner) text() []byte {
	if !s.expect('"') {
		return nil
	}
	rest := s.data[s.pos:]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		s.pos = len(s.data)
		s.fail("a string without end")
		return nil
	}
	text := rest[:end]
	switch clean, ascii := examine(text); {
	case !clean:
		return s.unusual()
	case !ascii && !utf8.Valid(text):
		s.buf = appendValid(s.buf[:0], text)
		text = s.buf
	}
	s.pos += end + 1
	return text
}

// unusual takes a string that has an escape, or what no string may have.
func (s *Scanner) unusual() []byte {
	from := s.pos
	for ; ; s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '\\':
			return s.escaped(from)
		case c < ' ':
			s.fail("a control character")
			return nil
		}
	}
}

// escaped takes the rest of a string from its first escape on.
func (s *Scanner) escaped(from int) []byte {
	s.buf = appendValid(s.buf[:0], s.data[from:s.pos])
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		switch {
		case c == '"':
			s.pos++
			return s.buf
		case c == '\\':
			if !s.escape() {
				return nil
			}
		case c < ' ':
			s.fail("a control character")
			return nil
		case c < utf8.RuneSelf:
			s.buf = append(s.buf, c)
			s.pos++
		default:
			r, size := utf8.DecodeRune(s.data[s.pos:])
			s.buf = utf8.AppendRune(s.buf, r)
			s.pos += size
		}
	}
	s.fail("a string without end")
	return nil
}

// appendValid appends text, with U+FFFD for each byte that is not UTF-8.
func appendValid(b, text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		b = utf8.AppendRune(b, r)
		text = text[size:]
	}
	return b
}

const escapes, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

// escape takes a backslash and what belongs to it.
func (s *Scanner) escape() bool {
	if s.pos+1 >= len(s.data) {
		s.fail("a string without end")
		return false
	}
	c := s.data[s.pos+1]
	if i := strings.IndexByte(escapes, c); i >= 0 {
		s.buf = append(s.buf, meanings[i])
		s.pos += 2
		return true
	}
	r, ok := s.unit(s.pos)
	if !ok {
		s.fail("an unknown escape")
		return false
	}
	s.pos += 6
	if utf16.IsSurrogate(r) {
		low, _ := s.unit(s.pos)
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			s.pos += 6
		}
	}
	s.buf = utf8.AppendRune(s.buf, r)
	return true
}

// unit reads \uXXXX at a position.
func (s *Scanner) unit(at int) (rune, bool) {
	if at+6 > len(s.data) || s.data[at] != '\\' || s.data[at+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s.data[at+2 : at+6] {
		i := strings.IndexByte("0123456789abcdef", c|0x20)
		if i < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(i)
	}
	return r, true
}

// number takes a number and returns it as it is written.
func (s *Scanner) number() []byte {
	from := s.pos
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
	} else if !s.digits() {
		return nil
	}
	if s.at('.') {
		s.pos++
		if !s.digits() {
			return nil
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		if !s.digits() {
			return nil
		}
	}
	return s.data[from:s.pos]
}

func (s *Scanner) at(c byte) bool { return s.pos < len(s.data) && s.data[s.pos] == c }

func (s *Scanner) digits() bool {
	from := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	if s.pos == from {
		s.fail("no digit")
	}
	return s.pos > from
}

// Names are the names of an object's members.
type Names []string

// Find returns the index of name, or -1. Names differ in more than case. Members
// mostly come in the order of the list, so it looks at *next first, and leaves
// there the index behind the one found.
func (n Names) Find(name []byte, next *int) int {
	if i := *next; i < len(n) && string(name) == n[i] {
		*next = i + 1
		return i
	}
	for i, s := range n {
		if string(name) == s || len(name) == len(s) && strings.EqualFold(string(name), s) {
			*next = i + 1
			return i
		}
	}
	return -1
}
