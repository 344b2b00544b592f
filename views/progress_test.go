package views_test

import (
	"math/rand/v2"
	"testing"

	"soshik/models"
	"soshik/views"
)

// Whatever there is of each part, the bar is full, and every part is there to be clicked.
func TestTheBarHasAllParts(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	few := func() int64 {
		if rng.IntN(3) == 0 {
			return 0
		}
		return rng.Int64N(1 << rng.IntN(21))
	}
	for range 2000 {
		e := models.Equation{
			Unplanned: few(), Skipped: few(), Planned: few(), InDoubt: few(), Handed: few(), Refused: few(), Delivered: 1 + few(),
			Failed: few(), Cancelled: few(), Closed: few(),
		}
		e.SMSDelivered = rng.Int64N(e.Failed + 1)
		e.Audience = e.Sum()
		widths, whole := views.Progress{Equation: e}.Bar()
		if !whole {
			t.Fatalf("the bar of %+v is not full: %v", e, widths)
		}
		for n, w := range widths {
			if w < 1.5 {
				t.Fatalf("of %+v, %d are %f %% wide", e, n, w)
			}
		}
	}
}
