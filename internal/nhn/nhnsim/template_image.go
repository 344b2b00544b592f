package nhnsim

import (
	"bytes"
	"image"
	_ "image/jpeg" // registers the decoder
	_ "image/png"  // registers the decoder

	"soshik/internal/kakao"
)

// maxTemplatePixels bounds what is decoded in full: a small file may unfold to
// gigabytes.
const maxTemplatePixels = 40_000_000

// templateImageCode returns the code that the file of a template's image is refused
// with, or 0. What kind of image it is follows from its bytes, not from its name.
func templateImageCode(file []byte, wide bool) int {
	switch {
	case len(file) > kakao.MaxTemplateImageBytes:
		return kakao.CodeImageSize
	case templateImageType(file) == "":
		return kakao.CodeImageType
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || !templateImageFits(head.Width, head.Height, wide) || head.Width*head.Height > maxTemplatePixels {
		return kakao.CodeImageBroken
	}
	if _, _, err := image.Decode(bytes.NewReader(file)); err != nil {
		return kakao.CodeImageBroken
	}
	return 0
}

// templateImageType is the ending of a file's name, or "" for what is neither JPEG
// nor PNG.
func templateImageType(file []byte) string {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		return ".jpg"
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return ".png"
	}
	return ""
}

func templateImageFits(width, height int, wide bool) bool {
	ratio, highest := float64(height)/float64(width), kakao.MaxImageRatio
	if wide {
		highest = kakao.MaxWideImageRatio
	}
	return width >= kakao.MinImageWidth && ratio >= kakao.MinImageRatio && ratio <= highest
}
