package actions

import (
	"time"

	"soshik/models"
)

// Outage tells whether the provider rests at k's address, as this process has found
// it: each has its own experience of the provider.
func (s *Service) Outage(k models.Appkey) models.Outage {
	rest := s.Provider.Resting(k)
	if !rest.Resting {
		return models.Outage{}
	}
	return models.Outage{Since: s.Now().Add(-time.Since(rest.Since))}
}
