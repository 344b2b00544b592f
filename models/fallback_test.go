package models_test

import (
	"maps"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

func TestFallbackCheck(t *testing.T) {
	t.Parallel()
	ready := models.Sender{ID: 1, FallbackSendNo: "15881234", UnsubscribeNo: "0801234567"}
	for name, c := range map[string]struct {
		fallback models.Fallback
		ad       bool
		sender   models.Sender
		wrong    map[string]string
	}{
		"off, whatever else":                 {models.Fallback{Text: "😀"}, true, models.Sender{ID: 1}, nil},
		"made by the provider":               {models.Fallback{On: true}, true, ready, nil},
		"no number":                          {models.Fallback{On: true}, false, models.Sender{ID: 1}, map[string]string{"on": "fallback.no_number"}},
		"an advertisement without 080":       {models.Fallback{On: true}, true, models.Sender{ID: 1, FallbackSendNo: "1"}, map[string]string{"on": "fallback.no_unsubscribe"}},
		"no sender yet":                      {models.Fallback{On: true}, true, models.Sender{}, nil},
		"45 Hangul in an SMS":                {models.Fallback{On: true, Type: "SMS", Text: strings.Repeat("가", 45)}, false, ready, nil},
		"46 Hangul in an SMS":                {models.Fallback{On: true, Type: "SMS", Text: strings.Repeat("가", 46)}, false, ready, map[string]string{"text": "fallback.too_long"}},
		"1,000 Hangul without a type":        {models.Fallback{On: true, Text: strings.Repeat("가", 1000)}, false, ready, nil},
		"1,001 Hangul in an LMS":             {models.Fallback{On: true, Type: "LMS", Text: strings.Repeat("가", 1001)}, false, ready, map[string]string{"text": "fallback.too_long"}},
		"an emoji":                           {models.Fallback{On: true, Text: "a😀"}, false, ready, map[string]string{"text": "fallback.unsendable"}},
		"a title with an emoji":              {models.Fallback{On: true, Title: "😀"}, false, ready, map[string]string{"title": "fallback.unsendable"}},
		"a title of 21 Hangul":               {models.Fallback{On: true, Title: strings.Repeat("가", 21)}, false, ready, map[string]string{"title": "fallback.too_long"}},
		"an advertisement without its mark":  {models.Fallback{On: true, Text: "a\n[무료 수신거부]0801234567"}, true, ready, map[string]string{"text": "fallback.ad_mark"}},
		"an advertisement without opt-out":   {models.Fallback{On: true, Text: "(광고)a"}, true, ready, map[string]string{"text": "fallback.opt_out"}},
		"an advertisement with all it needs": {models.Fallback{On: true, Text: "(광고)a\n무료수신거부 080-123-4567"}, true, ready, nil},
		"an opt-out that is not at the end":  {models.Fallback{On: true, Text: "(광고) 무료수신거부 080-123-4567 그리고 더"}, true, ready, map[string]string{"text": "fallback.opt_out"}},
	} {
		if got := wrongFields(c.fallback.Check(c.ad, c.sender)); !maps.Equal(got, c.wrong) {
			t.Errorf("%s: %v, want %v", name, got, c.wrong)
		}
	}
}

// What a page shows of an SMS is what the provider sends.
func TestFallbackTextIsTheProviders(t *testing.T) {
	t.Parallel()
	values := map[string]string{"이름": "김하늘", "코드": "가"}
	for _, ad := range []bool{true, false} {
		c := models.Content{Text: "#{이름}님, #{없음|안녕}", Ad: ad, Buttons: []models.Button{
			webLink("보기", "https://a.example/#{코드}"), {Type: kakao.ButtonBotKey, Name: "묻기"},
		}}
		links := [][2]string{{"보기", "https://a.example/%EA%B0%80"}}
		want := nhnsim.FallbackText("김하늘님, 안녕", links, ad, "0801234567")
		if got := models.FallbackText(c, "0801234567", values); got != want {
			t.Errorf("ad %v: %q, want %q", ad, got, want)
		}
	}
}

func TestSMS(t *testing.T) {
	t.Parallel()
	short, long := models.Content{Text: "안녕"}, models.Content{Text: strings.Repeat("가", 50)}
	for name, c := range map[string]struct {
		fallback   models.Fallback
		content    models.Content
		kind       string
		bytes      int
		cut, own   bool
		unsendable string
	}{
		"short":                         {models.Fallback{On: true}, short, "SMS", 4, false, false, ""},
		"long":                          {models.Fallback{On: true}, long, "LMS", 100, false, false, ""},
		"long, but an SMS is asked for": {models.Fallback{On: true, Type: "SMS"}, long, "SMS", 100, true, false, ""},
		"short, but an LMS":             {models.Fallback{On: true, Type: "LMS"}, short, "LMS", 4, false, false, ""},
		"a text of its own":             {models.Fallback{On: true, Text: "#{이름}!"}, long, "SMS", 7, false, true, ""},
		"an emoji in the message":       {models.Fallback{On: true}, models.Content{Text: "a😀😀"}, "SMS", 5, false, false, "😀"},
	} {
		got := c.fallback.SMS(c.content, "", map[string]string{"이름": "김하늘"})
		if got.Type != c.kind || got.Bytes != c.bytes || got.Cut() != c.cut || got.Own != c.own || string(got.Unsendable) != c.unsendable {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
