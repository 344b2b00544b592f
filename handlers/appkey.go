package handlers

import (
	"net/http"
	"strconv"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// ListAppkeys shows the appkeys of a team.
func (h *Handlers) ListAppkeys(w http.ResponseWriter, r *http.Request) error {
	team := h.visit(r).team
	appkeys, err := h.db.Appkeys(r.Context(), team.ID)
	if err != nil {
		return err
	}
	counts, err := h.db.SenderCounts(r.Context(), team.ID)
	if err != nil {
		return err
	}
	return h.Render(w, r, http.StatusOK, views.AppkeysPage(h.page(r, "nav.appkeys"), appkeys, counts))
}

// NewAppkey is the form that adds an appkey.
func (h *Handlers) NewAppkey(w http.ResponseWriter, r *http.Request) error {
	in := models.NewAppkey{SenderVersion: kakao.SenderAPIv21, ConvertToBrand: true}
	return h.showNewAppkey(w, r, in, models.Text{}, nil)
}

// CreateAppkey adds an appkey, or only tests the connection.
func (h *Handlers) CreateAppkey(w http.ResponseWriter, r *http.Request) error {
	in := models.NewAppkey{
		Name: field(r, "name"), Appkey: field(r, "appkey"), Secret: field(r, "secret"), BaseURL: field(r, "base_url"),
		SenderVersion: field(r, "sender_version"), ConvertToBrand: checked(r, "convert_to_brand"),
	}
	if r.PostForm.Has("test") {
		return h.testNewAppkey(w, r, in)
	}
	k, err := h.actions.CreateAppkey(r.Context(), h.visit(r).actor, h.visit(r).team.ID, in)
	if err != nil {
		return h.showNewAppkey(w, r, in, models.Text{}, err)
	}
	return h.Redirect(w, r, views.SendersPath(k.ID), models.T("appkey.created", "Name", k.Name))
}

func (h *Handlers) testNewAppkey(w http.ResponseWriter, r *http.Request, in models.NewAppkey) error {
	senders, err := h.actions.TestConnection(r.Context(), h.visit(r).actor, in)
	works := models.T("appkey.works", "Count", senders)
	if err != nil {
		works = models.Text{}
	}
	if partial(r) {
		return h.RenderForm(w, r, err, views.ConnectionResult(h.page(r, "appkey.new"), works, err))
	}
	return h.showNewAppkey(w, r, in, works, err)
}

func (h *Handlers) showNewAppkey(w http.ResponseWriter, r *http.Request, in models.NewAppkey, works models.Text, err error) error {
	in.Secret = "" // never sent back
	return h.RenderForm(w, r, err, views.NewAppkeyPage(h.page(r, "appkey.new"), in, works, err))
}

// EditAppkey is the form that changes an appkey.
func (h *Handlers) EditAppkey(w http.ResponseWriter, r *http.Request) error {
	return h.showAppkey(w, r, h.visit(r).appkey.Settings(), nil)
}

// UpdateAppkey changes an appkey.
func (h *Handlers) UpdateAppkey(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	rate, _ := strconv.Atoi(field(r, "rate")) // 0 is refused as what it is not
	in := models.AppkeySettings{
		Name: field(r, "name"), Secret: field(r, "secret"), BaseURL: field(r, "base_url"),
		SenderVersion: field(r, "sender_version"), ConvertToBrand: checked(r, "convert_to_brand"), RatePerSecond: rate,
		Foreign: checked(r, "foreign"),
	}
	if err := h.actions.UpdateAppkey(r.Context(), v.actor, v.appkey, in); err != nil {
		in.Secret = ""
		return h.showAppkey(w, r, in, err)
	}
	return h.Redirect(w, r, views.AppkeySettingsPath(v.appkey.ID), models.T("appkey.saved"))
}

// TestAppkey tests the connection with the settings that are saved.
func (h *Handlers) TestAppkey(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	senders, err := h.actions.TestAppkey(r.Context(), v.actor, v.appkey)
	if err != nil {
		return h.showAppkey(w, r, v.appkey.Settings(), err)
	}
	return h.Redirect(w, r, views.AppkeySettingsPath(v.appkey.ID), models.T("appkey.works", "Count", senders))
}

func (h *Handlers) showAppkey(w http.ResponseWriter, r *http.Request, in models.AppkeySettings, err error) error {
	return h.RenderForm(w, r, err, views.AppkeyPage(h.page(r, "appkey.settings"), h.visit(r).appkey, in, err))
}
