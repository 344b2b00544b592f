package actions

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"soshik/models"
)

const (
	// exportPiece is how many messages are read, and written, at a time.
	exportPiece = 5000
	// exportSaved is how often it is written down, at most, how far an export has come. So
	// often, too, it finds out that it has been stopped.
	exportSaved = 200 * time.Millisecond
)

// RunExport writes the file of an export. Interrupted, it begins anew with another file;
// only a file that has been written to its end, and has reached the disk, is anybody's.
func (s *Service) RunExport(ctx context.Context, id int64) error {
	job := &exportJob{s: s}
	do := func(ctx context.Context, claim string) error {
		var err error
		if job.e, err = s.DB.ExportByID(ctx, id); err != nil {
			return err
		}
		job.e.Claim = claim
		return job.run(ctx)
	}
	return s.run(ctx, exporting(), id, do, job.end)
}

// exportJob is an export under way.
type exportJob struct {
	s     *Service
	e     models.Export
	rows  exportRows
	saved time.Time // by the system's clock
}

// run writes the file, which is gone again if that fails.
func (j *exportJob) run(ctx context.Context) (err error) {
	if err := j.s.removeExport(j.e.Path); err != nil { // of whoever was here before
		return err
	}
	j.e.Path, j.e.Rows = rand.Text(), 0
	filter, err := j.e.Filter()
	if err != nil {
		return err
	}
	if j.e.Total, _, err = j.s.DB.CountDeliveries(ctx, j.e.AppkeyID, filter); err != nil {
		return err
	}
	// The row names the file before there is one, so that none is left that nobody knows.
	if err := j.save(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(j.s.exportPath(""), 0o700); err != nil {
		return err
	}
	create := j.s.CreateFile
	if create == nil {
		create = createFile
	}
	f, err := create(j.s.exportPath(j.e.Path))
	if err != nil {
		return err
	}
	err = errors.Join(j.writeWhole(ctx, f, filter), f.Close())
	if err == nil {
		err = j.finish(ctx)
	}
	if err != nil {
		return errors.Join(err, j.s.removeExport(j.e.Path))
	}
	return nil
}

// writeWhole writes the file to its end, and to the disk.
func (j *exportJob) writeWhole(ctx context.Context, f *os.File, filter models.DeliveryFilter) error {
	if err := j.write(ctx, f, filter); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	j.e.Bytes = info.Size()
	return f.Sync()
}

func createFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // in our own folder
}

// save writes down how far the export has come.
func (j *exportJob) save(ctx context.Context) error {
	j.e.WorkedAt, j.saved = j.s.Now(), time.Now()
	ours, err := j.s.DB.SaveExport(ctx, j.e)
	if err == nil && !ours {
		return errTaken
	}
	return err
}

// write writes all messages that the search finds.
func (j *exportJob) write(ctx context.Context, f *os.File, filter models.DeliveryFilter) error {
	out := bufio.NewWriterSize(f, 256<<10)
	var err error
	if j.rows, err = j.s.exportRows(ctx, j.e); err != nil {
		return err
	}
	file, err := newExportFile(out, j.e.Format, j.rows.words)
	if err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	pages := make(chan []models.Delivery, 1)
	var reader errgroup.Group
	reader.Go(func() error { return j.read(reading, filter, pages) })
	err = j.writePages(ctx, pages, file)
	stop()
	if err := cmp.Or(err, reader.Wait()); err != nil {
		return err
	}
	if err := file.close(); err != nil {
		return err
	}
	return out.Flush()
}

// read reads what the search finds, ahead of who writes it.
func (j *exportJob) read(ctx context.Context, filter models.DeliveryFilter, to chan<- []models.Delivery) error {
	defer close(to)
	for {
		page, err := j.s.DB.Deliveries(ctx, j.e.AppkeyID, filter, exportPiece)
		if err != nil {
			return err
		}
		select {
		case to <- page.Deliveries:
		case <-ctx.Done():
			return ctx.Err()
		}
		if filter.Before = page.Next; page.Next == 0 {
			return nil
		}
	}
}

// writePages writes the messages of all pages.
func (j *exportJob) writePages(ctx context.Context, pages <-chan []models.Delivery, file exportFile) error {
	for page := range pages {
		if err := j.rows.write(page, file); err != nil {
			return err
		}
		j.e.Rows += int64(len(page))
		if time.Since(j.saved) < exportSaved {
			continue
		}
		if err := j.save(ctx); err != nil {
			return err
		}
	}
	return nil
}

// finish says that the file is there for whoever has asked for it.
func (j *exportJob) finish(ctx context.Context) error {
	now := j.s.Now()
	expires := now.Add(models.KeepExports)
	j.e.Total, j.e.State, j.e.EndedAt, j.e.ExpiresAt = j.e.Rows, models.ExportDone, &now, &expires
	return j.save(ctx)
}

// end writes down why there is no file; where there is one, that has been said. A failure
// of ours is returned, for the log.
func (j *exportJob) end(ctx context.Context, cause error) error {
	if cause == nil {
		return nil
	}
	now := j.s.Now()
	j.e.State, j.e.EndedAt, j.e.ExpiresAt, j.e.Bytes, j.e.Path, j.e.Problem = models.ExportFailed, &now, nil, 0, "", models.T("export.failed")
	if models.DiskFull(cause) {
		j.s.Log.WarnContext(ctx, "an export was not written: the disk is full", "export", j.e.ID, "error", cause)
		j.e.Problem, cause = models.T("export.disk_full"), nil
	}
	err := j.save(ctx)
	if errors.Is(err, errTaken) {
		err = nil
	}
	return errors.Join(cause, err)
}
