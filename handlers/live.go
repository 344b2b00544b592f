package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// SearchLive searches an appkey's messages at the provider.
func (h *Handlers) SearchLive(w http.ResponseWriter, r *http.Request) error {
	v, asked := h.visit(r), r.URL.Query()
	q, err := models.ParseLiveQuery(asked, h.now())
	if !models.AsksLive(asked) {
		return h.showLive(w, r, views.LiveSearch{Query: q}, nil)
	}
	if err != nil {
		return h.showLive(w, r, views.LiveSearch{Query: q}, err)
	}
	page, err := h.actions.SearchLive(r.Context(), v.actor, v.appkey, q)
	return h.showLive(w, r, views.LiveSearch{Query: q, LivePage: page, Asked: err == nil}, err)
}

func (h *Handlers) showLive(w http.ResponseWriter, r *http.Request, view views.LiveSearch, err error) error {
	var readErr error
	view.Typed = r.URL.Query()
	if view.Choices, readErr = h.db.DeliveryChoices(r.Context(), h.visit(r).appkey, view.Query.DeliveryFilter); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.LivePage(h.page(r, "live.title"), view, err))
}

// MendLive takes over what the provider knows more of the messages of a page.
func (h *Handlers) MendLive(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	q, err := models.ParseLiveQuery(r.URL.Query(), h.now())
	if err != nil {
		return h.showLive(w, r, views.LiveSearch{Query: q}, err)
	}
	mended, err := h.actions.MendLive(r.Context(), v.actor, v.appkey, q)
	if err != nil {
		return h.showLive(w, r, views.LiveSearch{Query: q}, err)
	}
	done := models.T("live.mended", "Count", mended.Taken)
	if mended.Left > 0 {
		done = models.T("live.mended_some", "Count", mended.Taken, "Left", mended.Left)
	}
	return h.Redirect(w, r, views.LivePath(v.appkey.ID, q), done)
}
