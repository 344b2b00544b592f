package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"soshik/models"
)

// endings are numbers of whose messages something becomes that is worth seeing.
func endings() string {
	return "이별,01077770001,5%,\n이별,01077770002,5%,\n이별,01077770004,5%,\n이별,01077770005,5%,\n"
}

// sum is the equation as the page writes it.
var sum = regexp.MustCompile(`>([0-9,]+(?: \+ [0-9,]+)+) = ([0-9,]+)<`)

// addsUp checks that the equation on the page holds.
func addsUp(t *testing.T, got answer, want int64) {
	t.Helper()
	m := sum.FindStringSubmatch(got.body)
	if m == nil {
		t.Fatalf("no equation on %s: %s", got.path, got.body)
	}
	var total int64
	for _, n := range numbers(m[1]) {
		total += number(t, n)
	}
	if total != want || number(t, m[2]) != want {
		t.Errorf("%s, want a sum of %d", m[0], want)
	}
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
	check(t, err)
	return n
}

func TestFromTheFileToTheResults(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	if got := s.get(t, s.path(c, "")); got.path != s.path(c, "/message") {
		t.Errorf("a draft leads to %s", got.path)
	}
	s.bringIn(t, c, cp949(t, listOf(1200)+endings()))
	s.launch(t, c)

	page := s.until(t, s.path(c, ""), "완료</div>")
	has(t, page, "수신자 1,205명이 모두 여기 있습니다", "친구톡 · @봄봄상점", "만든 사람 김지우", "한국 시간", "접수됨",
		"<code class=\"sk-code\">3018</code>", "<code class=\"sk-code\">3008</code>", "<code class=\"sk-code\">-5000</code>", "문자로 도착 1")
	addsUp(t, page, 1205)
	if strings.Contains(page.body, "hx-trigger") {
		t.Error("a page that is over polls")
	}
	if part := s.partially(t, s.path(c, "")); strings.Contains(part.body, "<html") || !strings.HasPrefix(part.body, `<div id="campaign"`) {
		t.Error("the part is not returned alone")
	}
	s.listsMessages(t, c)
}

// listsMessages looks at the lists that the numbers of the page lead to.
func (s *studio) listsMessages(t *testing.T, c models.Campaign) {
	t.Helper()
	list := s.path(c, "/messages")
	for query, want := range map[string]int{
		"?state=delivered": 50, "?state=sms": 2, "?state=failed": 1, "?state=refused": 1, "?state=planned": 0, "?code=3018": 2, "?code=-5000": 1,
		"?state=failed&code=3008": 0, "?phone=010-7777-0004": 1, "?phone=01012345678": 0, "": 50,
	} {
		if got := strings.Count(s.get(t, list+query).body, "<td data-label=\"상태\">"); got != want {
			t.Errorf("messages%s: %d rows, want %d", query, got, want)
		}
	}
	has(t, s.get(t, list+"?phone=010-7777-0004"), "010-7777-0004", "문자 실패", "실패")
	if got := s.get(t, list+"?phone=02-123"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "phone-problem") {
		t.Errorf("a number that is none: %d", got.status)
	}
	if shown := s.inAll(t, list+"?state=delivered", rowsOf); shown != 1201 {
		t.Errorf("paging shows %d messages, want 1201", shown)
	}
}

// A viewer sees the numbers masked, and no buttons.
func TestAViewerSeesNumbersMasked(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(3)+endings()))
	s.launch(t, c)
	s.until(t, s.path(c, ""), "완료</div>")
	s.demote(t)

	got := s.get(t, s.path(c, "/messages?state=failed"))
	has(t, got, "010-****-0004")
	if strings.Contains(got.body, "010-7777-0004") {
		t.Error("a viewer sees a number")
	}
	if got := s.get(t, s.path(c, "/recipients")); got.status != http.StatusForbidden {
		t.Errorf("a viewer at the recipients: %d", got.status)
	}
	if got := s.post(t, s.path(c, "/pause"), nil); got.status != http.StatusForbidden {
		t.Errorf("a viewer pauses: %d", got.status)
	}
}

// demote makes the person who is signed in a viewer.
func (s *studio) demote(t *testing.T) {
	t.Helper()
	for _, q := range []string{"UPDATE users SET instance_admin = FALSE", "UPDATE members SET role = 'viewer'"} {
		_, err := s.DB.SQL().ExecContext(t.Context(), q)
		check(t, err)
	}
}

// A campaign of another appkey does not exist here.
func TestACampaignOfAnotherAppkey(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	other := models.Team{Name: "다른 팀", LeadMinutes: models.DefaultLead, CreatedAt: time.Now().UTC()}
	check(t, s.DB.CreateTeam(t.Context(), &other))
	k := s.appkey
	k.ID, k.TeamID = 0, other.ID
	check(t, s.DB.CreateAppkey(t.Context(), &k))
	for _, more := range []string{"", "/messages", "/cancel", "/recipients"} {
		if got := s.get(t, fmt.Sprintf("/appkeys/%d/campaigns/%d%s", k.ID, c.ID, more)); got.status != http.StatusNotFound {
			t.Errorf("%s of a campaign under another appkey: %d", more, got.status)
		}
	}
}

func TestPauseResumeAndCancel(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(1500)))
	c, err := s.DB.Campaign(t.Context(), s.appkey.ID, c.ID)
	check(t, err)
	before, at := c, s.Actions.Now().Add(3*time.Hour).Truncate(time.Minute)
	c.ScheduledAt = &at
	c, err = s.Actions.SaveDraft(t.Context(), s.admin, before, c)
	check(t, err)
	s.launch(t, c)
	s.until(t, s.path(c, ""), "결과 대기")

	has(t, s.post(t, s.path(c, "/pause"), nil), "일시 정지했습니다", "사람이 일시 정지했습니다", "다시 시작")
	again := s.post(t, s.path(c, "/pause"), nil)
	if again.status != http.StatusUnprocessableEntity {
		t.Errorf("a second pause: %d", again.status)
	}
	has(t, again, "상태가 바뀌었습니다", "다시 시작")
	has(t, s.post(t, s.path(c, "/resume"), nil), "다시 시작했습니다")

	has(t, s.get(t, s.path(c, "/cancel")), "이 캠페인을 취소할까요?", "취소를 요청하고")
	has(t, s.post(t, s.path(c, "/cancel"), url.Values{}), "취소를 시작했습니다")
	s.until(t, s.path(c, ""), "취소됨</div>")
	page := s.get(t, s.path(c, ""))
	has(t, page, "취소 결과", "발송사가 멈춤")
	second := s.post(t, s.path(c, "/cancel"), nil)
	if second.status != http.StatusUnprocessableEntity {
		t.Errorf("a second cancel: %d", second.status)
	}
	e, err := s.DB.Equation(t.Context(), c)
	check(t, err)
	if e.Cancelled != 1501 {
		t.Errorf("after cancelling: %+v", e)
	}
}

// A batch of which nobody knows asks a person, with both facts.
func TestAPersonDecides(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(3)))
	s.launch(t, c)
	s.until(t, s.path(c, ""), "완료</div>")
	for _, q := range []string{
		"UPDATE messages SET state = 0, code = '', done_at = 0", "UPDATE batches SET state = 'in_doubt', asks = TRUE, delivered = 0, claim = 'x', due_at = '2099-12-31 00:00:00+00:00'", // not looked up any more
		"UPDATE campaigns SET state = 'held', hold = 'hold.doubt'",
	} {
		_, err := s.DB.SQL().ExecContext(t.Context(), q)
		check(t, err)
	}
	has(t, s.get(t, s.path(c, "")), "사람이 결정해야 하는 묶음이 있습니다", "보낸 것으로 보기", "다시 보내기", "두 번 받습니다", "확인 중")
	if got := s.post(t, s.path(c, "/batches/1/decide"), url.Values{"decision": {"perhaps"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a decision that is none: %d", got.status)
	}
	has(t, s.post(t, s.path(c, "/batches/1/decide"), url.Values{"decision": {"sent"}}), "1번 묶음을 보낸 것으로 처리했습니다")
	second := s.post(t, s.path(c, "/batches/1/decide"), url.Values{"decision": {"again"}})
	if second.status != http.StatusUnprocessableEntity || !strings.Contains(second.body, "이미 처리된 묶음입니다") {
		t.Errorf("a second decision: %d", second.status)
	}
}
