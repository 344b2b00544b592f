package views

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// TemplatesPath lists the templates that are there under an appkey.
func TemplatesPath(appkeyID int64) string { return AppkeyPath(appkeyID) + "/templates" }

// NewTemplatePath is the form that makes a template.
func NewTemplatePath(appkeyID int64) string { return TemplatesPath(appkeyID) + "/new" }

// TemplatePath is where a template is written.
func TemplatePath(appkeyID, templateID int64) string {
	return fmt.Sprintf("%s/%d", TemplatesPath(appkeyID), templateID)
}

// TemplateList is what the list of templates shows.
type TemplateList struct {
	Rows   []models.TemplateRow
	Filter models.TemplateFilter
	Tags   []string // to choose from
	Count  int      // that the filter lets through, up to one more than models.CountedTemplates
	Next   int64    // where the next page begins behind; 0: there is none
	Any    bool     // there is a template, whatever the filter says
	Now    time.Time
}

// templatesWith is the list as f narrows it.
func templatesWith(appkeyID int64, f models.TemplateFilter) string {
	q := url.Values{}
	for name, value := range map[string]string{"q": f.Query, "tag": f.Tag, "channel": string(f.Channel)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Archived {
		q.Set("archived", "1")
	}
	if f.After > 0 {
		q.Set("after", strconv.FormatInt(f.After, 10))
	}
	if len(q) == 0 {
		return TemplatesPath(appkeyID)
	}
	return TemplatesPath(appkeyID) + "?" + q.Encode()
}

// pagePath is the page behind the template with the id after.
func (l TemplateList) pagePath(p Page, after int64) string {
	f := l.Filter
	f.After = after
	return templatesWith(p.Appkey.ID, f)
}

// tagPath is the list with only what has the tag or, where that is so already, with
// all tags.
func (l TemplateList) tagPath(p Page, tag string) string {
	f := l.Filter
	f.After = 0
	if f.Tag == tag {
		tag = ""
	}
	f.Tag = tag
	return templatesWith(p.Appkey.ID, f)
}

// found says how many templates there are, or more.
func (l TemplateList) found() models.Text {
	if l.Count > models.CountedTemplates {
		return models.T("template.count_more", "Count", models.CountedTemplates)
	}
	return models.T("template.count", "Count", l.Count)
}

func templateChannels(p Page) []Option {
	options := []Option{{"", p.T("template.channel_all")}}
	for _, ch := range models.Channels() {
		options = append(options, Option{string(ch), p.T("channel." + string(ch))})
	}
	return options
}

// templateColor is the colour of a template's badge, of Tabler's.
func templateColor(t models.Template) string {
	switch {
	case t.ArchivedAt != nil || t.State == models.TemplateDraft:
		return "secondary"
	case t.State == models.TemplateRegistering:
		return "yellow"
	case t.KakaoStatus == kakao.TemplateBlocked:
		return "red"
	}
	return "green"
}

// templateState says where a template stands: with the provider, where its channel
// registers templates.
func templateState(p Page, t models.Template) string {
	switch {
	case t.ArchivedAt != nil:
		return p.T("template.archived")
	case t.Version == 0:
		return p.T("template.unsaved")
	case t.State == models.TemplateRegistered && t.KakaoStatus != "":
		return known(p, "template.kakao."+t.KakaoStatus, t.KakaoStatus)
	}
	return p.T("template.state." + string(t.State))
}

// NewTemplateForm is the form that makes a template.
type NewTemplateForm struct {
	In      models.NewTemplate
	Senders []models.Sender
	Now     time.Time
}

// TemplateView is the page on which a template is written.
type TemplateView struct {
	Saved  models.Template // as it is
	Typed  models.Template // as it is, or as it was typed
	By     string          // who has changed it last
	Sender models.Sender   // whose message it is shown as
	Tags   []string        // of the team, to choose from
	Editor Editor
}

// choosable are the tags to choose from: those that are chosen, then the team's.
func (v TemplateView) choosable() []string {
	tags := slices.Clone(v.Typed.Tags)
	for _, tag := range v.Tags {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// SavedTemplateText says what became of a template that was saved.
func SavedTemplateText(before, saved models.Template) models.Text {
	if saved.Version == before.Version {
		return models.T("template.saved")
	}
	return models.T("template.saved_version", "Version", saved.Version)
}

// templatePretitle says what kind of template it is, and how new it is.
func templatePretitle(p Page, v TemplateView) string {
	kind := p.T("channel." + string(v.Saved.Channel))
	if v.Saved.Version == 0 {
		return p.T("template.pretitle_new", "Channel", kind)
	}
	return p.T("template.pretitle", "Channel", kind, "Version", v.Saved.Version, "Time", v.Saved.UpdatedAt, "Who", cmp.Or(v.By, "–"))
}

// editable reports whether the person can save another version.
func (v TemplateView) editable(p Page) bool {
	ok, _ := v.Saved.Editable()
	return ok && composes(p)
}
