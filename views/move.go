package views

import "soshik/models"

// MoveForm is the form by which a campaign is sent at another time.
type MoveForm struct {
	models.Campaign

	Step      ScheduleStep
	Stoppable models.Stoppable
	Barred    models.Text // why the person may not; zero if they may
}

// MovePath is the form by which a campaign is sent at another time.
func MovePath(c models.Campaign) string { return CampaignPath(c) + "/move" }
