package models

import "time"

// Outage is a time in which the provider is not asked, since it has failed too often
// in a row. The zero value is none.
type Outage struct {
	Since time.Time // when the last call before it failed
	Next  time.Time // when it is asked next; past or zero: any moment
}

// On reports whether there is one.
func (o Outage) On() bool { return !o.Since.IsZero() }
