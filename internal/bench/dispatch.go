package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/models"
)

// DispatchConfig says what to measure.
type DispatchConfig struct {
	Database   string `help:"sqlite:FILE or postgres://…, of an empty database; a temporary SQLite file if empty."`
	Recipients int    `default:"100000" help:"Recipients of the campaign."`
}

// Dispatch measures how fast a campaign is planned, handed over, and its results are
// taken in, with the provider in a process of its own. Beside it stands the limit: as
// many messages of the same kind in the same requests, posted to another such provider
// by a bare loop that keeps nothing.
func Dispatch(ctx context.Context, cfg DispatchConfig, out io.Writer) (err error) {
	limit, err := measureServer(ctx, max(cfg.Recipients/perSend, 1), "sim")
	if err != nil {
		return fmt.Errorf("limit: %w", err)
	}
	limit.print(out, "limit: a bare loop")

	r := &run{cfg: Config{Database: cfg.Database, Recipients: cfg.Recipients}, out: out}
	return r.withProvider(ctx, r.compose, r.importFile, r.dispatch, r.takeIn)
}

// withProvider runs the phases one after another, against a provider in a process of
// its own.
func (r *run) withProvider(ctx context.Context, phases ...func(context.Context) error) (err error) {
	if r.dir, err = os.MkdirTemp("", "soshik-bench-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.cfg.Database == "" {
		r.cfg.Database = "sqlite:" + filepath.Join(r.dir, "soshik.db")
	}
	r.provider, err = startServer(ctx, []string{"SOSHIK_CLOCK_OFFSET=" + kakao.DayOffset(time.Now()).String()}, "sim", "--failure-rate", "0")
	if err != nil {
		return err
	}
	err = r.runPhases(ctx, phases)
	cpu, stopErr := r.provider.stop()
	if err == nil {
		_, err = fmt.Fprintf(r.out, "%-24s %8.2f s of processor time, the program with its import %.2f s\n", "provider, in all", cpu.Seconds(), ownTime().Seconds())
	}
	return errors.Join(err, stopErr)
}

// ownTime is how much processor time this process has taken.
func ownTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (r *run) runPhases(ctx context.Context, phases []func(context.Context) error) error {
	stop, err := r.start(ctx)
	if err != nil {
		return err
	}
	for _, phase := range phases {
		if err = phase(ctx); err != nil {
			break
		}
	}
	if err == nil {
		err = r.printPeak()
	}
	return errors.Join(err, stop())
}

// printPeak prints the most memory that this process has had resident.
func (r *run) printPeak() error {
	peak, err := peakMemory(os.Getpid())
	if err == nil {
		_, err = fmt.Fprintf(r.out, "%-24s %s\n", "peak memory", peak)
	}
	return err
}

// deliveredWithin is after how long the provider has a result of every message.
const deliveredWithin = 10 * time.Second

// untilDelivered waits until the provider has all results.
func untilDelivered(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(deliveredWithin):
		return nil
	}
}

// takeIn measures how long it takes to take the results in once the provider has all
// of them. Those that came before count as taken in before.
func (r *run) takeIn(ctx context.Context) error {
	if err := untilDelivered(ctx); err != nil {
		return err
	}
	began := time.Now()
	before, err := r.app.DB.Equation(ctx, r.campaign)
	if err != nil {
		return err
	}
	e := before
	for e.Handed > 0 {
		if err := r.app.Actions.TakeResults(ctx, actions.TakeResults{AppkeyID: r.appkey.ID, Channel: models.FriendTalk, Since: began.Add(-time.Hour)}); err != nil {
			return err
		}
		if e, err = r.app.DB.Equation(ctx, r.campaign); err != nil {
			return err
		}
	}
	r.print("take in results", time.Since(began), int(before.Handed))
	_, err = fmt.Fprintf(r.out, "%-24s %d of %d\n", "delivered", e.Delivered, e.Audience)
	return err
}
