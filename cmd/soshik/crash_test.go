package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/internal/testdb"
	"soshik/migrations"
	"soshik/models"
)

// runVariable makes the test binary be the program itself, so that a test can
// start it as a process of its own.
const runVariable = "SOSHIK_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const (
	crashRecipients = 5000
	crashKills      = 12
	crashTimeout    = time.Second
	crashSettling   = 4 * time.Second
)

// The program is killed with SIGKILL at random points of a campaign, against a
// provider that accepts late, loses answers and lists late. Afterwards everybody
// has been sent to exactly once.
func TestKillNine(t *testing.T) {
	t.Parallel()
	for _, channel := range models.Channels() {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			killNine(t, channel)
		})
	}
}

func killNine(t *testing.T, channel models.Channel) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	offset := kakao.DayOffset(time.Now())
	sim := crashSim(t, seed, channel, offset)
	provider := httptest.NewServer(sim)
	t.Cleanup(provider.Close)
	address, data := testdb.New(t), t.TempDir()
	key := fmt.Sprintf("%064x", seed)
	campaign := launchForCrash(t, channel, address, key, provider.URL, offset)

	for range crashKills {
		p := startProcess(t, address, data, key, offset)
		timer := time.NewTimer(300*time.Millisecond + time.Duration(random.IntN(1700))*time.Millisecond)
		<-timer.C
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait()
	}
	startProcess(t, address, data, key, offset)
	equation := waitForEnd(t, address, campaign)
	compare(t, sim, equation)
}

func crashSim(t *testing.T, seed uint64, channel models.Channel, offset time.Duration) *nhnsim.Sim {
	t.Helper()
	sim, err := nhnsim.Open(nhnsim.Config{
		Now:         func() time.Time { return time.Now().Add(offset) },
		EndsExactly: true, // the narrowest reading of what is asked for
		Latency:     nhnsim.Span{Min: 50 * time.Millisecond, Max: 500 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	must(t, sim.AddAppkey("crash", "secret"))
	sender, err := sim.AddSender("crash", nhnsim.Sender{PlusFriendID: "@crash", Registered: true})
	must(t, err)
	_, err = sim.AddTemplate("crash", nhnsim.Template{SenderKey: sender.SenderKey, Code: crashTemplate, Content: "안녕하세요"})
	must(t, err)
	sim.SetFaults(nhnsim.Faults{Seed: seed, Rules: crashFaults(channel)})
	return sim
}

// crashFaults are what the provider does to sends: it is late whether or not the
// caller still waits, refuses, breaks down before and after accepting, and lists late. Its
// lists and results repeat what they say, in no order. A channel whose requests cannot
// be made again under their key asks a person when three of them are lost, so that fewer
// are.
func crashFaults(channel models.Channel) []nhnsim.Fault {
	const late = 1500 * time.Millisecond
	lost, endpoint := .1, "send"
	if channel == models.BrandTalk {
		lost, endpoint = .02, "brandtalk send"
	}
	rules := []nhnsim.Fault{
		{Kind: nhnsim.FaultLate, Rate: .7, Delay: late, DelayMin: new(time.Duration(0))},
		{Kind: nhnsim.FaultTooMany, Rate: .05, RetryAfter: time.Second},
		{Kind: nhnsim.FaultErrorBefore, Rate: lost / 2},
		{Kind: nhnsim.FaultDropBefore, Rate: lost},
		{Kind: nhnsim.FaultTimeoutAfter, Rate: .1},
		{Kind: nhnsim.FaultErrorAfter, Rate: .1},
		{Kind: nhnsim.FaultDropAfter, Rate: .1},
		{Kind: nhnsim.FaultNotJSON, Rate: .025},
		{Kind: nhnsim.FaultTruncated, Rate: .025},
		{Kind: nhnsim.FaultLateListing, Rate: .5, Delay: late, DelayMin: new(time.Duration(0))},
	}
	for i := range rules {
		rules[i].Endpoint = endpoint
	}
	return append(rules, nhnsim.Fault{Kind: nhnsim.FaultRepeat, Rate: .1}, nhnsim.Fault{Kind: nhnsim.FaultShuffle, Rate: .3})
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// launchForCrash writes a launched campaign into the database that the processes
// will find.
func launchForCrash(t *testing.T, channel models.Channel, address, key, url string, offset time.Duration) models.Campaign {
	t.Helper()
	s := crashService(t, address, key, offset)
	defer func() { must(t, s.DB.Close()) }()
	appkey := seedCrash(t, s, url)
	c := draftForCrash(t, s, channel, appkey)
	_, err := s.CheckNow(t.Context(), models.Actor{}, c)
	must(t, err, s.Launch(t.Context(), models.Actor{}, appkey.ID, c.ID, c.Revision))
	return c
}

// crashService is what the processes will be, without workers: jobs that it inserts
// are theirs.
func crashService(t *testing.T, address, key string, offset time.Duration) *actions.Service {
	t.Helper()
	db, err := models.Open(t.Context(), address)
	must(t, err)
	raw := make([]byte, models.SecretKeySize)
	_, err = fmt.Sscanf(key, "%64x", &raw)
	must(t, err)
	keeper, err := models.NewKeeper(raw)
	must(t, err)
	s := &actions.Service{
		DB: db, Log: slog.New(slog.DiscardHandler), Keeper: keeper, Now: func() time.Time { return time.Now().Add(offset).UTC() },
		Provider: actions.NewProvider(keeper, 10*time.Second, nil),
	}
	s.Jobs, err = river.NewClient(migrations.Driver(db.SQL(), db.Dialect()), &river.Config{})
	must(t, err)
	return s
}

func seedCrash(t *testing.T, s *actions.Service, url string) models.Appkey {
	t.Helper()
	appkey := models.NewAppkey{Name: "crash", Appkey: "crash", Secret: "secret", BaseURL: url, SenderVersion: kakao.SenderAPIv21}
	must(t, s.SeedDemo(t.Context(), "crash", nil, "unused password", appkey))
	ks, err := s.DB.AllAppkeys(t.Context())
	must(t, err)
	return ks[0]
}

func draftForCrash(t *testing.T, s *actions.Service, channel models.Channel, appkey models.Appkey) models.Campaign {
	t.Helper()
	ctx := t.Context()
	senders, err := s.DB.Senders(ctx, appkey.ID)
	must(t, err)
	audience := models.Audience{TeamID: appkey.TeamID, CreatedAt: time.Now().UTC()}
	must(t, s.DB.CreateAudience(ctx, &audience))
	rs := make([]models.Recipient, crashRecipients)
	for i := range rs {
		rs[i] = models.Recipient{Phone: fmt.Sprintf("010%04d%04d", 1000+i/1000, 1000+i%1000), Vars: "{}"}
	}
	must(t, s.DB.InsertRecipients(ctx, audience.ID, rs), s.DB.SetAudienceSize(ctx, audience.ID, crashRecipients))
	c := beginForCrash(t, s, channel, appkey, senders[0])
	before := c
	c.AudienceID = audience.ID
	c, err = s.SaveDraft(ctx, models.Actor{}, before, c)
	must(t, err)
	return c
}

// crashTemplate is the code of the template that BrandTalk sends.
const crashTemplate = "crash"

func beginForCrash(t *testing.T, s *actions.Service, channel models.Channel, appkey models.Appkey, sender models.Sender) models.Campaign {
	t.Helper()
	ctx := t.Context()
	if channel == models.BrandTalk {
		made, err := s.AdoptTemplate(ctx, models.Actor{}, appkey, models.NewAdoption{SenderID: sender.ID, Code: crashTemplate})
		must(t, err)
		c, err := s.BeginCampaign(ctx, models.Actor{}, appkey, made)
		must(t, err)
		return c
	}
	c, err := s.CreateCampaign(ctx, models.Actor{}, appkey, models.NewCampaign{Name: "crash", SenderID: sender.ID})
	must(t, err)
	before := c
	c.Content = models.Content{Text: "안녕하세요", Ad: true}
	c, err = s.SaveDraft(ctx, models.Actor{}, before, c)
	must(t, err)
	return c
}

func startProcess(t *testing.T, address, data, key string, offset time.Duration) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	log, err := os.OpenFile(filepath.Join(data, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err)
	defer func() { _ = log.Close() }()
	p := exec.CommandContext(context.Background(), self, "serve", "--addr", freeAddress(t))
	p.Env = append(os.Environ(), runVariable+"=1", "SOSHIK_DATABASE="+address, "SOSHIK_DATA="+data, "SOSHIK_SECRET_KEY="+key,
		"SOSHIK_CLOCK_OFFSET="+offset.String(), "SOSHIK_CALL_TIMEOUT="+crashTimeout.String(), "SOSHIK_SETTLING="+crashSettling.String(),
		"SOSHIK_SWEEP_EVERY=100ms", "SOSHIK_RESULTS_EVERY=200ms")
	p.Stdout, p.Stderr = log, log
	must(t, p.Start())
	t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
		if t.Failed() {
			showLog(t, filepath.Join(data, "log"))
		}
	})
	return p
}

func showLog(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	text, _ := io.ReadAll(io.LimitReader(f, 20_000))
	t.Logf("%s", text)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// waitForEnd waits until the campaign is finished, reading as the pages do.
func waitForEnd(t *testing.T, address string, c models.Campaign) models.Equation {
	t.Helper()
	db, err := models.Open(t.Context(), address)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	deadline, tick := time.After(4*time.Minute), time.NewTicker(100*time.Millisecond)
	defer tick.Stop()
	for {
		now, err := db.CampaignByID(t.Context(), c.ID)
		must(t, err)
		e, err := db.Equation(t.Context(), now)
		must(t, err)
		if e.Sum() != e.Audience {
			t.Fatalf("the equation does not hold: %+v", e)
		}
		if now.State == models.CampaignFinished {
			return e
		}
		select {
		case <-deadline:
			t.Fatalf("the campaign is %s (%s): %+v", now.State, now.Hold, e)
		case <-tick.C:
		}
	}
}

// compare counts at the simulator who got the message, and how often.
func compare(t *testing.T, sim *nhnsim.Sim, e models.Equation) {
	t.Helper()
	got := map[string]int{}
	for a := range sim.Accepted("crash") {
		got[a.RecipientNo]++
	}
	doubled := 0
	for _, times := range got {
		if times > 1 {
			doubled++
		}
	}
	t.Logf("lost %d doubled %d, %+v", crashRecipients-len(got), doubled, e)
	if len(got) != crashRecipients || doubled > 0 || e.Delivered != crashRecipients {
		t.Error("somebody was lost or doubled")
	}
}
