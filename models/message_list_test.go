package models_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"soshik/internal/testdb"
	"soshik/models"
)

// ledger is a campaign of batches of 100 messages each, in the given states.
type ledger struct {
	*models.DB
	campaign models.Campaign
	batches  []models.Batch
	messages []int64 // ids
}

func newLedger(t testing.TB, states ...models.BatchState) *ledger {
	t.Helper()
	ctx, now := t.Context(), time.Now().UTC()
	l := &ledger{DB: testdb.Open(t)}
	team := models.Team{Name: "팀", CreatedAt: now}
	must(t, l.CreateTeam(ctx, &team))
	k := models.Appkey{TeamID: team.ID, Name: "앱키", Appkey: "a", Secret: []byte{1}, CreatedAt: now, UpdatedAt: now}
	must(t, l.CreateAppkey(ctx, &k))
	audience := models.Audience{TeamID: team.ID, Columns: []string{}, CreatedAt: now}
	must(t, l.CreateAudience(ctx, &audience))
	rs := make([]models.Recipient, 100*len(states))
	for i := range rs {
		rs[i] = models.Recipient{Phone: fmt.Sprintf("0101234%04d", i), Vars: "{}"}
	}
	must(t, l.InsertRecipients(ctx, audience.ID, rs))
	l.campaign = models.Campaign{
		TeamID: team.ID, AppkeyID: k.ID, Channel: models.FriendTalk, ULID: models.NewToken(), State: models.CampaignPlanning,
		AudienceID: audience.ID, Audience: int64(len(rs)), CreatedAt: now, UpdatedAt: now,
	}
	must(t, l.CreateCampaign(ctx, &l.campaign))
	for n, state := range states {
		l.plan(t, int64(n+1), state)
	}
	return l
}

func (l *ledger) plan(t testing.TB, number int64, state models.BatchState) {
	t.Helper()
	must(t, l.Tx(t.Context(), func(tx *models.DB) error {
		after := l.campaign.PlanAfter
		b, err := tx.PlanBatch(t.Context(), &l.campaign, models.Batch{Number: number, DueAt: time.Now()}, 100)
		if err != nil {
			return err
		}
		if saved, err := tx.SavePlan(t.Context(), l.campaign, after); err != nil || !saved {
			return fmt.Errorf("save plan: %v %w", saved, err)
		}
		b.State = state
		l.batches = append(l.batches, b)
		for p := range int(b.Size) {
			l.messages = append(l.messages, models.MessageID(b.ID, p+1))
		}
		return tx.SetBatch(t.Context(), b.ID, map[string]any{"state": state})
	}))
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (l *ledger) record(t *testing.T, outcomes ...models.MessageOutcome) {
	t.Helper()
	must(t, l.Tx(t.Context(), func(tx *models.DB) error {
		_, err := tx.RecordOutcomes(t.Context(), outcomes)
		return err
	}))
}

// list pages through what f lets through.
func (l *ledger) list(t *testing.T, f models.MessageFilter, limit int) []models.ListedMessage {
	t.Helper()
	var all []models.ListedMessage
	for {
		ms, err := l.Messages(t.Context(), l.campaign.ID, f, limit)
		must(t, err)
		if len(ms) == 0 {
			return all
		}
		all = append(all, ms...)
		f.After = ms[len(ms)-1].ID
	}
}

// settle gives messages of every batch outcomes of every kind.
func (l *ledger) settle(t *testing.T) {
	t.Helper()
	kinds := []models.MessageOutcome{
		{State: models.MessageDelivered, Code: "1000"}, {State: models.MessageFailed, Code: "3018"}, {State: models.MessageFailed, Code: "3008"},
		{State: models.MessageSMS, Code: "3018", Fallback: models.FallbackDelivered}, {State: models.MessageRefused, Code: "-5000"},
		{State: models.MessageLost, Code: models.CodeAnswerLost}, {State: models.MessageCancelled}, {State: models.MessageClosed},
	}
	for i := range l.batches {
		for k, o := range kinds {
			for n := range 3 {
				o.ID, o.DoneAt = l.messages[i*100+n*20+k], 1
				l.record(t, o)
			}
		}
	}
}

func TestMessagesByPart(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded, models.BatchPlanned, models.BatchSending, models.BatchInDoubt, models.BatchHanded)
	l.settle(t)
	e, err := l.Equation(t.Context(), l.campaign)
	must(t, err)
	seen := int64(0)
	for _, part := range models.Parts() {
		if part == models.PartUnplanned {
			continue
		}
		got := l.list(t, models.MessageFilter{Part: part}, 7)
		if int64(len(got)) != e.Count(part) {
			t.Errorf("%d messages are listed as %s, the equation says %d", len(got), part, e.Count(part))
		}
		seen += int64(len(got))
		if slices.ContainsFunc(got, func(m models.ListedMessage) bool { return m.Part != part }) {
			t.Errorf("the list of %s has messages of other parts", part)
		}
		if !slices.IsSortedFunc(got, func(a, b models.ListedMessage) int { return int(a.ID - b.ID) }) {
			t.Errorf("the list of %s is not in order", part)
		}
	}
	if all := l.list(t, models.MessageFilter{}, 33); int64(len(all)) != e.Audience || seen != e.Audience {
		t.Errorf("%d messages in all, %d by part, want %d", len(all), seen, e.Audience)
	}
}

func TestMessagesByCodeAndNumber(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded, models.BatchPlanned)
	l.settle(t)
	for _, tt := range []struct {
		name   string
		filter models.MessageFilter
		want   int
	}{
		{"a code of two states", models.MessageFilter{Code: "3018"}, 12},
		{"a code and a part", models.MessageFilter{Code: "3018", Part: models.PartSMS}, 6},
		{"a code that the part does not have", models.MessageFilter{Code: "3008", Part: models.PartSMS}, 0},
		{"the code of what arrived", models.MessageFilter{Code: "1000"}, 6},
		{"a code that nobody has", models.MessageFilter{Code: "9999"}, 0},
		{"a number", models.MessageFilter{Phone: "01012340199"}, 1},
		{"a number wherever it is", models.MessageFilter{Phone: "01012340199", Part: models.PartFailed}, 1},
		{"a number that is not here", models.MessageFilter{Phone: "01099999999"}, 0},
	} {
		if got := l.list(t, tt.filter, 5); len(got) != tt.want {
			t.Errorf("%s: %d messages, want %d", tt.name, len(got), tt.want)
		}
	}
}

// Whatever is reported, in whatever order and however often, the counters equal a
// recount, the equation holds, and no result is taken back.
func TestOutcomesInAnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			l := newLedger(t, models.BatchHanded, models.BatchInDoubt)
			random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same again
			before := l.states(t)
			for range 40 {
				l.record(t, randomOutcomes(random, l.messages)...)
				after := l.states(t)
				for id, was := range before {
					if now := after[id]; !mayBecome(was, now) {
						t.Fatalf("message %d went from %d to %d", id, was, now)
					}
				}
				before = after
				l.recount(t)
			}
		})
	}
}

func randomOutcomes(random *rand.Rand, ids []int64) []models.MessageOutcome {
	states := models.MessageStates()[1:]
	out := make([]models.MessageOutcome, 30)
	for i := range out {
		o := models.MessageOutcome{
			ID: ids[random.IntN(len(ids))], State: states[random.IntN(len(states))], Code: fmt.Sprint(3000 + random.IntN(4)), DoneAt: 1,
		}
		if o.State == models.MessageFailed {
			o.Fallback = models.FallbackState(random.IntN(5))
		}
		out[i] = o
	}
	return out
}

// mayBecome is the rule as the design states it: what was inferred gives way to
// what is reported; a failure may become a delivery by SMS; results stay.
func mayBecome(was, now models.MessageState) bool {
	if was == now || was == models.MessageOpen {
		return true
	}
	if was == models.MessageLost || was == models.MessageClosed {
		return slices.Contains([]models.MessageState{models.MessageDelivered, models.MessageFailed, models.MessageCancelled, models.MessageSMS}, now)
	}
	return was == models.MessageFailed && now == models.MessageSMS
}

func (l *ledger) all(t *testing.T) []models.Message {
	t.Helper()
	var all []models.Message
	for _, b := range l.batches {
		ms, err := l.BatchMessages(t.Context(), b.ID)
		must(t, err)
		all = append(all, ms...)
	}
	return all
}

func (l *ledger) states(t *testing.T) map[int64]models.MessageState {
	t.Helper()
	states := map[int64]models.MessageState{}
	for _, m := range l.all(t) {
		states[m.ID] = m.State
	}
	return states
}

// recount compares the counters with the messages.
func (l *ledger) recount(t *testing.T) {
	t.Helper()
	counted, codes := map[models.Part]int64{}, map[string]int64{}
	waiting := int64(0)
	for _, m := range l.all(t) {
		counted[models.PartOf(m.State)]++
		if m.State != models.MessageOpen && m.State != models.MessageDelivered {
			codes[fmt.Sprint(m.State, " ", m.Code)]++
		}
		if m.State == models.MessageFailed && (m.Fallback == models.FallbackTarget || m.Fallback == models.FallbackUnderWay) {
			waiting++
		}
	}
	e, err := l.Equation(t.Context(), l.campaign)
	must(t, err)
	if e.Sum() != e.Audience || e.SMSWaiting != waiting || e.Handed+e.InDoubt != counted[""] {
		t.Fatalf("%+v, %d open, %d waiting", e, counted[""], waiting)
	}
	for _, part := range models.Parts() {
		if n, said := counted[part], e.Count(part); part.Own() && n != said {
			t.Fatalf("%d messages are %s, the counters say %d", n, part, said)
		}
	}
	l.recountCodes(t, codes)
}

func (l *ledger) recountCodes(t *testing.T, want map[string]int64) {
	t.Helper()
	got, err := l.CodeCounts(context.WithoutCancel(t.Context()), l.campaign.ID)
	must(t, err)
	if len(got) != len(want) {
		t.Fatalf("%d codes are counted, want %d", len(got), len(want))
	}
	for _, c := range got {
		if n := want[fmt.Sprint(c.State, " ", c.Code)]; n != c.Count {
			t.Fatalf("code %s of state %d: %d, want %d", c.Code, c.State, c.Count, n)
		}
	}
}

func TestBatchGroups(t *testing.T) {
	t.Parallel()
	l := newLedger(t, models.BatchHanded, models.BatchHanded, models.BatchInDoubt, models.BatchInDoubt, models.BatchHanded, models.BatchPlanned, models.BatchPlanned)
	gs, err := l.BatchGroups(t.Context(), l.campaign.ID, 0, false, 10)
	must(t, err)
	var got []string
	for _, g := range gs {
		got = append(got, fmt.Sprintf("%d-%d %s %d", g.First, g.Last, g.State, g.Size))
	}
	want := []string{"1-2 handed_over 200", "3-3 in_doubt 100", "4-4 in_doubt 100", "5-5 handed_over 100", "6-7 planned 200"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	gs, err = l.BatchGroups(t.Context(), l.campaign.ID, 4, false, 1)
	must(t, err)
	if len(gs) != 1 || gs[0].First != 5 {
		t.Errorf("the second page is %+v", gs)
	}
}
