package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"soshik/internal/actions"
	"soshik/models"
)

// ImportConfig says what to import.
type ImportConfig struct {
	Database string `help:"sqlite:FILE or postgres://…, of an empty database; a temporary SQLite file if empty."`
	Rows     int    `default:"1000000" help:"Rows of the files."`
}

// Import measures how fast files of recipients are brought in, how much memory that
// takes, and how long pages take meanwhile. Beside it stands the limit: the same
// recipients, in the order of the file and without reading any, by what each
// database takes most quickly.
func Import(ctx context.Context, cfg ImportConfig, out io.Writer) (err error) {
	r := &run{cfg: Config{Database: cfg.Database, Recipients: cfg.Rows}, out: out}
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
	return errors.Join(r.measureImports(ctx), stop())
}

func (r *run) measureImports(ctx context.Context) error {
	limit, err := r.insertLimit(ctx)
	if err != nil {
		return err
	}
	csv, xlsx := filepath.Join(r.dir, "recipients.csv"), filepath.Join(r.dir, "recipients.xlsx")
	err = errors.Join(writeCP949(csv, r.cfg.Recipients), writeWorkbook(xlsx, r.cfg.Recipients))
	if err != nil {
		return err
	}
	for _, m := range []importMeasure{{"CSV in CP949", csv, false}, {"the same, with pages", csv, true}, {"workbook", xlsx, false}} {
		if err := r.measureImport(ctx, m, limit); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return r.printPeak()
}

// limitChunk is how many recipients the limit stores in a transaction.
const limitChunk = 10_000

// insertLimit stores the good rows of the file in its order: by COPY on PostgreSQL, by
// prepared inserts on SQLite. It returns recipients a second; making them is not counted.
func (r *run) insertLimit(ctx context.Context) (float64, error) {
	audience := models.Audience{TeamID: r.appkey.TeamID, CreatedAt: time.Now().UTC()}
	if err := r.app.DB.CreateAudience(ctx, &audience); err != nil {
		return 0, err
	}
	var took, worked time.Duration
	stored := 0
	chunk := make([]models.Recipient, 0, limitChunk)
	store := func() error {
		began, before := time.Now(), processorTime()
		err := r.app.DB.InsertRecipients(ctx, audience.ID, chunk)
		took += time.Since(began)
		worked += processorTime() - before
		stored += len(chunk)
		chunk = chunk[:0]
		return err
	}
	for n := range r.cfg.Recipients {
		p := personAt(n, r.cfg.Recipients)
		if p.kind != good {
			continue
		}
		if chunk = append(chunk, models.Recipient{Phone: p.phone, Vars: p.vars()}); len(chunk) == limitChunk {
			if err := store(); err != nil {
				return 0, err
			}
		}
	}
	if err := store(); err != nil {
		return 0, err
	}
	r.print("limit: "+map[string]string{models.SQLite: "prepared inserts", models.Postgres: "COPY"}[r.app.DB.Dialect()], took, stored)
	_, err := fmt.Fprintf(r.out, "  %-22s %8.2f s\n", "processor time", worked.Seconds())
	return float64(stored) / took.Seconds(), err
}

// processorTime is what this process has used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// importMeasure is an import to be measured.
type importMeasure struct {
	name, path string
	pages      bool // whether pages are asked for meanwhile
}

// measureImport imports a file into a campaign of its own.
func (r *run) measureImport(ctx context.Context, m importMeasure, limit float64) (err error) {
	if err := r.compose(ctx); err != nil {
		return err
	}
	i, err := r.uploaded(ctx, m.path)
	if err != nil {
		return err
	}
	heap, pages := watchHeap(), func() durations { return nil }
	if m.pages {
		pages = r.watchPages(ctx)
	}
	began, before := time.Now(), processorTime()
	if err := r.app.Actions.StartImport(ctx, models.Actor{}, r.campaign, i, i.Mapping); err != nil {
		return err
	}
	err = r.wait(ctx, func() (bool, error) {
		i, err = r.app.DB.ImportByID(ctx, i.ID)
		return i.State != models.ImportRunning, err
	})
	took, worked := time.Since(began), processorTime()-before
	highest, times := heap(), pages()
	if err != nil {
		return err
	}
	want := counts(r.cfg.Recipients)
	if i.State != models.ImportDone || i.Good != want[good] || i.Doubled != want[doubled] || i.Refused != want[refused] {
		return fmt.Errorf("%s (%s): %d good, %d doubled, %d refused, want %v", i.State, i.Problem, i.Good, i.Doubled, i.Refused, want)
	}
	r.print("import: "+m.name, took, r.cfg.Recipients)
	_, err = fmt.Fprintf(r.out, "  %-22s %8.2f × the limit (%d MB)\n  %-22s %8.2f s\n  %-22s %8d MiB above idle\n",
		"speed", float64(r.cfg.Recipients)/took.Seconds()/limit, i.Size/1_000_000, "processor time", worked.Seconds(), "heap", highest>>20)
	if err == nil && m.pages {
		_, err = fmt.Fprintf(r.out, "  %-22s %8.1f ms p50, %.1f ms p99, %.1f ms at most (%d pages)\n",
			"pages meanwhile", times.at(.5), times.at(.99), times.at(1), len(times))
	}
	return err
}

func (r *run) uploaded(ctx context.Context, path string) (i models.Import, err error) {
	f, err := os.Open(path) //nolint:gosec // our own
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return r.app.Actions.CreateImport(ctx, models.Actor{}, r.campaign, actions.Upload{Name: filepath.Base(path), Body: f, Max: 1 << 30})
}

// watchHeap looks at the heap until what it returns is called, which tells the most that was on
// it above what is there at rest, in bytes.
func watchHeap() (highest func() int64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	size := func() int64 {
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64()) //nolint:gosec // no heap is that large
	}
	runtime.GC()
	idle, peak := size(), int64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			peak = max(peak, size()-idle)
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-stopped
		return peak
	}
}

// durations are sorted, in milliseconds.
type durations []float64

func (d durations) at(share float64) float64 {
	if len(d) == 0 {
		return 0
	}
	return d[min(int(share*float64(len(d))), len(d)-1)]
}

// watchPages asks for the list of campaigns, signed in, every ten milliseconds until what it
// returns is called, which tells how long each took.
func (r *run) watchPages(ctx context.Context) (taken func() durations) {
	var over atomic.Bool
	done := make(chan durations)
	go func() {
		var all durations
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for !over.Load() && ctx.Err() == nil {
			began := time.Now()
			if err := r.page(ctx, fmt.Sprintf("/appkeys/%d/campaigns", r.appkey.ID)); err != nil {
				break
			}
			all = append(all, float64(time.Since(began))/float64(time.Millisecond))
			<-tick.C
		}
		slices.Sort(all)
		done <- all
	}()
	return func() durations {
		over.Store(true)
		return <-done
	}
}

// page reads a page as somebody who is signed in.
func (r *run) page(ctx context.Context, path string) error {
	if r.token == "" {
		token := models.NewToken()
		if err := r.app.DB.CreateSession(ctx, token, &models.Session{UserID: 1}); err != nil {
			return err
		}
		r.token = token
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.addr+path, nil)
	if err != nil {
		return err
	}
	req.AddCookie(&http.Cookie{Name: "soshik", Value: r.token})
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", path, resp.Status)
	}
	return err
}
