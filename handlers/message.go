package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// ShowMessage is one message with its whole history.
func (h *Handlers) ShowMessage(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "message")
	if err != nil {
		return err
	}
	record, err := h.db.MessageRecord(r.Context(), h.visit(r).appkey.ID, id)
	if err != nil {
		return h.showGone(w, r, id, err)
	}
	return h.showRecord(w, r, record, nil)
}

// showGone says of a message that cannot be found that its row has gone, if that is so;
// err is that it was not found.
func (h *Handlers) showGone(w http.ResponseWriter, r *http.Request, id int64, err error) error {
	if models.KindOf(err) != models.NotFound {
		return err
	}
	gone, err := h.db.GoneMessage(r.Context(), h.visit(r).appkey.ID, id)
	if err != nil {
		return err
	}
	return h.Render(w, r, http.StatusGone, views.MessageGonePage(h.page(r, "message.gone"), gone))
}

func (h *Handlers) showRecord(w http.ResponseWriter, r *http.Request, record models.MessageRecord, err error) error {
	ctx, c := r.Context(), record.Campaign
	view := views.MessageView{MessageRecord: record, Now: h.now(), LaunchedBy: h.nameOf(ctx, c.LaunchedBy), StoppedBy: h.nameOf(ctx, record.StoppedBy)}
	var readErr error
	if view.Sender, readErr = h.db.Sender(ctx, c.AppkeyID, c.SenderID); readErr != nil && models.KindOf(readErr) != models.NotFound {
		return readErr
	}
	p := h.page(r, "message.title")
	if partial(r) {
		return h.Render(w, r, http.StatusOK, views.MessageRecordPart(p, view))
	}
	p.Title = views.MessageTitle(p, record.ListedMessage)
	return h.RenderForm(w, r, err, views.MessageRecordPage(p, view, err))
}

// RefreshMessage asks the provider what has become of a message.
func (h *Handlers) RefreshMessage(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	id, err := pathID(r, "message")
	if err != nil {
		return err
	}
	record, changed, err := h.actions.RefreshMessage(r.Context(), v.actor, v.appkey, id)
	if err != nil && record.ID != 0 {
		return h.showRecord(w, r, record, err)
	}
	if err != nil {
		return h.showGone(w, r, id, err)
	}
	return h.Redirect(w, r, views.MessageRecordPath(v.appkey.ID, id), views.RefreshedText(record, changed))
}
