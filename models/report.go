package models

import "slices"

// Severity is how much a finding weighs.
type Severity string

// The severities, the heaviest first.
const (
	Blocking Severity = "blocking"
	Warning  Severity = "warning"
	Unknown  Severity = "unknown" // cannot be known here
	Note     Severity = "note"    // only worth knowing
)

// Severities are all severities, the heaviest first.
func Severities() []Severity { return []Severity{Blocking, Warning, Unknown, Note} }

// RuleSource is whose a rule is.
type RuleSource string

// The sources of rules.
const (
	RuleOfAPI RuleSource = "api" // the provider's
	RuleOfLaw RuleSource = "law"
	RuleOfUs  RuleSource = "own" // of this program, or a setting of the team
)

// RuleSources are all sources of rules.
func RuleSources() []RuleSource { return []RuleSource{RuleOfAPI, RuleOfLaw, RuleOfUs} }

// Rule is what a finding is measured by; the catalogs have it in words.
type Rule string

// The rules.
const (
	RuleName       Rule = "name"
	RuleSender     Rule = "sender"
	RuleTemplate   Rule = "template"
	RuleText       Rule = "text"
	RuleVariables  Rule = "variables"
	RuleLink       Rule = "link"
	RuleButtons    Rule = "buttons"
	RuleImage      Rule = "image"
	RuleRecipients Rule = "recipients"
	RuleSuppressed Rule = "suppressed"
	RuleWeekly     Rule = "weekly_limit"
	RuleRepeat     Rule = "repeat"
	RuleDailyMax   Rule = "daily_max"
	RuleSMSText    Rule = "sms_text"
	RuleSMSAd      Rule = "sms_ad"
	RuleSMSSetting Rule = "sms_setting"
	RuleFallback   Rule = "fallback"
	RuleNight      Rule = "night"
	RuleHorizon    Rule = "horizon"
	RuleTime       Rule = "time"
	RuleReach      Rule = "reach"
	RuleBlocks     Rule = "blocks"
	RuleQuota      Rule = "quota"
	RuleEnded      Rule = "ended"
)

// Rules are all rules.
func Rules() []Rule {
	return []Rule{
		RuleName, RuleSender, RuleTemplate, RuleText, RuleVariables, RuleLink, RuleButtons, RuleImage, RuleRecipients, RuleSuppressed, RuleWeekly,
		RuleRepeat, RuleDailyMax, RuleSMSText, RuleSMSAd, RuleSMSSetting, RuleFallback, RuleNight, RuleHorizon, RuleTime, RuleReach, RuleBlocks,
		RuleQuota, RuleEnded,
	}
}

// Source is whose the rule is.
func (r Rule) Source() RuleSource {
	switch r {
	case RuleSuppressed, RuleSMSAd, RuleNight:
		return RuleOfLaw
	case RuleName, RuleWeekly, RuleRepeat, RuleFallback, RuleRecipients:
		return RuleOfUs
	}
	return RuleOfAPI
}

// Finding is one thing that the check of a campaign has to say: what is wrong, by
// which rule, and on which step of composing it is mended.
type Finding struct {
	Severity Severity
	Rule     Rule
	Text     Text
	Step     string // message, recipients, fallback, schedule; empty: on none
	Field    string // of that step's form; empty if it is not about one
	Count    int64  // of recipients behind it; 0: it is not about single ones
	Rows     string // [CheckRow.Rule] of those that are kept; empty: none are
}

// Source is whose the rule is that f is about.
func (f Finding) Source() RuleSource { return f.Rule.Source() }

// Report is what the check of a campaign has found.
type Report struct {
	Findings []Finding
	Audience int64 // recipients
	Sendable int64 // of them those that will not be skipped
	SMS      int64 // of those, who would get an SMS if everything else failed
	LMS      int64 // and who would get an LMS
}

// Blocked reports whether the campaign cannot be launched as it is.
func (r Report) Blocked() bool { return len(r.Of(Blocking)) > 0 }

// Of are the findings of one severity.
func (r Report) Of(s Severity) []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Severity != s })
}

// OfRows are the findings that single recipients are behind.
func (r Report) OfRows() []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Rows == "" })
}

// Finding is the finding whose recipients are kept under a name; found is false if there
// is none.
func (r Report) Finding(rows string) (f Finding, found bool) {
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Rows == rows && rows != "" })
	if i < 0 {
		return f, false
	}
	return r.Findings[i], true
}

// Add adds a finding that is about neither a field of a form nor single recipients.
func (r *Report) Add(severity Severity, rule Rule, step, key string, args ...any) {
	r.Findings = append(r.Findings, Finding{Severity: severity, Rule: rule, Step: step, Text: T(key, args...)})
}

// AddForm adds what is wrong with the form of a step. An err that is not about a
// form comes back.
func (r *Report) AddForm(step string, err error) error {
	problems := FieldProblems(err)
	if problems == nil {
		return err
	}
	for _, found := range problems {
		r.Findings = append(r.Findings, Finding{
			Severity: Blocking, Rule: formRule(step, found), Step: step, Field: found.Field, Text: found.Text,
		})
	}
	return nil
}
