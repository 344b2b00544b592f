package web_test

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
	"soshik/web"
)

// The keys of the simulated provider's one project.
const (
	testAppkey = "bombomAppkey0001"
	testSecret = "hush-hush-5ecret"
)

// newProvider is a simulated provider with one project.
func newProvider(t *testing.T) (*nhnsim.Sim, string) {
	t.Helper()
	sim, err := nhnsim.Open(nhnsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.AddAppkey(testAppkey, testSecret); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	return sim, server.URL
}

func closedProvider(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	return server.URL
}

func appkeyForm(baseURL string) url.Values {
	return url.Values{
		"name": {"쇼핑몰 알림"}, "appkey": {testAppkey}, "secret": {testSecret}, "base_url": {baseURL},
		"sender_version": {kakao.SenderAPIv21}, "convert_to_brand": {"1"},
	}
}

// idle keeps the jobs that look for work asleep, in tests that have none for them.
func idle(c *web.Config) { c.SweepEvery, c.ResultsEvery = time.Hour, time.Hour }

// newAppkeySite is a site with its first admin, an appkey and a provider behind it.
func newAppkeySite(t *testing.T, changes ...func(*web.Config)) (*site, *nhnsim.Sim, models.Appkey) {
	t.Helper()
	sim, baseURL := newProvider(t)
	s := newSite(t, append(changes, idle)...)
	s.setUp(t)
	k := s.addAppkey(t, baseURL)
	return s, sim, k
}

func (s *site) addAppkey(t *testing.T, baseURL string) models.Appkey {
	t.Helper()
	if got := s.post(t, "/teams/1/appkeys/new", appkeyForm(baseURL)); got.status != http.StatusOK {
		t.Fatalf("add an appkey: %d %s", got.status, got.path)
	}
	ks, err := s.DB.Appkeys(t.Context(), 1)
	if err != nil || len(ks) == 0 {
		t.Fatal(ks, err)
	}
	return ks[len(ks)-1]
}

// addUser adds a person to team 1 in role, or to none if role is empty.
func (s *site) addUser(t *testing.T, email string, role models.Role) models.User {
	t.Helper()
	u := models.User{Email: email, Name: strings.Split(email, "@")[0], PasswordHash: "x"}
	err := s.DB.Tx(t.Context(), func(tx *models.DB) error {
		if err := tx.CreateUser(t.Context(), &u); err != nil || role == "" {
			return err
		}
		return tx.CreateMember(t.Context(), &models.Member{TeamID: 1, UserID: u.ID, Role: role})
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// as is the site in the browser of somebody who is signed in as userID; 0 is
// nobody.
func (s *site) as(t *testing.T, userID int64) *site {
	t.Helper()
	other := *s
	other.client = newClient(t)
	if userID == 0 {
		return &other
	}
	token := models.NewToken()
	if err := s.DB.CreateSession(t.Context(), token, &models.Session{UserID: userID}); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	other.client.Jar.SetCookies(u, []*http.Cookie{{Name: "soshik", Value: token}})
	return &other
}

// says checks an answer: its status, and what its page has to say.
func (a answer) says(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: status %d, want %d", a.path, a.status, status)
	}
	page := html.UnescapeString(a.body)
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("%s does not say %q", a.path, text)
		}
	}
}

// keepsQuiet checks that a page does not say any of texts.
func (a answer) keepsQuiet(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(html.UnescapeString(a.body), text) {
			t.Errorf("%s says %q", a.path, text)
		}
	}
}

var problemBeside = regexp.MustCompile(`id="([a-z_]+)-problem">([^<]*)<`)

// problems are the names of the fields that a form marks as wrong.
func (a answer) problems() map[string]string {
	found := map[string]string{}
	for _, m := range problemBeside.FindAllStringSubmatch(a.body, -1) {
		found[m[1]] = html.UnescapeString(m[2])
	}
	return found
}

// marks checks that a form came back with exactly these fields marked as wrong.
func (a answer) marks(t *testing.T, fields ...string) {
	t.Helper()
	found := a.problems()
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("%s: status %d, want 422", a.path, a.status)
	}
	for _, field := range fields {
		if found[field] == "" {
			t.Errorf("%s: nothing beside %s", a.path, field)
		}
		delete(found, field)
	}
	if len(found) > 0 {
		t.Errorf("%s: also marked: %v", a.path, found)
	}
}

// audited are the entries of team 1's audit log with this action, the newest first.
func (s *site) audited(t *testing.T, action string) []models.AuditLog {
	t.Helper()
	logs, err := s.DB.AuditLogs(context.WithoutCancel(t.Context()), 1, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var found []models.AuditLog
	for _, l := range logs {
		if l.Action == action {
			found = append(found, l)
		}
	}
	return found
}
