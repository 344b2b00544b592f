package actions

import (
	"context"
	"errors"

	"soshik/models"
)

// AddMember gives a person a role in a team. Somebody who is not known yet is
// created and invited: token is what their link carries. It is empty for a person
// who is known already.
func (s *Service) AddMember(ctx context.Context, by models.Actor, teamID int64, in models.NewUser) (m models.Member, token string, err error) {
	if err := by.May(models.ManageMembers); err != nil {
		return m, "", err
	}
	in.Email = models.NormalEmail(in.Email)
	if err := in.Validate(); err != nil {
		return m, "", err
	}
	e := models.Event{Action: "member.add", TeamID: teamID, ObjectType: "user", ObjectName: in.Email}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		user, invitation, err := s.findOrInvite(ctx, tx, in)
		if err != nil {
			return err
		}
		token = invitation
		m = models.Member{TeamID: teamID, UserID: user.ID, Role: in.Role, CreatedAt: s.Now(), User: user}
		e.ObjectID, e.After = user.ID, map[string]any{"role": in.Role, "invited": invitation != ""}
		return tx.CreateMember(ctx, &m)
	})
	if err != nil {
		return m, "", conflictBeside(err, "email")
	}
	return m, token, nil
}

// findOrInvite is the person with in's address, created and invited if there is
// none.
func (s *Service) findOrInvite(ctx context.Context, tx *models.DB, in models.NewUser) (user models.User, token string, err error) {
	user, err = tx.UserByEmail(ctx, in.Email)
	if err == nil || models.KindOf(err) != models.NotFound {
		return user, "", err
	}
	user = models.User{Email: in.Email, Name: in.Name, CreatedAt: s.Now()}
	if err := tx.CreateUser(ctx, &user); err != nil {
		return user, "", err
	}
	token = models.NewToken()
	return user, token, tx.CreateInvitation(ctx, user.ID, token)
}

// conflictBeside tells that something exists already beside the field where it
// was typed.
func conflictBeside(err error, field string) error {
	e, ok := errors.AsType[*models.Error](err)
	if !ok || e.Kind != models.Conflict {
		return err
	}
	return &models.Error{
		Kind: models.Conflict, Key: "error.invalid", Err: err,
		Fields: map[string]models.Text{field: models.T(e.Key, e.Args...)},
	}
}

// UpdateMember gives a member another role. The last admin of a team stays one.
func (s *Service) UpdateMember(ctx context.Context, by models.Actor, teamID, userID int64, role models.Role) error {
	if err := by.May(models.ManageMembers); err != nil {
		return err
	}
	if !role.Valid() {
		return withField(nil, "role", "field.choose")
	}
	e := models.Event{Action: "member.role", TeamID: teamID, ObjectType: "user", ObjectID: userID, After: map[string]any{"role": role}}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		m, err := tx.Member(ctx, teamID, userID)
		if err != nil {
			return err
		}
		e.ObjectName, e.Before = m.User.Email, map[string]any{"role": m.Role}
		return tx.SetRole(ctx, m, role)
	})
}

// RemoveMember takes a person out of a team. The last admin of a team stays.
func (s *Service) RemoveMember(ctx context.Context, by models.Actor, teamID, userID int64) error {
	if err := by.May(models.ManageMembers); err != nil {
		return err
	}
	e := models.Event{Action: "member.remove", TeamID: teamID, ObjectType: "user", ObjectID: userID}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		m, err := tx.Member(ctx, teamID, userID)
		if err != nil {
			return err
		}
		e.ObjectName, e.Before = m.User.Email, map[string]any{"role": m.Role}
		return tx.DeleteMember(ctx, m)
	})
}

// InviteMember makes a new invitation for a member who has not chosen a password
// yet; earlier ones end. Whoever holds it becomes that person, so that an admin of
// one team cannot make one for a person who is awaited by another team as well.
func (s *Service) InviteMember(ctx context.Context, by models.Actor, teamID, userID int64) (m models.Member, token string, err error) {
	if err := by.May(models.ManageMembers); err != nil {
		return m, "", err
	}
	token = models.NewToken()
	e := models.Event{Action: "member.invite", TeamID: teamID, ObjectType: "user", ObjectID: userID}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if m, err = tx.Member(ctx, teamID, userID); err != nil {
			return err
		}
		e.ObjectName = m.User.Email
		if err := mayInvite(ctx, tx, by, m); err != nil {
			return err
		}
		return tx.CreateInvitation(ctx, userID, token)
	})
	if err != nil {
		return m, "", err
	}
	return m, token, nil
}

func mayInvite(ctx context.Context, tx *models.DB, by models.Actor, m models.Member) error {
	if m.Active() {
		return models.Errorf(models.Conflict, "member.active_already")
	}
	teams, err := tx.CountTeamsOf(ctx, m.UserID)
	if err != nil {
		return err
	}
	if (teams > 1 || m.User.InstanceAdmin) && !by.User.InstanceAdmin && !by.System() {
		return models.Errorf(models.Conflict, "member.invite_elsewhere")
	}
	return nil
}
