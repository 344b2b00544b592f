package views

import (
	"context"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"soshik/internal/kakao"
	"soshik/models"
)

// piece is a run of text on a phone that looks the same throughout.
type piece struct {
	text    string
	value   bool // it came from a variable
	missing bool // a variable without a value
	link    bool // the phone makes it a link
	bad     bool // an SMS cannot carry it
}

var linkInText = regexp.MustCompile(`https?://[^\s<>"]+`)

// pieces cuts spans where their looks change. bad are characters to be marked.
func pieces(spans []models.Span, bad []rune) []piece {
	var found []piece
	for _, s := range spans {
		if s.Missing {
			found = append(found, piece{text: "#{" + s.Name + "}", missing: true})
			continue
		}
		from := 0
		for _, at := range linkInText.FindAllStringIndex(s.Text, -1) {
			found = append(found, cutBad(piece{text: s.Text[from:at[0]], value: s.Name != ""}, bad)...)
			found = append(found, cutBad(piece{text: s.Text[at[0]:at[1]], value: s.Name != "", link: true}, bad)...)
			from = at[1]
		}
		found = append(found, cutBad(piece{text: s.Text[from:], value: s.Name != ""}, bad)...)
	}
	return found
}

// cutBad sets the characters bad apart from the others of a piece.
func cutBad(p piece, bad []rune) []piece {
	var found []piece
	for p.text != "" {
		isBad := func(r rune) bool { return slices.Contains(bad, r) }
		at := strings.IndexFunc(p.text, func(r rune) bool { return isBad(r) != p.bad })
		if at < 0 {
			return append(found, p)
		}
		if at > 0 {
			head := p
			head.text = p.text[:at]
			found = append(found, head)
		}
		p.text, p.bad = p.text[at:], !p.bad
	}
	return found
}

// rich draws pieces. It is no template, since every blank counts on a phone.
func rich(ps []piece) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, p := range ps {
			open, end := p.tags()
			b.WriteString(open + templ.EscapeString(p.text) + end)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

func (p piece) tags() (open, end string) {
	switch {
	case p.missing:
		return `<mark class="sk-missing">`, `</mark>`
	case p.bad:
		return `<mark class="sk-bad">`, `</mark>`
	case p.value && p.link:
		return `<mark class="sk-link">`, `</mark>`
	case p.value:
		return `<mark>`, `</mark>`
	case p.link:
		return `<span class="sk-link">`, `</span>`
	}
	return "", ""
}

// darkChat reports whether the phone's chat is dark: as was chosen, or as the site is.
func (v Preview) darkChat(p Page) bool {
	if v.Chat == "" {
		return theme(p) == "dark"
	}
	return v.Chat == "dark"
}

// optOut is the line at the end of an advertisement that says how to get no more of
// them, as the phone has it.
func optOut(c models.Content) string {
	switch {
	case c.UnsubscribeNo != "":
		return kakao.OptOutBy(c.UnsubscribeNo, c.AuthNo)
	case c.Ad:
		return kakao.OptOutLine
	}
	return ""
}

// place is something on the phone that does something when it is touched.
type place struct {
	name string
	link string // that it opens, variables unresolved
	does string // what it does instead
}

// places are those of the message, in order.
func (v Preview) places(p Page) []place {
	c := v.Content.Trim()
	var found []place
	if c.ImageLink != "" {
		found = append(found, place{name: p.T("editor.image"), link: c.ImageLink})
	}
	for _, b := range c.Buttons {
		fields := models.ButtonFields(b.Type)
		switch {
		case b.Type == kakao.ButtonBizForm:
			found = append(found, place{name: buttonLabel(p, b), does: p.T("editor.does.BF", "Form", b.FormID)})
		case len(fields) == 0:
			found = append(found, place{name: buttonLabel(p, b), does: p.T("editor.does." + b.Type)})
		}
		for _, field := range fields {
			if link := buttonValue(b, field); link != "" && field != models.FieldFormID {
				found = append(found, place{name: buttonLabel(p, b) + linkSuffix(p, field), link: link})
			}
		}
	}
	return found
}

// linkSuffix tells a button's links apart.
func linkSuffix(p Page, field string) string {
	if field == models.FieldLink {
		return ""
	}
	return " · " + p.T("editor.on."+strings.ReplaceAll(field, "-", "_"))
}

// channelName is what a sender is called on the phone.
func channelName(p Page, s models.Sender) string {
	if s.ID == 0 {
		return p.T("compose.no_sender")
	}
	return strings.TrimPrefix(s.PlusFriendID, "@")
}

// initial stands for the picture of a sender.
func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return ""
}

// phoneTime is a time of day as a Korean phone writes it.
func phoneTime(p Page, t time.Time) string {
	k := t.In(kakao.KST)
	if k.Hour() < 12 {
		return p.T("phone.am", "Time", k.Format("3:04"))
	}
	return p.T("phone.pm", "Time", k.Format("3:04"))
}

// recipientPhone is a recipient's number as far as the person may see it.
func recipientPhone(p Page, number string) string {
	if p.Actor.Can(models.ViewNumbers) {
		return kakao.FormatPhone(number)
	}
	return kakao.MaskPhone(number)
}

// shownText is a text that people or files have written, as far as the person may see the
// numbers in it.
func shownText(p Page, text string) string {
	if p.Actor.Can(models.ViewNumbers) {
		return text
	}
	return kakao.MaskPhones(text)
}
