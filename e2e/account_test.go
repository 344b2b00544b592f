package e2e_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"soshik/e2e/browser"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

func TestAPersonIsInvitedAndSignsIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.visitor(t, browser.Options{})
	v.Visit("/")
	v.IsAt("/sign-in")
	v.look("sign-in")
	v.Fill(v.Field("이메일"), admin)
	v.Fill(v.Field("비밀번호"), "not the password")
	v.button("로그인")
	v.Reads(v.Role("alert", ""), "이메일 또는 비밀번호가 맞지 않습니다")
	v.Holds(v.Field("이메일"), admin)
	v.signIn(admin, password)
	v.says("봄봄상점")
	v.look("team")

	v.menu("팀원")
	v.look("members")
	v.link("팀원 추가")
	v.Fill(v.Field("이메일"), marketer)
	v.Fill(v.Field("이름"), "정한별")
	v.Must(v.Locator("input[value=marketer]").Check())
	v.button("팀원 추가")
	v.says("이미 이 팀의 팀원입니다")
	v.Holds(v.Field("이름"), "정한별")
	v.look("member-new")
	v.Fill(v.Field("이메일"), "hanbyeol@demo.example")
	v.button("팀원 추가")
	v.says("정한별(hanbyeol@demo.example)님을 초대했습니다")
	v.look("member-invited")
	link, err := v.Field("초대 링크").InputValue()
	check(t, err)
	v.link("링크를 복사했습니다")
	v.says("정한별", "초대됨")

	s.takesTheInvitation(t, link)
	v.menu("팀원")
	v.SeesNot(v.GetByText("초대됨"))
	v.Click(v.Role("link", "정한별님의 역할 변경"))
	v.look("member")
}

// takesTheInvitation chooses a password, and finds what a marketer may and may not.
func (s *site) takesTheInvitation(t *testing.T, link string) {
	t.Helper()
	v := s.visitor(t, browser.Options{Allow: []string{"status of 403"}})
	v.Visit(link)
	v.look("invitation")
	v.Fill(v.Field("비밀번호"), "short")
	v.Fill(v.Field("비밀번호 확인"), "shorter")
	v.button("비밀번호 저장")
	v.says("10자 이상 입력해 주세요")
	v.Fill(v.Field("비밀번호"), "가을바람이 분다 2026")
	v.Fill(v.Field("비밀번호 확인"), "가을바람이 분다 2026")
	v.button("비밀번호 저장")
	v.says("비밀번호를 저장했습니다", "봄봄상점")
	v.SeesNot(v.Role("link", "팀원"))
	v.Visit("/teams/1/members")
	v.says("권한이 없습니다")
	v.look("error-403")

	v.button("로그아웃")
	v.says("로그아웃했습니다")
	v.signIn("hanbyeol@demo.example", "가을바람이 분다 2026")
	v.says("봄봄상점")
}

func TestTheFirstRun(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	v := s.visitor(t, browser.Options{})
	v.Visit("/")
	v.IsAt("/setup")
	v.look("setup")
	for label, text := range map[string]string{
		"설정 코드": "WRONGCODE1", "팀 이름": "가을상점", "이름": "한가을", "이메일": "fall@example.com",
		"비밀번호": "a long password", "비밀번호 확인": "a long password",
	} {
		v.Fill(v.Field(label), text)
	}
	v.button("관리자 만들기")
	v.says("코드가 맞지 않습니다")
	v.Holds(v.Field("팀 이름"), "가을상점")
	v.Fill(v.Field("설정 코드"), s.SetupCode)
	v.Fill(v.Field("비밀번호"), "a long password")
	v.Fill(v.Field("비밀번호 확인"), "a long password")
	v.button("관리자 만들기")
	v.says("관리자를 만들었습니다", "첫 메시지를 보내기까지")
	v.look("team-first")

	v.link("시작하기")
	v.Fill(v.Field("이름"), "첫 앱키")
	v.Fill(v.Field("앱키"), "firstappkey")
	v.Fill(v.Field("비밀 키"), "firstsecret")
	v.Fill(v.Field("API 주소"), provider(t))
	v.button("앱키 추가")
	v.says("앱키 ‘첫 앱키’을(를) 추가했습니다", "아직 발신 프로필이 없습니다")
	v.look("senders-none")
	v.button("NHN Cloud에서 불러오기")
	v.says("@가을상점")
}

// provider is a simulated one beside the demo's, with an appkey and a sender.
func provider(t *testing.T) string {
	t.Helper()
	sim, err := nhnsim.Open(nhnsim.Config{})
	check(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	check(t, sim.AddAppkey("firstappkey", "firstsecret"))
	_, err = sim.AddSender("firstappkey", nhnsim.Sender{PlusFriendID: "@가을상점", Registered: true})
	check(t, err)
	api := httptest.NewServer(sim)
	t.Cleanup(api.Close)
	return api.URL
}

// What belongs to another team does not exist.
func TestAnotherTeamDoesNotExist(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	other := models.Team{Name: "다른 팀", LeadMinutes: models.DefaultLead}
	check(t, s.DB.CreateTeam(context.Background(), &other))
	v := s.signedIn(t, admin, browser.Options{Allow: []string{"status of 404"}})
	for _, path := range []string{"/teams/2", "/teams/2/appkeys", "/appkeys/99/campaigns", "/nowhere"} {
		v.Visit(path)
		v.says("찾을 수 없습니다", "없는 페이지이거나 볼 수 없는 페이지입니다")
		v.SeesNot(v.GetByText("다른 팀"))
	}
	v.look("error-404")
}
