package nhnsim

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"soshik/internal/kakao"
)

var (
	//go:embed phone.html
	phoneHTML string
	//go:embed phone.css
	phoneCSS []byte
	//go:embed phone.svg
	phoneIcon []byte
)

// Bounds of what the phone shows: messages of all numbers that [Sim.Received] lists,
// messages of one number, messages among which the list of numbers is found, numbers of
// that list; and how far it looks back.
const (
	phonePage    = 100
	phoneTalk    = 200
	phoneScan    = 2000
	phoneNumbers = 200
	phoneWindow  = kakao.RetentionDays * 24 * time.Hour
)

// kindToken is KakaoTalk's message with the token of a registration.
const kindToken = "TOKEN"

// Received is what a phone has received.
type Received struct {
	At      time.Time
	Kind    string // "TOKEN", "FRIENDTALK", "BRANDTALK", kakao.FallbackSMS or kakao.FallbackLMS
	To      string
	From    string // the channel, or the number an SMS came from
	Title   string // of an LMS
	Text    string
	Buttons []ReceivedButton
	IsAd    bool   // of a KakaoTalk message; an SMS has the mark in its text
	OptOut  string // how to refuse advertisements; the channel's own way unless set
	Token   int

	Image     string // its name
	ImageFile string // the last part of its path; empty for what the simulator does not have
	Wide      bool   // of the image
}

// ReceivedButton is a button of a KakaoTalk message. Link is empty for what opens no
// page.
type ReceivedButton struct{ Name, Link string }

// Received lists what phones have received, over all appkeys, the newest first: the
// tokens of the registrations, and the last hundred messages and text messages.
func (s *Sim) Received() []Received {
	return s.received(phonePage, func(string) bool { return true })
}

// received lists the last n messages to the numbers that are wanted, and the tokens.
func (s *Sim) received(n int, wanted func(no string) bool) []Received {
	now := s.Now()
	var tokens, messages []Received
	for _, p := range s.all() {
		p.mu.RLock()
		tokens = append(tokens, p.tokens(wanted)...)
		messages = append(messages, p.delivered(now, n, wanted)...)
		p.mu.RUnlock()
	}
	return newest(append(newest(messages, n), tokens...), n+len(tokens))
}

func newest(list []Received, n int) []Received {
	slices.SortStableFunc(list, func(a, b Received) int { return b.At.Compare(a.At) })
	return list[:min(n, len(list))]
}

// tokens are the messages to administrators. The caller holds p.mu.
func (p *project) tokens(wanted func(no string) bool) []Received {
	var out []Received
	for _, s := range p.senders {
		if s.Token != 0 && s.PhoneNo != "" && wanted(s.PhoneNo) {
			text := fmt.Sprintf("[카카오톡] 인증 번호 %d", s.Token)
			out = append(out, Received{At: s.TokenDate, Kind: kindToken, To: s.PhoneNo, From: s.PlusFriendID, Text: text, Token: s.Token})
		}
	}
	return out
}

// delivered are the last n messages that arrived. The caller holds p.mu.
func (p *project) delivered(now time.Time, n int, wanted func(no string) bool) []Received {
	ms := now.UnixMilli()
	var last []update
	for m := ms / minute; m > (ms-phoneWindow.Milliseconds())/minute && len(last) < n; m-- {
		last = append(last, latest(p.updates[m], ms, n, wanted)...)
	}
	out := make([]Received, 0, len(last))
	for _, u := range last {
		out = append(out, u.r.messages[u.i].received(u))
	}
	return out
}

// latest are the last n of a minute's updates with which something arrived, newest
// first.
func latest(minute []update, now int64, n int, wanted func(no string) bool) []update {
	var out []update
	least := int64(0) // what came before it is not among the last
	byTime := func(a, b update) int { return cmp.Compare(b.at, a.at) }
	for _, u := range minute {
		m := &u.r.messages[u.i]
		if u.at > now || u.at < least || !m.arrived(u.at, now) || !wanted(m.no) {
			continue
		}
		if out = append(out, u); len(out) >= 8*n {
			slices.SortFunc(out, byTime)
			out = out[:n]
			least = out[n-1].at
		}
	}
	slices.SortFunc(out, byTime)
	return out[:min(n, len(out))]
}

// arrived reports whether something arrived with the update of a moment.
func (m *message) arrived(at, now int64) bool {
	st := m.state(now)
	return st.updated == at && (st.status == kakao.StatusCompleted || st.fallback == kakao.FallbackSucceeded)
}

// received is what arrived with an update.
func (m *message) received(u update) Received {
	if u.r.template != nil {
		return u.r.receivedBrand(u.i, time.UnixMilli(u.at))
	}
	out := Received{At: time.UnixMilli(u.at), To: m.no}
	if u.at == m.outcome.fallbackAt {
		text := m.sms(u.r.plusFriendID)
		out.Kind, out.From, out.Title, out.Text = text.kind, text.from, text.title, text.text
		return out
	}
	out.Kind, out.From, out.Text, out.IsAd = "FRIENDTALK", u.r.plusFriendID, m.content, m.style.IsAd
	out.Image, out.ImageFile, out.Wide = m.style.Image.Name, m.style.Image.File, m.style.Image.Wide
	for _, b := range m.style.Buttons {
		out.Buttons = append(out.Buttons, ReceivedButton{b.Name, b.LinkMo})
	}
	return out
}

// phoneNumber is a line of the list of numbers.
type phoneNumber struct {
	No     string // digits
	Last   Received
	Count  int
	Chosen bool
}

// phoneView is what the page shows.
type phoneView struct {
	Now       time.Time
	Speed     float64
	Searching bool
	Query     string
	Numbers   []phoneNumber
	Cut       bool   // whether there may be more numbers
	No        string // the chosen one, or ""
	Talk      []Received
	Older     bool // whether there is more than Talk
	Rules     []phoneRule
}

// phoneRule says what becomes of messages to numbers with these last digits.
type phoneRule struct{ Digits, Says string }

func (s *Sim) phoneView(r *http.Request) phoneView {
	q := r.URL.Query()
	clock := s.Clock()
	v := phoneView{
		Now: clock.Now, Speed: clock.Speed, Searching: q.Has("q"), Query: q.Get("q"), No: phoneKey(q.Get("no")),
		Rules: []phoneRule{
			{NumberNotReachable, "카카오톡 실패, 대체 문자 도착"}, {NumberPhoneError, "전화번호 오류, 대체 문자 도착"}, {NumberUnconfirmed, "수신 확인 안 됨, 대체 문자 도착"},
			{NumberFallbackFails, "카카오톡과 대체 문자 모두 실패"}, {NumberRefused, "접수 거부"},
		},
	}
	want := digits(v.Query)
	list := s.received(phoneScan, func(no string) bool {
		return blank(v.Query) || want != "" && strings.Contains(phoneKey(no), want)
	})
	v.Numbers, v.Cut = numbersOf(list, v.No), len(list) >= phoneScan
	if len(v.Numbers) > phoneNumbers {
		v.Numbers, v.Cut = v.Numbers[:phoneNumbers], true
	}
	if v.No != "" {
		v.Talk = s.received(phoneTalk+1, func(no string) bool { return phoneKey(no) == v.No })
		if v.Older = len(v.Talk) > phoneTalk; v.Older {
			v.Talk = v.Talk[:phoneTalk]
		}
	}
	return v
}

// numbersOf are the numbers of a list that begins with the newest, in its order.
func numbersOf(list []Received, chosen string) []phoneNumber {
	var out []phoneNumber
	at := map[string]int{}
	for _, m := range list {
		no := phoneKey(m.To)
		i, seen := at[no]
		if !seen {
			i = len(out)
			at[no] = i
			out = append(out, phoneNumber{No: no, Last: m, Chosen: no == chosen})
		}
		out[i].Count++
	}
	return out
}

// phoneKey is a number as its phone knows it, however it was written.
func phoneKey(no string) string {
	d := digits(no)
	if rest, ok := strings.CutPrefix(d, "82"); ok && len(rest) >= 8 {
		return "0" + rest
	}
	return d
}

// PhoneHandler serves pages that show what phones have received, their style sheet
// and images: the numbers and, with ?no=, what one of them has received; with ?q=, the
// numbers with these digits. It works under any path that ends in a slash, without
// script.
func (s *Sim) PhoneHandler() http.Handler {
	images := phoneImages(s.ImageHandler())
	page := template.Must(template.New("phone").Funcs(phoneFuncs()).Parse(phoneHTML))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		switch strings.TrimPrefix(r.URL.Path, "/") {
		case "":
		case "phone.css":
			w.Header().Set("Content-Type", "text/css; charset=utf-8")
			_, _ = w.Write(phoneCSS)
			return
		case "phone.svg":
			w.Header().Set("Content-Type", "image/svg+xml")
			_, _ = w.Write(phoneIcon)
			return
		default:
			images.ServeHTTP(w, r)
			return
		}
		var b bytes.Buffer
		if err := page.Execute(&b, s.phoneView(r)); err != nil {
			s.cfg.Log.Error("simulator's phone page", "err", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy",
			"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = b.WriteTo(w)
	})
}

// phoneImages serves images/{file}, and nothing else.
func phoneImages(images http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /images/{file}", images)
	return mux
}

func phoneFuncs() template.FuncMap {
	return template.FuncMap{
		"kind": kindName, "phone": func(no string) string { return kakao.FormatPhone(phoneKey(no)) },
		"clock": koreanClock, "day": koreanDay, "when": koreanWhen, "iso": func(t time.Time) string { return t.In(kakao.KST).Format(time.RFC3339) },
		"sameDay": func(a, b time.Time) bool { return koreanDay(a) == koreanDay(b) },
		"next":    func(i int) int { return i + 1 },
		"name":    func(plusFriendID string) string { return strings.TrimPrefix(plusFriendID, "@") },
		"face":    face, "colour": func(from string) uint64 { return hash(from) % 6 },
		"size": smsSize,
		"isWeb": func(link string) bool {
			return strings.HasPrefix(link, "http://") || strings.HasPrefix(link, "https://")
		},
		"optOut": func() string { return kakao.OptOutLine },
	}
}

// face is the letter that stands for a channel.
func face(plusFriendID string) string {
	r, _ := utf8.DecodeRuneInString(strings.TrimPrefix(plusFriendID, "@"))
	return string(r)
}

// smsSize is how much of what an SMS may carry is used, such as "84 / 90바이트".
func smsSize(m Received) string {
	n, _ := kakao.EUCKRLen(m.Text)
	if m.Kind == kakao.FallbackSMS {
		return fmt.Sprintf("%d / %d바이트", n, kakao.MaxSMSBytes)
	}
	return fmt.Sprintf("%s / %s바이트", thousands(n), thousands(kakao.MaxLMSBytes))
}

// thousands writes a number below a million.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// koreanClock is such as "오후 3:04".
func koreanClock(t time.Time) string {
	t = t.In(kakao.KST)
	half := "오전"
	if t.Hour() >= 12 {
		half = "오후"
	}
	return half + " " + t.Format("3:04")
}

// koreanDay is such as "2026년 12월 1일 화요일".
func koreanDay(t time.Time) string {
	t = t.In(kakao.KST)
	return t.Format("2006년 1월 2일 ") + [...]string{"일", "월", "화", "수", "목", "금", "토"}[t.Weekday()] + "요일"
}

// koreanWhen is the time of today, else the day.
func koreanWhen(t, now time.Time) string {
	t, now = t.In(kakao.KST), now.In(kakao.KST)
	switch {
	case koreanDay(t) == koreanDay(now):
		return koreanClock(t)
	case koreanDay(t.AddDate(0, 0, 1)) == koreanDay(now):
		return "어제"
	case t.Year() == now.Year():
		return t.Format("1월 2일")
	}
	return t.Format("2006. 1. 2.")
}

func kindName(kind string) string {
	switch kind {
	case kindToken:
		return "인증"
	case "FRIENDTALK":
		return "친구톡"
	case "BRANDTALK":
		return "브랜드톡"
	}
	return kind
}
