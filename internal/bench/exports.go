package bench

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"soshik/internal/actions"
	"soshik/models"
)

// ExportsConfig says what to measure.
type ExportsConfig struct {
	Database  string `help:"sqlite:FILE or postgres://…, of an empty database, or of one that such a run has filled; a temporary SQLite file if empty."`
	Messages  int    `default:"1000000" help:"Messages that are exported."`
	Campaigns int    `default:"10" help:"Campaigns that they are of."`
}

// Exports measures how fast messages are written to a file of each format, how much memory
// that takes, and how long pages take meanwhile. Beside it stand the limits: the same
// messages read by bare queries that throw them away, and the same lines written by a bare
// loop.
func Exports(ctx context.Context, cfg ExportsConfig, out io.Writer) (err error) {
	r := &run{cfg: Config{Database: cfg.Database, Recipients: cfg.Messages}, out: out}
	if r.dir, err = os.MkdirTemp("", "soshik-bench-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.cfg.Database == "" {
		r.cfg.Database = "sqlite:" + filepath.Join(r.dir, "soshik.db")
	}
	stop, err := r.startFilled(ctx)
	if err != nil {
		return err
	}
	l := &library{run: r, cfg: PagesConfig{Messages: cfg.Messages, Campaigns: cfg.Campaigns}}
	if err = l.fill(ctx); err == nil {
		err = l.measureExports(ctx)
	}
	return errors.Join(err, stop())
}

func (l *library) measureExports(ctx context.Context) error {
	if err := l.readBare(ctx); err != nil {
		return err
	}
	for _, m := range []exportMeasure{
		{name: "xlsx", format: models.FormatXLSX}, {name: "csv", format: models.FormatCSV}, {name: "csv, with pages", format: models.FormatCSV, pages: true},
		{name: "csv, the failed", format: models.FormatCSV, filter: models.DeliveryFilter{Part: models.PartFailed}},
	} {
		e, err := l.measureExport(ctx, m)
		if err == nil && m.name == "csv" {
			err = l.writeBare(e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return l.printPeak()
}

// readBare reads what an export needs of all messages, ten batches at a time.
func (l *library) readBare(ctx context.Context) error {
	began, read := time.Now(), 0
	for last := l.last; last >= l.first; last -= 10 {
		n, err := l.readBatches(ctx, max(last-9, l.first), last)
		if err != nil {
			return err
		}
		read += n
	}
	l.print("limit: read them", time.Since(began), read)
	return nil
}

func (l *library) readBatches(ctx context.Context, first, last int64) (n int, err error) {
	rows, err := l.app.DB.SQL().QueryContext(ctx, `SELECT id, campaign_id, phone, state, fallback, code, sms_code, done_at FROM messages
		WHERE id BETWEEN $1 AND $2 ORDER BY id DESC`, first<<10, last<<10|1023)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var m models.Message
	for rows.Next() {
		if err := rows.Scan(&m.ID, &m.CampaignID, &m.Phone, &m.State, &m.Fallback, &m.Code, &m.SMSCode, &m.DoneAt); err != nil {
			return 0, err
		}
		n++
	}
	return n, rows.Err()
}

// exportMeasure is an export to be measured.
type exportMeasure struct {
	name   string
	format models.ExportFormat
	filter models.DeliveryFilter
	pages  bool // whether pages are asked for meanwhile
}

// measureExport exports what the filter lets through.
func (l *library) measureExport(ctx context.Context, m exportMeasure) (e models.Export, err error) {
	heap, pages := watchHeap(), func() durations { return nil }
	if m.pages {
		pages = l.watchPages(ctx)
	}
	began, before := time.Now(), processorTime()
	e, err = l.app.Actions.CreateExport(ctx, models.Actor{}, l.appkey, actions.NewExport{Filter: m.filter, Format: m.format, Locale: "ko"})
	if err != nil {
		return e, err
	}
	err = l.wait(ctx, func() (bool, error) {
		e, err = l.app.DB.ExportByID(ctx, e.ID)
		return e.State != models.ExportRunning, err
	})
	took, worked := time.Since(began), processorTime()-before
	highest, times := heap(), pages()
	if err != nil {
		return e, err
	}
	if e.State != models.ExportDone || !m.filter.Narrow() && e.Rows != int64(l.cfg.Messages) {
		return e, fmt.Errorf("%s (%s): %d messages of %d", e.State, e.Problem, e.Rows, l.cfg.Messages)
	}
	l.print("export: "+m.name, took, int(e.Rows))
	_, err = fmt.Fprintf(l.out, "  %-22s %8.1f MB\n  %-22s %8.2f s\n  %-22s %8d MiB above idle\n",
		"size", float64(e.Bytes)/1e6, "processor time", worked.Seconds(), "heap", highest>>20)
	if err == nil && m.pages {
		_, err = fmt.Fprintf(l.out, "  %-22s %8.1f ms p50, %.1f ms p99, %.1f ms at most (%d pages)\n",
			"pages meanwhile", times.at(.5), times.at(.99), times.at(1), len(times))
	}
	return e, err
}

// linesAtOnce is how many lines of the file are written again and again.
const linesAtOnce = 10_000

// writeBare writes as many lines as the export has, as the CSV writer writes them, to the
// disk.
func (l *library) writeBare(e models.Export) (err error) {
	lines, err := l.someLines(e)
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(l.dir, "bare.csv"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	began, out := time.Now(), bufio.NewWriterSize(f, 256<<10)
	w := csv.NewWriter(out)
	for n := range l.cfg.Messages {
		if err := w.Write(lines[n%len(lines)]); err != nil {
			return err
		}
	}
	w.Flush()
	if err := errors.Join(w.Error(), out.Flush(), f.Sync()); err != nil {
		return err
	}
	l.print("limit: write the lines", time.Since(began), l.cfg.Messages)
	return nil
}

// someLines are lines of a file that has been exported.
func (l *library) someLines(e models.Export) (lines [][]string, err error) {
	f, err := os.Open(filepath.Join(l.dir, "exports", e.Path))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	from := csv.NewReader(bufio.NewReader(f))
	for len(lines) < min(linesAtOnce, l.cfg.Messages) {
		line, err := from.Read()
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}
