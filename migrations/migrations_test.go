package migrations_test

import (
	"errors"
	"testing"

	"soshik/internal/testdb"
	"soshik/migrations"
	"soshik/models"
)

func TestUpTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	if err := migrations.Up(t.Context(), db.SQL(), db.Dialect()); err != nil {
		t.Error(err)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	if _, err := db.SQL().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), db.SQL(), db.Dialect()); !errors.Is(err, migrations.ErrNewer) {
		t.Errorf("got %v", err)
	}
}

func TestAuditLogIsAppendOnly(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	if err := db.Audit(t.Context(), models.Actor{}, models.Event{Action: "session.start", TeamID: 1}); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"UPDATE audit_logs SET user_name = 'nobody'", "DELETE FROM audit_logs"} {
		if _, err := db.SQL().ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s was carried out", statement)
		}
	}
	logs, err := db.AuditLogs(t.Context(), 1, 0, 10)
	if err != nil || len(logs) != 1 {
		t.Errorf("%d rows are left: %v", len(logs), err)
	}
}
