package actions_test

import (
	"fmt"
	"testing"
	"time"

	"soshik/models"
)

// BenchmarkSuppressedMessages measures what the suppression list costs a batch of 1,000
// messages at planning and at the claim, by how many numbers are on the list.
func BenchmarkSuppressedMessages(b *testing.B) {
	for _, n := range []int{0, 1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newBench(b, time.Second)
			ctx := b.Context()
			a := s.audience(b, "목록", "", 0, 1000)
			s.suppressMany(b, 500, n)
			c := models.Campaign{TeamID: s.team.ID, AppkeyID: s.appkey.ID, AudienceID: a.ID, ULID: models.NewToken(), State: models.CampaignPlanning}
			var batch models.Batch
			must(b, s.DB.CreateCampaign(ctx, &c), s.DB.Tx(ctx, func(tx *models.DB) (err error) {
				batch, err = tx.PlanBatch(ctx, &c, models.Batch{Number: 1, DueAt: s.Now()}, 1000)
				return err
			}))
			must(b, s.DB.AnalyzeSuppressions(ctx))
			b.ResetTimer()
			for range b.N {
				ids, err := s.DB.SuppressedMessages(ctx, s.team.ID, batch.ID, nil)
				must(b, err)
				if len(ids) != min(n, 500) {
					b.Fatal(len(ids))
				}
			}
		})
	}
}
