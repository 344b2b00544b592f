package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"soshik/migrations"
	"soshik/models"
)

const (
	// knockEvery is how long to wait between two tries to reach the database.
	knockEvery = time.Second
	// sayEvery is how often it is said that it is still waited for.
	sayEvery = 10 * time.Second
)

func openDatabase(ctx context.Context, cfg Config, log *slog.Logger) (*models.DB, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if file, ok := strings.CutPrefix(cfg.Database, "sqlite:"); ok {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, fmt.Errorf("folder of the database: %w", err)
		}
	}
	db, err := reachDatabase(ctx, cfg, log)
	if err != nil {
		return nil, fmt.Errorf("open database (SOSHIK_DATABASE): %w", err)
	}
	if err := migrations.Up(ctx, db.SQL(), db.Dialect()); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate: %w", err), db.Close())
	}
	return db, nil
}

// reachDatabase opens the database, and waits for a server that does not answer: machines
// start in any order. What the server answers, that it does not know the password say, is
// no reason to wait.
func reachDatabase(ctx context.Context, cfg Config, log *slog.Logger) (*models.DB, error) {
	started := time.Now()
	var said time.Time
	for {
		db, err := models.Open(ctx, cfg.Database)
		if !errors.Is(err, models.ErrNoServer) {
			return db, err
		}
		left := cfg.DatabaseWait - time.Since(started)
		switch {
		case cfg.DatabaseWait == 0:
			return nil, err
		case left <= 0:
			return nil, fmt.Errorf("waited for %s (SOSHIK_DATABASE_WAIT): %w", cfg.DatabaseWait, err)
		}
		if time.Since(said) >= sayEvery {
			said = time.Now()
			log.WarnContext(ctx, "the database does not answer yet: waiting for it", "for", left.Round(time.Second), "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(min(knockEvery, left)):
		}
	}
}
