package e2e_test

import (
	"testing"

	"soshik/e2e/browser"
	"soshik/models"
)

// Every page is there in every language, and none of them sticks out.
func TestPagesInOtherLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	draft, sent := s.draft(t, "가을 소식", 8), s.draft(t, "겨울 소식", 8)
	s.launch(t, sent)
	pages := map[string]string{
		"team": "/teams/1", "appkeys": "/teams/1/appkeys", "appkey-new": "/teams/1/appkeys/new", "appkey": "/appkeys/1/settings",
		"members": "/teams/1/members", "member-new": "/teams/1/members/new", "member": "/teams/1/members/4", "audit": "/teams/1/audit",
		"senders": "/appkeys/1/senders", "sender-new": "/appkeys/1/senders/new", "sender": "/appkeys/1/senders/1", "account": "/account",
		"groups": "/appkeys/1/groups", "group": "/appkeys/1/groups/1", "group-add": "/appkeys/1/groups/1/add",
		"campaigns": "/appkeys/1/campaigns", "campaign-new": "/appkeys/1/campaigns/new",
		"message": path(draft, "/message"), "recipients": path(draft, "/recipients"), "recipients-imported": path(draft, "/recipients/1"),
		"fallback": path(draft, "/fallback"), "schedule": path(draft, "/schedule"), "check": path(draft, "/check"),
		"campaign": path(sent, ""), "messages": path(sent, "/messages"),
	}
	for _, locale := range []string{"en-US", "ja-JP"} {
		t.Run(locale, func(t *testing.T) {
			t.Parallel()
			v := s.visitor(t, browser.Options{Locale: locale})
			v.Visit("/sign-in")
			v.look("sign-in")
			v.signIn(admin, password)
			for name, path := range pages {
				v.Visit(path)
				v.Must(v.Expect().Locator(v.Locator("html")).ToHaveAttribute("lang", locale[:2]))
				v.look(name)
			}
		})
	}
}

// A person's own choice of language and colours counts more than the browser's.
func TestAPersonChoosesLanguageAndColours(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, admin, browser.Options{})
	v.Visit("/account")
	v.look("account")
	for label, choice := range map[string]string{"언어": "日本語", "화면 모드": "어둡게"} {
		_, err := v.Field(label).SelectOption(labelled(choice))
		check(t, err)
	}
	v.button("저장")
	html := v.Locator("html")
	v.Must(v.Expect().Locator(html).ToHaveAttribute("lang", "ja"))
	v.Must(v.Expect().Locator(html).ToHaveAttribute("data-bs-theme", "dark"))
	v.Sees(v.Role("button", "ログアウト"))
}

// launch launches the draft as it is by now.
func (s *site) launch(t *testing.T, c models.Campaign) {
	t.Helper()
	user, err := s.DB.User(t.Context(), 3)
	check(t, err)
	v := s.signedIn(t, user.Email, browser.Options{})
	v.Visit(path(c, "/recipients"))
	v.link("진행 상황 보기", "가져온 결과 보기")
	v.says("가져왔습니다")
	v.checks(c)
	v.Click(v.Role("button", "지금 보내기").First())
	v.saysSoon(v.Locator("#campaign-state"), "완료")
}
