package actions_test

import (
	"fmt"
	"testing"
	"time"

	"soshik/models"
)

// benchSizes are how many numbers the benchmarks of lists deal with.
func benchSizes() []int { return []int{100_000, 1_000_000} }

// BenchmarkAudienceWorks measures what is done to an audience with another one of the
// same size, half of whose numbers are in both.
func BenchmarkAudienceWorks(b *testing.B) {
	for _, n := range benchSizes() {
		for _, kind := range []models.WorkKind{models.WorkAppend, models.WorkSubtract, models.WorkReplace, models.WorkSample, models.WorkDelete, models.WorkSuppress} {
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				s := newBench(b, time.Second)
				one, other := s.audience(b, "하나", "이름", 0, n), s.audience(b, "다른", "이름", n/2, n)
				b.ResetTimer()
				for range b.N { // once with -benchtime 1x: the next time there would be less to do
					s.beginBenched(b, kind, one, other)
					s.runWorks(b)
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

func (b *bench) beginBenched(t testing.TB, kind models.WorkKind, one, other models.Audience) {
	t.Helper()
	switch kind {
	case models.WorkSample:
		_, err := b.SampleAudience(t.Context(), b.admin, one, models.NewAudience{Name: "표본"}, one.Size/20, 1)
		must(t, err)
	case models.WorkDelete:
		must(t, b.DeleteAudience(t.Context(), b.admin, one, true))
	case models.WorkSuppress:
		now := b.Now()
		w := models.AudienceWork{
			TeamID: b.team.ID, AudienceID: one.ID, Kind: kind, Sources: []models.Source{{AudienceID: one.ID, Name: "거부.csv", Reason: "설문"}},
			State: models.WorkRunning, Total: one.Size, CreatedAt: now, WorkedAt: now,
		}
		must(t, b.DB.CreateAudienceWork(t.Context(), &w))
	default:
		must(t, b.ChangeAudience(t.Context(), b.admin, one, kind, of(other)))
	}
}

// BenchmarkPlan measures the plan of a campaign: plain; with a suppression list that is as
// long as the audience and has one in a hundred, or every other one, of it; and with the
// weekly limit on, after another campaign to the same people, none or all of whom have
// had enough.
func BenchmarkPlan(b *testing.B) {
	for _, n := range benchSizes() {
		for _, with := range []string{"plain", "suppressed", "suppressed-half", "limited", "limited-all"} {
			b.Run(fmt.Sprintf("%s/%d", with, n), func(b *testing.B) {
				s := newBench(b, time.Second)
				a := s.audience(b, "모두", "", 0, n)
				switch with {
				case "suppressed":
					s.suppressMany(b, n-n/100, n)
				case "suppressed-half":
					s.suppressMany(b, n/2, n)
				case "limited":
					s.sentBefore(b, a, 2)
				case "limited-all":
					s.sentBefore(b, a, 1)
				}
				c := s.plannable(b, a)
				b.ResetTimer()
				must(b, s.PlanCampaign(b.Context(), c.ID))
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
				b.StopTimer()
				e, err := s.DB.Equation(b.Context(), c)
				must(b, err)
				if want := map[string]int64{"suppressed": int64(n / 100), "suppressed-half": int64(n / 2), "limited-all": int64(n)}[with]; e.Skipped != want {
					b.Fatalf("%d are skipped, want %d", e.Skipped, want)
				}
			})
		}
	}
}

// plannable is a campaign to an audience that is to be planned.
func (b *bench) plannable(t testing.TB, a models.Audience) models.Campaign {
	t.Helper()
	c := models.Campaign{
		TeamID: b.team.ID, AppkeyID: b.appkey.ID, Channel: models.FriendTalk, SenderID: b.sender.ID, AudienceID: a.ID, ULID: models.NewToken(),
		Content: models.Content{Text: "모두에게"}, State: models.CampaignPlanning, CreatedAt: b.Now(), UpdatedAt: b.Now(),
	}
	must(t, b.DB.CreateCampaign(t.Context(), &c))
	return c
}

// suppressMany puts n numbers from the one with index from on the suppression list.
func (b *bench) suppressMany(t testing.TB, from, n int) {
	t.Helper()
	a := b.audience(t, "거부", "", from, n)
	b.beginBenched(t, models.WorkSuppress, a, a)
	b.runWorks(t)
}

// sentBefore sends everybody a message, as far as the ledger says, and limits them to so
// many a week.
func (b *bench) sentBefore(t testing.TB, a models.Audience, limit int) {
	t.Helper()
	c := b.plannable(t, a)
	must(t, b.PlanCampaign(t.Context(), c.ID))
	_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE batches SET state = 'handed_over', called_at = $1", b.Now())
	must(t, err)
	_, err = b.DB.SQL().ExecContext(t.Context(), "UPDATE teams SET weekly_limit = $1", limit)
	must(t, err)
}
