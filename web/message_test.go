package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// messagePath is the page of the campaign's message to the number.
func (s *studio) messagePath(t *testing.T, c models.Campaign, phone string) string {
	t.Helper()
	ms, err := s.DB.Messages(t.Context(), c.ID, models.MessageFilter{Phone: phone}, 1)
	check(t, err)
	if len(ms) != 1 {
		t.Fatalf("%d messages to %s", len(ms), phone)
	}
	return fmt.Sprintf("/appkeys/%d/messages/%d", s.appkey.ID, ms[0].ID)
}

// finished is a campaign that is over, to three ordinary numbers and those of [endings].
func (s *studio) finished(t *testing.T) models.Campaign {
	t.Helper()
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(3)+endings()))
	s.launch(t, c)
	s.until(t, s.path(c, ""), "완료</div>")
	return c
}

func TestAMessagesPage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.finished(t)
	path := s.messagePath(t, c, "01077770001")
	has(t, s.get(t, s.path(c, "/messages")), `href="`+path+`"`, "010-7777-0001")
	page := s.get(t, path)
	has(t, page, "010-7777-0001", "이별", "이 수신자에게 보낸 내용", "지나온 과정", "1번 묶음에 담음", "발송사가 받음", "발송사 접수", "문자로 도착",
		"3018", "대체 발송 · 문자 도착", "이 메시지만 따로 물어본 적이 없습니다", "지금 새로 고침", c.Name)
	if strings.Contains(page.body, "hx-trigger=\"every 5s\"") || strings.Contains(page.body, "보내지 않기") {
		t.Error("a message that is over polls, or can be stopped")
	}
	if part := s.partially(t, path); !strings.HasPrefix(part.body, `<div id="record"`) {
		t.Errorf("the part is not returned alone: %.80s", part.body)
	}

	got := s.post(t, path+"/refresh", nil)
	has(t, got, "발송사가 알려 준 결과를 반영했습니다", "문자 결과 코드", "문자 요청 ID", "(한국 시간)")
	if got.path != path {
		t.Errorf("led to %s", got.path)
	}
	has(t, s.post(t, path+"/refresh", nil), "바뀐 것이 없습니다")

	s.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer { return &nhnsim.Answer{Drop: true} }})
	down := s.post(t, path+"/refresh", nil)
	if down.status != http.StatusUnprocessableEntity {
		t.Errorf("with the provider down: %d", down.status)
	}
	has(t, down, "010-7777-0001", "지나온 과정")

	refused := s.get(t, s.messagePath(t, c, "01077770005"))
	has(t, refused, "거절", "-5000")
	if strings.Contains(refused.body, "/refresh\"") {
		t.Error("what the provider refused can be refreshed")
	}
	for _, path := range []string{"/appkeys/1/messages/99999999", "/appkeys/1/messages/x", "/appkeys/1/messages/0"} {
		if got := s.get(t, path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// A viewer sees neither the number nor one among the values, and no buttons.
func TestAViewerSeesAMessageMasked(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.finished(t)
	path := s.messagePath(t, c, "01077770001")
	_, err := s.DB.SQL().ExecContext(t.Context(), `UPDATE messages SET vars = '{"이름":"문의 010-1234-9876"}'`)
	check(t, err)
	has(t, s.get(t, path), "010-1234-9876")
	s.demote(t)
	page := s.get(t, path)
	has(t, page, "010-****-0001", "***9876", "지나온 과정")
	for _, text := range []string{"010-7777-0001", "01077770001", "010-1234-9876", "지금 새로 고침"} {
		if strings.Contains(page.body, text) {
			t.Errorf("a viewer sees %s", text)
		}
	}
	if got := s.post(t, path+"/refresh", nil); got.status != http.StatusForbidden {
		t.Errorf("a viewer refreshes: %d", got.status)
	}
}

// What waits at the provider can be stopped from the page of the message.
func TestAMessageIsCancelledFromItsPage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(3)+endings()))
	c, err := s.DB.Campaign(t.Context(), s.appkey.ID, c.ID)
	check(t, err)
	before, at := c, s.Actions.Now().Add(3*time.Hour).Truncate(time.Minute)
	c.ScheduledAt = &at
	c, err = s.Actions.SaveDraft(t.Context(), s.admin, before, c)
	check(t, err)
	s.launch(t, c)
	s.until(t, s.path(c, ""), "결과 대기")
	path := s.messagePath(t, c, "01077770001")
	s.until(t, path, "발송사가 보내는 시각")
	has(t, s.post(t, path+"/refresh", nil), "아직 결과가 없습니다", "결과 전 (READY)")

	_, id, _ := strings.Cut(path, "/messages/")
	cancel := s.path(c, "/messages/cancel?message="+id)
	has(t, s.get(t, path), strings.ReplaceAll(cancel, "&", "&amp;"))
	s.post(t, cancel, nil)
	s.until(t, path, "보내지 않음")
}

// A person who is forgotten is not to be found on the page either.
func TestTheMessageOfSomebodyForgotten(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.finished(t)
	path := s.messagePath(t, c, "01077770001")
	s.post(t, path+"/refresh", nil)
	check(t, s.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.ErasePerson(t.Context(), 1, "01077770001")
		return err
	}))
	page := s.get(t, path)
	has(t, page, "지워짐", "수신자의 값이 지워졌습니다", "문자로 도착")
	for _, text := range []string{"77770001", "7777-0001", "이별"} {
		if strings.Contains(page.body, text) {
			t.Errorf("the page still has %s", text)
		}
	}
}

// A message whose row has gone by the team's retention is told from one that never was,
// as far as its campaign is the team's.
func TestTheMessageWhoseRowHasGone(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.finished(t)
	path := s.messagePath(t, c, "01077770001")
	check(t, s.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, _, err := tx.RemoveRows(t.Context(), c, 10, s.Actions.Now())
		return err
	}))
	for name, got := range map[string]answer{"looked at": s.get(t, path), "refreshed": s.post(t, path+"/refresh", nil)} {
		if got.status != http.StatusGone {
			t.Errorf("%s: %d", name, got.status)
		}
		has(t, got, "지워진 메시지", "보관 기간이 지나", "1번 묶음", c.Name, s.path(c, ""))
		if strings.Contains(got.body, "7777") {
			t.Errorf("%s, it still has the number", name)
		}
	}
	var id int64
	_, err := fmt.Sscanf(path, "/appkeys/1/messages/%d", &id)
	check(t, err)
	for name, never := range map[string]int64{"before the first": id >> 10 << 10, "behind the last": id>>10<<10 | 999, "of another batch": (id>>10+1)<<10 | 1} {
		if got := s.get(t, fmt.Sprint("/appkeys/1/messages/", never)); got.status != http.StatusNotFound || strings.Contains(got.body, c.Name) {
			t.Errorf("%s: %d", name, got.status)
		}
	}

	other := models.Team{Name: "다른 팀", CreatedAt: s.Actions.Now().UTC()}
	check(t, s.DB.CreateTeam(t.Context(), &other))
	for name, team := range map[string]int64{"the same team's": c.TeamID, "another team's": other.ID} {
		k := s.appkey
		k.ID, k.TeamID, k.Name, k.Appkey = 0, team, name, name
		check(t, s.DB.CreateAppkey(t.Context(), &k))
		got := s.get(t, fmt.Sprintf("/appkeys/%d/messages/%d", k.ID, id))
		if got.status != http.StatusNotFound || strings.Contains(got.body, c.Name) || strings.Contains(got.body, "보관 기간") {
			t.Errorf("asked under an appkey of %s: %d", name, got.status)
		}
	}
}
