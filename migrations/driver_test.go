package migrations_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"soshik/internal/testdb"
	"soshik/migrations"
	"soshik/models"
)

type errand struct{}

func (errand) Kind() string { return "errand" }

// queue is a queue of a process.
type queue struct {
	*river.Client[*sql.Tx]
	driver riverdriver.Driver[*sql.Tx]
	db     *models.DB
}

func newQueue(t *testing.T, db *models.DB) queue {
	t.Helper()
	driver := migrations.Driver(db.SQL(), db.Dialect())
	client, err := river.NewClient(driver, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return queue{client, driver, db}
}

// take takes the jobs that can be seen, and says how many there are.
func (q queue) take(t *testing.T) int {
	t.Helper()
	now := time.Now().UTC()
	jobs, err := q.driver.GetExecutor().JobGetAvailable(t.Context(), &riverdriver.JobGetAvailableParams{
		ClientID: "test", MaxAttemptedBy: 10, MaxToLock: 10, Now: &now, Queue: river.QueueDefault,
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(jobs)
}

// put puts a job into the queue in a transaction, in which during is called.
func (q queue) put(t *testing.T, during func()) {
	t.Helper()
	err := q.db.Tx(t.Context(), func(tx *models.DB) error {
		if _, err := q.InsertTx(t.Context(), tx.SQLTx(), errand{}, nil); err != nil {
			return err
		}
		during()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAJobIsFoundAtOnceInAQueueThatWasEmpty(t *testing.T) {
	t.Parallel()
	q := newQueue(t, testdb.Open(t))
	for range 3 {
		if n := q.take(t); n != 0 {
			t.Fatalf("%d jobs before there is one", n)
		}
		q.put(t, func() {
			if q.db.Dialect() == models.SQLite {
				return // who looks waits
			}
			if n := q.take(t); n != 0 {
				t.Errorf("%d jobs before the transaction has ended", n)
			}
		})
		if n := q.take(t); n != 1 {
			t.Fatalf("%d jobs, want 1", n)
		}
	}
	if _, err := q.Insert(t.Context(), errand{}, nil); err != nil {
		t.Fatal(err)
	}
	if n := q.take(t); n != 1 {
		t.Errorf("%d jobs without a transaction, want 1", n)
	}
}

func TestAJobOfAnotherProcessIsFound(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	here, there := newQueue(t, db), newQueue(t, db)
	if n := here.take(t); n != 0 {
		t.Fatalf("%d jobs before there is one", n)
	}
	there.put(t, func() {})
	deadline, tick := time.After(time.Minute), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for here.take(t) == 0 {
		select {
		case <-deadline:
			t.Fatal("it is not found")
		case <-tick.C:
		}
	}
}
