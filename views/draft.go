package views

import (
	"time"

	"soshik/internal/kakao"
)

// Kept is how a form keeps what is typed in it and not saved. A form that does so has
// the attribute data-keep with Path, and data-unsaved when what it shows is not kept
// yet; a submit button "discard" drops what is kept.
type Kept struct {
	Path      string    // that what is typed is sent to
	Saved     string    // shows what is saved
	At        time.Time // when what the form shows was kept; zero: it shows what is saved
	Overtaken bool      // somebody else has saved since it was edited
}

// minute is the time of day in Korean time.
func minute(t time.Time) string { return t.In(kakao.KST).Format("15:04") }
