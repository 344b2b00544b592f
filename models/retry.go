package models

import (
	"context"
	"slices"

	"soshik/internal/kakao"
)

// RetryCode is a result code of a campaign's failed messages, with how many of them may be
// sent again because of it.
type RetryCode struct {
	Code  string
	Count int64
}

// Never reports whether nobody is sent to again because of the code: the message may have
// arrived.
func (c RetryCode) Never() bool { return kakao.Unconfirmed(c.Code) }

// Lost reports whether the code is that of an answer that was lost: the message has not
// been accepted, for all that is known.
func (c RetryCode) Lost() bool { return c.Code == CodeAnswerLost }

// Sensible reports whether sending the same message again makes sense by itself.
func (c RetryCode) Sensible() bool { return kakao.Passing(c.Code) }

// Choosable reports whether the code may be chosen for a retry.
func (c RetryCode) Choosable() bool { return !c.Never() && c.Code != "" }

// retriedSQL is a condition that messages meet which have failed for good: the provider
// lists them as failed, or has refused them in its answer, and no SMS has reached their
// recipients or is under way. Those whose answer was lost are among them.
const retriedSQL = "state IN (5, 6, 8) AND state > 3 AND fallback NOT IN (1, 2, 3)"

// RetryCodes are the codes of a campaign's messages that have failed for good, the most
// frequent first.
func (db *DB) RetryCodes(ctx context.Context, campaignID int64) ([]RetryCode, error) {
	var cs []RetryCode
	err := db.read(ctx).Raw(`SELECT code, SUM(count) AS count FROM code_counts
		WHERE campaign_id = ? AND state IN (5, 6, 8) AND count > 0 GROUP BY code ORDER BY count DESC, code`, campaignID).Scan(&cs).Error
	if err != nil {
		return nil, err
	}
	var waiting []RetryCode
	err = db.read(ctx).Raw(`SELECT code, COUNT(*) AS count FROM messages
		WHERE campaign_id = ? AND state = 8 AND state > 3 AND fallback IN (1, 2, 3)
			AND EXISTS (SELECT 1 FROM batches WHERE campaign_id = ? AND sms_waiting > 0) GROUP BY code`, campaignID, campaignID).Scan(&waiting).Error
	if err != nil {
		return nil, err
	}
	for i, c := range cs {
		for _, w := range waiting {
			if w.Code == c.Code {
				cs[i].Count -= w.Count
			}
		}
	}
	return slices.DeleteFunc(cs, func(c RetryCode) bool { return c.Count <= 0 }), nil
}

// Retries are the campaigns that send failed messages of a campaign again, the newest
// first.
func (db *DB) Retries(ctx context.Context, campaignID int64, limit int) ([]Campaign, error) {
	var cs []Campaign
	return cs, db.read(ctx).Where("retry_of = ? AND retry_of > 0", campaignID).Order("id DESC").Limit(limit).Find(&cs).Error
}

// Unfailed are the open messages of a batch whose recipients have a message of the
// campaign retried that has not failed for good, as it had when they were chosen: it has
// arrived meanwhile, by SMS too, or may yet.
func (db *DB) Unfailed(ctx context.Context, retried, batchID int64) ([]int64, error) {
	var ids []int64
	err := db.read(ctx).Raw("SELECT m.id FROM messages m "+
		db.probe("o.state, o.fallback, o.code", "messages o", "o.campaign_id = ? AND o.phone = m.phone", "o")+`
		m.id BETWEEN ? AND ? AND m.state = 0 AND (o.state NOT IN (5, 6, 8) OR o.fallback IN (1, 2, 3) OR o.code IN ?) ORDER BY m.id`,
		retried, batchID<<positionBits, batchID<<positionBits|(1<<positionBits-1), kakao.UnconfirmedCodes()).Scan(&ids).Error
	return ids, err
}

// CopyAudienceUses notes that a campaign takes its recipients from where another has taken
// them.
func (db *DB) CopyAudienceUses(ctx context.Context, from, to int64) error {
	return db.write(ctx).Exec(`INSERT INTO audience_uses (audience_id, campaign_id, used_at)
		SELECT audience_id, CAST(? AS BIGINT), used_at FROM audience_uses WHERE campaign_id = ? ON CONFLICT DO NOTHING`, to, from).Error
}
