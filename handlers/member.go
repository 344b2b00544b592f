package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// ListMembers shows the people of a team.
func (h *Handlers) ListMembers(w http.ResponseWriter, r *http.Request) error {
	members, err := h.db.Members(r.Context(), h.visit(r).team.ID)
	if err != nil {
		return err
	}
	return h.Render(w, r, http.StatusOK, views.MembersPage(h.page(r, "nav.members"), members))
}

// NewMember is the form that adds a person to a team.
func (h *Handlers) NewMember(w http.ResponseWriter, r *http.Request) error {
	return h.showNewMember(w, r, models.NewUser{Role: models.Marketer}, nil)
}

// CreateMember adds a person to a team. Where they are new, the answer shows the
// link of their invitation. It is not kept for a page after this one, since
// whoever reads it can take the account.
func (h *Handlers) CreateMember(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	in := models.NewUser{Email: field(r, "email"), Name: field(r, "name"), Role: models.Role(field(r, "role"))}
	m, token, err := h.actions.AddMember(r.Context(), v.actor, v.team.ID, in)
	if err != nil {
		return h.showNewMember(w, r, in, err)
	}
	if token == "" {
		return h.Redirect(w, r, views.MembersPath(v.team.ID), models.T("member.added", "Name", m.User.Name))
	}
	return h.showInvited(w, r, m, token)
}

func (h *Handlers) showNewMember(w http.ResponseWriter, r *http.Request, in models.NewUser, err error) error {
	return h.RenderForm(w, r, err, views.NewMemberPage(h.page(r, "member.new"), in, err))
}

func (h *Handlers) showInvited(w http.ResponseWriter, r *http.Request, m models.Member, token string) error {
	scheme := "http://"
	if h.cfg.SecureCookies {
		scheme = "https://"
	}
	link := scheme + r.Host + "/invitations/" + token
	return h.Render(w, r, http.StatusOK, views.InvitedPage(h.page(r, "member.invited"), m, link))
}

// ShowMember is the form that changes a person's role.
func (h *Handlers) ShowMember(w http.ResponseWriter, r *http.Request) error {
	return h.showMember(w, r, "", nil)
}

// UpdateMember changes a person's role.
func (h *Handlers) UpdateMember(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	userID, err := pathID(r, "user")
	if err != nil {
		return err
	}
	role := models.Role(field(r, "role"))
	if err := h.actions.UpdateMember(r.Context(), v.actor, v.team.ID, userID, role); err != nil {
		return h.showMember(w, r, role, err)
	}
	return h.leaveMember(w, r, userID, models.T("member.saved"))
}

// DeleteMember takes a person out of a team.
func (h *Handlers) DeleteMember(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	userID, err := pathID(r, "user")
	if err != nil {
		return err
	}
	if err := h.actions.RemoveMember(r.Context(), v.actor, v.team.ID, userID); err != nil {
		return h.showMember(w, r, "", err)
	}
	return h.leaveMember(w, r, userID, models.T("member.removed"))
}

// leaveMember leads back to the list, or home for those who may not see it any
// more since it was about themselves.
func (h *Handlers) leaveMember(w http.ResponseWriter, r *http.Request, userID int64, flash models.Text) error {
	v := h.visit(r)
	if userID == v.actor.User.ID && !v.actor.User.InstanceAdmin {
		return h.Redirect(w, r, "/", flash)
	}
	return h.Redirect(w, r, views.MembersPath(v.team.ID), flash)
}

// InviteMember makes a new invitation for a person who has not taken up the first.
func (h *Handlers) InviteMember(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	userID, err := pathID(r, "user")
	if err != nil {
		return err
	}
	m, token, err := h.actions.InviteMember(r.Context(), v.actor, v.team.ID, userID)
	if err != nil {
		return h.showMember(w, r, "", err)
	}
	return h.showInvited(w, r, m, token)
}

// showMember shows the form with what was chosen, or with the present role.
func (h *Handlers) showMember(w http.ResponseWriter, r *http.Request, role models.Role, err error) error {
	userID, idErr := pathID(r, "user")
	if idErr != nil {
		return idErr
	}
	m, readErr := h.db.Member(r.Context(), h.visit(r).team.ID, userID)
	if readErr != nil {
		return readErr
	}
	if !role.Valid() {
		role = m.Role
	}
	p := h.page(r, "member.title", "Name", m.User.Name)
	return h.RenderForm(w, r, err, views.MemberPage(p, m, role, err))
}
