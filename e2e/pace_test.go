package e2e_test

import (
	"testing"

	"soshik/e2e/browser"
	"soshik/models"
)

// imported is a draft with its recipients, whose page is open.
func (v *visitor) imported(c models.Campaign) {
	v.t.Helper()
	v.Visit(path(c, "/recipients"))
	v.link("이어서 하기", "진행 상황 보기", "가져온 결과 보기")
	v.says("40명을 가져왔습니다")
}

func TestALaunchIsUndone(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	check(t, s.Actions.SaveTeamSettings(t.Context(), models.Actor{}, 1, models.TeamSettings{Lead: "1", Unit: models.LeadDays, Undo: "10"}))
	c := s.draft(t, "성급한 소식", 40)
	v := s.signedIn(t, marketer, browser.Options{})
	v.imported(c)
	v.Visit(path(c, "/schedule"))
	v.says("10분 동안은 되돌릴 수 있도록")
	v.button("다음: 검사와 발송")
	v.Click(v.Role("button", "명에게 지금 보내기").First())
	v.says("아직 되돌릴 수 있습니다")
	v.look("undo")
	v.button("발송 되돌리기")
	v.saysSoon(v.Locator("#campaign-state"), "취소됨")
	v.Reads(v.Locator("dl.sk-counts > div").Filter(hasText("멈추지 못함")), "0명")
}

func TestAPacedCampaignIsPausedResumedAndStopped(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "느긋한 소식", 40)
	v := s.signedIn(t, marketer, browser.Options{})
	v.imported(c)
	v.Visit(path(c, "/schedule"))
	v.Must(v.Locator("#pace-paced").Check())
	v.Fill(v.Field("1분에 보낼 수신자 수"), "10")
	v.saysSoon(v.Locator("#course"), "1분에 10명씩 약 4분 동안")
	v.look("schedule-paced")
	v.button("다음: 검사와 발송")
	v.Click(v.Role("button", "명에게 지금 보내기").First())
	v.says("앞으로 보낼 일정", "1분에 10명씩")
	v.button("일시 정지")
	v.says("일시 정지되었습니다", "명의 메시지는 여기서 기다립니다", "다시 시작하면 그때부터 1분에 10명씩")
	v.look("campaign-paced-paused")
	v.Click(v.Locator("#resume"))
	v.says("캠페인을 다시 시작했습니다", "앞으로 보낼 일정")

	v.Visit("/teams/1/stop")
	v.Fill(v.Field("이유"), "가격이 잘못 적혔어요")
	v.Must(v.Field("팀의 모든 앱키에서 발송을 멈춥니다").Check())
	v.look("emergency")
	v.button("지금 멈추기")
	v.says("긴급 정지했습니다", "관리자만 다시 시작할 수 있습니다")
	v.Visit(path(c, ""))
	v.says("긴급 정지되었습니다", "가격이 잘못 적혔어요")
	v.look("emergency-campaign")
	v.Visit("/teams/1/stop")
	v.button("캠페인 1개 모두 취소")
	v.says("캠페인 1개의 취소를 시작했습니다")
	v.Visit(path(c, ""))
	v.saysSoon(v.Locator("#campaign-state"), "취소됨")
}
