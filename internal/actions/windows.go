package actions

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

const (
	// windowMinutes is how many minutes are read at a time to catch up.
	windowMinutes = 10
	// readTwice is for how long after a minute is over results of it may still turn up:
	// so long, how many it has is looked at again.
	readTwice = 4 * time.Minute
	// livePages is up to how many pages the minute that is not over yet is read at every
	// look. One that is longer is read when it has twice as many as the
	// last time, so that all its readings together are at most twice as long as it is; and
	// after liveEvery, up to manyPages.
	livePages = 5
	manyPages = 100
	liveEvery = 10 * time.Second
	// takers is how many pages are being recorded at the same time, while the next one
	// is read.
	takers = 2
)

// windows reads a list of what has changed, or was created, at the provider, in
// windows of whole minutes. A window that is over gets nothing new: states change only
// now. A message whose state changes again leaves it for a later one.
type windows struct {
	taking

	// list reads a page of a window whose last minute begins at last, and says how many
	// messages the window has; -1 if the provider does not.
	list   func(ctx context.Context, from, last time.Time, page int) ([]nhn.Message, int, error)
	record func(ctx context.Context, messages []nhn.Message) error
	kept   time.Time // when it was last said that somebody reads
}

// take reads all minutes that are over and have not been read, looks whether those
// that were read last have got more, and reads what there is of the present minute.
// Reading the same again changes nothing.
func (w *windows) take(ctx context.Context) error {
	now := w.Now()
	present := now.Truncate(time.Minute)
	from := latest(w.since.Add(-lookBack), now.AddDate(0, 0, -kakao.QueryDays+1)).Truncate(time.Minute)
	if until := w.reading.ReadUntil; until != nil && until.After(from) {
		from = *until
	}
	if from.Before(present) {
		if err := w.readAgain(ctx, present); err != nil {
			return err
		}
	}
	for from.Before(present) {
		to := from.Add(windowMinutes * time.Minute)
		if to.After(present) {
			to = present
		}
		if err := w.read(ctx, from, to); err != nil {
			return err
		}
		from = to
	}
	return w.readLive(ctx, present, now)
}

// readLive reads what there is of the minute that is not over. It asks up to the next
// one, in which there is nothing yet: a range may end where its last minute begins.
func (w *windows) readLive(ctx context.Context, present, now time.Time) error {
	next := present.Add(time.Minute)
	total, first, err := w.page(ctx, present, next, 1)
	if err != nil {
		return err
	}
	if !w.isWorth(total, present, now) {
		return nil
	}
	if err := w.readPages(ctx, present, next, total, first); err != nil {
		return err
	}
	w.reading.LiveAt, w.reading.Live = &now, total
	return w.DB.SaveReading(ctx, w.reading)
}

// isWorth reports whether the present minute is to be read now that it has total results.
func (w *windows) isWorth(total int, present, now time.Time) bool {
	before, pages := w.live(present), total/kakao.MaxPageSize
	switch {
	case total == 0:
		return false
	case total < 0, pages < livePages, total >= 2*before:
		return true // also with as many as before: one may have changed once more
	}
	return pages < manyPages && now.Sub(*w.reading.LiveAt) >= liveEvery
}

// live is how many results the minute had when it was read before it was over; 0 if it
// was not.
func (w *windows) live(minute time.Time) int {
	if at := w.reading.LiveAt; at != nil && at.Truncate(time.Minute).Equal(minute) {
		return w.reading.Live
	}
	return 0
}

// readAgain looks at the windows that were read last and reads those anew that have
// another number of results by now. Those that ended long ago are forgotten.
func (w *windows) readAgain(ctx context.Context, present time.Time) error {
	seen := []models.ReadingWindow{}
	for _, old := range w.reading.Seen {
		if present.Sub(old.To) > readTwice {
			continue
		}
		last := old.To.Add(-time.Minute)
		total, first, err := w.page(ctx, old.From, last, 1)
		if err != nil {
			return err
		}
		if total < 0 || total != old.Total {
			if err := w.readPages(ctx, old.From, last, total, first); err != nil {
				return err
			}
		}
		old.Total = total
		seen = append(seen, old)
	}
	w.reading.Seen = seen
	return w.DB.SaveReading(ctx, w.reading)
}

// read reads the window from the time from up to, and without, the time to, and
// notes that it has been read.
func (w *windows) read(ctx context.Context, from, to time.Time) error {
	last := to.Add(-time.Minute) // the provider's windows include the minute of their end
	total, first, err := w.page(ctx, from, last, 1)
	if err == nil && total < w.live(from) { // this one's do not: it had more
		last = to
		total, first, err = w.page(ctx, from, last, 1)
	}
	if err != nil {
		return err
	}
	if err := w.readPages(ctx, from, last, total, first); err != nil {
		return err
	}
	w.reading.ReadUntil = &to
	w.reading.Seen = append(w.reading.Seen, models.ReadingWindow{From: from, To: to, Total: total})
	return w.DB.SaveReading(ctx, w.reading)
}

// page reads a page of a window, and says now and then that somebody reads.
func (w *windows) page(ctx context.Context, from, last time.Time, page int) (total int, messages []nhn.Message, err error) {
	if now := w.Now(); now.Sub(w.kept) > readingLease/4 {
		w.kept = now
		if err := w.keepReading(ctx, w.reading.AppkeyID, w.reading.Channel); err != nil {
			return 0, nil, err
		}
	}
	messages, total, err = w.list(ctx, from, last, page)
	return total, messages, err
}

// readPages records all results of a window, of which first is the first page. The
// pages are read from the last to the first: when a message leaves the window
// meanwhile, those behind it move up, and would be jumped over the other way round.
func (w *windows) readPages(ctx context.Context, from, last time.Time, total int, first []nhn.Message) error {
	pages := (total + kakao.MaxPageSize - 1) / kakao.MaxPageSize
	switch {
	case total < 0:
		return w.readOn(ctx, from, last, first)
	case pages <= 1:
		return w.record(ctx, first)
	}
	return w.recordAll(ctx, func(take func([]nhn.Message) error) error {
		for page := pages; page >= 1; page-- {
			_, messages, err := w.page(ctx, from, last, page)
			if err != nil {
				return err
			}
			if err := take(messages); err != nil {
				return err
			}
		}
		return nil
	})
}

// readOn reads the pages from the first on, where the provider does not say how many
// there are.
func (w *windows) readOn(ctx context.Context, from, last time.Time, messages []nhn.Message) error {
	return w.recordAll(ctx, func(take func([]nhn.Message) error) error {
		for page := 2; len(messages) > 0; page++ {
			if err := take(messages); err != nil {
				return err
			}
			var err error
			if _, messages, err = w.page(ctx, from, last, page); err != nil {
				return err
			}
		}
		return nil
	})
}

// recordAll records the pages that read takes, while it reads on.
func (w *windows) recordAll(ctx context.Context, read func(take func([]nhn.Message) error) error) error {
	g, ctx := errgroup.WithContext(ctx)
	pages := make(chan []nhn.Message)
	g.Go(func() error {
		defer close(pages)
		return read(func(messages []nhn.Message) error {
			select {
			case pages <- messages:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	for range takers {
		g.Go(func() error {
			for messages := range pages {
				if err := w.record(ctx, messages); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func latest(times ...time.Time) time.Time {
	last := times[0]
	for _, t := range times[1:] {
		if t.After(last) {
			last = t
		}
	}
	return last
}
