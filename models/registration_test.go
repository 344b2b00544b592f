package models_test

import (
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/models"
)

func TestSuggestCode(t *testing.T) {
	t.Parallel()
	none := func(string) bool { return false }
	for name, want := range map[string]string{
		"봄 세일 2026":             "bomseil2026",
		"쿠폰! Coupon":            "kuponcoupon",
		"닭볶음탕":                  "dakbokeumtang",
		"\u1107\u1169\u11b7":    "bom", // 봄 in letters of its own
		"🎉":                     "template",
		strings.Repeat("꽃", 20): "kkotkkotkkotkkotkkot",
		"VIP-고객_안내, 두 번째 아주 긴 이름": "vipgogaekannaedubeon",
	} {
		if got := models.SuggestCode(name, none); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		} else if err := (models.NewRegistration{Code: got}).Validate(); err != nil {
			t.Errorf("%s: %s is no code: %v", name, got, err)
		}
	}
	taken := map[string]bool{"bom": true, "bom2": true, "kkotkkotkkotkkotkkot": true}
	if got := models.SuggestCode("봄", func(code string) bool { return taken[code] }); got != "bom3" {
		t.Errorf("a third code like it is %s", got)
	}
	if got := models.SuggestCode(strings.Repeat("꽃", 9), func(code string) bool { return taken[code] }); got != "kkotkkotkkotkkotkko2" {
		t.Errorf("a long code that is taken becomes %s", got)
	}
}

func TestCodesOfTemplates(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"": "field.required", "abc-1": "registration.code_letters", "봄": "registration.code_letters", "a b": "registration.code_letters", "ａ": "registration.code_letters",
		"Abc123": "", strings.Repeat("a", 20): "", strings.Repeat("a", 21): "field.too_long",
	} {
		if got := wrongFields(models.NewRegistration{Code: code}.Validate())["code"]; got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}

// The provider is given no default, and our default of any place stands in for all.
func TestRegisteredContent(t *testing.T) {
	t.Parallel()
	c := models.Content{
		Text: "#{이름|고객}님 #{ 혜택 }", MessageType: kakao.TemplateImage, ContentType: kakao.TemplateVariable, ImageURL: "https://a.example/a.png", UnsubscribeNo: "0801234567",
		Buttons: []models.Button{{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://a.example/#{쿠폰|x y}?n=#{이름}"}},
	}
	r := c.Registered()
	if r.Text != "#{이름}님 #{혜택}" || r.Buttons[0].LinkMo != "https://a.example/#{쿠폰}?n=#{이름}" || c.Text != "#{이름|고객}님 #{ 혜택 }" {
		t.Errorf("registered %+v", r)
	}
	if err := models.BrandTalk.Check(c); err != nil {
		t.Errorf("the content is wrong: %v", err)
	}
	composer := models.NewComposer(models.BrandTalk, c, models.Fallback{})
	got, skip, err := composer.Compose(`{"혜택":"50%"}`)
	if err != nil || skip != "" || got.Text != "고객님 50%" || got.Buttons[0].LinkMo != "https://a.example/x%20y?n=고객" {
		t.Errorf("%+v %s %v", got, skip, err)
	}
	want := []models.Parameter{{Name: "이름", Value: "고객"}, {Name: "혜택", Value: "50%"}, {Name: "쿠폰", Value: "x%20y"}}
	for i, p := range want {
		if got.Parameters[i] != p {
			t.Errorf("parameter %d is %+v, want %+v", i, got.Parameters[i], p)
		}
	}
	if _, skip, _ := composer.Compose(`{"이름":"김하늘"}`); skip != models.SkipNoValue {
		t.Errorf("a variable without a value: %q", skip)
	}
	if _, skip, _ := composer.Compose(`{"혜택":"` + strings.Repeat("가", 1001) + `"}`); skip != models.SkipTooLong {
		t.Errorf("a text that its values make too long: %q", skip)
	}
	c.Text = "#{이름|고객}, #{이름|회원}"
	if got := wrongFields(models.BrandTalk.Check(c))["text"]; got != "brandtalk.defaults" {
		t.Errorf("two defaults of one variable: %q", got)
	}
}
