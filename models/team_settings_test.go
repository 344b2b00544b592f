package models_test

import (
	"testing"
	"time"

	"soshik/models"
)

func TestLeadTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		lead    string
		unit    models.LeadUnit
		want    int // minutes; 0: refused
		problem string
	}{
		{"a day", "1", models.LeadDays, 1440, ""},
		{"half an hour", "30", models.LeadMinutes, 30, ""},
		{"the least", "2", models.LeadMinutes, 2, ""},
		{"less than the least", "1", models.LeadMinutes, 0, "lead"},
		{"nothing", "0", models.LeadDays, 0, "lead"},
		{"a negative number", "-3", models.LeadHours, 0, "lead"},
		{"the most", "90", models.LeadDays, 129600, ""},
		{"the most, in hours", "2160", models.LeadHours, 129600, ""},
		{"more than the most", "91", models.LeadDays, 0, "lead"},
		{"a minute more than the most", "129601", models.LeadMinutes, 0, "lead"},
		{"so many days that their minutes overflow", "9223372036854775807", models.LeadDays, 0, "lead"},
		{"more than a number holds", "99999999999999999999", models.LeadDays, 0, "lead"},
		{"a fraction", "1.5", models.LeadDays, 0, "lead"},
		{"no number", "하루", models.LeadDays, 0, "lead"},
		{"empty", "", models.LeadDays, 0, "lead"},
		{"an unknown unit", "1", "weeks", 0, "unit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var team models.Team
			err := models.TeamSettings{Lead: tt.lead, Unit: tt.unit}.Apply(&team)
			got := team.LeadMinutes
			switch {
			case tt.problem == "" && (err != nil || got != tt.want):
				t.Errorf("%d %v, want %d", got, err, tt.want)
			case tt.problem != "" && models.FieldText(err, tt.problem).Key == "":
				t.Errorf("%d %v, want a problem with %s", got, err, tt.problem)
			}
		})
	}
}

func TestLeadTimeIsShownInItsLongestUnit(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[int]models.TeamSettings{
		1440: {Lead: "1", Unit: models.LeadDays}, 120: {Lead: "2", Unit: models.LeadHours}, 90: {Lead: "90", Unit: models.LeadMinutes},
		2880: {Lead: "2", Unit: models.LeadDays}, 1500: {Lead: "25", Unit: models.LeadHours}, 2: {Lead: "2", Unit: models.LeadMinutes},
	} {
		got := models.SettingsOf(models.Team{LeadMinutes: minutes})
		want.Undo = "0"
		var back models.Team
		if err := got.Apply(&back); got != want || err != nil || back.LeadMinutes != minutes {
			t.Errorf("%d minutes are shown as %+v, which is %d (%v)", minutes, got, back.LeadMinutes, err)
		}
	}
}

func TestUndoIsOneOfItsChoices(t *testing.T) {
	t.Parallel()
	for undo, want := range map[string]int{"0": 0, "": 0, "3": 3, "5": 5, "10": 10, "4": -1, "-5": -1, "x": -1} {
		var team models.Team
		err := models.TeamSettings{Lead: "1", Unit: models.LeadDays, Undo: undo}.Apply(&team)
		if wrong := models.FieldText(err, "undo").Key != ""; wrong != (want < 0) || !wrong && team.UndoMinutes != want {
			t.Errorf("%q: %d %v", undo, team.UndoMinutes, err)
		}
	}
}

// The provider knows whole minutes only, and nobody has less time than was promised.
func TestUndoUntil(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{"14:00:00": "14:05:00", "14:00:01": "14:06:00", "14:00:59": "14:06:00"} {
		now, err := time.Parse(time.TimeOnly, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := (models.Team{UndoMinutes: 5}).UndoUntil(now).Format(time.TimeOnly); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if until := (models.Team{}).UndoUntil(time.Now()); until != nil {
		t.Errorf("it can be undone until %s", until)
	}
}
