package web_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"soshik/models"
	"soshik/web"
)

// postgresAnswers listens like a PostgreSQL server that answers the n-th connection with
// the n-th of the codes, and all further ones with the last; "" is no answer.
func postgresAnswers(t *testing.T, codes ...string) (address string, connections *atomic.Int64) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	connections = &atomic.Int64{}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			n := min(int(connections.Add(1)), len(codes))
			answerPostgres(conn, codes[n-1])
		}
	}()
	return "postgres://soshik@" + ln.Addr().String() + "/soshik?sslmode=disable", connections
}

// answerPostgres refuses a connection with a code.
func answerPostgres(conn net.Conn, code string) {
	defer func() { _ = conn.Close() }()
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil || code == "" {
		return
	}
	if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(size[:]))-4); err != nil {
		return
	}
	fields := "SFATAL\x00VFATAL\x00C" + code + "\x00Mrefused\x00\x00"
	_, _ = conn.Write(append(binary.BigEndian.AppendUint32([]byte{'E'}, uint32(len(fields)+4)), fields...))
}

// waiting are settings with a database that is waited for.
func waiting(t *testing.T, database string, wait time.Duration) web.Config {
	t.Helper()
	cfg := settings(t)
	cfg.Database, cfg.DatabaseWait = database, wait
	return cfg
}

// What starts before its database waits for it, and says so; an answer that will not
// change ends the waiting.
func TestStartWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	address, connections := postgresAnswers(t, "", "57P03", "28P01") // none; is starting; knows no such password
	var log strings.Builder
	_, err := web.New(t.Context(), waiting(t, address, time.Minute), slog.New(slog.NewTextHandler(&log, nil)))
	if err == nil || errors.Is(err, models.ErrNoServer) || !strings.Contains(err.Error(), "28P01") {
		t.Errorf("ended with %v", err)
	}
	if n := connections.Load(); n != 3 {
		t.Errorf("it was tried %d times", n)
	}
	if n := strings.Count(log.String(), "the database does not answer yet: waiting for it"); n != 1 {
		t.Errorf("it was said %d times: %s", n, &log)
	}
}

func TestStartWithoutADatabaseEndsWithASentence(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]time.Duration{"(SOSHIK_DATABASE): waited for 10ms (SOSHIK_DATABASE_WAIT): the database does not answer": 10 * time.Millisecond, "(SOSHIK_DATABASE): the database does not answer": 0} {
		address, _ := postgresAnswers(t, "")
		_, err := web.New(t.Context(), waiting(t, address, wait), slog.New(slog.DiscardHandler))
		if !errors.Is(err, models.ErrNoServer) || !strings.Contains(err.Error(), name) {
			t.Errorf("with a wait of %s: %v", wait, err)
		}
	}
}

func TestStartThatIsToldToEndDoesNotWait(t *testing.T) {
	t.Parallel()
	address, _ := postgresAnswers(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	said := saying(func() { cancel() })
	go func() {
		_, err := web.New(ctx, waiting(t, address, time.Hour), slog.New(said))
		ended <- err
	}()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// saying is a log that calls back at each line.
type saying func()

func (s saying) Enabled(context.Context, slog.Level) bool  { return true }
func (s saying) Handle(context.Context, slog.Record) error { s(); return nil }
func (s saying) WithAttrs([]slog.Attr) slog.Handler        { return s }
func (s saying) WithGroup(string) slog.Handler             { return s }
