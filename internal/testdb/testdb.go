// Package testdb gives each test a database of its own, empty and up to date, on
// the kind of database that SOSHIK_TEST_DATABASE names: sqlite (also if it is
// unset), or postgres, on the server at SOSHIK_TEST_POSTGRES.
package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"soshik/migrations"
	"soshik/models"
)

// New is the address of a fresh database, gone after the test.
func New(t testing.TB) string {
	t.Helper()
	if onPostgres() {
		return newPostgres(t)
	}
	return newSQLite(t)
}

// Open opens a fresh database, closed after the test.
func Open(t testing.TB) *models.DB {
	t.Helper()
	db, err := models.Open(context.Background(), New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Copy is the address of a copy of the database at address, which nobody must have
// open. It is gone after the test.
func Copy(t testing.TB, address string) string {
	t.Helper()
	if file, ok := strings.CutPrefix(address, "sqlite:"); ok {
		content, err := os.ReadFile(file) //nolint:gosec // a test's own
		if err != nil {
			t.Fatal(err)
		}
		made := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(made, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + made
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return copyPostgres(t, strings.TrimPrefix(u.Path, "/"))
}

func onPostgres() bool { return os.Getenv("SOSHIK_TEST_DATABASE") == models.Postgres }

// The templates are migrated once for each test binary and copied for each test.
var (
	sqliteTemplate   = sync.OnceValues(makeSQLiteTemplate)
	postgresTemplate = sync.OnceValues(makePostgresTemplate)
)

func newSQLite(t testing.TB) string {
	t.Helper()
	template, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "soshik.db")
	if err := os.WriteFile(file, template, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + file
}

func makeSQLiteTemplate() (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "soshik-test")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:" + file); err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(f)
}

func migrate(address string) (err error) {
	ctx := context.Background()
	db, err := models.Open(ctx, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return migrations.Up(ctx, db.SQL(), db.Dialect())
}

func newPostgres(t testing.TB) string {
	t.Helper()
	template, err := postgresTemplate()
	if err != nil {
		t.Fatal(err)
	}
	return copyPostgres(t, template)
}

func copyPostgres(t testing.TB, template string) string {
	t.Helper()
	name := randomName()
	if err := admin("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return address(name)
}

// makePostgresTemplate leaves its database behind: the server is thrown away.
func makePostgresTemplate() (string, error) {
	name := randomName()
	if err := admin("CREATE DATABASE " + name); err != nil {
		return "", err
	}
	return name, migrate(address(name))
}

func randomName() string { return "test_" + strings.ToLower(rand.Text()[:12]) }

func admin(statement string) (err error) {
	server := os.Getenv("SOSHIK_TEST_POSTGRES")
	if server == "" {
		return errors.New("SOSHIK_TEST_POSTGRES names no server")
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(context.Background(), statement)
	return err
}

func address(database string) string {
	u, err := url.Parse(os.Getenv("SOSHIK_TEST_POSTGRES"))
	if err != nil {
		panic(fmt.Errorf("SOSHIK_TEST_POSTGRES: %w", err))
	}
	u.Path = "/" + database
	return u.String()
}
