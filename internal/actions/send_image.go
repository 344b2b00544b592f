package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"soshik/internal/nhn"
	"soshik/models"
)

// errImageMissing says that the provider of a campaign's appkey does not hold the
// campaign's image, or not any more.
var errImageMissing = errors.New("the provider does not hold the image")

// imageSeq is what names the image of c to the provider, 0 if its messages carry
// none. It fails with errImageMissing.
func (s *Service) imageSeq(ctx context.Context, db *models.DB, c models.Campaign) (int, error) {
	if c.Content.Image == nil || !channelOf(c.Channel).carriesImages() {
		return 0, nil
	}
	upload, found, err := db.ImageUpload(ctx, c.AppkeyID, c.Content.Image.ID)
	if err == nil && !found {
		err = errImageMissing
	}
	return upload.Seq, err
}

// uploadImageOf sees to it that the provider holds the image of c, if its messages
// carry one.
func (s *Service) uploadImageOf(ctx context.Context, c models.Campaign) error {
	if _, err := s.imageSeq(ctx, s.DB, c); !errors.Is(err, errImageMissing) {
		return err
	}
	k, err := s.DB.Appkey(ctx, c.AppkeyID)
	if err != nil {
		return err
	}
	_, err = s.EnsureUploaded(ctx, k, c.Content.Image.ID)
	return err
}

// uploadFirst uploads the image of a planned batch that nobody has claimed, since a
// claim is for one request. ready says that it can be claimed now. What may succeed
// later is tried later; what may not pauses the campaign.
func (s *Service) uploadFirst(ctx context.Context, batchID int64) (ready bool, err error) {
	d, err := readDelivery(ctx, s.DB, batchID)
	if err != nil {
		return false, err
	}
	failed := s.uploadImageOf(ctx, d.campaign)
	if failed == nil {
		return true, nil
	}
	answer, _ := errors.AsType[*nhn.Error](failed)
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		if triedLater(failed) {
			return tx.SetBatch(ctx, batchID, map[string]any{"due_at": s.Now().Add(cmp.Or(answer.RetryAfter, retryNotSent)).UTC(), "job_id": 0})
		}
		return s.pause(ctx, tx, d.campaign, "hold.image", codeOf(answer))
	})
	return false, errors.Join(err, fmt.Errorf("image of batch %d: %w", batchID, failed))
}

// triedLater reports whether an upload that failed because of err is worth trying
// again by itself.
func triedLater(err error) bool {
	answer, ok := errors.AsType[*nhn.Error](err)
	return ok && answer.Temporary()
}

func codeOf(answer *nhn.Error) int {
	if answer == nil {
		return 0
	}
	return answer.Code
}
