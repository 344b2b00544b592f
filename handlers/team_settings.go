package handlers

import (
	"cmp"
	"net/http"

	"soshik/models"
	"soshik/views"
)

// ShowTeamSettings is the settings of a team, with the forms that change them.
func (h *Handlers) ShowTeamSettings(w http.ResponseWriter, r *http.Request) error {
	return h.showTeamSettings(w, r, views.TeamSettings{In: models.SettingsOf(h.visit(r).team)})
}

// SaveTeamSettings changes the settings of a team.
func (h *Handlers) SaveTeamSettings(w http.ResponseWriter, r *http.Request) error {
	v, in := h.visit(r), models.TeamSettings{Lead: field(r, "lead"), Unit: models.LeadUnit(field(r, "unit")), Undo: field(r, "undo")}
	if err := h.actions.SaveTeamSettings(r.Context(), v.actor, v.team.ID, in); err != nil {
		return h.showTeamSettings(w, r, views.TeamSettings{In: in, Err: err})
	}
	return h.Redirect(w, r, views.TeamSettingsPath(v.team.ID), models.T("team_settings.saved"))
}

// AddTestNumber adds a test number to a team.
func (h *Handlers) AddTestNumber(w http.ResponseWriter, r *http.Request) error {
	v, in := h.visit(r), models.NewTestNumber{Name: field(r, "name"), Phone: field(r, "phone")}
	n, err := h.actions.AddTestNumber(r.Context(), v.actor, v.team.ID, in)
	if err != nil {
		return h.showTeamSettings(w, r, views.TeamSettings{In: models.SettingsOf(v.team), Number: in, NumberErr: err})
	}
	return h.Redirect(w, r, views.TeamSettingsPath(v.team.ID), models.T("test_number.added_now", "Name", n.Name))
}

// RemoveTestNumber takes a test number out of a team.
func (h *Handlers) RemoveTestNumber(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	id, err := pathID(r, "test_number")
	if err != nil {
		return err
	}
	if err := h.actions.RemoveTestNumber(r.Context(), v.actor, v.team.ID, id); err != nil {
		return err
	}
	return h.Redirect(w, r, views.TeamSettingsPath(v.team.ID), models.T("test_number.removed"))
}

func (h *Handlers) showTeamSettings(w http.ResponseWriter, r *http.Request, view views.TeamSettings) (err error) {
	if view.Numbers, err = h.db.TestNumberRows(r.Context(), h.visit(r).team.ID); err != nil {
		return err
	}
	if view.Recipients.Err == nil {
		view.Recipients.In = models.RecipientSettingsOf(h.visit(r).team)
	}
	if view.Approval.Err == nil {
		view.Approval.In = models.ApprovalSettingsOf(h.visit(r).team)
	}
	if view.PricesErr == nil {
		view.Prices = models.PricesOf(h.visit(r).team)
	}
	formErr := cmp.Or(view.Err, view.NumberErr, view.PricesErr, view.Recipients.Err, view.Approval.Err)
	return h.RenderForm(w, r, formErr, views.TeamSettingsPage(h.page(r, "team_settings.title"), view))
}
