package views

import (
	"cmp"
	"net/url"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// LiveSearch is what the page of a search at the provider shows.
type LiveSearch struct {
	models.LivePage

	Query   models.LiveQuery
	Typed   url.Values // as the URL has it
	Choices models.DeliveryChoices
	Asked   bool // the provider has been asked, and has answered
}

// LivePath is a search of an appkey's messages at the provider.
func LivePath(appkeyID int64, q models.LiveQuery) string {
	q.Before = 0
	path := AppkeyPath(appkeyID) + "/deliveries/live"
	if v := q.Query(); len(v) > 0 {
		return path + "?" + v.Encode()
	}
	return path
}

// livePath searches at the provider for what the list is narrowed to.
func (l DeliveryList) livePath(p Page) string {
	q := models.LiveQuery{DeliveryFilter: l.Filter}
	q.Channel = cmp.Or(q.Channel, models.Channels()[0])
	return LivePath(p.Appkey.ID, q)
}

// form asks what to look for at the provider. A channel has to be chosen.
func (l LiveSearch) form(p Page) deliveryForm {
	return deliveryForm{
		DeliveryList: DeliveryList{Filter: l.Query.DeliveryFilter, Typed: l.Typed, Choices: l.Choices},
		Action:       LivePath(p.Appkey.ID, models.LiveQuery{}), Label: "live.title", Intro: "live.intro", Search: "live.search", Asks: true, Zone: true,
		Usual:    [][]string{{"channel", "requestId", "recipientNo"}, {"startCreateDate", "endCreateDate", "startRequestDate", "endRequestDate"}},
		More:     []string{"sender", "messageStatus", "resultCode", "createUser", "templateCode", "senderGroupingKey", "recipientGroupingKey"},
		Channels: channelOptions(p)[1:], Required: "channel", Codes: l.Choices.Codes,
		Hints: map[string]string{"createUser": "live.only_friendtalk", "templateCode": "live.only_brandtalk"},
	}
}

// goesOn reports whether there is more to be asked for.
func (l LiveSearch) goesOn() bool { return l.Next.Channel != "" }

func (l LiveSearch) pages(p Page) Pages {
	to := Pages{
		Label: "delivery.pages",
		First: linkIf(!l.Query.IsFirst(), LivePath(p.Appkey.ID, l.Query.First())), Next: linkIf(l.goesOn(), LivePath(p.Appkey.ID, l.Next)),
	}
	if l.Next.Window > l.Query.Window {
		to.On = "live.go_on"
	}
	return to
}

// mends reports whether the person can take over something of the page.
func (l LiveSearch) mends(p Page) bool {
	return l.Takeable() > 0 && p.Actor.Can(models.ManageCampaigns)
}

// fallbacks reports whether messages of the channel can go out by SMS.
func (l LiveSearch) fallbacks() bool { return l.Query.Channel.Traits().Fallback }

// shownMissing is how many messages of a request are named that the provider does not list.
const shownMissing = 10

// ledgerLines say how far the ledger has been compared, and what was left out.
func (l LiveSearch) ledgerLines(p Page) []string {
	var lines []string
	ledger := l.Ledger
	switch {
	case ledger.Off:
		lines = append(lines, p.T("live.ledger_off"))
	case ledger.Requests > 0 && ledger.Count() > 0:
		lines = append(lines, p.T("live.ledger_compared", "Count", ledger.Requests))
	case ledger.Requests > 0:
		lines = append(lines, p.T("live.ledger_alike", "Count", ledger.Requests))
	}
	if ledger.Unsure > 0 {
		lines = append(lines, p.T("live.ledger_unsure", "Count", ledger.Unsure))
	}
	if ledger.Fresh {
		lines = append(lines, p.T("live.ledger_fresh"))
	}
	if ledger.Failed.Key != "" {
		lines = append(lines, p.T("live.ledger_failed", "Reason", p.Text(ledger.Failed)))
	}
	return lines
}

// compareOn goes on comparing where the page has ended.
func (l LiveSearch) compareOn(p Page) string {
	q := l.Query
	q.Compared = l.Ledger.Next
	return LivePath(p.Appkey.ID, q) + "#ledger"
}

// unknownNames are the filters that the provider does not know, in words.
func (l LiveSearch) unknownNames(p Page) string {
	text := ""
	for i, name := range l.Query.Unknown() {
		if i > 0 {
			text += ", "
		}
		text += p.T("live.filter." + name)
	}
	return text
}

// livePart is the part that a row would be in by the provider's word, for its mark.
func livePart(r models.LiveRow) models.Part {
	o, reported := r.Told.Outcome(time.Time{})
	if !reported {
		return models.PartHanded
	}
	return models.PartOf(o.State)
}

// livePhone is a row's number as far as the person may see it.
func livePhone(p Page, r models.LiveRow) string {
	if r.Phone == "" {
		return "–"
	}
	if p.Actor.Can(models.ViewNumbers) {
		return kakao.FormatPhone(r.Phone)
	}
	return kakao.MaskPhone(r.Phone)
}

// differenceColor is the colour of a difference's badge.
func differenceColor(d models.Difference) string {
	switch d {
	case models.ToldMore:
		return "blue"
	case models.ToldOther, models.ToldOtherCode, models.ToldUnknown:
		return "orange"
	case models.Same, models.ToldLess, models.ToldEarly, models.ToldReplaced:
	}
	return "secondary"
}
