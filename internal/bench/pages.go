package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"soshik/models"
)

// PagesConfig says what to measure.
type PagesConfig struct {
	Database  string   `help:"sqlite:FILE or postgres://…, of an empty database, or of one that such a run has filled; a temporary SQLite file if empty."`
	Messages  int      `default:"10000000" help:"Messages that are searched."`
	Campaigns int      `default:"50" help:"Campaigns that they are of."`
	Foreign   int      `help:"Messages of other systems that are searched, too."`
	Beside    int      `default:"10000" help:"Messages of a second, small database that is measured beside; 0: none."`
	Only      []string `help:"Measure only the searches whose names contain one of these."`
	Skip      bool     `help:"Only the searches: no pages, no requests at the same time."`
}

const (
	searches    = 200 // of each kind
	connections = 16
	pagesFor    = 2 * time.Second // requests at the same time
	rowsOfPage  = 50
)

// Pages measures how fast messages are found, by each filter and by pairs of them: the
// search alone, the whole page with a session over HTTP, and how many pages there are in a
// second at 16 connections, with the client in the same process. Beside it stands the same
// with few messages.
func Pages(ctx context.Context, cfg PagesConfig, out io.Writer) error {
	var beside map[string]pageTimes
	if cfg.Beside > 0 {
		small := cfg
		small.Messages, small.Campaigns = cfg.Beside, min(cfg.Campaigns, max(cfg.Beside/1000, 1))
		small.Foreign = min(cfg.Foreign, cfg.Beside)
		var err error
		if small.Database, err = besideAddress(ctx, cfg.Database); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, "%d messages of %d campaigns\n", small.Messages, small.Campaigns)
		if beside, err = pagesOf(ctx, small, nil, io.Discard); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(out, "%d messages of %d campaigns\n", cfg.Messages, cfg.Campaigns)
	_, err := pagesOf(ctx, cfg, beside, out)
	return err
}

// pageTimes are how long a search took.
type pageTimes struct {
	model, page durations
	perSecond   float64
}

func pagesOf(ctx context.Context, cfg PagesConfig, beside map[string]pageTimes, out io.Writer) (all map[string]pageTimes, err error) {
	r := &run{cfg: Config{Database: cfg.Database}, out: out}
	if r.dir, err = os.MkdirTemp("", "soshik-bench-*"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.cfg.Database == "" {
		r.cfg.Database = "sqlite:" + filepath.Join(r.dir, "soshik.db")
	}
	stop, err := r.startFilled(ctx)
	if err != nil {
		return nil, err
	}
	l := &library{run: r, cfg: cfg}
	if err = errors.Join(l.fill(ctx), l.fillForeign(ctx)); err == nil {
		all, err = l.measure(ctx, beside)
	}
	return all, errors.Join(err, stop())
}

// startFilled starts the program, on a database that may be filled already.
func (r *run) startFilled(ctx context.Context) (stop func() error, err error) {
	if stop, err = r.serve(ctx, time.Hour, 0); err != nil {
		return nil, err
	}
	keys, err := r.app.DB.AllAppkeys(ctx)
	switch {
	case err != nil:
	case len(keys) > 0:
		r.appkey = keys[0]
	default:
		err = r.seed(ctx, 0)
	}
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

// besideAddress is a second database: a file of its own, or a schema beside the first.
func besideAddress(ctx context.Context, address string) (string, error) {
	if !strings.HasPrefix(address, "postgres") {
		return "", nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	db, err := models.Open(ctx, address)
	if err != nil {
		return "", err
	}
	for _, sql := range []string{"DROP SCHEMA IF EXISTS beside CASCADE", "CREATE SCHEMA beside"} {
		if _, err := db.SQL().ExecContext(ctx, sql); err != nil {
			return "", errors.Join(err, db.Close())
		}
	}
	q := u.Query()
	q.Set("search_path", "beside")
	u.RawQuery = q.Encode()
	return u.String(), db.Close()
}

func (l *library) measure(ctx context.Context, beside map[string]pageTimes) (map[string]pageTimes, error) {
	_, _ = fmt.Fprintf(l.out, "%-34s %21s %21s %10s   %s\n", "milliseconds, p50 / p99", "search", "page", "pages/s", "few messages: search, page, pages/s")
	all := map[string]pageTimes{}
	cases := l.cases()
	if l.cfg.Foreign > 0 {
		cases = append(cases, l.foreignCases()...)
	}
	for _, c := range cases {
		if len(l.cfg.Only) > 0 && !slices.ContainsFunc(l.cfg.Only, func(part string) bool { return strings.Contains(c.name, part) }) {
			continue
		}
		t, err := l.timesOf(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		all[c.name] = t
		line := fmt.Sprintf("%-34s %s", c.name, t)
		if b, found := beside[c.name]; found {
			line += "   " + b.String()
		}
		_, _ = fmt.Fprintln(l.out, line)
	}
	return all, nil
}

func (t pageTimes) String() string {
	return fmt.Sprintf("%9.2f / %9.2f %9.2f / %9.2f %10.0f", t.model.at(0.5), t.model.at(0.99), t.page.at(0.5), t.page.at(0.99), t.perSecond)
}

func (l *library) timesOf(ctx context.Context, c pageCase) (t pageTimes, err error) {
	rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same every time
	for n := range searches + searches/10 {
		f := c.filter(rnd)
		began := time.Now()
		if err := l.search(ctx, c, f); err != nil {
			return t, err
		}
		if n >= searches/10 { // what came before has warmed up
			t.model = append(t.model, milliseconds(began))
		}
	}
	slices.Sort(t.model)
	if l.cfg.Skip {
		return t, nil
	}
	for range searches {
		path := l.path(c, c.filter(rnd))
		began := time.Now()
		if err := l.page(ctx, path); err != nil {
			return t, err
		}
		t.page = append(t.page, milliseconds(began))
	}
	slices.Sort(t.page)
	t.perSecond, err = l.together(ctx, c)
	return t, err
}

func milliseconds(since time.Time) float64 {
	return float64(time.Since(since)) / float64(time.Millisecond)
}

// search reads a page of what is searched for.
func (l *library) search(ctx context.Context, c pageCase, f models.DeliveryFilter) error {
	if c.foreign {
		_, err := l.app.DB.ForeignMessages(ctx, l.appkey.ID, f, l.foreignAfter(f), rowsOfPage)
		return err
	}
	_, err := l.app.DB.Deliveries(ctx, l.appkey.ID, f, rowsOfPage)
	return err
}

func (l *library) path(c pageCase, f models.DeliveryFilter) string {
	path, q := fmt.Sprintf("/appkeys/%d/deliveries", l.appkey.ID), f.Query()
	if c.foreign {
		path += "/elsewhere"
		q.Set("after", l.foreignAfter(f))
	}
	return path + "?" + q.Encode()
}

// together is how many pages there are in a second when many ask.
func (l *library) together(ctx context.Context, c pageCase) (perSecond float64, err error) {
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = connections
	var pages atomic.Int64
	errs := make([]error, connections)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(3, uint64(i))) //nolint:gosec // the same every time
			for errs[i] == nil && time.Since(began) < pagesFor {
				errs[i] = l.page(ctx, l.path(c, c.filter(rnd)))
				pages.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(pages.Load()) / time.Since(began).Seconds(), errors.Join(errs...)
}

// pageCase is a kind of search; filter is one of the kind.
type pageCase struct {
	name    string
	filter  func(rnd *rand.Rand) models.DeliveryFilter
	foreign bool // for messages of others
}

// cases are every filter alone, and pairs that people use.
func (l *library) cases() []pageCase {
	return withPairs(l.alone(), pairs())
}

func withPairs(alone []pageCase, pairs [][2]string) []pageCase {
	cases := slices.Clone(alone)
	for _, pair := range pairs {
		first, second := caseOf(alone, pair[0]), caseOf(alone, pair[1])
		cases = append(cases, pageCase{name: pair[0] + ", " + pair[1], filter: func(rnd *rand.Rand) models.DeliveryFilter {
			return both(first(rnd), second(rnd))
		}})
	}
	return cases
}

func caseOf(cases []pageCase, name string) func(*rand.Rand) models.DeliveryFilter {
	i := slices.IndexFunc(cases, func(c pageCase) bool { return c.name == name })
	if i < 0 {
		panic(fmt.Errorf("no search %q", name))
	}
	return cases[i].filter
}
