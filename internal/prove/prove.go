// Package prove shows that nobody is lost and nobody doubled: it runs campaigns of
// all channels through real worker processes, which it kills again and again, against
// a provider that fails on purpose, and then compares the ledger with what the
// provider has accepted, message by message.
package prove

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"soshik/models"
	"soshik/web"
)

// Config says what to prove.
type Config struct {
	Recipients int           `default:"100000" help:"Recipients of all campaigns together."`
	Kills      int           `default:"50" help:"How often a worker process is killed."`
	Seed       uint64        `help:"Draws what goes wrong as in an earlier run; random unless set."`
	Database   string        `help:"sqlite:FILE or postgres://…, of an empty database; a temporary SQLite file if empty."`
	Patience   time.Duration `default:"30m" help:"After which a run that has not come to an end fails."`

	// Worker makes the command of a worker process; this program's own unless set.
	Worker func(context.Context) *exec.Cmd `kong:"-"`
	// Outage, if set, takes the database away for a while, once, in the middle.
	Outage func(context.Context) error `kong:"-"`
}

// What two computers have to agree about, in a run: as short as a busy machine allows.
const (
	callTimeout = time.Second
	settling    = 4 * time.Second
)

// Errors of a run that has come to its end.
var (
	errWrong    = errors.New("the ledger and the provider do not agree")
	errEquation = errors.New("the equation does not hold")
)

// run is a run under way.
type run struct {
	cfg      Config
	out      io.Writer
	random   *rand.Rand
	dir      string
	began    time.Time
	clock    *clock
	provider *provider
	app      *web.App
	appkey   models.Appkey // of all trials but one
	late     models.Appkey
	workers  *workers
	trials   []*trial

	kills  int
	stops  int // workers that were told to end, and did
	jumps  int
	resume int // campaigns that a person let go on
	outage bool
}

// Run proves, and prints. It fails unless the ledger and the provider agree about
// every message.
func Run(ctx context.Context, cfg Config, out, progress io.Writer) (err error) {
	if cfg.Seed == 0 {
		cfg.Seed = rand.Uint64()
	}
	r := &run{cfg: cfg, out: out, random: rand.New(rand.NewPCG(cfg.Seed, 0)), began: time.Now(), clock: newClock()}
	r.print("seed %d", cfg.Seed)
	if r.dir, err = os.MkdirTemp("", "soshik-prove-*"); err != nil {
		return err
	}
	defer func() {
		if err == nil {
			err = os.RemoveAll(r.dir)
		} else {
			r.print("what the processes said is in %s", r.dir)
		}
	}()
	if r.cfg.Database == "" {
		r.cfg.Database = "sqlite:" + filepath.Join(r.dir, "soshik.db")
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Patience)
	defer cancel()
	if err := r.start(ctx); err != nil {
		return errors.Join(err, r.stop())
	}
	err = r.untilOver(ctx, progress)
	if err == nil {
		err = r.judge(ctx)
	}
	return errors.Join(err, r.stop())
}

// start makes the provider, the database, the campaigns and the workers.
func (r *run) start(ctx context.Context) (err error) {
	if r.provider, err = startProvider(ctx, r.cfg.Seed, r.clock); err != nil {
		return fmt.Errorf("provider: %w", err)
	}
	key := fmt.Sprintf("%064x", r.cfg.Seed)
	if err := r.open(ctx, key); err != nil {
		return err
	}
	if err := r.compose(ctx); err != nil {
		return fmt.Errorf("compose: %w", err)
	}
	r.provider.misbehave()
	r.workers = newWorkers(r, key)
	return r.workers.start(ctx)
}

func (r *run) stop() (err error) {
	if r.workers != nil {
		err = r.workers.kill()
	}
	if r.app != nil {
		err = errors.Join(err, r.app.DB.Close())
	}
	if r.provider != nil {
		err = errors.Join(err, r.provider.stop())
	}
	return err
}

func (r *run) print(format string, args ...any) {
	_, _ = fmt.Fprintf(r.out, format+"\n", args...)
}
