package handlers

import (
	"net/http"
	"strconv"

	"soshik/models"
	"soshik/views"
)

// removalsShown is how many of the last removals are shown.
const removalsShown = 20

// ShowRetention says how long a team keeps the rows of messages.
func (h *Handlers) ShowRetention(w http.ResponseWriter, r *http.Request) error {
	return h.showRetention(w, r, views.RetentionView{In: models.KeepSettingsOf(h.visit(r).team)}, nil)
}

// SaveRetention changes how long a team keeps the rows of messages. It asks first where
// that makes some of them go.
func (h *Handlers) SaveRetention(w http.ResponseWriter, r *http.Request) error {
	v, in := h.visit(r), models.KeepSettings{Days: field(r, "days")}
	confirmed, err := strconv.ParseInt(field(r, "campaigns"), 10, 64)
	if err != nil {
		confirmed = -1 // not even that nothing goes
	}
	goes, asked, err := h.actions.SaveKeepDays(r.Context(), v.actor, v.team, in, confirmed)
	if err != nil || asked {
		return h.showRetention(w, r, views.RetentionView{In: in, Asked: asked, Goes: goes}, err)
	}
	return h.Redirect(w, r, views.RetentionPath(v.team.ID), models.T("retention.saved"))
}

func (h *Handlers) showRetention(w http.ResponseWriter, r *http.Request, view views.RetentionView, err error) error {
	team := h.visit(r).team
	var readErr error
	if view.Past, readErr = h.db.Removals(r.Context(), team.ID, removalsShown); readErr != nil {
		return readErr
	}
	if view.Last, _, readErr = h.db.LastRemoval(r.Context(), team.ID); readErr != nil {
		return readErr
	}
	view.KeepFor, view.Next, view.Now = team.KeepDays, team.NextRemoval(view.Last), h.now()
	return h.RenderForm(w, r, err, views.RetentionPage(h.page(r, "retention.title"), view, err))
}
