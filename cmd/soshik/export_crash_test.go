package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"soshik/internal/actions"
	"soshik/internal/testdb"
	"soshik/migrations"
	"soshik/models"
)

const exportedRows = 40_000

// The program is killed with SIGKILL in the midst of an export, again and again, at random
// points. At no time is half a file anybody's; in the end there is one file, with every
// message once.
func TestKillNineDuringAnExport(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	address, data := testdb.New(t), t.TempDir()
	key := fmt.Sprintf("%064x", seed)
	db, err := models.Open(t.Context(), address)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	id := startExport(t, db, data)
	for range 5 {
		p := startProcess(t, address, data, key, 0)
		untilMore(t, db, 0, "SELECT COUNT(*) FROM exports WHERE row_count > 0 AND worked_at > $1", time.Now().Add(-time.Minute).UTC())
		timer := time.NewTimer(time.Duration(random.IntN(300)) * time.Millisecond)
		<-timer.C
		must(t, p.Process.Kill())
		_ = p.Wait()
		e, err := db.ExportByID(t.Context(), id)
		must(t, err)
		t.Logf("killed at %d rows, %s", e.Rows, e.State)
		if e.State == models.ExportDone {
			break
		}
		if e.State != models.ExportRunning || e.Ready(time.Now()) {
			t.Fatalf("it is %s", e.State)
		}
		_, err = db.SQL().ExecContext(t.Context(), "UPDATE exports SET worked_at = $1, row_count = 0", time.Now().Add(-time.Hour).UTC())
		must(t, err)
	}
	startProcess(t, address, data, key, 0)
	untilMore(t, db, 0, "SELECT COUNT(*) FROM exports WHERE state = 'done'")
	e, err := db.ExportByID(t.Context(), id)
	must(t, err)
	files, err := os.ReadDir(filepath.Join(data, "exports"))
	must(t, err)
	text, err := os.ReadFile(filepath.Join(data, "exports", e.Path))
	must(t, err)
	numbers := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\r\n"), "\r\n")[1:] {
		numbers[strings.Split(line, ",")[7]] = true
	}
	if len(files) != 1 || int64(len(text)) != e.Bytes || e.Rows != exportedRows || len(numbers) != exportedRows {
		t.Errorf("%d files, %d bytes of %d, %d numbers in %d rows", len(files), len(text), e.Bytes, len(numbers), e.Rows)
	}
}

// startExport puts messages and an export of them where the processes will find them.
func startExport(t *testing.T, db *models.DB, data string) int64 {
	t.Helper()
	ctx := t.Context()
	keeper, err := models.NewKeeper(models.NewSecretKey())
	must(t, err)
	s := &actions.Service{DB: db, Log: slog.New(slog.DiscardHandler), Keeper: keeper, Now: func() time.Time { return time.Now().UTC() }, DataDir: data}
	s.Jobs, err = river.NewClient(migrations.Driver(db.SQL(), db.Dialect()), &river.Config{})
	must(t, err)
	team := models.Team{Name: "crash", CreatedAt: time.Now().UTC()}
	must(t, db.CreateTeam(ctx, &team))
	appkey := models.Appkey{TeamID: team.ID, Name: "crash", Appkey: "crash", Secret: []byte{1}}
	must(t, db.CreateAppkey(ctx, &appkey))
	testdb.FillLedger(t, db, appkey, models.Campaign{Channel: models.FriendTalk, Name: "crash"}, exportedRows, time.Now())
	e, err := s.CreateExport(ctx, models.Actor{}, appkey, actions.NewExport{Format: models.FormatCSV, Locale: "en"})
	must(t, err)
	return e.ID
}
