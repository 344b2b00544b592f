package web_test

import (
	"net/http"
	"testing"

	"soshik/models"
)

func TestOverviewSaysWhetherAnythingIsWrong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, path := range []string{"/teams/1", "/appkeys/1"} {
		d.get(t, path).says(t, http.StatusOK, "이상 없음", "진행 중인 캠페인이 없습니다.", "아직 결과가 없습니다.", "@봄봄상점", "312")
	}
	c := d.ready(t, "가", "나")
	if _, err := d.DB.MoveCampaign(t.Context(), c.ID, []models.CampaignState{c.State}, models.CampaignHeld, map[string]any{"hold": "hold.late"}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/teams/1", "/appkeys/1"} {
		got := d.get(t, path)
		got.says(t, http.StatusOK, "확인할 일 1건", "캠페인 1건이 담당자의 결정을 기다립니다.", d.path("1"))
		got.keepsQuiet(t, "이상 없음")
	}
	viewer := d.as(t, d.addUser(t, "viewer@example.com", models.Viewer).ID)
	viewer.get(t, "/appkeys/1").says(t, http.StatusOK, "확인할 일 1건")
	viewer.get(t, "/appkeys/1").keepsQuiet(t, "최근 활동", "새 캠페인")
}

func TestOverviewTellsAdminsOfFailingJobs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.DB.SQL().ExecContext(t.Context(), `INSERT INTO river_job (kind, state, attempt, max_attempts, args, priority, queue, created_at, scheduled_at)
		VALUES ('take_results', 'retryable', 3, 25, '{}', 1, 'nobody', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)`); err != nil {
		t.Fatal(err)
	}
	d.get(t, "/teams/1").says(t, http.StatusOK, "백그라운드 작업이 거듭 실패해", "결과 가져오기 1건")
	d.as(t, d.addUser(t, "viewer@example.com", models.Viewer).ID).get(t, "/teams/1").keepsQuiet(t, "결과 가져오기")
}

// A team whose only sender is blocked is no new team: it sees what is wrong, and what
// goes on.
func TestOverviewOfATeamWhoseSendersAreInTrouble(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "가", "나")
	if _, err := d.DB.MoveCampaign(t.Context(), c.ID, []models.CampaignState{c.State}, models.CampaignHeld, map[string]any{"hold": "hold.late"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.DB.SQL().ExecContext(t.Context(), "UPDATE senders SET blocked = TRUE"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/teams/1", "/appkeys/1"} {
		got := d.get(t, path)
		got.says(t, http.StatusOK, "확인할 일 2건", "더는 보낼 수 없습니다", "캠페인 1건이 담당자의 결정을 기다립니다.", d.path("1"))
		got.keepsQuiet(t, "첫 메시지를 보내기까지")
	}
}
