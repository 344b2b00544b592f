package web_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"time"

	"soshik/internal/testdb"
	"soshik/web"
)

// site is the whole program, served for one test.
type site struct {
	*web.App
	url    string
	client *http.Client
}

// newSite serves the program; each of changes may change its settings before.
func newSite(t *testing.T, changes ...func(*web.Config)) *site {
	t.Helper()
	return newSiteLogging(t, slog.DiscardHandler, changes...)
}

// newSiteLogging is [newSite] with a log.
func newSiteLogging(t *testing.T, log slog.Handler, changes ...func(*web.Config)) *site {
	t.Helper()
	cfg := web.Config{
		Database: testdb.New(t), DataDir: t.TempDir(), MaxUpload: 1, Workers: 2,
		Settling: 15 * time.Minute, CallTimeout: 5 * time.Second, ResultsEvery: 100 * time.Millisecond, SweepEvery: 100 * time.Millisecond,
	}
	for _, change := range changes {
		change(&cfg)
	}
	a, err := web.New(t.Context(), cfg, slog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &site{App: a, url: "http://" + ln.Addr().String(), client: newClient(t)}
}

func newClient(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// answer is what a request came back with, redirects followed.
type answer struct {
	status int
	path   string
	header http.Header
	body   string
}

func (s *site) do(t *testing.T, req *http.Request) answer {
	t.Helper()
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Request.URL.Path, resp.Header, string(b)}
}

func (s *site) get(t *testing.T, path string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.do(t, req)
}

func (s *site) post(t *testing.T, path string, form url.Values) answer {
	t.Helper()
	return s.do(t, formRequest(t, s.url+path, form))
}
