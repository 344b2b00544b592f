package nhn

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path"
	"strings"
	"sync"
)

// field is a part of a form that is text.
type field struct{ name, value string }

// file is a part of a form that is a file.
type file struct {
	field string
	name  string
	data  io.Reader
}

// form is a body of multipart/form-data: fields, and one file that is read while
// it is sent.
type form struct {
	boundary string
	length   int64

	mu     sync.Mutex // held while the caller's reader is read, so that it is not after Close
	parts  io.Reader
	source source
	closed bool
}

// newForm puts a form together. The file's length is found out if its reader tells
// it; if not, the body is sent in chunks.
func newForm(fields []field, f file) (*form, error) {
	var text bytes.Buffer
	w := multipart.NewWriter(&text)
	for _, f := range fields {
		if err := w.WriteField(f.name, f.value); err != nil {
			return nil, err
		}
	}
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", multipart.FileContentDisposition(f.field, f.name))
	h.Set("Content-Type", imageType(f.name))
	if _, err := w.CreatePart(h); err != nil {
		return nil, err
	}
	before := text.Len()
	if err := w.Close(); err != nil {
		return nil, err
	}
	out := &form{boundary: w.FormDataContentType(), length: -1, source: source{r: f.data}}
	head, tail := text.Bytes()[:before], text.Bytes()[before:]
	if n := sizeOf(f.data); n >= 0 {
		out.length = int64(text.Len()) + n
	}
	out.parts = io.MultiReader(bytes.NewReader(head), &out.source, bytes.NewReader(tail))
	return out, nil
}

func (f *form) size() int64         { return f.length }
func (f *form) contentType() string { return f.boundary }

// failure is what the caller's reader failed with.
func (f *form) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.source.err
}

// Read reads on, until the form is closed.
func (f *form) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return f.parts.Read(p)
}

// Close waits for a read that is under way. The caller's reader is not closed.
func (f *form) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// source keeps what the caller's reader has failed with: it is not the provider's
// fault.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// sizeOf is how much is left to be read from r; -1 if r does not tell.
func sizeOf(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Len() int }:
		return int64(r.Len())
	case io.Seeker:
		here, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return -1
		}
		end, err := r.Seek(0, io.SeekEnd)
		if err != nil {
			return -1
		}
		if _, err := r.Seek(here, io.SeekStart); err != nil {
			return -1
		}
		return max(end-here, 0)
	}
	return -1
}

// imageType is the type of an image by its file name.
func imageType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	}
	return "application/octet-stream"
}
