package web_test

import (
	"net/http"
	"testing"

	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

func TestOverviewLeadsAnEmptyTeamStepByStep(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	s.get(t, "/teams/1").says(t, http.StatusOK, "첫 메시지를 보내기까지", `href="/teams/1/appkeys/new"`)

	sim, baseURL := newProvider(t)
	s.addAppkey(t, baseURL)
	s.get(t, "/teams/1").says(t, http.StatusOK, "완료", `href="/appkeys/1/senders/new"`)
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	viewer.get(t, "/teams/1").keepsQuiet(t, `href="/appkeys/1/senders/new"`, "최근 활동")

	for _, in := range []nhnsim.Sender{{PlusFriendID: "@good", Registered: true}, {PlusFriendID: "@blocked", Registered: true, Blocked: true}} {
		if _, err := sim.AddSender(testAppkey, in); err != nil {
			t.Fatal(err)
		}
	}
	s.post(t, "/appkeys/1/senders/refresh", nil)
	s.settled(t, "/appkeys/1/senders")
	overview := s.get(t, "/teams/1")
	overview.says(t, http.StatusOK, "발신 프로필 2개", "차단 1", "최근 활동", "발신 프로필 새로 고침")
	overview.keepsQuiet(t, "첫 메시지를 보내기까지")
}
