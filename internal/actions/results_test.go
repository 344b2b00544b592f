package actions_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/internal/testdb"
	"soshik/models"
)

// asked counts the pages of results that are asked for, by window and page.
type asked struct {
	mu    sync.Mutex
	pages []string
}

func (a *asked) hook(r *http.Request) *nhnsim.Answer {
	if strings.HasSuffix(r.URL.Path, "/message-results") {
		q := r.URL.Query()
		a.note(q.Get("startUpdateDate")[11:] + "-" + q.Get("endUpdateDate")[11:] + "/" + q.Get("pageNum"))
	}
	return nil
}

func (a *asked) note(page string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pages = append(a.pages, page)
}

// take are the pages asked for since the last time.
func (a *asked) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	pages := a.pages
	a.pages = nil
	return pages
}

// handedOver is a campaign whose batches have all been handed over.
func (b *bench) handedOver(t *testing.T, c models.Campaign) models.Campaign {
	t.Helper()
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
	bs, err := b.DB.Batches(t.Context(), c.ID, 0, 100)
	must(t, err)
	for _, batch := range bs {
		must(t, b.SendBatch(t.Context(), batch.ID))
	}
	return c
}

// together lets a test move the clocks of b and of the provider on.
func (b *bench) together(t *testing.T) (move func(time.Duration)) {
	t.Helper()
	own := b.movable()
	return func(by time.Duration) {
		own(by)
		must(t, b.sim.AdvanceClock(by))
	}
}

func (b *bench) takeFriendTalk(t *testing.T, since time.Time) {
	t.Helper()
	_, err := b.DB.ClaimReading(t.Context(), b.appkey.ID, models.FriendTalk, b.Now(), b.Now().Add(time.Minute))
	must(t, err, b.TakeResults(t.Context(), actions.TakeResults{AppkeyID: b.appkey.ID, Channel: models.FriendTalk, Since: since}))
}

func (b *bench) equation(t *testing.T, c models.Campaign) models.Equation {
	t.Helper()
	c, err := b.DB.CampaignByID(t.Context(), c.ID)
	must(t, err)
	e, err := b.DB.Equation(t.Context(), c)
	must(t, err)
	if e.Sum() != e.Audience {
		t.Errorf("the equation does not hold: %+v", e)
	}
	return e
}

// What a minute has is read once when it is over, from its last page to its first,
// and looked at again for a while; what has been read is remembered.
func TestResultsAreReadInWindowsThatAreOver(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move, pages := b.together(t), &asked{}
	b.sim.SetFaults(nhnsim.Faults{Hook: pages.hook})
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 7000, "0001", "0002"))
	move(2 * time.Minute)
	b.takeFriendTalk(t, began)
	if e := b.equation(t, c); e.Delivered != 7000 || e.Failed != 2 || e.SMSDelivered != 2 {
		t.Errorf("equation %+v", e)
	}
	first := pages.take()
	if last := first[len(first)-1]; !strings.HasSuffix(last, "/1") {
		t.Errorf("the present minute was asked for %s", last)
	}
	read := 0
	for i, page := range first[1:] {
		if strings.HasSuffix(page, "/8") { // the first to be recorded of 8
			read++
			for n := range 8 {
				if want := "/" + string(rune('8'-n)); !strings.HasSuffix(first[1+i+n], want) {
					t.Errorf("%s instead of page %s", first[1+i+n], want)
				}
			}
		}
	}
	if read != 1 {
		t.Errorf("the window was read %d times: %v", read, first)
	}

	b.takeFriendTalk(t, began)
	if again := pages.take(); len(again) != 1 {
		t.Errorf("in the same minute it was asked for %v", again)
	}
	move(time.Minute)
	b.takeFriendTalk(t, began)
	for _, page := range pages.take() {
		if !strings.HasSuffix(page, "/1") {
			t.Errorf("nothing new, and %s was read", page)
		}
	}
	r, err := b.DB.Reading(t.Context(), b.appkey.ID, models.FriendTalk)
	must(t, err)
	if want := b.Now().Truncate(time.Minute); r.ReadUntil == nil || !r.ReadUntil.Equal(want) {
		t.Errorf("read until %v, want %v", r.ReadUntil, want)
	}
}

// The minute that is not over is read too, but not again and again.
func TestResultsOfThePresentMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move, pages := b.together(t), &asked{}
	move(b.Now().Truncate(time.Minute).Add(time.Minute).Sub(b.Now())) // so that it is not over meanwhile
	b.sim.SetFaults(nhnsim.Faults{Hook: pages.hook})
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 6500))
	move(time.Second) // after which all results are there
	b.takeFriendTalk(t, began)
	if e := b.equation(t, c); e.Delivered != 6500 {
		t.Errorf("equation %+v", e)
	}
	pages.take()
	b.takeFriendTalk(t, began)
	if again := pages.take(); len(again) != 1 {
		t.Errorf("nothing new, and it was asked for %v", again)
	}
	for minute, want := range []int{1, 0, 0} { // once when it is over, since any of it may have changed once more
		move(time.Minute)
		b.takeFriendTalk(t, began)
		read := 0
		for _, page := range pages.take() {
			if strings.HasSuffix(page, "/7") {
				read++
			}
		}
		if read != want {
			t.Errorf("%d minutes after, it was read %d times, want %d", minute+1, read, want)
		}
	}
}

// A range that ends where its last minute begins loses nothing.
func TestResultsOfRangesThatEndExactly(t *testing.T) {
	t.Parallel()
	offset := kakao.DayOffset(time.Now())
	b := newBenchOn(t, testdb.Open(t), 5*time.Second, func() time.Time { return time.Now().Add(offset).UTC() }, func(c *nhnsim.Config) { c.EndsExactly = true })
	move := b.together(t)
	move(b.Now().Truncate(time.Minute).Add(time.Minute).Sub(b.Now()))
	began := b.Now()
	first := b.handedOver(t, b.draft(t, 30))
	move(time.Second)
	b.takeFriendTalk(t, began)
	if e := b.equation(t, first); e.Delivered != 30 {
		t.Errorf("in the same minute %+v", e)
	}
	second := b.handedOver(t, b.draft(t, 40))
	move(time.Minute)
	b.takeFriendTalk(t, began)
	if e := b.equation(t, second); e.Delivered != 40 {
		t.Errorf("in the minute after %+v", e)
	}
}

// Results of which the list of changes says nothing are found request by request, and
// more and more seldom.
func TestResultsThatTheListDoesNotShow(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if strings.HasSuffix(r.URL.Path, "/message-results") {
			return &nhnsim.Answer{Body: `{"header":{"resultCode":0,"resultMessage":"SUCCESS","isSuccessful":true},"messageSearchResultResponse":{"messages":[],"totalCount":0}}`}
		}
		return nil
	}})
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 20, "0001"))
	move(5 * time.Minute)
	b.takeFriendTalk(t, began)
	if e := b.equation(t, c); e.Handed != 21 {
		t.Errorf("after five minutes %+v", e)
	}
	move(6 * time.Minute)
	b.takeFriendTalk(t, began)
	if e := b.equation(t, c); e.Delivered != 20 || e.SMSDelivered != 1 {
		t.Errorf("after eleven minutes %+v", e)
	}
}

// The provider forgets messages after 90 days. What has no result then is closed
// without one, and the campaign ends.
func TestMessagesWithoutAResultAreClosed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.movable()
	c := b.handedOver(t, b.draft(t, 3))
	messages, err := b.DB.BatchMessages(t.Context(), b.batch(t, c).ID)
	must(t, err)
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.RecordOutcomes(t.Context(), []models.MessageOutcome{
			{ID: messages[0].ID, State: models.MessageDelivered, Code: kakao.DeliveryOK, DoneAt: 1},
			{ID: messages[1].ID, State: models.MessageFailed, Fallback: models.FallbackUnderWay, Code: "3018", DoneAt: 1},
		})
		return err
	}))
	move(kakao.RetentionDays * 24 * time.Hour)
	must(t, b.Sweep(t.Context()))
	if e := b.equation(t, c); e.Closed != 0 || e.Open() != 2 {
		t.Errorf("on the last day %+v", e)
	}
	move(25 * time.Hour)
	must(t, b.Sweep(t.Context()), b.Sweep(t.Context()))
	e := b.equation(t, c)
	if e.Closed != 1 || e.Delivered != 1 || e.Failed != 1 || e.Open() != 0 {
		t.Errorf("after the last day %+v", e)
	}
	if c, err = b.DB.CampaignByID(t.Context(), c.ID); err != nil || c.State != models.CampaignFinished {
		t.Errorf("the campaign is %s, %v", c.State, err)
	}
	// It is heard of after all.
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.RecordOutcomes(t.Context(), []models.MessageOutcome{
			{ID: messages[2].ID, State: models.MessageDelivered, Code: kakao.DeliveryOK, DoneAt: 1},
			{ID: messages[0].ID, State: models.MessageFailed, Code: "3018", DoneAt: 1},
		})
		return err
	}))
	if e := b.equation(t, c); e.Delivered != 2 || e.Closed != 0 {
		t.Errorf("after a late result %+v", e)
	}
}

// Of several processes one reads, unless it has died.
func TestOneProcessReadsTheResults(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	now := b.Now()
	claim := func(at time.Time) bool {
		ours, err := b.DB.ClaimReading(t.Context(), b.appkey.ID, models.FriendTalk, at, at.Add(time.Minute))
		must(t, err)
		return ours
	}
	if !claim(now) || claim(now.Add(time.Second)) || !claim(now.Add(time.Minute)) {
		t.Error("a reading was claimed twice, or not at all")
	}
	must(t, b.DB.PostponeReading(t.Context(), b.appkey.ID, models.FriendTalk, now))
	if !claim(now) {
		t.Error("a reading that has ended cannot be claimed")
	}
}
