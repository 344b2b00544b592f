package models

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
)

// ThumbnailSize is how many pixels a thumbnail has at most either way.
const ThumbnailSize = 320

// Thumbnail decodes an image that [ReadImage] has read to its end, and draws it small
// and upright: as JPEG or, where something shines through, as PNG. What breaks off or
// cannot be decoded is [Invalid], at the field "image". It may need 200 MB, so it
// should be done for one image at a time.
func Thumbnail(b []byte) ([]byte, error) {
	decoded, format, err := image.Decode(bytes.NewReader(b))
	if err == nil && format == FormatJPEG && !ended(b) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, badImage(T("image.broken"), err)
	}
	source, ok := decoded.(image.RGBA64Image)
	if !ok {
		return nil, badImage(T("image.broken"), errors.New("an image of unknown pixels"))
	}
	orientation := 1
	if format == FormatJPEG {
		orientation = readCoding(b).orientation
	}
	small := upright(shrink(source), orientation)
	var out bytes.Buffer
	if small.Opaque() {
		err = jpeg.Encode(&out, small, &jpeg.Options{Quality: 82})
	} else {
		err = png.Encode(&out, small)
	}
	return out.Bytes(), err
}

// ended reports whether a JPEG has its end. The decoder takes a progressive one that
// breaks off, of which it has seen something.
func ended(b []byte) bool {
	return bytes.LastIndex(b, []byte{0xff, 0xd9}) > bytes.LastIndex(b, []byte{0xff, 0xda})
}

// probes is of how many pixels, in each direction, a pixel of a thumbnail is the mean.
const probes = 6

// shrink draws im so that it is at most ThumbnailSize wide and high.
func shrink(im image.RGBA64Image) *image.RGBA {
	from := im.Bounds()
	width, height := from.Dx(), from.Dy()
	if most := max(width, height); most > ThumbnailSize {
		width, height = max(width*ThumbnailSize/most, 1), max(height*ThumbnailSize/most, 1)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	columns, rows := probed(from.Min.X, from.Dx(), width), probed(from.Min.Y, from.Dy(), height)
	for y, ys := range rows {
		for x, xs := range columns {
			out.SetRGBA(x, y, mean(im, xs, ys))
		}
	}
	return out
}

// probed divides length pixels, from the one at begin on, into n parts, and picks at
// most probes of each.
func probed(begin, length, n int) [][]int {
	parts := make([][]int, n)
	for i := range parts {
		first := i * length / n
		size := max((i+1)*length/n-first, 1)
		picked := min(size, probes)
		for j := range picked {
			parts[i] = append(parts[i], begin+first+(2*j+1)*size/(2*picked))
		}
	}
	return parts
}

func mean(im image.RGBA64Image, xs, ys []int) color.RGBA {
	var r, g, b, a uint32
	for _, y := range ys {
		for _, x := range xs {
			c := im.RGBA64At(x, y)
			r, g, b, a = r+uint32(c.R), g+uint32(c.G), b+uint32(c.B), a+uint32(c.A)
		}
	}
	n := uint32(len(xs)*len(ys)) * 257 // from 16 bits to 8
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), uint8(a / n)}
}

// upright turns and mirrors im as its EXIF orientation asks for.
func upright(im *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return im
	}
	w, h := im.Bounds().Dx(), im.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := turned(x, y, w, h, orientation)
			out.SetRGBA(tx, ty, im.RGBAAt(x, y))
		}
	}
	return out
}

// turned is where the pixel at x, y of an image of w × h is to be seen.
func turned(x, y, w, h, orientation int) (int, int) {
	switch orientation {
	case 2: // mirrored
		return w - 1 - x, y
	case 3: // upside down
		return w - 1 - x, h - 1 - y
	case 4: // both
		return x, h - 1 - y
	case 5: // mirrored, then turned left
		return y, x
	case 6: // to be turned right
		return h - 1 - y, x
	case 7: // mirrored, then turned right
		return h - 1 - y, w - 1 - x
	case 8: // to be turned left
		return y, w - 1 - x
	}
	return x, y
}
