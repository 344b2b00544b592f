package nhnsim

import (
	"strings"

	"soshik/internal/kakao"
)

// sms is the text message that a failed message falls back to.
type sms struct {
	kind, title, text, from string
}

// sms makes the fallback of m: its own text where it has one, else its content and
// the links of its web link buttons, with the ad mark and the opt-out number of an
// advertisement. What is too long is cut.
func (m *message) sms(plusFriendID string) sms {
	st := m.style
	out := sms{kind: st.Type, title: st.Title, text: st.Content, from: st.SendNo}
	if out.text == "" {
		out.text = FallbackText(m.content, st.links(), st.IsAd, st.UnsubscribeNo)
	}
	if n, _ := kakao.EUCKRLen(out.text); out.kind == "" && n > kakao.MaxSMSBytes {
		out.kind = kakao.FallbackLMS
	} else if out.kind == "" {
		out.kind = kakao.FallbackSMS
	}
	if out.kind == kakao.FallbackSMS {
		out.title, out.text = "", cutBytes(out.text, kakao.MaxSMSBytes)
		return out
	}
	if out.title == "" {
		out.title = plusFriendID
	}
	out.title, out.text = cutBytes(out.title, kakao.MaxLMSTitleBytes), cutBytes(out.text, kakao.MaxLMSBytes)
	return out
}

// sendable reports whether an SMS can carry every character.
func (s sms) sendable() bool {
	_, bad := kakao.EUCKRLen(s.title + s.text)
	return len(bad) == 0
}

// links are the name and link of each web link button, in order.
func (s *style) links() [][2]string {
	var out [][2]string
	for _, b := range s.Buttons {
		if b.Type == kakao.ButtonWebLink {
			out = append(out, [2]string{b.Name, b.LinkMo})
		}
	}
	return out
}

// FallbackText is the text that the provider makes of a message that has no SMS
// text of its own: its content, then a line for each web link button with its name
// and mobile link. An advertisement gets the mark before and the 080 number behind.
func FallbackText(content string, links [][2]string, isAd bool, unsubscribeNo string) string {
	var b strings.Builder
	if isAd {
		b.WriteString(kakao.AdMark)
	}
	b.WriteString(content)
	for _, l := range links {
		b.WriteString("\n" + l[0] + " - " + l[1])
	}
	if isAd {
		b.WriteString("\n[무료 수신거부]" + unsubscribeNo)
	}
	return b.String()
}

// cutBytes shortens s to at most limit bytes in EUC-KR.
func cutBytes(s string, limit int) string {
	n := 0
	for i, r := range s {
		if n++; r >= 0x80 {
			n++
		}
		if n > limit {
			return s[:i]
		}
	}
	return s
}
