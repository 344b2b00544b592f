package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// earlierTests is how many earlier tests are shown.
const earlierTests = 5

// tried is a message that is tried out.
type tried struct {
	page    views.Page
	of      views.TestOf
	message models.Campaign   // as it would be sent
	senders []models.Sender   // to choose from; none where the sender is certain
	earlier []models.Campaign // tests of it
}

// ShowTest is the form that sends the message of a draft to the team's test numbers
// or, for one that has been sent, what has become of it.
func (h *Handlers) ShowTest(w http.ResponseWriter, r *http.Request) error {
	if sent := queryID(r, "sent"); sent != 0 {
		c, err := h.campaignOf(r) // it may have been launched since
		if err != nil {
			return err
		}
		p := h.testPage(r)
		of := views.TestOfCampaign(p, c, testFrom(r))
		return h.showTestSent(w, r, tried{page: p, of: of}, sent, func(test models.Campaign) bool { return test.OriginalID == c.ID })
	}
	return h.compose(w, r, func(draft models.Campaign) error {
		m, err := h.triedCampaign(r, draft)
		if err != nil {
			return err
		}
		return h.newTest(w, r, m, models.NewTest{})
	})
}

// SendTest sends the test, and leads to what becomes of it. Its other buttons only
// draw the form anew.
func (h *Handlers) SendTest(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		m, err := h.triedCampaign(r, draft)
		if err != nil {
			return err
		}
		in, send, err := h.testForm(r, m)
		if err != nil || !send {
			return h.showTest(w, r, m, in, err)
		}
		test, again, err := h.actions.TestCampaign(r.Context(), h.visit(r).actor, draft, in)
		return h.endTest(w, r, m, in, test, again, err)
	})
}

// ShowTemplateTest is [Handlers.ShowTest] for what a template says now.
func (h *Handlers) ShowTemplateTest(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	if sent := queryID(r, "sent"); sent != 0 {
		p := h.testPage(r)
		of := views.TestOfTemplate(p, t)
		return h.showTestSent(w, r, tried{page: p, of: of}, sent, func(test models.Campaign) bool { return test.TemplateID == t.ID })
	}
	if begins, _ := t.Begins(); !begins {
		return h.Redirect(w, r, views.TemplatePath(h.visit(r).appkey.ID, t.ID), models.Text{})
	}
	m, err := h.triedTemplate(r, t, 0)
	if err != nil {
		return err
	}
	return h.newTest(w, r, m, models.NewTest{SenderID: m.message.SenderID})
}

// SendTemplateTest is [Handlers.SendTest] for what a template says now.
func (h *Handlers) SendTemplateTest(w http.ResponseWriter, r *http.Request) error {
	t, err := h.template(r)
	if err != nil {
		return err
	}
	m, err := h.triedTemplate(r, t, number(r, "sender"))
	if err != nil {
		return err
	}
	in, send, err := h.testForm(r, m)
	if err != nil || !send {
		return h.showTest(w, r, m, in, err)
	}
	v := h.visit(r)
	test, again, err := h.actions.TestTemplate(r.Context(), v.actor, v.appkey, t, in)
	return h.endTest(w, r, m, in, test, again, err)
}

// testPage is to be made once for an answer: it takes the flash.
func (h *Handlers) testPage(r *http.Request) views.Page { return h.page(r, "test_message.title") }

// triedCampaign is the message of a draft.
func (h *Handlers) triedCampaign(r *http.Request, draft models.Campaign) (m tried, err error) {
	m.page, m.message = h.testPage(r), draft
	m.of = views.TestOfCampaign(m.page, draft, testFrom(r))
	m.earlier, err = h.db.TestsOf(r.Context(), draft, earlierTests)
	return m, err
}

// testFrom is the step that one comes from.
func testFrom(r *http.Request) string {
	if r.URL.Query().Get("from") == "check" {
		return "check"
	}
	return "message"
}

// triedTemplate is what a template says now, by the sender that was chosen: first by
// that of the last test, or the only one.
func (h *Handlers) triedTemplate(r *http.Request, t models.Template, senderID int64) (m tried, err error) {
	ctx, k := r.Context(), h.visit(r).appkey
	m.page = h.testPage(r)
	m.of = views.TestOfTemplate(m.page, t)
	if m.earlier, err = h.db.TestsOfTemplate(ctx, k.ID, t.ID, earlierTests); err != nil {
		return m, err
	}
	if t.SenderID != 0 {
		m.message = actions.MessageOf(k, t, t.SenderID)
		return m, nil
	}
	if m.senders, err = h.db.Senders(ctx, k.ID); err != nil {
		return m, err
	}
	switch {
	case r.Method == http.MethodPost:
	case len(m.earlier) > 0:
		senderID = m.earlier[0].SenderID
	case len(m.senders) == 1:
		senderID = m.senders[0].ID
	}
	if !slices.ContainsFunc(m.senders, func(s models.Sender) bool { return s.ID == senderID }) {
		senderID = 0
	}
	m.message = actions.MessageOf(k, t, senderID)
	return m, nil
}

// newTest shows the form as it begins: with all test numbers, and the values of the
// last test or samples.
func (h *Handlers) newTest(w http.ResponseWriter, r *http.Request, m tried, in models.NewTest) error {
	in.Token, in.Values = models.NewFormToken(), m.message.Content.Samples(m.message.Fallback)
	numbers, err := h.db.TestNumbers(r.Context(), m.message.TeamID)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		in.Numbers = append(in.Numbers, n.ID)
	}
	if len(m.earlier) > 0 {
		last, err := h.db.TestValues(r.Context(), m.earlier[0])
		if err != nil {
			return err
		}
		for name := range in.Values {
			if value, known := last[name]; known {
				in.Values[name] = value
			}
		}
	}
	return h.showTest(w, r, m, in, nil)
}

// testForm is the form as it was filled in, and whether it is to be sent. The variables
// are named in it, since those of the message may be others by now.
func (h *Handlers) testForm(r *http.Request, m tried) (in models.NewTest, send bool, err error) {
	in = models.NewTest{Token: field(r, "token"), Revision: int(number(r, "revision")), SenderID: number(r, "sender"), Values: map[string]string{}}
	for i := 0; r.PostForm.Has(models.TestValueField(i)); i++ {
		in.Values[r.PostForm.Get("name-"+strconv.Itoa(i))] = field(r, models.TestValueField(i))
	}
	for _, text := range r.PostForm["number"] {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			in.Numbers = append(in.Numbers, id)
		}
	}
	if !r.PostForm.Has("fill") {
		return in, r.PostForm.Has("send"), nil
	}
	values, err := h.rowValues(r, m.message)
	for name := range in.Values {
		in.Values[name] = values[name]
	}
	return in, false, err
}

// rowValues are the values of the recipient that is asked for.
func (h *Handlers) rowValues(r *http.Request, c models.Campaign) (map[string]string, error) {
	if c.AudienceID == 0 {
		return nil, nil //nolint:nilnil // no recipients, no values
	}
	recipient, found, err := h.db.RecipientAt(r.Context(), c.AudienceID, int(max(number(r, "row"), 1)-1))
	if err != nil || !found {
		return nil, err
	}
	return models.ParseVars(recipient.Vars)
}

// endTest leads to what becomes of the test, or shows the form again because of err.
func (h *Handlers) endTest(w http.ResponseWriter, r *http.Request, m tried, in models.NewTest, test models.Campaign, again bool, err error) error {
	if err != nil {
		return h.showTest(w, r, m, in, err)
	}
	flash := models.T("test_message.sent")
	if again {
		flash = models.T("test_message.sent_before")
	}
	return h.Redirect(w, r, m.of.SentPath(test), flash)
}

func (h *Handlers) showTest(w http.ResponseWriter, r *http.Request, m tried, in models.NewTest, formErr error) error {
	form := views.TestForm{
		Of: m.of, Senders: m.senders, In: in, Row: max(number(r, "row"), 1), Morning: h.morning(), Earlier: m.earlier, Now: h.now(),
	}
	var err error
	if form.Preview, form.Rows, err = h.testPreview(r, m.message, in.Values); err != nil {
		return err
	}
	switch {
	case partial(r) && r.PostForm.Has("fill"):
		return h.RenderForm(w, r, formErr, views.TestValues(m.page, form))
	case partial(r):
		return h.RenderForm(w, r, formErr, views.TestPreview(m.page, form))
	}
	if err := h.readTestForm(r, m, &form); err != nil {
		return err
	}
	return h.RenderForm(w, r, formErr, views.TestPage(m.page, form, formErr))
}

// readTestForm completes the form with what stands around its fields.
func (h *Handlers) readTestForm(r *http.Request, m tried, form *views.TestForm) (err error) {
	ctx := r.Context()
	if len(m.senders) == 0 || m.message.SenderID != 0 { // who has to choose one is told when it is sent
		if form.Report, err = h.actions.CheckTest(ctx, m.message); err != nil {
			return err
		}
	}
	if form.Numbers, err = h.db.TestNumbers(ctx, m.message.TeamID); err != nil {
		return err
	}
	form.Use, err = h.db.TestUse(ctx, m.message.TeamID, h.visit(r).actor.User.ID, h.now())
	return err
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

// showTestSent is what has become of a test so far, if it is one of m.
func (h *Handlers) showTestSent(w http.ResponseWriter, r *http.Request, m tried, testID int64, belongs func(models.Campaign) bool) error {
	ctx := r.Context()
	test, err := h.db.Campaign(ctx, h.visit(r).appkey.ID, testID)
	if err != nil {
		return err
	}
	if !test.Test || !belongs(test) {
		return models.Errorf(models.NotFound, "error.not_found")
	}
	sent := views.TestSent{Of: m.of, Test: test, Morning: h.morning()}
	if sent.Messages, err = h.db.TestMessages(ctx, test); err != nil {
		return err
	}
	p := m.page
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.TestResult(p, sent))
	}
	values, err := h.db.TestValues(ctx, test)
	if err != nil {
		return err
	}
	if sent.Preview, _, err = h.testPreview(r, test, values); err != nil {
		return err
	}
	p.Refresh = sent.Refresh()
	return h.Render(w, r, http.StatusOK, views.TestSentPage(p, sent))
}
