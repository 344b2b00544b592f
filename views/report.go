package views

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// reported reports whether the page says what has become of messages: there is
// something to say, or soon will be.
func (v Progress) reported() bool {
	return !v.Timeline.Empty() || len(v.failures()) > 0 || v.State == models.CampaignSending
}

// charted reports whether there is a place for the chart.
func (v Progress) charted() bool { return !v.Timeline.Empty() || v.State == models.CampaignSending }

// failure is a code, and how many messages have it.
type failure struct {
	code  string
	count int64
	sms   int64     // of them those reached by SMS
	parts []segment // of its bar, in percent of the longest one
}

// failures are the codes of what did not arrive.
func (v Progress) failures() []failure { return failuresOf(v.Codes) }

// failuresOf are the codes of what did not arrive by KakaoTalk, the most frequent
// first. What somebody cancelled is no failure.
func failuresOf(codes []models.CodeCount) []failure {
	var all []failure
	for _, c := range codes {
		if c.State == models.MessageCancelled || c.Code == "" {
			continue
		}
		i := slices.IndexFunc(all, func(f failure) bool { return f.code == c.Code })
		if i < 0 {
			i, all = len(all), append(all, failure{code: c.Code})
		}
		all[i].add(c)
	}
	slices.SortStableFunc(all, func(a, b failure) int { return cmp.Compare(b.count, a.count) })
	for _, f := range all {
		f.measure(all[0].count)
	}
	return all
}

func (f *failure) add(c models.CodeCount) {
	f.count += c.Count
	if c.State == models.MessageSMS {
		f.sms += c.Count
	}
	part := models.PartOf(c.State)
	i := slices.IndexFunc(f.parts, func(s segment) bool { return s.part == part })
	if i < 0 {
		i, f.parts = len(f.parts), append(f.parts, segment{part: part})
	}
	f.parts[i].count += c.Count
}

// shortestBar is how long the bar of a code is at least, in percent of the longest one.
const shortestBar = 2

// measure says how long the parts of the bar are, in the order of the equation.
func (f failure) measure(most int64) {
	order := models.Parts()
	slices.SortFunc(f.parts, func(a, b segment) int { return slices.Index(order, a.part) - slices.Index(order, b.part) })
	whole, x := max(100*float64(f.count)/float64(most), shortestBar), 0.0
	for i, s := range f.parts {
		w := whole * float64(s.count) / float64(f.count)
		f.parts[i].x, f.parts[i].w = x, w
		x += w
	}
}

// unreachable is those whom KakaoTalk does not reach: their codes, how many they are, and
// how many of them an SMS has reached.
func (v Progress) unreachable() (codes []string, count, sms int64) {
	for _, f := range v.failures() {
		if slices.Contains(kakao.OptOutCodes(), f.code) {
			codes, count, sms = append(codes, f.code), count+f.count, sms+f.sms
		}
	}
	return codes, count, sms
}

// lineName is what a line of the chart counts, in words.
func lineName(p Page, kind string) string {
	if kind == lineHanded {
		return p.T("report.handed")
	}
	return partName(p, models.Part(kind))
}

// panelSays is a part of the chart in words.
func (v Progress) panelSays(p Page, drawn panel) string {
	said := []string{p.T("report.span", "Span", v.span(p))}
	for _, l := range drawn.lines {
		said = append(said, lineName(p, l.kind)+" "+p.Number(l.total))
	}
	return strings.Join(said, ", ")
}

// panelHeight is how high a panel is, in pixels: the first one is the larger.
func panelHeight(i int) string {
	if i == 0 {
		return "150"
	}
	return "80"
}

// span is the time that the chart shows, in Korean time.
func (v Progress) span(p Page) string {
	from, to := v.Timeline.Begins(), v.Timeline.Ends()
	switch {
	case sameDay(from, to.Add(-time.Minute)) && v.Timeline.Step >= 24*60:
		return p.Date(from)
	case v.Timeline.Step >= 24*60:
		return p.Date(from) + " – " + p.Date(to.Add(-time.Minute))
	case sameDay(from, to):
		return p.Time(from) + " – " + p.Minute(to)
	}
	return p.Time(from) + " – " + p.Time(to)
}

func sameDay(a, b time.Time) bool {
	return a.In(kakao.KST).Format(time.DateOnly) == b.In(kakao.KST).Format(time.DateOnly)
}

// stretchName is when a stretch was.
func (v Progress) stretchName(p Page, s models.Stretch) string {
	at := time.Unix(60*s.From, 0)
	switch {
	case v.Timeline.Step >= 24*60:
		return p.Day(at)
	case sameDay(v.Timeline.Begins(), v.Timeline.Ends().Add(-time.Minute)):
		return p.Minute(at)
	}
	return p.Day(at) + " " + p.Minute(at)
}

// stepName is how long a stretch lasts.
func (v Progress) stepName(p Page) string {
	minutes := v.Timeline.Step
	for _, unit := range []struct {
		minutes int64
		key     string
	}{{7 * 24 * 60, "report.weeks"}, {24 * 60, "report.days"}, {60, "report.hours"}} {
		if minutes%unit.minutes == 0 {
			return p.T(unit.key, "Count", minutes/unit.minutes)
		}
	}
	return p.T("report.minutes", "Count", minutes)
}

// ResultAudiencePath is the form that makes an audience of those with the codes.
func ResultAudiencePath(c models.Campaign, codes ...string) string {
	path := CampaignPath(c) + "/audiences"
	if len(codes) == 0 {
		return path
	}
	return path + "?" + url.Values{"code": codes}.Encode()
}

// ResultAudience is the form that makes an audience of those with whom a campaign ended
// with certain codes.
type ResultAudience struct {
	models.Campaign

	Name   string // of the audience
	Codes  []models.CodeCount
	Chosen []string
}

func (f ResultAudience) failures() []failure { return failuresOf(f.Codes) }

// ResultAudienceName is a name for an audience of those with the codes.
func ResultAudienceName(p Page, c models.Campaign, codes []string) string {
	what := p.T("report.some_codes")
	switch {
	case len(codes) == 1:
		what = codeMeaning(p, codes[0])
	case len(codes) > 0 && !slices.ContainsFunc(codes, func(code string) bool { return !slices.Contains(kakao.OptOutCodes(), code) }):
		what = p.T("report.unreachable")
	}
	room := models.MaxName - len([]rune(p.T("report.audience_name", "Name", "", "What", what)))
	name := []rune(c.Name)
	return p.T("report.audience_name", "Name", string(name[:min(len(name), max(room, 0))]), "What", what)
}
