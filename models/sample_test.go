package models_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/models"
)

func TestEverySampleCanBeSent(t *testing.T) {
	t.Parallel()
	samples := models.Samples()
	if len(samples) != 6 {
		t.Errorf("%d samples", len(samples))
	}
	seen := map[string]bool{}
	for _, s := range samples {
		if err := models.FriendTalk.Check(s.In(models.FriendTalk)); err != nil {
			t.Errorf("%s: %v", s.ID, wrongFields(err))
		}
		// BrandTalk asks for what only the sender has.
		if got := wrongFields(models.BrandTalk.Check(s.In(models.BrandTalk))); !maps.Equal(got, map[string]string{"image": "brandtalk.image_missing", "unsubscribe": "field.required"}) {
			t.Errorf("%s as BrandTalk: %v", s.ID, got)
		}
		if n := kakao.Len(s.Content.Text); n > kakao.MaxContentImage {
			t.Errorf("%s: %d characters leave no room for an image", s.ID, n)
		}
		if _, bad := kakao.EUCKRLen(s.Content.Text); len(bad) > 0 {
			t.Errorf("%s: an SMS cannot carry %q", s.ID, string(bad))
		}
		if !strings.Contains(s.Content.Text, "#{이름|고객}") || len(s.Content.Buttons) == 0 {
			t.Errorf("%s lacks a variable with a default, or a button", s.ID)
		}
		if again, found := models.SampleWith(s.ID); !found || again.Name != s.Name || seen[s.ID] {
			t.Errorf("%s is not found by its id", s.ID)
		}
		seen[s.ID] = true
	}
}

func TestSamplesAreNobodysToChange(t *testing.T) {
	t.Parallel()
	s, _ := models.SampleWith("event")
	c := s.In(models.FriendTalk)
	c.Buttons[0].Name = "바뀜"
	if again, _ := models.SampleWith("event"); again.Content.Buttons[0].Name == "바뀜" || s.Content.Buttons[0].Name == "바뀜" {
		t.Error("a template that begins with a sample changes it")
	}
	if _, found := models.SampleWith(""); found {
		t.Error("nothing is taken for a sample")
	}
}

func TestNewTemplateBeginsWithItsSample(t *testing.T) {
	t.Parallel()
	sender := models.Sender{UnsubscribeNo: "0801234567"}
	in := models.NewTemplate{Channel: models.BrandTalk, Sample: "coupon"}
	if got := in.Begin(sender); got.UnsubscribeNo != sender.UnsubscribeNo || got.MessageType != kakao.TemplateImage || len(got.Buttons) != 2 {
		t.Errorf("a BrandTalk template begins as %+v", got)
	}
	if got := in.Named().Name; got != "다시 만나는 할인 쿠폰" {
		t.Errorf("it is called %q", got)
	}
	in.Name, in.Sample, in.Channel = "이름", "", models.FriendTalk
	if got := in.Begin(sender); got.Text != "" || !got.Ad || got.UnsubscribeNo != "" || in.Named().Name != "이름" {
		t.Errorf("an empty template begins as %+v", got)
	}
	for name, c := range map[string]struct {
		in    models.NewTemplate
		wrong []string
	}{
		"nothing":                    {models.NewTemplate{}, []string{"channel", "name"}},
		"an unknown channel":         {models.NewTemplate{Name: "가", Channel: "alimtalk"}, []string{"channel"}},
		"BrandTalk without a sender": {models.NewTemplate{Name: "가", Channel: models.BrandTalk}, []string{"sender"}},
		"all of it":                  {models.NewTemplate{Name: "가", Channel: models.BrandTalk, SenderID: 1}, nil},
		"a name that is too long":    {models.NewTemplate{Name: strings.Repeat("가", models.MaxName+1), Channel: models.FriendTalk}, []string{"name"}},
	} {
		if got := slices.Sorted(maps.Keys(wrongFields(c.in.Validate()))); !slices.Equal(got, c.wrong) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
