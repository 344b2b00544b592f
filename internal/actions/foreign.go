package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

const (
	// foreignRequests are read at most in one go of those that others have made.
	foreignRequests = 50
	// foreignEarly is by how much the provider's clock may be slow.
	foreignEarly = time.Minute
)

// takeForeign records those of messages that no campaign of this installation has
// sent, and that were sent since such are taken in. asked is whether their results have to be asked for, where no list tells of
// them. They are not counted among the results of anything, and nobody is suppressed,
// stopped or sent anything because of them.
func (t taking) takeForeign(ctx context.Context, messages []nhn.Message, asked bool) error {
	now := t.Now()
	foreign, err := t.foreign(ctx, messages)
	if err != nil {
		return err
	}
	if foreign, err = t.wanted(ctx, foreign, now); err != nil {
		return err
	}
	places := map[string]int{} // the provider may list a message twice
	rows := make([]models.ForeignMessage, 0, len(foreign))
	for _, m := range foreign {
		key := fmt.Sprint(m.RequestID, " ", m.RecipientSeq)
		if at, again := places[key]; again {
			rows[at] = t.foreignMessage(m, now, asked)
			continue
		}
		places[key] = len(rows)
		rows = append(rows, t.foreignMessage(m, now, asked))
	}
	if err := t.DB.SaveForeign(ctx, rows); err != nil {
		return fmt.Errorf("messages sent elsewhere: %w", err)
	}
	return nil
}

// foreign are those of messages that are not ours.
func (t taking) foreign(ctx context.Context, messages []nhn.Message) ([]nhn.Message, error) {
	ulids := map[string]bool{}
	for _, m := range messages {
		if ulid, _, named := parseMessageKey(m.RecipientGroupingKey); named {
			ulids[ulid] = true
		}
	}
	campaigns, err := t.campaigns(ctx, ulids)
	return slices.DeleteFunc(slices.Clone(messages), func(m nhn.Message) bool {
		ulid, _, _ := parseMessageKey(m.RecipientGroupingKey)
		_, ours := campaigns[ulid]
		return ours || m.RequestID == ""
	}), err
}

// wanted are those of messages that were sent since such are taken in, and those of
// requests that are known: of them anything may still be told after the setting was off for
// a while.
func (t taking) wanted(ctx context.Context, messages []nhn.Message, now time.Time) ([]nhn.Message, error) {
	since := t.appkey.ForeignSince.Add(-foreignEarly)
	var early []string
	for _, m := range messages {
		if sentAt(m, now).Before(since) {
			early = append(early, m.RequestID)
		}
	}
	if len(early) == 0 {
		return messages, nil
	}
	known, err := t.DB.KnownForeign(ctx, t.appkey.ID, t.reading.Channel, early)
	return slices.DeleteFunc(messages, func(m nhn.Message) bool {
		return sentAt(m, now).Before(since) && !slices.Contains(known, m.RequestID)
	}), err
}

// sentAt is when a message was, or is, to be sent.
func sentAt(m nhn.Message, now time.Time) time.Time {
	switch {
	case !m.RequestDate.IsZero():
		return m.RequestDate
	case !m.CreateDate.IsZero():
		return m.CreateDate
	}
	return now
}

func (t taking) foreignMessage(m nhn.Message, now time.Time, asked bool) models.ForeignMessage {
	sent := sentAt(m, now)
	out := models.ForeignMessage{
		AppkeyID: t.appkey.ID, Channel: t.reading.Channel, RequestID: m.RequestID, Seq: m.RecipientSeq, Phone: m.RecipientNo,
		PlusFriendID: m.PlusFriendID, SenderKey: m.SenderKey, TemplateCode: m.TemplateCode, Content: m.Content, SentAt: sent.UnixMilli(),
		SenderGroup: m.SenderGroupingKey, RecipientGroup: m.RecipientGroupingKey, CreateUser: m.CreateUser, TakenAt: now.UTC(),
	}
	o, known := outcomeOf(m, now)
	if known {
		out.State, out.Fallback, out.Code, out.SMSCode, out.DoneAt = o.State, o.Fallback, o.Code, o.SMSCode, o.DoneAt
	}
	if open := !known || o.Fallback == models.FallbackTarget || o.Fallback == models.FallbackUnderWay; asked && open {
		out.DueAt = new(t.nextAsking(sent, now).UTC())
	}
	return out
}

// nextAsking is when a request of others is read next: ever more seldom with its age.
func (t taking) nextAsking(sent, now time.Time) time.Time {
	return latest(sent, now).Add(min(max(now.Sub(sent)/readAgain, time.Minute, t.Sweeping.ResultsEvery), readAtLeast))
}

// takeForeignRequests reads requests of others of which results are still to come.
func (t taking) takeForeignRequests(ctx context.Context) error {
	now, ch := t.Now(), t.reading.Channel
	if err := t.DB.CloseForeign(ctx, t.appkey.ID, ch, now.AddDate(0, 0, -kakao.RetentionDays-1), now); err != nil {
		return err
	}
	requests, err := t.DB.AwaitedForeign(ctx, t.appkey.ID, ch, now, foreignRequests)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range requests {
		if err := t.takeForeignRequest(ctx, r, now); err != nil {
			errs = append(errs, fmt.Errorf("request sent elsewhere: %w", err))
			if noAnswer(err) {
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (t taking) takeForeignRequest(ctx context.Context, r models.ForeignRequest, now time.Time) error {
	ch := t.reading.Channel
	err := t.DB.PostponeForeign(ctx, t.appkey.ID, ch, r.RequestID, t.nextAsking(time.UnixMilli(r.SentAt), now))
	if err != nil {
		return err
	}
	messages, err := channelOf(ch).request(ctx, t.client, r.RequestID)
	if err != nil {
		return err
	}
	return errors.Join(t.takeForeign(ctx, messages, true), t.keepReading(ctx, t.appkey.ID, ch))
}
