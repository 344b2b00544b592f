package models

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"soshik/internal/kakao"
)

// Button stands under a message.
type Button struct {
	Type          string `json:"type"` // kakao.Button…
	Name          string `json:"name"`
	FormName      string `json:"formName,omitempty"` // of kakao.BizFormNames, while it is edited; Trim makes it the Name
	LinkMo        string `json:"linkMo,omitempty"`
	LinkPC        string `json:"linkPc,omitempty"`
	SchemeAndroid string `json:"schemeAndroid,omitempty"`
	SchemeIOS     string `json:"schemeIos,omitempty"`
	Open          bool   `json:"-"`                   // its fields are shown while it is edited
	FormID        string `json:"bizFormId,omitempty"` // of a form of KakaoTalk's, as it was typed; see FormNumber
}

// Fields of a button in a form, see [ButtonField].
const (
	FieldType    = "type"
	FieldName    = "name"
	FieldLink    = "link"
	FieldLinkPC  = "link-pc"
	FieldAndroid = "android"
	FieldIOS     = "ios"
	FieldFormID  = "form"
	FieldForm    = "form-name" // a name of kakao.BizFormNames
	FieldOpen    = "open"      // whether its fields are shown
)

// ButtonField is the name of a button's field in the form; i counts from 0.
func ButtonField(i int, name string) string { return fmt.Sprintf("button-%d-%s", i, name) }

// ButtonFields are the fields that a button of a type has besides type and name, in
// the order in which they are asked for. Only links may be left empty where
// [ButtonNeeds] does not name them.
func ButtonFields(kind string) []string {
	switch kind {
	case kakao.ButtonWebLink:
		return []string{FieldLink, FieldLinkPC}
	case kakao.ButtonAppLink:
		return []string{FieldAndroid, FieldIOS, FieldLink, FieldLinkPC}
	case kakao.ButtonBizForm:
		return []string{FieldFormID}
	}
	return nil
}

// OtherFields are the fields that a button of a type does not have, of which
// something may have been typed while it had another.
func OtherFields(kind string) []string {
	all := []string{FieldLink, FieldLinkPC, FieldAndroid, FieldIOS, FieldFormID}
	return slices.DeleteFunc(all, func(field string) bool { return slices.Contains(ButtonFields(kind), field) })
}

// ButtonNeeds reports whether a button of a type cannot do without the field.
func ButtonNeeds(kind, field string) bool {
	switch kind {
	case kakao.ButtonWebLink:
		return field == FieldLink
	case kakao.ButtonAppLink:
		return field == FieldAndroid || field == FieldIOS
	}
	return field == FieldFormID
}

// links are the button's links, in which variables may stand: mobile, PC, Android,
// iOS.
func (b *Button) links() [4]*string {
	return [4]*string{&b.LinkMo, &b.LinkPC, &b.SchemeAndroid, &b.SchemeIOS}
}

// FormNumber is the number of the button's form, 0 if it has none or what was typed
// is no such number.
func (b Button) FormNumber() int {
	if !formID.MatchString(b.FormID) {
		return 0
	}
	n, err := strconv.ParseInt(b.FormID, 10, 32)
	if err != nil {
		return 0
	}
	return int(n)
}

var formID = regexp.MustCompile(`^[0-9]{1,10}$`)

// Trim empties what a button of its type does not have, as it stays behind when the
// type is changed, and gives it the name that its type has.
func (b Button) Trim() Button {
	fields := ButtonFields(b.Type)
	keep := func(field string, value *string) {
		if !slices.Contains(fields, field) {
			*value = ""
		}
	}
	keep(FieldLink, &b.LinkMo)
	keep(FieldLinkPC, &b.LinkPC)
	keep(FieldAndroid, &b.SchemeAndroid)
	keep(FieldIOS, &b.SchemeIOS)
	keep(FieldFormID, &b.FormID)
	switch b.Type {
	case kakao.ButtonAddChannel:
		b.Name = kakao.ButtonNameChannel
	case kakao.ButtonBizForm:
		b.Name = cmp.Or(b.FormName, b.Name)
	}
	b.FormName, b.Open = "", false
	return b
}

// checkButtons finds what is wrong with the buttons, whatever their places are.
func checkButtons(ch Channel, c Content, limits Limits, p problems) {
	if len(c.Buttons) > limits.Buttons {
		p.add("buttons", "content.buttons", "Max", limits.Buttons)
	}
	for i, b := range c.Buttons {
		if !slices.Contains(ch.ButtonTypes(), b.Type) {
			p.add(ButtonField(i, FieldType), "field.choose")
		}
		checkButtonName(ButtonField(i, FieldName), b.Name, limits.ButtonName, p)
		checkButtonLinks(i, b, limits.Link, p)
	}
}

func checkButtonName(field, name string, limit int, p problems) {
	switch n := kakao.Len(name); {
	case strings.TrimSpace(name) == "":
		p.add(field, "field.required")
	case n > limit:
		p.add(field, "field.too_long", "Max", limit)
	}
	if strings.Contains(name, "#{") {
		p.add(field, "content.button_variable")
	}
}

func checkButtonLinks(i int, b Button, limit int, p problems) {
	values := map[string]string{FieldLink: b.LinkMo, FieldLinkPC: b.LinkPC, FieldAndroid: b.SchemeAndroid, FieldIOS: b.SchemeIOS}
	for _, field := range ButtonFields(b.Type) {
		value, isLink := values[field]
		switch name := ButtonField(i, field); {
		case !isLink:
			continue
		case value == "" && ButtonNeeds(b.Type, field):
			p.add(name, "content.link_missing")
		case field == FieldAndroid || field == FieldIOS:
			checkScheme(name, value, limit, p)
		default:
			checkLink(name, value, limit, p)
		}
	}
}
