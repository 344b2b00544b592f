package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// losingShown is how many senders are named that lose their settings.
const losingShown = 20

// EditFallbackAppkey is the form that connects the SMS service of an appkey.
func (h *Handlers) EditFallbackAppkey(w http.ResponseWriter, r *http.Request) error {
	return h.showFallbackAppkey(w, r, models.NewFallbackAppkey{}, nil)
}

// SetFallbackAppkey connects the SMS service of an appkey.
func (h *Handlers) SetFallbackAppkey(w http.ResponseWriter, r *http.Request) error {
	v, in := h.visit(r), models.NewFallbackAppkey{SMSAppkey: field(r, "sms_appkey"), Sure: checked(r, "sure")}
	stale, err := h.actions.SetFallbackAppkey(r.Context(), v.actor, v.appkey, in)
	if err != nil {
		return h.showFallbackAppkey(w, r, in, err)
	}
	flash := models.T("sender.sms.saved")
	if stale {
		flash = models.T("sender.sms.saved_stale")
	}
	return h.Redirect(w, r, views.FallbackAppkeyPath(v.appkey.ID), flash)
}

func (h *Handlers) showFallbackAppkey(w http.ResponseWriter, r *http.Request, in models.NewFallbackAppkey, err error) error {
	service, readErr := h.db.FallbackService(r.Context(), h.visit(r).appkey.ID, losingShown)
	if readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.FallbackAppkeyPage(h.page(r, "sender.sms.title"), service, in, err))
}
