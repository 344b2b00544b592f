package views

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"soshik/internal/kakao"
	"soshik/models"
)

// Editor is where a message of either channel is written: in a campaign, or in a
// template.
type Editor struct {
	Channel models.Channel
	Content models.Content // as it is, or as it was typed
	Path    string         // that the form posts to; its parts are drawn anew from Path + "/preview"
	Preview Preview
	Focus   string   // id of the element to go on with
	Err     error    // of the form
	Tried   bool     // a save was tried, so that what is still empty is told too
	Others  []string // fields of the form around the editor that tell what is wrong as one types
	Library Library
	Part    EditorPart
}

// EditorPart is a part of the editor that is drawn anew.
type EditorPart string

// The parts, as the form asks for them in its field "part".
const (
	EditorPreview  EditorPart = ""         // the phone, and everything that counts
	EditorProblems EditorPart = "problems" // what is wrong
	EditorImages   EditorPart = "images"   // the images to choose from
)

// Library is the images that there are to choose from.
type Library struct {
	Images []models.Image // the newest that fit, at most LibraryShown and one more
	Query  string         // a part of their names
	Any    bool           // there are images at all
	Open   bool
}

// LibraryShown is how many images there are to choose from at a time; the others are
// found by their names.
const LibraryShown = 24

func (e Editor) limits() models.Limits { return e.Channel.Limits(e.Content) }

func (e Editor) form() models.Form { return e.Channel.Form() }

// length is that of the text as it is shown: with the values of the phone.
func (e Editor) length() int { return e.Channel.Count(e.Content.Text, e.Preview.Values) }

// counted says what the length is that of, and what its limit comes from.
func (e Editor) counted(p Page) string {
	var parts []string
	switch {
	case e.Content.Wide():
		parts = append(parts, p.T("editor.counts_wide"))
	case e.Content.Image != nil && e.form().LinkNeeded:
		parts = append(parts, p.T("editor.counts_image"))
	}
	switch {
	case len(models.ParsePattern(e.Content.Text).Names()) == 0:
	case e.form().Kinds:
		parts = append(parts, p.T("editor.counts_names"))
	case e.Preview.Row > 0:
		parts = append(parts, p.T("editor.counts_row", "Row", e.Preview.Row))
	default:
		parts = append(parts, p.T("editor.counts_samples"))
	}
	return strings.Join(parts, " · ")
}

// choices are the images to choose from, the chosen one first.
func (e Editor) choices() []models.Picture {
	var found []models.Picture
	if e.Content.Image != nil {
		found = append(found, *e.Content.Image)
	}
	for i, image := range e.Library.Images {
		if i < LibraryShown && image.ID != e.Content.ImageID() {
			found = append(found, image.Picture())
		}
	}
	return found
}

// onlyInLinks are the variables that no default stands in for and that the text does
// not show.
func (e Editor) onlyInLinks() []string {
	var names []string
	for _, v := range e.Content.Variables() {
		if !v.InText && v.Default == "" && e.Preview.Rows == 0 {
			names = append(names, v.Name)
		}
	}
	return names
}

// redrawsButtons makes a control redraw only the buttons of the message.
func (e Editor) redrawsButtons() templ.Attributes {
	return templ.Attributes{"hx-post": e.Path, "hx-target": "#buttons", "hx-swap": "outerHTML"}
}

// redraws makes a control ask for a part of the editor.
func (e Editor) redraws(part EditorPart) templ.Attributes {
	return templ.Attributes{"hx-post": e.Path + "/preview", "hx-vals": `{"part":"` + string(part) + `"}`, "hx-sync": "this:replace"}
}

// liveField is a field that tells what is wrong with it as one types.
type liveField struct {
	name string
	hint string // catalog key; empty: none
}

// fields are all fields of the form that tell so.
func (e Editor) fields() []liveField {
	var found []liveField
	for _, name := range e.Others {
		found = append(found, liveField{name: name})
	}
	found = append(found, liveField{name: "text"}, liveField{name: "image"}, liveField{"image-link", "editor.image_link_hint"}, liveField{name: "buttons"})
	if e.form().Kinds {
		found = append(found, liveField{"message-type", "brandtalk.message_type_hint"}, liveField{"content-type", "brandtalk.content_type_hint"})
	}
	if e.form().ImageURL {
		found = append(found, liveField{"image-url", "editor.image_url_hint"})
	}
	if e.form().Unsubscribe {
		found = append(found, liveField{"unsubscribe", "brandtalk.unsubscribe_hint"}, liveField{"auth", "brandtalk.auth_hint"})
	}
	for i, b := range e.Content.Buttons {
		for _, field := range append([]string{models.FieldType, models.FieldName}, models.ButtonFields(b.Type)...) {
			f := liveField{name: models.ButtonField(i, field)}
			if field == models.FieldName {
				f.hint = buttonNameHint(b)
			}
			found = append(found, f)
		}
	}
	return found
}

// wrong is everything that is wrong with the fields, in one line for those who listen.
func (e Editor) wrong(p Page) string {
	var all []string
	for _, f := range e.fields() {
		if t := models.FieldText(e.Err, f.name); t.Key != "" {
			all = append(all, fieldLabel(p, f.name)+": "+p.Text(t))
		}
	}
	return strings.Join(all, " ")
}

// fieldLabel is what a field of the form is called.
func fieldLabel(p Page, name string) string {
	if rest, ok := strings.CutPrefix(name, "button-"); ok {
		n, field, _ := strings.Cut(rest, "-")
		i, _ := strconv.Atoi(n)
		return p.T("compose.button_n", "Number", i+1) + " " + p.T("editor.field."+strings.ReplaceAll(field, "-", "_"))
	}
	return p.T("editor.label." + strings.ReplaceAll(name, "-", "_"))
}

// open reports whether the fields of a button are there to be filled in.
func (e Editor) open(i int, b models.Button) bool {
	if b.Open || b.Name == "" && b.Trim().Name == "" {
		return true
	}
	for _, field := range append([]string{models.FieldType, models.FieldName}, models.ButtonFields(b.Type)...) {
		if name := models.ButtonField(i, field); e.Focus == name || models.FieldText(e.Err, name).Key != "" {
			return true
		}
	}
	return false
}

// shows reports whether one of the button's fields that may be left empty has
// something to show.
func (e Editor) shows(i int, b models.Button, fields []string) bool {
	return slices.ContainsFunc(fields, func(field string) bool {
		return buttonValue(b, field) != "" || models.FieldText(e.Err, models.ButtonField(i, field)).Key != ""
	})
}

// optionalFields are the button's fields that may be left empty.
func optionalFields(b models.Button) []string {
	return slices.DeleteFunc(models.ButtonFields(b.Type), func(field string) bool { return models.ButtonNeeds(b.Type, field) })
}

func buttonValue(b models.Button, field string) string {
	switch field {
	case models.FieldLink:
		return b.LinkMo
	case models.FieldLinkPC:
		return b.LinkPC
	case models.FieldAndroid:
		return b.SchemeAndroid
	case models.FieldIOS:
		return b.SchemeIOS
	}
	return b.FormID
}

// buttonGlance is what a button leads to, at a glance.
func buttonGlance(p Page, b models.Button) string {
	for _, field := range models.ButtonFields(b.Type) {
		if value := buttonValue(b, field); value != "" {
			return value
		}
	}
	if len(models.ButtonFields(b.Type)) == 0 {
		return p.T("editor.does." + b.Type)
	}
	return ""
}

// buttonLabel is what a button is called on the phone.
func buttonLabel(p Page, b models.Button) string {
	if name := b.Trim().Name; name != "" {
		return name
	}
	return p.T("editor.button_unnamed")
}

// buttonNameHint says, where a button's name is not free, that it is not.
func buttonNameHint(b models.Button) string {
	if b.Type == kakao.ButtonAddChannel {
		return "brandtalk.channel_name_hint"
	}
	return ""
}

// linkExample shows what a link looks like.
func linkExample(field string) string {
	if field == models.FieldAndroid || field == models.FieldIOS {
		return "myshop://"
	}
	return "https://"
}

func messageTypes(p Page) []Option {
	return []Option{
		{kakao.TemplateImage, p.T("brandtalk.message_type.I")}, {kakao.TemplateWide, p.T("brandtalk.message_type.W")},
	}
}

func contentTypes(p Page) []Option {
	return []Option{
		{kakao.TemplateFixed, p.T("brandtalk.content_type.F")}, {kakao.TemplateVariable, p.T("brandtalk.content_type.V")},
	}
}
