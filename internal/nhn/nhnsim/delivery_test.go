package nhnsim_test

import (
	"fmt"
	"testing"
	"time"

	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

// results are the delivery codes of a request's messages, in order, as far as they
// are known.
func (b *bench) codes(t *testing.T, id string) []string {
	t.Helper()
	var list []string
	for m, err := range b.client.AllFriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: id}) {
		must(t, err)
		list = append([]string{m.ResultCode}, list...) // the list begins with the last one
	}
	return list
}

func TestDeliveriesKeepToARate(t *testing.T) {
	t.Parallel()
	cfg := exact()
	cfg.Rate, cfg.StateFile = 2, stateFile(t)
	b := open(t, cfg)
	numbers := make([]string, 10)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("0102222%04d", 1000+i)
	}
	later := b.send(t, b.Now().Add(time.Hour), numbers...)
	first, second := b.send(t, time.Time{}, numbers...), b.send(t, time.Time{}, numbers...)
	known := func(id string) (n int) {
		for _, code := range b.codes(t, id) {
			if code != "" {
				n++
			}
		}
		return n
	}
	b.Add(cfg.Latency.Max)
	for _, step := range []struct{ first, second int }{{1, 0}, {3, 0}, {5, 0}, {7, 0}, {9, 0}, {10, 1}, {10, 3}} {
		if f, s := known(first), known(second); f != step.first || s != step.second {
			t.Errorf("%d and %d are known, want %+v", f, s, step)
		}
		b.Add(time.Second)
	}
	must(t, b.sim.Close())
	cfg.Rate, cfg.Now = 0, b.clock.Now
	b.start(t, cfg)
	if n := known(second); n != 5 {
		t.Errorf("after a restart without a rate %d are known, want the 5 as before", n)
	}
	if b.Add(time.Hour); known(later) != 10 {
		t.Error("what was scheduled is not known")
	}
}

func TestOutcomesCanBeAskedFor(t *testing.T) {
	t.Parallel()
	cfg := exact()
	cfg.StateFile = stateFile(t)
	b := open(t, cfg)
	const lucky = "01022220001" // would not be reachable
	must(t, b.sim.SetOutcome(nhnsim.Override{RecipientNo: "010-2222-0001", Code: "1000"}))
	must(t, b.sim.SetOutcome(nhnsim.Override{RecipientNo: number, Code: "3024", FallbackCode: "2003", After: nhnsim.Duration(time.Minute)}))
	id := b.send(t, time.Time{}, lucky, number)
	b.Add(cfg.Latency.Max)
	if got := fmt.Sprint(b.codes(t, id)); got != "[1000 ]" {
		t.Errorf("at first %s", got)
	}
	b.Add(time.Hour)
	if got := fmt.Sprint(b.codes(t, id)); got != "[1000 3024]" {
		t.Errorf("then %s", got)
	}
	if b.sim.SetOutcome(nhnsim.Override{RecipientNo: "x", Code: "1000"}) == nil {
		t.Error("a number without digits is taken")
	}
	must(t, b.sim.SetOutcome(nhnsim.Override{RecipientNo: number}))
	must(t, b.sim.Close())
	cfg.Now = b.clock.Now
	b.start(t, cfg)
	if got := b.sim.Outcomes(); len(got) != 1 || got[0].RecipientNo != lucky {
		t.Errorf("%+v is decided", got)
	}
	if got := fmt.Sprint(b.codes(t, id)); got != "[1000 3024]" {
		t.Errorf("after a restart %s", got)
	}
	again := b.send(t, time.Time{}, number)
	if b.Add(time.Hour); fmt.Sprint(b.codes(t, again)) != "[1000]" {
		t.Error("what was taken back still holds")
	}
}

func TestASendCanAskForItsOutcome(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	got := b.do(t, "POST", "/friendtalk/v1.5/appkeys/"+appkey+"/messages", body(t, nil, nil), nhnsim.HeaderOutcome, "3016/2003")
	if got.code() != 0 {
		t.Fatal(got)
	}
	b.Add(time.Hour)
	if got := fmt.Sprint(b.codes(t, got.at("message", "requestId").(string))); got != "[3016]" {
		t.Errorf("got %s", got)
	}
}
