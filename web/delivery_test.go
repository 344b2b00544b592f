package web_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"soshik/models"
)

// rowsOf is how many messages are listed.
func rowsOf(got answer) int { return strings.Count(got.body, "<td data-label=\"상태\">") }

// inAll is how many rows there are on all pages from path on.
func (s *site) inAll(t *testing.T, path string, rows func(answer) int) (n int) {
	t.Helper()
	for range 40 {
		got := s.get(t, path)
		n += rows(got)
		_, next, more := strings.Cut(got.body, `rel="next" href="`)
		if !more {
			return n
		}
		path, _, _ = strings.Cut(next, `"`)
		path = html.UnescapeString(path)
	}
	t.Fatal("the pages do not end")
	return n
}

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

	if shown := s.inAll(t, list, rowsOf); shown != 125 {
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

// Everything that can be asked for wrongly is answered on the page, and nothing of it runs.
func TestBadInputInEveryFilter(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.finished(t)
	_, err := s.DB.SQL().ExecContext(t.Context(), "UPDATE appkeys SET foreign_since = $1", s.Actions.Now().UTC())
	check(t, err)
	long, script := strings.Repeat("a", 3000), "%3Cscript%3Ealert(1)%3C/script%3E"
	pages := map[string]string{"/appkeys/1/deliveries": "", "/appkeys/1/deliveries/live": "channel=friendtalk&search=1&requestId=r", elsewhere: ""}
	for path, needed := range pages {
		for query, wrong := range map[string]string{
			"recipientNo=010-12": "recipientNo", "recipientNo=" + script: "recipientNo", "recipientNo=" + long: "recipientNo",
			"startRequestDate=soon": "startRequestDate", "startRequestDate=" + script: "startRequestDate", "endRequestDate=2026-02-30": "endRequestDate",
			"startRequestDate=2026-11-02&endRequestDate=2026-11-01": "endRequestDate", "channel=sms": "channel", "sender=x": "sender", "senderGroupingKey=" + long: "senderGroupingKey",
			"recipientGroupingKey=" + long: "recipientGroupingKey", "templateCode=" + long: "templateCode",
			"templateCode=" + script: "", "senderGroupingKey=" + script: "", "requestId=a+b%20c": "", "requestId=%00%ff": "", "recipientGroupingKey=%00": "",
			"startRequestDate=0001-01-01&endRequestDate=9999-12-31": "", "sender=9223372036854775807": "",
		} {
			values := "?" + query + "&" + needed
			got := s.get(t, path+values)
			// At the provider, what cannot be found may be wrong as well.
			if wants := map[bool]int{true: http.StatusUnprocessableEntity, false: http.StatusOK}[wrong != ""]; got.status != wants && (needed == "" || got.status != http.StatusUnprocessableEntity) {
				t.Errorf("%s%.80s: %d", path, values, got.status)
			}
			if wrong != "" && !strings.Contains(got.body, `id="`+wrong+`-problem"`) {
				t.Errorf("%s%.80s: %s is not said to be wrong", path, values, wrong)
			}
			if strings.Contains(got.body, "<script>alert") {
				t.Errorf("%s%.80s runs", path, values)
			}
		}
	}
	has(t, s.get(t, "/appkeys/1/deliveries?campaign=%3Cb%3E"), `id="campaign-problem"`, "&lt;b&gt;", "모든 캠페인에서 찾기")
	has(t, s.get(t, "/appkeys/1/deliveries/live?channel=friendtalk&startRequestDate=2999-01-01"), "찾아 줄 수 있는 기간이 아닙니다")
}

func TestDeliveriesOfACampaignWhoseRowsHaveGone(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.finished(t)
	list := fmt.Sprintf("/appkeys/1/deliveries?campaign=%d", c.ID)
	if got := s.get(t, list); rowsOf(got) != 8 {
		t.Errorf("%d rows", rowsOf(got))
	}
	check(t, s.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, _, err := tx.RemoveRows(t.Context(), c, 10, s.Actions.Now())
		return err
	}))
	has(t, s.get(t, list), "메시지 기록을 지웠습니다", "보관 기간이 지나", s.path(c, ""))
	has(t, s.get(t, "/appkeys/1/deliveries"), "메시지 기록을 지웠습니다", "결과별 인원수를 볼 수 있습니다")
}

// A message is found by the name of the team's own template that its campaign was made of,
// which is suggested.
func TestDeliveriesAreFoundByTheNameOfATemplate(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.finished(t)
	own := models.Template{TeamID: c.TeamID, AppkeyID: c.AppkeyID, Channel: c.Channel, Name: "단골 <안내>", Version: 1, CreatedAt: s.Actions.Now().UTC(), UpdatedAt: s.Actions.Now().UTC()}
	check(t, s.DB.CreateTemplate(t.Context(), &own))
	_, err := s.DB.SQL().ExecContext(t.Context(), "UPDATE campaigns SET template_id = $1", own.ID)
	check(t, err)
	for typed, want := range map[string]int{own.Name: 8, "단골": 0, " " + own.Name + " ": 8} {
		got := s.get(t, "/appkeys/1/deliveries?templateCode="+url.QueryEscape(typed))
		if rowsOf(got) != want {
			t.Errorf("%q: %d rows, want %d", typed, rowsOf(got), want)
		}
		has(t, got, `<option value="단골 &lt;안내&gt;">`, `list="templateCode-suggested"`)
	}
}
