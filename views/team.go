package views

import "soshik/models"

// Overview is what a team's overview shows.
type Overview struct {
	Appkeys []models.Appkey
	Senders map[int64]models.SenderCount // by appkey
	Audit   []models.AuditLog            // the newest; empty for those who may not see it
}

// step is one of the things to do before the first campaign.
type step struct {
	key   string // of the catalogs
	href  string // empty: not yet, or not for this person
	done  bool
	isNow bool // the next one to do
}

// steps are what a new team does, in order; none once it can send.
func (o Overview) steps(p Page) []step {
	listed, usable := 0, 0
	for _, c := range o.Senders {
		listed += c.Total
		usable += c.Total
		for _, n := range c.Troubles {
			usable -= n
		}
	}
	if usable > 0 {
		return nil
	}
	all := []step{
		{key: "team.step_appkey", done: len(o.Appkeys) > 0},
		{key: "team.step_sender"},
		{key: "team.step_campaign"},
	}
	switch {
	case !all[0].done:
		all[0].isNow = true
		if p.Actor.Can(models.ManageAppkeys) {
			all[0].href = NewAppkeyPath(p.Team.ID)
		}
	default:
		all[1].isNow = true
		all[1].href = SendersPath(o.Appkeys[0].ID)
		if listed == 0 && p.Actor.Can(models.ManageSenders) {
			all[1].href = NewSenderPath(o.Appkeys[0].ID)
		}
	}
	return all
}
