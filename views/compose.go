package views

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// NewCampaignPath is the form that begins a campaign.
func NewCampaignPath(appkeyID int64) string { return CampaignsPath(appkeyID) + "/new" }

// CampaignList is a page of the list of campaigns.
type CampaignList struct {
	Rows       []models.CampaignRow
	Tests      bool // they are tests
	First      bool // nothing newer is left out
	More       bool // there are older ones
	HasSenders bool
	Now        time.Time
}

// firstPath is the first page of the list.
func (l CampaignList) firstPath(p Page) string {
	if l.Tests {
		return TestsPath(p.Appkey.ID)
	}
	return CampaignsPath(p.Appkey.ID)
}

// tab is which of the tabs the list is.
func (l CampaignList) tab() string {
	if l.Tests {
		return "tests"
	}
	return "campaigns"
}

// olderPath is the page behind the last row.
func (l CampaignList) olderPath(p Page) string {
	separator := "?"
	if l.Tests {
		separator = "&"
	}
	return fmt.Sprintf("%s%sbefore=%d", l.firstPath(p), separator, l.Rows[len(l.Rows)-1].ID)
}

// campaignLink is where a row of the list leads to: a draft to where it is composed,
// what waits for approval to where that is decided.
func campaignLink(c models.Campaign) string {
	switch {
	case c.State == models.CampaignDraft:
		return StepPath(c, "message")
	case c.State.Frozen():
		return ApprovalPath(c)
	}
	return CampaignPath(c)
}

// MessageStep is the step that says what is sent.
type MessageStep struct {
	Campaign   models.Campaign // as it is, or as it was typed
	Senders    []models.Sender
	Origin     models.Origin // zero: it was copied from no template
	Editor     Editor
	Kept       Kept
	ReadsSaved bool // somebody looks at what is saved while their own text waits elsewhere
	Now        time.Time
}

// kept is how the step keeps what is typed in it.
func (s MessageStep) kept() Kept {
	k := s.Kept
	k.Saved = StepPath(s.Campaign, "message") + "?saved=1"
	if !s.ReadsSaved {
		k.Path = StepPath(s.Campaign, "message") + "/draft"
	}
	return k
}

// Preview is a message on a phone, with the values of one recipient or, where
// there are none yet, with samples.
type Preview struct {
	Channel  models.Channel
	Content  models.Content // as it was typed
	Fallback models.Fallback
	At       time.Time     // when the recipient reads it
	Sender   models.Sender // zero if none is chosen
	As       string        // what is shown: kakao or sms
	Chat     string        // colours of the chat: light or dark; empty: as the site's
	Row      int64         // of the recipients, from 1; 0 for samples
	Rows     int64
	Columns  []string // the variables that the recipients have
	Phone    string
	Values   map[string]string
	Caption  string // catalog key of what the values are, without a row; empty: samples
}

// caption is the catalog key of what the values are that are no recipient's.
func (v Preview) caption() string { return cmp.Or(v.Caption, "phone.samples") }

// lacks reports whether no recipient can have a value for the variable.
func (v Preview) lacks(name string) bool { return v.Rows > 0 && !slices.Contains(v.Columns, name) }

// skip is why the recipient would get nothing, "" if nothing is in the way.
func (v Preview) skip() string {
	if v.Row == 0 {
		return ""
	}
	_, reason, err := models.NewComposer(v.Channel, v.Content, v.Fallback).Compose(models.VarsJSON(v.Values))
	if err != nil {
		return ""
	}
	return reason
}

// sms is what the recipient gets where KakaoTalk fails.
func (v Preview) sms() models.SMS {
	return v.Fallback.SMS(v.Content, v.Sender.UnsubscribeNo, v.Values)
}

// FallbackStep is the step that says what goes out by SMS.
type FallbackStep struct {
	Campaign models.Campaign
	Preview  Preview
}

// ScheduleStep is the step that says when.
type ScheduleStep struct {
	Campaign    models.Campaign
	In          models.NewSchedule
	Pace        models.NewPace
	Unread      bool                  // what was typed cannot be read, so Campaign does not say it
	Recipients  int64                 // 0: none yet
	Sender      models.Sender         // zero if none is chosen
	Course      models.Course         // what time and pace come to
	Wrong       []models.FieldProblem // with when it would go out
	UndoMinutes int                   // for how long it can be undone if it is to go out at once
	Now         time.Time
}

// suggested fills a time in that suits most people: ten in the morning, tomorrow.
func (s ScheduleStep) suggested() models.NewSchedule {
	in := s.In
	if !in.Later && in.Date == "" && in.Clock == "" {
		in.Date, in.Clock = s.Now.In(kakao.KST).AddDate(0, 0, 1).Format(time.DateOnly), "10:00"
	}
	return in
}

// firstDay and lastDay bound what can be scheduled.
func (s ScheduleStep) firstDay() string { return s.Now.In(kakao.KST).Format(time.DateOnly) }

func (s ScheduleStep) lastDay() string {
	return s.Now.In(kakao.KST).AddDate(0, 0, s.Campaign.Channel.Traits().HorizonDays).Format(time.DateOnly)
}

// LaunchedText says that c has been launched.
func LaunchedText(c models.Campaign) models.Text {
	if c.ScheduledAt != nil {
		return models.T("compose.launched_later")
	}
	return models.T("compose.launched_now")
}

// campaignName is what a campaign is called, also while it has no name.
func campaignName(p Page, c models.Campaign) string {
	if c.Name == "" {
		return p.T("compose.unnamed")
	}
	return c.Name
}

// named is p with the campaign's name as its title.
func named(p Page, c models.Campaign) Page {
	p.Title = campaignName(p, c)
	return p
}

// senderOptions are the senders to choose from, each with its state and today's
// count.
func senderOptions(p Page, ss []models.Sender, now time.Time) []Option {
	options := []Option{{"", p.T("compose.sender_choose")}}
	for _, s := range ss {
		options = append(options, Option{fmt.Sprint(s.ID), senderOption(p, s, now)})
	}
	return options
}

func senderOption(p Page, s models.Sender, now time.Time) string {
	state := senderStatus(p, s)
	if t := s.Trouble(); t != "" {
		state = p.T("sender.is." + string(t))
	}
	parts := []string{s.PlusFriendID, state}
	if n, known := s.SentToday(now); known && s.DailyMax > 0 {
		parts = append(parts, p.T("compose.today_of", "Sent", n, "Max", s.DailyMax))
	} else if known {
		parts = append(parts, p.T("compose.today", "Sent", n))
	}
	return strings.Join(parts, " · ")
}

func idOrEmpty(id int64) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprint(id)
}

// composes reports whether the person may edit drafts.
func composes(p Page) bool { return p.Actor.Can(models.ManageCampaigns) }
