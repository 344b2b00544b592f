package models_test

import (
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// night is a time at which nothing is sent.
func night() time.Time { return time.Date(2026, 11, 3, 23, 0, 0, 0, kakao.KST) }

func hashOf(t *testing.T, c models.Campaign, k models.Appkey, imageHash string, rs ...models.Recipient) string {
	t.Helper()
	h, err := models.NewCampaignHash(c, k, models.Sender{SenderKey: "key"}, imageHash)
	if err != nil {
		t.Fatal(err)
	}
	h.Add(rs...)
	return h.Sum()
}

func TestCampaignHashKnowsEverythingThatDecides(t *testing.T) {
	t.Parallel()
	at := night().Add(12 * time.Hour)
	c := models.Campaign{Channel: models.FriendTalk, Name: "a", SenderID: 1, Content: models.Content{Text: "글", Ad: true}, ScheduledAt: &at}
	rs := []models.Recipient{{Phone: "01011112222", Vars: `{"a":"b"}`}, {Phone: "01011113333", Vars: "{}"}}
	first := hashOf(t, c, models.Appkey{}, "", rs...)
	seen := map[string]string{first: "the first"}
	differs := func(what, hash string) {
		t.Helper()
		if before, found := seen[hash]; found {
			t.Errorf("%s has the hash of %s", what, before)
		}
		seen[hash] = what
	}
	changed := func(change func(c *models.Campaign)) models.Campaign { d := c; change(&d); return d }
	differs("another appkey", hashOf(t, c, models.Appkey{Appkey: "x"}, "", rs...))
	differs("another image", hashOf(t, c, models.Appkey{}, "x", rs...))
	differs("no ad", hashOf(t, changed(func(c *models.Campaign) { c.Content.Ad = false }), models.Appkey{}, "", rs...))
	differs("another text", hashOf(t, changed(func(c *models.Campaign) { c.Content.Text = "글." }), models.Appkey{}, "", rs...))
	differs("a fallback", hashOf(t, changed(func(c *models.Campaign) { c.Fallback.On = true }), models.Appkey{}, "", rs...))
	differs("at once", hashOf(t, changed(func(c *models.Campaign) { c.ScheduledAt = nil }), models.Appkey{}, "", rs...))
	differs("a pace", hashOf(t, changed(func(c *models.Campaign) { c.Pace = 10 }), models.Appkey{}, "", rs...))
	differs("days", hashOf(t, changed(func(c *models.Campaign) { c.PerDay = 10 }), models.Appkey{}, "", rs...))
	differs("another sender", hashOf(t, changed(func(c *models.Campaign) { c.SenderID = 2 }), models.Appkey{}, "", rs...))
	differs("fewer recipients", hashOf(t, c, models.Appkey{}, "", rs[0]))
	differs("another order", hashOf(t, c, models.Appkey{}, "", rs[1], rs[0]))
	differs("another value", hashOf(t, c, models.Appkey{}, "", models.Recipient{Phone: rs[0].Phone, Vars: `{"a":"c"}`}, rs[1]))
	differs("a value that begins elsewhere", hashOf(t, c, models.Appkey{}, "", models.Recipient{Phone: rs[0].Phone + "{", Vars: rs[0].Vars[1:]}, rs[1]))
	if same := hashOf(t, changed(func(c *models.Campaign) { c.Name, c.Revision, c.AudienceID = "b", 9, 9 }), models.Appkey{}, "", rs...); same != first {
		t.Error("what is not sent changes the hash")
	}
}

func TestCampaignHashGoesOn(t *testing.T) {
	t.Parallel()
	c, rs := models.Campaign{Channel: models.FriendTalk}, []models.Recipient{{Phone: "1", Vars: "{}"}, {Phone: "2", Vars: "{}"}}
	h, err := models.NewCampaignHash(c, models.Appkey{}, models.Sender{SenderKey: "key"}, "")
	if err != nil {
		t.Fatal(err)
	}
	h.Add(rs[0])
	state, err := h.State()
	if err != nil {
		t.Fatal(err)
	}
	resumed, err := models.ResumeCampaignHash(state)
	if err != nil {
		t.Fatal(err)
	}
	resumed.Add(rs[1])
	if resumed.Sum() != hashOf(t, c, models.Appkey{}, "", rs...) {
		t.Error("a hash that goes on is another one")
	}
	if _, err := models.ResumeCampaignHash([]byte("x")); err == nil {
		t.Error("rubbish is taken for a state")
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	c := models.Content{Text: "글", Buttons: []models.Button{webLink("보기", "https://a.example")}, Image: &models.Picture{Hash: "x"}, ImageLink: "https://a.example"}
	first := c.Fingerprint(models.FriendTalk)
	other := c
	other.Text = "다른 글"
	if other.Fingerprint(models.FriendTalk) == first || c.Fingerprint(models.BrandTalk) == first {
		t.Error("what says something else has the same fingerprint")
	}
	same := c
	same.Ad = !c.Ad
	if same.Fingerprint(models.FriendTalk) != first {
		t.Error("the mark of an advertisement is not what is said")
	}
}
