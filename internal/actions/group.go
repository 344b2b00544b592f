package actions

import (
	"context"
	"errors"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

func groupEvent(action string, k models.Appkey, g models.SenderGroup) models.Event {
	return models.Event{
		Action: action, TeamID: k.TeamID, AppkeyID: k.ID, ObjectType: "group", ObjectID: g.ID, ObjectName: g.Name,
	}
}

// AddGroup makes a group of k known here by its key, as the provider describes it.
func (s *Service) AddGroup(ctx context.Context, by models.Actor, k models.Appkey, typed string) (g models.SenderGroup, err error) {
	if err := by.May(models.ManageSenders); err != nil {
		return g, err
	}
	key := models.GroupKey(typed)
	if err := models.CheckGroupKey(key); err != nil {
		return g, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return g, err
	}
	n, err := client.SenderGroup(ctx, key)
	if err != nil {
		return g, s.groupUnknown(ctx, k, key, err)
	}
	now := s.Now()
	g, members := groupOf(models.SenderGroup{AppkeyID: k.ID, SenderKey: key, CreatedAt: now}, n, now)
	e := groupEvent("group.add", k, g)
	e.After = map[string]any{"key": key, "members": len(members)}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		err := tx.CreateSenderGroup(ctx, &g, members)
		e.ObjectID = g.ID
		return err
	})
	if models.KindOf(err) == models.Conflict {
		err = withField(err, "group_key", "error.exists.group")
	}
	return g, err
}

// groupUnknown says beside the field why there is no group of that key. People
// easily take a sender's key for it.
func (s *Service) groupUnknown(ctx context.Context, k models.Appkey, key string, err error) error {
	told := beside(explain(err), map[int]string{kakao.CodeGroupNotFound: "group_key"})
	if !refusedWith(err, kakao.CodeGroupNotFound) {
		return told
	}
	sender, found, readErr := s.DB.SenderWithKey(ctx, k.ID, key)
	if readErr != nil || !found {
		return errors.Join(told, readErr)
	}
	text := models.T("group.key_of_sender", "Sender", sender.PlusFriendID)
	return &models.Error{Kind: models.Invalid, Key: "error.invalid", Fields: map[string]models.Text{"group_key": text}, Err: err}
}

// refusedWith reports whether the provider answered with code.
func refusedWith(err error, code int) bool {
	e, ok := errors.AsType[*nhn.Error](err)
	return ok && e.Code == code
}

// groupOf is g as the provider describes it at now, and its members, each once.
func groupOf(g models.SenderGroup, n *nhn.SenderGroup, now time.Time) (models.SenderGroup, []models.GroupMember) {
	seen := make(map[string]bool, len(n.Members))
	members := make([]models.GroupMember, 0, len(n.Members))
	for _, m := range n.Members {
		if !seen[m.SenderKey] {
			seen[m.SenderKey] = true
			members = append(members, models.GroupMember{SenderKey: m.SenderKey, PlusFriendID: m.PlusFriendID, RegisteredAt: known(m.CreateDate)})
		}
	}
	g.Name, g.Status, g.MemberCount = n.Name, n.Status, len(members)
	g.MadeAt, g.ChangedAt, g.GoneAt, g.RefreshedAt = known(n.CreateDate), known(n.UpdateDate), nil, now
	return g, members
}

// known is t, nil if the provider has not told it.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}

// RefreshGroup reads a group and its members from the provider. What is known stays
// when the provider does not know the group any more; then that is noted.
func (s *Service) RefreshGroup(ctx context.Context, by models.Actor, k models.Appkey, g models.SenderGroup) error {
	if err := by.May(models.ManageSenders); err != nil {
		return err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return err
	}
	n, err := client.SenderGroup(ctx, g.SenderKey)
	if refusedWith(err, kakao.CodeGroupNotFound) {
		if err := s.DB.LoseSenderGroup(ctx, g.ID, s.Now()); err != nil {
			return err
		}
	}
	if err != nil {
		return explain(err)
	}
	fresh, members := groupOf(g, n, s.Now())
	e := groupEvent("group.refresh", k, fresh)
	e.After = map[string]any{"members": len(members)}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := tx.SaveSenderGroup(ctx, fresh, members); err != nil || by.System() {
			return err
		}
		return tx.Audit(ctx, by, e)
	})
}

// ForgetGroup removes a group from here. At the provider it stays as it is: the API
// deletes no groups.
func (s *Service) ForgetGroup(ctx context.Context, by models.Actor, k models.Appkey, g models.SenderGroup) error {
	if err := by.May(models.ManageSenders); err != nil {
		return err
	}
	e := groupEvent("group.forget", k, g)
	e.Before = map[string]any{"key": g.SenderKey, "members": g.MemberCount}
	return s.change(ctx, by, &e, func(tx *models.DB) error {
		last, found, err := tx.LastGroupChange(ctx, g.ID)
		if err != nil {
			return err
		}
		if found && last.State == models.ChangeRunning {
			return models.Errorf(models.Conflict, "group.forget_running")
		}
		return tx.DeleteSenderGroup(ctx, g.ID)
	})
}
