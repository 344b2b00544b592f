package views

import (
	"slices"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// deliveryForm is a form that looks for messages: the fields of a search by the names
// that they have in the URL, which three pages share.
type deliveryForm struct {
	DeliveryList

	Action   string // where it leads
	Clear    string // where nothing is asked for; empty: there is no such button
	Label    string // what it is called
	Intro    string // what stands above the fields; empty: nothing
	Usual    [][]string
	More     []string // folded away until one of them is used
	Parts    []Option
	Channels []Option
	Required string            // the field that has to be filled in; empty: none
	Hints    map[string]string // catalog keys
	Codes    []string          // of templates, which are suggested
	Search   string            // what the button is called
	Asks     bool              // what it asks for is asked for only by the button
	Zone     bool              // the time zone stands beside the button
}

// opens reports whether what is folded away is to be seen.
func (f deliveryForm) opens(err error) bool {
	return err != nil || slices.ContainsFunc(f.More, func(name string) bool { return f.typed(name) != "" })
}

// input is a field for what is typed.
func (f deliveryForm) input(name, label string, most int, err error) Input {
	return Input{Name: name, Label: label, Value: f.typed(name), Type: "search", Max: most, AutoComplete: "off", Hint: f.Hints[name], Required: f.Required == name, Err: err}
}

// suggesting is a field for what is typed, with some that could be.
func (f deliveryForm) suggesting(name, label string, suggested []string, err error) Input {
	in := f.input(name, label, models.MaxFilterText, err)
	if len(suggested) > 0 {
		in.Suggested, in.AutoComplete = suggested, ""
	}
	return in
}

// choice is a field for one of several.
func (f deliveryForm) choice(name, label string, err error) Input {
	return Input{Name: name, Label: label, Value: f.typed(name), Hint: f.Hints[name], Required: f.Required == name, Err: err}
}

// typed is what stands in a field.
func (l DeliveryList) typed(name string) string { return models.FilterTyped(l.Typed, name) }

// time is a field for a date and time. What is none comes back as it was typed, which a
// browser's own field would not show.
func (l DeliveryList) time(name, label string, t *time.Time, err error) Input {
	in := Input{Name: name, Label: label, Value: l.typed(name), Type: "datetime-local", Hint: "time.kst", Err: err}
	switch {
	case models.FieldText(err, name).Key == "delivery.bad_date":
		in.Type = "text"
	case t != nil: // a date alone has been given a time
		in.Value = t.In(kakao.KST).Format("2006-01-02T15:04")
	}
	return in
}

// phoneTyped is the number that is searched for, as it was typed.
func (l DeliveryList) phoneTyped() string {
	if l.Filter.Phone != "" {
		return kakao.FormatPhone(l.Filter.Phone)
	}
	return l.typed("recipientNo")
}
