package views

import (
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

// form is the form's fields as those of the page of deliveries have them.
func (l LiveSearch) form() DeliveryList {
	return DeliveryList{Filter: l.Query.DeliveryFilter, Typed: l.Typed, Choices: l.Choices}
}

// more reports whether the filters that are folded away have anything in them.
func (l LiveSearch) more() bool {
	f := l.Query.DeliveryFilter
	f.Channel, f.RequestID, f.Phone, f.RequestFrom, f.RequestTo, f.CreateFrom, f.CreateTo = "", "", "", nil, nil, nil, nil
	f.CampaignID, f.Part, f.Code, f.Before = 0, "", "", 0
	return f.Narrow()
}

// channels are those that can be searched; one has to be chosen.
func (l LiveSearch) channels(p Page) []Option { return channelOptions(p)[1:] }

// goesOn reports whether there is more to be asked for.
func (l LiveSearch) goesOn() bool { return l.Next.Channel != "" }

// isFirst reports whether the page is the first one of the search.
func (l LiveSearch) isFirst() bool { return l.Query.Window == 0 && l.Query.Page <= 1 }

// mends reports whether the person can take over something of the page.
func (l LiveSearch) mends(p Page) bool {
	return l.Takeable() > 0 && p.Actor.Can(models.ManageCampaigns)
}

// fallbacks reports whether messages of the channel can go out by SMS.
func (l LiveSearch) fallbacks() bool { return l.Query.Channel.Traits().Fallback }

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
