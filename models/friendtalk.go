package models

import (
	"strings"
	"time"

	"soshik/internal/kakao"
)

// friendTalk is the rules of FriendTalk v1.5 for what is composed.
type friendTalk struct{}

func (friendTalk) traits() Traits {
	return Traits{Fallback: true, HorizonDays: kakao.FriendTalkHorizonDays, QueryDays: kakao.QueryDays, ByCreator: true}
}

func (friendTalk) limits(c Content) Limits {
	l := Limits{Text: kakao.MaxContent, Buttons: kakao.MaxButtons, ButtonName: kakao.MaxButtonName, Link: kakao.MaxLink}
	switch {
	case c.Wide():
		l.Text, l.Buttons = kakao.MaxContentWide, kakao.MaxButtonsWide
	case c.Image != nil:
		l.Text = kakao.MaxContentImage
	}
	return l
}

func (friendTalk) buttonTypes() []string {
	return []string{kakao.ButtonWebLink, kakao.ButtonAppLink, kakao.ButtonBotKey, kakao.ButtonDelivery}
}

// length counts what is certain: a variable's value can be anything, its default
// included.
func (friendTalk) length(text string) int { return ParsePattern(text).literalLen() }

func (friendTalk) registers() bool { return false }

func (friendTalk) count(text string, values map[string]string) int {
	resolved, _ := ParsePattern(text).Text(values)
	return kakao.Len(resolved)
}

func (friendTalk) form() Form { return Form{AdSwitch: true, LinkNeeded: true} }

func (r friendTalk) check(c Content, p problems) {
	limits := r.limits(c)
	checkText(c.Text, r.length(c.Text), limits.Text, p)
	if c.Image != nil && c.ImageLink == "" {
		p.add("image-link", "content.image_link")
	}
	if c.Image != nil {
		checkLink("image-link", c.ImageLink, limits.Link, p)
	}
	checkButtons(FriendTalk, c, limits, p)
}

func (r friendTalk) checkSent(c Content, p problems) { r.check(c, p) }

func (friendTalk) parameters(Content) *parameters { return nil }

func (friendTalk) note(c Campaign, s Sender, now time.Time, r *Report) {
	day := r.Sendable
	if c.PerDay > 0 {
		day = min(day, int64(c.PerDay))
	}
	if sent := s.sentOn(c.goesOut(now), now); s.DailyMax > 0 && day > int64(s.DailyMax-sent) {
		r.Add(Warning, RuleDailyMax, "schedule", "check.daily_max", "Max", s.DailyMax, "Sent", sent, "Count", r.Sendable)
	}
	r.Add(Unknown, RuleReach, "", "check.friends_only")
	r.Add(Unknown, RuleBlocks, "", "check.blocks")
	if s.DailyMax > 0 {
		r.Add(Unknown, RuleQuota, "", "check.quota")
	}
}

// checkText finds what is wrong with a text of the given length. One that is measured
// without its variables, each of which a recipient's value replaces, says so.
func checkText(text string, length, limit int, p problems) {
	switch {
	case strings.TrimSpace(text) == "":
		p.add("text", "field.required")
	case length > limit && length < kakao.Len(ParsePattern(text).Plain()):
		p.add("text", "content.too_long_fixed", "Count", length, "Max", limit)
	case length > limit:
		p.add("text", "content.too_long", "Count", length, "Max", limit)
	}
	checkVariables("text", text, p)
}

// fits says why a message that has been put together cannot be sent: a skip reason,
// empty if it can.
func (m Composed) fits() string {
	if kakao.Len(m.Text) > m.limits.Text || kakao.Len(m.ImageLink) > m.limits.Link {
		return SkipTooLong
	}
	for _, b := range m.Buttons {
		for _, link := range b.links() {
			if kakao.Len(*link) > kakao.MaxLink {
				return SkipTooLong
			}
		}
	}
	if bytes, _ := kakao.EUCKRLen(m.SMS); bytes > kakao.MaxLMSBytes {
		return SkipTooLong
	}
	return ""
}
