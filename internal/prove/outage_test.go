package prove_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"soshik/internal/prove"
	"soshik/internal/testdb"
	"soshik/models"
)

// outage is how long the database is away: longer than anybody waits for it.
const outage = 7 * time.Second

// The database is gone for a while in the middle: PostgreSQL is stopped without
// warning; SQLite is locked by somebody else.
func TestNobodyIsLostOrDoubledWhenTheDatabaseIsGone(t *testing.T) {
	t.Parallel()
	address := testdb.New(t)
	gone := func(ctx context.Context) error { return locked(ctx, address) }
	if !strings.HasPrefix(address, "sqlite:") {
		c := startCluster(t)
		address, gone = c.url, c.outage
	}
	proved(t, prove.Config{Recipients: 1500, Kills: 4, Database: address, Outage: gone})
}

// locked keeps everybody from writing to a SQLite database.
func locked(ctx context.Context, address string) error {
	db, err := models.Open(ctx, address)
	if err != nil {
		return err
	}
	err = db.Tx(ctx, func(*models.DB) error { return wait(ctx) })
	if closeErr := db.Close(); err == nil {
		err = closeErr
	}
	return err
}

func wait(ctx context.Context) error {
	select {
	case <-time.After(outage):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cluster is a PostgreSQL of a test's own, which it can stop.
type cluster struct{ dir, url string }

// startCluster starts one that loses nothing of what it has committed when it is
// stopped without warning.
func startCluster(t *testing.T) cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "soshik-cluster") //nolint:usetesting // PostgreSQL's user gets through to it, and it has a short name for its socket
	if err != nil {
		t.Fatal(err)
	}
	c := cluster{dir: filepath.Join(dir, "postgres")}
	t.Cleanup(func() {
		if _, err := c.sh(context.Background(), `stop_postgres "$1"`); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // so that the other user gets through
		t.Fatal(err)
	}
	said, err := c.sh(t.Context(), `start_postgres "$1" fsync=off >&2 && echo "$POSTGRES_URL"`)
	if err != nil {
		t.Fatal(err)
	}
	c.url = strings.TrimSpace(said)
	return c
}

// outage stops the server at once, and starts it again as it was started.
func (c cluster) outage(ctx context.Context) error {
	if _, err := c.sh(ctx, `stop_postgres "$1"`); err != nil {
		return err
	}
	if err := wait(ctx); err != nil {
		return err
	}
	_, err := c.sh(ctx, `bin=$(postgres_bin)
		options=$(sed 's/^[^ ]* //' "$1/data/postmaster.opts")
		as_postgres bash -c "exec \"$bin/postgres\" $options" </dev/null >>"$1.log" 2>&1 &
		for try in {1..300}; do
			as_postgres "$bin/pg_ctl" status --pgdata="$1/data" >/dev/null 2>&1 &&
				as_postgres "$bin/pg_isready" --quiet --host="$1" --port="$(sed -n 4p "$1/data/postmaster.pid")" && exit 0
			sleep 0.1
		done
		exit 1`)
	return err
}

// sh runs a script with the functions that start and stop a server.
func (c cluster) sh(ctx context.Context, script string) (string, error) {
	p := exec.CommandContext(ctx, "bash", "-euc", "source ../dev/lib.sh\n"+script, "bash", c.dir) //nolint:gosec // our own
	var out, said bytes.Buffer
	p.Stdout, p.Stderr = &out, &said
	p.WaitDelay = time.Second // the server keeps what it has been given
	if err := p.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, &said)
	}
	return out.String(), nil
}
