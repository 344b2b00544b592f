package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/models"
)

func TestParseTags(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"":                            {},
		" , ,":                        {},
		"쿠폰":                          {"쿠폰"},
		"#쿠폰, ＃겨울":                    {"겨울", "쿠폰"},
		"VIP,vip,Vip":                 {"VIP"},
		"두  단어\t태그\n다음":               {"다음", "두 단어 태그"},
		"\u1100\u1161\u1102\u1161,가나": {"가나"}, // the same, in parts
		"a;b、c，d":                     {"a", "b", "c", "d"},
	} {
		if got := models.ParseTags(typed); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if got := models.ParseTags("가", "나,가"); !slices.Equal(got, []string{"가", "나"}) {
		t.Errorf("several texts: %q", got)
	}
}

// template adds one of the team's, as changed by change.
func (o *office) template(t testing.TB, name string, change func(*models.Template)) models.Template {
	t.Helper()
	made := models.Template{
		TeamID: o.team.ID, AppkeyID: o.appkey.ID, Channel: models.FriendTalk, Name: name, State: models.TemplateDraft,
		Version: 1, Content: models.Content{Text: name + "의 글"}, CreatedBy: 1, UpdatedBy: 1, CreatedAt: o.now, UpdatedAt: o.now,
	}
	if change != nil {
		change(&made)
	}
	if err := o.CreateTemplate(t.Context(), &made); err != nil {
		t.Fatal(err)
	}
	return made
}

// names pages through what f lets through, size templates a page.
func (o *office) templates(t testing.TB, f models.TemplateFilter, size int) []string {
	t.Helper()
	var names []string
	for {
		rows, err := o.TemplateRows(t.Context(), o.appkey, f, size)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			names = append(names, row.Name)
			f.After = row.ID
		}
		if len(rows) < size {
			return names
		}
	}
}

func TestTemplatesAreListed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	other := o.addAppkey(t, "다른 앱키")
	later := func(hours int) func(*models.Template) {
		return func(m *models.Template) { m.UpdatedAt = o.now.Add(time.Duration(hours) * time.Hour) }
	}
	o.template(t, "봄 쿠폰", later(3))
	o.template(t, "여름 쿠폰", func(m *models.Template) { m.Tags, m.UpdatedAt = []string{"VIP", "여름"}, o.now.Add(2*time.Hour) })
	o.template(t, "100% 할인", later(2)) // at the same time
	o.template(t, "보관한 것", func(m *models.Template) { m.ArchivedAt, m.Tags = &o.now, []string{"여름"} })
	o.template(t, "쓰다 만 것", func(m *models.Template) { m.Version = 0 })
	o.template(t, "브랜드톡", func(m *models.Template) { m.Channel, m.SenderID, m.Code = models.BrandTalk, 7, "CODE1" })
	o.template(t, "남의 브랜드톡", func(m *models.Template) { m.Channel, m.SenderID, m.AppkeyID = models.BrandTalk, 8, other.ID })
	o.template(t, "다른 앱키에서 쓴 것", func(m *models.Template) { m.AppkeyID = other.ID })
	all := []string{"봄 쿠폰", "100% 할인", "여름 쿠폰", "다른 앱키에서 쓴 것", "브랜드톡", "쓰다 만 것"}
	for name, tt := range map[string]struct {
		filter models.TemplateFilter
		want   []string
	}{
		"those of the team and of the appkey": {models.TemplateFilter{}, all},
		"a word":                              {models.TemplateFilter{Query: "쿠폰"}, []string{"봄 쿠폰", "여름 쿠폰"}},
		"two words, apart":                    {models.TemplateFilter{Query: "글 봄"}, []string{"봄 쿠폰"}},
		"a code in other letters":             {models.TemplateFilter{Query: "code1"}, []string{"브랜드톡"}},
		"a percent sign":                      {models.TemplateFilter{Query: "0%"}, []string{"100% 할인"}},
		"no such word":                        {models.TemplateFilter{Query: "가을"}, nil},
		"a tag":                               {models.TemplateFilter{Tag: "여름"}, []string{"여름 쿠폰"}},
		"a tag that nothing has":              {models.TemplateFilter{Tag: "겨울"}, nil},
		"a channel":                           {models.TemplateFilter{Channel: models.BrandTalk}, []string{"브랜드톡"}},
		"archived":                            {models.TemplateFilter{Archived: true}, []string{"보관한 것"}},
		"an archived one with a tag":          {models.TemplateFilter{Archived: true, Tag: "여름"}, []string{"보관한 것"}},
		"those with a version":                {models.TemplateFilter{Usable: true, Query: "것"}, []string{"다른 앱키에서 쓴 것"}},
	} {
		for _, size := range []int{1, 2, 50} {
			if got := o.templates(t, tt.filter, size); !slices.Equal(got, tt.want) {
				t.Errorf("%s, %d a page: %q, want %q", name, size, got, tt.want)
			}
		}
		if n, err := o.CountTemplates(t.Context(), o.appkey, tt.filter); err != nil || n != len(tt.want) {
			t.Errorf("%s: counted %d, %v", name, n, err)
		}
	}
	if tags, err := o.TemplateTags(t.Context(), o.team.ID, 10); err != nil || !slices.Equal(tags, []string{"여름", "VIP"}) {
		t.Errorf("tags, the most used first: %q %v", tags, err)
	}
	if ts, err := o.SenderTemplates(t.Context(), 7, 10); err != nil || len(ts) != 1 || ts[0].Name != "브랜드톡" {
		t.Errorf("a sender's: %v %v", ts, err)
	}
	if ts, err := o.SenderTemplates(t.Context(), 0, 10); err != nil || len(ts) != 0 {
		t.Errorf("nobody's: %v %v", ts, err)
	}
	if found, err := o.HasTemplates(t.Context(), other); err != nil || !found {
		t.Error("the other appkey has none", err)
	}
}

func TestVersionsAreKept(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made := o.template(t, "쿠폰", nil)
	second := made
	second.Content.Text, second.Tags, second.UpdatedBy, second.UpdatedAt = "둘째", []string{"가"}, 2, o.now.Add(time.Hour)
	must(t, o.SaveTemplate(t.Context(), &second, 0))
	stale := made
	stale.Content.Text = "늦은 글"
	if err := o.SaveTemplate(t.Context(), &stale, 0); models.KindOf(err) != models.Conflict || stale.Version != 1 {
		t.Errorf("over a newer version: %v, version %d", err, stale.Version)
	}
	back := second
	back.Content = made.Content
	must(t, o.SaveTemplate(t.Context(), &back, 1))
	now, err := o.Template(t.Context(), o.appkey, made.ID)
	must(t, err)
	if now.Version != 3 || !now.Content.Same(made.Content) || !slices.Equal(now.Tags, []string{"가"}) || !now.UpdatedAt.Equal(second.UpdatedAt) {
		t.Errorf("saved: %+v", now)
	}
	rows, err := o.TemplateVersionRows(t.Context(), made.ID, 0, 2)
	must(t, err)
	if len(rows) != 2 || rows[0].Number != 3 || rows[0].Restored != 1 || rows[1].Content.Text != "둘째" || rows[1].CreatedBy != 2 {
		t.Errorf("versions: %+v", rows)
	}
	rows, err = o.TemplateVersionRows(t.Context(), made.ID, 2, 2)
	must(t, err)
	if len(rows) != 1 || rows[0].Number != 1 {
		t.Errorf("older versions: %+v", rows)
	}
	if _, err := o.TemplateVersion(t.Context(), made.ID, 4); models.KindOf(err) != models.NotFound {
		t.Errorf("a version that is not: %v", err)
	}
	if found := o.templates(t, models.TemplateFilter{Query: "둘째"}, 10); found != nil {
		t.Errorf("found by what an old version says: %q", found)
	}
}

func TestArchivedAndRegisteredTemplatesAreFixed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	archived, registered := o.template(t, "보관", nil), o.template(t, "등록", func(m *models.Template) { m.State = models.TemplateRegistered })
	if done, err := o.ArchiveTemplate(t.Context(), archived, &o.now); err != nil || !done {
		t.Error(done, err)
	}
	if done, err := o.ArchiveTemplate(t.Context(), archived, &o.now); err != nil || done {
		t.Error("archived twice", err)
	}
	for _, fixed := range []models.Template{archived, registered} {
		if err := o.SaveTemplate(t.Context(), &fixed, 0); models.KindOf(err) != models.Conflict {
			t.Errorf("%s: %v", fixed.Name, err)
		}
	}
	if done, err := o.ArchiveTemplate(t.Context(), archived, nil); err != nil || !done {
		t.Error(done, err)
	}
	must(t, o.SaveTemplate(t.Context(), &archived, 0))
	for _, state := range models.TemplateStates() {
		if ok, reason := (models.Template{State: state}).Editable(); ok != (state == models.TemplateDraft) || ok != (reason.Key == "") {
			t.Errorf("%s: editable %v, %v", state, ok, reason)
		}
	}
}

func TestUsesAndOrigin(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made, unused := o.template(t, "쿠폰", nil), o.template(t, "안 쓴 것", nil)
	campaign := func(version int) models.Campaign {
		c := models.Campaign{
			TeamID: o.team.ID, AppkeyID: o.appkey.ID, Channel: models.FriendTalk, ULID: models.NewToken(), State: models.CampaignDraft,
			Content: made.Content, TemplateID: made.ID, TemplateVersion: version, CreatedAt: o.now, UpdatedAt: o.now,
		}
		must(t, o.CreateCampaign(t.Context(), &c))
		return c
	}
	first, _ := campaign(1), campaign(1)
	if uses, err := o.TemplateUses(t.Context(), []int64{made.ID, unused.ID}); err != nil || uses[made.ID] != 2 || uses[unused.ID] != 0 {
		t.Errorf("uses: %v %v", uses, err)
	}
	origin, found, err := o.Origin(t.Context(), first)
	if err != nil || !found || origin.Edited || origin.Newer() || origin.Version != 1 {
		t.Errorf("origin: %+v %v %v", origin, found, err)
	}
	made.Content.Text = "새 글"
	must(t, o.SaveTemplate(t.Context(), &made, 0))
	first.Content.Text = "고친 글"
	if origin, _, err = o.Origin(t.Context(), first); err != nil || !origin.Newer() || !origin.Edited {
		t.Errorf("origin: %+v %v", origin, err)
	}
	if _, found, err := o.Origin(t.Context(), models.Campaign{}); found || err != nil {
		t.Error("a campaign of no template has an origin", err)
	}
}

func TestTwoSavesAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made := o.template(t, "쿠폰", nil)
	const people = 8
	results := make(chan error, people)
	for i := range people {
		go func() {
			mine := made
			mine.Content.Text = fmt.Sprint("글 ", i)
			results <- o.Tx(t.Context(), func(tx *models.DB) error { return tx.SaveTemplate(t.Context(), &mine, 0) })
		}()
	}
	saved, conflicts := 0, 0
	for range people {
		switch err := <-results; {
		case err == nil:
			saved++
		case models.KindOf(err) == models.Conflict:
			conflicts++
		default:
			t.Error(err)
		}
	}
	if saved != 1 || conflicts != people-1 {
		t.Errorf("%d saved, %d conflicts", saved, conflicts)
	}
}

// manyTemplates are 10,000, as long as people write them.
func manyTemplates(t testing.TB) *office {
	t.Helper()
	o := newOffice(t)
	err := o.Tx(t.Context(), func(tx *models.DB) error {
		for i := range 10_000 {
			made := models.Template{
				TeamID: o.team.ID, AppkeyID: o.appkey.ID, Channel: models.FriendTalk, Name: fmt.Sprintf("%s 템플릿 %05d", []string{"봄", "여름", "가을", "겨울"}[i%4], i),
				State: models.TemplateDraft, Version: 1, Tags: []string{fmt.Sprint("태그", i%50), fmt.Sprint("분류", i%7)},
				Content:   models.Content{Text: fmt.Sprint(i, strings.Repeat(" 고객님, 오늘만 특별한 혜택을 드립니다.", 12))},
				CreatedBy: 1, UpdatedBy: 1, CreatedAt: o.now, UpdatedAt: o.now.Add(time.Duration(i*7919%10_000) * time.Minute),
			}
			if i%20 == 0 {
				made.ArchivedAt = &o.now
			}
			if err := tx.CreateTemplate(t.Context(), &made); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// As the database does by itself after a while.
	if _, err := o.SQL().ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
	return o
}

// BenchmarkTenThousandTemplates measures each question that a page of the list asks.
func BenchmarkTenThousandTemplates(b *testing.B) {
	o := manyTemplates(b)
	for _, f := range []struct {
		name   string
		filter models.TemplateFilter
	}{
		{"everything", models.TemplateFilter{}},
		{"in the middle", models.TemplateFilter{After: 5000}},
		{"a word that many have", models.TemplateFilter{Query: "겨울"}},
		{"no such word", models.TemplateFilter{Query: "없는말"}},
		{"a tag", models.TemplateFilter{Tag: "태그7"}},
		{"archived", models.TemplateFilter{Archived: true}},
		{"a channel that nothing has", models.TemplateFilter{Channel: models.BrandTalk}},
	} {
		b.Run("list/"+f.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := o.TemplateRows(b.Context(), o.appkey, f.filter, 25); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("count/"+f.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := o.CountTemplates(b.Context(), o.appkey, f.filter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("tags", func(b *testing.B) {
		for b.Loop() {
			if _, err := o.TemplateTags(b.Context(), o.team.ID, 30); err != nil {
				b.Fatal(err)
			}
		}
	})
}
