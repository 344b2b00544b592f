package actions

import (
	"context"
	"errors"
	"maps"
	"slices"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// DeleteImages is what is filled in to have images deleted.
type DeleteImages struct {
	Images  []int64 // of the library
	Uploads []int   // numbers of images that only the appkey's provider has
	Anyway  bool    // although they are used
}

const (
	// MaxDeleted is how many images can be deleted at once.
	MaxDeleted = 200
	// deletedAtOnce is how many images one call names, which stand in its address.
	deletedAtOnce = 50
	// shownUses is how many uses are looked at.
	shownUses = 200
)

// ImageDeletion is what is about to be deleted, or what came of it.
type ImageDeletion struct {
	Images  []models.Image
	Uploads []models.ImageUpload // only the provider has them
	Uses    []models.ImageUse    // of Images, those that are active; not all of very many
	Kept    []KeptImage          // what could not be deleted; the rest is
}

// KeptImage is an image that could not be deleted, and why.
type KeptImage struct {
	Name   string
	Appkey string // whose provider has kept it
	Why    models.Text
}

// ImagesToDelete is what in names, for a person to confirm.
func (s *Service) ImagesToDelete(ctx context.Context, k models.Appkey, in DeleteImages) (d ImageDeletion, err error) {
	if len(in.Images)+len(in.Uploads) > MaxDeleted {
		return d, models.Errorf(models.Invalid, "image.pick_many", "Max", MaxDeleted)
	}
	if d.Images, err = s.DB.ImagesWith(ctx, k.TeamID, in.Images); err != nil {
		return d, err
	}
	if d.Uploads, err = s.DB.UnkeptUploadsWith(ctx, k.ID, in.Uploads); err != nil {
		return d, err
	}
	if len(d.Images)+len(d.Uploads) == 0 {
		return d, models.Errorf(models.Invalid, "image.pick_none")
	}
	uses, err := s.DB.ImageUses(ctx, idsOf(d.Images), shownUses)
	d.Uses = models.ActiveUses(uses)
	return d, err
}

func idsOf(is []models.Image) []int64 {
	ids := make([]int64, len(is))
	for n, i := range is {
		ids[n] = i.ID
	}
	return ids
}

// DeleteImages has images deleted at the provider, under every appkey of the team that
// it has a copy for, and takes them out of the library. An image of which a copy is left
// stays there. The originals are kept: what refers to them still shows them, and is sent
// with a copy that is uploaded then. While an image is used, it is refused with
// [models.Conflict] unless in.Anyway.
func (s *Service) DeleteImages(ctx context.Context, by models.Actor, k models.Appkey, in DeleteImages) (d ImageDeletion, err error) {
	if err := by.May(models.ManageCampaigns); err != nil {
		return d, err
	}
	if d, err = s.ImagesToDelete(ctx, k, in); err != nil {
		return d, err
	}
	if len(d.Uses) > 0 && !in.Anyway {
		return d, &models.Error{Kind: models.Conflict, Key: "error.invalid", Fields: map[string]models.Text{"anyway": models.T("image.delete.used", "Count", len(d.Uses))}}
	}
	copies, err := s.DB.LiveUploads(ctx, idsOf(d.Images))
	if err != nil {
		return d, err
	}
	byAppkey := map[int64][]models.ImageUpload{}
	for _, u := range slices.Concat(copies, d.Uploads) {
		byAppkey[u.AppkeyID] = append(byAppkey[u.AppkeyID], u)
	}
	ctx = context.WithoutCancel(ctx) // what the provider has done is recorded
	left := map[int64]bool{}         // images of which there is a copy
	for _, appkeyID := range slices.Sorted(maps.Keys(byAppkey)) {
		kept, err := s.deleteUploads(ctx, by, appkeyID, byAppkey[appkeyID], left)
		if err != nil {
			return d, err
		}
		d.Kept = append(d.Kept, kept...)
	}
	return d, s.hideImages(ctx, by, k, d, left)
}

// deleteUploads has copies deleted that an appkey's provider holds, records what came
// of it, and adds the images to left of which one could not be deleted.
func (s *Service) deleteUploads(ctx context.Context, by models.Actor, appkeyID int64, us []models.ImageUpload, left map[int64]bool) (kept []KeptImage, err error) {
	k, err := s.DB.Appkey(ctx, appkeyID)
	if err != nil {
		return nil, err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return nil, err
	}
	refused := map[int]error{}
	for chunk := range slices.Chunk(us, deletedAtOnce) {
		maps.Copy(refused, deleteSeqs(ctx, client, seqsOf(chunk)))
	}
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		var gone []int
		for _, u := range us {
			if err := tx.Audit(ctx, by, uploadDeleted(k, u, refused[u.Seq])); err != nil {
				return err
			}
			if refused[u.Seq] == nil {
				gone = append(gone, u.Seq)
			}
		}
		return tx.LoseUploads(ctx, k.ID, gone, s.Now())
	})
	for _, u := range us {
		if cause := refused[u.Seq]; cause != nil {
			left[u.ImageID] = true
			kept = append(kept, KeptImage{u.Name, k.Name, models.TextOf(explain(cause))})
		}
	}
	return kept, err
}

// uploadDeleted is what the audit log keeps of a copy that has been deleted or, because
// of err, has not.
func uploadDeleted(k models.Appkey, u models.ImageUpload, err error) models.Event {
	e := imageEvent("image.delete_copy", k, models.Image{ID: u.ImageID, Name: u.Name})
	e.Before = copied{u.Seq}
	if err != nil {
		e.Outcome, e.After = models.OutcomeFailed, failure(err)
	}
	return e
}

// hideImages takes those images of d out of the library of which no copy is left.
func (s *Service) hideImages(ctx context.Context, by models.Actor, k models.Appkey, d ImageDeletion, left map[int64]bool) error {
	gone := slices.DeleteFunc(slices.Clone(d.Images), func(i models.Image) bool { return left[i.ID] })
	if len(gone) == 0 {
		return nil
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		for _, i := range gone {
			e := imageEvent("image.delete", k, i)
			e.Before = factsOf(i)
			if users := usersOf(d.Uses, i.ID); len(users) > 0 {
				e.After = struct {
					Used []string `json:"used_by"`
				}{users}
			}
			if err := tx.Audit(ctx, by, e); err != nil {
				return err
			}
		}
		return tx.HideImages(ctx, idsOf(gone), s.Now())
	})
}

func usersOf(us []models.ImageUse, imageID int64) (found []string) {
	for _, u := range us {
		if u.ImageID == imageID && len(found) < maxNames {
			found = append(found, u.Name)
		}
	}
	return found
}

func seqsOf(us []models.ImageUpload) []int {
	seqs := make([]int, len(us))
	for n, u := range us {
		seqs[n] = u.Seq
	}
	return seqs
}

// deleteSeqs has images deleted, and says which were not. The provider deletes all that
// a call names or none, so where it is about one of them, halves are tried.
func deleteSeqs(ctx context.Context, client *nhn.Client, seqs []int) map[int]error {
	err := client.DeleteImages(ctx, seqs...)
	answer, ok := errors.AsType[*nhn.Error](err)
	switch {
	case err == nil:
		return nil
	case ok && (answer.Code == kakao.CodeImageNotFound || answer.Code == kakao.CodeImageUndeletable):
		if len(seqs) > 1 {
			refused := map[int]error{}
			for half := range slices.Chunk(seqs, (len(seqs)+1)/2) {
				maps.Copy(refused, deleteSeqs(ctx, client, half))
			}
			return refused
		}
		if answer.Code == kakao.CodeImageNotFound {
			return nil // it is gone already
		}
	case ok && answer.InDoubt():
		return stillListed(ctx, client, seqs, err)
	}
	return all(seqs, err)
}

func all(seqs []int, err error) map[int]error {
	refused := map[int]error{}
	for _, seq := range seqs {
		refused[seq] = err
	}
	return refused
}

// stillListed looks images up whose deletion is in doubt because of err.
func stillListed(ctx context.Context, client *nhn.Client, seqs []int, err error) map[int]error {
	refused := map[int]error{}
	for im, lookErr := range client.AllImages(ctx) {
		if lookErr != nil {
			return all(seqs, &models.Error{Kind: models.Upstream, Key: "image.delete.doubt", Err: errors.Join(err, lookErr)})
		}
		if slices.Contains(seqs, im.Seq) {
			refused[im.Seq] = &models.Error{Kind: models.Upstream, Key: "image.delete.still_there", Err: err}
		}
	}
	return refused
}
