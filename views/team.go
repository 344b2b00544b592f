package views

import (
	"slices"

	"soshik/models"
)

// Overview is what the overview of a team, or of one of its appkeys, shows.
type Overview struct {
	Board     Board
	OneAppkey bool // it is that of an appkey

	Appkeys []models.Appkey
	Senders map[int64]models.SenderCount // by appkey
	// Troubles are senders from which nothing can be sent any more, those first that
	// campaigns depend on; at most as many as fit the overview.
	Troubles []models.TroubledSender
	// Templates are registered ones that cannot be sent any more; at most as many as fit
	// the overview.
	Templates []models.TroubledTemplate
	Approvals []models.ApprovalRow // that wait; empty for those who may not approve
	Audit     []models.AuditLog    // the newest; empty for those who may not see it
}

// step is one of the things to do before the first campaign.
type step struct {
	key   string // of the catalogs
	href  string // empty: not yet, or not for this person
	done  bool
	isNow bool // the next one to do
}

// steps are what a new team does, in order; none once it can send, or could: what has
// come over its senders since is an alarm, and what goes on is to be seen.
func (o Overview) steps(p Page) []step {
	listed, usable := 0, 0
	for _, c := range o.Senders {
		listed += c.Total
		usable += c.Total
		for t, n := range c.Troubles {
			if !t.Sudden() {
				usable -= n
			}
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

// troubled are the senders in trouble of one appkey.
type troubled struct {
	appkey  models.Appkey
	senders []models.TroubledSender
	more    int // that are in trouble too, and not shown
}

// troubled are the senders in trouble by appkey, in the order of the appkeys.
func (o Overview) troubled() []troubled {
	var all []troubled
	for _, k := range o.Appkeys {
		of := troubled{appkey: k}
		for _, s := range o.Troubles {
			if s.AppkeyID == k.ID {
				of.senders = append(of.senders, s)
			}
		}
		for t, n := range o.Senders[k.ID].Troubles {
			if t.Sudden() {
				of.more += n
			}
		}
		if of.more -= len(of.senders); of.more > 0 || len(of.senders) > 0 {
			all = append(all, of)
		}
	}
	// Where campaigns are in danger comes first.
	slices.SortStableFunc(all, func(a, b troubled) int { return b.endangers() - a.endangers() })
	return all
}

func (t troubled) endangers() int {
	n := 0
	for _, s := range t.senders {
		n += len(s.Endangers)
	}
	return n
}

// inTroublePath is the list of an appkey's senders that are in trouble.
func inTroublePath(appkeyID int64) string {
	return sendersWith(appkeyID, models.SenderFilter{Group: models.SendersInTrouble})
}
