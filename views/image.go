package views

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"soshik/internal/kakao"
	"soshik/models"
)

// ImageLibrary is what the page of a team's images shows.
type ImageLibrary struct {
	Images   []models.Image
	Filter   models.ImageFilter
	Count    int   // that the filter lets through, up to one more than models.CountedImages
	Next     int64 // where the next page begins behind; 0: there is none
	Any      bool  // the library has an image, whatever the filter says
	Uses     map[int64]models.UseCount
	Here     map[int64]bool       // of which the appkey's provider holds a copy
	Unkept   []models.ImageUpload // that only the provider has, at most MaxUnkept and one more
	Listing  models.ImageListing
	NoSender bool          // the appkey is known to have none, so that nothing can be uploaded
	Wide     bool          // as was chosen for what was uploaded
	Results  []ImageResult // of what was uploaded
}

const (
	// MaxUnkept is how many images are shown that only the provider has.
	MaxUnkept = 50
	// MaxImages is how many images one form takes.
	MaxImages = 10
	// MaxUses is how many users of an image are shown.
	MaxUses = 50
)

// ImageResult is what became of one file that was uploaded.
type ImageResult struct {
	Name  string       // of the file
	Image models.Image // without an ID if it is not in the library
	Known bool         // it was there already
	Err   error
}

// problem is why the file was not uploaded, the zero Text if it was.
func (r ImageResult) problem() models.Text {
	if r.Err == nil {
		return models.Text{}
	}
	if text := models.FieldText(r.Err, "image"); text.Key != "" {
		return text
	}
	return models.TextOf(r.Err)
}

// ImageView is what the page of one image shows.
type ImageView struct {
	models.Image

	Uploads []models.ImageUpload // of every appkey
	Uses    []models.ImageUse    // at most MaxUses and one more
	Count   models.UseCount
	By      string // who uploaded it; empty: it was fetched
	// NoSender says that the appkey is known to have none, so that nothing can be
	// uploaded.
	NoSender bool
}

// imageCopy is how an appkey's provider stands to an image.
type imageCopy struct {
	appkey  models.Appkey
	uploads []models.ImageUpload // the newest first
}

// live are the copies that the provider holds.
func (c imageCopy) live() []models.ImageUpload {
	return slices.DeleteFunc(slices.Clone(c.uploads), func(u models.ImageUpload) bool { return u.GoneAt != nil })
}

func (v ImageView) copies(p Page) []imageCopy {
	var found []imageCopy
	for _, k := range p.Appkeys {
		c := imageCopy{appkey: k}
		for _, u := range v.Uploads {
			if u.AppkeyID == k.ID {
				c.uploads = append(c.uploads, u)
			}
		}
		found = append(found, c)
	}
	return found
}

// ImageDeletion is what the form shows that has images deleted.
type ImageDeletion struct {
	Images  []models.Image
	Uploads []models.ImageUpload // only the provider has them
	Uses    []models.ImageUse
	Anyway  bool // as it was ticked
	Failed  []ImageFailure
	Deleted int // images that are gone, where some could not be deleted
}

// ImageFailure is an image that could not be deleted.
type ImageFailure struct {
	Name   string
	Appkey string
	Why    models.Text
}

// usesOf are the uses of one image.
func (d ImageDeletion) usesOf(id int64) []models.ImageUse {
	return slices.DeleteFunc(slices.Clone(d.Uses), func(u models.ImageUse) bool { return u.ImageID != id })
}

// imageRefreshPath is where all images of an appkey are listed anew.
func imageRefreshPath(appkeyID int64) string { return ImagesPath(appkeyID) + "/refresh" }

// imageDeletePath asks whether images are to be deleted.
func imageDeletePath(appkeyID int64) string { return ImagesPath(appkeyID) + "/delete" }

// imageUploadPath uploads an image of the library with another appkey.
func imageUploadPath(appkeyID, imageID int64) string { return ImagePath(appkeyID, imageID) + "/upload" }

func deleteImagePath(appkeyID, imageID int64) string {
	return fmt.Sprintf("%s?image=%d", imageDeletePath(appkeyID), imageID)
}

// pagePath is the page behind the image with the id after.
func (l ImageLibrary) pagePath(p Page, after int64) string {
	q := url.Values{}
	for name, value := range map[string]string{"q": l.Filter.Name, "kind": string(l.Filter.Shape)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if after > 0 {
		q.Set("after", strconv.FormatInt(after, 10))
	}
	if len(q) == 0 {
		return ImagesPath(p.Appkey.ID)
	}
	return ImagesPath(p.Appkey.ID) + "?" + q.Encode()
}

// found says how many images there are, or more.
func (l ImageLibrary) found() models.Text {
	if l.Count > models.CountedImages {
		return models.T("image.count_more", "Count", models.CountedImages)
	}
	return models.T("image.count", "Count", l.Count)
}

func imageShapes(p Page) []Option {
	var options []Option
	for _, s := range models.ImageShapes() {
		options = append(options, Option{string(s), p.T("image.shape." + cmp.Or(string(s), "all"))})
	}
	return options
}

// imageKind is what an image does to messages.
func imageKind(p Page, wide bool) string {
	if wide {
		return p.T("image.shape.wide")
	}
	return p.T("image.shape.normal")
}

// imageRules is what an image has to keep to, and what a message with it has to.
func imageRules(p Page, wide bool) string {
	key, text, buttons := "image.rules.normal", kakao.MaxContentImage, kakao.MaxButtons
	if wide {
		key, text, buttons = "image.rules.wide", kakao.MaxContentWide, kakao.MaxButtonsWide
	}
	return p.T(key, "Width", kakao.MinImageWidth, "Height", kakao.MinImageHeight, "Text", text, "Buttons", buttons)
}

// imageSize is a number of bytes.
func imageSize(p Page, n int) string {
	if n >= 1<<20 {
		return p.T("image.megabytes", "Size", strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64))
	}
	return p.T("image.kilobytes", "Size", max(n>>10, 1))
}

// listingText says how far the listing has come.
func listingText(l models.ImageListing) models.Text {
	switch {
	case l.Missing > 0:
		return models.T("image.running_fetch", "Count", l.Fetched, "Total", l.Missing)
	case l.Total == 0:
		return models.T("image.running_begins")
	}
	return models.T("image.running_count", "Count", l.ReadCount, "Total", l.Total)
}

// listingSteps is how far the listing has come, as a bar shows it; of 0 is unknown.
func listingSteps(l models.ImageListing) (done, of int) {
	if l.Missing > 0 {
		return l.Fetched, l.Missing
	}
	return l.ReadCount, l.Total
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

// usePath is where what uses an image is to be seen.
func usePath(u models.ImageUse) string {
	if u.Place == models.PlaceTemplate {
		return fmt.Sprintf("%s/templates/%d", AppkeyPath(u.AppkeyID), u.PlaceID)
	}
	return campaignLink(models.Campaign{ID: u.PlaceID, AppkeyID: u.AppkeyID, State: u.State})
}

// useName is the name of something that uses an image.
func useName(p Page, u models.ImageUse) string {
	if u.Name == "" {
		return p.T("compose.unnamed")
	}
	return u.Name
}
