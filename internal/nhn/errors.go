package nhn

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// Error is a call that failed. It tells three things apart that sending depends on:
// the provider did not get the call ([Error.NotSent]), nobody knows ([Error.InDoubt]),
// or neither: the provider answered with the refusal Code.
type Error struct {
	Op         string        // the endpoint, e.g. "POST /friendtalk/v1.5/messages"
	Status     int           // of HTTP; 0 without an answer
	Code       int           // the answer's resultCode; 0 when it had none
	Message    string        // the answer's resultMessage, or what went wrong
	RetryAfter time.Duration // how long the provider asks to wait; 0 when it does not say
	Err        error         // what the network or the decoder said, if anything

	kind kind
}

type kind int

const (
	answered  kind = iota // the provider answered, with a code
	malformed             // the request could not be made; no use in trying again
	unreached             // nothing went out
	limited               // turned away at the door: HTTP 429
	doubtful              // it may have been carried out
)

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("nhn: ")
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(e.Message)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Code != 0 {
		fmt.Fprintf(&b, " (resultCode %d)", e.Code)
	}
	if e.Status != 0 && e.Status != http.StatusOK {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// NotSent reports whether the provider has certainly not carried out the call: no
// connection came about, not a byte was written, or it answered 429.
func (e *Error) NotSent() bool {
	return e.kind == malformed || e.kind == unreached || e.kind == limited
}

// InDoubt reports whether the call may have been carried out although it failed:
// it timed out or broke off after the first byte, the answer was 5xx or unreadable,
// or has a code that says nothing about it (-1005 -7000 -9999).
func (e *Error) InDoubt() bool {
	return e.kind == doubtful ||
		e.kind == answered && (e.Code == kakao.CodeIdempotencyKey || e.Code == kakao.CodeVendor || e.Code == kakao.CodeSystem)
}

// Temporary reports whether the same call may succeed later.
func (e *Error) Temporary() bool {
	if e.Code == kakao.CodeIdempotencyKey && e.kind == answered {
		return false
	}
	return e.kind == unreached || e.kind == limited || e.InDoubt()
}

// maxMessage bounds what an error keeps of the answer's message, in bytes.
const maxMessage = 500

// maxRetryAfter bounds how long a server can ask us to wait.
const maxRetryAfter = time.Hour

// judge tells what an answer means: nil for success. h is its header, nil when it
// has none, and jsonErr what is wrong with its JSON.
func judge(a answer, h *header, jsonErr error) *Error {
	e := &Error{Status: a.status, RetryAfter: retryAfter(a.header.Get("Retry-After"), time.Now())}
	if h != nil {
		e.Code, e.Message = h.ResultCode, cut(h.ResultMessage)
	}
	ok := a.status/100 == 2
	switch {
	case a.status == http.StatusTooManyRequests:
		e.kind = limited
	case a.status >= 500:
		e.kind = doubtful
	case jsonErr != nil, h == nil:
		e.kind, e.Err = doubtful, jsonErr
		e.Message = "answer is not what the API answers"
	case ok && bool(h.IsSuccessful):
		return nil
	case bool(h.IsSuccessful):
		e.kind, e.Message = doubtful, "success under a failure's status"
	}
	if e.Message == "" {
		e.Message = http.StatusText(a.status)
	}
	return e
}

// retryAfter reads a Retry-After header: seconds, or a date.
func retryAfter(s string, now time.Time) time.Duration {
	if s == "" {
		return 0
	}
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil {
		return min(max(time.Duration(min(n, int(maxRetryAfter/time.Second)))*time.Second, 0), maxRetryAfter)
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

func cut(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}

// bare takes the URL, with the appkey and perhaps a phone number, off an error of
// net/http.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
