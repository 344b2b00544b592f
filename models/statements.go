package models

import (
	"context"
	"database/sql/driver"
	"errors"
)

// What a connection keeps of the statements that it has prepared. To SQLite, understanding
// a statement is often more work than doing what it says.
const (
	keptStatements = 128
	keptLength     = 4096 // bytes of one at most: longer ones are rarely said twice
)

// statementKeeper makes connections to SQLite that keep their statements.
type statementKeeper struct{ driver.Connector }

// Connect makes one.
func (k statementKeeper) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &keepingConn{sqliteConn: c.(sqliteConn), kept: map[string]*keptStatement{}}, nil
}

// sqliteConn is what the driver's connections can do, as far as it is asked for.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// keepingConn is a connection that keeps its statements, as many as were said last. Like
// every connection it is used by one goroutine at a time.
type keepingConn struct {
	sqliteConn

	kept map[string]*keptStatement
	said int // statements so far
}

// keptStatement is a statement that is ready to be done again.
type keptStatement struct {
	driver.Stmt

	busy bool // its rows are still being read
	said int  // when it was said last
}

// ExecContext does what the query says.
func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// QueryContext reads what the query asks for.
func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &keptRows{sqliteRows: rows.(sqliteRows), statement: s}, nil
}

// statement is the query's, prepared; nil if it is not kept, or in use.
func (c *keepingConn) statement(ctx context.Context, query string) (*keptStatement, error) {
	if len(query) > keptLength {
		return nil, nil //nolint:nilnil // nothing is found, and nothing is wrong
	}
	c.said++
	s, found := c.kept[query]
	switch {
	case found && s.busy:
		return nil, nil //nolint:nilnil // as above
	case !found:
		prepared, err := c.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		if err := c.makeRoom(); err != nil {
			return nil, errors.Join(err, prepared.Close())
		}
		s = &keptStatement{Stmt: prepared}
		c.kept[query] = s
	}
	s.said = c.said
	return s, nil
}

// makeRoom closes the statement that was said the longest ago, if as many as may be are
// kept.
func (c *keepingConn) makeRoom() error {
	if len(c.kept) < keptStatements {
		return nil
	}
	oldest := ""
	for query, s := range c.kept {
		if !s.busy && (oldest == "" || s.said < c.kept[oldest].said) {
			oldest = query
		}
	}
	s, found := c.kept[oldest]
	if !found {
		return nil // all of them are busy
	}
	delete(c.kept, oldest)
	return s.Close()
}

// Close closes the statements, and the connection.
func (c *keepingConn) Close() error {
	var err error
	for _, s := range c.kept {
		err = errors.Join(err, s.Close())
	}
	clear(c.kept)
	return errors.Join(err, c.sqliteConn.Close())
}

// sqliteRows are what the driver's rows can do.
type sqliteRows interface {
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

// keptRows are rows of a statement that is kept.
type keptRows struct {
	sqliteRows

	statement *keptStatement
}

// Close ends the reading.
func (r *keptRows) Close() error {
	r.statement.busy = false
	return r.sqliteRows.Close()
}
