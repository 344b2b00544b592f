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
