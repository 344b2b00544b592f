package views

import (
	"fmt"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// NewSenderPath is the form that registers a sender.
func NewSenderPath(appkeyID int64) string { return SendersPath(appkeyID) + "/new" }

// SenderPath is the page of one sender.
func SenderPath(s models.Sender) string { return fmt.Sprintf("%s/%d", SendersPath(s.AppkeyID), s.ID) }

// SenderTokenPath is the form that takes the sender's token.
func SenderTokenPath(s models.Sender) string { return SenderPath(s) + "/token" }

// SenderDetail is what the page of a sender shows.
type SenderDetail struct {
	models.Sender

	Category string             // its name; empty if it is not known
	Fallback models.NewFallback // as it is, or as it was typed
	Now      time.Time
}

// FallbackOf is the fallback of s as the form shows it.
func FallbackOf(s models.Sender) models.NewFallback {
	return models.NewFallback{
		On: s.Fallback, SendNo: kakao.FormatPhone(s.FallbackSendNo), UnsubscribeNo: kakao.FormatPhone(s.UnsubscribeNo),
	}
}

// mayFallBack reports whether the provider takes settings of s's fallback.
func mayFallBack(s models.Sender) bool { return s.Status == kakao.SenderRegistered }

// maxFound is how many categories a search shows.
const maxFound = 20

// CategoryChoice is what a search for categories has found.
type CategoryChoice struct {
	Query  string
	Chosen models.Category   // zero if none is
	Found  []models.Category // without the chosen one, at most as many as fit a page
	Total  int               // how many there are, without the chosen one
}

// FindCategories searches cs as in asks for.
func FindCategories(cs []models.Category, in models.NewSender) CategoryChoice {
	c := CategoryChoice{Query: in.CategoryQuery}
	for _, category := range cs {
		switch {
		case category.Code == in.CategoryCode:
			c.Chosen = category
		case category.Matches(in.CategoryQuery):
			c.Total++
			if len(c.Found) < maxFound {
				c.Found = append(c.Found, category)
			}
		}
	}
	return c
}

// CategoryName is the name of the category code, "" if it is not among cs.
func CategoryName(cs []models.Category, code string) string {
	for _, c := range cs {
		if c.Code == code {
			return c.Name()
		}
	}
	return ""
}

// foundText says how many categories were found.
func (c CategoryChoice) foundText() models.Text {
	switch {
	case c.Query == "":
		return models.T("sender.category_type")
	case c.Total > len(c.Found):
		return models.T("sender.category_more", "Count", c.Total, "Shown", len(c.Found))
	}
	return models.T("sender.category_found", "Count", c.Total)
}

// senderExists reports whether a sender could not be registered because it is
// already, so that it only has to be read.
func senderExists(err error) bool {
	return models.TextOf(err).Key == fmt.Sprintf("api.%d", kakao.CodeSenderExists)
}

// senderStatus is the provider's status in words; one that is not known is shown
// as it came.
func senderStatus(p Page, s models.Sender) string {
	switch s.Status {
	case kakao.SenderWaiting, kakao.SenderRegistered:
		return p.T("sender.status." + s.Status)
	}
	if s.StatusName != "" {
		return s.StatusName
	}
	return s.Status
}

// kakaoStatus is what KakaoTalk says of the channel; empty while it waits.
func kakaoStatus(p Page, code string) string {
	return known(p, "sender.kakao."+code, orDash(code))
}

// profileStatus is the state of the channel's profile; empty while it waits.
func profileStatus(p Page, code string) string {
	return known(p, "sender.profile."+code, orDash(code))
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// adminPhone is the administrator's number as far as the person may see it.
func adminPhone(p Page, s models.Sender) string {
	if p.Actor.Can(models.ViewNumbers) {
		return orDash(kakao.FormatPhone(s.PhoneNo))
	}
	return orDash(kakao.MaskPhone(s.PhoneNo))
}

// age is how long before now t was, roughly.
func age(p Page, now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return p.T("age.now")
	case d < time.Hour:
		return p.T("age.minutes", "Count", int(d/time.Minute))
	case d < 24*time.Hour:
		return p.T("age.hours", "Count", int(d/time.Hour))
	}
	return p.T("age.days", "Count", int(d/(24*time.Hour)))
}
