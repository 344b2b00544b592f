package models_test

import (
	"maps"
	"testing"

	"soshik/models"
)

func TestPricesAreReadInWon(t *testing.T) {
	t.Parallel()
	in := models.NewPrices{"friendtalk": "15", "brandtalk": "13.5 원", "sms": "1,009.125", "lms": ""}
	prices, err := in.Prices()
	if err != nil || !maps.Equal(prices, models.Prices{"friendtalk": 15_000, "brandtalk": 13_500, "sms": 1_009_125}) {
		t.Fatalf("%v %v", prices, err)
	}
	if shown := models.PricesOf(models.Team{Prices: prices}); !maps.Equal(shown, models.NewPrices{"friendtalk": "15", "brandtalk": "13.5", "sms": "1009.125"}) {
		t.Errorf("shown as %v", shown)
	}
	_, err = models.NewPrices{"friendtalk": "-1", "brandtalk": "열", "sms": "100001", "lms": "1.2345"}.Prices()
	want := map[string]string{"friendtalk": "price.wrong", "brandtalk": "price.wrong", "sms": "price.range", "lms": "price.wrong"}
	if got := wrongFields(err); !maps.Equal(got, want) {
		t.Errorf("wrong: %v", got)
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	r := models.Report{Sendable: 1000, SMS: 600, LMS: 400}
	prices := models.Prices{"friendtalk": 15_000, "sms": 9_500, "lms": 27_000}
	cost, known := r.Cost(models.FriendTalk, prices)
	if !known || cost.Expected.Sum().Decimal() != "15000" || cost.Worst().Decimal() != "31500" {
		t.Errorf("%v: %s, at worst %s", known, cost.Expected.Sum().Decimal(), cost.Worst().Decimal())
	}
	if _, known := r.Cost(models.BrandTalk, prices); known {
		t.Error("a cost without a price")
	}
	delete(prices, "lms")
	if _, known := r.Cost(models.FriendTalk, prices); known {
		t.Error("a worst cost without the price of an LMS")
	}
	if _, known := (models.Report{Sendable: 1}).Cost(models.FriendTalk, prices); !known {
		t.Error("without a fallback no price of one is needed")
	}
}
