package static_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"soshik/static"
)

// site is a small stand-in for the real folder.
func site() fstest.MapFS {
	return fstest.MapFS{
		"css/site.css":    {Data: []byte(strings.Repeat("body { color: black }\n", 50))},
		"js/tiny.js":      {Data: []byte("1")},
		"img/icon.svg":    {Data: []byte("<svg/>")},
		"img/photo.png":   {Data: []byte("\x89PNG" + strings.Repeat("a", 200))},
		"img/source.psd":  {Data: []byte("not for the web")},
		"vendor/htmx.js":  {Data: []byte("htmx")},
		"static.go":       {Data: []byte("package static")},
		"css/notes.go":    {Data: []byte("package css")},
		"private/key.css": {Data: []byte("secret")},
	}
}

func load(t *testing.T, fsys fstest.MapFS) *static.Files {
	t.Helper()
	files, err := static.New(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func get(t *testing.T, files *static.Files, path string, header ...string) *http.Response {
	t.Helper()
	return do(t, files, http.MethodGet, path, header...)
}

func do(t *testing.T, files *static.Files, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	files.Handler().ServeHTTP(w, r)
	resp := w.Result()
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServesAFileForAYearUnderItsHash(t *testing.T) {
	t.Parallel()
	files := load(t, site())
	for name, contentType := range map[string]string{
		"css/site.css":   "text/css; charset=utf-8",
		"js/tiny.js":     "text/javascript; charset=utf-8",
		"img/icon.svg":   "image/svg+xml",
		"img/photo.png":  "image/png",
		"vendor/htmx.js": "text/javascript; charset=utf-8",
	} {
		resp := get(t, files, files.Path(name))
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", files.Path(name), resp.StatusCode)
		}
		if got := resp.Header.Get("Content-Type"); got != contentType {
			t.Errorf("%s: Content-Type %q, want %q", name, got, contentType)
		}
		if got := resp.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
		if got, want := body(t, resp.Body), string(site()[name].Data); got != want {
			t.Errorf("%s: body %q, want %q", name, got, want)
		}
	}
}

func TestAnswers404ForEverythingElse(t *testing.T) {
	t.Parallel()
	files := load(t, site())
	hash := strings.Split(files.Path("css/site.css"), "/")[2]
	for _, path := range []string{
		"/static/",
		"/static/" + hash,
		"/static/" + hash + "/",
		"/static/" + hash + "/css/",
		"/static/" + hash + "/static.go",
		"/static/" + hash + "/css/notes.go",
		"/static/" + hash + "/img/source.psd",
		"/static/" + hash + "/private/key.css",
		"/static/" + hash + "/../static/static.go",
		"/static/00000000/css/site.css",
		"/static/css/site.css",
		files.Path("css/absent.css"),
	} {
		resp := get(t, files, path)
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: status %d, want 404", path, resp.StatusCode)
		}
		if got := resp.Header.Get("Cache-Control"); strings.Contains(got, "max-age") {
			t.Errorf("GET %s: a 404 may be kept: %q", path, got)
		}
	}
}

func TestRefusesOtherMethods(t *testing.T) {
	t.Parallel()
	files := load(t, site())
	resp := do(t, files, http.MethodPost, files.Path("css/site.css"))
	if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
}

func TestAnswersHeadWithoutABody(t *testing.T) {
	t.Parallel()
	files := load(t, site())
	resp := do(t, files, http.MethodHead, files.Path("css/site.css"))
	if got := body(t, resp.Body); resp.StatusCode != http.StatusOK || got != "" {
		t.Errorf("HEAD: status %d, body %q", resp.StatusCode, got)
	}
}

func TestCompressesForThoseWhoAcceptIt(t *testing.T) {
	t.Parallel()
	files := load(t, site())
	for _, row := range []struct{ name, accept, want string }{
		{"css/site.css", "gzip, deflate, br, zstd", "gzip"},
		{"css/site.css", "br;q=1.0, GZIP;q=0.8", "gzip"},
		{"css/site.css", "gzip;q=0", ""},
		{"css/site.css", "br", ""},
		{"css/site.css", "", ""},
		{"js/tiny.js", "gzip", ""},    // would grow
		{"img/photo.png", "gzip", ""}, // compressed already
	} {
		resp := get(t, files, files.Path(row.name), "Accept-Encoding", row.accept)
		if got := resp.Header.Get("Content-Encoding"); got != row.want {
			t.Errorf("%s for %q: Content-Encoding %q, want %q", row.name, row.accept, got, row.want)
		}
		if got := resp.Header.Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("%s for %q: Vary %q", row.name, row.accept, got)
		}
		if row.want != "gzip" {
			continue
		}
		unzipped, err := gzip.NewReader(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := body(t, unzipped), string(site()[row.name].Data); got != want {
			t.Errorf("%s: unzips to %q", row.name, got)
		}
	}
}

func TestConfirmsWhatTheBrowserHas(t *testing.T) {
	t.Parallel()
	files := load(t, site())
	path := files.Path("css/site.css")
	plain := get(t, files, path).Header.Get("ETag")
	zipped := get(t, files, path, "Accept-Encoding", "gzip").Header.Get("ETag")
	if plain == "" || plain == zipped {
		t.Fatalf("ETags %q and %q are not two", plain, zipped)
	}
	if resp := get(t, files, path, "If-None-Match", plain); resp.StatusCode != http.StatusNotModified {
		t.Errorf("same ETag: status %d, want 304", resp.StatusCode)
	}
	if resp := get(t, files, path, "If-None-Match", zipped); resp.StatusCode != http.StatusOK {
		t.Errorf("other ETag: status %d, want 200", resp.StatusCode)
	}
}

func TestAnotherContentIsAnotherURL(t *testing.T) {
	t.Parallel()
	before := load(t, site())
	changed := site()
	changed["js/tiny.js"] = &fstest.MapFile{Data: []byte("2")}
	after := load(t, changed)

	if before.Path("js/tiny.js") == after.Path("js/tiny.js") {
		t.Error("a changed file kept its URL")
	}
	// A stylesheet may refer to what has changed.
	if before.Path("css/site.css") == after.Path("css/site.css") {
		t.Error("the other files of our own kept their URL")
	}
	if before.Path("vendor/htmx.js") != after.Path("vendor/htmx.js") {
		t.Error("a file of others changed its URL with ours")
	}
}

func TestRelativeURLsBetweenOwnFilesResolve(t *testing.T) {
	t.Parallel()
	files := load(t, site())
	css, icon := files.Path("css/site.css"), files.Path("img/icon.svg")
	if got := strings.TrimSuffix(css, "css/site.css") + "img/icon.svg"; got != icon {
		t.Errorf("../img/icon.svg of %s is %s, but the icon is at %s", css, got, icon)
	}
}

func TestNamesWhatTheBuildHasNotFilled(t *testing.T) {
	t.Parallel()
	want := []string{"vendor/htmx.min.js", "vendor/tabler.min.css", "vendor/tabler.min.js"}
	if got := load(t, site()).Missing(); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("Missing() = %q, want %q", got, want)
	}
}

func TestTheProgramsOwnFilesLoadQuickly(t *testing.T) {
	t.Parallel()
	started := time.Now()
	files, err := static.Load()
	if err != nil {
		t.Fatal(err)
	}
	// Ten times what it takes, for a busy machine and the race detector.
	if took := time.Since(started); took > time.Second {
		t.Errorf("Load took %v", took)
	}
	if resp := get(t, files, files.Path("img/icon.svg")); resp.StatusCode != http.StatusOK {
		t.Errorf("the icon: status %d", resp.StatusCode)
	}
	if resp := get(t, files, files.Path("static.go")); resp.StatusCode != http.StatusNotFound {
		t.Errorf("our own source is served: status %d", resp.StatusCode)
	}
	if _, err := os.Stat("vendor"); err == nil && len(files.Missing()) > 0 {
		t.Errorf("vendor/ is filled, but lacks %q: internal/dev/vendor.sh and static.go differ", files.Missing())
	}
}
