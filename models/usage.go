package models

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// Day is a day in Korea, in days since 1970.
type Day int64

// koreaAhead is how far Korea's clocks are ahead of UTC, in milliseconds. There has been
// no summer time since 1988.
const koreaAhead = int64(9 * time.Hour / time.Millisecond)

// DayOf is the day in Korea at the time t.
func DayOf(t time.Time) Day { return dayOf(t.UnixMilli()) }

func dayOf(milliseconds int64) Day {
	return Day((milliseconds + koreaAhead) / int64(24*time.Hour/time.Millisecond))
}

// Begins is when the day begins in Korea.
func (d Day) Begins() time.Time {
	return time.Unix(int64(d)*int64(24*time.Hour/time.Second), 0).Add(-time.Duration(koreaAhead) * time.Millisecond).In(kakao.KST)
}

// DayCounts are what went on in a day. A message counts on the day of its outcome, and
// moves to another when its outcome does: a failed one that an SMS has reached counts on
// the day of the SMS. Over all days of a campaign they add up to its [Equation], but for
// Handed, in which what was withdrawn and handed over again counts each time.
type DayCounts struct {
	Handed    int64 // recipients handed over
	Delivered int64
	Failed    int64 // those reached by SMS too
	SMS       int64 `gorm:"column:sms"` // of Failed, reached by SMS
	LMS       int64 `gorm:"column:lms"` // of SMS, those that were an LMS
	Unsized   int64 // of SMS, those of which it is not known whether they were an SMS or an LMS
	Skipped   int64
	Refused   int64
	Cancelled int64
	Closed    int64
}

// Short is how many were reached by what is certainly an SMS, and no LMS.
func (c DayCounts) Short() int64 { return c.SMS - c.LMS - c.Unsized }

// Add adds other to c.
func (c *DayCounts) Add(other DayCounts) {
	c.Handed += other.Handed
	c.Delivered += other.Delivered
	c.Failed += other.Failed
	c.SMS += other.SMS
	c.LMS += other.LMS
	c.Unsized += other.Unsized
	c.Skipped += other.Skipped
	c.Refused += other.Refused
	c.Cancelled += other.Cancelled
	c.Closed += other.Closed
}

// count changes the counter of state by n.
func (c *DayCounts) count(state MessageState, n int64) {
	switch state {
	case MessageOpen:
	case MessageDelivered:
		c.Delivered += n
	case MessageFailed:
		c.Failed += n
	case MessageSMS:
		c.Failed += n
		c.SMS += n
	case MessageSkipped:
		c.Skipped += n
	case MessageRefused, MessageLost:
		c.Refused += n
	case MessageCancelled:
		c.Cancelled += n
	case MessageClosed:
		c.Closed += n
	}
}

// values are the counters in the order of [dayColumns].
func (c DayCounts) values() []any {
	return []any{c.Handed, c.Delivered, c.Failed, c.SMS, c.LMS, c.Unsized, c.Skipped, c.Refused, c.Cancelled, c.Closed}
}

var dayColumns = []string{"handed", "delivered", "failed", "sms", "lms", "unsized", "skipped", "refused", "cancelled", "closed"}

// sumsSQL adds up all counters of several days.
func sumsSQL() string {
	sums := make([]string, len(dayColumns))
	for i, column := range dayColumns {
		sums[i] = "SUM(u." + column + ") AS " + column
	}
	return strings.Join(sums, ", ")
}

type dayKey struct {
	campaign int64
	day      Day
}

func (k dayKey) compare(other dayKey) int {
	return cmp.Or(cmp.Compare(k.campaign, other.campaign), cmp.Compare(k.day, other.day))
}

// days are changes of days.
type days map[dayKey]*DayCounts

// at is the change of a campaign's day.
func (ds days) at(campaign int64, day Day) *DayCounts {
	k := dayKey{campaign, day}
	if ds[k] == nil {
		ds[k] = &DayCounts{}
	}
	return ds[k]
}

// addDays adds the changes, in the same order everywhere.
func (db *DB) addDays(ctx context.Context, ds days) error {
	var rows []string
	var args []any
	for _, k := range slices.SortedFunc(maps.Keys(ds), dayKey.compare) {
		if *ds[k] == (DayCounts{}) {
			continue
		}
		rows = append(rows, "(?, ?, (SELECT team_id FROM campaigns WHERE id = ?), (SELECT appkey_id FROM campaigns WHERE id = ?)"+strings.Repeat(", ?", len(dayColumns))+")")
		args = append(args, k.campaign, k.day, k.campaign, k.campaign)
		args = append(args, ds[k].values()...)
	}
	if len(rows) == 0 {
		return nil
	}
	sets := make([]string, len(dayColumns))
	for i, column := range dayColumns {
		sets[i] = column + " = usage_days." + column + " + excluded." + column
	}
	err := db.write(ctx).Exec("INSERT INTO usage_days (campaign_id, day, team_id, appkey_id, "+strings.Join(dayColumns, ", ")+") VALUES "+strings.Join(rows, ", ")+
		" ON CONFLICT (campaign_id, day) DO UPDATE SET "+strings.Join(sets, ", "), args...).Error
	if err != nil {
		return fmt.Errorf("count days: %w", err)
	}
	return nil
}

// sizeSMS notes in ds which of the messages that SMS have reached, by campaign, were an
// LMS. Where the fallback leaves that to the length, the length decides, as it does at the
// provider; of whom it is not known any more what was sent to them, nobody can tell.
func (db *DB) sizeSMS(ctx context.Context, ds days, reached map[int64][]MessageOutcome) error {
	for campaignID, outcomes := range reached {
		c, err := db.CampaignByID(ctx, campaignID)
		if err != nil {
			return err
		}
		kinds, err := db.smsKinds(ctx, c, outcomes)
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			switch counts := ds.at(campaignID, dayOf(o.DoneAt)); kinds[o.ID] {
			case kakao.FallbackSMS:
			case kakao.FallbackLMS:
				counts.LMS++
			default:
				counts.Unsized++
			}
		}
	}
	return nil
}

// smsKinds are what went out to messages of a campaign: kakao.FallbackSMS or LMS; a
// message is left out if that is not known.
func (db *DB) smsKinds(ctx context.Context, c Campaign, outcomes []MessageOutcome) (map[int64]string, error) {
	ids, kinds := make([]int64, len(outcomes)), make(map[int64]string, len(outcomes))
	for i, o := range outcomes {
		ids[i] = o.ID
		kinds[o.ID] = c.Fallback.Type
	}
	if c.Fallback.Type != "" || !c.Fallback.On {
		return kinds, nil
	}
	sender, _, err := first[Sender](db.read(ctx).Where("id = ?", c.SenderID))
	if err != nil {
		return nil, err
	}
	ms, err := db.MessagesWith(ctx, ids)
	if err != nil {
		return nil, err
	}
	inspector := NewInspector(c, sender)
	for _, m := range ms {
		if m.Erased() && !inspector.composer.Fixed() {
			continue
		}
		found, err := inspector.Inspect(m.Vars)
		if err != nil {
			return nil, err
		}
		kinds[m.ID] = found.SMS
	}
	return kinds, nil
}

// UsageSpan is of whom, and over which days, usage is read.
type UsageSpan struct {
	TeamID   int64 // 0: whatever the team
	AppkeyID int64 // 0: all of the team's
	From, To Day   // both are within
}

// where is a condition that rows u of usage_days within the span meet in which anything
// is left: what is counted on a day may have moved to another.
func (s UsageSpan) where() (condition string, args []any) {
	condition, args = "u.day BETWEEN ? AND ? AND u.handed + u.delivered + u.failed + u.skipped + u.refused + u.cancelled + u.closed > 0", []any{s.From, s.To}
	if s.TeamID != 0 {
		condition, args = condition+" AND u.team_id = ?", append(args, s.TeamID)
	}
	if s.AppkeyID != 0 {
		condition, args = condition+" AND u.appkey_id = ?", append(args, s.AppkeyID)
	}
	return condition, args
}

// AppkeyDay is what went on with all campaigns of an appkey in a day.
type AppkeyDay struct {
	AppkeyID int64
	Day      Day
	DayCounts
}

// UsageDays are what went on in each day of a span, appkey by appkey, in the order of the
// days. Days in which nothing did are not among them. Tests count too.
func (db *DB) UsageDays(ctx context.Context, span UsageSpan) ([]AppkeyDay, error) {
	condition, args := span.where()
	var ds []AppkeyDay
	return ds, db.read(ctx).Raw("SELECT u.appkey_id, u.day, "+sumsSQL()+" FROM usage_days u WHERE "+condition+
		" GROUP BY u.appkey_id, u.day ORDER BY u.day, u.appkey_id", args...).Scan(&ds).Error
}
