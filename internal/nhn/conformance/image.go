package conformance

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"strings"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// imageChecks are about FriendTalk's images.
type imageChecks struct {
	*suite
	made []*nhn.Image // a usual one, and a wide one
}

func (c *imageChecks) reading() []check {
	return []check{
		reads(31, "the images are listed", "a page of them, the newest first", c.listed),
		reads(31, "a page of 1,001 images is not given", "a refusal, or at most 1,000", only(func(ctx context.Context) error {
			list, _, err := c.api.Images(ctx, 1, kakao.MaxPageSize+1)
			return pageOf(len(list), err)
		})),
	}
}

func (c *imageChecks) listed(ctx context.Context) (string, error) {
	list, total, err := c.api.Images(ctx, 0, 0)
	if err != nil {
		return "", succeeded(err)
	}
	for i := 1; i < len(list); i++ {
		if list[i].CreateDate.After(list[i-1].CreateDate) {
			return "", &unexpected{want: "the newest first", got: list[i].CreateDate.String() + " behind " + list[i-1].CreateDate.String()}
		}
	}
	return counted(len(list), total, "images"), first(
		c.tape.has("", "imagesResponse{}"), c.tape.has("imagesResponse", "images[] totalCount#"),
		c.tape.has("imagesResponse.images", "imageSeq#! imageUrl imageName wide? createDate"),
		expect(total >= len(list), "their number", total),
	)
}

func (c *imageChecks) writing() []check {
	return []check{
		writes(30, "an image is uploaded", "it is listed first, under its name", only(func(ctx context.Context) error { return c.upload(ctx, false) })),
		writes(30, "a wide image is uploaded", "it is listed as wide", only(func(ctx context.Context) error { return c.upload(ctx, true) })),
		writes(30, "a text is no image", "-4009 or -8001", only(func(ctx context.Context) error {
			_, err := c.api.UploadImage(ctx, "text.txt", strings.NewReader("no image"), false)
			return refused(err, kakao.CodeImageType, kakao.CodeImageBroken)
		})),
		writes(25, "an image without its link is refused", "-1031, and -2022 for the recipient", only(c.withoutLink)),
		writes(25, "a wide image leaves room for 76 characters", "-1031, and -2030 for the recipient", only(c.tooLong)),
		writes(32, "images are deleted", "they are not listed any more", only(c.remove)),
		writes(32, "an image that is deleted is not found", "-8002 or -8003", only(func(ctx context.Context) error {
			if len(c.made) == 0 {
				return skip("no image was uploaded")
			}
			return refused(c.api.DeleteImages(ctx, c.made[0].Seq), kakao.CodeImageNotFound, kakao.CodeImageUndeletable)
		})),
	}
}

// picture draws a JPEG within the limits.
func picture(wide bool) []byte {
	width, height := kakao.MinImageWidth, kakao.MinImageWidth/2
	if wide {
		height = kakao.MinImageWidth * 3 / 4
	}
	im := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			im.SetRGBA(x, y, color.RGBA{R: uint8(x / 4), G: uint8(y / 4), B: 160, A: 255})
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, im, nil) // neither too large nor to where writing fails
	return b.Bytes()
}

func (c *imageChecks) upload(ctx context.Context, wide bool) error {
	name := c.name + ".jpg"
	im, err := c.api.UploadImage(ctx, name, bytes.NewReader(picture(wide)), wide)
	if err != nil {
		return succeeded(err)
	}
	c.made = append(c.made, im)
	c.later(func(ctx context.Context) { _ = c.api.DeleteImages(ctx, im.Seq) })
	if err := first(c.tape.has("image", "imageSeq#! imageUrl! imageName!"), same(field{"imageName", im.Name, name})); err != nil {
		return err
	}
	list, _, err := c.api.Images(ctx, 1, 1)
	if err != nil {
		return succeeded(err)
	}
	if len(list) != 1 {
		return &unexpected{want: "the image", got: "an empty list"}
	}
	return same(field{"imageSeq", list[0].Seq, im.Seq}, field{"imageUrl", list[0].URL, im.URL}, field{"wide", list[0].Wide, wide})
}

// refusal sends a message that its one recipient should be refused for with a code.
func (c *imageChecks) refusal(ctx context.Context, at, code int, change func(*nhn.FriendTalkRecipient)) error {
	switch {
	case len(c.made) <= at:
		return skip("no image was uploaded")
	case c.sender == nil:
		return skip("there is no sender that can send")
	case len(c.options.To) == 0:
		return skip("no number is named that may be sent to")
	}
	to := nhn.FriendTalkRecipient{RecipientNo: c.options.To[0], Content: "-", ImageSeq: c.made[at].Seq, Resend: &nhn.ResendParameter{}}
	change(&to)
	out, err := c.api.SendFriendTalk(ctx, &nhn.FriendTalkRequest{PlusFriendID: c.sender.PlusFriendID, Recipients: []nhn.FriendTalkRecipient{to}}, "")
	if err := refused(err, kakao.CodeAllRefused); err != nil {
		return err
	}
	if out == nil || len(out.Recipients) != 1 {
		return &unexpected{want: "what is wrong with the recipient", got: "nothing"}
	}
	return same(field{"resultCode of the recipient", out.Recipients[0].Code, code})
}

func (c *imageChecks) withoutLink(ctx context.Context) error {
	return c.refusal(ctx, 0, kakao.CodeImageLink, func(*nhn.FriendTalkRecipient) {})
}

func (c *imageChecks) tooLong(ctx context.Context) error {
	return c.refusal(ctx, 1, kakao.CodeContentWide, func(to *nhn.FriendTalkRecipient) {
		to.ImageLink, to.Content = "https://example.com", strings.Repeat("가", kakao.MaxContentWide+1)
	})
}

func (c *imageChecks) remove(ctx context.Context) error {
	if len(c.made) == 0 {
		return skip("no image was uploaded")
	}
	gone := map[int]bool{}
	var seqs []int
	for _, im := range c.made {
		seqs, gone[im.Seq] = append(seqs, im.Seq), true
	}
	if err := c.api.DeleteImages(ctx, seqs...); err != nil {
		return succeeded(err)
	}
	list, _, err := c.api.Images(ctx, 1, kakao.MaxPageSize)
	if err != nil {
		return succeeded(err)
	}
	for _, im := range list {
		if gone[im.Seq] {
			return &unexpected{want: "images without those", got: im.Name}
		}
	}
	return nil
}
