package models_test

import (
	"maps"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/models"
)

// inspected is what is found about somebody with these values, by rule.
func inspected(t *testing.T, c models.Campaign, values map[string]string) (found map[string]string, in models.Inspection) {
	t.Helper()
	in, err := models.NewInspector(c, models.Sender{UnsubscribeNo: "0801234567"}).Inspect(models.VarsJSON(values))
	if err != nil {
		t.Fatal(err)
	}
	found = map[string]string{}
	for _, trouble := range in.Troubles {
		found[trouble.Rule] = trouble.Value
	}
	return found, in
}

func TestWhatIsFoundAboutSingleRecipients(t *testing.T) {
	t.Parallel()
	linked := models.Content{Text: "#{이름}님", Buttons: []models.Button{webLink("보기", "https://#{곳|a.example}/?q=#{이름}")}}
	app := models.Content{Text: "a", Buttons: []models.Button{{Type: kakao.ButtonAppLink, Name: "앱", SchemeAndroid: "shop://#{이름}", SchemeIOS: "shop://#{이름}"}}}
	sms := func(kind, text string) models.Fallback { return models.Fallback{On: true, Type: kind, Text: text} }
	long := strings.Repeat("가", 50)
	for _, tt := range []struct {
		name     string
		content  models.Content
		fallback models.Fallback
		values   map[string]string
		skip     string
		want     map[string]string
	}{
		{"nothing", linked, models.Fallback{}, map[string]string{"이름": "김 하늘&=#"}, "", nil},
		{"a value is missing", linked, models.Fallback{}, map[string]string{"곳": "b.example"}, models.SkipNoValue, map[string]string{models.RowNoValue: "이름"}},
		{"the text is too long", linked, models.Fallback{}, map[string]string{"이름": strings.Repeat("a", 1000)}, models.SkipTooLong, map[string]string{models.RowTextLong: "1001"}},
		{"the link is too long", linked, models.Fallback{}, map[string]string{"이름": strings.Repeat("가", 250)}, models.SkipTooLong, map[string]string{models.RowLinkLong: "2271"}},
		{"a host with a blank", linked, models.Fallback{}, map[string]string{"이름": "a", "곳": "b .example"}, "", map[string]string{models.RowLinkWrong: "https://b%20.example/?q=a"}},
		{"a host with a scheme", linked, models.Fallback{}, map[string]string{"이름": "a", "곳": "https://b.example"}, "", map[string]string{models.RowLinkWrong: "https://https%3A%2F%2Fb.example/?q=a"}},
		{"a host of one part", linked, models.Fallback{}, map[string]string{"이름": "a", "곳": "shop"}, "", map[string]string{models.RowLinkWrong: "https://shop/?q=a"}},
		{"an app's link", app, models.Fallback{}, map[string]string{"이름": "김하늘"}, "", nil},
		{"an SMS outgrows 90 bytes", linked, sms(kakao.FallbackSMS, "#{이름}"), map[string]string{"이름": long}, "", map[string]string{models.RowSMSCut: "100"}},
		{"an LMS does not", linked, sms("", "#{이름}"), map[string]string{"이름": long}, "", nil},
		{"its text outgrows 2,000 bytes", models.Content{Text: "a"}, sms("", "#{이름}"), map[string]string{"이름": strings.Repeat("가", 1001)}, models.SkipTooLong, map[string]string{models.RowSMSLong: "2002"}},
		{"what an SMS cannot carry", linked, sms("", "안녕 #{이름}"), map[string]string{"이름": "김😀하늘"}, "", map[string]string{models.RowSMSCharacters: "😀"}},
		{"the SMS made of the message is long", linked, sms(kakao.FallbackSMS, ""), map[string]string{"이름": long}, "", map[string]string{models.RowSMSCut: "581"}},
	} {
		c := models.Campaign{Channel: models.FriendTalk, Content: tt.content, Fallback: tt.fallback}
		got, in := inspected(t, c, tt.values)
		if in.Skip != tt.skip || len(got)+len(tt.want) > 0 && !maps.Equal(got, tt.want) {
			t.Errorf("%s: skip %q, %v, want %q, %v", tt.name, in.Skip, got, tt.skip, tt.want)
		}
		_, skip, err := models.NewComposer(c.Channel, c.Content, c.Fallback).Compose(models.VarsJSON(tt.values))
		if skip != tt.skip || err != nil {
			t.Errorf("%s: planning skips for %q: %v", tt.name, skip, err)
		}
	}
}

// BrandTalk puts values unencoded into a link that stand in the text too.
func TestLinksThatTheProviderMakes(t *testing.T) {
	t.Parallel()
	c := models.Campaign{Channel: models.BrandTalk, Content: models.Content{
		Text: "#{이름}님", TemplateCode: "T1", Buttons: []models.Button{webLink("보기", "https://a.example/#{이름}")},
	}}
	if got, _ := inspected(t, c, map[string]string{"이름": "김 하늘"}); got[models.RowLinkWrong] != "https://a.example/김 하늘" {
		t.Errorf("a link with a blank: %v", got)
	}
	if got, _ := inspected(t, c, map[string]string{"이름": "sky"}); len(got) > 0 {
		t.Errorf("a good link: %v", got)
	}
}

func TestWhichSMSGoesOut(t *testing.T) {
	t.Parallel()
	c := models.Campaign{Channel: models.FriendTalk, Content: models.Content{Text: "#{글}"}, Fallback: models.Fallback{On: true}}
	for text, want := range map[string]string{"짧은 글": kakao.FallbackSMS, strings.Repeat("긴 글 ", 30): kakao.FallbackLMS} {
		if _, in := inspected(t, c, map[string]string{"글": text}); in.SMS != want {
			t.Errorf("%q goes out as %q", text, in.SMS)
		}
	}
	c.Fallback.On = false
	if _, in := inspected(t, c, map[string]string{"글": "글"}); in.SMS != "" {
		t.Errorf("without a fallback %q goes out", in.SMS)
	}
}

func TestEveryFormProblemHasARule(t *testing.T) {
	t.Parallel()
	var r models.Report
	bad := models.NewCampaign{Content: models.Content{
		Text: "#{", Image: &models.Picture{ID: 1}, Buttons: []models.Button{webLink("", "ftp://x"), {Type: "XX", Name: "b"}},
	}}
	fallback := models.Fallback{On: true, Text: "😀", Title: strings.Repeat("가", 30)}
	for step, err := range map[string]error{
		"message": bad.Validate(models.FriendTalk), "fallback": fallback.Check(true, models.Sender{ID: 1}), "schedule": models.FriendTalk.CheckSchedule(nil, night()),
	} {
		if err := r.AddForm(step, err); err != nil {
			t.Fatal(err)
		}
	}
	got := map[models.Rule]bool{}
	for _, f := range r.Findings {
		got[f.Rule] = true
	}
	for _, want := range []models.Rule{
		models.RuleName, models.RuleSender, models.RuleVariables, models.RuleLink, models.RuleButtons, models.RuleImage, models.RuleSMSText,
		models.RuleSMSSetting, models.RuleNight,
	} {
		if !got[want] {
			t.Errorf("nothing was found by %q: %+v", want, r.Findings)
		}
	}
}
