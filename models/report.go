package models

import "slices"

// Severity is how much a finding weighs.
type Severity string

// The severities, the heaviest first.
const (
	Blocking Severity = "blocking"
	Warning  Severity = "warning"
	Note     Severity = "note" // cannot be known here, or only worth knowing
)

// Severities are all severities, the heaviest first.
func Severities() []Severity { return []Severity{Blocking, Warning, Note} }

// Finding is one thing that the check of a campaign has to say: what is wrong, and
// on which step of composing it is mended.
type Finding struct {
	Severity Severity
	Text     Text
	Step     string // message, recipients, fallback, schedule; empty: on none
	Field    string // of that step's form; empty if it is not about one
}

// Report is what the check of a campaign has found.
type Report struct {
	Findings []Finding
	Audience int64 // recipients
	Sendable int64 // of them those that will not be skipped
}

// Blocked reports whether the campaign cannot be launched as it is.
func (r Report) Blocked() bool { return len(r.Of(Blocking)) > 0 }

// Of are the findings of one severity.
func (r Report) Of(s Severity) []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Severity != s })
}

// Add adds a finding that is not about a field of a form.
func (r *Report) Add(severity Severity, step, key string, args ...any) {
	r.Findings = append(r.Findings, Finding{Severity: severity, Step: step, Text: T(key, args...)})
}

// AddForm adds what is wrong with the form of a step. An err that is not about a
// form comes back.
func (r *Report) AddForm(step string, err error) error {
	problems := FieldProblems(err)
	if problems == nil {
		return err
	}
	for _, found := range problems {
		r.Findings = append(r.Findings, Finding{Severity: Blocking, Step: step, Field: found.Field, Text: found.Text})
	}
	return nil
}
