package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
)

// customers is a file of n people from the one with index from on.
func customers(from, n int) []byte {
	var b strings.Builder
	b.WriteString("휴대폰,이름\n")
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, "010-4000-%04d,손님%d\n", 1000+i, i)
	}
	return []byte(b.String())
}

func TestAudiencesAreMadeChangedAndTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{})
	v.menu("수신자 목록")
	v.look("audiences-empty")
	v.link("수신자 목록 만들기")
	v.Fill(v.Field("목록 이름"), "단골 손님")
	v.Must(v.Locator("#file").SetInputFiles([]playwright.InputFile{{Name: "단골.csv", MimeType: "text/csv", Buffer: customers(0, 120)}}))
	v.look("audience-file")
	v.button("올리기")
	v.says("가져오기 시작")
	v.look("audience-columns")
	v.button("가져오기 시작")
	v.saysSoon(v.main(), "120명을 가져왔습니다")
	v.look("audience-imported")
	v.link("목록 보기")
	v.says("수신자 120명", "010-4000-1000", "손님0")
	v.look("audience")
	v.Fill(v.Field("번호나 값으로 찾기"), "손님77")
	v.button("찾기")
	v.says("010-4000-1077")

	v.link("수신자 바꾸기")
	v.link("직접 입력")
	v.Must(v.Role("radio", "빼기").Check())
	v.Fill(v.Field("휴대폰 번호"), "010-4000-1000\n02-123-4567")
	v.button("바꾸기")
	v.says("2번째 줄", "02-123-4567")
	v.look("audience-change-wrong")
	v.Must(v.Role("checkbox", "이것들은 빼고").Check())
	v.button("바꾸기")
	v.saysSoon(v.main(), "수신자 119명")
	v.says("−1명")
	v.link("무작위 추출")
	v.Fill(v.Field("목록 이름"), "표본")
	v.Fill(v.Field("뽑을 인원"), "10")
	v.look("audience-sample")
	v.button("뽑기")
	v.saysSoon(v.main(), "수신자 10명")
	v.menu("수신자 목록")
	v.says("단골 손님", "표본", "무작위 추출")
	v.look("audiences")
	v.takesAudiences()
	v.deletesAudience()
}

// takesAudiences gives a new campaign the recipients of both audiences.
func (v *visitor) takesAudiences() {
	v.t.Helper()
	v.menu("캠페인")
	v.link("새 캠페인", "캠페인 만들기")
	v.Fill(v.Locator("#name"), "목록으로 보내는 캠페인")
	v.Click(v.main().Locator("form button.btn-primary").First())
	v.isAt(`/appkeys/\d+/campaigns/\d+/message`)
	v.Visit(strings.TrimSuffix(v.path(), "message") + "recipients")
	v.look("recipients-offer")
	v.link("목록 고르기")
	v.Must(v.Role("checkbox", "단골 손님").Check())
	v.Must(v.Role("checkbox", "표본").Check())
	v.look("audience-take")
	v.button("가져오기")
	v.saysSoon(v.main(), "수신자 목록에서 가져온 수신자")
	v.says("119명")
	v.look("recipients-taken")
}

// deletesAudience deletes what a draft has taken recipients from.
func (v *visitor) deletesAudience() {
	v.t.Helper()
	v.menu("수신자 목록")
	v.link("단골 손님")
	v.link("목록 삭제")
	v.says("목록으로 보내는 캠페인")
	v.look("audience-delete")
	v.button("삭제")
	v.says("삭제하려면 확인란에 표시해 주세요")
	v.Must(v.Role("checkbox", "그래도 삭제합니다").Check())
	v.button("삭제")
	v.says("목록을 삭제했습니다")
	v.SeesNot(v.main().GetByRole("link", playwright.LocatorGetByRoleOptions{Name: "단골 손님"}))
}

func TestOptOutsAndForgetting(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, admin, browser.Options{})
	v.menu("수신 거부 목록")
	v.look("suppressions-empty")
	v.link("번호 추가")
	v.Fill(v.Field("수신을 거부한 번호"), "010-4000-1001, 010 4000 1002")
	v.Fill(v.Field("이유"), "전화로 요청")
	v.look("suppression-add")
	v.button("수신 거부로 등록")
	v.says("번호 2개를 수신 거부 목록에 넣었습니다", "010-4000-1001")
	v.look("suppressions")
	v.Fill(v.Field("번호로 찾기"), "+82 10-4000-1002")
	v.button("찾기")
	v.link("010-4000-1002")
	v.says("전화로 요청", "예정된 메시지가 없었습니다")
	v.look("suppression")
	v.Fill(v.Field("해제하는 이유"), "다시 동의함")
	v.button("해제")
	v.says("수신 거부를 해제했습니다", "다시 동의함")
	v.menu("팀 설정")
	v.Fill(v.Field("한 사람에게 7일 동안 보내는 메시지 수"), "3")
	v.look("recipient-settings")
	v.Click(v.Locator("form[action$='/settings/recipients'] button"))
	v.says("팀 설정을 저장했습니다")
	v.link("삭제하기")
	v.isAt(`/teams/1/forget`) // the page before has a field of the same name
	v.Fill(v.Field("휴대폰 번호"), "010-4000-1001")
	v.look("forget")
	v.button("찾기")
	v.says("010-4000-1001의 개인정보를 지울까요?")
	v.look("forget-question")
	v.button("개인정보 지우기")
	v.says("010-****-1001", "완료")
	v.look("forgotten")
}

// Without JavaScript, the same can be done.
func TestAudiencesWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{NoScript: true})
	v.Visit("/teams/1/audiences/new?from=pasted")
	v.Fill(v.Field("목록 이름"), "손님")
	v.Fill(v.Field("휴대폰 번호"), "010-4000-1001\n010-4000-1002")
	v.button("목록 만들기")
	v.says("수신자 2명")
	v.link("수신자 바꾸기")
	v.Must(v.Locator("#file").SetInputFiles([]playwright.InputFile{{Name: "더.csv", MimeType: "text/csv", Buffer: customers(0, 5)}}))
	v.button("올리기")
	v.button("가져오기 시작")
	v.saysSoon(v.main(), "5명을 가져왔습니다") // the page asks anew by itself
	v.link("목록 보기")
	v.saysSoon(v.main(), "수신자 5명")
}

func TestAudiencesInOtherLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	for _, locale := range []string{"en-US", "ja-JP"} {
		v := s.signedIn(t, admin, browser.Options{Locale: locale})
		for name, path := range map[string]string{
			"audiences-empty": "/audiences", "audience-file": "/audiences/new", "audience-results": "/audiences/new?from=results",
			"suppressions-empty": "/suppressions", "suppression-add": "/suppressions/new", "recipient-settings": "/settings", "forget": "/forget",
		} {
			v.Visit("/teams/1" + path)
			v.look(name)
		}
	}
}
