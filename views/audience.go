package views

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"soshik/internal/kakao"
	"soshik/internal/locale"
	"soshik/models"
)

// AudiencesPath lists the audiences of a team.
func AudiencesPath(teamID int64) string { return TeamPath(teamID) + "/audiences" }

// NewAudiencePath is the form that makes an audience.
func NewAudiencePath(teamID int64) string { return AudiencesPath(teamID) + "/new" }

// AudiencePath is the page of one audience.
func AudiencePath(a models.Audience) string {
	return fmt.Sprintf("%s/%d", AudiencesPath(a.TeamID), a.ID)
}

// AudienceList is what the list of audiences shows.
type AudienceList struct {
	Audiences []models.ListedAudience
	Filter    models.AudienceFilter
	Next      int64 // where the next page begins; 0: there is none
}

func (l AudienceList) path(teamID, before int64) string {
	q := url.Values{}
	if l.Filter.Query != "" {
		q.Set("q", l.Filter.Query)
	}
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	return withQuery(AudiencesPath(teamID), q)
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// AudienceForm is what makes or changes an audience.
type AudienceForm struct {
	Audience  models.Audience // the one that is changed; zero: a new one
	From      models.AudienceSource
	Name      string
	Kind      models.WorkKind
	Pasted    models.Pasted
	Picked    []int64 // audiences that are ticked
	Audiences []models.ListedAudience
	Campaigns []models.Campaign
	Campaign  models.Campaign // whose results are taken; zero: none is chosen
	Counts    map[models.Part]int64
	Codes     []models.CodeCount
	Results   models.Source // what is ticked of them
	MaxUpload int64
}

// New reports whether it makes an audience.
func (f AudienceForm) New() bool { return f.Audience.ID == 0 }

// title is a key of the catalogs.
func (f AudienceForm) title() string {
	if f.New() {
		return "audience.new"
	}
	return "audience.change"
}

// AudienceFormTitle is the title of the form's page.
func AudienceFormTitle(f AudienceForm) string { return f.title() }

func (f AudienceForm) path(teamID int64, from models.AudienceSource) string {
	path := NewAudiencePath(teamID)
	if !f.New() {
		path = AudiencePath(f.Audience) + "/change"
	}
	return path + "?from=" + string(from)
}

// AudienceForms are what an audience can be made of.
func AudienceForms() []models.AudienceSource {
	return []models.AudienceSource{models.SourceFile, models.SourcePasted, models.SourceAudiences, models.SourceResults}
}

func (f AudienceForm) picked(id int64) bool { return slices.Contains(f.Picked, id) }

// changeKinds are what can be done to an audience with a source.
func (f AudienceForm) changeKinds() []models.WorkKind {
	return []models.WorkKind{models.WorkAppend, models.WorkSubtract, models.WorkReplace}
}

// parts are the ways in which messages of the campaign have ended.
func (f AudienceForm) parts() []models.Part {
	return slices.DeleteFunc(models.Parts(), func(p models.Part) bool { return !p.Own() || f.Counts[p] == 0 })
}

// codes are those that say more than the part does.
func (f AudienceForm) codes() []models.CodeCount {
	return slices.DeleteFunc(slices.Clone(f.Codes), func(c models.CodeCount) bool { return c.Code == "" || c.State == models.MessageCancelled })
}

func (f AudienceForm) campaignOptions(p Page) []Option {
	options := []Option{{"", p.T("audience.choose_campaign")}}
	for _, c := range f.Campaigns {
		options = append(options, Option{strconv.FormatInt(c.ID, 10), c.Name + " · " + p.Date(c.CreatedAt)})
	}
	return options
}

// AudienceView is what the page of an audience shows.
type AudienceView struct {
	models.Audience

	CreatedName string // who made it
	ChangedName string // who changed it last
	Recipients  []models.Recipient
	Filter      models.RecipientFilter
	Typed       string // in the search
	Next        int64  // where the next page begins; 0: there is none
	Works       []WorkView
	Uses        []models.Campaign
}

// WorkView is a work with the name of who asked for it.
type WorkView struct {
	models.AudienceWork

	By       string
	CanRetry bool // it has ended unfinished, and can be gone on with
}

// WorkPath is where a work is cancelled and gone on with.
func WorkPath(w models.AudienceWork) string {
	return fmt.Sprintf("%s/works/%d", TeamPath(w.TeamID), w.ID)
}

// WorkPage is the page that shows a work; c is the campaign that it is for, if any.
func WorkPage(w models.AudienceWork, c models.Campaign) string {
	switch {
	case w.CampaignID != 0:
		return FromAudiencesPath(c)
	case w.Kind == models.WorkSuppress:
		return SuppressionsPath(w.TeamID)
	}
	return AudiencePath(models.Audience{ID: w.AudienceID, TeamID: w.TeamID})
}

// running is a key of the catalogs: what is going on.
func (w WorkView) running() string {
	switch {
	case w.CampaignID != 0:
		return "audience.taking"
	case w.Kind == models.WorkSuppress:
		return "audience.suppressing"
	}
	return "audience.running"
}

// stays is a key of the catalogs: what is left of the work when it is cancelled.
func (w WorkView) stays() string {
	if w.CampaignID != 0 {
		return "audience.cancel_take"
	}
	return "audience.cancel_stays"
}

// last is the newest work; none: the zero value.
func (v AudienceView) last() (w WorkView) {
	if len(v.Works) > 0 {
		w = v.Works[0]
	}
	return w
}

// Busy reports whether the page changes by itself.
func (v AudienceView) Busy() bool { return v.last().State == models.WorkRunning }

func (v AudienceView) path(after int64) string {
	q := url.Values{}
	if v.Typed != "" {
		q.Set("q", v.Typed)
	}
	if after > 0 {
		q.Set("after", strconv.FormatInt(after, 10))
	}
	return withQuery(AudiencePath(v.Audience), q)
}

// values are those of a recipient in the order of the columns.
func (v AudienceView) values(r models.Recipient) []string {
	values, err := models.ParseVars(r.Vars)
	if err != nil {
		values = map[string]string{}
	}
	cells := make([]string, len(v.Columns))
	for i, name := range v.Columns {
		cells[i] = values[name]
	}
	return cells
}

// AudienceHeader and AudienceFields are the lines of an exported file.
func AudienceHeader(l *locale.Locale, a models.Audience) []string {
	return append([]string{l.T("audience.phone")}, a.Columns...)
}

// AudienceFields is a recipient's line of an exported file.
func AudienceFields(a models.Audience, r models.Recipient) []string {
	return append([]string{kakao.FormatPhone(r.Phone)}, AudienceView{Audience: a}.values(r)...)
}

// columnsText is how the columns are listed.
func columnsText(p Page, a models.Audience) string {
	if len(a.Columns) == 0 {
		return p.T("audience.no_columns")
	}
	return strings.Join(a.Columns, ", ")
}

// sourceText is how an audience came about; one that a campaign alone has, none.
func sourceText(p Page, a models.Audience) string {
	if a.Source == "" {
		return "–"
	}
	return p.T("audience.source." + string(a.Source))
}

// workText says what a work has done, or is doing.
func workText(p Page, w WorkView) string {
	names := make([]string, 0, len(w.Sources))
	for _, s := range w.Sources {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	text := p.T("audience.work." + string(w.Kind))
	if len(names) > 0 {
		text += ": " + strings.Join(names, ", ")
	}
	return text
}

// percent is how far a work has come.
func (w WorkView) percent() int {
	if w.Total == 0 {
		return 0
	}
	return int(min(99, w.Done*100/w.Total))
}

// SampleView is what the form that draws a sample shows.
type SampleView struct {
	models.Audience

	Name  string
	Count string
	Seed  string
}

// AudienceDeletion is what is asked before an audience is deleted.
type AudienceDeletion struct {
	models.Audience

	Uses   []models.Campaign
	Anyway bool
}

// drafts are campaigns that are not over.
func (d AudienceDeletion) drafts() []models.Campaign {
	return slices.DeleteFunc(slices.Clone(d.Uses), func(c models.Campaign) bool { return c.State.Over() })
}

// TakeView is what the form that takes a campaign's recipients from audiences shows.
type TakeView struct {
	models.Campaign

	Audiences []models.ListedAudience
	Picked    []int64
	Query     string
	Work      models.AudienceWork // the last one; zero: none
}

func (v TakeView) picked(id int64) bool { return slices.Contains(v.Picked, id) }

// FromAudiencesPath is the form that takes a campaign's recipients from audiences.
func FromAudiencesPath(c models.Campaign) string { return StepPath(c, "recipients") + "/audiences" }

// wrongNumbers are the pasted numbers that err is about.
func wrongNumbers(err error) models.WrongNumbers {
	wrong, _ := errors.AsType[models.WrongNumbers](err)
	return wrong
}

// has reports whether list has v.
func has[V comparable](list []V, v V) bool { return slices.Contains(list, v) }

// sourceNames are what a work reads, by name.
func sourceNames(w models.AudienceWork) string {
	names := make([]string, len(w.Sources))
	for i, s := range w.Sources {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}
