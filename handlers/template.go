package handlers

import (
	"net/http"
	"slices"
	"strings"

	"soshik/models"
	"soshik/views"
)

// ListTemplates shows the templates that are there under an appkey, or only the list
// while somebody types.
func (h *Handlers) ListTemplates(w http.ResponseWriter, r *http.Request) error {
	list, err := h.templateList(r, templateFilter(r))
	if err != nil {
		return err
	}
	p := h.page(r, "nav.templates")
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.TemplateCards(p, list))
	}
	return h.Render(w, r, http.StatusOK, views.TemplatesPage(p, list))
}

// templateFilter is what the URL asks for; what it does not know leaves nothing out.
func templateFilter(r *http.Request) models.TemplateFilter {
	q := r.URL.Query()
	f := models.TemplateFilter{
		Query: strings.TrimSpace(q.Get("q")), Tag: strings.TrimSpace(q.Get("tag")), Archived: q.Get("archived") != "", After: after(r),
	}
	if ch := models.Channel(q.Get("channel")); slices.Contains(models.Channels(), ch) {
		f.Channel = ch
	}
	return f
}

// templatesPerPage is how many templates are shown, and tagsShown how many tags to
// choose from.
const (
	templatesPerPage = 24
	tagsShown        = 30
)

func (h *Handlers) templateList(r *http.Request, f models.TemplateFilter) (l views.TemplateList, err error) {
	ctx, k := r.Context(), h.visit(r).appkey
	l = views.TemplateList{Filter: f, Now: h.now()}
	if l.Any, err = h.db.HasTemplates(ctx, k); err != nil || !l.Any {
		return l, err
	}
	if l.Tags, err = h.db.TemplateTags(ctx, k.TeamID, tagsShown); err != nil {
		return l, err
	}
	if l.Count, err = h.db.CountTemplates(ctx, k, f); err != nil {
		return l, err
	}
	if l.Rows, err = h.db.TemplateRows(ctx, k, f, templatesPerPage+1); err != nil {
		return l, err
	}
	if len(l.Rows) > templatesPerPage {
		l.Rows = l.Rows[:templatesPerPage]
		l.Next = l.Rows[templatesPerPage-1].ID
	}
	return l, nil
}

// NewTemplate is the form that makes a template.
func (h *Handlers) NewTemplate(w http.ResponseWriter, r *http.Request) error {
	in := models.NewTemplate{Channel: models.FriendTalk, Sample: r.URL.Query().Get("sample")}
	return h.showNewTemplate(w, r, in, nil)
}

// CreateTemplate makes a template and leads to where it is written.
func (h *Handlers) CreateTemplate(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	in := models.NewTemplate{
		Channel: models.Channel(field(r, "channel")), Name: field(r, "name"), SenderID: number(r, "sender"), Sample: field(r, "sample"),
	}
	t, err := h.actions.CreateTemplate(r.Context(), v.actor, v.appkey, in)
	if err != nil {
		return h.showNewTemplate(w, r, in, err)
	}
	return h.Redirect(w, r, views.TemplatePath(v.appkey.ID, t.ID), models.Text{})
}

func (h *Handlers) showNewTemplate(w http.ResponseWriter, r *http.Request, in models.NewTemplate, err error) error {
	senders, readErr := h.db.Senders(r.Context(), h.visit(r).appkey.ID)
	if readErr != nil {
		return readErr
	}
	form := views.NewTemplateForm{In: in, Senders: senders, Now: h.now()}
	return h.RenderForm(w, r, err, views.NewTemplatePage(h.page(r, "template.new"), form, err))
}

// template is the one that the URL names.
func (h *Handlers) template(r *http.Request) (models.Template, error) {
	id, err := pathID(r, "template")
	if err != nil {
		return models.Template{}, err
	}
	return h.db.Template(r.Context(), h.visit(r).appkey, id)
}

// EditTemplate is where a template is written.
func (h *Handlers) EditTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	return h.showTemplate(w, r, t, t, "", nil)
}

// SaveTemplate keeps a template as a new version. Its other buttons only draw the
// form anew, with a button more or less.
func (h *Handlers) SaveTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	typed, err := h.templateForm(r, t)
	if err != nil {
		return err
	}
	focus, rearranged := rearrange(r.PostForm, t.Channel, &typed.Content)
	if rearranged || redraws(r) {
		return h.showTemplate(w, r, t, typed, focus, nil)
	}
	saved, err := h.actions.SaveTemplate(r.Context(), h.visit(r).actor, h.visit(r).appkey, t, typed)
	if err != nil {
		return h.showTemplate(w, r, t, typed, "", err)
	}
	return h.Redirect(w, r, views.TemplatePath(h.visit(r).appkey.ID, t.ID), views.SavedTemplateText(t, saved))
}

// PreviewTemplate draws what has been typed, and keeps nothing.
func (h *Handlers) PreviewTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	typed, err := h.templateForm(r, t)
	if err != nil {
		return err
	}
	return h.showTemplate(w, r, t, typed, "", nil)
}

// templateForm is t as it was typed over.
func (h *Handlers) templateForm(r *http.Request, t models.Template) (models.Template, error) {
	typed := t
	typed.Name, typed.Version = field(r, "name"), int(number(r, "version"))
	typed.Tags = models.ParseTags(append(slices.Clone(r.PostForm["tag"]), field(r, "tags"))...)
	var err error
	typed.Content, err = h.contentForm(r, t.Channel, t.Content)
	return typed, err
}

func (h *Handlers) showTemplate(w http.ResponseWriter, r *http.Request, saved, typed models.Template, focus string, err error) error {
	ctx, v := r.Context(), h.visit(r)
	page := views.TemplateView{Saved: saved, Typed: typed}
	sender, readErr := h.templateSender(r, saved)
	if readErr != nil {
		return readErr
	}
	if page.Tags, readErr = h.db.TemplateTags(ctx, saved.TeamID, tagsShown); readErr != nil {
		return readErr
	}
	page.By = h.nameOf(ctx, saved.UpdatedBy)
	preview := views.Preview{
		Channel: typed.Channel, Content: typed.Content, Fallback: models.Fallback{On: !typed.Channel.Registers()}, At: h.now(), Sender: sender, As: "kakao",
	}
	preview.Values = typed.Content.Samples(models.Fallback{})
	if r.FormValue("as") == "sms" {
		preview.As = "sms"
	}
	page.Sender = sender
	page.Editor = views.Editor{
		Channel: typed.Channel, Content: typed.Content, Path: views.TemplatePath(v.appkey.ID, saved.ID), Preview: preview, Focus: focus, Err: err,
	}
	p := h.titled(r, saved.Name)
	switch {
	case !partial(r):
		return h.RenderForm(w, r, err, views.TemplatePage(p, page, err))
	case focus != "":
		return h.RenderForm(w, r, err, views.TemplateButtons(p, page))
	}
	return h.RenderForm(w, r, err, views.TemplatePreview(p, page))
}

// templateSender is whose message a template is shown as: its own sender's or, where
// it is the team's, that of any of the appkey.
func (h *Handlers) templateSender(r *http.Request, t models.Template) (models.Sender, error) {
	k := h.visit(r).appkey
	if t.SenderID != 0 {
		return h.db.Sender(r.Context(), k.ID, t.SenderID)
	}
	senders, err := h.db.Senders(r.Context(), k.ID)
	if err != nil || len(senders) == 0 {
		return models.Sender{}, err
	}
	return senders[0], nil
}
