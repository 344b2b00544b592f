package models

import (
	"strconv"
)

// Comparison is how a version of a template differs from another one.
type Comparison struct {
	Old, New TemplateVersion
	Name     []Edit // nil: the same
	Text     []Edit // nil: the same
	Image    bool   // they show different images, or one shows none
	Settings []SettingChange
	Buttons  []ButtonChange
}

// SettingChange is a field that has another value.
type SettingChange struct {
	Field    string // of the form
	Old, New string // of ad: true or false
}

// ButtonChange is a button that is not the same, or not at the same place.
type ButtonChange struct {
	Old, New           *Button // nil: there was none, there is none
	OldPlace, NewPlace int     // from 1; 0: none
	Moved              bool    // it is the same, but at another place among the others
}

// Compare tells how a version became another one.
func Compare(was, is TemplateVersion) Comparison {
	c := Comparison{Old: was, New: is, Settings: settingChanges(was.Content, is.Content), Buttons: buttonChanges(was.Content.Buttons, is.Content.Buttons)}
	if was.Name != is.Name {
		c.Name = DiffText(was.Name, is.Name)
	}
	if was.Content.Text != is.Content.Text {
		c.Text = DiffText(was.Content.Text, is.Content.Text)
	}
	c.Image = was.Content.ImageID() != is.Content.ImageID()
	return c
}

// Same reports whether there is no difference.
func (c Comparison) Same() bool { return len(c.Parts()) == 0 }

// Parts are what differs, in the order of the form: name, text, image, the fields of
// settings, buttons.
func (c Comparison) Parts() []string {
	var parts []string
	for _, part := range []struct {
		name    string
		differs bool
	}{{"name", c.Name != nil}, {"text", c.Text != nil}, {"image", c.Image}, {"buttons", len(c.Buttons) > 0}} {
		if part.differs {
			parts = append(parts, part.name)
		}
	}
	for _, s := range c.Settings {
		parts = append(parts, s.Field)
	}
	return parts
}

func settingChanges(was, is Content) []SettingChange {
	var found []SettingChange
	for _, s := range []SettingChange{
		{"message-type", was.MessageType, is.MessageType},
		{"content-type", was.ContentType, is.ContentType},
		{"image-url", was.ImageURL, is.ImageURL},
		{"image-link", was.ImageLink, is.ImageLink},
		{"ad", strconv.FormatBool(was.Ad), strconv.FormatBool(is.Ad)},
		{"unsubscribe", was.UnsubscribeNo, is.UnsubscribeNo},
		{"auth", was.AuthNo, is.AuthNo},
	} {
		if s.Old != s.New {
			found = append(found, s)
		}
	}
	return found
}

// buttonChanges pairs buttons that are the same, then those that stand between the
// same ones: they have become one another.
func buttonChanges(was, is []Button) []ButtonChange {
	var found []ButtonChange
	var removed, added []int
	flush := func() {
		for i := range max(len(removed), len(added)) {
			var c ButtonChange
			if i < len(removed) {
				c.Old, c.OldPlace = &was[removed[i]], removed[i]+1
			}
			if i < len(added) {
				c.New, c.NewPlace = &is[added[i]], added[i]+1
			}
			found = append(found, c)
		}
		removed, added = nil, nil
	}
	for _, p := range align(was, is, func(a, b Button) bool { return a == b }) {
		switch {
		case p.both():
			flush()
		case p.new < 0:
			removed = append(removed, p.old)
		default:
			added = append(added, p.new)
		}
	}
	flush()
	return findMoved(found)
}

// findMoved joins a button that was taken away with the same one that came elsewhere.
func findMoved(changes []ButtonChange) []ButtonChange {
	for i := range changes {
		for k := range changes {
			from, to := &changes[i], &changes[k]
			if from.Old == nil || to.New == nil || i == k || from.Moved || to.Moved || *from.Old != *to.New {
				continue
			}
			moved := ButtonChange{Old: from.Old, OldPlace: from.OldPlace, New: to.New, NewPlace: to.NewPlace, Moved: true}
			from.Old, from.OldPlace = to.Old, to.OldPlace // what is left of both changes is one
			*to = moved
		}
	}
	left := changes[:0]
	for _, c := range changes {
		if c.Old != nil || c.New != nil {
			left = append(left, c)
		}
	}
	return left
}
