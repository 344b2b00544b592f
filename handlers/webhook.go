package handlers

import (
	"net/http"
	"strconv"

	"soshik/models"
	"soshik/views"
)

// deliveriesShown is how many deliveries a page lists.
const deliveriesShown = 20

// ShowWebhook is where a team is told by requests, and what has become of them.
func (h *Handlers) ShowWebhook(w http.ResponseWriter, r *http.Request) error {
	return h.showWebhook(w, r, "", nil, nil)
}

// SaveWebhook keeps where a team is told. The first time the answer shows the secret
// that signs the requests; it is not kept for a page after this one.
func (h *Handlers) SaveWebhook(w http.ResponseWriter, r *http.Request) error {
	v, typed := h.visit(r), field(r, "url")
	secret, err := h.actions.SaveWebhook(r.Context(), v.actor, v.team.ID, models.NewWebhook{URL: typed})
	if err != nil || secret != "" {
		return h.showWebhook(w, r, secret, &typed, err)
	}
	return h.Redirect(w, r, views.WebhookPath(v.team.ID), models.T("webhook.saved"))
}

// RotateWebhook makes a new secret, which the answer shows once.
func (h *Handlers) RotateWebhook(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	secret, err := h.actions.RotateWebhook(r.Context(), v.actor, v.team.ID)
	return h.showWebhook(w, r, secret, nil, err)
}

// TestWebhook sends a notice of nothing.
func (h *Handlers) TestWebhook(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	return h.doneWebhook(w, r, h.actions.TestWebhook(r.Context(), v.actor, v.team.ID), "webhook.tested")
}

// DeleteWebhook ends that a team is told by requests.
func (h *Handlers) DeleteWebhook(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	return h.doneWebhook(w, r, h.actions.DeleteWebhook(r.Context(), v.actor, v.team.ID), "webhook.removed")
}

// RetryDelivery begins anew with a delivery that was given up.
func (h *Handlers) RetryDelivery(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	id, err := pathID(r, "delivery")
	if err != nil {
		return err
	}
	return h.doneWebhook(w, r, h.actions.RetryDelivery(r.Context(), v.actor, v.team.ID, id), "webhook.retried_now")
}

func (h *Handlers) doneWebhook(w http.ResponseWriter, r *http.Request, err error, done string) error {
	if err != nil {
		return h.showWebhook(w, r, "", nil, err)
	}
	return h.Redirect(w, r, views.WebhookPath(h.visit(r).team.ID), models.T(done))
}

// showWebhook shows the form with what was typed, or with the present address.
func (h *Handlers) showWebhook(w http.ResponseWriter, r *http.Request, secret string, typed *string, err error) error {
	ctx, teamID := r.Context(), h.visit(r).team.ID
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number is the first page
	view := views.WebhookView{Secret: secret, Local: h.actions.Telling.Private, First: before <= 0}
	var readErr error
	if view.Webhook, view.On, readErr = h.db.Webhook(ctx, teamID); readErr != nil {
		return readErr
	}
	if view.Deliveries, readErr = h.db.WebhookDeliveries(ctx, teamID, before, deliveriesShown+1); readErr != nil {
		return readErr
	}
	if len(view.Deliveries) > deliveriesShown {
		view.Deliveries = view.Deliveries[:deliveriesShown]
		view.Next = view.Deliveries[deliveriesShown-1].ID
	}
	view.Typed = view.Webhook.URL
	if typed != nil {
		view.Typed = *typed
	}
	p := h.page(r, "webhook.title")
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.WebhookDeliveries(p, view))
	}
	if view.Moves() && r.Method == http.MethodGet {
		p.Refresh = refreshWithoutScript
	}
	return h.RenderForm(w, r, err, views.WebhookPage(p, view, err))
}
