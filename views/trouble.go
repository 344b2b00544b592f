package views

import (
	"fmt"
	"math"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// trouble is something that holds a campaign up: what it is, and what to do.
type trouble struct {
	color  string // of Tabler's
	title  string
	what   string
	todo   string
	link   string // where that can be done; empty: nowhere
	label  string // of the link
	resume bool   // resuming is what can be done
}

// troubles are what holds the campaign up, the gravest first.
func (v Progress) troubles(p Page) []trouble {
	var all []trouble
	if v.Doubt.Asking > 0 {
		all = append(all, v.asking(p))
	}
	if v.stopped() && v.Hold != "" && (v.Hold != "hold.doubt" || v.Doubt.Asking == 0) {
		all = append(all, v.hold(p))
	}
	if v.Doubt.Batches > 0 && !v.Doubt.Last.IsZero() {
		all = append(all, trouble{
			color: "warning", title: p.T("trouble.doubt"), what: p.T("trouble.doubt.what", "Count", v.Doubt.Recipients),
			todo: p.T("trouble.doubt.do", "Time", p.Clock(v.Doubt.Last.Add(v.Settling))),
		})
	}
	if v.waits() {
		all = append(all, v.provider(p)...)
		all = append(all, v.sender(p)...)
	}
	return all
}

// waits reports whether anything is still to be asked of the provider.
func (v Progress) waits() bool {
	return v.State != models.CampaignPlanning && v.Equation.Unplanned+v.Equation.Planned+v.Equation.InDoubt+v.Equation.Handed > 0
}

// asking is that somebody has to decide about batches.
func (v Progress) asking(p Page) trouble {
	t := trouble{
		color: "danger", title: p.T("trouble.asks"), what: p.T("trouble.asks.what", "Count", v.Doubt.Asking), todo: p.T("trouble.asks.do"),
		label: p.T("trouble.asks.link"),
	}
	for _, g := range v.Groups {
		if g.Asks && g.First == v.Doubt.FirstAsked && p.Actor.Can(models.ManageCampaigns) {
			t.link = "#decide-" + numbers(g)
		}
	}
	if t.link == "" {
		t.link = v.groupsPath(v.Doubt.FirstAsked - 1)
	}
	return t
}

// hold is why the campaign is stopped. What has no text of its own for what to do can
// be resumed once it is mended.
func (v Progress) hold(p Page) trouble {
	t := trouble{color: "warning", title: p.T("progress.paused_title"), what: p.T(v.Hold), todo: p.T("trouble.resume"), resume: true}
	if v.State == models.CampaignHeld {
		t.color, t.title = "danger", p.T("progress.held_title")
	}
	if key := v.Hold + ".do"; p.Has(key) {
		t.todo = p.T(key)
	}
	switch {
	case v.HoldCode == kakao.CodeOK || v.Hold == "hold.refusals":
	case v.HoldCode == kakao.CodeAppkey || v.HoldCode == kakao.CodeSecretKey || v.HoldCode == kakao.CodeAppkeyNotFound || v.HoldCode == kakao.CodeAppkeyDisabled:
		if p.Actor.Can(models.ManageAppkeys) {
			t.link, t.label = AppkeySettingsPath(v.AppkeyID), p.T("trouble.appkey")
		}
	case v.Hold == "hold.image":
		t.link, t.label = ImagesPath(v.AppkeyID), p.T("nav.images")
	case v.Sender.ID != 0:
		t.link, t.label = SenderPath(v.Sender), p.T("trouble.sender")
	}
	return t
}

// provider is that the provider does not answer, or wants fewer calls.
func (v Progress) provider(p Page) []trouble {
	if v.Outage.On() {
		t := trouble{
			color: "warning", title: p.T("trouble.outage"), what: p.T("trouble.outage.what", "Since", p.Clock(v.Outage.Since)),
			todo: p.T("trouble.outage.soon"),
		}
		if wait := v.Outage.Next.Sub(v.Now); !v.Outage.Next.IsZero() && wait > 0 {
			t.todo = p.T("trouble.outage.do", "Count", seconds(wait))
		}
		return []trouble{t}
	}
	if v.Limited > 0 {
		t := trouble{
			color: "warning", title: p.T("trouble.limited"), what: p.T("trouble.limited.what"), todo: p.T("trouble.limited.do", "Count", seconds(v.Limited)),
		}
		if p.Actor.Can(models.ManageAppkeys) {
			t.link, t.label = AppkeySettingsPath(v.AppkeyID), p.T("trouble.appkey")
		}
		return []trouble{t}
	}
	return nil
}

func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// sender is what is known of the sender with which no more can be handed over, unless
// the campaign has stopped because of it.
func (v Progress) sender(p Page) []trouble {
	if v.Sender.ID == 0 || v.Equation.Planned == 0 || strings.HasPrefix(v.Hold, "api.") && v.stopped() {
		return nil
	}
	link, label := SenderPath(v.Sender), p.T("trouble.sender")
	if usable, reason := v.Sender.Usable(); !usable {
		return []trouble{{color: "danger", title: p.T("trouble.blocked"), what: p.Text(reason), todo: p.T("trouble.blocked.do"), link: link, label: label}}
	}
	if sent, known := v.Sender.SentToday(v.Now); known && v.Sender.DailyMax > 0 && sent >= v.Sender.DailyMax {
		what := p.T("trouble.quota.what", "Sent", sent, "Max", v.Sender.DailyMax)
		return []trouble{{color: "warning", title: p.T("trouble.quota"), what: what, todo: p.T("trouble.quota.do"), link: link, label: label}}
	}
	return nil
}

// troubleID tells troubles apart while the page changes.
func troubleID(i int) string { return fmt.Sprintf("trouble-%d", i) }
