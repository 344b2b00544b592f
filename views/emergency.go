package views

import (
	"cmp"

	"soshik/models"
)

// TeamStopPath is the emergency stop of a team.
func TeamStopPath(teamID int64) string { return TeamPath(teamID) + "/stop" }

// AppkeyStopPath is the emergency stop of an appkey.
func AppkeyStopPath(appkeyID int64) string { return AppkeyPath(appkeyID) + "/stop" }

// Emergency is the emergency stop of a team or an appkey.
type Emergency struct {
	Team      models.Team
	Appkey    models.Appkey // zero: all of the team's
	Stop      models.Stop
	Stopper   string // who has stopped it
	Path      string
	Lifts     bool // the person may lift it
	Campaigns []models.Campaign
	In        models.NewStop
}

// name is what is, or would be, stopped.
func (v Emergency) name() string { return cmp.Or(v.Appkey.Name, v.Team.Name) }

// key is the catalog key of a text about it.
func (v Emergency) key(what string) string {
	if v.Appkey.ID != 0 {
		return "stop.appkey_" + what
	}
	return "stop.team_" + what
}

// Stop is the emergency stop that the page is under: the team's or else the appkey's.
func (p Page) Stop() models.Stop {
	if p.Team.Stopped() {
		return p.Team.Stop
	}
	return p.Appkey.Stop
}

// stopPath leads to the emergency stop that the page is under.
func (p Page) stopPath() string {
	if p.Team.Stopped() {
		return TeamStopPath(p.Team.ID)
	}
	return AppkeyStopPath(p.Appkey.ID)
}

// stopText says what is stopped.
func (p Page) stopText() string {
	if p.Team.Stopped() {
		return p.T("stop.banner_team", "Name", p.Team.Name)
	}
	return p.T("stop.banner_appkey", "Name", p.Appkey.Name)
}

// stopBy says who has stopped it, when and why.
func stopBy(p Page, s models.Stop, who string) string {
	if who == "" {
		return p.T("stop.since", "Time", *s.StoppedAt)
	}
	return p.T("stop.by", "Name", who, "Time", *s.StoppedAt)
}
