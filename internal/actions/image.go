package actions

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// NoSender is the key of what is told when an appkey has no registered sender yet, so
// that the provider takes no images. Pages add where to register one.
const NoSender = "image.no_sender"

var errNoSender = models.Errorf(models.Conflict, NoSender)

func imageEvent(action string, k models.Appkey, i models.Image) models.Event {
	return models.Event{Action: action, TeamID: k.TeamID, AppkeyID: k.ID, ObjectType: "image", ObjectID: i.ID, ObjectName: i.Name}
}

// imageFacts is what the audit log keeps of an image.
type imageFacts struct {
	Hash   string `json:"hash"`
	Wide   bool   `json:"wide"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Size   int    `json:"bytes"`
}

func factsOf(i models.Image) imageFacts { return imageFacts{i.Hash, i.Wide, i.Width, i.Height, i.Size} }

// copied is what the audit log keeps of an upload.
type copied struct {
	Seq int `json:"image_seq"`
}

// UploadedImage is an image that has been uploaded.
type UploadedImage struct {
	models.Image

	Seq   int  // names it at the provider of the appkey
	Known bool // it was there already, in the library and at the provider
}

// UploadImage takes an image into the library of k's team, and uploads it with k. It is
// checked before anybody is asked, and kept before the provider is: so nothing is lost
// with a call whose answer is, and what has arrived all the same is recognised by its
// bytes when the images are listed. What the provider refuses for what it is does not
// stay in the library; otherwise the image does, also when it is returned with an error,
// and can be uploaded later.
func (s *Service) UploadImage(ctx context.Context, by models.Actor, k models.Appkey, name string, b []byte, wide bool) (up UploadedImage, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return up, err
	}
	if err := s.needSender(ctx, k); err != nil {
		return up, err
	}
	i, file, err := s.readImage(b, wide)
	if err != nil {
		return up, err
	}
	i.TeamID, i.Name, i.CreatedBy, i.CreatedAt = k.TeamID, models.ImageName(name, i.Format), by.User.ID, s.Now().UTC()
	ctx = context.WithoutCancel(ctx) // what the provider has done is recorded
	put, err := s.keepImage(ctx, by, k, &i, file)
	if err != nil {
		return up, err
	}
	seq, fresh, err := s.uploadCopy(ctx, by, k, i, func() (models.ImageFile, error) { return file, nil })
	if err != nil && isUnfit(err) {
		err = errors.Join(err, s.DB.Tx(ctx, func(tx *models.DB) error { return tx.WithdrawImage(ctx, i.ID, put, s.Now()) }))
		i.ID = 0
	}
	return UploadedImage{i, seq, put == models.ImageKnown && !fresh}, err
}

// needSender says so when no image can be uploaded with k.
func (s *Service) needSender(ctx context.Context, k models.Appkey) error {
	lacks, err := s.DB.LacksSender(ctx, k.ID)
	if err == nil && lacks {
		err = errNoSender
	}
	return err
}

// readImage holds bytes to the rules, and makes of them what the library keeps.
func (s *Service) readImage(b []byte, wide bool) (i models.Image, f models.ImageFile, err error) {
	if i, err = models.CheckImage(models.Image{Wide: wide}.Kind(), b); err != nil {
		return i, f, err
	}
	s.drawing.Lock()
	defer s.drawing.Unlock()
	thumbnail, err := models.Thumbnail(b)
	i.Wide = wide
	return i, models.ImageFile{Original: b, Thumbnail: thumbnail}, err
}

// keepImage puts an image into the library.
func (s *Service) keepImage(ctx context.Context, by models.Actor, k models.Appkey, i *models.Image, f models.ImageFile) (put models.ImagePut, err error) {
	err = s.DB.Tx(ctx, func(tx *models.DB) (err error) {
		if put, err = tx.PutImage(ctx, i, f); err != nil || put == models.ImageKnown {
			return err
		}
		e := imageEvent("image.add", k, *i)
		e.After = factsOf(*i)
		return tx.Audit(ctx, by, e)
	})
	return put, err
}

// unfit are the codes by which the provider refuses an image for what it is.
var unfit = []int{kakao.CodeImageSize, kakao.CodeImageType, kakao.CodeImageBroken}

func isUnfit(err error) bool {
	e, ok := errors.AsType[*nhn.Error](err)
	return ok && slices.Contains(unfit, e.Code)
}

// EnsureUploaded sees to it that k's provider holds an image of the team, and returns
// the number that names it there: that of its newest copy, or of one that is uploaded
// now. Several may ask at once; should two processes upload it at the same time, either
// copy will do.
func (s *Service) EnsureUploaded(ctx context.Context, k models.Appkey, imageID int64) (seq int, err error) {
	return s.ensureUploaded(ctx, models.Actor{}, k, imageID)
}

// UploadCopy is [Service.EnsureUploaded] for a person who asks for it.
func (s *Service) UploadCopy(ctx context.Context, by models.Actor, k models.Appkey, i models.Image) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	if err := s.needSender(ctx, k); err != nil {
		return err
	}
	_, err := s.ensureUploaded(ctx, by, k, i.ID)
	return err
}

func (s *Service) ensureUploaded(ctx context.Context, by models.Actor, k models.Appkey, imageID int64) (seq int, err error) {
	i, err := s.DB.Image(ctx, k.TeamID, imageID)
	if err != nil {
		return 0, err
	}
	seq, _, err = s.uploadCopy(context.WithoutCancel(ctx), by, k, i, func() (models.ImageFile, error) {
		return s.DB.ImageFile(ctx, k.TeamID, i.ID)
	})
	return seq, err
}

// uploadCopy uploads i with k unless its provider holds it already; fresh says that it
// did not. What the provider holds is in the library.
func (s *Service) uploadCopy(ctx context.Context, by models.Actor, k models.Appkey, i models.Image, read func() (models.ImageFile, error)) (seq int, fresh bool, err error) {
	done := s.uploading.take(turn{k.ID, i.ID})
	defer done()
	known, found, err := s.DB.ImageUpload(ctx, k.ID, i.ID)
	if err != nil || found {
		return known.Seq, false, err
	}
	file, err := read()
	if err != nil {
		return 0, true, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return 0, true, err
	}
	e := imageEvent("image.upload", k, i)
	n, err := client.UploadImage(ctx, i.Name, bytes.NewReader(file.Original), i.Wide)
	if err != nil {
		return 0, true, s.notUploaded(ctx, by, k, e, err)
	}
	e.After = copied{n.Seq}
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if _, err := tx.PutImage(ctx, &i, file); err != nil { // it may have been taken out meanwhile
			return err
		}
		now := s.Now()
		return tx.SaveUpload(ctx, models.ImageUpload{
			AppkeyID: k.ID, Seq: n.Seq, ImageID: i.ID, URL: n.URL, Name: n.Name, Wide: i.Wide, CreatedAt: now, CheckedAt: now,
		})
	})
	return n.Seq, true, err
}

// notUploaded records that an upload has failed, and says why. Where nobody knows
// whether it has, the provider's list is asked for.
func (s *Service) notUploaded(ctx context.Context, by models.Actor, k models.Appkey, e models.Event, err error) error {
	answer, ok := errors.AsType[*nhn.Error](err)
	switch {
	case ok && answer.Code == kakao.CodeNoSender:
		err = &models.Error{Kind: models.Conflict, Key: NoSender, Err: err}
	case ok && answer.InDoubt():
		if err := s.askListing(ctx, models.Actor{}, k); err != nil {
			return err
		}
		err = &models.Error{Kind: models.Upstream, Key: "image.in_doubt", Err: err}
	}
	return s.failed(ctx, by, e, err)
}
