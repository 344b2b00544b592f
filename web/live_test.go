package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// unread is a studio in which nobody reads results, with a campaign whose messages
// have been handed over.
func unread(t *testing.T) (*studio, models.Campaign) {
	t.Helper()
	s := newStudio(t)
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(3)+endings()))
	_, err := s.DB.ClaimReading(t.Context(), s.appkey.ID, models.FriendTalk, s.Actions.Now(), s.Actions.Now().AddDate(1, 0, 0)) // by nobody
	check(t, err)
	s.launch(t, c)
	s.until(t, s.path(c, ""), "결과 대기")
	check(t, s.sim.AdvanceClock(time.Minute)) // by which everything has its result
	return s, c
}

const livePath = "/appkeys/1/deliveries/live"

// today is a search for what was accepted in the last hour.
func (s *studio) today() string {
	return livePath + "?channel=friendtalk&startCreateDate=" + strings.ReplaceAll(kakao.FormatDate(s.Actions.Now().Add(-time.Hour)), " ", "T")
}

func TestASearchAtTheProviderIsAskedFor(t *testing.T) {
	t.Parallel()
	s, c := unread(t)
	has(t, s.get(t, "/appkeys/1/deliveries"), `href="`+livePath+`?channel=friendtalk"`, "발송사에서 찾기")
	form := s.get(t, livePath)
	has(t, form, "요청 ID나 기간 하나가 꼭 있어야 합니다")
	if strings.Contains(form.body, "is-invalid") || strings.Contains(form.body, `id="answer"`) {
		t.Error("before anything is asked for, something is wrong or answered")
	}
	empty := s.get(t, livePath+"?channel=friendtalk&recipientNo=010-1234&senderGroupingKey=abc&search=1")
	if empty.status != http.StatusUnprocessableEntity {
		t.Errorf("without a condition: %d", empty.status)
	}
	has(t, empty, "요청 ID를 입력하거나", `id="requestId-problem"`, `id="recipientNo-problem"`, `value="010-1234"`, `value="abc"`)

	page := s.get(t, s.today())
	has(t, page, "010-7777-0001", c.Name, "7건이 여기와 다릅니다", "발송사가 더 알고 있음", "발송사의 결과 7건 반영", s.messagePath(t, c, "01077770001"))
	if strings.Contains(page.body, "010-7777-0005") {
		t.Error("the provider lists whom it has refused")
	}

	done := s.post(t, s.today(), url.Values{})
	has(t, done, "발송사의 결과 7건을 반영했습니다", "이 쪽의 메시지는 여기와 같습니다")
	if strings.Contains(done.body, `id="mend"`) {
		t.Error("there is something left to mend")
	}
	again := s.post(t, s.today(), url.Values{})
	if again.status != http.StatusUnprocessableEntity {
		t.Errorf("mended twice: %d", again.status)
	}
	has(t, again, "반영할 결과가 없습니다", `value="`+strings.ReplaceAll(kakao.FormatDate(s.Actions.Now().Add(-time.Hour)), " ", "T")[:13])
	if n := len(s.audited(t, "delivery.mend")); n != 1 {
		t.Errorf("audited %d times", n)
	}

	s.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer {
		return &nhnsim.Answer{Status: http.StatusTooManyRequests, RetryAfter: time.Second}
	}})
	busy := s.get(t, s.today())
	if busy.status != http.StatusUnprocessableEntity {
		t.Errorf("with the provider busy: %d", busy.status)
	}
	has(t, busy, `role="alert"`, `<option value="friendtalk" selected`)
}

// A viewer searches, sees numbers masked, and takes nothing over.
func TestAViewerSearchesAtTheProvider(t *testing.T) {
	t.Parallel()
	s, _ := unread(t)
	s.demote(t)
	page := s.get(t, s.today())
	has(t, page, "010-****-0001", "발송사가 더 알고 있음")
	if strings.Contains(page.body, "010-7777-0001") || strings.Contains(page.body, `id="mend"`) {
		t.Error("a viewer sees a number, or a button")
	}
	if got := s.post(t, s.today(), url.Values{}); got.status != http.StatusForbidden {
		t.Errorf("a viewer mends: %d", got.status)
	}
}

// What was handed over and is not listed is shown with what to do about it, and is not
// changed. A viewer sees its numbers masked.
func TestWhatTheProviderDoesNotListIsShown(t *testing.T) {
	t.Parallel()
	s, c := unread(t)
	check(t, s.sim.AdvanceClock(time.Minute))
	s.settle(t)
	has(t, s.get(t, s.today()), "접수된 요청 1개를 확인했습니다. 모든 메시지가 발송사의 목록에 있습니다.")
	has(t, s.get(t, s.today()+"&messageStatus=FAILED"), "대조하지 않았습니다")

	_, err := s.DB.SQL().ExecContext(t.Context(), "UPDATE messages SET state = 0, code = '' WHERE state = 5") // as if it had been accepted
	check(t, err)
	page := s.get(t, s.today())
	has(t, page, "접수된 메시지 1건이 발송사의 목록에 없습니다", "8건 가운데 1건", "010-7777-0005", s.messagePath(t, c, "01077770005"), "NHN Cloud에 문의하세요", c.Name)
	if m := s.get(t, s.messagePath(t, c, "01077770005")); !strings.Contains(m.body, "결과 대기") {
		t.Error("its state has changed")
	}
	s.demote(t)
	masked := s.get(t, s.today())
	has(t, masked, "010-****-0005")
	if strings.Contains(masked.body, "7777-0005") {
		t.Error("a viewer sees a number")
	}
}

// settle has everything been handed over longer ago than the settling time.
func (s *studio) settle(t *testing.T) {
	t.Helper()
	_, err := s.DB.SQL().ExecContext(t.Context(), "UPDATE batches SET handed_at = $1", s.Actions.Now().Add(-s.Actions.Timing.Settling-time.Second).UTC())
	check(t, err)
}
