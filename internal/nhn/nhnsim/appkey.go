package nhnsim

import (
	"fmt"

	"soshik/internal/kakao"
)

// entryAppkeyState is a journal entry with the [AppkeyState] from now on.
const entryAppkeyState = "appkey state"

// AppkeyState is what keeps a known appkey with the right secret key from being
// served. Its zero value is an appkey in good order.
type AppkeyState struct {
	Disabled   bool `json:"disabled,omitempty"`   // its service has ended: every call answers -4005
	Unverified bool `json:"unverified,omitempty"` // its owner has not proved who they are: every call answers -1030
}

// SetAppkeyState changes whether an appkey is served.
func (s *Sim) SetAppkeyState(appkey string, state AppkeyState) error {
	p := s.project(appkey)
	if p == nil {
		return fmt.Errorf("appkey %q is unknown", appkey)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.commit(p, entry{Type: entryAppkeyState, Appkey: appkey, State: &state})
}

// code is what calls are refused with, or 0.
func (a AppkeyState) code() int {
	switch {
	case a.Disabled:
		return kakao.CodeAppkeyDisabled
	case a.Unverified:
		return kakao.CodeSelfVerification
	}
	return 0
}
