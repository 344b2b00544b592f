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

// What was begun with a longer time does not put off what a shorter one removes.
func TestAShorterTimeIsDueAtOnce(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded)
	now := time.Now().UTC()
	for name, try := range map[string]struct {
		keep, before int
		ended        time.Duration // ago
		due          bool
	}{
		"the first":                    {120, 0, 0, true},
		"shorter than an hour ago":     {120, 200, time.Hour, true},
		"the same as an hour ago":      {120, 120, time.Hour, false},
		"longer than an hour ago":      {200, 120, time.Hour, false},
		"the same as a day ago":        {120, 120, 25 * time.Hour, true},
		"for good":                     {0, 120, 25 * time.Hour, false},
		"a time, after only the begun": {120, -1, time.Hour, true},
	} {
		l.exec(t, "DELETE FROM removals")
		l.exec(t, "UPDATE teams SET keep_days = $1", try.keep)
		last := models.Removal{}
		if try.before != 0 {
			last = models.Removal{TeamID: l.campaign.TeamID, State: models.RemovalDone, KeepDays: max(try.before, 0), Before: now, StartedAt: now.Add(-try.ended), WorkedAt: now}
			must(t, l.CreateRemoval(t.Context(), &last))
		}
		team, due, err := l.TeamToTidy(t.Context(), now.Add(-models.RemovedEvery))
		if due != try.due || err != nil {
			t.Errorf("%s: %v %v", name, due, err)
		}
		if next := team.NextRemoval(last); due && next.After(now) {
			t.Errorf("%s: it is said to begin at %s", name, next)
		}
		found, there, err := l.LastRemoval(t.Context(), l.campaign.TeamID)
		if there != (last.ID != 0) || found.ID != last.ID || err != nil {
			t.Errorf("%s: the last is %+v %v", name, found, err)
		}
	}
}

// Results that come late, of rows that have gone and of rows that are still there, while
// those of a campaign go: what is counted stays what the equation says.
func TestLateResultsOfRowsThatHaveGoneCountNothing(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded, models.BatchHanded, models.BatchHanded)
	tell := func(state models.MessageState, code string, at int64) {
		var told []models.MessageOutcome
		for _, id := range l.messages {
			told = append(told, models.MessageOutcome{ID: id, State: state, Code: code, Fallback: models.FallbackUnknown, DoneAt: at})
		}
		l.record(t, told...)
	}
	tell(models.MessageFailed, "3018", 1e12)
	l.over(t)
	l.removeSome(t, 2)
	tell(models.MessageSMS, "3018", 1.1e12)
	e, err := l.Equation(t.Context(), l.campaign)
	if err != nil || e.Failed != 300 || e.SMSDelivered != 100 {
		t.Errorf("the equation is %+v: %v", e, err)
	}
	l.sameAsEquation(t, 0)
	l.removeSome(t, 2)
	tell(models.MessageDelivered, "1000", 1.2e12)
	l.sameAsEquation(t, 0)
	codes, err := l.CodeCounts(t.Context(), l.campaign.ID)
	if err != nil || len(codes) != 2 || codes[0].Count+codes[1].Count != 300 {
		t.Errorf("the codes are %+v: %v", codes, err)
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
