package nhn

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Image is an image that was uploaded for FriendTalk messages.
type Image struct {
	Seq        int // names it in messages
	URL        string
	Name       string // of the file that was uploaded
	Wide       bool   // not told by an upload, nor is CreateDate
	CreateDate time.Time
}

// UploadImage uploads the file called name: a JPEG or PNG within the limits of
// internal/kakao, whose name ends so. It is read while it is sent, and not any more
// when the call has returned; where its reader tells its length, as files and
// readers of memory do, the provider is told it too. A wide image makes the messages
// with it wide.
//
// kakao.CodeNoSender says that the project has no sender yet. An image that cannot be
// read fails the call as [Error.NotSent].
//
// POST /friendtalk/v1.5/appkeys/{appkey}/images
//
// See docs/provider.md, endpoint 30.
func (c *Client) UploadImage(ctx context.Context, name string, image io.Reader, wide bool) (*Image, error) {
	r := c.friendTalk(http.MethodPost, "/images")
	isWide := "false"
	if wide {
		isWide = "true"
	}
	if err := r.form([]field{{"wide", isWide}}, file{"image", name, image}); err != nil {
		return nil, err
	}
	out, err := call[struct {
		envelope
		Image maybe[wireImage] `json:"image"`
	}](ctx, c, r)
	if err != nil {
		return nil, err
	}
	if out.Image.v.ImageSeq == 0 {
		return nil, lacking(r, "imageSeq")
	}
	return new(out.Image.v.image()), nil
}

// Images lists one page of the uploaded images, the newest first, and how many there
// are on all pages: -1 if the provider does not say. A page of 0 is the first, a size
// of 0 kakao.DefaultPageSize.
//
// GET /friendtalk/v1.5/appkeys/{appkey}/images
//
// See docs/provider.md, endpoint 31.
func (c *Client) Images(ctx context.Context, page, size int) (images []Image, total int, err error) {
	v := values{}
	v.page(page, size)
	r := c.friendTalk(http.MethodGet, "/images")
	r.query = url.Values(v)
	out, err := call[struct {
		envelope
		Response struct {
			Images     list[wireImage] `json:"images"`
			Image      list[wireImage] `json:"image"` // as the documents' tables call it
			TotalCount count           `json:"totalCount"`
		} `json:"imagesResponse"`
	}](ctx, c, r)
	if err != nil {
		return nil, 0, err
	}
	for _, w := range append(out.Response.Images, out.Response.Image...) {
		images = append(images, w.image())
	}
	return images, out.Response.TotalCount.of(len(images)), nil
}

// AllImages walks the images of all pages. It ends with the first error. See
// [Client.Images].
func (c *Client) AllImages(ctx context.Context) iter.Seq2[Image, error] {
	return walk(1, 0, func(page, size int) ([]Image, int, error) { return c.Images(ctx, page, size) })
}

// ImagePage is one page of images, and how many there are on all pages: -1 if the
// provider does not say.
type ImagePage struct {
	Images []Image
	Total  int
}

// ImagePages walks all pages, the last of which may be empty. It ends with the first
// error. See [Client.Images].
func (c *Client) ImagePages(ctx context.Context) iter.Seq2[ImagePage, error] {
	read := func(page, size int) ([]Image, int, error) { return c.Images(ctx, page, size) }
	return func(yield func(ImagePage, error) bool) {
		for p, err := range walkPages(1, 0, read) {
			if !yield(ImagePage{p.list, p.total}, err) {
				return
			}
		}
	}
}

// DeleteImages deletes images. Messages can no longer be sent with them. Without any
// it fails, and asks nobody.
//
// DELETE /friendtalk/v1.5/appkeys/{appkey}/images
//
// See docs/provider.md, endpoint 32.
func (c *Client) DeleteImages(ctx context.Context, seqs ...int) error {
	r := c.friendTalk(http.MethodDelete, "/images")
	if len(seqs) == 0 {
		return &Error{Op: r.op(), Message: "no image is named", kind: malformed}
	}
	r.query = url.Values{"imageSeq": {join(seqs)}}
	_, err := call[envelope](ctx, c, r)
	return err
}

// wireImage is an image as it comes.
type wireImage struct {
	ImageSeq   number   `json:"imageSeq"`
	ImageURL   text     `json:"imageUrl"`
	ImageName  text     `json:"imageName"`
	Wide       flexBool `json:"wide"`
	CreateDate date     `json:"createDate"`
}

func (w wireImage) image() Image {
	return Image{int(w.ImageSeq), string(w.ImageURL), string(w.ImageName), bool(w.Wide), w.CreateDate.Time}
}
