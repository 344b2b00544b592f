package views

import (
	"net/url"

	"soshik/models"
)

// ForeignList is what the page of messages shows that other systems have sent.
type ForeignList struct {
	models.ForeignPage
	DeliveryList // its filter and how it was typed

	After string // where the page begins; empty: at the newest
	Kept  bool   // there are some, whatever the filter
}

// ForeignPath lists messages that other systems have sent through an appkey.
func ForeignPath(appkeyID int64, f models.DeliveryFilter) string {
	return foreignPath(appkeyID, f.Query())
}

func foreignPath(appkeyID int64, q url.Values) string {
	path := AppkeyPath(appkeyID) + "/deliveries/elsewhere"
	if len(q) > 0 {
		return path + "?" + q.Encode()
	}
	return path
}

func (l ForeignList) pages(p Page) Pages {
	q := l.Filter.Query()
	q.Set("after", l.ForeignPage.Next)
	return Pages{
		Label: "foreign.pages",
		First: linkIf(l.After != "", ForeignPath(p.Appkey.ID, l.Filter)),
		Next:  linkIf(l.ForeignPage.Next != "", foreignPath(p.Appkey.ID, q)),
	}
}

// form asks what to look for among what others have sent.
func (l ForeignList) form(p Page) deliveryForm {
	all := ForeignPath(p.Appkey.ID, models.DeliveryFilter{})
	return deliveryForm{
		DeliveryList: l.DeliveryList, Action: all, Clear: all, Label: "progress.filter", Search: "progress.search", Zone: true,
		Usual: [][]string{{"recipientNo", "part", "startRequestDate", "endRequestDate"}},
		More:  []string{"channel", "sender", "templateCode", "code", "requestId", "senderGroupingKey", "recipientGroupingKey"},
		Parts: foreignParts(p), Channels: channelOptions(p),
	}
}

// foreignParts are what can become of a message that another system has sent.
func foreignParts(p Page) []Option {
	options := []Option{{"", p.T("progress.all")}}
	for _, part := range models.ForeignParts() {
		options = append(options, Option{string(part), partName(p, part)})
	}
	return options
}

func foreignPhone(p Page, m models.ForeignMessage) string {
	return messagePhone(p, models.ListedMessage{Message: models.Message{Phone: m.Phone}})
}

// foreignCode is m as far as its codes say something.
func foreignCode(m models.ForeignMessage) models.ListedMessage {
	return models.ListedMessage{Message: models.Message{State: m.State, Fallback: m.Fallback, Code: m.Code, SMSCode: m.SMSCode}}
}

// foreignSender is who a message is from, and by which channel.
func foreignSender(p Page, m models.ForeignMessage) string {
	text := p.T("channel." + string(m.Channel))
	if m.PlusFriendID != "" {
		text += " · " + m.PlusFriendID
	}
	return text
}
