package prove

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"soshik/models"
)

// workers are the processes that do the work.
type workers struct {
	run   *run
	key   string
	slots []*exec.Cmd
}

// newWorkers are three on PostgreSQL; SQLite has one process.
func newWorkers(r *run, key string) *workers {
	n := 1
	if r.app.DB.Dialect() == models.Postgres {
		n = 3
	}
	return &workers{run: r, key: key, slots: make([]*exec.Cmd, n)}
}

func (w *workers) start(ctx context.Context) error {
	for i := range w.slots {
		if err := w.startOne(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *workers) startOne(ctx context.Context, i int) (err error) {
	ctx = context.WithoutCancel(ctx) // they are ended here, and waited for
	var p *exec.Cmd
	if w.run.cfg.Worker != nil {
		p = w.run.cfg.Worker(ctx)
	} else {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		p = exec.CommandContext(ctx, self, "serve", "--workers-only")
	}
	log, err := os.OpenFile(filepath.Join(w.run.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }() // the process has its own
	if p.Env == nil {
		p.Env = os.Environ()
	}
	p.Env = append(p.Env, "SOSHIK_ADDR=127.0.0.1:0", "SOSHIK_WORKERS_ONLY=true", "SOSHIK_DATABASE="+w.run.cfg.Database, "SOSHIK_DATA="+w.run.dir,
		"SOSHIK_SECRET_KEY="+w.key, "SOSHIK_CLOCK_OFFSET="+w.run.clock.moved().String(), "SOSHIK_CALL_TIMEOUT="+callTimeout.String(),
		"SOSHIK_SETTLING="+settling.String(), "SOSHIK_SWEEP_EVERY=100ms", "SOSHIK_RESULTS_EVERY=200ms", "SOSHIK_SENDERS_EVERY=0")
	p.Stdout, p.Stderr = log, log
	w.slots[i] = p
	return p.Start()
}

// crash kills a worker without warning, and starts another in its place.
func (w *workers) crash(ctx context.Context, i int) error {
	if err := w.slots[i].Process.Kill(); err != nil {
		return err
	}
	_ = w.slots[i].Wait() // it was killed
	return w.startOne(ctx, i)
}

// kill ends all workers at once.
func (w *workers) kill() (err error) {
	for _, p := range w.slots {
		if p == nil || p.ProcessState != nil || p.Process == nil {
			continue
		}
		if killErr := p.Process.Kill(); killErr != nil && !errors.Is(killErr, os.ErrProcessDone) {
			err = errors.Join(err, killErr)
		}
		_ = p.Wait()
	}
	return err
}

// stopWithin is how long a worker may take to end that is told to.
const stopWithin = 15 * time.Second

// restart tells all workers to end, and starts them anew. It fails when one does not
// end well and in time.
func (w *workers) restart(ctx context.Context, between func()) error {
	began := time.Now()
	for _, p := range w.slots {
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
	}
	for _, p := range w.slots {
		if err := p.Wait(); err != nil {
			return errors.Join(errors.New("a worker did not end well when it was told to"), err)
		}
	}
	if took := time.Since(began); took > stopWithin {
		return errors.New("a worker took " + took.String() + " to end")
	}
	between()
	return w.start(ctx)
}

// said is the end of what the workers have written.
func (w *workers) said(max int) string {
	text, err := os.ReadFile(filepath.Join(w.run.dir, "log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[len(lines)-min(len(lines), max):], "\n")
}
