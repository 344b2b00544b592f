package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// kept is what the person has typed at a place and not saved, if it differs from what
// is saved there.
func (h *Handlers) kept(r *http.Request, place models.ImagePlace, placeID int64, saved models.Typed) (d models.Draft, found bool, err error) {
	d, found, err = h.db.Draft(r.Context(), h.visit(r).actor.User.ID, place, placeID)
	return d, found && !d.Typed.Same(saved), err
}

// keep keeps what is typed in a form, which sends itself every few seconds while
// something changes, and answers with what the page says of that.
func (h *Handlers) keep(w http.ResponseWriter, r *http.Request, d models.Draft, saved models.Typed) error {
	d, differs, err := h.actions.KeepDraft(r.Context(), h.visit(r).actor, d, saved)
	if err != nil {
		return err
	}
	kept := views.Kept{}
	if differs {
		kept.At = d.SavedAt
	}
	return h.Render(w, r, http.StatusOK, views.KeptStatus(h.page(r, ""), kept))
}

// messageTyped is what the message step of a campaign holds.
func messageTyped(c models.Campaign) models.Typed {
	return models.Typed{Name: c.Name, SenderID: c.SenderID, AudienceID: c.AudienceID, Content: c.Content}
}

// KeepMessage keeps what is typed in the message step, without saving it.
func (h *Handlers) KeepMessage(w http.ResponseWriter, r *http.Request) error {
	return h.compose(w, r, func(draft models.Campaign) error {
		typed, err := h.messageForm(r, draft)
		if err != nil {
			return err
		}
		d := models.Draft{Place: models.PlaceCampaign, PlaceID: draft.ID, Base: typed.Revision, Typed: messageTyped(typed)}
		return h.keep(w, r, d, messageTyped(draft))
	})
}

// resume is draft with what the person has typed there and not saved, unless what is
// saved is asked for.
func (h *Handlers) resume(r *http.Request, draft models.Campaign) (views.MessageStep, error) {
	step := views.MessageStep{Campaign: draft}
	if r.URL.Query().Has("saved") {
		step.ReadsSaved = true
		return step, nil
	}
	d, found, err := h.kept(r, models.PlaceCampaign, draft.ID, messageTyped(draft))
	if err != nil || !found {
		return step, err
	}
	step.Campaign.Revision = draft.EditedFrom(d.Base, d.Typed.AudienceID)
	step.Kept.At, step.Kept.Overtaken = d.SavedAt, step.Campaign.Revision != draft.Revision
	step.Campaign.Name, step.Campaign.SenderID, step.Campaign.Content = d.Typed.Name, d.Typed.SenderID, d.Typed.Content
	return step, nil
}
