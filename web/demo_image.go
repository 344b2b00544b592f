package web

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"path"
)

// demoImage is an image of the demo's library: discs before a sky.
type demoImage struct {
	name          string
	width, height int
	wide          bool
	top, bottom   color.RGBA // of the sky
	discs         []disc
}

// disc is a shape on an image; lengths are in hundredths of its height, from the
// middle.
type disc struct {
	x, y, radius int
	color        color.RGBA
}

// demoImages are the demo's images, the oldest first.
func demoImages() []demoImage {
	white, cream := color.RGBA{255, 255, 255, 255}, color.RGBA{255, 244, 214, 255}
	return []demoImage{
		{
			name: "회원-쿠폰.png", width: 800, height: 800, top: color.RGBA{36, 59, 122, 255}, bottom: color.RGBA{95, 61, 156, 255},
			discs: []disc{{0, 0, 34, cream}, {0, 0, 27, color.RGBA{232, 142, 73, 255}}, {-34, 0, 7, color.RGBA{66, 60, 139, 255}}, {34, 0, 7, color.RGBA{66, 60, 139, 255}}},
		},
		{
			name: "새벽-배송-와이드.jpg", width: 800, height: 600, wide: true, top: color.RGBA{20, 78, 122, 255}, bottom: color.RGBA{246, 178, 107, 255},
			discs: []disc{{0, 48, 30, color.RGBA{255, 214, 130, 255}}, {-42, 62, 34, color.RGBA{33, 94, 97, 255}}, {46, 70, 42, color.RGBA{27, 76, 86, 255}}},
		},
		{
			name: "봄맞이-할인.jpg", width: 800, height: 400, top: color.RGBA{255, 214, 224, 255}, bottom: color.RGBA{255, 240, 205, 255},
			discs: []disc{
				{-56, -18, 15, color.RGBA{242, 140, 165, 255}}, {-37, -4, 15, color.RGBA{242, 140, 165, 255}}, {-44, 19, 15, color.RGBA{242, 140, 165, 255}},
				{-68, 19, 15, color.RGBA{242, 140, 165, 255}}, {-75, -4, 15, color.RGBA{242, 140, 165, 255}}, {-56, 4, 9, cream},
				{52, 0, 30, white}, {52, 0, 25, color.RGBA{240, 98, 112, 255}},
			},
		},
	}
}

// draw makes the file that the image's name stands for.
func (d demoImage) draw() ([]byte, error) {
	im := image.NewRGBA(image.Rect(0, 0, d.width, d.height))
	for y := range d.height {
		sky := color.RGBA{between(d.top.R, d.bottom.R, y, d.height), between(d.top.G, d.bottom.G, y, d.height), between(d.top.B, d.bottom.B, y, d.height), 255}
		for x := range d.width {
			im.SetRGBA(x, y, d.at(x, y, sky))
		}
	}
	var b bytes.Buffer
	if path.Ext(d.name) == ".png" {
		err := png.Encode(&b, im)
		return b.Bytes(), err
	}
	err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 90})
	return b.Bytes(), err
}

// at is the colour of a pixel: of the last disc that it is in, else of the sky.
func (d demoImage) at(x, y int, sky color.RGBA) color.RGBA {
	c := sky
	for _, s := range d.discs {
		dx, dy, r := x-d.width/2-s.x*d.height/100, y-d.height/2-s.y*d.height/100, s.radius*d.height/100
		if dx*dx+dy*dy < r*r {
			c = s.color
		}
	}
	return c
}

// between is the level at step of steps on the way from one to another.
func between(from, to uint8, step, steps int) uint8 {
	return uint8(int(from) + (int(to)-int(from))*step/steps) //nolint:gosec // lies between two bytes
}
