package nhnsim_test

import (
	"testing"

	"soshik/internal/nhn/nhnsim"
)

func TestQueueFindsTheFirstGap(t *testing.T) {
	t.Parallel()
	var q nhnsim.Queue
	for _, take := range []struct {
		about               string
		start, length, want int64
	}{
		{"an empty queue", 100, 50, 100},
		{"a busy start goes behind", 120, 30, 150},
		{"scheduled for later", 1000, 100, 1000},
		{"now is not held up by what is later", 110, 20, 180},
		{"a gap that is too short is passed over", 150, 900, 1100},
		{"no time at all", 1050, 0, 1050},
		{"a gap that just fits", 200, 800, 200},
	} {
		if got := q.Take(take.start, take.length); got != take.want {
			t.Errorf("%s: begins at %d, want %d", take.about, got, take.want)
		}
	}
	if len(q) != 1 {
		t.Errorf("what touches is not joined: %v", q)
	}
}
