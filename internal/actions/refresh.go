package actions

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/models"
)

// RefreshSenders asks a worker to run [Service.RunRefresh].
type RefreshSenders struct {
	AppkeyID int64 `json:"appkey_id"`
}

// Kind names the job.
func (RefreshSenders) Kind() string { return "refresh_senders" }

// QueueRefresh is for reading senders: neither plans nor results wait for it.
const QueueRefresh = "refresh"

func refreshing() *river.InsertOpts {
	return &river.InsertOpts{MaxAttempts: 3, Queue: QueueRefresh}
}

// keptAtOnce is how many senders are written in one transaction: few enough that what
// waits for SQLite's one writer does not wait long.
const keptAtOnce = 200

func refreshes() longTask {
	return longTask{models.SenderRefreshes(), func(id int64) river.JobArgs { return RefreshSenders{AppkeyID: id} }, refreshing()}
}

// AskRefresh has all senders of k read from the provider, unless that is being done
// already. It is recorded when a person asks; the program does so all the time.
func (s *Service) AskRefresh(ctx context.Context, by models.Actor, k models.Appkey) error {
	if err := by.May(models.ManageSenders); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		now := s.Now()
		started, err := tx.StartRefresh(ctx, k.ID, by.User.ID, now, now.Add(-stalled))
		if err != nil || !started {
			return err
		}
		if err := s.queue(ctx, tx, refreshes(), k.ID); err != nil || by.System() {
			return err
		}
		return tx.Audit(ctx, by, refreshEvent(k))
	})
}

func refreshEvent(k models.Appkey) models.Event {
	return models.Event{Action: "sender.refresh", TeamID: k.TeamID, AppkeyID: k.ID, ObjectType: "appkey", ObjectID: k.ID, ObjectName: k.Name}
}

// AwaitRefresh waits until no refresh of the appkey is running any more, but not
// longer than patience, and returns it as it is then.
func (s *Service) AwaitRefresh(ctx context.Context, appkeyID int64, patience time.Duration) (models.SenderRefresh, error) {
	return await(ctx, patience, func(ctx context.Context) (models.SenderRefresh, bool, error) {
		r, err := s.DB.Refresh(ctx, appkeyID)
		return r, r.State == models.RefreshRunning, err
	})
}

// RunRefresh reads all senders of an appkey page by page, and then keeps what it has
// read. A failure leaves what was known as it is. Interrupted, it begins anew.
func (s *Service) RunRefresh(ctx context.Context, appkeyID int64) error {
	var r models.SenderRefresh
	do := func(ctx context.Context, claim string) error {
		var err error
		if r, err = s.DB.Refresh(ctx, appkeyID); err != nil {
			return err
		}
		r.Claim = claim
		k, err := s.DB.Appkey(ctx, appkeyID)
		if err != nil {
			return err
		}
		return s.refresh(ctx, k, &r)
	}
	return s.run(ctx, refreshes(), appkeyID, do, func(ctx context.Context, cause error) error { return s.endRefresh(ctx, r, cause) })
}

// endRefresh writes down how a refresh ended. A failure of ours is returned, for the
// log; the person is told a fixed sentence.
func (s *Service) endRefresh(ctx context.Context, r models.SenderRefresh, cause error) error {
	now := s.Now()
	r.WorkedAt, r.EndedAt = now, &now
	if cause == nil {
		r.State, r.SucceededAt, r.Total = models.RefreshDone, &now, r.ReadCount
	} else if err := r.Fail(models.TextOf(explain(cause))); err != nil {
		return errors.Join(cause, err)
	}
	_, err := s.DB.SaveRefresh(ctx, r)
	if models.KindOf(explain(cause)) == models.Upstream {
		cause = nil
	}
	return errors.Join(cause, err)
}

// refresh reads the senders of k, noting in r how far it has come, and keeps them.
func (s *Service) refresh(ctx context.Context, k models.Appkey, r *models.SenderRefresh) error {
	began := s.Now()
	read, err := s.readSenders(ctx, k, func(n, total int) error {
		r.ReadCount, r.Total, r.WorkedAt = n, max(total, n), s.Now()
		ours, err := s.DB.SaveRefresh(ctx, *r)
		if err == nil && !ours {
			return errTaken
		}
		return err
	})
	if err != nil {
		return err
	}
	s.readCategories(ctx, k)
	_, err = s.keepAll(ctx, k, read, began)
	return err
}

// readCategories sees to it that the category of a sender has a name. Where it cannot,
// the code has to do.
func (s *Service) readCategories(ctx context.Context, k models.Appkey) {
	if _, err := s.Categories(ctx, k); err != nil {
		s.Log.WarnContext(ctx, "categories not read", "appkey", k.ID, "error", err)
	}
}

// listing is what the provider lists of an appkey's senders.
type listing struct {
	senders []models.Sender
	whole   bool // as many were read as the provider counts
}

// readSenders reads all pages, and tells progress after each how many it has read,
// of how many: -1 where the provider does not say. A sender that moves from one page
// to the next in the meantime is taken once.
func (s *Service) readSenders(ctx context.Context, k models.Appkey, progress func(n, total int) error) (l listing, err error) {
	client, err := s.Provider.client(k)
	if err != nil {
		return l, err
	}
	seen, total := map[string]bool{}, -1
	for page, err := range client.SenderPages(ctx, nhn.SenderFilter{PageSize: kakao.MaxPageSize}) {
		if err != nil {
			return l, err
		}
		for _, n := range page.Senders {
			if !seen[n.PlusFriendID] {
				seen[n.PlusFriendID] = true
				l.senders = append(l.senders, senderOf(k, n, s.Now()))
			}
		}
		total = page.Total
		if err := progress(len(l.senders), total); err != nil {
			return l, err
		}
	}
	l.whole = len(l.senders) >= total
	return l, nil
}

// keepAll keeps what was read since began, and marks as gone what the provider lists
// no more, unless what it lists does not add up.
func (s *Service) keepAll(ctx context.Context, k models.Appkey, read listing, began time.Time) (gone int, err error) {
	for chunk := range slices.Chunk(read.senders, keptAtOnce) {
		err := s.DB.Tx(ctx, func(tx *models.DB) error { return s.keepSenders(ctx, tx, k, chunk) })
		if err != nil {
			return 0, err
		}
	}
	if !read.whole {
		s.Log.WarnContext(ctx, "fewer senders are listed than counted", "appkey", k.ID, "listed", len(read.senders))
		return 0, nil
	}
	for {
		marked, err := s.markGone(ctx, k, began)
		if gone += marked; err != nil || marked < keptAtOnce {
			return gone, err
		}
	}
}

// keepSenders writes down what the provider says of senders of k, what they have sent
// that day, and which of them are in another state than before.
func (s *Service) keepSenders(ctx context.Context, tx *models.DB, k models.Appkey, fresh []models.Sender) error {
	names := make([]string, len(fresh))
	for i, f := range fresh {
		names[i] = f.PlusFriendID
	}
	before, err := tx.SendersNamed(ctx, k.ID, names)
	if err != nil {
		return err
	}
	if err := tx.SaveSenders(ctx, fresh); err != nil {
		return err
	}
	for _, f := range fresh {
		if old, known := before[f.PlusFriendID]; known && f.Became(old.State()) {
			if err := tx.Audit(ctx, models.Actor{}, changed(k, old, f)); err != nil {
				return err
			}
		}
	}
	return tx.NoteSenderDay(ctx, k.ID, names, fresh[0].RefreshedAt.In(kakao.KST).Format(time.DateOnly))
}

// changed is what the audit log keeps of a sender that is found in another state.
func changed(k models.Appkey, before, now models.Sender) models.Event {
	e := senderEvent("sender.changed", k, before)
	e.Before, e.After = before.State(), now.State()
	return e
}

// markGone marks some of the senders that nothing was heard of since began, and says
// how many.
func (s *Service) markGone(ctx context.Context, k models.Appkey, began time.Time) (marked int, err error) {
	err = s.DB.Tx(ctx, func(tx *models.DB) error {
		unlisted, err := tx.UnlistedSenders(ctx, k.ID, began, keptAtOnce)
		if err != nil || len(unlisted) == 0 {
			return err
		}
		marked = len(unlisted)
		return s.keepGone(ctx, tx, k, unlisted)
	})
	return marked, err
}

// keepGone writes down that the provider does not list these senders of k any more;
// those of whom it is known stay as they are.
func (s *Service) keepGone(ctx context.Context, tx *models.DB, k models.Appkey, unlisted []models.Sender) error {
	now, ids := s.Now(), []int64{}
	for _, before := range unlisted {
		if before.GoneAt != nil {
			continue
		}
		ids = append(ids, before.ID)
		gone := before
		gone.GoneAt = &now
		if err := tx.Audit(ctx, models.Actor{}, changed(k, before, gone)); err != nil {
			return err
		}
	}
	return tx.MarkSendersGone(ctx, ids, now)
}

// Refreshed is what reading the senders of an appkey has brought.
type Refreshed struct {
	Senders int `json:"senders"` // that the provider lists
	Gone    int `json:"gone"`    // that it has listed before, and does no more
}

// RefreshSenders is [Service.AskRefresh] for those who need fresh senders at once: it
// reads them itself. What fails is returned and not noted.
func (s *Service) RefreshSenders(ctx context.Context, by models.Actor, k models.Appkey) (found Refreshed, err error) {
	if err := by.May(models.ManageSenders); err != nil {
		return found, err
	}
	began := s.Now()
	read, err := s.readSenders(ctx, k, func(int, int) error { return nil })
	if err != nil {
		return found, explain(err)
	}
	found.Senders = len(read.senders)
	if found.Gone, err = s.keepAll(ctx, k, read, began); err != nil {
		return found, err
	}
	now := s.Now()
	return found, s.DB.Tx(ctx, func(tx *models.DB) error {
		err := tx.NoteRefresh(ctx, models.SenderRefresh{
			AppkeyID: k.ID, AskedBy: by.User.ID, ReadCount: found.Senders, Total: found.Senders,
			StartedAt: began, WorkedAt: now, EndedAt: &now, SucceededAt: &now,
		})
		if err != nil || by.System() {
			return err
		}
		e := refreshEvent(k)
		e.After = found
		return tx.Audit(ctx, by, e)
	})
}

// RefreshSender reads one sender of k from the provider.
func (s *Service) RefreshSender(ctx context.Context, by models.Actor, k models.Appkey, sender models.Sender) error {
	if err := by.May(models.ManageSenders); err != nil {
		return err
	}
	client, err := s.Provider.client(k)
	if err != nil {
		return err
	}
	fresh, err := s.listed(ctx, client, k, sender)
	if errors.Is(err, errNotListed) {
		return errors.Join(err, s.DB.Tx(ctx, func(tx *models.DB) error { return s.keepGone(ctx, tx, k, []models.Sender{sender}) }))
	}
	if err != nil {
		return explain(err)
	}
	s.readCategories(ctx, k)
	e := senderEvent("sender.refresh", k, sender)
	return s.change(ctx, by, &e, func(tx *models.DB) error { return s.keepSenders(ctx, tx, k, []models.Sender{fresh}) })
}

var errElsewhere = models.Errorf(models.Upstream, "senders.elsewhere")

// ReadSender reads the one sender of k with the PlusFriendID from the provider, which
// may not be known here: it was registered in the console, or on another day.
func (s *Service) ReadSender(ctx context.Context, by models.Actor, k models.Appkey, plusFriendID string) (sender models.Sender, err error) {
	if err := by.May(models.ManageSenders); err != nil {
		return sender, err
	}
	sender = models.Sender{AppkeyID: k.ID, PlusFriendID: models.NewSender{PlusFriendID: plusFriendID}.Normal().PlusFriendID}
	client, err := s.Provider.client(k)
	if err != nil {
		return sender, err
	}
	fresh, err := s.listed(ctx, client, k, sender)
	if errors.Is(err, errNotListed) {
		return sender, errElsewhere
	}
	if err != nil {
		return sender, explain(err)
	}
	fresh.ID, fresh.CreatedAt = 0, s.Now() // it may be known by now; its row decides
	e := senderEvent("sender.read", k, fresh)
	err = s.change(ctx, by, &e, func(tx *models.DB) error {
		if err := s.keepSenders(ctx, tx, k, []models.Sender{fresh}); err != nil {
			return err
		}
		kept, err := tx.SendersNamed(ctx, k.ID, []string{fresh.PlusFriendID})
		sender = kept[fresh.PlusFriendID]
		e.ObjectID = sender.ID
		return err
	})
	return sender, err
}

// sweepRefreshes takes up refreshes whose process has died, and asks for the next one
// that is due. One at a time, so that the appkeys do not all come at once.
func (s *Service) sweepRefreshes(ctx context.Context) error {
	if err := s.sweepTasks(ctx, refreshes()); err != nil {
		return err
	}
	if s.Sweeping.SendersEvery <= 0 {
		return nil
	}
	ks, err := s.DB.AppkeysToRefresh(ctx, s.Now().Add(-s.Sweeping.SendersEvery), 1)
	if err != nil || len(ks) == 0 {
		return err
	}
	return s.AskRefresh(ctx, models.Actor{}, ks[0])
}
