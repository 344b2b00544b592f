package actions_test

import (
	"testing"
	"time"

	"soshik/models"
)

// BenchmarkAudienceWorks measures what is done to audiences of 100,000 recipients, half
// of whom are in both.
func BenchmarkAudienceWorks(b *testing.B) {
	const n = 100_000
	for _, kind := range []models.WorkKind{models.WorkAppend, models.WorkSubtract, models.WorkReplace, models.WorkSample, models.WorkDelete} {
		b.Run(string(kind), func(b *testing.B) {
			s := newBench(b, time.Second)
			one, other := s.audience(b, "하나", "이름", 0, n), s.audience(b, "다른", "이름", n/2, n)
			b.ResetTimer()
			for range b.N { // once with -benchtime 1x: the next time there would be less to do
				switch kind {
				case models.WorkSample:
					_, err := s.SampleAudience(b.Context(), s.admin, one, models.NewAudience{Name: "표본"}, 5000, 1)
					must(b, err)
				case models.WorkDelete:
					must(b, s.DeleteAudience(b.Context(), s.admin, one, true))
				default:
					must(b, s.ChangeAudience(b.Context(), s.admin, one, kind, of(other)))
				}
				s.runWorks(b)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
