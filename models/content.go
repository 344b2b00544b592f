package models

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"soshik/internal/kakao"
)

// Content is what a message of either channel says, variables unresolved.
type Content struct {
	Text      string   `json:"text"`
	Image     *Picture `json:"image,omitempty"`     // nil: none
	ImageLink string   `json:"imageLink,omitempty"` // where a tap on the image leads
	Buttons   []Button `json:"buttons,omitempty"`
	Ad        bool     `json:"ad"` // FriendTalk's mark of an advertisement; BrandTalk is always one

	// Of BrandTalk only.
	MessageType   string `json:"messageType,omitempty"` // kakao.TemplateImage or TemplateWide
	ContentType   string `json:"contentType,omitempty"` // kakao.TemplateFixed or TemplateVariable
	ImageURL      string `json:"imageUrl,omitempty"`    // where there is no Image; the provider fetches it
	UnsubscribeNo string `json:"unsubscribeNo,omitempty"`
	AuthNo        string `json:"authNo,omitempty"`       // of the 080 number; empty: it has none
	TemplateCode  string `json:"templateCode,omitempty"` // what a campaign sends; empty in a template itself
}

// Wide reports whether the message is a wide one, with less room for text and
// buttons.
func (c Content) Wide() bool {
	return c.MessageType == kakao.TemplateWide || c.MessageType == "" && c.Image != nil && c.Image.Wide
}

// Trim is c without what nothing would be sent of: fields that were filled in before
// a button had its type, and what is said of an image that is not used. Whoever saves or
// sends a content trims it; until then nothing that was typed is lost.
func (c Content) Trim() Content {
	c.Buttons = slices.Clone(c.Buttons)
	for i, b := range c.Buttons {
		c.Buttons[i] = b.Trim()
	}
	if c.Image != nil {
		c.ImageURL = ""
	} else if c.ImageURL == "" && c.MessageType == "" {
		c.ImageLink = ""
	}
	return c
}

// Fallback is how a message that KakaoTalk could not deliver goes out by SMS.
type Fallback struct {
	On    bool   `json:"on"`
	Type  string `json:"type,omitempty"`  // kakao.FallbackSMS or LMS; empty: by length
	Title string `json:"title,omitempty"` // of an LMS; empty: the sender's name
	Text  string `json:"text,omitempty"`  // empty: the provider makes it of the message
}

// Reasons for which a recipient is skipped at planning.
const (
	SkipNoValue = "no_value" // a variable has neither value nor default
	SkipTooLong = "too_long" // the message is too long with this recipient's values

	SkipSuppressed = "suppressed"   // the number is on the team's suppression list
	SkipForgotten  = "forgotten"    // the recipient wants to be forgotten
	SkipReached    = "reached"      // the message that is sent again has arrived meanwhile, or may yet
	SkipLimit      = "weekly_limit" // the recipient would get more messages in seven days than the team allows
)

// CodeAnswerLost stands where the code of a refusal would, when the answer that
// held it was lost.
const CodeAnswerLost = "answer_lost"

// Blank reports whether nothing has been written yet.
func (c Content) Blank() bool {
	return strings.TrimSpace(c.Text) == "" && len(c.Buttons) == 0 && c.Image == nil && c.ImageURL == ""
}

// ImageID is the image's, 0 if there is none.
func (c Content) ImageID() int64 {
	if c.Image == nil {
		return 0
	}
	return c.Image.ID
}

// Names are the variables of the whole content and its fallback, each once.
func (c Content) Names(f Fallback) []string {
	var names []string
	for _, pattern := range c.patterns(f) {
		for _, name := range pattern.Names() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Variable is one of a content's variables.
type Variable struct {
	Name    string
	Default string // where it is empty; empty: none
	InText  bool   // it stands in the text, not only in links
}

// Variables are the variables of the whole content, each once. One that has a default
// in one place and none in another has none.
func (c Content) Variables() []Variable {
	var found []Variable
	for at, pattern := range c.patterns(Fallback{}) {
		for _, part := range pattern {
			if part.name == "" {
				continue
			}
			i := slices.IndexFunc(found, func(v Variable) bool { return v.Name == part.name })
			if i < 0 {
				found = append(found, Variable{part.name, part.fallback, at == 0})
				continue
			}
			if part.fallback == "" {
				found[i].Default = ""
			}
		}
	}
	return found
}

// Samples are values to show a message with that has no recipients yet: for each
// variable its default or, without one, what it is called.
func (c Content) Samples(f Fallback) map[string]string {
	values := map[string]string{}
	for _, pattern := range c.patterns(f) {
		pattern.samples(values)
	}
	return values
}

// patterns are all the texts in which variables may stand.
func (c Content) patterns(f Fallback) []Pattern {
	c = c.Trim()
	found := []Pattern{ParsePattern(c.Text), ParsePattern(c.ImageLink)}
	for _, b := range c.Buttons {
		for _, link := range b.links() {
			found = append(found, ParsePattern(*link))
		}
	}
	if f.On {
		found = append(found, ParsePattern(f.Text))
	}
	return found
}

// Composer puts messages together for one recipient after another.
type Composer struct {
	channel Channel
	content Content
	text    Pattern
	image   Pattern      // the image's link
	links   [][4]Pattern // of each button
	sms     Pattern
	on      bool
	fixed   bool // no variables at all
	limits  Limits
	filled  *parameters // how the provider puts values in; nil where that is done here
}

// Composed is a message with a recipient's values.
type Composed struct {
	Text      string
	ImageLink string
	Buttons   []Button
	Ad        bool
	SMS       string // own text of the fallback; empty: the provider makes it

	// Parameters are what the provider puts into a registered template to make all
	// this of it.
	Parameters []Parameter

	limits Limits
}

// NewComposer prepares c and f.
func NewComposer(ch Channel, c Content, f Fallback) *Composer {
	c = c.Trim()
	m := &Composer{
		channel: ch, content: c, text: ParsePattern(c.Text), image: ParsePattern(c.ImageLink), on: f.On,
		fixed: len(c.Names(f)) == 0, limits: ch.Limits(c), filled: ch.rules().parameters(c),
	}
	for _, b := range c.Buttons {
		var patterns [4]Pattern
		for i, link := range b.links() {
			patterns[i] = ParsePattern(*link)
		}
		m.links = append(m.links, patterns)
	}
	if f.On {
		m.sms = ParsePattern(f.Text)
	}
	return m
}

// Compose puts the message for vars (a JSON object of strings) together. skip is
// why it cannot be sent, empty if it can.
func (m *Composer) Compose(vars string) (out Composed, skip string, err error) {
	if m.fixed {
		vars = ""
	}
	values, err := ParseVars(vars)
	if err != nil {
		return out, "", err
	}
	out, whole := m.resolve(values)
	if !whole {
		return out, SkipNoValue, nil
	}
	return out, out.fits(), nil
}

func (m *Composer) resolve(values map[string]string) (out Composed, whole bool) {
	out.Ad, out.Buttons, out.limits, whole = m.content.Ad, make([]Button, len(m.links)), m.limits, true
	asLink := Pattern.Link
	if m.filled != nil {
		out.Parameters, whole = m.filled.fill(values)
		values, asLink = parameterValues(out.Parameters), Pattern.Text
	}
	var ok bool
	out.Text, ok = m.text.Text(values)
	whole = whole && ok
	out.ImageLink, ok = asLink(m.image, values)
	whole = whole && ok
	for i, patterns := range m.links {
		b := m.content.Buttons[i]
		for k, link := range b.links() {
			resolved, ok := asLink(patterns[k], values)
			*link, whole = resolved, whole && ok
		}
		out.Buttons[i] = b
	}
	if m.on {
		sms, ok := m.sms.Text(values)
		out.SMS, whole = sms, whole && ok
	}
	return out, whole
}

func parameterValues(ps []Parameter) map[string]string {
	values := make(map[string]string, len(ps))
	for _, p := range ps {
		values[p.Name] = p.Value
	}
	return values
}

// smsLimit is how many EUC-KR bytes a fallback of the given type may have.
func smsLimit(kind string) int {
	if kind == kakao.FallbackSMS {
		return kakao.MaxSMSBytes
	}
	return kakao.MaxLMSBytes
}

// Fixed reports whether every recipient gets the same message.
func (m *Composer) Fixed() bool { return m.fixed }

// VarsJSON is how a recipient's values are stored.
func VarsJSON(values map[string]string) string {
	b, err := json.Marshal(values)
	if err != nil {
		panic(fmt.Errorf("strings as JSON: %w", err)) // cannot fail
	}
	return string(b)
}

// ParseVars is the reverse of [VarsJSON]; no text is no values.
func ParseVars(vars string) (map[string]string, error) {
	values := map[string]string{}
	if vars == "" {
		return values, nil
	}
	if err := json.Unmarshal([]byte(vars), &values); err != nil {
		return nil, fmt.Errorf("recipient's values: %w", err)
	}
	return values, nil
}
