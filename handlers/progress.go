package handlers

import (
	"context"
	"net/http"
	"strings"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// ShowCampaign is what has become of a campaign so far. A draft has no such page
// yet.
func (h *Handlers) ShowCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	switch {
	case c.State == models.CampaignDraft:
		return h.Redirect(w, r, views.StepPath(c, "message"), models.Text{})
	case c.State.Frozen():
		return h.Redirect(w, r, views.ApprovalPath(c), models.Text{})
	}
	return h.showCampaign(w, r, c, nil)
}

// refreshWithoutScript is how often a page of running work is asked for anew, in
// seconds.
const refreshWithoutScript = 5

func (h *Handlers) showCampaign(w http.ResponseWriter, r *http.Request, c models.Campaign, err error) error {
	view, readErr := h.progress(r, c)
	if readErr != nil {
		return readErr
	}
	p := h.titled(r, c.Name)
	view.Outage, p.Outage = p.Outage, models.Outage{} // it stands among the troubles
	if every := view.Poll(); every > 0 {
		p.Refresh = max(every, refreshWithoutScript)
	}
	if partial(r) {
		return h.RenderForm(w, r, err, views.CampaignPart(p, view, err))
	}
	return h.RenderForm(w, r, err, views.CampaignPage(p, view, err))
}

// comingDays is on how many days at most it is shown what is still to be sent.
const comingDays = 100

// groupsPerPage is how many rows of batches are shown.
const groupsPerPage = 50

func (h *Handlers) progress(r *http.Request, c models.Campaign) (v views.Progress, err error) {
	ctx := r.Context()
	v = views.Progress{Campaign: c, Now: h.now(), After: after(r), Each: r.URL.Query().Has("each"), CreatedBy: h.nameOf(ctx, c.CreatedBy), LaunchedBy: h.nameOf(ctx, c.LaunchedBy)}
	if v.Equation, err = h.db.Equation(ctx, c); err != nil {
		return v, err
	}
	if v.Sender, err = h.db.Sender(ctx, c.AppkeyID, c.SenderID); err != nil && models.KindOf(err) != models.NotFound {
		return v, err
	}
	if v.Codes, err = h.db.CodeCounts(ctx, c.ID); err != nil {
		return v, err
	}
	if v.Batches, err = h.db.BatchCounts(ctx, c.ID); err != nil {
		return v, err
	}
	if v.Approvals, err = h.db.CampaignApprovals(ctx, c.ID, approvalsShown); err != nil {
		return v, err
	}
	if v.Stoppable, err = h.db.Stoppable(ctx, c, h.now()); err != nil {
		return v, err
	}
	if v.Recalls, err = h.recallLines(r, c); err != nil {
		return v, err
	}
	if v.Moving, err = h.db.Moving(ctx, c.ID); err != nil {
		return v, err
	}
	if v.Retries, err = h.db.Retries(ctx, c.ID, recallsShown); err != nil {
		return v, err
	}
	if v.Coming, err = h.db.ComingDays(ctx, c.ID, comingDays); err != nil {
		return v, err
	}
	if err := h.batchGroups(ctx, &v); err != nil {
		return v, err
	}
	err = h.howItGoes(r, &v)
	return v, err
}

// howItGoes reads how fast the campaign goes, and what holds it up.
func (h *Handlers) howItGoes(r *http.Request, v *views.Progress) (err error) {
	v.Now, v.Settling = h.now(), h.actions.Timing.Settling
	v.Limited = h.actions.LimitedFor(h.visit(r).appkey)
	if v.Rates, err = h.db.Rates(r.Context(), v.Campaign, v.Now); err != nil {
		return err
	}
	v.Doubt, err = h.db.Doubt(r.Context(), v.ID)
	return err
}

// batchGroups reads a page of batches, and what was last answered about those that
// have not been handed over.
func (h *Handlers) batchGroups(ctx context.Context, v *views.Progress) (err error) {
	if v.Groups, err = h.db.BatchGroups(ctx, v.ID, v.After, v.Each, groupsPerPage+1); err != nil {
		return err
	}
	if len(v.Groups) > groupsPerPage {
		v.Groups = v.Groups[:groupsPerPage]
		v.Next = v.Groups[groupsPerPage-1].Last
	}
	var ids []int64
	for _, g := range v.Groups {
		if g.Batches == 1 && g.Calls > 0 && g.State != models.BatchHanded {
			ids = append(ids, g.BatchID)
		}
	}
	v.Calls, err = h.db.LastCalls(ctx, ids)
	return err
}

// nameOf is a person's name; empty if there is no such person any more.
func (s *Site) nameOf(ctx context.Context, userID int64) string {
	user, err := s.db.User(ctx, userID)
	if err != nil {
		return ""
	}
	return user.Name
}

// PauseCampaign holds back what has not been handed over.
func (h *Handlers) PauseCampaign(w http.ResponseWriter, r *http.Request) error {
	return h.steer(w, r, h.actions.Pause, "progress.paused")
}

// ResumeCampaign lets a stopped campaign go on.
func (h *Handlers) ResumeCampaign(w http.ResponseWriter, r *http.Request) error {
	return h.steer(w, r, h.actions.Resume, "progress.resumed")
}

// CancelCampaign stops a campaign for good.
func (h *Handlers) CancelCampaign(w http.ResponseWriter, r *http.Request) error {
	return h.steer(w, r, h.actions.Cancel, "progress.cancel_begun")
}

// steer carries out a change of a campaign's course. What cannot be done, since the
// campaign has moved on, is said on its page.
func (h *Handlers) steer(w http.ResponseWriter, r *http.Request, do func(context.Context, models.Actor, int64, int64) error, done string) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	if err := do(r.Context(), h.visit(r).actor, c.AppkeyID, c.ID); err != nil {
		return h.showAgain(w, r, err)
	}
	return h.Redirect(w, r, views.CampaignPath(c), models.T(done))
}

// showAgain shows the campaign as it is by now, with what went wrong.
func (h *Handlers) showAgain(w http.ResponseWriter, r *http.Request, err error) error {
	c, readErr := h.campaignOf(r)
	if readErr != nil {
		return readErr
	}
	return h.showCampaign(w, r, c, err)
}

// ConfirmCancel says what cancelling could still stop.
func (h *Handlers) ConfirmCancel(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	view, err := h.progress(r, c)
	if err != nil {
		return err
	}
	if !view.Cancellable() {
		return h.Redirect(w, r, views.CampaignPath(c), models.Text{})
	}
	return h.Render(w, r, http.StatusOK, views.CancelPage(h.titled(r, c.Name), view))
}

// DecideBatch carries out what a person says about a batch in doubt.
func (h *Handlers) DecideBatch(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	number, err := pathID(r, "number")
	if err != nil {
		return err
	}
	decision := actions.Decision(field(r, "decision"))
	done, known := map[actions.Decision]string{
		actions.CountAsSent: "progress.decided_sent", actions.SendAgain: "progress.decided_again",
	}[decision]
	if !known {
		return models.Errorf(models.Invalid, "error.invalid")
	}
	if err := h.actions.DecideBatch(r.Context(), h.visit(r).actor, c.AppkeyID, c.ID, number, decision); err != nil {
		return h.showAgain(w, r, err)
	}
	return h.Redirect(w, r, views.CampaignPath(c), models.T(done, "Number", number))
}

// ListMessages is the campaign's messages, filtered.
func (h *Handlers) ListMessages(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	view := views.MessageList{Campaign: c, Typed: strings.TrimSpace(r.URL.Query().Get("phone"))}
	view.Filter, err = messageFilter(r, view.Typed)
	if err == nil && c.RowsGoneAt == nil {
		var readErr error
		if view.Messages, readErr = h.db.Messages(r.Context(), c.ID, view.Filter, rowsPerPage+1); readErr != nil {
			return readErr
		}
	}
	if len(view.Messages) > rowsPerPage {
		view.Messages = view.Messages[:rowsPerPage]
		view.Next = view.Messages[rowsPerPage-1].ID
	}
	return h.RenderForm(w, r, err, views.MessagesPage(h.titled(r, c.Name), view, err))
}

// messageFilter is what the URL asks for.
func messageFilter(r *http.Request, typed string) (f models.MessageFilter, err error) {
	q := r.URL.Query()
	f = models.MessageFilter{Code: q.Get("code"), After: after(r)}
	for _, part := range models.Parts() {
		if q.Get("state") == string(part) && part != models.PartUnplanned {
			f.Part = part
		}
	}
	if typed == "" {
		return f, nil
	}
	phone, _, reason := kakao.NormalizePhone(typed)
	if reason != "" {
		text := models.T("import.reason." + string(reason))
		return f, &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: map[string]models.Text{"phone": text}}
	}
	f.Phone = phone
	return f, nil
}
