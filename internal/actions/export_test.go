package actions_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/testdb"
	"soshik/models"
)

// exportBench is a bench with a folder for its files, and words of no language.
func exportBench(t testing.TB) *bench {
	t.Helper()
	b := newBench(t, time.Second)
	b.DataDir = t.TempDir()
	b.ExportWords = func(string) models.ExportWords {
		said := func(s string) string { return s }
		return models.ExportWords{
			Header: strings.Split("requested,handed,done,campaign,channel,sender,template,phone,state,code,meaning,sms,sms_code,sms_meaning,request,sequence,creator", ","),
			Sheet:  "messages", Erased: "erased", Test: " (test)", Code: said, Meaning: said,
			Channel: func(ch models.Channel) string { return string(ch) }, Part: func(p models.Part) string { return string(p) },
			SMS: func(s models.FallbackState) string { return fmt.Sprint(int(s)) }, SMSCode: func(m models.ListedMessage) string { return m.SMSCode },
		}
	}
	return b
}

// export asks for an export and has it written.
func (b *bench) export(t testing.TB, by models.Actor, f models.DeliveryFilter, format models.ExportFormat) models.Export {
	t.Helper()
	e, err := b.CreateExport(t.Context(), by, b.appkey, actions.NewExport{Filter: f, Format: format})
	must(t, err)
	must(t, b.RunExport(t.Context(), e.ID))
	return b.readExport(t, e)
}

func (b *bench) readExport(t testing.TB, e models.Export) models.Export {
	t.Helper()
	e, err := b.DB.ExportByID(t.Context(), e.ID)
	must(t, err)
	return e
}

// lines are the rows of a text file that has been exported.
func (b *bench) lines(t *testing.T, by models.Actor, e models.Export) [][]string {
	t.Helper()
	f, err := b.OpenExport(t.Context(), by, e)
	must(t, err)
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	must(t, err)
	rest, marked := strings.CutPrefix(string(text), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(rest)).ReadAll()
	if err != nil || !marked {
		t.Fatal(marked, err)
	}
	return rows
}

// wantExports checks how many files there are.
func (b *bench) wantExports(t *testing.T, want int) {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(b.DataDir, "exports"))
	if err != nil && !errors.Is(err, os.ErrNotExist) || len(files) != want {
		t.Errorf("%d files, want %d: %v", len(files), want, err)
	}
}

func TestAnExportSaysWhatBecameOfEachMessage(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	now := time.Date(2026, 11, 29, 2, 3, 4, 0, time.UTC)
	c := testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "=HYPERLINK(1)", SenderID: b.sender.ID, LaunchedBy: b.admin.User.ID, Test: true}, 2100, now)
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.BrandTalk, Name: "다른"}, 30, now)
	rows := b.lines(t, b.admin, b.export(t, b.admin, models.DeliveryFilter{CampaignID: c.ID}, models.FormatCSV))
	if len(rows) != 2101 || rows[0][7] != "phone" {
		t.Fatalf("%d rows, %q", len(rows), rows[0])
	}
	want := []string{
		"2026-11-29 11:03:04", "2026-11-29 11:03:04", "2026-11-29 11:04:04", "'=HYPERLINK(1) (test)", "friendtalk", "'" + testSender, "", "010-1000-2099", "delivered",
		kakao.DeliveryOK, kakao.DeliveryOK, "", "", "", "20261129000000003", "100", "관리자",
	}
	if !slices.Equal(rows[1], want) {
		t.Errorf("%q, want %q", rows[1], want)
	}
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		seen[row[7]] = true
	}
	if len(seen) != 2100 {
		t.Errorf("%d numbers", len(seen))
	}
	sms := b.export(t, b.admin, models.DeliveryFilter{Part: models.PartSMS}, models.FormatCSV)
	if got := b.lines(t, b.admin, sms); len(got) != 1+105+1 || got[1][8] != "sms" || got[1][11] != "3" || sms.Total != 106 {
		t.Errorf("%d rows of %d, %q", len(got), sms.Total, got[1])
	}
	none := b.export(t, b.admin, models.DeliveryFilter{RequestID: "none"}, models.FormatCSV)
	if got := b.lines(t, b.admin, none); len(got) != 1 || none.Rows != 0 {
		t.Errorf("%q", got)
	}
}

func TestAnExportIsAWorkbook(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	now := time.Date(2026, 11, 29, 2, 3, 4, 0, time.UTC)
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "=1+1", SenderID: b.sender.ID}, 50, now)
	e := b.export(t, b.admin, models.DeliveryFilter{}, models.FormatXLSX)
	f, err := b.OpenExport(t.Context(), b.admin, e)
	must(t, err)
	defer func() { _ = f.Close() }()
	book, err := excelize.OpenReader(f)
	must(t, err)
	defer func() { _ = book.Close() }()
	rows, err := book.GetRows("messages")
	must(t, err)
	if len(rows) != 51 || rows[1][0] != "2026-11-29 11:03:04" || rows[1][3] != "=1+1" || rows[1][7] != "010-1000-0049" || rows[1][15] != "50" {
		t.Errorf("%d rows, %q", len(rows), rows[1])
	}
	if formula, err := book.GetCellFormula("messages", "D2"); err != nil || formula != "" {
		t.Errorf("a formula: %q, %v", formula, err)
	}
}

// Whatever a text begins with, no spreadsheet makes a formula of it.
func TestFormulasInEveryFieldAreDefused(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	b.admin.User.Name = "=me"
	for i, first := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
		bad := first + "cmd"
		words := b.ExportWords("")
		words.Part = func(models.Part) string { return bad }
		words.Code = func(string) string { return bad }
		words.Meaning, words.SMS = words.Code, func(models.FallbackState) string { return bad }
		words.Channel, words.Erased = func(models.Channel) string { return bad }, bad
		b.ExportWords = func(string) models.ExportWords { return words }
		c := testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: bad, Content: models.Content{TemplateCode: bad}}, 11, b.Now())
		_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE messages SET phone = $1, sms_code = $2 WHERE campaign_id = $3 AND state = 10", first+"1", bad, c.ID)
		must(t, err)
		_, err = b.DB.SQL().ExecContext(t.Context(), "UPDATE batches SET request_id = $1 WHERE campaign_id = $2", bad, c.ID)
		must(t, err)
		for _, row := range b.lines(t, b.admin, b.export(t, b.admin, models.DeliveryFilter{CampaignID: c.ID}, models.FormatCSV))[1:] {
			for column, field := range row {
				if models.Explosive(field) {
					t.Errorf("case %d, column %d: %q", i, column, field)
				}
			}
			want := "'" + strings.ReplaceAll(bad, "\r", "") // which a CSV file has at the end of lines only
			if row[3] != want || row[6] != want || row[14] != want {
				t.Errorf("%q", row)
			}
		}
	}
}

func TestWhoMayHaveAnExport(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	ctx := t.Context()
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 20, b.Now())
	viewer, marketer := b.member(t, "viewer", models.Viewer, nil), b.member(t, "marketer", models.Marketer, nil)
	masked := b.export(t, viewer, models.DeliveryFilter{}, models.FormatCSV)
	if rows := b.lines(t, viewer, masked); rows[1][7] != "010-****-0019" || !masked.Masked {
		t.Errorf("a viewer has %q", rows[1])
	}
	promoted := viewer
	promoted.Role = models.Admin
	if rows := b.lines(t, promoted, masked); rows[1][7] != "010-****-0019" {
		t.Errorf("promoted, they have %q", rows[1])
	}
	full := b.export(t, marketer, models.DeliveryFilter{}, models.FormatCSV)
	if rows := b.lines(t, marketer, full); rows[1][7] != "010-1000-0019" || full.Masked {
		t.Errorf("a marketer has %q", rows[1])
	}
	b.lines(t, b.admin, full) // who looks after the appkey may have all
	demoted := marketer
	demoted.Role = models.Viewer
	if _, err := b.OpenExport(ctx, demoted, full); models.KindOf(err) != models.Forbidden {
		t.Errorf("demoted, they have it: %v", err)
	}
	other := b.member(t, "other", models.Approver, nil)
	for what, do := range map[string]func() error{
		"downloads": func() error { _, err := b.OpenExport(ctx, other, full); return err },
		"stops":     func() error { return b.StopExport(ctx, other, full) },
		"removes":   func() error { return b.RemoveExport(ctx, other, full) },
	} {
		if err := do(); models.KindOf(err) != models.NotFound {
			t.Errorf("somebody else %s it: %v", what, err)
		}
	}
	if _, err := b.CreateExport(ctx, models.Actor{User: other.User}, b.appkey, actions.NewExport{Format: models.FormatCSV}); models.KindOf(err) != models.Forbidden {
		t.Errorf("asked for by a stranger: %v", err)
	}
	if _, err := b.CreateExport(ctx, viewer, b.appkey, actions.NewExport{Format: "exe"}); models.FieldText(err, "format").Key == "" {
		t.Errorf("of an unknown format: %v", err)
	}
	must(t, b.RemoveExport(ctx, marketer, full))
	b.wantExports(t, 1)
	if _, err := b.DB.ExportByID(ctx, full.ID); models.KindOf(err) != models.NotFound {
		t.Error("the removed one is still there")
	}
	for action, want := range map[string]int64{"export.create": 2, "export.download": 4, "export.remove": 1, "access.denied": 1} {
		if n := b.query(t, "SELECT COUNT(*) FROM audit_logs WHERE action = $1", action); n != want {
			t.Errorf("%s is recorded %d times, want %d", action, n, want)
		}
	}
}

func TestAnExportExpires(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	ctx := t.Context()
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 20, b.Now())
	e := b.export(t, b.admin, models.DeliveryFilter{}, models.FormatXLSX)
	must(t, os.WriteFile(filepath.Join(b.DataDir, "exports", "LEFTOVER"), nil, 0o600))
	must(t, b.Sweep(ctx))
	b.wantExports(t, 1)
	b.putOn(models.KeepExports)
	if _, err := b.OpenExport(ctx, b.admin, e); models.KindOf(err) != models.Conflict {
		t.Errorf("it can be had: %v", err)
	}
	must(t, b.Sweep(ctx))
	b.wantExports(t, 0)
	if e = b.readExport(t, e); e.State != models.ExportExpired || e.Path != "" {
		t.Errorf("%+v", e)
	}
	b.putOn(31 * 24 * time.Hour)
	must(t, b.Sweep(ctx))
	if _, err := b.DB.ExportByID(ctx, e.ID); models.KindOf(err) != models.NotFound {
		t.Errorf("it is still on the list: %v", err)
	}
}

// A file that is not as long as it was is nobody's.
func TestATornExportIsNotOffered(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 20, b.Now())
	e := b.export(t, b.admin, models.DeliveryFilter{}, models.FormatCSV)
	must(t, os.Truncate(filepath.Join(b.DataDir, "exports", e.Path), e.Bytes-1))
	if _, err := b.OpenExport(t.Context(), b.admin, e); models.KindOf(err) != models.Conflict {
		t.Errorf("it can be had: %v", err)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM audit_logs WHERE action = 'export.download'"); n != 0 {
		t.Error("it is recorded as downloaded")
	}
}

// A process that dies leaves half a file, which whoever takes the export up deletes.
func TestAnExportAfterAProcessDied(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	ctx := t.Context()
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 20, b.Now())
	e, err := b.CreateExport(ctx, b.admin, b.appkey, actions.NewExport{Format: models.FormatCSV})
	must(t, err)
	folder := filepath.Join(b.DataDir, "exports")
	must(t, os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, "HALF"), []byte("half"), 0o600))
	_, err = b.DB.SQL().ExecContext(ctx, "UPDATE exports SET claim = 'dead', path = 'HALF', row_count = 5, worked_at = $1", b.Now())
	must(t, err)
	must(t, b.RunExport(ctx, e.ID))
	if e = b.readExport(t, e); e.State != models.ExportRunning {
		t.Fatalf("it was taken from a job that may be alive: %s", e.State)
	}
	if _, err := b.OpenExport(ctx, b.admin, e); models.KindOf(err) != models.Conflict {
		t.Errorf("half of it can be had: %v", err)
	}
	b.work(t)
	b.putOn(time.Minute)
	e = b.untilExport(t, e, models.ExportDone)
	if rows := b.lines(t, b.admin, e); len(rows) != 21 || e.Rows != 20 {
		t.Errorf("%d rows", len(rows))
	}
	b.wantExports(t, 1)
}

// untilExport waits until an export is in the state.
func (b *bench) untilExport(t *testing.T, e models.Export, state models.ExportState) models.Export {
	t.Helper()
	deadline, tick := time.After(time.Minute), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		if e = b.readExport(t, e); e.State == state {
			return e
		}
		select {
		case <-deadline:
			t.Fatalf("the export is %s: %+v", e.State, e.Problem)
		case <-tick.C:
		}
	}
}

func TestAnExportIsStopped(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	ctx := t.Context()
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 6000, b.Now())
	e, err := b.CreateExport(ctx, b.admin, b.appkey, actions.NewExport{Format: models.FormatXLSX})
	must(t, err)
	words := b.ExportWords("")
	words.Part = func(models.Part) string { // somebody stops it while the first row is written
		if stopErr := b.StopExport(ctx, b.admin, e); stopErr != nil && models.KindOf(stopErr) != models.Conflict {
			t.Error(stopErr)
		}
		words.Part = func(models.Part) string { return "" }
		return ""
	}
	b.ExportWords = func(string) models.ExportWords {
		return models.ExportWords{
			Header: words.Header, Sheet: words.Sheet, Code: words.Code, Meaning: words.Meaning, Channel: words.Channel,
			SMS: words.SMS, SMSCode: words.SMSCode, Part: func(p models.Part) string { return words.Part(p) },
		}
	}
	if err := b.RemoveExport(ctx, b.admin, e); models.KindOf(err) != models.Conflict {
		t.Errorf("removed while it runs: %v", err)
	}
	must(t, b.RunExport(ctx, e.ID))
	if e = b.readExport(t, e); e.State != models.ExportStopped || e.Ready(b.Now()) {
		t.Errorf("it is %s", e.State)
	}
	b.wantExports(t, 0)
	if err := b.StopExport(ctx, b.admin, e); models.KindOf(err) != models.Conflict {
		t.Errorf("stopped twice: %v", err)
	}
	must(t, b.Sweep(ctx))
	must(t, b.RemoveExport(ctx, b.admin, e))
}

// A program that stops gives the export back, and leaves no file.
func TestAnExportIsGivenBack(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 6000, b.Now())
	e, err := b.CreateExport(t.Context(), b.admin, b.appkey, actions.NewExport{Format: models.FormatCSV})
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	words := b.ExportWords("")
	words.Part = func(models.Part) string { stop(); return "" }
	b.ExportWords = func(string) models.ExportWords { return words }
	if err := b.RunExport(ctx, e.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	b.wantExports(t, 0)
	if e = b.readExport(t, e); e.State != models.ExportRunning || e.Claim != "" {
		t.Errorf("%s under %q", e.State, e.Claim)
	}
	must(t, b.RunExport(t.Context(), e.ID))
	if e = b.readExport(t, e); e.State != models.ExportDone || e.Rows != 6000 {
		t.Errorf("%s with %d rows", e.State, e.Rows)
	}
}

// whileWriting has something done once, while the first row of the next file is written.
func (b *bench) whileWriting(do func()) {
	var done atomic.Bool
	words := b.ExportWords("")
	words.Part = func(p models.Part) string {
		if !done.Swap(true) {
			do()
		}
		return string(p)
	}
	b.ExportWords = func(string) models.ExportWords { return words }
}

// Rows that go after the team's time while they are exported are in the file, or are not:
// it is whole all the same, and says how many it has.
func TestRowsGoWhileTheyAreExported(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	ctx := t.Context()
	old := testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "옛날"}, 17_000, b.Now())
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "요즘"}, 3000, b.Now())
	_, err := b.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET finished_at = $1 WHERE id = $2", b.Now().AddDate(0, 0, -101), old.ID)
	must(t, err)
	b.whileWriting(func() {
		b.keep(t, "100")
		must(t, b.Sweep(ctx))
		must(t, b.RunRemoval(ctx, b.query(t, "SELECT MAX(id) FROM removals")))
		if n := b.query(t, "SELECT COUNT(*) FROM messages"); n != 3000 {
			t.Errorf("%d messages are left", n)
		}
	})
	e := b.export(t, b.admin, models.DeliveryFilter{}, models.FormatCSV)
	rows := b.lines(t, b.admin, e)[1:]
	if e.State != models.ExportDone || e.Rows != int64(len(rows)) || e.Total != e.Rows || len(rows) < 3000 || len(rows) >= 20_000 {
		t.Fatalf("%s with %d rows of %d, and %d in the file", e.State, e.Rows, e.Total, len(rows))
	}
	recent := 0
	for _, row := range rows {
		if row[3] == "요즘" {
			recent++
		}
		if row[7] == "" || row[8] == "" {
			t.Fatalf("half a row: %q", row)
		}
	}
	if recent != 3000 {
		t.Errorf("%d rows of those that stay", recent)
	}
	gone := b.export(t, b.admin, models.DeliveryFilter{CampaignID: old.ID}, models.FormatXLSX)
	if gone.State != models.ExportDone || gone.Rows != 0 {
		t.Errorf("of those that are gone: %s with %d rows", gone.State, gone.Rows)
	}
}

// Who may not see numbers any more when the file is done does not get it, though it was
// begun for them.
func TestARightIsLostWhileAnExportIsWritten(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	ctx := t.Context()
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 20, b.Now())
	who := b.member(t, "marketer", models.Marketer, nil)
	m := models.Member{TeamID: b.team.ID, UserID: who.User.ID, Role: models.Marketer}
	b.whileWriting(func() {
		must(t, b.DB.Tx(ctx, func(tx *models.DB) error { return tx.SetRole(ctx, m, models.Viewer) }))
		who.Role = models.Viewer
	})
	e := b.export(t, who, models.DeliveryFilter{}, models.FormatCSV)
	if e.State != models.ExportDone || e.Masked {
		t.Fatalf("%s, masked: %v", e.State, e.Masked)
	}
	for _, role := range []models.Role{models.Viewer, ""} { // in the end they are no member at all
		who.Role = role
		if _, err := b.OpenExport(ctx, who, e); models.KindOf(err) != models.Forbidden {
			t.Errorf("as %q, they have it: %v", role, err)
		}
	}
	who.Role = models.Viewer
	if rows := b.lines(t, who, b.export(t, who, models.DeliveryFilter{}, models.FormatCSV)); rows[1][7] != "010-****-0019" {
		t.Errorf("the next one has %q", rows[1])
	}
}

// Two processes that are told to write the same export write it once.
func TestTwoProcessesWriteAnExportOnce(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 6000, b.Now())
	e, err := b.CreateExport(t.Context(), b.admin, b.appkey, actions.NewExport{Format: models.FormatCSV})
	must(t, err)
	var made atomic.Int64
	b.CreateFile = func(path string) (*os.File, error) {
		made.Add(1)
		return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := b.RunExport(t.Context(), e.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if e = b.readExport(t, e); made.Load() != 1 || e.State != models.ExportDone || e.Rows != 6000 {
		t.Errorf("%d files, %s with %d rows", made.Load(), e.State, e.Rows)
	}
	b.wantExports(t, 1)
}

// A process that was taken for dead goes on: the file is that of the one that has taken
// over, and its own is gone.
func TestAnExportIsTakenOverFromAProcessThatLives(t *testing.T) {
	t.Parallel()
	for _, format := range models.ExportFormats() {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			b := exportBench(t)
			testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 6000, b.Now())
			e, err := b.CreateExport(t.Context(), b.admin, b.appkey, actions.NewExport{Format: format})
			must(t, err)
			var taken models.Export
			b.whileWriting(func() {
				b.putOn(time.Minute)
				must(t, b.RunExport(t.Context(), e.ID))
				taken = b.readExport(t, e)
			})
			must(t, b.RunExport(t.Context(), e.ID))
			if e = b.readExport(t, e); e.Path != taken.Path || e.State != models.ExportDone || e.Rows != 6000 {
				t.Errorf("%+v, and when it was taken over %+v", e, taken)
			}
			b.wantExports(t, 1)
			f, err := b.OpenExport(t.Context(), b.admin, e)
			must(t, err, f.Close())
		})
	}
}

// A disk that is full when the file is done: what the database answers then is what it
// answers on a full disk.
func TestAnExportOnAFullDisk(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 20, b.Now())
	e, err := b.CreateExport(t.Context(), b.admin, b.appkey, actions.NewExport{Format: models.FormatCSV})
	must(t, err)
	statements := []string{
		`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.state = 'done' THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END IF; RETURN NEW; END $$`,
		"CREATE TRIGGER no_room BEFORE UPDATE ON exports FOR EACH ROW EXECUTE FUNCTION no_room()",
	}
	if b.DB.Dialect() == models.SQLite {
		statements = []string{
			"CREATE TABLE filler (bytes BLOB)",
			"CREATE TRIGGER no_room AFTER UPDATE ON exports WHEN NEW.state = 'done' BEGIN INSERT INTO filler VALUES (zeroblob(50000000)); END",
			fmt.Sprintf("PRAGMA max_page_count = %d", b.query(t, "PRAGMA page_count")+1000),
		}
	}
	for _, statement := range statements {
		_, err := b.DB.SQL().ExecContext(t.Context(), statement)
		must(t, err)
	}
	must(t, b.RunExport(t.Context(), e.ID))
	if e = b.readExport(t, e); e.State != models.ExportFailed || e.Problem.Key != "export.disk_full" || e.Path != "" {
		t.Errorf("%s: %+v", e.State, e)
	}
	b.wantExports(t, 0)
}

// A disk that is full while the file is written: where the file should be, there is one
// that takes nothing.
func TestAnExportWithoutRoom(t *testing.T) {
	t.Parallel()
	for _, format := range models.ExportFormats() {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			b := exportBench(t)
			testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 6000, b.Now())
			b.CreateFile = func(path string) (*os.File, error) {
				must(t, os.WriteFile(path, []byte("half"), 0o600))
				return os.OpenFile("/dev/full", os.O_WRONLY, 0)
			}
			e := b.export(t, b.admin, models.DeliveryFilter{}, format)
			if e.State != models.ExportFailed || e.Problem.Key != "export.disk_full" || e.Path != "" || e.Bytes != 0 || e.ExpiresAt != nil {
				t.Errorf("%s: %+v", e.State, e)
			}
			b.wantExports(t, 0)
			if _, err := b.OpenExport(t.Context(), b.admin, e); models.KindOf(err) != models.Conflict {
				t.Errorf("half of it can be had: %v", err)
			}
			must(t, b.Sweep(t.Context()))
			if e = b.readExport(t, e); e.State != models.ExportFailed {
				t.Errorf("it was taken up again: %s", e.State)
			}
			b.CreateFile = nil
			filter, err := e.Filter()
			must(t, err)
			again := b.export(t, b.admin, filter, format)
			if again.State != models.ExportDone || again.Rows != 6000 {
				t.Errorf("%s with %d rows", again.State, again.Rows)
			}
			b.wantExports(t, 1)
		})
	}
}

// A failure of ours is logged, and the person is told a fixed sentence.
func TestAnExportFails(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	must(t, os.WriteFile(filepath.Join(b.DataDir, "exports"), nil, 0o600)) // where the folder should be
	e, err := b.CreateExport(t.Context(), b.admin, b.appkey, actions.NewExport{Format: models.FormatCSV})
	must(t, err)
	if err := b.RunExport(t.Context(), e.ID); err == nil {
		t.Error("nothing is logged")
	}
	if e = b.readExport(t, e); e.State != models.ExportFailed || e.Problem.Key != "export.failed" {
		t.Errorf("%+v", e)
	}
}

func TestTooManyExports(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	ask := func() error {
		_, err := b.CreateExport(t.Context(), b.admin, b.appkey, actions.NewExport{Format: models.FormatCSV})
		return err
	}
	for range models.MaxExports {
		must(t, ask())
	}
	if err := ask(); models.KindOf(err) != models.Throttled {
		t.Errorf("one too many: %v", err)
	}
}

// Who is forgotten is in no file with numbers any more, not in one that is being written
// either.
func TestAForgottenPersonIsInNoExport(t *testing.T) {
	t.Parallel()
	b := exportBench(t)
	ctx := t.Context()
	testdb.FillLedger(t, b.DB, b.appkey, models.Campaign{Channel: models.FriendTalk, Name: "시험"}, 20, b.Now())
	const phone = "01010000007"
	full := b.export(t, b.admin, models.DeliveryFilter{}, models.FormatCSV)
	masked := b.export(t, b.member(t, "viewer", models.Viewer, nil), models.DeliveryFilter{}, models.FormatCSV)
	about := b.export(t, b.admin, models.DeliveryFilter{Phone: phone}, models.FormatCSV)
	writing, err := b.CreateExport(ctx, b.admin, b.appkey, actions.NewExport{Format: models.FormatCSV})
	must(t, err)
	var forgotten atomic.Bool
	words := b.ExportWords("")
	words.Part = func(models.Part) string {
		if !forgotten.Swap(true) {
			_, err := b.Forget(ctx, b.admin, b.readTeam(t), phone, false)
			must(t, err)
		}
		return ""
	}
	b.ExportWords = func(string) models.ExportWords { return words }
	must(t, b.RunExport(ctx, writing.ID), b.Sweep(ctx), b.RunExport(ctx, writing.ID))
	b.wantExports(t, 2) // the masked one, and the one that was begun anew
	if e := b.readExport(t, full); e.State != models.ExportExpired || e.Problem.Key != "export.forgotten" {
		t.Errorf("%+v", e)
	}
	b.lines(t, b.admin, b.readExport(t, masked))
	if _, err := b.DB.ExportByID(ctx, about.ID); models.KindOf(err) != models.NotFound {
		t.Error("what was searched for is still known")
	}
	for _, row := range b.lines(t, b.admin, b.readExport(t, writing))[1:] {
		if strings.Contains(row[7], "1000-0007") {
			t.Error("the number is in the file")
		}
	}
}

// BenchmarkExport measures how fast a file is written, and how much memory that takes.
func BenchmarkExport(b *testing.B) {
	s := exportBench(b)
	const n = 1_000_000
	testdb.FillLedger(b, s.DB, s.appkey, models.Campaign{Channel: models.FriendTalk, Name: "가을 신상품 안내", SenderID: s.sender.ID, LaunchedBy: s.admin.User.ID}, n, s.Now())
	for _, format := range models.ExportFormats() {
		b.Run(string(format), func(b *testing.B) {
			runtime.GC()
			var peak atomic.Uint64
			rest := watchHeap(&peak)
			for range b.N {
				if e := s.export(b, s.admin, models.DeliveryFilter{}, format); e.Rows != n {
					b.Fatal(e.Rows, e.Problem)
				} else {
					b.ReportMetric(float64(e.Bytes)/(1<<20), "MiB")
				}
			}
			rest()
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(peak.Load())/(1<<20), "MiB-heap")
		})
	}
}
