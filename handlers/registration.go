package handlers

import (
	"net/http"

	"soshik/models"
	"soshik/views"
)

// ConfirmRegistration is where a template is looked at before the provider registers
// it. Its code is suggested.
func (h *Handlers) ConfirmRegistration(w http.ResponseWriter, r *http.Request) error {
	t, err := h.registrable(r)
	if err != nil {
		return err
	}
	if ok, _ := t.Editable(); !ok || t.Version == 0 {
		return h.Redirect(w, r, views.TemplatePath(h.visit(r).appkey.ID, t.ID), models.Text{})
	}
	taken, err := h.db.TemplateCodes(r.Context(), t.SenderID)
	if err != nil {
		return err
	}
	in := models.NewRegistration{Code: models.SuggestCode(t.Name, func(code string) bool { return taken[code] }), Version: t.Version}
	return h.showRegistration(w, r, t, in, nil)
}

// RegisterTemplate has the provider register a template. What became of it, its page
// says.
func (h *Handlers) RegisterTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := h.registrable(r)
	if err != nil {
		return err
	}
	v, in := h.visit(r), models.NewRegistration{Code: field(r, "code"), Version: int(number(r, "version"))}
	path := views.TemplatePath(v.appkey.ID, t.ID)
	got, err := h.actions.RegisterTemplate(r.Context(), v.actor, v.appkey, t, in)
	if err == nil {
		return h.Redirect(w, r, path, models.T("registration.done", "Name", got.Name, "Code", got.Code))
	}
	now, readErr := h.template(r)
	if readErr != nil {
		return readErr
	}
	if now.State == models.TemplateRegistering {
		return h.Redirect(w, r, path, models.Text{})
	}
	return h.showRegistration(w, r, now, in, err)
}

// registrable is the template that the URL names, if its channel registers any.
func (h *Handlers) registrable(r *http.Request) (models.Template, error) {
	t, err := h.template(r)
	if err == nil && !t.Channel.Registers() {
		err = models.Errorf(models.NotFound, "error.not_found")
	}
	return t, err
}

func (h *Handlers) showRegistration(w http.ResponseWriter, r *http.Request, t models.Template, in models.NewRegistration, err error) error {
	sender, readErr := h.templateSender(r, t)
	if readErr != nil {
		return readErr
	}
	form := views.RegistrationForm{Template: t, In: in, Preview: views.Preview{
		Channel: t.Channel, Content: t.Content, At: h.now(), Sender: sender, As: "kakao", Values: t.Content.Samples(models.Fallback{}),
	}}
	return h.RenderForm(w, r, err, views.RegistrationPage(h.page(r, "registration.title"), form, err))
}

// CheckTemplate reads at once what the provider says of a template.
func (h *Handlers) CheckTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := h.registrable(r)
	if err != nil {
		return err
	}
	v := h.visit(r)
	if _, err = h.actions.AskTemplate(r.Context(), v.actor, v.appkey, t); err != nil {
		now, readErr := h.template(r)
		if readErr != nil {
			return readErr
		}
		return h.showTemplate(w, r, views.TemplateView{Saved: now, Typed: now}, err)
	}
	return h.Redirect(w, r, views.TemplatePath(v.appkey.ID, t.ID), models.T("registration.checked"))
}

// NewAdoption is the form that takes over a template that was registered elsewhere.
func (h *Handlers) NewAdoption(w http.ResponseWriter, r *http.Request) error {
	return h.showAdoption(w, r, models.NewAdoption{}, nil)
}

// AdoptTemplate takes a template over, and leads to it.
func (h *Handlers) AdoptTemplate(w http.ResponseWriter, r *http.Request) error {
	v, in := h.visit(r), models.NewAdoption{SenderID: number(r, "sender"), Code: field(r, "code")}
	t, err := h.actions.AdoptTemplate(r.Context(), v.actor, v.appkey, in)
	if err != nil {
		return h.showAdoption(w, r, in, err)
	}
	return h.Redirect(w, r, views.TemplatePath(v.appkey.ID, t.ID), models.T("registration.adopted", "Name", t.Name))
}

func (h *Handlers) showAdoption(w http.ResponseWriter, r *http.Request, in models.NewAdoption, err error) error {
	senders, readErr := h.db.Senders(r.Context(), h.visit(r).appkey.ID)
	if readErr != nil {
		return readErr
	}
	if in.SenderID == 0 && len(senders) == 1 && err == nil {
		in.SenderID = senders[0].ID
	}
	return h.RenderForm(w, r, err, views.AdoptionPage(h.page(r, "registration.adopt_title"), views.AdoptionForm{In: in, Senders: senders}, err))
}
