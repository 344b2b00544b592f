package handlers

import (
	"context"
	"net/http"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// ListSuppressions is the suppression list of a team.
func (h *Handlers) ListSuppressions(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	list := views.SuppressionList{Typed: query(r, "phone"), Filter: models.SuppressionFilter{Past: query(r, "past") != "", Before: queryID(r, "before")}}
	if partial(r) {
		return h.showSuppressing(w, r, list)
	}
	var err error
	if list.Typed != "" {
		list.Suppressions, err = h.findSuppressions(r.Context(), v.team, list.Typed)
	} else {
		list.Suppressions, err = h.db.Suppressions(r.Context(), v.team.ID, list.Filter, rowsPerPage+1)
	}
	if err != nil && models.KindOf(err) != models.Invalid {
		return err
	}
	if len(list.Suppressions) > rowsPerPage {
		list.Suppressions = list.Suppressions[:rowsPerPage]
		list.Next = list.Suppressions[rowsPerPage-1].ID
	}
	var readErr error
	if list.Names, readErr = h.suppressors(r.Context(), list.Suppressions); readErr != nil {
		return readErr
	}
	if list.Work, readErr = h.suppressing(r); readErr != nil {
		return readErr
	}
	p := h.page(r, "nav.suppressions")
	if list.Work.State == models.WorkRunning {
		p.Refresh = refreshWithoutScript
	}
	return h.RenderForm(w, r, err, views.SuppressionsPage(p, list, err))
}

// suppressing is the work that puts, or has put, the last file's numbers on the list.
func (h *Handlers) suppressing(r *http.Request) (views.WorkView, error) {
	last, found, err := h.db.LastSuppressing(r.Context(), h.visit(r).team.ID)
	if err != nil || !found {
		return views.WorkView{}, err
	}
	return h.workView(r.Context(), last)
}

func (h *Handlers) showSuppressing(w http.ResponseWriter, r *http.Request, list views.SuppressionList) (err error) {
	if list.Work, err = h.suppressing(r); err != nil {
		return err
	}
	if list.Work.State != models.WorkRunning {
		w.Header().Set("HX-Refresh", "true")
	}
	return h.Render(w, r, http.StatusOK, views.SuppressionStatus(h.page(r, "nav.suppressions"), list))
}

// findSuppressions are all suppressions of a number, those of its hash included.
func (h *Handlers) findSuppressions(ctx context.Context, team models.Team, typed string) ([]models.Suppression, error) {
	phone, _, reason := kakao.NormalizePhone(typed)
	if reason != "" {
		text := models.T("import.reason." + string(reason))
		return nil, &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: map[string]models.Text{"phone": text}}
	}
	found, err := h.db.Suppressions(ctx, team.ID, models.SuppressionFilter{Phone: phone}, rowsPerPage)
	if err != nil {
		return nil, err
	}
	hash, err := h.actions.Hasher(team)
	if err != nil || hash == nil {
		return found, err
	}
	hashed, err := h.db.Suppressions(ctx, team.ID, models.SuppressionFilter{Phone: hash(phone)}, rowsPerPage)
	return append(found, hashed...), err
}

// suppressors are the names of the people who put numbers on the list, or took them
// off it.
func (h *Handlers) suppressors(ctx context.Context, ss []models.Suppression) (map[int64]string, error) {
	var ids []int64
	for _, s := range ss {
		ids = append(ids, s.CreatedBy, s.RemovedBy)
	}
	return h.db.NamesOf(ctx, ids)
}

// NewSuppression is the form that puts numbers on the list.
func (h *Handlers) NewSuppression(w http.ResponseWriter, r *http.Request) error {
	return h.showSuppressionForm(w, r, views.SuppressionForm{File: query(r, "from") == "file"}, nil)
}

// CreateSuppressions puts numbers on the list.
func (h *Handlers) CreateSuppressions(w http.ResponseWriter, r *http.Request) error {
	if withFile(r) {
		return h.uploadSuppressions(w, r)
	}
	v, f := h.visit(r), views.SuppressionForm{}
	f.In = models.NewSuppression{Reason: field(r, "reason"), Pasted: models.Pasted{Text: r.PostFormValue("pasted"), LeaveOut: checked(r, "leave_out")}}
	n, err := h.actions.Suppress(r.Context(), v.actor, v.team.ID, f.In)
	if err != nil {
		return h.showSuppressionForm(w, r, f, err)
	}
	return h.Redirect(w, r, views.SuppressionsPath(v.team.ID), models.T("suppression.added", "Count", n))
}

// uploadSuppressions takes a file of numbers for the list.
func (h *Handlers) uploadSuppressions(w http.ResponseWriter, r *http.Request) error {
	v, f := h.visit(r), views.SuppressionForm{File: true}
	up, fields, err := h.teamUpload(r)
	f.In.Reason = fields["reason"]
	if err == nil {
		err = models.CheckReason(f.In.Reason)
	}
	if err == nil {
		up.For, up.Called = models.PurposeSuppress, f.In.Reason
		var i models.Import
		if i, err = h.actions.CreateTeamImport(r.Context(), v.actor, v.team.ID, up); err == nil {
			return h.Redirect(w, r, views.ImportPath(noCampaign(v.team), i.ID), models.Text{})
		}
	}
	return h.showSuppressionForm(w, r, f, err)
}

func (h *Handlers) showSuppressionForm(w http.ResponseWriter, r *http.Request, f views.SuppressionForm, err error) error {
	f.MaxUpload = h.cfg.MaxUpload
	return h.RenderForm(w, r, err, views.SuppressionFormPage(h.page(r, "suppression.add"), f, err))
}

// suppression is the one that the URL names.
func (h *Handlers) suppression(r *http.Request) (models.Suppression, error) {
	id, err := pathID(r, "suppression")
	if err != nil {
		return models.Suppression{}, err
	}
	return h.db.Suppression(r.Context(), h.visit(r).team.ID, id)
}

// ShowSuppression is the proof of one suppression.
func (h *Handlers) ShowSuppression(w http.ResponseWriter, r *http.Request) error {
	s, err := h.suppression(r)
	if err != nil {
		return err
	}
	return h.showSuppression(w, r, s, "", nil)
}

// RemoveSuppression takes a number off the list.
func (h *Handlers) RemoveSuppression(w http.ResponseWriter, r *http.Request) error {
	s, err := h.suppression(r)
	if err != nil {
		return err
	}
	reason := field(r, "reason")
	if err := h.actions.Unsuppress(r.Context(), h.visit(r).actor, s, reason); err != nil {
		return h.showSuppression(w, r, s, reason, err)
	}
	return h.Redirect(w, r, views.SuppressionPath(s), models.T("suppression.removed_now"))
}

func (h *Handlers) showSuppression(w http.ResponseWriter, r *http.Request, s models.Suppression, reason string, err error) error {
	ctx, view := r.Context(), views.SuppressionView{Suppression: s, Reason: reason}
	all, readErr := h.db.Suppressions(ctx, s.TeamID, models.SuppressionFilter{Phone: s.Phone}, rowsPerPage)
	if readErr != nil {
		return readErr
	}
	for _, other := range all {
		if other.ID != s.ID {
			view.Before = append(view.Before, other)
		}
	}
	if view.Names, readErr = h.suppressors(ctx, append(all, s)); readErr != nil {
		return readErr
	}
	stops, readErr := h.db.StopsOf(ctx, s.ID, rowsPerPage)
	if readErr != nil {
		return readErr
	}
	for _, stop := range stops {
		c, readErr := h.db.CampaignByID(ctx, stop.CampaignID)
		if readErr != nil {
			return readErr
		}
		view.Stops = append(view.Stops, views.StopView{MessageStop: stop, Campaign: c})
	}
	p := h.page(r, "suppression.one")
	return h.RenderForm(w, r, err, views.SuppressionPage(p, view, err))
}

// ExportSuppressions is the suppression list as a CSV file.
func (h *Handlers) ExportSuppressions(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	if err := h.actions.ExportSuppressions(r.Context(), v.actor, v.team); err != nil {
		return err
	}
	csvHeaders(w, "suppressions")
	p, before := h.page(r, "nav.suppressions"), int64(0)
	h.stream(r, w, views.SuppressionHeader(v.locale), func() ([][]string, error) {
		ss, err := h.db.Suppressions(r.Context(), v.team.ID, models.SuppressionFilter{Before: before}, downloadChunk)
		lines := make([][]string, len(ss))
		for i, s := range ss {
			lines[i], before = views.SuppressionFields(p, s), s.ID
		}
		return lines, err
	})
	return nil
}

// SaveRecipientSettings changes what a team does about opt-outs, too many messages and
// old personal data.
func (h *Handlers) SaveRecipientSettings(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return models.Errorf(models.Invalid, "error.invalid")
	}
	v := h.visit(r)
	in := models.RecipientSettings{Codes: r.PostForm["code"], Limit: field(r, "weekly_limit"), Retention: field(r, "retention")}
	if err := h.actions.SaveRecipientSettings(r.Context(), v.actor, v.team.ID, in); err != nil {
		return h.showTeamSettings(w, r, views.TeamSettings{In: models.SettingsOf(v.team), Recipients: views.RecipientSettings{In: in, Err: err}})
	}
	return h.Redirect(w, r, views.TeamSettingsPath(v.team.ID), models.T("team_settings.saved"))
}
