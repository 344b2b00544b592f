package models

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// FlexTime is a time that SQL computed, as MIN does. SQLite answers such with the
// stored text instead of a time.
type FlexTime struct{ time.Time }

// Scan reads a time or its stored text.
func (t *FlexTime) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		t.Time = time.Time{}
	case time.Time:
		t.Time = v.UTC()
	case string:
		parsed, err := time.Parse("2006-01-02 15:04:05.999999999-07:00", v)
		if err != nil {
			return err
		}
		t.Time = parsed.UTC()
	default:
		return fmt.Errorf("%T is no time", v)
	}
	return nil
}

// Value is the time itself.
func (t FlexTime) Value() (driver.Value, error) { return t.Time, nil }
