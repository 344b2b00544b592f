package views

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
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

// SenderDeletePath is the form that has a sender deleted.
func SenderDeletePath(s models.Sender) string { return SenderPath(s) + "/delete" }

// registerAgainPath is the form that registers a sender, filled in for s.
func registerAgainPath(s models.Sender) string {
	q := url.Values{"plus_friend_id": {s.PlusFriendID}, "category_code": {s.CategoryCode}}
	return NewSenderPath(s.AppkeyID) + "?" + q.Encode()
}

// SenderDetail is what the page of a sender shows.
type SenderDetail struct {
	models.Sender

	Category  string             // its name; empty if it is not known
	Fallback  models.NewFallback // as it is, or as it was typed
	Deleter   string             // who has had it deleted here; empty: nobody has
	Usage     []models.UsageDay  // the newest first
	Campaigns []models.Campaign  // those that are not over first
	Templates []models.Template  // those that were changed last first
	Now       time.Time
}

// settable reports whether the person can set the fallback.
func (d SenderDetail) settable(p Page) bool {
	return d.GoneAt == nil && d.Status == kakao.SenderRegistered && p.Actor.Can(models.ManageSenders)
}

// countsToday reports whether the counts of the sender are those of today.
func (d SenderDetail) countsToday() bool {
	_, known := d.SentToday(d.Now)
	return known
}

// senderChannel is what the provider tells of a sender in one channel.
type senderChannel struct {
	name          string // catalog key
	sent, max     int    // messages of the day; a max of 0 is no limit
	fallback      bool
	sendNo        string
	optsOut       bool // the channel has an 080 number
	unsubscribeNo string
	smsAppkey     string
}

func (d SenderDetail) channels() []senderChannel {
	return []senderChannel{
		{"sender.detail.friendtalk", d.SentCount, d.DailyMax, d.Sender.Fallback, d.FallbackSendNo, true, d.UnsubscribeNo, d.ResendAppkey},
		{"sender.detail.alimtalk", d.AlimtalkSentCount, d.AlimtalkDailyMax, d.AlimtalkFallback, d.AlimtalkSendNo, false, "", d.AlimtalkResendAppkey},
	}
}

// used reports whether anything was sent on the days that are shown.
func (d SenderDetail) used() bool {
	return slices.ContainsFunc(d.Usage, func(u models.UsageDay) bool { return u.Ours+u.Friendtalk+u.Alimtalk > 0 })
}

func (d SenderDetail) usesAlimtalk() bool {
	return slices.ContainsFunc(d.Usage, func(u models.UsageDay) bool { return u.Alimtalk > 0 })
}

// peak is the most that campaigns of ours have sent on a day, at least 1.
func (d SenderDetail) peak() int64 {
	most := int64(1)
	for _, u := range d.Usage {
		most = max(most, u.Ours)
	}
	return most
}

// maxLines is how many campaigns a list of them names.
const maxLines = 20

// SenderDeletion is what the form shows that has a sender deleted.
type SenderDeletion struct {
	models.Sender

	Templates []models.Template // that go with it
	Confirm   string            // as it was typed
	Anyway    bool              // as it was ticked
	Broken    []models.Campaign // that need the sender still
	Seen      []string          // of them, those that stood there when the form was sent; see [models.Campaign.Need]
}

// news reports whether campaigns have come since the form was sent, ticked.
func (d SenderDeletion) news() bool { return d.Anyway && slices.ContainsFunc(d.Broken, d.isNew) }

// isNew reports whether c has come since the form was sent, ticked.
func (d SenderDeletion) isNew(c models.Campaign) bool {
	return d.Anyway && !slices.Contains(d.Seen, c.Need())
}

// FallbackAppkeyPath is the form that connects the SMS service of an appkey.
func FallbackAppkeyPath(appkeyID int64) string { return AppkeyPath(appkeyID) + "/fallback" }

// FallbackOf is the fallback of s as the form shows it.
func FallbackOf(s models.Sender) models.NewFallback {
	return models.NewFallback{
		On: s.Fallback, SendNo: kakao.FormatPhone(s.FallbackSendNo), UnsubscribeNo: kakao.FormatPhone(s.UnsubscribeNo),
	}
}

// maxFound is how many categories a search shows.
const maxFound = 20

// CategoryChoice is what a search for categories has found.
type CategoryChoice struct {
	Query  string
	Chosen models.Category   // zero if none is
	Found  []models.Category // without the chosen one, at most as many as fit a page
	Shown  int               // how many of those that fit the search are shown: the chosen one may
	Total  int               // how many fit it
}

// FindCategories searches cs as in asks for.
func FindCategories(cs []models.Category, in models.NewSender) CategoryChoice {
	c := CategoryChoice{Query: in.CategoryQuery}
	for _, category := range cs {
		fits, chosen := category.Matches(in.CategoryQuery), category.Code == in.CategoryCode
		if fits {
			c.Total++
		}
		switch {
		case chosen:
			c.Chosen = category
		case fits && len(c.Found) < maxFound:
			c.Found = append(c.Found, category)
		default:
			continue
		}
		if fits {
			c.Shown++
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
	case c.Total == 0:
		return models.T("sender.category_none")
	case c.Total > c.Shown:
		return models.T("sender.category_more", "Count", c.Total, "Shown", c.Shown)
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

// kakaoStatus is what KakaoTalk says of the channel; empty while it waits. What is
// not known here is told in the provider's words.
func kakaoStatus(p Page, s models.Sender) string {
	return known(p, "sender.kakao."+s.KakaoStatus, orDash(cmp.Or(s.KakaoStatusName, s.KakaoStatus)))
}

// profileStatus is the state of the channel's profile; empty while it waits. What is
// not known here is told in the provider's words.
func profileStatus(p Page, s models.Sender) string {
	return known(p, "sender.profile."+s.ProfileStatus, orDash(cmp.Or(s.ProfileStatusName, s.ProfileStatus)))
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// adminPhone is the administrator's number as far as the person may see it.
func adminPhone(p Page, s models.Sender) string { return seenPhone(p, s.PhoneNo) }

// seenPhone is a number as far as the person may see it.
func seenPhone(p Page, number string) string {
	if p.Actor.Can(models.ViewNumbers) {
		return orDash(kakao.FormatPhone(number))
	}
	return orDash(kakao.MaskPhone(number))
}

// rawNumber finds what may be a phone number in an answer of the provider: a value of
// at least eight digits.
var rawNumber = regexp.MustCompile(`("(\w+)"\s*:\s*"?)(\+?[0-9][0-9 -]{6,}[0-9])("?\s*[,}\n])`)

// rawAnswer is the provider's last answer about s, for people to read. Appkeys are
// masked, and phone numbers for those who may not see them.
func rawAnswer(p Page, s models.Sender) string {
	text := indented(s.Unexposed().Raw)
	if p.Actor.Can(models.ViewNumbers) {
		return text
	}
	return rawNumber.ReplaceAllStringFunc(text, func(found string) string {
		parts := rawNumber.FindStringSubmatch(found)
		if parts[2] == "categoryCode" {
			return found
		}
		return parts[1] + kakao.MaskPhone(parts[3]) + parts[4]
	})
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

func i64(n int64) string { return strconv.FormatInt(n, 10) }
