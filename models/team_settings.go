package models

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"soshik/internal/kakao"
)

// MinLead and MaxLead bound how long before its time a message is handed over, in
// minutes: what is due sooner goes out at once, and the provider takes nothing that is
// further ahead.
const (
	MinLead = int(Soon / time.Minute)
	MaxLead = kakao.FriendTalkHorizonDays * leadDay
)

const (
	leadHour = 60
	leadDay  = 24 * leadHour
)

// LeadUnit is a unit of a team's lead time.
type LeadUnit string

// The units.
const (
	LeadMinutes LeadUnit = "minutes"
	LeadHours   LeadUnit = "hours"
	LeadDays    LeadUnit = "days"
)

// LeadUnits are all units, the shortest first.
func LeadUnits() []LeadUnit { return []LeadUnit{LeadMinutes, LeadHours, LeadDays} }

// minutes is how long a unit is; 0 if it is none.
func (u LeadUnit) minutes() int {
	return map[LeadUnit]int{LeadMinutes: 1, LeadHours: leadHour, LeadDays: leadDay}[u]
}

// UndoChoices are for how many minutes a team may choose that a launch "now" can be
// undone; 0: not at all.
func UndoChoices() []int { return []int{0, 3, 5, 10} }

// TeamSettings is what is filled in to change the settings of a team.
type TeamSettings struct {
	Lead string // a whole number
	Unit LeadUnit
	Undo string // one of [UndoChoices]
}

// SettingsOf are the settings of a team as the form shows them: the lead time in the
// longest unit that it is a multiple of.
func SettingsOf(t Team) TeamSettings {
	in := TeamSettings{Lead: strconv.Itoa(t.LeadMinutes), Unit: LeadMinutes, Undo: strconv.Itoa(t.UndoMinutes)}
	for _, unit := range LeadUnits() {
		if t.LeadMinutes%unit.minutes() == 0 {
			in.Lead, in.Unit = strconv.Itoa(t.LeadMinutes/unit.minutes()), unit
		}
	}
	return in
}

// Apply checks the form and changes t as it says.
func (in TeamSettings) Apply(t *Team) error {
	p := problems{}
	unit := in.Unit.minutes()
	n, err := strconv.Atoi(in.Lead)
	switch {
	case unit == 0:
		p.add("unit", "field.choose")
	case err != nil:
		p.add("lead", "team_settings.lead_number")
	case n > MaxLead/unit || n*unit < MinLead:
		p.add("lead", "team_settings.lead_range", "Min", MinLead, "Max", MaxLead/leadDay)
	}
	undo, err := strconv.Atoi(cmp.Or(in.Undo, "0"))
	if err != nil || !slices.Contains(UndoChoices(), undo) {
		p.add("undo", "field.choose")
	}
	t.LeadMinutes, t.UndoMinutes = n*unit, undo
	return p.err()
}

// SaveTeamSettings writes what can be set of a team.
func (db *DB) SaveTeamSettings(ctx context.Context, t Team) error {
	return dbError(db.write(ctx).Model(&Team{}).Where("id = ?", t.ID).Select("LeadMinutes", "UndoMinutes").Updates(t).Error, "team")
}
