package conformance

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// simulator is what a simulator tells of itself under /_sim/, for one appkey.
type simulator struct {
	now       time.Time
	groups    []string // sender keys
	templates [][2]string
	smsAppkey string
}

// simulator is nil where there is none, or it does not tell.
func (s *suite) simulator(ctx context.Context) *simulator {
	var state struct {
		Appkeys []struct {
			Appkey    string `json:"appkey"`
			SMSAppkey string `json:"smsAppkey"`
		} `json:"appkeys"`
		Groups []struct {
			Appkey    string `json:"appkey"`
			SenderKey string `json:"senderKey"`
		} `json:"groups"`
		Templates []struct {
			Appkey    string `json:"appkey"`
			SenderKey string `json:"senderKey"`
			Code      string `json:"templateCode"`
		} `json:"templates"`
		Clock struct {
			Now time.Time `json:"now"`
		} `json:"clock"`
	}
	if !s.simState(ctx, &state) || state.Clock.Now.IsZero() {
		return nil
	}
	sim := &simulator{now: state.Clock.Now}
	for _, a := range state.Appkeys {
		if a.Appkey == s.target.Appkey {
			sim.smsAppkey = a.SMSAppkey
		}
	}
	for _, g := range state.Groups {
		if g.Appkey == s.target.Appkey {
			sim.groups = append(sim.groups, g.SenderKey)
		}
	}
	for _, t := range state.Templates {
		if t.Appkey == s.target.Appkey {
			sim.templates = append(sim.templates, [2]string{t.SenderKey, t.Code})
		}
	}
	return sim
}

// token is what a simulator has sent to a sender's administrator; 0 is none.
func (s *suite) token(ctx context.Context, plusFriendID string) int {
	var state struct {
		Senders []struct {
			Appkey       string `json:"appkey"`
			PlusFriendID string `json:"plusFriendId"`
			Token        int    `json:"token"`
		} `json:"senders"`
	}
	if s.sim == nil || !s.simState(ctx, &state) {
		return 0
	}
	for _, x := range state.Senders {
		if x.Appkey == s.target.Appkey && x.PlusFriendID == plusFriendID {
			return x.Token
		}
	}
	return 0
}

// simState reads /_sim/state, without the keys, and reports whether there is one.
func (s *suite) simState(ctx context.Context, into any) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.target.BaseURL+"/_sim/state", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := s.tape.base.RoundTrip(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK && json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into) == nil
}
