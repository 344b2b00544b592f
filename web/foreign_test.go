package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"soshik/models"
)

const elsewhere = "/appkeys/1/deliveries/elsewhere"

// foreignRows is how many messages are listed.
func foreignRows(got answer) int { return strings.Count(got.body, `class="sk-foreign"`) }

// keepForeign keeps messages that another system has sent: each with a number and a
// minute of its own, every tenth failed.
func (s *site) keepForeign(t *testing.T, n int) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Minute)
	ms := make([]models.ForeignMessage, n)
	for i := range ms {
		ms[i] = models.ForeignMessage{
			AppkeyID: 1, Channel: models.FriendTalk, RequestID: "r1", Seq: i + 1, Phone: fmt.Sprintf("0102222%04d", i), PlusFriendID: "@crm", Content: "김하늘님 <b>",
			State: models.MessageDelivered, Code: "1000", SentAt: now.Add(-time.Duration(i) * time.Minute).UnixMilli(), DoneAt: now.UnixMilli(), TakenAt: now,
		}
		if i%10 == 0 {
			ms[i].State, ms[i].Code = models.MessageFailed, "3018"
		}
	}
	if err := s.DB.SaveForeign(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
}

func TestMessagesSentElsewhereAreListed(t *testing.T) {
	t.Parallel()
	s, _, k := newAppkeySite(t)
	off := s.get(t, elsewhere)
	off.says(t, http.StatusOK, "다른 곳에서 보낸 메시지를 가져오지 않습니다", `href="/appkeys/1/settings"`)
	s.get(t, "/appkeys/1/deliveries").keepsQuiet(t, elsewhere)

	s.post(t, "/appkeys/1/settings", with(settingsForm(k.BaseURL), "foreign", "1")).says(t, http.StatusOK, `name="foreign" value="1" checked`)
	s.get(t, elsewhere).says(t, http.StatusOK, "아직 가져온 메시지가 없습니다")
	s.get(t, "/appkeys/1/deliveries").says(t, http.StatusOK, elsewhere)

	s.keepForeign(t, 120)
	s.get(t, elsewhere).says(t, http.StatusOK, "010-2222-0007", "김하늘님", "@crm", "r1")
	for query, want := range map[string]int{
		"": 50, "?part=failed": 12, "?part=delivered&code=3018": 0, "?recipientNo=010-2222-0007": 1, "?requestId=r1": 50, "?requestId=r2": 0, "?channel=brandtalk": 0,
		"?campaign=1": 0, "?startRequestDate=2999-01-01": 0, "?part=skipped": 0, "?code=3018": 12, "?sender=999": 0, "?templateCode=x": 0, "?senderGroupingKey=x": 0,
	} {
		if got := s.get(t, elsewhere+query); got.status != http.StatusOK || foreignRows(got) != want {
			t.Errorf("elsewhere%s: %d, %d rows, want %d", query, got.status, foreignRows(got), want)
		}
	}
	if shown := s.inAll(t, elsewhere, foreignRows); shown != 120 {
		t.Errorf("paging shows %d messages, want 120", shown)
	}
	s.get(t, elsewhere+"?startRequestDate=soon").says(t, http.StatusUnprocessableEntity, `value="soon"`)

	s.post(t, "/appkeys/1/settings", settingsForm(k.BaseURL))
	s.get(t, elsewhere).says(t, http.StatusOK, "지금은 새로 가져오지 않습니다", "010-2222-0007")
}

// Who may not see numbers does not see what was written to them either.
func TestMessagesSentElsewhereAreMasked(t *testing.T) {
	t.Parallel()
	s, _, _ := newAppkeySite(t)
	s.keepForeign(t, 3)
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	got := viewer.get(t, elsewhere)
	got.says(t, http.StatusOK, "@crm")
	got.keepsQuiet(t, "0102222", "010-2222-0001", "김하늘님")
}

func TestOnlyAdminsHaveForeignMessagesTakenIn(t *testing.T) {
	t.Parallel()
	s, _, k := newAppkeySite(t)
	form := with(settingsForm(k.BaseURL), "foreign", "1")
	for _, role := range models.Roles() {
		got := s.as(t, s.addUser(t, string(role)+"@example.com", role).ID).post(t, "/appkeys/1/settings", form)
		saved, err := s.DB.Appkey(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if allowed := role == models.Admin; (got.status == http.StatusOK) != allowed || (saved.ForeignSince != nil) != allowed {
			t.Errorf("%s: %d, since %v", role, got.status, saved.ForeignSince)
		}
	}
	logs := s.audited(t, "appkey.update")
	if len(logs) != 1 || !strings.Contains(fmt.Sprint(logs[0].After), `"foreign_messages":true`) || !strings.Contains(fmt.Sprint(logs[0].Before), `"foreign_messages":false`) {
		t.Errorf("audited as %+v", logs)
	}
}
