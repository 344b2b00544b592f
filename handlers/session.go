package handlers

import (
	"net/http"

	"github.com/gorilla/sessions"

	"soshik/models"
)

const (
	cookieName = "soshik"
	rowKey     = "row" // of sessions.Session.Values: the models.Session
)

// sessionStore keeps sessions as rows. The browser's cookie carries a random
// token and nothing else, so that a session can be listed and revoked.
type sessionStore struct {
	db     *models.DB
	secure bool // cookies travel over HTTPS only
}

// Get is the request's session, read once for each request.
func (s *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session that the request's cookie names; without one, it is an
// empty session.
func (s *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	sess := sessions.NewSession(s, name)
	sess.IsNew = true
	sess.Options = &sessions.Options{
		Path: "/", MaxAge: int(models.SessionLife.Seconds()), HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
	token := ""
	if cookie, err := r.Cookie(name); err == nil {
		token = cookie.Value
	}
	row, found, err := s.db.LivingSession(r.Context(), token)
	if err != nil || !found {
		return sess, err
	}
	sess.ID, sess.IsNew, sess.Values[rowKey] = token, false, row
	return sess, nil
}

// Save sends the cookie of sess. The row is written by the actions that begin and
// end sessions.
func (s *sessionStore) Save(_ *http.Request, w http.ResponseWriter, sess *sessions.Session) error {
	http.SetCookie(w, sessions.NewCookie(sess.Name(), sess.ID, sess.Options))
	return nil
}
