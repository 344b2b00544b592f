package web_test

import (
	"net/http"
	"testing"

	"soshik/internal/nhn/nhnsim"
)

func TestPagesTellThatTheProviderRests(t *testing.T) {
	t.Parallel()
	s, sim, _ := newAppkeySite(t)
	const says = "부터 응답하지 않습니다."
	s.get(t, "/appkeys/1/senders").keepsQuiet(t, says)
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultDropBefore}}})
	for range 2 { // each asks three times
		s.post(t, "/appkeys/1/senders/refresh", nil)
	}
	calls := sim.Stats().Calls["senders"]
	for _, path := range []string{"/appkeys/1/senders", "/appkeys/1/campaigns", "/teams/1"} {
		s.get(t, path).says(t, http.StatusOK, says)
	}
	s.post(t, "/appkeys/1/senders/refresh", nil)
	if now := sim.Stats().Calls["senders"]; now > calls+1 { // one when the rest is over already
		t.Errorf("a provider that rests was asked %d times", now-calls)
	}
}
