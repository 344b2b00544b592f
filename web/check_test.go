package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"soshik/models"
)

// checks has a draft checked by the button of the page, which is shown then.
func (d *desk) checks(t *testing.T, c models.Campaign) answer {
	t.Helper()
	return d.post(t, d.step(c, "check"), url.Values{})
}

func TestThePageOfACheckThatRuns(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘")
	later := d.now.Add(time.Hour) // nobody takes it up
	_, err := d.DB.BeginCheck(t.Context(), models.Check{
		CampaignID: c.ID, Revision: c.Revision, State: models.CheckRunning, Claim: "busy", Done: 500, Total: 2000, StartedAt: d.now, WorkedAt: later,
	})
	check(t, err)
	page := d.get(t, d.step(c, "check"))
	page.says(t, http.StatusOK, "검사하고 있습니다", "500 / 2,000", `http-equiv="refresh"`, `value="25"`)
	page.keepsQuiet(t, "보낼 준비가 되었습니다")
	if part := d.partially(t, d.step(c, "check")); part.header.Get("HX-Refresh") != "" || strings.Contains(part.body, "<html") || !strings.Contains(part.body, "500 / 2,000") {
		t.Errorf("a check that runs has the page drawn anew: %q", part.body)
	}
	d.post(t, d.step(c, "launch"), url.Values{"revision": {fmt.Sprint(c.Revision)}}).says(t, http.StatusUnprocessableEntity, "아직 검사가 끝나지 않아")
	check(t, d.DB.RemoveCheck(t.Context(), c.ID))
	if part := d.partially(t, d.step(c, "check")); part.header.Get("HX-Refresh") != "true" {
		t.Error("a check that is done has nothing drawn anew")
	}
	page = d.get(t, d.step(c, "check"))
	page.says(t, http.StatusOK, "아직 검사하지 않았습니다", "검사 시작")
	page.keepsQuiet(t, "1명에게 지금 보내기")
	if n := len(d.audited(t, "campaign.check")); n != 0 {
		t.Errorf("looking at the page has begun %d checks", n)
	}
	d.checks(t, c).says(t, http.StatusOK, "보낼 준비가 되었습니다", "1명에게 지금 보내기")
}

// What goes out at once needs a fresh check: an old one has its report, and the way to
// another.
func TestThePageOfACheckThatIsOld(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘")
	d.checks(t, c).says(t, http.StatusOK, "1명에게 지금 보내기")
	_, err := d.DB.SQL().ExecContext(t.Context(), "UPDATE checks SET ended_at = '2026-01-02 03:04:05'")
	check(t, err)
	page := d.get(t, d.step(c, "check"))
	page.says(t, http.StatusOK, "보낼 준비가 되었습니다", "검사한 지 10분이 지났습니다", "다시 검사")
	page.keepsQuiet(t, "지금 보내기")
	if n := len(d.audited(t, "campaign.check")); n != 1 {
		t.Errorf("checked %d times", n)
	}
	d.checks(t, c).says(t, http.StatusOK, "1명에게 지금 보내기")
}

// Saving the step before the check begins it.
func TestTheCheckBeginsBehindTheSchedule(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘")
	got := d.post(t, d.step(c, "schedule"), url.Values{"revision": {fmt.Sprint(c.Revision)}, "when": {"now"}})
	got.says(t, http.StatusOK, "보낼 준비가 되었습니다", "1명에게 지금 보내기")
	if n := len(d.audited(t, "campaign.check")); n != 1 || got.path != d.step(c, "check") {
		t.Errorf("checked %d times, shown is %s", n, got.path)
	}
}

func TestThePageOfACheckThatFailed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘")
	_, err := d.DB.BeginCheck(t.Context(), models.Check{
		CampaignID: c.ID, Revision: c.Revision, State: models.CheckFailed, Problem: models.T("check.failed"), StartedAt: d.now, WorkedAt: d.now,
	})
	check(t, err)
	d.get(t, d.step(c, "check")).says(t, http.StatusOK, "검사가 중단되었습니다", "다시 검사")
	d.checks(t, c).says(t, http.StatusOK, "보낼 준비가 되었습니다")
}

func TestTheRowsBehindAFinding(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘", "", "")
	path := d.step(c, "check/no_value")
	if got := d.get(t, path); got.path != d.step(c, "check") {
		t.Errorf("without a check the rows lead to %s", got.path)
	}
	d.checks(t, c).says(t, http.StatusOK, path, "2명 보기", "발송사 규칙", "모든 변수에 값이나 기본값이 있어야 합니다")
	rows, err := d.DB.CheckRows(t.Context(), c.ID, models.RowNoValue, 0, 10)
	check(t, err)
	last := rows[0].Phone[len(rows[0].Phone)-4:]
	d.get(t, path).says(t, http.StatusOK, "비어 있는 변수", rows[0].Phone[:3], last, "CSV로 받기")
	file := d.get(t, path+"/rows.csv")
	if lines := strings.Count(file.body, "\r\n"); lines != 3 || !strings.Contains(file.body, "이름") {
		t.Errorf("the file: %q", file.body)
	}
	if n := len(d.audited(t, "campaign.check_export")); n != 1 {
		t.Errorf("taken away %d times", n)
	}
	viewer := d.as(t, d.addUser(t, "viewer@example.com", models.Viewer).ID)
	viewer.get(t, path).says(t, http.StatusOK, "****-"+last)
	viewer.get(t, path).keepsQuiet(t, "CSV로 받기")
	viewer.get(t, path+"/rows.csv").says(t, http.StatusForbidden)
	viewer.get(t, d.step(c, "check")).says(t, http.StatusOK, "비어 있는 수신자 2명")
	d.get(t, path).says(t, http.StatusOK, "발송할 때까지만 보관합니다")
	d.post(t, d.step(c, "message"), d.message(t, d.read(t, c), "text", "바뀐 글"))
	viewer.get(t, d.step(c, "check")).says(t, http.StatusOK, "아직 검사하지 않았습니다")
}

// After the launch the page says where the rows have gone.
func TestTheRowsBehindAFindingAfterTheLaunch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘", "")
	d.launch(t, c).says(t, http.StatusOK, "발송을 시작했습니다")
	got := d.get(t, d.step(c, "check/no_value"))
	got.says(t, http.StatusOK, "발송하면서 지웠습니다", "메시지 목록에 있습니다")
	if got.path != d.path(fmt.Sprint(c.ID)) {
		t.Errorf("it leads to %s", got.path)
	}
}

func TestPricesOfATeam(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.ready(t, "김하늘", "박바다")
	d.checks(t, c).says(t, http.StatusOK, "메시지 단가가 없어")
	d.post(t, "/teams/1/settings/prices", url.Values{"friendtalk": {"열다섯"}, "sms": {"9.5"}}).
		says(t, http.StatusUnprocessableEntity, "금액을 숫자로 입력해 주세요", "열다섯", "9.5")
	d.post(t, "/teams/1/settings/prices", url.Values{"friendtalk": {"15"}, "sms": {"9.5"}}).says(t, http.StatusOK, "메시지 단가를 저장했습니다", `value="9.5"`)
	d.get(t, d.step(c, "check")).says(t, http.StatusOK, "모두 카카오톡으로 도착하면", "30원")
}
