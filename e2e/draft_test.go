package e2e_test

import (
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
)

// Somebody types, and the browser is gone before anything is saved. The page's clock
// is moved on, so that what waits happens.
func TestTypedTextSurvivesTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "보관", 5)
	first := s.signedIn(t, marketer, browser.Options{})
	first.Must(first.Clock().Install())
	first.Visit(path(c, "/message"))
	first.Click(first.Field("내용"))
	first.Must(first.Keyboard().Type("!"))
	first.Compose("ㅅ", "소")
	asked := 0
	first.OnRequest(func(r playwright.Request) {
		if strings.HasSuffix(r.URL(), "/draft") {
			asked++
		}
	})
	first.Must(first.Clock().RunFor(10_000))
	if asked > 0 {
		t.Error("kept in the middle of a composition")
	}
	first.Commit("소식")
	first.Must(first.Clock().RunFor(5000))
	first.Reads(first.Locator("[data-kept-state]"), "임시 보관됨")
	first.Must(first.Expect().Locator(first.Field("내용")).ToBeFocused())
	typed, err := first.Field("내용").InputValue()
	first.Must(err)
	first.Must(first.Context().Close())

	again := s.signedIn(t, marketer, browser.Options{})
	again.Visit(path(c, "/message"))
	again.says("저장하지 않은 내용이 남아 있어")
	again.Holds(again.Field("내용"), typed)
	again.look("message-kept")
	again.button("버리고 저장된 내용으로 돌아가기")
	again.says("저장하지 않은 내용을 버렸습니다")
}

// What was typed a moment ago is kept too when the page is left by a link.
func TestTypedTextSurvivesLeaving(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "떠남", 5)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/message"))
	v.Fill(v.Field("내용"), "방금 쓴 글")
	v.menu("캠페인")
	v.Visit(path(c, "/message"))
	v.Holds(v.Field("내용"), "방금 쓴 글")
	v.Fill(v.Field("내용"), "새로 쓴 글")
	v.Visit("/account")
	for range 50 { // it goes out as the page goes, and may arrive after the next one
		v.Visit(path(c, "/message"))
		if text, err := v.Field("내용").InputValue(); err != nil || text == "새로 쓴 글" {
			break
		}
	}
	v.Holds(v.Field("내용"), "새로 쓴 글")
	v.button("다음: 수신자")
	v.Visit(path(c, "/message"))
	v.Holds(v.Field("내용"), "새로 쓴 글")
	v.SeesNot(v.Locator(".sk-kept"))
}
