// Package static holds the site's CSS, JavaScript and images, and serves them.
//
// A file's URL contains a hash of its content, so that browsers may keep it for
// a year and still never show an old one. Files that refer to each other by
// relative URLs (a stylesheet to an image, a module to a module) share one hash:
// our own files have one, what comes from others, in vendor/, has another.
//
// vendor/ is filled by the build and is not part of the repository. Without it
// everything compiles and pages render, but their URLs of it lead nowhere:
// [Files.Missing] tells.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Prefix is where the handler expects to be mounted.
const Prefix = "/static/"

// FillCommand is what fills vendor/.
const FillCommand = "make vendor"

// Everything is embedded, since a pattern that names vendor would not compile
// where there is none. What is served is decided by served.
//
//go:embed *
var embedded embed.FS

// Files is the static files of one build. It does not change once it is loaded,
// and may be used by many goroutines.
type Files struct {
	byName map[string]*file
	byURL  map[string]*file
}

type file struct {
	url         string
	contentType string
	etag        string // without its quotes
	content     []byte
	// gzipped is nil where compression would gain nothing. It is computed at the
	// first request, so that a start does not wait for it.
	gzipped func() []byte
}

// Load reads the files that are part of the program.
func Load() (*Files, error) {
	return New(embedded)
}

// New reads the files of fsys, which is laid out as this package's folder is.
func New(fsys fs.FS) (*Files, error) {
	contents, err := read(fsys)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(contents))
	hashes := groupHashes(names, contents)

	files := &Files{byName: map[string]*file{}, byURL: map[string]*file{}}
	for _, name := range names {
		f := newFile(Prefix+hashes[group(name)]+"/"+name, name, contents[name])
		files.byName[name], files.byURL[f.url] = f, f
	}
	return files, nil
}

// Path returns the URL path of a file, such as "css/soshik.css". A file that does
// not exist has a path too, which answers 404.
func (f *Files) Path(name string) string {
	if known, ok := f.byName[name]; ok {
		return known.url
	}
	return Prefix + "missing/" + name
}

// Missing names the files of vendor/ that pages rely on and that are not there.
// [FillCommand] brings them.
func (f *Files) Missing() []string {
	var missing []string
	for _, name := range []string{"vendor/htmx.min.js", "vendor/tabler.min.css", "vendor/tabler.min.js"} {
		if _, ok := f.byName[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing
}

// Handler serves the files at their URLs, and 404 for everything else, an
// outdated hash included: an answer under it would be kept for a year.
func (f *Files) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, ok := f.byURL[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		found.serve(w, r)
	})
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	content, etag := f.content, f.etag
	h := w.Header()
	h.Set("Vary", "Accept-Encoding")
	if gzipped := f.gzipped(); gzipped != nil && acceptsGzip(r.Header.Values("Accept-Encoding")) {
		content, etag = gzipped, etag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("ETag", `"`+etag+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	// ServeContent answers HEAD and conditional requests. It needs no time of
	// change: the ETag says more.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func newFile(url, name string, content []byte) *file {
	sum := sha256.Sum256(content)
	return &file{
		url:         url,
		contentType: contentTypes()[path.Ext(name)],
		etag:        hex.EncodeToString(sum[:8]),
		content:     content,
		gzipped: sync.OnceValue(func() []byte {
			return compress(name, content)
		}),
	}
}

// read returns the content of all files that are served, by name.
func read(fsys fs.FS) (map[string][]byte, error) {
	contents := map[string][]byte{}
	for _, dir := range []string{"css", "js", "img", "vendor"} {
		if _, err := fs.Stat(fsys, dir); err != nil {
			continue
		}
		err := fs.WalkDir(fsys, dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || contentTypes()[path.Ext(name)] == "" {
				return err
			}
			contents[name], err = fs.ReadFile(fsys, name)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read static files: %w", err)
		}
	}
	return contents, nil
}

// group says with which others a file shares its hash.
func group(name string) string {
	if strings.HasPrefix(name, "vendor/") {
		return "vendor"
	}
	return "own"
}

func groupHashes(names []string, contents map[string][]byte) map[string]string {
	sums := map[string][]byte{}
	for _, name := range names {
		content := sha256.Sum256(contents[name])
		sums[group(name)] = fmt.Appendf(sums[group(name)], "%s %x\n", name, content)
	}
	hashes := map[string]string{}
	for g, sum := range sums {
		whole := sha256.Sum256(sum)
		hashes[g] = hex.EncodeToString(whole[:4])
	}
	return hashes
}

// contentTypes maps the extensions that are served to their types. The operating
// system's own table is not asked, since it differs from machine to machine.
func contentTypes() map[string]string {
	return map[string]string{
		".css":   "text/css; charset=utf-8",
		".js":    "text/javascript; charset=utf-8",
		".txt":   "text/plain; charset=utf-8",
		".svg":   "image/svg+xml",
		".png":   "image/png",
		".jpg":   "image/jpeg",
		".webp":  "image/webp",
		".ico":   "image/x-icon",
		".woff2": "font/woff2",
	}
}

func compress(name string, content []byte) []byte {
	switch path.Ext(name) {
	case ".png", ".jpg", ".webp", ".woff2": // compressed already
		return nil
	}
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil
	}
	_, err = w.Write(content)
	if errors.Join(err, w.Close()) != nil || buf.Len() >= len(content) {
		return nil
	}
	return buf.Bytes()
}

// acceptsGzip reads the Accept-Encoding header. Only an explicit gzip counts,
// and only with a weight above zero.
func acceptsGzip(values []string) bool {
	for offer := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, params, _ := strings.Cut(offer, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		q, weighted := strings.CutPrefix(strings.TrimSpace(params), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !weighted || err == nil && weight > 0
	}
	return false
}
