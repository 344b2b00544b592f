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
	two := slices.Repeat([]models.Button{webLink("보기", "https://a.example")}, kakao.MaxButtonsWide)
	six := slices.Repeat([]models.Button{webLink("보기", "https://a.example")}, kakao.MaxButtons+1)
	for name, c := range map[string]struct {
		content models.Content
		wrong   map[string]string // field → key
	}{
		"all is well":                         {models.Content{Text: "#{이름}님", Buttons: []models.Button{webLink("보기", "https://a.example/#{코드}")}}, nil},
		"no text":                             {models.Content{Text: " \n"}, map[string]string{"text": "field.required"}},
		"1,000 Hangul fit":                    {models.Content{Text: strings.Repeat("가", 1000)}, nil},
		"1,001 do not":                        {models.Content{Text: strings.Repeat("가", 1001)}, map[string]string{"text": "content.too_long"}},
		"1,001 beside a variable do not":      {models.Content{Text: strings.Repeat("가", 1001) + "#{이름}"}, map[string]string{"text": "content.too_long_fixed"}},
		"1,000 beside a variable may":         {models.Content{Text: strings.Repeat("가", 1000) + "#{이름}"}, nil},
		"500 emoji fit":                       {models.Content{Text: strings.Repeat("😀", 500)}, nil},
		"500 emoji and a letter do not":       {models.Content{Text: strings.Repeat("😀", 500) + "a"}, map[string]string{"text": "content.too_long"}},
		"six buttons":                         {models.Content{Text: "a", Buttons: six}, map[string]string{"buttons": "content.buttons"}},
		"a button without anything":           {models.Content{Text: "a", Buttons: []models.Button{{}}}, map[string]string{"button-0-type": "field.choose", "button-0-name": "field.required"}},
		"a web link without anything":         {models.Content{Text: "a", Buttons: []models.Button{{Type: "WL"}}}, map[string]string{"button-0-name": "field.required", "button-0-link": "content.link_missing"}},
		"a name that is too long":             {models.Content{Text: "a", Buttons: []models.Button{webLink(strings.Repeat("가", 29), "https://a.example")}}, map[string]string{"button-0-name": "field.too_long"}},
		"a name with a variable":              {models.Content{Text: "a", Buttons: []models.Button{webLink("#{이름}", "https://a.example")}}, map[string]string{"button-0-name": "content.button_variable"}},
		"a link without scheme":               {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "a.example")}}, map[string]string{"button-0-link": "content.link_scheme"}},
		"a scheme alone":                      {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "https://")}}, map[string]string{"button-0-link": "content.link_unfinished"}},
		"a link with a blank":                 {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "https://a.example/a b")}}, map[string]string{"button-0-link": "content.link_wrong"}},
		"a PC link without scheme, of two":    {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "https://a.example"), {Type: "WL", Name: "둘", LinkMo: "https://b.example", LinkPC: "b"}}}, map[string]string{"button-1-link-pc": "content.link_scheme"}},
		"400 with an image":                   {withImage(false, strings.Repeat("가", 400)), nil},
		"401 with an image":                   {withImage(false, strings.Repeat("가", 401)), map[string]string{"text": "content.too_long"}},
		"76 of a wide one":                    {withImage(true, strings.Repeat("가", 76)), nil},
		"77 of a wide one":                    {withImage(true, strings.Repeat("가", 77)), map[string]string{"text": "content.too_long"}},
		"two buttons of a wide one":           {withImage(true, "a", two...), nil},
		"three buttons of a wide one":         {withImage(true, "a", append(two, two[0])...), map[string]string{"buttons": "content.buttons"}},
		"five buttons with an image":          {withImage(false, "a", six[:5]...), nil},
		"an image without a link":             {models.Content{Text: "a", Image: &models.Picture{ID: 1}}, map[string]string{"image-link": "content.image_link"}},
		"a link without an image":             {models.Content{Text: "a", ImageLink: "kaputt"}, nil},
		"letters that combine count each":     {models.Content{Text: strings.Repeat("e\u0301", 500) + "e"}, map[string]string{"text": "content.too_long"}},
		"a family of emoji counts its parts":  {models.Content{Text: strings.Repeat("👨‍👩‍👧", 125)}, nil},
		"one letter more does not fit":        {models.Content{Text: strings.Repeat("👨‍👩‍👧", 125) + "a"}, map[string]string{"text": "content.too_long"}},
		"a line break is one, as it is sent":  {models.Content{Text: strings.Repeat("\r\na", 500)}, nil},
		"a name of 28":                        {models.Content{Text: "a", Buttons: []models.Button{webLink(strings.Repeat("가", 28), "https://a.example")}}, nil},
		"a variable not closed":               {models.Content{Text: "안녕 #{이름 님"}, map[string]string{"text": "content.variable_open"}},
		"one inside another":                  {models.Content{Text: "#{이#{름}}"}, map[string]string{"text": "content.variable_open"}},
		"an empty one":                        {models.Content{Text: "#{}님"}, map[string]string{"text": "content.variable_empty"}},
		"markup is text":                      {models.Content{Text: "<script>alert(1)</script> { c } @if {{ . }}"}, nil},
		"a button of BrandTalk's":             {models.Content{Text: "a", Buttons: []models.Button{{Type: kakao.ButtonAddChannel}}}, map[string]string{"button-0-type": "field.choose"}},
		"what another type asks for":          {models.Content{Text: "a", Buttons: []models.Button{{Type: kakao.ButtonBotKey, Name: "문의", LinkMo: "kaputt", FormID: "x"}}}, nil},
		"a link that is too long by a letter": {models.Content{Text: "a", Buttons: []models.Button{webLink("보기", "https://"+strings.Repeat("a", kakao.MaxLink-7))}}, map[string]string{"button-0-link": "field.too_long"}},
	} {
		if got := wrongFields(models.FriendTalk.Check(c.content)); !maps.Equal(got, c.wrong) {
			t.Errorf("%s: %v, want %v", name, got, c.wrong)
		}
	}
}

// withImage is a message with an image, or a wide one.
func withImage(wide bool, text string, buttons ...models.Button) models.Content {
	return models.Content{
		Text: text, Buttons: buttons, ImageLink: "https://a.example", Image: &models.Picture{ID: 1, Wide: wide, Width: 800, Height: 600},
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
	c := models.Content{Text: "#{이름}, #{이름|고객}, #{기한}", Buttons: []models.Button{{Type: kakao.ButtonWebLink, LinkMo: "https://a/#{쿠폰}", LinkPC: "https://a/#{기한}", SchemeIOS: "a://#{전에}"}}}
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
	tricky := models.NewComposer(models.FriendTalk, models.Content{Text: "#{이름}, #{코드}"}, models.Fallback{})
	if out, skip, err := tricky.Compose(models.VarsJSON(map[string]string{"이름": "#{코드}", "코드": "#{이름|x}"})); err != nil || skip != "" || out.Text != "#{코드}, #{이름|x}" {
		t.Errorf("values are read as variables: %q %q %v", out.Text, skip, err)
	}
	if _, _, err := composer.Compose("{"); err == nil {
		t.Error("values that are no JSON are taken")
	}
	if composer.Fixed() || !models.NewComposer(models.FriendTalk, models.Content{Text: "a"}, models.Fallback{}).Fixed() {
		t.Error("fixed is what has no variables")
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	c := models.Content{
		Text: "#{이름|고객} #{기한} #{이름|손님}", ImageLink: "https://a/#{그림}", Image: &models.Picture{ID: 1},
		Buttons: []models.Button{{Type: kakao.ButtonWebLink, LinkMo: "https://a/#{쿠폰|없음}/#{기한}", LinkPC: "https://a/#{쿠폰}"}},
	}
	want := []models.Variable{{Name: "이름", Default: "고객", InText: true}, {Name: "기한", InText: true}, {Name: "그림"}, {Name: "쿠폰"}}
	if got := c.Variables(); !slices.Equal(got, want) {
		t.Errorf("variables: %+v", got)
	}
}

func TestTextIsCountedAsTheChannelDoes(t *testing.T) {
	t.Parallel()
	values := map[string]string{"이름": "김하늘😀", "빈": ""}
	for text, want := range map[string][2]int{
		"안녕":          {2, 2},
		"#{이름}님":      {6, 6},
		"#{이름|고객}님":   {6, 6},
		"#{빈|고객}님":    {3, 5},
		"#{없음}\r\n#{": {3, 8},
	} {
		if a, b := models.FriendTalk.Count(text, values), models.BrandTalk.Count(text, values); a != want[0] || b != want[1] {
			t.Errorf("%q counts as %d and %d, want %v", text, a, b, want)
		}
	}
}
