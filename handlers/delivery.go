package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// ListDeliveries lists the messages of an appkey, whatever campaign they are of, as the
// URL asks.
func (h *Handlers) ListDeliveries(w http.ResponseWriter, r *http.Request) error {
	ctx, k := r.Context(), h.visit(r).appkey
	view := views.DeliveryList{PerPage: rowsPerPage, Typed: r.URL.Query()}
	var err, readErr error
	view.Filter, err = deliveryFilter(r)
	if err == nil {
		if view.DeliveryPage, readErr = h.db.Deliveries(ctx, k.ID, view.Filter, rowsPerPage); readErr != nil {
			return readErr
		}
	}
	if view.Choices, readErr = h.db.DeliveryChoices(ctx, k, view.Filter); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.DeliveriesPage(h.page(r, "nav.deliveries"), view, err))
}

// deliveryFilter is what the URL asks for.
func deliveryFilter(r *http.Request) (models.DeliveryFilter, error) {
	return models.ParseDeliveryFilter(r.URL.Query())
}
