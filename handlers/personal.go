package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// forgettingsShown is how many of the last forgettings are shown.
const forgettingsShown = 20

// NewForgetting asks who is to be forgotten.
func (h *Handlers) NewForgetting(w http.ResponseWriter, r *http.Request) error {
	return h.showForget(w, r, views.ForgetView{}, nil)
}

// Forget says what is found of a person and, when that has been confirmed, forgets
// them.
func (h *Handlers) Forget(w http.ResponseWriter, r *http.Request) error {
	ctx, v, view := r.Context(), h.visit(r), views.ForgetView{Phone: field(r, "phone")}
	if checked(r, "confirm") {
		f, err := h.actions.Forget(ctx, v.actor, v.team, view.Phone, checked(r, "suppress"))
		if err != nil {
			return h.showForget(w, r, view, err)
		}
		return h.Redirect(w, r, views.ForgetPath(v.team.ID), models.T("personal.forgotten_now", "Phone", f.Masked))
	}
	var err error
	view.Traces, _, err = h.actions.Traces(ctx, v.actor, v.team, view.Phone)
	view.Asked = err == nil
	return h.showForget(w, r, view, err)
}

func (h *Handlers) showForget(w http.ResponseWriter, r *http.Request, view views.ForgetView, err error) error {
	var readErr error
	if view.Past, readErr = h.db.Forgettings(r.Context(), h.visit(r).team.ID, forgettingsShown); readErr != nil {
		return readErr
	}
	ids := make([]int64, len(view.Past))
	for i, f := range view.Past {
		ids[i] = f.AskedBy
	}
	if view.Names, readErr = h.db.NamesOf(r.Context(), ids); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.ForgetPage(h.page(r, "personal.title"), view, err))
}
