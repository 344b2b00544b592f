package models_test

import (
	"testing"

	"soshik/internal/kakao"
	"soshik/internal/testdb"
	"soshik/models"
)

func TestWhatIsTypedIsTheSameWhenSavingItChangesNothing(t *testing.T) {
	t.Parallel()
	saved := models.Typed{Name: "쿠폰", Tags: []string{"가", "나"}, Content: models.Content{Text: "안녕", Buttons: []models.Button{webLink("보기", "https://a.example")}}}
	with := func(change func(*models.Typed)) models.Typed {
		c := saved
		c.Content.Buttons = []models.Button{saved.Content.Buttons[0]}
		change(&c)
		return c
	}
	for name, try := range map[string]struct {
		typed models.Typed
		same  bool
	}{
		"as it is saved":                      {with(func(*models.Typed) {}), true},
		"another order of tags":               {with(func(c *models.Typed) { c.Tags = []string{"나", "가"} }), true},
		"recipients that have come in":        {with(func(c *models.Typed) { c.AudienceID = 7 }), true},
		"what another type of button asks":    {with(func(c *models.Typed) { c.Content.Buttons[0].SchemeIOS = "shop://" }), true},
		"where no image leads":                {with(func(c *models.Typed) { c.Content.ImageLink = "https://a.example" }), true},
		"another text":                        {with(func(c *models.Typed) { c.Content.Text = "안녕!" }), false},
		"another name":                        {with(func(c *models.Typed) { c.Name = "" }), false},
		"another tag":                         {with(func(c *models.Typed) { c.Tags = []string{"가"} }), false},
		"another code":                        {with(func(c *models.Typed) { c.Code = "a1" }), false},
		"another sender":                      {with(func(c *models.Typed) { c.SenderID = 3 }), false},
		"the button has become another":       {with(func(c *models.Typed) { c.Content.Buttons[0].Type = kakao.ButtonBotKey }), false},
		"the button leads somewhere else too": {with(func(c *models.Typed) { c.Content.Buttons[0].LinkPC = "https://b.example" }), false},
	} {
		if got := try.typed.Same(saved); got != try.same {
			t.Errorf("%s: the same: %v", name, got)
		}
	}
}

func TestDraftsAreOnePersonsOwn(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	var users [2]models.User
	for i, email := range []string{"a@example.com", "b@example.com"} {
		users[i] = models.User{Email: email, Name: "사람"}
		if err := db.CreateUser(t.Context(), &users[i]); err != nil {
			t.Fatal(err)
		}
	}
	read := func(user models.User, place models.ImagePlace, id int64) string {
		t.Helper()
		d, found, err := db.Draft(t.Context(), user.ID, place, id)
		if err != nil || !found {
			return ""
		}
		return d.Typed.Name
	}
	keep := func(user models.User, place models.ImagePlace, id int64, name string) {
		t.Helper()
		if err := db.KeepDraft(t.Context(), models.Draft{UserID: user.ID, Place: place, PlaceID: id, Typed: models.Typed{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	keep(users[0], models.PlaceCampaign, 1, "하나")
	keep(users[0], models.PlaceCampaign, 1, "다시")
	keep(users[0], models.PlaceTemplate, 1, "템플릿")
	keep(users[1], models.PlaceCampaign, 1, "남의 것")
	if a, b, c := read(users[0], models.PlaceCampaign, 1), read(users[0], models.PlaceTemplate, 1), read(users[1], models.PlaceCampaign, 1); a != "다시" || b != "템플릿" || c != "남의 것" {
		t.Errorf("kept %q, %q and %q", a, b, c)
	}
	if err := db.ForgetDraft(t.Context(), users[0].ID, models.PlaceCampaign, 1); err != nil {
		t.Fatal(err)
	}
	if a, b, c := read(users[0], models.PlaceCampaign, 1), read(users[0], models.PlaceTemplate, 1), read(users[1], models.PlaceCampaign, 1); a != "" || b == "" || c == "" {
		t.Errorf("forgetting one leaves %q, %q and %q", a, b, c)
	}
	if err := db.ForgetDrafts(t.Context(), models.PlaceCampaign, 1); err != nil {
		t.Fatal(err)
	}
	if c := read(users[1], models.PlaceCampaign, 1); c != "" {
		t.Errorf("forgetting a place leaves %q", c)
	}
}
