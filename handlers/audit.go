package handlers

import (
	"net/http"
	"strconv"

	"soshik/views"
)

// auditPage is how many entries a page of the audit log has.
const auditPage = 50

// ListAudit shows the audit log of a team, the newest entries first.
func (h *Handlers) ListAudit(w http.ResponseWriter, r *http.Request) error {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number begins at the top
	logs, err := h.db.AuditLogs(r.Context(), h.visit(r).team.ID, before, auditPage+1)
	if err != nil {
		return err
	}
	var next int64
	if len(logs) > auditPage {
		logs = logs[:auditPage]
		next = logs[auditPage-1].ID
	}
	return h.Render(w, r, http.StatusOK, views.AuditPage(h.page(r, "nav.audit"), logs, before, next))
}
