package prove

import (
	"context"
	"strconv"
	"strings"
	"time"

	"soshik/models"
)

// verdict counts where the ledger and the provider do not agree.
type verdict struct {
	lost    int // the ledger says that it was sent, or does not know, and the provider has none
	doubled int // the provider has more than one that it did not cancel
	denied  int // the ledger says that it was not sent, and the provider has one
	wrong   []string
}

// judge compares the ledger with what the provider has accepted, message by message,
// and prints.
func (r *run) judge(ctx context.Context) error {
	if err := r.workers.kill(); err != nil {
		return err
	}
	time.Sleep(settling) // what is still under way arrives
	accepted := r.accepted()
	var v verdict
	for _, t := range r.trials {
		if err := r.compare(ctx, t, accepted[t.campaign.ULID], &v); err != nil {
			return err
		}
		delete(accepted, t.campaign.ULID)
	}
	r.report(v)
	if len(v.wrong) > 0 || len(accepted) > 0 {
		return errWrong
	}
	return nil
}

// accepted is how many messages the provider has, and has not cancelled, by campaign
// and number.
func (r *run) accepted() map[string]map[string]int {
	found := map[string]map[string]int{}
	for a := range r.provider.Accepted("") {
		ulid, _, _ := strings.Cut(a.RecipientGroupingKey, ".")
		if found[ulid] == nil {
			found[ulid] = map[string]int{}
		}
		if !a.Cancelled {
			found[ulid][a.RecipientNo]++
		}
	}
	return found
}

func (r *run) compare(ctx context.Context, t *trial, accepted map[string]int, v *verdict) error {
	batches, err := r.app.DB.Batches(ctx, t.campaign.ID, 0, len(t.phones))
	if err != nil {
		return err
	}
	messages := 0
	for _, b := range batches {
		ms, err := r.app.DB.BatchMessages(ctx, b.ID)
		if err != nil {
			return err
		}
		messages += len(ms)
		for _, m := range ms {
			v.add(t, b, m, accepted[m.Phone])
			delete(accepted, m.Phone)
		}
	}
	if missing := len(t.phones) - messages; missing != 0 && !neverPlanned(t) {
		v.lost += missing
		v.note(t, "messages are missing")
	}
	for phone, n := range accepted { // of nobody in the ledger
		if n > 0 {
			v.denied++
			v.note(t, phone+" is not in the ledger")
		}
	}
	return nil
}

// neverPlanned reports whether a campaign was cancelled before its plan was whole.
func neverPlanned(t *trial) bool {
	return t.campaign.State == models.CampaignCancelled && t.equation.Unplanned > 0
}

// add judges one message of which the provider has n.
func (v *verdict) add(t *trial, b models.Batch, m models.Message, n int) {
	sent := false
	switch m.State {
	case models.MessageDelivered, models.MessageFailed, models.MessageSMS, models.MessageClosed:
		sent = true
	case models.MessageOpen:
		sent = true // handed over; anything else would not be over
	case models.MessageSkipped, models.MessageRefused, models.MessageLost, models.MessageCancelled:
	}
	switch {
	case n > 1:
		v.doubled++
	case n == 0 && sent:
		v.lost++
	case n == 1 && !sent:
		v.denied++
	default:
		return
	}
	v.note(t, m.Phone, "state", strconv.Itoa(int(m.State)), "batch", string(b.State), b.RequestID)
}

// noted is how many disagreements are told one by one.
const noted = 20

func (v *verdict) note(t *trial, words ...string) {
	if len(v.wrong) < noted {
		v.wrong = append(v.wrong, string(t.kind)+" "+t.campaign.ULID+": "+strings.Join(words, " "))
	}
}

func (r *run) report(v verdict) {
	e, stats := r.sum(), r.provider.Stats()
	processes := "one process"
	if n := len(r.workers.slots); n > 1 {
		processes = "three processes"
	}
	r.print("%s on %s, %d campaigns, settling time %s, calls wait %s", processes, r.app.DB.Dialect(), len(r.trials), settling, callTimeout)
	r.print("kills survived %d, calls cut off by them %d, faults %d, stops %d, clock moved on %d times", r.kills, r.provider.cut.Load(), stats.Faults, r.stops, r.jumps)
	asked := 0
	for _, t := range r.trials {
		asked += len(t.asked)
	}
	r.print("a person was asked about %d batches and let campaigns go on %d times", asked, r.resume)
	r.print("%d = %d not planned + %d skipped + %d planned + %d in doubt + %d handed over + %d refused + %d delivered + %d failed (%d reached by SMS) + %d cancelled + %d closed",
		e.Audience, e.Unplanned, e.Skipped, e.Planned, e.InDoubt, e.Handed, e.Refused, e.Delivered, e.Failed, e.SMSDelivered, e.Cancelled, e.Closed)
	for _, w := range v.wrong {
		r.print("  %s", w)
	}
	if v.denied > 0 {
		r.print("sent although the ledger says not %d", v.denied)
	}
	r.print("lost %d doubled %d", v.lost, v.doubled)
	r.print("%.0f s", time.Since(r.began).Seconds())
}
