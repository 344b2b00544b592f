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

// askedDesk is a desk whose team wants everything approved, with a campaign that waits
// for it and the person who has asked, and an approver.
func askedDesk(t *testing.T) (d *desk, c models.Campaign, marketer, approver *desk) {
	t.Helper()
	d = newDesk(t)
	d.post(t, "/teams/1/settings/approval", url.Values{"approve_from": {"2"}}).says(t, http.StatusOK, "팀 설정을 저장했습니다.")
	as := func(email string, role models.Role) *desk {
		other := *d
		other.site = d.as(t, d.addUser(t, email, role).ID)
		return &other
	}
	marketer, approver = as("marketer@example.com", models.Marketer), as("approver@example.com", models.Approver)
	c = marketer.ready(t, "김하늘", "박바다")
	c = marketer.asks(t, c, url.Values{"message": {"<b>봐 주세요</b>"}})
	return d, c, marketer, approver
}

// asks sends the form that asks for approval, as somebody does who has seen the check.
func (d *desk) asks(t *testing.T, c models.Campaign, form url.Values) models.Campaign {
	t.Helper()
	d.checks(t, c).says(t, http.StatusOK, "승인이 필요합니다", "승인 요청")
	form.Set("revision", fmt.Sprint(d.read(t, c).Revision))
	got := d.post(t, d.step(c, "approval/ask"), form)
	got.says(t, http.StatusOK, "승인을 요청했습니다", "승인 대기")
	return d.read(t, c)
}

// decision is the form of the approver, for the asking that is open.
func (d *desk) decision(t *testing.T, c models.Campaign, what, reason string) url.Values {
	t.Helper()
	a, _, err := d.DB.OpenApproval(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"approval": {fmt.Sprint(a.ID)}, "decision": {what}, "reason": {reason}}
}

func TestWhatEverybodySeesOfACampaignThatWaits(t *testing.T) {
	t.Parallel()
	d, c, marketer, approver := askedDesk(t)
	page := d.step(c, "approval")
	marketer.get(t, page).says(t, http.StatusOK, "<b>봐 주세요</b>", "수정하기", "승인자의 결정을 기다리고 있습니다", "보낼 준비가 되었습니다")
	marketer.get(t, page).keepsQuiet(t, `value="approve"`, "다시 검사")
	seen := approver.get(t, page)
	seen.says(t, http.StatusOK, `value="approve"`, `value="reject"`, "김하늘", "2명", "이 캠페인은 처음으로")
	if strings.Contains(seen.body, "<b>봐") {
		t.Error("the message is not escaped")
	}
	approver.get(t, page+"?row=2").says(t, http.StatusOK, "박바다")
	approver.get(t, "/teams/1").says(t, http.StatusOK, "승인", "marketer님이 승인을 요청했습니다")
	approver.get(t, "/teams/1/approvals").says(t, http.StatusOK, c.Name, "bg-yellow-lt ms-auto\">1<")
	d.get(t, page).says(t, http.StatusOK, `value="approve"`)
	viewer := *d
	viewer.site = d.as(t, d.addUser(t, "viewer@example.com", models.Viewer).ID)
	viewer.get(t, page).says(t, http.StatusOK, "승인 대기", "010-****-")
	viewer.get(t, page).keepsQuiet(t, `value="approve"`, "수정하기", "01012340000")
	viewer.get(t, "/teams/1/approvals").says(t, http.StatusForbidden)
	d.get(t, d.list()).says(t, http.StatusOK, "승인 대기", page)
}

func TestEditingInAnotherTabWhileItWaits(t *testing.T) {
	t.Parallel()
	d, c, marketer, approver := askedDesk(t)
	for _, step := range []string{"message", "fallback", "schedule", "check", ""} {
		if got := marketer.get(t, marketer.step(c, step)); step != "" && got.path != d.step(c, "approval") {
			t.Errorf("the step %s leads to %s", step, got.path)
		}
	}
	got := marketer.post(t, d.step(c, "message"), marketer.message(t, c, "text", "다른 탭에서 고친 글"))
	got.says(t, http.StatusOK, "아무것도 바꾸지 않았습니다")
	if d.read(t, c).Content.Text == "다른 탭에서 고친 글" {
		t.Error("it was changed")
	}
	if got := marketer.part(t, d.step(c, "message/preview"), url.Values{}); got.header.Get("HX-Redirect") != d.step(c, "approval") {
		t.Errorf("the preview leads to %v", got.header)
	}
	marketer.launch(t, c).says(t, http.StatusUnprocessableEntity, "아직 승인되지 않은 캠페인")
	old := approver.decision(t, c, "approve", "")
	marketer.post(t, d.step(c, "approval/withdraw"), nil).says(t, http.StatusOK, "승인 요청을 거두었습니다", "승인을 다시 받아야 합니다")
	approver.post(t, d.step(c, "approval"), old).says(t, http.StatusUnprocessableEntity, "그 사이 다른 사람이 처리했거나", "요청 취소됨")
	marketer.post(t, d.step(c, "approval/withdraw"), nil).says(t, http.StatusUnprocessableEntity, "그 사이 다른 사람이")
	marketer.post(t, d.step(c, "approval/ask"), url.Values{"revision": {"0"}, "message": {"보낼 말"}}).says(t, http.StatusUnprocessableEntity, "검사한 뒤 캠페인이 바뀌어", "보낼 말")
	marketer.asks(t, c, url.Values{})
	approver.post(t, d.step(c, "approval"), old).says(t, http.StatusUnprocessableEntity, "그 사이 다른 사람이 처리했거나")
	if d.read(t, c).State != models.CampaignWaiting {
		t.Error("it was approved in a tab that showed another asking")
	}
}

func TestDeciding(t *testing.T) {
	t.Parallel()
	d, c, marketer, approver := askedDesk(t)
	page := d.step(c, "approval")
	approver.post(t, page, approver.decision(t, c, "reject", " ")).marks(t, "reason")
	long := strings.Repeat("가", models.MaxRejectReason+1)
	approver.post(t, page, approver.decision(t, c, "reject", long)).says(t, http.StatusUnprocessableEntity, long)
	approver.post(t, page, approver.decision(t, c, "perhaps", "")).says(t, http.StatusUnprocessableEntity)
	approver.post(t, page, approver.decision(t, c, "reject", "글이\r\n길어요")).says(t, http.StatusOK, "반려했습니다", "글이\n길어요")
	marketer.get(t, d.step(c, "message")).says(t, http.StatusOK, "approver님이 반려했습니다: 글이\n길어요", page)
	marketer.post(t, d.step(c, "message"), marketer.message(t, c, "text", "#{이름}님, 짧은 글"))

	marketer.asks(t, c, url.Values{})
	approver.get(t, page).says(t, http.StatusOK, "반려한 내용과 비교", "<ins>")
	approver.post(t, page, approver.decision(t, c, "approve", "")).says(t, http.StatusOK, "24시간 동안 유효합니다", "2명에게 지금 발송")
	approver.post(t, page, approver.decision(t, c, "approve", "")).says(t, http.StatusUnprocessableEntity, "그 사이 다른 사람이")
	marketer.get(t, page).says(t, http.StatusOK, "approver님이 승인했습니다")
	marketer.launch(t, d.read(t, c)).says(t, http.StatusOK, "발송을 시작했습니다", "승인 기록", "승인 후 발송")
	d.get(t, page).says(t, http.StatusOK, "승인 기록", "approver 승인", "marketer 발송")
	d.get(t, "/teams/1/approvals").says(t, http.StatusOK, "승인을 기다리는 캠페인이 없습니다", "최근 결정", c.Name)
}

// Whoever has edited it last does not decide; the instance admin neither.
func TestNobodyDecidesAboutTheirOwn(t *testing.T) {
	t.Parallel()
	d, c, marketer, _ := askedDesk(t)
	page := d.step(c, "approval")
	marketer.post(t, d.step(c, "approval/withdraw"), nil)
	d.post(t, d.step(c, "message"), d.message(t, c, "text", "관리자가 고친 글"))
	marketer.asks(t, c, url.Values{})
	own := d.get(t, page)
	own.says(t, http.StatusOK, "다른 승인자가 결정합니다")
	own.keepsQuiet(t, `value="approve"`)
	d.post(t, page, d.decision(t, c, "approve", "")).says(t, http.StatusForbidden, "스스로 승인할 수 없습니다")
	d.get(t, "/teams/1/approvals").says(t, http.StatusOK, "다른 사람이 결정")
}

// A scheduled campaign offers to be launched by itself once it is approved.
func TestApprovalOfAScheduledCampaign(t *testing.T) {
	t.Parallel()
	d, c, marketer, approver := askedDesk(t)
	marketer.post(t, d.step(c, "approval/withdraw"), nil)
	later := url.Values{"revision": {fmt.Sprint(d.read(t, c).Revision)}, "when": {"later"}, "date": {d.now.AddDate(0, 0, 5).Format(time.DateOnly)}, "clock": {"10:00"}}
	marketer.post(t, d.step(c, "schedule"), later)
	if got := marketer.get(t, d.step(c, "check")); !strings.Contains(got.body, `name="launch" value="1" checked`) {
		t.Error("launching by itself is not ticked")
	}
	marketer.asks(t, c, url.Values{"launch": {"1"}})
	approver.get(t, d.step(c, "approval")).says(t, http.StatusOK, "승인하고 예약", "자동으로 발송 시작", "보내는 시간", "지금 바로", "까지 유효합니다")
	approver.post(t, d.step(c, "approval"), approver.decision(t, c, "approve", "")).says(t, http.StatusOK, "승인했습니다.")
}

func TestTheLimitIsSet(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	const settings = "/teams/1/settings/approval"
	for _, wrong := range []string{"많이", "-1", "1000001", "1.5"} {
		got := s.post(t, settings, url.Values{"approve_from": {wrong}})
		got.marks(t, "approve_from")
		got.says(t, http.StatusUnprocessableEntity, `value="`+wrong+`"`)
	}
	for typed, want := range map[string]int{"1,000": 1000, "0": 0, "": 0, "1": 1} {
		s.post(t, settings, url.Values{"approve_from": {typed}}).says(t, http.StatusOK, "팀 설정을 저장했습니다.")
		if team, err := s.DB.Team(t.Context(), 1); err != nil || team.ApproveFrom != want {
			t.Errorf("%q: %d, %v", typed, team.ApproveFrom, err)
		}
	}
	s.get(t, "/teams/1/approvals").says(t, http.StatusOK, "승인을 기다리는 캠페인이 없습니다")
	if logs := s.audited(t, "team.update"); len(logs) != 4 || !strings.Contains(logs[0].After, "approve_from") {
		t.Errorf("audited as %+v", logs)
	}
}
