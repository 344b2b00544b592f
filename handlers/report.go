package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// NewResultAudience is the form that makes an audience of those with whom a campaign
// ended with certain codes.
func (h *Handlers) NewResultAudience(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	if c.State.Unlaunched() || c.ErasedAt != nil {
		return h.Redirect(w, r, views.CampaignPath(c), models.Text{})
	}
	codes, err := chosen(r, "code")
	if err != nil {
		return err
	}
	p := h.page(r, "report.save_title")
	return h.showResultAudience(w, r, p, views.ResultAudience{Campaign: c, Name: views.ResultAudienceName(p, c, codes), Chosen: codes}, nil)
}

// CreateResultAudience makes it.
func (h *Handlers) CreateResultAudience(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	codes, err := chosen(r, "code")
	if err != nil {
		return err
	}
	f := views.ResultAudience{Campaign: c, Name: field(r, "name"), Chosen: codes}
	a, err := h.actions.AudienceOfCodes(r.Context(), h.visit(r).actor, c, models.NewAudience{Name: f.Name}, codes)
	if err != nil {
		return h.showResultAudience(w, r, h.page(r, "report.save_title"), f, err)
	}
	return h.Redirect(w, r, views.AudiencePath(a), models.T("audience.created", "Name", a.Name))
}

func (h *Handlers) showResultAudience(w http.ResponseWriter, r *http.Request, p views.Page, f views.ResultAudience, err error) error {
	var readErr error
	if f.Codes, readErr = h.db.CodeCounts(r.Context(), f.ID); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.ResultAudiencePage(p, f, err))
}
