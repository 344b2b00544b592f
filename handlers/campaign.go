package handlers

import (
	"net/http"
	"strconv"

	"soshik/models"
	"soshik/views"
)

// campaignsShown is how many campaigns a page of the list has.
const campaignsShown = 25

// ListCampaigns shows the campaigns of an appkey or, where they are asked for, its
// tests, the newest first.
func (h *Handlers) ListCampaigns(w http.ResponseWriter, r *http.Request) error {
	appkey := h.visit(r).appkey
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number is the first page
	tests := r.URL.Query().Has("tests")
	rows, err := h.db.CampaignRows(r.Context(), appkey.ID, tests, before, campaignsShown+1)
	if err != nil {
		return err
	}
	senders, err := h.db.Senders(r.Context(), appkey.ID)
	if err != nil {
		return err
	}
	list := views.CampaignList{Rows: rows, Tests: tests, First: before <= 0, HasSenders: len(senders) > 0, Now: h.now()}
	if len(rows) > campaignsShown {
		list.Rows, list.More = rows[:campaignsShown], true
	}
	return h.Render(w, r, http.StatusOK, views.CampaignsPage(h.page(r, "nav.campaigns"), list))
}

// NewCampaign is the form that begins a campaign.
func (h *Handlers) NewCampaign(w http.ResponseWriter, r *http.Request) error {
	return h.showNewCampaign(w, r, models.NewCampaign{}, nil)
}

// CreateCampaign begins a campaign and leads to its message.
func (h *Handlers) CreateCampaign(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	in := models.NewCampaign{Name: field(r, "name"), SenderID: number(r, "sender")}
	c, err := h.actions.CreateCampaign(r.Context(), v.actor, v.appkey, in)
	if err != nil {
		return h.showNewCampaign(w, r, in, err)
	}
	return h.Redirect(w, r, views.StepPath(c, "message"), models.Text{})
}

func (h *Handlers) showNewCampaign(w http.ResponseWriter, r *http.Request, in models.NewCampaign, err error) error {
	senders, readErr := h.db.Senders(r.Context(), h.visit(r).appkey.ID)
	if readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.NewCampaignPage(h.page(r, "campaigns.new"), in, senders, h.now(), err))
}

// number is the number in a form field, 0 if there is none.
func number(r *http.Request, name string) int64 {
	n, _ := strconv.ParseInt(field(r, name), 10, 64)
	return n
}
