package e2e_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"soshik/e2e/browser"
	"soshik/web"
)

// request is what a webhook was sent.
type request struct {
	header http.Header
	body   string
}

// signedBy reports whether the request is signed with the secret.
func (r request) signedBy(secret string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(r.header.Get("Webhook-Id") + "." + r.header.Get("Webhook-Timestamp") + "." + r.body))
	return r.header.Get("Webhook-Signature") == "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestTheEndOfACampaignIsToldAtTheBellAndByWebhook(t *testing.T) {
	t.Parallel()
	requests := make(chan request, 10)
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- request{r.Header, string(body)}
	}))
	t.Cleanup(program.Close)
	s := newSite(t, true, func(c *web.Config) { c.WebhookLocal = true })
	a := s.signedIn(t, admin, browser.Options{})
	a.menu("팀 설정")
	a.link("웹훅 설정")
	a.look("webhook-none")
	a.Fill(a.Field("받을 주소"), program.URL)
	a.button("저장")
	secret, err := a.Locator("#secret").InputValue()
	a.Must(err)
	a.look("webhook-secret")
	a.button("시험 보내기")
	a.saysSoon(a.Locator("#deliveries"), "전달됨")
	a.receives(requests, secret, "webhook.test")

	c := s.draft(t, "단골 감사 쿠폰", 20)
	v := s.signedIn(t, marketer, browser.Options{})
	v.Visit("/notifications")
	v.says("아직 알림이 없습니다")
	v.look("notifications-none")
	s.launch(t, c)
	v.Visit(path(c, ""))
	v.saysSoon(v.Locator("#campaign-state"), "완료")
	a.receives(requests, secret, "campaign.finished")
	v.saysSoon(v.Locator("#bell .sk-bell-count"), "1")
	v.Click(v.Locator("#bell"))
	v.says("‘단골 감사 쿠폰’ 발송이 끝났습니다", "수신자 20명", "도착")
	v.look("notifications")
	v.button("읽음")
	v.SeesNot(v.Locator("#bell .sk-bell-count"))
	v.button("‘단골 감사 쿠폰’ 발송이 끝났습니다")
	v.isAt(path(c, ""))
	v.Visit("/account")
	v.look("account")
	a.Visit("/teams/1/webhook")
	a.says("‘단골 감사 쿠폰’ 발송이 끝났습니다")
	a.look("webhook")
}

// receives waits for a request to the webhook and checks its signature.
func (v *visitor) receives(requests <-chan request, secret, what string) {
	v.t.Helper()
	select {
	case r := <-requests:
		if !r.signedBy(secret) || !strings.Contains(r.body, `"type":"`+what+`"`) {
			v.t.Errorf("signed: %v, %s", r.signedBy(secret), r.body)
		}
	case <-time.After(sendingTakes * time.Millisecond):
		v.t.Fatalf("no %s came", what)
	}
}
