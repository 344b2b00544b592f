package models_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"soshik/models"
)

// foreigners are messages of others of two appkeys, of all kinds.
type foreigners struct {
	*ledger
	messages []models.ForeignMessage
	sender   int64 // of the name @one
}

func newForeigners(t *testing.T) *foreigners {
	t.Helper()
	f := &foreigners{ledger: newLedger(t)}
	now := time.Now().UTC().Truncate(time.Minute)
	s := models.Sender{AppkeyID: f.campaign.AppkeyID, PlusFriendID: "@one"}
	must(t, f.PutWaitingSender(t.Context(), &s))
	f.sender = s.ID
	other := models.Appkey{TeamID: f.campaign.TeamID, Name: "b", Appkey: "b", Secret: []byte{1}, CreatedAt: now, UpdatedAt: now}
	must(t, f.CreateAppkey(t.Context(), &other))
	rnd := rand.New(rand.NewPCG(1, 2))
	ms := make([]models.ForeignMessage, 3000)
	for i := range ms {
		m := models.ForeignMessage{
			AppkeyID: f.campaign.AppkeyID, Channel: models.FriendTalk, RequestID: fmt.Sprint("r", i/10), Seq: i%10 + 1, Phone: fmt.Sprintf("0101234%04d", rnd.IntN(300)),
			PlusFriendID: []string{"@one", "@two", "@three"}[rnd.IntN(3)], State: models.MessageDelivered, Code: "1000",
			SentAt: now.Add(-time.Duration(i/20) * time.Minute).UnixMilli(), SenderGroup: fmt.Sprint("g", i/100), RecipientGroup: fmt.Sprint("to", i), TakenAt: now,
		}
		if i%15 == 0 {
			m.Channel, m.TemplateCode = models.BrandTalk, fmt.Sprint("t", rnd.IntN(3))
		}
		switch n := rnd.IntN(50); {
		case n < 10:
			m.State, m.Code = models.MessageFailed, []string{"3018", "3008"}[n%2]
		case n < 13:
			m.State, m.Fallback, m.Code = models.MessageSMS, models.FallbackDelivered, "3018"
		case n < 14:
			m.State, m.Code = models.MessageOpen, ""
		case n < 15:
			m.State, m.Code = models.MessageCancelled, ""
		}
		if i%7 == 0 {
			m.AppkeyID = other.ID
		}
		ms[i] = m
	}
	must(t, f.SaveForeign(t.Context(), ms))
	for _, m := range ms {
		if m.AppkeyID == f.campaign.AppkeyID {
			f.messages = append(f.messages, m)
		}
	}
	slices.SortStableFunc(f.messages, func(a, b models.ForeignMessage) int { return cmp.Compare(b.SentAt, a.SentAt) })
	return f
}

// lets says in other words than SQL whether the filter lets m through.
func (f *foreigners) lets(d models.DeliveryFilter, m models.ForeignMessage) bool {
	group := map[models.Part]models.ResultGroup{models.PartDelivered: models.ResultSuccess, models.PartSMS: models.ResultFailure, models.PartFailed: models.ResultFailure}
	same := func(asked, is string) bool { return asked == "" || asked == is }
	return same(string(d.Channel), string(m.Channel)) && same(d.RequestID, m.RequestID) && same(d.Phone, m.Phone) && same(d.Code, m.Code) &&
		same(d.TemplateCode, m.TemplateCode) && same(d.SenderKey, m.SenderGroup) && same(d.RecipientKey, m.RecipientGroup) &&
		same(string(d.Part), string(m.Part())) && same(string(d.Group), string(group[m.Part()])) &&
		(d.SenderID == 0 || d.SenderID == f.sender && m.PlusFriendID == "@one") && d.CampaignID == 0 && d.CreatedBy == 0 &&
		(d.RequestFrom == nil || m.SentAt >= d.RequestFrom.UnixMilli()) && (d.RequestTo == nil || m.SentAt < d.RequestTo.Add(time.Minute).UnixMilli())
}

// filters are one of each kind, and such as nothing meets.
func (f *foreigners) filters() []models.DeliveryFilter {
	some := f.messages[1000]
	from, to := time.UnixMilli(f.messages[1800].SentAt), time.UnixMilli(f.messages[500].SentAt)
	filters := []models.DeliveryFilter{
		{}, {Channel: models.FriendTalk}, {Channel: models.BrandTalk}, {RequestID: some.RequestID}, {RequestID: "none"}, {Phone: some.Phone}, {Phone: "01199999999"},
		{Code: "3018"}, {Code: "3008"}, {Code: "1000"}, {Code: "9"}, {TemplateCode: "t1"}, {TemplateCode: "none"}, {SenderKey: some.SenderGroup},
		{RecipientKey: some.RecipientGroup}, {SenderID: f.sender}, {SenderID: 999}, {Group: models.ResultSuccess}, {Group: models.ResultFailure},
		{RequestFrom: &from}, {RequestTo: &to}, {RequestFrom: &from, RequestTo: &to}, {CampaignID: 1}, {CreatedBy: 1}, {Part: models.PartSkipped},
	}
	for _, p := range models.ForeignParts() {
		filters = append(filters, models.DeliveryFilter{Part: p})
	}
	return filters
}

// pages turns over all pages of a search, and says of which requests and places they tell.
func (f *foreigners) pages(t *testing.T, d models.DeliveryFilter, limit int) (found []string) {
	t.Helper()
	for after := ""; ; {
		p, err := f.ForeignMessages(t.Context(), f.campaign.AppkeyID, d, after, limit)
		must(t, err)
		for _, m := range p.Messages {
			found = append(found, fmt.Sprint(m.SentAt, " ", m.RequestID, " ", m.Seq))
		}
		if after = p.Next; after == "" {
			return found
		}
	}
}

func TestForeignMessagesAreFoundByEveryPairOfFilters(t *testing.T) {
	t.Parallel()
	f := newForeigners(t)
	filters := f.filters()
	for i, one := range filters {
		for _, other := range filters[:i+1] {
			both, fits := join(one, other)
			if !fits {
				continue
			}
			var want []string
			for _, m := range f.messages {
				if f.lets(both, m) {
					want = append(want, fmt.Sprint(m.SentAt, " ", m.RequestID, " ", m.Seq))
				}
			}
			got := f.pages(t, both, max(len(want)/3, 7))
			if !slices.IsSortedFunc(got, func(a, b string) int { return cmp.Compare(b[:13], a[:13]) }) {
				t.Errorf("%+v: not the newest first", both)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%+v finds %d messages, want %d", both, len(got), len(want))
			}
		}
	}
}
