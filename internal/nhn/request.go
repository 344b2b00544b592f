package nhn

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"soshik/internal/kakao"
)

// A request is one call before it is made.
type request struct {
	method string
	api    string // e.g. "/friendtalk/v1.5", what comes before the appkey
	path   string // escaped, what comes after the appkey
	query  url.Values
	header http.Header
	body   content // nil for none
}

// content is what a request carries. Closing it twice is allowed, and nothing is
// read from it afterwards: the transport may still try to when a call is over.
type content interface {
	io.ReadCloser
	size() int64 // in bytes; -1 is not known
	contentType() string
	failure() error // of reading what the caller gave
}

const contentJSON = "application/json;charset=UTF-8"

// op names the endpoint in errors: without the appkey, and without the query, which
// may hold a phone number.
func (r *request) op() string { return r.method + " " + r.api + r.path }

// close ends the use of the body, also when it never came to a call.
func (r *request) close() {
	if r.body != nil {
		_ = r.body.Close()
	}
}

// failure is what went wrong with reading the body, if it did.
func (r *request) failure() error {
	if r.body == nil {
		return nil
	}
	return r.body.failure()
}

// json sets what in encodes to as the request's body.
func (r *request) json(in any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return &Error{Op: r.op(), Message: "request cannot be encoded", Err: err, kind: malformed}
	}
	r.body = &body{data: b}
	return nil
}

// form sets fields and a file as the request's body.
func (r *request) form(fields []field, f file) error {
	body, err := newForm(fields, f)
	if err != nil {
		return &Error{Op: r.op(), Message: "request cannot be encoded", Err: err, kind: malformed}
	}
	r.body = body
	return nil
}

// httpRequest turns r into an HTTP request. Its GetBody stays nil, so that the
// transport cannot repeat a request with a body on a second connection.
func (c *Client) httpRequest(ctx context.Context, r *request) (*http.Request, error) {
	target := c.cfg.BaseURL + r.api + "/appkeys/" + url.PathEscape(c.cfg.Appkey) + r.path
	if len(r.query) > 0 {
		target += "?" + encodeQuery(r.query)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.GetBody = nil
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", contentJSON)
	if r.body != nil {
		req.Body, req.ContentLength = r.body, r.body.size()
		req.Header.Set("Content-Type", r.body.contentType())
	}
	req.Header.Set(kakao.HeaderSecretKey, c.cfg.SecretKey)
	return req, checkHeader(req.Header)
}

// encodeQuery writes a blank as %20, as the documents do, and not as a plus.
func encodeQuery(q url.Values) string { return strings.ReplaceAll(q.Encode(), "+", "%20") }

// checkHeader finds what net/http would refuse, since that comes too late to tell
// that nothing was sent. A secret key pasted with its line break is the usual case.
func checkHeader(h http.Header) error {
	for name, values := range h {
		for _, v := range values {
			if strings.ContainsFunc(v, unicode.IsControl) {
				return fmt.Errorf("header %s holds a control character", name)
			}
		}
	}
	return nil
}

// segment escapes a part of a path. It refuses what would name another endpoint.
func segment(s string) (string, error) {
	if s == "" || s == "." || s == ".." {
		return "", &Error{Message: fmt.Sprintf("%q cannot be part of a path", s), kind: malformed}
	}
	return url.PathEscape(s), nil
}

// join writes numbers as the lists of a query are written: 1,2,3.
func join(numbers []int) string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = strconv.Itoa(n)
	}
	return strings.Join(list, ",")
}

// body is JSON whose buffer goes back to a pool when it is closed. The transport
// may close it while another of its goroutines still reads, hence the lock.
type body struct {
	mu   sync.Mutex
	data []byte
	read int
	pool *sync.Pool // nil for none
}

func (b *body) size() int64       { return int64(len(b.data)) }
func (*body) contentType() string { return contentJSON }
func (*body) failure() error      { return nil }

// Read reads on, until the body is closed.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.data == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.read == len(b.data) {
		return 0, io.EOF
	}
	n := copy(p, b.data[b.read:])
	b.read += n
	return n, nil
}

// Close gives the buffer back.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.data != nil && b.pool != nil {
		b.pool.Put(bytes.NewBuffer(b.data[:0]))
	}
	b.data = nil
	return nil
}
