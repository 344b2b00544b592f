package views

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"soshik/internal/kakao"
	"soshik/internal/locale"
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

	// Where a draft takes a template, instead of the list itself.
	Path     string
	Campaign models.Campaign
}

// path is the list as f narrows it.
func (l TemplateList) path(p Page, f models.TemplateFilter) string {
	if l.Path == "" {
		return templatesWith(TemplatesPath(p.Appkey.ID), f)
	}
	f.Channel = "" // it has but one
	return templatesWith(l.Path, f)
}

// templatesWith is the list at path as f narrows it.
func templatesWith(path string, f models.TemplateFilter) string {
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
		return path
	}
	return path + "?" + q.Encode()
}

// pagePath is the page behind the template with the id after.
func (l TemplateList) pagePath(p Page, after int64) string {
	f := l.Filter
	f.After = after
	return l.path(p, f)
}

// shelf is which of the two shelves is looked at.
func (l TemplateList) shelf() string {
	if l.Filter.Archived {
		return "1"
	}
	return ""
}

func templateShelves(p Page) []Option {
	return []Option{{"", p.T("template.shelf_used")}, {"1", p.T("template.shelf_archived")}}
}

// shownTags are the tags to filter by, the chosen one among them.
func (l TemplateList) shownTags() []string {
	if l.Filter.Tag == "" || slices.Contains(l.Tags, l.Filter.Tag) {
		return l.Tags
	}
	return append([]string{l.Filter.Tag}, l.Tags...)
}

// onlyTag is the first page of what has the tag.
func (l TemplateList) onlyTag(p Page, tag string) string {
	f := l.Filter
	f.Tag, f.After = tag, 0
	return l.path(p, f)
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
	return l.path(p, f)
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
	case t.KakaoStatus == kakao.TemplateBlocked, t.Gone():
		return "red"
	}
	return "green"
}

// templateState says where a template stands: with the provider, where its channel
// registers templates; else there is nothing to say of one that is in use.
func templateState(p Page, t models.Template) string {
	switch {
	case t.ArchivedAt != nil:
		return p.T("template.archived")
	case t.Version == 0:
		return p.T("template.unsaved")
	case !t.Channel.Registers():
		return ""
	case t.Gone():
		return p.T("registration.gone_short")
	case t.State == models.TemplateRegistered && t.KakaoStatus != "":
		return known(p, "template.kakao."+t.KakaoStatus, t.KakaoStatus)
	}
	return p.T("template.state." + string(t.State))
}

// excerpt is how the text of a template begins, in one line.
func excerpt(t models.Template) string {
	const most = 160
	text := []rune(strings.Join(strings.Fields(models.ParsePattern(t.Content.Text).Plain()), " "))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// NewTemplateForm is the form that makes a template.
type NewTemplateForm struct {
	In      models.NewTemplate
	Senders []models.Sender
	Now     time.Time
}

// sample is how a sample looks on a phone.
func (f NewTemplateForm) sample(s models.Sample) Preview {
	v := Preview{Channel: models.FriendTalk, Content: s.In(models.FriendTalk), At: f.Now, Values: s.Content.Samples(models.Fallback{})}
	if len(f.Senders) > 0 {
		v.Sender = f.Senders[0]
	}
	return v
}

// TemplateView is the page on which a template is written.
type TemplateView struct {
	Saved      models.Template // as it is
	Typed      models.Template // as it is, or as it was typed
	By         string          // who has changed it last
	Uses       int             // campaigns that were made of it
	Tags       []string        // of the team, to choose from
	Editor     Editor
	Kept       Kept
	Overtaken  Overtaken // zero: nobody has been faster
	ReadsSaved bool      // somebody looks at what is saved while their own text waits elsewhere
}

// Overtaken is a version that somebody has saved while another one was typed over.
type Overtaken struct {
	Base    int // what was typed over
	Version int // the newest one
	By      string
	At      time.Time
	Parts   []string // what differs, see [models.Comparison.Parts]
}

// kept is how the page keeps what is typed on it.
func (v TemplateView) kept() Kept {
	k := v.Kept
	k.Saved = v.Editor.Path + "?saved=1"
	if !v.ReadsSaved {
		k.Path = v.Editor.Path + "/draft"
	}
	return k
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

// editable reports whether the person can save another version.
func (v TemplateView) editable(p Page) bool {
	ok, _ := v.Saved.Editable()
	return ok && composes(p)
}

// begins reports whether the person can make a campaign of the template.
func (v TemplateView) begins(p Page) bool {
	ok, _ := v.Saved.Begins()
	return ok && composes(p)
}

// SavedTemplateText says what became of a template that was saved.
func SavedTemplateText(before, saved models.Template) models.Text {
	if saved.Version == before.Version {
		return models.T("template.saved")
	}
	return models.T("template.saved_version", "Version", saved.Version)
}

// CopyName is what the copy of a template is called.
func CopyName(l *locale.Locale, name string) string {
	runes := []rune(l.T("template.copy_of", "Name", name))
	return string(runes[:min(len(runes), models.MaxName)])
}

// templatePretitle says what kind of template it is.
func templatePretitle(p Page, t models.Template) string {
	return p.T("template.pretitle", "Channel", p.T("channel."+string(t.Channel)))
}

// templateAge says how new a template is.
func templateAge(p Page, v TemplateView) string {
	if v.Saved.Version == 0 {
		return p.T("template.age_new")
	}
	return p.T("template.age", "Version", v.Saved.Version, "Time", v.Saved.UpdatedAt, "Who", cmp.Or(v.By, "–"))
}

// partNames are what differs between two versions, in words.
func partNames(p Page, parts []string) string {
	names := make([]string, len(parts))
	for i, part := range parts {
		names[i] = p.T("template.part." + strings.ReplaceAll(part, "-", "_"))
	}
	return strings.Join(names, ", ")
}

// VersionsPath lists the versions of a template.
func VersionsPath(appkeyID, templateID int64) string {
	return TemplatePath(appkeyID, templateID) + "/versions"
}

// comparePath shows how two versions of a template differ.
func comparePath(appkeyID, templateID int64, from, to int) string {
	return fmt.Sprintf("%s?from=%d&to=%d", VersionsPath(appkeyID, templateID), from, to)
}

// VersionsView is the versions of a template, and how two of them differ.
type VersionsView struct {
	Template   models.Template
	Versions   []models.VersionRow
	Before     int // the list begins behind the version of this number; 0: with the newest
	Next       int // where the next page begins behind; 0: there is none
	Comparison models.Comparison
	Sender     models.Sender // whose message it is shown as
	Now        time.Time
}

// restorable reports whether the person can bring the version back.
func (v VersionsView) restorable(p Page, number int) bool {
	ok, _ := v.Template.Editable()
	return ok && composes(p) && number != v.Template.Version
}

// preview is how a version looks on a phone.
func (v VersionsView) preview(of models.TemplateVersion) Preview {
	return Preview{Channel: v.Template.Channel, Content: of.Content, At: v.Now, Sender: v.Sender, Values: of.Content.Samples(models.Fallback{})}
}

// settingValue is the value of a setting in words.
func settingValue(p Page, field, value string) string {
	switch {
	case field == "ad" && value == "true":
		return p.T("common.on")
	case field == "ad":
		return p.T("common.off")
	case field == "message-type", field == "content-type":
		return known(p, "brandtalk."+strings.ReplaceAll(field, "-", "_")+"."+value, value)
	}
	return value
}

// buttonChange says in a word what became of a button.
func buttonChange(p Page, c models.ButtonChange) (word, color string) {
	switch {
	case c.Moved:
		return p.T("template.button_moved", "Old", c.OldPlace, "New", c.NewPlace), "blue"
	case c.Old == nil:
		return p.T("template.button_added"), "green"
	case c.New == nil:
		return p.T("template.button_removed"), "red"
	}
	return p.T("template.button_changed"), "yellow"
}

// buttonPart is a field of a button with what it was and is.
type buttonPart struct{ label, was, is string }

// buttonParts are the fields that either of two buttons has.
func buttonParts(p Page, c models.ButtonChange) []buttonPart {
	var was, is models.Button
	if c.Old != nil {
		was = *c.Old
	}
	if c.New != nil {
		is = *c.New
	}
	kind := func(b models.Button) string {
		if b.Type == "" {
			return ""
		}
		return known(p, "editor.button."+b.Type, b.Type)
	}
	parts := []buttonPart{{p.T("template.button_type"), kind(was), kind(is)}, {p.T("compose.button_name"), was.Name, is.Name}}
	for _, field := range []string{models.FieldLink, models.FieldLinkPC, models.FieldAndroid, models.FieldIOS, models.FieldFormID} {
		if a, b := buttonValue(was, field), buttonValue(is, field); a != "" || b != "" {
			parts = append(parts, buttonPart{p.T("editor.field." + strings.ReplaceAll(field, "-", "_")), a, b})
		}
	}
	return parts
}

// diff draws edits. It is no template, since every blank counts. A line break that
// came or went is marked, or it could not be seen.
func diff(edits []models.Edit) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, e := range edits {
			text := templ.EscapeString(e.Text)
			switch e.Kind {
			case models.EditRemoved:
				b.WriteString("<del>" + strings.ReplaceAll(text, "\n", "↵\n") + "</del>")
			case models.EditAdded:
				b.WriteString("<ins>" + strings.ReplaceAll(text, "\n", "↵\n") + "</ins>")
			default:
				b.WriteString(text)
			}
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// TakePath is where the content of a draft is taken from a template: from the one with
// the id, or 0: from one that is to be chosen.
func TakePath(c models.Campaign, templateID int64) string {
	if templateID == 0 {
		return StepPath(c, "template")
	}
	return fmt.Sprintf("%s?template=%d", StepPath(c, "template"), templateID)
}

// Taking is a draft whose content a template would replace.
type Taking struct {
	Campaign models.Campaign
	Template models.Template
	Is       Preview
	Becomes  Preview
}
