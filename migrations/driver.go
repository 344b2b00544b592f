package migrations

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
)

// Driver is how River speaks to a database of the dialect. River looks for jobs many
// times a second, so that none waits for long; most of the time there is none, and the
// driver knows so, since jobs are put into a queue through it. Every process of an
// installation, or of those that share the queue, has one.
func Driver(db *sql.DB, dialect string) riverdriver.Driver[*sql.Tx] {
	if dialect == "postgres" {
		// Other processes put jobs into the queue too. What this one puts there is seen
		// when its transaction has ended, some time after.
		return sparing{riverdatabasesql.New(db), newQueues(100*time.Millisecond, time.Second)}
	}
	// There is one process, and one connection that writes: who looks for a job waits
	// until the transaction has ended that puts it there. Only jobs that are tried again
	// come by themselves.
	return sparing{riversqlite.New(db), newQueues(time.Second, 0)}
}

// queues knows in which queues there may be a job.
type queues struct {
	idle    time.Duration // the longest time until a queue is looked at again
	arrives time.Duration // how long a job may take until it can be seen

	mu     sync.Mutex
	byName map[string]*queue
}

type queue struct {
	put    int       // how many times jobs were put there
	last   time.Time // when, the last time
	seen   int       // put, as it was when nothing was found
	looked time.Time // when nothing was found
}

func newQueues(idle, arrives time.Duration) *queues {
	return &queues{idle: idle, arrives: arrives, byName: map[string]*queue{}}
}

// of is called with the lock held.
func (q *queues) of(name string) *queue {
	found, ok := q.byName[name]
	if !ok {
		found = new(queue)
		q.byName[name] = found
	}
	return found
}

// has notes that jobs are being put into a queue.
func (q *queues) has(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	queue := q.of(name)
	queue.put++
	queue.last = time.Now()
}

// may says whether there may be a job in a queue. What it returns besides is for
// empty.
func (q *queues) may(name string) (bool, int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	queue := q.of(name)
	return queue.put != queue.seen || time.Since(queue.last) < q.arrives || time.Since(queue.looked) >= q.idle, queue.put
}

// empty notes that a queue was found empty after jobs had been put there so many
// times.
func (q *queues) empty(name string, put int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	queue := q.of(name)
	queue.seen, queue.looked = put, time.Now()
}

// sparing is a driver that does not look where there can be no job.
type sparing struct {
	riverdriver.Driver[*sql.Tx]
	queues *queues
}

// GetExecutor is for what is done outside a transaction.
func (d sparing) GetExecutor() riverdriver.Executor {
	return executor{d.Driver.GetExecutor(), d.queues}
}

// UnwrapExecutor is for what is done in tx.
func (d sparing) UnwrapExecutor(tx *sql.Tx) riverdriver.ExecutorTx {
	inner := d.Driver.UnwrapExecutor(tx)
	return executorTx{executor{inner, d.queues}, inner}
}

// UnwrapTx is the reverse of UnwrapExecutor.
func (d sparing) UnwrapTx(tx riverdriver.ExecutorTx) *sql.Tx {
	return d.Driver.UnwrapTx(tx.(executorTx).inner)
}

type executor struct {
	riverdriver.Executor
	queues *queues
}

// Begin begins a transaction.
func (e executor) Begin(ctx context.Context) (riverdriver.ExecutorTx, error) {
	inner, err := e.Executor.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return executorTx{executor{inner, e.queues}, inner}, nil
}

// JobGetAvailable takes jobs from a queue.
func (e executor) JobGetAvailable(ctx context.Context, params *riverdriver.JobGetAvailableParams) ([]*rivertype.JobRow, error) {
	may, put := e.queues.may(params.Queue)
	if !may {
		return nil, nil
	}
	found, err := e.Executor.JobGetAvailable(ctx, params)
	if err == nil && len(found) == 0 {
		e.queues.empty(params.Queue, put)
	}
	return found, err
}

// JobInsertFastMany puts jobs into their queues.
func (e executor) JobInsertFastMany(ctx context.Context, params *riverdriver.JobInsertFastManyParams) ([]*riverdriver.JobInsertFastResult, error) {
	defer e.note(params)
	return e.Executor.JobInsertFastMany(ctx, params)
}

// JobInsertFastManyNoReturning puts jobs into their queues.
func (e executor) JobInsertFastManyNoReturning(ctx context.Context, params *riverdriver.JobInsertFastManyParams) (int, error) {
	defer e.note(params)
	return e.Executor.JobInsertFastManyNoReturning(ctx, params)
}

func (e executor) note(params *riverdriver.JobInsertFastManyParams) {
	noted := map[string]bool{}
	for _, job := range params.Jobs {
		if !noted[job.Queue] {
			noted[job.Queue] = true
			e.queues.has(job.Queue)
		}
	}
}

type executorTx struct {
	executor
	inner riverdriver.ExecutorTx
}

// Commit ends the transaction.
func (e executorTx) Commit(ctx context.Context) error { return e.inner.Commit(ctx) }

// Rollback gives it up.
func (e executorTx) Rollback(ctx context.Context) error { return e.inner.Rollback(ctx) }
