package nhn

import (
	"encoding/json"
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
	limited               // turned away at the door, HTTP 429, or not let out because it would be
	resting               // not let out, since the provider rests after failures
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
// connection came about, not a byte was written, it answered 429, or the call was
// not let out.
func (e *Error) NotSent() bool {
	return e.kind == malformed || e.kind == unreached || e.kind == limited || e.kind == resting
}

// Limited reports whether the call was turned away for being one too many: by the
// provider, or by the [Pace] of its appkey before it went out.
func (e *Error) Limited() bool { return e.kind == limited }

// Resting reports whether the call was not let out because the provider rests after
// failures, see [Breaker].
func (e *Error) Resting() bool { return e.kind == resting }

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
	return e.kind == unreached || e.kind == limited || e.kind == resting || e.InDoubt()
}

// failing reports whether the provider looks dead: no connection, no answer, or none
// that is the API's. What the API itself answers is no such failure.
func (e *Error) failing() bool { return e.kind == unreached || e.kind == doubtful }

// maxMessage bounds what an error keeps of the answer's message, in bytes.
const maxMessage = 500

// maxRetryAfter bounds how long a server can ask us to wait.
const maxRetryAfter = time.Hour

// judge tells what an answer means: nil for success. h is its header, nil when it
// has none, and jsonErr what is wrong with its JSON. The message is the answer's own,
// and may be of any length.
func judge(a answer, h *header, jsonErr error) *Error {
	e := &Error{Status: a.status, RetryAfter: retryAfter(a.header.Get("Retry-After"), time.Now())}
	if h != nil {
		e.Code, e.Message = int(h.ResultCode), string(h.ResultMessage)
	}
	refusal := h != nil && !bool(h.IsSuccessful) && h.ResultCode != kakao.CodeOK && !broken(jsonErr)
	switch {
	case a.status == http.StatusTooManyRequests:
		e.kind = limited
	case a.status >= http.StatusInternalServerError:
		e.kind = doubtful
	case refusal: // what else the answer holds does not matter
	case jsonErr != nil, h == nil:
		e.kind, e.Err, e.Message = doubtful, discreet(jsonErr), "answer is not what the API answers"
	case !bool(h.IsSuccessful):
		e.kind, e.Message = doubtful, "failure without a code"
	case a.status/100 != 2 || h.ResultCode != kakao.CodeOK:
		e.kind, e.Message = doubtful, "success that contradicts itself"
	default:
		return nil
	}
	if e.Message == "" {
		e.Message = http.StatusText(a.status)
	}
	return e
}

// broken reports whether err says more than that something in an answer has another
// type: then its header may not have been read.
func broken(err error) bool {
	_, typed := errors.AsType[*json.UnmarshalTypeError](err)
	return err != nil && !typed
}

// discreet takes values of the answer out of what the decoder says about it: one
// may be a phone number.
func discreet(err error) error {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		what, _, _ := strings.Cut(t.Value, " ")
		return fmt.Errorf("%s is a %s, not a %v", t.Field, what, t.Type)
	}
	return err
}

// lacking is the error of an answer that says success and does not hold what the
// call was made for.
func lacking(r request, what string) *Error {
	return &Error{Op: r.op(), Status: http.StatusOK, Message: "answer has no " + what, kind: doubtful}
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

// cut makes of a message of the provider what can be kept: not too long, and
// without NUL, which a database refuses.
func cut(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}

// redact removes the keys from what a server may have echoed.
func (c *Client) redact(s string) string {
	for _, key := range []struct{ value, name string }{{c.cfg.SecretKey, "[secret key]"}, {c.cfg.Appkey, "[appkey]"}} {
		if key.value == "" {
			continue
		}
		s = strings.ReplaceAll(s, key.value, key.name)
		s = strings.ReplaceAll(s, url.QueryEscape(key.value), key.name)
	}
	return s
}

// bare takes the URL, with the appkey and perhaps a phone number, off an error of
// net/http.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
