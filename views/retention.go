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
	KeepFor int            // days, as it is set
	Last    models.Removal // none yet: without an ID
	Next    time.Time      // when rows are removed again
	Now     time.Time
}

// next says when rows are removed; empty: they are kept for good.
func (v RetentionView) next(p Page) string {
	switch {
	case v.KeepFor == 0:
		return ""
	case v.Last.State == models.RemovalRunning:
		return p.T("retention.runs")
	case !v.Next.After(v.Now):
		return p.T("retention.runs_soon")
	}
	return p.T("retention.runs_next", "Time", v.Next)
}

// last says what the last removal has removed.
func (v RetentionView) last(p Page) string {
	if v.Last.Any() {
		return p.T("retention.last", "Time", v.Last.StartedAt, "Removed", removed(p, v.Last))
	}
	return p.T("retention.last_nothing", "Time", v.Last.StartedAt)
}

// removed is what a removal has removed.
func removed(p Page, r models.Removal) string {
	return p.T("retention.removed", "Campaigns", r.Campaigns, "Messages", r.Messages, "Notices", r.Notices)
}

// foreign is how many messages of others go, in words.
func (v RetentionView) foreign(p Page) string {
	if v.Goes.Foreign > models.MaxForeignCounted {
		return p.T("retention.more_than", "Count", int64(models.MaxForeignCounted))
	}
	return p.Number(v.Goes.Foreign)
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
