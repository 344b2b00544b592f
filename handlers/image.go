package handlers

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// imagesPerPage is how many images a page of the library shows.
const imagesPerPage = 48

// ListImages shows the image library, narrowed as the URL asks; or only the images,
// while somebody types.
func (h *Handlers) ListImages(w http.ResponseWriter, r *http.Request) error {
	return h.showImages(w, r, views.ImageLibrary{}, nil)
}

// showImages shows the library with what l says of an upload already.
func (h *Handlers) showImages(w http.ResponseWriter, r *http.Request, l views.ImageLibrary, err error) error {
	if readErr := h.readLibrary(r, &l); readErr != nil {
		return readErr
	}
	p := h.page(r, "nav.images")
	if partial(r) {
		return h.RenderForm(w, r, err, views.ImageList(p, l))
	}
	if l.Listing.State == models.RefreshRunning {
		p.Refresh = refreshWithoutScript
	}
	return h.RenderForm(w, r, err, views.ImagesPage(p, l, err))
}

// imageFilter is what the URL asks for; what it does not know leaves nothing out.
func imageFilter(r *http.Request) models.ImageFilter {
	q := r.URL.Query()
	f := models.ImageFilter{Name: strings.TrimSpace(q.Get("q")), After: after(r)}
	if shape := models.ImageShape(q.Get("kind")); slices.Contains(models.ImageShapes(), shape) {
		f.Shape = shape
	}
	return f
}

func (h *Handlers) readLibrary(r *http.Request, l *views.ImageLibrary) (err error) {
	ctx, v := r.Context(), h.visit(r)
	l.Filter = imageFilter(r)
	if l.Listing, err = h.db.ImageListing(ctx, v.appkey.ID); err != nil {
		return err
	}
	if l.NoSender, err = h.db.LacksSender(ctx, v.appkey.ID); err != nil {
		return err
	}
	if l.Unkept, err = h.db.UnkeptUploads(ctx, v.appkey.ID, views.MaxUnkept+1); err != nil {
		return err
	}
	if l.Count, err = h.db.CountImages(ctx, v.team.ID, l.Filter); err != nil {
		return err
	}
	l.Any = l.Count > 0
	if !l.Any && l.Filter.Narrow() {
		n, err := h.db.CountImages(ctx, v.team.ID, models.ImageFilter{})
		if l.Any = n > 0; err != nil {
			return err
		}
	}
	if l.Images, err = h.db.Images(ctx, v.team.ID, l.Filter, imagesPerPage+1); err != nil {
		return err
	}
	if len(l.Images) > imagesPerPage {
		l.Images = l.Images[:imagesPerPage]
		l.Next = l.Images[imagesPerPage-1].ID
	}
	ids := make([]int64, len(l.Images))
	for n, i := range l.Images {
		ids[n] = i.ID
	}
	if l.Uses, err = h.db.CountImageUses(ctx, ids); err != nil {
		return err
	}
	l.Here, err = h.db.UploadedImages(ctx, v.appkey.ID, ids)
	return err
}

// UploadImages takes the images of a form, one after the other. Asked for a part, it
// takes one and answers what became of it.
func (h *Handlers) UploadImages(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	l, err := h.takeImages(w, r)
	p := h.page(r, "nav.images")
	if partial(r) {
		if err == nil {
			err = l.Results[0].Err
		} else {
			l.Results = []views.ImageResult{{Err: err}}
		}
		return h.RenderForm(w, r, err, views.ImageLine(p, l.Results[0]))
	}
	if err != nil {
		return h.showImages(w, r, l, err)
	}
	for _, result := range l.Results {
		if result.Err != nil {
			return h.showImages(w, r, l, models.Errorf(models.Invalid, "image.some_failed"))
		}
	}
	return h.Redirect(w, r, views.ImagesPath(v.appkey.ID), models.T("image.uploaded", "Count", len(l.Results)))
}

var (
	errNoImage       = models.Errorf(models.Invalid, "image.choose")
	errTooManyImages = models.Errorf(models.Invalid, "image.too_many", "Max", views.MaxImages, "Size", kakao.MaxImageBytes>>20)
	errImageNotRead  = models.Errorf(models.Invalid, "image.not_read")
)

// takeImages uploads the images of a form, whose kind stands before them. It reads no
// further than to the first one that is too large, and holds one at a time in memory.
func (h *Handlers) takeImages(w http.ResponseWriter, r *http.Request) (l views.ImageLibrary, err error) {
	most := 1
	if !partial(r) {
		most = views.MaxImages
	}
	limit := int64(most)*kakao.MaxImageBytes + formSlack
	if r.ContentLength > limit {
		if most == 1 {
			return l, tooLargeImage()
		}
		return l, errTooManyImages
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	parts, err := r.MultipartReader()
	if err != nil {
		return l, errors.Join(errNoImage, err)
	}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF) && len(l.Results) > 0:
			return l, nil
		case errors.Is(err, io.EOF):
			return l, errNoImage
		case err != nil:
			return l, errors.Join(errImageNotRead, err)
		case part.FormName() == "wide":
			b, err := io.ReadAll(io.LimitReader(part, 16))
			if l.Wide = len(b) > 0; err != nil {
				return l, errors.Join(errImageNotRead, err)
			}
		case part.FormName() == "image" && part.FileName() != "":
			if len(l.Results) == most {
				return l, errTooManyImages
			}
			result := h.takeImage(r, part, l.Wide)
			if l.Results = append(l.Results, result); errors.Is(result.Err, errCutOff) {
				return l, nil
			}
		}
	}
}

// errCutOff marks an image of which not all has been read.
var errCutOff = errors.New("the rest of the form is not read")

func tooLargeImage() error {
	return &models.Error{
		Kind: models.Invalid, Key: "error.invalid", Err: errCutOff,
		Fields: map[string]models.Text{"image": models.TooLargeImage(kakao.MaxImageBytes)},
	}
}

// takeImage uploads one image of a form.
func (h *Handlers) takeImage(r *http.Request, part *multipart.Part, wide bool) views.ImageResult {
	result := views.ImageResult{Name: fileName(part)}
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(part, kakao.MaxImageBytes+1))
	switch {
	case n > kakao.MaxImageBytes:
		result.Err = tooLargeImage()
		return result
	case err != nil:
		result.Err = errors.Join(errImageNotRead, errCutOff, err)
		return result
	}
	v := h.visit(r)
	up, err := h.actions.UploadImage(r.Context(), v.actor, v.appkey, result.Name, b.Bytes(), wide)
	result.Image, result.Known, result.Err = up.Image, up.Known, err
	return result
}

// RefreshImages has the images listed by the provider. How that failed is on the page
// of the images, for everybody.
func (h *Handlers) RefreshImages(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	if err := h.actions.AskListing(r.Context(), v.actor, v.appkey); err != nil {
		return err
	}
	last, err := h.actions.AwaitListing(r.Context(), v.appkey.ID, refreshPatience)
	if err != nil {
		return err
	}
	var flash models.Text
	if last.State == models.RefreshDone {
		flash = models.T("image.refreshed", "Count", last.ReadCount)
	}
	return h.Redirect(w, r, views.ImagesPath(v.appkey.ID), flash)
}

// ShowListing is how far the listing of the images has come: a part of their page.
func (h *Handlers) ShowListing(w http.ResponseWriter, r *http.Request) error {
	k := h.visit(r).appkey
	if !partial(r) {
		return h.Redirect(w, r, views.ImagesPath(k.ID), models.Text{})
	}
	last, err := h.db.ImageListing(r.Context(), k.ID)
	if err != nil {
		return err
	}
	return h.Render(w, r, http.StatusOK, views.ListingStatus(h.page(r, "nav.images"), last, true))
}

// image is the one that the URL names.
func (h *Handlers) image(r *http.Request) (models.Image, error) {
	id, err := pathID(r, "image")
	if err != nil {
		return models.Image{}, err
	}
	return h.db.Image(r.Context(), h.visit(r).team.ID, id)
}

// ShowImage is one image, where it is, and who uses it.
func (h *Handlers) ShowImage(w http.ResponseWriter, r *http.Request) error {
	i, err := h.image(r)
	if err != nil {
		return err
	}
	return h.showImage(w, r, i, nil)
}

func (h *Handlers) showImage(w http.ResponseWriter, r *http.Request, i models.Image, err error) error {
	ctx, view := r.Context(), views.ImageView{Image: i}
	var readErr error
	if view.Uploads, readErr = h.db.ImageUploads(ctx, i.ID); readErr != nil {
		return readErr
	}
	if view.Uses, readErr = h.db.ImageUses(ctx, []int64{i.ID}, views.MaxUses+1); readErr != nil {
		return readErr
	}
	counts, readErr := h.db.CountImageUses(ctx, []int64{i.ID})
	if readErr != nil {
		return readErr
	}
	if view.NoSender, readErr = h.db.LacksSender(ctx, h.visit(r).appkey.ID); readErr != nil {
		return readErr
	}
	view.Count = counts[i.ID]
	if i.CreatedBy != 0 {
		view.By = h.nameOf(ctx, i.CreatedBy)
	}
	return h.RenderForm(w, r, err, views.ImagePage(h.titled(r, i.Name), view, err))
}

// UploadCopy uploads an image of the library with the appkey.
func (h *Handlers) UploadCopy(w http.ResponseWriter, r *http.Request) error {
	i, err := h.image(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	if err := h.actions.UploadCopy(r.Context(), v.actor, v.appkey, i); err != nil {
		return h.showImage(w, r, i, err)
	}
	return h.Redirect(w, r, views.ImagePath(v.appkey.ID, i.ID), models.T("image.uploaded", "Count", 1))
}

// ShowImageFile is an image as it was uploaded.
func (h *Handlers) ShowImageFile(w http.ResponseWriter, r *http.Request) error {
	return h.serveImage(w, r, "", func(i models.Image) ([]byte, error) {
		f, err := h.db.ImageFile(r.Context(), i.TeamID, i.ID)
		return f.Original, err
	})
}

// ShowThumbnail is a small picture of an image.
func (h *Handlers) ShowThumbnail(w http.ResponseWriter, r *http.Request) error {
	return h.serveImage(w, r, "-small", func(i models.Image) ([]byte, error) {
		return h.db.ImageThumbnail(r.Context(), i.TeamID, i.ID)
	})
}

// serveImage answers with bytes that never change under their address, and reads them
// only for a browser that does not have them.
func (h *Handlers) serveImage(w http.ResponseWriter, r *http.Request, suffix string, read func(models.Image) ([]byte, error)) error {
	i, err := h.image(r)
	if err != nil {
		return err
	}
	tag := `"` + i.Hash + suffix + `"`
	header := w.Header()
	header.Set("Cache-Control", "private, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	b, err := read(i)
	if err != nil {
		for _, name := range []string{"Cache-Control", "ETag"} {
			header.Del(name)
		}
		return err
	}
	header.Set("Content-Type", http.DetectContentType(b)) // a thumbnail need not be of the image's type
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	return nil
}

// toDelete is which images the request names.
func toDelete(images, uploads []string) (in actions.DeleteImages) {
	for _, s := range images {
		if id, err := strconv.ParseInt(s, 10, 64); err == nil {
			in.Images = append(in.Images, id)
		}
	}
	for _, s := range uploads {
		if seq, err := strconv.Atoi(s); err == nil {
			in.Uploads = append(in.Uploads, seq)
		}
	}
	return in
}

// ConfirmDeleteImages says what uses images, and asks whether they are to be deleted.
func (h *Handlers) ConfirmDeleteImages(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d, err := h.actions.ImagesToDelete(r.Context(), h.visit(r).appkey, toDelete(q["image"], q["upload"]))
	if err != nil {
		return h.showImages(w, r, views.ImageLibrary{}, err)
	}
	return h.showDeleteImages(w, r, views.ImageDeletion{Images: d.Images, Uploads: d.Uploads, Uses: d.Uses}, nil)
}

// DeleteImages has images deleted by the provider, and takes them out of the library.
func (h *Handlers) DeleteImages(w http.ResponseWriter, r *http.Request) error {
	v, anyway := h.visit(r), checked(r, "anyway")
	in := toDelete(r.PostForm["image"], r.PostForm["upload"])
	in.Anyway = anyway
	d, err := h.actions.DeleteImages(r.Context(), v.actor, v.appkey, in)
	view := views.ImageDeletion{Images: d.Images, Uploads: d.Uploads, Uses: d.Uses, Anyway: anyway}
	switch {
	case err != nil && len(d.Uses) == 0:
		return h.showImages(w, r, views.ImageLibrary{}, err)
	case err != nil:
		return h.showDeleteImages(w, r, view, err)
	case len(d.Kept) == 0:
		return h.Redirect(w, r, views.ImagesPath(v.appkey.ID), models.T("image.delete.done", "Count", len(d.Images)+len(d.Uploads)))
	}
	for _, kept := range d.Kept {
		view.Failed = append(view.Failed, views.ImageFailure(kept))
	}
	left, err := h.actions.ImagesToDelete(r.Context(), v.appkey, in)
	if err != nil {
		return err
	}
	view.Deleted = len(d.Images) + len(d.Uploads) - len(left.Images) - len(left.Uploads)
	view.Images, view.Uploads, view.Uses = left.Images, left.Uploads, left.Uses
	return h.showDeleteImages(w, r, view, models.Errorf(models.Upstream, "image.delete.some_failed"))
}

func (h *Handlers) showDeleteImages(w http.ResponseWriter, r *http.Request, view views.ImageDeletion, err error) error {
	return h.RenderForm(w, r, err, views.DeleteImagesPage(h.page(r, "image.delete.title"), view, err))
}
