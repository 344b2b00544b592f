package views

import (
	"bytes"
	"encoding/json"
	"fmt"

	"soshik/models"
)

// auditBefore is the page of the audit log that begins behind the entry id.
func auditBefore(teamID, id int64) string { return fmt.Sprintf("%s?before=%d", AuditPath(teamID), id) }

// auditAction is an action in words; one that the catalogs do not know keeps its
// name.
func auditAction(p Page, action string) string { return known(p, "audit."+action, action) }

// auditObject is the kind of an object in words.
func auditObject(p Page, kind string) string { return known(p, "audit.object."+kind, kind) }

// known is the text for key, or else what there is no text for.
func known(p Page, key, otherwise string) string {
	if p.Has(key) {
		return p.T(key)
	}
	return otherwise
}

// auditWho is who did it.
func auditWho(p Page, l models.AuditLog) string {
	if l.UserID == 0 {
		return p.T("audit.program")
	}
	return l.UserName
}

func outcomeClass(o models.Outcome) string {
	switch o {
	case models.OutcomeFailed:
		return "badge bg-red-lt"
	case models.OutcomeDenied:
		return "badge bg-orange-lt"
	}
	return "badge bg-green-lt"
}

// indented is JSON for people to read.
func indented(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}
