package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"soshik/models"
	"soshik/views"
)

// recalledRows is how many batches or messages the pages about a recall name.
const recalledRows = 100

// batchSpans are the batches that a form names, as "3" or "1-12"; what is neither is left
// out.
func batchSpans(texts []string) []models.BatchSpan {
	var found []models.BatchSpan
	for _, text := range texts {
		first, last, is := strings.Cut(text, "-")
		if !is {
			last = first
		}
		s := models.BatchSpan{}
		var err error
		if s.First, err = strconv.ParseInt(first, 10, 64); err != nil || s.First < 1 {
			continue
		}
		if s.Last, err = strconv.ParseInt(last, 10, 64); err != nil || s.Last < s.First {
			continue
		}
		found = append(found, s)
	}
	return found
}

// chosen are the values of a form field that may be there several times, of the URL or of
// what was posted.
func chosen(r *http.Request, name string) ([]string, error) {
	if err := r.ParseForm(); err != nil {
		return nil, models.Errorf(models.Invalid, "error.invalid")
	}
	return r.Form[name], nil
}

// ConfirmCancelBatches says what cancelling some batches could still stop.
func (h *Handlers) ConfirmCancelBatches(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	return h.confirmBatches(w, r, c, nil)
}

func (h *Handlers) confirmBatches(w http.ResponseWriter, r *http.Request, c models.Campaign, err error) error {
	texts, formErr := chosen(r, "batch")
	if formErr != nil {
		return formErr
	}
	v := views.RecallForm{Campaign: c, Spans: batchSpans(texts)}
	if len(v.Spans) == 0 {
		return h.Redirect(w, r, views.CampaignPath(c), models.T("recall.none_chosen"))
	}
	var readErr error
	if v.Stoppable, readErr = h.db.StoppableBatches(r.Context(), c.ID, v.Spans, h.now()); readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.RecallPage(h.page(r, "recall.batches"), v, err))
}

// CancelBatches cancels some batches, and leads to what has come of it.
func (h *Handlers) CancelBatches(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	texts, err := chosen(r, "batch")
	if err != nil {
		return err
	}
	recall, err := h.actions.RecallBatches(r.Context(), h.visit(r).actor, c.AppkeyID, c.ID, batchSpans(texts))
	if err != nil {
		return h.confirmBatches(w, r, c, err)
	}
	return h.Redirect(w, r, views.RecallPath(c, recall.ID), models.T("progress.cancel_begun"))
}

// ConfirmCancelMessages says what cancelling some messages could still stop.
func (h *Handlers) ConfirmCancelMessages(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	return h.confirmMessages(w, r, c, nil)
}

func (h *Handlers) confirmMessages(w http.ResponseWriter, r *http.Request, c models.Campaign, err error) error {
	texts, formErr := chosen(r, "message")
	if formErr != nil {
		return formErr
	}
	v := views.RecallForm{Campaign: c}
	var readErr error
	if v.Messages, readErr = h.db.MessagesOf(r.Context(), c.ID, ids(texts)); readErr != nil {
		return readErr
	}
	if len(v.Messages) == 0 {
		return h.Redirect(w, r, views.MessagesPath(c, models.MessageFilter{}), models.T("recall.none_chosen"))
	}
	v.Stoppable = models.StoppableMessages(v.Messages, h.now())
	return h.RenderForm(w, r, err, views.RecallPage(h.page(r, "recall.messages"), v, err))
}

// CancelMessages cancels some messages, and leads to what has come of it.
func (h *Handlers) CancelMessages(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	texts, err := chosen(r, "message")
	if err != nil {
		return err
	}
	recall, err := h.actions.RecallMessages(r.Context(), h.visit(r).actor, c.AppkeyID, c.ID, ids(texts))
	if err != nil {
		return h.confirmMessages(w, r, c, err)
	}
	return h.Redirect(w, r, views.RecallPath(c, recall.ID), models.T("progress.cancel_begun"))
}

// ShowRecall is what has come of a recall so far.
func (h *Handlers) ShowRecall(w http.ResponseWriter, r *http.Request) error {
	c, err := h.campaignOf(r)
	if err != nil {
		return err
	}
	id, err := pathID(r, "recall")
	if err != nil {
		return err
	}
	ctx := r.Context()
	recall, err := h.db.Recall(ctx, c.ID, id)
	if err != nil {
		return err
	}
	v := views.RecallView{Campaign: c, RecallLine: views.RecallLine{Recall: recall, By: h.nameOf(ctx, recall.AskedBy)}}
	if v.Done, err = h.db.Recalled(ctx, recall, h.now()); err != nil {
		return err
	}
	if v.Messages, err = h.db.RecalledMessages(ctx, recall, recalledRows); err != nil {
		return err
	}
	if v.Batches, err = h.db.RecalledBatches(ctx, recall, recalledRows); err != nil {
		return err
	}
	p := h.page(r, "recall.kind."+string(recall.Kind))
	if v.Live() {
		p.Refresh = refreshWithoutScript
	}
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.RecallPart(p, v))
	}
	return h.Render(w, r, http.StatusOK, views.RecallOutcomePage(p, v))
}

// recallLines are the newest recalls of a campaign, with what has come of them.
func (h *Handlers) recallLines(r *http.Request, c models.Campaign) ([]views.RecallLine, error) {
	ctx := r.Context()
	recalls, err := h.db.Recalls(ctx, c.ID, recallsShown)
	if err != nil {
		return nil, err
	}
	lines := make([]views.RecallLine, len(recalls))
	for i, recall := range recalls {
		done, err := h.db.Recalled(ctx, recall, h.now())
		if err != nil {
			return nil, err
		}
		lines[i] = views.RecallLine{Recall: recall, Done: done, By: h.nameOf(ctx, recall.AskedBy)}
	}
	return lines, nil
}

// recallsShown is how many recalls the page of a campaign shows.
const recallsShown = 5
