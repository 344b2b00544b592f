package models_test

import (
	"testing"

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
			got, err := models.TeamSettings{Lead: tt.lead, Unit: tt.unit}.LeadMinutes()
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
		if back, err := got.LeadMinutes(); got != want || err != nil || back != minutes {
			t.Errorf("%d minutes are shown as %+v, which is %d (%v)", minutes, got, back, err)
		}
	}
}
