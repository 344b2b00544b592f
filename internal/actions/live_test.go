package actions_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// live searches at the provider for a URL's query, "channel=…" and so on.
func (b *bench) live(t *testing.T, query string) models.LiveQuery {
	t.Helper()
	v, err := url.ParseQuery(query)
	must(t, err)
	q, err := models.ParseLiveQuery(v, b.Now())
	must(t, err)
	return q
}

func (b *bench) searches(t *testing.T, q models.LiveQuery) models.LivePage {
	t.Helper()
	p, err := b.SearchLive(t.Context(), b.admin, b.appkey, q)
	must(t, err)
	return p
}

// everything pages through a search.
func (b *bench) everything(t *testing.T, q models.LiveQuery) (rows []models.LiveRow, pages []models.LivePage) {
	t.Helper()
	for len(pages) < 50 {
		p := b.searches(t, q)
		rows, pages = append(rows, p.Rows...), append(pages, p)
		if p.Next.Channel == "" {
			return rows, pages
		}
		again, err := models.ParseLiveQuery(p.Next.Query(), b.Now()) // as the link has it
		must(t, err)
		q = again
	}
	t.Fatal("the search does not end")
	return nil, nil
}

// from is a time for a URL.
func from(t time.Time) string {
	return strings.ReplaceAll(kakao.FormatDate(t), " ", "T")
}

// ranges are those of times that lists are asked for.
type ranges struct{ asked }

func (s *ranges) hook(r *http.Request) *nhnsim.Answer {
	if q := r.URL.Query(); strings.HasSuffix(r.URL.Path, "/messages") && r.Method == http.MethodGet && q.Get("requestId") == "" {
		s.note(q.Get("startRequestDate") + q.Get("startCreateDate") + "/" + q.Get("endRequestDate") + q.Get("endCreateDate") + "/" + q.Get("pageNum"))
	}
	return nil
}

func TestASearchAtTheProviderBesideTheLedger(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 117, "0001", "0004", "0005"))
	move(2 * time.Minute)
	q := b.live(t, "channel=friendtalk&startCreateDate="+from(began))
	rows, pages := b.everything(t, q)
	if len(rows) != 119 || len(pages) != 3 || pages[0].Total != 119 || len(pages[0].Rows) != 50 {
		t.Fatalf("%d rows on %d pages of %d", len(rows), len(pages), pages[0].Total)
	}
	for _, r := range rows {
		if !r.Ours || r.Message.Phone != r.Phone || r.CampaignName != c.Name || r.Difference != models.ToldMore {
			t.Errorf("%+v", r)
		}
	}

	m, err := b.MendLive(t.Context(), b.admin, b.appkey, q)
	must(t, err)
	if m != (actions.Mended{Taken: 50}) {
		t.Errorf("mended %+v", m)
	}
	if e := b.equation(t, c); e.Handed != 69 || e.Delivered+e.Failed != 50 {
		t.Errorf("%+v", e)
	}
	if l := b.lastAudit(t, "delivery.mend"); !strings.Contains(l.After, `"listed":50`) || !strings.Contains(l.After, `"taken":50`) || l.ObjectID != b.appkey.ID {
		t.Errorf("audited as %+v", l)
	}
	if p := b.searches(t, q); p.Differing() != 0 || p.Takeable() != 0 {
		t.Errorf("after mending %d differ", p.Differing())
	}
	if _, err := b.MendLive(t.Context(), b.admin, b.appkey, q); models.KindOf(err) != models.Conflict {
		t.Errorf("mended twice: %v", err)
	}
	b.takeFriendTalk(t, began)
	if e := b.equation(t, c); e.Delivered != 117 || e.Failed != 2 || e.SMSDelivered != 1 || e.Refused != 1 {
		t.Errorf("after the sweep %+v", e)
	}
	if rows, _ := b.everything(t, q); slices.ContainsFunc(rows, func(r models.LiveRow) bool { return r.Difference != models.Same }) {
		t.Error("something differs after all has been taken in")
	}
}

// Each filter that the provider has is asked of it.
func TestTheFiltersOfASearchAtTheProvider(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	c := b.handedOver(t, b.draft(t, 20, "0001", "0004"))
	brand := b.brandDraft(t, 5, "0002")
	b.launched(t, brand)
	move(time.Minute)
	batch, day := b.batch(t, c), "startRequestDate="+from(b.Now().Add(-time.Hour))
	for query, want := range map[string]int{
		"channel=friendtalk&requestId=" + batch.RequestID:                                              22,
		"channel=friendtalk&" + day:                                                                    22,
		"channel=friendtalk&endCreateDate=" + from(b.Now().Add(-time.Hour)):                            0,
		"channel=friendtalk&recipientNo=010-9999-0001&" + day:                                          1,
		"channel=friendtalk&messageStatus=FAILED&" + day:                                               2,
		"channel=friendtalk&messageStatus=CANCEL&" + day:                                               0,
		"channel=friendtalk&resultCode=success&" + day:                                                 20,
		"channel=friendtalk&resultCode=failure&" + day:                                                 2,
		"channel=friendtalk&createUser=1&" + day:                                                       22,
		"channel=friendtalk&createUser=2&" + day:                                                       0,
		"channel=friendtalk&sender=1&" + day:                                                           22,
		"channel=friendtalk&senderGroupingKey=" + models.AttemptKey(c, batch.ID, 1) + "&" + day:        22,
		"channel=friendtalk&senderGroupingKey=other&" + day:                                            0,
		"channel=friendtalk&recipientGroupingKey=" + c.ULID + "." + fmt.Sprint(batch.ID) + ".1&" + day: 1,
		"channel=friendtalk&code=3018&part=failed&templateCode=spring2026&campaign=99&" + day:          22,
		"channel=brandtalk&" + day:                                                                     7,
		"channel=brandtalk&resultCode=failure&" + day:                                                  1,
		"channel=brandtalk&templateCode=spring2026&createUser=2&" + day:                                7,
		"channel=brandtalk&templateCode=other&" + day:                                                  0,
		"channel=brandtalk&sender=1&startCreateDate=" + from(b.Now().Add(-time.Hour)) + "&" + day:      7,
		"channel=brandtalk&requestId=" + batch.RequestID:                                               0,
	} {
		if rows, _ := b.everything(t, b.live(t, query)); len(rows) != want {
			t.Errorf("%s: %d rows, want %d", query, len(rows), want)
		}
	}
	if _, err := b.SearchLive(t.Context(), b.admin, b.appkey, b.live(t, "channel=friendtalk&sender=99&"+day)); models.FieldText(err, "sender").Key == "" {
		t.Errorf("a sender that is not there: %v", err)
	}
}

func TestASearchNeedsAChannelAndACondition(t *testing.T) {
	t.Parallel()
	for query, fields := range map[string][]string{
		"":                                     {"channel", "requestId"},
		"channel=sms&requestId=a":              {"channel"},
		"channel=friendtalk&recipientNo=010":   {"requestId", "recipientNo"},
		"channel=friendtalk&startCreateDate=x": {"startCreateDate", "requestId"},
		"channel=friendtalk&startCreateDate=2026-11-02T00:00&endCreateDate=2026-11-01T00:00": {"endCreateDate"},
		"channel=brandtalk&requestId=a": nil,
	} {
		v, err := url.ParseQuery(query)
		must(t, err)
		_, err = models.ParseLiveQuery(v, time.Now())
		var found []string
		for _, p := range models.FieldProblems(err) {
			found = append(found, p.Field)
		}
		slices.Sort(fields)
		if !slices.Equal(found, fields) {
			t.Errorf("%q: %v, want %v", query, found, fields)
		}
	}
}

// A range that the provider does not search at once is searched in windows, the newest
// first, and never beyond what it keeps.
func TestASearchIsSplitIntoWindows(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move, asked := b.together(t), &ranges{}
	old := b.handedOver(t, b.draft(t, 3))
	move(70 * 24 * time.Hour)
	fresh := b.handedOver(t, b.draft(t, 2))
	move(time.Minute)
	b.sim.SetFaults(nhnsim.Faults{Hook: asked.hook})
	began := b.Now().AddDate(0, 0, -71)
	rows, pages := b.everything(t, b.live(t, "channel=friendtalk&startCreateDate="+from(began)))
	if len(rows) != 5 || rows[0].Message.CampaignID != fresh.ID || rows[4].Message.CampaignID != old.ID {
		t.Fatalf("%d rows", len(rows))
	}
	if len(pages) != 2 || pages[0].Windows != 3 || !pages[0].Since.IsZero() {
		t.Errorf("%d pages, %+v", len(pages), pages[0])
	}
	seen := asked.take()
	if len(seen) != 3 { // the one in the middle is empty, and passed over
		t.Errorf("asked for %v", seen)
	}
	b.checkWindows(t, seen, 31, began)

	// Without a beginning, and with one beyond what is kept, the 90 days are said.
	for _, query := range []string{"channel=friendtalk&endCreateDate=" + from(b.Now()), "channel=friendtalk&startCreateDate=" + from(b.Now().AddDate(-1, 0, 0))} {
		rows, pages := b.everything(t, b.live(t, query))
		if len(rows) != 5 || pages[0].Since.IsZero() || b.Now().Sub(pages[0].Since) > 90*24*time.Hour {
			t.Errorf("%s: %d rows since %s", query, len(rows), pages[0].Since)
		}
		b.checkWindows(t, asked.take(), 31, pages[0].Since)
	}
	// Everything that is asked for is older.
	p := b.searches(t, b.live(t, "channel=friendtalk&startCreateDate="+from(b.Now().AddDate(-1, 0, 0))+"&endCreateDate="+from(b.Now().AddDate(0, -6, 0))))
	if len(p.Rows) != 0 || p.Windows != 0 || p.Since.IsZero() || p.Next.Channel != "" || len(asked.take()) != 0 {
		t.Errorf("%+v", p)
	}
	// BrandTalk searches 30 days at a time.
	_, pages = b.everything(t, b.live(t, "channel=brandtalk&startRequestDate="+from(began)+"&endRequestDate="+from(b.Now())))
	if pages[0].Windows != 3 {
		t.Errorf("BrandTalk in %d windows", pages[0].Windows)
	}
	b.checkWindows(t, asked.take(), 30, began)
}

// checkWindows checks that windows follow each other without gap or overlap down to the
// beginning, and that none is too long.
func (b *bench) checkWindows(t *testing.T, seen []string, days int, began time.Time) {
	t.Helper()
	var before time.Time
	for i, window := range seen {
		parts := strings.Split(window, "/")
		start, err := kakao.ParseDate(parts[0])
		must(t, err)
		end, err := kakao.ParseDate(parts[1])
		must(t, err)
		if end.Sub(start) >= time.Duration(days)*24*time.Hour || end.Before(start) {
			t.Errorf("window %s", window)
		}
		if i > 0 && !end.Equal(before.Add(-time.Minute)) {
			t.Errorf("window %s follows one from %s", window, before)
		}
		before = start
	}
	if !before.Equal(began.Truncate(time.Minute)) {
		t.Errorf("they reach back to %s, want %s", before, began)
	}
}

// A search whose windows hold nothing asks a few at a time, and goes on where it was.
func TestASearchAsksAFewTimesAtMost(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move, asked := b.together(t), &ranges{}
	b.handedOver(t, b.draft(t, 3))
	move(85 * 24 * time.Hour)
	b.sim.SetFaults(nhnsim.Faults{Hook: asked.hook})
	q := b.live(t, "channel=friendtalk&startRequestDate="+from(b.Now().AddDate(0, 0, -89))+"&startCreateDate="+from(b.Now().AddDate(0, 0, -89)))
	first := b.searches(t, q)
	if n := len(asked.take()); n != 6 || len(first.Rows) != 0 || first.Next.Channel == "" || first.Next.Window != 6 {
		t.Errorf("%d calls, %+v", n, first.Next)
	}
	move(10 * time.Minute) // what it was searched for has grown too old meanwhile in part
	rows, pages := b.everything(t, first.Next)
	if len(rows) != 3 || pages[0].Windows != first.Windows {
		t.Errorf("%d rows, %d windows after %d", len(rows), pages[0].Windows, first.Windows)
	}
}

// Listed twice and in any order, each message is there once.
func TestASearchThatComesDoubledAndOutOfOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 40, "0001"))
	move(time.Minute)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultRepeat, Rate: 0.5}, {Kind: nhnsim.FaultShuffle}}})
	q := b.live(t, "channel=friendtalk&startCreateDate="+from(began))
	p := b.searches(t, q)
	seen := map[int64]bool{}
	for _, r := range p.Rows {
		if seen[r.Message.ID] || r.Message.ID == 0 {
			t.Errorf("%s is there twice, or not known", r.Phone)
		}
		seen[r.Message.ID] = true
	}
	m, err := b.MendLive(t.Context(), b.admin, b.appkey, q)
	must(t, err)
	if m.Taken != 41 || m.Left != 0 {
		t.Errorf("%+v", m)
	}
	if e := b.equation(t, c); e.Delivered != 40 || e.SMSDelivered != 1 {
		t.Errorf("%+v", e)
	}
}

// differences gives messages of a campaign that is over every difference that there is,
// and returns it by number.
func (b *bench) differences(t *testing.T, c models.Campaign) map[string]models.Difference {
	t.Helper()
	outcomes := map[string]models.MessageOutcome{
		benchPhone(1): {State: models.MessageCancelled},
		benchPhone(2): {State: models.MessageDelivered, Code: "1234"},
		"01099990001": {State: models.MessageFailed, Code: kakao.DeliveryNotReachable, Fallback: models.FallbackUnderWay},
		"01099990004": {State: models.MessageSMS, Code: kakao.DeliveryNotReachable, Fallback: models.FallbackDelivered},
		benchPhone(3): {State: models.MessageLost, Code: models.CodeAnswerLost},
		benchPhone(4): {State: models.MessageClosed},
		benchPhone(5): {State: models.MessageDelivered, Code: kakao.DeliveryOK},
	}
	for phone, o := range outcomes {
		o.ID, o.DoneAt = b.messageTo(t, c, phone).ID, 1
		must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
			_, err := tx.RecordOutcomes(t.Context(), []models.MessageOutcome{o})
			return err
		}))
	}
	return map[string]models.Difference{
		benchPhone(0): models.ToldMore, benchPhone(1): models.ToldOther, benchPhone(2): models.ToldOtherCode, "01099990001": models.ToldMore,
		"01099990004": models.ToldOther, benchPhone(3): models.ToldMore, benchPhone(4): models.ToldMore, benchPhone(5): models.Same,
	}
}

func TestEveryDifference(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 6, "0001", "0004"))
	move(time.Minute)
	want := b.differences(t, c)
	q := b.live(t, "channel=friendtalk&startCreateDate="+from(began))
	compare := func(p models.LivePage) {
		t.Helper()
		for _, r := range p.Rows {
			if r.Difference != want[r.Phone] {
				t.Errorf("%s: %q, want %q; here %+v, there %+v", r.Phone, r.Difference, want[r.Phone], r.Message.Message, r.Told)
			}
		}
	}
	p := b.searches(t, q)
	if len(p.Rows) != len(want) || p.Takeable() != 4 {
		t.Errorf("%d rows, %d can be taken over", len(p.Rows), p.Takeable())
	}
	compare(p)
	m, err := b.MendLive(t.Context(), b.admin, b.appkey, q)
	must(t, err)
	if m.Taken != 4 || m.Left != 3 {
		t.Errorf("%+v", m)
	}
	for phone, d := range want {
		if d == models.ToldMore {
			want[phone] = models.Same
		}
	}
	compare(b.searches(t, q))
	b.equation(t, c)
}

// What the provider still holds is open on both sides; what is known to have ended here,
// or to be another attempt, is told apart.
func TestTheDifferencesOfWhatIsOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	b.work(t)
	c := b.held(t, 4)
	q := b.live(t, "channel=friendtalk&requestId="+b.batch(t, c).RequestID)
	for _, r := range b.searches(t, q).Rows {
		if r.Difference != models.Same || !r.Ours {
			t.Errorf("held: %+v", r)
		}
	}
	batch := b.batch(t, c)
	set := func(values map[string]any) { must(t, b.DB.SetBatch(t.Context(), batch.ID, values)) }
	wants := func(want models.Difference) {
		t.Helper()
		for _, r := range b.searches(t, q).Rows {
			if r.Difference != want {
				t.Errorf("%q, want %q", r.Difference, want)
			}
		}
	}
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.RecordOutcomes(t.Context(), []models.MessageOutcome{{ID: models.MessageID(batch.ID, 1), State: models.MessageCancelled, DoneAt: 1}})
		return err
	}))
	if n := b.searches(t, q).Differing(); n != 1 {
		t.Errorf("%d differ after one has ended here", n)
	}
	for _, r := range b.searches(t, q).Rows {
		if want := r.Message.Position() == 1; (r.Difference == models.ToldLess) != want {
			t.Errorf("%+v", r)
		}
	}
	if _, err := b.MendLive(t.Context(), b.admin, b.appkey, q); models.KindOf(err) != models.Conflict {
		t.Errorf("there was something to mend: %v", err)
	}
	_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE messages SET state = 0")
	must(t, err)
	set(map[string]any{"request_id": "another"})
	wants(models.ToldReplaced)
	set(map[string]any{"request_id": "", "state": models.BatchSending, "lease_until": b.Now().Add(time.Hour)})
	wants(models.ToldEarly)
	_, err = b.DB.SQL().ExecContext(t.Context(), "DELETE FROM messages")
	must(t, err)
	wants(models.ToldUnknown)
}

// What another installation, or the console, has sent is listed, and is nobody's here.
func TestASearchListsWhatWasSentElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 3))
	move(time.Minute)
	other := b.appkey
	other.ID, other.Name, other.Appkey = 0, "같은 프로젝트", "other"
	must(t, b.DB.CreateAppkey(t.Context(), &other))
	for _, table := range []string{"campaigns", "batches"} {
		_, err := b.DB.SQL().ExecContext(t.Context(), "UPDATE "+table+" SET appkey_id = "+fmt.Sprint(other.ID))
		must(t, err)
	}
	q := b.live(t, "channel=friendtalk&startCreateDate="+from(began))
	p := b.searches(t, q)
	for _, r := range p.Rows {
		if r.Ours || r.Message.ID != 0 || r.CampaignName != "" || r.Difference != models.Same {
			t.Errorf("of another appkey: %+v", r)
		}
	}
	if len(p.Rows) != 3 {
		t.Errorf("%d rows", len(p.Rows))
	}
	if _, err := b.MendLive(t.Context(), b.admin, b.appkey, q); models.KindOf(err) != models.Conflict {
		t.Errorf("mended what is another's: %v", err)
	}
	if e := b.equation(t, c); e.Handed != 3 {
		t.Errorf("%+v", e)
	}
}

// Moved to another time, a message's first attempt is listed as cancelled, which is not
// what has become of the message.
func TestASearchListsAWithdrawnAttempt(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	b.work(t)
	c := b.held(t, 3)
	first := b.batch(t, c).RequestID
	b.move(t, c, 4*time.Hour)
	b.until(t, c, func(_ models.Campaign, e models.Equation) bool {
		id := b.batch(t, c).RequestID
		return e.Handed == 3 && id != "" && id != first
	})
	p := b.searches(t, b.live(t, "channel=friendtalk&requestId="+first))
	if len(p.Rows) != 3 {
		t.Errorf("%d rows", len(p.Rows))
	}
	for _, r := range p.Rows {
		if r.Status != kakao.StatusCancelled || r.Difference != models.ToldReplaced {
			t.Errorf("%+v", r)
		}
	}
	if _, err := b.MendLive(t.Context(), b.admin, b.appkey, b.live(t, "channel=friendtalk&requestId="+first)); models.KindOf(err) != models.Conflict {
		t.Errorf("mended: %v", err)
	}
	if e := b.equation(t, c); e.Cancelled != 0 || e.Handed != 3 {
		t.Errorf("%+v", e)
	}
}

// The provider fails in the middle of a search: that is told, and nothing changes.
func TestASearchThatFails(t *testing.T) {
	t.Parallel()
	for name, tt := range failures() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			move := b.together(t)
			began := b.Now()
			c := b.handedOver(t, b.draft(t, 60))
			move(time.Minute)
			q := b.live(t, "channel=friendtalk&startCreateDate="+from(began))
			next := b.searches(t, q).Next
			b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer { return &tt.answer }})
			if _, err := b.SearchLive(t.Context(), b.admin, b.appkey, next); models.KindOf(err) != models.Upstream || models.TextOf(err).Key != tt.says {
				t.Errorf("search: %v", err)
			}
			b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer { return &tt.answer }})
			if _, err := b.MendLive(t.Context(), b.admin, b.appkey, q); models.KindOf(err) != models.Upstream {
				t.Errorf("mending: %v", err)
			}
			if l := b.lastAudit(t, "delivery.mend"); l.Outcome != models.OutcomeFailed {
				t.Errorf("audited as %+v", l)
			}
			if e := b.equation(t, c); e.Handed != 60 {
				t.Errorf("%+v", e)
			}
		})
	}
}

// An answer that never comes is given up.
func TestASearchWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t, 200*time.Millisecond)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultTimeoutBefore, Endpoint: "26"}}})
	_, err := b.SearchLive(t.Context(), b.admin, b.appkey, b.live(t, "channel=friendtalk&requestId=20180813022044Jps2xJ1qsv0"))
	if models.TextOf(err).Key != "provider.silent_read" {
		t.Errorf("%v", err)
	}
}

func TestWhoMaySearchAtTheProvider(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.together(t)
	began := b.Now()
	b.handedOver(t, b.draft(t, 1))
	move(time.Minute)
	q := b.live(t, "channel=friendtalk&startCreateDate="+from(began))
	for _, role := range append(models.Roles(), "") {
		by := models.Actor{User: models.User{ID: 99, Name: "누구"}, Role: role}
		_, err := b.SearchLive(t.Context(), by, b.appkey, q)
		if may := role.Allows(models.ViewTeam); may != (err == nil) {
			t.Errorf("%q searches: %v", role, err)
		}
		_, err = b.MendLive(t.Context(), by, b.appkey, q)
		if may := role.Allows(models.ManageCampaigns); may == (models.KindOf(err) == models.Forbidden) {
			t.Errorf("%q mends: %v", role, err)
		}
	}
}

// Mending, refreshing and the reading of results at the same time count each result once.
func TestMendingAndTheReadingOfResultsAtTheSameTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, 20*time.Second)
	move := b.together(t)
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 300, "0001", "0004"))
	move(2 * time.Minute)
	q := b.live(t, "channel=friendtalk&startCreateDate="+from(began))
	var wg sync.WaitGroup
	for page := range 7 {
		at := q
		at.Page = page + 1
		wg.Go(func() {
			if _, err := b.MendLive(t.Context(), b.admin, b.appkey, at); err != nil && models.KindOf(err) != models.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Go(func() { b.takeFriendTalk(t, began) })
	wg.Wait()
	if e := b.equation(t, c); e.Delivered != 300 || e.Failed != 2 || e.SMSDelivered != 1 || e.SMSWaiting != 0 {
		t.Errorf("%+v", e)
	}
}
