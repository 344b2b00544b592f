package e2e_test

import (
	"fmt"
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
	"soshik/models"
)

// empty takes the demo's templates away, so that a journey begins where a new team
// does.
func (s *site) emptyTemplates(t *testing.T) {
	t.Helper()
	_, err := s.DB.SQL().ExecContext(t.Context(), "DELETE FROM templates")
	check(t, err)
}

// template is the newest one of the demo's team.
func (s *site) template(t *testing.T) models.Template {
	t.Helper()
	k, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	rows, err := s.DB.TemplateRows(t.Context(), k, models.TemplateFilter{}, 1)
	check(t, err)
	if len(rows) == 0 {
		t.Fatal("there is no template")
	}
	return rows[0].Template
}

func templatePath(t models.Template, rest string) string {
	return fmt.Sprintf("/appkeys/1/templates/%d%s", t.ID, rest)
}

func TestATemplateIsMadeOfASampleAndUsed(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	s.emptyTemplates(t)
	v := s.signedIn(t, marketer, browser.Options{})
	v.menu("템플릿")
	v.says("아직 템플릿이 없습니다", "매장 행사")
	v.look("templates-empty")
	v.link("쿠폰")
	v.says("무엇으로 시작할까요?", "쿠폰 쓰러 가기")
	v.look("template-new")
	v.Click(v.Role("button", "작성하기").First())
	v.says("아직 저장하지 않았습니다")
	v.Reads(v.Locator("#preview .sk-bubble").First(), "오랜만에 인사드립니다")

	v.Fill(v.Field("템플릿 이름"), "")
	v.button("저장")
	v.says("표시된 항목을 확인해 주세요")
	v.look("template-wrong")
	v.Fill(v.Field("템플릿 이름"), "겨울 쿠폰")
	v.Fill(v.Field("새 태그"), "겨울, 쿠폰")
	v.button("저장")
	v.says("템플릿을 저장했습니다. 버전 1입니다.", "겨울 쿠폰")
	v.Must(v.Expect().Locator(v.Role("checkbox", "#겨울")).ToBeChecked())
	v.look("template")

	v.changesAndComparesIt()
	v.link("겨울 쿠폰")
	v.button("캠페인 시작 (버전 3)")
	v.says("‘겨울 쿠폰’(버전 3)의 내용으로 캠페인을 시작했습니다", "버전 3에서 가져옴")
	v.look("message-of-template")
}

// changesAndComparesIt saves another version, compares it with the first one, and
// brings that back.
func (v *visitor) changesAndComparesIt() {
	v.t.Helper()
	text, err := v.Field("내용").InputValue()
	v.Must(err)
	v.Fill(v.Field("내용"), text+"\n늘 감사합니다.")
	v.Reads(v.Locator("#preview .sk-bubble").First(), "늘 감사합니다.")
	v.button("버튼 추가")
	v.Fill(v.in("버튼 3", "버튼 이름"), "선물하기")
	v.Fill(v.in("버튼 3", "모바일 링크"), "https://www.example.com/gift")
	v.button("저장")
	v.says("버전 2입니다.")
	v.link("버전 기록")
	v.says("버전 1 → 버전 2", "추가됨", "선물하기")
	v.Reads(v.Locator(".sk-diff ins").Filter(hasText("늘 감사합니다.")), "늘 감사합니다.")
	v.look("versions")
	v.Click(v.Role("button", "이 버전으로 되돌리기"))
	v.says("버전 1의 내용으로 되돌렸습니다. 버전 3입니다.", "버전 1 되돌림", "버전 2 → 버전 3")
	v.Must(v.Role("radio", "버전 1에서").Check())
	v.button("비교하기")
	v.says("버전 1 → 버전 3", "두 버전의 내용이 같습니다")
}

func TestTwoPeopleWriteOneTemplate(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	made := s.template(t)
	mine, theirs := s.signedIn(t, marketer, browser.Options{}), s.signedIn(t, approver, browser.Options{})
	mine.Visit(templatePath(made, ""))
	theirs.Visit(templatePath(made, ""))
	theirs.Fill(theirs.Field("내용"), "다른 사람의 글")
	theirs.button("저장")
	theirs.says("버전 3입니다.")

	mine.Fill(mine.Field("내용"), "내가 쓴 글")
	mine.button("저장")
	mine.says("먼저 저장했습니다(버전 3)", "박서준", "바뀐 것: 내용")
	mine.Holds(mine.Field("내용"), "내가 쓴 글")
	mine.look("template-overtaken")
	mine.button("내 내용으로 저장")
	mine.says("버전 4입니다.")
	mine.link("버전 기록")
	mine.Reads(mine.Locator(".sk-differences del").First(), "다른 사람의")
	mine.Reads(mine.Locator(".sk-differences ins").First(), "내가 쓴")
}

func TestTemplatesAreSearchedTaggedAndArchived(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{})
	v.menu("템플릿")
	v.says("템플릿 3개")
	v.look("templates")
	v.Fill(v.Field("이름·코드·내용"), "운송장")
	v.says("템플릿 1개", "배송 출발 안내")
	v.SeesNot(v.main().GetByText("겨울 감사 쿠폰"))
	v.Must2(v.Reload()) // what was searched is in the address
	v.says("템플릿 1개")
	v.Fill(v.Field("이름·코드·내용"), "우주선")
	v.says("조건에 맞는 템플릿이 없습니다")
	v.look("templates-nothing")
	v.link("조건 지우기")
	v.says("템플릿 3개")
	v.Click(v.Role("navigation", "태그").GetByRole("link", playwright.LocatorGetByRoleOptions{Name: exactly("#쿠폰")}))
	v.says("템플릿 1개", "겨울 감사 쿠폰")

	v.link("겨울 감사 쿠폰")
	v.button("복제")
	v.says("‘겨울 감사 쿠폰’ 템플릿을 복제했습니다", "버전 1 ·")
	v.Holds(v.Field("템플릿 이름"), "겨울 감사 쿠폰 복사본")
	v.button("보관")
	v.says("보관했습니다", "보관된 템플릿입니다")
	v.look("template-archived")
	v.menu("템플릿")
	v.says("템플릿 3개")
	v.Must2(v.Field("보관").SelectOption(labelled("보관됨")))
	v.says("템플릿 1개", "겨울 감사 쿠폰 복사본")
	v.link("겨울 감사 쿠폰 복사본")
	v.button("보관함에서 꺼내기")
	v.says("보관함에서 꺼냈습니다")
}

func TestATemplateIsTakenInACampaign(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	made := s.template(t)
	c := s.draft(t, "가져오기", 5)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/message"))
	v.Fill(v.Field("내용"), "쓰던 글")
	v.button("템플릿 가져오기")
	v.says("템플릿 3개")
	v.look("template-choose")
	v.Fill(v.Field("이름·코드·내용"), made.Name)
	v.says("템플릿 1개")
	v.Click(v.Role("button", "이 템플릿 쓰기"))
	v.says("의 내용을 가져올까요?", "쓰던 글")
	v.look("template-take")
	v.button("바꾸기")
	v.says("의 내용을 가져왔습니다", "버전 2에서 가져옴")
	v.Holds(v.Field("내용"), made.Content.Text)

	changed := made
	changed.Content.Text = "새로 쓴 글"
	k, err := s.DB.Appkey(t.Context(), 1)
	check(t, err)
	_, err = s.Actions.SaveTemplate(t.Context(), models.Actor{}, k, made, changed)
	check(t, err)
	v.Must2(v.Reload())
	v.says("새 버전이 있습니다(버전 3)")
	v.Holds(v.Field("내용"), made.Content.Text)
	v.look("message-newer-template")
	v.button("새 버전 가져오기")
	v.button("바꾸기")
	v.Holds(v.Field("내용"), "새로 쓴 글")
	v.SeesNot(v.main().GetByText("새 버전이 있습니다"))
}

// Without JavaScript, the same can be done.
func TestATemplateWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{NoScript: true})
	v.menu("템플릿")
	v.Fill(v.Field("이름·코드·내용"), "운송장")
	v.button("찾기")
	v.says("템플릿 1개")
	v.link("배송 출발 안내")
	v.Fill(v.Field("내용"), "#{이름|고객}님, 스크립트 없이 썼습니다.")
	v.Click(v.Locator("label", playwright.PageLocatorOptions{HasText: "#봄"}))
	v.Click(v.Locator("button[name=preview]"))
	v.Reads(v.Locator("#preview .sk-bubble").First(), "스크립트 없이")
	v.Must(v.Expect().Locator(v.Role("checkbox", "#봄")).ToBeChecked())
	v.button("저장")
	v.says("버전 3입니다.")
	v.link("버전 기록")
	v.Must(v.Role("radio", "버전 1에서").Check())
	v.button("비교하기")
	v.says("버전 1 → 버전 3", "스크립트 없이 썼습니다.")
	v.link("배송 출발 안내")
	v.button("캠페인 시작 (버전 3)")
	v.says("버전 3에서 가져옴")
	v.button("템플릿 가져오기")
	v.Click(v.Role("button", "이 템플릿 쓰기").First())
	v.says("의 내용을 가져올까요?")
	v.button("바꾸기")
	v.says("의 내용을 가져왔습니다")
}

// What is there in Korean is there in the other languages.
func TestTemplatesInOtherLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	made := s.template(t)
	for _, language := range []string{"en-US", "ja-JP"} {
		v := s.signedIn(t, marketer, browser.Options{Locale: language})
		for _, page := range []struct{ path, name string }{
			{"/appkeys/1/templates", "templates"}, {"/appkeys/1/templates/new", "template-new"}, {templatePath(made, ""), "template"},
			{templatePath(made, "/versions"), "versions"},
		} {
			v.Visit(page.path)
			v.look(page.name)
		}
	}
}
