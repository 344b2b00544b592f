package nhnsim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // registers the decoder
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"soshik/internal/kakao"
)

// maxPixels bounds what is decoded in full: a small file may unfold to gigabytes.
const maxPixels = 50_000_000

// imageLimits is what an image has to keep to. Lengths are in pixels, ratios are
// those of its height to its width.
type imageLimits struct {
	bytes               int
	minWidth, minHeight int
	minRatio, maxRatio  float64
}

// friendTalkImage is what holds for FriendTalk's images.
func friendTalkImage(wide bool) imageLimits {
	l := imageLimits{
		bytes: kakao.MaxImageBytes, minWidth: kakao.MinImageWidth, minHeight: kakao.MinImageHeight,
		minRatio: kakao.MinImageRatio, maxRatio: kakao.MaxImageRatio,
	}
	if wide {
		l.maxRatio = kakao.MaxWideImageRatio
	}
	return l
}

// checkImage returns the code that a file is refused with, or 0. It has to be JPEG
// or PNG by its bytes and by its name, though not the same by both, and whole.
func checkImage(b []byte, name string, limits imageLimits) int {
	switch {
	case len(b) > limits.bytes:
		return kakao.CodeImageSize
	case len(b) == 0:
		return kakao.CodeImageBroken
	case imageEnding(b) == "", !slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(path.Ext(name))):
		return kakao.CodeImageType
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil || !limits.fit(head.Width, head.Height) {
		return kakao.CodeImageBroken
	}
	if _, _, err := image.Decode(bytes.NewReader(b)); err != nil {
		return kakao.CodeImageBroken
	}
	return 0
}

// imageEnding is the ending of an image's name that follows from its bytes, or ""
// for what is neither JPEG nor PNG.
func imageEnding(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return ".jpg"
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return ".png"
	}
	return ""
}

func (l imageLimits) fit(width, height int) bool {
	if width < l.minWidth || height < l.minHeight || int64(width)*int64(height) > maxPixels {
		return false
	}
	ratio := float64(height) / float64(width)
	return ratio >= l.minRatio && ratio <= l.maxRatio
}

// pictures keeps the bytes of images under names that are made from them, so that
// the same picture is kept once, and whoever knows the name has seen it. They are
// files beside the journal rather than lines in it, since every line is read at each
// start. Nothing is ever deleted: messages go on showing deleted images.
type pictures struct {
	dir string // empty keeps them in memory

	mu   sync.RWMutex
	kept map[string][]byte

	decoding sync.Mutex // one at a time, since each may take hundreds of megabytes
}

func newPictures(stateFile string) *pictures {
	p := &pictures{kept: map[string][]byte{}}
	if stateFile != "" {
		p.dir = stateFile + ".images"
	}
	return p
}

// check is [checkImage], one at a time.
func (p *pictures) check(b []byte, name string, limits imageLimits) int {
	p.decoding.Lock()
	defer p.decoding.Unlock()
	return checkImage(b, name, limits)
}

// put keeps a picture, and returns the name of its file: 40 hexadecimal digits and
// an ending. It holds on to b.
func (p *pictures) put(b []byte) (file string, err error) {
	sum := sha256.Sum256(b)
	file = hex.EncodeToString(sum[:20]) + imageEnding(b)
	if p.dir != "" {
		return file, writeWhole(filepath.Join(p.dir, file), b)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept[file] = b
	return file, nil
}

// writeWhole makes a file unless it is there, and never a part of it.
func writeWhole(name string, b []byte) error {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "*.part")
	if err != nil {
		return err
	}
	if _, err = f.Write(b); err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// read returns a picture by the name that put gave it.
func (p *pictures) read(file string) ([]byte, error) {
	digits, ending, _ := strings.Cut(file, ".")
	if _, err := hex.DecodeString(digits); err != nil || len(digits) != 40 || ending != "jpg" && ending != "png" {
		return nil, fs.ErrNotExist
	}
	if p.dir != "" {
		return os.ReadFile(filepath.Join(p.dir, file))
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if b, ok := p.kept[file]; ok {
		return b, nil
	}
	return nil, fs.ErrNotExist
}

// imagePath is where the simulator serves pictures itself, and lostImages what
// stands before a picture's name when nobody said where it can be reached.
const (
	imagePath  = "/_sim/images/"
	lostImages = "https://mud-kage.kakao.com/dn/sim"
)

// pictureURL is where the asker of this call finds a picture.
func (c *call) pictureURL(file string) string {
	if base := c.sim.cfg.ImageBaseURL; base != "" {
		return strings.TrimSuffix(base, "/") + "/" + file
	}
	switch {
	case c.r.Host == "":
		return lostImages + "/" + file
	case c.r.TLS != nil:
		return "https://" + c.r.Host + imagePath + file
	}
	return "http://" + c.r.Host + imagePath + file
}

// ImageHandler serves the images by the last part of the path, which is the last
// part of their URLs too. The simulator has it at /_sim/images/ already, also
// without the control paths.
func (s *Sim) ImageHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := path.Base(r.URL.Path)
		b, err := s.pictures.read(file)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		http.ServeContent(w, r, file, time.Time{}, bytes.NewReader(b))
	})
}

// drawPicture makes a JPEG whose colours depend on the name: a disc before a sky.
func drawPicture(name string, wide bool) []byte {
	const width = 800
	height := 400
	if wide {
		height = 600
	}
	h := hash(name)
	sky, disc := shade(h), shade(h>>24)
	im := image.NewRGBA(image.Rect(0, 0, width, height))
	radius := height / 4
	for y := range height {
		for x := range width {
			c, dx, dy := sky, x-width/2, y-height/2
			if dx*dx+dy*dy < radius*radius {
				c = disc
			}
			c.B += uint8(y * 100 / height) // at most 227, see shade
			im.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, im, nil) // neither too large nor to where writing fails
	return b.Bytes()
}

// shade is a colour between mid and light, of which 100 levels of blue are left.
func shade(h uint64) color.RGBA {
	return color.RGBA{R: 96 + uint8(h&127), G: 96 + uint8(h>>8&127), B: uint8(h >> 16 & 127), A: 255}
}
