package actions_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"soshik/internal/actions"
	"soshik/internal/jobs"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/internal/testdb"
	"soshik/migrations"
	"soshik/models"
)

// on is the same service on another database, with workers of its own.
func (b *bench) on(t *testing.T, address string) *bench {
	t.Helper()
	db, err := models.Open(t.Context(), address)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	other := *b
	other.Service = &actions.Service{
		DB: db, Log: b.Log, Keeper: b.Keeper, Now: b.Now, Timing: b.Timing, Sweeping: b.Sweeping,
		Provider: actions.NewProvider(b.Keeper, b.Timing.CallTimeout, &http.Client{Transport: &http.Transport{}}),
	}
	other.Jobs, err = river.NewClient(migrations.Driver(db.SQL(), db.Dialect()), jobs.Config(other.Service, 4, b.Log))
	must(t, err)
	return &other
}

// newInstallation is a bench on a database that can be copied.
func newInstallation(t *testing.T) (b *bench, address string) {
	t.Helper()
	offset := kakao.DayOffset(time.Now())
	address = testdb.New(t)
	db, err := models.Open(t.Context(), address)
	must(t, err)
	return newBenchOn(t, db, time.Second, func() time.Time { return time.Now().Add(offset).UTC() }), address
}

// backup copies the database, which is closed meanwhile, as it would be after a night:
// nobody has given a sign of life for long.
func (b *bench) backup(t *testing.T, address string) (original, restored *bench) {
	t.Helper()
	must(t, b.Beat(t.Context()), b.DB.ForgetBeats(t.Context()), b.DB.Close())
	made := testdb.Copy(t, address)
	return b.on(t, address), b.on(t, made)
}

// A backup is made in the middle of a campaign, the campaign ends, and the backup is
// restored: it is held, and when a person lets it go on, nobody gets a second message.
func TestRestoredBackupDoublesNobody(t *testing.T) {
	t.Parallel()
	for _, channel := range models.Channels() {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			b, address := newInstallation(t)
			c, n := b.draft(t, 3500), 3500
			if channel == models.BrandTalk {
				c, n = b.brandDraft(t, 3499), 3500
			}
			b.launch(t, c)
			must(t, b.PlanCampaign(t.Context(), c.ID))
			bs, err := b.DB.Batches(t.Context(), c.ID, 0, 4)
			must(t, err)
			must(t, b.SendBatch(t.Context(), bs[0].ID))
			// The third batch is in doubt in the backup, and never reached the provider.
			b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(nhnsim.Answer{Drop: true})})
			must(t, b.SendBatch(t.Context(), bs[2].ID))

			original, restored := b.backup(t, address)
			must(t, original.SendBatch(t.Context(), bs[1].ID))
			must(t, original.DB.SetBatch(t.Context(), bs[2].ID, map[string]any{"state": models.BatchPlanned, "due_at": original.Now()}))
			must(t, original.SendBatch(t.Context(), bs[2].ID)) // a second attempt
			sent := len(b.count())

			must(t, restored.Beat(t.Context()))
			held, e := restored.until(t, c, isState(models.CampaignHeld))
			if held.Hold != "hold.restored" || e.Planned == 0 {
				t.Errorf("%s %+v", held.Hold, e)
			}
			restored.work(t)
			restored.until(t, c, func(_ models.Campaign, e models.Equation) bool { return e.Delivered >= 2000 })
			if now := len(b.count()); now != sent {
				t.Errorf("held, and %d were sent", now-sent)
			}
			must(t, restored.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
			restored.until(t, c, isState(models.CampaignFinished))
			b.wantOnce(t, n)
		})
	}
}

// The plan was not whole in the backup: it is not gone on with.
func TestRestoredPlanIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	b, address := newInstallation(t)
	c := b.draft(t, 10)
	b.launch(t, c)
	_, restored := b.backup(t, address)
	must(t, restored.Beat(t.Context()))
	if err := restored.Resume(t.Context(), b.admin, b.appkey.ID, c.ID); models.TextOf(err).Key != "campaign.restored_unplanned" {
		t.Errorf("resumed: %v", err)
	}
	must(t, restored.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID), restored.CancelBatches(t.Context(), c.ID))
	restored.until(t, c, isState(models.CampaignCancelled))
}

// Cancelling a restored campaign finds what was sent in the meantime.
func TestCancelOfARestoredCampaign(t *testing.T) {
	t.Parallel()
	b, address := newInstallation(t)
	c := b.draft(t, 10)
	b.launch(t, c)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	original, restored := b.backup(t, address)
	must(t, original.SendBatch(t.Context(), original.batch(t, c).ID))
	must(t, restored.Beat(t.Context()), restored.Cancel(t.Context(), b.admin, b.appkey.ID, c.ID))
	restored.work(t)
	_, e := restored.until(t, c, func(c models.Campaign, e models.Equation) bool {
		return c.State == models.CampaignCancelled && e.Open() == 0
	})
	if e.Delivered != 10 {
		t.Errorf("%+v", e)
	}
}

// A short pause is none of a restored database.
func TestSignsOfLife(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.planned(t)
	for _, step := range []struct {
		silence time.Duration
		held    bool
	}{{0, false}, {9 * time.Minute, false}, {11 * time.Minute, true}} {
		must(t, b.Beat(t.Context()))
		ago := time.Now().Add(-step.silence).UTC()
		_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE heartbeats SET beat_at = $1", ago)
		must(t, err)
		other := *b
		other.Service = &actions.Service{DB: b.DB, Log: b.Log, Now: b.Now, Timing: b.Timing}
		must(t, other.Beat(t.Context()))
		now, err := b.DB.CampaignByID(t.Context(), c.ID)
		must(t, err)
		if (now.State == models.CampaignHeld) != step.held {
			t.Errorf("after %v the campaign is %s", step.silence, now.State)
		}
	}
}

// Two installations share an appkey: neither takes the other's messages for its own.
func TestSecondInstallationOnTheSameAppkey(t *testing.T) {
	t.Parallel()
	first := newBench(t, time.Second)
	second := first.on(t, testdb.New(t))
	second.seed(t, first.appkey.BaseURL)
	a, b := first.draft(t, 20), second.draft(t, 30)
	if a.ID != b.ID {
		t.Fatal("the campaigns are to have the same id")
	}
	first.work(t)
	second.work(t)
	first.launch(t, a)
	second.launch(t, b)
	_, one := first.until(t, a, isState(models.CampaignFinished))
	_, two := second.until(t, b, isState(models.CampaignFinished))
	if one.Delivered != 20 || two.Delivered != 30 {
		t.Errorf("%+v, %+v", one, two)
	}
	counts := map[string]int{}
	for got := range first.sim.Accepted(testAppkey) {
		counts[fmt.Sprint(got.RecipientGroupingKey[:26], got.RecipientNo)]++
	}
	for who, n := range counts {
		if n != 1 {
			t.Errorf("%s: %d messages", who, n)
		}
	}
	if len(counts) != 50 {
		t.Errorf("%d messages", len(counts))
	}
}
