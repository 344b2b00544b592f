package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"soshik/web"
)

func settings(t *testing.T) web.Config {
	t.Helper()
	dir := t.TempDir()
	return web.Config{
		Database: "sqlite:" + filepath.Join(dir, "soshik.db"), DataDir: filepath.Join(dir, "data"), MaxUpload: 1, Workers: 1,
		Settling: time.Minute, CallTimeout: time.Second, ResultsEvery: time.Second, SweepEvery: time.Second,
	}
}

func TestSecretKeyIsMadeOnceForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	key := filepath.Join(filepath.Dir(strings.TrimPrefix(cfg.Database, "sqlite:")), "secret.key")
	var first string
	for range 2 {
		a, err := web.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.DB.Close(); err != nil {
			t.Error(err)
		}
		info, err := os.Stat(key)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v %v", info.Mode(), err)
		}
		text, err := os.ReadFile(key)
		if err != nil || first != "" && string(text) != first {
			t.Error("the key is another one at the second start", err)
		}
		first = string(text)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*web.Config){
		"SOSHIK_MAX_UPLOAD":    func(c *web.Config) { c.MaxUpload = 0 },
		"SOSHIK_WORKERS":       func(c *web.Config) { c.Workers = 0 },
		"SOSHIK_CALL_TIMEOUT":  func(c *web.Config) { c.CallTimeout = 0 },
		"SOSHIK_SETTLING":      func(c *web.Config) { c.Settling = time.Millisecond },
		"SOSHIK_RESULTS_EVERY": func(c *web.Config) { c.ResultsEvery = 0 },
		"SOSHIK_SENDERS_EVERY": func(c *web.Config) { c.SendersEvery = time.Second },
		"SOSHIK_WEB_ONLY":      func(c *web.Config) { c.WebOnly, c.WorkersOnly = true, true },
		"SOSHIK_DEMO":          func(c *web.Config) { c.Demo, c.WorkersOnly = true, true },
		"SOSHIK_URL":           func(c *web.Config) { c.URL = "soshik.example.com" },
		"SOSHIK_SECRET_KEY":    func(c *web.Config) { c.SecretKey = "short" },
		"SOSHIK_DATABASE":      func(c *web.Config) { c.Database = "mysql://x" },
		"SOSHIK_SMTP_PORT":     func(c *web.Config) { mails(c); c.SMTPPort = 0 },
		"SOSHIK_SMTP_TLS":      func(c *web.Config) { mails(c); c.SMTPTLS = "ssl" },
		"SOSHIK_SMTP_USER":     func(c *web.Config) { mails(c); c.SMTPPassword = "x" },
		"SOSHIK_SMTP_FROM":     func(c *web.Config) { mails(c); c.SMTPFrom = "news" },
		"SOSHIK_SMTP_HOST":     func(c *web.Config) { mails(c); c.URL = "" },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := settings(t)
			spoil(&cfg)
			if _, err := web.New(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// mails has mail sent.
func mails(c *web.Config) {
	c.SMTPHost, c.SMTPPort, c.SMTPFrom, c.SMTPTLS, c.URL = "mail.example.com", 587, "news@example.com", "starttls", "https://soshik.example.com"
}

// A process that only works answers nothing but whether it is well.
func TestWorkersAloneServeNoPages(t *testing.T) {
	t.Parallel()
	cfg := settings(t)
	cfg.WorkersOnly = true
	a, err := web.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.DB.Close() })
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/sign-in": http.StatusNotFound, "/": http.StatusNotFound} {
		w := httptest.NewRecorder()
		a.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
