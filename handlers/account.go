package handlers

import (
	"net/http"
	"slices"
	"strings"

	"soshik/internal/locale"
	"soshik/models"
	"soshik/views"
)

// Home leads to the person's first team.
func (h *Handlers) Home(w http.ResponseWriter, r *http.Request) error {
	teams, err := h.db.TeamsOf(r.Context(), h.visit(r).actor.User)
	if err != nil {
		return err
	}
	if len(teams) == 0 {
		return h.Redirect(w, r, "/account", models.Text{})
	}
	return h.Redirect(w, r, views.TeamPath(teams[0].ID), models.Text{})
}

// NewSession is the sign-in page, or on the first run the one that creates the
// first admin.
func (h *Handlers) NewSession(w http.ResponseWriter, r *http.Request) error {
	found, err := h.db.HasUsers(r.Context())
	if err != nil {
		return err
	}
	if !found {
		return h.Redirect(w, r, "/setup", models.Text{})
	}
	return h.showSignIn(w, r, views.SignIn{Next: r.URL.Query().Get("next"), SignedOut: r.URL.Query().Has("out")}, nil)
}

// CreateSession signs in.
func (h *Handlers) CreateSession(w http.ResponseWriter, r *http.Request) error {
	in := views.SignIn{Email: field(r, "email"), Next: field(r, "next")}
	token, err := h.actions.SignIn(r.Context(), h.visit(r).actor, in.Email, r.PostFormValue("password"), h.newSession(r))
	if err != nil {
		return h.showSignIn(w, r, in, err)
	}
	return h.signedIn(w, r, token, localPath(in.Next), models.Text{})
}

func (h *Handlers) showSignIn(w http.ResponseWriter, r *http.Request, in views.SignIn, err error) error {
	return h.RenderForm(w, r, err, views.SignInPage(h.page(r, "signin.title"), in, err))
}

// DeleteSession signs out.
func (h *Handlers) DeleteSession(w http.ResponseWriter, r *http.Request) error {
	v := h.visit(r)
	if err := h.actions.SignOut(r.Context(), v.actor, v.session.ID); err != nil {
		return err
	}
	sess, err := h.store.Get(r, cookieName)
	if err != nil {
		return err
	}
	sess.Options.MaxAge = -1
	if err := sess.Save(r, w); err != nil {
		return err
	}
	return h.Redirect(w, r, "/sign-in?out=1", models.Text{})
}

// NewFirstAdmin is the first-run page. It is gone as soon as there is somebody.
func (h *Handlers) NewFirstAdmin(w http.ResponseWriter, r *http.Request) error {
	found, err := h.db.HasUsers(r.Context())
	if err != nil {
		return err
	}
	if found {
		return h.NotFound(w, r)
	}
	return h.showFirstAdmin(w, r, models.FirstAdmin{}, nil)
}

// CreateFirstAdmin makes the first admin and signs them in.
func (h *Handlers) CreateFirstAdmin(w http.ResponseWriter, r *http.Request) error {
	in := models.FirstAdmin{
		Code:        field(r, "code"),
		NewUser:     models.NewUser{Email: field(r, "email"), Name: field(r, "name")},
		NewPassword: newPassword(r),
		Team:        field(r, "team"),
	}
	token, err := h.actions.CreateFirstAdmin(r.Context(), h.visit(r).actor, h.cfg.SetupCode, in, h.newSession(r))
	if err != nil {
		return h.showFirstAdmin(w, r, in, err)
	}
	return h.signedIn(w, r, token, "/", models.T("setup.done"))
}

func (h *Handlers) showFirstAdmin(w http.ResponseWriter, r *http.Request, in models.FirstAdmin, err error) error {
	return h.RenderForm(w, r, err, views.FirstAdminPage(h.page(r, "setup.title"), in, err))
}

// ShowInvitation lets an invited person choose a password.
func (h *Handlers) ShowInvitation(w http.ResponseWriter, r *http.Request) error {
	return h.showInvitation(w, r, nil)
}

// TakeInvitation keeps the chosen password and signs in.
func (h *Handlers) TakeInvitation(w http.ResponseWriter, r *http.Request) error {
	token, err := h.actions.TakeInvitation(r.Context(), h.visit(r).actor, r.PathValue("token"), newPassword(r), h.newSession(r))
	if err != nil {
		return h.showInvitation(w, r, err)
	}
	return h.signedIn(w, r, token, "/", models.T("invite.done"))
}

func (h *Handlers) showInvitation(w http.ResponseWriter, r *http.Request, err error) error {
	invitation, readErr := h.db.Invitation(r.Context(), r.PathValue("token"))
	if readErr != nil && models.KindOf(readErr) == models.NotFound {
		return models.Errorf(models.NotFound, "invite.gone")
	}
	if readErr != nil {
		return readErr
	}
	user, readErr := h.db.User(r.Context(), invitation.UserID)
	if readErr != nil {
		return readErr
	}
	return h.RenderForm(w, r, err, views.InvitationPage(h.page(r, "invite.title"), user, err))
}

// ShowAccount is the page about oneself.
func (h *Handlers) ShowAccount(w http.ResponseWriter, r *http.Request) error {
	mail := views.MailSettings{In: models.PreferencesOf(h.visit(r).actor.User), On: h.cfg.Mail}
	return h.Render(w, r, http.StatusOK, views.AccountPage(h.page(r, "account.title"), mail))
}

// UpdateAccount keeps language and theme.
func (h *Handlers) UpdateAccount(w http.ResponseWriter, r *http.Request) error {
	lang, theme := field(r, "locale"), field(r, "theme")
	if !slices.Contains(append(locale.Tags(), ""), lang) {
		lang = ""
	}
	if !slices.Contains([]string{"", "light", "dark"}, theme) {
		theme = ""
	}
	if err := h.actions.SetPreferences(r.Context(), h.visit(r).actor, lang, theme); err != nil {
		return err
	}
	return h.Redirect(w, r, "/account", models.T("account.saved"))
}

func newPassword(r *http.Request) models.NewPassword {
	return models.NewPassword{Password: r.PostFormValue("password"), Repeated: r.PostFormValue("repeated")}
}

func (h *Handlers) newSession(r *http.Request) models.Session {
	agent := r.UserAgent()
	return models.Session{Address: address(r), UserAgent: agent[:min(len(agent), 300)]}
}

// signedIn gives the browser the cookie of its new session.
func (h *Handlers) signedIn(w http.ResponseWriter, r *http.Request, token, to string, flash models.Text) error {
	sess, err := h.store.Get(r, cookieName)
	if err != nil {
		return err
	}
	sess.ID = token
	if err := sess.Save(r, w); err != nil {
		return err
	}
	row, _, err := h.db.LivingSession(r.Context(), token)
	if err != nil {
		return err
	}
	h.visit(r).session = row
	return h.Redirect(w, r, to, flash)
}

// localPath is path if it is one of this site, else "/".
func localPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, "\\") {
		return "/"
	}
	return path
}
