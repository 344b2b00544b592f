package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"soshik/internal/actions"
	"soshik/internal/kakao"
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
	crashTimeout  = time.Second
	crashSettling = 4 * time.Second
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
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
