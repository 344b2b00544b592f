package handlers

import (
	"net/http"
	"slices"

	"soshik/models"
	"soshik/views"
)

const (
	// overviewAudit is how many entries of the audit log the overview shows.
	overviewAudit = 6
	// overviewApprovals is how many campaigns that wait for approval it shows.
	overviewApprovals = 5
	// overviewTroubles is how many senders, and how many templates, in trouble it shows.
	overviewTroubles = 10
	// overviewCampaigns is how many campaigns that go on, and how many coming ones, it
	// shows.
	overviewCampaigns = 6
	// overviewSenders is how many senders' quotas it shows.
	overviewSenders = 6
	// overviewDays is over how many days it tells how messages went.
	overviewDays = 30
)

// ShowTeam is the overview of a team.
func (h *Handlers) ShowTeam(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	appkeys, err := h.db.Appkeys(r.Context(), v.team.ID)
	if err != nil {
		return err
	}
	o := views.Overview{Appkeys: appkeys}
	o.Board = views.Board{Path: views.TeamPath(v.team.ID), Calendar: views.TeamCalendarPath(v.team.ID)}
	if err := h.fillOverview(r, &o); err != nil {
		return err
	}
	p := h.page(r, "nav.overview")
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.OverviewPart(p, o))
	}
	p.Refresh = refreshOverview
	return h.Render(w, r, http.StatusOK, views.TeamPage(p, o))
}

// ShowAppkey is the overview of an appkey.
func (h *Handlers) ShowAppkey(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	o := views.Overview{OneAppkey: true, Appkeys: []models.Appkey{v.appkey}}
	o.Board = views.Board{Path: views.AppkeyPath(v.appkey.ID), Calendar: views.CalendarPath(v.appkey.ID)}
	if err := h.fillOverview(r, &o); err != nil {
		return err
	}
	p := h.titled(r, v.appkey.Name)
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.OverviewPart(p, o))
	}
	p.Refresh = refreshOverview
	return h.Render(w, r, http.StatusOK, views.AppkeyOverviewPage(p, o))
}

// refreshOverview is after how many seconds an overview asks anew where there is no
// script.
const refreshOverview = 60

// fillOverview reads everything that an overview of o's appkeys shows.
func (h *Handlers) fillOverview(r *http.Request, o *views.Overview) (err error) {
	v, ctx := h.visit(r), r.Context()
	o.Board.Scope = models.Scope{TeamID: v.team.ID, Appkeys: o.Appkeys}
	if o.Senders, err = h.db.SenderCounts(ctx, v.team.ID); err != nil {
		return err
	}
	if o.Templates, err = h.db.TroubledTemplates(ctx, v.team.ID, overviewTroubles); err != nil {
		return err
	}
	if o.OneAppkey {
		o.Templates = slices.DeleteFunc(o.Templates, func(t models.TroubledTemplate) bool { return t.AppkeyID != v.appkey.ID })
	} else if o.Troubles, err = h.db.TroubledSenders(ctx, v.team.ID, overviewTroubles); err != nil {
		return err
	}
	if v.actor.Can(models.Approve) && !o.OneAppkey {
		if o.Approvals, err = h.db.WaitingApprovals(ctx, v.team.ID, overviewApprovals); err != nil {
			return err
		}
	}
	if v.actor.Can(models.ViewAudit) && !o.OneAppkey {
		if o.Audit, err = h.db.AuditLogs(ctx, v.team.ID, 0, overviewAudit); err != nil {
			return err
		}
	}
	if err := h.fillBoard(r, &o.Board); err != nil {
		return err
	}
	h.fillAlarms(o)
	if v.actor.Can(models.Approve) {
		if o.Board.Waiting, err = h.db.ApprovalCount(ctx, v.team.ID, v.actor.User); err != nil {
			return err
		}
	}
	if v.actor.Can(models.ManageTeam) {
		o.Board.Failing, err = h.db.FailingJobs(ctx)
	}
	return err
}

// fillBoard reads what goes on.
func (h *Handlers) fillBoard(r *http.Request, b *views.Board) (err error) {
	ctx := r.Context()
	b.Now = h.now()
	if b.Running, err = h.db.RunningCampaigns(ctx, b.Scope, overviewCampaigns); err != nil {
		return err
	}
	if b.Coming, err = h.db.ComingCampaigns(ctx, b.Scope, b.Now, overviewCampaigns); err != nil {
		return err
	}
	if b.Open, err = h.db.OpenCounts(ctx, b.Scope); err != nil {
		return err
	}
	if b.Senders, err = h.db.SendersToday(ctx, b.Scope, b.Now, overviewSenders); err != nil {
		return err
	}
	if b.Days, err = h.db.OutcomesOf(ctx, b.Scope, b.Now, overviewDays); err != nil {
		return err
	}
	b.Awaited, err = h.db.OldestAwaited(ctx, b.Scope, b.Now)
	return err
}

// fillAlarms adds what is known without asking the database.
func (h *Handlers) fillAlarms(o *views.Overview) {
	for _, k := range o.Appkeys {
		if outage := h.actions.Outage(k); outage.On() {
			o.Board.Resting, o.Board.Outages = append(o.Board.Resting, k), append(o.Board.Outages, outage)
		}
		if k.Stopped() {
			o.Board.Stopped = append(o.Board.Stopped, k)
		}
		for t, n := range o.Senders[k.ID].Troubles {
			if t.Sudden() {
				o.Board.Blocked += int64(n)
			}
		}
	}
	o.Board.Refused = int64(len(o.Templates))
}
