package models

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"soshik/internal/kakao"
)

// What may be the matter with single recipients, as [CheckRow.Rule] has it.
const (
	RowSuppressed    = "suppressed"     // the number is on the suppression list
	RowWeekly        = "weekly_limit"   // one message more than the team allows
	RowNoValue       = "no_value"       // of the variables that it names
	RowTextLong      = "text_long"      // of so many characters
	RowLinkLong      = "link_long"      // of so many characters
	RowLinkWrong     = "link_wrong"     // the link
	RowSMSLong       = "sms_long"       // its own text, of so many bytes; the recipient is skipped
	RowSMSCut        = "sms_cut"        // of so many bytes, more than go out
	RowSMSCharacters = "sms_characters" // that an SMS cannot carry
)

// repeatRule begins the names of the rows to whom an earlier campaign has said the same.
const repeatRule = "repeat-"

// RepeatRule names the recipients to whom a campaign has said the same.
func RepeatRule(campaignID int64) string { return repeatRule + strconv.FormatInt(campaignID, 10) }

// formRule is the rule that a field of a step's form breaks.
func formRule(step string, f FieldProblem) Rule {
	switch step {
	case "schedule":
		switch f.Text.Key {
		case "schedule.night", "schedule.night_now":
			return RuleNight
		case "schedule.horizon":
			return RuleHorizon
		}
		return RuleTime
	case "fallback":
		switch f.Text.Key {
		case "fallback.ad_mark", "fallback.opt_out":
			return RuleSMSAd
		case "fallback.no_number", "fallback.no_unsubscribe":
			return RuleSMSSetting
		}
		return RuleSMSText
	}
	return messageRule(f)
}

// messageRule is the rule that a field of the message step breaks.
func messageRule(f FieldProblem) Rule {
	switch {
	case f.Field == "name":
		return RuleName
	case f.Field == "sender":
		return RuleSender
	case f.Field == "template":
		return RuleTemplate
	case strings.HasPrefix(f.Text.Key, "content.variable"):
		return RuleVariables
	case strings.HasPrefix(f.Text.Key, "content.link"), strings.HasPrefix(f.Text.Key, "content.scheme"):
		return RuleLink
	case strings.HasPrefix(f.Field, "button"):
		return RuleButtons
	case strings.HasPrefix(f.Field, "image"):
		return RuleImage
	}
	return RuleText
}

// Inspector finds what is the matter with the messages to single recipients.
type Inspector struct {
	composer *Composer
	fallback Fallback
	sender   Sender
	links    bool        // there are variables in links
	fixed    *Inspection // of everybody, where nothing differs
}

// Inspection is what an [Inspector] has found about one recipient.
type Inspection struct {
	Skip     string // why there is no message for them; empty if there is one
	Troubles []CheckRow
	SMS      string // kakao.FallbackSMS or LMS, which goes out if all else fails; empty: nothing
	Unusual  []rune // characters that the fallback cannot carry
}

// NewInspector prepares the inspection of messages of c that go out from s.
func NewInspector(c Campaign, s Sender) *Inspector {
	in := &Inspector{composer: NewComposer(c.Channel, c.Content, c.Fallback), fallback: c.Fallback, sender: s}
	in.fallback.On = c.Fallback.On && c.Channel.Traits().Fallback
	for _, pattern := range c.Content.patterns(Fallback{})[1:] {
		in.links = in.links || len(pattern.Names()) > 0
	}
	return in
}

// Inspect puts the message for vars together and looks at it. What it finds has neither
// position nor number.
func (in *Inspector) Inspect(vars string) (out Inspection, err error) {
	if in.fixed != nil {
		return *in.fixed, nil
	}
	if in.composer.Fixed() {
		vars = ""
	}
	values, err := ParseVars(vars)
	if err != nil {
		return out, err
	}
	composed, whole := in.composer.resolve(values)
	if whole {
		in.look(composed, &out)
	} else {
		out.Skip = SkipNoValue
		out.add(RowNoValue, strings.Join(in.composer.missing(values), ", "))
	}
	if in.composer.Fixed() {
		in.fixed = &out
	}
	return out, nil
}

func (i *Inspection) add(rule, value string) {
	i.Troubles = append(i.Troubles, CheckRow{Rule: rule, Value: value})
}

// look looks at a message that is whole.
func (in *Inspector) look(m Composed, out *Inspection) {
	if n := kakao.Len(m.Text); n > m.limits.Text {
		out.Skip = SkipTooLong
		out.add(RowTextLong, strconv.Itoa(n))
	}
	in.lookAtLinks(m, out)
	if in.fallback.On && out.Skip == "" {
		in.lookAtSMS(m, out)
	}
}

// lookAtLinks looks at the links, at the first of each kind of trouble.
func (in *Inspector) lookAtLinks(m Composed, out *Inspection) {
	longest, wrong := 0, ""
	if n := kakao.Len(m.ImageLink); n > m.limits.Link {
		longest = n
	}
	if in.links && m.ImageLink != "" && !soundLink(m.ImageLink, true) {
		wrong = m.ImageLink
	}
	for _, b := range m.Buttons {
		for i, link := range b.links() {
			if n := kakao.Len(*link); n > kakao.MaxLink {
				longest = max(longest, n)
			}
			if in.links && *link != "" && wrong == "" && !soundLink(*link, i < 2) {
				wrong = *link
			}
		}
	}
	if longest > 0 {
		out.Skip = cmp.Or(out.Skip, SkipTooLong)
		out.add(RowLinkLong, strconv.Itoa(longest))
	}
	if wrong != "" {
		out.add(RowLinkWrong, wrong)
	}
}

// soundLink reports whether a link with everything in its place leads somewhere: a page's
// to a host, an app's to anything.
func soundLink(link string, page bool) bool {
	if strings.ContainsFunc(link, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	u, err := url.Parse(link)
	switch {
	case err != nil:
		return false
	case !page:
		return u.Scheme != ""
	}
	return (u.Scheme == "http" || u.Scheme == "https") && soundHost(u.Hostname())
}

// soundHost reports whether a host has a name of several parts, none of them empty.
func soundHost(host string) bool {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	return len(parts) > 1 && !slices.Contains(parts, "") || strings.Contains(host, ":")
}

// lookAtSMS measures what goes out by SMS when the message fails.
func (in *Inspector) lookAtSMS(m Composed, out *Inspection) {
	text, own := m.SMS, in.fallback.Text != ""
	if !own {
		text = madeText(m, in.sender.UnsubscribeNo)
	}
	bytes, unusual := kakao.EUCKRLen(text)
	kind, limit := in.fallback.kind(bytes)
	out.SMS, out.Unusual = kind, unusual
	switch {
	case own && bytes > kakao.MaxLMSBytes:
		out.Skip = cmp.Or(out.Skip, SkipTooLong)
		out.add(RowSMSLong, strconv.Itoa(bytes))
	case bytes > limit:
		out.add(RowSMSCut, strconv.Itoa(bytes))
	}
	if len(unusual) > 0 {
		out.add(RowSMSCharacters, string(unusual))
	}
}

// kind is what a text of so many EUC-KR bytes goes out as, and how many that may have.
func (f Fallback) kind(bytes int) (kind string, limit int) {
	kind = f.Type
	if kind == "" && bytes <= kakao.MaxSMSBytes {
		kind = kakao.FallbackSMS
	} else if kind == "" {
		kind = kakao.FallbackLMS
	}
	return kind, smsLimit(kind)
}

// madeText is [FallbackText] of a message that has been put together.
func madeText(m Composed, unsubscribeNo string) string {
	var b strings.Builder
	if m.Ad {
		b.WriteString(kakao.AdMark)
	}
	b.WriteString(m.Text)
	for _, button := range m.Buttons {
		if button.Type == kakao.ButtonWebLink {
			b.WriteString("\n" + button.Name + " - " + button.LinkMo)
		}
	}
	if m.Ad {
		b.WriteString("\n[무료 수신거부]" + unsubscribeNo)
	}
	return b.String()
}

// missing are the variables that have neither value nor default in some place.
func (m *Composer) missing(values map[string]string) []string {
	var names []string
	patterns := append([]Pattern{m.text, m.image}, m.sms)
	for _, links := range m.links {
		patterns = append(patterns, links[:]...)
	}
	for _, pattern := range patterns {
		for _, part := range pattern {
			if part.name != "" && values[part.name] == "" && part.fallback == "" && !slices.Contains(names, part.name) && !m.filledIn(part.name) {
				names = append(names, part.name)
			}
		}
	}
	return names
}

// filledIn reports whether the provider puts a default of ours in for the variable.
func (m *Composer) filledIn(name string) bool {
	return m.filled != nil && m.filled.defaults[name] != ""
}
