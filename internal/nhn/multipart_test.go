package nhn_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"soshik/internal/nhn"
)

// unreadable is a file whose disk is broken.
type unreadable struct{}

var errDisk = errors.New("disk is broken")

func (unreadable) Read([]byte) (int, error) { return 0, errDisk }

// readAll reads a request to its end, and says what went wrong first.
func readAll(r *http.Request, err error) error {
	_, more := io.Copy(io.Discard, r.Body)
	return errors.Join(err, more, errors.New("gone"))
}

func TestImagesOfAnyLengthAreSent(t *testing.T) {
	t.Parallel()
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	file := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(file, big, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.Seek(16, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		image  io.Reader
		want   []byte
		length bool
	}{
		"from memory":              {bytes.NewReader(big), big, true},
		"from a file, from within": {f, big[16:], true},
		"from who knows where":     {io.MultiReader(bytes.NewReader(big)), big, false},
		"none at all":              {strings.NewReader(""), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var length int64
			var got []byte
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				length = r.ContentLength
				part, _, err := r.FormFile("image")
				if err != nil {
					t.Error(err)
					return
				}
				got, _ = io.ReadAll(part)
				fmt.Fprintf(w, `{%s,"image":{"imageSeq":%d}}`, success, len(got)+1)
			})
			image, err := client(server.URL).UploadImage(t.Context(), "a.png", test.image, true)
			if err != nil || image.Seq != len(test.want)+1 || !bytes.Equal(got, test.want) {
				t.Errorf("%v, %d bytes came: %v", image, len(got), err)
			}
			if (length >= 0) != test.length {
				t.Errorf("the announced length is %d", length)
			}
		})
	}
}

func TestAnImageThatCannotBeReadIsNotSent(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, _, err := r.FormFile("image"); err == nil {
			t.Error("the whole form came")
		}
		_, _ = io.WriteString(w, `{`+success+`,"image":{"imageSeq":1}}`)
	})
	image := io.MultiReader(strings.NewReader(strings.Repeat("x", 200<<10)), unreadable{})
	_, err := client(server.URL).UploadImage(t.Context(), "a.png", image, true)
	e := failure(t, err)
	if !e.NotSent() || e.InDoubt() || e.Temporary() || !errors.Is(err, errDisk) {
		t.Errorf("%v", e)
	}
	err = client(server.URL).RegisterTemplate(t.Context(), "k", nhn.RegisterTemplateRequest{Image: &nhn.ImageFile{Name: "a.png", Data: unreadable{}}})
	if e := failure(t, err); !e.NotSent() || !errors.Is(err, errDisk) {
		t.Errorf("%v", e)
	}
}

// counted is an endless reader that counts how often it is read.
type counted struct{ reads atomic.Int64 }

func (c *counted) Read(p []byte) (int, error) {
	c.reads.Add(1)
	return len(p), nil
}

// The server answers before it has read the image; when the call is over, the
// caller's reader is the caller's again.
func TestTheImageIsNotReadAfterTheCall(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer(-8005)) })
	for range 20 {
		image := &counted{}
		_, err := client(server.URL).UploadImage(t.Context(), "a.png", image, true)
		_ = failure(t, err)
		after := image.reads.Load()
		for range 1000 {
			if n := image.reads.Load(); n != after {
				t.Fatalf("read %d times after the call", n-after)
			}
		}
	}
}
