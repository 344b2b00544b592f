package models

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// brandTalk is the rules of BrandTalk v2.2 for templates.
type brandTalk struct{}

func (brandTalk) traits() Traits {
	return Traits{HorizonDays: kakao.BrandTalkHorizonDays, QueryDays: kakao.BrandTalkQueryDays, ByTemplate: true}
}

func (brandTalk) limits(c Content) Limits {
	l := Limits{
		Text: kakao.MaxTemplateContent, Buttons: kakao.MaxButtons, ButtonName: kakao.MaxTemplateButtonName, Link: kakao.MaxTemplateLink,
	}
	if c.Wide() {
		l.Text, l.Buttons = kakao.MaxTemplateContentWide, kakao.MaxButtonsWide
	}
	return l
}

func (brandTalk) buttonTypes() []string {
	return []string{
		kakao.ButtonWebLink, kakao.ButtonAppLink, kakao.ButtonBotKey, kakao.ButtonDelivery, kakao.ButtonAddChannel, kakao.ButtonBizForm,
	}
}

// length counts a variable as it is registered: with its name, without its default.
func (brandTalk) length(text string) int { return kakao.Len(ParsePattern(text).Plain()) }

func (brandTalk) registers() bool { return true }

func (r brandTalk) count(text string, _ map[string]string) int { return r.length(text) }

func (brandTalk) form() Form { return Form{Kinds: true, ImageURL: true, Unsubscribe: true} }

func (r brandTalk) check(c Content, p problems) {
	limits := r.limits(c)
	if c.MessageType != kakao.TemplateImage && c.MessageType != kakao.TemplateWide {
		p.add("message-type", "field.choose")
	}
	checkText(c.Text, r.length(c.Text), limits.Text, p)
	r.checkImage(c, limits, p)
	r.checkUnsubscribe(c, p)
	checkButtons(BrandTalk, c, limits, p)
	r.checkPlaces(c, p)
	r.checkVariables(c, p)
}

// checkImage finds what is wrong with the image: one of the library, or a link that
// the provider follows.
func (brandTalk) checkImage(c Content, limits Limits, p problems) {
	switch {
	case c.Image == nil && c.ImageURL == "":
		p.add("image", "brandtalk.image_missing")
	case c.Image != nil:
		checkTemplatePicture(*c.Image, c.Wide(), p)
	}
	checkLink("image-url", c.ImageURL, limits.Link, p)
	checkLink("image-link", c.ImageLink, limits.Link, p)
	for field, link := range map[string]string{"image-url": c.ImageURL, "image-link": c.ImageLink} {
		if len(ParsePattern(link).Names()) > 0 {
			p.add(field, "brandtalk.image_variable")
		}
	}
}

// checkTemplatePicture holds an image of the library to the rules for templates,
// which are narrower than FriendTalk's.
func checkTemplatePicture(i Picture, wide bool, p problems) {
	kind := TemplateImage
	if wide {
		kind = WideTemplateImage
	}
	if wrong := kind.Check(Image{Width: i.Width, Height: i.Height, Size: i.Size}); wrong.Key != "" {
		p.add("image", wrong.Key, wrong.Args...)
	}
}

var (
	unsubscribeNo = regexp.MustCompile(`^080-?[0-9]{3,4}-?[0-9]{4}$`)
	authNo        = regexp.MustCompile(`^[0-9]{1,10}$`)
	variableName  = regexp.MustCompile(`^[0-9A-Za-z가-힣ㄱ-ㅎㅏ-ㅣ_-]+$`)
)

func (brandTalk) checkUnsubscribe(c Content, p problems) {
	switch {
	case c.UnsubscribeNo == "":
		p.add("unsubscribe", "field.required")
	case !unsubscribeNo.MatchString(c.UnsubscribeNo):
		p.add("unsubscribe", "brandtalk.unsubscribe")
	}
	if c.AuthNo != "" && !authNo.MatchString(c.AuthNo) {
		p.add("auth", "brandtalk.auth", "Max", kakao.MaxAuthNo)
	}
}

// Unsubscribe is how messages of the template are declined, as it is registered: the
// 080 number and, behind a slash, its authentication number.
func (c Content) Unsubscribe() string {
	digits := strings.ReplaceAll(c.UnsubscribeNo, "-", "")
	if len(digits) < 10 {
		return c.UnsubscribeNo
	}
	number := digits[:3] + "-" + digits[3:len(digits)-4] + "-" + digits[len(digits)-4:]
	if c.AuthNo != "" {
		number += "/" + c.AuthNo
	}
	return number
}

// checkPlaces checks the names, places and forms of the two buttons that have fixed
// ones. First of an image template, last of a wide one; with both, the channel's is
// the outermost.
func (brandTalk) checkPlaces(c Content, p problems) {
	outermost, inner := 0, 1
	if c.Wide() {
		outermost = len(c.Buttons) - 1
		inner = outermost - 1
	}
	hasChannel := slices.ContainsFunc(c.Buttons, func(b Button) bool { return b.Type == kakao.ButtonAddChannel })
	formAt := outermost
	if hasChannel {
		formAt = inner
	}
	seen := map[string]bool{}
	for i, b := range c.Buttons {
		special := b.Type == kakao.ButtonAddChannel || b.Type == kakao.ButtonBizForm
		if special && seen[b.Type] {
			p.add(ButtonField(i, FieldType), "brandtalk.button_twice")
		}
		seen[b.Type] = true
		switch b.Type {
		case kakao.ButtonAddChannel:
			checkChannelButton(i, b, outermost, c.Wide(), p)
		case kakao.ButtonBizForm:
			checkFormButton(i, b, formAt, p)
		}
	}
}

func checkChannelButton(i int, b Button, place int, wide bool, p problems) {
	if b.Name != kakao.ButtonNameChannel {
		p.add(ButtonField(i, FieldName), "brandtalk.channel_name", "Name", kakao.ButtonNameChannel)
	}
	if i != place && wide {
		p.add(ButtonField(i, FieldType), "brandtalk.channel_last")
	} else if i != place {
		p.add(ButtonField(i, FieldType), "brandtalk.channel_first")
	}
}

func checkFormButton(i int, b Button, place int, p problems) {
	if b.Name == "" {
		p.add(ButtonField(i, FieldName), "field.choose")
	} else if !slices.Contains(kakao.BizFormNames(), b.Name) {
		p.add(ButtonField(i, FieldName), "brandtalk.form_name", "Names", strings.Join(kakao.BizFormNames(), ", "))
	}
	if b.FormID == "" {
		p.add(ButtonField(i, FieldFormID), "field.required")
	} else if b.FormNumber() <= 0 {
		p.add(ButtonField(i, FieldFormID), "brandtalk.form_id")
	}
	if i != place {
		p.add(ButtonField(i, FieldType), "brandtalk.form_place", "Place", place+1)
	}
}

// checkVariables holds the variables to the kind of content, to their number and to
// their names. They count over the text and all links.
func (brandTalk) checkVariables(c Content, p problems) {
	names := c.Names(Fallback{})
	switch c.ContentType {
	case kakao.TemplateFixed:
		if len(names) > 0 {
			p.add("content-type", "brandtalk.fixed", "Name", names[0])
		}
	case kakao.TemplateVariable:
		if len(names) == 0 {
			p.add("content-type", "brandtalk.variable")
		}
	default:
		p.add("content-type", "field.choose")
	}
	if len(names) > kakao.MaxVariables {
		p.add("text", "brandtalk.variables", "Count", len(names), "Max", kakao.MaxVariables)
	}
	for _, name := range names {
		if kakao.Len(name) > kakao.MaxVariableName || !variableName.MatchString(name) {
			p.add("text", "brandtalk.variable_name", "Name", name, "Max", kakao.MaxVariableName)
		}
	}
	if name, several := c.severalDefaults(); several {
		p.add("text", "brandtalk.defaults", "Name", name)
	}
}

// checkSent asks no more than that the template is registered: what the provider has
// taken is right.
func (brandTalk) checkSent(c Content, p problems) {
	if c.TemplateCode == "" {
		p.add("template", "brandtalk.not_registered")
	}
}

func (brandTalk) note(_ Campaign, _ Sender, _ time.Time, r *Report) {
	r.Add(Warning, RuleEnded, "", "brandtalk.ended")
	r.Add(Unknown, RuleTemplate, "", "check.template_later")
	r.Add(Unknown, RuleBlocks, "", "check.blocks")
	r.Add(Unknown, RuleQuota, "", "brandtalk.daily_max")
}

// Parameter is the value of a variable, as the provider puts it into a template.
type Parameter struct{ Name, Value string }

// parameters are the variables of a registered template. The provider knows no
// defaults, and puts one value in wherever a variable stands: our default of any
// place holds for all of them, and only what stands in nothing but links can be
// percent-encoded.
type parameters struct {
	names    []string
	defaults map[string]string
	inText   map[string]bool
}

func (brandTalk) parameters(c Content) *parameters {
	p := &parameters{names: c.Names(Fallback{}), defaults: c.defaults(), inText: map[string]bool{}}
	for _, name := range ParsePattern(c.Text).Names() {
		p.inText[name] = true
	}
	return p
}

// fill are the values of one recipient as they are sent; whole is false when one is
// empty.
func (p *parameters) fill(values map[string]string) (filled []Parameter, whole bool) {
	whole = true
	for _, name := range p.names {
		value := cmp.Or(values[name], p.defaults[name])
		whole = whole && value != ""
		if !p.inText[name] {
			value = percentEncode(value)
		}
		filled = append(filled, Parameter{name, value})
	}
	return filled, whole
}

// defaults are those of the variables, the first of each.
func (c Content) defaults() map[string]string {
	found := map[string]string{}
	for _, pattern := range c.patterns(Fallback{}) {
		for _, part := range pattern {
			if part.name != "" && found[part.name] == "" {
				found[part.name] = part.fallback
			}
		}
	}
	return found
}

// severalDefaults finds a variable that has different ones.
func (c Content) severalDefaults() (name string, several bool) {
	first := c.defaults()
	for _, pattern := range c.patterns(Fallback{}) {
		for _, part := range pattern {
			if part.fallback != "" && part.fallback != first[part.name] {
				return part.name, true
			}
		}
	}
	return "", false
}
