package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// ListForeign lists the messages that other systems have sent through an appkey, as the
// URL asks.
func (h *Handlers) ListForeign(w http.ResponseWriter, r *http.Request) error {
	ctx, k := r.Context(), h.visit(r).appkey
	view := views.ForeignList{After: r.URL.Query().Get("after")}
	view.Typed = r.URL.Query()
	var err, readErr error
	if view.Filter, err = deliveryFilter(r); err == nil {
		if view.ForeignPage, readErr = h.db.ForeignMessages(ctx, k.ID, view.Filter, view.After, rowsPerPage); readErr != nil {
			return readErr
		}
	}
	if view.Kept, readErr = h.db.HasForeign(ctx, k.ID); readErr != nil {
		return readErr
	}
	senders, readErr := h.db.Senders(ctx, k.ID)
	if readErr != nil {
		return readErr
	}
	for _, s := range senders {
		view.Choices.Senders = append(view.Choices.Senders, models.Named{ID: s.ID, Name: s.PlusFriendID})
	}
	return h.RenderForm(w, r, err, views.ForeignPage(h.page(r, "foreign.title"), view, err))
}
