package bench

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"soshik/models"
)

// What is spread over the campaigns.
const (
	senders    = 20
	templates  = 10
	creators   = 5
	handedDays = 80
	batchSize  = 1000
	rareCode   = "1030" // of a few in a million
	openShare  = 100    // the newest of so many batches await results
)

// library is a database full of messages.
type library struct {
	*run

	cfg       PagesConfig
	size      int // of a campaign
	began     time.Time
	campaigns []models.Campaign // in order
	first     int64             // ids of batches
	last      int64

	foreignSenders []int64 // in whose names others send
}

func senderOf(n int) int64    { return int64(100 + n) }
func templateOf(n int) string { return fmt.Sprintf("T%d", n) }
func requestOf(b int64) string {
	return fmt.Sprintf("20260801%032d", b)
}

// phoneOf is the i-th number of a campaign of so many, in order.
func phoneOf(i, size int) string { return fmt.Sprintf("010%08d", 10_000_000+i*(80_000_000/size)) }

func (l *library) batch(rnd *rand.Rand) int64 { return l.first + rnd.Int64N(l.last-l.first+1) }

// campaignOf is the campaign that has the batch.
func (l *library) campaignOf(batchID int64) models.Campaign {
	i, _ := slices.BinarySearchFunc(l.campaigns, batchID, func(c models.Campaign, id int64) int {
		switch {
		case c.LastBatch < id:
			return -1
		case c.FirstBatch > id:
			return 1
		}
		return 0
	})
	return l.campaigns[min(i, len(l.campaigns)-1)]
}

// fill writes the messages, unless they are there.
func (l *library) fill(ctx context.Context) (err error) {
	l.size = max(l.cfg.Messages/l.cfg.Campaigns, 1)
	l.began = time.Now().UTC().AddDate(0, 0, -handedDays).Truncate(24 * time.Hour)
	const all = 1 << 30
	if l.campaigns, err = l.app.DB.Campaigns(ctx, l.appkey.ID, 0, all); err != nil {
		return err
	}
	slices.Reverse(l.campaigns)
	if len(l.campaigns) < l.cfg.Campaigns {
		if err := l.write(ctx); err != nil {
			return err
		}
	}
	l.first, l.last = l.campaigns[0].FirstBatch, l.campaigns[len(l.campaigns)-1].LastBatch
	return nil
}

func (l *library) write(ctx context.Context) error {
	began := time.Now()
	for n := len(l.campaigns); n < l.cfg.Campaigns; n++ {
		if err := l.writeCampaign(ctx, n); err != nil {
			return err
		}
	}
	if _, err := l.app.DB.SQL().ExecContext(ctx, `INSERT INTO code_counts (campaign_id, state, code, count)
		SELECT campaign_id, state, code, COUNT(*) FROM messages WHERE state <> 0 GROUP BY campaign_id, state, code`); err != nil {
		return err
	}
	if l.app.DB.Dialect() == models.Postgres { // as autovacuum does in time
		if _, err := l.app.DB.SQL().ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
			return err
		}
	}
	l.print("write the messages", time.Since(began), l.cfg.Messages)
	return nil
}

func (l *library) writeCampaign(ctx context.Context, n int) error {
	now := time.Now().UTC()
	c := models.Campaign{
		TeamID: l.appkey.TeamID, AppkeyID: l.appkey.ID, Channel: models.Channels()[n%2], ULID: fmt.Sprintf("%026d", n+1), Name: fmt.Sprintf("캠페인 %d", n+1),
		State: models.CampaignFinished, SenderID: senderOf(n % senders), Content: models.Content{Text: "안녕하세요"}, LaunchedBy: int64(1 + n%creators),
		Audience: int64(l.size), Planned: int64(l.size), CreatedAt: now, UpdatedAt: now, LaunchedAt: &now, FinishedAt: &now,
	}
	if c.Channel == models.BrandTalk {
		c.Content.TemplateCode = templateOf(n % templates)
	}
	if err := l.app.DB.CreateCampaign(ctx, &c); err != nil {
		return err
	}
	for from := 0; from < l.size; from += 10 * batchSize {
		err := l.app.DB.Tx(ctx, func(tx *models.DB) error {
			for at := from; at < min(from+10*batchSize, l.size); at += batchSize {
				if err := l.writeBatch(ctx, tx.SQLTx(), &c, at); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	_, err := l.app.DB.SQL().ExecContext(ctx, "UPDATE campaigns SET first_batch = $1, last_batch = $2 WHERE id = $3", c.FirstBatch, c.LastBatch, c.ID)
	l.campaigns = append(l.campaigns, c)
	return err
}

// writeBatch writes the batch of a campaign that begins with its at-th recipient, and
// what became of it: nearly all are delivered, 3 in 100 have failed, and few things few.
func (l *library) writeBatch(ctx context.Context, tx *sql.Tx, c *models.Campaign, at int) error {
	size := min(batchSize, l.size-at)
	done := float64(len(l.campaigns)*l.size+at) / float64(l.cfg.Campaigns*l.size)
	handed := l.began.Add(time.Duration(done * handedDays * float64(24*time.Hour)))
	var id int64
	err := tx.QueryRowContext(ctx, `INSERT INTO batches (campaign_id, appkey_id, number, state, due_at, meant_at, job_id, attempt, claim, calls, reached,
			doubts, asks, listed, request_id, handed_at, result_code, result_text, cancel, size, skipped, refused, delivered, failed, sms_delivered,
			sms_waiting, cancelled, closed, channel, sender_id, template_code, launched_by)
		VALUES ($1, $2, $3, 'handed_over', $4, $4, 0, 1, '', 1, FALSE, 0, FALSE, 0, '', $5, 0, '', '', $6, 0, 0, 0, 0, 0, 0, 0, 0, $7, $8, $9, $10) RETURNING id`,
		c.ID, c.AppkeyID, at/batchSize+1, time.Now().UTC().AddDate(1, 0, 0), handed, size, c.Channel, c.SenderID, c.Content.TemplateCode, c.LaunchedBy).Scan(&id)
	if err != nil {
		return err
	}
	if c.FirstBatch == 0 {
		c.FirstBatch = id
	}
	c.LastBatch = id
	if _, err := tx.ExecContext(ctx, messagesSQL(l.app.DB.Dialect()), size, at, 80_000_000/l.size, id<<10, c.ID, done >= 1-1.0/openShare); err != nil {
		return fmt.Errorf("write messages: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE batches SET request_id = $1, (skipped, refused, delivered, failed, sms_delivered, cancelled, closed) =
		(SELECT SUM(CASE state WHEN 4 THEN 1 ELSE 0 END), SUM(CASE WHEN state IN (5, 6) THEN 1 ELSE 0 END), SUM(CASE state WHEN 1 THEN 1 ELSE 0 END),
			SUM(CASE WHEN state IN (8, 10) THEN 1 ELSE 0 END), SUM(CASE state WHEN 10 THEN 1 ELSE 0 END), SUM(CASE state WHEN 9 THEN 1 ELSE 0 END),
			SUM(CASE state WHEN 7 THEN 1 ELSE 0 END) FROM messages WHERE id BETWEEN $2 AND $3) WHERE id = $4`,
		requestOf(id), id<<10, id<<10|1023, id)
	return err
}

// messagesSQL writes messages of a batch. $1 is its size, $2 and $3 make the numbers, $4
// is the id before the first, $5 the campaign; $6 leaves a part of them open.
func messagesSQL(dialect string) string {
	numbers, phone := "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)", "'010' || printf('%08d', 10000000 + ($2 + i - 1) * $3)"
	if dialect == models.Postgres {
		numbers = "WITH n AS (SELECT generate_series(1, CAST($1 AS bigint)) AS i)"
		phone = "'010' || lpad(CAST(10000000 + (CAST($2 AS bigint) + i - 1) * CAST($3 AS bigint) AS text), 8, '0')"
	}
	// r is as good as any number from 0 to 9,999 for a message, and the same for everybody.
	return numbers + `, d AS (SELECT i, (CAST($4 AS bigint) / 1024 * 104729 + i * 7919) % 10000 AS r FROM n),
		s AS (SELECT i, r, CASE WHEN CAST($6 AS boolean) AND r < 5000 THEN 0 WHEN r < 10 THEN 4 WHEN r < 50 THEN 9 WHEN r < 150 THEN 5 WHEN r < 600 THEN 8
			WHEN r < 650 THEN 10 WHEN r = 651 AND i < 10 THEN 7 ELSE 1 END AS state FROM d)
		INSERT INTO messages (id, campaign_id, phone, vars, state, fallback, code, sms_code, done_at)
		SELECT CAST($4 AS bigint) + i, CAST($5 AS bigint), ` + phone + `, '{"이름":"김하늘","쿠폰":"A' || i || '","매장":"봄봄상점 성수점"}', state,
			CASE state WHEN 10 THEN 3 ELSE 0 END,
			CASE WHEN state IN (8, 10) THEN CASE WHEN r = 400 AND i % 97 = 3 THEN '` + rareCode + `' WHEN r % 3 = 0 THEN '3008' ELSE '3018' END
				WHEN state = 1 THEN '1000' WHEN state = 5 THEN '-5000' WHEN state = 4 THEN 'suppressed' ELSE '' END,
			'', CASE state WHEN 0 THEN 0 ELSE 1790000000000 END FROM s`
}
