package handlers

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"strconv"
	"strings"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// audiencesPerPage is how many audiences are listed, or offered to be ticked.
const audiencesPerPage = 50

// ListAudiences shows the audiences of a team.
func (h *Handlers) ListAudiences(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	list := views.AudienceList{Filter: models.AudienceFilter{Query: query(r, "q"), Before: queryID(r, "before")}}
	var err error
	if list.Audiences, err = h.db.Audiences(r.Context(), v.team.ID, list.Filter, audiencesPerPage+1); err != nil {
		return err
	}
	if len(list.Audiences) > audiencesPerPage {
		list.Audiences = list.Audiences[:audiencesPerPage]
		list.Next = list.Audiences[audiencesPerPage-1].ID
	}
	return h.Render(w, r, http.StatusOK, views.AudiencesPage(h.page(r, "nav.audiences"), list))
}

// query is what the URL says of name, without stray space.
func query(r *http.Request, name string) string { return strings.TrimSpace(r.URL.Query().Get(name)) }

// audience is the one that the URL names.
func (h *Handlers) audience(r *http.Request) (models.Audience, error) {
	id, err := pathID(r, "audience")
	if err != nil {
		return models.Audience{}, err
	}
	return h.db.NamedAudience(r.Context(), h.visit(r).team.ID, id)
}

// NewAudience is the form that makes an audience.
func (h *Handlers) NewAudience(w http.ResponseWriter, r *http.Request) error {
	return h.showAudienceForm(w, r, h.audienceForm(r, models.Audience{}), nil)
}

// EditAudience is the form that changes the recipients of an audience.
func (h *Handlers) EditAudience(w http.ResponseWriter, r *http.Request) error {
	a, err := h.audience(r)
	if err != nil {
		return err
	}
	return h.showAudienceForm(w, r, h.audienceForm(r, a), nil)
}

// audienceForm is what the request says of the form.
func (h *Handlers) audienceForm(r *http.Request, a models.Audience) views.AudienceForm {
	f := views.AudienceForm{Audience: a, From: models.SourceFile, Kind: models.WorkAppend, MaxUpload: h.cfg.MaxUpload}
	for _, from := range views.AudienceForms() {
		if query(r, "from") == string(from) {
			f.From = from
		}
	}
	f.Results.CampaignID = queryID(r, "campaign")
	if r.Method != http.MethodPost || withFile(r) {
		return f
	}
	f.Name, f.Kind = field(r, "name"), models.WorkKind(field(r, "kind"))
	f.Pasted = models.Pasted{Text: r.PostFormValue("pasted"), LeaveOut: checked(r, "leave_out")}
	f.Picked = ids(r.PostForm["audience"])
	if id, err := strconv.ParseInt(field(r, "campaign"), 10, 64); err == nil {
		f.Results.CampaignID = id
	}
	for _, part := range r.PostForm["part"] {
		f.Results.Parts = append(f.Results.Parts, models.Part(part))
	}
	f.Results.Codes = r.PostForm["code"]
	return f
}

// ids are the numbers among texts.
func ids(texts []string) []int64 {
	var found []int64
	for _, text := range texts {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			found = append(found, id)
		}
	}
	return found
}

// audienceFrom is what an action is told to make an audience of.
func audienceFrom(f views.AudienceForm) actions.AudienceFrom {
	switch f.From {
	case models.SourceAudiences:
		if len(f.Picked) == 0 {
			return actions.AudienceFrom{Audiences: []int64{0}} // of which there is none
		}
		return actions.AudienceFrom{Audiences: f.Picked}
	case models.SourceResults:
		return actions.AudienceFrom{Results: f.Results}
	case models.SourceFile, models.SourcePasted, models.SourceSample:
	}
	return actions.AudienceFrom{Pasted: f.Pasted}
}

// CreateAudience makes an audience.
func (h *Handlers) CreateAudience(w http.ResponseWriter, r *http.Request) error {
	if withFile(r) {
		return h.uploadAudience(w, r, models.Audience{})
	}
	v, f := h.visit(r), h.audienceForm(r, models.Audience{})
	a, err := h.actions.CreateAudience(r.Context(), v.actor, v.team.ID, models.NewAudience{Name: f.Name}, audienceFrom(f))
	if err != nil {
		return h.showAudienceForm(w, r, f, err)
	}
	return h.Redirect(w, r, views.AudiencePath(a), models.T("audience.created", "Name", a.Name))
}

// ChangeAudience changes the recipients of an audience.
func (h *Handlers) ChangeAudience(w http.ResponseWriter, r *http.Request) error {
	a, err := h.audience(r)
	if err != nil {
		return err
	}
	if withFile(r) {
		return h.uploadAudience(w, r, a)
	}
	f := h.audienceForm(r, a)
	if err := h.actions.ChangeAudience(r.Context(), h.visit(r).actor, a, f.Kind, audienceFrom(f)); err != nil {
		return h.showAudienceForm(w, r, f, err)
	}
	return h.Redirect(w, r, views.AudiencePath(a), models.Text{})
}

func (h *Handlers) showAudienceForm(w http.ResponseWriter, r *http.Request, f views.AudienceForm, err error) error {
	if readErr := h.readAudienceForm(r.Context(), h.visit(r).team.ID, &f); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.AudienceFormPage(h.page(r, views.AudienceFormTitle(f)), f, err))
}

// readAudienceForm reads what there is to choose from.
func (h *Handlers) readAudienceForm(ctx context.Context, teamID int64, f *views.AudienceForm) (err error) {
	switch f.From {
	case models.SourceAudiences:
		f.Audiences, err = h.offered(ctx, teamID, "", f.Picked)
		for i, a := range f.Audiences {
			if a.ID == f.Audience.ID {
				f.Audiences = append(f.Audiences[:i:i], f.Audiences[i+1:]...)
				break
			}
		}
		return err
	case models.SourceResults:
		return h.readResults(ctx, teamID, f)
	case models.SourceFile, models.SourcePasted, models.SourceSample:
	}
	return nil
}

// offered are the audiences that can be ticked: those that the query finds, and those
// that are ticked already.
func (h *Handlers) offered(ctx context.Context, teamID int64, query string, picked []int64) ([]models.ListedAudience, error) {
	found, err := h.db.Audiences(ctx, teamID, models.AudienceFilter{Query: query}, 4*audiencesPerPage)
	if err != nil {
		return nil, err
	}
	there := map[int64]bool{}
	kept := found[:0]
	for _, a := range found {
		if a.ErasedAt == nil {
			there[a.ID] = true
			kept = append(kept, a)
		}
	}
	others, err := h.db.AudiencesWith(ctx, teamID, picked)
	for _, a := range others {
		if !there[a.ID] {
			kept = append(kept, models.ListedAudience{Audience: a})
		}
	}
	return kept, err
}

func (h *Handlers) readResults(ctx context.Context, teamID int64, f *views.AudienceForm) (err error) {
	if f.Campaigns, err = h.db.TeamCampaigns(ctx, teamID, 4*audiencesPerPage); err != nil || f.Results.CampaignID == 0 {
		return err
	}
	if f.Campaign, err = h.db.TeamCampaign(ctx, teamID, f.Results.CampaignID); err != nil {
		return err
	}
	e, err := h.db.Equation(ctx, f.Campaign)
	if err != nil {
		return err
	}
	f.Counts = map[models.Part]int64{}
	for _, part := range models.Parts() {
		f.Counts[part] = e.Count(part)
	}
	f.Codes, err = h.db.CodeCounts(ctx, f.Campaign.ID)
	return err
}

// ShowAudience looks inside an audience.
func (h *Handlers) ShowAudience(w http.ResponseWriter, r *http.Request) error {
	a, err := h.audience(r)
	if err != nil {
		return err
	}
	return h.showAudience(w, r, a, nil)
}

// worksShown is how much of an audience's history is shown.
const worksShown = 10

func (h *Handlers) showAudience(w http.ResponseWriter, r *http.Request, a models.Audience, err error) error {
	ctx, view := r.Context(), views.AudienceView{Audience: a, Typed: query(r, "q"), CreatedName: h.nameOf(r.Context(), a.CreatedBy)}
	if a.ChangedBy != 0 {
		view.ChangedName = h.nameOf(ctx, a.ChangedBy)
	}
	works, readErr := h.db.AudienceWorks(ctx, a.ID, worksShown)
	if readErr != nil {
		return readErr
	}
	for _, work := range works {
		shown, readErr := h.workView(ctx, work)
		if readErr != nil {
			return readErr
		}
		view.Works = append(view.Works, shown)
	}
	p := h.titled(r, a.Name)
	if partial(r) {
		if !view.Busy() {
			w.Header().Set("HX-Refresh", "true")
		}
		return h.Render(w, r, http.StatusOK, views.AudienceStatus(p, view))
	}
	if view.Busy() {
		p.Refresh = refreshWithoutScript
	}
	if view.Uses, readErr = h.db.AudienceUses(ctx, a.ID, maxUsesShown); readErr != nil {
		return readErr
	}
	view.Filter = recipientFilter(r, view.Typed)
	if a.ErasedAt == nil {
		if view.Recipients, view.Next, readErr = h.db.Recipients(ctx, a.ID, view.Filter, rowsPerPage); readErr != nil {
			return readErr
		}
	}
	return h.RenderForm(w, r, err, views.AudiencePage(p, view, err))
}

// workView is a work as a page shows it.
func (h *Handlers) workView(ctx context.Context, work models.AudienceWork) (view views.WorkView, err error) {
	view = views.WorkView{AudienceWork: work, By: h.nameOf(ctx, work.AskedBy)}
	view.CanRetry, err = h.actions.CanRetry(ctx, work)
	return view, err
}

// work is the one that the URL names, with the page that shows it.
func (h *Handlers) work(r *http.Request) (work models.AudienceWork, page string, err error) {
	id, err := pathID(r, "work")
	if err != nil {
		return work, "", err
	}
	team := h.visit(r).team
	if work, err = h.db.TeamWork(r.Context(), team.ID, id); err != nil {
		return work, "", err
	}
	var c models.Campaign
	if work.CampaignID != 0 {
		c, err = h.db.TeamCampaign(r.Context(), team.ID, work.CampaignID)
	}
	return work, views.WorkPage(work, c), err
}

// CancelWork ends what is being done to an audience. Where it has ended by itself in the
// meantime, the page says so.
func (h *Handlers) CancelWork(w http.ResponseWriter, r *http.Request) error {
	return h.changeWork(w, r, h.actions.CancelWork)
}

// RetryWork goes on with what was to be done to an audience. Where that is not possible
// any more, the page says so.
func (h *Handlers) RetryWork(w http.ResponseWriter, r *http.Request) error {
	return h.changeWork(w, r, h.actions.RetryWork)
}

func (h *Handlers) changeWork(w http.ResponseWriter, r *http.Request, change func(context.Context, models.Actor, models.AudienceWork) error) error {
	work, page, err := h.work(r)
	if err != nil {
		return err
	}
	if err := change(r.Context(), h.visit(r).actor, work); err != nil && models.KindOf(err) != models.Conflict {
		return err
	}
	return h.Redirect(w, r, page, models.Text{})
}

// maxUsesShown is how many campaigns that use an audience are read.
const maxUsesShown = 100

// recipientFilter is what the URL asks for: a whole number is found by itself.
func recipientFilter(r *http.Request, typed string) models.RecipientFilter {
	f := models.RecipientFilter{After: after(r)}
	if typed == "" {
		return f
	}
	if phone, _, reason := kakao.NormalizePhone(typed); reason == "" {
		f.Phone = phone
		return f
	}
	f.Text = typed
	return f
}

// RenameAudience gives an audience another name.
func (h *Handlers) RenameAudience(w http.ResponseWriter, r *http.Request) error {
	a, err := h.audience(r)
	if err != nil {
		return err
	}
	in := models.NewAudience{Name: field(r, "name")}
	if err := h.actions.RenameAudience(r.Context(), h.visit(r).actor, a, in); err != nil {
		a.Name = in.Name
		return h.showAudience(w, r, a, err)
	}
	return h.Redirect(w, r, views.AudiencePath(a), models.T("audience.renamed"))
}

// NewSample is the form that draws some recipients of an audience.
func (h *Handlers) NewSample(w http.ResponseWriter, r *http.Request) error {
	a, err := h.audience(r)
	if err != nil {
		return err
	}
	return h.Render(w, r, http.StatusOK, views.SamplePage(h.page(r, "audience.sample"), views.SampleView{Audience: a}, nil))
}

// CreateSample draws some recipients of an audience.
func (h *Handlers) CreateSample(w http.ResponseWriter, r *http.Request) error {
	of, err := h.audience(r)
	if err != nil {
		return err
	}
	view := views.SampleView{Audience: of, Name: field(r, "name"), Count: field(r, "count"), Seed: field(r, "seed")}
	n := wholeNumber(view.Count)
	a, err := h.actions.SampleAudience(r.Context(), h.visit(r).actor, of, models.NewAudience{Name: view.Name}, n, wholeNumber(view.Seed))
	if err != nil {
		return h.RenderForm(w, r, err, views.SamplePage(h.page(r, "audience.sample"), view, err))
	}
	return h.Redirect(w, r, views.AudiencePath(a), models.T("audience.created", "Name", a.Name))
}

// wholeNumber is a number as people write it, 0 if it is none.
func wholeNumber(text string) int64 {
	n, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// ConfirmDeleteAudience says what uses an audience, and asks.
func (h *Handlers) ConfirmDeleteAudience(w http.ResponseWriter, r *http.Request) error {
	a, err := h.audience(r)
	if err != nil {
		return err
	}
	return h.showAudienceDeletion(w, r, a, false, nil)
}

func (h *Handlers) showAudienceDeletion(w http.ResponseWriter, r *http.Request, a models.Audience, anyway bool, err error) error {
	uses, readErr := h.db.AudienceUses(r.Context(), a.ID, maxUsesShown)
	if readErr != nil {
		return readErr
	}
	view := views.AudienceDeletion{Audience: a, Uses: uses, Anyway: anyway}
	return h.RenderForm(w, r, err, views.DeleteAudiencePage(h.page(r, "audience.delete"), view, err))
}

// DeleteAudience removes an audience.
func (h *Handlers) DeleteAudience(w http.ResponseWriter, r *http.Request) error {
	a, err := h.audience(r)
	if err != nil {
		return err
	}
	anyway := checked(r, "anyway")
	if err := h.actions.DeleteAudience(r.Context(), h.visit(r).actor, a, anyway); err != nil {
		return h.showAudienceDeletion(w, r, a, anyway, err)
	}
	return h.Redirect(w, r, views.AudiencesPath(a.TeamID), models.T("audience.deleted", "Name", a.Name))
}

// ExportAudience is an audience as a CSV file. It is written while it is read, since
// it may have a million lines.
func (h *Handlers) ExportAudience(w http.ResponseWriter, r *http.Request) error {
	a, err := h.audience(r)
	if err != nil {
		return err
	}
	if a.ErasedAt != nil {
		return models.Errorf(models.NotFound, "error.not_found")
	}
	v := h.visit(r)
	if err := h.actions.ExportAudience(r.Context(), v.actor, a); err != nil {
		return err
	}
	csvHeaders(w, "audience-"+strconv.FormatInt(a.ID, 10))
	after := ""
	h.stream(r, w, views.AudienceHeader(v.locale, a), func() ([][]string, error) {
		rs, err := h.db.RecipientsAfter(r.Context(), a.ID, after, downloadChunk)
		lines := make([][]string, len(rs))
		for i, recipient := range rs {
			lines[i], after = views.AudienceFields(a, recipient), recipient.Phone
		}
		return lines, err
	})
	return nil
}

// csvHeaders announce a file of that name.
func csvHeaders(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
}

// stream writes a CSV file piece by piece, until next has none. What fails on the way
// breaks the answer off, so that nobody takes half a file for a whole one.
func (h *Handlers) stream(r *http.Request, w io.Writer, header []string, next func() ([][]string, error)) {
	_, err := io.WriteString(w, "\ufeff") // without it, spreadsheets take the file for CP949
	out := csv.NewWriter(w)
	out.UseCRLF = true
	lines := [][]string{header}
	for err == nil && len(lines) > 0 {
		for _, line := range lines {
			if err == nil {
				err = out.Write(defused(line))
			}
		}
		out.Flush()
		if err == nil {
			err = out.Error()
		}
		if err == nil {
			lines, err = next()
		}
	}
	if err != nil {
		h.log.WarnContext(r.Context(), "a download was broken off", "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// NewTake is the form that takes a campaign's recipients from audiences.
func (h *Handlers) NewTake(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	return h.showTake(w, r, c, nil, nil)
}

// TakeAudiences takes a campaign's recipients from audiences.
func (h *Handlers) TakeAudiences(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return models.Errorf(models.Invalid, "error.invalid")
	}
	picked := ids(r.PostForm["audience"])
	if _, err := h.actions.TakeAudiences(r.Context(), h.visit(r).actor, c, picked); err != nil {
		return h.showTake(w, r, c, picked, err)
	}
	return h.Redirect(w, r, views.FromAudiencesPath(c), models.Text{})
}

func (h *Handlers) showTake(w http.ResponseWriter, r *http.Request, c models.Campaign, picked []int64, err error) error {
	view := views.TakeView{Campaign: c, Picked: picked, Query: query(r, "q")}
	var readErr error
	if view.Work, _, readErr = h.db.LastCampaignWork(r.Context(), c.ID); readErr != nil {
		return readErr
	}
	p := h.titled(r, c.Name)
	if partial(r) {
		if view.Work.State == models.WorkDone {
			w.Header().Set("HX-Redirect", views.StepPath(c, "recipients"))
		}
		return h.Render(w, r, http.StatusOK, views.TakeStatus(p, view))
	}
	if view.Work.State == models.WorkRunning {
		p.Refresh = refreshWithoutScript
	}
	if r.Method == http.MethodGet && view.Work.State.Unfinished() { // to be taken again with a click
		for _, source := range view.Work.Sources {
			view.Picked = append(view.Picked, source.AudienceID)
		}
	}
	if view.Audiences, readErr = h.offered(r.Context(), c.TeamID, view.Query, view.Picked); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.TakeAudiencesPage(p, view, err))
}
