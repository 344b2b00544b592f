package actions_test

import (
	"strings"
	"testing"
	"time"

	"soshik/models"
)

// Those with whom a campaign ended with one of the codes are in the audience, reached by
// SMS or not, with the values that they had.
func TestCodesBecomeAnAudience(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.work(t)
	c := b.draft(t, 10, "0001", "0002", "0004", "0005")
	b.launch(t, c)
	c, _ = b.until(t, c, isState(models.CampaignFinished))

	a, err := b.AudienceOfCodes(t.Context(), b.admin, c, models.NewAudience{Name: "닿지 않는 사람"}, []string{"3018", "9999", "3050"})
	must(t, err)
	b.untilIdle(t)
	for _, r := range b.wantAudience(t, a, []string{"01099990001", "01099990004"}) {
		if r.Vars == "{}" {
			t.Errorf("%s has lost its values", r.Phone)
		}
	}
	a, err = b.DB.Audience(t.Context(), b.team.ID, a.ID)
	must(t, err)
	if a.Source != models.SourceResults || a.Origin != c.Name || a.CreatedBy != b.admin.User.ID {
		t.Errorf("it is %+v", a)
	}
	if entries := b.entries(t, "audience.create"); len(entries) != 1 || !strings.Contains(entries[0].After, "3018") || strings.Contains(entries[0].After, "9999") {
		t.Errorf("the audit log has %+v", entries)
	}
}

func TestWhatCannotBecomeAnAudienceOfCodes(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.work(t)
	draft := b.draft(t, 3)
	c := b.draft(t, 5, "0001")
	b.launch(t, c)
	c, _ = b.until(t, c, isState(models.CampaignFinished))
	erased, now := c, b.Now()
	erased.ErasedAt = &now
	viewer := models.Actor{User: models.User{ID: b.admin.User.ID}, Role: models.Viewer}

	for name, try := range map[string]struct {
		by    models.Actor
		of    models.Campaign
		name  string
		codes []string
		kind  models.Kind
		field string
	}{
		"a viewer's":                   {viewer, c, "목록", []string{"3018"}, models.Forbidden, ""},
		"a draft's":                    {b.admin, draft, "목록", []string{"3018"}, models.Conflict, ""},
		"erased":                       {b.admin, erased, "목록", []string{"3018"}, models.Conflict, ""},
		"without a code":               {b.admin, c, "목록", nil, models.Invalid, "code"},
		"of a code that nobody has":    {b.admin, c, "목록", []string{"3008", ""}, models.Invalid, "code"},
		"of those who were reached":    {b.admin, c, "목록", []string{"1000"}, models.Invalid, "code"},
		"without a name":               {b.admin, c, "", []string{"3018"}, models.Invalid, "name"},
		"without a name or a code":     {b.admin, c, "", nil, models.Invalid, "name"},
		"with a name that is too long": {b.admin, c, strings.Repeat("가", models.MaxName+1), []string{"3018"}, models.Invalid, "name"},
	} {
		_, err := b.AudienceOfCodes(t.Context(), try.by, try.of, models.NewAudience{Name: try.name}, try.codes)
		if models.KindOf(err) != try.kind || (try.field != "" && models.FieldText(err, try.field).Key == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := b.AudienceOfCodes(t.Context(), b.admin, c, models.NewAudience{Name: "목록"}, []string{"3018"})
	must(t, err)
	if _, err = b.AudienceOfCodes(t.Context(), b.admin, c, models.NewAudience{Name: "목록"}, []string{"3018"}); models.FieldText(err, "name").Key != "error.exists.audience" {
		t.Errorf("two of the same name: %v", err)
	}
}
