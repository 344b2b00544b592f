package kakao_test

import (
	"testing"

	"soshik/internal/kakao"
)

func TestNobodyIsSentToAgainWhoMayHaveGotIt(t *testing.T) {
	t.Parallel()
	for _, code := range kakao.UnconfirmedCodes() {
		if kakao.Passing(code) || !kakao.Unconfirmed(code) || !kakao.KnownDeliveryCode(code) {
			t.Errorf("%s", code)
		}
	}
	passing := 0
	for _, code := range kakao.DeliveryCodes() {
		if kakao.Passing(code) {
			passing++
		}
	}
	if passing != 24 || kakao.Passing("") || kakao.Passing(kakao.DeliveryOK) {
		t.Errorf("%d codes pass", passing)
	}
}
