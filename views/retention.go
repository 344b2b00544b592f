package views

import (
	"time"

	"soshik/models"
)

// RetentionPath is where a team says how long it keeps the rows of messages.
func RetentionPath(teamID int64) string { return TeamPath(teamID) + "/retention" }

// RetentionView is how long a team keeps the rows of messages, and what has been removed.
type RetentionView struct {
	In      models.KeepSettings
	Asked   bool // a shorter time is to be confirmed
	Goes    models.Removable
	Past    []models.Removal
	KeepFor int // days, as it is set
}

// keptFor says for how long rows are kept.
func keptFor(p Page, days int) string {
	if days == 0 {
		return p.T("retention.kept_for_good")
	}
	return p.T("retention.kept", "Days", days)
}

// lastMonth is the month in which a campaign was over.
func lastMonth(c models.Campaign) time.Time {
	if c.FinishedAt == nil {
		return models.MonthOf(*c.RowsGoneAt)
	}
	return models.MonthOf(*c.FinishedAt)
}
