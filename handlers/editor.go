package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"soshik/internal/kakao"
	"soshik/models"
)

// contentForm is the message that was typed in the editor over old. What the form
// cannot say stays.
func (h *Handlers) contentForm(r *http.Request, ch models.Channel, old models.Content) (models.Content, error) {
	c := models.Content{
		Text: text(r, "text"), ImageLink: field(r, "image-link"), Buttons: buttons(r.PostForm), Ad: checked(r, "ad"),
		TemplateCode: old.TemplateCode,
	}
	if ch == models.BrandTalk {
		c.Ad = true
		c.MessageType, c.ContentType, c.ImageURL = field(r, "message-type"), field(r, "content-type"), field(r, "image-url")
		c.UnsubscribeNo, c.AuthNo = field(r, "unsubscribe"), field(r, "auth")
	}
	var err error
	c.Image, err = h.pictureForm(r, old.Image)
	return c, err
}

// pictureForm is the image that was chosen; nil is none.
func (h *Handlers) pictureForm(r *http.Request, old *models.Picture) (*models.Picture, error) {
	id := number(r, "image")
	switch {
	case id == 0:
		return nil, nil //nolint:nilnil // no image is what was chosen
	case old != nil && old.ID == id:
		return old, nil
	}
	image, err := h.db.Image(r.Context(), h.visit(r).team.ID, id)
	return new(image.Picture()), err
}

// text is what was typed in a field of several lines, with the line breaks that the
// provider counts.
func text(r *http.Request, name string) string {
	return strings.ReplaceAll(r.PostFormValue(name), "\r\n", "\n")
}

// buttons are those of the form, in order. It has at most as many rows as fit with
// one too many.
func buttons(form url.Values) []models.Button {
	var found []models.Button
	for i := 0; i <= kakao.MaxButtons && form.Has(models.ButtonField(i, "name")); i++ {
		value := func(name string) string { return strings.TrimSpace(form.Get(models.ButtonField(i, name))) }
		formID, _ := strconv.Atoi(value(models.FieldFormID))
		b := models.Button{
			Type: cmp.Or(value(models.FieldType), kakao.ButtonWebLink), Name: value(models.FieldName), LinkMo: value(models.FieldLink),
			LinkPC: value(models.FieldLinkPC), SchemeAndroid: value(models.FieldAndroid), SchemeIOS: value(models.FieldIOS), FormID: formID,
		}
		found = append(found, b.Trim())
	}
	return found
}

// rearrange does to the buttons what a submit button of the form asks for. focus is
// the field to go on with.
func rearrange(form url.Values, ch models.Channel, c *models.Content) (focus string, done bool) {
	if form.Has("add-button") {
		if len(c.Buttons) < ch.Limits(*c).Buttons {
			c.Buttons = append(c.Buttons, models.Button{Type: kakao.ButtonWebLink})
		}
		return models.ButtonField(len(c.Buttons)-1, "name"), true
	}
	for _, name := range []string{"change-button", "remove-button", "up-button", "down-button"} {
		i, err := strconv.Atoi(form.Get(name))
		if err != nil || i < 0 || i >= len(c.Buttons) {
			continue
		}
		switch name {
		case "change-button": // the fields that were sent are of its new type already
			return models.ButtonField(i, models.FieldType), true
		case "remove-button":
			c.Buttons = slices.Delete(c.Buttons, i, i+1)
			return "add-button", true
		}
		to := i + 1
		if name == "up-button" {
			to = i - 1
		}
		if to >= 0 && to < len(c.Buttons) {
			c.Buttons[i], c.Buttons[to] = c.Buttons[to], c.Buttons[i]
		}
		return models.ButtonField(min(max(to, 0), len(c.Buttons)-1), "name"), true
	}
	return "", false
}
