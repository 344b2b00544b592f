package views

import "soshik/models"

// ForgetPath is where a person is forgotten.
func ForgetPath(teamID int64) string { return TeamPath(teamID) + "/forget" }

// ForgetView is what is found of a person, and what is asked.
type ForgetView struct {
	Phone  string // as it was typed
	Asked  bool   // it has been looked for
	Traces models.Traces
	Past   []models.Forgetting
	Names  map[int64]string
}
