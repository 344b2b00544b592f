package prove

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"soshik/internal/actions"
	"soshik/models"
)

// untilOver drives the run until nothing is open any more.
func (r *run) untilOver(ctx context.Context, progress io.Writer) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	nextKill, nextLook := time.Now().Add(r.interval()), time.Now()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %s\n%s", ctx.Err(), r.state(), r.workers.said(20))
		case <-tick.C:
		}
		if err := r.act(ctx); err != nil {
			return err
		}
		if err := r.workers.revive(ctx); err != nil {
			return err
		}
		if r.kills < r.cfg.Kills && r.worthKilling(time.Since(nextKill)) {
			if err := r.end(ctx, r.random.IntN(len(r.workers.slots))); err != nil {
				return err
			}
			nextKill = time.Now().Add(r.interval())
		}
		if time.Now().Before(nextLook) {
			continue
		}
		over, err := r.look(ctx)
		if err != nil || over {
			return err
		}
		_, _ = fmt.Fprintln(progress, r.state())
		nextLook = time.Now().Add(time.Second)
	}
}

// worthKilling reports whether a worker is to be killed that is due to be since late:
// rather while a call is under way, if there is one soon.
func (r *run) worthKilling(late time.Duration) bool {
	return late > 0 && (r.provider.underWay.Load() > 0 || late > time.Second)
}

// end ends a worker, one in four as it should be, the others by a kill.
func (r *run) end(ctx context.Context, i int) error {
	if r.random.IntN(4) > 0 {
		r.kills++
		return r.workers.crash(ctx, i)
	}
	r.stops++
	before := r.provider.cut.Load()
	if err := r.workers.stop(i); err != nil {
		return err
	}
	if r.provider.cut.Load() != before {
		return errors.New("a worker that was told to end cut a call off")
	}
	return r.workers.startOne(ctx, i)
}

// interval is how long the workers are left alone.
func (r *run) interval() time.Duration {
	return 200*time.Millisecond + time.Duration(r.random.Int64N(int64(1600*time.Millisecond)))
}

// act does what people do.
func (r *run) act(ctx context.Context) error {
	if r.cfg.Outage != nil && !r.outage && r.kills >= r.cfg.Kills/2 {
		r.outage = true
		if err := r.cfg.Outage(ctx); err != nil {
			return fmt.Errorf("outage: %w", err)
		}
	}
	if err := r.launch(ctx); err != nil {
		return err
	}
	return r.disturb(ctx)
}

// look reads how far everything is, checks the equations, decides what asks a person,
// and moves the clock on when nothing else is to be done.
func (r *run) look(ctx context.Context) (over bool, err error) {
	over = r.kills == r.cfg.Kills
	waiting := true // for time to pass, and nothing else
	var next time.Time
	for _, t := range r.trials {
		if t.over {
			continue
		}
		over = false
		if t.launched.IsZero() {
			waiting = false
			continue
		}
		until, err := r.lookAt(ctx, t)
		if err != nil {
			return false, fmt.Errorf("%s: %w", t.kind, err)
		}
		switch {
		case t.over:
		case until.IsZero():
			waiting = false
		case next.IsZero() || until.Before(next):
			next = until
		}
	}
	if over || !waiting || next.IsZero() || r.kills < r.cfg.Kills {
		return over, nil
	}
	r.jumps++
	return false, r.workers.restart(ctx, func() { r.clock.jump(next) })
}

// lookAt reads how far a campaign is. until is when it goes on, if nothing but time
// has to pass until then.
func (r *run) lookAt(ctx context.Context, t *trial) (until time.Time, err error) {
	if t.campaign, err = r.app.DB.Campaign(ctx, t.appkey.ID, t.campaign.ID); err != nil {
		return until, err
	}
	c := t.campaign
	if t.equation, err = r.app.DB.Equation(ctx, c); err != nil {
		return until, err
	}
	if t.equation.Sum() != t.equation.Audience {
		return until, fmt.Errorf("%w: %+v", errEquation, t.equation)
	}
	open := t.equation.Open()
	if c.State == models.CampaignCancelled {
		open -= t.equation.Unplanned // stays so
	}
	if c.State.Over() && open == 0 {
		t.over = true
		return until, nil
	}
	batches, err := r.app.DB.Batches(ctx, c.ID, 0, len(t.phones))
	if err != nil {
		return until, err
	}
	if err := r.decide(ctx, t, batches); err != nil || !c.State.Runs() || !t.disturbed {
		return until, err
	}
	if open == 0 && c.ScheduledAt != nil && c.ScheduledAt.After(r.clock.now().Add(worthJumping)) {
		return *c.ScheduledAt, nil // nobody is left to be sent to, and it is over when its time has come
	}
	return r.waitsUntil(batches), nil
}

// worthJumping is how far away a time must be for the clock to be moved on to it.
const worthJumping = 5 * time.Second

// waitsUntil is when the first of the batches goes on, if all of them wait for their
// time: here, or at the provider.
func (r *run) waitsUntil(batches []models.Batch) (until time.Time) {
	for _, b := range batches {
		at := time.Time{}
		switch {
		case b.Cancel.Moves() || b.Cancel == models.CancelAsked:
			return time.Time{}
		case b.Open() == 0 && b.SMSWaiting == 0:
			continue
		case b.State == models.BatchPlanned:
			at = b.DueAt
		case b.State == models.BatchHanded:
			at = r.resultsOf(b)
		}
		if at.Before(r.clock.now().Add(worthJumping)) {
			return time.Time{}
		}
		if until.IsZero() || at.Before(until) {
			until = at
		}
	}
	return until
}

// resultsLate is how long after they were sent messages are asked after one by one
// that no list of results has shown.
const resultsLate = 10*time.Minute + worthJumping

// resultsOf is when the results of a batch that was handed over can be expected: zero
// while they may come at any moment.
func (r *run) resultsOf(b models.Batch) time.Time {
	sent := *b.HandedAt
	if b.RequestAt != nil && b.RequestAt.After(sent) {
		sent = *b.RequestAt
	}
	switch now := r.clock.now(); {
	case sent.After(now):
		return sent
	case now.Sub(sent) < worthJumping:
		return time.Time{}
	}
	return sent.Add(resultsLate)
}

// decide is the person who is asked. They let a campaign go on, and have a batch sent
// again of which nothing has turned up although nothing of it can still be under way.
func (r *run) decide(ctx context.Context, t *trial, batches []models.Batch) error {
	by := models.Actor{}
	for _, b := range batches {
		if !b.Asks {
			continue
		}
		t.asked[b.ID] = true
		if b.CalledAt != nil && r.clock.now().Sub(*b.CalledAt) < tooLate+settling {
			continue
		}
		err := r.app.Actions.DecideBatch(ctx, by, t.appkey.ID, t.campaign.ID, b.Number, actions.SendAgain)
		if err != nil && models.KindOf(err) != models.Conflict {
			return err
		}
	}
	if s := t.campaign.State; s != models.CampaignPaused && s != models.CampaignHeld {
		return nil
	}
	r.resume++
	err := r.app.Actions.Resume(ctx, by, t.appkey.ID, t.campaign.ID)
	if models.KindOf(err) == models.Conflict {
		return nil
	}
	return err
}

// sum adds the equations up.
func (r *run) sum() (e models.Equation) {
	for _, t := range r.trials {
		x := t.equation
		if t.launched.IsZero() {
			x.Audience, x.Unplanned = int64(len(t.phones)), int64(len(t.phones))
		}
		e.Audience, e.Unplanned, e.Skipped, e.Planned, e.InDoubt = e.Audience+x.Audience, e.Unplanned+x.Unplanned, e.Skipped+x.Skipped, e.Planned+x.Planned, e.InDoubt+x.InDoubt
		e.Handed, e.Refused, e.Delivered, e.Failed = e.Handed+x.Handed, e.Refused+x.Refused, e.Delivered+x.Delivered, e.Failed+x.Failed
		e.Cancelled, e.Closed, e.SMSDelivered, e.SMSWaiting = e.Cancelled+x.Cancelled, e.Closed+x.Closed, e.SMSDelivered+x.SMSDelivered, e.SMSWaiting+x.SMSWaiting
	}
	return e
}

// state is a line about how far the run is.
func (r *run) state() string {
	e := r.sum()
	return fmt.Sprintf("%4.0f s  %d of %d kills, %d calls cut off; of %d: %d to come, %d in doubt, %d handed over, %d done",
		time.Since(r.began).Seconds(), r.kills, r.cfg.Kills, r.provider.cut.Load(), e.Audience,
		e.Unplanned+e.Planned, e.InDoubt, e.Handed+e.SMSWaiting, e.Audience-e.Open())
}
