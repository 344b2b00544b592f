package actions_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// messageTo is the message of a campaign to the number.
func (b *bench) messageTo(t *testing.T, c models.Campaign, phone string) models.MessageRecord {
	t.Helper()
	ms, err := b.DB.Messages(t.Context(), c.ID, models.MessageFilter{Phone: phone}, 1)
	must(t, err)
	if len(ms) != 1 {
		t.Fatalf("%d messages to %s", len(ms), phone)
	}
	r, err := b.DB.MessageRecord(t.Context(), b.appkey.ID, ms[0].ID)
	must(t, err)
	return r
}

// refresh asks the provider about a message.
func (b *bench) refresh(t *testing.T, r models.MessageRecord) (models.MessageRecord, bool) {
	t.Helper()
	r, changed, err := b.RefreshMessage(t.Context(), b.admin, b.appkey, r.ID)
	must(t, err)
	return r, changed
}

// readings counts the calls that read messages, one by one and in lists.
type readings struct {
	mu          sync.Mutex
	one, listed int
}

func (c *readings) hook(r *http.Request) *nhnsim.Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/messages"):
	case strings.HasSuffix(r.URL.Path, "/messages"):
		c.listed++
	default:
		c.one++
	}
	return nil
}

func (c *readings) take() (one, listed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one, listed = c.one, c.listed
	c.one, c.listed = 0, 0
	return one, listed
}

// lastAudit is the newest entry of the team's audit log about an action.
func (b *bench) lastAudit(t *testing.T, action string) models.AuditLog {
	t.Helper()
	logs, err := b.DB.AuditLogs(t.Context(), b.team.ID, 0, 20)
	must(t, err)
	for _, l := range logs {
		if l.Action == action {
			return l
		}
	}
	t.Fatalf("%s is not audited", action)
	return models.AuditLog{}
}

func TestAMessageIsRefreshed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	c := b.handedOver(t, b.draft(t, 3, "0001", "0004", "0005"))
	move(time.Minute)

	arrived := b.messageTo(t, c, benchPhone(0))
	if !arrived.Askable() || arrived.Seq() != arrived.Position() || arrived.Part != models.PartHanded {
		t.Errorf("before: %+v", arrived)
	}
	arrived, changed := b.refresh(t, arrived)
	if !changed || arrived.State != models.MessageDelivered || arrived.Code != kakao.DeliveryOK || arrived.Detail.ReceiveAt == nil {
		t.Errorf("delivered: %v %+v", changed, arrived)
	}
	if got := arrived.Detail.ReceiveAt.UnixMilli(); got != arrived.DoneAt {
		t.Errorf("done at %d, received at %d", arrived.DoneAt, got)
	}
	l := b.lastAudit(t, "message.refresh")
	if l.ObjectID != arrived.ID || !strings.Contains(l.Before, `"handed_over"`) || !strings.Contains(l.After, `"delivered"`) || strings.Contains(l.Before+l.After, arrived.Phone) {
		t.Errorf("audited as %+v", l)
	}
	if again, changed := b.refresh(t, arrived); changed || again.DoneAt != arrived.DoneAt || again.Difference() != models.Same {
		t.Errorf("again: %v %+v", changed, again)
	}

	bySMS, _ := b.refresh(t, b.messageTo(t, c, "01099990001"))
	if bySMS.State != models.MessageSMS || bySMS.SMSCode != "1000" || bySMS.Detail.SMSRequestID == "" || bySMS.Code != kakao.DeliveryNotReachable {
		t.Errorf("by SMS: %+v", bySMS)
	}
	failed, _ := b.refresh(t, b.messageTo(t, c, "01099990004"))
	if failed.State != models.MessageFailed || failed.Fallback != models.FallbackFailed || failed.SMSCode != "2003" {
		t.Errorf("failed: %+v", failed)
	}
	refused := b.messageTo(t, c, "01099990005")
	if _, _, err := b.RefreshMessage(t.Context(), b.admin, b.appkey, refused.ID); models.KindOf(err) != models.Conflict {
		t.Errorf("refused at once: %v", err)
	}
	b.equation(t, c)
}

// The reading of lists, which do not tell it, leaves the code of the SMS.
func TestTheCodeOfAnSMSStays(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 3, "0001", "0004"))
	move(2 * time.Minute)
	failed, _ := b.refresh(t, b.messageTo(t, c, "01099990004"))
	b.takeFriendTalk(t, began) // reads all of it, and knows the SMS of the other without its code
	if now := b.messageTo(t, c, "01099990004"); now.SMSCode != "2003" || now.DoneAt != failed.DoneAt {
		t.Errorf("after the list %+v, before %+v", now.Message, failed.Message)
	}
	before := b.messageTo(t, c, "01099990001")
	if before.State != models.MessageSMS || before.SMSCode != "" {
		t.Fatalf("by the list: %+v", before.Message)
	}
	after, changed := b.refresh(t, before)
	if !changed || after.SMSCode != "1000" || after.DoneAt != before.DoneAt {
		t.Errorf("%v, %+v", changed, after.Message)
	}
	if e := b.equation(t, c); e.SMSDelivered != 1 || e.Failed != 2 {
		t.Errorf("%+v", e)
	}
}

// Where messages of the batch have been left out, or the provider counts otherwise, the
// message is found by its key, once.
func TestAMessageIsFoundByItsKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move, read := b.together(t), &readings{}
	c := b.draft(t, 5)
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
	b.suppress(t, benchPhone(1))
	must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
	move(time.Minute)
	b.sim.SetFaults(nhnsim.Faults{Hook: read.hook})

	// One before them was skipped, which is known here, until more may have been left out.
	for _, look := range []struct{ message, seq, one, listed int }{{4, 4, 1, 0}, {2, 2, 2, 1}} {
		if look.listed > 0 {
			must(t, b.DB.SetBatch(t.Context(), b.batch(t, c).ID, map[string]any{"cancelled_here": 1}))
		}
		before := b.messageTo(t, c, benchPhone(look.message))
		if known := look.listed == 0; known != (before.Seq() == look.seq) {
			t.Errorf("message %d: before, sequence %d", look.message, before.Seq())
		}
		r, changed := b.refresh(t, before)
		if one, listed := read.take(); !changed || r.State != models.MessageDelivered || r.Seq() != look.seq || one != look.one || listed != look.listed {
			t.Errorf("message %d: %v, sequence %d of %+v, %d and %d calls", look.message, changed, r.Seq(), r.Message, one, listed)
		}
		b.refresh(t, r)
		if one, listed := read.take(); one != 1 || listed != 0 {
			t.Errorf("message %d again: %d and %d calls", look.message, one, listed)
		}
	}
	skipped := b.messageTo(t, c, benchPhone(1))
	if _, _, err := b.RefreshMessage(t.Context(), b.admin, b.appkey, skipped.ID); models.KindOf(err) != models.Conflict {
		t.Errorf("skipped: %v", err)
	}
}

// failure is what the provider answers to whoever asks it something, and what they are told.
type failure struct {
	answer nhnsim.Answer
	says   string
}

func failures() map[string]failure {
	return map[string]failure{
		"down":                 {nhnsim.Answer{Drop: true}, "provider.silent_read"},
		"broken":               {nhnsim.Answer{Status: http.StatusServiceUnavailable}, "provider.status"},
		"behind a gateway":     {nhnsim.Answer{Status: http.StatusBadGateway}, "provider.status"},
		"too many":             {nhnsim.Answer{Status: http.StatusTooManyRequests, RetryAfter: time.Second}, "provider.busy"},
		"a code":               {nhnsim.Answer{Code: kakao.CodeSearchRange}, "api.-4003"},
		"a secret key changed": {nhnsim.Answer{Code: kakao.CodeSecretKey}, "api.-1001"},
		"unreadable":           {nhnsim.Answer{Body: "<html>"}, "provider.unreadable"},
	}
}

// What goes wrong is told and recorded, and changes nothing.
func TestARefreshThatFails(t *testing.T) {
	t.Parallel()
	for name, tt := range failures() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			move := b.together(t)
			c := b.handedOver(t, b.draft(t, 3))
			move(time.Minute)
			r := b.messageTo(t, c, benchPhone(0))
			b.sim.SetFaults(nhnsim.Faults{Hook: func(*http.Request) *nhnsim.Answer { return &tt.answer }})
			got, changed, err := b.RefreshMessage(t.Context(), b.admin, b.appkey, r.ID)
			if models.KindOf(err) != models.Upstream || models.TextOf(err).Key != tt.says || changed || got.ID != r.ID {
				t.Errorf("%v %v", changed, err)
			}
			if now := b.messageTo(t, c, benchPhone(0)); now.State != models.MessageOpen || now.Detail.MessageID != 0 {
				t.Errorf("%+v", now)
			}
			if l := b.lastAudit(t, "message.refresh"); l.Outcome != models.OutcomeFailed {
				t.Errorf("audited as %+v", l)
			}
		})
	}
}

// The provider does not list it yet, or any more.
func TestAMessageThatTheProviderDoesNotList(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultLateListing, Delay: time.Hour}}})
	move := b.together(t)
	c := b.handedOver(t, b.draft(t, 3))
	move(time.Minute)
	r := b.messageTo(t, c, benchPhone(0))
	if _, _, err := b.RefreshMessage(t.Context(), b.admin, b.appkey, r.ID); models.TextOf(err).Key != "message.not_listed" {
		t.Errorf("not yet: %v", err)
	}
	move(time.Hour)
	b.refresh(t, r)
	move(kakao.RetentionDays * 24 * time.Hour)
	if _, _, err := b.RefreshMessage(t.Context(), b.admin, b.appkey, r.ID); models.TextOf(err).Key != "message.not_listed" {
		t.Errorf("forgotten: %v", err)
	}
}

func TestWhoMayRefreshAMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c := b.handedOver(t, b.draft(t, 1))
	r := b.messageTo(t, c, benchPhone(0))
	for _, role := range append(models.Roles(), "") {
		by := models.Actor{User: models.User{ID: 99, Name: "누구"}, Role: role}
		_, _, err := b.RefreshMessage(t.Context(), by, b.appkey, r.ID)
		if may := role.Allows(models.ManageCampaigns); may != (err == nil) || !may && models.KindOf(err) != models.Forbidden {
			t.Errorf("%q: %v", role, err)
		}
	}
	other := b.appkey
	other.ID, other.Name, other.Appkey = 0, "다른 앱키", "other"
	must(t, b.DB.CreateAppkey(t.Context(), &other))
	if _, _, err := b.RefreshMessage(t.Context(), b.admin, other, r.ID); models.KindOf(err) != models.NotFound {
		t.Errorf("of another appkey: %v", err)
	}
}

// Refreshing while the results are being read makes each message's result count once, and
// nothing goes back.
func TestRefreshesAndTheReadingOfResultsAtTheSameTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, 20*time.Second)
	move := b.together(t)
	began := b.Now()
	c := b.handedOver(t, b.draft(t, 300, "0001", "0002", "0004"))
	move(2 * time.Minute)
	phones := []string{benchPhone(0), benchPhone(1), benchPhone(299), "01099990001", "01099990002", "01099990004"}
	var wg sync.WaitGroup
	for _, phone := range phones {
		r := b.messageTo(t, c, phone)
		for range 3 {
			wg.Go(func() {
				if _, _, err := b.RefreshMessage(t.Context(), b.admin, b.appkey, r.ID); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Go(func() { b.takeFriendTalk(t, began) })
	wg.Wait()
	if e := b.equation(t, c); e.Delivered != 300 || e.Failed != 3 || e.SMSDelivered != 2 || e.SMSWaiting != 0 {
		t.Errorf("%+v", e)
	}
	for _, phone := range phones[3:] {
		if r := b.messageTo(t, c, phone); r.SMSCode == "" {
			t.Errorf("%s: the code of the SMS is lost: %+v", phone, r.Message)
		}
	}
}

// A late answer takes neither a result nor a fallback back.
func TestALateAnswerTakesNothingBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.together(t)
	c := b.handedOver(t, b.draft(t, 1, "0004"))
	move(time.Minute)
	id := b.messageTo(t, c, "01099990004").ID
	b.refresh(t, b.messageTo(t, c, "01099990004"))
	record := func(o models.MessageOutcome) int {
		o.ID, o.Code, o.DoneAt = id, kakao.DeliveryNotReachable, 1
		n := 0
		must(t, b.DB.Tx(t.Context(), func(tx *models.DB) (err error) {
			n, err = tx.RecordOutcomes(t.Context(), []models.MessageOutcome{o})
			return err
		}))
		return n
	}
	for _, fallback := range []models.FallbackState{models.FallbackTarget, models.FallbackUnderWay, models.FallbackUnknown, models.FallbackNone, models.FallbackFailed} {
		if n := record(models.MessageOutcome{State: models.MessageFailed, Fallback: fallback}); n != 0 {
			t.Errorf("the fallback went back to %d", fallback)
		}
	}
	if e := b.equation(t, c); e.SMSWaiting != 0 || e.Failed != 1 {
		t.Errorf("%+v", e)
	}
	if record(models.MessageOutcome{State: models.MessageSMS, Fallback: models.FallbackDelivered}) != 1 {
		t.Error("an SMS that arrived after all is not taken")
	}
	if r := b.messageTo(t, c, "01099990004"); r.SMSCode != "" {
		t.Errorf("the code of the failure stays: %q", r.SMSCode)
	}
}

// What is kept of the provider's answer holds neither number nor content, so that nothing
// of it has to be erased.
func TestWhatIsKeptOfAnAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.together(t)
	c := b.handedOver(t, b.draft(t, 2))
	move(time.Minute)
	r, _ := b.refresh(t, b.messageTo(t, c, benchPhone(0)))
	kept, err := json.Marshal(r.Detail)
	must(t, err)
	for _, text := range []string{r.Phone, r.Phone[3:], "김하늘"} {
		if strings.Contains(string(kept), text) {
			t.Errorf("%q is kept in %s", text, kept)
		}
	}
	before := r.Detail
	must(t, b.DB.SaveMessageDetail(t.Context(), models.MessageDetail{MessageID: r.ID, FetchedAt: before.FetchedAt.Add(-time.Second)}))
	if now := b.messageTo(t, c, benchPhone(0)); !now.Detail.FetchedAt.Equal(before.FetchedAt) || now.Detail.Raw.Status != kakao.StatusCompleted {
		t.Errorf("an older answer replaced it: %+v", now.Detail)
	}
}

func TestABrandTalkMessageIsRefreshed(t *testing.T) {
	t.Parallel()
	b := newBench(t, 5*time.Second)
	move := b.together(t)
	c := b.brandDraft(t, 3, "0001")
	b.launched(t, c)
	move(time.Minute)
	arrived, changed := b.refresh(t, b.messageTo(t, c, defaulted))
	if !changed || arrived.State != models.MessageDelivered || arrived.Code != kakao.BrandOK || arrived.Detail.ReceiveAt == nil {
		t.Errorf("%v %+v", changed, arrived)
	}
	failed, _ := b.refresh(t, b.messageTo(t, c, "01099990001"))
	if failed.State != models.MessageFailed || failed.Fallback != models.FallbackNone || failed.Code != kakao.BrandNotReachable || failed.Detail.SMSRequestID != "" {
		t.Errorf("%+v", failed)
	}
}

// What contradicts what is known is told, and changes nothing.
func TestAnAnswerThatContradictsWhatIsKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	move := b.together(t)
	c := b.handedOver(t, b.draft(t, 2, "0001"))
	move(time.Minute)
	arrived, failed := b.messageTo(t, c, benchPhone(0)), b.messageTo(t, c, "01099990001")
	must(t, b.DB.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.RecordOutcomes(t.Context(), []models.MessageOutcome{
			{ID: arrived.ID, State: models.MessageCancelled, DoneAt: 1},
			{ID: failed.ID, State: models.MessageDelivered, Code: kakao.DeliveryOK, DoneAt: 1},
		})
		return err
	}))
	for _, r := range []models.MessageRecord{arrived, failed} {
		got, changed := b.refresh(t, r)
		if changed || got.Difference() != models.ToldOther {
			t.Errorf("%v %q %+v", changed, got.Difference(), got.Message)
		}
	}
	b.equation(t, c)
}
