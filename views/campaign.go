package views

import (
	"fmt"
	"slices"

	"soshik/models"
)

// CampaignPath is the page of a campaign.
func CampaignPath(c models.Campaign) string {
	return fmt.Sprintf("%s/%d", CampaignsPath(c.AppkeyID), c.ID)
}

// composeSteps are the steps of composing c, in order: the last parts of their URLs,
// and of their names in the catalogs.
func composeSteps(c models.Campaign) []string {
	if !c.Channel.Traits().Fallback {
		return []string{"message", "recipients", "schedule", "check"}
	}
	return []string{"message", "recipients", "fallback", "schedule", "check"}
}

// stepAfter is the step of composing c that follows another.
func stepAfter(c models.Campaign, step string) string {
	all := composeSteps(c)
	return all[slices.Index(all, step)+1]
}

// nextStep says which step of composing c follows another.
func nextStep(p Page, c models.Campaign, step string) string {
	return p.T("compose.next", "Step", p.T("step."+stepAfter(c, step)))
}

// StepPathAfter is the page of the step of composing c that follows another.
func StepPathAfter(c models.Campaign, step string) string { return StepPath(c, stepAfter(c, step)) }

// StepPath is the page of a step of composing c.
func StepPath(c models.Campaign, step string) string { return CampaignPath(c) + "/" + step }

// stepOpen reports whether the person may see the step: files of recipients are
// for those who compose.
func stepOpen(p Page, step string) bool {
	return step != "recipients" || p.Actor.Can(models.ManageCampaigns)
}

// campaignColor is the colour of a campaign's state, of Tabler's.
func campaignColor(s models.CampaignState) string {
	switch s {
	case models.CampaignDraft, models.CampaignCancelled:
		return "secondary"
	case models.CampaignWaiting:
		return "yellow"
	case models.CampaignApproved:
		return "azure"
	case models.CampaignPlanning, models.CampaignScheduled, models.CampaignSending:
		return "blue"
	case models.CampaignPaused, models.CampaignCancelling:
		return "yellow"
	case models.CampaignHeld:
		return "red"
	case models.CampaignFinished:
		return "green"
	}
	panic(fmt.Errorf("no campaign state %q", s))
}
