package models

// Role is what a person is in a team.
type Role string

// The roles, each of which may do what the ones before it may.
const (
	Viewer   Role = "viewer"   // sees; phone numbers are masked
	Marketer Role = "marketer" // registers senders, composes, schedules, cancels
	Approver Role = "approver" // approves, reads the audit log
	Admin    Role = "admin"    // appkeys, members, settings
)

// Roles are all roles, the least powerful first.
func Roles() []Role { return []Role{Viewer, Marketer, Approver, Admin} }

// rank orders the roles; 0 is no role at all.
func (r Role) rank() int {
	for i, known := range Roles() {
		if r == known {
			return i + 1
		}
	}
	return 0
}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r.rank() > 0 }

// Permission is something that a person may or may not do.
type Permission string

// The permissions. The first three are not about a team.
const (
	Anybody        Permission = "anybody"         // also without a sign-in
	SignedIn       Permission = "signed_in"       // every person, about themselves
	ManageInstance Permission = "manage_instance" // teams and people of the installation

	ViewTeam        Permission = "view_team"
	ViewNumbers     Permission = "view_numbers" // phone numbers in full
	ManageSenders   Permission = "manage_senders"
	ManageCampaigns Permission = "manage_campaigns" // compose, launch, cancel
	Approve         Permission = "approve"          // what somebody else wants to send
	ViewAudit       Permission = "view_audit"
	ManageAppkeys   Permission = "manage_appkeys"
	ManageMembers   Permission = "manage_members"
	ManageTeam      Permission = "manage_team" // its settings and test numbers
)

// needs is the one table that decides: the least role for each permission.
var needs = map[Permission]Role{
	ViewTeam:        Viewer,
	ViewNumbers:     Marketer,
	ManageSenders:   Marketer,
	ManageCampaigns: Marketer,
	Approve:         Approver,
	ViewAudit:       Approver,
	ManageAppkeys:   Admin,
	ManageMembers:   Admin,
	ManageTeam:      Admin,
}

// Allows reports whether a member with role r has p in the team.
func (r Role) Allows(p Permission) bool {
	least, known := needs[p]
	return known && r.rank() >= least.rank()
}

// Actor is who does something, and from where. The zero Actor is the program
// itself, which may do everything.
type Actor struct {
	User      User
	Role      Role // in the team that is acted on; empty: not a member
	Address   string
	RequestID string
}

// System reports whether it is the program itself that acts.
func (a Actor) System() bool { return a.User.ID == 0 }

// May is nil if a has p, else a [Forbidden] error. An instance admin may do
// everything in every team.
func (a Actor) May(p Permission) error {
	switch {
	case a.System(), p == Anybody, p == SignedIn, a.User.InstanceAdmin:
		return nil
	case p != ManageInstance && a.Role.Allows(p):
		return nil
	}
	return Errorf(Forbidden, "error.forbidden")
}

// Can is [Actor.May] as a yes or no, for pages.
func (a Actor) Can(p Permission) bool { return a.May(p) == nil }
