package views

import (
	"cmp"
	"net/url"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// SenderList is what the list of an appkey's senders shows.
type SenderList struct {
	Senders []models.Sender
	Filter  models.SenderFilter
	Count   int   // that the filter lets through, up to one more than models.CountedSenders
	Next    int64 // where the next page begins behind; 0: there is none
	Any     bool  // the appkey has a sender, whatever the filter says
	Refresh models.SenderRefresh
	Now     time.Time
}

// refreshPath is where all senders of an appkey are read from the provider.
func refreshPath(appkeyID int64) string { return SendersPath(appkeyID) + "/refresh" }

// sendersWith is the list as f narrows and orders it.
func sendersWith(appkeyID int64, f models.SenderFilter) string {
	q := url.Values{}
	for name, value := range map[string]string{"q": f.Name, "key": f.Key, "state": string(f.Group), "sort": string(f.Sort)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.After > 0 {
		q.Set("after", strconv.FormatInt(f.After, 10))
	}
	if len(q) == 0 {
		return SendersPath(appkeyID)
	}
	return SendersPath(appkeyID) + "?" + q.Encode()
}

// sortedPath is the first page in another order.
func (l SenderList) sortedPath(p Page, sort models.SenderSort) string {
	f := l.Filter
	f.Sort, f.After = sort, 0
	return sendersWith(p.Appkey.ID, f)
}

// pagePath is the page behind the sender with the id after.
func (l SenderList) pagePath(p Page, after int64) string {
	f := l.Filter
	f.After = after
	return sendersWith(p.Appkey.ID, f)
}

// found says how many senders there are, or more.
func (l SenderList) found() models.Text {
	if l.Count > models.CountedSenders {
		return models.T("senders.count_more", "Count", models.CountedSenders)
	}
	return models.T("senders.count", "Count", l.Count)
}

// sorted is how a column's head tells a screen reader the order.
func sorted(sort models.SenderSort) string {
	if sort == models.SendersByName || sort == models.SendersByChecked {
		return "ascending"
	}
	return "descending"
}

func senderGroups(p Page) []Option {
	var options []Option
	for _, g := range models.SenderStandings() {
		options = append(options, Option{string(g), p.T("senders.group." + cmp.Or(string(g), "all"))})
	}
	return options
}

// kakaoWords are what KakaoTalk says of the channel and of its profile, as far as it
// says anything.
func kakaoWords(p Page, s models.Sender) []string {
	var words []string
	if s.KakaoStatus != "" {
		words = append(words, p.T("senders.kakao", "State", known(p, "sender.kakao."+s.KakaoStatus, cmp.Or(s.KakaoStatusName, s.KakaoStatus))))
	}
	if s.ProfileStatus != "" {
		words = append(words, p.T("senders.profile", "State", known(p, "sender.profile."+s.ProfileStatus, cmp.Or(s.ProfileStatusName, s.ProfileStatus))))
	}
	return words
}

// sentToday is the count of a day against its maximum; it is known only if s was read
// on the day of now.
type sentToday struct {
	label string
	known bool
	count int
	most  int // 0: no limit
}

func friendTalkToday(p Page, s models.Sender, now time.Time) sentToday {
	count, known := s.SentToday(now)
	return sentToday{p.T("senders.friendtalk"), known, count, s.DailyMax}
}

func alimTalkToday(p Page, s models.Sender, now time.Time) sentToday {
	_, known := s.SentToday(now)
	return sentToday{p.T("senders.alimtalk"), known, s.AlimtalkSentCount, s.AlimtalkDailyMax}
}

// waits reports whether s waits for its token, and still can get one.
func waits(s models.Sender) bool { return s.Status == kakao.SenderWaiting && s.GoneAt == nil }

// shortKey is how a sender key begins: enough to tell it from others.
func shortKey(key string) string {
	const shown = 10
	if len(key) <= shown {
		return key
	}
	return key[:shown] + "…"
}

// refreshText says how far the reading has come.
func refreshText(r models.SenderRefresh) models.Text {
	if r.Total == 0 {
		return models.T("senders.running_begins")
	}
	return models.T("senders.running_count", "Count", r.ReadCount, "Total", r.Total)
}
