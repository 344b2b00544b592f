package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// skip says why a check cannot be made.
type skip string

func (s skip) Error() string { return string(s) }

// unexpected is an answer other than the one that was expected.
type unexpected struct {
	want, got string
	err       error // of the call, if it failed
}

func (u *unexpected) Error() string { return "expected " + u.want + ", got " + u.got }

func (u *unexpected) Unwrap() error { return u.err }

// expect is nil when ok.
func expect(ok bool, want string, got any) error {
	if ok {
		return nil
	}
	return &unexpected{want: want, got: fmt.Sprint(got)}
}

// succeeded is nil for a call that did.
func succeeded(err error) error {
	if err == nil {
		return nil
	}
	return &unexpected{want: "success", got: outcome(err), err: err}
}

// refused is nil when a call was refused with one of the codes.
func refused(err error, codes ...int) error {
	if e, ok := errors.AsType[*nhn.Error](err); ok && slices.Contains(codes, e.Code) {
		return nil
	}
	return &unexpected{want: "result code " + list(codes), got: outcome(err), err: err}
}

// refusedSomehow is nil when a call was refused for what it asks, where the documents
// name no code.
func refusedSomehow(err error) error {
	elsewhere := []int{0, kakao.CodeAppkey, kakao.CodeSecretKey, kakao.CodeFriendTalkEnded, kakao.CodeVersionEnded, kakao.CodeUnknownAPI, kakao.CodeSystem}
	if e, ok := errors.AsType[*nhn.Error](err); ok && !slices.Contains(elsewhere, e.Code) {
		return nil
	}
	return &unexpected{want: "a refusal", got: outcome(err), err: err}
}

// outcome says in a few words how a call ended.
func outcome(err error) string {
	e, ok := errors.AsType[*nhn.Error](err)
	switch {
	case err == nil:
		return "success"
	case !ok:
		return err.Error()
	case e.Code != 0:
		return fmt.Sprintf("%d %s", e.Code, e.Message)
	}
	short := *e
	short.Op = ""
	return strings.TrimPrefix(short.Error(), "nhn: ")
}

func list(codes []int) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = fmt.Sprint(c)
	}
	return strings.Join(out, " or ")
}

// pageOf is nil for a page of n entries that keeps to the greatest size, or for the
// refusal of a larger one.
func pageOf(n int, err error) error {
	if err != nil {
		return refusedSomehow(err)
	}
	return expect(n <= kakao.MaxPageSize, fmt.Sprintf("a refusal, or at most %d entries", kakao.MaxPageSize), n)
}

// field is a member of an answer that another one has, too.
type field struct {
	name      string
	got, want any
}

// same is nil when all of the fields are what they should be.
func same(fields ...field) error {
	for _, f := range fields {
		if f.got != f.want {
			return &unexpected{want: fmt.Sprintf("%s %q", f.name, fmt.Sprint(f.want)), got: fmt.Sprintf("%q", fmt.Sprint(f.got))}
		}
	}
	return nil
}

// first is the first of the errors, nil for none.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// only adapts a check that has nothing to tell.
func only(do func(context.Context) error) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return "", do(ctx) }
}

// counted is such as "3 of 17 senders".
func counted(n, total int, what string) string {
	if total < 0 {
		return fmt.Sprintf("%d %s", n, what)
	}
	return fmt.Sprintf("%d of %d %s", n, total, what)
}
