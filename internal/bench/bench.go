// Package bench measures how fast the program does its main work: it imports a
// file, plans and hands over a campaign, and takes in its results, against the
// simulated provider in the same process, which takes its share of the time.
package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/text/encoding/korean"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
	"soshik/web"
)

// Config says what to measure.
type Config struct {
	Database   string `help:"sqlite:FILE or postgres://…, of an empty database; a temporary SQLite file if empty."`
	Recipients int    `default:"100000" help:"Recipients of the campaign."`
	Provider   bool   `help:"Measure the simulated provider alone, in a process of its own."`
}

const appkey, secret, sender = "bench", "bench", "@bench"

// run is a measurement under way.
type run struct {
	cfg      Config
	out      io.Writer
	dir      string
	app      *web.App
	sim      *nhnsim.Sim
	provider *server // instead of sim
	appkey   models.Appkey
	campaign models.Campaign
	addr     string
	token    string // of a session; empty: nobody is signed in yet
}

// Run measures and prints a line for each phase.
func Run(ctx context.Context, cfg Config, out io.Writer) (err error) {
	if cfg.Provider {
		return Provider(ctx, cfg, out)
	}
	r := &run{cfg: cfg, out: out}
	if r.dir, err = os.MkdirTemp("", "soshik-bench-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.cfg.Database == "" {
		r.cfg.Database = "sqlite:" + filepath.Join(r.dir, "soshik.db")
	}
	stop, err := r.start(ctx)
	if err != nil {
		return err
	}
	return errors.Join(r.measure(ctx), stop())
}

// start serves the program and the provider, and makes the appkey.
func (r *run) start(ctx context.Context) (stop func() error, err error) {
	offset, resultsEvery := kakao.DayOffset(time.Now()), 5*time.Second
	if r.provider != nil { // they are taken in by themselves, when all are there
		resultsEvery = time.Hour
	}
	if stop, err = r.serve(ctx, resultsEvery, offset); err != nil {
		return nil, err
	}
	return stop, r.seed(ctx, offset)
}

// serve serves the program.
func (r *run) serve(ctx context.Context, resultsEvery, offset time.Duration) (stop func() error, err error) {
	began := time.Now()
	r.app, err = web.New(ctx, web.Config{
		Database: r.cfg.Database, DataDir: r.dir, MaxUpload: 1000, Workers: 4, Settling: 15 * time.Minute, CallTimeout: 30 * time.Second,
		ResultsEvery: resultsEvery, SweepEvery: 200 * time.Millisecond, ClockOffset: offset,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	ln, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	serving, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.app.Serve(serving, ln) }()
	stop = func() error {
		cancel()
		return <-done
	}
	r.addr = ln.Addr().String()
	if err := firstPage(ctx, r.addr); err != nil {
		return nil, errors.Join(err, stop())
	}
	r.print("start to first page", time.Since(began), 0)
	return stop, nil
}

func listen(ctx context.Context) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
}

func firstPage(ctx context.Context, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/sign-in", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (r *run) seed(ctx context.Context, offset time.Duration) error {
	in := models.NewAppkey{Name: "bench", Appkey: appkey, Secret: secret, SenderVersion: kakao.SenderAPIv21}
	if r.provider != nil {
		in.Appkey, in.Secret, in.BaseURL = nhnsim.DefaultAppkey, nhnsim.DefaultSecret, r.provider.base
	} else {
		url, err := r.simulate(ctx, offset)
		if err != nil {
			return err
		}
		in.BaseURL = url
	}
	users := []models.NewUser{{Email: "bench@example.com", Name: "bench", Role: models.Marketer}}
	if err := r.app.Actions.SeedDemo(ctx, "bench", users, models.NewToken(), in); err != nil {
		return err
	}
	keys, err := r.app.DB.AllAppkeys(ctx)
	if err != nil {
		return err
	}
	r.appkey = keys[0]
	// Nobody is there to approve.
	if err := r.app.Actions.SaveApprovalSettings(ctx, models.Actor{}, r.appkey.TeamID, models.ApprovalSettings{From: ""}); err != nil {
		return err
	}
	r.appkey.RatePerSecond = 10_000
	return r.app.DB.SaveAppkey(ctx, r.appkey)
}

// simulate serves the provider in this process, and returns its URL.
func (r *run) simulate(ctx context.Context, offset time.Duration) (url string, err error) {
	latency := nhnsim.Span{Min: time.Millisecond, Max: 100 * time.Millisecond}
	r.sim, err = nhnsim.Open(nhnsim.Config{Now: func() time.Time { return time.Now().Add(offset) }, Latency: latency, FallbackLatency: latency})
	if err != nil {
		return "", err
	}
	if err := r.sim.AddAppkey(appkey, secret); err != nil {
		return "", err
	}
	if _, err := r.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: sender, Registered: true}); err != nil {
		return "", err
	}
	ln, err := listen(ctx)
	if err != nil {
		return "", err
	}
	go func() { _ = (&http.Server{Handler: r.sim, ReadHeaderTimeout: time.Minute}).Serve(ln) }()
	return "http://" + ln.Addr().String(), nil
}

func (r *run) measure(ctx context.Context) error {
	for _, phase := range []func(context.Context) error{r.compose, r.importFile, r.dispatch, r.results} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	peak, err := peakMemory(os.Getpid())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "%-24s %s\n", "peak memory", peak)
	return err
}

// compose makes a draft of 40 Hangul and one button.
func (r *run) compose(ctx context.Context) error {
	senders, err := r.app.DB.Senders(ctx, r.appkey.ID)
	if err != nil {
		return err
	}
	c, err := r.app.Actions.CreateCampaign(ctx, models.Actor{}, r.appkey, models.NewCampaign{Name: "bench"})
	if err != nil {
		return err
	}
	before := c
	for _, s := range senders {
		if s.PlusFriendID == sender {
			c.SenderID = s.ID
		}
	}
	c.Content = models.Content{
		Text: "#{이름}님, " + strings.Repeat("가", 34), Ad: true,
		Buttons: []models.Button{{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://example.com/c/#{쿠폰}"}},
	}
	r.campaign, err = r.app.Actions.SaveDraft(ctx, models.Actor{}, before, c)
	return err
}

// importFile reads a CSV in CP949 with numbers in no order.
func (r *run) importFile(ctx context.Context) (err error) {
	path := filepath.Join(r.dir, "recipients.csv")
	if err := r.writeCSV(path); err != nil {
		return err
	}
	a := r.app.Actions
	f, err := os.Open(path) //nolint:gosec // our own
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	i, err := a.CreateImport(ctx, models.Actor{}, r.campaign, actions.Upload{Name: "recipients.csv", Body: f, Max: 1 << 30})
	if err != nil {
		return err
	}
	began := time.Now()
	if err := a.StartImport(ctx, models.Actor{}, r.campaign, i, i.Mapping); err != nil {
		return err
	}
	err = r.wait(ctx, func() (bool, error) {
		i, err = r.app.DB.ImportByID(ctx, i.ID)
		return i.State != models.ImportRunning, err
	})
	if err != nil {
		return err
	}
	if i.Good != int64(r.cfg.Recipients) {
		return fmt.Errorf("%d of %d rows were imported (%s)", i.Good, r.cfg.Recipients, i.Problem)
	}
	r.print("import", time.Since(began), r.cfg.Recipients)
	return nil
}

func (r *run) writeCSV(path string) (err error) {
	f, err := os.Create(path) //nolint:gosec // in our own folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(korean.EUCKR.NewEncoder().Writer(f))
	if _, err := w.WriteString("휴대폰,이름,쿠폰\n"); err != nil {
		return err
	}
	for n := range r.cfg.Recipients {
		// 7,919 is prime to 90,000,000, so that every number comes once.
		number := 10_000_000 + n*7919%90_000_000
		if _, err := fmt.Fprintf(w, "010-%04d-%04d,김하늘,A%d\n", number/10_000, number%10_000, n); err != nil {
			return err
		}
	}
	return w.Flush()
}

// dispatch plans the campaign and hands it over.
func (r *run) dispatch(ctx context.Context) (err error) {
	if r.campaign, err = r.app.DB.CampaignByID(ctx, r.campaign.ID); err != nil {
		return err
	}
	began := time.Now()
	if _, err := r.app.Actions.CheckNow(ctx, models.Actor{}, r.campaign); err != nil {
		return err
	}
	if err := r.app.Actions.Launch(ctx, models.Actor{}, r.appkey.ID, r.campaign.ID, r.campaign.Revision); err != nil {
		return err
	}
	r.print("check and launch", time.Since(began), r.cfg.Recipients)
	began = time.Now()
	planned := time.Time{}
	err = r.wait(ctx, func() (bool, error) {
		e, err := r.app.DB.Equation(ctx, r.campaign)
		if e.Unplanned == 0 && planned.IsZero() {
			planned = time.Now()
		}
		return e.Unplanned+e.Planned+e.InDoubt == 0, err
	})
	if err != nil {
		return err
	}
	r.print("plan", planned.Sub(began), r.cfg.Recipients)
	r.print("hand over", time.Since(planned), r.cfg.Recipients)
	r.print("plan and hand over", time.Since(began), r.cfg.Recipients)
	if r.sim != nil {
		_, err = fmt.Fprintf(r.out, "%-24s %.2f s of processor time\n", "  of it the provider", r.sim.Stats().BusySeconds)
	}
	return err
}

// results waits until the result of every message has been taken in.
func (r *run) results(ctx context.Context) error {
	began := time.Now()
	err := r.wait(ctx, func() (bool, error) {
		c, err := r.app.DB.CampaignByID(ctx, r.campaign.ID)
		return c.State == models.CampaignFinished, err
	})
	if err != nil {
		return err
	}
	r.print("results after that", time.Since(began), r.cfg.Recipients)
	e, err := r.app.DB.Equation(ctx, r.campaign)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "%-24s %d of %d\n", "delivered", e.Delivered, e.Audience)
	return err
}

// wait asks until done.
func (r *run) wait(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (r *run) print(what string, took time.Duration, n int) {
	rate := ""
	if n > 0 {
		rate = fmt.Sprintf("%10.0f/s", float64(n)/took.Seconds())
	}
	_, _ = fmt.Fprintf(r.out, "%-24s %8.2f s %s\n", what, took.Seconds(), rate)
}

// peakMemory is the most memory that a process has had resident.
func peakMemory(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(rest), nil
		}
	}
	return "not told", nil
}
