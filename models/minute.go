package models

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Minute is what went on with a campaign in one minute. What became of messages stands
// in the minute that the provider names, and adds up to the campaign's [Equation].
type Minute struct {
	CampaignID int64
	Minute     int64 // since 1970
	Handed     int64 // recipients handed over
	Taken      int64 // results taken in
	Delivered  int64
	Failed     int64 // those reached by SMS too
	SMS        int64 `gorm:"column:sms"`
}

type minuteKey struct{ campaign, minute int64 }

func (k minuteKey) compare(other minuteKey) int {
	return cmp.Or(cmp.Compare(k.campaign, other.campaign), cmp.Compare(k.minute, other.minute))
}

// minutes are changes of minutes.
type minutes map[minuteKey]*Minute

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// at is the change of the minute of a campaign.
func (ms minutes) at(campaign, minute int64) *Minute {
	k := minuteKey{campaign, minute}
	if ms[k] == nil {
		ms[k] = &Minute{CampaignID: campaign, Minute: minute}
	}
	return ms[k]
}

// count changes the counters of a message that is done in state by n.
func (ms minutes) count(campaign int64, state MessageState, doneAt, n int64) {
	switch state {
	case MessageDelivered:
		ms.at(campaign, doneAt/60_000).Delivered += n
	case MessageFailed:
		ms.at(campaign, doneAt/60_000).Failed += n
	case MessageSMS:
		m := ms.at(campaign, doneAt/60_000)
		m.Failed += n
		m.SMS += n
	case MessageOpen, MessageSkipped, MessageRefused, MessageLost, MessageClosed, MessageCancelled:
	}
}

// addMinutes adds the changes, in the same order everywhere.
func (db *DB) addMinutes(ctx context.Context, ms minutes) error {
	if len(ms) == 0 {
		return nil
	}
	var rows strings.Builder
	args := make([]any, 0, 7*len(ms))
	for i, k := range slices.SortedFunc(maps.Keys(ms), minuteKey.compare) {
		if i > 0 {
			rows.WriteString(", ")
		}
		rows.WriteString("(?, ?, ?, ?, ?, ?, ?)")
		m := ms[k]
		args = append(args, m.CampaignID, m.Minute, m.Handed, m.Taken, m.Delivered, m.Failed, m.SMS)
	}
	err := db.write(ctx).Exec(`INSERT INTO campaign_minutes (campaign_id, minute, handed, taken, delivered, failed, sms) VALUES `+rows.String()+`
		ON CONFLICT (campaign_id, minute) DO UPDATE SET handed = campaign_minutes.handed + excluded.handed,
			taken = campaign_minutes.taken + excluded.taken, delivered = campaign_minutes.delivered + excluded.delivered,
			failed = campaign_minutes.failed + excluded.failed, sms = campaign_minutes.sms + excluded.sms`, args...).Error
	if err != nil {
		return fmt.Errorf("count minutes: %w", err)
	}
	return nil
}

// CountHanded notes that n recipients of a campaign have been handed over just now.
func (db *DB) CountHanded(ctx context.Context, campaignID int64, n int) error {
	now, ds, ms := db.now(), days{}, minutes{}
	ds.at(campaignID, DayOf(now)).Handed = int64(n)
	if err := db.addDays(ctx, ds); err != nil {
		return err
	}
	ms.at(campaignID, minuteOf(now)).Handed = int64(n)
	return db.addMinutes(ctx, ms)
}

// CampaignMinutes are the minutes of a campaign from the minute from on, in order.
func (db *DB) CampaignMinutes(ctx context.Context, campaignID, from int64) ([]Minute, error) {
	var ms []Minute
	return ms, db.read(ctx).Where("campaign_id = ? AND minute >= ?", campaignID, from).Order("minute").Find(&ms).Error
}

// TableName names the table.
func (Minute) TableName() string { return "campaign_minutes" }

// Rates are how fast a campaign goes, in recipients a minute, over the last minute; 0
// while it has not gone on for long enough to tell.
type Rates struct {
	Handed float64 // handed over
	Taken  float64 // results taken in
}

// Moves reports whether anything has happened in the last minute.
func (r Rates) Moves() bool { return r.Handed > 0 || r.Taken > 0 }

// tooEarly is how long something has to go on before its rate says anything.
const tooEarly = 3 * time.Second

// Rates are how fast the campaign goes at the time now.
func (db *DB) Rates(ctx context.Context, c Campaign, now time.Time) (r Rates, err error) {
	var began struct{ At FlexTime }
	err = db.read(ctx).Raw("SELECT MIN(handed_at) AS at FROM batches WHERE campaign_id = ?", c.ID).Scan(&began).Error
	if err != nil || began.At.IsZero() {
		return r, err
	}
	this := minuteOf(now)
	ms, err := db.CampaignMinutes(ctx, c.ID, this-1)
	if err != nil {
		return r, err
	}
	var last, current Minute
	for _, m := range ms {
		switch m.Minute {
		case this - 1:
			last = m
		case this:
			current = m
		}
	}
	results := began.At.Time // none come before the campaign's time
	if c.ScheduledAt != nil && c.ScheduledAt.After(results) {
		results = *c.ScheduledAt
	}
	return Rates{Handed: overMinute(last.Handed, current.Handed, began.At.Time, now), Taken: overMinute(last.Taken, current.Taken, results, now)}, nil
}

// overMinute is how many a minute there were in the minute before now, or since began
// if that is shorter ago: all of the current minute, and of the last one the part that
// lies within, as if it had been spread evenly over the time since began. So it does
// not jump where a minute ends.
func overMinute(last, current int64, began, now time.Time) float64 {
	window := min(now.Sub(began), time.Minute)
	if window < tooEarly {
		return 0
	}
	end := time.Unix(60*minuteOf(now), 0)
	from := end.Add(-time.Minute)
	if began.After(from) {
		from = began
	}
	part := 0.0
	if spread := end.Sub(from); spread > 0 {
		within := end.Sub(now.Add(-window))
		part = min(max(float64(within)/float64(spread), 0), 1)
	}
	return (float64(current) + part*float64(last)) * float64(time.Minute) / float64(window)
}
