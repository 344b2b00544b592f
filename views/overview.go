package views

import (
	"fmt"
	"strconv"
	"time"

	"soshik/models"
)

// Board is what goes on in a team, or with one of its appkeys, and whether anything is
// wrong.
type Board struct {
	Scope    models.Scope
	Path     string // of the page that it stands on
	Now      time.Time
	Running  []models.CampaignRow
	Coming   []models.CampaignRow
	Open     map[models.CampaignState]int64
	Senders  []models.SenderToday
	Days     models.Outcomes // the last of them is today
	Awaited  *models.Awaited // the result that has been waited for the longest
	Resting  []models.Appkey // of which the provider is not asked, since it has failed too often
	Outages  []models.Outage // of Resting
	Stopped  []models.Appkey // by an emergency stop of their own
	Blocked  int64           // senders from which nothing can be sent any more
	Refused  int64           // templates that cannot be sent any more
	Waiting  int64           // for the person's approval
	Failing  []models.FailingJobs
	Calendar string // path of the calendar
}

// overviewEvery is after how many seconds an overview asks anew.
const overviewEvery = 15

// waitsLong is after how long it is remarkable that a result has not come.
const waitsLong = 24 * time.Hour

// alarm is something that is wrong, or that waits for somebody.
type alarm struct {
	icon  string
	bad   bool // nothing goes out until somebody has done something
	text  string
	href  string // where to look; empty: nowhere
	label string // of the link
}

// alarms are all that somebody should look at, the worst first.
func (b Board) alarms(p Page) []alarm {
	var all []alarm
	for _, k := range b.Stopped {
		all = append(all, alarm{"ban", true, p.T("overview.stopped", "Appkey", k.Name), AppkeyStopPath(k.ID), p.T("overview.look")})
	}
	for i, k := range b.Resting {
		all = append(all, alarm{"alert", true, p.T("overview.resting", "Appkey", k.Name, "Time", b.Outages[i].Since), "", ""})
	}
	all = append(all, b.campaignAlarms(p)...)
	if b.Blocked > 0 {
		all = append(all, alarm{"user", true, p.T("overview.senders", "Count", b.Blocked), b.troublesPath(), p.T("overview.look")})
	}
	if b.Refused > 0 {
		all = append(all, alarm{"template", false, p.T("overview.templates", "Count", b.Refused), "#template-troubles", p.T("overview.look")})
	}
	for _, j := range b.Failing {
		key := "overview.failing"
		if j.GivenUp == j.Count {
			key = "overview.given_up"
		}
		all = append(all, alarm{"alert", j.GivenUp > 0, p.T(key, "Count", j.Count, "Job", jobName(p, j.Kind)), "", ""})
	}
	if a := b.Awaited; a != nil && b.Now.Sub(a.Since.Time) >= waitsLong {
		all = append(all, alarm{"clock", false, p.T("overview.waits_long", "Campaign", campaignName(p, a.Campaign()), "Time", a.Since.Time), CampaignPath(a.Campaign()), p.T("overview.look")})
	}
	if b.Waiting > 0 {
		all = append(all, alarm{"user-check", false, p.T("overview.approvals", "Count", b.Waiting), ApprovalsPath(p.Team.ID), p.T("overview.approve")})
	}
	return all
}

// troublesPath is where the senders are named from which nothing can be sent.
func (b Board) troublesPath() string {
	if b.Path == AppkeyPath(b.Scope.Appkeys[0].ID) {
		return inTroublePath(b.Scope.Appkeys[0].ID)
	}
	return "#troubles"
}

// campaignAlarms are the campaigns that do not go on by themselves.
func (b Board) campaignAlarms(p Page) []alarm {
	var all []alarm
	for _, state := range []models.CampaignState{models.CampaignHeld, models.CampaignPaused} {
		n := b.Open[state]
		if n == 0 {
			continue
		}
		a := alarm{"alert", state == models.CampaignHeld, p.T("overview."+string(state), "Count", n), "#running", p.T("overview.look")}
		if n == 1 {
			for _, c := range b.Running {
				if c.State == state {
					a.href = campaignLink(c.Campaign)
				}
			}
		}
		all = append(all, a)
	}
	return all
}

// jobName is what a kind of job does, in words; a kind that has none is named as it is.
func jobName(p Page, kind string) string {
	if key := "job." + kind; p.Has(key) {
		return p.T(key)
	}
	return kind
}

// today is what became of messages today.
func (b Board) today() models.DayCounts { return b.Days[len(b.Days)-1] }

// rate is which share of what has a result arrived, in percent with one digit behind the
// point; empty where there are no results.
func rate(arrived, all int64) string {
	if all == 0 {
		return "–"
	}
	// Rounded down, so that 100 says that nothing failed.
	tenths := arrived * 1000 / all
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}

// dayBar is a day in the drawing of the last days, in units of the drawing.
type dayBar struct {
	x, w                   int
	delivered, sms, failed int // heights, from the bottom up
	day                    time.Time
	counts                 models.DayCounts
}

// The drawing of the last days, in its own units.
const (
	daysHeight = 40
	dayWidth   = 8
	dayGap     = 2
)

// bars are the days as they are drawn: all on the scale of the highest.
func (b Board) bars() []dayBar {
	var most int64
	for _, d := range b.Days {
		most = max(most, d.Delivered+d.Failed)
	}
	if most == 0 {
		return nil
	}
	bars := make([]dayBar, len(b.Days))
	last := models.DayOf(b.Now)
	for i, d := range b.Days {
		day := last - models.Day(len(b.Days)-1-i)
		bars[i] = dayBar{x: i * (dayWidth + dayGap), w: dayWidth, day: day.Begins(), counts: d}
		bars[i].delivered, bars[i].sms, bars[i].failed = high(d.Delivered, most), high(d.SMS, most), high(d.Failed-d.SMS, most)
	}
	return bars
}

// high is how high n is drawn; what is there is seen.
func high(n, most int64) int {
	if n <= 0 {
		return 0
	}
	return int(max(1, n*daysHeight/most))
}

// daysBox is the size of the drawing.
func (b Board) daysBox() string {
	return "0 0 " + strconv.Itoa(len(b.Days)*(dayWidth+dayGap)-dayGap) + " " + strconv.Itoa(daysHeight+2)
}

// label says a day's numbers in words.
func (d dayBar) label(p Page) string {
	return p.T("overview.day", "Date", p.Date(d.day), "Delivered", d.counts.Delivered, "SMS", d.counts.SMS, "Failed", d.counts.Failed-d.counts.SMS)
}
