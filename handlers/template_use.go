package handlers

import (
	"context"
	"net/http"

	"soshik/models"
	"soshik/views"
)

// DuplicateTemplate makes another template of one, and leads there.
func (h *Handlers) DuplicateTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	made, err := h.actions.DuplicateTemplate(r.Context(), v.actor, v.appkey, t, views.CopyName(v.locale, t.Name))
	if err != nil {
		return err
	}
	return h.Redirect(w, r, views.TemplatePath(v.appkey.ID, made.ID), models.T("template.duplicated", "Name", t.Name))
}

// ArchiveTemplate takes a template out of use.
func (h *Handlers) ArchiveTemplate(w http.ResponseWriter, r *http.Request) error {
	return h.moveTemplate(w, r, h.actions.ArchiveTemplate, "template.archive_done")
}

// UnarchiveTemplate brings an archived template back.
func (h *Handlers) UnarchiveTemplate(w http.ResponseWriter, r *http.Request) error {
	return h.moveTemplate(w, r, h.actions.UnarchiveTemplate, "template.unarchive_done")
}

func (h *Handlers) moveTemplate(w http.ResponseWriter, r *http.Request, do func(context.Context, models.Actor, models.Appkey, models.Template) error, done string) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	if err := do(r.Context(), v.actor, v.appkey, t); err != nil {
		return err
	}
	return h.Redirect(w, r, views.TemplatePath(v.appkey.ID, t.ID), models.T(done, "Name", t.Name))
}

// BeginCampaign makes a campaign of a template, and leads to its message.
func (h *Handlers) BeginCampaign(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	c, err := h.actions.BeginCampaign(r.Context(), v.actor, v.appkey, t)
	if err != nil {
		return h.showTemplate(w, r, views.TemplateView{Saved: t, Typed: t}, err)
	}
	return h.Redirect(w, r, views.StepPath(c, "message"), models.T("template.begun", "Name", t.Name, "Version", t.Version))
}

// leaveForTemplate keeps the draft, right or wrong, and leads to where its content is
// taken from a template: one that is named, or any.
func (h *Handlers) leaveForTemplate(w http.ResponseWriter, r *http.Request, draft, typed models.Campaign) error {
	saved, err := h.actions.SaveDraft(r.Context(), h.visit(r).actor, draft, typed)
	if err != nil {
		return h.showMessage(w, r, views.MessageStep{Campaign: afterSave(draft, typed, err)}, err)
	}
	return h.Redirect(w, r, views.TakePath(saved, number(r, "template")), models.Text{})
}

// ChooseTemplate is where the content of a draft is taken from a template: the list to
// choose from or, with one chosen, what it would replace.
func (h *Handlers) ChooseTemplate(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		if id := queryID(r, "template"); id != 0 {
			return h.showTaking(w, r, draft, id, nil)
		}
		return h.showChoosing(w, r, draft, nil)
	})
}

func (h *Handlers) showChoosing(w http.ResponseWriter, r *http.Request, draft models.Campaign, err error) error {
	f := templateFilter(r)
	f.Channel, f.Usable, f.Archived = draft.Channel, true, false
	list, readErr := h.templateList(r, f)
	if readErr != nil {
		return readErr
	}
	list.Path, list.Campaign = views.TakePath(draft, 0), draft
	p := h.page(r, "template.take")
	if partial(r) {
		return h.RenderForm(w, r, err, views.TemplateCards(p, list))
	}
	return h.RenderForm(w, r, err, views.ChooseTemplatePage(p, list, err))
}

// TakeTemplate replaces the content of a draft by that of a template. When something
// has been written in it, it asks before.
func (h *Handlers) TakeTemplate(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		v, id := h.visit(r), number(r, "template")
		if id == 0 {
			return h.showChoosing(w, r, draft, models.Errorf(models.Invalid, "template.take_which"))
		}
		t, err := h.db.Template(r.Context(), v.appkey, id)
		if err != nil {
			return err
		}
		if !draft.Content.Blank() && !checked(r, "replace") {
			return h.showTaking(w, r, draft, id, nil)
		}
		c := draft
		c.Revision = edited(r, draft)
		saved, err := h.actions.TakeTemplate(r.Context(), v.actor, draft, c, t)
		if err != nil {
			return h.showTaking(w, r, draft, id, err)
		}
		return h.Redirect(w, r, views.StepPath(saved, "message"), models.T("template.taken", "Name", t.Name, "Version", t.Version))
	})
}

// showTaking asks whether the content of a draft is to be replaced.
func (h *Handlers) showTaking(w http.ResponseWriter, r *http.Request, draft models.Campaign, id int64, err error) error {
	t, readErr := h.db.Template(r.Context(), h.visit(r).appkey, id)
	if readErr != nil {
		return readErr
	}
	senders, readErr := h.db.Senders(r.Context(), draft.AppkeyID)
	if readErr != nil {
		return readErr
	}
	is, readErr := h.preview(r, draft, senders, "kakao")
	if readErr != nil {
		return readErr
	}
	becomes := is
	becomes.Content, becomes.Row, becomes.Rows = t.Content, 0, 0
	becomes.Values = t.Content.Samples(models.Fallback{})
	taking := views.Taking{Campaign: draft, Template: t, Is: is, Becomes: becomes}
	return h.RenderForm(w, r, err, views.TakeTemplatePage(h.page(r, "template.take"), taking, err))
}
