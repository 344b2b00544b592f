package models

import (
	"errors"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
)

// What the databases answer when there is no room left.
const (
	sqliteFull   = 13 // SQLITE_FULL
	postgresFull = "53100"
)

// DiskFull reports whether err is that a disk is full, of this machine or of the
// database's.
func DiskFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return e.Code() == sqliteFull
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == postgresFull
}
