// Package jobs runs actions in the background. A worker only translates: a job's
// arguments into a call, and its error into retry or cancel.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"soshik/internal/actions"
	"soshik/models"
)

// Workers are the workers of every kind of job.
func Workers(s *actions.Service) *river.Workers { return all(s).workers }

// Kinds names every kind of job.
func Kinds() []string { return all(nil).kinds }

// known are workers, and the kinds of jobs that they are for.
type known struct {
	workers *river.Workers
	kinds   []string
}

func all(s *actions.Service) *known {
	ws := &known{workers: river.NewWorkers()}
	add(ws, func(ctx context.Context, a actions.SendBatch) error { return s.SendBatch(ctx, a.BatchID) })
	add(ws, func(ctx context.Context, a actions.SettleBatch) error { return s.SettleBatch(ctx, a.BatchID) })
	add(ws, func(ctx context.Context, a actions.PlanCampaign) error { return s.PlanCampaign(ctx, a.CampaignID) })
	add(ws, func(ctx context.Context, a actions.LaunchApproved) error { return s.LaunchApproved(ctx, a.ApprovalID) })
	add(ws, func(ctx context.Context, a actions.CancelCampaign) error { return s.CancelBatches(ctx, a.CampaignID) })
	add(ws, s.TakeResults)
	add(ws, func(ctx context.Context, a actions.RunImport) error { return s.RunImport(ctx, a.ImportID) })
	add(ws, func(ctx context.Context, a actions.TidyImport) error { return s.TidyImport(ctx, a.ImportID) })
	add(ws, func(ctx context.Context, a actions.RefreshSenders) error { return s.RunRefresh(ctx, a.AppkeyID) })
	add(ws, func(ctx context.Context, a actions.CheckTemplate) error { return s.CheckTemplate(ctx, a.TemplateID) })
	add(ws, func(ctx context.Context, a actions.ChangeGroup) error { return s.ChangeGroup(ctx, a.ChangeID) })
	add(ws, func(ctx context.Context, a actions.WorkOnAudience) error { return s.RunAudienceWork(ctx, a.WorkID) })
	add(ws, func(ctx context.Context, a actions.CheckCampaign) error { return s.RunCheck(ctx, a.CampaignID) })
	add(ws, func(ctx context.Context, a actions.ApplySuppressions) error {
		return s.ApplySuppressions(ctx, a.TeamID)
	})
	add(ws, func(ctx context.Context, a actions.StopMessages) error { return s.StopMessages(ctx, a.BatchID) })
	add(ws, func(ctx context.Context, a actions.RecallBatch) error { return s.RecallBatch(ctx, a.BatchID) })
	add(ws, func(ctx context.Context, a actions.ListImages) error { return s.RunListing(ctx, a.AppkeyID) })
	add(ws, func(ctx context.Context, a actions.RemoveOldRows) error { return s.RunRemoval(ctx, a.RemovalID) })
	add(ws, func(ctx context.Context, a actions.DeliverNotice) error { return s.DeliverNotice(ctx, a.DeliveryID) })
	add(ws, func(ctx context.Context, a actions.WriteExport) error { return s.RunExport(ctx, a.ExportID) })
	return ws
}

// add has fn do the jobs of a kind, without River's own limit of a minute: a request has
// its own, and an import takes as long as it takes.
func add[T river.JobArgs](ws *known, fn func(context.Context, T) error) {
	river.AddWorker(ws.workers, river.Worker[T](&untimed[T]{fn: fn}))
	var args T
	ws.kinds = append(ws.kinds, args.Kind())
}

type untimed[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	fn func(context.Context, T) error
}

// Work runs the job.
func (w *untimed[T]) Work(ctx context.Context, job *river.Job[T]) error {
	return verdict(w.fn(ctx, job.Args))
}

// Timeout is none.
func (*untimed[T]) Timeout(*river.Job[T]) time.Duration { return -1 }

// verdict cancels jobs whose subject is gone: trying again would not help.
func verdict(err error) error {
	if err != nil && models.KindOf(err) == models.NotFound {
		return river.JobCancel(err)
	}
	return err
}

// Config is how the queue works: workers requests to the provider at the same
// time, and looked at often enough that a job waits for a moment only.
func Config(s *actions.Service, workers int, log *slog.Logger) *river.Config {
	return &river.Config{
		Logger:            slog.New(quiet{log.Handler()}),
		Workers:           Workers(s),
		FetchCooldown:     10 * time.Millisecond,
		FetchPollInterval: 50 * time.Millisecond,
		Queues: map[string]river.QueueConfig{
			actions.QueueSend:    {MaxWorkers: workers},
			actions.QueueWork:    {MaxWorkers: 2},
			actions.QueueImport:  {MaxWorkers: 3},
			actions.QueueExport:  {MaxWorkers: 2},
			actions.QueueRefresh: {MaxWorkers: 2},
			actions.QueueMail:    {MaxWorkers: 2},
			actions.QueueWebhook: {MaxWorkers: 2},
			river.QueueDefault:   {MaxWorkers: workers},
		},
		// Finished jobs say nothing that the ledger does not say better.
		CompletedJobRetentionPeriod: time.Hour,
		CancelledJobRetentionPeriod: 24 * time.Hour,
		DiscardedJobRetentionPeriod: 7 * 24 * time.Hour,
	}
}

// quiet lets through what River warns about; what it does all day is of no
// interest.
type quiet struct{ slog.Handler }

// Enabled is true from warnings on.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

// Sweep runs [actions.Service.Sweep] at once and then every interval, until ctx is
// done.
func Sweep(ctx context.Context, s *actions.Service, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && !errors.Is(err, context.Canceled) {
			s.Log.ErrorContext(ctx, "sweep", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
