package actions

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// categoriesLife is how long the provider's categories are used without asking
// again.
const categoriesLife = 24 * time.Hour

// Categories are the kinds of business that a sender of k can be registered under:
// those kept, if they are not too old, else the provider's. Old ones are better
// than none while the provider does not answer.
func (s *Service) Categories(ctx context.Context, k models.Appkey) ([]models.Category, error) {
	kept, fetchedAt, err := s.DB.Categories(ctx, k.ID)
	if err != nil {
		return nil, err
	}
	if len(kept) > 0 && s.Now().Sub(fetchedAt) < categoriesLife {
		return kept, nil
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return nil, err
	}
	tree, err := client.Categories(ctx)
	if err != nil && len(kept) > 0 {
		s.Log.WarnContext(ctx, "categories not refreshed", "appkey", k.ID, "error", err)
		return kept, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	fresh := leaves(tree)
	return fresh, s.DB.SaveCategories(ctx, k.ID, fresh, s.Now())
}

func leaves(tree []nhn.Category) []models.Category {
	var cs []models.Category
	for code, path := range nhn.Leaves(tree) {
		names := make([]string, len(path))
		for i, c := range path {
			names[i] = c.Name
		}
		cs = append(cs, models.Category{Code: code, Path: names})
	}
	return cs
}

// RegisterSender asks the provider for a sender. It waits then for the token that
// arrives in the administrator's KakaoTalk, see [Service.EnterToken]. One that
// waits already gets a new token.
func (s *Service) RegisterSender(ctx context.Context, by models.Actor, k models.Appkey, in models.NewSender) (models.Sender, error) {
	if err := by.May(models.ManageSenders); err != nil {
		return models.Sender{}, err
	}
	in = in.Normal()
	if err := in.Validate(); err != nil {
		return models.Sender{}, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return models.Sender{}, err
	}
	ctx = context.WithoutCancel(ctx) // what the provider has done is recorded
	e := senderEvent("sender.register", k, models.Sender{PlusFriendID: in.PlusFriendID})
	e.After = map[string]string{"category": in.CategoryCode}
	req := nhn.RegisterSenderRequest{PlusFriendID: in.PlusFriendID, PhoneNo: in.PhoneNo, CategoryCode: in.CategoryCode}
	if err := client.RegisterSender(ctx, req); err != nil && !s.registeredAfterAll(ctx, client, k, in, err) {
		return models.Sender{}, unknownChannel(s.failed(ctx, by, e, err))
	}
	now := s.Now()
	sender := models.Sender{
		AppkeyID: k.ID, PlusFriendID: in.PlusFriendID, PhoneNo: in.PhoneNo, CategoryCode: in.CategoryCode,
		Status: kakao.SenderWaiting, RefreshedAt: now, CreatedAt: now,
	}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		err := tx.PutWaitingSender(ctx, &sender)
		e.ObjectID = sender.ID
		return err
	})
	return sender, err
}

// registeredAfterAll reports whether the provider has carried out a registration that
// is in doubt because of err: it lists a sender that waits, and that did not wait before.
func (s *Service) registeredAfterAll(ctx context.Context, client *nhn.Client, k models.Appkey, in models.NewSender, err error) bool {
	answer, ok := errors.AsType[*nhn.Error](err)
	if !ok || !answer.InDoubt() {
		return false
	}
	known, dbErr := s.DB.SendersNamed(ctx, k.ID, []string{in.PlusFriendID})
	if before := known[in.PlusFriendID]; dbErr != nil || before.ID != 0 && before.GoneAt == nil {
		return false
	}
	listed, lookErr := s.listed(ctx, client, k, models.Sender{PlusFriendID: in.PlusFriendID})
	return lookErr == nil && listed.Status == kakao.SenderWaiting
}

// unknownChannel says beside the PlusFriendID that there is no such channel: to those
// who register one, "no such sender" would say nothing.
func unknownChannel(err error) error {
	answer, ok := errors.AsType[*nhn.Error](err)
	if !ok || answer.Code != kakao.CodeSenderNotFound || models.KindOf(err) != models.Upstream {
		return err
	}
	told := map[string]models.Text{"plus_friend_id": models.T("sender.id_unknown")}
	return &models.Error{Kind: models.Upstream, Key: "error.invalid", Fields: told, Err: err}
}

func senderEvent(action string, k models.Appkey, sender models.Sender) models.Event {
	return models.Event{
		Action: action, TeamID: k.TeamID, AppkeyID: k.ID,
		ObjectType: "sender", ObjectID: sender.ID, ObjectName: sender.PlusFriendID,
	}
}

// maxToken bounds the digits of a token: no token that is known is longer than 8.
const maxToken = 9

// tokenRune is what a character of a token that was copied or typed stands for: full
// width digits are digits, and space of any kind, hyphens and what cannot be seen are
// nothing.
func tokenRune(r rune) rune {
	switch {
	case r >= '０' && r <= '９':
		return r - '０' + '0'
	case unicode.IsSpace(r), unicode.In(r, unicode.Cf, unicode.Pd):
		return -1
	}
	return r
}

// parseToken reads a token as people copy it.
func parseToken(s string) (int, error) {
	tight := strings.Map(tokenRune, s)
	if tight == "" {
		return 0, withField(nil, "token", "field.required")
	}
	token, err := strconv.Atoi(tight)
	if err != nil || token < 0 || len(tight) > maxToken {
		return 0, withField(nil, "token", "sender.token_digits")
	}
	return token, nil
}

// EnterToken finishes the registration of a sender with the token that its
// administrator has received.
func (s *Service) EnterToken(ctx context.Context, by models.Actor, k models.Appkey, sender models.Sender, typed string) (models.Sender, error) {
	if err := by.May(models.ManageSenders); err != nil {
		return sender, err
	}
	token, err := parseToken(typed)
	if err != nil {
		return sender, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return sender, err
	}
	ctx = context.WithoutCancel(ctx)
	e := senderEvent("sender.token", k, sender)
	answer, err := client.EnterToken(ctx, sender.PlusFriendID, token)
	if err != nil {
		return sender, beside(s.failed(ctx, by, e, err), map[int]string{kakao.CodeToken: "token"})
	}
	sender = s.registered(ctx, client, k, sender, answer)
	err = s.change(ctx, by, &e, func(tx *models.DB) error { return tx.SaveSenders(ctx, []models.Sender{sender}) })
	return sender, err
}

// registered is sender after its token was taken: as the provider lists it, or,
// while it does not, with what the answer to the token told.
func (s *Service) registered(ctx context.Context, client *nhn.Client, k models.Appkey, sender models.Sender, answer *nhn.Sender) models.Sender {
	listed, err := s.listed(ctx, client, k, sender)
	if err == nil && listed.Status == kakao.SenderRegistered {
		return listed
	}
	if err != nil {
		s.Log.WarnContext(ctx, "sender not read after its token", "sender", sender.ID, "error", err)
	}
	sender.Status, sender.StatusName = kakao.SenderRegistered, ""
	if answer != nil {
		sender.SenderKey = cmp.Or(answer.SenderKey, sender.SenderKey)
	}
	return sender
}

var errNotListed = models.Errorf(models.Upstream, "sender.not_listed")

// listed is sender as the provider lists it now.
func (s *Service) listed(ctx context.Context, client *nhn.Client, k models.Appkey, sender models.Sender) (models.Sender, error) {
	found, _, err := client.Senders(ctx, nhn.SenderFilter{PlusFriendID: sender.PlusFriendID, PageSize: kakao.MaxPageSize})
	if err != nil {
		return sender, err
	}
	for _, f := range found {
		if f.PlusFriendID == sender.PlusFriendID {
			fresh := senderOf(k, f, s.Now())
			fresh.ID, fresh.PhoneNo, fresh.CreatedAt = sender.ID, sender.PhoneNo, sender.CreatedAt
			return fresh, nil
		}
	}
	return sender, errNotListed
}

// senderOf is what the provider says of a sender, read at now.
func senderOf(k models.Appkey, n nhn.Sender, now time.Time) models.Sender {
	var registered *time.Time
	if !n.CreateDate.IsZero() {
		registered = new(n.CreateDate.UTC())
	}
	return models.Sender{
		AppkeyID: k.ID, PlusFriendID: n.PlusFriendID, CategoryCode: n.CategoryCode, SenderKey: n.SenderKey,
		Status: n.Status, StatusName: n.StatusName, KakaoStatus: n.KakaoStatus, ProfileStatus: n.KakaoProfileStatus,
		KakaoStatusName: n.KakaoStatusName, ProfileStatusName: n.KakaoProfileStatusName, Dormant: n.Dormant, Blocked: n.Blocked,
		Fallback: n.FriendTalk.IsResend, FallbackSendNo: n.FriendTalk.ResendSendNo, UnsubscribeNo: n.FriendTalk.ResendUnsubscribeNo,
		ResendAppkey: n.FriendTalk.ResendAppkey, DailyMax: n.FriendTalk.DailyMaxCount, SentCount: n.FriendTalk.SentCount,
		AlimtalkFallback: n.AlimTalk.IsResend, AlimtalkSendNo: n.AlimTalk.ResendSendNo, AlimtalkResendAppkey: n.AlimTalk.ResendAppkey,
		AlimtalkDailyMax: n.AlimTalk.DailyMaxCount, AlimtalkSentCount: n.AlimTalk.SentCount,
		APIVersion: k.SenderVersion, RegisteredAt: registered, Raw: n.Raw, RefreshedAt: now, CreatedAt: now,
	}
}

// SetFallback sets how the failed messages of a sender go out by SMS, and reads the
// sender anew.
func (s *Service) SetFallback(ctx context.Context, by models.Actor, k models.Appkey, sender models.Sender, in models.NewFallback) error {
	if err := by.May(models.ManageSenders); err != nil {
		return err
	}
	if sender.GoneAt != nil {
		return errSenderGone
	}
	if in = in.Normal(); !in.On && in.SendNo == "" {
		in.SendNo = sender.FallbackSendNo // the provider wants one even to turn fallback off
	}
	if err := in.Validate(); err != nil {
		return err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	e := senderEvent("sender.fallback", k, sender)
	req := nhn.Fallback{PlusFriendID: sender.PlusFriendID, IsResend: in.On, SendNo: in.SendNo, UnsubscribeNo: in.UnsubscribeNo}
	if err := client.SetFallback(ctx, req); err != nil {
		return beside(s.failed(ctx, by, e, err), map[int]string{
			kakao.CodeSMSSendNo: "send_no", kakao.CodeUnsubscribeNo: "unsubscribe_no",
		})
	}
	e.Before, e.After = fallbackOf(sender), in
	fresh := s.withFallback(ctx, client, k, sender, in)
	return s.change(ctx, by, &e, func(tx *models.DB) error { return tx.SaveSenders(ctx, []models.Sender{fresh}) })
}

func fallbackOf(s models.Sender) models.NewFallback {
	return models.NewFallback{On: s.Fallback, SendNo: s.FallbackSendNo, UnsubscribeNo: s.UnsubscribeNo}
}

// withFallback is sender as the provider lists it, or, while it does not answer,
// with what it has just accepted.
func (s *Service) withFallback(ctx context.Context, client *nhn.Client, k models.Appkey, sender models.Sender, in models.NewFallback) models.Sender {
	fresh, err := s.listed(ctx, client, k, sender)
	if err == nil {
		return fresh
	}
	if !errors.Is(err, errNotListed) {
		s.Log.WarnContext(ctx, "sender not read after its fallback was set", "sender", sender.ID, "error", err)
	}
	sender.Fallback, sender.FallbackSendNo, sender.UnsubscribeNo = in.On, in.SendNo, in.UnsubscribeNo
	return sender
}
