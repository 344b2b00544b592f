package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"soshik/models"
)

// LaunchApproved asks a worker to run [Service.LaunchApproved].
type LaunchApproved struct {
	ApprovalID int64 `json:"approval_id"`
}

// Kind names the job.
func (LaunchApproved) Kind() string { return "launch_approved" }

const (
	// launchEvery is how long after one try the launch of an approved campaign is tried
	// again.
	launchEvery = 15 * time.Second
	// sweepApprovals is how many approvals one sweep takes up.
	sweepApprovals = 100
)

// noDraft says why c can be neither edited nor launched as a draft.
func noDraft(c models.Campaign) error {
	if c.State.Frozen() {
		return models.Errorf(models.Conflict, "approval.frozen")
	}
	return models.Errorf(models.Conflict, "campaign.launched_already")
}

func approvalEvent(action string, c models.Campaign, a models.Approval) models.Event {
	return models.Event{
		Action: action, TeamID: c.TeamID, AppkeyID: c.AppkeyID, ObjectType: "campaign", ObjectID: c.ID, ObjectName: c.Name,
		After: map[string]any{"approval": a.ID, "hash": a.ShortHash()},
	}
}

// SaveApprovalSettings changes from how many recipients on a second person approves
// the campaigns of a team.
func (s *Service) SaveApprovalSettings(ctx context.Context, by models.Actor, teamID int64, in models.ApprovalSettings) error {
	if err := by.May(models.ManageTeam); err != nil {
		return err
	}
	from, err := in.Recipients()
	if err != nil {
		return err
	}
	e := models.Event{Action: "team.update", TeamID: teamID, ObjectType: "team", ObjectID: teamID, After: map[string]any{"approve_from": from}}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		t, err := tx.Team(ctx, teamID)
		if err != nil {
			return err
		}
		e.ObjectName, e.Before = t.Name, map[string]any{"approve_from": t.ApproveFrom}
		t.ApproveFrom = from
		return tx.SaveApprovalSettings(ctx, t)
	})
}

// AskApproval freezes a draft and asks a second person to approve it. revision is the
// one that was checked.
func (s *Service) AskApproval(ctx context.Context, by models.Actor, appkeyID, id int64, revision int, in models.NewApproval) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	if err := in.Validate(); err != nil {
		return err
	}
	c, err := s.DB.Campaign(ctx, appkeyID, id)
	if err != nil {
		return err
	}
	if c.State != models.CampaignDraft {
		return noDraft(c)
	}
	if c.Revision != revision {
		return models.Errorf(models.Conflict, "check.changed")
	}
	a, err := s.newApproval(ctx, by, c, in)
	if err != nil {
		return err
	}
	e := approvalEvent("approval.ask", c, a)
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		frozen, err := tx.FreezeCampaign(ctx, c)
		if err != nil {
			return err
		}
		if !frozen {
			return models.Errorf(models.Conflict, "check.changed")
		}
		if err := tx.CreateApproval(ctx, &a); err != nil {
			return err
		}
		e.After = map[string]any{
			"approval": a.ID, "hash": a.ShortHash(), "recipients": a.Version.Audience, "scheduled_at": c.ScheduledAt, "message": a.Message, "launch": a.Launch,
		}
		return s.notify(ctx, tx, c, models.Notice{Kind: models.NoticeApproval, AskedBy: by.User.ID})
	})
}

// newApproval is what is asked for c, if it may be asked for.
func (s *Service) newApproval(ctx context.Context, by models.Actor, c models.Campaign, in models.NewApproval) (a models.Approval, err error) {
	team, err := s.DB.Team(ctx, c.TeamID)
	if err != nil {
		return a, err
	}
	report, hash, err := s.approvable(ctx, by, c)
	if err != nil {
		return a, err
	}
	if !team.NeedsApproval(report.Audience) {
		return a, models.Errorf(models.Conflict, "approval.not_needed")
	}
	version, err := s.versionOf(ctx, c, report)
	now := s.Now()
	a = models.Approval{
		TeamID: c.TeamID, AppkeyID: c.AppkeyID, CampaignID: c.ID, State: models.ApprovalWaiting, Hash: hash, Version: version,
		Message: in.Message, Launch: in.Launch, AskedBy: by.User.ID, EditedBy: c.EditedBy, AskedAt: now, ExpiresAt: models.ExpiryOf(c.ScheduledAt, nil),
	}
	if err == nil && a.Expired(now) {
		return a, models.Errorf(models.Invalid, "approval.too_near")
	}
	return a, err
}

// versionOf is what people see of c.
func (s *Service) versionOf(ctx context.Context, c models.Campaign, report models.Report) (v models.CampaignVersion, err error) {
	sender, err := s.DB.Sender(ctx, c.AppkeyID, c.SenderID)
	if err != nil {
		return v, err
	}
	origin, err := s.DB.OriginOf(ctx, c)
	return models.CampaignVersion{
		Name: c.Name, SenderID: c.SenderID, Sender: sender.PlusFriendID, Content: c.Content, Fallback: c.Fallback, ScheduledAt: c.ScheduledAt, Pacing: c.Pacing(),
		AudienceID: c.AudienceID, Audience: report.Audience, Sendable: report.Sendable, Origin: origin,
	}, err
}

// Approve lets a campaign be launched as it was asked for. approvalID is the asking that
// the person has seen.
func (s *Service) Approve(ctx context.Context, by models.Actor, appkeyID, id, approvalID int64) error {
	c, a, err := s.decidable(ctx, by, appkeyID, id, approvalID)
	if err != nil {
		return err
	}
	now := s.Now()
	a.State, a.DecidedBy, a.DecidedAt, a.ExpiresAt = models.ApprovalApproved, by.User.ID, &now, models.ExpiryOf(c.ScheduledAt, &now)
	if a.Launch {
		a.DueAt = new(now.Add(launchEvery))
	}
	e := approvalEvent("approval.approve", c, a)
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		moved, err := tx.MoveCampaign(ctx, c.ID, []models.CampaignState{models.CampaignWaiting}, models.CampaignApproved, nil)
		if err != nil {
			return err
		}
		if !moved {
			return models.Errorf(models.Conflict, "approval.moved")
		}
		if err := saveApproval(ctx, tx, a, models.ApprovalWaiting); err != nil {
			return err
		}
		if err := s.tellAsker(ctx, tx, c, a, models.NoticeApproved, approvedText(by, a)); err != nil || !a.Launch {
			return err
		}
		_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), LaunchApproved{ApprovalID: a.ID}, launching())
		return err
	})
}

// approvedText says who has approved a campaign, and whether it still waits to be launched.
func approvedText(by models.Actor, a models.Approval) models.Text {
	if a.Launch {
		return models.T("approval.told.launches", "Name", by.User.Name)
	}
	return models.T("approval.told.by_hand", "Name", by.User.Name)
}

// tellAsker tells who has asked for an approval, and whom else the campaign concerns, what
// has become of it.
func (s *Service) tellAsker(ctx context.Context, tx *models.DB, c models.Campaign, a models.Approval, kind models.NoticeKind, reason models.Text) error {
	n := models.Notice{Kind: kind, Reason: reason, AskedBy: a.AskedBy, DecidedBy: a.DecidedBy}
	if a.EndedBy != 0 {
		n.DecidedBy = a.EndedBy
	}
	return s.notify(ctx, tx, c, n)
}

// launching is for launches of approved campaigns, which the sweep tries again.
func launching() *river.InsertOpts { return &river.InsertOpts{MaxAttempts: 1, Queue: QueueWork} }

// Reject makes a campaign a draft again, with the reason.
func (s *Service) Reject(ctx context.Context, by models.Actor, appkeyID, id, approvalID int64, in models.Rejection) error {
	c, a, err := s.decidable(ctx, by, appkeyID, id, approvalID)
	if err != nil {
		return err
	}
	if err := in.Validate(); err != nil {
		return err
	}
	now := s.Now()
	a.State, a.DecidedBy, a.DecidedAt, a.Reason = models.ApprovalRejected, by.User.ID, &now, in.Reason
	e := approvalEvent("approval.reject", c, a)
	e.After = map[string]any{"approval": a.ID, "hash": a.ShortHash(), "reason": in.Reason}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := returnCampaign(ctx, tx, c, models.T("approval.returned.rejected", "Name", by.User.Name, "Reason", in.Reason)); err != nil {
			return err
		}
		if err := saveApproval(ctx, tx, a, models.ApprovalWaiting); err != nil {
			return err
		}
		return s.tellAsker(ctx, tx, c, a, models.NoticeRejected,
			models.T("approval.returned.rejected", "Name", by.User.Name, "Reason", models.WithoutPhones(in.Reason)))
	})
}

// decidable is a campaign that waits for the decision of by.
func (s *Service) decidable(ctx context.Context, by models.Actor, appkeyID, id, approvalID int64) (c models.Campaign, a models.Approval, err error) {
	if err := by.May(models.Approve); err != nil {
		return c, a, err
	}
	if c, err = s.DB.Campaign(ctx, appkeyID, id); err != nil {
		return c, a, err
	}
	a, found, err := s.DB.OpenApproval(ctx, c.ID)
	switch {
	case err != nil:
		return c, a, err
	case !found || a.ID != approvalID || a.State != models.ApprovalWaiting:
		return c, a, models.Errorf(models.Conflict, "approval.moved")
	case by.System() || a.Own(by.User):
		return c, a, models.Errorf(models.Forbidden, "approval.own")
	case a.Expired(s.Now()):
		return c, a, errors.Join(models.Errorf(models.Conflict, "approval.expired"), s.expire(ctx, a))
	}
	return c, a, nil
}

// returnCampaign makes a frozen campaign a draft again.
func returnCampaign(ctx context.Context, tx *models.DB, c models.Campaign, why models.Text) error {
	returned, err := tx.ReturnCampaign(ctx, c.ID, why)
	if err == nil && !returned {
		return models.Errorf(models.Conflict, "approval.moved")
	}
	return err
}

func saveApproval(ctx context.Context, tx *models.DB, a models.Approval, from models.ApprovalState) error {
	saved, err := tx.SaveApproval(ctx, a, from)
	if err == nil && !saved {
		return models.Errorf(models.Conflict, "approval.moved")
	}
	return err
}

// WithdrawApproval makes a campaign that waits for approval, or is approved, a draft
// again, so that it can be edited. The approval is lost.
func (s *Service) WithdrawApproval(ctx context.Context, by models.Actor, appkeyID, id int64) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	c, err := s.DB.Campaign(ctx, appkeyID, id)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		return s.endApproval(ctx, tx, by, c, 0, models.ApprovalWithdrawn, models.T("approval.returned.withdrawn", "Name", by.User.Name))
	})
}

// endApproval ends the open approval of a campaign, and makes the campaign a draft again.
// Whoever changes an approval has the row of its campaign first, so it is read behind
// that. It must be the one with this id, unless that is 0.
func (s *Service) endApproval(ctx context.Context, tx *models.DB, by models.Actor, c models.Campaign, id int64, state models.ApprovalState, why models.Text) error {
	if err := returnCampaign(ctx, tx, c, why); err != nil {
		return err
	}
	a, found, err := tx.OpenApproval(ctx, c.ID)
	if err != nil {
		return err
	}
	if !found || id != 0 && a.ID != id {
		return models.Errorf(models.Conflict, "approval.moved")
	}
	from, now := a.State, s.Now()
	a.State, a.EndedBy, a.EndedAt, a.Why, a.DueAt = state, by.User.ID, &now, why, nil
	if err := saveApproval(ctx, tx, a, from); err != nil {
		return err
	}
	action := map[models.ApprovalState]string{
		models.ApprovalWithdrawn: "approval.withdraw", models.ApprovalVoided: "approval.void", models.ApprovalExpired: "approval.expire",
	}[state]
	e := approvalEvent(action, c, a)
	e.Before, e.After = map[string]any{"state": from}, map[string]any{"approval": a.ID, "hash": a.ShortHash(), "why": why.Key}
	if err := tx.Audit(ctx, by, e); err != nil {
		return err
	}
	a.DecidedBy = 0 // of this, who has approved before is told too if it concerns them
	return s.tellAsker(ctx, tx, c, a, models.NoticeReturned, why)
}

// expire ends an approval whose time has come, unless something else has ended it.
func (s *Service) expire(ctx context.Context, a models.Approval) error {
	why := models.T("approval.returned.expired")
	if a.DecidedAt == nil || a.ExpiresAt.Sub(*a.DecidedAt) != models.ApprovalHolds {
		why = models.T("approval.returned.too_near")
	}
	return s.giveUp(ctx, a, models.ApprovalExpired, why)
}

// giveUp ends an approval on the program's behalf, unless something else has ended it.
func (s *Service) giveUp(ctx context.Context, a models.Approval, state models.ApprovalState, why models.Text) error {
	c, err := s.DB.CampaignByID(ctx, a.CampaignID)
	if err != nil {
		return err
	}
	err = s.DB.Tx(ctx, func(tx *models.DB) error { return s.endApproval(ctx, tx, models.Actor{}, c, a.ID, state, why) })
	if models.KindOf(err) == models.Conflict {
		return nil
	}
	return err
}

// sweepApprovals ends approvals that have expired, and has campaigns launched that were
// to be launched as soon as they were approved.
func (s *Service) sweepApprovals(ctx context.Context) error {
	now := s.Now()
	expired, err := s.DB.ExpiredApprovals(ctx, now, sweepApprovals)
	if err != nil {
		return err
	}
	var errs []error
	for _, a := range expired {
		if err := s.expire(ctx, a); err != nil {
			errs = append(errs, fmt.Errorf("approval %d: %w", a.ID, err))
		}
	}
	due, err := s.DB.DueApprovals(ctx, now, sweepApprovals)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, a := range due {
		err := s.DB.Tx(ctx, func(tx *models.DB) error {
			ours, err := tx.PostponeApproval(ctx, a, now.Add(launchEvery))
			if err != nil || !ours {
				return err
			}
			_, err = s.Jobs.InsertTx(ctx, tx.SQLTx(), LaunchApproved{ApprovalID: a.ID}, launching())
			return err
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("approval %d: %w", a.ID, err))
		}
	}
	return errors.Join(errs...)
}

// LaunchApproved launches a campaign that was to be launched as soon as it was approved,
// on behalf of who asked for it. What is in the way is written down, and a person
// launches then.
func (s *Service) LaunchApproved(ctx context.Context, approvalID int64) error {
	a, err := s.DB.ApprovalByID(ctx, approvalID)
	if err != nil || a.State != models.ApprovalApproved || a.DueAt == nil {
		return err
	}
	c, err := s.DB.CampaignByID(ctx, a.CampaignID)
	if err != nil {
		return err
	}
	by, err := s.asker(ctx, a)
	if err == nil {
		err = s.Launch(ctx, by, c.AppkeyID, c.ID, c.Revision)
	}
	switch {
	case err == nil:
		return nil
	case models.KindOf(err) == models.Internal || models.KindOf(err) == models.Upstream:
		return err
	case isKey(err, "check.not_done") || isKey(err, "check.stale"): // it is being checked again
		_, err = s.DB.PostponeApproval(ctx, a, s.Now().Add(time.Second))
		return err
	}
	a.DueAt, a.Why = nil, models.TextOf(err)
	if isKey(err, "check.blocked") {
		a.Why = models.T("approval.blocked")
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		saved, err := tx.SaveApproval(ctx, a, models.ApprovalApproved)
		if err != nil || !saved {
			return err
		}
		return s.notify(ctx, tx, c, models.Notice{Kind: models.NoticeHeld, Reason: a.Why, AskedBy: a.AskedBy})
	})
}

// asker is who has asked for an approval, with the role that they have by now.
func (s *Service) asker(ctx context.Context, a models.Approval) (by models.Actor, err error) {
	if by.User, err = s.DB.User(ctx, a.AskedBy); err != nil {
		return by, err
	}
	if by.Role, err = s.DB.RoleOf(ctx, a.TeamID, a.AskedBy); err != nil {
		return by, err
	}
	if by.May(models.ManageCampaigns) != nil {
		return by, models.Errorf(models.Forbidden, "approval.asker_gone")
	}
	return by, nil
}

func isKey(err error, key string) bool {
	e, ok := errors.AsType[*models.Error](err)
	return ok && e.Key == key
}

// launchable is the approval by which a frozen campaign may be launched: it holds, and
// what would be sent is what was approved. One that does not hold any more is ended.
// For a draft it is zero.
func (s *Service) launchable(ctx context.Context, c models.Campaign) (a models.Approval, err error) {
	if c.State == models.CampaignDraft {
		return a, nil
	}
	a, found, err := s.DB.OpenApproval(ctx, c.ID)
	switch {
	case err != nil:
		return a, err
	case !found || a.State != models.ApprovalApproved:
		return a, models.Errorf(models.Conflict, "approval.not_yet")
	case a.Expired(s.Now()):
		return a, errors.Join(models.Errorf(models.Conflict, "approval.expired"), s.expire(ctx, a))
	}
	hash, err := s.HashCampaign(ctx, c)
	if err == nil && hash != a.Hash {
		return a, errors.Join(models.Errorf(models.Conflict, "approval.differs"), s.giveUp(ctx, a, models.ApprovalVoided, models.T("approval.returned.differs")))
	}
	return a, err
}

// useApproval notes that a campaign has been launched by an approval; a draft needs to
// be small enough to be launched without.
func (s *Service) useApproval(ctx context.Context, tx *models.DB, by models.Actor, c models.Campaign, a models.Approval, audience int64) error {
	if c.State == models.CampaignDraft {
		team, err := tx.Team(ctx, c.TeamID)
		if err == nil && team.NeedsApproval(audience) {
			return models.Errorf(models.Conflict, "approval.needed", "Count", team.ApproveFrom)
		}
		return err
	}
	now := s.Now()
	a.State, a.EndedBy, a.EndedAt, a.DueAt, a.Why = models.ApprovalLaunched, by.User.ID, &now, nil, models.Text{}
	return saveApproval(ctx, tx, a, models.ApprovalApproved)
}

// voidForgotten ends the approvals of campaigns among whose recipients somebody is who is
// to be forgotten.
func (s *Service) voidForgotten(ctx context.Context, tx *models.DB, teamID int64, phone string) error {
	cs, err := tx.FrozenWith(ctx, teamID, phone)
	if err != nil {
		return err
	}
	for _, c := range cs {
		err := s.endApproval(ctx, tx, models.Actor{}, c, 0, models.ApprovalVoided, models.T("approval.returned.forgotten"))
		if err != nil && models.KindOf(err) != models.Conflict { // it has been launched in the meantime, and nobody is taken out of it
			return err
		}
	}
	return nil
}

// approvable is what the check says of c, and the hash to which its approval is bound.
// A check that was done before somebody was taken out of the recipients is of no use.
func (s *Service) approvable(ctx context.Context, by models.Actor, c models.Campaign) (report models.Report, hash string, err error) {
	if report, err = s.checked(ctx, by, c); err != nil {
		return report, "", err
	}
	k, _, err := s.DB.Check(ctx, c.ID)
	if err != nil {
		return report, "", err
	}
	audience, err := s.DB.Audience(ctx, c.TeamID, c.AudienceID)
	if err == nil && (!k.Of(c) || k.State != models.CheckDone || k.Total != audience.Size) {
		_, err = s.CheckAgain(ctx, by, c)
		return report, "", errors.Join(models.Errorf(models.Conflict, "check.stale"), err)
	}
	return report, k.Hash, err
}
