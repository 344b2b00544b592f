package models_test

import (
	"testing"
	"time"

	"soshik/models"
)

// removal is one of everything that is over.
func (l *ledger) removal(days int) models.Removal {
	return models.Removal{TeamID: l.campaign.TeamID, KeepDays: days, Before: time.Now()}
}

// over ends the campaign a year ago.
func (l *ledger) over(t *testing.T) {
	t.Helper()
	l.exec(t, "UPDATE campaigns SET state = 'finished', finished_at = $1", time.Now().UTC().AddDate(-1, 0, 0))
}

// removeSome removes the rows of the campaign's next batches.
func (l *ledger) removeSome(t *testing.T, batches int) (messages int64, whole bool) {
	t.Helper()
	must(t, l.Tx(t.Context(), func(tx *models.DB) error {
		c, found, err := tx.RemovableCampaign(t.Context(), l.removal(0))
		if !found {
			c, _, err = tx.RemovableCampaign(t.Context(), l.removal(100))
		}
		if err != nil {
			return err
		}
		messages, whole, err = tx.RemoveRows(t.Context(), c, batches, time.Now())
		return err
	}))
	return messages, whole
}

func TestRowsGoPieceByPieceAndTheEquationHolds(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded, models.BatchHanded, models.BatchHanded)
	var told []models.MessageOutcome
	for i, id := range l.messages {
		o := models.MessageOutcome{ID: id, State: models.MessageDelivered, Code: "1000", DoneAt: 1e12}
		if i%3 == 0 {
			o.State, o.Code = models.MessageFailed, "3018"
		}
		told = append(told, o)
	}
	l.record(t, told...)
	l.over(t)
	equation, err := l.Equation(t.Context(), l.campaign)
	must(t, err)
	if _, found, err := l.TeamToTidy(t.Context(), time.Now()); found || err != nil {
		t.Errorf("a team that keeps everything is to be tidied: %v", err)
	}
	for n, want := range []struct {
		messages int64
		whole    bool
	}{{200, false}, {100, true}} {
		if messages, whole := l.removeSome(t, 2); messages != want.messages || whole != want.whole {
			t.Errorf("piece %d: %d %v", n, messages, whole)
		}
		if e, err := l.Equation(t.Context(), l.campaign); err != nil || e != equation {
			t.Errorf("after piece %d the equation is %+v: %v", n, e, err)
		}
		if _, found, err := l.TeamToTidy(t.Context(), time.Now()); found == want.whole || err != nil {
			t.Errorf("after piece %d, is there more to tidy? %v %v", n, found, err)
		}
	}
	c, err := l.CampaignByID(t.Context(), l.campaign.ID)
	must(t, err)
	if c.RowsGoneAt == nil || c.ErasedAt == nil || c.AudienceID != 0 || c.Retryable() {
		t.Errorf("%+v", c)
	}
	if _, found, err := l.RemovableCampaign(t.Context(), l.removal(100)); found || err != nil {
		t.Errorf("its rows are to go again: %v", err)
	}
}

// Results that come late, and twice, while rows go: those of rows that are there are
// counted once, those of rows that have gone never, and the days say what the batches say.
func TestLateResultsWhileRowsGo(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded, models.BatchHanded, models.BatchHanded)
	told := func(state models.MessageState) []models.MessageOutcome {
		var all []models.MessageOutcome
		for _, id := range l.messages {
			o := models.MessageOutcome{ID: id, CampaignID: l.campaign.ID, State: state, Code: "3018", DoneAt: 1e12}
			if state == models.MessageSMS {
				o.Fallback, o.SMSCode = models.FallbackDelivered, "1000"
			}
			all = append(all, o)
		}
		return all
	}
	l.record(t, told(models.MessageFailed)...)
	l.over(t)
	l.sameAsEquation(t, 0)
	if n, whole := l.removeSome(t, 1); n != 100 || whole {
		t.Fatalf("%d %v", n, whole)
	}
	l.sameAsEquation(t, 0)
	for range 2 {
		l.record(t, told(models.MessageSMS)...)
		l.sameAsEquation(t, 0)
		if e, err := l.Equation(t.Context(), l.campaign); err != nil || e.Failed != 300 || e.SMSDelivered != 200 || e.Sum() != 300 {
			t.Errorf("%+v %v", e, err)
		}
	}
	before, days := l.usage(t)
	for whole := false; !whole; {
		_, whole = l.removeSome(t, 1)
		l.record(t, told(models.MessageFailed)...)
		l.sameAsEquation(t, 0)
	}
	l.record(t, told(models.MessageDelivered)...)
	if after, n := l.usage(t); after != before || n != days {
		t.Errorf("the days were %+v and are %+v", before, after)
	}
	if e, err := l.Equation(t.Context(), l.campaign); err != nil || e.Failed != 300 || e.SMSDelivered != 200 || e.Open() != 0 {
		t.Errorf("%+v %v", e, err)
	}
}

// Results that are still to come are waited for: without the rows nobody could ever say
// that they have.
func TestRowsOfWhichAResultIsStillToComeStay(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded)
	sms := models.MessageOutcome{ID: l.messages[0], State: models.MessageFailed, Fallback: models.FallbackUnderWay, Code: "3018", DoneAt: 1e12}
	told := []models.MessageOutcome{sms}
	for _, id := range l.messages[1:] {
		told = append(told, models.MessageOutcome{ID: id, State: models.MessageDelivered, Code: "1000", DoneAt: 1e12})
	}
	l.record(t, told...)
	l.over(t)
	if _, found, err := l.RemovableCampaign(t.Context(), l.removal(100)); found || err != nil {
		t.Errorf("they go: %v", err)
	}
	sms.Fallback = models.FallbackUnknown
	l.record(t, sms)
	if _, found, err := l.RemovableCampaign(t.Context(), l.removal(100)); !found || err != nil {
		t.Errorf("they stay when it has been given up: %v", err)
	}
}

func TestWhatIsRemovedIsCountedWithoutRows(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded, models.BatchHanded)
	if r, err := l.Removable(t.Context(), l.campaign.TeamID, time.Now()); err != nil || r != (models.Removable{}) {
		t.Errorf("while it is sent: %+v %v", r, err)
	}
	l.over(t)
	if r, err := l.Removable(t.Context(), l.campaign.TeamID, time.Now()); err != nil || r != (models.Removable{Campaigns: 1, Messages: 200}) {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := l.Removable(t.Context(), l.campaign.TeamID, time.Now().AddDate(-2, 0, 0)); err != nil || r != (models.Removable{}) {
		t.Errorf("of two years ago: %+v %v", r, err)
	}
}

// A list that is being filled from campaigns reads their messages to the end.
func TestRowsStayWhileAListIsFilled(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded)
	l.exec(t, "UPDATE batches SET delivered = size")
	l.over(t)
	w := models.AudienceWork{TeamID: l.campaign.TeamID, AudienceID: 7, Kind: models.WorkAppend, State: models.WorkRunning, Sources: []models.Source{}}
	must(t, l.CreateAudienceWork(t.Context(), &w))
	if _, found, err := l.RemovableCampaign(t.Context(), l.removal(100)); found || err != nil {
		t.Errorf("it goes meanwhile: %v", err)
	}
	l.exec(t, "UPDATE audience_works SET kind = 'delete'") // as of a campaign that went before it
	if _, found, err := l.RemovableCampaign(t.Context(), l.removal(100)); !found || err != nil {
		t.Errorf("it stays while a list is deleted: %v", err)
	}
	l.exec(t, "UPDATE audience_works SET kind = 'append', state = 'done'")
	if _, found, err := l.RemovableCampaign(t.Context(), l.removal(100)); !found || err != nil {
		t.Errorf("it stays afterwards: %v", err)
	}
}
