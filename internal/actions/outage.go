package actions

import (
	"context"
	"time"

	"soshik/internal/nhn"
	"soshik/models"
)

// probeTimeout is how long a provider that rests may take to answer the call that
// finds out whether it is back. The sweep waits for it.
const probeTimeout = 5 * time.Second

// sweepOutages asks a provider that has rested long enough whether it is back, also
// when there is nothing else to ask it. The answer is the breaker's; a refusal will
// do.
func (s *Service) sweepOutages(ctx context.Context) error {
	for _, client := range s.Provider.rested() {
		if _, _, err := client.WithTimeout(probeTimeout).Senders(ctx, nhn.SenderFilter{PageSize: 1}); err != nil {
			s.Log.DebugContext(ctx, "the provider is not back", "error", err)
		}
	}
	return ctx.Err()
}

// Outage tells whether the provider rests at k's address, as this process has found
// it: each has its own experience of the provider.
func (s *Service) Outage(k models.Appkey) models.Outage {
	rest := s.Provider.Resting(k)
	if !rest.Resting {
		return models.Outage{}
	}
	return models.Outage{Since: s.Now().Add(-time.Since(rest.Since)), Next: s.Now().Add(time.Until(rest.Until))}
}

// LimitedFor is for how long the provider wants no call of k, since there were too
// many, as this process has found it; 0: it takes them.
func (s *Service) LimitedFor(k models.Appkey) time.Duration { return s.Provider.limitedFor(k) }
