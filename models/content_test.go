package models_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/models"
)

func webLink(name, link string) models.Button {
	return models.Button{Type: kakao.ButtonWebLink, Name: name, LinkMo: link}
}

func TestFriendTalkContent(t *testing.T) {
	t.Parallel()
	six := slices.Repeat([]models.Button{webLink("보기", "https://a.example")}, kakao.MaxButtons+1)
	for name, c := range map[string]struct {
		content models.Content
		wrong   map[string]string // field → key
	}{
		"all is well":                         {models.Content{Text: "#{이름}님", Buttons: []models.Button{webLink("보기", "https://a.example/#{코드}")}}, nil},
		"no text":                             {models.Content{Text: " \n"}, map[string]string{"text": "field.required"}},
		"1,000 Hangul fit":                    {models.Content{Text: strings.Repeat("가", 1000)}, nil},
		"1,001 do not":                        {models.Content{Text: strings.Repeat("가", 1001)}, map[string]string{"text": "content.too_long"}},
		"500 emoji fit":                       {models.Content{Text: strings.Repeat("😀", 500)}, nil},
		"500 emoji and a letter do not":       {models.Content{Text: strings.Repeat("😀", 500) + "a"}, map[string]string{"text": "content.too_long"}},
		"six buttons":                         {models.Content{Text: "a", Buttons: six}, map[string]string{"buttons": "content.buttons"}},
		"a button without anything":           {models.Content{Text: "a", Buttons: []models.Button{{}}}, map[string]string{"button-0-type": "field.choose", "button-0-name": "field.required"}},
		"a web link without anything":         {models.Content{Text: "a", Buttons: []models.Button{{Type: "WL"}}}, map[string]string{"button-0-name": "field.required", "button-0-link": "content.link_missing"}},
		"a name that is too long":             {models.Content{Text: "a", Buttons: []models.Button{webLink(strings.Repeat("가", 29), "https://a.example")}}, map[string]string{"button-0-name": "field.too_long"}},
		"a name with a variable":              {models.Content{Text: "a", Buttons: []models.Button{webLink("#{이름}", "https://a.example")}}, map[string]string{"button-0-name": "content.button_variable"}},
		"a link without scheme":               {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "a.example")}}, map[string]string{"button-0-link": "content.link_scheme"}},
		"a scheme alone":                      {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "https://")}}, map[string]string{"button-0-link": "content.link_wrong"}},
		"a link with a blank":                 {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "https://a.example/a b")}}, map[string]string{"button-0-link": "content.link_wrong"}},
		"a PC link without scheme, of two":    {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "https://a.example"), {Type: "WL", Name: "둘", LinkMo: "https://b.example", LinkPC: "b"}}}, map[string]string{"button-1-link-pc": "content.link_scheme"}},
		"a link that is too long by a letter": {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "https://"+strings.Repeat("a", kakao.MaxLink-7))}}, map[string]string{"button-0-link": "field.too_long"}},
	} {
		if got := wrongFields(models.FriendTalk.Check(c.content)); !maps.Equal(got, c.wrong) {
			t.Errorf("%s: %v, want %v", name, got, c.wrong)
		}
	}
}

// wrongFields are the fields that err marks, each with the key of its text.
func wrongFields(err error) map[string]string {
	found := map[string]string{}
	for _, p := range models.FieldProblems(err) {
		found[p.Field] = p.Text.Key
	}
	return found
}

func TestNamesAndSamples(t *testing.T) {
	t.Parallel()
	c := models.Content{Text: "#{이름}, #{이름|고객}, #{기한}", Buttons: []models.Button{{LinkMo: "https://a/#{쿠폰}", LinkPC: "https://a/#{기한}"}}}
	f := models.Fallback{On: true, Text: "#{지점|본점}"}
	if got := c.Names(models.Fallback{Text: f.Text}); !slices.Equal(got, []string{"이름", "기한", "쿠폰"}) {
		t.Errorf("a fallback that is off has no variables: %q", got)
	}
	if got := c.Names(f); !slices.Equal(got, []string{"이름", "기한", "쿠폰", "지점"}) {
		t.Errorf("names: %q", got)
	}
	want := map[string]string{"이름": "고객", "기한": "기한", "쿠폰": "쿠폰", "지점": "본점"}
	if got := c.Samples(f); !maps.Equal(got, want) {
		t.Errorf("samples: %v", got)
	}
}

func TestCompose(t *testing.T) {
	t.Parallel()
	c := models.Content{Text: "#{이름}님", Ad: true, Buttons: []models.Button{webLink("보기", "https://a.example/#{코드|x}")}}
	f := models.Fallback{On: true, Text: "(광고)#{이름}"}
	composer := models.NewComposer(models.FriendTalk, c, f)
	for name, s := range map[string]struct{ vars, skip string }{
		"whole":             {models.VarsJSON(map[string]string{"이름": "김하늘"}), ""},
		"a value is empty":  {models.VarsJSON(map[string]string{"이름": ""}), models.SkipNoValue},
		"no values at all":  {"", models.SkipNoValue},
		"too long":          {models.VarsJSON(map[string]string{"이름": strings.Repeat("가", 999)}), models.SkipTooLong},
		"as long as can be": {models.VarsJSON(map[string]string{"이름": strings.Repeat("가", 995)}), ""},
		"the link too long": {models.VarsJSON(map[string]string{"이름": "a", "코드": strings.Repeat("가", 300)}), models.SkipTooLong},
	} {
		out, skip, err := composer.Compose(s.vars)
		if err != nil || skip != s.skip {
			t.Errorf("%s: skip %q, %v, want %q", name, skip, err, s.skip)
		}
		if s.skip == "" && (!out.Ad || !strings.HasSuffix(out.Text, "님") || out.Buttons[0].LinkMo != "https://a.example/x" || !strings.HasPrefix(out.SMS, "(광고)")) {
			t.Errorf("%s: %+v", name, out)
		}
	}
	if _, _, err := composer.Compose("{"); err == nil {
		t.Error("values that are no JSON are taken")
	}
	if composer.Fixed() || !models.NewComposer(models.FriendTalk, models.Content{Text: "a"}, models.Fallback{}).Fixed() {
		t.Error("fixed is what has no variables")
	}
}
