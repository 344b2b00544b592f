package actions_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// wherever is how many rows of each table hold the text.
func (b *bench) wherever(t *testing.T, text string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	for table, columns := range map[string]string{
		"messages": "phone || vars", "recipients": "phone || vars", "import_rows": "value || phone", "suppressions": "phone || reason",
		"audit_logs": "object_name || before || after", "forgettings": "masked", "audiences": "origin", "test_numbers": "phone",
	} {
		var n int64
		query := "SELECT COUNT(*) FROM " + table + " WHERE " + columns + " LIKE '%" + text + "%'"
		must(t, b.DB.SQL().QueryRowContext(t.Context(), query).Scan(&n))
		if n > 0 {
			found[table] = n
		}
	}
	return found
}

// remark puts a number into an import's remarks, too.
func (b *bench) remark(t *testing.T, phone string) (importID int64) {
	t.Helper()
	folder := filepath.Join(b.DataDir, "uploads")
	must(t, os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, "kept.csv"), []byte(phone), 0o600))
	i := models.Import{
		TeamID: b.team.ID, State: models.ImportDone, Mapping: []string{}, Refused: 3, Path: "kept.csv", CreatedAt: b.Now(), WorkedAt: b.Now(),
	}
	must(t, b.DB.CreateImport(t.Context(), &i))
	rows := []models.ImportRow{{ImportID: i.ID, Line: 1, Kind: models.RowRepaired, Value: phone[1:], Phone: phone}}
	for n, text := range []string{kakao.FormatPhone(phone) + " / 010-2222-3333", "집 +82 " + phone[1:], "02-123-4567"} {
		rows = append(rows, models.ImportRow{ImportID: i.ID, Line: int64(n + 2), Kind: models.RowRefused, Reason: string(kakao.PhoneTooLong), Value: text})
	}
	must(t, b.DB.CreateImportRows(t.Context(), rows))
	return i.ID
}

// wantRemarks checks what is left of them when the number is forgotten.
func (b *bench) wantRemarks(t *testing.T, importID int64) {
	t.Helper()
	rows, err := b.DB.ImportRows(t.Context(), importID, models.RowRefused, 0, 10)
	must(t, err)
	var texts []string
	for _, row := range rows {
		texts = append(texts, row.Value)
	}
	if want := []string{"~ / 010-2222-3333", "집 ~", "02-123-4567"}; !slices.Equal(texts, want) {
		t.Errorf("the refused rows say %q, want %q", texts, want)
	}
	i, err := b.DB.ImportByID(t.Context(), importID)
	must(t, err)
	if left, err := os.ReadDir(filepath.Join(b.DataDir, "uploads")); err != nil || len(left) != 0 || i.Path != "" {
		t.Errorf("the file is still there: %v %v %q", left, err, i.Path)
	}
}

func (b *bench) readTeam(t *testing.T) models.Team {
	t.Helper()
	team, err := b.DB.Team(t.Context(), b.team.ID)
	must(t, err)
	return team
}

func TestAPersonIsForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	b.DataDir = t.TempDir()
	ctx, phone := t.Context(), benchPhone(5)
	done := b.draft(t, 20)
	b.launch(t, done)
	b.work(t)
	b.until(t, done, isState(models.CampaignFinished))
	later := b.draft(t, 20)
	at := b.Now().Add(3 * time.Hour)
	before := later
	later.ScheduledAt = &at
	later, err := b.SaveDraft(ctx, b.admin, before, later)
	must(t, err)
	b.launch(t, later)
	b.until(t, later, func(_ models.Campaign, e models.Equation) bool { return e.Handed == 20 })
	remarked := b.remark(t, phone)
	b.suppress(t, "01077778888")

	traces, _, err := b.Traces(ctx, b.admin, b.readTeam(t), "010 1000 1005")
	must(t, err)
	if traces.Messages != 1 || traces.Open != 1 || traces.Recipients != 2 || traces.Remarks != 3 || traces.Active {
		t.Errorf("%+v", traces)
	}
	for _, role := range models.Roles() {
		by := models.Actor{User: models.User{ID: 99}, Role: role}
		if _, err := b.Forget(ctx, by, b.readTeam(t), benchPhone(19), false); (err == nil) != role.Allows(models.ManageTeam) {
			t.Errorf("forgotten by a %s: %v", role, err)
		}
	}
	f, err := b.Forget(ctx, b.admin, b.readTeam(t), phone, true)
	must(t, err)
	b.until(t, later, func(_ models.Campaign, e models.Equation) bool { return e.Cancelled == 2 })
	b.untilForgotten(t, f.ID)
	if found := b.wherever(t, phone); len(found) > 0 {
		t.Errorf("the number is still in %v", found)
	}
	b.wantRemarks(t, remarked)
	_, e := b.until(t, done, isState(models.CampaignFinished))
	if e.Audience != 20 {
		t.Errorf("the counts have not stayed: %+v", e)
	}
	team := b.readTeam(t)
	if team.Hashed != 1 || team.Suppressed != 2 {
		t.Errorf("%d hashes, %d suppressed", team.Hashed, team.Suppressed)
	}
	b.wantSkipped(t, models.SkipSuppressed)
	if traces, _, err = b.Traces(ctx, b.admin, team, phone); err != nil || !traces.Active || traces.Messages != 1 {
		t.Errorf("the hash is not found: %+v, %v", traces, err) // the new campaign has the number
	}
}

// wantSkipped sends another campaign, to check that the hash of a forgotten number is
// heeded.
func (b *bench) wantSkipped(t *testing.T, code string) {
	t.Helper()
	c := b.draft(t, 20)
	report, err := b.Check(t.Context(), c)
	must(t, err)
	if report.Sendable != 19 {
		t.Errorf("the check counts %d", report.Sendable)
	}
	b.launch(t, c)
	b.until(t, c, isState(models.CampaignFinished))
	if got := b.codes(t, c)[code]; got != 1 {
		t.Errorf("%d were skipped", got)
	}
}

func (b *bench) untilForgotten(t *testing.T, id int64) {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		f, err := b.DB.Forgetting(t.Context(), id)
		must(t, err)
		if f.State == models.ForgetDone {
			if f.Sealed != nil || !f.Suppressed || !strings.Contains(f.Masked, "****") {
				t.Errorf("%+v", f)
			}
			return
		}
		_, err = b.DB.SQL().ExecContext(t.Context(), "UPDATE forgettings SET due_at = $1 WHERE due_at > $2 AND state = 'running'",
			b.Now().Add(-time.Second), b.Now().Add(time.Second)) // instead of waiting for a minute
		must(t, err)
		select {
		case <-deadline:
			t.Fatalf("%+v", f)
		case <-tick.C:
		}
	}
}

func TestPersonalDataIsErasedAfterItsTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2*time.Second)
	ctx := t.Context()
	must(t, b.SaveRecipientSettings(ctx, b.admin, b.team.ID, models.RecipientSettings{Retention: "30"}))
	c := b.draft(t, 7500)
	b.launch(t, c)
	b.work(t)
	b.until(t, c, isState(models.CampaignFinished))
	_, equation := b.until(t, c, isState(models.CampaignFinished))
	unused, used := b.audience(t, "오래된 목록", "이름", 0, 12_000), b.audience(t, "쓰는 목록", "이름", 0, 10)
	b.remark(t, "01055556666")
	must(t, b.DB.SetAudience(ctx, used.ID, map[string]any{"used_at": b.Now()}))
	long := b.Now().AddDate(0, 0, -31)
	for _, query := range []string{
		"UPDATE campaigns SET finished_at = $1", "UPDATE audiences SET created_at = $1 WHERE name <> ''", "UPDATE imports SET created_at = $1",
	} {
		_, err := b.DB.SQL().ExecContext(ctx, query, long)
		must(t, err)
	}

	deadline, tick := time.After(60*time.Second), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		now, err := b.DB.Campaign(ctx, b.appkey.ID, c.ID)
		must(t, err)
		a, err := b.DB.Audience(ctx, b.team.ID, unused.ID)
		must(t, err)
		var left int64
		must(t, b.DB.SQL().QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM messages WHERE phone NOT LIKE '~%')
			+ (SELECT COUNT(*) FROM import_rows) + (SELECT COUNT(*) FROM recipients) - 10`).Scan(&left))
		if now.ErasedAt != nil && a.ErasedAt != nil && left == 0 {
			if a.Size != 12_000 {
				t.Errorf("the audience's size became %d", a.Size)
			}
			break
		}
		select {
		case <-deadline:
			t.Fatalf("%d, %+v, %+v", left, now.ErasedAt, a)
		case <-tick.C:
		}
	}
	now, err := b.DB.Campaign(ctx, b.appkey.ID, c.ID)
	must(t, err)
	if e, err := b.DB.Equation(ctx, now); err != nil || e != equation {
		t.Errorf("the counts were %+v and are %+v: %v", equation, e, err)
	}
	ms, err := b.DB.Messages(ctx, c.ID, models.MessageFilter{}, 5)
	must(t, err)
	if len(ms) != 5 || !ms[0].Erased() || ms[0].Vars != "{}" {
		t.Errorf("%+v", ms[0])
	}
	if len(b.wherever(t, "김하늘")) != 0 {
		t.Errorf("values are left: %v", b.wherever(t, "김하늘"))
	}
	b.wantAudience(t, used, phones(0, 10))
}
