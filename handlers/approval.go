package handlers

import (
	"net/http"
	"strings"

	"soshik/models"
	"soshik/views"
)

const (
	// approvalsShown is how many askings are listed.
	approvalsShown = 100
	// decidedShown is how many of those that were decided last are.
	decidedShown = 20
)

// ListApprovals is what waits for the approvers of a team.
func (h *Handlers) ListApprovals(w http.ResponseWriter, r *http.Request) error {
	team := h.visit(r).team
	waiting, err := h.db.WaitingApprovals(r.Context(), team.ID, approvalsShown)
	if err != nil {
		return err
	}
	decided, err := h.db.DecidedApprovals(r.Context(), team.ID, decidedShown)
	if err != nil {
		return err
	}
	return h.Render(w, r, http.StatusOK, views.ApprovalsPage(h.page(r, "approval.title"), waiting, decided))
}

// ShowApproval is a campaign as it is shown to who approves it.
func (h *Handlers) ShowApproval(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	return h.showApproval(w, r, c, models.Rejection{}, nil)
}

func (h *Handlers) showApproval(w http.ResponseWriter, r *http.Request, c models.Campaign, in models.Rejection, err error) error {
	view := views.ApprovalView{Campaign: c, Rejection: in, Now: h.now()}
	if c.State.Frozen() {
		if readErr := h.readReview(r, &view); readErr != nil {
			return readErr
		}
		if partial(r) {
			return h.RenderForm(w, r, err, views.PhonePreview(h.titled(r, c.Name), view.Check.Preview, false))
		}
	}
	var readErr error
	if view.History, readErr = h.db.CampaignApprovals(r.Context(), c.ID, approvalsShown); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.ApprovalPage(h.titled(r, c.Name), view, err))
}

// readReview reads what is shown of a frozen campaign.
func (h *Handlers) readReview(r *http.Request, view *views.ApprovalView) (err error) {
	ctx, c := r.Context(), view.Campaign
	if view.Approval, _, err = h.db.OpenApproval(ctx, c.ID); err != nil {
		return err
	}
	senders, err := h.db.Senders(ctx, c.AppkeyID)
	if err != nil {
		return err
	}
	view.Check = views.CheckStep{Campaign: c}
	if view.Check.Preview, err = h.preview(r, c, senders, "kakao"); err != nil || partial(r) {
		return err
	}
	k, found, err := h.db.Check(ctx, c.ID)
	if err != nil {
		return err
	}
	if found && k.Of(c) && k.State == models.CheckDone {
		team := h.visit(r).team
		view.Check.Check, view.Check.Prices = k, team.Prices
		view.Check.Course = c.CourseNow(team, k.Total, h.now())
		if view.Check.Report, err = h.actions.Review(ctx, c, k); err != nil {
			return err
		}
	}
	view.EditedBy = h.nameOf(ctx, view.Approval.EditedBy)
	base, found, err := h.db.LastVersion(ctx, c.ID, view.Approval.ID)
	if err != nil || !found {
		return err
	}
	view.Base = models.ApprovalRow{Approval: base, Asked: h.nameOf(ctx, base.AskedBy), Decided: h.nameOf(ctx, base.DecidedBy)}
	view.Diff = models.CompareCampaigns(base.Version, view.Approval.Version)
	return nil
}

// AskApproval freezes the draft that was checked, and asks a second person.
func (h *Handlers) AskApproval(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		in := models.NewApproval{Message: strings.TrimSpace(text(r, "message")), Launch: checked(r, "launch")}
		err := h.actions.AskApproval(r.Context(), h.visit(r).actor, draft.AppkeyID, draft.ID, int(number(r, "revision")), in)
		if err == nil {
			return h.Redirect(w, r, views.ApprovalPath(draft), models.T("approval.asked"))
		}
		return h.compose(w, r, func(again models.Campaign) error { return h.showCheck(w, r, again, &in, err) })
	})
}

// Decide approves a campaign, or rejects it with a reason.
func (h *Handlers) Decide(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	by, id, in := h.visit(r).actor, number(r, "approval"), models.Rejection{Reason: strings.TrimSpace(text(r, "reason"))}
	done := models.T("approval.approved_now")
	switch field(r, "decision") {
	case "approve":
		if err = h.actions.Approve(r.Context(), by, c.AppkeyID, c.ID, id); c.ScheduledAt == nil {
			done = models.T("approval.approved_for_a_day")
		}
	case "reject":
		err = h.actions.Reject(r.Context(), by, c.AppkeyID, c.ID, id, in)
		done = models.T("approval.rejected_now")
	default:
		err = models.Errorf(models.Invalid, "error.invalid")
	}
	if err != nil {
		return h.showDecision(w, r, in, err)
	}
	return h.Redirect(w, r, views.ApprovalPath(c), done)
}

// showDecision shows the campaign as it is by now, with what went wrong.
func (h *Handlers) showDecision(w http.ResponseWriter, r *http.Request, in models.Rejection, err error) error {
	c, readErr := h.campaignOf(r)
	if readErr != nil {
		return readErr
	}
	return h.showApproval(w, r, c, in, err)
}

// WithdrawApproval makes a frozen campaign a draft again, to be edited.
func (h *Handlers) WithdrawApproval(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	if err := h.actions.WithdrawApproval(r.Context(), h.visit(r).actor, c.AppkeyID, c.ID); err != nil {
		return h.showDecision(w, r, models.Rejection{}, err)
	}
	return h.Redirect(w, r, views.StepPath(c, "message"), models.T("approval.withdrawn_now"))
}

// launchApproved launches a campaign that was approved. One that cannot be launched any
// more may be a draft again by now.
func (h *Handlers) launchApproved(w http.ResponseWriter, r *http.Request, c models.Campaign) error {
	err := h.actions.Launch(r.Context(), h.visit(r).actor, c.AppkeyID, c.ID, int(number(r, "revision")))
	if err == nil {
		return h.Redirect(w, r, views.CampaignPath(c), views.LaunchedText(c))
	}
	return h.showDecision(w, r, models.Rejection{}, err)
}

// SaveApprovalSettings changes from how many recipients on a second person approves.
func (h *Handlers) SaveApprovalSettings(w http.ResponseWriter, r *http.Request) error {
	v, in := h.visit(r), models.ApprovalSettings{From: field(r, "approve_from")}
	if err := h.actions.SaveApprovalSettings(r.Context(), v.actor, v.team.ID, in); err != nil {
		return h.showTeamSettings(w, r, views.TeamSettings{In: models.SettingsOf(v.team), Approval: views.ApprovalSettings{In: in, Err: err}})
	}
	return h.Redirect(w, r, views.TeamSettingsPath(v.team.ID), models.T("team_settings.saved"))
}
