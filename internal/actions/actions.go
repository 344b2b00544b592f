// Package actions is every change that a person or a job can make. Each exported
// method of [Service] is one action: may they, is it valid, do it, and record it.
// Reads do not pass through here.
package actions

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"soshik/models"
)

// Service carries out the actions.
type Service struct {
	DB       *models.DB
	Jobs     *river.Client[*sql.Tx]
	Log      *slog.Logger
	Keeper   *models.Keeper
	Provider *Provider
	Timing   Timing
	Sweeping SweepSettings
	Telling  Telling
	// DataDir is the folder in which uploaded files, and exports, are kept.
	DataDir string
	// CreateFile makes the file of an export; nil: in the data folder, for nobody else on
	// the machine to read. Tests have disks that are full.
	CreateFile func(path string) (*os.File, error)
	// ExportWords are what exports say in a language.
	ExportWords func(locale string) models.ExportWords
	// Now is the time by which people and the provider live. It differs from the
	// system's only in demos and tests.
	Now func() time.Time

	drawing   sync.Mutex // images are decoded one at a time, since each may take 200 MB
	uploading turns      // by appkey and image

	beat atomic.Pointer[time.Time] // the last sign of life of this process, by the database's clock
}

// change runs fn in a transaction and records e in it. fn may complete e, which
// is why it is a pointer.
func (s *Service) change(ctx context.Context, by models.Actor, e *models.Event, fn func(tx *models.DB) error) error {
	return s.DB.Tx(ctx, func(tx *models.DB) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Audit(ctx, by, *e)
	})
}

// RecordDenied notes that somebody asked for what is not theirs.
func (s *Service) RecordDenied(ctx context.Context, by models.Actor, teamID int64, what string) error {
	return s.DB.Audit(ctx, by, models.Event{
		Action: "access.denied", TeamID: teamID, ObjectType: "page", ObjectName: what, Outcome: models.OutcomeDenied,
	})
}
