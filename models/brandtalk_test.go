package models_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/models"
)

// brand is a BrandTalk template that nothing is wrong with, changed.
func brand(change func(*models.Content)) models.Content {
	c := models.Content{
		Text: "가을 소식", MessageType: kakao.TemplateImage, ContentType: kakao.TemplateFixed, ImageURL: "https://img.example/a.jpg",
		UnsubscribeNo: "080-123-4567", Ad: true,
	}
	change(&c)
	return c
}

// variables is a text with n variables, each of whose names is so long.
func variables(n, length int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "#{%0*d}", length, i)
	}
	return b.String()
}

func channelButton() models.Button { return models.Button{Type: kakao.ButtonAddChannel} }

func formButton(name, id string) models.Button {
	return models.Button{Type: kakao.ButtonBizForm, Name: name, FormID: id}
}

func TestBrandTalkContent(t *testing.T) {
	t.Parallel()
	form := kakao.BizFormNames()[0]
	web := webLink("보기", "https://a.example")
	text := func(s string) func(*models.Content) { return func(c *models.Content) { c.Text = s } }
	variable := func(s string) func(*models.Content) {
		return func(c *models.Content) { c.Text, c.ContentType = s, kakao.TemplateVariable }
	}
	wide := func(s string) func(*models.Content) {
		return func(c *models.Content) { c.Text, c.MessageType = s, kakao.TemplateWide }
	}
	with := func(bs ...models.Button) func(*models.Content) { return func(c *models.Content) { c.Buttons = bs } }
	wideWith := func(bs ...models.Button) func(*models.Content) {
		return func(c *models.Content) { c.Buttons, c.MessageType = bs, kakao.TemplateWide }
	}
	picture := func(width, height, size int) func(*models.Content) {
		return func(c *models.Content) {
			c.Image = &models.Picture{ID: 1, Width: width, Height: height, Size: size}
		}
	}
	link := func(s string) models.Button { return webLink("보기", s) }
	for name, try := range map[string]struct {
		change func(*models.Content)
		wrong  map[string]string
	}{
		"all is well":                          {func(*models.Content) {}, nil},
		"1,000 characters fit":                 {text(strings.Repeat("가", 1000)), nil},
		"1,001 do not":                         {text(strings.Repeat("가", 1001)), map[string]string{"text": "content.too_long"}},
		"500 emoji fit":                        {text(strings.Repeat("😀", 500)), nil},
		"500 emoji and a letter do not":        {text(strings.Repeat("😀", 500) + "a"), map[string]string{"text": "content.too_long"}},
		"letters that combine count each":      {text(strings.Repeat("e\u0301", 500) + "e"), map[string]string{"text": "content.too_long"}},
		"a default does not count":             {variable("#{이름|" + strings.Repeat("가", 1000) + "}"), nil},
		"a variable counts with its name":      {variable(strings.Repeat("가", 996) + "#{나}"), nil},
		"one character more does not fit":      {variable(strings.Repeat("가", 996) + "#{나다}"), map[string]string{"text": "content.too_long"}},
		"76 characters fit a wide one":         {wide(strings.Repeat("가", 76)), nil},
		"77 do not":                            {wide(strings.Repeat("가", 77)), map[string]string{"text": "content.too_long"}},
		"no text":                              {text(""), map[string]string{"text": "field.required"}},
		"neither kind":                         {func(c *models.Content) { c.MessageType, c.ContentType = "", "" }, map[string]string{"message-type": "field.choose", "content-type": "field.choose"}},
		"a fixed one with a variable":          {text("#{이름}님"), map[string]string{"content-type": "brandtalk.fixed"}},
		"a variable one without any":           {variable("안녕"), map[string]string{"content-type": "brandtalk.variable"}},
		"20 variables":                         {variable(variables(20, 20)), nil},
		"21 variables":                         {variable(variables(21, 20)), map[string]string{"text": "brandtalk.variables"}},
		"a name of 21 characters":              {variable(variables(1, 21)), map[string]string{"text": "brandtalk.variable_name"}},
		"a name with a blank":                  {variable("#{내 이름}"), map[string]string{"text": "brandtalk.variable_name"}},
		"a variable that is not closed":        {variable("#{이름} #{끝"), map[string]string{"text": "content.variable_unfinished"}},
		"one that is not closed in the middle": {variable("#{이름} #{열림 그리고"), map[string]string{"text": "content.variable_open"}},
		"one inside another":                   {variable("#{이#{름}}"), map[string]string{"text": "content.variable_open"}},
		"an empty one":                         {variable("#{이름} #{ } 님"), map[string]string{"text": "content.variable_empty"}},
		"five buttons":                         {with(slices.Repeat([]models.Button{web}, 5)...), nil},
		"six buttons":                          {with(slices.Repeat([]models.Button{web}, 6)...), map[string]string{"buttons": "content.buttons"}},
		"two buttons of a wide one":            {wideWith(web, web), nil},
		"three buttons of a wide one":          {wideWith(web, web, web), map[string]string{"buttons": "content.buttons"}},
		"a button name of 14":                  {with(webLink(strings.Repeat("가", 14), "https://a.example")), nil},
		"a button name of 15":                  {with(webLink(strings.Repeat("가", 15), "https://a.example")), map[string]string{"button-0-name": "field.too_long"}},
		"a link of 500":                        {with(link("https://" + strings.Repeat("a", 492))), nil},
		"a link of 501":                        {with(link("https://" + strings.Repeat("a", 493))), map[string]string{"button-0-link": "field.too_long"}},
		"a variable in a link": {func(c *models.Content) {
			c.ContentType, c.Buttons = kakao.TemplateVariable, []models.Button{link("https://a.example/#{코드}")}
		}, nil},
		"a variable in the image's link": {func(c *models.Content) {
			c.ImageLink, c.ContentType = "https://a.example/#{코드}", kakao.TemplateVariable
		}, map[string]string{"image-link": "brandtalk.image_variable"}},
		"an app link without iOS":               {with(models.Button{Type: kakao.ButtonAppLink, Name: "앱", SchemeAndroid: "shop://a"}), map[string]string{"button-0-ios": "content.link_missing"}},
		"the channel's button first":            {with(channelButton(), web), nil},
		"the channel's button not first":        {with(web, channelButton()), map[string]string{"button-1-type": "brandtalk.channel_first"}},
		"the channel's last of a wide one":      {wideWith(web, channelButton()), nil},
		"the channel's not last of a wide one":  {wideWith(channelButton(), web), map[string]string{"button-0-type": "brandtalk.channel_last"}},
		"two of the channel's":                  {with(channelButton(), channelButton()), map[string]string{"button-1-type": "brandtalk.button_twice"}},
		"a form first":                          {with(formButton(form, "7"), web), nil},
		"a form not first":                      {with(web, formButton(form, "7")), map[string]string{"button-1-type": "brandtalk.form_place"}},
		"a form behind the channel's":           {with(channelButton(), formButton(form, "7")), nil},
		"a form last of a wide one":             {wideWith(web, formButton(form, "7")), nil},
		"a form before the channel's, wide":     {wideWith(formButton(form, "7"), channelButton()), nil},
		"a form of another name":                {with(formButton("예약", "7")), map[string]string{"button-0-name": "brandtalk.form_name"}},
		"a form without a name":                 {with(formButton("", "7")), map[string]string{"button-0-name": "field.required"}},
		"a form without a number":               {with(formButton(form, "")), map[string]string{"button-0-form": "field.required"}},
		"a form with a word for a number":       {with(formButton(form, "일곱")), map[string]string{"button-0-form": "brandtalk.form_id"}},
		"a form with the number 0":              {with(formButton(form, "0")), map[string]string{"button-0-form": "brandtalk.form_id"}},
		"no image":                              {func(c *models.Content) { c.ImageURL = "" }, map[string]string{"image": "brandtalk.image_missing"}},
		"an image of the library":               {picture(800, 400, 1<<20), nil},
		"an image of 2 MB":                      {picture(800, 400, 2<<20), nil},
		"an image of more":                      {picture(800, 400, 2<<20+1), map[string]string{"image": "image.too_large"}},
		"499 pixels wide":                       {picture(499, 400, 1), map[string]string{"image": "image.too_narrow"}},
		"500 pixels wide":                       {picture(500, 250, 1), nil},
		"too flat":                              {picture(502, 250, 1), map[string]string{"image": "image.too_flat"}},
		"too high":                              {picture(600, 801, 1), map[string]string{"image": "image.too_tall"}},
		"as high as can be":                     {picture(600, 800, 1), nil},
		"too high for a wide one":               {func(c *models.Content) { picture(600, 601, 1)(c); c.MessageType = kakao.TemplateWide }, map[string]string{"image": "image.too_tall_wide"}},
		"a URL beside an image does not matter": {func(c *models.Content) { picture(800, 400, 1)(c); c.ImageURL = "ftp://a" }, nil},
		"an image URL without http":             {func(c *models.Content) { c.ImageURL = "ftp://img.example/a.jpg" }, map[string]string{"image-url": "content.link_scheme"}},
		"no 080 number":                         {func(c *models.Content) { c.UnsubscribeNo = "" }, map[string]string{"unsubscribe": "field.required"}},
		"an 080 number without hyphens":         {func(c *models.Content) { c.UnsubscribeNo = "0801234567" }, nil},
		"a number of another kind":              {func(c *models.Content) { c.UnsubscribeNo = "070-123-4567" }, map[string]string{"unsubscribe": "brandtalk.unsubscribe"}},
		"an 080 number that is too long":        {func(c *models.Content) { c.UnsubscribeNo = "080-12345-6789" }, map[string]string{"unsubscribe": "brandtalk.unsubscribe"}},
		"an authentication number of 1":         {func(c *models.Content) { c.AuthNo = "1" }, nil},
		"of 10":                                 {func(c *models.Content) { c.AuthNo = "1234567890" }, nil},
		"of 11":                                 {func(c *models.Content) { c.AuthNo = "12345678901" }, map[string]string{"auth": "brandtalk.auth"}},
		"of letters":                            {func(c *models.Content) { c.AuthNo = "12a" }, map[string]string{"auth": "brandtalk.auth"}},
	} {
		if got := wrongFields(models.BrandTalk.Check(brand(try.change))); !maps.Equal(got, try.wrong) {
			t.Errorf("%s: %v, want %v", name, got, try.wrong)
		}
	}
}

func TestUnsubscribeAsItIsRegistered(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]models.Content{
		"080-123-4567":      {UnsubscribeNo: "0801234567"},
		"080-1234-5678":     {UnsubscribeNo: "08012345678"},
		"080-123-4567/1":    {UnsubscribeNo: "080-123-4567", AuthNo: "1"},
		"080-1234-5678/123": {UnsubscribeNo: "080-12345678", AuthNo: "123"},
	} {
		if got := c.Unsubscribe(); got != want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
