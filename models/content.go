package models

import (
	"encoding/json"
	"fmt"
	"slices"

	"soshik/internal/kakao"
)

// Content is what a campaign says, variables unresolved.
type Content struct {
	Text    string   `json:"text"`
	Buttons []Button `json:"buttons,omitempty"`
	Ad      bool     `json:"ad"` // marked as an advertisement
}

// Button stands under a message.
type Button struct {
	Type   string `json:"type"` // kakao.Button…
	Name   string `json:"name"`
	LinkMo string `json:"linkMo,omitempty"`
	LinkPC string `json:"linkPc,omitempty"`
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
)

// CodeAnswerLost stands where the code of a refusal would, when the answer that
// held it was lost.
const CodeAnswerLost = "answer_lost"

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
	found := []Pattern{ParsePattern(c.Text)}
	for _, b := range c.Buttons {
		found = append(found, ParsePattern(b.LinkMo), ParsePattern(b.LinkPC))
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
	links   [][2]Pattern // of each button: mobile, PC
	sms     Pattern
	on      bool
	fixed   bool // no variables at all
}

// Composed is a message with a recipient's values.
type Composed struct {
	Text    string
	Buttons []Button
	Ad      bool
	SMS     string // own text of the fallback; empty: the provider makes it
}

// NewComposer prepares c and f.
func NewComposer(ch Channel, c Content, f Fallback) *Composer {
	m := &Composer{channel: ch, content: c, text: ParsePattern(c.Text), on: f.On, fixed: len(c.Names(f)) == 0}
	for _, b := range c.Buttons {
		m.links = append(m.links, [2]Pattern{ParsePattern(b.LinkMo), ParsePattern(b.LinkPC)})
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
	return out, m.channel.rules().fits(out), nil
}

func (m *Composer) resolve(values map[string]string) (out Composed, whole bool) {
	text, whole := m.text.Text(values)
	out = Composed{Text: text, Ad: m.content.Ad, Buttons: make([]Button, len(m.links))}
	for i, link := range m.links {
		b := m.content.Buttons[i]
		var mo, pc bool
		b.LinkMo, mo = link[0].Link(values)
		b.LinkPC, pc = link[1].Link(values)
		whole = whole && mo && pc
		out.Buttons[i] = b
	}
	if m.on {
		sms, ok := m.sms.Text(values)
		out.SMS, whole = sms, whole && ok
	}
	return out, whole
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
