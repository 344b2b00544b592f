package nhn

// RetryPause is [pause], for the table of its rules.
var RetryPause = pause

// Errors of every kind, for that table.
var (
	RefusedError   = &Error{kind: answered, Code: -1000}
	VendorError    = &Error{kind: answered, Code: -7000}
	UsedKeyError   = &Error{kind: answered, Code: -1005}
	MalformedError = &Error{kind: malformed}
	UnreachedError = &Error{kind: unreached}
	DoubtfulError  = &Error{kind: doubtful}
	RestingError   = &Error{kind: resting, RetryAfter: 1}
)

// LimitedError is one that says when to come back.
func LimitedError(e Error) *Error {
	e.kind = limited
	return &e
}
