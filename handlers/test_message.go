package handlers

import (
	"net/http"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// earlierTests is how many earlier tests are shown.
const earlierTests = 5

// ShowTest is the form that sends the message of a draft to the team's test numbers
// or, for one that has been sent, what has become of it.
func (h *Handlers) ShowTest(w http.ResponseWriter, r *http.Request) error {
	if sent, err := strconv.ParseInt(r.URL.Query().Get("sent"), 10, 64); err == nil {
		return h.showTestSent(w, r, sent)
	}
	return h.compose(w, r, func(draft models.Campaign) error {
		in := models.NewTest{Token: models.NewFormToken(), Values: draft.Content.Samples(draft.Fallback)}
		numbers, err := h.db.TestNumbers(r.Context(), draft.TeamID)
		if err != nil {
			return err
		}
		for _, n := range numbers {
			in.Numbers = append(in.Numbers, n.ID)
		}
		if err := h.lastValues(r, draft, in.Values); err != nil {
			return err
		}
		return h.showTest(w, r, draft, in, nil)
	})
}

// lastValues replaces values by those of the last test of the draft.
func (h *Handlers) lastValues(r *http.Request, draft models.Campaign, values map[string]string) error {
	tests, err := h.db.TestsOf(r.Context(), draft, 1)
	if err != nil || len(tests) == 0 {
		return err
	}
	last, err := h.db.TestValues(r.Context(), tests[0])
	for name := range values {
		if value, known := last[name]; known {
			values[name] = value
		}
	}
	return err
}

// SendTest sends the test, and leads to what becomes of it. Its other buttons only
// draw the form anew.
func (h *Handlers) SendTest(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		in := testForm(r)
		switch {
		case r.PostForm.Has("fill"):
			values, err := h.rowValues(r, draft)
			if err != nil {
				return err
			}
			for name := range in.Values {
				in.Values[name] = values[name]
			}
			return h.showTest(w, r, draft, in, nil)
		case !r.PostForm.Has("send"):
			return h.showTest(w, r, draft, in, nil)
		}
		test, again, err := h.actions.TestCampaign(r.Context(), h.visit(r).actor, draft, in)
		if err != nil {
			return h.showTest(w, r, draft, in, err)
		}
		flash := models.T("test_message.sent")
		if again {
			flash = models.T("test_message.sent_before")
		}
		return h.Redirect(w, r, views.TestSentPath(draft, test, testFrom(r)), flash)
	})
}

// testFrom is the step that one comes from.
func testFrom(r *http.Request) string {
	if r.URL.Query().Get("from") == "check" {
		return "check"
	}
	return "message"
}

// testForm is the form as it was filled in. The variables are named in it, since those
// of the draft may be others by now.
func testForm(r *http.Request) models.NewTest {
	in := models.NewTest{Token: field(r, "token"), Revision: int(number(r, "revision")), Values: map[string]string{}}
	for i := 0; r.PostForm.Has(models.TestValueField(i)); i++ {
		in.Values[r.PostForm.Get("name-"+strconv.Itoa(i))] = field(r, models.TestValueField(i))
	}
	for _, text := range r.PostForm["number"] {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			in.Numbers = append(in.Numbers, id)
		}
	}
	return in
}

// rowValues are the values of the recipient that is asked for.
func (h *Handlers) rowValues(r *http.Request, draft models.Campaign) (map[string]string, error) {
	if draft.AudienceID == 0 {
		return nil, nil //nolint:nilnil // no recipients, no values
	}
	recipient, found, err := h.db.RecipientAt(r.Context(), draft.AudienceID, int(max(number(r, "row"), 1)-1))
	if err != nil || !found {
		return nil, err
	}
	return models.ParseVars(recipient.Vars)
}

func (h *Handlers) showTest(w http.ResponseWriter, r *http.Request, draft models.Campaign, in models.NewTest, formErr error) error {
	ctx, v := r.Context(), h.visit(r)
	form := views.TestForm{Campaign: draft, From: testFrom(r), In: in, Row: max(number(r, "row"), 1), Morning: h.morning()}
	var err error
	if form.Preview, form.Rows, err = h.testPreview(r, draft, in.Values); err != nil {
		return err
	}
	p := h.page(r, "test_message.title")
	if partial(r) && r.PostForm.Has("fill") {
		return h.Render(w, r, http.StatusOK, views.TestValues(p, form))
	}
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.TestPreview(p, form))
	}
	if form.Report, err = h.actions.CheckTest(ctx, draft); err != nil {
		return err
	}
	if form.Numbers, err = h.db.TestNumbers(ctx, draft.TeamID); err != nil {
		return err
	}
	if form.Use, err = h.db.TestUse(ctx, draft.TeamID, v.actor.User.ID, h.now()); err != nil {
		return err
	}
	if form.Earlier, err = h.db.TestsOf(ctx, draft, earlierTests); err != nil {
		return err
	}
	return h.RenderForm(w, r, formErr, views.TestPage(p, form, formErr))
}

// morning is when what is sent now goes out; zero by day.
func (h *Handlers) morning() time.Time {
	if now := h.now(); kakao.Night(now) {
		return kakao.NextMorning(now)
	}
	return time.Time{}
}

// testPreview is the phone beside a test with the given values; rows is how many
// recipients there are whose values could be taken instead.
func (h *Handlers) testPreview(r *http.Request, c models.Campaign, values map[string]string) (p views.Preview, rows int64, err error) {
	senders, err := h.db.Senders(r.Context(), c.AppkeyID)
	if err != nil {
		return p, 0, err
	}
	p, err = h.preview(r, c, senders, "kakao")
	rows = p.Rows
	p.Row, p.Rows, p.Values, p.Caption = 0, 0, values, "test_message.caption"
	p.At = kakao.NextMorning(h.now())
	return p, rows, err
}

// showTestSent is what has become of a test so far. Its original may have been
// launched since.
func (h *Handlers) showTestSent(w http.ResponseWriter, r *http.Request, testID int64) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	test, err := h.db.Campaign(r.Context(), c.AppkeyID, testID)
	if err != nil {
		return err
	}
	if !test.Test || test.OriginalID != c.ID {
		return models.Errorf(models.NotFound, "error.not_found")
	}
	sent := views.TestSent{Campaign: c, From: testFrom(r), Test: test, Morning: h.morning()}
	if sent.Messages, err = h.db.TestMessages(r.Context(), test); err != nil {
		return err
	}
	p := h.page(r, "test_message.title")
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.TestResult(p, sent))
	}
	values, err := h.db.TestValues(r.Context(), test)
	if err != nil {
		return err
	}
	if sent.Preview, _, err = h.testPreview(r, test, values); err != nil {
		return err
	}
	p.Refresh = sent.Refresh()
	return h.Render(w, r, http.StatusOK, views.TestSentPage(p, sent))
}
