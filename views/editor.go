package views

import (
	"slices"

	"github.com/a-h/templ"

	"soshik/internal/kakao"
	"soshik/models"
)

// Editor is where a message of either channel is written: in a campaign, or in a
// template.
type Editor struct {
	Channel models.Channel
	Content models.Content // as it is, or as it was typed
	Path    string         // that the form posts to, and its parts are drawn anew from
	Preview Preview
	Focus   string // id of the field to go on with
	Err     error  // of the form
}

func (e Editor) limits() models.Limits { return e.Channel.Limits(e.Content) }

func (e Editor) length() int { return kakao.Len(e.Content.Text) }

func (e Editor) hasImage() bool { return e.Content.Image != nil || e.Channel == models.BrandTalk }

// redrawsButtons makes a control redraw only the buttons of the message.
func (e Editor) redrawsButtons() templ.Attributes {
	return templ.Attributes{"hx-post": e.Path, "hx-target": "#buttons", "hx-swap": "outerHTML"}
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
	return idOrEmpty(int64(b.FormID))
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
