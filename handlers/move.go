package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// EditMove is the form by which a campaign that was launched is sent at another time.
func (h *Handlers) EditMove(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	if !c.Movable() {
		return h.Redirect(w, r, views.CampaignPath(c), models.Text{})
	}
	return h.showMove(w, r, c, models.ScheduleOf(c.ScheduledAt), nil)
}

// MoveCampaign sends a campaign at another time, and leads to what has come of it.
func (h *Handlers) MoveCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	in := models.NewSchedule{Later: true, Date: field(r, "date"), Clock: field(r, "clock")}
	recall, err := h.actions.Reschedule(r.Context(), h.visit(r).actor, c.AppkeyID, c.ID, in)
	if err != nil {
		return h.showMove(w, r, c, in, err)
	}
	return h.Redirect(w, r, views.RecallPath(c, recall.ID), models.T("move.begun"))
}

func (h *Handlers) showMove(w http.ResponseWriter, r *http.Request, c models.Campaign, in models.NewSchedule, err error) error {
	v := views.MoveForm{Campaign: c, Step: views.ScheduleStep{Campaign: c, In: in, Now: h.now()}}
	var readErr error
	if v.Stoppable, readErr = h.db.Stoppable(r.Context(), c, h.now()); readErr != nil {
		return readErr
	}
	if barred := h.actions.MayMove(r.Context(), h.visit(r).actor, c); barred != nil {
		if models.KindOf(barred) != models.Conflict {
			return barred
		}
		v.Barred = models.TextOf(barred)
	}
	return h.RenderForm(w, r, err, views.MovePage(h.page(r, "move.title"), v, err))
}
