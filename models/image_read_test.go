package models_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/models"
)

// blank is an image of one colour.
func blank(width, height int) *image.RGBA {
	im := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range im.Pix {
		im.Pix[i] = 200
		if i%4 == 3 {
			im.Pix[i] = 255
		}
	}
	return im
}

func jpegOf(t testing.TB, im image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, im image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// chunk is a part of a PNG.
func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// bomb is a small PNG that says that it is of many pixels; depth is bits a channel.
func bomb(width, height uint32, depth byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, depth, 6, 0, 0, 0)), chunk("IDAT", nil), chunk("IEND", nil))
}

// oriented is a JPEG whose EXIF says how it is to be turned.
func oriented(b []byte, order binary.AppendByteOrder, orientation uint16) []byte {
	tiff := []byte("II*\x00")
	if order.String() == binary.BigEndian.String() {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][2]uint16{{0x010f, 7}, {0x0112, orientation}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, entry[0]), 3)
		tiff = order.AppendUint16(order.AppendUint16(order.AppendUint32(tiff, 1), entry[1]), 0)
	}
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(segment)+2))
	return slices.Concat(b[:2], head, segment, b[2:])
}

// animated is a PNG that says that it moves; its first picture is what others see.
func animated(b []byte) []byte {
	const head = 8 + 12 + 13
	return slices.Concat(b[:head], chunk("acTL", make([]byte, 8)), b[head:])
}

// padded is a whole image with as many bytes as wanted.
func padded(b []byte, size int) []byte { return append(b, make([]byte, size-len(b))...) }

func TestImagesAreHeldToTheRulesOfTheirKind(t *testing.T) {
	t.Parallel()
	size := func(width, height int) []byte { return pngOf(t, image.NewGray(image.Rect(0, 0, width, height))) }
	for name, test := range map[string]struct {
		kind models.ImageKind
		file []byte
		want string // key of what is wrong; empty: nothing
	}{
		"the narrowest":                        {models.NormalImage, size(500, 250), ""},
		"a pixel narrower":                     {models.NormalImage, size(499, 250), "image.too_narrow"},
		"a pixel lower":                        {models.NormalImage, size(500, 249), "image.too_low"},
		"twice as wide as high":                {models.NormalImage, size(1000, 500), ""},
		"a pixel flatter":                      {models.NormalImage, size(1001, 500), "image.too_flat"},
		"three wide and four high":             {models.NormalImage, size(600, 800), ""},
		"a pixel taller":                       {models.NormalImage, size(600, 801), "image.too_tall"},
		"as wide as high, wide":                {models.WideImage, size(700, 700), ""},
		"a pixel taller, wide":                 {models.WideImage, size(700, 701), "image.too_tall_wide"},
		"a pixel flatter, wide":                {models.WideImage, size(1001, 500), "image.too_flat"},
		"as many bytes as can be":              {models.NormalImage, padded(size(600, 600), kakao.MaxImageBytes), ""},
		"a byte more":                          {models.NormalImage, padded(size(600, 600), kakao.MaxImageBytes+1), "image.too_large"},
		"of a template, as many bytes":         {models.TemplateImage, padded(size(600, 600), kakao.MaxTemplateImageBytes), ""},
		"of a template, a byte more":           {models.TemplateImage, padded(size(600, 600), kakao.MaxTemplateImageBytes+1), "image.too_large"},
		"of a template, the tallest":           {models.TemplateImage, size(600, 800), ""},
		"of a wide template, too tall":         {models.WideTemplateImage, size(600, 601), "image.too_tall_wide"},
		"of a wide template, too flat":         {models.WideTemplateImage, size(1201, 600), "image.too_flat"},
		"of a template, too narrow":            {models.TemplateImage, size(499, 400), "image.too_narrow"},
		"an empty file":                        {models.NormalImage, nil, "image.empty"},
		"a text":                               {models.NormalImage, []byte("이미지가 아닙니다"), "image.no_image"},
		"a GIF":                                {models.NormalImage, []byte("GIF89a\x00\x00"), "image.other_format"},
		"a WebP":                               {models.NormalImage, []byte("RIFF\x00\x00\x00\x00WEBPVP8 "), "image.other_format"},
		"a photo of an iPhone":                 {models.NormalImage, []byte("\x00\x00\x00\x18ftypheic\x00\x00"), "image.other_format"},
		"a JPEG without anything":              {models.NormalImage, []byte("\xff\xd8\xff"), "image.broken"},
		"a PNG without anything":               {models.NormalImage, []byte("\x89PNG\r\n\x1a\n"), "image.broken"},
		"a bomb":                               {models.NormalImage, bomb(40_000, 40_000, 8), "image.too_many_pixels"},
		"a bomb of deep colours":               {models.NormalImage, bomb(6_000, 6_000, 16), "image.too_many_pixels"},
		"a bomb whose sides overflow":          {models.NormalImage, bomb(1<<31-1, 1<<31-1, 8), "image.broken"},
		"a JPEG of thousands of scans":         {models.NormalImage, append(jpegOf(t, blank(600, 600)), bytes.Repeat([]byte{0xff, 0xda}, 100)...), "image.broken"},
		"a photo that is stored turned":        {models.NormalImage, oriented(jpegOf(t, blank(800, 600)), binary.BigEndian, 6), ""},
		"turned, it would be too tall":         {models.NormalImage, oriented(jpegOf(t, blank(1000, 500)), binary.LittleEndian, 8), "image.too_tall"},
		"turned, it would be too tall, wide":   {models.WideImage, oriented(jpegOf(t, blank(800, 600)), binary.LittleEndian, 5), "image.too_tall_wide"},
		"an animated PNG":                      {models.NormalImage, animated(size(600, 600)), ""},
		"upside down is not turned":            {models.WideImage, oriented(jpegOf(t, blank(800, 600)), binary.LittleEndian, 3), ""},
		"an orientation that there is not":     {models.WideImage, oriented(jpegOf(t, blank(800, 600)), binary.LittleEndian, 9), ""},
		"stored turned, too tall as it is, so": {models.NormalImage, oriented(jpegOf(t, blank(600, 900)), binary.BigEndian, 6), "image.too_tall"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := models.CheckImage(test.kind, test.file)
			if got := models.FieldText(err, "image").Key; got != test.want || (err == nil) != (got == "") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestWhatIsReadOfAnImage(t *testing.T) {
	t.Parallel()
	b := jpegOf(t, blank(800, 600))
	i, err := models.ReadImage(oriented(b, binary.BigEndian, 6))
	if err != nil || i.Format != models.FormatJPEG || i.Width != 600 || i.Height != 800 || i.Size <= len(b) || len(i.Hash) != 64 {
		t.Errorf("%+v, %v", i, err)
	}
	again, err := models.ReadImage(b)
	if err != nil || again.Hash == i.Hash || again.Width != 800 {
		t.Errorf("%+v, %v", again, err)
	}
	p, err := models.ReadImage(pngOf(t, blank(10, 20)))
	if err != nil || p.Format != models.FormatPNG || p.ContentType() != "image/png" || p.Width != 10 || p.Height != 20 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestThumbnails(t *testing.T) {
	t.Parallel()
	glass := image.NewNRGBA(image.Rect(0, 0, 640, 640))
	for name, test := range map[string]struct {
		file          []byte
		width, height int
		format        string
	}{
		"a wide one":      {jpegOf(t, blank(1000, 500)), 320, 160, "jpeg"},
		"a tall one":      {pngOf(t, blank(600, 800)), 240, 320, "jpeg"},
		"a small one":     {pngOf(t, blank(30, 20)), 30, 20, "jpeg"},
		"a clear one":     {pngOf(t, glass), 320, 320, "png"},
		"a turned one":    {oriented(jpegOf(t, blank(1000, 500)), binary.BigEndian, 6), 160, 320, "jpeg"},
		"grey":            {jpegOf(t, image.NewGray(image.Rect(0, 0, 640, 320))), 320, 160, "jpeg"},
		"of deep colours": {pngOf(t, image.NewRGBA64(image.Rect(0, 0, 640, 320))), 320, 160, "png"},
		"of a palette":    {pngOf(t, image.NewPaletted(image.Rect(0, 0, 640, 320), color.Palette{color.White, color.Black})), 320, 160, "jpeg"},
		"a line":          {pngOf(t, blank(5000, 1)), 320, 1, "jpeg"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := models.Thumbnail(test.file)
			if err != nil {
				t.Fatal(err)
			}
			head, format, err := image.DecodeConfig(bytes.NewReader(b))
			if err != nil || head.Width != test.width || head.Height != test.height || format != test.format {
				t.Errorf("%s of %d × %d, %v", format, head.Width, head.Height, err)
			}
		})
	}
}

// A corner of another colour is where the orientation says that it is to be seen.
func TestThumbnailsAreUpright(t *testing.T) {
	t.Parallel()
	im := blank(640, 320)
	for y := range 160 {
		for x := range 320 {
			im.SetRGBA(x, y, color.RGBA{255, 0, 0, 255}) // the upper left quarter, as it is stored
		}
	}
	file := jpegOf(t, im)
	for orientation, want := range map[uint16]string{
		1: "upper left", 2: "upper right", 3: "lower right", 4: "lower left", 5: "upper left", 6: "upper right", 7: "lower right", 8: "lower left",
	} {
		b, err := models.Thumbnail(oriented(file, binary.LittleEndian, orientation))
		if err != nil {
			t.Fatal(err)
		}
		small, err := jpeg.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		size := small.Bounds().Size()
		if turned := orientation >= 5; turned != (size.Y > size.X) {
			t.Errorf("orientation %d: %v", orientation, size)
		}
		corners := map[string]image.Point{
			"upper left": {10, 10}, "upper right": {size.X - 10, 10}, "lower left": {10, size.Y - 10}, "lower right": {size.X - 10, size.Y - 10},
		}
		for corner, at := range corners {
			r, g, _, _ := small.At(at.X, at.Y).RGBA()
			if red := r > 2*g; red != (corner == want) {
				t.Errorf("orientation %d: %s is red: %v", orientation, corner, red)
			}
		}
	}
}

func TestImagesThatBreakOff(t *testing.T) {
	t.Parallel()
	j, p := jpegOf(t, blank(800, 600)), pngOf(t, blank(800, 600))
	for name, file := range map[string][]byte{"JPEG": j[:len(j)*2/3], "JPEG without its end": j[:len(j)-2], "PNG": p[:len(p)*2/3], "PNG without its end": p[:len(p)-12]} {
		if _, err := models.CheckImage(models.NormalImage, file); err != nil {
			t.Errorf("%s: its head is whole: %v", name, err)
		}
		if _, err := models.Thumbnail(file); models.FieldText(err, "image").Key != "image.broken" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestImageNames(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"봄.jpg": "봄.jpg", "봄.JPEG": "봄.JPEG", "봄.png": "봄.jpg", "봄": "봄.jpg", "": "image.jpg", ".png": "image.jpg",
		`C:\사진\봄.jpg`: "봄.jpg", "../../a.jpg": "a.jpg", "a\nb\u202e\x00.jpg": "ab.jpg", "\u1107\u1169\u11b7.jpg": "봄.jpg", "a.b.c.gif": "a.b.c.jpg",
		"<script>.jpg": "<script>.jpg", "/": "image.jpg", "a \xff.jpg": "a.jpg", strings.Repeat("가", 300): strings.Repeat("가", 123) + ".jpg",
	} {
		if got := models.ImageName(typed, models.FormatJPEG); got != want {
			t.Errorf("%q is called %q, want %q", typed, got, want)
		}
	}
	if got := models.ImageName("봄.jpg", models.FormatPNG); got != "봄.png" {
		t.Errorf("a PNG is called %q", got)
	}
}

// FuzzReadImage reads files that may be none: nothing of them makes it fall, and what
// passes can be drawn small, or is told to be broken.
func FuzzReadImage(f *testing.F) {
	for _, file := range [][]byte{
		jpegOf(f, blank(16, 12)), pngOf(f, blank(16, 12)), oriented(jpegOf(f, blank(16, 12)), binary.BigEndian, 6), bomb(60_000, 60_000, 8), bomb(50, 50, 16),
		[]byte("\xff\xd8\xff\xe1\x00\x0aExif\x00\x00MM"), []byte("GIF89a"), nil,
	} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, kind := range models.ImageKinds() {
			if _, err := models.CheckImage(kind, file); err != nil && models.FieldText(err, "image").Key == "" {
				t.Fatal(err)
			}
		}
		i, err := models.ReadImage(file)
		if err != nil || i.Width*i.Height > 1<<20 {
			return
		}
		if _, err := models.Thumbnail(file); err != nil && models.FieldText(err, "image").Key != "image.broken" {
			t.Fatal(err)
		}
	})
}
