package handlers

import (
	"net/http"
	"strconv"

	"soshik/models"
	"soshik/views"
)

// ShowCheck is the last step of composing: everything that speaks against the
// campaign or for it, and the button that launches it.
func (h *Handlers) ShowCheck(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		return h.showCheck(w, r, draft, nil, nil)
	})
}

// CheckCampaign runs the check, or runs it once more.
func (h *Handlers) CheckCampaign(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		if _, err := h.actions.CheckAgain(r.Context(), h.visit(r).actor, draft); err != nil {
			return err
		}
		return h.Redirect(w, r, views.StepPath(draft, "check"), models.Text{})
	})
}

// checkOf is the check of c as it is; zero if there is none.
func (h *Handlers) checkOf(r *http.Request, c models.Campaign) (models.Check, error) {
	k, _, err := h.db.Check(r.Context(), c.ID)
	if err != nil || !k.Of(c) {
		return models.Check{}, err
	}
	return k, nil
}

// toCheck leads to the check of a draft that is ready for it, and begins one where none
// runs or holds.
func (h *Handlers) toCheck(w http.ResponseWriter, r *http.Request, draft models.Campaign) error {
	if _, err := h.actions.StartCheck(r.Context(), h.visit(r).actor, draft); err != nil {
		return err
	}
	return h.Redirect(w, r, views.StepPath(draft, "check"), models.Text{})
}

// askStep is whether a second person is to be asked, and who could be. Whoever has asked
// before there is a report keeps what they have typed.
func (h *Handlers) askStep(r *http.Request, c models.Campaign, report models.Report, asked *models.NewApproval) (s views.AskStep, err error) {
	v := h.visit(r)
	needed := v.team.NeedsApproval(report.Audience) || asked != nil && report.Audience == 0
	s = views.AskStep{Needed: needed, From: v.team.ApproveFrom, In: models.NewApproval{Launch: c.ScheduledAt != nil}}
	if asked != nil {
		s.In = *asked
	}
	if s.Needed {
		s.Approvers, err = h.db.Approvers(r.Context(), v.team.ID, v.actor.User, c.EditedBy)
	}
	return s, err
}

// showCheck shows what the check has found, and what was typed to ask for approval, if
// anything was.
func (h *Handlers) showCheck(w http.ResponseWriter, r *http.Request, c models.Campaign, asked *models.NewApproval, err error) error {
	step := views.CheckStep{Campaign: c}
	var readErr error
	if step.Check, readErr = h.checkOf(r, c); readErr != nil {
		return readErr
	}
	p := h.titled(r, c.Name)
	if step.Running() {
		p.Refresh = refreshWithoutScript
	}
	if partial(r) {
		if !step.Running() {
			w.Header().Set("HX-Refresh", "true")
		}
		return h.Render(w, r, http.StatusOK, views.CheckProgress(p, step))
	}
	if step.Check.State == models.CheckDone {
		step.Stale = !step.Check.Holds(c, h.now())
		if step.Report, readErr = h.actions.Review(r.Context(), c, step.Check); readErr != nil {
			return readErr
		}
	}
	if step.Done() || asked != nil {
		if step.Ask, readErr = h.askStep(r, c, step.Report, asked); readErr != nil {
			return readErr
		}
	}
	team := h.visit(r).team
	step.Prices, step.Course = team.Prices, c.CourseNow(team, step.Report.Audience, h.now())
	senders, readErr := h.db.Senders(r.Context(), c.AppkeyID)
	if readErr != nil {
		return readErr
	}
	if step.Preview, readErr = h.preview(r, c, senders, "kakao"); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.CheckPage(p, step, err))
}

// checkRows answers for recipients behind a finding with fn. Where there are none, as
// after an edit, the check is what there is to see; after the launch, the campaign, whose
// messages say more.
func (h *Handlers) checkRows(w http.ResponseWriter, r *http.Request, fn func(list views.CheckRowsList) error) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	if !c.State.Unlaunched() {
		return h.Redirect(w, r, views.CampaignPath(c), models.T("check.rows_launched"))
	}
	k, _, err := h.db.Check(r.Context(), c.ID)
	if err != nil {
		return err
	}
	f, found := k.Report.Finding(r.PathValue("rows"))
	if !found || !k.Of(c) {
		return h.Redirect(w, r, views.StepPath(c, "check"), models.Text{})
	}
	return fn(views.CheckRowsList{Campaign: c, Finding: f})
}

// ListCheckRows are the recipients behind a finding.
func (h *Handlers) ListCheckRows(w http.ResponseWriter, r *http.Request) error {
	return h.checkRows(w, r, func(list views.CheckRowsList) (err error) {
		list.After = after(r)
		if list.Rows, err = h.db.CheckRows(r.Context(), list.Campaign.ID, list.Finding.Rows, list.After, rowsPerPage+1); err != nil {
			return err
		}
		if len(list.Rows) > rowsPerPage {
			list.Rows = list.Rows[:rowsPerPage]
			list.Next = list.Rows[rowsPerPage-1].Position
		}
		return h.Render(w, r, http.StatusOK, views.CheckRowsPage(h.titled(r, list.Campaign.Name), list))
	})
}

// DownloadCheckRows are they as a CSV file.
func (h *Handlers) DownloadCheckRows(w http.ResponseWriter, r *http.Request) error {
	return h.checkRows(w, r, func(list views.CheckRowsList) error {
		v := h.visit(r)
		if err := h.actions.ExportCheckRows(r.Context(), v.actor, list.Campaign, list.Finding); err != nil {
			return err
		}
		csvHeaders(w, "check-"+strconv.FormatInt(list.Campaign.ID, 10)+"-"+list.Finding.Rows)
		behind := int64(0)
		h.stream(r, w, views.CheckRowsHeader(v.locale, list), func() ([][]string, error) {
			rows, err := h.db.CheckRows(r.Context(), list.Campaign.ID, list.Finding.Rows, behind, downloadChunk)
			lines := make([][]string, len(rows))
			for i, row := range rows {
				lines[i], behind = views.CheckRowFields(list, row), row.Position
			}
			return lines, err
		})
		return nil
	})
}

// SavePrices changes what a team pays for a message.
func (h *Handlers) SavePrices(w http.ResponseWriter, r *http.Request) error {
	v, in := h.visit(r), models.NewPrices{}
	for _, kind := range models.PriceKinds() {
		in[kind] = field(r, string(kind))
	}
	if err := h.actions.SavePrices(r.Context(), v.actor, v.team.ID, in); err != nil {
		return h.showTeamSettings(w, r, views.TeamSettings{In: models.SettingsOf(v.team), Prices: in, PricesErr: err})
	}
	return h.Redirect(w, r, views.TeamSettingsPath(v.team.ID), models.T("price.saved"))
}
