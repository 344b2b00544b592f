package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"soshik/models"
)

func TestAuditLogIsPagedFromTheNewestOn(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	s.get(t, "/teams/1/audit").says(t, http.StatusOK, "아직 기록이 없습니다")
	s.record(t, 120)
	seen, path := "", "/teams/1/audit"
	for range 3 {
		page := s.get(t, path)
		page.says(t, http.StatusOK)
		for _, part := range strings.Split(page.body, "entry-")[1:] {
			seen += part[:3] + " "
		}
		_, rest, _ := strings.Cut(page.body, `rel="next" href="`)
		path, _, _ = strings.Cut(rest, `"`)
	}
	if path != "" {
		t.Errorf("a fourth page is offered: %s", path)
	}
	want := ""
	for n := 119; n >= 0; n-- {
		want += fmt.Sprintf("%03d ", n)
	}
	if seen != want {
		t.Errorf("the pages show %s", seen)
	}
	s.get(t, "/teams/1/audit?before=nonsense").says(t, http.StatusOK, "entry-119")
}

// record writes entries that are numbered from 0 on.
func (s *site) record(t *testing.T, count int) {
	t.Helper()
	err := s.DB.Tx(t.Context(), func(tx *models.DB) error {
		for n := range count {
			e := models.Event{Action: "appkey.update", TeamID: 1, ObjectType: "appkey", ObjectName: fmt.Sprintf("entry-%03d", n)}
			if err := tx.Audit(t.Context(), models.Actor{}, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAuditLogShowsWhatHappened(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	events := []models.Event{
		{Action: "member.role", TeamID: 1, ObjectType: "user", ObjectName: "kim@example.com", Before: map[string]string{"role": "viewer"}, After: map[string]string{"role": "<admin>"}},
		{Action: "somebody.elses", TeamID: 1, ObjectType: "gadget", Outcome: models.OutcomeFailed},
		{Action: "appkey.create", TeamID: 2, ObjectName: "another team's"},
	}
	for _, e := range events {
		if err := s.DB.Audit(t.Context(), models.Actor{Address: "203.0.113.7"}, e); err != nil {
			t.Fatal(err)
		}
	}
	page := s.get(t, "/teams/1/audit")
	page.says(t, http.StatusOK, "역할 변경", "kim@example.com", "203.0.113.7", `"role": "viewer"`, "somebody.elses", "gadget", "실패", "한국 시간")
	page.keepsQuiet(t, "another team's")
	if strings.Contains(page.body, "<admin>") {
		t.Error("what was recorded is not escaped")
	}
}
