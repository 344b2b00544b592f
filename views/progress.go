package views

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// Progress is what has become of a campaign so far.
type Progress struct {
	models.Campaign

	Equation   models.Equation
	Sender     models.Sender // zero if it is gone
	CreatedBy  string        // name; empty if that person is gone
	LaunchedBy string
	Codes      []models.CodeCount
	Timeline   models.Timeline
	Batches    map[models.BatchState]int64
	Stoppable  models.Stoppable
	Coming     []models.ComingDay // on which days what is planned is to be sent
	Now        time.Time
	Groups     []models.BatchGroup
	Each       bool // each batch is a row
	Approvals  []models.ApprovalRow
	After      int64                 // number of the batch before the first group
	Next       int64                 // where the next page of groups begins; 0: there is none
	Calls      map[int64]models.Call // the last one of a batch
	Recalls    []RecallLine          // the newest
	Moving     int64                 // messages on their way to another time
	Retries    []models.Campaign     // campaigns that send its failed messages again

	Rates    models.Rates
	Doubt    models.Doubt
	Outage   models.Outage // of the provider
	Limited  time.Duration // for which the provider wants no calls; 0: it takes them
	Settling time.Duration // after which it is decided what a batch in doubt is
}

// Live reports whether the page can still change by itself.
func (v Progress) Live() bool {
	return !v.State.Over() || v.Moving > 0 || v.Equation.InDoubt+v.Equation.Handed+v.Equation.SMSWaiting > 0
}

// Cancellable reports whether there is anything that cancelling could do.
func (v Progress) Cancellable() bool {
	switch v.State {
	case models.CampaignPlanning, models.CampaignScheduled, models.CampaignSending, models.CampaignPaused, models.CampaignHeld:
		return true
	case models.CampaignDraft, models.CampaignWaiting, models.CampaignApproved, models.CampaignCancelling, models.CampaignFinished, models.CampaignCancelled:
	}
	return false
}

// stopped reports whether the campaign waits for a person.
func (v Progress) stopped() bool {
	return v.State == models.CampaignPaused || v.State == models.CampaignHeld
}

// toldOut is for how long it is said that a campaign is out that could be undone.
const toldOut = 10 * time.Minute

// undoable reports whether the launch can still be undone.
func (v Progress) undoable() bool {
	return v.UndoUntil != nil && v.UndoUntil.After(v.Now) && (v.State.Runs() || v.State == models.CampaignPlanning)
}

// wentOut reports whether the time to undo the launch has ended a moment ago, and
// something went out.
func (v Progress) wentOut() bool {
	return v.UndoUntil != nil && !v.UndoUntil.After(v.Now) && v.Now.Sub(*v.UndoUntil) < toldOut &&
		(v.State == models.CampaignSending || v.State == models.CampaignFinished)
}

// undoLeft is how long the launch can be undone, as 4:05.
func (v Progress) undoLeft() string {
	left := v.UndoUntil.Sub(v.Now).Round(time.Second)
	return fmt.Sprintf("%d:%02d", left/time.Minute, left%time.Minute/time.Second)
}

// cancelled reports whether the campaign is being cancelled, or has been.
func (v Progress) cancelled() bool {
	return v.State == models.CampaignCancelling || v.State == models.CampaignCancelled
}

// batches is how many batches there are.
func (v Progress) batches() (all int64) {
	for _, n := range v.Batches {
		all += n
	}
	return all
}

// pretitle is what the campaign is one of.
func (v Progress) pretitle(p Page) string {
	parts := []string{p.T("nav.campaigns"), p.T("channel." + string(v.Channel))}
	if v.Sender.PlusFriendID != "" {
		parts = append(parts, v.Sender.PlusFriendID)
	}
	return strings.Join(parts, " · ")
}

// when is when it goes out, and who is behind it.
func (v Progress) when(p Page) string {
	at := v.LaunchedAt
	if v.ScheduledAt != nil {
		at = v.ScheduledAt
	}
	var parts []string
	if at != nil {
		parts = append(parts, fmt.Sprintf("%s (%s)", p.Time(*at), p.T("time.kst")))
	}
	if v.CreatedBy != "" {
		parts = append(parts, p.T("progress.created_by", "Name", v.CreatedBy))
	}
	if v.LaunchedBy != "" {
		parts = append(parts, p.T("progress.launched_by", "Name", v.LaunchedBy))
	}
	return strings.Join(parts, " · ")
}

// segment is a part of the bar, in percent of its width.
type segment struct {
	part  models.Part
	count int64
	x, w  float64
}

// A part that is there is as wide as its number needs, in percent; a long number may
// have to do without.
const (
	minSegment   = 3.2
	enoughForAll = 5.7 // a dozen of them leave room for what there is most of
)

// least is how wide the part is at least.
func (s segment) least() float64 {
	digits := len(int64Text(s.count))
	return min(max(minSegment, roomWide*float64(digits+(digits-1)/3+1)), enoughForAll)
}

// segments are the parts that are there. Small ones are drawn wider than they are,
// at the cost of the large ones.
func (v Progress) segments() []segment {
	var all []segment
	for _, part := range models.Parts() {
		if n := v.Equation.Count(part); n > 0 {
			all = append(all, segment{part: part, count: n})
		}
	}
	small, large := 0.0, int64(0)
	for _, s := range all {
		if v.share(s.count) < s.least() {
			small += s.least()
		} else {
			large += s.count
		}
	}
	x := 0.0
	for i, s := range all {
		w := s.least()
		if v.share(s.count) >= w {
			w = (100 - small) * float64(s.count) / float64(large)
		}
		all[i].x, all[i].w = x, w
		x += w
	}
	return all
}

func (v Progress) share(n int64) float64 {
	return 100 * float64(n) / float64(max(v.Equation.Audience, 1))
}

func int64Text(n int64) string { return strconv.FormatInt(n, 10) }

func percent(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) + "%" }

// roomFor is how wide a segment must be for its number to stand in it: always, and
// on wide screens only. In percent for each digit.
const (
	roomAlways = 2.8
	roomWide   = 0.95
)

func (s segment) fits(p Page, room float64) bool {
	return s.w >= room*float64(len(p.Number(s.count))+1)
}

// named reports whether there is room for the part's name too.
func (s segment) named(p Page) bool {
	return s.w >= roomWide*float64(len(p.Number(s.count))+4+2*len([]rune(partName(p, s.part))))
}

func partName(p Page, part models.Part) string { return p.T("progress.part." + string(part)) }

// partPath leads to the messages of a part; those that are not planned yet have
// none.
func partPath(c models.Campaign, part models.Part) string {
	if part == models.PartUnplanned {
		return CampaignPath(c)
	}
	return MessagesPath(c, models.MessageFilter{Part: part})
}

// MessagesPath lists messages of a campaign.
func MessagesPath(c models.Campaign, f models.MessageFilter) string {
	q := url.Values{}
	for name, value := range map[string]string{"state": string(f.Part), "code": f.Code, "phone": f.Phone} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.After > 0 {
		q.Set("after", strconv.FormatInt(f.After, 10))
	}
	path := CampaignPath(c) + "/messages"
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// sum writes the equation out.
func (v Progress) sum(p Page) string {
	var terms []string
	for _, s := range v.segments() {
		terms = append(terms, p.Number(s.count))
	}
	return strings.Join(terms, " + ") + " = " + p.Number(v.Equation.Audience)
}

// ours reports whether a code is not the provider's: why a recipient was skipped, or
// counts as refused.
func ours(code string) bool {
	return slices.Contains([]string{models.SkipNoValue, models.SkipTooLong, models.SkipSuppressed, models.SkipForgotten, models.SkipLimit, models.SkipReached, models.CodeAnswerLost}, code)
}

func numbers(g models.BatchGroup) string {
	if g.First == g.Last {
		return strconv.FormatInt(g.First, 10)
	}
	return fmt.Sprintf("%d–%d", g.First, g.Last)
}

// batchState is where batches stand, in words, and in which of Tabler's colours.
func batchState(g models.BatchGroup) (key, color string) {
	if g.Asks {
		return "progress.batch.asks", "red"
	}
	switch {
	case g.Cancel == models.CancelAsked:
		return "recall.batch.asked", "orange"
	case g.Cancel.Moves():
		return "recall.batch.moving", "orange"
	case g.Cancel == models.CancelDone && g.State == models.BatchHanded && g.Stopped > 0 && g.Ended > 0:
		return "recall.batch.part_cancelled", "secondary"
	case g.Cancel == models.CancelDone && g.State == models.BatchHanded && g.Stopped > 0:
		return "recall.batch.cancelled", "secondary"
	}
	key = "progress.batch." + string(g.State)
	switch g.State {
	case models.BatchPlanned, models.BatchCancelled:
		return key, "secondary"
	case models.BatchSending:
		return key, "blue"
	case models.BatchInDoubt:
		return key, "orange"
	case models.BatchHanded:
		return key, "green"
	case models.BatchRefused:
		return key, "red"
	}
	panic(fmt.Errorf("no batch state %q", g.State))
}

// requests says which request the batches have become.
func requests(p Page, g models.BatchGroup) string {
	switch {
	case g.Requests == 1:
		return g.Request
	case g.Requests > 1:
		return p.T("progress.requests", "Count", g.Requests)
	}
	return ""
}

// answer is what the provider last said about a batch, in its own words.
func (v Progress) answer(p Page, g models.BatchGroup) string {
	code, text := g.Code, g.Text
	if call, ok := v.Calls[g.BatchID]; ok && (call.Code != kakao.CodeOK || call.Text != "") {
		code, text = call.Code, call.Text
	} else if ok && call.Outcome == models.CallInDoubt {
		return p.T("progress.no_answer")
	}
	switch {
	case text == "" && code == kakao.CodeOK:
		return ""
	case code == kakao.CodeOK:
		return text
	}
	return strings.TrimSpace(fmt.Sprintf("%s (%d)", text, code))
}

// groupTime is when the batches were handed over, or else when that was tried.
func groupTime(p Page, g models.BatchGroup) string {
	switch {
	case !g.HandedAt.IsZero():
		return p.Clock(g.HandedAt.Time)
	case !g.CalledAt.IsZero():
		return p.Clock(g.CalledAt.Time)
	}
	return ""
}

func (v Progress) groupsPath(after int64) string {
	q := url.Values{}
	if v.Each {
		q.Set("each", "1")
	}
	if after > 0 {
		q.Set("after", strconv.FormatInt(after, 10))
	}
	if len(q) == 0 {
		return CampaignPath(v.Campaign)
	}
	return CampaignPath(v.Campaign) + "?" + q.Encode()
}

func decidePath(c models.Campaign, number int64) string {
	return fmt.Sprintf("%s/batches/%d/decide", CampaignPath(c), number)
}

// MessageList is messages of a campaign.
type MessageList struct {
	models.Campaign

	Filter   models.MessageFilter
	Typed    string // the number that is searched for
	Messages []models.ListedMessage
	Next     int64 // where the next page begins; 0: there is none
}

func (l MessageList) without(change func(*models.MessageFilter)) string {
	f := l.Filter
	change(&f)
	return MessagesPath(l.Campaign, f)
}

func (l MessageList) first() string { return l.without(func(f *models.MessageFilter) { f.After = 0 }) }
func (l MessageList) next() string {
	return l.without(func(f *models.MessageFilter) { f.After = l.Next })
}
func (l MessageList) anyCode() string {
	return l.without(func(f *models.MessageFilter) { f.After, f.Code = 0, "" })
}

// partOptions are what a list can be narrowed to.
func partOptions(p Page) []Option {
	options := []Option{{"", p.T("progress.all")}}
	for _, part := range models.Parts() {
		if part != models.PartUnplanned {
			options = append(options, Option{string(part), partName(p, part)})
		}
	}
	return options
}

func messagePhone(p Page, m models.ListedMessage) string {
	if m.Erased() {
		return p.T("personal.erased")
	}
	if p.Actor.Can(models.ViewNumbers) {
		return kakao.FormatPhone(m.Phone)
	}
	return kakao.MaskPhone(m.Phone)
}

// fallbackState is how far the SMS has come, in words; empty if there is none.
func fallbackState(p Page, s models.FallbackState) string {
	switch s {
	case models.FallbackNone:
		return "–"
	case models.FallbackTarget, models.FallbackUnderWay:
		return p.T("progress.sms.waiting")
	case models.FallbackDelivered:
		return p.T("progress.sms.delivered")
	case models.FallbackFailed:
		return p.T("progress.sms.failed")
	case models.FallbackUnknown:
		return p.T("progress.sms.unknown")
	}
	panic(fmt.Errorf("no fallback state %d", s))
}
