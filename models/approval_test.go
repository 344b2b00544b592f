package models_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/models"
)

func TestCompareCampaigns(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 1, 1, 0, 0, 0, time.UTC)
	base := models.CampaignVersion{
		Name: "겨울", SenderID: 1, Sender: "@가", Content: models.Content{Text: "안녕하세요"}, Fallback: models.Fallback{On: true, Text: "문자"},
		AudienceID: 7, Audience: 100, ScheduledAt: &at,
	}
	tests := []struct {
		name   string
		change func(v *models.CampaignVersion)
		want   []string
	}{
		{"nothing", func(*models.CampaignVersion) {}, nil},
		{"the same time in another zone", func(v *models.CampaignVersion) { v.ScheduledAt = new(at.In(time.FixedZone("KST", 9*3600))) }, nil},
		{"the text", func(v *models.CampaignVersion) { v.Content.Text = "안녕히" }, []string{"text"}},
		{"name and sender", func(v *models.CampaignVersion) { v.Name, v.Sender = "봄", "@나" }, []string{"name", "sender"}},
		{"no fallback", func(v *models.CampaignVersion) { v.Fallback = models.Fallback{} }, []string{"fallback", "fallback-text"}},
		{"the pace", func(v *models.CampaignVersion) { v.Pacing.Pace = 10 }, []string{"pace"}},
		{"at once", func(v *models.CampaignVersion) { v.ScheduledAt = nil }, []string{"time"}},
		{"other recipients, as many", func(v *models.CampaignVersion) { v.AudienceID = 8 }, []string{"recipients"}},
		{"fewer recipients", func(v *models.CampaignVersion) { v.Audience = 99 }, []string{"recipients"}},
		{"buttons", func(v *models.CampaignVersion) { v.Content.Buttons = []models.Button{{Type: "WL", Name: "보기"}} }, []string{"buttons"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			is := base
			tt.change(&is)
			got := models.CompareCampaigns(base, is)
			if diff := cmp.Diff(tt.want, got.Parts()); diff != "" && len(tt.want)+len(got.Parts()) > 0 || got.Same() != (len(tt.want) == 0) {
				t.Error(diff)
			}
		})
	}
}

func TestExpiryOfAnApproval(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 1, 0, 0, 0, time.UTC)
	at := now.Add(72 * time.Hour)
	if got := models.ExpiryOf(nil, nil); got != nil {
		t.Errorf("what waits and goes out at once expires at %v", got)
	}
	for name, got := range map[string]*time.Time{"waiting": models.ExpiryOf(&at, nil), "approved": models.ExpiryOf(&at, &now)} {
		if !got.Equal(at.Add(-models.Soon)) {
			t.Errorf("%s, a scheduled one expires at %v", name, got)
		}
	}
	a := models.Approval{ExpiresAt: models.ExpiryOf(nil, &now)}
	for after, want := range map[time.Duration]bool{models.ApprovalHolds - time.Second: false, models.ApprovalHolds: true} {
		if a.Expired(now.Add(after)) != want {
			t.Errorf("expired after %v: %v", after, !want)
		}
	}
}
