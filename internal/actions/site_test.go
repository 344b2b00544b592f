package actions_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
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

const (
	testAppkey = "testappkey"
	testSecret = "testsecret"
	testSender = "@봄봄상점"
)

// bench is a service with its workers against a simulator of its own.
type bench struct {
	*actions.Service
	sim    *nhnsim.Sim
	team   models.Team
	appkey models.Appkey
	sender models.Sender
	admin  models.Actor
	ahead  *atomic.Int64 // how far the clock of service and simulator has been put on
}

// putOn puts the clock on.
func (b *bench) putOn(d time.Duration) { b.ahead.Add(int64(d)) }

// newBench starts a service whose calls end after timeout and settle four times as
// long after.
func newBench(t testing.TB, timeout time.Duration) *bench {
	t.Helper()
	offset := kakao.DayOffset(time.Now())
	return newBenchOn(t, testdb.Open(t), timeout, func() time.Time { return time.Now().Add(offset).UTC() })
}

// newBenchOn is newBench on a database, by a clock, with a simulator that is changed.
func newBenchOn(t testing.TB, db *models.DB, timeout time.Duration, clock func() time.Time, changes ...func(*nhnsim.Config)) *bench {
	t.Helper()
	b := &bench{ahead: new(atomic.Int64)}
	now := func() time.Time { return clock().Add(time.Duration(b.ahead.Load())) }
	b.sim = openSim(t, now, changes...)
	api := httptest.NewServer(b.sim)
	t.Cleanup(api.Close)
	keeper, err := models.NewKeeper(models.NewSecretKey())
	if err != nil {
		t.Fatal(err)
	}
	b.Service = &actions.Service{
		DB: db, Log: slog.New(slog.DiscardHandler), Keeper: keeper, Now: now,
		Provider: actions.NewProvider(keeper, timeout, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}),
		Timing:   actions.Timing{CallTimeout: timeout, Settling: 4 * timeout},
		Sweeping: actions.SweepSettings{ResultsEvery: 100 * time.Millisecond},
	}
	b.Jobs, err = river.NewClient(migrations.Driver(b.DB.SQL(), b.DB.Dialect()), jobs.Config(b.Service, 4, b.Log))
	if err != nil {
		t.Fatal(err)
	}
	b.seed(t, api.URL)
	return b
}

func openSim(t testing.TB, now func() time.Time, changes ...func(*nhnsim.Config)) *nhnsim.Sim {
	t.Helper()
	latency := nhnsim.Span{Min: 10 * time.Millisecond, Max: 50 * time.Millisecond}
	config := nhnsim.Config{Now: now, Latency: latency, FallbackLatency: latency}
	for _, change := range changes {
		change(&config)
	}
	sim, err := nhnsim.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	if err := sim.AddAppkey(testAppkey, testSecret); err != nil {
		t.Fatal(err)
	}
	if err := sim.SetSMSAppkey(testAppkey, "sms"); err != nil {
		t.Fatal(err)
	}
	_, err = sim.AddSender(testAppkey, nhnsim.Sender{
		PlusFriendID: testSender, Registered: true,
		Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return sim
}

func (b *bench) seed(t testing.TB, url string) {
	t.Helper()
	ctx, now := t.Context(), time.Now().UTC()
	b.team = models.Team{Name: "팀", LeadMinutes: models.DefaultLead, CreatedAt: now}
	user := models.User{Email: "a@example.com", Name: "관리자", InstanceAdmin: true, CreatedAt: now}
	must(t, b.DB.CreateTeam(ctx, &b.team), b.DB.CreateUser(ctx, &user))
	b.admin = models.Actor{User: user, Role: models.Admin}
	b.appkey = models.Appkey{
		TeamID: b.team.ID, Name: "앱키", Appkey: testAppkey, Secret: b.Keeper.Seal(testSecret), BaseURL: url,
		SenderVersion: kakao.SenderAPIv21, RatePerSecond: 1000, CreatedAt: now, UpdatedAt: now,
	}
	must(t, b.DB.CreateAppkey(ctx, &b.appkey))
	if _, err := b.RefreshSenders(ctx, b.admin, b.appkey); err != nil {
		t.Fatal(err)
	}
	senders, err := b.DB.Senders(ctx, b.appkey.ID)
	must(t, err)
	b.sender = senders[0]
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// work runs workers and sweeps until the test ends.
func (b *bench) work(t *testing.T) {
	t.Helper()
	must(t, b.Jobs.Start(context.Background()))
	ctx, cancel := context.WithCancel(context.Background())
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		jobs.Sweep(ctx, b.Service, 50*time.Millisecond)
	}()
	t.Cleanup(func() {
		cancel()
		<-swept
		stopping, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := b.Jobs.StopAndCancel(stopping); err != nil {
			t.Error(err)
		}
	})
}

// draft is a campaign ready to be launched, to phones that end in the given four
// digits or, without any, to n ordinary ones.
func (b *bench) draft(t *testing.T, n int, endings ...string) models.Campaign {
	t.Helper()
	ctx := t.Context()
	audience := models.Audience{TeamID: b.team.ID, Columns: []string{"이름"}, CreatedAt: time.Now().UTC()}
	must(t, b.DB.CreateAudience(ctx, &audience))
	rs := recipients(n, endings...)
	must(t, b.DB.InsertRecipients(ctx, audience.ID, rs), b.DB.SetAudienceSize(ctx, audience.ID, int64(len(rs))))
	c, err := b.CreateCampaign(ctx, b.admin, b.appkey, models.NewCampaign{Name: "시험"})
	must(t, err)
	before := c
	c.SenderID, c.AudienceID = b.sender.ID, audience.ID
	c.Content = models.Content{Text: "#{이름}님, 안녕하세요", Ad: true, Buttons: []models.Button{{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://example.com/?n=#{이름}"}}}
	c.Fallback = models.Fallback{On: true}
	c, err = b.SaveDraft(ctx, b.admin, before, c)
	must(t, err)
	return c
}

// recipients are n with ordinary phones, and some with phones that end in the given
// four digits.
func recipients(n int, endings ...string) []models.Recipient {
	rs := make([]models.Recipient, 0, n+len(endings))
	for i := range n {
		rs = append(rs, models.Recipient{Phone: fmt.Sprintf("010%04d%04d", i/1000+1000, i%1000+1000), Vars: `{"이름":"김하늘"}`})
	}
	for _, ending := range endings {
		rs = append(rs, models.Recipient{Phone: "0109999" + ending, Vars: `{"이름":"박바다"}`})
	}
	return rs
}

// until waits until the campaign is in the state, and returns it with its
// equation.
func (b *bench) until(t *testing.T, c models.Campaign, reached func(models.Campaign, models.Equation) bool) (models.Campaign, models.Equation) {
	t.Helper()
	deadline, tick := time.After(90*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		now, err := b.DB.Campaign(t.Context(), b.appkey.ID, c.ID)
		must(t, err)
		e, err := b.DB.Equation(t.Context(), now)
		must(t, err)
		if e.Sum() != e.Audience {
			t.Fatalf("the equation does not hold: %+v", e)
		}
		if reached(now, e) {
			return now, e
		}
		select {
		case <-deadline:
			t.Fatalf("the campaign is %s (%s), %+v", now.State, now.Hold, e)
		case <-tick.C:
		}
	}
}

func isState(state models.CampaignState) func(models.Campaign, models.Equation) bool {
	return func(c models.Campaign, _ models.Equation) bool { return c.State == state }
}

// count counts what the simulator has accepted and not cancelled, by number.
func (b *bench) count() map[string]int {
	got := map[string]int{}
	for a := range b.sim.Accepted(testAppkey) {
		if !a.Cancelled {
			got[a.RecipientNo]++
		}
	}
	return got
}

// wantOnce checks that n numbers were accepted, each exactly once.
func (b *bench) wantOnce(t *testing.T, n int) {
	t.Helper()
	got := b.count()
	if len(got) != n {
		t.Errorf("%d numbers were accepted, want %d", len(got), n)
	}
	for number, times := range got {
		if times != 1 {
			t.Errorf("%s was accepted %d times", number, times)
		}
	}
}
