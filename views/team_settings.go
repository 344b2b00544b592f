package views

import (
	"fmt"
	"strconv"

	"soshik/models"
)

// TeamSettingsPath is the settings of a team.
func TeamSettingsPath(teamID int64) string { return TeamPath(teamID) + "/settings" }

func pricesPath(teamID int64) string { return TeamSettingsPath(teamID) + "/prices" }

func testNumbersPath(teamID int64) string { return TeamSettingsPath(teamID) + "/test-numbers" }

func removeTestNumberPath(n models.TestNumber) string {
	return fmt.Sprintf("%s/%d/remove", testNumbersPath(n.TeamID), n.ID)
}

// TeamSettings are the settings of a team as they are, or as they were typed. Each of
// the forms has an error of its own.
type TeamSettings struct {
	In        models.TeamSettings
	Err       error
	Numbers   []models.TestNumberRow
	Number    models.NewTestNumber
	NumberErr error
	Prices    models.NewPrices
	PricesErr error

	Approval   ApprovalSettings
	Recipients RecipientSettings
}

// full reports whether there are as many test numbers as there may be.
func (v TeamSettings) full() bool { return len(v.Numbers) >= models.MaxTestNumbers }

// testNumberBy is who has added a test number.
func testNumberBy(p Page, n models.TestNumberRow) string {
	if n.CreatedBy == 0 {
		return p.T("audit.program")
	}
	return orDash(n.By)
}

// undoChoices are for how long a launch can be undone.
func undoChoices(p Page) []Option {
	var options []Option
	for _, minutes := range models.UndoChoices() {
		label := p.T("undo.setting_off")
		if minutes > 0 {
			label = p.T("pace.minutes", "Count", minutes)
		}
		options = append(options, Option{strconv.Itoa(minutes), label})
	}
	return options
}

func leadUnits(p Page) []Option {
	var options []Option
	for _, unit := range models.LeadUnits() {
		options = append(options, Option{string(unit), p.T("team_settings.unit." + string(unit))})
	}
	return options
}
