package nhnsim

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
)

var (
	//go:embed phone.html
	phoneHTML string
	//go:embed phone.css
	phoneCSS []byte
)

// phonePage and phoneWindow bound what the phone shows, and how far it looks back.
const (
	phonePage   = 100
	phoneWindow = 3 * 24 * time.Hour
)

// Received is what a phone has received.
type Received struct {
	At      time.Time
	Kind    string // "TOKEN", "FRIENDTALK", "BRANDTALK", kakao.FallbackSMS or kakao.FallbackLMS
	To      string
	From    string // the channel, or the number an SMS came from
	Title   string // of an LMS
	Text    string
	Buttons []string
	IsAd    bool // of a KakaoTalk message; an SMS has the mark in its text
	Image   string
	OptOut  string // how to refuse advertisements; the channel's own way unless set
}

// Received lists what phones have received, over all appkeys, the newest first: the
// tokens of the registrations, and the last hundred messages and text messages.
func (s *Sim) Received() []Received {
	s.mu.RLock()
	projects := make([]*project, 0, len(s.projects))
	for _, p := range s.projects {
		projects = append(projects, p)
	}
	s.mu.RUnlock()
	now := s.cfg.Now()
	var tokens, messages []Received
	for _, p := range projects {
		p.mu.RLock()
		tokens = append(tokens, p.tokens()...)
		messages = append(messages, p.delivered(now)...)
		p.mu.RUnlock()
	}
	return newest(append(newest(messages, phonePage), tokens...), phonePage+len(tokens))
}

func newest(list []Received, n int) []Received {
	slices.SortStableFunc(list, func(a, b Received) int { return b.At.Compare(a.At) })
	return list[:min(n, len(list))]
}

// tokens are the messages to administrators. The caller holds p.mu.
func (p *project) tokens() []Received {
	var out []Received
	for _, s := range p.senders {
		if s.Token != 0 && s.PhoneNo != "" {
			text := fmt.Sprintf("[카카오톡] 인증 번호 %d", s.Token)
			out = append(out, Received{At: s.TokenDate, Kind: "TOKEN", To: s.PhoneNo, From: s.PlusFriendID, Text: text})
		}
	}
	return out
}

// delivered are the last messages that arrived. The caller holds p.mu.
func (p *project) delivered(now time.Time) []Received {
	ms := now.UnixMilli()
	var last []update
	for m := ms / minute; m > (ms-phoneWindow.Milliseconds())/minute && len(last) < phonePage; m-- {
		last = append(last, latest(p.updates[m], ms)...)
	}
	out := make([]Received, 0, len(last))
	for _, u := range last {
		out = append(out, u.r.messages[u.i].received(u))
	}
	return out
}

// latest are the last hundred of a minute's updates with which something arrived,
// newest first.
func latest(minute []update, now int64) []update {
	var out []update
	byTime := func(a, b update) int { return cmp.Compare(b.at, a.at) }
	for _, u := range minute {
		m := &u.r.messages[u.i]
		st := m.state(now)
		if u.at > now || st.updated != u.at || st.status != kakao.StatusCompleted && st.fallback != kakao.FallbackSucceeded {
			continue
		}
		if out = append(out, u); len(out) >= 8*phonePage {
			slices.SortFunc(out, byTime)
			out = out[:phonePage]
		}
	}
	slices.SortFunc(out, byTime)
	return out[:min(phonePage, len(out))]
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
	out.Kind, out.From, out.Text, out.IsAd, out.Image = "FRIENDTALK", u.r.plusFriendID, m.content, m.style.IsAd, m.style.Image.Name
	for _, b := range m.style.Buttons {
		out.Buttons = append(out.Buttons, b.Name)
	}
	return out
}

// PhoneHandler serves a page that shows [Sim.Received], and its style sheet. It works
// under any path that ends in a slash, without script.
func (s *Sim) PhoneHandler() http.Handler {
	page := template.Must(template.New("phone").Funcs(template.FuncMap{"korean": korean, "kind": kindName}).Parse(phoneHTML))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if strings.HasSuffix(r.URL.Path, "/phone.css") || r.URL.Path == "phone.css" {
			w.Header().Set("Content-Type", "text/css; charset=utf-8")
			_, _ = w.Write(phoneCSS)
			return
		}
		var b bytes.Buffer
		if err := page.Execute(&b, s.Received()); err != nil {
			s.cfg.Log.Error("simulator's phone page", "err", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = b.WriteTo(w)
	})
}

func korean(t time.Time) string { return t.In(kakao.KST).Format("2006-01-02 15:04:05") }

func kindName(kind string) string {
	switch kind {
	case "TOKEN":
		return "인증"
	case "FRIENDTALK":
		return "친구톡"
	case "BRANDTALK":
		return "브랜드톡"
	}
	return kind
}
