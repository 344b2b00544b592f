package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// rowsOf is how many messages are listed.
func rowsOf(got answer) int { return strings.Count(got.body, "<td data-label=\"상태\">") }

func TestMessagesAreFoundWhateverCampaignTheyAreOf(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	list := fmt.Sprintf("/appkeys/%d/deliveries", c.AppkeyID)
	has(t, s.get(t, list), "아직 보낸 메시지가 없습니다")

	s.bringIn(t, c, cp949(t, listOf(120)+endings()))
	s.launch(t, c)
	s.until(t, s.path(c, ""), "완료</div>")
	for query, want := range map[string]int{
		"": 50, "?part=failed": 1, "?part=sms": 2, "?resultCode=failure": 3, "?messageStatus=FAILED": 3, "?code=3018": 2, "?recipientNo=010-7777-0004": 1,
		"?recipientNo=01012345678": 0, "?channel=brandtalk": 0, fmt.Sprintf("?campaign=%d&part=sms", c.ID): 2, "?campaign=999": 0,
		fmt.Sprintf("?sender=%d&part=refused", c.SenderID): 1, "?startCreateDate=2999-01-01": 0, "?endCreateDate=2999-01-01&part=failed": 1,
		"?recipientGroupingKey=order-1": 0, "?requestId=&recipientNo=&part=&channel=": 50,
	} {
		if got := s.get(t, list+query); got.status != http.StatusOK || rowsOf(got) != want {
			t.Errorf("deliveries%s: %d, %d rows, want %d", query, got.status, rowsOf(got), want)
		}
	}
	found := s.get(t, list+fmt.Sprintf("?campaign=%d&recipientNo=010-7777-0004", c.ID))
	has(t, found, "010-7777-0004", "문자 실패", s.path(c, ""), "캠페인 · "+c.Name, "@봄봄상점", "조건 지우기")
	has(t, s.get(t, list+"?code=1"), "조건에 맞는 메시지가 없습니다")

	shown, path := 0, list
	for range 10 {
		got := s.get(t, path)
		shown += rowsOf(got)
		_, next, more := strings.Cut(got.body, `rel="next" href="`)
		if !more {
			break
		}
		path, _, _ = strings.Cut(next, `"`)
	}
	if shown != 125 {
		t.Errorf("paging shows %d messages, want 125", shown)
	}
}

// What was typed wrongly is said beside the field, and everything that was typed is still
// there.
func TestADateThatIsNone(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	got := s.get(t, fmt.Sprintf("/appkeys/%d/deliveries?startCreateDate=yesterday&endCreateDate=2026-11-02&recipientNo=02-123&code=3018", c.AppkeyID))
	if got.status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", got.status)
	}
	has(t, got, `id="startCreateDate-problem"`, `value="yesterday"`, `value="2026-11-02T23:59"`, `id="recipientNo-problem"`, `value="02-123"`, `value="3018"`)
	if strings.Contains(got.body, "조건에 맞는 메시지가 없습니다") {
		t.Error("nothing was looked for, and it says that nothing was found")
	}
}

func TestAViewerSeesNumbersOfDeliveriesMasked(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(3)+endings()))
	s.launch(t, c)
	s.until(t, s.path(c, ""), "완료</div>")
	s.demote(t)
	got := s.get(t, fmt.Sprintf("/appkeys/%d/deliveries?part=failed", c.AppkeyID))
	has(t, got, "010-****-0004")
	if strings.Contains(got.body, "010-7777-0004") {
		t.Error("a viewer sees a number")
	}
}
