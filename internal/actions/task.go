package actions

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/riverqueue/river"

	"soshik/models"
)

// longTask is a kind of long work that one job at a time does: how far it has come is in
// a row of its own, so that it survives a reload, a restart and the death of its process.
type longTask struct {
	rows   models.Tasks
	job    func(id int64) river.JobArgs
	insert *river.InsertOpts
}

// errTaken means that a task is not its job's any more: another has taken it over, or
// somebody has stopped it.
var errTaken = errors.New("the task is no longer this job's")

// beat is how often a job gives a sign of life.
const beat = stalled / 3

// queue has a worker do the task, once the transaction is through.
func (s *Service) queue(ctx context.Context, tx *models.DB, of longTask, id int64) error {
	_, err := s.Jobs.InsertTx(ctx, tx.SQLTx(), of.job(id), of.insert)
	return err
}

// run does a task, unless another job is at it. do works under the claim and returns
// [errTaken] where it cannot write down any more how far it has come; end writes down
// how it ended: done, where there is no cause. A program that stops in the meantime
// gives the task back, so that whoever comes next need not wait.
func (s *Service) run(ctx context.Context, of longTask, id int64, do func(ctx context.Context, claim string) error, end func(ctx context.Context, cause error) error) error {
	claim, now := ulid.Make().String(), s.Now()
	claimed, err := s.DB.ClaimTask(ctx, of.rows, id, claim, now, now.Add(-stalled))
	if err != nil || !claimed {
		return err
	}
	rest := s.keepAlive(ctx, func(ctx context.Context) error { return s.DB.TouchTask(ctx, of.rows, id, claim, s.Now()) })
	err = do(ctx, claim)
	rest()
	switch {
	case errors.Is(err, errTaken):
		return nil
	case err != nil && ctx.Err() != nil:
		now := s.Now()
		_, releaseErr := s.DB.ReleaseTask(context.WithoutCancel(ctx), of.rows, models.Task{ID: id, Claim: claim, WorkedAt: now}, now)
		return errors.Join(err, releaseErr)
	}
	return end(ctx, err)
}

// keepAlive gives signs of life, each with touch, until it is told to rest.
func (s *Service) keepAlive(ctx context.Context, touch func(context.Context) error) (rest func()) {
	ctx, cancel := context.WithCancel(ctx)
	var beating sync.WaitGroup
	beating.Go(func() {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := touch(ctx); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "a job gives no sign of life", "error", err)
			}
		}
	})
	return func() {
		cancel()
		beating.Wait()
	}
}

// sweepTasks takes up tasks of a kind whose process has died.
func (s *Service) sweepTasks(ctx context.Context, of longTask) error {
	now := s.Now()
	ts, err := s.DB.StalledTasks(ctx, of.rows, now.Add(-stalled))
	if err != nil {
		return err
	}
	for _, t := range ts {
		released, err := s.DB.ReleaseTask(ctx, of.rows, t, now)
		if err != nil {
			return err
		}
		if released {
			if _, err := s.Jobs.Insert(ctx, of.job(t.ID), of.insert); err != nil {
				return err
			}
		}
	}
	return nil
}

// await reads where a task stands until it does not run any more, but not longer than
// patience, and returns it as it is then.
func await[Row any](ctx context.Context, patience time.Duration, read func(context.Context) (row Row, running bool, err error)) (Row, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		row, running, err := read(context.WithoutCancel(ctx))
		if err != nil || !running {
			return row, err
		}
		select {
		case <-ctx.Done():
			return row, nil
		case <-tick.C:
		}
	}
}
