package models_test

import (
	"maps"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/models"
)

// What a link must never do it must not do in any of them, however it is written.
func TestLinksThatRunSomethingAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	links := []string{
		"javascript:alert(1)", "JavaScript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
		"\x01javascript:alert(1)", "javascript\u00a0:alert(1)", "javascript://a.example/%0aalert(1)", "data:text/html,<script>alert(1)</script>", "DATA:text/html;base64,PHNj",
		"vbscript:msgbox(1)", "file:///etc/passwd", "blob:https://a.example/1", "#{scheme}:alert(1)", "#{scheme}alert(1)", "java#{x}script:alert(1)",
	}
	fields := map[string]func(*models.Content, string){
		"button-0-link": func(c *models.Content, s string) { c.Buttons = []models.Button{webLink("보기", s)} },
		"button-0-link-pc": func(c *models.Content, s string) {
			c.Buttons = []models.Button{{Type: kakao.ButtonWebLink, Name: "보기", LinkMo: "https://a.example", LinkPC: s}}
		},
		"button-0-android": func(c *models.Content, s string) {
			c.Buttons = []models.Button{{Type: kakao.ButtonAppLink, Name: "앱", SchemeAndroid: s, SchemeIOS: "shop://a"}}
		},
		"button-0-ios": func(c *models.Content, s string) {
			c.Buttons = []models.Button{{Type: kakao.ButtonAppLink, Name: "앱", SchemeAndroid: "shop://a", SchemeIOS: s}}
		},
		"image-link": func(c *models.Content, s string) { c.ImageLink = s },
	}
	for _, ch := range models.Channels() {
		for field, set := range fields {
			for _, link := range links {
				c := brand(func(c *models.Content) { c.Image = &models.Picture{ID: 1, Width: 800, Height: 400, Size: 1} })
				c.ImageLink = "https://a.example"
				set(&c, link)
				if _, marked := wrongFields(ch.Check(c))[field]; !marked {
					t.Errorf("%s takes %q as %s", ch, link, field)
				}
			}
		}
	}
	for _, link := range links {
		c := brand(func(c *models.Content) { c.ImageURL = link })
		if _, marked := wrongFields(models.BrandTalk.Check(c))["image-url"]; !marked {
			t.Errorf("the address of an image may be %q", link)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"https://shop.example.com/":            "",
		"http://shop.example.com?a=#{b}":       "",
		"https://#{도메인}/가을":                    "",
		"https://한글.example/":                  "",
		"":                                     "content.link_missing",
		"h":                                    "content.link_unfinished",
		"https://":                             "content.link_unfinished",
		"shop.example.com":                     "content.link_scheme",
		"HTTPS://shop.example.com":             "content.link_scheme",
		"ftp://shop.example.com":               "content.link_scheme",
		"//shop.example.com":                   "content.link_scheme",
		"https:///shop":                        "content.link_wrong",
		"https://?a":                           "content.link_wrong",
		"https://#top":                         "content.link_wrong",
		`https://\\shop`:                       "content.link_wrong",
		"https://shop.example.com/a b":         "content.link_wrong",
		"https://shop.example.com/a\u3000b":    "content.link_wrong",
		"https://shop.example.com/\u007f":      "content.link_wrong",
		"https://shop.example.com/#{a b}":      "",
		"https://shop.example.com/#{a":         "content.variable_unfinished",
		"https://shop.example.com/#{}":         "content.variable_empty",
		"https://" + strings.Repeat("a", 1992): "",
		"https://" + strings.Repeat("a", 1993): "field.too_long",
		"https://a/#{b|" + strings.Repeat("c", 2000) + "}": "",
	} {
		c := models.Content{Text: "a", Buttons: []models.Button{webLink("보기", link)}}
		if got := wrongFields(models.FriendTalk.Check(c))["button-0-link"]; got != want {
			t.Errorf("%.60q: %q, want %q", link, got, want)
		}
	}
}

func TestAppLinks(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"myshop://sale?c=#{코드}":          "",
		"intent://sale#Intent;end":       "",
		"https://shop.example.com/":      "",
		"":                               "content.link_missing",
		"myshop":                         "content.scheme_wrong",
		"myshop://":                      "content.scheme_wrong",
		"://sale":                        "content.scheme_wrong",
		"my shop://sale":                 "content.scheme_wrong",
		"myshop://sa le":                 "content.scheme_wrong",
		"a:" + strings.Repeat("b", 1998): "",
		"a:" + strings.Repeat("b", 1999): "field.too_long",
	} {
		c := models.Content{Text: "a", Buttons: []models.Button{{Type: kakao.ButtonAppLink, Name: "앱", SchemeAndroid: link, SchemeIOS: "a://b"}}}
		if got := wrongFields(models.FriendTalk.Check(c))["button-0-android"]; got != want {
			t.Errorf("%.60q: %q, want %q", link, got, want)
		}
	}
}

func TestNobodyIsToldOfWhatTheyAreStillTyping(t *testing.T) {
	t.Parallel()
	c := models.Content{Text: strings.Repeat("가", 1001) + " #{이", Buttons: []models.Button{
		{Type: kakao.ButtonWebLink}, webLink("보기", "https:/"), webLink("보기", "javascript:a"), {Type: kakao.ButtonAppLink, Name: "앱"},
	}}
	want := map[string]string{"text": "content.too_long", "button-2-link": "content.link_scheme"}
	if got := wrongFields(models.Typing(models.FriendTalk.Check(c))); !maps.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if err := models.Typing(models.BrandTalk.Check(models.Content{})); err != nil {
		t.Errorf("an empty template is told of: %v", err)
	}
	if err := models.Typing(models.Errorf(models.Conflict, "campaign.changed")); models.KindOf(err) != models.Conflict {
		t.Errorf("what is no form's is lost: %v", err)
	}
}
