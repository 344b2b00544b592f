package nhn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What the documents call a string, a number or a boolean does not always come as
// one. The types here read what an answer holds in every form in which it may come.
// Those of optional fields never fail, since a page of a thousand entries is worth
// more than one field of one of them; those that decide what an answer means do.

// unquote reads a JSON string. It spares encoding/json the usual case, since dates
// and codes are most of a page of results.
func unquote(b []byte) (string, bool) {
	if len(b) < 2 || b[0] != '"' {
		return "", false
	}
	if inner := b[1 : len(b)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), true
	}
	var s string
	err := json.Unmarshal(b, &s)
	return s, err == nil
}

// flexBool reads true, "true", null and their like: the documents call some
// booleans strings. What it does not know is false.
type flexBool bool

func (f *flexBool) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.Trim(string(b), `"`)) {
	case "true", "y", "1":
		*f = true
	default:
		*f = false
	}
	return nil
}

// text reads a string, also where a number or a boolean stands in its place.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	if s, ok := unquote(b); ok {
		*t = text(s)
	} else if s := string(b); s != "null" && b[0] != '{' && b[0] != '[' {
		*t = text(s)
	}
	return nil
}

// integer reads a whole number, also one within quotes. ok is false for anything
// else, null included.
func integer(b []byte) (n int, ok bool) {
	s := strings.TrimSpace(strings.Trim(string(b), `"`))
	if n, err := strconv.Atoi(s); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int(f), true
}

// number reads a whole number; what is none is 0.
type number int

func (n *number) UnmarshalJSON(b []byte) error {
	v, _ := integer(b)
	*n = number(v)
	return nil
}

// code reads a result code. It fails for what is none: 0 would be success.
type code int

func (c *code) UnmarshalJSON(b []byte) error {
	v, ok := integer(b)
	if !ok {
		return fmt.Errorf("a result code is no number")
	}
	*c = code(v)
	return nil
}

// count reads how many entries there are on all pages, which may be null.
type count struct {
	n     int
	known bool
}

func (c *count) UnmarshalJSON(b []byte) error {
	c.n, c.known = integer(b)
	c.known = c.known && c.n >= 0
	return nil
}

// of is the count where a page of n entries has told it: -1 if it has not, unless
// there is nothing to count.
func (c count) of(n int) int {
	switch {
	case c.known:
		return c.n
	case n == 0:
		return 0
	}
	return -1
}

// list reads an array. Null entries are left out, and an object in its place is
// its only entry: the documents' tables call some arrays objects.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	if b[0] == '{' {
		var one T
		err := json.Unmarshal(b, &one)
		*l = list[T]{one}
		return err
	}
	var entries []*T
	if err := json.Unmarshal(b, &entries); err != nil {
		return err
	}
	for _, e := range entries {
		if e != nil {
			*l = append(*l, *e)
		}
	}
	return nil
}

// maybe reads what can be done without: null, and what has another shape, are as
// if they were not there.
type maybe[T any] struct {
	v  T
	ok bool
}

func (m *maybe[T]) UnmarshalJSON(b []byte) error {
	if string(b) != "null" && json.Unmarshal(b, &m.v) == nil {
		m.ok = true
		return nil
	}
	*m = maybe[T]{}
	return nil
}
