package bench

import (
	"cmp"
	"math/rand/v2"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// alone are searches by one filter.
func (l *library) alone() []pageCase {
	type f = models.DeliveryFilter
	cases := []pageCase{
		{name: "everything", filter: func(*rand.Rand) f { return f{} }},
		{name: "everything, deep", filter: func(rnd *rand.Rand) f { return f{Before: models.MessageID(l.batch(rnd), 1)} }},
		{name: "number", filter: func(rnd *rand.Rand) f { return f{Phone: phoneOf(rnd.IntN(l.size), l.size)} }},
		{name: "unknown number", filter: func(*rand.Rand) f { return f{Phone: "01199999999"} }},
		{name: "request", filter: func(rnd *rand.Rand) f { return f{RequestID: requestOf(l.batch(rnd))} }},
		{name: "request's key", filter: func(rnd *rand.Rand) f {
			b := l.batch(rnd)
			return f{SenderKey: models.AttemptKey(l.campaignOf(b), b, 1)}
		}},
		{name: "recipient's key", filter: func(rnd *rand.Rand) f {
			b := l.batch(rnd)
			return f{RecipientKey: models.MessageKey(l.campaignOf(b), models.Message{ID: models.MessageID(b, 1+rnd.IntN(100))})}
		}},
		{name: "campaign", filter: func(rnd *rand.Rand) f { return f{CampaignID: l.campaigns[rnd.IntN(len(l.campaigns))].ID} }},
		{name: "channel", filter: func(rnd *rand.Rand) f { return f{Channel: models.Channels()[rnd.IntN(2)]} }},
		{name: "sender", filter: func(rnd *rand.Rand) f { return f{SenderID: senderOf(rnd.IntN(senders))} }},
		{name: "template", filter: func(rnd *rand.Rand) f { return f{TemplateCode: templateOf(rnd.IntN(templates))} }},
		{name: "creator", filter: func(rnd *rand.Rand) f { return f{CreatedBy: int64(1 + rnd.IntN(creators))} }},
		{name: "handed over, 1 day", filter: func(rnd *rand.Rand) f {
			from, to := l.days(rnd, 1)
			return f{CreateFrom: from, CreateTo: to}
		}},
		{name: "handed over, 30 days", filter: func(rnd *rand.Rand) f {
			from, to := l.days(rnd, 30)
			return f{CreateFrom: from, CreateTo: to}
		}},
		{name: "sent, 30 days", filter: func(rnd *rand.Rand) f {
			from, to := l.days(rnd, 30)
			return f{RequestFrom: from, RequestTo: to}
		}},
		{name: "usual code", filter: func(*rand.Rand) f { return f{Code: kakao.DeliveryNotReachable} }},
		{name: "rare code", filter: func(*rand.Rand) f { return f{Code: rareCode} }},
		{name: "unknown code", filter: func(*rand.Rand) f { return f{Code: "9998"} }},
		{name: "result: success", filter: func(*rand.Rand) f { return f{Group: models.ResultSuccess} }},
		{name: "result: failure", filter: func(*rand.Rand) f { return f{Group: models.ResultFailure} }},
	}
	for _, p := range models.Parts() {
		if p != models.PartUnplanned {
			cases = append(cases, pageCase{name: "state: " + string(p), filter: func(*rand.Rand) f { return f{Part: p} }})
		}
	}
	return cases
}

// pairs are filters that are used together.
func pairs() [][2]string {
	return [][2]string{
		{"number", "handed over, 30 days"}, {"number", "campaign"}, {"number", "sender"}, {"number", "state: failed"},
		{"campaign", "state: failed"}, {"campaign", "state: skipped"}, {"campaign", "usual code"}, {"campaign", "rare code"},
		{"campaign", "state: delivered"}, {"campaign", "handed over, 1 day"},
		{"handed over, 30 days", "state: delivered"}, {"handed over, 30 days", "state: failed"}, {"handed over, 30 days", "state: cancelled"},
		{"handed over, 30 days", "state: skipped"}, {"handed over, 30 days", "state: closed"}, {"handed over, 30 days", "usual code"},
		{"handed over, 30 days", "rare code"}, {"handed over, 30 days", "unknown code"}, {"handed over, 30 days", "sender"},
		{"handed over, 30 days", "template"}, {"handed over, 30 days", "creator"}, {"handed over, 1 day", "state: skipped"},
		{"sent, 30 days", "state: cancelled"}, {"sender", "state: failed"}, {"sender", "state: skipped"}, {"sender", "usual code"},
		{"sender", "rare code"}, {"template", "state: failed"}, {"template", "rare code"}, {"template", "creator"}, {"sender", "creator"},
		{"creator", "state: failed"}, {"creator", "usual code"}, {"channel", "state: cancelled"}, {"sender", "template"},
		{"everything, deep", "state: failed"}, {"everything, deep", "rare code"}, {"everything, deep", "number"},
	}
}

// both is what both filters let through; they have nothing in common.
func both(f, g models.DeliveryFilter) models.DeliveryFilter {
	return models.DeliveryFilter{
		Channel: cmp.Or(f.Channel, g.Channel), CampaignID: cmp.Or(f.CampaignID, g.CampaignID),
		RequestFrom: cmp.Or(f.RequestFrom, g.RequestFrom), RequestTo: cmp.Or(f.RequestTo, g.RequestTo),
		CreateFrom: cmp.Or(f.CreateFrom, g.CreateFrom), CreateTo: cmp.Or(f.CreateTo, g.CreateTo),
		Phone: cmp.Or(f.Phone, g.Phone), SenderID: cmp.Or(f.SenderID, g.SenderID), TemplateCode: cmp.Or(f.TemplateCode, g.TemplateCode),
		Part: cmp.Or(f.Part, g.Part), Group: cmp.Or(f.Group, g.Group), Code: cmp.Or(f.Code, g.Code),
		CreatedBy: cmp.Or(f.CreatedBy, g.CreatedBy), Before: cmp.Or(f.Before, g.Before),
	}
}

// days is a time of so many days within the time in which messages were handed over.
func (l *library) days(rnd *rand.Rand, n int) (from, to *time.Time) {
	begin := l.began.AddDate(0, 0, rnd.IntN(max(handedDays-n, 1)))
	end := begin.AddDate(0, 0, n)
	return &begin, &end
}
