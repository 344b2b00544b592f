package prove

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"soshik/models"
)

// workers are the processes that do the work.
type workers struct {
	run   *run
	key   string
	slots []*worker
}

// worker is a process, and what became of it.
type worker struct {
	*exec.Cmd

	log   *log
	ended chan struct{} // closed when err is known
	err   error
}

// log is what the workers say. Each has its own view of the file, which knows whether
// the worker has said anything yet.
type log struct {
	*os.File

	begun atomic.Bool
}

func (l *log) Write(p []byte) (int, error) {
	l.begun.Store(true)
	return l.File.Write(p)
}

// newWorkers are three on PostgreSQL; SQLite has one process.
func newWorkers(r *run, key string) *workers {
	n := 1
	if r.app.DB.Dialect() == models.Postgres {
		n = 3
	}
	return &workers{run: r, key: key, slots: make([]*worker, n)}
}

func (w *workers) start(ctx context.Context) error {
	for i := range w.slots {
		if err := w.startOne(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *workers) startOne(ctx context.Context, i int) error {
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
	file, err := os.OpenFile(filepath.Join(w.run.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	said := &log{File: file}
	if p.Env == nil {
		p.Env = os.Environ()
	}
	p.Env = append(p.Env, "SOSHIK_ADDR=127.0.0.1:0", "SOSHIK_WORKERS_ONLY=true", "SOSHIK_DATABASE="+w.run.cfg.Database, "SOSHIK_DATA="+w.run.dir,
		"SOSHIK_SECRET_KEY="+w.key, "SOSHIK_CLOCK_OFFSET="+w.run.clock.moved().String(), "SOSHIK_CALL_TIMEOUT="+callTimeout.String(),
		"SOSHIK_SETTLING="+settling.String(), "SOSHIK_SWEEP_EVERY=100ms", "SOSHIK_RESULTS_EVERY=200ms", "SOSHIK_SENDERS_EVERY=0")
	p.Stdout, p.Stderr = said, said
	if err := p.Start(); err != nil {
		return errors.Join(err, file.Close())
	}
	started := &worker{Cmd: p, log: said, ended: make(chan struct{})}
	w.slots[i] = started
	go func() {
		defer close(started.ended)
		started.err = errors.Join(p.Wait(), file.Close())
	}()
	return nil
}

// revive starts workers anew that have ended by themselves, as they do that find no
// database when they start; whoever runs them in earnest does so too.
func (w *workers) revive(ctx context.Context) error {
	for i, p := range w.slots {
		select {
		case <-p.ended:
			if !w.run.outage {
				return fmt.Errorf("a worker has ended by itself: %w", p.err)
			}
			if err := w.startOne(ctx, i); err != nil {
				return err
			}
		default:
		}
	}
	return nil
}

// crash kills a worker without warning, and starts another in its place.
func (w *workers) crash(ctx context.Context, i int) error {
	if err := w.slots[i].Process.Kill(); err != nil {
		return err
	}
	<-w.slots[i].ended
	return w.startOne(ctx, i)
}

// kill ends all workers at once.
func (w *workers) kill() (err error) {
	for _, p := range w.slots {
		if p == nil {
			continue
		}
		if killErr := p.Process.Kill(); killErr != nil && !errors.Is(killErr, os.ErrProcessDone) {
			err = errors.Join(err, killErr)
		}
		<-p.ended
	}
	return err
}

// stopWithin is how long a worker may take to end that is told to.
const stopWithin = 15 * time.Second

// stop tells a worker to end. It fails when the worker does not end well and in time;
// one that had not got as far as hearing signals has done nothing either.
func (w *workers) stop(i int) error {
	began := time.Now()
	if err := w.slots[i].Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-w.slots[i].ended
	if err := w.slots[i].err; err != nil && !w.slots[i].unbegun() {
		return fmt.Errorf("a worker that was told to end: %w", err)
	}
	if took := time.Since(began); took > stopWithin {
		return fmt.Errorf("a worker that was told to end took %s", took)
	}
	return nil
}

// unbegun reports whether a worker was ended by the first signal before it said anything.
func (p *worker) unbegun() bool {
	status, ok := p.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGTERM && !p.log.begun.Load()
}

// restart ends all workers as it should be, and starts them anew.
func (w *workers) restart(ctx context.Context, between func()) error {
	for i := range w.slots {
		if err := w.stop(i); err != nil {
			return err
		}
	}
	between()
	return w.start(ctx)
}

// said is the end of what the workers have written.
func (w *workers) said(most int) string {
	text, err := os.ReadFile(filepath.Join(w.run.dir, "log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[len(lines)-min(len(lines), most):], "\n")
}
