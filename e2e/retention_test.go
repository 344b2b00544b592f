package e2e_test

import (
	"testing"

	"soshik/e2e/browser"
	"soshik/internal/testdb"
	"soshik/models"
)

// oldCampaign is a campaign to 40 people that was over so many days ago.
func (s *site) oldCampaign(t *testing.T, name string, days int) models.Campaign {
	t.Helper()
	k, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	then := s.Actions.Now().AddDate(0, 0, -days)
	c := testdb.FillLedger(t, s.DB, k, models.Campaign{Channel: models.FriendTalk, Name: name, LaunchedBy: 3, SenderID: 1, LaunchedAt: &then}, 40, then)
	_, err = s.DB.SQL().ExecContext(t.Context(), "UPDATE campaigns SET finished_at = $1 WHERE id = $2", then.UTC(), c.ID)
	check(t, err)
	return c
}

// An admin has the rows of what is long over removed: is told before what goes, and sees
// afterwards what has stayed.
func TestOldRowsAreRemovedAfterTheyWereConfirmed(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	old, kept := s.oldCampaign(t, "작년의 쿠폰", 200), s.oldCampaign(t, "지난주의 쿠폰", 7)
	a := s.signedIn(t, admin, browser.Options{})
	a.menu("팀 설정")
	a.says("메시지 한 건 한 건의 기록을 지우지 않고 보관합니다")
	a.link("보관 기간 설정")
	a.isAt(`/teams/1/retention`)
	a.look("retention")
	for _, wrong := range []string{"30", "백일"} {
		a.Fill(a.Field("보관할 날 수"), wrong)
		a.button("저장")
		a.Reads(a.Locator("#days-problem"), "100에서 3,650 사이의 숫자를 입력하거나 비워 두세요")
		a.Holds(a.Field("보관할 날 수"), wrong)
	}
	a.look("retention-wrong")
	a.Fill(a.Field("보관할 날 수"), "120")
	a.button("저장")
	a.says("120일이 지난 기록을 지울까요?", "되돌릴 수 없습니다")
	a.Reads(a.count("캠페인"), "1")
	a.Reads(a.count("메시지"), "40")
	a.look("retention-question")
	a.link("돌아가기")
	a.says("지우지 않고 보관합니다") // nothing was saved yet
	a.Fill(a.Field("보관할 날 수"), "120")
	a.button("저장")
	a.button("저장하고 지우기")
	a.says("보관 기간을 저장했습니다", "캠페인이 끝나고 120일 동안")
	a.Holds(a.Field("보관할 날 수"), "120")

	s.untilCampaign(t, old, func(c models.Campaign, _ models.Equation) bool { return c.RowsGone })
	s.until(t, func() bool {
		rs, err := s.DB.Removals(t.Context(), 1, 10)
		check(t, err)
		return len(rs) == 1 && rs[0].State == models.RemovalDone
	})
	a.Must2(a.Reload())
	a.says("지운 기록", "캠페인 1개, 메시지 40건", "120일이 지난 것", "완료")
	a.look("retention-done")
	a.seesWhatHasStayed(old, kept)
	a.menu("감사 로그")
	a.Reads(a.Role("row", "발송 기록 보관 기간 변경").First(), "김지우")
	a.Sees(a.Role("row", "보관 기간이 지난 발송 기록 삭제").First())
	s.looksForWhatHasGone(t, old)
}

// seesWhatHasStayed reads the campaign whose rows have gone, and one whose rows have not.
func (v *visitor) seesWhatHasStayed(old, kept models.Campaign) {
	v.t.Helper()
	v.Visit(path(old, ""))
	v.says("메시지 한 건 한 건의 기록을 지웠습니다", "수신자 40명이 모두 여기 있습니다")
	v.addsUp(40)
	v.look("campaign-rows-gone")
	v.link("월별 사용량 보기")
	v.isAt(`/appkeys/1/usage\?month=\d{4}-\d{2}`)
	v.says("작년의 쿠폰", "36")
	v.Visit(path(old, "/messages"))
	v.says("메시지 기록을 지웠습니다")
	v.look("messages-rows-gone")
	v.link("캠페인 보기")
	v.isAt(path(old, ""))
	v.Visit(path(kept, "/messages"))
	v.says("010-1000-0000")
	v.Visit("/appkeys/1/deliveries?recipientNo=010-1000-0000")
	v.says("지난주의 쿠폰")
	v.SeesNot(v.main().GetByText("작년의 쿠폰"))
}

// looksForWhatHasGone is somebody who may not change the setting, with a phone and no
// script.
func (s *site) looksForWhatHasGone(t *testing.T, old models.Campaign) {
	t.Helper()
	v := s.signedIn(t, viewer, browser.Options{NoScript: true, Width: 390, Height: 844, Allow: []string{"status of 403"}})
	v.Visit(path(old, ""))
	v.says("메시지 한 건 한 건의 기록을 지웠습니다")
	v.addsUp(40)
	v.Visit("/teams/1/retention")
	v.SeesNot(v.Field("보관할 날 수"))
}

// Where nothing goes, nothing is asked; without a script it works all the same.
func TestRowsAreKeptForATimeWithoutAScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	s.oldCampaign(t, "작년의 쿠폰", 200)
	a := s.signedIn(t, admin, browser.Options{NoScript: true, Width: 390, Height: 844})
	a.Visit("/teams/1/retention")
	a.Fill(a.Field("보관할 날 수"), "50")
	a.button("저장")
	a.Sees(a.Locator("#days-problem"))
	a.Holds(a.Field("보관할 날 수"), "50")
	a.Fill(a.Field("보관할 날 수"), "150")
	a.button("저장")
	a.says("150일이 지난 기록을 지울까요?")
	a.button("저장하고 지우기")
	a.says("보관 기간을 저장했습니다", "150일 동안")
	a.Fill(a.Field("보관할 날 수"), "")
	a.button("저장")
	a.says("보관 기간을 저장했습니다", "지우지 않고 보관합니다")
}
