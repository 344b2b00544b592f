package actions_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/models"
)

// phones are n numbers from the one with index from on.
func phones(from, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("010%08d", 20_000_000+from+i)
	}
	return list
}

// audience is a named audience of numbers from … from+n-1.
func (b *bench) audience(t testing.TB, name, column string, from, n int) models.Audience {
	t.Helper()
	ctx := t.Context()
	a := models.Audience{TeamID: b.team.ID, Name: name, Source: models.SourceFile, CreatedAt: b.Now()}
	if column != "" {
		a.Columns = []string{column}
	}
	must(t, b.DB.CreateAudience(ctx, &a))
	rs := make([]models.Recipient, n)
	for i, phone := range phones(from, n) {
		rs[i] = models.Recipient{Phone: phone, Vars: "{}"}
		if column != "" {
			rs[i].Vars = models.VarsJSON(map[string]string{column: name})
		}
	}
	must(t, b.DB.InsertRecipients(ctx, a.ID, rs), b.DB.SetAudienceSize(ctx, a.ID, int64(n)))
	a.Size = int64(n)
	return a
}

// runWorks does what is to be done to audiences, without the queue.
func (b *bench) runWorks(t testing.TB) {
	t.Helper()
	for {
		ws, err := b.DB.RunningWorks(t.Context(), b.team.ID)
		must(t, err)
		if len(ws) == 0 {
			return
		}
		for _, w := range ws {
			must(t, b.RunAudienceWork(t.Context(), w.ID))
		}
	}
}

// wantAudience checks who is in an audience, and that its size says so.
func (b *bench) wantAudience(t *testing.T, a models.Audience, want []string) []models.Recipient {
	t.Helper()
	rs, err := b.DB.RecipientsAfter(t.Context(), a.ID, "", len(want)+10)
	must(t, err)
	got := make([]string, len(rs))
	for i, r := range rs {
		got[i] = r.Phone
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s has %d recipients, want %d", a.Name, len(got), len(want))
	}
	now, err := b.DB.Audience(t.Context(), b.team.ID, a.ID)
	must(t, err)
	if now.Size != int64(len(want)) {
		t.Errorf("%s says it has %d recipients, and has %d", a.Name, now.Size, len(want))
	}
	return rs
}

func pasted(text string) actions.AudienceFrom {
	return actions.AudienceFrom{Pasted: models.Pasted{Text: text}}
}

func of(as ...models.Audience) (from actions.AudienceFrom) {
	for _, a := range as {
		from.Audiences = append(from.Audiences, a.ID)
	}
	return from
}

func TestAudiencesAreMadeAndChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	vip, shop := b.audience(t, "단골", "이름", 0, 25_000), b.audience(t, "매장", "지점", 20_000, 10_000)

	union, err := b.CreateAudience(ctx, b.admin, b.team.ID, models.NewAudience{Name: "모두"}, of(vip, shop))
	must(t, err)
	if err := b.ChangeAudience(ctx, b.admin, union, models.WorkSubtract, of(vip)); models.KindOf(err) != models.Conflict {
		t.Errorf("changed while it is being made: %v", err)
	}
	b.runWorks(t)
	rs := b.wantAudience(t, union, phones(0, 30_000))
	if got := rs[22_000].Vars; got != `{"이름":"단골","지점":"매장"}` && got != `{"이름": "단골", "지점": "매장"}` {
		t.Errorf("who is in both has %s", got)
	}
	union, err = b.DB.Audience(ctx, b.team.ID, union.ID)
	must(t, err)
	if !slices.Equal(union.Columns, []string{"이름", "지점"}) || union.Origin != "단골, 매장" {
		t.Errorf("the union has %v of %q", union.Columns, union.Origin)
	}

	must(t, b.ChangeAudience(ctx, b.admin, union, models.WorkSubtract, of(shop)))
	b.runWorks(t)
	b.wantAudience(t, union, phones(0, 20_000))
	must(t, b.ChangeAudience(ctx, b.admin, union, models.WorkReplace, of(shop)))
	b.runWorks(t)
	b.wantAudience(t, union, phones(20_000, 10_000))
	must(t, b.ChangeAudience(ctx, b.admin, union, models.WorkReplace, pasted("010-2000-0000, 01020000001\n+82 10 2000 0000")))
	b.runWorks(t)
	b.wantAudience(t, union, phones(0, 2))
	must(t, b.ChangeAudience(ctx, b.admin, union, models.WorkAppend, pasted("010 2000 0002")))
	b.runWorks(t)
	b.wantAudience(t, union, phones(0, 3))

	if err := b.ChangeAudience(ctx, b.admin, union, models.WorkAppend, pasted("02-123-4567\n010-2000-0003")); models.FieldText(err, "pasted").Key != "audience.pasted_wrong" {
		t.Errorf("a landline was taken: %v", err)
	}
	if _, err := b.CreateAudience(ctx, b.admin, b.team.ID, models.NewAudience{Name: "단골"}, of(shop)); models.FieldText(err, "name").Key != "error.exists.audience" {
		t.Errorf("two of the same name: %v", err)
	}
	must(t, b.DeleteAudience(ctx, b.admin, union, false))
	b.runWorks(t)
	if _, err := b.DB.Audience(ctx, b.team.ID, union.ID); models.KindOf(err) != models.NotFound {
		t.Errorf("the audience is still there: %v", err)
	}
	var left int64
	must(t, b.DB.SQL().QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM recipients) - 35000 + (SELECT COUNT(*) FROM audiences) - 2").Scan(&left))
	if left != 0 {
		t.Errorf("%d rows of what was deleted or staged are left", left)
	}
}

func TestASampleIsRandomAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	all := b.audience(t, "모두", "이름", 0, 12_000)
	draw := func(name string, seed int64) []string {
		a, err := b.SampleAudience(t.Context(), b.admin, all, models.NewAudience{Name: name}, 500, seed)
		must(t, err)
		b.runWorks(t)
		rs, err := b.DB.RecipientsAfter(t.Context(), a.ID, "", 1000)
		must(t, err)
		got := make([]string, len(rs))
		for i, r := range rs {
			got[i] = r.Phone
		}
		return got
	}
	first, same, other := draw("첫째", 7), draw("둘째", 7), draw("셋째", 8)
	if len(first) != 500 || !slices.Equal(first, same) {
		t.Errorf("the same seed draws %d and %d, or others", len(first), len(same))
	}
	if slices.Equal(first, other) {
		t.Error("another seed draws the same")
	}
	if first[0] > phones(600, 1)[0] || first[499] < phones(11_400, 1)[0] {
		t.Errorf("drawn from %s to %s only", first[0], first[499])
	}
	if _, err := b.SampleAudience(t.Context(), b.admin, all, models.NewAudience{Name: "넷째"}, 12_001, 0); models.FieldText(err, "count").Key == "" {
		t.Errorf("more than there are: %v", err)
	}
}

// TestAWorkGoesOnWhereItWas stops a work after each of its transactions, as a crash
// would.
func TestAWorkGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	vip, shop := b.audience(t, "단골", "", 0, 25_000), b.audience(t, "매장", "", 20_000, 10_000)
	must(t, b.ChangeAudience(t.Context(), b.admin, vip, models.WorkReplace, of(shop)))
	ws, err := b.DB.RunningWorks(t.Context(), b.team.ID)
	must(t, err)
	id := ws[0].ID
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		crash := &actions.Service{DB: b.DB, Jobs: b.Jobs, Log: b.Log, Keeper: b.Keeper, Provider: b.Provider, Timing: b.Timing}
		n := 0
		crash.Now = func() time.Time { // asked once or more in each transaction
			if n++; n == 4 {
				cancel()
			}
			return b.Now()
		}
		err := crash.RunAudienceWork(ctx, id)
		cancel()
		w, readErr := b.DB.AudienceWork(t.Context(), id)
		must(t, readErr)
		if w.State == models.WorkDone {
			break
		}
		if err == nil {
			t.Fatal("the crash was none")
		}
	}
	b.runWorks(t)
	b.wantAudience(t, vip, phones(20_000, 10_000))
}

func TestACampaignTakesItsRecipientsFromAudiences(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	vip, shop := b.audience(t, "단골", "이름", 0, 30), b.audience(t, "매장", "이름", 20, 30)
	c := b.draft(t, 3)
	old := c.AudienceID
	w, err := b.TakeAudiences(ctx, b.admin, c, []int64{vip.ID, shop.ID})
	must(t, err)
	if w.Kind != models.WorkAppend {
		t.Errorf("%+v", w)
	}
	if _, err := b.TakeAudiences(ctx, b.admin, c, []int64{vip.ID}); models.KindOf(err) != models.Conflict {
		t.Errorf("two at a time: %v", err)
	}
	b.runWorks(t)
	c, err = b.DB.Campaign(ctx, b.appkey.ID, c.ID)
	must(t, err)
	taken, err := b.DB.Audience(ctx, b.team.ID, c.AudienceID)
	must(t, err)
	b.wantAudience(t, taken, phones(0, 50))
	if _, err := b.DB.Audience(ctx, b.team.ID, old); models.KindOf(err) != models.NotFound {
		t.Errorf("the recipients before are still there: %v", err)
	}

	if err := b.DeleteAudience(ctx, b.admin, vip, false); models.FieldText(err, "anyway").Key == "" {
		t.Errorf("a draft uses it, and nobody was asked: %v", err)
	}
	must(t, b.DeleteAudience(ctx, b.admin, vip, true))
	b.runWorks(t)
	b.wantAudience(t, taken, phones(0, 50))

	b.work(t)
	must(t, b.Launch(ctx, b.admin, b.appkey.ID, c.ID, c.Revision))
	_, e := b.until(t, c, isState(models.CampaignFinished))
	good, err := b.CreateAudience(ctx, b.admin, b.team.ID, models.NewAudience{Name: "받은 사람"},
		actions.AudienceFrom{Results: models.Source{CampaignID: c.ID, Parts: []models.Part{models.PartDelivered}}})
	must(t, err)
	b.untilIdle(t)
	good, err = b.DB.Audience(ctx, b.team.ID, good.ID)
	must(t, err)
	if good.Size != e.Delivered || e.Delivered == 0 || !slices.Equal(good.Columns, []string{"이름"}) {
		t.Errorf("%d of %d who were reached are in it, with %v", good.Size, e.Delivered, good.Columns)
	}
}

// untilIdle waits until the queue has done all works.
func (b *bench) untilIdle(t *testing.T) {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		ws, err := b.DB.RunningWorks(t.Context(), b.team.ID)
		must(t, err)
		if len(ws) == 0 {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("works go on: %+v", ws)
		case <-tick.C:
		}
	}
}

func TestOnlyWhoMayChangesAudiences(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	a := b.audience(t, "단골", "", 0, 5)
	for _, role := range models.Roles() {
		by := models.Actor{User: models.User{ID: 99, Name: "누구"}, Role: role}
		may := role.Allows(models.ManageCampaigns)
		for name, try := range map[string]func() error{
			"create": func() error {
				_, err := b.CreateAudience(t.Context(), by, b.team.ID, models.NewAudience{Name: "새 목록 " + string(role)}, pasted("01012345678"))
				return err
			},
			"rename": func() error {
				return b.RenameAudience(t.Context(), by, a, models.NewAudience{Name: "이름 " + string(role)})
			},
			"sample": func() error {
				_, err := b.SampleAudience(t.Context(), by, a, models.NewAudience{Name: "표본 " + string(role)}, 2, 1)
				return err
			},
			"change": func() error { return b.ChangeAudience(t.Context(), by, a, models.WorkSubtract, pasted("01012345678")) },
			"export": func() error { return b.ExportAudience(t.Context(), by, a) },
		} {
			err := try()
			b.runWorks(t)
			if (err == nil) != may || err != nil && models.KindOf(err) != models.Forbidden {
				t.Errorf("%s by a %s: %v", name, role, err)
			}
		}
	}
}
