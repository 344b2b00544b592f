package models_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"soshik/models"
)

// openFile opens a SQLite database with a table of two numbers.
func openFile(t *testing.T) *sql.DB {
	t.Helper()
	db, err := models.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, query := range []string{"CREATE TABLE numbers (n INTEGER PRIMARY KEY)", "INSERT INTO numbers VALUES (1)", "INSERT INTO numbers VALUES (2)"} {
		if _, err := db.SQL().ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	return db.SQL()
}

// queryer is a connection, or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// numbers reads the rows of one column, and calls each for every one.
func numbers(ctx context.Context, q queryer, query string, each func(n int) error, args ...any) (found []int, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n int
		if err := errors.Join(rows.Scan(&n), each(n)); err != nil {
			return nil, err
		}
		found = append(found, n)
	}
	return found, rows.Err()
}

func nothing(int) error { return nil }

const allNumbers = "SELECT n FROM numbers ORDER BY n"

func expectNumbers(t *testing.T, q queryer, want string) {
	t.Helper()
	found, err := numbers(t.Context(), q, allNumbers, nothing)
	if got := fmt.Sprint(found); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

// A statement whose rows are being read is read once more in between.
func TestAStatementWithinItself(t *testing.T) {
	t.Parallel()
	db := openFile(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	within := 0
	outer, err := numbers(t.Context(), tx, allNumbers, func(int) error {
		inner, err := numbers(t.Context(), tx, allNumbers, nothing)
		within += len(inner)
		return err
	})
	if err != nil || fmt.Sprint(outer) != "[1 2]" || within != 4 {
		t.Errorf("%v with %d within, %v", outer, within, err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	expectNumbers(t, db, "[1 2]")
}

// More statements than a connection keeps, again and again.
func TestManyStatements(t *testing.T) {
	t.Parallel()
	db := openFile(t)
	for range 2 {
		for i := range 300 {
			found, err := numbers(t.Context(), db, fmt.Sprintf("SELECT n + %d FROM numbers WHERE n = ?", i), nothing, 2)
			if want := fmt.Sprint([]int{2 + i}); err != nil || fmt.Sprint(found) != want {
				t.Fatalf("%v, %v; want %s", found, err, want)
			}
		}
	}
}

// A statement that has failed, or was given up, is as good as new.
func TestAStatementAfterItFailed(t *testing.T) {
	t.Parallel()
	db := openFile(t)
	insert := func(n int) error {
		_, err := db.ExecContext(t.Context(), "INSERT INTO numbers VALUES (?)", n)
		return err
	}
	if err := insert(1); err == nil {
		t.Error("the same number twice")
	}
	if err := insert(3); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := numbers(ctx, db, allNumbers, func(int) error { cancel(); return ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	expectNumbers(t, db, "[1 2 3]")
}

// A statement means what it says now, however the tables have changed since.
func TestAStatementAfterItsTableChanged(t *testing.T) {
	t.Parallel()
	db := openFile(t)
	expectNumbers(t, db, "[1 2]")
	for _, query := range []string{"ALTER TABLE numbers RENAME TO others", "CREATE TABLE numbers (m INTEGER, n INTEGER)", "INSERT INTO numbers VALUES (1, 7)"} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	expectNumbers(t, db, "[7]")
}
