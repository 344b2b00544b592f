package kakao

// What an image may be: JPEG or PNG, at most so many bytes, so many pixels wide
// and high, and so wide for its height. The recommended size of a wide image,
// 800 × 600, is advice.
const (
	MaxImageBytes         = 5 << 20 // of FriendTalk
	MaxTemplateImageBytes = 2 << 20 // of a BrandTalk template
	MinImageWidth         = 500     // pixels
	MinImageHeight        = 250     // pixels, of FriendTalk
	MaxImageName          = 255     // characters of a file's name
)

// An image's height is at least half its width, and at most 4/3 of it, or as much as
// it for a wide image.
const (
	MinImageRatio     = 1.0 / 2
	MaxImageRatio     = 4.0 / 3
	MaxWideImageRatio = 1.0
)
