package e2e_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/playwright-community/playwright-go"

	"soshik/e2e/browser"
)

// While a syllable is composed, nothing is asked and nothing is swapped. The page's
// clock is moved on, so that everything that waits would have happened.
func TestHangulIsComposedWithoutInterruption(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "한글", 5)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Must(v.Clock().Install())
	v.Visit(path(c, "/message"))
	var mu sync.Mutex
	var asked []string
	v.OnRequest(func(r playwright.Request) {
		if strings.HasSuffix(r.URL(), "/preview") {
			mu.Lock()
			defer mu.Unlock()
			body, _ := r.PostData()
			asked = append(asked, body)
		}
	})
	field := v.Field("내용")
	v.Fill(field, "")
	v.Must(v.Clock().RunFor(2000))
	v.Reads(v.Locator("#preview"), "내용을 입력하면 여기에 보입니다")
	mu.Lock()
	before := len(asked)
	mu.Unlock()

	v.Click(field)
	v.Compose("ㅅ", "소", "솟", "소시")
	v.Must(v.Clock().RunFor(5000))
	v.Holds(field, "소시")
	v.Must(v.Expect().Locator(field).ToBeFocused())
	mu.Lock()
	if len(asked) != before {
		t.Errorf("asked in the middle of a composition: %q", asked[before:])
	}
	mu.Unlock()

	v.Commit("소식")
	v.Must(v.Clock().RunFor(2000))
	v.Reads(v.Locator("#preview .sk-bubble").First(), "소식")
	v.Must(v.Expect().Locator(field).ToBeFocused())
	v.Holds(field, "소식")
	v.Must(v.Keyboard().Type("!"))
	v.Must(v.Clock().RunFor(2000))
	v.Reads(v.Locator("#preview .sk-bubble").First(), "소식!")
}

func TestATextThatIsTooLongComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	c := s.draft(t, "긴 글", 5)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit(path(c, "/message"))
	long := strings.Repeat("가", 1001)
	v.Fill(v.Field("내용"), long)
	v.Reads(v.Locator("#text-counter"), "1,001 / 1,000자")
	v.button("다음: 수신자")
	v.says("1,001자입니다. 1,000자까지 보낼 수 있습니다")
	v.Holds(v.Field("내용"), long)
	v.look("message-too-long")

	v.checks(c)
	v.Sees(v.Role("button", "지금 보내기").First())
}

func TestACampaignWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	v := s.signedIn(t, marketer, browser.Options{NoScript: true})
	v.menu("캠페인")
	v.link("새 캠페인")
	v.Fill(v.Field("캠페인 이름"), "스크립트 없이")
	v.button("다음: 메시지")
	v.Fill(v.Field("내용"), "#{이름|고객}님, 안녕하세요.")
	v.button("버튼 추가")
	v.Holds(v.Field("내용"), "#{이름|고객}님, 안녕하세요.")
	v.Fill(v.in("버튼 1", "버튼 이름"), "보러 가기")
	v.Fill(v.in("버튼 1", "모바일 링크"), "https://shop.example.com/")
	v.Click(v.Locator("button[name=preview]"))
	v.Reads(v.Locator("#preview .sk-bubble").First(), "보러 가기")
	v.Holds(v.in("버튼 1", "모바일 링크"), "https://shop.example.com/")
	v.button("다음: 수신자")
	v.chooses("단골.csv", []byte("이름,휴대폰\n김하늘,01020003000\n박바다,01020003001\n이별,01077770001\n"))
	v.button("가져오기 시작")
	v.says("3명을 가져왔습니다")
	v.link("다음: 대체 발송")
	v.Must(v.Field("카카오톡으로 받지 못하면 문자로 보내기").Check())
	v.button("다음: 시간")
	v.button("다음: 검사와 발송")
	v.button("3명에게 지금 보내기")
	v.says("발송을 시작했습니다", "수신자 3명이 모두 여기 있습니다")
	v.saysSoon(v.Locator("#campaign-state"), "완료")
	v.addsUp(3)
}
