package models

import (
	"strings"

	"soshik/internal/kakao"
)

// Check finds what is wrong with the fallback of a message that is (or is not) an
// advertisement and goes out from s.
func (f Fallback) Check(ad bool, s Sender) error {
	if !f.On {
		return nil
	}
	p := problems{}
	f.checkText(ad, p)
	if bytes, bad := kakao.EUCKRLen(f.Title); len(bad) > 0 {
		p.add("title", "fallback.unsendable", "Characters", string(bad))
	} else if bytes > kakao.MaxLMSTitleBytes {
		p.add("title", "fallback.too_long", "Count", bytes, "Max", kakao.MaxLMSTitleBytes)
	}
	if s.ID != 0 && s.FallbackSendNo == "" {
		p.add("on", "fallback.no_number")
	}
	if s.ID != 0 && ad && s.UnsubscribeNo == "" {
		p.add("on", "fallback.no_unsubscribe")
	}
	return p.err()
}

func (f Fallback) checkText(ad bool, p problems) {
	if f.Text == "" {
		return
	}
	bytes, bad := kakao.EUCKRLen(f.Text)
	limit := smsLimit(f.Type)
	switch {
	case len(bad) > 0:
		p.add("text", "fallback.unsendable", "Characters", string(bad))
	case bytes > limit:
		p.add("text", "fallback.too_long", "Count", bytes, "Max", limit)
	case ad && !strings.HasPrefix(f.Text, kakao.AdMark):
		p.add("text", "fallback.ad_mark")
	case ad && !hasOptOut(f.Text):
		p.add("text", "fallback.opt_out")
	}
}

// hasOptOut looks for the phrase that an advertisement by SMS must end with, as
// "무료수신거부 080-123-4567"; blanks and hyphens do not matter.
func hasOptOut(text string) bool {
	tight := strings.NewReplacer(" ", "", "-", "", "[", "", "]", "", "\n", "").Replace(text)
	for _, phrase := range []string{"무료수신거부080", "무료거부080"} {
		if i := strings.LastIndex(tight, phrase); i >= 0 && len(tight)-i-len(phrase) <= 8 {
			return true
		}
	}
	return false
}

// SMS is a message as its fallback will read on a phone.
type SMS struct {
	Type       string // kakao.FallbackSMS or LMS
	Title      string // of an LMS; empty: the sender's name
	Spans      []Span
	Own        bool // the fallback has a text of its own; else the provider makes it
	Bytes      int  // in EUC-KR
	Limit      int  // of Bytes; what is longer is cut
	Unsendable []rune
}

// Cut reports whether the provider will cut the text.
func (s SMS) Cut() bool { return s.Bytes > s.Limit }

// SMS puts together what goes out by SMS when the message c, with the given values,
// fails. Without a type, the length decides, as it does at the provider.
func (f Fallback) SMS(c Content, unsubscribeNo string, values map[string]string) SMS {
	out := SMS{Type: f.Type, Own: f.Text != "", Spans: fallbackSpans(c, unsubscribeNo, values)}
	if out.Own {
		out.Spans = ParsePattern(f.Text).Resolve(values)
	}
	out.Bytes, out.Unsendable = kakao.EUCKRLen(joinSpans(out.Spans))
	if out.Type == "" && out.Bytes <= kakao.MaxSMSBytes {
		out.Type = kakao.FallbackSMS
	} else if out.Type == "" {
		out.Type = kakao.FallbackLMS
	}
	if out.Limit = smsLimit(out.Type); out.Type == kakao.FallbackLMS {
		out.Title = f.Title
	}
	return out
}

// FallbackText is the text that the provider makes of a message whose fallback has
// none: the message and, for each button that opens a link, its name and mobile
// link. An advertisement begins with its mark and ends with the number by which it
// is declined.
func FallbackText(c Content, unsubscribeNo string, values map[string]string) string {
	return joinSpans(fallbackSpans(c, unsubscribeNo, values))
}

func fallbackSpans(c Content, unsubscribeNo string, values map[string]string) []Span {
	var spans []Span
	if c.Ad {
		spans = append(spans, Span{Text: kakao.AdMark})
	}
	spans = append(spans, ParsePattern(c.Text).Resolve(values)...)
	for _, b := range c.Buttons {
		if b.Type == kakao.ButtonWebLink {
			spans = append(spans, Span{Text: "\n" + b.Name + " - "})
			spans = append(spans, ParsePattern(b.LinkMo).ResolveLink(values)...)
		}
	}
	if c.Ad {
		spans = append(spans, Span{Text: "\n[무료 수신거부]" + unsubscribeNo})
	}
	return spans
}

func joinSpans(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}
