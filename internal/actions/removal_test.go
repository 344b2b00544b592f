package actions_test

import (
	"fmt"
	"testing"
	"time"

	"soshik/internal/testdb"
	"soshik/models"
)

// oldRows is what a team has of long ago: campaigns that are over, messages of others,
// and notices.
type oldRows struct {
	campaigns []models.Campaign
	equations []models.Equation
	days      []models.AppkeyDay
	rows      int64 // messages, those of others too
}

const oldMessages = 20 // of a campaign

// fillOld makes campaigns that were over long ago, and what there is beside them.
func (b *breakable) fillOld(t *testing.T, name string) (o oldRows) {
	t.Helper()
	ctx, then := t.Context(), b.Now().AddDate(0, 0, -150)
	for range 2 {
		c := testdb.FillLedger(t, b.whole, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: name, SenderID: b.sender.ID}, oldMessages, then)
		_, err := b.whole.SQL().ExecContext(ctx, "UPDATE campaigns SET finished_at = $1 WHERE id = $2", then.UTC(), c.ID)
		must(t, err)
		e, err := b.whole.Equation(ctx, c)
		must(t, err)
		o.campaigns, o.equations, o.rows = append(o.campaigns, c), append(o.equations, e), o.rows+oldMessages
	}
	ms := make([]models.ForeignMessage, 3)
	for i := range ms {
		ms[i] = models.ForeignMessage{
			AppkeyID: b.appkey.ID, Channel: models.FriendTalk, RequestID: name, Seq: i + 1, Phone: benchPhone(i), SentAt: then.UnixMilli(), TakenAt: then.UTC(),
		}
	}
	must(t, b.whole.SaveForeign(ctx, ms))
	o.rows += int64(len(ms))
	o.days = b.daysOf(t)
	return o
}

func (b *breakable) daysOf(t *testing.T) []models.AppkeyDay {
	t.Helper()
	rows, err := b.whole.UsageDays(t.Context(), models.UsageSpan{TeamID: b.team.ID, To: models.DayOf(b.Now()) + 1})
	must(t, err)
	return rows
}

// removeOld begins removals until nothing is left, and says how many rows they say that
// they have removed.
func (b *breakable) removeOld(t *testing.T, o oldRows) (removed models.Removal) {
	t.Helper()
	ctx := t.Context()
	for range 10 {
		now := b.Now().UTC()
		r := models.Removal{TeamID: b.team.ID, State: models.RemovalRunning, KeepDays: 100, Before: now.AddDate(0, 0, -100), StartedAt: now, WorkedAt: now}
		must(t, b.whole.CreateRemoval(ctx, &r))
		for r.State == models.RemovalRunning {
			_ = b.RunRemoval(ctx, r.ID) // what fails is taken up again
			b.db.Mend()
			b.move(time.Minute) // and whoever had it is dead
			var err error
			r, err = b.whole.Removal(ctx, r.ID)
			must(t, err)
		}
		removed.Campaigns, removed.Messages = removed.Campaigns+r.Campaigns, removed.Messages+r.Messages
		if r.State == models.RemovalDone {
			return removed
		}
	}
	t.Fatalf("%d campaigns are not removed", len(o.campaigns))
	return removed
}

// Each call to the database fails once while rows are removed, before it is carried out
// and after, and a process that loses the database dies. Whoever takes it up goes on where
// it was: every row goes once, and is counted once, and what is summed up stays.
func TestARemovalThatIsInterruptedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]testdb.Fault{
		"before": {}, "after": {After: true, Writes: true}, "gone": {Stays: true, Writes: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBreakable(t, false)
			_, err := b.whole.SQL().ExecContext(t.Context(), "UPDATE teams SET keep_days = 100")
			must(t, err)
			n := 1
			for made := n; n <= made && !t.Failed(); n++ {
				o := b.fillOld(t, fmt.Sprint("old", n))
				f.N = n
				b.db.Set(f)
				removed := b.removeOld(t, o)
				made = b.db.Calls()
				b.db.Set(testdb.Fault{})
				b.judgeRemoval(t, o, removed)
			}
			t.Logf("%d calls", n-1)
		})
	}
}

func (b *breakable) judgeRemoval(t *testing.T, o oldRows, removed models.Removal) {
	t.Helper()
	ctx := t.Context()
	for _, table := range []string{"messages", "calls", "foreign_messages", "campaign_minutes"} {
		if n := b.query(t, "SELECT COUNT(*) FROM "+table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	for i, c := range o.campaigns {
		if e, err := b.whole.Equation(ctx, c); err != nil || e != o.equations[i] {
			t.Errorf("the counts were %+v and are %+v: %v", o.equations[i], e, err)
		}
		now, err := b.whole.CampaignByID(ctx, c.ID)
		if must(t, err); !now.RowsGone || now.AudienceID != 0 {
			t.Errorf("the campaign is %+v", now)
		}
	}
	days := b.daysOf(t)
	if len(days) != len(o.days) {
		t.Fatalf("%d days of %d are left", len(days), len(o.days))
	}
	for i, day := range days {
		if day != o.days[i] {
			t.Errorf("the day was %+v and is %+v", o.days[i], day)
		}
	}
	if removed.Campaigns != int64(len(o.campaigns)) || removed.Messages != o.rows {
		t.Errorf("%d rows of %d campaigns were removed, and %d of %d were counted", o.rows, len(o.campaigns), removed.Messages, removed.Campaigns)
	}
	if logs := b.entries(t, "retention.remove"); len(logs) == 0 {
		t.Error("it is not recorded")
	}
}
