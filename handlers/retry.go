package handlers

import (
	"net/http"

	"soshik/internal/actions"
	"soshik/models"
	"soshik/views"
)

// NewRetry is the form by which failed messages of a campaign are sent again.
func (h *Handlers) NewRetry(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	if !c.Retryable() {
		return h.Redirect(w, r, views.CampaignPath(c), models.Text{})
	}
	in := actions.NewRetry{Name: h.derived(r, "retry.name", c)}
	return h.showRetry(w, r, c, in, true, nil)
}

// CreateRetry begins the draft that sends them again.
func (h *Handlers) CreateRetry(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	codes, err := chosen(r, "code")
	if err != nil {
		return err
	}
	in, v := actions.NewRetry{Name: field(r, "name"), Codes: codes}, h.visit(r)
	made, err := h.actions.Retry(r.Context(), v.actor, v.appkey, c, in)
	if err != nil {
		return h.showRetry(w, r, c, in, false, err)
	}
	return h.Redirect(w, r, views.FromAudiencesPath(made), models.T("retry.begun"))
}

func (h *Handlers) showRetry(w http.ResponseWriter, r *http.Request, c models.Campaign, in actions.NewRetry, fresh bool, err error) error {
	v := views.RetryForm{Campaign: c, Name: in.Name, Chosen: in.Codes}
	var readErr error
	if v.Codes, readErr = h.db.RetryCodes(r.Context(), c.ID); readErr != nil {
		return readErr
	}
	if fresh {
		v.Chosen = v.Sensible()
	}
	if v.Retries, readErr = h.db.Retries(r.Context(), c.ID, recallsShown); readErr != nil {
		return readErr
	}
	if v.Equation, readErr = h.db.Equation(r.Context(), c); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.RetryPage(h.page(r, "retry.title"), v, err))
}

// derived is the name of a campaign that is made of another.
func (h *Handlers) derived(r *http.Request, key string, c models.Campaign) string {
	rest := h.visit(r).locale.T(key, "Name", "")
	room := models.MaxName - len([]rune(rest))
	name := []rune(c.Name)
	return h.visit(r).locale.T(key, "Name", string(name[:min(len(name), max(room, 0))]))
}

// CopyCampaign begins a draft that is a copy of a campaign.
func (h *Handlers) CopyCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	made, err := h.actions.CopyCampaign(r.Context(), v.actor, v.appkey, c, h.derived(r, "copy.name", c))
	if err != nil && c.State == models.CampaignDraft {
		return err
	}
	if err != nil {
		return h.showAgain(w, r, err)
	}
	done := models.T("copy.done")
	if made.AudienceID == 0 && c.AudienceID != 0 {
		done = models.T("copy.done_without")
	}
	return h.Redirect(w, r, views.StepPath(made, "message"), done)
}
