package handlers

import (
	"net/http"

	"soshik/internal/actions"
	"soshik/models"
	"soshik/views"
)

// brake is what the URL's emergency stop is about.
func (h *Handlers) brake(r *http.Request) actions.Brake {
	v := h.visit(r)
	return actions.Brake{Team: v.team, Appkey: v.appkey}
}

// stopPlace is where a brake has its page.
func stopPlace(b actions.Brake) string {
	if b.Appkey.ID != 0 {
		return views.AppkeyStopPath(b.Appkey.ID)
	}
	return views.TeamStopPath(b.Team.ID)
}

// ShowStop is the emergency stop of a team or an appkey: the form that stops or, when it
// is stopped, how it goes on.
func (h *Handlers) ShowStop(w http.ResponseWriter, r *http.Request) error {
	return h.showStop(w, r, models.NewStop{}, nil)
}

// StopSending stops a team or an appkey.
func (h *Handlers) StopSending(w http.ResponseWriter, r *http.Request) error {
	b, in := h.brake(r), models.NewStop{Reason: field(r, "reason"), Confirmed: checked(r, "confirmed")}
	if err := h.actions.StopSending(r.Context(), h.visit(r).actor, b, in); err != nil {
		return h.showStop(w, r, in, err)
	}
	return h.Redirect(w, r, stopPlace(b), models.T("stop.done"))
}

// LiftStop lets a team or an appkey go on.
func (h *Handlers) LiftStop(w http.ResponseWriter, r *http.Request) error {
	b := h.brake(r)
	if err := h.actions.LiftStop(r.Context(), h.visit(r).actor, b); err != nil {
		return h.showStop(w, r, models.NewStop{}, err)
	}
	return h.Redirect(w, r, stopPlace(b), models.T("stop.lifted"))
}

// CancelStopped cancels everything that is scheduled or under way.
func (h *Handlers) CancelStopped(w http.ResponseWriter, r *http.Request) error {
	b := h.brake(r)
	n, err := h.actions.CancelStopped(r.Context(), h.visit(r).actor, b)
	if err != nil {
		return h.showStop(w, r, models.NewStop{}, err)
	}
	return h.Redirect(w, r, stopPlace(b), models.T("stop.cancelled", "Count", n))
}

func (h *Handlers) showStop(w http.ResponseWriter, r *http.Request, in models.NewStop, err error) error {
	b := h.brake(r)
	view := views.Emergency{Team: b.Team, Appkey: b.Appkey, Stop: b.Stop(), Path: stopPlace(b), Lifts: h.visit(r).actor.Can(b.Lifts()), In: in}
	var readErr error
	if view.Campaigns, readErr = h.db.StoppableCampaigns(r.Context(), b.Team.ID, b.Appkey.ID); readErr != nil {
		return readErr
	}
	if view.Stop.Stopped() {
		view.Stopper = h.nameOf(r.Context(), view.Stop.StoppedBy)
	}
	return h.RenderForm(w, r, err, views.EmergencyPage(h.page(r, "stop.title"), view, err))
}
