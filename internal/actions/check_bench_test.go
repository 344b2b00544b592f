package actions_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// crowd gives c so many recipients, each with values of their own.
func (b *bench) crowd(tb testing.TB, c models.Campaign, n int) models.Campaign {
	tb.Helper()
	ctx := tb.Context()
	audience := models.Audience{TeamID: b.team.ID, Columns: []string{"이름", "쿠폰"}, CreatedAt: time.Now().UTC()}
	must(tb, b.DB.CreateAudience(ctx, &audience))
	rs := make([]models.Recipient, 0, 10_000)
	for i := range n {
		rs = append(rs, models.Recipient{Phone: fmt.Sprintf("010%08d", 10_000_000+i), Vars: fmt.Sprintf(`{"쿠폰":"A%d 번","이름":"김하늘"}`, i)})
		if len(rs) == cap(rs) || i == n-1 {
			must(tb, b.DB.InsertRecipients(ctx, audience.ID, rs))
			rs = rs[:0]
		}
	}
	must(tb, b.DB.SetAudienceSize(ctx, audience.ID, int64(n)))
	before := c
	c.AudienceID = audience.ID
	c, err := b.SaveDraft(ctx, b.admin, before, c)
	must(tb, err)
	return c
}

// rich is a message with variables in its text, its links and its fallback.
func (b *bench) rich(tb testing.TB) models.Campaign {
	tb.Helper()
	c, err := b.CreateCampaign(tb.Context(), b.admin, b.appkey, models.NewCampaign{Name: "시험", SenderID: b.sender.ID})
	must(tb, err)
	before := c
	c.Content = models.Content{Text: "#{이름}님, 11월 단골 감사 쿠폰이 도착했어요. 오늘 안에 써 주세요. 쿠폰 번호는 #{쿠폰}입니다.", Ad: true, Buttons: []models.Button{
		{Type: kakao.ButtonWebLink, Name: "쿠폰 받기", LinkMo: "https://m.example.com/c/#{쿠폰}?n=#{이름}", LinkPC: "https://example.com/c/#{쿠폰}"},
	}}
	c.Fallback = models.Fallback{On: true, Text: "(광고)#{이름}님 쿠폰 #{쿠폰}\n[무료 수신거부]0801234567"}
	c, err = b.SaveDraft(tb.Context(), b.admin, before, c)
	must(tb, err)
	return c
}

// BenchmarkCheck checks a million recipients with variables in text, links and fallback:
// alone, and where the team limits messages by week and all of them were told the same
// an hour before.
func BenchmarkCheck(b *testing.B) {
	const n = 1_000_000
	b.Run("plain", func(b *testing.B) {
		s := newBench(b, time.Second)
		benchCheck(b, s, s.crowd(b, s.rich(b), n), n, 0)
	})
	b.Run("weekly limit and repeats", func(b *testing.B) {
		s := newBench(b, time.Second)
		c := s.crowd(b, s.rich(b), n)
		_, err := s.CheckNow(b.Context(), s.admin, c)
		must(b, err, s.Launch(b.Context(), s.admin, s.appkey.ID, c.ID, c.Revision), s.PlanCampaign(b.Context(), c.ID))
		_, err = s.DB.SQL().ExecContext(b.Context(), "UPDATE batches SET state = 'handed_over', called_at = meant_at")
		must(b, err, s.SaveRecipientSettings(b.Context(), s.admin, s.team.ID, models.RecipientSettings{Limit: "2"}))
		benchCheck(b, s, s.crowd(b, s.rich(b), n), n, n)
	})
}

// benchCheck checks n recipients, to so many of whom the same was said before.
func benchCheck(b *testing.B, s *bench, c models.Campaign, n, repeated int64) {
	b.Helper()
	var peak atomic.Uint64
	defer watchHeap(&peak)()
	for b.Loop() {
		k, err := s.CheckNow(b.Context(), s.admin, c)
		if err != nil || k.Done != n || k.Report.Sendable != n {
			b.Fatal(k, err)
		}
		said := slices.IndexFunc(k.Report.Findings, func(f models.Finding) bool { return f.Rule == models.RuleRepeat })
		if repeated == 0 && said >= 0 || repeated > 0 && (said < 0 || k.Report.Findings[said].Count != repeated) {
			b.Fatal(k.Report.Findings)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(peak.Load())/(1<<20), "MiB")
}

// watchHeap keeps the most memory that is in use in peak, until it is told to rest.
func watchHeap(peak *atomic.Uint64) (rest func()) {
	done, rested := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(rested)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapInuse))
			}
		}
	}()
	return func() {
		close(done)
		<-rested
	}
}
