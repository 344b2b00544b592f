package nhnsim

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"soshik/internal/kakao"
)

// entryImageGone is a journal entry with the numbers of deleted images.
const entryImageGone = "image gone"

// uploadOp is what calls of endpoint 30 count as.
const uploadOp = "upload image"

// maxImageText is how an answer writes kakao.MaxImageBytes.
const maxImageText = "5MB"

// codeImageUpload says that an image could not be kept.
const codeImageUpload = -8010

// Image is an uploaded image. Its bytes are kept apart, see pictures.
type Image struct {
	Seq     int    `json:"seq"`
	Name    string `json:"name"`          // of the uploaded file
	URL     string `json:"url,omitempty"` // as the asker reaches it; made for each answer
	Wide    bool   `json:"wide,omitempty"`
	File    string `json:"file,omitempty"`    // the name under which its bytes are served
	Created int64  `json:"created,omitempty"` // Unix milliseconds
}

// AddImage makes an image known that messages can name by the returned number. What
// it shows is drawn: 800 × 400 pixels, or 800 × 600 of a wide one.
func (s *Sim) AddImage(appkey, name string, wide bool) (int, error) {
	p := s.project(appkey)
	if p == nil {
		return 0, fmt.Errorf("appkey %q is unknown", appkey)
	}
	file, err := s.pictures.put(drawPicture(name, wide))
	if err != nil {
		return 0, fmt.Errorf("keep image %q: %w", name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	im := Image{Seq: p.lastImage + 1, Name: name, Wide: wide, File: file, Created: s.Now().UnixMilli()}
	return im.Seq, s.commit(p, entry{Type: entryImage, Appkey: appkey, Image: &im})
}

// putImage replaces the map, since calls under way hold on to the old one.
func (p *project) putImage(im Image) {
	images := maps.Clone(p.images)
	images[im.Seq] = im
	p.images, p.lastImage = images, max(p.lastImage, im.Seq)
}

// dropImages forgets images for new messages. What was accepted with them keeps
// them, and their bytes stay.
func (p *project) dropImages(seqs []int) {
	images := maps.Clone(p.images)
	for _, seq := range seqs {
		delete(images, seq)
	}
	p.images = images
}

// isMultipart takes every content type that begins like that of a form with files.
func isMultipart(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "multipart/form-data")
}

// upload is the form of endpoint 30.
type upload struct {
	name  string
	bytes []byte // nil when the form has no file
	wide  string
}

// uploadImage is endpoint 30.
func uploadImage(c *call) reply {
	up, bad := readUpload(c.r.Header.Get("Content-Type"), c.body)
	if bad != nil {
		return *bad
	}
	wide, bad := up.check()
	if bad != nil {
		return *bad
	}
	if !c.hasSender() {
		return refuse(kakao.CodeNoSender)
	}
	if code := c.sim.pictures.check(up.bytes, up.name, friendTalkImage(wide)); code != 0 {
		return refuse(code, maxImageText)
	}
	file, err := c.sim.pictures.put(up.bytes)
	if err != nil {
		c.sim.cfg.Log.Error("simulator cannot keep an image", "err", err)
		return refuse(codeImageUpload)
	}
	return c.addImage(Image{Name: up.name, Wide: wide, File: file, Created: c.now.UnixMilli()})
}

// readUpload reads the first file called image and what wide says. Other parts are
// not looked at. A body that breaks off is refused, also where the reader would take
// it.
func readUpload(contentType string, body []byte) (upload, *reply) {
	var up upload
	_, params, err := mime.ParseMediaType(contentType)
	boundary := params["boundary"]
	if err != nil || boundary == "" || len(body) > 0 && !bytes.Contains(body, []byte("--"+boundary+"--")) {
		return up, new(refuse(kakao.CodeBody))
	}
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return up, nil
		}
		if err == nil {
			err = up.take(part)
		}
		if err != nil {
			return up, new(refuse(kakao.CodeBody))
		}
	}
}

func (u *upload) take(part *multipart.Part) error {
	b, err := io.ReadAll(part)
	if err != nil {
		return err
	}
	switch name := part.FormName(); {
	case name == "image" && part.FileName() != "" && u.bytes == nil:
		u.name, u.bytes = strings.ToValidUTF8(part.FileName(), "\ufffd"), b
	case name == "wide":
		u.wide = string(b)
	}
	return nil
}

// check looks at what the form lacks, and reads whether the image is wide.
func (u *upload) check() (wide bool, bad *reply) {
	if u.bytes == nil {
		return false, new(refuse(kakao.CodePartMissing))
	}
	switch strings.ToLower(strings.TrimSpace(u.wide)) {
	case "true":
		wide = true
	case "false", "":
	default:
		return false, new(refuse(kakao.CodeArgumentType))
	}
	return wide, limited("image", u.name, kakao.MaxImageName)
}

// hasSender reports whether the project has a sender that may send.
func (c *call) hasSender() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.ContainsFunc(c.senders, func(s *sender) bool { return s.Registered })
}

func (c *call) addImage(im Image) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	im.Seq = c.lastImage + 1
	b := append(buf(nil).name("image"), '{')
	b = b.int("imageSeq", im.Seq).text("imageUrl", c.imageURL(im)).text("imageName", im.Name)
	return c.done(entry{Type: entryImage, Appkey: c.appkey, Image: &im}, append(b.end('}'), ','))
}

// listImages is endpoint 31, the newest first.
func listImages(c *call) reply {
	pg, bad := parsePage(c.r.URL.Query())
	if bad != nil {
		return *bad
	}
	c.mu.RLock()
	images := c.images // never written to
	c.mu.RUnlock()
	all := slices.SortedFunc(maps.Keys(images), func(a, b int) int { return cmp.Compare(b, a) })
	b := append(buf(nil).name("imagesResponse"), '{')
	b = append(b.name("images"), '[')
	for _, seq := range all[min(pg.from, len(all)):min(pg.to, len(all))] {
		im := images[seq]
		b = append(b, '{')
		b = b.int("imageSeq", im.Seq).text("imageUrl", c.imageURL(im)).text("imageName", im.Name).bool("wide", im.Wide)
		b = append(b.date("createDate", c.sim.cfg.DateLayout, im.Created).end('}'), ',')
	}
	b = append(b.end(']'), ',').int("totalCount", len(all))
	return succeed(append(b.end('}'), ','))
}

// deleteImages is endpoint 32. Where one of the images is unknown, none is deleted.
func deleteImages(c *call) reply {
	seqs, bad := parseSeqs(c.r.URL.Query().Get("imageSeq"))
	switch {
	case bad != nil:
		return *bad
	case seqs == nil:
		return refuse(kakao.CodeImageSeq)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for seq := range seqs {
		if _, ok := c.images[seq]; !ok {
			return refuse(kakao.CodeImageNotFound)
		}
	}
	return c.done(entry{Type: entryImageGone, Appkey: c.appkey, Seqs: slices.Sorted(maps.Keys(seqs))}, nil)
}

// imageURL is where the asker finds an image: at the configured address, else at
// the one by which this call came.
func (c *call) imageURL(im Image) string {
	if im.File == "" {
		return im.URL
	}
	return c.pictureURL(im.File)
}

// withImageURL is m as the asker of this call is shown it.
func (c *call) withImageURL(m message) *message {
	if m.style.Image.Seq != 0 {
		st := *m.style
		st.Image.URL = c.imageURL(st.Image)
		m.style = &st
	}
	return &m
}
