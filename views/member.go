package views

import (
	"fmt"

	"soshik/models"
)

// NewMemberPath is the form that adds a person to a team.
func NewMemberPath(teamID int64) string { return MembersPath(teamID) + "/new" }

// MemberPath is the form about one person of a team.
func MemberPath(m models.Member) string {
	return fmt.Sprintf("%s/%d", MembersPath(m.TeamID), m.UserID)
}
