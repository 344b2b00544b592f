package views

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"

	"soshik/models"
)

// DeliveryList is what the page of deliveries shows.
type DeliveryList struct {
	models.DeliveryPage

	PerPage int
	Filter  models.DeliveryFilter
	Typed   url.Values // as the URL has it
	Choices models.DeliveryChoices
}

// DeliveriesPath lists deliveries of an appkey.
func DeliveriesPath(appkeyID int64, f models.DeliveryFilter) string {
	path := AppkeyPath(appkeyID) + "/deliveries"
	if q := f.Query(); len(q) > 0 {
		return path + "?" + q.Encode()
	}
	return path
}

// with is the list as it is after a change of the filter.
func (l DeliveryList) with(p Page, change func(*models.DeliveryFilter)) string {
	f := l.Filter
	change(&f)
	return DeliveriesPath(p.Appkey.ID, f)
}

func (l DeliveryList) pages(p Page) Pages {
	to := Pages{
		Label: "delivery.pages",
		First: linkIf(l.Filter.Before > 0, l.with(p, func(f *models.DeliveryFilter) { f.Before = 0 })),
		Next:  linkIf(l.Next > 0, l.with(p, func(f *models.DeliveryFilter) { f.Before = l.Next })),
	}
	if l.GoesOn(l.PerPage) {
		to.On = "delivery.go_on"
	}
	return to
}

func (l DeliveryList) anyCampaign(p Page) string {
	return l.with(p, func(f *models.DeliveryFilter) { f.CampaignID, f.Before = 0, 0 })
}

// form asks what to look for among what was sent from here.
func (l DeliveryList) form(p Page) deliveryForm {
	all := DeliveriesPath(p.Appkey.ID, models.DeliveryFilter{})
	return deliveryForm{
		DeliveryList: l, Action: all, Clear: all, Label: "progress.filter", Search: "progress.search",
		Usual: [][]string{{"recipientNo", "part", "startCreateDate", "endCreateDate"}},
		More: []string{
			"startRequestDate", "endRequestDate", "channel", "sender", "templateCode", "createUser", "resultCode", "code", "messageStatus", "requestId",
			"senderGroupingKey", "recipientGroupingKey",
		},
		Parts: partOptions(p), Channels: channelOptions(p), Codes: slices.Concat(l.Choices.Codes, l.Choices.Templates),
		Hints: map[string]string{"templateCode": "delivery.template_hint"},
	}
}

func namedOptions(p Page, found []models.Named) []Option {
	options := []Option{{"", p.T("progress.all")}}
	for _, n := range found {
		id := strconv.FormatInt(n.ID, 10)
		if n.Name == "" {
			n.Name = p.T("delivery.gone", "ID", id)
		}
		options = append(options, Option{id, n.Name})
	}
	return options
}

func channelOptions(p Page) []Option {
	options := []Option{{"", p.T("progress.all")}}
	for _, ch := range models.Channels() {
		options = append(options, Option{string(ch), p.T("channel." + string(ch))})
	}
	return options
}

func statusOptions(p Page) []Option {
	options := []Option{{"", p.T("progress.all")}}
	for _, s := range models.DeliveryStatuses() {
		options = append(options, Option{s, p.T("delivery.status." + s)})
	}
	return options
}

func groupOptions(p Page) []Option {
	options := []Option{{"", p.T("progress.all")}}
	for _, g := range models.ResultGroups() {
		options = append(options, Option{string(g), p.T("delivery.group." + string(g))})
	}
	return options
}

// sent reports whether anything has been sent, whether it is still there or not.
func (l DeliveryList) sent() bool { return len(l.Choices.Senders) > 0 }

// fallbacks reports whether any of the messages can go out by SMS.
func (l DeliveryList) fallbacks() bool {
	return slices.ContainsFunc(l.Deliveries, func(d models.Delivery) bool { return d.Channel.Traits().Fallback })
}

// campaign is the name of the campaign that the list is narrowed to.
func (l DeliveryList) campaign(p Page) string {
	return cmp.Or(l.Choices.Campaign.Name, p.T("delivery.gone", "ID", strconv.FormatInt(l.Filter.CampaignID, 10)))
}

// from is who a message is from, and by which channel.
func (l DeliveryList) from(p Page, d models.Delivery) string {
	text := p.T("channel." + string(d.Channel))
	for _, s := range l.Choices.Senders {
		if s.ID == d.SenderID && s.Name != "" {
			text += " · " + s.Name
		}
	}
	return text
}

func deliveryCampaign(p Page, d models.Delivery) string {
	return CampaignPath(models.Campaign{ID: d.CampaignID, AppkeyID: p.Appkey.ID})
}

// handedAt is when a message was handed over; zero: it has not been.
func handedAt(d models.Delivery) time.Time {
	if d.HandedAt == nil {
		return time.Time{}
	}
	return *d.HandedAt
}
