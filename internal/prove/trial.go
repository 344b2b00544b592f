package prove

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/web"
)

// kind is what is done with a campaign.
type kind string

// The kinds.
const (
	now           kind = "now"
	brandNow      kind = "brandtalk now"
	withFallback  kind = "now with fallback"
	scheduled     kind = "scheduled"
	brandWaiting  kind = "brandtalk scheduled" // beyond the lead time, so that it waits here
	cancelled     kind = "cancelled"
	cancelledHeld kind = "scheduled, cancelled"
	brandStopped  kind = "brandtalk scheduled, cancelled"
	optedOut      kind = "opted out"
	optedOutHeld  kind = "scheduled, opted out"
	moved         kind = "scheduled, moved"
	brandMoved    kind = "brandtalk scheduled, moved"
	partsHeld     kind = "scheduled, parts cancelled"
	partsWaiting  kind = "brandtalk scheduled, parts cancelled" // beyond the lead time, too
	paused        kind = "paused"
	paced         kind = "paced"
	listedTooLate kind = "listed too late"
)

// kinds come in turn, so that even a short run has each.
func kinds() []kind {
	return []kind{
		withFallback, brandNow, scheduled, cancelledHeld, optedOutHeld, brandStopped, listedTooLate, moved, partsWaiting,
		now, brandWaiting, cancelled, optedOut, paused, paced, brandMoved, partsHeld,
	}
}

func (k kind) channel() models.Channel {
	if strings.HasPrefix(string(k), "brandtalk") {
		return models.BrandTalk
	}
	return models.FriendTalk
}

func (k kind) scheduled() bool {
	return k == scheduled || k == brandWaiting || k == cancelledHeld || k == brandStopped || k == optedOutHeld || k.inParts()
}

// inParts reports whether what is done with the campaign is done with its batches, and
// needs its plan to be whole.
func (k kind) inParts() bool {
	return k == moved || k == brandMoved || k == partsHeld || k == partsWaiting
}

// trial is a campaign, and what is done with it.
type trial struct {
	kind     kind
	appkey   models.Appkey
	campaign models.Campaign
	phones   []string
	after    int           // kills after which it is launched
	disturb  time.Duration // after its launch, when something is done to it

	launched  time.Time
	disturbed bool
	over      bool
	equation  models.Equation
	asked     map[int64]bool // batches that have asked a person
}

// lead is how long before its time a campaign is handed over, in minutes.
const lead = 60

// open makes the database ready, with a team that has an appkey.
func (r *run) open(ctx context.Context, key string) (err error) {
	r.app, err = web.New(ctx, web.Config{
		Database: r.cfg.Database, DataDir: r.dir, SecretKey: key, MaxUpload: 1, Workers: 1, WebOnly: true,
		Settling: time.Minute, CallTimeout: 10 * time.Second, ResultsEvery: time.Second, SweepEvery: time.Second,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	r.app.Actions.Now = r.clock.now
	r.app.DB.SetClock(r.clock.now)
	found, err := r.app.DB.AllAppkeys(ctx)
	if err != nil {
		return err
	}
	people, err := r.app.DB.HasUsers(ctx)
	if err != nil {
		return err
	}
	if people || len(found) > 0 {
		return errors.New("the database is in use: a run needs an empty one")
	}
	in := models.NewAppkey{Name: appkey, Appkey: appkey, Secret: secret, BaseURL: r.provider.url, SenderVersion: kakao.SenderAPIv21}
	if err := r.app.Actions.SeedDemo(ctx, "prove", nil, models.NewToken(), in); err != nil {
		return err
	}
	found, err = r.app.DB.AllAppkeys(ctx)
	if err != nil {
		return err
	}
	r.appkey = found[0]
	r.appkey.RatePerSecond = 1000
	if err := r.app.DB.SaveAppkey(ctx, r.appkey); err != nil {
		return err
	}
	r.late = r.appkey
	r.late.ID, r.late.Name, r.late.Appkey = 0, lateKey, lateKey
	if err := r.app.DB.CreateAppkey(ctx, &r.late); err != nil {
		return err
	}
	if _, err := r.app.Actions.RefreshSenders(ctx, models.Actor{}, r.late); err != nil {
		return err
	}
	team := models.Team{ID: r.appkey.TeamID, LeadMinutes: lead} // nobody is there to approve
	if err := r.app.DB.SaveApprovalSettings(ctx, team); err != nil {
		return err
	}
	return r.app.DB.SaveTeamSettings(ctx, team)
}

// compose writes the drafts of all campaigns.
func (r *run) compose(ctx context.Context) error {
	n := min(max(r.cfg.Kills, len(kinds())), 5*len(kinds()))
	senders, err := r.app.DB.Senders(ctx, r.appkey.ID)
	if err != nil {
		return err
	}
	late, err := r.app.DB.Senders(ctx, r.late.ID)
	if err != nil {
		return err
	}
	made, err := r.app.Actions.AdoptTemplate(ctx, models.Actor{}, r.appkey, models.NewAdoption{SenderID: senders[0].ID, Code: template})
	if err != nil {
		return err
	}
	for i, size := range r.sizes(n) {
		t := &trial{
			kind: kinds()[i%len(kinds())], appkey: r.appkey, asked: map[int64]bool{}, phones: r.phones(size), after: i * r.cfg.Kills / n,
			disturb: time.Duration(r.random.Int64N(int64(3 * time.Second))),
		}
		from := senders[0]
		if t.kind == listedTooLate {
			t.appkey, from = r.late, late[0]
		}
		if err := r.draft(ctx, t, from, made); err != nil {
			return fmt.Errorf("%s: %w", t.kind, err)
		}
		r.trials = append(r.trials, t)
	}
	return nil
}

// sizes divides the recipients among n campaigns by chance, with at least one each.
func (r *run) sizes(n int) []int {
	weights, sum := make([]float64, n), 0.
	for i := range weights {
		weights[i] = .05 + r.random.Float64()
		sum += weights[i]
	}
	sizes, left := make([]int, n), r.cfg.Recipients
	for i := range sizes {
		sizes[i] = max(1, int(float64(r.cfg.Recipients)*weights[i]/sum))
		left -= sizes[i]
	}
	sizes[0] = max(1, sizes[0]+left)
	return sizes
}

// phones are n numbers, in order, some of which end as the provider has it that they
// fail.
func (r *run) phones(n int) []string {
	phones := make([]string, n)
	first := 10_000_000 + r.random.IntN(80_000_000)
	for i := range phones {
		number := first + i*7
		phones[i] = fmt.Sprintf("010%04d%04d", number/10_000%10_000, number%10_000)
	}
	return phones
}

func (r *run) draft(ctx context.Context, t *trial, from models.Sender, registered models.Template) error {
	db := r.app.DB
	audience := models.Audience{TeamID: r.appkey.TeamID, Columns: []string{"이름"}, CreatedAt: time.Now().UTC()}
	if err := db.CreateAudience(ctx, &audience); err != nil {
		return err
	}
	rs := make([]models.Recipient, len(t.phones))
	for i, phone := range t.phones {
		rs[i] = models.Recipient{Phone: phone, Vars: `{"이름":"김하늘"}`}
	}
	if err := db.InsertRecipients(ctx, audience.ID, rs); err != nil {
		return err
	}
	if err := db.SetAudienceSize(ctx, audience.ID, int64(len(rs))); err != nil {
		return err
	}
	before, err := r.begin(ctx, t, from, registered)
	if err != nil {
		return err
	}
	c := before
	c.AudienceID = audience.ID
	if t.kind.channel() == models.FriendTalk {
		c.Content = models.Content{Text: "#{이름}님, 안녕하세요", Ad: true}
		c.Fallback.On = t.kind == withFallback || t.kind == scheduled || t.kind == optedOut
	}
	if t.kind == paced {
		c.Pace = max(1, len(t.phones)/3)
	}
	if t.kind.scheduled() {
		at := r.clock.now().Add(5*time.Minute + time.Duration(r.random.Int64N(int64(lead*time.Minute/2))))
		if t.kind == brandWaiting || t.kind == partsWaiting {
			at = at.Add(lead * time.Minute)
		}
		at = at.Truncate(time.Minute)
		c.ScheduledAt = &at
	}
	t.campaign, err = r.app.Actions.SaveDraft(ctx, models.Actor{}, before, c)
	return err
}

func (r *run) begin(ctx context.Context, t *trial, from models.Sender, registered models.Template) (models.Campaign, error) {
	if t.kind.channel() == models.BrandTalk {
		return r.app.Actions.BeginCampaign(ctx, models.Actor{}, t.appkey, registered)
	}
	return r.app.Actions.CreateCampaign(ctx, models.Actor{}, t.appkey, models.NewCampaign{Name: string(t.kind), SenderID: from.ID})
}

// launch launches the campaigns whose turn it is.
func (r *run) launch(ctx context.Context) error {
	for _, t := range r.trials {
		if !t.launched.IsZero() || t.after > r.kills {
			continue
		}
		if _, err := r.app.Actions.CheckNow(ctx, models.Actor{}, t.campaign); err != nil {
			return fmt.Errorf("check %q: %w", t.kind, err)
		}
		err := r.app.Actions.Launch(ctx, models.Actor{}, t.appkey.ID, t.campaign.ID, t.campaign.Revision)
		if key := models.TextOf(err).Key; key == "check.not_done" || key == "check.stale" { // it is being checked
			continue
		}
		if err != nil {
			return fmt.Errorf("launch %q: %w", t.kind, err)
		}
		t.launched = time.Now()
	}
	return nil
}

// disturb does to a campaign under way what its kind says.
func (r *run) disturb(ctx context.Context) error {
	for _, t := range r.trials {
		if t.disturbed || t.launched.IsZero() || time.Since(t.launched) < t.disturb || t.kind.inParts() && t.campaign.Planned < int64(len(t.phones)) {
			continue
		}
		if err := r.disturbOne(ctx, t); err != nil && models.KindOf(err) != models.Conflict { // it may be over already
			return fmt.Errorf("%s: %w", t.kind, err)
		}
		t.disturbed = true
	}
	return nil
}

func (r *run) disturbOne(ctx context.Context, t *trial) error {
	switch t.kind {
	case cancelled, cancelledHeld, brandStopped:
		return r.app.Actions.Cancel(ctx, models.Actor{}, t.appkey.ID, t.campaign.ID)
	case paused:
		return r.app.Actions.Pause(ctx, models.Actor{}, t.appkey.ID, t.campaign.ID)
	case optedOut, optedOutHeld:
		var some []string
		for i := r.random.IntN(10); i < len(t.phones) && len(some) < 50; i += 1 + r.random.IntN(20) {
			some = append(some, t.phones[i])
		}
		if len(some) == 0 {
			return nil
		}
		in := models.NewSuppression{Pasted: models.Pasted{Text: strings.Join(some, "\n")}, Reason: "prove"}
		_, err := r.app.Actions.Suppress(ctx, models.Actor{}, r.appkey.TeamID, in)
		return err
	case moved, brandMoved:
		at := kakao.NextMorning(t.campaign.ScheduledAt.Add(30 * time.Minute)).Truncate(time.Minute)
		_, err := r.app.Actions.Reschedule(ctx, models.Actor{}, t.appkey.ID, t.campaign.ID, models.ScheduleOf(&at))
		return err
	case partsHeld, partsWaiting:
		return r.cancelParts(ctx, t)
	case now, brandNow, withFallback, scheduled, brandWaiting, paced, listedTooLate:
	}
	return nil
}

// cancelParts cancels some recipients of the first batch of a campaign, and the second
// batch, if there is one.
func (r *run) cancelParts(ctx context.Context, t *trial) error {
	batches, err := r.app.DB.Batches(ctx, t.campaign.ID, 0, 2)
	if err != nil {
		return err
	}
	messages, err := r.app.DB.BatchMessages(ctx, batches[0].ID)
	if err != nil {
		return err
	}
	ids := []int64{messages[0].ID}
	for i := 1 + r.random.IntN(10); i < len(messages) && len(ids) < 50; i += 1 + r.random.IntN(20) {
		ids = append(ids, messages[i].ID)
	}
	if _, err := r.app.Actions.RecallMessages(ctx, models.Actor{}, t.appkey.ID, t.campaign.ID, ids); err != nil || len(batches) == 1 {
		return err
	}
	second := []models.BatchSpan{{First: 2, Last: 2}}
	_, err = r.app.Actions.RecallBatches(ctx, models.Actor{}, t.appkey.ID, t.campaign.ID, second)
	return err
}
