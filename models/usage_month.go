package models

import (
	"cmp"
	"context"
	"slices"
	"time"

	"soshik/internal/kakao"
)

// MonthOf is the first moment in Korea of the month of a moment.
func MonthOf(at time.Time) time.Time {
	k := at.In(kakao.KST)
	return time.Date(k.Year(), k.Month(), 1, 0, 0, 0, 0, kakao.KST)
}

// InMonth narrows a span to a month, given by its first moment in Korea.
func (s UsageSpan) InMonth(first time.Time) UsageSpan {
	s.From, s.To = DayOf(first), DayOf(first.AddDate(0, 1, 0))-1
	return s
}

// Bill is what messages cost by the prices of a team, as far as they are known.
type Bill struct {
	Lines   []BillLine // in the order of [PriceKinds]
	Unsized int64      // messages that are in no line: it is not known whether they were an SMS or an LMS
}

// BillLine is what the messages of one kind cost.
type BillLine struct {
	CostLine

	Priced bool // the team has said what they cost
}

// Add adds what was delivered over a channel, and by SMS in its place.
func (b *Bill) Add(ch Channel, c DayCounts, prices Prices) {
	b.add(PriceKind(ch), c.Delivered, prices)
	b.add(PriceSMS, c.Short(), prices)
	b.add(PriceLMS, c.LMS, prices)
	b.Unsized += c.Unsized
}

func (b *Bill) add(kind PriceKind, n int64, prices Prices) {
	if n == 0 {
		return
	}
	for i := range b.Lines {
		if b.Lines[i].Kind == kind {
			b.Lines[i].Count += n
			return
		}
	}
	price, known := prices[kind]
	b.Lines = append(b.Lines, BillLine{CostLine{kind, n, price}, known})
	slices.SortFunc(b.Lines, func(one, other BillLine) int {
		return cmp.Compare(slices.Index(PriceKinds(), one.Kind), slices.Index(PriceKinds(), other.Kind))
	})
}

// Sum is what all of it costs whose price is known; whole is false if there is more.
func (b Bill) Sum() (sum Milliwon, whole bool) {
	whole = b.Unsized == 0
	for _, l := range b.Lines {
		sum, whole = sum+l.CostLine.Sum(), whole && l.Priced
	}
	return sum, whole
}

// Missing reports whether a price is missing.
func (b Bill) Missing() bool {
	return slices.ContainsFunc(b.Lines, func(l BillLine) bool { return !l.Priced })
}

// BillOf is what was delivered over a channel, and by SMS in its place.
func BillOf(ch Channel, c DayCounts, prices Prices) (b Bill) {
	b.Add(ch, c, prices)
	return b
}

// SenderUsageLine is what went out from a sender of an appkey over a channel.
type SenderUsageLine struct {
	AppkeyID  int64
	SenderID  int64
	Channel   Channel
	Sender    string `gorm:"-"` // its PlusFriendID
	Campaigns int64
	DayCounts
}

// UsageOfSenders is what went out in a span, appkey by appkey, sender by sender and
// channel by channel; of each appkey those first that sent most.
func (db *DB) UsageOfSenders(ctx context.Context, span UsageSpan) ([]SenderUsageLine, error) {
	condition, args := span.where()
	var lines []SenderUsageLine
	err := db.read(ctx).Raw("SELECT u.appkey_id, c.sender_id, c.channel, COUNT(DISTINCT c.id) AS campaigns, "+sumsSQL()+`
		FROM usage_days u JOIN campaigns c ON c.id = u.campaign_id WHERE `+condition+`
		GROUP BY u.appkey_id, c.sender_id, c.channel ORDER BY u.appkey_id, SUM(u.handed) DESC, c.sender_id, c.channel`, args...).Scan(&lines).Error
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(lines))
	for i, l := range lines {
		ids[i] = l.SenderID
	}
	names, err := listed(ctx, db, ids, func(s Sender) (int64, string) { return s.ID, s.PlusFriendID })
	for i, l := range lines {
		lines[i].Sender = names[l.SenderID]
	}
	return lines, err
}

// CampaignUsage is what went on with a campaign over the days of a span. Of the campaign
// only what names it is read.
type CampaignUsage struct {
	Campaign
	DayCounts

	Sender string // its PlusFriendID
}

// UsageOfCampaigns are the campaigns with which something went on in a span, the newest
// first, before the one with id before (0: from the newest on), at most limit.
func (db *DB) UsageOfCampaigns(ctx context.Context, span UsageSpan, before int64, limit int) ([]CampaignUsage, error) {
	condition, args := span.where()
	if before > 0 {
		condition, args = condition+" AND u.campaign_id < ?", append(args, before)
	}
	var sums []struct {
		CampaignID int64
		DayCounts
	}
	err := db.read(ctx).Raw("SELECT u.campaign_id, "+sumsSQL()+" FROM usage_days u WHERE "+condition+
		" GROUP BY u.campaign_id ORDER BY u.campaign_id DESC"+limitTo(limit), args...).Scan(&sums).Error
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(sums))
	for i, s := range sums {
		ids[i] = s.CampaignID
	}
	var cs []Campaign
	if err := db.read(ctx).Select(append([]string{"team_id", "channel", "fallback"}, campaignHead...)).Where("id IN ?", ids).Find(&cs).Error; err != nil {
		return nil, err
	}
	named, senders := make(map[int64]Campaign, len(cs)), make([]int64, len(cs))
	for i, c := range cs {
		named[c.ID], senders[i] = c, c.SenderID
	}
	names, err := listed(ctx, db, senders, func(s Sender) (int64, string) { return s.ID, s.PlusFriendID })
	us := make([]CampaignUsage, len(sums))
	for i, s := range sums {
		c := named[s.CampaignID]
		us[i] = CampaignUsage{Campaign: c, DayCounts: s.DayCounts, Sender: names[c.SenderID]}
	}
	return us, err
}
