package handlers

import (
	"context"
	"net/http"
	"strings"

	"soshik/models"
	"soshik/views"
)

// ListGroups shows the groups of an appkey that are known here.
func (h *Handlers) ListGroups(w http.ResponseWriter, r *http.Request) error {
	return h.showGroups(w, r, "", nil)
}

// CreateGroup makes a group known by its key.
func (h *Handlers) CreateGroup(w http.ResponseWriter, r *http.Request) error {
	v, key := h.visit(r), field(r, "group_key")
	g, err := h.actions.AddGroup(r.Context(), v.actor, v.appkey, key)
	if err != nil {
		return h.showGroups(w, r, key, err)
	}
	return h.Redirect(w, r, views.GroupPath(g), models.T("group.added", "Group", g.Name))
}

func (h *Handlers) showGroups(w http.ResponseWriter, r *http.Request, typed string, err error) error {
	groups, readErr := h.db.SenderGroups(r.Context(), h.visit(r).appkey.ID)
	if readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.GroupsPage(h.page(r, "group.title"), views.Groups{Groups: groups, Key: typed, Now: h.now()}, err))
}

// group is the one that the URL names.
func (h *Handlers) group(r *http.Request) (models.SenderGroup, error) {
	id, err := pathID(r, "group")
	if err != nil {
		return models.SenderGroup{}, err
	}
	return h.db.SenderGroup(r.Context(), h.visit(r).appkey.ID, id)
}

// ShowGroup is a group with those of its members that are searched for.
func (h *Handlers) ShowGroup(w http.ResponseWriter, r *http.Request) error {
	g, err := h.group(r)
	if err != nil {
		return err
	}
	return h.showGroup(w, r, g, nil)
}

// membersPerPage is how many members, or candidates for that, are shown.
const membersPerPage = 100

func (h *Handlers) showGroup(w http.ResponseWriter, r *http.Request, g models.SenderGroup, err error) error {
	ctx, q := r.Context(), r.URL.Query()
	view := views.GroupView{SenderGroup: g, Now: h.now(), Filter: models.MemberFilter{
		Query: strings.TrimSpace(q.Get("q")), After: models.ParseMemberCursor(q.Get("after")),
	}}
	if readErr := h.readMembers(ctx, &view, q["sender"]); readErr != nil {
		return readErr
	}
	var readErr error
	if view.Last, _, readErr = h.db.LastGroupChange(ctx, g.ID); readErr != nil {
		return readErr
	}
	p := h.titled(r, g.Name)
	if partial(r) {
		return h.RenderForm(w, r, err, views.Members(p, view))
	}
	return h.RenderForm(w, r, err, views.GroupPage(p, view, err))
}

// readMembers reads a page of members, and those with the keys that are ticked.
func (h *Handlers) readMembers(ctx context.Context, v *views.GroupView, ticked []string) (err error) {
	if v.Chosen, err = h.db.MembersWith(ctx, v.ID, ticked); err != nil {
		return err
	}
	found, err := h.db.GroupMembers(ctx, v.ID, v.Filter, membersPerPage+1)
	if err != nil {
		return err
	}
	if len(found) > membersPerPage {
		found = found[:membersPerPage]
		last := found[membersPerPage-1]
		v.Next = models.MemberCursor{PlusFriendID: last.PlusFriendID, SenderKey: last.SenderKey}
	}
	chosen := map[string]bool{}
	keys := make([]string, 0, len(found)+len(v.Chosen))
	for _, m := range v.Chosen {
		chosen[m.SenderKey] = true
		keys = append(keys, m.SenderKey)
	}
	for _, m := range found {
		if !chosen[m.SenderKey] {
			v.Members = append(v.Members, m)
			keys = append(keys, m.SenderKey)
		}
	}
	if v.Filter.Query != "" {
		if v.Found, err = h.db.CountMembers(ctx, v.ID, v.Filter.Query); err != nil {
			return err
		}
	}
	v.Known, err = h.db.SendersWithKeys(ctx, v.AppkeyID, keys)
	return err
}

// RefreshGroup reads a group from the provider. A failure leaves what was known on
// the page.
func (h *Handlers) RefreshGroup(w http.ResponseWriter, r *http.Request) error {
	g, err := h.group(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	if err := h.actions.RefreshGroup(r.Context(), v.actor, v.appkey, g); err != nil {
		return h.showGroupAgain(w, r, err)
	}
	return h.Redirect(w, r, views.GroupPath(g), models.T("group.refreshed", "Group", g.Name))
}

// showGroupAgain shows the group as it is by now, with what went wrong.
func (h *Handlers) showGroupAgain(w http.ResponseWriter, r *http.Request, err error) error {
	g, readErr := h.group(r)
	if readErr != nil {
		return readErr
	}
	return h.showGroup(w, r, g, err)
}

// ForgetGroup removes a group from here.
func (h *Handlers) ForgetGroup(w http.ResponseWriter, r *http.Request) error {
	g, err := h.group(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	if err := h.actions.ForgetGroup(r.Context(), v.actor, v.appkey, g); err != nil {
		return h.showGroupAgain(w, r, err)
	}
	return h.Redirect(w, r, views.GroupsPath(v.appkey.ID), models.T("group.forgotten", "Group", g.Name))
}

// NewMembers is the form that adds senders to a group.
func (h *Handlers) NewMembers(w http.ResponseWriter, r *http.Request) error {
	g, err := h.group(r)
	if err != nil {
		return err
	}
	return h.showNewMembers(w, r, g, models.NewMembers{}, nil)
}

// AddMembers begins to add senders to a group, or only searches for some.
func (h *Handlers) AddMembers(w http.ResponseWriter, r *http.Request) error {
	g, err := h.group(r)
	if err != nil {
		return err
	}
	in := models.NewMembers{Query: field(r, "q"), All: field(r, "all") != "", Pasted: r.PostFormValue("pasted")}
	in.Keys = r.PostForm["sender"]
	if r.PostForm.Has("search") {
		return h.showNewMembers(w, r, g, in, nil)
	}
	v := h.visit(r)
	c, err := h.actions.AddMembers(r.Context(), v.actor, v.appkey, g, in)
	if err != nil {
		return h.showNewMembers(w, r, g, in, err)
	}
	return h.Redirect(w, r, views.ChangePath(g, c.ID), models.Text{})
}

func (h *Handlers) showNewMembers(w http.ResponseWriter, r *http.Request, g models.SenderGroup, in models.NewMembers, err error) error {
	ctx, view := r.Context(), views.NewMembersView{SenderGroup: g, In: in}
	if readErr := h.readCandidates(ctx, &view); readErr != nil {
		return readErr
	}
	p := h.page(r, "group.add_members")
	if partial(r) {
		return h.RenderForm(w, r, err, views.Candidates(p, view))
	}
	return h.RenderForm(w, r, err, views.AddMembersPage(p, view, err))
}

// readCandidates reads the senders that are ticked, and a page of what the search
// finds.
func (h *Handlers) readCandidates(ctx context.Context, v *views.NewMembersView) (err error) {
	if v.Chosen, err = h.db.CandidatesWith(ctx, v.SenderGroup, v.In.Keys); err != nil {
		return err
	}
	ticked := make(map[string]bool, len(v.Chosen))
	for _, s := range v.Chosen {
		ticked[s.SenderKey] = true
	}
	found, err := h.db.GroupCandidates(ctx, v.SenderGroup, v.In.Query, membersPerPage+len(v.Chosen))
	if err != nil {
		return err
	}
	for _, s := range found {
		switch {
		case ticked[s.SenderKey]:
			v.Shown++
		case len(v.Found) < membersPerPage:
			v.Found = append(v.Found, s)
			v.Shown++
		}
	}
	if v.Total, err = h.db.CountCandidates(ctx, v.SenderGroup, v.In.Query); err != nil {
		return err
	}
	if v.Any = v.Total > 0; v.Any || v.In.Query == "" {
		return nil
	}
	first, err := h.db.GroupCandidates(ctx, v.SenderGroup, "", 1)
	v.Any = len(first) > 0
	return err
}

// RemoveMembers asks whether the ticked members are to be removed and, when that has
// been said, begins to remove them.
func (h *Handlers) RemoveMembers(w http.ResponseWriter, r *http.Request) error {
	g, err := h.group(r)
	if err != nil {
		return err
	}
	v, confirmed := h.visit(r), field(r, "confirm") != ""
	keys := r.PostForm["sender"]
	if confirmed {
		c, err := h.actions.RemoveMembers(r.Context(), v.actor, v.appkey, g, keys)
		if err == nil {
			return h.Redirect(w, r, views.ChangePath(g, c.ID), models.Text{})
		}
		if len(keys) == 0 {
			return h.showGroup(w, r, g, err)
		}
		return h.showRemoval(w, r, g, keys, err)
	}
	if len(keys) == 0 {
		return h.showGroup(w, r, g, models.Errorf(models.Invalid, "group.pick_none"))
	}
	return h.showRemoval(w, r, g, keys, nil)
}

func (h *Handlers) showRemoval(w http.ResponseWriter, r *http.Request, g models.SenderGroup, keys []string, err error) error {
	members, readErr := h.db.MembersWith(r.Context(), g.ID, keys)
	if readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.RemoveMembersPage(h.page(r, "group.remove"), views.RemovalView{SenderGroup: g, Members: members}, err))
}

// changeOf is the group and the change that the URL names.
func (h *Handlers) changeOf(r *http.Request) (g models.SenderGroup, c models.GroupChange, err error) {
	if g, err = h.group(r); err != nil {
		return g, c, err
	}
	id, err := pathID(r, "change")
	if err != nil {
		return g, c, err
	}
	c, err = h.db.GroupChange(r.Context(), g.ID, id)
	return g, c, err
}

// ShowChange is how far a change of a group has come.
func (h *Handlers) ShowChange(w http.ResponseWriter, r *http.Request) error {
	return h.showChange(w, r, nil)
}

// StopChange ends a change where it is.
func (h *Handlers) StopChange(w http.ResponseWriter, r *http.Request) error {
	return h.steerChange(w, r, h.actions.StopChange)
}

// ResumeChange lets a stopped change go on.
func (h *Handlers) ResumeChange(w http.ResponseWriter, r *http.Request) error {
	return h.steerChange(w, r, h.actions.ResumeChange)
}

func (h *Handlers) steerChange(w http.ResponseWriter, r *http.Request, do func(context.Context, models.Actor, models.Appkey, models.SenderGroup, models.GroupChange) error) error {
	g, c, err := h.changeOf(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	if err := do(r.Context(), v.actor, v.appkey, g, c); err != nil {
		return h.showChange(w, r, err)
	}
	return h.Redirect(w, r, views.ChangePath(g, c.ID), models.Text{})
}

func (h *Handlers) showChange(w http.ResponseWriter, r *http.Request, err error) error {
	g, c, readErr := h.changeOf(r)
	if readErr != nil {
		return readErr
	}
	ctx, view := r.Context(), views.ChangeView{GroupChange: c, Group: g, After: after(r), By: h.nameOf(r.Context(), c.AskedBy)}
	if r.URL.Query().Get("state") == string(models.ItemFailed) {
		view.Only = models.ItemFailed
	}
	if view.Counts, readErr = h.db.ItemCounts(ctx, c.ID); readErr != nil {
		return readErr
	}
	if view.Items, readErr = h.db.GroupChangeItems(ctx, c.ID, view.Only, view.After, membersPerPage+1); readErr != nil {
		return readErr
	}
	if len(view.Items) > membersPerPage {
		view.Items = view.Items[:membersPerPage]
		view.Next = int64(view.Items[membersPerPage-1].Position)
	}
	p := h.page(r, views.ChangeTitle(c.Removal))
	if view.Running() {
		p.Refresh = 2
	}
	if partial(r) {
		return h.RenderForm(w, r, err, views.ChangeStatus(p, view))
	}
	return h.RenderForm(w, r, err, views.ChangePage(p, view, err))
}
