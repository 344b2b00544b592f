package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// compose answers for the draft that the URL names with fn. What is no draft any
// more has a page of its own, to which everything leads.
func (h *Handlers) compose(w http.ResponseWriter, r *http.Request, fn func(draft models.Campaign) error) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	if c.State == models.CampaignDraft {
		return fn(c)
	}
	path, flash := views.CampaignPath(c), models.Text{}
	if c.State.Frozen() {
		path = views.ApprovalPath(c)
	}
	if partial(r) {
		w.Header().Set("HX-Redirect", path)
		w.WriteHeader(http.StatusOK)
		return nil
	}
	if c.State.Frozen() && r.Method == http.MethodPost {
		flash = models.T("approval.frozen")
	}
	return h.Redirect(w, r, path, flash)
}

// EditMessage is the step of composing that says what is sent.
func (h *Handlers) EditMessage(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		step, err := h.resume(r, draft)
		if err != nil {
			return err
		}
		return h.showMessage(w, r, step, nil)
	})
}

// SaveMessage keeps the message and leads to the recipients, or to where it is tried
// out. Its other buttons keep the draft as it is: for later, or to go on with a button
// more or less.
func (h *Handlers) SaveMessage(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		typed, err := h.messageForm(r, draft)
		if err != nil {
			return err
		}
		focus, rearranged := "", false
		if !draft.Channel.Registers() {
			focus, rearranged = rearrange(r.PostForm, draft.Channel, &typed.Content)
		}
		switch {
		case r.PostForm.Has("discard"):
			return h.discardMessage(w, r, draft)
		case r.PostForm.Has("later"):
			return h.saveForLater(w, r, draft, typed, func(c models.Campaign, err error) error {
				return h.showMessage(w, r, views.MessageStep{Campaign: c}, err)
			})
		case r.PostForm.Has("template"):
			return h.leaveForTemplate(w, r, draft, typed)
		case rearranged, redraws(r):
			saved, err := h.actions.SaveDraft(r.Context(), h.visit(r).actor, draft, typed)
			shown := afterSave(draft, saved, err)
			shown.Content = typed.Content
			return h.showMessage(w, r, views.MessageStep{Campaign: shown, Editor: views.Editor{Focus: focus}}, err)
		}
		saved, err := h.actions.SaveMessage(r.Context(), h.visit(r).actor, draft, typed)
		if err != nil {
			return h.showMessage(w, r, views.MessageStep{Campaign: afterSave(draft, saved, err)}, err)
		}
		if r.PostForm.Has("test") {
			return h.Redirect(w, r, views.TestPath(saved, "message"), models.Text{})
		}
		return h.Redirect(w, r, views.StepPathAfter(saved, "message"), models.Text{})
	})
}

// discardMessage drops what was typed and not saved.
func (h *Handlers) discardMessage(w http.ResponseWriter, r *http.Request, draft models.Campaign) error {
	if err := h.actions.ForgetDraft(r.Context(), h.visit(r).actor, models.PlaceCampaign, draft.ID); err != nil {
		return err
	}
	return h.Redirect(w, r, views.StepPath(draft, "message"), models.T("draft.discarded"))
}

// PreviewMessage draws what has been typed, and keeps nothing.
func (h *Handlers) PreviewMessage(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		typed, err := h.messageForm(r, draft)
		if err != nil {
			return err
		}
		step := views.MessageStep{Campaign: typed}
		step.Editor.Err = messageProblems(r, typed)
		return h.showMessage(w, r, step, nil)
	})
}

// messageProblems are what is wrong with the message step, if that is asked for, as
// far as it is told to somebody who types.
func messageProblems(r *http.Request, c models.Campaign) error {
	if r.PostForm.Get("part") != string(views.EditorProblems) {
		return nil
	}
	err := models.NewCampaign{Name: c.Name, SenderID: c.SenderID, Content: c.Content}.Validate(c.Channel)
	if checked(r, "tried") {
		return err
	}
	return models.Typing(err)
}

// messageForm is draft as it was typed over. Of a message that is registered at the
// provider only the campaign's name can be.
func (h *Handlers) messageForm(r *http.Request, draft models.Campaign) (models.Campaign, error) {
	c := draft
	c.Name, c.Revision = field(r, "name"), edited(r, draft)
	if draft.Channel.Registers() {
		return c, nil
	}
	c.SenderID = number(r, "sender")
	var err error
	c.Content, err = h.contentForm(r, draft.Channel, draft.Content)
	return c, err
}

// edited is the revision of the draft that the form was made of.
func edited(r *http.Request, draft models.Campaign) int {
	return draft.EditedFrom(int(number(r, "revision")), number(r, "audience"))
}

// redraws reports whether a submit button asks only to see the form again.
func redraws(r *http.Request) bool {
	return slices.ContainsFunc([]string{"preview", "row-step", "find-image"}, r.PostForm.Has)
}

// afterSave is the draft to go on with: what was saved or, when somebody else was
// faster, what was typed upon what they have saved.
func afterSave(draft, typed models.Campaign, err error) models.Campaign {
	if err != nil && models.KindOf(err) == models.Conflict {
		typed.Revision, typed.UpdatedAt = draft.Revision, draft.UpdatedAt
	}
	return typed
}

// saveForLater keeps the draft, right or wrong, and leaves composing; again shows
// the form when it cannot be kept.
func (h *Handlers) saveForLater(w http.ResponseWriter, r *http.Request, draft, typed models.Campaign, again func(models.Campaign, error) error) error {
	saved, err := h.actions.SaveDraft(r.Context(), h.visit(r).actor, draft, typed)
	if err != nil {
		return again(afterSave(draft, typed, err), err)
	}
	return h.Redirect(w, r, views.CampaignsPath(saved.AppkeyID), models.T("compose.kept"))
}

// showMessage completes step, of which the campaign is known, and shows it or the part
// of it that is asked for.
func (h *Handlers) showMessage(w http.ResponseWriter, r *http.Request, step views.MessageStep, err error) error {
	c := step.Campaign
	senders, readErr := h.db.Senders(r.Context(), c.AppkeyID)
	if readErr != nil {
		return readErr
	}
	preview, readErr := h.preview(r, c, senders, "kakao")
	if readErr != nil {
		return readErr
	}
	if !partial(r) {
		if step.Origin, _, readErr = h.db.Origin(r.Context(), c); readErr != nil {
			return readErr
		}
	}
	step.Senders, step.Now = senders, h.now()
	step.Editor, readErr = h.editor(r, views.Editor{
		Channel: c.Channel, Content: c.Content, Path: views.StepPath(c, "message"), Preview: preview, Focus: step.Editor.Focus,
		Err: cmp.Or(err, step.Editor.Err), Others: []string{"name", "sender"},
	})
	if readErr != nil {
		return readErr
	}
	p := h.titled(r, c.Name)
	switch {
	case !partial(r):
		return h.RenderForm(w, r, err, views.MessagePage(p, step, err))
	case step.Editor.Focus != "":
		return h.RenderForm(w, r, err, views.MessageButtons(p, step, err))
	}
	return h.RenderForm(w, r, err, views.MessagePreview(p, step))
}

// preview is the phone beside the form, for the row of the recipients that is asked
// for. as is what it shows unless the form says otherwise.
func (h *Handlers) preview(r *http.Request, c models.Campaign, senders []models.Sender, as string) (views.Preview, error) {
	p := views.Preview{
		Channel: c.Channel, Content: c.Content, Fallback: c.Fallback, As: as, Chat: r.FormValue("chat"), At: h.now(),
		Values: c.Content.Samples(c.Fallback),
	}
	if c.ScheduledAt != nil {
		p.At = *c.ScheduledAt
	}
	if chosen := r.FormValue("as"); chosen == "sms" || chosen == "kakao" {
		p.As = chosen
	}
	if i := slices.IndexFunc(senders, func(s models.Sender) bool { return s.ID == c.SenderID }); i >= 0 {
		p.Sender = senders[i]
	}
	if c.AudienceID == 0 {
		return p, nil
	}
	audience, err := h.db.Audience(r.Context(), c.TeamID, c.AudienceID)
	if err != nil || audience.Size == 0 {
		return p, err
	}
	p.Columns, p.Rows = audience.Columns, audience.Size
	asked, _ := strconv.ParseInt(r.FormValue("row"), 10, 64)
	step, _ := strconv.ParseInt(r.FormValue("row-step"), 10, 64)
	p.Row = min(max(asked, 1)+step, p.Rows)
	p.Row = max(p.Row, 1)
	recipient, found, err := h.db.RecipientAt(r.Context(), c.AudienceID, int(p.Row-1))
	if err != nil || !found {
		return p, err
	}
	p.Phone = recipient.Phone
	p.Values, err = models.ParseVars(recipient.Vars)
	return p, err
}

// composeFallback is [Handlers.compose] for the step that only some channels have.
func (h *Handlers) composeFallback(w http.ResponseWriter, r *http.Request, fn func(draft models.Campaign) error) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		if !draft.Channel.Traits().Fallback {
			return models.Errorf(models.NotFound, "error.not_found")
		}
		return fn(draft)
	})
}

// EditFallback is the step of composing that says what goes out by SMS.
func (h *Handlers) EditFallback(w http.ResponseWriter, r *http.Request) error {
	return h.composeFallback(w, r, func(draft models.Campaign) error {
		return h.showFallback(w, r, draft, nil)
	})
}

// SaveFallback keeps the fallback and leads to the schedule.
func (h *Handlers) SaveFallback(w http.ResponseWriter, r *http.Request) error {
	return h.composeFallback(w, r, func(draft models.Campaign) error {
		typed := fallbackForm(r, draft)
		switch {
		case r.PostForm.Has("later"):
			return h.saveForLater(w, r, draft, typed, func(c models.Campaign, err error) error { return h.showFallback(w, r, c, err) })
		case redraws(r):
			saved, err := h.actions.SaveDraft(r.Context(), h.visit(r).actor, draft, typed)
			return h.showFallback(w, r, afterSave(draft, saved, err), err)
		}
		saved, err := h.actions.SaveFallback(r.Context(), h.visit(r).actor, draft, typed)
		if err != nil {
			return h.showFallback(w, r, afterSave(draft, saved, err), err)
		}
		return h.Redirect(w, r, views.StepPathAfter(saved, "fallback"), models.Text{})
	})
}

// PreviewFallback draws what has been typed, and keeps nothing.
func (h *Handlers) PreviewFallback(w http.ResponseWriter, r *http.Request) error {
	return h.composeFallback(w, r, func(draft models.Campaign) error {
		return h.showFallback(w, r, fallbackForm(r, draft), nil)
	})
}

func fallbackForm(r *http.Request, draft models.Campaign) models.Campaign {
	c := draft
	c.Revision = edited(r, draft)
	c.Fallback = models.Fallback{On: checked(r, "on"), Type: field(r, "type"), Title: field(r, "title"), Text: text(r, "text")}
	if c.Fallback.Type != kakao.FallbackSMS && c.Fallback.Type != kakao.FallbackLMS {
		c.Fallback.Type = ""
	}
	if strings.TrimSpace(c.Fallback.Text) == "" {
		c.Fallback.Text = ""
	}
	return c
}

func (h *Handlers) showFallback(w http.ResponseWriter, r *http.Request, c models.Campaign, err error) error {
	senders, readErr := h.db.Senders(r.Context(), c.AppkeyID)
	if readErr != nil {
		return readErr
	}
	preview, readErr := h.preview(r, c, senders, "sms")
	if readErr != nil {
		return readErr
	}
	p, step := h.titled(r, c.Name), views.FallbackStep{Campaign: c, Preview: preview}
	if partial(r) {
		return h.RenderForm(w, r, err, views.FallbackPreview(p, step))
	}
	return h.RenderForm(w, r, err, views.FallbackPage(p, step, err))
}

// EditSchedule is the step of composing that says when.
func (h *Handlers) EditSchedule(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		step := views.ScheduleStep{Campaign: draft, In: models.ScheduleOf(draft.ScheduledAt), Pace: models.PaceOf(draft.Pacing())}
		return h.showSchedule(w, r, step, nil)
	})
}

// SaveSchedule keeps time and pace, begins the check and leads to it.
func (h *Handlers) SaveSchedule(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		step := scheduleForm(r, draft)
		if r.PostForm.Has("later") || redraws(r) {
			return h.keepSchedule(w, r, draft, step)
		}
		saved, err := h.actions.SaveSchedule(r.Context(), h.visit(r).actor, draft, step.Campaign, step.In, step.Pace)
		if err != nil {
			_, unread := typedSchedule(step)
			step.Campaign, step.Unread = afterSave(draft, saved, err), unread != nil
			return h.showSchedule(w, r, step, err)
		}
		return h.toCheck(w, r, saved)
	})
}

// PreviewSchedule says what the typed time and pace come to, and keeps nothing.
func (h *Handlers) PreviewSchedule(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		step, _ := typedSchedule(scheduleForm(r, draft))
		return h.showSchedule(w, r, step, nil)
	})
}

func scheduleForm(r *http.Request, draft models.Campaign) views.ScheduleStep {
	draft.Revision = edited(r, draft)
	return views.ScheduleStep{
		Campaign: draft,
		In:       models.NewSchedule{Later: field(r, "when") == "later", Date: field(r, "date"), Clock: field(r, "clock")},
		Pace:     models.NewPace{Paced: field(r, "pace") == "paced", Rate: field(r, "rate"), Spread: checked(r, "spread"), PerDay: field(r, "per_day")},
	}
}

// typedSchedule is step with its campaign as it was typed, as far as it can be read.
func typedSchedule(step views.ScheduleStep) (views.ScheduleStep, error) {
	at, err := step.In.At()
	pacing, paceErr := step.Pace.Pacing()
	err = models.JoinFields(err, paceErr)
	step.Unread = err != nil
	step.Campaign.ScheduledAt, step.Campaign.Pace, step.Campaign.PerDay = at, pacing.Pace, pacing.PerDay
	return step, err
}

// keepSchedule keeps whatever time and pace can be read, right or wrong, and leaves
// composing or shows the form again.
func (h *Handlers) keepSchedule(w http.ResponseWriter, r *http.Request, draft models.Campaign, step views.ScheduleStep) error {
	typed, err := typedSchedule(step)
	if err != nil {
		step.Unread = true
		return h.showSchedule(w, r, step, err)
	}
	if redraws(r) {
		saved, err := h.actions.SaveDraft(r.Context(), h.visit(r).actor, draft, typed.Campaign)
		typed.Campaign = afterSave(draft, saved, err)
		return h.showSchedule(w, r, typed, err)
	}
	return h.saveForLater(w, r, draft, typed.Campaign, func(c models.Campaign, err error) error {
		step.Campaign = c
		return h.showSchedule(w, r, step, err)
	})
}

// showSchedule completes step and shows it, or only what it comes to.
func (h *Handlers) showSchedule(w http.ResponseWriter, r *http.Request, step views.ScheduleStep, err error) error {
	ctx, c, now := r.Context(), step.Campaign, h.now()
	var readErr error
	if step.Recipients, readErr = h.db.AudienceSize(ctx, c); readErr != nil {
		return readErr
	}
	if step.Sender, readErr = h.db.Sender(ctx, c.AppkeyID, c.SenderID); readErr != nil && models.KindOf(readErr) != models.NotFound {
		return readErr
	}
	team := h.visit(r).team
	step.Now, step.UndoMinutes, step.Course = now, team.UndoMinutes, c.CourseNow(team, step.Recipients, now)
	if !step.Unread {
		wrong := h.actions.CheckSchedule(ctx, c)
		if wrong != nil && models.KindOf(wrong) != models.Invalid {
			return wrong
		}
		step.Wrong = models.FieldProblems(wrong)
	}
	p := h.titled(r, c.Name)
	if partial(r) {
		return h.RenderForm(w, r, err, views.ScheduleCourse(p, step))
	}
	return h.RenderForm(w, r, err, views.SchedulePage(p, step, err))
}

// LaunchCampaign launches the draft that was checked, or what was approved, and leads
// to its page. One that has been launched before leads there too.
func (h *Handlers) LaunchCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	if c.State.Frozen() {
		return h.launchApproved(w, r, c)
	}
	return h.compose(w, r, func(draft models.Campaign) error {
		err := h.actions.Launch(r.Context(), h.visit(r).actor, draft.AppkeyID, draft.ID, int(number(r, "revision")))
		if err == nil {
			return h.Redirect(w, r, views.CampaignPath(draft), views.LaunchedText(draft))
		}
		return h.compose(w, r, func(again models.Campaign) error { return h.showCheck(w, r, again, nil, err) })
	})
}
