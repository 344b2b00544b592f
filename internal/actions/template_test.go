package actions_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/models"
)

// writeTemplate makes a template of the team with one version.
func (b *bench) writeTemplate(t *testing.T) models.Template {
	t.Helper()
	made, err := b.CreateTemplate(t.Context(), b.admin, b.appkey, models.NewTemplate{Channel: models.FriendTalk, Name: "쿠폰"})
	must(t, err)
	typed := made
	typed.Content.Text = "처음"
	saved, err := b.SaveTemplate(t.Context(), b.admin, b.appkey, made, typed)
	must(t, err)
	return saved
}

// templateRecords is what the audit log has on templates, the oldest first.
func (b *bench) templateRecords(t *testing.T) (names []string, logs []models.AuditLog) {
	t.Helper()
	all, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 100)
	must(t, err)
	slices.Reverse(all)
	for _, l := range all {
		if strings.HasPrefix(l.Action, "template.") || l.Action == "campaign.from_template" {
			names, logs = append(names, l.Action), append(logs, l)
		}
	}
	return names, logs
}

func TestEveryChangeOfATemplateIsRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	made := b.writeTemplate(t)
	typed := made
	typed.Content.Text = "다음"
	saved, err := b.SaveTemplate(ctx, b.admin, b.appkey, made, typed)
	must(t, err)
	same, err := b.SaveTemplate(ctx, b.admin, b.appkey, saved, saved)
	must(t, err)
	if same.Version != 2 {
		t.Errorf("saving without a change makes version %d", same.Version)
	}
	tagged := saved
	tagged.Tags = []string{"겨울"}
	_, err = b.SaveTemplate(ctx, b.admin, b.appkey, saved, tagged)
	must(t, err)
	back, err := b.RestoreVersion(ctx, b.admin, b.appkey, tagged, 1, 2)
	must(t, err)
	_, err = b.DuplicateTemplate(ctx, b.admin, b.appkey, back, "복사본")
	must(t, err)
	c, err := b.BeginCampaign(ctx, b.admin, b.appkey, back)
	must(t, err)
	must(t, b.ArchiveTemplate(ctx, b.admin, b.appkey, back), b.ArchiveTemplate(ctx, b.admin, b.appkey, back))
	archived, err := b.DB.Template(ctx, b.appkey, back.ID)
	must(t, err)
	must(t, b.UnarchiveTemplate(ctx, b.admin, b.appkey, archived))
	names, logs := b.templateRecords(t)
	want := []string{
		"template.create", "template.save", "template.save", "template.tag", "template.restore", "template.duplicate", "campaign.from_template",
		"template.archive", "template.unarchive",
	}
	if !slices.Equal(names, want) {
		t.Fatalf("recorded %q", names)
	}
	for i, says := range map[int][2]string{
		2: {`"text":"처음"`, `"text":"다음"`}, 3: {`"tags":[]`, `"tags":["겨울"]`}, 4: {`"version":2`, `"restored":1`}, 5: {"", `"from":"쿠폰"`}, 6: {"", `"version":3`},
		7: {`"archived":false`, `"archived":true`}, 8: {`"archived":true`, `"archived":false`},
	} {
		if !strings.Contains(logs[i].Before, says[0]) || !strings.Contains(logs[i].After, says[1]) {
			t.Errorf("%s: before %s, after %s", logs[i].Action, logs[i].Before, logs[i].After)
		}
	}
	if c.TemplateID != made.ID || c.TemplateVersion != 3 || c.SenderID != b.sender.ID || c.Content.Text != "처음" {
		t.Errorf("the campaign: %+v", c)
	}
}

func TestALaterVersionLeavesCampaignsAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	made := b.writeTemplate(t)
	c, err := b.BeginCampaign(ctx, b.admin, b.appkey, made)
	must(t, err)
	typed := made
	typed.Content.Text = "다음"
	saved, err := b.SaveTemplate(ctx, b.admin, b.appkey, made, typed)
	must(t, err)
	now, err := b.DB.Campaign(ctx, b.appkey.ID, c.ID)
	must(t, err)
	if now.Content.Text != "처음" || now.TemplateVersion != 1 {
		t.Errorf("the campaign says %q of version %d", now.Content.Text, now.TemplateVersion)
	}
	edited := now
	edited.Name = "다른 이름"
	edited, err = b.SaveDraft(ctx, b.admin, now, edited)
	must(t, err)
	if edited.TemplateID != made.ID {
		t.Error("an edit forgets where the content is from")
	}
	taken, err := b.TakeTemplate(ctx, b.admin, edited, edited, saved)
	must(t, err)
	if taken.Content.Text != "다음" || taken.TemplateVersion != 2 {
		t.Errorf("taken: %+v", taken)
	}
	if _, err := b.TakeTemplate(ctx, b.admin, taken, edited, made); models.KindOf(err) != models.Conflict {
		t.Errorf("over a newer edit: %v", err)
	}
	stale := taken
	stale.Channel = models.BrandTalk
	if _, err := b.TakeTemplate(ctx, b.admin, taken, stale, saved); models.KindOf(err) != models.Invalid {
		t.Errorf("into a campaign of another channel: %v", err)
	}
}

func TestOfTwoSavesAtOnceOneIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	made := b.writeTemplate(t)
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() {
			typed := made
			typed.Content.Text = strings.Repeat("글", i+1)
			if i%2 == 0 {
				_, errs[i] = b.SaveTemplate(t.Context(), b.admin, b.appkey, made, typed)
			} else {
				errs[i] = b.ArchiveTemplate(t.Context(), b.admin, b.appkey, made)
			}
		})
	}
	wg.Wait()
	saved := 0
	for i, err := range errs {
		switch {
		case i%2 == 1 && err != nil:
			t.Error("archive: ", err)
		case i%2 == 0 && err == nil:
			saved++
		case i%2 == 0 && models.KindOf(err) != models.Conflict:
			t.Error(err)
		}
	}
	now, err := b.DB.Template(t.Context(), b.appkey, made.ID)
	must(t, err)
	if saved > 1 || now.Version != 1+saved || now.ArchivedAt == nil {
		t.Errorf("%d saved, version %d, archived %v", saved, now.Version, now.ArchivedAt)
	}
}

func TestSavingForgetsWhatWasTypedAndNotSaved(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	made := b.writeTemplate(t)
	kept := func() bool {
		_, found, err := b.DB.Draft(ctx, b.admin.User.ID, models.PlaceTemplate, made.ID)
		must(t, err)
		return found
	}
	keep := func() {
		_, _, err := b.KeepDraft(ctx, b.admin, models.Draft{Place: models.PlaceTemplate, PlaceID: made.ID, Base: 1, Typed: models.Typed{Name: "쓰는 중"}}, models.Typed{})
		must(t, err)
	}
	for name, change := range map[string]func(*models.Template){
		"another text": func(t *models.Template) { t.Content.Text += "!" }, "other tags": func(t *models.Template) { t.Tags = append(t.Tags, "새") }, "nothing": func(*models.Template) {},
	} {
		keep()
		now, err := b.DB.Template(ctx, b.appkey, made.ID)
		must(t, err)
		typed := now
		change(&typed)
		_, err = b.SaveTemplate(ctx, b.admin, b.appkey, now, typed)
		must(t, err)
		if kept() {
			t.Errorf("saving %s leaves what was typed", name)
		}
	}
	keep()
	now, err := b.DB.Template(ctx, b.appkey, made.ID)
	must(t, err)
	wrong := now
	wrong.Content.Text = ""
	if _, err := b.SaveTemplate(ctx, b.admin, b.appkey, now, wrong); models.KindOf(err) != models.Invalid || !kept() {
		t.Errorf("what cannot be saved is forgotten: %v", err)
	}
	_, err = b.RestoreVersion(ctx, b.admin, b.appkey, now, 1, now.Version)
	must(t, err)
	if !kept() {
		t.Error("bringing a version back loses what was typed")
	}
}

func TestTemplatesAreForThoseWhoCompose(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	ctx := t.Context()
	made := b.writeTemplate(t)
	for _, role := range append(models.Roles(), "") {
		by := models.Actor{User: models.User{ID: 77, Name: string(role)}, Role: role}
		may := role.Allows(models.ManageCampaigns)
		for name, do := range map[string]func() error{
			"create": func() error {
				_, err := b.CreateTemplate(ctx, by, b.appkey, models.NewTemplate{Channel: models.FriendTalk, Name: "새것"})
				return err
			},
			"save":      func() error { _, err := b.SaveTemplate(ctx, by, b.appkey, made, made); return err },
			"restore":   func() error { _, err := b.RestoreVersion(ctx, by, b.appkey, made, 1, 1); return err },
			"duplicate": func() error { _, err := b.DuplicateTemplate(ctx, by, b.appkey, made, "복사본"); return err },
			"begin":     func() error { _, err := b.BeginCampaign(ctx, by, b.appkey, made); return err },
			"unarchive": func() error { return b.UnarchiveTemplate(ctx, by, b.appkey, made) },
			"archive":   func() error { return b.ArchiveTemplate(ctx, by, b.appkey, made) },
		} {
			if err := do(); (models.KindOf(err) == models.Forbidden) == may {
				t.Errorf("%s by %q: %v", name, role, err)
			}
		}
	}
}
