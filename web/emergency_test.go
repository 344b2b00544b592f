package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"soshik/models"
)

// The brake is pulled by a form that says what it does; everybody sees on every page that
// it is, by whom and why.
func TestEmergencyStopPages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	for _, at := range []string{"/teams/1/stop", fmt.Sprintf("/appkeys/%d/stop", d.appkey.ID)} {
		d.get(t, at).says(t, http.StatusOK, "모든 발송을 멈출까요?", "발송사가 이미 받은 메시지는 그대로 나갑니다")
		d.post(t, at, url.Values{"reason": {"<b>가격</b> 오류"}}).says(t, http.StatusUnprocessableEntity, "확인란에 체크", `value="<b>가격</b> 오류"`)
		d.post(t, at, url.Values{"confirmed": {"1"}}).says(t, http.StatusUnprocessableEntity, "표시된 항목")
		d.post(t, at, url.Values{"reason": {strings.Repeat("가", models.MaxStopReason+1)}, "confirmed": {"1"}}).says(t, http.StatusUnprocessableEntity, "표시된 항목")
		d.post(t, at, url.Values{"reason": {"<b>가격</b> 오류"}, "confirmed": {"1"}}).says(t, http.StatusOK, "긴급 정지했습니다", "다시 시작")
		for _, page := range []string{"/teams/1", d.list(), d.step(c, "message"), "/teams/1/audiences"} {
			d.get(t, page).says(t, http.StatusOK, "긴급 정지되었습니다", "<b>가격</b> 오류", `href="`+at+`"`)
			if got := d.get(t, page); strings.Contains(got.body, "<b>가격") {
				t.Errorf("%s draws the reason as HTML", page)
			}
		}
		d.post(t, at, url.Values{"reason": {"또"}, "confirmed": {"1"}}).says(t, http.StatusUnprocessableEntity, "이미 긴급 정지")
		d.post(t, at+"/cancel", nil).says(t, http.StatusOK, "캠페인 0개")
		d.post(t, at+"/lift", nil).says(t, http.StatusOK, "다시 시작했습니다")
		d.post(t, at+"/lift", nil).says(t, http.StatusUnprocessableEntity, "이미 다시 시작되었습니다")
		if got := d.get(t, "/teams/1"); strings.Contains(got.body, "긴급 정지되었습니다") {
			t.Errorf("%s: lifted, and the banner is still there", at)
		}
	}
}

// What time and pace come to is said as one types, and stands there after a mistake too.
func TestPaceOnTheScheduleStep(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.begin(t)
	d.get(t, d.step(c, "schedule")).says(t, http.StatusOK, "가능한 한 빨리", "수신자를 정하면")
	d.give(t, c, "김하늘", "박바다")
	form := func(more ...string) url.Values {
		v := url.Values{"revision": {fmt.Sprint(d.read(t, c).Revision)}, "when": {"now"}, "pace": {"paced"}, "rate": {"1"}}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v
	}
	d.post(t, d.step(c, "schedule")+"/preview", form()).says(t, http.StatusOK, "1분에 1명씩 약 1분 동안")
	d.post(t, d.step(c, "schedule")+"/preview", form("spread", "1", "per_day", "1")).says(t, http.StatusOK, "2일에 걸쳐")
	d.post(t, d.step(c, "schedule"), form("preview", "1")).says(t, http.StatusOK, "1분에 1명씩")
	d.post(t, d.step(c, "schedule"), form("rate", "0", "spread", "1", "per_day", "x")).says(t, http.StatusUnprocessableEntity,
		"1부터 1,000,000까지", "1부터 10,000,000까지", `value="x"`, "올바르게 입력하면")
	if got := d.post(t, d.step(c, "schedule"), form("rate", "1,500")); !strings.HasSuffix(got.path, "/check") {
		t.Errorf("saving leads to %s: %v", got.path, wrong(got))
	}
	if saved := d.read(t, c); saved.Pace != 1500 || saved.PerDay != 0 {
		t.Errorf("%+v", saved.Pacing())
	}
}
