package handlers

import (
	"cmp"
	"context"
	"errors"
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

// EditTemplate is where a template is written. It shows what the person has typed there
// and not saved, unless what is saved is asked for.
func (h *Handlers) EditTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	view := views.TemplateView{Saved: t, Typed: t}
	if r.URL.Query().Has("saved") {
		view.ReadsSaved = true
		return h.showTemplate(w, r, view, nil)
	}
	if ok, _ := t.Editable(); !ok {
		return h.showTemplate(w, r, view, nil)
	}
	d, found, err := h.kept(r, models.PlaceTemplate, t.ID, templateTyped(t))
	if err != nil {
		return err
	}
	if found {
		view.Typed.Name, view.Typed.Tags, view.Typed.Content, view.Typed.Version = d.Typed.Name, d.Typed.Tags, d.Typed.Content, d.Base
		view.Kept.At = d.SavedAt
	}
	return h.showTemplate(w, r, view, nil)
}

// templateTyped is what the form of a template holds.
func templateTyped(t models.Template) models.Typed {
	return models.Typed{Name: t.Name, Code: t.Code, Tags: t.Tags, Content: t.Content}
}

// SaveTemplate keeps a template as a new version. Its other buttons draw the form
// anew, with a button more or less, or drop what was typed.
func (h *Handlers) SaveTemplate(w http.ResponseWriter, r *http.Request) error {
	t, typed, err := h.templateForm(r)
	if err != nil {
		return err
	}
	v, path := h.visit(r), views.TemplatePath(h.visit(r).appkey.ID, t.ID)
	if r.PostForm.Has("discard") {
		if err := h.actions.ForgetDraft(r.Context(), v.actor, models.PlaceTemplate, t.ID); err != nil {
			return err
		}
		return h.Redirect(w, r, path, models.T("draft.discarded"))
	}
	view := views.TemplateView{Saved: t, Typed: typed}
	if focus, rearranged := rearrange(r.PostForm, t.Channel, &view.Typed.Content); rearranged || redraws(r) {
		view.Editor.Focus = focus
		_, _, err := h.actions.KeepDraft(r.Context(), v.actor, templateDraft(view.Typed), templateTyped(t))
		return errors.Join(err, h.showTemplate(w, r, view, nil))
	}
	saved, err := h.actions.SaveTemplate(r.Context(), v.actor, v.appkey, t, typed)
	if err != nil {
		return h.showTemplate(w, r, view, err)
	}
	return h.Redirect(w, r, path, views.SavedTemplateText(t, saved))
}

// PreviewTemplate draws what has been typed, and keeps nothing.
func (h *Handlers) PreviewTemplate(w http.ResponseWriter, r *http.Request) error {
	t, typed, err := h.templateForm(r)
	if err != nil {
		return err
	}
	view := views.TemplateView{Saved: t, Typed: typed}
	if r.PostForm.Get("part") == string(views.EditorProblems) {
		view.Editor.Err = templateProblems(r, typed)
	}
	return h.showTemplate(w, r, view, nil)
}

// templateProblems are what is wrong with a template, told to somebody who may be
// typing still.
func templateProblems(r *http.Request, t models.Template) error {
	t.Content = t.Content.Trim()
	if checked(r, "tried") {
		return t.Validate()
	}
	return models.Typing(t.Validate())
}

// KeepTemplate keeps what is typed, without saving it.
func (h *Handlers) KeepTemplate(w http.ResponseWriter, r *http.Request) error {
	t, typed, err := h.templateForm(r)
	if err != nil {
		return err
	}
	return h.keep(w, r, templateDraft(typed), templateTyped(t))
}

func templateDraft(typed models.Template) models.Draft {
	return models.Draft{Place: models.PlaceTemplate, PlaceID: typed.ID, Base: typed.Version, Typed: templateTyped(typed)}
}

// templateForm is the template that the URL names, and as it was typed over.
func (h *Handlers) templateForm(r *http.Request) (t, typed models.Template, err error) {
	if t, err = h.template(r); err != nil {
		return t, typed, err
	}
	typed = t
	typed.Name, typed.Version = field(r, "name"), min(int(number(r, "version")), t.Version)
	typed.Tags = models.ParseTags(append(slices.Clone(r.PostForm["tag"]), r.PostFormValue("tags"))...)
	typed.Content, err = h.contentForm(r, t.Channel, t.Content)
	return t, typed, err
}

// showTemplate completes view, of which what is saved and typed is known, and shows it
// or the part of it that is asked for.
func (h *Handlers) showTemplate(w http.ResponseWriter, r *http.Request, view views.TemplateView, err error) error {
	if readErr := h.readTemplateView(r, &view, err); readErr != nil {
		return readErr
	}
	p := h.titled(r, view.Saved.Name)
	switch {
	case !partial(r):
		return h.RenderForm(w, r, err, views.TemplatePage(p, view, err))
	case view.Editor.Focus != "":
		return h.RenderForm(w, r, err, views.TemplateButtons(p, view))
	}
	return h.RenderForm(w, r, err, views.TemplatePreview(p, view))
}

func (h *Handlers) readTemplateView(r *http.Request, view *views.TemplateView, err error) (readErr error) {
	ctx, v := r.Context(), h.visit(r)
	if err != nil && models.KindOf(err) == models.Conflict { // it is another one by now
		if view.Saved, readErr = h.template(r); readErr != nil {
			return readErr
		}
	}
	if readErr := h.readOvertaken(ctx, view); readErr != nil {
		return readErr
	}
	if err != nil && view.Overtaken.Version > 0 {
		view.Typed.Version = view.Saved.Version // who saves once more has been told
	}
	preview := views.Preview{
		Channel: view.Typed.Channel, Content: view.Typed.Content, Fallback: models.Fallback{On: !view.Typed.Channel.Registers()},
		At: h.now(), As: cmp.Or(r.FormValue("as"), "kakao"), Chat: r.FormValue("chat"), Values: view.Typed.Content.Samples(models.Fallback{}),
	}
	if preview.Sender, readErr = h.templateSender(r, view.Saved); readErr != nil {
		return readErr
	}
	view.Editor, readErr = h.editor(r, views.Editor{
		Channel: view.Typed.Channel, Content: view.Typed.Content, Path: views.TemplatePath(v.appkey.ID, view.Saved.ID),
		Preview: preview, Focus: view.Editor.Focus, Err: cmp.Or(err, view.Editor.Err), Others: []string{"name", "tags"},
	})
	if readErr != nil {
		return readErr
	}
	if partial(r) {
		return nil
	}
	if view.Tags, readErr = h.db.TemplateTags(ctx, view.Saved.TeamID, tagsShown); readErr != nil {
		return readErr
	}
	uses, readErr := h.db.TemplateUses(ctx, []int64{view.Saved.ID})
	view.Uses, view.By = uses[view.Saved.ID], h.nameOf(ctx, view.Saved.UpdatedBy)
	return readErr
}

// readOvertaken finds out who has saved a newer version than the one that was typed
// over, if somebody has, and what is different in it.
func (h *Handlers) readOvertaken(ctx context.Context, view *views.TemplateView) error {
	base, newest := view.Typed.Version, view.Saved.Version
	if base >= newest {
		return nil
	}
	is, err := h.db.TemplateVersion(ctx, view.Saved.ID, newest)
	if err != nil {
		return err
	}
	view.Overtaken = views.Overtaken{Base: base, Version: newest, By: h.nameOf(ctx, is.CreatedBy), At: is.CreatedAt}
	if base < 1 {
		return nil
	}
	was, err := h.db.TemplateVersion(ctx, view.Saved.ID, base)
	view.Overtaken.Parts = models.Compare(was, is).Parts()
	return err
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
