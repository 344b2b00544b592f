package actions_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// compared is what came of comparing the ledger with what q searches.
func (b *bench) compared(t *testing.T, query string) models.LiveLedger {
	t.Helper()
	return b.searches(t, b.live(t, query)).Ledger
}

// isAlike reports whether so many requests were compared, of which everything is listed.
func isAlike(l models.LiveLedger, requests int) bool {
	return l.Requests == requests && l.Count()+l.Unsure == 0 && !l.Fresh && !l.Off && l.Next == 0 && l.Failed.Key == ""
}

// opened makes the ledger believe that messages whom the provider has refused were handed over.
func (b *bench) opened(t *testing.T) {
	t.Helper()
	_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE messages SET state = 0, code = '' WHERE state = 5")
	must(t, err)
}

// answering has the lists of single requests answered by answer, with how many there were
// before; nil: by the simulator.
func (b *bench) answering(answer func(n int32) *nhnsim.Answer) {
	var n atomic.Int32
	b.sim.SetFaults(nhnsim.Faults{Hook: func(r *http.Request) *nhnsim.Answer {
		if !strings.HasSuffix(r.URL.Path, "/messages") || r.URL.Query().Get("requestId") == "" {
			return nil
		}
		return answer(n.Add(1) - 1)
	}})
}

// listing is an answer that lists nothing and says that there are n.
func listing(n int) *nhnsim.Answer {
	return &nhnsim.Answer{Body: fmt.Sprintf(`{"header":{"resultCode":0,"resultMessage":"SUCCESS","isSuccessful":true},"messageSearchResultResponse":{"messages":[],"totalCount":%d}}`, n)}
}

func TestWhatTheProviderDoesNotListIsPointedOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	day := "startCreateDate=" + from(b.Now().Add(-time.Hour))
	c := b.handedOver(t, b.draft(t, 20, "0001", "0004", "0005"))
	b.launched(t, b.brandDraft(t, 5, "0002", "0005"))
	move(time.Minute)
	for _, channel := range []string{"friendtalk", "brandtalk"} {
		if l := b.compared(t, "channel="+channel+"&"+day); !isAlike(l, 1) {
			t.Errorf("%s, with everything listed: %+v", channel, l)
		}
	}
	b.takeFriendTalk(t, b.Now().Add(-time.Hour))
	if l := b.compared(t, "channel=friendtalk&"+day); !isAlike(l, 1) {
		t.Errorf("with all results known: %+v", l)
	}

	b.opened(t)
	batch, missing := b.batch(t, c), b.messageTo(t, c, "01099990005")
	for query, found := range map[string]bool{
		day:                                true,
		"requestId=" + batch.RequestID:     true,
		day + "&recipientNo=010-9999-0005": true,
		day + "&recipientNo=010-9999-0001": false,
		day + "&recipientGroupingKey=" + models.MessageKey(c, missing.Message):                               true,
		day + "&recipientGroupingKey=" + models.MessageKey(c, b.messageTo(t, c, benchPhone(1)).Message):      false,
		day + "&senderGroupingKey=" + models.AttemptKey(c, batch.ID, 1) + "&sender=1&createUser=1":           true,
		day + "&campaign=99&part=failed&code=3018&templateCode=spring2026":                                   true, // the provider does not heed these
		"startRequestDate=" + from(b.Now().Add(-time.Hour)) + "&endRequestDate=" + from(b.Now()) + "&" + day: true,
	} {
		l := b.compared(t, "channel=friendtalk&"+query)
		if l.Requests != 1 || (l.Count() == 1) != found || l.Next != 0 {
			t.Errorf("%s: %+v", query, l)
		}
		if found && (l.Missing[0].Messages[0].ID != missing.ID || l.Missing[0].Request.ID != batch.ID || l.Missing[0].Campaign.Name != c.Name) {
			t.Errorf("%s: %+v", query, l.Missing)
		}
	}
	for query, off := range map[string]bool{
		day + "&messageStatus=COMPLETED": true, day + "&resultCode=success": true, day + "&createUser=2": false,
		"requestId=another": false, "endCreateDate=" + from(b.Now().Add(-time.Hour)): false, day + "&senderGroupingKey=theirs": false,
	} {
		if l := b.compared(t, "channel=friendtalk&"+query); l.Off != off || l.Requests+l.Count() > 0 {
			t.Errorf("%s: %+v", query, l)
		}
	}

	// It is shown and not mended: a state never goes back.
	if _, err := b.MendLive(t.Context(), b.admin, b.appkey, b.live(t, "channel=friendtalk&"+day)); models.KindOf(err) != models.Conflict {
		t.Errorf("mended: %v", err)
	}
	if m := b.messageTo(t, c, "01099990005"); m.State != models.MessageOpen {
		t.Errorf("%+v", m.Message)
	}
}

// What may not be listed yet, or not any more, is not said to be missing.
func TestWhatCannotBeListedIsNotMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	b.Timing.Settling = 15 * time.Minute
	move := b.together(t)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultLateListing, Delay: 10 * time.Minute}}})
	query := "channel=friendtalk&startCreateDate=" + from(b.Now().Add(-time.Hour))
	b.handedOver(t, b.draft(t, 3))
	move(5 * time.Minute)
	if p := b.searches(t, b.live(t, query)); len(p.Rows) > 0 || !p.Ledger.Fresh || p.Ledger.Requests+p.Ledger.Count() > 0 {
		t.Errorf("not listed yet: %+v", p.Ledger)
	}
	move(11 * time.Minute)
	if l := b.compared(t, query); !isAlike(l, 1) {
		t.Errorf("listed late: %+v", l)
	}
	move(90 * 24 * time.Hour)
	for _, query := range []string{"channel=friendtalk&endCreateDate=" + from(b.Now()), query} {
		if l := b.compared(t, query); !l.Empty() {
			t.Errorf("forgotten by the provider: %+v", l)
		}
	}
}

// A provider that fails, contradicts itself or lists something only at the second look
// makes nothing missing.
func TestAProviderThatFailsMakesNothingMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	query := "channel=friendtalk&startCreateDate=" + from(b.Now().Add(-time.Hour))
	c := b.handedOver(t, b.draft(t, 30))
	b.handedOver(t, b.draft(t, 30))
	move(time.Minute)
	failing := func(n int32, a *nhnsim.Answer) func(int32) *nhnsim.Answer {
		return func(i int32) *nhnsim.Answer {
			if i < n {
				return nil
			}
			return a
		}
	}
	for name, a := range map[string]*nhnsim.Answer{
		"down": {Drop: true}, "broken": {Status: http.StatusInternalServerError}, "a code": {Code: kakao.CodeSearchRange}, "unreadable": {Body: "<html>"},
		"empty": {Body: "{}"}, "a count without a list": listing(30),
	} {
		b.answering(failing(1, a))
		p := b.searches(t, b.live(t, query))
		if l := p.Ledger; l.Requests != 1 || l.Count() > 0 || l.Failed.Key == "" || l.Next != b.batch(t, c).ID+1 || len(p.Rows) != 50 {
			t.Errorf("%s: %d rows, %+v", name, len(p.Rows), l)
		}
	}
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultRepeat, Rate: 0.5}, {Kind: nhnsim.FaultShuffle}}})
	if l := b.compared(t, query); !isAlike(l, 2) {
		t.Errorf("doubled and out of order: %+v", l)
	}
	b.answering(func(n int32) *nhnsim.Answer {
		if n == 0 {
			return listing(0)
		}
		return nil
	})
	if l := b.compared(t, query); !isAlike(l, 2) {
		t.Errorf("listed at the second look: %+v", l)
	}
	b.answering(func(int32) *nhnsim.Answer { return listing(0) })
	if l := b.compared(t, query); l.Requests != 2 || l.Count() != 60 || l.Missing[1].Of != 30 {
		t.Errorf("not listed at all: %+v", l)
	}
	b.answering(func(n int32) *nhnsim.Answer {
		if n > 0 {
			return &nhnsim.Answer{Drop: true}
		}
		return listing(0)
	})
	if l := b.compared(t, query); l.Requests+l.Count() > 0 || l.Failed.Key == "" {
		t.Errorf("down at the second look: %+v", l)
	}
}

// A list that says that it is longer than it is proves nothing.
func TestAListThatIsCutProvesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	c := b.handedOver(t, b.draft(t, 2))
	move(time.Minute)
	batch := b.batch(t, c)
	b.answering(func(int32) *nhnsim.Answer {
		return &nhnsim.Answer{Body: fmt.Sprintf(`{"header":{"resultCode":0,"resultMessage":"SUCCESS","isSuccessful":true},"messageSearchResultResponse":{"totalCount":2,
			"messages":[{"requestId":%q,"recipientSeq":1,"recipientGroupingKey":%q}]}}`, batch.RequestID, models.MessageKey(c, models.Message{ID: models.MessageID(batch.ID, 1)}))}
	})
	if l := b.compared(t, "channel=friendtalk&startCreateDate="+from(b.Now().Add(-time.Hour))); l.Unsure != 1 || l.Requests+l.Count() > 0 {
		t.Errorf("%+v", l)
	}
}

// What becomes another request while the provider is asked, and what an earlier attempt
// has ended, is not missing from this one.
func TestWhatIsInAnotherAttemptIsNotMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	query := "channel=friendtalk&startCreateDate=" + from(b.Now().Add(-time.Hour))
	c := b.handedOver(t, b.draft(t, 4))
	move(time.Minute)
	batch := b.batch(t, c)
	set := func(values map[string]any) { must(t, b.DB.SetBatch(t.Context(), batch.ID, values)) }
	for name, values := range map[string]map[string]any{
		"withdrawn": {"cancel": models.CancelWithdrawing}, "another request": {"request_id": "another"}, "planned again": {"state": models.BatchPlanned}, "another attempt": {"attempt": 2},
	} {
		b.answering(func(int32) *nhnsim.Answer {
			set(values)
			return listing(0)
		})
		if l := b.compared(t, query); l.Unsure != 1 || l.Requests+l.Count() > 0 {
			t.Errorf("%s meanwhile: %+v", name, l)
		}
		if name == "withdrawn" {
			if l := b.compared(t, query); !l.Empty() {
				t.Errorf("%s: %+v", name, l)
			}
		}
		set(map[string]any{"cancel": models.CancelNone, "request_id": batch.RequestID, "state": models.BatchHanded, "attempt": 1})
	}

	b.answering(func(int32) *nhnsim.Answer { return listing(0) })
	outcomes := []models.MessageOutcome{
		{ID: models.MessageID(batch.ID, 1), State: models.MessageDelivered, Code: kakao.DeliveryOK, DoneAt: 1},
		{ID: models.MessageID(batch.ID, 2), State: models.MessageCancelled, DoneAt: 1},
		{ID: models.MessageID(batch.ID, 3), State: models.MessageClosed, DoneAt: 1},
	}
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.RecordOutcomes(t.Context(), outcomes)
		return err
	}))
	if l := b.compared(t, query); l.Count() != 2 || l.Missing[0].Of != 2 {
		t.Errorf("one is open, and one was delivered: %+v", l)
	}
	set(map[string]any{"ended_before": 2})
	if l := b.compared(t, query); l.Count() != 1 || l.Missing[0].Messages[0].Position() != 4 {
		t.Errorf("two had ended before the attempt: %+v", l)
	}
}

// A few requests are compared at a time, and each of them once.
func TestManyRequestsAreComparedAFewAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	q := b.live(t, "channel=friendtalk&startCreateDate="+from(b.Now().Add(-time.Hour)))
	for range 12 {
		b.handedOver(t, b.draft(t, 0, "0001", "0005"))
	}
	move(time.Minute)
	b.opened(t)
	seen, pages := map[int64]bool{}, 0
	for {
		l := b.searches(t, q).Ledger
		pages++
		for _, u := range l.Missing {
			if seen[u.Request.ID] {
				t.Errorf("request of batch %d twice", u.Request.ID)
			}
			seen[u.Request.ID] = true
		}
		if l.Next == 0 {
			break
		}
		q.Compared = l.Next
		again, err := models.ParseLiveQuery(q.Query(), b.Now())
		must(t, err)
		q = again
	}
	if len(seen) != 12 || pages != 3 {
		t.Errorf("%d requests on %d pages", len(seen), pages)
	}
	later := q
	later.Page = 2
	if l := b.searches(t, later).Ledger; !l.Empty() {
		t.Errorf("on the second page: %+v", l)
	}
	if l := b.searches(t, q.First()).Ledger; l.Requests != 5 {
		t.Errorf("from the beginning again: %+v", l)
	}
	if _, err := b.MendLive(t.Context(), b.admin, b.appkey, q); err != nil { // as many as the page lists
		t.Error(err)
	}
}

// Rows that have gone by retention, and another appkey's, are not missing.
func TestWhatIsNotOursIsNotMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	query := "channel=friendtalk&startCreateDate=" + from(b.Now().Add(-time.Hour))
	c := b.handedOver(t, b.draft(t, 3))
	move(time.Minute)
	b.answering(func(int32) *nhnsim.Answer { return listing(0) })
	other := b.appkey
	other.ID, other.Name, other.Appkey = 0, "다른 앱키", "other"
	must(t, b.DB.CreateAppkey(t.Context(), &other))
	q := b.live(t, query)
	if p, err := b.SearchLive(t.Context(), b.admin, other, q); err == nil && !p.Ledger.Empty() {
		t.Errorf("under another appkey: %+v", p.Ledger)
	}
	if l := b.compared(t, query); l.Count() != 3 {
		t.Errorf("%+v", l)
	}
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, _, err := tx.RemoveRows(t.Context(), c, 10, b.Now())
		return err
	}))
	if l := b.compared(t, query); !l.Empty() {
		t.Errorf("without rows: %+v", l)
	}
}
