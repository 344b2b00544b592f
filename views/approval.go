package views

import (
	"strings"
	"time"

	"soshik/models"
)

// ApprovalPath is what is asked, and has been asked, of a second person about a
// campaign.
func ApprovalPath(c models.Campaign) string { return CampaignPath(c) + "/approval" }

// ApprovalsPath is what waits for the approvers of a team.
func ApprovalsPath(teamID int64) string { return TeamPath(teamID) + "/approvals" }

func approvalSettingsPath(teamID int64) string { return TeamSettingsPath(teamID) + "/approval" }

// ApprovalSettings is the form that says from how many recipients on a second person
// approves.
type ApprovalSettings struct {
	In  models.ApprovalSettings
	Err error
}

// AskStep is what the check has to say about approval.
type AskStep struct {
	Needed    bool // a second person approves
	From      int  // recipients from which they do
	In        models.NewApproval
	Approvers []models.User // who can be asked
}

// approvers names who can be asked.
func (s AskStep) approvers() string {
	names := make([]string, len(s.Approvers))
	for i, u := range s.Approvers {
		names[i] = u.Name
	}
	return strings.Join(names, ", ")
}

// ApprovalView is a campaign as it is shown to who approves it, and what was asked
// about it before.
type ApprovalView struct {
	Campaign  models.Campaign
	Approval  models.Approval // that is open; zero: none is
	Check     CheckStep
	History   []models.ApprovalRow
	Base      models.ApprovalRow // what is compared with; zero: nothing was asked before
	Diff      models.VersionDiff
	Rejection models.Rejection
	EditedBy  string
	Now       time.Time
}

// open is the open asking among the history, with names.
func (v ApprovalView) open() models.ApprovalRow {
	for _, row := range v.History {
		if row.ID == v.Approval.ID {
			return row
		}
	}
	return models.ApprovalRow{Approval: v.Approval}
}

// decides reports whether the person may approve or reject.
func (v ApprovalView) decides(p Page) bool {
	return v.Approval.State == models.ApprovalWaiting && p.Actor.Can(models.Approve) && !v.Approval.Own(p.Actor.User)
}

// waitsForOthers reports whether the person could approve, were it not their own.
func (v ApprovalView) waitsForOthers(p Page) bool {
	return v.Approval.State == models.ApprovalWaiting && p.Actor.Can(models.Approve) && v.Approval.Own(p.Actor.User)
}

// approveText says what the button that approves does.
func (v ApprovalView) approveText() models.Text {
	switch {
	case !v.Approval.Launch:
		return models.T("approval.approve")
	case v.Campaign.ScheduledAt != nil:
		return models.T("approval.approve_scheduled")
	}
	return models.T("approval.approve_now")
}

// launchText says what the button that launches does.
func (v ApprovalView) launchText() models.Text {
	if v.Campaign.ScheduledAt != nil {
		return models.T("compose.launch_at", "Time", *v.Campaign.ScheduledAt)
	}
	return models.T("approval.launch_now", "Count", v.Approval.Version.Sendable)
}

// approvalColor is the colour of an asking's state, of Tabler's.
func approvalColor(s models.ApprovalState) string {
	switch s {
	case models.ApprovalWaiting:
		return "yellow"
	case models.ApprovalApproved:
		return "azure"
	case models.ApprovalLaunched:
		return "green"
	case models.ApprovalRejected, models.ApprovalVoided:
		return "red"
	case models.ApprovalWithdrawn, models.ApprovalExpired:
		return "secondary"
	}
	panic("no approval state " + string(s))
}

// baseText says what is compared with.
func (v ApprovalView) baseText() models.Text {
	if v.Base.DecidedAt != nil && v.Base.State != models.ApprovalRejected {
		return models.T("approval.since_approved", "Time", *v.Base.DecidedAt, "Name", orDash(v.Base.Decided))
	}
	if v.Base.State == models.ApprovalRejected {
		return models.T("approval.since_rejected", "Time", *v.Base.DecidedAt, "Name", orDash(v.Base.Decided))
	}
	return models.T("approval.since_asked", "Time", v.Base.AskedAt, "Name", orDash(v.Base.Asked))
}

// recipientsChange says how the recipients have become others.
func recipientsChange(p Page, d models.VersionDiff) string {
	was, is := d.Was, d.Is
	switch {
	case was.AudienceID != is.AudienceID && was.Origin != "" && is.Origin != "":
		return p.T("approval.recipients_replaced_from", "Was", was.Audience, "WasOf", was.Origin, "Is", is.Audience, "IsOf", is.Origin)
	case was.AudienceID != is.AudienceID:
		return p.T("approval.recipients_replaced", "Was", was.Audience, "Is", is.Audience)
	}
	return p.T("approval.recipients_fewer", "Was", was.Audience, "Is", is.Audience)
}

// timeOf is when a version goes out.
func timeOf(p Page, v models.CampaignVersion) string {
	if v.ScheduledAt == nil {
		return p.T("campaigns.at_once")
	}
	return p.Time(*v.ScheduledAt)
}

// pacingOf is how a version is spread over time.
func pacingOf(p Page, v models.CampaignVersion) string {
	if !v.Pacing.Paced() {
		return p.T("pace.all_at_once")
	}
	return rateText(p, v.Pacing)
}

// campaignSetting is a value of a field of [models.VersionDiff] as it is shown.
func campaignSetting(p Page, field, value string) string {
	switch {
	case field == "fallback":
		return onOff(p, value == "true")
	case field == "fallback-type" && value == "":
		return p.T("compose.type_auto")
	case value == "":
		return "–"
	}
	return value
}
