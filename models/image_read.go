package models

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // registers the decoder
	_ "image/png"  // registers the decoder

	"soshik/internal/kakao"
)

// A small file may unfold to gigabytes, or take minutes to read. What is beyond these
// is not decoded, and so not taken.
const (
	maxPixels  = 50_000_000
	maxDecoded = 200 << 20 // bytes of memory
	maxScans   = 64        // of a JPEG, each of which goes over the whole image
)

// ImageKind is what an image is for. Each has rules of its own.
type ImageKind int

// The kinds.
const (
	NormalImage       ImageKind = iota // of FriendTalk
	WideImage                          // of FriendTalk
	TemplateImage                      // of a BrandTalk template of type I
	WideTemplateImage                  // of a BrandTalk template of type W
)

// ImageKinds are all kinds.
func ImageKinds() []ImageKind {
	return []ImageKind{NormalImage, WideImage, TemplateImage, WideTemplateImage}
}

// Kind is what i is for in FriendTalk.
func (i Image) Kind() ImageKind {
	if i.Wide {
		return WideImage
	}
	return NormalImage
}

// imageRules is what an image has to keep to. Lengths are in pixels, ratios are those
// of its height to its width.
type imageRules struct {
	bytes               int
	minWidth, minHeight int
	maxRatio            float64
}

func (k ImageKind) rules() imageRules {
	switch k {
	case NormalImage:
		return imageRules{kakao.MaxImageBytes, kakao.MinImageWidth, kakao.MinImageHeight, kakao.MaxImageRatio}
	case WideImage:
		return imageRules{kakao.MaxImageBytes, kakao.MinImageWidth, kakao.MinImageHeight, kakao.MaxWideImageRatio}
	case TemplateImage:
		return imageRules{kakao.MaxTemplateImageBytes, kakao.MinImageWidth, 0, kakao.MaxImageRatio}
	case WideTemplateImage:
		return imageRules{kakao.MaxTemplateImageBytes, kakao.MinImageWidth, 0, kakao.MaxWideImageRatio}
	}
	panic(fmt.Errorf("no kind of image %d", k))
}

// MaxBytes is how large an image of the kind may be.
func (k ImageKind) MaxBytes() int { return k.rules().bytes }

// Check says what is wrong with i as an image of kind k; the zero Text if nothing is.
// An image that is stored turned has to keep to the rules both ways: as it is seen, and
// as a reader takes it that does not turn it.
func (k ImageKind) Check(i Image) Text {
	rules := k.rules()
	if i.Size > rules.bytes {
		return TooLargeImage(rules.bytes)
	}
	problem := rules.checkSize(i.Width, i.Height)
	if problem.Key == "" && i.turned {
		problem = rules.checkSize(i.Height, i.Width)
	}
	return problem
}

// TooLargeImage says that a file has more than limit bytes.
func TooLargeImage(limit int) Text { return T("image.too_large", "Max", limit>>20) }

func (r imageRules) checkSize(width, height int) Text {
	ratio := float64(height) / float64(width)
	switch {
	case width < r.minWidth:
		return T("image.too_narrow", "Width", width, "Min", r.minWidth)
	case height < r.minHeight:
		return T("image.too_low", "Height", height, "Min", r.minHeight)
	case ratio < kakao.MinImageRatio:
		return T("image.too_flat", "Width", width, "Height", height)
	case ratio > r.maxRatio && r.maxRatio == kakao.MaxWideImageRatio:
		return T("image.too_tall_wide", "Width", width, "Height", height)
	case ratio > r.maxRatio:
		return T("image.too_tall", "Width", width, "Height", height)
	}
	return Text{}
}

// CheckImage reads what a file is, by its bytes, and holds it to the rules of a kind.
// What is wrong stands at the field "image". That it can be decoded to the end is for
// [Thumbnail] to find out.
func CheckImage(k ImageKind, b []byte) (Image, error) {
	if limit := k.MaxBytes(); len(b) > limit {
		return Image{}, badImage(TooLargeImage(limit), nil)
	}
	i, err := ReadImage(b)
	if err != nil {
		return i, err
	}
	if problem := k.Check(i); problem.Key != "" {
		return i, badImage(problem, nil)
	}
	return i, nil
}

func badImage(problem Text, err error) error {
	return &Error{Kind: Invalid, Key: "error.invalid", Fields: map[string]Text{"image": problem}, Err: err}
}

// ReadImage reads what a file is, by its bytes: hash, format and measures. What cannot
// be an image of a message at all is [Invalid], at the field "image".
func ReadImage(b []byte) (i Image, err error) {
	format, other := formatOf(b)
	switch {
	case len(b) == 0:
		return i, badImage(T("image.empty"), nil)
	case other != "":
		return i, badImage(T("image.other_format", "Format", other), nil)
	case format == "":
		return i, badImage(T("image.no_image"), nil)
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return i, badImage(T("image.broken"), err)
	}
	coding := imageCoding{orientation: 1}
	if format == FormatJPEG {
		coding = readCoding(b)
	}
	pixels := int64(head.Width) * int64(head.Height)
	switch {
	case head.Width <= 0, head.Height <= 0, coding.scans > maxScans:
		return i, badImage(T("image.broken"), nil)
	case pixels > maxPixels, pixels*coding.bytesPerPixel(head.ColorModel) > maxDecoded:
		return i, badImage(T("image.too_many_pixels", "Width", head.Width, "Height", head.Height), nil)
	}
	hash := sha256.Sum256(b)
	i = Image{Hash: hex.EncodeToString(hash[:]), Format: format, Width: head.Width, Height: head.Height, Size: len(b)}
	if coding.orientation >= 5 {
		i.turned, i.Width, i.Height = true, i.Height, i.Width
	}
	return i, nil
}

// formatOf is the format of a file by how it begins: one that messages can have, or the
// name of another that people take for one; both are empty for anything else.
func formatOf(b []byte) (format, other string) {
	begins := func(prefix string) bool { return bytes.HasPrefix(b, []byte(prefix)) }
	brand := ""
	if len(b) >= 12 && string(b[4:8]) == "ftyp" {
		brand = string(b[8:12])
	}
	switch {
	case begins("\xff\xd8\xff"):
		return FormatJPEG, ""
	case begins("\x89PNG\r\n\x1a\n"):
		return FormatPNG, ""
	case begins("GIF8"):
		return "", "GIF"
	case begins("RIFF") && len(b) >= 12 && string(b[8:12]) == "WEBP":
		return "", "WebP"
	case brand == "heic", brand == "heix", brand == "mif1", brand == "msf1":
		return "", "HEIC"
	case brand == "avif", brand == "avis":
		return "", "AVIF"
	case begins("BM"):
		return "", "BMP"
	case begins("II*\x00"), begins("MM\x00*"):
		return "", "TIFF"
	case begins("8BPS"):
		return "", "PSD"
	case begins("%PDF"):
		return "", "PDF"
	}
	return "", ""
}

// imageCoding is what a JPEG says of itself besides its measures. That of a PNG is the
// zero one but for its orientation, which is 1.
type imageCoding struct {
	orientation int   // of EXIF: 1 is upright, 5 to 8 are turned by a quarter
	progressive bool  // all of its coefficients are held in memory
	scans       int   // at least
	samples     int64 // for 100 pixels, of all its components
}

// bytesPerPixel is how much memory a pixel takes while an image is decoded.
func (c imageCoding) bytesPerPixel(m color.Model) int64 {
	switch {
	case c.progressive:
		return (c.samples*5+99)/100 + 4
	case m == color.CMYKModel, m == color.NRGBA64Model, m == color.RGBA64Model:
		return 8
	}
	return 4
}

// readCoding goes over the segments of a JPEG. What it cannot read is left to the
// decoder to refuse.
func readCoding(b []byte) imageCoding {
	c := imageCoding{orientation: 1, scans: bytes.Count(b, []byte{0xff, 0xda})}
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		marker, length := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		switch {
		case marker == 0xff: // fill
			at++
			continue
		case marker == 0xda, length < 2, at+2+length > len(b):
			return c
		}
		segment := b[at+4 : at+2+length]
		switch marker {
		case 0xe1:
			if found := orientationOf(segment); found != 0 {
				c.orientation = found
			}
		case 0xc0, 0xc1, 0xc2:
			c.progressive, c.samples = marker == 0xc2, samplesOf(segment)
		}
		at += 2 + length
	}
	return c
}

// samplesOf is how many samples a frame has for 100 pixels.
func samplesOf(frame []byte) int64 {
	var sum, most int64 = 0, 1
	if len(frame) < 6 {
		return 0
	}
	components := frame[6:]
	for ; len(components) >= 3; components = components[3:] {
		area := int64(components[1]>>4) * int64(components[1]&15)
		sum, most = sum+area, max(most, area)
	}
	return sum * 100 / most
}

// orientationOf is what an EXIF segment says of how an image is to be turned, 1 to 8;
// 0 if it does not say.
func orientationOf(segment []byte) int {
	tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0
		}
		const orientation, short = 0x0112, 3
		if order.Uint16(entries) == orientation && order.Uint16(entries[2:]) == short {
			if found := int(order.Uint16(entries[8:])); found >= 1 && found <= 8 {
				return found
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}
