package actions

import "sync"

// turns lets one at a time do something to the same thing, in this process. The zero
// turns are ready.
type turns struct {
	mu    sync.Mutex
	taken map[turn]*waiting
}

// turn is what something is done to: the ids of two rows.
type turn struct{ a, b int64 }

type waiting struct {
	sync.Mutex

	n int // who have it or wait for it
}

// take waits for its turn, until done is called.
func (t *turns) take(at turn) (done func()) {
	t.mu.Lock()
	if t.taken == nil {
		t.taken = map[turn]*waiting{}
	}
	w := t.taken[at]
	if w == nil {
		w = &waiting{}
		t.taken[at] = w
	}
	w.n++
	t.mu.Unlock()
	w.Lock()
	return func() {
		w.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if w.n--; w.n == 0 {
			delete(t.taken, at)
		}
	}
}
