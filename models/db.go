// Package models holds the domain: its types, their rules, and their storage.
package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	sqlitedriver "modernc.org/sqlite"
)

// The dialects of SQL that are spoken, named as GORM names them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// readers is how many pages can read a SQLite database at the same time.
const readers = 4

// uniqueViolation is SQLITE_CONSTRAINT_UNIQUE; primaryKeyViolation is
// SQLITE_CONSTRAINT_PRIMARYKEY. GORM's translation does not know this driver.
const (
	uniqueViolation     = 2067
	primaryKeyViolation = 1555
)

// DB is the database. Inside [DB.Tx] it is one transaction.
//
// SQLite has one writer: w is a single connection that waits its turn, r a few
// that only read and wait for nobody. On PostgreSQL both are the same pool.
type DB struct {
	w, r *gorm.DB
	file string        // of SQLite; empty on PostgreSQL
	pool *pgxpool.Pool // of PostgreSQL; nil on SQLite
	now  func() time.Time
}

// Open connects to "postgres://…" or "sqlite:FILE".
func Open(ctx context.Context, address string) (*DB, error) {
	return OpenThrough(ctx, address, func(c driver.Connector) driver.Connector { return c })
}

// OpenThrough is [Open] with connections that wrap may stand before, so that a test
// can have them fail.
func OpenThrough(ctx context.Context, address string, wrap func(driver.Connector) driver.Connector) (*DB, error) {
	if file, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return openSQLite(ctx, file, wrap)
	}
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		return openPostgres(ctx, address, wrap)
	}
	return nil, errors.New(`a database is "sqlite:FILE" or "postgres://…"`)
}

func openSQLite(ctx context.Context, file string, wrap func(driver.Connector) driver.Connector) (*DB, error) {
	// Made here if it is new, so that nobody else on the machine can read it.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	const pragmas = "_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_time_format=sqlite"
	path := (&url.URL{Scheme: "file", Opaque: url.PathEscape(file)}).String()
	path = strings.ReplaceAll(path, "%2F", "/")
	w, err := openGORM(path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&"+pragmas, wrap)
	if err != nil {
		return nil, err
	}
	sqlDB(w).SetMaxOpenConns(1)
	if err := sqlDB(w).PingContext(ctx); err != nil {
		return nil, errors.Join(err, sqlDB(w).Close())
	}
	r, err := openGORM(path+"?_pragma=query_only(1)&"+pragmas, wrap)
	if err != nil {
		return nil, errors.Join(err, sqlDB(w).Close())
	}
	sqlDB(r).SetMaxOpenConns(readers)
	sqlDB(r).SetMaxIdleConns(readers)
	return &DB{w: w, r: r, file: file, now: systemClock}, nil
}

func openGORM(dsn string, wrap func(driver.Connector) driver.Connector) (*gorm.DB, error) {
	connector, err := sqlitedriver.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return gorm.Open(terseSQLite{&sqlite.Dialector{DriverName: "sqlite", Conn: sql.OpenDB(wrap(statementKeeper{connector}))}}, gormConfig())
}

func openPostgres(ctx context.Context, address string, wrap func(driver.Connector) driver.Connector) (*DB, error) {
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return nil, err
	}
	trying, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := pool.Ping(trying); err != nil {
		pool.Close()
		return nil, unanswered(err)
	}
	conn := sql.OpenDB(wrap(stdlib.GetPoolConnector(pool)))
	conn.SetMaxIdleConns(0) // the pool keeps them
	g, err := gorm.Open(tersePostgres{&postgres.Dialector{Config: &postgres.Config{Conn: conn}}}, gormConfig())
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &DB{w: g, r: g, pool: pool, now: systemClock}, nil
}

// The dialects, but for what GORM would log: it writes out each query that it scans,
// with all values, also where nothing is logged.
type (
	terseSQLite   struct{ *sqlite.Dialector }
	tersePostgres struct{ *postgres.Dialector }
)

// Explain is the query as it is.
func (terseSQLite) Explain(query string, _ ...any) string { return query }

// Explain is the query as it is.
func (tersePostgres) Explain(query string, _ ...any) string { return query }

// answerWithin is how long a server may take to answer when the database is opened.
const answerWithin = 10 * time.Second

// ErrNoServer means that no server of the database answers, or that it is starting,
// stopping, or has no connection left: another try may succeed.
var ErrNoServer = errors.New("the database does not answer")

// unanswered says of an error of connecting whether it is [ErrNoServer].
func unanswered(err error) error {
	answer, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case !answered:
	case strings.HasPrefix(answer.Code, "57P"), answer.Code == "53300": // operator's intervention; too many connections
	default:
		return err
	}
	return fmt.Errorf("%w: %w", ErrNoServer, err)
}

func gormConfig() *gorm.Config {
	return &gorm.Config{
		TranslateError:         true,
		SkipDefaultTransaction: true,
		Logger:                 logger.Discard,
		NowFunc:                systemClock,
	}
}

func sqlDB(g *gorm.DB) *sql.DB {
	pool, err := g.DB()
	if err != nil {
		panic(fmt.Errorf("not called inside a transaction: %w", err))
	}
	return pool
}

func systemClock() time.Time { return time.Now().UTC() }

// SetClock makes now the clock of everything that is written, before the database
// is used. Leases go by [DB.Now] all the same.
func (db *DB) SetClock(now func() time.Time) { db.now = now }

// Dialect is SQLite or Postgres.
func (db *DB) Dialect() string { return db.w.Name() }

// File is the file of a SQLite database, "" on PostgreSQL.
func (db *DB) File() string { return db.file }

// SQL is the pool that writes, for the job queue and the migrations.
func (db *DB) SQL() *sql.DB { return sqlDB(db.w) }

// Close closes every connection.
func (db *DB) Close() error {
	err := sqlDB(db.w).Close()
	if db.pool != nil {
		db.pool.Close()
		return err
	}
	return errors.Join(err, sqlDB(db.r).Close())
}

// Tx runs fn in a transaction. fn must use only tx: on SQLite there is a single
// writing connection, so a write through db inside fn waits for itself forever.
func (db *DB) Tx(ctx context.Context, fn func(tx *DB) error) error {
	return db.w.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		return fn(&DB{w: g, r: g, file: db.file, now: db.now})
	})
}

// SQLTx is the transaction that jobs are inserted in.
func (db *DB) SQLTx() *sql.Tx { return db.w.Statement.ConnPool.(*sql.Tx) }

// Now is the time of the database, which is the same for every process. Leases
// are kept by it.
func (db *DB) Now(ctx context.Context) (time.Time, error) {
	if db.Dialect() == SQLite {
		return time.Now().UTC(), nil // one machine, one clock
	}
	var now time.Time
	err := db.w.WithContext(ctx).Raw("SELECT clock_timestamp()").Scan(&now).Error
	return now.UTC(), err
}

// Ping says whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return sqlDB(db.r).PingContext(ctx) }

func (db *DB) read(ctx context.Context) *gorm.DB  { return db.r.WithContext(ctx) }
func (db *DB) write(ctx context.Context) *gorm.DB { return db.w.WithContext(ctx) }

// limitTo is a LIMIT. Were it a parameter, SQLite would plan the statement anew each time.
func limitTo[N int | int64](n N) string { return " LIMIT " + strconv.FormatInt(int64(n), 10) }

// dbError turns what the database says into what the domain says; what is the
// catalog's name of the thing, as in "sender".
func dbError(err error, what string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gorm.ErrRecordNotFound):
		return &Error{Kind: NotFound, Key: "error.not_found", Err: fmt.Errorf("%s: %w", what, err)}
	case isDuplicate(err):
		return &Error{Kind: Conflict, Key: "error.exists." + what, Err: err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

func isDuplicate(err error) bool {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return true
	}
	e, ok := errors.AsType[*sqlitedriver.Error](err)
	return ok && (e.Code() == uniqueViolation || e.Code() == primaryKeyViolation)
}
