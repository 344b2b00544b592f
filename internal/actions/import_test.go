package actions_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding/korean"

	"soshik/internal/actions"
	"soshik/internal/testdb"
	"soshik/models"
)

// importBench is a service with a folder for uploads and an empty draft.
func importBench(t *testing.T) (*bench, models.Campaign) {
	t.Helper()
	b := newBench(t, time.Second)
	b.DataDir = t.TempDir()
	c, err := b.CreateCampaign(t.Context(), b.admin, b.appkey, models.NewCampaign{Name: "가져오기"})
	must(t, err)
	return b, c
}

// everyKind is a CP949 file of rows in an order of their own: of every ten, six are
// good, one is repaired, one is doubled and two are refused.
func everyKind(t testing.TB, rows int) []byte {
	t.Helper()
	lines := make([]string, 0, rows)
	for i := range rows / 10 {
		for k := range 6 {
			lines = append(lines, fmt.Sprintf("김하늘,010-%04d-%04d,%d%%", 2000+i/1000, i%1000*10+k, k))
		}
		lines = append(lines, fmt.Sprintf("박바다,10%04d%04d,5%%", 2000+i/1000, i%1000*10+6),
			fmt.Sprintf("두번째,010%04d%04d,5%%", 2000+i/1000, i%1000*10),
			"이산,02-123-4567,5%", "최강,1.01E+09,5%")
	}
	order := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same order each time
	order.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	file, err := korean.EUCKR.NewEncoder().Bytes([]byte("이름,휴대폰,할인율\n" + strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// start uploads a file and starts its import, which no worker takes up.
func (b *bench) start(t *testing.T, c models.Campaign, file []byte) models.Import {
	t.Helper()
	i, err := b.CreateImport(t.Context(), b.admin, c, actions.Upload{Name: "목록.csv", Body: bytes.NewReader(file), Max: 10 << 20})
	must(t, err)
	must(t, b.StartImport(t.Context(), b.admin, c, i, i.Mapping))
	i, err = b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	return i
}

// count is what a query counts.
func (b *bench) query(t *testing.T, query string, args ...any) (n int64) {
	t.Helper()
	must(t, b.DB.SQL().QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

// wantWhole checks that of a file of everyKind everything is there once.
func (b *bench) wantWhole(t *testing.T, c models.Campaign, importID, rows int64) {
	t.Helper()
	i, err := b.DB.ImportByID(t.Context(), importID)
	must(t, err)
	if i.State != models.ImportDone || i.Rows != rows || i.Good != rows*7/10 || i.Repaired != rows/10 || i.Doubled != rows/10 || i.Refused != rows/5 {
		t.Errorf("%s (%s): %d rows = %d good (%d repaired) + %d doubled + %d refused", i.State, i.Problem, i.Rows, i.Good, i.Repaired, i.Doubled, i.Refused)
	}
	if i.Rows != i.Good+i.Doubled+i.Refused {
		t.Error("the counters do not add up")
	}
	for kind, want := range map[models.ImportRowKind]int64{models.RowRepaired: i.Repaired, models.RowDoubled: i.Doubled, models.RowRefused: i.Refused} {
		if n := b.query(t, "SELECT COUNT(*) FROM import_rows WHERE import_id = $1 AND kind = $2", i.ID, kind); n != want {
			t.Errorf("%d rows are %s, want %d", n, kind, want)
		}
	}
	if all, own := b.query(t, "SELECT COUNT(*) FROM recipients"), b.query(t, "SELECT COUNT(*) FROM recipients WHERE audience_id = $1", i.AudienceID); all != i.Good || own != i.Good {
		t.Errorf("%d recipients, %d of them of the import, want %d", all, own, i.Good)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM audiences"); n != 1 {
		t.Errorf("%d audiences are left", n)
	}
	c, err = b.DB.CampaignByID(t.Context(), c.ID)
	must(t, err)
	if c.AudienceID != i.AudienceID {
		t.Error("the campaign does not use the new audience")
	}
	b.wantFiles(t, b.query(t, "SELECT COUNT(*) FROM imports WHERE path <> ''"))
	if i.Path == "" {
		t.Error("the file is gone, with the rows that were refused of it")
	}
}

func (b *bench) wantFiles(t *testing.T, want int64) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(b.DataDir, "uploads"))
	must(t, err)
	if int64(len(left)) != want {
		t.Errorf("%d files are left, want %d", len(left), want)
	}
}

func TestImportCountsEveryRow(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	i := b.start(t, c, everyKind(t, 5000))
	must(t, b.RunImport(t.Context(), i.ID))
	b.wantWhole(t, c, i.ID, 5000)

	must(t, b.RunImport(t.Context(), i.ID)) // once more changes nothing
	b.wantWhole(t, c, i.ID, 5000)
	rs, err := b.DB.RecipientsAfter(t.Context(), b.query(t, "SELECT audience_id FROM imports"), "01020000005", 1)
	must(t, err)
	if rs[0].Phone != "01020000006" || rs[0].Vars != `{"이름":"박바다","할인율":"5%"}` {
		t.Errorf("recipient %+v", rs[0])
	}
}

// A process that dies leaves half an audience, remarks and its claim behind.
func TestImportAfterAProcessDied(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	i := b.start(t, c, everyKind(t, 5000))
	half := models.Audience{TeamID: b.team.ID, Columns: []string{"이름"}, CreatedAt: time.Now().UTC()}
	must(t, b.DB.CreateAudience(t.Context(), &half))
	must(t, b.DB.InsertRecipients(t.Context(), half.ID, []models.Recipient{{Phone: "01020000000", Vars: "{}"}, {Phone: "01055555555", Vars: "{}"}}))
	must(t, b.DB.CreateImportRows(t.Context(), []models.ImportRow{{ImportID: i.ID, Line: 2, Kind: models.RowRefused}, {ImportID: i.ID, Line: 9999, Kind: models.RowDoubled}}))
	_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE imports SET claim = 'dead', audience_id = $1, good = 2, refused = 1", half.ID)
	must(t, err)

	must(t, b.RunImport(t.Context(), i.ID))
	if i, err := b.DB.ImportByID(t.Context(), i.ID); err != nil || i.State != models.ImportRunning {
		t.Errorf("an import that may still be worked on was taken: %s %v", i.State, err)
	}
	_, err = b.DB.SQL().ExecContext(t.Context(), "UPDATE imports SET worked_at = $1", time.Now().Add(-time.Hour).UTC())
	must(t, err)
	must(t, b.Sweep(t.Context()))
	must(t, b.RunImport(t.Context(), i.ID))
	b.wantWhole(t, c, i.ID, 5000)
}

// A stop in the middle hands the import on at once.
// Rows are put in order by pieces of 65,536.
func TestImportOfMoreRowsThanAreOrderedAtATime(t *testing.T) {
	t.Parallel()
	const rows, again = 66_000, 100
	b, c := importBench(t)
	var file strings.Builder
	file.WriteString("휴대폰,이름\n")
	for n := range rows {
		fmt.Fprintf(&file, "010222%05d,first\n", 99_999-n)
	}
	for n := range again {
		fmt.Fprintf(&file, "010222%05d,second\n", 99_999-n)
	}
	i := b.start(t, c, []byte(file.String()))
	must(t, b.RunImport(t.Context(), i.ID))
	i, err := b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	if i.State != models.ImportDone || i.Good != rows || i.Doubled != again {
		t.Errorf("%s (%s): %d good, %d doubled", i.State, i.Problem, i.Good, i.Doubled)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM recipients WHERE vars LIKE '%first%'"); n != rows {
		t.Errorf("%d recipients are the first in the file of their number, want %d", n, rows)
	}
}

func TestImportIsStoppedAndGoesOn(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	i := b.start(t, c, everyKind(t, 20_000))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.RunImport(ctx, i.ID) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for b.query(t, "SELECT rows FROM imports WHERE state = 'running' UNION ALL SELECT 1 LIMIT 1") == 0 {
		<-tick.C
	}
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	must(t, b.RunImport(t.Context(), i.ID))
	b.wantWhole(t, c, i.ID, 20_000)
}

// A second file replaces the recipients of the first, and nothing of it is left.
func TestAnotherFileReplacesTheFirst(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	first := b.start(t, c, everyKind(t, 100))
	must(t, b.RunImport(t.Context(), first.ID))
	_, err := b.CreateImport(t.Context(), b.admin, c, actions.Upload{Name: "vergessen.csv", Body: bytes.NewReader(everyKind(t, 100)), Max: 1 << 20})
	must(t, err)
	second := b.start(t, c, everyKind(t, 200))
	must(t, b.RunImport(t.Context(), second.ID))
	b.wantWhole(t, c, second.ID, 200)
	if n := b.query(t, "SELECT COUNT(*) FROM imports"); n != 2 {
		t.Errorf("%d imports, want 2: one that was never started is forgotten", n)
	}
}

func TestTwoImportsAtTheSameTime(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	b.start(t, c, everyKind(t, 100))
	i, err := b.CreateImport(t.Context(), b.admin, c, actions.Upload{Name: "둘.csv", Body: bytes.NewReader(everyKind(t, 100)), Max: 1 << 20})
	must(t, err)
	if err := b.StartImport(t.Context(), b.admin, c, i, i.Mapping); models.KindOf(err) != models.Conflict {
		t.Errorf("a second import beside a running one: %v", err)
	}
}

// What a campaign goes out to is settled by its launch.
func TestImportOfALaunchedCampaignFails(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	i := b.start(t, c, everyKind(t, 100))
	_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE campaigns SET state = 'sending'")
	must(t, err)
	must(t, b.RunImport(t.Context(), i.ID))
	got, err := b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	if got.State != models.ImportFailed || got.Problem != "campaign.launched_already" || b.query(t, "SELECT COUNT(*) FROM recipients") != 0 {
		t.Errorf("%s (%s)", got.State, got.Problem)
	}
	b.wantFiles(t, 0)
}

// full is a disk without room.
type full struct{}

// Read fails.
func (full) Read([]byte) (int, error) { return 0, &os.PathError{Op: "write", Err: syscall.ENOSPC} }

func TestUploadsThatAreNotKept(t *testing.T) { //nolint:tparallel // its cases look into one folder
	t.Parallel()
	b, c := importBench(t)
	tests := []struct {
		name, key string
		body      io.Reader
	}{
		{"a full disk", "import.disk_full", full{}},
		{"an empty file", "import.empty", strings.NewReader("")},
		{"more than may be", "import.too_large", strings.NewReader(strings.Repeat("a", 2<<20))},
		{"an archive that is no workbook", "import.broken_workbook", strings.NewReader("PK\x03\x04")},
		{"an old workbook", "import.old_workbook", strings.NewReader("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")},
		{"a web page", "import.web_page", strings.NewReader("<html><body><table><tr><td>01012345678</td></tr></table></body></html>")},
		{"a picture", "import.not_csv", strings.NewReader("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := b.CreateImport(t.Context(), b.admin, c, actions.Upload{Name: "x.csv", Body: tt.body, Max: 1 << 20})
			if got := models.FieldText(err, "file").Key; got != tt.key {
				t.Errorf("%v, want %s", err, tt.key)
			}
			b.wantFiles(t, 0)
		})
	}
	viewer := models.Actor{User: models.User{ID: 99}, Role: models.Viewer}
	if _, err := b.CreateImport(t.Context(), viewer, c, actions.Upload{}); models.KindOf(err) != models.Forbidden {
		t.Errorf("an upload by a viewer: %v", errors.Unwrap(err))
	}
}

// usual is a CP949 file as people have it: of every hundred rows 96 are good, one is
// repaired, two are doubled and one is refused; in no order.
func usual(t testing.TB, rows int) []byte {
	t.Helper()
	lines := make([]string, 0, rows)
	for i := range rows {
		number := fmt.Sprintf("010-%04d-%04d", 2000+i/10_000, i%10_000)
		switch i % 100 {
		case 50:
			number = number[1:]
		case 60, 70:
			number = fmt.Sprintf("010-%04d-%04d", 2000+i/10_000, i%10_000-1)
		case 80:
			number = "02-123-4567"
		}
		lines = append(lines, fmt.Sprintf("김하늘,%s,%d%%", number, i%100))
	}
	order := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same order each time
	order.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	file, err := korean.EUCKR.NewEncoder().Bytes([]byte("이름,휴대폰,할인율\n" + strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// BenchmarkImport brings in a CP949 file of 200,000 rows; the rate is that of the
// file's rows.
func BenchmarkImport(b *testing.B) {
	const rows = 200_000
	file, ctx := usual(b, rows), b.Context()
	s := &actions.Service{DB: testdb.Open(b), Log: slog.New(slog.DiscardHandler), Now: time.Now, DataDir: b.TempDir()}
	team := models.Team{Name: "팀", CreatedAt: time.Now().UTC()}
	c := models.Campaign{Channel: models.FriendTalk, State: models.CampaignDraft}
	k := models.Appkey{Name: "앱키", Appkey: "a", Secret: []byte{1}}
	fatal := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	fatal(s.DB.CreateTeam(ctx, &team))
	k.TeamID, c.TeamID = team.ID, team.ID
	fatal(s.DB.CreateAppkey(ctx, &k))
	c.AppkeyID = k.ID
	var began time.Duration
	for b.Loop() {
		c.ID, c.ULID = 0, models.NewToken() // a campaign that has no recipients to be deleted
		fatal(s.DB.CreateCampaign(ctx, &c))
		i, err := s.CreateImport(ctx, models.Actor{}, c, actions.Upload{Name: "목록.csv", Body: bytes.NewReader(file), Max: 1 << 30})
		fatal(err)
		i.State = models.ImportRunning
		_, err = s.DB.MoveImport(ctx, i, models.ImportMapping)
		fatal(err)
		start := time.Now()
		fatal(s.RunImport(ctx, i.ID))
		began += time.Since(start)
	}
	b.ReportMetric(float64(rows)*float64(b.N)/began.Seconds(), "rows/s")
}
