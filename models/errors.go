package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// A Kind says what sort of failure an [Error] is.
type Kind int

// The kinds of failure.
const (
	Internal  Kind = iota // a bug or an outage: the cause is for the log, the user is shown one fixed sentence
	Invalid               // what was typed cannot be accepted
	NotFound              // there is no such thing, or not for this person
	Conflict              // it was changed in the meantime, or exists already
	Forbidden             // the person's role does not allow it
	Throttled             // too many tries
	Upstream              // the provider refused or did not answer
)

// Text is a sentence for the user: a key of the catalogs and the values that it
// names, alternating name and value.
type Text struct {
	Key  string
	Args []any
}

// UnmarshalJSON reads what was a Text before. Whole numbers are numbers again, not
// the fractions that JSON makes of them, so that they can be counted.
func (t *Text) UnmarshalJSON(b []byte) error {
	var in struct {
		Key  string
		Args []any
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	for i, arg := range in.Args {
		if f, ok := arg.(float64); ok && f == math.Trunc(f) {
			in.Args[i] = int64(f)
		}
	}
	t.Key, t.Args = in.Key, in.Args
	return nil
}

// T makes a [Text].
func T(key string, args ...any) Text { return Text{key, args} }

// Error is a failure that is told to the user.
type Error struct {
	Kind   Kind
	Key    string          // catalog key of what to tell the user
	Args   []any           // values the text names, alternating name and value
	Fields map[string]Text // form field → what is wrong with it
	Err    error           // the cause, for the log only
}

func (e *Error) Error() string {
	s := e.Key
	if len(e.Fields) > 0 {
		s += fmt.Sprint(" ", slices.Sorted(maps.Keys(e.Fields)))
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf is an error of kind k with the catalog text key.
func Errorf(k Kind, key string, args ...any) *Error {
	return &Error{Kind: k, Key: key, Args: args}
}

// KindOf is Internal for any error that is not an [*Error].
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// TextOf is what to tell the user about err.
func TextOf(err error) Text {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind != Internal {
		return Text{e.Key, e.Args}
	}
	return Text{Key: "error.internal"}
}

// FieldText is what is wrong with one form field; its Key is "" if nothing is.
func FieldText(err error, field string) Text {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fields[field]
	}
	return Text{}
}

// problems collects what is wrong with a form.
type problems map[string]Text

// add notes the first thing that is wrong with field.
func (p problems) add(field, key string, args ...any) {
	if _, found := p[field]; !found {
		p[field] = Text{key, args}
	}
}

// err is nil if nothing was wrong.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Key: "error.invalid", Fields: p}
}

// Typing is err as it is told to somebody who is still typing: without what says only
// that a field is empty yet, or not written to its end. It is nil if nothing is left.
func Typing(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != Invalid {
		return err
	}
	p := problems{}
	for field, text := range e.Fields {
		if !slices.Contains(unfinished(), text.Key) {
			p[field] = text
		}
	}
	return p.err()
}

// unfinished are the texts of fields that are not filled in to their end.
func unfinished() []string {
	return []string{
		"field.required", "field.choose", "content.link_missing", "content.link_unfinished", "content.image_link", "content.variable_unfinished",
		"brandtalk.image_missing", "brandtalk.variable",
	}
}

// JoinFields is everything that several checks of one form have found; nil if they
// have found nothing. An error that is not about the form comes back alone.
func JoinFields(errs ...error) error {
	p := problems{}
	for _, err := range errs {
		e, ok := errors.AsType[*Error](err)
		if err != nil && (!ok || e.Kind != Invalid || len(e.Fields) == 0) {
			return err
		}
		if ok {
			for field, text := range e.Fields {
				p.add(field, text.Key, text.Args...)
			}
		}
	}
	return p.err()
}

// FieldProblem is what is wrong with a field of a form.
type FieldProblem struct {
	Field string
	Text  Text
}

// FieldProblems is everything that is wrong with a form, by field; nil if err is
// not about a form.
func FieldProblems(err error) []FieldProblem {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != Invalid {
		return nil
	}
	var found []FieldProblem
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		found = append(found, FieldProblem{field, e.Fields[field]})
	}
	return found
}
