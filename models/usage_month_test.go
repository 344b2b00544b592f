package models_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/testdb"
	"soshik/models"
)

// books are campaigns of two teams, one of which uses an appkey of the other too.
type books struct {
	*models.DB

	rng       *rand.Rand
	keys      []models.Appkey
	campaigns map[int64]models.Campaign
	messages  []int64 // ids
}

const (
	shortVars = `{"name":"가나"}`
	longVars  = `{"name":"문자 한 통에는 도저히 들어가지 않아서 긴 문자로만 보낼 수 있는, 아주 긴 이름을 가진 사람이며 그 이름이 이렇게나 깁니다"}`
)

func newBooks(t *testing.T, seed uint64) *books {
	t.Helper()
	ctx, now := t.Context(), time.Now().UTC()
	b := &books{DB: testdb.Open(t), rng: rand.New(rand.NewPCG(seed, 3)), campaigns: map[int64]models.Campaign{}} //nolint:gosec // the same each time
	var teams []models.Team
	for _, name := range []string{"마케팅", "영업"} {
		team := models.Team{Name: name, CreatedAt: now}
		must(t, b.CreateTeam(ctx, &team))
		teams = append(teams, team)
	}
	for _, k := range []models.Appkey{{TeamID: teams[0].ID, Appkey: "a"}, {TeamID: teams[0].ID, Appkey: "b"}, {TeamID: teams[1].ID, Appkey: "a"}} {
		k.Name, k.Secret, k.CreatedAt, k.UpdatedAt = k.Appkey, []byte{1}, now, now
		must(t, b.CreateAppkey(ctx, &k))
		b.keys = append(b.keys, k)
		sender := models.Sender{AppkeyID: k.ID, PlusFriendID: "@" + k.Appkey, Status: kakao.SenderWaiting}
		must(t, b.PutWaitingSender(ctx, &sender))
		for _, kind := range []string{kakao.FallbackSMS, kakao.FallbackLMS, ""} {
			b.plan(t, k, models.Campaign{Channel: models.FriendTalk, SenderID: sender.ID, Fallback: models.Fallback{On: true, Type: kind, Text: "#{name}님, 소식이 있습니다"}})
		}
		b.plan(t, k, models.Campaign{Channel: models.FriendTalk, SenderID: sender.ID, Test: true})
		b.plan(t, k, models.Campaign{Channel: models.BrandTalk, SenderID: sender.ID})
	}
	return b
}

// plan plans a campaign to 40 people, of whom every other makes an SMS too long, and one
// has been forgotten meanwhile.
func (b *books) plan(t *testing.T, k models.Appkey, c models.Campaign) {
	t.Helper()
	ctx, now := t.Context(), time.Now().UTC()
	a := models.Audience{TeamID: k.TeamID, Columns: []string{"name"}, CreatedAt: now}
	must(t, b.CreateAudience(ctx, &a))
	var rs []models.Recipient
	for i := range 40 {
		rs = append(rs, models.Recipient{Phone: fmt.Sprintf("0101234%04d", i), Vars: []string{shortVars, longVars}[i%2]})
	}
	must(t, b.InsertRecipients(ctx, a.ID, rs))
	c.TeamID, c.AppkeyID, c.ULID, c.State, c.CreatedAt, c.UpdatedAt = k.TeamID, k.ID, models.NewToken(), models.CampaignPlanning, now, now
	c.AudienceID, c.Audience, c.Content = a.ID, int64(len(rs)), models.Content{Text: "#{name}"}
	must(t, b.CreateCampaign(ctx, &c))
	must(t, b.Tx(ctx, func(tx *models.DB) error {
		batch, err := tx.PlanBatch(ctx, &c, models.Batch{Number: 1, DueAt: now}, int64(len(rs)))
		for i := range rs {
			b.messages = append(b.messages, models.MessageID(batch.ID, i+1))
		}
		return err
	}))
	_, err := b.SQL().ExecContext(ctx, "UPDATE messages SET phone = '~', vars = '{}' WHERE id = $1", b.messages[len(b.messages)-1])
	must(t, err)
	b.campaigns[c.ID] = c
}

// when is a moment within some days of a month's end in Korea, or just beside it.
func (b *books) when() int64 {
	border := time.Date(2026, time.Month(11+b.rng.IntN(2)), 1, 0, 0, 0, 0, kakao.KST).UnixMilli()
	if b.rng.IntN(2) == 0 {
		return border + b.rng.Int64N(4) - 2
	}
	return border + b.rng.Int64N(10*24*3600*1000) - 5*24*3600*1000
}

// tell records whatever may be said of messages, doubled and out of order.
func (b *books) tell(t *testing.T) {
	t.Helper()
	var told []models.MessageOutcome
	for range 60 {
		o := randomOutcome(b.rng, b.messages[b.rng.IntN(len(b.messages))])
		o.DoneAt = b.when()
		told = append(told, o)
	}
	must(t, b.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.RecordOutcomes(t.Context(), told)
		return err
	}))
}

type campaignMonth struct {
	campaign int64
	month    string
}

// audited adds up the ledger's messages one by one, knowing nothing of days.
func (b *books) audited(t *testing.T) map[campaignMonth]models.DayCounts {
	t.Helper()
	rows, err := b.SQL().QueryContext(t.Context(), "SELECT campaign_id, vars, state, done_at FROM messages WHERE state <> 0")
	must(t, err)
	defer func() { must(t, rows.Close(), rows.Err()) }()
	sums := map[campaignMonth]models.DayCounts{}
	for rows.Next() {
		var campaign, done int64
		var vars string
		var state models.MessageState
		must(t, rows.Scan(&campaign, &vars, &state, &done))
		k := campaignMonth{campaign, time.UnixMilli(done).In(kakao.KST).Format("2006-01")}
		sum := sums[k]
		switch state {
		case models.MessageDelivered:
			sum.Delivered++
		case models.MessageSMS:
			sum.Failed, sum.SMS = sum.Failed+1, sum.SMS+1
			switch f := b.campaigns[campaign].Fallback; {
			case f.Type == kakao.FallbackLMS || (f.On && f.Type == "" && vars == longVars):
				sum.LMS++
			case f.Type == "" && (!f.On || vars == "{}"):
				sum.Unsized++
			}
		case models.MessageFailed:
			sum.Failed++
		case models.MessageSkipped:
			sum.Skipped++
		case models.MessageRefused, models.MessageLost:
			sum.Refused++
		case models.MessageCancelled:
			sum.Cancelled++
		case models.MessageClosed:
			sum.Closed++
		case models.MessageOpen:
		}
		sums[k] = sum
	}
	return sums
}

// The usage of each month is what the ledger says, message by message: whatever became of
// them and whenever, on either side of midnight between two months in Korea, of each team
// alone, without what others have sent, and to the thousandth of a won.
func TestAMonthsUsageIsTheLedgers(t *testing.T) {
	t.Parallel()
	prices := models.Prices{"friendtalk": 15_001, "brandtalk": 12_500, models.PriceSMS: 9_900, models.PriceLMS: 27_333}
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			b := newBooks(t, seed)
			must(t, b.SaveForeign(t.Context(), []models.ForeignMessage{{
				AppkeyID: b.keys[0].ID, Channel: models.FriendTalk, RequestID: "elsewhere", Seq: 1, State: models.MessageDelivered,
				SentAt: b.when(), DoneAt: b.when(), TakenAt: time.Now().UTC(),
			}}))
			for range 20 {
				b.tell(t)
			}
			want, seen := b.audited(t), 0
			for _, month := range []string{"2026-09", "2026-10", "2026-11", "2026-12", "2027-01"} {
				first, err := time.ParseInLocation("2006-01", month, kakao.KST)
				must(t, err)
				for _, team := range []int64{b.keys[0].TeamID, b.keys[2].TeamID} {
					seen += b.compare(t, models.UsageSpan{TeamID: team}.InMonth(first), month, want, prices)
				}
				b.compare(t, models.UsageSpan{TeamID: b.keys[1].TeamID, AppkeyID: b.keys[1].ID}.InMonth(first), month, want, prices)
			}
			if seen != len(want) || seen < 30 {
				t.Errorf("%d campaigns have used something in a month, of %d", seen, len(want))
			}
		})
	}
}

// A campaign whose only message has moved on to the next month has used nothing in the one
// before.
func TestAMonthThatNothingIsLeftOfIsNotListed(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded)
	december := time.Date(2026, 12, 1, 0, 0, 0, 0, kakao.KST)
	o := models.MessageOutcome{ID: l.messages[0], State: models.MessageFailed, Code: "3018", Fallback: models.FallbackTarget, DoneAt: december.UnixMilli() - 1}
	l.record(t, o)
	o.State, o.Fallback, o.DoneAt = models.MessageSMS, models.FallbackDelivered, december.UnixMilli()
	l.record(t, o)
	for month, want := range map[time.Time]int{december.AddDate(0, -1, 0): 0, december: 1} {
		span := models.UsageSpan{TeamID: l.campaign.TeamID}.InMonth(month)
		us, err := l.UsageOfCampaigns(t.Context(), span, 0, 10)
		must(t, err)
		lines, err := l.UsageOfSenders(t.Context(), span)
		must(t, err)
		days, err := l.UsageDays(t.Context(), span)
		must(t, err)
		if len(us) != want || len(lines) != want || len(days) != want {
			t.Errorf("in %s there are %d campaigns, %d senders, %d days; want %d", month, len(us), len(lines), len(days), want)
		}
	}
}

// compare compares the usage of a span, which is a month, by campaign, by sender and by
// day with what the ledger says, and says with how many campaigns something went on.
func (b *books) compare(t *testing.T, span models.UsageSpan, month string, want map[campaignMonth]models.DayCounts, prices models.Prices) (campaigns int) {
	t.Helper()
	var sum models.DayCounts
	var bill models.Bill
	owed := new(big.Rat)
	for before, page := int64(0), 2; page == 2; {
		us, err := b.UsageOfCampaigns(t.Context(), span, before, 2)
		must(t, err)
		for _, u := range us {
			if u.DayCounts != want[campaignMonth{u.Campaign.ID, month}] {
				t.Errorf("campaign %d in %s: %+v, the ledger says %+v", u.Campaign.ID, month, u.DayCounts, want[campaignMonth{u.Campaign.ID, month}])
			}
			sum.Add(u.DayCounts)
			owed.Add(owed, costs(u.Channel, want[campaignMonth{u.Campaign.ID, month}]))
			before = u.Campaign.ID
		}
		page, campaigns = len(us), campaigns+len(us)
	}
	lines, err := b.UsageOfSenders(t.Context(), span)
	must(t, err)
	var bySenders, byDays models.DayCounts
	counted := int64(0)
	for _, l := range lines {
		bySenders.Add(l.DayCounts)
		bill.Add(l.Channel, l.DayCounts, prices)
		counted += l.Campaigns
	}
	days, err := b.UsageDays(t.Context(), span)
	must(t, err)
	for _, d := range days {
		byDays.Add(d.DayCounts)
	}
	if bySenders != sum || byDays != sum || counted != int64(campaigns) {
		t.Errorf("%s: by campaigns (%d) %+v, by senders (%d) %+v, by days %+v", month, campaigns, sum, counted, bySenders, byDays)
	}
	total, whole := bill.Sum()
	if got, ok := new(big.Rat).SetString(total.Decimal()); !ok || got.Cmp(owed) != 0 || whole != (sum.Unsized == 0) {
		t.Errorf("%s costs %s, want %s; whole: %v", month, total.Decimal(), owed.FloatString(3), whole)
	}
	return campaigns
}

// costs is what messages cost, in won.
func costs(ch models.Channel, n models.DayCounts) *big.Rat {
	sum := new(big.Rat)
	for price, count := range map[string]int64{
		map[models.Channel]string{models.FriendTalk: "15.001", models.BrandTalk: "12.5"}[ch]: n.Delivered, "9.9": n.SMS - n.LMS - n.Unsized, "27.333": n.LMS,
	} {
		each, _ := new(big.Rat).SetString(price)
		sum.Add(sum, each.Mul(each, new(big.Rat).SetInt64(count)))
	}
	return sum
}
