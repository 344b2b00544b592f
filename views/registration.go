package views

import "soshik/models"

// RegistrationPath is where a template is registered with the provider.
func RegistrationPath(appkeyID, templateID int64) string {
	return TemplatePath(appkeyID, templateID) + "/register"
}

// AdoptionPath is where a template is taken over that was registered elsewhere.
func AdoptionPath(appkeyID int64) string { return TemplatesPath(appkeyID) + "/adopt" }

// RegistrationForm is what is looked at before a template is registered.
type RegistrationForm struct {
	Template models.Template
	In       models.NewRegistration
	Preview  Preview
}

// AdoptionForm takes a template over.
type AdoptionForm struct {
	In      models.NewAdoption
	Senders []models.Sender
}

// registered reports whether the provider has, or may have, the template, so that
// nobody can edit it.
func (v TemplateView) registered() bool {
	return v.Saved.Channel.Registers() && v.Saved.State != models.TemplateDraft
}

// registrable reports whether the person can register the template as it is saved.
func (v TemplateView) registrable(p Page) bool {
	return v.Saved.Channel.Registers() && v.editable(p) && v.Saved.Version > 0
}

// statusText says what the provider's word for how a template stands means.
func statusText(p Page, t models.Template) string {
	if t.KakaoStatus == "" {
		return p.T("registration.status_unread")
	}
	return known(p, "registration.status."+t.KakaoStatus, p.T("registration.status_other", "Status", t.KakaoStatus))
}
