package views

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// GroupsPath lists the groups of an appkey.
func GroupsPath(appkeyID int64) string { return AppkeyPath(appkeyID) + "/groups" }

// GroupPath is the page of one group.
func GroupPath(g models.SenderGroup) string {
	return fmt.Sprintf("%s/%d", GroupsPath(g.AppkeyID), g.ID)
}

// AddMembersPath is the form that adds senders to a group.
func AddMembersPath(g models.SenderGroup) string { return GroupPath(g) + "/add" }

// RemoveMembersPath asks whether members are to be removed, and removes them.
func RemoveMembersPath(g models.SenderGroup) string { return GroupPath(g) + "/remove" }

// ChangePath is the page of a change of a group's members.
func ChangePath(g models.SenderGroup, id int64) string {
	return fmt.Sprintf("%s/changes/%d", GroupPath(g), id)
}

// Groups is what the list of groups shows.
type Groups struct {
	Groups []models.SenderGroup
	Key    string // as it was typed
	Now    time.Time
}

// GroupView is what the page of a group shows.
type GroupView struct {
	models.SenderGroup

	Members []models.GroupMember     // of this page of the list, without the chosen ones
	Chosen  []models.GroupMember     // those that are ticked
	Known   map[string]models.Sender // by their key: those of Members and Chosen that are senders here
	Filter  models.MemberFilter
	Found   int64               // members that the search finds
	Next    models.MemberCursor // where the next page begins; zero: there is none
	Last    models.GroupChange  // the newest; zero: none
	Now     time.Time
}

// first is the page with the beginning of its list.
func (v GroupView) first() string {
	q := url.Values{}
	if v.Filter.Query != "" {
		q.Set("q", v.Filter.Query)
	}
	for _, m := range v.Chosen {
		q.Add("sender", m.SenderKey)
	}
	if len(q) == 0 {
		return GroupPath(v.SenderGroup)
	}
	return GroupPath(v.SenderGroup) + "?" + q.Encode()
}

// link is the page of a member that is a sender here, "" of another.
func (v GroupView) link(m models.GroupMember) string {
	if s, ok := v.Known[m.SenderKey]; ok {
		return SenderPath(s)
	}
	return ""
}

// foundText says how many members there are, or were found.
func (v GroupView) foundText() models.Text {
	if v.Filter.Query == "" {
		return models.T("group.members_count", "Count", v.MemberCount)
	}
	return models.T("group.members_found", "Count", v.Found)
}

// NewMembersView is what the form that adds senders to a group shows.
type NewMembersView struct {
	models.SenderGroup

	In     models.NewMembers
	Chosen []models.Sender // those that are ticked
	Found  []models.Sender // what the search finds without them, at most as many as fit a page
	Shown  int             // how many of what the search finds are in one of them
	Total  int64           // how many the search finds
	Any    bool            // there are senders that can be added
}

// wrongSenders are the pasted names that err is about.
func wrongSenders(err error) models.WrongSenders {
	wrong, _ := errors.AsType[models.WrongSenders](err)
	return wrong
}

// maxWrong is how many wrong names are listed.
const maxWrong = 50

// foundText says how many senders the search finds and how many of them are shown.
func (v NewMembersView) foundText() models.Text {
	if int64(v.Shown) < v.Total {
		return models.T("group.candidates_more", "Count", v.Total, "Shown", v.Shown)
	}
	return models.T("group.candidates_found", "Count", v.Total)
}

// stoppedByHand reports whether a person has stopped the change, rather than what the
// provider answered.
func (v ChangeView) stoppedByHand() bool { return v.Problem.Key == models.StoppedByHand }

// RemovalView is what is asked before members are removed.
type RemovalView struct {
	models.SenderGroup

	Members []models.GroupMember
}

// ChangeView is how far a change of a group has come.
type ChangeView struct {
	models.GroupChange

	Group  models.SenderGroup
	Counts models.ItemCounts
	Only   models.ItemState // what is shown: failed, or "" for all
	Items  []models.GroupChangeItem
	After  int64
	Next   int64  // where the next page begins; 0: there is none
	By     string // who asked for it
}

// Running reports whether the page changes by itself.
func (v ChangeView) Running() bool { return v.State == models.ChangeRunning }

func (v ChangeView) path(state models.ItemState, after int64) string {
	q := url.Values{}
	if state != "" {
		q.Set("state", string(state))
	}
	if after > 0 {
		q.Set("after", fmt.Sprint(after))
	}
	if len(q) == 0 {
		return ChangePath(v.Group, v.ID)
	}
	return ChangePath(v.Group, v.ID) + "?" + q.Encode()
}

// title says what is done to how many senders.
func (v ChangeView) title(p Page) string {
	if v.Removal {
		return p.T("group.removing", "Count", v.Size)
	}
	return p.T("group.adding", "Count", v.Size)
}

// ChangeTitle is the title of a change's page.
func ChangeTitle(removal bool) string {
	if removal {
		return "group.change_remove"
	}
	return "group.change_add"
}

// outcome says in one sentence how a change stands.
func (v ChangeView) outcome(p Page) string {
	args := []any{"Done", v.Counts[models.ItemDone], "Already", v.Counts[models.ItemAlready], "Failed", v.Counts[models.ItemFailed]}
	if v.Removal {
		return p.T("group.outcome_removed", args...)
	}
	return p.T("group.outcome_added", args...)
}

// itemBadge is the colour of an item's state, itemWord its name.
func itemBadge(s models.ItemState) string {
	switch s {
	case models.ItemDone:
		return "badge bg-green-lt"
	case models.ItemFailed:
		return "badge bg-red-lt"
	case models.ItemPlanned, models.ItemAlready:
		return "badge bg-secondary-lt"
	}
	panic(fmt.Errorf("no state of an item: %q", s))
}

func (v ChangeView) itemWord(p Page, s models.ItemState) string {
	what := "add"
	if v.Removal {
		what = "remove"
	}
	return p.T("group.item." + what + "." + string(s))
}

// groupStatus is the provider's status in words; one that is not known is shown as it
// came.
func groupStatus(p Page, g models.SenderGroup) string {
	if !slices.Contains([]string{kakao.SenderWaiting, kakao.SenderRegistered}, g.Status) {
		return orDash(g.Status)
	}
	return p.T("group.status." + g.Status)
}

// dateOr is a date that may not be known.
func dateOr(p Page, t *time.Time) string {
	if t == nil {
		return "–"
	}
	return p.Date(*t)
}
