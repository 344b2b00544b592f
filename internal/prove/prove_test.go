package prove_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"soshik/internal/prove"
	"soshik/internal/testdb"
	"soshik/web"
)

// workVariable makes the test binary be a worker process.
const workVariable = "SOSHIK_TEST_WORK"

func TestMain(m *testing.M) {
	if os.Getenv(workVariable) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cfg web.Config
	parser, err := kong.New(&cfg)
	if err == nil {
		_, err = parser.Parse(nil)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err == nil {
		err = web.Run(ctx, cfg, log)
	}
	if err != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, "worker", "error", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

// worker is this binary as a worker process.
func worker(ctx context.Context) *exec.Cmd {
	p := exec.CommandContext(ctx, os.Args[0])
	p.Env = append(os.Environ(), workVariable+"=1")
	return p
}

// proved runs a short proof, and shows how it went.
func proved(t *testing.T, cfg prove.Config) {
	t.Helper()
	cfg.Worker, cfg.Patience = worker, 5*time.Minute
	var out, progress bytes.Buffer
	err := prove.Run(t.Context(), cfg, &out, &progress)
	t.Logf("\n%s", &out)
	if err != nil {
		t.Errorf("%v\n%s", err, &progress)
	}
}

// A fresh seed each time, which stands in the output.
func TestNobodyIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	proved(t, prove.Config{Recipients: 5000, Kills: 10, Database: testdb.New(t)})
}
