package actions_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/models"
)

// interrupted runs a work until the program is asked for the time the nth time, as if it
// was stopped then, and returns how far it has come.
func (b *bench) interrupted(t *testing.T, id int64, nth int) models.AudienceWork {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &actions.Service{DB: b.DB, Jobs: b.Jobs, Log: b.Log, Keeper: b.Keeper, Provider: b.Provider, Timing: b.Timing}
	n := 0
	s.Now = func() time.Time {
		if n++; n == nth {
			cancel()
		}
		return b.Now()
	}
	if err := s.RunAudienceWork(ctx, id); err == nil {
		t.Fatal("the work was not interrupted")
	}
	return b.readWork(t, id)
}

func (b *bench) readWork(t *testing.T, id int64) models.AudienceWork {
	t.Helper()
	w, err := b.DB.AudienceWork(t.Context(), id)
	must(t, err)
	return w
}

// onlyWork is the one work of the team that runs.
func (b *bench) onlyWork(t *testing.T) models.AudienceWork {
	t.Helper()
	ws, err := b.DB.RunningWorks(t.Context(), b.team.ID)
	must(t, err)
	if len(ws) != 1 {
		t.Fatalf("%d works run", len(ws))
	}
	return ws[0]
}

func (b *bench) canRetry(t *testing.T, w models.AudienceWork) bool {
	t.Helper()
	can, err := b.CanRetry(t.Context(), b.readWork(t, w.ID))
	must(t, err)
	return can
}

func TestAWorkIsCancelledAndGoneOnWith(t *testing.T) {
	t.Parallel()
	for kind, nth := range map[models.WorkKind]int{models.WorkAppend: 4, models.WorkReplace: 4, models.WorkSubtract: 4, models.WorkSample: 8} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			ctx := t.Context()
			all, shop := b.audience(t, "모두", "이름", 0, 25_000), b.audience(t, "매장", "이름", 5_000, 25_000)
			if kind == models.WorkSample {
				sample, err := b.SampleAudience(ctx, b.admin, shop, models.NewAudience{Name: "표본"}, 20_000, 7)
				must(t, err)
				all = sample
			} else {
				must(t, b.ChangeAudience(ctx, b.admin, all, kind, of(shop)))
			}
			w := b.interrupted(t, b.onlyWork(t).ID, nth)
			if w.State != models.WorkRunning || w.Done == 0 || w.Done >= w.Total {
				t.Fatalf("interrupted at %d of %d, %s", w.Done, w.Total, w.State)
			}
			must(t, b.CancelWork(ctx, b.admin, w))
			if err := b.CancelWork(ctx, b.admin, w); models.TextOf(err).Key != "audience.work_ended" {
				t.Errorf("cancelled twice: %v", err)
			}
			must(t, b.RunAudienceWork(ctx, w.ID)) // a job that comes late
			cancelled := b.readWork(t, w.ID)
			if cancelled.State != models.WorkCancelled || cancelled.Done != w.Done || cancelled.EndedAt == nil {
				t.Errorf("cancelled as %+v", cancelled)
			}
			if !b.canRetry(t, w) {
				t.Error("nothing has changed, and it cannot be gone on with")
			}
			must(t, b.RetryWork(ctx, b.admin, cancelled))
			if err := b.RetryWork(ctx, b.admin, cancelled); models.KindOf(err) != models.Conflict {
				t.Errorf("gone on with twice: %v", err)
			}
			b.runWorks(t)
			b.wantKind(t, all, kind)
			for _, action := range []string{"audience.cancel", "audience.retry", "audience.finish"} {
				if e := b.entries(t, action); len(e) != 1 || e[0].ObjectName != all.Name {
					t.Errorf("%s: %+v", action, e)
				}
			}
		})
	}
}

// wantKind checks what a work of a kind has made of "모두" (0 … 24,999) and "매장" (5,000 …
// 29,999).
func (b *bench) wantKind(t *testing.T, a models.Audience, kind models.WorkKind) {
	t.Helper()
	switch kind {
	case models.WorkAppend:
		b.wantAudience(t, a, phones(0, 30_000))
	case models.WorkReplace:
		b.wantAudience(t, a, phones(5_000, 25_000))
	case models.WorkSubtract:
		b.wantAudience(t, a, phones(0, 5_000))
	default:
		now, err := b.DB.Audience(t.Context(), b.team.ID, a.ID)
		must(t, err)
		if now.Size != 20_000 {
			t.Errorf("%d are drawn, want 20,000", now.Size)
		}
	}
}

func (b *bench) entries(t *testing.T, action string) []models.AuditLog {
	t.Helper()
	es, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 100)
	must(t, err)
	return slices.DeleteFunc(es, func(e models.AuditLog) bool { return e.Action != action })
}

func TestWhatHasChangedIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	all, shop := b.audience(t, "모두", "", 0, 25), b.audience(t, "매장", "", 20, 25)
	begin := func() models.AudienceWork {
		must(t, b.ChangeAudience(ctx, b.admin, all, models.WorkAppend, of(shop)))
		w := b.onlyWork(t)
		must(t, b.CancelWork(ctx, b.admin, w))
		return b.readWork(t, w.ID)
	}

	first := begin()
	second := begin()
	if b.canRetry(t, first) {
		t.Error("another work has come since")
	}
	if err := b.RetryWork(ctx, b.admin, first); models.TextOf(err).Key != "audience.retry_changed" {
		t.Errorf("gone on with behind another: %v", err)
	}
	must(t, b.ChangeAudience(ctx, b.admin, shop, models.WorkSubtract, pasted("010-2000-0020")))
	if err := b.RetryWork(ctx, b.admin, second); models.TextOf(err).Key != "audience.busy" {
		t.Errorf("gone on with while its source is being changed: %v", err)
	}
	b.runWorks(t)
	if b.canRetry(t, second) {
		t.Error("its source has changed")
	}
	third := begin()
	must(t, b.DeleteAudience(ctx, b.admin, shop, true))
	b.runWorks(t)
	if b.canRetry(t, third) {
		t.Error("its source is gone")
	}
}

// TestWhatIsKeptToGoOnWithGoes pastes numbers for works that nobody goes on with.
func TestWhatIsKeptToGoOnWithGoes(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	a := b.audience(t, "모두", "", 0, 25)
	must(t, b.ChangeAudience(ctx, b.admin, a, models.WorkAppend, pasted("010-2000-0900")))
	w := b.onlyWork(t)
	must(t, b.CancelWork(ctx, b.admin, w))
	staged := w.Sources[0].AudienceID
	must(t, b.Sweep(ctx))
	if !b.canRetry(t, w) {
		t.Error("what was pasted is gone before its time")
	}
	later := &actions.Service{DB: b.DB, Jobs: b.Jobs, Log: b.Log, Keeper: b.Keeper, Provider: b.Provider, Timing: b.Timing, Sweeping: b.Sweeping}
	later.Now = func() time.Time { return b.Now().Add(25 * time.Hour) }
	must(t, later.Sweep(ctx))
	b.runWorks(t)
	if _, err := b.DB.Audience(ctx, b.team.ID, staged); models.KindOf(err) != models.NotFound {
		t.Errorf("what was pasted is still there: %v", err)
	}
	if b.canRetry(t, w) {
		t.Error("it can be gone on with, without what was pasted")
	}
	must(t, later.Sweep(ctx)) // which finds nothing more
	b.wantAudience(t, a, phones(0, 25))
}

// TestADeletionThatFailsIsGoneOnWith fails the deletion of an audience that has no name
// any more, so that no person can.
func TestADeletionThatFailsIsGoneOnWith(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	a := b.audience(t, "모두", "", 0, 25)
	must(t, b.DeleteAudience(ctx, b.admin, a, false))
	w := b.onlyWork(t)
	ended := b.Now().Add(-25 * time.Hour)
	w.State, w.EndedAt = models.WorkFailed, &ended
	if ours, err := b.DB.SaveAudienceWork(ctx, w); !ours || err != nil {
		t.Fatal(ours, err)
	}
	must(t, b.Sweep(ctx))
	b.runWorks(t)
	if _, err := b.DB.Audience(ctx, b.team.ID, a.ID); models.KindOf(err) != models.NotFound {
		t.Errorf("the audience is still there: %v", err)
	}
}

func TestTakingRecipientsIsCancelled(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	vip, c := b.audience(t, "단골", "이름", 0, 30), b.draft(t, 3)
	_, err := b.TakeAudiences(ctx, b.admin, c, []int64{vip.ID})
	must(t, err)
	w := b.onlyWork(t)
	must(t, b.CancelWork(ctx, b.admin, w))
	b.runWorks(t)
	if _, err := b.DB.Audience(ctx, b.team.ID, w.AudienceID); models.KindOf(err) != models.NotFound {
		t.Errorf("what was taken is still there: %v", err)
	}
	now, err := b.DB.Campaign(ctx, b.appkey.ID, c.ID)
	must(t, err)
	if now.AudienceID != c.AudienceID || b.canRetry(t, w) {
		t.Errorf("the draft has %d, want %d as before", now.AudienceID, c.AudienceID)
	}
	_, err = b.TakeAudiences(ctx, b.admin, c, []int64{vip.ID})
	must(t, err)
	b.runWorks(t)
}

func TestOnlyWhoMayCancelsAndGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	a := b.audience(t, "모두", "", 0, 25)
	must(t, b.ChangeAudience(t.Context(), b.admin, a, models.WorkAppend, pasted("010-2000-0900")))
	w := b.onlyWork(t)
	for _, role := range models.Roles() {
		by := models.Actor{User: models.User{ID: 99, Name: "누구"}, Role: role}
		for name, err := range map[string]error{"cancel": b.CancelWork(t.Context(), by, w), "retry": b.RetryWork(t.Context(), by, w)} {
			if forbidden := models.KindOf(err) == models.Forbidden && err != nil; forbidden == role.Allows(models.ManageCampaigns) {
				t.Errorf("%s by a %s: %v", name, role, err)
			}
		}
	}
}
