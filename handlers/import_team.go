package handlers

import (
	"io"
	"net/http"
	"path"
	"strings"

	"soshik/internal/actions"
	"soshik/models"
	"soshik/views"
)

// teamImport is an import for no campaign that the URL names. The campaign that it
// comes with is none, but is the team's.
func (h *Handlers) teamImport(r *http.Request) (c models.Campaign, i models.Import, err error) {
	id, err := pathID(r, "import")
	if err != nil {
		return c, i, err
	}
	v := h.visit(r)
	if i, err = h.db.TeamImport(r.Context(), v.team.ID, id); err != nil {
		return c, i, err
	}
	c = noCampaign(v.team)
	c.Name = i.TargetName
	switch i.Purpose {
	case models.PurposeSuppress:
		c.Name = v.locale.T("nav.suppressions")
	case models.PurposeAppend, models.PurposeReplace, models.PurposeSubtract:
		if a, err := h.db.NamedAudience(r.Context(), v.team.ID, i.TargetID); err == nil {
			c.Name = a.Name
		}
	case models.PurposeCampaign, models.PurposeCreate:
	}
	return c, i, nil
}

// noCampaign is what an import belongs to that is for no campaign.
func noCampaign(team models.Team) models.Campaign {
	return models.Campaign{TeamID: team.ID, State: models.CampaignDraft}
}

// fileFields are the fields of a form with a file that stand before it.
type fileFields map[string]string

// maxField is how long such a field may be, in bytes.
const maxField = 4096

// teamUpload is the form's file, which has not been read yet, and the fields before
// it.
func (h *Handlers) teamUpload(r *http.Request) (up actions.Upload, fields fileFields, err error) {
	fields = fileFields{}
	if r.ContentLength > h.cfg.MaxUpload+formSlack {
		return up, fields, actions.TooLarge(h.cfg.MaxUpload)
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return up, fields, noFile(err)
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return up, fields, noFile(err)
		}
		if part.FormName() == "file" && part.FileName() != "" {
			return actions.Upload{Name: fileName(part), Body: part, Max: h.cfg.MaxUpload}, fields, nil
		}
		text, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil {
			return up, fields, err
		}
		fields[part.FormName()] = strings.TrimSpace(strings.ToValidUTF8(string(text), "�"))
	}
}

// withFile reports whether the form comes with a file.
func withFile(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
}

// uploadAudience takes a file that makes or changes an audience, and leads to what its
// columns are.
func (h *Handlers) uploadAudience(w http.ResponseWriter, r *http.Request, a models.Audience) error {
	v, f := h.visit(r), h.audienceForm(r, a)
	up, fields, err := h.teamUpload(r)
	f.Name, f.Kind = fields["name"], models.WorkKind(fields["kind"])
	if err == nil {
		up.For, up.Target = models.PurposeCreate, a.ID
		up.Called = f.Name
		if up.Called == "" {
			up.Called = strings.TrimSuffix(up.Name, path.Ext(up.Name))
		}
		up.Called = cut(up.Called, models.MaxName)
		if a.ID != 0 {
			up.For = models.ImportPurpose(f.Kind)
		}
		var i models.Import
		if i, err = h.actions.CreateTeamImport(r.Context(), v.actor, v.team.ID, up); err == nil {
			return h.Redirect(w, r, views.ImportPath(noCampaign(v.team), i.ID), models.Text{})
		}
	}
	return h.showAudienceForm(w, r, f, err)
}

// cut is text with at most n characters.
func cut(text string, n int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), n)])
}

// readTaken reads which audiences the campaign's recipients come from, if they do.
func (h *Handlers) readTaken(r *http.Request, c models.Campaign, view *views.Recipients) error {
	last, found, err := h.db.LastCampaignWork(r.Context(), c.ID)
	if err != nil || !found {
		return err
	}
	view.Works = last.State == models.WorkRunning
	if view.Works || last.State != models.WorkDone || last.AudienceID != c.AudienceID {
		return nil
	}
	a, err := h.db.Audience(r.Context(), c.TeamID, c.AudienceID)
	if err != nil {
		return err
	}
	view.Taken, view.HasTaken, view.TakenSize = last, true, a.Size
	return nil
}
