package views_test

import (
	"slices"
	"testing"
	"time"

	"soshik/models"
	"soshik/views"
)

func TestRateIsRoundedDown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arrived, all int64
		want         string
	}{{0, 0, "–"}, {0, 5, "0.0 %"}, {9_999_999, 10_000_000, "99.9 %"}, {10, 10, "100.0 %"}, {2, 3, "66.6 %"}} {
		if got := views.Rate(c.arrived, c.all); got != c.want {
			t.Errorf("%d of %d is %s, want %s", c.arrived, c.all, got, c.want)
		}
	}
}

func TestDaysAreDrawnOnTheScaleOfTheHighest(t *testing.T) {
	t.Parallel()
	b := views.Board{Now: time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC), Days: models.Outcomes{{}, {Delivered: 1}, {Delivered: 500_000, Failed: 500_000, SMS: 250_000}}}
	bars := views.DayHeights(b)
	if want := []int{0, 1, views.DaysHeight}; !slices.Equal(bars, want) {
		t.Errorf("heights %v, want %v", bars, want)
	}
	if got := views.DayHeights(views.Board{Days: make(models.Outcomes, 30)}); got != nil {
		t.Errorf("nothing is drawn as %v", got)
	}
}
