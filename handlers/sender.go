package handlers

import (
	"cmp"
	"net/http"

	"soshik/internal/kakao"
	"soshik/models"
	"soshik/views"
)

// NewSender is the form that registers a sender, filled in as the URL says.
func (h *Handlers) NewSender(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return h.showNewSender(w, r, models.NewSender{PlusFriendID: q.Get("plus_friend_id"), CategoryCode: q.Get("category_code")}, nil)
}

// CreateSender registers a sender, reads one that is registered already, or only
// searches for its category.
func (h *Handlers) CreateSender(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	in := models.NewSender{
		PlusFriendID: field(r, "plus_friend_id"), PhoneNo: field(r, "phone_no"),
		CategoryCode: field(r, "category_code"), CategoryQuery: field(r, "category_query"),
	}
	if r.PostForm.Has("search") {
		return h.showNewSender(w, r, in, nil)
	}
	if r.PostForm.Has("read") {
		return h.readSender(w, r, in)
	}
	sender, err := h.actions.RegisterSender(r.Context(), v.actor, v.appkey, in)
	if err != nil {
		return h.showNewSender(w, r, in, err)
	}
	return h.Redirect(w, r, views.SenderTokenPath(sender), models.T("sender.requested", "Sender", sender.PlusFriendID))
}

// readSender takes over a sender that the provider has already.
func (h *Handlers) readSender(w http.ResponseWriter, r *http.Request, in models.NewSender) error {
	v := h.visit(r)
	sender, err := h.actions.ReadSender(r.Context(), v.actor, v.appkey, in.PlusFriendID)
	if err != nil {
		return h.showNewSender(w, r, in, err)
	}
	return h.Redirect(w, r, views.SenderPath(sender), models.T("senders.read", "Sender", sender.PlusFriendID))
}

// showNewSender shows the form with the categories that fit what was searched. Its
// err is what went wrong; where nothing did, it may be that the categories cannot
// be read.
func (h *Handlers) showNewSender(w http.ResponseWriter, r *http.Request, in models.NewSender, err error) error {
	v := h.visit(r)
	categories, readErr := h.actions.Categories(r.Context(), v.appkey)
	if readErr != nil && models.KindOf(readErr) != models.Upstream {
		return readErr
	}
	choice := views.FindCategories(categories, in)
	p := h.page(r, "sender.new")
	if partial(r) {
		return h.RenderForm(w, r, readErr, views.CategoryResults(p, choice, readErr))
	}
	if err == nil && readErr != nil {
		return h.Render(w, r, http.StatusOK, views.NewSenderPage(p, in, choice, readErr))
	}
	return h.RenderForm(w, r, err, views.NewSenderPage(p, in, choice, err))
}

// sender is the one that the URL names.
func (h *Handlers) sender(r *http.Request) (models.Sender, error) {
	id, err := pathID(r, "sender")
	if err != nil {
		return models.Sender{}, err
	}
	return h.db.Sender(r.Context(), h.visit(r).appkey.ID, id)
}

// NewToken is the form that takes the token of a sender, while it waits for one.
func (h *Handlers) NewToken(w http.ResponseWriter, r *http.Request) error {
	sender, err := h.sender(r)
	if err != nil {
		return err
	}
	if sender.Status == kakao.SenderRegistered || sender.GoneAt != nil {
		return h.Redirect(w, r, views.SenderPath(sender), models.Text{})
	}
	return h.showToken(w, r, sender, "", nil)
}

// EnterToken finishes the registration of a sender.
func (h *Handlers) EnterToken(w http.ResponseWriter, r *http.Request) error {
	sender, err := h.sender(r)
	if err != nil {
		return err
	}
	v, token := h.visit(r), field(r, "token")
	registered, err := h.actions.EnterToken(r.Context(), v.actor, v.appkey, sender, token)
	if err != nil {
		return h.showToken(w, r, sender, token, err)
	}
	return h.Redirect(w, r, views.SenderPath(sender), models.T("sender.registered", "Sender", registered.PlusFriendID))
}

func (h *Handlers) showToken(w http.ResponseWriter, r *http.Request, sender models.Sender, typed string, err error) error {
	return h.RenderForm(w, r, err, views.TokenPage(h.page(r, "sender.token_title"), sender, typed, err))
}

// ShowSender is everything about one sender.
func (h *Handlers) ShowSender(w http.ResponseWriter, r *http.Request) error {
	sender, err := h.sender(r)
	if err != nil {
		return err
	}
	return h.showSender(w, r, sender, views.FallbackOf(sender), nil)
}

// RefreshSender reads one sender from the provider.
func (h *Handlers) RefreshSender(w http.ResponseWriter, r *http.Request) error {
	sender, err := h.sender(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	if err := h.actions.RefreshSender(r.Context(), v.actor, v.appkey, sender); err != nil {
		if fresh, readErr := h.sender(r); readErr == nil { // it may be known by now that it is gone
			sender = fresh
		}
		return h.showSender(w, r, sender, views.FallbackOf(sender), err)
	}
	return h.Redirect(w, r, views.SenderPath(sender), models.T("sender.refreshed_one", "Sender", sender.PlusFriendID))
}

// SetFallback sets how a sender's failed messages go out by SMS.
func (h *Handlers) SetFallback(w http.ResponseWriter, r *http.Request) error {
	sender, err := h.sender(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	in := models.NewFallback{On: checked(r, "on"), SendNo: field(r, "send_no"), UnsubscribeNo: field(r, "unsubscribe_no")}
	if err := h.actions.SetFallback(r.Context(), v.actor, v.appkey, sender, in); err != nil {
		return h.showSender(w, r, sender, in, err)
	}
	return h.Redirect(w, r, views.SenderPath(sender), models.T("sender.fallback_saved"))
}

func (h *Handlers) showSender(w http.ResponseWriter, r *http.Request, sender models.Sender, in models.NewFallback, err error) error {
	d, readErr := h.senderDetail(r, sender, in)
	if readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.SenderPage(h.page(r, "sender.title", "Sender", sender.PlusFriendID), d, err))
}

// namedTemplates bounds the templates of a sender that are named, or counted.
const namedTemplates = 100

// usageDays and shownCampaigns bound what the page of a sender shows of its past.
const (
	usageDays      = 14
	shownCampaigns = 10
)

func (h *Handlers) senderDetail(r *http.Request, sender models.Sender, in models.NewFallback) (d views.SenderDetail, err error) {
	ctx := r.Context()
	d = views.SenderDetail{Sender: sender, Fallback: in, Now: h.now()}
	if sender.DeletedBy != 0 {
		d.Deleter = cmp.Or(h.nameOf(ctx, sender.DeletedBy), "–")
	}
	categories, _, err := h.db.Categories(ctx, sender.AppkeyID)
	if err != nil {
		return d, err
	}
	d.Category = views.CategoryName(categories, sender.CategoryCode)
	if d.Usage, err = h.db.SenderUsage(ctx, sender, d.Now, usageDays); err != nil {
		return d, err
	}
	if d.Campaigns, err = h.db.SenderCampaigns(ctx, sender.ID, shownCampaigns); err != nil {
		return d, err
	}
	d.Templates, err = h.db.SenderTemplates(ctx, sender.ID, namedTemplates)
	return d, err
}
