package browser_test

import (
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"soshik/e2e/browser"
)

var chromium = browser.New()

func TestMain(m *testing.M) { os.Exit(chromium.Run(m)) }

const good = `<!DOCTYPE html>
<html lang="ko">
<head><title>소식</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/site.css"><script src="/site.js" defer></script></head>
<body>
<main>
<h1>캠페인</h1>
<p>가을 신상품 알림을 <strong>1,000,000명</strong>에게 보냅니다.</p>
<form method="post"><label>이름 <input name="name"></label> <button>저장</button></form>
<p role="status"></p>
<noscript><p>자바스크립트 없이</p></noscript>
</main>
</body>
</html>`

const script = `
const field = document.querySelector("input"), status = document.querySelector("[role=status]")
field.addEventListener("input", e => status.textContent = (e.isComposing ? "조합 중 " : "입력 ") + field.value)`

// site answers a page at each path, under the content security policy of the real
// one.
func site(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
		page, ok := pages[r.URL.Path]
		switch {
		case r.URL.Path == "/site.css":
			w.Header().Set("Content-Type", "text/css")
			_, _ = io.WriteString(w, "@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }")
		case r.URL.Path == "/site.js":
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, script)
		case !ok:
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
			_, _ = io.WriteString(w, page)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// recorder is a test that may fail without failing this one.
type recorder struct {
	testing.TB

	name     string
	cleanups []func()
	said     []string
	failed   bool
}

func (r *recorder) Helper()                 {}
func (r *recorder) Name() string            { return r.name }
func (r *recorder) Failed() bool            { return r.failed }
func (r *recorder) Cleanup(f func())        { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Logf(s string, a ...any) { r.said = append(r.said, fmt.Sprintf(s, a...)) }
func (r *recorder) Errorf(s string, a ...any) {
	r.failed = true
	r.Logf(s, a...)
}

// record runs a test and returns what it said and whether it failed.
func record(t *testing.T, test func(testing.TB)) (said string, failed bool) {
	t.Helper()
	r := &recorder{TB: t, name: t.Name() + "/recorded"}
	test(r)
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
	return strings.Join(r.said, "\n"), r.failed
}

func TestAGoodPagePasses(t *testing.T) {
	t.Parallel()
	url := site(t, map[string]string{"/": good})
	for _, opts := range []browser.Options{
		{},
		{Dark: true, Locale: "ja-JP", Width: 390, Height: 844},
		{NoScript: true},
	} {
		t.Run(fmt.Sprintf("%+v", opts), func(t *testing.T) {
			t.Parallel()
			opts.BaseURL = url
			p := chromium.Page(t, opts)
			p.Visit("/")
			p.Sees(p.Role("heading", "캠페인"))
			if opts.NoScript {
				// By text alone, nothing is found inside of a noscript.
				p.Sees(p.Locator("noscript p"))
				return
			}
			p.SeesNot(p.Locator("noscript p"))
			p.Axe()
		})
	}
}

func TestHangulIsComposedStepByStep(t *testing.T) {
	t.Parallel()
	p := chromium.Page(t, browser.Options{BaseURL: site(t, map[string]string{"/": good})})
	p.Visit("/")
	p.Click(p.Field("이름"))
	p.Compose("ㅎ", "하", "한")
	p.Reads(p.Role("status", ""), "조합 중 한")
	p.Commit("한")
	p.Holds(p.Field("이름"), "한")
}

func TestAFormThatComesBackIsNoComplaint(t *testing.T) {
	t.Parallel()
	p := chromium.Page(t, browser.Options{BaseURL: site(t, map[string]string{"/": good})})
	p.Visit("/")
	p.Fill(p.Field("이름"), "가을")
	p.Click(p.Role("button", "저장"))
	p.IsAt("/")
	p.Holds(p.Field("이름"), "")
}

func TestAPictureShowsKorean(t *testing.T) {
	t.Parallel()
	p := chromium.Page(t, browser.Options{BaseURL: site(t, map[string]string{"/": good})})
	p.Visit("/")
	path := p.Picture("캠페인")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	config, err := png.DecodeConfig(f)
	if err != nil || config.Width != 1280 {
		t.Errorf("the picture is %d wide (%v)", config.Width, err)
	}
}

func TestFaultsFailTheTest(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		page  string
		axe   bool
		allow []string
		want  string // part of what the failed test says; "" passes
	}{
		"a style attribute that the policy blocks": {
			page: strings.Replace(good, "<h1>", `<h1 style="color: red">`, 1),
			want: "style-src",
		},
		"an inline script that the policy blocks": {
			page: strings.Replace(good, "</main>", "</main><script>1</script>", 1),
			want: "script-src",
		},
		"an image of another site": {
			page: strings.Replace(good, "</main>", `<img alt="" src="http://localhost:1/a.png"></main>`, 1),
			want: "img-src",
		},
		"a file that does not exist": {
			page: strings.Replace(good, "</main>", `<img alt="" src="/absent.png"></main>`, 1),
			want: "status of 404",
		},
		"a file that does not exist, and is expected not to": {
			page:  strings.Replace(good, "</main>", `<img alt="" src="/absent.png"></main>`, 1),
			allow: []string{`404 .*absent\.png`},
		},
		"an exception": {
			page: strings.Replace(strings.Replace(good, "<input", "<textarea", 1), ` name="name">`, ` name="name"></textarea>`, 1),
			want: "exception: ",
		},
		"a field without a label": {
			page: strings.Replace(good, "<label>이름 ", "<label></label>", 1),
			axe:  true,
			want: "critical: Form elements must have labels",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := site(t, map[string]string{"/": row.page})
			said, failed := record(t, func(t testing.TB) {
				t.Helper()
				p := chromium.Page(t, browser.Options{BaseURL: url, Allow: row.allow})
				p.Visit("/")
				if row.axe {
					p.Axe()
				}
			})
			if failed != (row.want != "") || !strings.Contains(said, row.want) {
				t.Errorf("failed: %v, want %q; it said:\n%s", failed, row.want, said)
			}
		})
	}
}

func TestAFailureLeavesItsTraceBehind(t *testing.T) {
	t.Parallel()
	url := site(t, map[string]string{"/": good})
	record(t, func(t testing.TB) {
		t.Helper()
		p := chromium.Page(t, browser.Options{BaseURL: url})
		p.Visit("/")
		t.Errorf("as if it had failed")
	})
	for _, name := range []string{"failed.png", "failed.html", "trace.zip"} {
		path := filepath.Join("..", "artifacts", t.Name()+"_recorded", name)
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s was not kept: %v", path, err)
		}
	}
}
