package handlers

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
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
		b := models.Button{
			Type: cmp.Or(value(models.FieldType), kakao.ButtonWebLink), Name: value(models.FieldName), LinkMo: value(models.FieldLink),
			LinkPC: value(models.FieldLinkPC), SchemeAndroid: value(models.FieldAndroid), SchemeIOS: value(models.FieldIOS), FormID: value(models.FieldFormID),
			FormName: value(models.FieldForm), Open: value(models.FieldOpen) != "",
		}
		found = append(found, b)
	}
	return found
}

// rearrange does to the buttons what a submit button of the form asks for. focus is
// the element to go on with.
func rearrange(form url.Values, ch models.Channel, c *models.Content) (focus string, done bool) {
	if form.Has("add-button") {
		return addButton(ch, c), true
	}
	if from, to, ok := move(form.Get("move-button"), len(c.Buttons)); ok {
		b := c.Buttons[from]
		c.Buttons = slices.Insert(slices.Delete(c.Buttons, from, from+1), to, b)
		return fmt.Sprintf("handle-%d", to), true
	}
	for _, name := range []string{"change-button", "remove-button", "up-button", "down-button"} {
		i, err := strconv.Atoi(form.Get(name))
		if err != nil || i < 0 || i >= len(c.Buttons) {
			continue
		}
		switch name {
		case "change-button": // the fields that were sent are of its new type already
			c.Buttons[i].Open = true
			return models.ButtonField(i, models.FieldType), true
		case "remove-button":
			c.Buttons = slices.Delete(c.Buttons, i, i+1)
			return "add-button", true
		case "up-button":
			return swapButtons(c, i, i-1), true
		}
		return swapButtons(c, i, i+1), true
	}
	return "", false
}

// addButton adds a button, if there is room for one.
func addButton(ch models.Channel, c *models.Content) (focus string) {
	if len(c.Buttons) >= ch.Limits(*c).Buttons {
		return "add-button"
	}
	c.Buttons = append(c.Buttons, models.Button{Type: kakao.ButtonWebLink, Open: true})
	return models.ButtonField(len(c.Buttons)-1, models.FieldName)
}

// swapButtons exchanges two neighbours, if there are two, and goes on with what moves
// the one at i further.
func swapButtons(c *models.Content, i, to int) (focus string) {
	if to < 0 || to >= len(c.Buttons) {
		to = i
	}
	c.Buttons[i], c.Buttons[to] = c.Buttons[to], c.Buttons[i]
	c.Buttons[to].Open = true
	if to == 0 || to > i && to < len(c.Buttons)-1 {
		return fmt.Sprintf("down-button-%d", to)
	}
	return fmt.Sprintf("up-button-%d", to)
}

// move reads where a button was dragged from and to: two places of n, as "2 0".
func move(s string, n int) (from, to int, ok bool) {
	a, b, _ := strings.Cut(s, " ")
	from, err := strconv.Atoi(a)
	to, err2 := strconv.Atoi(b)
	ok = err == nil && err2 == nil && from >= 0 && to >= 0 && from < n && to < n
	return from, to, ok
}

// editor completes e, of which the channel, the content, the path and the phone are
// known, with what the form asks for, what is wrong as far as it is told to somebody
// who types, and the images to choose from.
func (h *Handlers) editor(r *http.Request, e views.Editor) (views.Editor, error) {
	e.Part, e.Tried = views.EditorPart(r.FormValue("part")), e.Err != nil || checked(r, "tried")
	if e.Err == nil {
		e.Err = e.Channel.Check(e.Content)
		if !e.Tried || e.Part != views.EditorProblems {
			e.Err = models.Typing(e.Err)
		}
	}
	if e.Part == views.EditorProblems || e.Part == views.EditorPreview && partial(r) {
		return e, nil
	}
	var err error
	e.Library, err = h.library(r)
	return e, err
}

// library is the images to choose from.
func (h *Handlers) library(r *http.Request) (l views.Library, err error) {
	ctx, teamID := r.Context(), h.visit(r).team.ID
	l.Query, l.Open = field(r, "image-query"), r.PostForm.Has("find-image")
	l.Images, err = h.db.Images(ctx, teamID, models.ImageFilter{Name: l.Query}, views.LibraryShown+1)
	if l.Any = len(l.Images) > 0; err != nil || l.Any || l.Query == "" {
		return l, err
	}
	all, err := h.db.Images(ctx, teamID, models.ImageFilter{}, 1)
	l.Any = len(all) > 0
	return l, err
}
