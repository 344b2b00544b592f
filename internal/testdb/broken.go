package testdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"sync"
	"testing"

	"soshik/models"
)

// ErrBroken is what a call to a broken database fails with.
var ErrBroken = errors.New("the database has been broken on purpose")

// Fault is which calls to a database fail, counted since it was set.
type Fault struct {
	N      int  // the call that fails, from 1; 0: none
	After  bool // it is carried out first, and its answer lost
	Stays  bool // all calls behind it fail too, none of them carried out, until it is mended
	Writes bool // only calls that may write are counted: statements, and ends of transactions
}

// Breaker lets calls to a database fail: begins, commits, statements and queries. A
// transaction of which one has failed can still be rolled back, as the database would
// do by itself.
type Breaker struct {
	mu    sync.Mutex
	fault Fault
	calls int
}

// Set begins to count anew.
func (b *Breaker) Set(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault, b.calls = f, 0
}

// Calls is how many were made since the fault was set.
func (b *Breaker) Calls() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls
}

// Mend lets nothing fail any more, if something has, and goes on counting.
func (b *Breaker) Mend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls >= b.fault.N {
		b.fault = Fault{Writes: b.fault.Writes}
	}
}

// next counts a call and says whether it fails before or after it is carried out.
func (b *Breaker) next(writes bool) (before, after bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.fault
	if writes || !f.Writes {
		b.calls++
	}
	switch {
	case f.Writes && !writes:
		return f.N > 0 && f.Stays && b.calls >= f.N, false
	case f.N == 0 || b.calls < f.N:
		return false, false
	case b.calls == f.N:
		return !f.After, f.After
	}
	return f.Stays, false
}

// broken makes a call, or not, as the breaker has it.
func broken[T any](b *Breaker, writes bool, fn func() (T, error)) (T, error) {
	var none T
	before, after := b.next(writes)
	if before {
		return none, ErrBroken
	}
	got, err := fn()
	if err == nil && after {
		if c, ok := any(got).(io.Closer); ok {
			_ = c.Close()
		}
		if tx, ok := any(got).(driver.Tx); ok {
			_ = tx.Rollback()
		}
		return none, ErrBroken
	}
	return got, err
}

// OpenBroken opens a database whose calls the breaker lets fail, closed after the
// test.
func OpenBroken(t testing.TB, address string) (*models.DB, *Breaker) {
	t.Helper()
	b := new(Breaker)
	db, err := models.OpenThrough(context.Background(), address, func(c driver.Connector) driver.Connector { return connector{c, b} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, b
}

type connector struct {
	driver.Connector
	b *Breaker
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return conn{inner.(fullConn), c.b}, nil
}

// fullConn is what the connections of both drivers can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
}

type conn struct {
	fullConn
	b *Breaker
}

func (c conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	inner, err := broken(c.b, false, func() (driver.Tx, error) { return c.fullConn.BeginTx(ctx, opts) })
	if err != nil {
		return nil, err
	}
	return tx{inner, c.b}, nil
}

func (c conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return broken(c.b, true, func() (driver.Result, error) { return c.fullConn.ExecContext(ctx, query, args) })
}

func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return broken(c.b, false, func() (driver.Rows, error) { return c.fullConn.QueryContext(ctx, query, args) })
}

func (c conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return broken(c.b, false, func() (driver.Stmt, error) { return c.fullConn.PrepareContext(ctx, query) })
}

// CheckNamedValue leaves values to the driver, where it wants that.
func (c conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// ResetSession does what the driver does between two uses.
func (c conn) ResetSession(ctx context.Context) error {
	if r, ok := c.fullConn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

type tx struct {
	driver.Tx
	b *Breaker
}

func (t tx) Commit() error {
	before, after := t.b.next(true)
	if before {
		return errors.Join(ErrBroken, t.Tx.Rollback())
	}
	if err := t.Tx.Commit(); err != nil || !after {
		return err
	}
	return ErrBroken
}
