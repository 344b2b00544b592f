package handlers

import (
	"net/http"
	"slices"

	"soshik/internal/actions"
	"soshik/models"
	"soshik/views"
)

// ConfirmDeleteSender says what goes with a sender, and asks for its name.
func (h *Handlers) ConfirmDeleteSender(w http.ResponseWriter, r *http.Request) error {
	sender, err := h.sender(r)
	if err != nil {
		return err
	}
	if sender.GoneAt != nil {
		return h.Redirect(w, r, views.SenderPath(sender), models.Text{})
	}
	return h.showDeleteSender(w, r, sender, actions.DeleteSender{}, nil)
}

// DeleteSender has a sender deleted by the provider.
func (h *Handlers) DeleteSender(w http.ResponseWriter, r *http.Request) error {
	sender, err := h.sender(r)
	if err != nil {
		return err
	}
	v, in := h.visit(r), actions.DeleteSender{Confirm: field(r, "confirm"), Anyway: checked(r, "anyway"), Seen: r.PostForm["seen"]}
	if err := h.actions.DeleteSender(r.Context(), v.actor, v.appkey, sender, in); err != nil {
		return h.showDeleteSender(w, r, sender, in, err)
	}
	return h.Redirect(w, r, views.SenderPath(sender), models.T("sender.delete.done", "Sender", sender.PlusFriendID))
}

func (h *Handlers) showDeleteSender(w http.ResponseWriter, r *http.Request, sender models.Sender, in actions.DeleteSender, err error) error {
	broken, readErr := h.db.BreakingCampaigns(r.Context(), sender.ID)
	if readErr != nil {
		return readErr
	}
	templates, readErr := h.db.SenderTemplates(r.Context(), sender.ID, namedTemplates)
	if readErr != nil {
		return readErr
	}
	templates = slices.DeleteFunc(templates, func(t models.Template) bool { return t.State == models.TemplateDraft }) // stays here
	page := views.DeleteSenderPage(h.page(r, "sender.delete.title", "Sender", sender.PlusFriendID), views.SenderDeletion{
		Sender: sender, Templates: templates, Confirm: in.Confirm, Anyway: in.Anyway, Broken: broken, Seen: in.Seen,
	}, err)
	return h.RenderForm(w, r, err, page)
}
