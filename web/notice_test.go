package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/mail/mailtest"
	"soshik/models"
	"soshik/web"
)

// received is a request to a team's webhook.
type received struct {
	header http.Header
	body   string
}

// receiver is a program that a team's webhook tells.
func receiver(t *testing.T) (url string, got <-chan received) {
	t.Helper()
	requests := make(chan received, 20)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- received{r.Header, string(body)}
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

// isSigned checks a request by the secret that the page has shown.
func (r received) isSigned(t *testing.T, secret string) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	check(t, err)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", r.header.Get("Webhook-Id"), r.header.Get("Webhook-Timestamp"), r.body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); !slices.Contains(strings.Fields(r.header.Get("Webhook-Signature")), want) {
		t.Errorf("signed %q, want %q", r.header.Get("Webhook-Signature"), want)
	}
}

// next is the next request; the test fails if none comes.
func next(t *testing.T, got <-chan received) received {
	t.Helper()
	select {
	case r := <-got:
		return r
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was received")
		return received{}
	}
}

// mailing has mail sent through a server, and allows webhooks on this machine.
func mailing(server *mailtest.Server) func(*web.Config) {
	return func(c *web.Config) {
		c.SMTPHost, c.SMTPPort, c.SMTPUser, c.SMTPPassword, c.SMTPTLS = server.Host, server.Port, server.User, server.Password, "none"
		c.SMTPFrom, c.URL, c.WebhookLocal = "소식 <news@example.com>", "http://soshik.example.com/", true
	}
}

var (
	shownSecret = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`)
	unreadBell  = regexp.MustCompile(`sk-bell-count" aria-hidden="true">([0-9+]+)<`)
)

func TestTheEndOfACampaignIsTold(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	s := newStudio(t, mailing(server))
	address, got := receiver(t)
	page := s.post(t, "/teams/1/webhook", url.Values{"url": {address}})
	secret := shownSecret.FindString(page.body)
	if page.status != http.StatusOK || secret == "" || shownSecret.MatchString(s.get(t, "/teams/1/webhook").body) {
		t.Fatalf("the secret is not shown once: %d %s", page.status, page.body)
	}
	s.post(t, "/teams/1/webhook/test", nil).says(t, http.StatusOK, "시험 알림을 보냅니다", "웹훅 시험입니다")
	if r := next(t, got); !strings.Contains(r.body, `"type":"webhook.test"`) {
		t.Error(r.body)
	}
	s.until(t, "/teams/1/webhook", ">전달됨</span>")

	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(20)+endings()))
	s.launch(t, c)
	page = s.until(t, s.path(c, ""), "완료</div>")
	if m := unreadBell.FindStringSubmatch(page.body); len(m) != 2 || m[1] != "1" {
		t.Errorf("the bell shows %v", m)
	}
	r := next(t, got)
	r.isSigned(t, secret)
	const counts = "수신자 25명: 도착 21 · 문자로 도착 2 · 실패 1 · 거절 1"
	for _, text := range []string{`"type":"campaign.finished"`, counts, `"delivered":21`, "http://soshik.example.com" + s.path(c, "")} {
		if !strings.Contains(r.body, text) {
			t.Errorf("the webhook is not told %q: %s", text, r.body)
		}
	}
	s.readsMail(t, c, server, counts)
	s.readsTheList(t, c, counts)
}

// readsMail looks at the mail about the end of c.
func (s *studio) readsMail(t *testing.T, c models.Campaign, server *mailtest.Server, counts string) {
	t.Helper()
	deadline, tick := time.After(30*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for len(server.Mails()) == 0 {
		select {
		case <-deadline:
			t.Fatal("no mail has come")
		case <-tick.C:
		}
	}
	m := server.Mails()[0]
	if m.To != s.admin.User.Email || !strings.Contains(m.Subject, "발송이 끝났습니다") {
		t.Errorf("%+v", m)
	}
	for kind, text := range m.Parts {
		if !strings.Contains(text, counts) || !strings.Contains(text, "http://soshik.example.com"+s.path(c, "")) || strings.Contains(text, "0107777") {
			t.Errorf("%s: %s", kind, text)
		}
	}
	if len(m.Parts) != 2 {
		t.Errorf("%d parts", len(m.Parts))
	}
}

// readsTheList opens the only notification from the list.
func (s *studio) readsTheList(t *testing.T, c models.Campaign, counts string) {
	t.Helper()
	list := s.get(t, "/notifications")
	list.says(t, http.StatusOK, "발송이 끝났습니다", counts, "모두 읽음으로 표시")
	m := regexp.MustCompile(`/notifications/\d+/open`).FindString(list.body)
	if opened := s.post(t, m, nil); opened.path != s.path(c, "") || unreadBell.MatchString(opened.body) {
		t.Errorf("it leads to %s, and the bell is unread: %v", opened.path, unreadBell.MatchString(opened.body))
	}
	s.get(t, "/notifications").keepsQuiet(t, "모두 읽음으로 표시", "sk-unread")
}

func TestWebhooksAreOnTheInternetUnlessTheInstallationAllowsElse(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.post(t, "/teams/1/webhook", url.Values{"url": {"http://example.com"}}).says(t, http.StatusUnprocessableEntity, "https://로 시작해야 합니다", `value="http://example.com"`)
	private := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was connected to") }))
	t.Cleanup(private.Close)
	s.post(t, "/teams/1/webhook", url.Values{"url": {private.URL}}).says(t, http.StatusOK, "whsec_")
	s.post(t, "/teams/1/webhook/test", nil)
	s.until(t, "/teams/1/webhook", "내부망 주소라서 연결하지 않았습니다")
	s.post(t, "/teams/1/webhook", url.Values{"url": {"https://example.com/other"}}).says(t, http.StatusOK, "웹훅을 저장했습니다", "https://example.com/other")
	s.post(t, "/teams/1/webhook/remove", nil).says(t, http.StatusOK, "웹훅을 없앴습니다")
	for action, want := range map[string]int{"webhook.save": 2, "webhook.test": 1, "webhook.delete": 1} {
		if n := len(s.audited(t, action)); n != want {
			t.Errorf("%s is recorded %d times, want %d", action, n, want)
		}
	}
}

func TestAPersonChoosesWhatTheyAreTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	s.get(t, "/account").says(t, http.StatusOK, "끝났을 때", "지금은 메일을 보내지 않습니다", `value="ended" checked`, `value="approval" checked`)
	s.post(t, "/account/mail", url.Values{"topic": {"waits", "nonsense"}, "follows": {"1"}}).says(t, http.StatusOK, "알림 설정을 저장했습니다", `value="waits" checked`)
	u, err := s.DB.User(t.Context(), 1)
	check(t, err)
	if u.Mails(models.TopicEnded) || !u.Mails(models.TopicWaits) || !u.FollowsAll || u.MailOff != "ended,failed,approval" {
		t.Errorf("%+v", u)
	}
	s.get(t, "/account").keepsQuiet(t, `value="ended" checked`)
	var recorded int
	check(t, s.DB.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM audit_logs WHERE action = 'user.notifications'").Scan(&recorded))
	if recorded != 1 {
		t.Errorf("it is recorded %d times", recorded)
	}
}

// Somebody sees what they are told of, and only as long as they see the team.
func TestNotificationsAreOnesOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	one, other := s.addUser(t, "one@example.com", models.Viewer), s.addUser(t, "other@example.com", models.Viewer)
	check(t, s.DB.Tx(t.Context(), func(tx *models.DB) error {
		for i := range 60 {
			n := models.Notice{TeamID: 1, AppkeyID: 1, CampaignID: 1, Kind: models.NoticeHeld, Name: fmt.Sprintf("campaign-%03d", i), Reason: models.T("hold.late")}
			if err := tx.CreateNotice(t.Context(), &n); err != nil {
				return err
			}
			if err := tx.CreateNotifications(t.Context(), n, []models.User{one}); err != nil {
				return err
			}
		}
		return nil
	}))
	mine, theirs := s.as(t, one.ID), s.as(t, other.ID)
	first := mine.get(t, "/notifications")
	first.says(t, http.StatusOK, "campaign-059", "두 시간 넘게", ">60<")
	_, rest, _ := strings.Cut(first.body, `rel="next" href="`)
	path, _, _ := strings.Cut(rest, `"`)
	mine.get(t, path).says(t, http.StatusOK, "campaign-000")
	theirs.get(t, "/notifications").says(t, http.StatusOK, "아직 알림이 없습니다")
	if got := theirs.post(t, "/notifications/1/open", nil); got.path != "/notifications" {
		t.Errorf("somebody else's leads to %s", got.path)
	}
	theirs.post(t, "/notifications/read", url.Values{"until": {"1000"}})
	mine.post(t, "/notifications/2/read", nil).says(t, http.StatusOK, ">59<")
	mine.post(t, "/notifications/read", url.Values{"until": {"50"}}).says(t, http.StatusOK, ">10<")

	_, err := s.DB.SQL().ExecContext(t.Context(), "DELETE FROM members WHERE user_id = $1", one.ID)
	check(t, err)
	mine.get(t, "/notifications").keepsQuiet(t, "campaign-", "sk-bell-count")
}
