package models_test

import (
	"testing"
	"time"

	"soshik/models"
)

// TestATaskThatIsStoppedIsNobodysAnyMore cancels a work on an audience while its job
// works on.
func TestATaskThatIsStoppedIsNobodysAnyMore(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx, of, quiet := t.Context(), models.AudienceWorks(), o.now.Add(-time.Minute)
	w := models.AudienceWork{
		TeamID: o.team.ID, AudienceID: 5, Kind: models.WorkAppend, Sources: []models.Source{{AudienceID: 6, Name: "매장"}},
		State: models.WorkRunning, CreatedAt: o.now, WorkedAt: o.now,
	}
	must(t, o.CreateAudienceWork(ctx, &w))
	if claimed, err := o.ClaimTask(ctx, of, w.ID, "a", o.now, quiet); !claimed || err != nil {
		t.Fatal(claimed, err)
	}
	w.Claim, w.Done, w.Total, w.After = "a", 3, 9, "01020000000"
	if ours, err := o.SaveAudienceWork(ctx, w); !ours || err != nil {
		t.Errorf("saved: %v %v", ours, err)
	}
	for n, want := range []bool{true, false} {
		if cancelled, err := o.CancelAudienceWork(ctx, w.ID, o.now); cancelled != want || err != nil {
			t.Errorf("cancel %d: %v %v", n, cancelled, err)
		}
	}
	w.Done = 6
	if ours, err := o.SaveAudienceWork(ctx, w); ours || err != nil {
		t.Errorf("saved when it was cancelled: %v %v", ours, err)
	}
	for n, want := range []bool{true, false} {
		if resumed, err := o.ResumeAudienceWork(ctx, w.ID, o.now.Add(time.Second)); resumed != want || err != nil {
			t.Errorf("resume %d: %v %v", n, resumed, err)
		}
	}
	if ours, err := o.SaveAudienceWork(ctx, w); ours || err != nil {
		t.Errorf("saved under the claim of before: %v %v", ours, err)
	}
	now, err := o.AudienceWork(ctx, w.ID)
	if err != nil || now.State != models.WorkRunning || now.Claim != "" || now.Done != 3 || now.After != w.After || now.EndedAt != nil || now.Problem.Key != "" {
		t.Errorf("it goes on as %+v %v", now, err)
	}
	if claimed, err := o.ClaimTask(ctx, of, w.ID, "b", o.now, quiet); !claimed || err != nil {
		t.Errorf("claimed by another: %v %v", claimed, err)
	}
}
