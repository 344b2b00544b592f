package e2e_test

import (
	"strings"
	"testing"
	"time"

	"soshik/e2e/browser"
	"soshik/internal/kakao"
)

func TestAMessageAndASearchAtTheProvider(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{})
	v.beginsACampaign("첫눈 오는 날 쿠폰")
	v.writes()
	v.uploads(regulars())
	v.looksAtRows()
	v.setsSMSAndTime()
	v.launches(regulars())
	campaign := v.URL()
	v.Visit(strings.TrimPrefix(campaign, s.url) + "/messages?phone=010-7777-0001")
	v.link("010-7777-0001")
	v.isAt(`/appkeys/1/messages/\d+`)
	v.says("지나온 과정", "발송사 접수", "문자로 도착")
	v.look("message")
	v.button("지금 새로 고침")
	v.says("발송사가 알려 준 결과를 반영했습니다", "문자 결과 코드", "문자 요청 ID")
	v.look("message-refreshed")
	v.link("첫눈 오는 날 쿠폰")
	v.isAt(`/appkeys/1/campaigns/\d+.*`)

	v.searchesAtTheProvider(s)
}

// searchesAtTheProvider finds at the provider what is not known here, and takes it over.
func (v *visitor) searchesAtTheProvider(s *site) {
	v.t.Helper()
	_, err := s.DB.SQL().ExecContext(v.t.Context(), "UPDATE messages SET state = 7, code = '' WHERE phone = '01077770001'")
	check(v.t, err)
	v.menu("발송 내역")
	v.link("발송사에서 찾기")
	v.button("발송사에서 찾기")
	v.says("요청 ID를 입력하거나")
	v.look("live-wrong")
	v.Fill(v.Field("휴대폰 번호"), "010-7777-0001")
	v.Fill(v.Field("접수 시각 (부터)"), s.Actions.Now().Add(-time.Hour).In(kakao.KST).Format("2006-01-02T15:04"))
	v.button("발송사에서 찾기")
	v.says("1건이 여기와 다릅니다", "발송사가 더 알고 있음", "결과 없음")
	v.look("live")
	v.button("발송사의 결과 1건 반영")
	v.says("발송사의 결과 1건을 반영했습니다", "이 쪽의 메시지는 여기와 같습니다")
	v.link("010-7777-0001")
	v.says("문자로 도착")
}
