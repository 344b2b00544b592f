package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"soshik/models"
)

func formRequest(t *testing.T, address string, form url.Values) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

func firstAdmin(code string) url.Values {
	return url.Values{
		"code": {code}, "team": {"봄봄상점"}, "name": {"김지우"}, "email": {"jiwoo@example.com"},
		"password": {"correct horse"}, "repeated": {"correct horse"},
	}
}

// setUp creates the first admin and leaves their browser signed in.
func (s *site) setUp(t *testing.T) {
	t.Helper()
	if got := s.post(t, "/setup", firstAdmin(s.SetupCode)); got.status != http.StatusOK || got.path != "/teams/1" {
		t.Fatalf("setup: %d %s", got.status, got.path)
	}
}

func TestFirstRun(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if got := s.get(t, "/"); got.path != "/setup" || !strings.Contains(got.body, "첫 관리자 만들기") {
		t.Errorf("the first visit leads to %s", got.path)
	}
	wrong := s.post(t, "/setup", firstAdmin("WRONG"))
	if wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.body, `value="봄봄상점"`) {
		t.Errorf("a wrong code: %d, typed text kept: %v", wrong.status, strings.Contains(wrong.body, "봄봄상점"))
	}
	s.setUp(t)
	if again := s.post(t, "/setup", firstAdmin(s.SetupCode)); again.status != http.StatusNotFound {
		t.Errorf("a second first admin: %d", again.status)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.setUp(t)
	s.post(t, "/sign-out", nil)

	if got := s.get(t, "/account"); got.path != "/sign-in" {
		t.Errorf("without a session, /account leads to %s", got.path)
	}
	wrong := s.post(t, "/sign-in", url.Values{"email": {"jiwoo@example.com"}, "password": {"wrong"}})
	if wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.body, `value="jiwoo@example.com"`) {
		t.Errorf("a wrong password: %d", wrong.status)
	}
	right := url.Values{"email": {"Jiwoo@Example.com"}, "password": {"correct horse"}, "next": {"/account"}}
	if got := s.post(t, "/sign-in", right); got.path != "/account" {
		t.Errorf("signing in leads to %s", got.path)
	}
	away := url.Values{"email": {"jiwoo@example.com"}, "password": {"correct horse"}, "next": {"//evil.example"}}
	if got := s.post(t, "/sign-in", away); got.path != "/teams/1" {
		t.Errorf("a foreign next leads to %s", got.path)
	}
}

func TestSignInIsThrottled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.setUp(t)
	wrong := url.Values{"email": {"jiwoo@example.com"}, "password": {"wrong"}}
	for range models.ThrottleMax {
		s.post(t, "/sign-in", wrong)
	}
	right := url.Values{"email": {"jiwoo@example.com"}, "password": {"correct horse"}}
	if got := s.post(t, "/sign-in", right); got.status != http.StatusTooManyRequests {
		t.Errorf("after %d failures the right password: %d", models.ThrottleMax, got.status)
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for accept, want := range map[string]string{
		"": "첫 관리자 만들기", "fr-FR": "첫 관리자 만들기", "ja,en;q=0.8": "最初の管理者を作成", "en-GB": "Create the first admin",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/setup", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Language", accept)
		if got := s.do(t, req); !strings.Contains(got.body, want) {
			t.Errorf("Accept-Language %q: the page does not say %q", accept, want)
		}
	}
	s.setUp(t)
	if got := s.post(t, "/account", url.Values{"locale": {"en"}, "theme": {"dark"}}); !strings.Contains(got.body, "My account") || !strings.Contains(got.body, `data-bs-theme="dark"`) {
		t.Error("the person's language and theme are not used")
	}
}

func TestForeignOriginIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.setUp(t)
	req := formRequest(t, s.url+"/account", url.Values{"locale": {"en"}})
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := s.do(t, req); got.status != http.StatusForbidden {
		t.Errorf("a form of another site: %d", got.status)
	}
}
