package models

import (
	"context"
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

// TeamSettings is what is filled in to change the settings of a team.
type TeamSettings struct {
	Lead string // a whole number
	Unit LeadUnit
}

// SettingsOf are the settings of a team as the form shows them: the lead time in the
// longest unit that it is a multiple of.
func SettingsOf(t Team) TeamSettings {
	in := TeamSettings{strconv.Itoa(t.LeadMinutes), LeadMinutes}
	for _, unit := range LeadUnits() {
		if t.LeadMinutes%unit.minutes() == 0 {
			in = TeamSettings{strconv.Itoa(t.LeadMinutes / unit.minutes()), unit}
		}
	}
	return in
}

// LeadMinutes checks the form; it is the lead time that was filled in, in minutes.
func (in TeamSettings) LeadMinutes() (int, error) {
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
	return n * unit, p.err()
}

// SaveTeamSettings writes what can be set of a team.
func (db *DB) SaveTeamSettings(ctx context.Context, t Team) error {
	return dbError(db.write(ctx).Model(&Team{}).Where("id = ?", t.ID).Select("LeadMinutes").Updates(t).Error, "team")
}
