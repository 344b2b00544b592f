package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"soshik/internal/actions"
	"soshik/internal/testdb"
	"soshik/migrations"
	"soshik/models"
)

const (
	crashFiles = 2
	crashRows  = 150_000
)

// The program is killed with SIGKILL in the midst of two imports at the same time, again and again, at
// random points after it has gone on with them. Afterwards every recipient of both is there once, and nothing else is.
func TestKillNineDuringImports(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	address, data := testdb.New(t), t.TempDir()
	key := fmt.Sprintf("%064x", seed)
	db, err := models.Open(t.Context(), address)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	imports := startImports(t, db, data)
	stored := int64(0)
	for kill := 0; kill < 6 && running(t, db) > 0; kill++ {
		p := startProcess(t, address, data, key, 0)
		if kill%2 == 0 { // while they read
			untilMore(t, db, 0, "SELECT COUNT(*) FROM imports WHERE claim <> '' AND worked_at > $1", time.Now().Add(-time.Minute).UTC())
		} else { // while they store, or when they are done
			untilMore(t, db, stored, countStored)
		}
		timer := time.NewTimer(time.Duration(random.IntN(200)) * time.Millisecond)
		<-timer.C
		must(t, p.Process.Kill())
		_ = p.Wait()
		freeClaims(t, db)
		must(t, db.SQL().QueryRowContext(t.Context(), countStored).Scan(&stored))
		t.Logf("killed at %d, %d imports still running", stored, running(t, db))
	}
	startProcess(t, address, data, key, 0)
	waitForImports(t, db, imports)
	for _, id := range imports {
		i, err := db.ImportByID(t.Context(), id)
		must(t, err)
		if i.Rows != crashRows || i.Good != crashRows*9/10 || i.Doubled != crashRows/20 || i.Refused != crashRows/20 {
			t.Errorf("%d rows: %d good, %d doubled, %d refused", i.Rows, i.Good, i.Doubled, i.Refused)
		}
		var there, numbers int64
		row := db.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*), COUNT(DISTINCT phone) FROM recipients WHERE audience_id = $1", i.AudienceID)
		must(t, row.Scan(&there, &numbers))
		if there != i.Good || numbers != i.Good {
			t.Errorf("%d recipients of %d numbers, want %d", there, numbers, i.Good)
		}
	}
	var audiences, remarks int64
	must(t, db.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM audiences").Scan(&audiences))
	must(t, db.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM import_rows").Scan(&remarks))
	if audiences != crashFiles || remarks != crashFiles*crashRows/10 {
		t.Errorf("%d audiences and %d remarks", audiences, remarks)
	}
}

// startImports puts files and their imports where the processes will find them.
func startImports(t *testing.T, db *models.DB, data string) (ids []int64) {
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
	for n := range crashFiles {
		c := models.Campaign{TeamID: team.ID, AppkeyID: appkey.ID, Channel: models.FriendTalk, ULID: models.NewToken(), State: models.CampaignDraft}
		must(t, db.CreateCampaign(ctx, &c))
		i, err := s.CreateImport(ctx, models.Actor{}, c, actions.Upload{Name: "crash.csv", Body: bytes.NewReader(crashFile(n)), Max: 1 << 30})
		must(t, err)
		must(t, s.StartImport(ctx, models.Actor{}, c, i, i.Mapping))
		ids = append(ids, i.ID)
	}
	return ids
}

// crashFile has, of every twenty rows, one that is refused and one that is doubled, in no order.
func crashFile(seed int) []byte {
	lines := make([]string, crashRows)
	for i := range lines {
		number := i
		if i%20 == 7 {
			number--
		}
		lines[i] = fmt.Sprintf("김하늘,010-%04d-%04d", 1000+number/10_000, number%10_000)
		if i%20 == 11 {
			lines[i] = "김하늘,1234"
		}
	}
	order := rand.New(rand.NewPCG(uint64(seed), 1)) //nolint:gosec // a small number
	order.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return []byte("이름,휴대폰\n" + strings.Join(lines, "\n") + "\n")
}

// freeClaims lets the next process take the imports up at once, instead of after the half minute
// that a process may be silent.
func freeClaims(t *testing.T, db *models.DB) {
	t.Helper()
	_, err := db.SQL().ExecContext(t.Context(), "UPDATE imports SET worked_at = $1 WHERE state = 'running'", time.Now().Add(-time.Hour).UTC())
	must(t, err)
}

// running is how many imports are not over.
func running(t *testing.T, db *models.DB) (n int64) {
	t.Helper()
	must(t, db.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM imports WHERE state = 'running'").Scan(&n))
	return n
}

// countStored counts the recipients that imports know to be stored; an import that is done has more than
// any other.
const countStored = "SELECT COALESCE(SUM(CASE WHEN state = 'running' THEN good ELSE 1000000 END), 0) FROM imports"

// untilMore waits until the number that is asked for is above n.
func untilMore(t *testing.T, db *models.DB, n int64, query string, args ...any) {
	t.Helper()
	deadline, tick := time.After(2*time.Minute), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for got := n; got <= n; {
		must(t, db.SQL().QueryRowContext(t.Context(), query, args...).Scan(&got))
		select {
		case <-deadline:
			t.Fatal("nobody goes on with the imports")
		case <-tick.C:
		}
	}
}

func waitForImports(t *testing.T, db *models.DB, ids []int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for _, id := range ids {
		for {
			i, err := db.ImportByID(ctx, id)
			if err == nil && i.State == models.ImportDone {
				break
			}
			if err == nil && i.State != models.ImportRunning {
				err = errors.New(i.Problem)
			}
			if err != nil {
				t.Fatalf("import %d is %s: %v", id, i.State, err)
			}
			<-tick.C
		}
	}
}
