package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"soshik/models"
)

func memberForm(email string, role models.Role) url.Values {
	return url.Values{"email": {email}, "name": {"박서준"}, "role": {string(role)}}
}

var invitationLink = regexp.MustCompile(`value="(http://[^"]*/invitations/[A-Za-z0-9]+)"`)

// invited is the path of the invitation that a page shows.
func (a answer) invited(t *testing.T) string {
	t.Helper()
	m := invitationLink.FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("%s shows no invitation", a.path)
	}
	u, err := url.Parse(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

func TestNewPersonIsInvitedAndTakesTheInvitation(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	added := s.post(t, "/teams/1/members/new", memberForm("Seojun@Example.com", models.Approver))
	added.says(t, http.StatusOK, "박서준(seojun@example.com)님을 초대했습니다.", "readonly")
	path := added.invited(t)
	list := s.get(t, "/teams/1/members")
	list.says(t, http.StatusOK, "seojun@example.com", "승인자", "초대됨")
	list.keepsQuiet(t, "/invitations/")

	guest := s.as(t, 0)
	guest.post(t, path, url.Values{"password": {"long enough 1"}, "repeated": {"long enough 1"}}).says(t, http.StatusOK)
	if got := guest.get(t, "/"); got.path != "/teams/1" {
		t.Errorf("the invited person is led to %s", got.path)
	}
	s.as(t, 0).get(t, path).says(t, http.StatusNotFound, "이미 사용했거나 기간이 지난 초대입니다.")
	s.get(t, "/teams/1/members").keepsQuiet(t, "초대됨")

	logs := s.audited(t, "member.add")
	if len(logs) != 1 || !strings.Contains(logs[0].After, "approver") || strings.Contains(logs[0].After, strings.TrimPrefix(path, "/invitations/")) {
		t.Errorf("audited as %+v", logs)
	}
}

func TestKnownPersonBecomesAMemberAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	known := s.addUser(t, "known@example.com", "")
	added := s.post(t, "/teams/1/members/new", memberForm("known@example.com", models.Viewer))
	added.says(t, http.StatusOK, "known님을 팀에 추가했습니다.")
	added.keepsQuiet(t, "/invitations/")
	if role, err := s.DB.RoleOf(t.Context(), 1, known.ID); err != nil || role != models.Viewer {
		t.Error(role, err)
	}
	s.post(t, "/teams/1/members/new", memberForm("known@example.com", models.Admin)).marks(t, "email")
}

func TestNewMemberBadInput(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	tests := []struct {
		name  string
		form  url.Values
		marks []string
	}{
		{"nothing typed", url.Values{}, []string{"email", "name", "role"}},
		{"no address", with(memberForm("", models.Viewer), "email", "kim"), []string{"email"}},
		{"a role that does not exist", memberForm("kim@example.com", "owner"), []string{"role"}},
		{"a name too long", with(memberForm("kim@example.com", models.Viewer), "name", strings.Repeat("김", models.MaxName+1)), []string{"name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s.post(t, "/teams/1/members/new", tt.form).marks(t, tt.marks...)
		})
	}
}

func TestRoleIsChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	s.addUser(t, "viewer@example.com", models.Viewer)
	s.post(t, "/teams/1/members/2", url.Values{"role": {"marketer"}}).says(t, http.StatusOK, "역할을 바꿨습니다.", "마케터")
	s.post(t, "/teams/1/members/2", url.Values{"role": {"king"}}).marks(t, "role")
	s.get(t, "/teams/1/members/99").says(t, http.StatusNotFound)
	logs := s.audited(t, "member.role")
	if len(logs) != 1 || logs[0].Before != `{"role":"viewer"}` || logs[0].After != `{"role":"marketer"}` || logs[0].ObjectName != "viewer@example.com" {
		t.Errorf("audited as %+v", logs)
	}
}

func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	s.post(t, "/teams/1/members/1", url.Values{"role": {"viewer"}}).marks(t, "role")
	s.post(t, "/teams/1/members/1/remove", nil).says(t, http.StatusUnprocessableEntity, "팀에는 관리자가 한 명 이상 있어야 합니다.")
	if n := len(s.audited(t, "member.role")) + len(s.audited(t, "member.remove")); n > 0 {
		t.Errorf("%d changes are recorded that did not happen", n)
	}
	s.addUser(t, "second@example.com", models.Admin)
	s.post(t, "/teams/1/members/1", url.Values{"role": {"viewer"}}).says(t, http.StatusOK, "역할을 바꿨습니다.")
	s.post(t, "/teams/1/members/2/remove", nil).says(t, http.StatusUnprocessableEntity)
}

func TestRemovedPersonSeesNothingMore(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	gone := s.as(t, s.addUser(t, "gone@example.com", models.Admin).ID)
	gone.get(t, "/teams/1").says(t, http.StatusOK)
	if got := gone.post(t, "/teams/1/members/2/remove", nil); got.path != "/account" {
		t.Errorf("who leaves the team is led to %s", got.path)
	}
	gone.get(t, "/teams/1").says(t, http.StatusNotFound)
}

func TestLostInvitationIsMadeAnew(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	first := s.post(t, "/teams/1/members/new", memberForm("seojun@example.com", models.Viewer)).invited(t)
	second := s.post(t, "/teams/1/members/2/invitation", nil).invited(t)
	s.as(t, 0).get(t, first).says(t, http.StatusNotFound)
	s.as(t, 0).get(t, second).says(t, http.StatusOK, "박서준님")
	s.post(t, "/teams/1/members/1/invitation", nil).says(t, http.StatusUnprocessableEntity, "초대가 필요하지 않습니다.")
}

func TestAdminOfOneTeamCannotTakeAPersonAwaitedByAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	s.post(t, "/teams/1/members/new", memberForm("seojun@example.com", models.Admin))
	stranger := s.persons(t)[5]
	theirs := s.as(t, stranger.user.ID)
	if added := theirs.post(t, "/teams/2/members/new", memberForm("seojun@example.com", models.Viewer)); strings.Contains(added.body, "/invitations/") {
		t.Error("adding them shows an invitation")
	}
	theirs.post(t, "/teams/2/members/2/invitation", nil).says(t, http.StatusUnprocessableEntity, "다른 팀에서도 초대한 사람입니다.")
}
