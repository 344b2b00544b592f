package actions_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"soshik/internal/actions"
	"soshik/models"
)

// workbook is an .xlsx file with the rows of everyKind, on the second of its sheets.
func workbook(t *testing.T, rows int) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	must(t, f.SetCellStr("Sheet1", "A1", "표지"))
	_, err := f.NewSheet("회원")
	must(t, err)
	must(t, f.SetSheetRow("회원", "A1", &[]any{"이름", "휴대폰", "할인율"}))
	line := 2
	put := func(name string, number any) {
		must(t, f.SetSheetRow("회원", fmt.Sprintf("A%d", line), &[]any{name, number, "5%"}))
		line++
	}
	for i := range rows / 10 {
		for k := range 6 {
			put("김하늘", fmt.Sprintf("010-2000-%04d", i*10+k))
		}
		put("박바다", 1_020_000_000+i*10+6)
		put("두번째", fmt.Sprintf("010-2000-%04d", i*10))
		put("이산", "02-123-4567")
		put("최강", "1.01E+09")
	}
	var b bytes.Buffer
	must(t, f.Write(&b))
	return b.Bytes()
}

// refusedFile is what comes back of an import.
func (b *bench) refusedFile(t *testing.T, i models.Import) (string, error) {
	t.Helper()
	f, err := b.RefusedFile(t.Context(), i, "이유", "reason", func(reason, column string) (string, string) { return column + ": " + reason, reason })
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	return string(text), err
}

func TestImportOfAWorkbook(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	i := b.start(t, c, workbook(t, 1000))
	if !i.Workbook() || i.Sheet != "회원" || !i.HasHeader || !slices.Equal(i.Mapping, []string{"이름", models.UsePhone, "할인율"}) {
		t.Errorf("read as %+v", i)
	}
	must(t, b.RunImport(t.Context(), i.ID))
	b.wantWhole(t, c, i.ID, 1000)
	i, err := b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	text, err := b.refusedFile(t, i)
	must(t, err)
	f, err := excelize.OpenReader(strings.NewReader(text))
	must(t, err)
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows("Sheet1")
	must(t, err)
	if len(rows) != 201 || !slices.Equal(rows[0], []string{"이유", "이름", "휴대폰", "할인율"}) || !slices.Equal(rows[1], []string{"휴대폰: phone_not_mobile", "이산", "02-123-4567", "5%"}) {
		t.Errorf("%d rows came back, the first %q", len(rows), rows[:2])
	}
}

// What came back can be corrected and brought in.
func TestRefusedRowsCanBeCorrected(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	i := b.start(t, c, []byte("휴대폰,이름\r\n010-1111-2222,김\r\n010-3333-44,이\r\n"))
	must(t, b.RunImport(t.Context(), i.ID))
	i, err := b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	text, err := b.refusedFile(t, i)
	must(t, err)
	if want := "\ufeff\"이유\",휴대폰,이름\r\n\"휴대폰: phone_too_short\",010-3333-44,이\r\n"; text != want {
		t.Errorf("got %q, want %q", text, want)
	}
	i = b.start(t, c, []byte(strings.ReplaceAll(text, "010-3333-44,", "010-3333-4444,")))
	must(t, b.RunImport(t.Context(), i.ID))
	if i, err = b.DB.ImportByID(t.Context(), i.ID); err != nil || i.Good != 1 || i.Refused != 0 || i.Path != "" {
		t.Errorf("%+v %v", i, err)
	}
}

// What was stored before an interruption stays as it is, and the rest is added.
func TestImportGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	i := b.start(t, c, usual(t, 60_000))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.RunImport(ctx, i.ID) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for b.query(t, "SELECT COUNT(*) FROM imports WHERE good > 0") == 0 {
		<-tick.C
	}
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	before, err := b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	if before.State != models.ImportRunning || before.Good != b.query(t, "SELECT COUNT(*) FROM recipients") {
		t.Fatalf("%s: %d are counted, %d are there", before.State, before.Good, b.query(t, "SELECT COUNT(*) FROM recipients"))
	}
	last := b.query(t, "SELECT MAX(id) FROM recipients")
	must(t, b.RunImport(t.Context(), i.ID))
	after, err := b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	if after.State != models.ImportDone || after.AudienceID != before.AudienceID || after.Good != 57_600+600 || after.Doubled != 1200 || after.Refused != 600 {
		t.Errorf("%s: %d good, %d doubled, %d refused", after.State, after.Good, after.Doubled, after.Refused)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM recipients WHERE id <= $1", last); n != before.Good {
		t.Errorf("of %d recipients %d are still what they were", before.Good, n)
	}
	if n := b.query(t, "SELECT COUNT(DISTINCT phone) FROM recipients"); n != after.Good || n != b.query(t, "SELECT COUNT(*) FROM recipients") {
		t.Errorf("%d numbers, want %d", n, after.Good)
	}
}

func TestImportIsCancelled(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	first := b.start(t, c, everyKind(t, 100))
	must(t, b.RunImport(t.Context(), first.ID))
	second := b.start(t, c, usual(t, 60_000))
	ended := make(chan error, 1)
	go func() { ended <- b.RunImport(t.Context(), second.ID) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for b.query(t, "SELECT COUNT(*) FROM imports WHERE id = $1 AND good > 0", second.ID) == 0 {
		<-tick.C
	}
	viewer := models.Actor{User: models.User{ID: 99}, Role: models.Viewer}
	if err := b.CancelImport(t.Context(), viewer, c, second); models.KindOf(err) != models.Forbidden {
		t.Errorf("cancelled by a viewer: %v", err)
	}
	must(t, b.CancelImport(t.Context(), b.admin, c, second))
	must(t, <-ended)
	must(t, b.TidyImport(t.Context(), second.ID))
	if err := b.CancelImport(t.Context(), b.admin, c, second); models.KindOf(err) != models.Conflict {
		t.Errorf("cancelled twice: %v", err)
	}
	b.wantWhole(t, c, first.ID, 100) // nothing of the second is left
	got, err := b.DB.ImportByID(t.Context(), second.ID)
	must(t, err)
	if got.State != models.ImportCancelled || got.AudienceID != 0 || got.Path != "" || got.FinishedAt == nil {
		t.Errorf("%+v", got)
	}
}

// What a process leaves behind that dies while it tidies up is found by the sweep.
func TestLeftoversAreRemoved(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	b.DB.SetClock(b.Now)
	i := b.start(t, c, everyKind(t, 100))
	half := models.Audience{TeamID: b.team.ID, CreatedAt: time.Now().UTC()}
	must(t, b.DB.CreateAudience(t.Context(), &half))
	must(t, b.DB.InsertRecipients(t.Context(), half.ID, []models.Recipient{{Phone: "01020000000", Vars: "{}"}}))
	_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE imports SET state = 'cancelled', audience_id = $1, worked_at = $2", half.ID, time.Now().Add(-time.Hour).UTC())
	must(t, err)
	must(t, b.Sweep(t.Context()))
	if n := b.query(t, "SELECT COUNT(*) FROM river_job WHERE kind = 'tidy_import'"); n != 1 {
		t.Errorf("%d jobs", n)
	}
	must(t, b.Sweep(t.Context())) // it does not ask again at once
	if n := b.query(t, "SELECT COUNT(*) FROM river_job WHERE kind = 'tidy_import'"); n != 1 {
		t.Errorf("%d jobs", n)
	}
	must(t, b.TidyImport(t.Context(), i.ID))
	if n := b.query(t, "SELECT COUNT(*) FROM recipients") + b.query(t, "SELECT COUNT(*) FROM audiences"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	b.wantFiles(t, 0)
}

// Files go when their time is over: those with refused rows, those that nobody has started
// to import, and those of which nobody knows.
func TestFilesAreDeletedAfterATime(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	b.Sweeping.KeepUploads = time.Hour
	done := b.start(t, c, everyKind(t, 100))
	must(t, b.RunImport(t.Context(), done.ID))
	_, err := b.CreateImport(t.Context(), b.admin, c, actions.Upload{Name: "x.csv", Body: bytes.NewReader(everyKind(t, 100)), Max: 1 << 20})
	must(t, err)
	orphan := filepath.Join(b.DataDir, "uploads", "cut-off")
	must(t, os.WriteFile(orphan, []byte("x"), 0o600))
	must(t, b.Sweep(t.Context()))
	b.wantFiles(t, 3)

	past := time.Now().Add(-2 * time.Hour)
	must(t, os.Chtimes(orphan, past, past))
	_, err = b.DB.SQL().ExecContext(t.Context(), "UPDATE imports SET created_at = $1", past.UTC())
	must(t, err)
	must(t, b.Sweep(t.Context()))
	b.wantFiles(t, 0)
	done, err = b.DB.ImportByID(t.Context(), done.ID)
	must(t, err)
	if _, err := b.refusedFile(t, done); models.KindOf(err) != models.Conflict {
		t.Errorf("a file that is gone: %v", err)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM imports"); n != 1 {
		t.Errorf("%d imports, want the one that is done", n)
	}
}

// A database without room ends the import with a sentence, and what was stored goes.
func TestImportIntoAFullDatabase(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	i := b.start(t, c, usual(t, 60_000))
	makeFull(t, b.DB)
	must(t, b.RunImport(t.Context(), i.ID))
	got, err := b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	if got.State != models.ImportFailed || got.Problem != "import.disk_full" || got.AudienceID != 0 {
		t.Errorf("%s (%s), audience %d", got.State, got.Problem, got.AudienceID)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM recipients"); n != 0 {
		t.Errorf("%d recipients are left", n)
	}
	b.wantFiles(t, 0)
}

// makeFull leaves a database some room, less than a million recipients' worth. What SQLite does
// is what it does on a full disk; on PostgreSQL a trigger says what the server says there.
func makeFull(t *testing.T, db *models.DB) {
	t.Helper()
	statements := []string{
		`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.id % 20000 = 0 THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END IF; RETURN NEW; END $$`,
		"CREATE TRIGGER no_room BEFORE INSERT ON recipients FOR EACH ROW EXECUTE FUNCTION no_room()",
	}
	if db.Dialect() == models.SQLite {
		var pages int64
		must(t, db.SQL().QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
		statements = []string{fmt.Sprintf("PRAGMA max_page_count = %d", pages+400)}
	}
	for _, statement := range statements {
		_, err := db.SQL().ExecContext(t.Context(), statement)
		must(t, err)
	}
}

// The columns of the next file of the same shape are used as those of the last were.
func TestMappingIsRemembered(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	upload := func(file string) models.Import {
		t.Helper()
		i, err := b.CreateImport(t.Context(), b.admin, c, actions.Upload{Name: "x.csv", Body: strings.NewReader(file), Max: 1 << 20})
		must(t, err)
		return i
	}
	i := upload("고객명,휴대폰,메모\n김,010-1111-2222,a\n")
	if i.Recalled || !slices.Equal(i.Mapping, []string{"고객명", models.UsePhone, "메모"}) {
		t.Errorf("at first: %q", i.Mapping)
	}
	i.International = true
	must(t, b.StartImport(t.Context(), b.admin, c, i, []string{"이름", models.UsePhone, models.UseNone}))
	must(t, b.RunImport(t.Context(), i.ID))
	i = upload("고객명 ,휴대폰, 메모\n이,010-3333-4444,b\n")
	if !i.Recalled || !i.International || !slices.Equal(i.Mapping, []string{"이름", models.UsePhone, models.UseNone}) {
		t.Errorf("the same shape: %q", i.Mapping)
	}
	i = upload("휴대폰,고객명,메모\n010-3333-4444,이,b\n")
	if i.Recalled || !slices.Equal(i.Mapping, []string{models.UsePhone, "고객명", "메모"}) {
		t.Errorf("another shape: %q", i.Mapping)
	}
	if n := b.query(t, "SELECT COUNT(*) FROM mappings"); n != 1 {
		t.Errorf("%d mappings", n)
	}
}

// A variable of the message finds its column by what that is called.
func TestVariablesFindTheirColumns(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	c.Content = models.Content{Text: "#{이름}님, #{할인율} 할인"}
	i, err := b.CreateImport(t.Context(), b.admin, c, actions.Upload{Name: "x.csv", Body: strings.NewReader("성함,연락처,할인율(%)\n김,010-1111-2222,5\n"), Max: 1 << 20})
	must(t, err)
	if !slices.Equal(i.Mapping, []string{"이름", models.UsePhone, "할인율"}) {
		t.Errorf("%q", i.Mapping)
	}
}

// Numbers of other countries stand behind those of Korea, and are doubled as those are.
func TestImportOfInternationalNumbers(t *testing.T) {
	t.Parallel()
	b, c := importBench(t)
	file := "휴대폰\n+81 90-1234-5678\n010-1111-2222\n+1 201-555-0123\n+819012345678\n010-1111-2222\n+81 3-1234-5678\n"
	i, err := b.CreateImport(t.Context(), b.admin, c, actions.Upload{Name: "x.csv", Body: strings.NewReader(file), Max: 1 << 20})
	must(t, err)
	as := actions.ReadAs{Encoding: i.Encoding, Separator: i.Separator, Header: true, International: true}
	must(t, b.ReadImportAs(t.Context(), b.admin, c, i, as, nil))
	i, err = b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	must(t, b.StartImport(t.Context(), b.admin, c, i, i.Mapping))
	must(t, b.RunImport(t.Context(), i.ID))
	i, err = b.DB.ImportByID(t.Context(), i.ID)
	must(t, err)
	if i.Good != 3 || i.Doubled != 2 || i.Refused != 1 {
		t.Errorf("%d good, %d doubled, %d refused", i.Good, i.Doubled, i.Refused)
	}
	for _, phone := range []string{"01011112222", "+819012345678", "+12015550123"} {
		if n := b.query(t, "SELECT COUNT(*) FROM recipients WHERE phone = $1", phone); n != 1 {
			t.Errorf("%s is there %d times", phone, n)
		}
	}
}
