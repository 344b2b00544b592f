package models

import (
	"cmp"
	"context"
	"fmt"
)

// PlanBatch writes the next batch of a campaign, and in it a message for each of
// the next recipients behind c.PlanAfter, at most size. b has the batch's number, and
// when it is to be handed over and sent; it has no job and no skipped messages yet. It
// must run in a transaction; c is brought up to date. The batch is empty when the plan
// is whole.
func (db *DB) PlanBatch(ctx context.Context, c *Campaign, b Batch, size int64) (Batch, error) {
	b.CampaignID, b.AppkeyID, b.State = c.ID, c.AppkeyID, BatchPlanned
	b.Channel, b.SenderID, b.TemplateCode, b.LaunchedBy = c.Channel, c.SenderID, c.Content.TemplateCode, c.LaunchedBy
	b.DueAt, b.MeantAt = b.DueAt.UTC(), b.DueAt.UTC()
	if err := db.write(ctx).Create(&b).Error; err != nil {
		return b, fmt.Errorf("create batch: %w", err)
	}
	res := db.write(ctx).Exec(`INSERT INTO messages (id, campaign_id, phone, vars, state, fallback, code, sms_code, done_at)
		SELECT CAST(? AS BIGINT) + ROW_NUMBER() OVER (ORDER BY phone), CAST(? AS BIGINT), phone, vars, 0, 0, '', '', 0
		FROM (SELECT phone, vars FROM recipients WHERE audience_id = ? AND phone > ? ORDER BY phone`+limitTo(size)+`) AS next`,
		b.ID<<positionBits, c.ID, c.AudienceID, c.PlanAfter)
	if res.Error != nil {
		return b, fmt.Errorf("plan messages: %w", res.Error)
	}
	b.Size = res.RowsAffected
	if b.Size == 0 {
		return b, db.write(ctx).Delete(&b).Error
	}
	if err := db.write(ctx).Raw("SELECT phone FROM messages WHERE id = ?", MessageID(b.ID, int(b.Size))).Scan(&c.PlanAfter).Error; err != nil {
		return b, err
	}
	c.Planned += b.Size
	c.FirstBatch, c.LastBatch = cmp.Or(c.FirstBatch, b.ID), b.ID
	return b, db.SetBatch(ctx, b.ID, map[string]any{"size": b.Size})
}

// SavePlan keeps how far the plan has come. saved is false if somebody else has
// planned on from after, or the campaign is not being planned any more.
func (db *DB) SavePlan(ctx context.Context, c Campaign, after string) (saved bool, err error) {
	res := db.write(ctx).Model(&Campaign{}).Where("id = ? AND state = ? AND plan_after = ?", c.ID, CampaignPlanning, after).
		Updates(map[string]any{
			"planned": c.Planned, "plan_after": c.PlanAfter, "first_batch": c.FirstBatch, "last_batch": c.LastBatch, "updated_at": db.now(),
		})
	return res.RowsAffected > 0, res.Error
}

// LastBatchNumber is the number of the newest batch of a campaign, 0 if none.
func (db *DB) LastBatchNumber(ctx context.Context, campaignID int64) (n int64, err error) {
	err = db.write(ctx).Raw("SELECT COALESCE(MAX(number), 0) FROM batches WHERE campaign_id = ?", campaignID).Scan(&n).Error
	return n, err
}
