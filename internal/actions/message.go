package actions

import (
	"cmp"
	"context"
	"errors"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// RefreshMessage asks the provider about one message and records what it says, as if its
// results had been read: what is known of it never goes back. changed is whether it said
// anything new; r is the message afterwards.
func (s *Service) RefreshMessage(ctx context.Context, by models.Actor, k models.Appkey, id int64) (r models.MessageRecord, changed bool, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return r, false, err
	}
	if r, err = s.DB.MessageRecord(ctx, k.ID, id); err != nil {
		return r, false, err
	}
	if !r.Askable() {
		return r, false, models.Errorf(models.Conflict, "message.not_there")
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return r, false, err
	}
	e := messageEvent("message.refresh", r)
	asked := s.Now()
	m, err := s.readMessage(ctx, client, r)
	if err != nil {
		return r, false, s.failed(ctx, by, e, err)
	}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		n, err := s.keepMessage(ctx, tx, r, *m, asked)
		if err != nil {
			return err
		}
		changed = n > 0
		if r, err = tx.MessageRecord(ctx, k.ID, id); err != nil {
			return err
		}
		e.After = standing(r)
		return nil
	})
	return r, changed, err
}

func messageEvent(action string, r models.MessageRecord) models.Event {
	return models.Event{
		Action: action, TeamID: r.Campaign.TeamID, AppkeyID: r.Campaign.AppkeyID, ObjectType: "message", ObjectID: r.ID, ObjectName: r.Campaign.Name,
		Before: standing(r),
	}
}

// standing is what the audit log keeps of how a message stands. Whose it is does not go
// there.
func standing(r models.MessageRecord) any {
	return struct {
		State   models.Part          `json:"state"`
		Code    string               `json:"code,omitempty"`
		SMS     models.FallbackState `json:"sms,omitempty"`
		SMSCode string               `json:"sms_code,omitempty"`
	}{r.Part, r.Code, r.Fallback, r.SMSCode}
}

// readMessage reads a message from the provider. Its place in the request is mostly known,
// or that in the batch; where another message is there, or none, it is looked up by its key.
func (s *Service) readMessage(ctx context.Context, client *nhn.Client, r models.MessageRecord) (*nhn.Message, error) {
	ch, key, id := channelOf(r.Campaign.Channel), messageKey(r.Campaign, r.Message), r.Request.RequestID
	m, err := ch.message(ctx, client, id, cmp.Or(r.Seq(), r.Position()))
	switch e, answered := errors.AsType[*nhn.Error](err); {
	case err == nil && m.RecipientGroupingKey == key:
		return m, nil
	case err != nil && (!answered || e.Code != kakao.CodeMessageNotFound):
		return nil, err
	}
	listed, _, err := ch.search(ctx, client, search{requestID: id, recipientKey: key, size: kakao.DefaultPageSize})
	if err != nil {
		return nil, err
	}
	for _, found := range listed {
		if found.RecipientGroupingKey == key && found.RequestID == id {
			return ch.message(ctx, client, id, found.RecipientSeq)
		}
	}
	return nil, &models.Error{Kind: models.Upstream, Key: "message.not_listed"}
}

// keepMessage records what the provider said about a message when it was asked, and says
// whether it was anything new (1) or not (0).
func (s *Service) keepMessage(ctx context.Context, tx *models.DB, r models.MessageRecord, m nhn.Message, asked time.Time) (n int, err error) {
	if o, reported := outcomeOf(m, asked); reported {
		o.ID, o.CampaignID = r.ID, r.CampaignID
		if o.State == models.MessageCancelled {
			o.Attempt = attemptOf(m.SenderGroupingKey)
		}
		if n, err = s.keepOutcomes(ctx, tx, []models.MessageOutcome{o}); err != nil {
			return 0, err
		}
	}
	d := models.MessageDetail{MessageID: r.ID, FetchedAt: asked, SMSRequestID: m.ResendRequestID, Raw: toldOf(m)}
	if !m.ReceiveDate.IsZero() {
		d.ReceiveAt = new(m.ReceiveDate.UTC())
	}
	return n, tx.SaveMessageDetail(ctx, d)
}

// toldOf is what the provider says about a message, besides whose it is and what it says.
func toldOf(m nhn.Message) models.Told {
	return models.Told{
		RequestID: m.RequestID, Seq: m.RecipientSeq, Status: m.MessageStatus, Code: m.ResultCode, CodeName: m.ResultCodeName,
		Fallback: m.ResendStatus, FallbackName: m.ResendStatusName, SMSCode: m.ResendResultCode, SMSRequestID: m.ResendRequestID,
		AttemptKey: m.SenderGroupingKey, RequestAt: m.RequestDate, CreatedAt: m.CreateDate, ReceivedAt: m.ReceiveDate,
	}
}
