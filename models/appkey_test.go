package models_test

import (
	"testing"

	"soshik/models"
)

func TestMaskedAppkeyHidesItsMiddle(t *testing.T) {
	t.Parallel()
	for appkey, want := range map[string]string{"": "", "short": "•••••", "12345678": "••••••••", "bombomAppkey0001": "bomb••••0001"} {
		if got := (models.Appkey{Appkey: appkey}).Masked(); got != want {
			t.Errorf("%q is shown as %q, want %q", appkey, got, want)
		}
	}
}
