package actions

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"soshik/models"
)

// ListImages asks a worker to run [Service.RunListing].
type ListImages struct {
	AppkeyID int64 `json:"appkey_id"`
}

// Kind names the job.
func (ListImages) Kind() string { return "list_images" }

func listings() longTask {
	return longTask{models.ImageListings(), func(id int64) river.JobArgs { return ListImages{AppkeyID: id} }, refreshing()}
}

// listedEvery is how often the images of an appkey are listed without anybody asking.
const listedEvery = 24 * time.Hour

// AskListing has all images that k's provider holds listed, unless that is being done
// already. Then also those are fetched again that could not be had before.
func (s *Service) AskListing(ctx context.Context, by models.Actor, k models.Appkey) error {
	if err := by.May(models.ManageCampaigns); err != nil {
		return err
	}
	return s.askListing(ctx, by, k)
}

func (s *Service) askListing(ctx context.Context, by models.Actor, k models.Appkey) error {
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		now := s.Now()
		started, err := tx.StartListing(ctx, k.ID, by.User.ID, now, now.Add(-stalled))
		if err != nil || !started {
			return err
		}
		if err := s.queue(ctx, tx, listings(), k.ID); err != nil || by.System() {
			return err
		}
		return tx.Audit(ctx, by, models.Event{
			Action: "image.refresh", TeamID: k.TeamID, AppkeyID: k.ID, ObjectType: "appkey", ObjectID: k.ID, ObjectName: k.Name,
		})
	})
}

// AwaitListing waits until no listing of the appkey's images is running any more, but
// not longer than patience, and returns it as it is then.
func (s *Service) AwaitListing(ctx context.Context, appkeyID int64, patience time.Duration) (models.ImageListing, error) {
	return await(ctx, patience, func(ctx context.Context) (models.ImageListing, bool, error) {
		l, err := s.DB.ImageListing(ctx, appkeyID)
		return l, l.State == models.RefreshRunning, err
	})
}

// RunListing lists all images that an appkey's provider holds, notes which are gone, and
// fetches those that were uploaded elsewhere. A failure leaves what was known as it is.
// Interrupted, it begins anew.
func (s *Service) RunListing(ctx context.Context, appkeyID int64) error {
	var l models.ImageListing
	do := func(ctx context.Context, claim string) error {
		var err error
		if l, err = s.DB.ImageListing(ctx, appkeyID); err != nil {
			return err
		}
		l.Claim = claim
		k, err := s.DB.Appkey(ctx, appkeyID)
		if err != nil {
			return err
		}
		return s.list(ctx, k, &l)
	}
	return s.run(ctx, listings(), appkeyID, do, func(ctx context.Context, cause error) error { return s.endListing(ctx, l, cause) })
}

// endListing writes down how a listing ended. A failure of ours is returned, for the
// log; the person is told a fixed sentence.
func (s *Service) endListing(ctx context.Context, l models.ImageListing, cause error) error {
	now := s.Now()
	l.WorkedAt = now
	if cause == nil {
		l.State, l.SucceededAt, l.Total = models.RefreshDone, &now, l.ReadCount
	} else if err := l.Fail(models.TextOf(explain(cause))); err != nil {
		return errors.Join(cause, err)
	}
	_, err := s.DB.SaveListing(ctx, l)
	if models.KindOf(explain(cause)) == models.Upstream {
		cause = nil
	}
	return errors.Join(cause, err)
}

// list lists the images of k, noting in l how far it has come, and keeps them.
func (s *Service) list(ctx context.Context, k models.Appkey, l *models.ImageListing) error {
	began := s.Now()
	progress := func() error {
		l.WorkedAt = s.Now()
		ours, err := s.DB.SaveListing(ctx, *l)
		if err == nil && !ours {
			return errTaken
		}
		return err
	}
	listed, whole, err := s.readImages(ctx, k, began, func(n, total int) error {
		l.ReadCount, l.Total = n, max(total, n)
		return progress()
	})
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(listed, keptAtOnce) {
		if err := s.DB.Tx(ctx, func(tx *models.DB) error { return tx.SaveListed(ctx, chunk) }); err != nil {
			return err
		}
	}
	if !whole {
		s.Log.WarnContext(ctx, "fewer images are listed than counted", "appkey", k.ID, "listed", len(listed))
		began = time.Time{} // so that nothing is gone
	}
	if err := s.keepListed(ctx, k, began); err != nil {
		return err
	}
	return s.fetchAll(ctx, k, l, progress)
}

// readImages reads all pages, and tells progress after each how many images it has
// read, of how many: -1 where the provider does not say. An image that moves from one
// page to the next in the meantime is taken once.
func (s *Service) readImages(ctx context.Context, k models.Appkey, began time.Time, progress func(n, total int) error) (listed []models.ImageUpload, whole bool, err error) {
	client, err := s.Provider.client(k)
	if err != nil {
		return nil, false, err
	}
	seen, total := map[int]bool{}, -1
	for page, err := range client.ImagePages(ctx) {
		if err != nil {
			return nil, false, err
		}
		for _, n := range page.Images {
			if seen[n.Seq] {
				continue
			}
			seen[n.Seq] = true
			made := n.CreateDate
			if made.IsZero() {
				made = began
			}
			listed = append(listed, models.ImageUpload{AppkeyID: k.ID, Seq: n.Seq, URL: n.URL, Name: n.Name, Wide: n.Wide, CreatedAt: made, CheckedAt: began})
		}
		total = page.Total
		if err := progress(len(listed), total); err != nil {
			return nil, false, err
		}
	}
	return listed, len(listed) >= total, nil
}

// keepListed marks what the provider does not list any more, though it was uploaded
// before began, and brings back into the library what it lists again.
func (s *Service) keepListed(ctx context.Context, k models.Appkey, began time.Time) error {
	for {
		lost, err := s.loseUnlisted(ctx, k, began)
		if err != nil {
			return err
		}
		if lost < keptAtOnce {
			break
		}
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		back, err := tx.ShowUploadedImages(ctx, k.ID, s.Now())
		if err != nil {
			return err
		}
		for _, i := range back {
			if err := tx.Audit(ctx, models.Actor{}, imageEvent("image.back", k, i)); err != nil {
				return err
			}
		}
		return nil
	})
}

// loseUnlisted marks some of the copies that nothing was heard of since began, and says
// how many.
func (s *Service) loseUnlisted(ctx context.Context, k models.Appkey, began time.Time) (lost int, err error) {
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		unlisted, err := tx.UnlistedUploads(ctx, k.ID, began, keptAtOnce)
		if err != nil || len(unlisted) == 0 {
			return err
		}
		lost = len(unlisted)
		for _, u := range unlisted {
			e := imageEvent("image.gone", k, models.Image{ID: u.ImageID, Name: u.Name})
			e.Before = copied{u.Seq}
			if err := tx.Audit(ctx, models.Actor{}, e); err != nil {
				return err
			}
		}
		return tx.LoseUploads(ctx, k.ID, seqsOf(unlisted), s.Now())
	})
	return lost, err
}

// fetchAll fetches the images that were uploaded elsewhere, one after the other. What
// could not be had is tried again only when a person has asked for the listing.
func (s *Service) fetchAll(ctx context.Context, k models.Appkey, l *models.ImageListing, progress func() error) error {
	todo, err := s.DB.UploadsToFetch(ctx, k.ID, l.AskedBy != 0)
	if err != nil || len(todo) == 0 {
		return err
	}
	f := newFetcher(k)
	defer f.close()
	l.Missing = len(todo)
	for _, u := range todo {
		if err := progress(); err != nil {
			return err
		}
		if err := s.fetch(ctx, k, f, u); err != nil {
			return err
		}
		l.Fetched++
	}
	return nil
}

// fetch keeps the bytes of an upload, or why they cannot be had.
func (s *Service) fetch(ctx context.Context, k models.Appkey, f *fetcher, u models.ImageUpload) error {
	b, why := f.fetch(ctx, u.URL, models.Image{Wide: u.Wide}.Kind().MaxBytes())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if why.Key != "" {
		return s.DB.UnkeptUpload(ctx, u, why)
	}
	i, file, err := s.readImage(b, u.Wide)
	if why := models.FieldText(err, "image"); why.Key != "" {
		return s.DB.UnkeptUpload(ctx, u, why)
	}
	if err != nil {
		return err
	}
	i.TeamID, i.Name, i.CreatedAt = k.TeamID, models.ImageName(u.Name, i.Format), s.Now().UTC()
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		put, err := tx.PutImage(ctx, &i, file)
		if err != nil {
			return err
		}
		if put != models.ImageKnown {
			e := imageEvent("image.fetch", k, i)
			e.After = factsOf(i)
			if err := tx.Audit(ctx, models.Actor{}, e); err != nil {
				return err
			}
		}
		return tx.KeptUpload(ctx, u, i.ID)
	})
}

// sweepListings takes up listings whose process has died, and asks for the next one
// that is due. One at a time, so that the appkeys do not all come at once.
func (s *Service) sweepListings(ctx context.Context) error {
	if err := s.sweepTasks(ctx, listings()); err != nil {
		return err
	}
	if s.Sweeping.SendersEvery <= 0 { // nothing is read unless somebody asks
		return nil
	}
	ks, err := s.DB.AppkeysToList(ctx, s.Now().Add(-listedEvery), 1)
	if err != nil || len(ks) == 0 {
		return err
	}
	return s.askListing(ctx, models.Actor{}, ks[0])
}
