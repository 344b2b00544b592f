package models

import (
	"fmt"
	"strings"

	"soshik/internal/kakao"
)

// friendTalk is the rules of FriendTalk v1.5 for what is composed.
type friendTalk struct{}

func (friendTalk) check(c Content, p problems) {
	switch n := kakao.Len(c.Text); {
	case strings.TrimSpace(c.Text) == "":
		p.add("text", "field.required")
	case n > kakao.MaxContent:
		p.add("text", "content.too_long", "Count", n, "Max", kakao.MaxContent)
	}
	if len(c.Buttons) > kakao.MaxButtons {
		p.add("buttons", "content.buttons", "Max", kakao.MaxButtons)
	}
	for i, b := range c.Buttons {
		checkButton(i, b, p)
	}
}

// ButtonField is the name of a button's field in the form.
func ButtonField(i int, name string) string { return fmt.Sprintf("button-%d-%s", i, name) }

func checkButton(i int, b Button, p problems) {
	switch n := kakao.Len(b.Name); {
	case n == 0:
		p.add(ButtonField(i, "name"), "field.required")
	case n > kakao.MaxButtonName:
		p.add(ButtonField(i, "name"), "field.too_long", "Max", kakao.MaxButtonName)
	}
	if strings.Contains(b.Name, "#{") {
		p.add(ButtonField(i, "name"), "content.button_variable")
	}
	if b.LinkMo == "" {
		p.add(ButtonField(i, "link"), "content.link_missing")
	}
	checkLink(ButtonField(i, "link"), b.LinkMo, p)
	checkLink(ButtonField(i, "link-pc"), b.LinkPC, p)
}

func checkLink(field, link string, p problems) {
	if link == "" {
		return
	}
	host, ok := strings.CutPrefix(link, "https://")
	if !ok {
		host, ok = strings.CutPrefix(link, "http://")
	}
	switch {
	case !ok:
		p.add(field, "content.link_scheme")
	case host == "" || strings.ContainsAny(link, " \t\n"):
		p.add(field, "content.link_wrong")
	case kakao.Len(link) > kakao.MaxLink:
		p.add(field, "field.too_long", "Max", kakao.MaxLink)
	}
}

func (friendTalk) fits(m Composed) string {
	if kakao.Len(m.Text) > kakao.MaxContent {
		return SkipTooLong
	}
	for _, b := range m.Buttons {
		if kakao.Len(b.LinkMo) > kakao.MaxLink || kakao.Len(b.LinkPC) > kakao.MaxLink {
			return SkipTooLong
		}
	}
	if bytes, _ := kakao.EUCKRLen(m.SMS); bytes > kakao.MaxLMSBytes {
		return SkipTooLong
	}
	return ""
}
