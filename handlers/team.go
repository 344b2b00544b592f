package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// overviewAudit is how many entries of the audit log the overview shows.
const overviewAudit = 6

// overviewApprovals is how many campaigns that wait for approval the overview shows.
const overviewApprovals = 5

// overviewTroubles is how many senders, and how many templates, in trouble the overview
// shows.
const overviewTroubles = 10

// ShowTeam is the overview of a team.
func (h *Handlers) ShowTeam(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	var o views.Overview
	var err error
	if o.Appkeys, err = h.db.Appkeys(r.Context(), v.team.ID); err != nil {
		return err
	}
	if o.Senders, err = h.db.SenderCounts(r.Context(), v.team.ID); err != nil {
		return err
	}
	if o.Troubles, err = h.db.TroubledSenders(r.Context(), v.team.ID, overviewTroubles); err != nil {
		return err
	}
	if o.Templates, err = h.db.TroubledTemplates(r.Context(), v.team.ID, overviewTroubles); err != nil {
		return err
	}
	if v.actor.Can(models.Approve) {
		if o.Approvals, err = h.db.WaitingApprovals(r.Context(), v.team.ID, overviewApprovals); err != nil {
			return err
		}
	}
	if v.actor.Can(models.ViewAudit) {
		if o.Audit, err = h.db.AuditLogs(r.Context(), v.team.ID, 0, overviewAudit); err != nil {
			return err
		}
	}
	return h.Render(w, r, http.StatusOK, views.TeamPage(h.page(r, "nav.overview"), o))
}
