package models

import (
	"slices"
	"strconv"
	"time"
)

// CampaignVersion is what people see of a campaign that decides what is sent, as it
// was at some time.
type CampaignVersion struct {
	Name        string     `json:"name"`
	SenderID    int64      `json:"sender_id"`
	Sender      string     `json:"sender"` // its PlusFriendID
	Content     Content    `json:"content"`
	Fallback    Fallback   `json:"fallback"`
	AudienceID  int64      `json:"audience_id"`
	Audience    int64      `json:"audience"`         // recipients
	Sendable    int64      `json:"sendable"`         // of them those who were not going to be skipped
	Origin      string     `json:"origin,omitempty"` // where they come from
	ScheduledAt *time.Time `json:"scheduled_at,omitempty"`
	Pacing      Pacing     `json:"pacing"`
}

// VersionDiff is how a version of a campaign differs from an earlier one.
type VersionDiff struct {
	Content    Comparison
	Fallback   []Edit // of its text; nil: the same
	Settings   []SettingChange
	Recipients bool // other ones, or other values, or fewer
	Time       bool
	Pacing     bool
	Was, Is    CampaignVersion
}

// CompareCampaigns tells how a version of a campaign became another one.
func CompareCampaigns(was, is CampaignVersion) VersionDiff {
	d := VersionDiff{
		Was: was, Is: is,
		Content:    Compare(TemplateVersion{Name: was.Name, Content: was.Content}, TemplateVersion{Name: is.Name, Content: is.Content}),
		Recipients: was.AudienceID != is.AudienceID || was.Audience != is.Audience,
		Time:       !sameTime(was.ScheduledAt, is.ScheduledAt),
		Pacing:     was.Pacing != is.Pacing,
	}
	if was.Fallback.Text != is.Fallback.Text {
		d.Fallback = DiffText(was.Fallback.Text, is.Fallback.Text)
	}
	for _, s := range []SettingChange{
		{"sender", was.Sender, is.Sender},
		{"fallback", strconv.FormatBool(was.Fallback.On), strconv.FormatBool(is.Fallback.On)},
		{"fallback-type", was.Fallback.Type, is.Fallback.Type},
		{"fallback-title", was.Fallback.Title, is.Fallback.Title},
		{"template", was.Content.TemplateCode, is.Content.TemplateCode},
	} {
		if s.Old != s.New {
			d.Settings = append(d.Settings, s)
		}
	}
	return d
}

// Parts are what differs, by name.
func (d VersionDiff) Parts() []string {
	parts := d.Content.Parts()
	for _, s := range d.Settings {
		parts = append(parts, s.Field)
	}
	for _, part := range []struct {
		name    string
		differs bool
	}{{"fallback-text", d.Fallback != nil}, {"recipients", d.Recipients}, {"time", d.Time}, {"pace", d.Pacing}} {
		if part.differs {
			parts = append(parts, part.name)
		}
	}
	return slices.Clip(parts)
}

// Same reports whether there is no difference.
func (d VersionDiff) Same() bool { return len(d.Parts()) == 0 }

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}
