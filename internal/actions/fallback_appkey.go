package actions

import (
	"context"
	"errors"
	"slices"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// lostSenders bounds how many senders the audit log names that have lost their
// settings.
const lostSenders = 100

// fallbackConnection is what the audit log keeps of the SMS service of an appkey.
type fallbackConnection struct {
	SMSAppkey string   `json:"sms_appkey"` // masked; "" for none or one that is not known
	Senders   int64    `json:"senders_with_settings"`
	First     []string `json:"first_of_them,omitempty"`
	Campaigns []string `json:"campaigns,omitempty"` // that are under way with fallback on
}

// SetFallbackAppkey connects the SMS service through which failed messages go out.
// The provider then forgets the fallback settings of all senders of k, so they are
// read anew; stale says that this has not worked, though the service is connected.
func (s *Service) SetFallbackAppkey(ctx context.Context, by models.Actor, k models.Appkey, in models.NewFallbackAppkey) (stale bool, err error) {
	if err := by.May(models.ManageAppkeys); err != nil {
		return false, err
	}
	before, err := s.DB.FallbackService(ctx, k.ID, lostSenders)
	if err != nil {
		return false, err
	}
	if err := in.Validate(before); err != nil {
		return false, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return false, err
	}
	ctx = context.WithoutCancel(ctx)
	e := models.Event{
		Action: "appkey.fallback", TeamID: k.TeamID, AppkeyID: k.ID, ObjectType: "appkey", ObjectID: k.ID, ObjectName: k.Name,
		Before: connection(before),
	}
	err = client.SetFallbackAppkey(ctx, in.SMSAppkey)
	if stale, err = s.afterFallbackAppkey(ctx, k, in, err); err != nil {
		return false, beside(s.failed(ctx, by, e, err), map[int]string{kakao.CodeSMSAppkey: "sms_appkey"})
	}
	e.After = fallbackConnection{SMSAppkey: models.MaskKey(in.SMSAppkey)}
	return stale, s.DB.Audit(ctx, by, e)
}

// afterFallbackAppkey reads all senders after the call that ended with err. Where
// that leaves it in doubt whether the service is connected, the senders tell, if their
// API does.
func (s *Service) afterFallbackAppkey(ctx context.Context, k models.Appkey, in models.NewFallbackAppkey, err error) (stale bool, _ error) {
	answer, failed := errors.AsType[*nhn.Error](err)
	if err != nil && (!failed || !answer.InDoubt()) {
		return false, err
	}
	_, readErr := s.RefreshSenders(ctx, models.Actor{}, k)
	if readErr != nil {
		s.Log.WarnContext(ctx, "senders not read after their fallback was reset", "appkey", k.ID, "error", readErr)
	}
	if err == nil {
		return readErr != nil, nil
	}
	told, dbErr := s.DB.FallbackService(ctx, k.ID, 1)
	if dbErr != nil {
		return false, errors.Join(dbErr, err)
	}
	if readErr == nil && told.Told && slices.Equal(told.Appkeys, []string{in.SMSAppkey}) {
		return false, nil
	}
	if readErr == nil && told.Told {
		return false, err
	}
	return false, &models.Error{Kind: models.Upstream, Key: "sender.sms.doubt", Err: err}
}

func connection(f models.FallbackService) fallbackConnection {
	c := fallbackConnection{SMSAppkey: f.Names(), Senders: f.Losing, Campaigns: names(f.Campaigns)}
	for _, sender := range f.Senders {
		c.First = append(c.First, sender.PlusFriendID)
	}
	return c
}
