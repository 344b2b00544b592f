// Package migrations brings a database up to date: our tables, then River's.
//
// Each change is one file of the same name in each dialect's folder. A file that
// has been released is never edited again.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// lockKey is the advisory lock that processes of one installation take turns
// with on PostgreSQL. SQLite has a single process.
const lockKey = 0x736f7368

// ErrNewer means that a newer program has been at the database already.
var ErrNewer = errors.New("the database was written by a newer version of soshik; install that version or restore a backup")

// Up runs the migrations of dialect ("sqlite" or "postgres") that have not run
// yet. Processes that start together run them one after another.
func Up(ctx context.Context, db *sql.DB, dialect string) error {
	unlock, err := lock(ctx, db, dialect)
	if err != nil {
		return err
	}
	return errors.Join(up(ctx, db, dialect), unlock())
}

func up(ctx context.Context, db *sql.DB, dialect string) error {
	p, err := provider(db, dialect)
	if err != nil {
		return err
	}
	if err := refuseNewer(ctx, p); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	m, err := rivermigrate.New(Driver(db, dialect), nil)
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	return nil
}

func provider(db *sql.DB, dialect string) (*goose.Provider, error) {
	dir, err := fs.Sub(files, dialect)
	if err != nil {
		return nil, err
	}
	kind := goose.DialectSQLite3
	if dialect == "postgres" {
		kind = goose.DialectPostgres
	}
	return goose.NewProvider(kind, db, dir, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// refuseNewer compares the database's version with the newest file's.
func refuseNewer(ctx context.Context, p *goose.Provider) error {
	current, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := p.ListSources()
	if newest := sources[len(sources)-1].Version; current > newest {
		return fmt.Errorf("%w (it is at %d, this program knows %d)", ErrNewer, current, newest)
	}
	return nil
}

func lock(ctx context.Context, db *sql.DB, dialect string) (unlock func() error, err error) {
	if dialect != "postgres" {
		return func() error { return nil }, nil
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lockKey); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lockKey)
		return errors.Join(err, conn.Close())
	}, nil
}
