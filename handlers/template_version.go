package handlers

import (
	"net/http"
	"strconv"

	"soshik/models"
	"soshik/views"
)

// versionsShown is how many versions a page of their list has.
const versionsShown = 30

// ListVersions shows the versions of a template, and how two of them differ: by
// default, the two newest.
func (h *Handlers) ListVersions(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	return h.showVersions(w, r, t, nil)
}

func (h *Handlers) showVersions(w http.ResponseWriter, r *http.Request, t models.Template, err error) error {
	ctx, before := r.Context(), int(queryID(r, "before"))
	view := views.VersionsView{Template: t, Before: before, Now: h.now()}
	var readErr error
	if view.Versions, readErr = h.db.TemplateVersionRows(ctx, t.ID, before, versionsShown+1); readErr != nil {
		return readErr
	}
	if len(view.Versions) > versionsShown {
		view.Versions = view.Versions[:versionsShown]
		view.Next = view.Versions[versionsShown-1].Number
	}
	if readErr := h.readComparison(r, &view); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.VersionsPage(h.page(r, "template.versions"), view, err))
}

// readComparison compares the versions that the URL names. What it does not name, or
// what is no version, are the newest two.
func (h *Handlers) readComparison(r *http.Request, view *views.VersionsView) error {
	newest := view.Template.Version
	if newest == 0 {
		return nil
	}
	number := func(name string, otherwise int) int {
		if n := int(queryID(r, name)); n >= 1 && n <= newest {
			return n
		}
		return otherwise
	}
	to := number("to", newest)
	from := number("from", max(to-1, 1))
	if from > to {
		from, to = to, from
	}
	ctx := r.Context()
	was, err := h.db.TemplateVersion(ctx, view.Template.ID, from)
	if err != nil {
		return err
	}
	is, err := h.db.TemplateVersion(ctx, view.Template.ID, to)
	if err != nil {
		return err
	}
	view.Comparison = models.Compare(was, is)
	sender, err := h.templateSender(r, view.Template)
	view.Sender = sender
	return err
}

// RestoreVersion makes an old version of a template its newest one again.
func (h *Handlers) RestoreVersion(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	id, err := pathID(r, "version")
	if err != nil {
		return err
	}
	v := h.visit(r)
	saved, err := h.actions.RestoreVersion(r.Context(), v.actor, v.appkey, t, int(id), int(number(r, "current")))
	if err != nil {
		if fresh, readErr := h.template(r); readErr == nil {
			t = fresh
		}
		return h.showVersions(w, r, t, err)
	}
	text := models.T("template.restored", "Old", id, "Version", saved.Version)
	if saved.Version == t.Version {
		text = models.T("template.restored_same", "Old", id)
	}
	return h.Redirect(w, r, views.VersionsPath(v.appkey.ID, t.ID), text)
}

// queryID is the number that the URL's query holds, 0 if there is none.
func queryID(r *http.Request, name string) int64 {
	n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
