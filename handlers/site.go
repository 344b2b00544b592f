package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"soshik/internal/actions"
	"soshik/internal/locale"
	"soshik/models"
	"soshik/views"
)

// Func answers a request, or says why it cannot.
type Func func(w http.ResponseWriter, r *http.Request) error

// Site is the plumbing that every handler shares: sessions, flashes, rendering and
// errors. It knows no feature.
type Site struct {
	log      *slog.Logger
	db       *models.DB
	actions  *actions.Service
	catalogs *locale.Catalogs
	assets   views.Assets
	store    *sessionStore
	demo     views.Demo
	now      func() time.Time
}

// visit is what is known about a request: who asks, in which language, about
// which team and appkey.
type visit struct {
	session models.Session
	actor   models.Actor
	locale  *locale.Locale
	team    models.Team
	appkey  models.Appkey
}

type visitKey struct{}

func (s *Site) visit(r *http.Request) *visit {
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{locale: s.catalogs.Match(r.Header.Get("Accept-Language"))}
}

// Handle guards fn with permission p: it finds out who asks and about which team,
// and answers in fn's stead if they may not. Errors of fn become pages.
func (s *Site) Handle(p models.Permission, fn Func) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{locale: s.catalogs.Match(r.Header.Get("Accept-Language"))}
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		if err := s.admit(r, v, p); err != nil {
			s.fail(w, r, err)
			return
		}
		if err := fn(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

var errSignIn = models.Errorf(models.Forbidden, "signin.first")

func (s *Site) admit(r *http.Request, v *visit, p models.Permission) error {
	v.actor = models.Actor{Address: address(r), RequestID: requestID(r)}
	if err := s.identify(r, v); err != nil {
		return err
	}
	if p == models.Anybody {
		return nil
	}
	if v.actor.System() { // nobody is signed in
		return errSignIn
	}
	if err := s.scope(r, v); err != nil {
		return err
	}
	if err := v.actor.May(p); err != nil {
		return errors.Join(err, s.actions.RecordDenied(r.Context(), v.actor, v.team.ID, r.Method+" "+r.URL.Path))
	}
	return nil
}

// identify reads the session and the person it belongs to, if there is one.
func (s *Site) identify(r *http.Request, v *visit) error {
	sess, err := s.store.Get(r, cookieName)
	if err != nil || sess.IsNew {
		return err
	}
	v.session, _ = sess.Values[rowKey].(models.Session)
	user, err := s.db.User(r.Context(), v.session.UserID)
	if err != nil {
		return err
	}
	v.actor.User = user
	if user.Locale != "" {
		v.locale = s.catalogs.Locale(user.Locale)
	}
	if err := s.db.TouchSession(r.Context(), v.session); !models.DiskFull(err) {
		return err
	}
	return nil // on a full disk, pages can be read all the same, and say so
}

// scope reads the team and the appkey that the URL names. What belongs to a team
// that the person is not in does not exist for them, and asking is recorded.
func (s *Site) scope(r *http.Request, v *visit) error {
	teamID, err := pathID(r, "team")
	if err != nil {
		return err
	}
	appkeyID, err := pathID(r, "appkey")
	if err != nil {
		return err
	}
	if appkeyID != 0 {
		if v.appkey, err = s.db.Appkey(r.Context(), appkeyID); err != nil {
			return err
		}
		teamID = v.appkey.TeamID
	}
	if teamID == 0 {
		return nil
	}
	if v.team, err = s.db.Team(r.Context(), teamID); err != nil {
		return err
	}
	v.actor.Role, err = s.db.RoleOf(r.Context(), teamID, v.actor.User.ID)
	if err != nil || v.actor.Can(models.ViewTeam) {
		return err
	}
	v.team, v.appkey = models.Team{}, models.Appkey{} // or the page that says so would name them
	err = s.actions.RecordDenied(r.Context(), v.actor, teamID, r.Method+" "+r.URL.Path)
	return errors.Join(models.Errorf(models.NotFound, "error.not_found"), err)
}

// pathID is the number that a part of the URL holds, 0 if the route has no such
// part.
func pathID(r *http.Request, name string) (int64, error) {
	s := r.PathValue(name)
	if s == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 {
		return 0, models.Errorf(models.NotFound, "error.not_found")
	}
	return id, nil
}

// RequestIDHeader is where the middleware in front leaves the request's id. What a
// client sends under this name is replaced.
const RequestIDHeader = "X-Request-Id"

func requestID(r *http.Request) string { return r.Header.Get(RequestIDHeader) }

func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

var statuses = map[models.Kind]int{
	models.Internal:  http.StatusInternalServerError,
	models.Invalid:   http.StatusUnprocessableEntity,
	models.NotFound:  http.StatusNotFound,
	models.Conflict:  http.StatusUnprocessableEntity,
	models.Forbidden: http.StatusForbidden,
	models.Throttled: http.StatusTooManyRequests,
	models.Upstream:  http.StatusUnprocessableEntity,
}

func status(err error) int { return statuses[models.KindOf(err)] }

// fail is the one place where an error becomes a status, a log line and a page.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the client has left
	}
	if errors.Is(err, errSignIn) {
		s.sendToSignIn(w, r)
		return
	}
	code := status(err)
	if code >= http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path,
			"request", requestID(r), "error", err)
	}
	p := s.page(r, errorTitle(code))
	text := models.TextOf(err)
	page := views.ErrorPage(p, text, requestID(r), code >= http.StatusInternalServerError)
	if err := s.Render(w, r, code, page); err != nil {
		s.log.ErrorContext(r.Context(), "rendering the error page failed", "error", err)
	}
}

func errorTitle(code int) string {
	switch code {
	case http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError:
		return "error.title." + strconv.Itoa(code)
	}
	return "error.title.other"
}

func (s *Site) sendToSignIn(w http.ResponseWriter, r *http.Request) {
	to := "/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	if partial(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusOK)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// NotFound is the page for a URL that is no route.
func (s *Site) NotFound(http.ResponseWriter, *http.Request) error {
	return models.Errorf(models.NotFound, "error.not_found")
}

// Render writes c, whole or not at all.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "HX-Request")
	w.WriteHeader(status)
	if _, err := b.WriteTo(w); err != nil {
		s.log.DebugContext(r.Context(), "client went away", "error", err)
	}
	return nil
}

// RenderForm shows a form: for the first time, or again because of err. A
// failure that the person cannot mend in the form is returned.
func (s *Site) RenderForm(w http.ResponseWriter, r *http.Request, err error, form templ.Component) error {
	if err == nil {
		return s.Render(w, r, http.StatusOK, form)
	}
	switch models.KindOf(err) {
	case models.Internal, models.NotFound, models.Forbidden:
		return err
	}
	return s.Render(w, r, status(err), form)
}

// Redirect sends the browser to path, where it is shown flash, if any.
func (s *Site) Redirect(w http.ResponseWriter, r *http.Request, path string, flash models.Text) error {
	if v := s.visit(r); flash.Key != "" && v.session.ID != 0 {
		b, err := json.Marshal(flash)
		if err != nil {
			return err
		}
		if err := s.db.SetFlash(r.Context(), v.session.ID, string(b)); err != nil {
			return fmt.Errorf("keep flash: %w", err)
		}
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// partial reports whether htmx asked for part of a page only.
func partial(r *http.Request) bool {
	return r.Header.Get("HX-Request-Type") == "partial"
}

// field is what was typed in a form field, without stray space.
func field(r *http.Request, name string) string {
	return strings.TrimSpace(r.PostFormValue(name))
}

// page is the frame of a page, with the flash left by the request before it.
func (s *Site) page(r *http.Request, titleKey string, args ...any) views.Page {
	v := s.visit(r)
	p := views.Page{
		Locale: v.locale, Title: v.locale.T(titleKey, args...), Path: r.URL.Path, Assets: s.assets,
		Actor: v.actor, Team: v.team, Appkey: v.appkey, Demo: s.demo,
	}
	if s.demo.On {
		p.Demo.Now = s.now()
	}
	if v.actor.System() {
		return p
	}
	s.takeFlash(r, v, &p)
	if err := s.fillMenu(r, v, &p); err != nil {
		s.log.ErrorContext(r.Context(), "reading the menu failed", "error", err)
	}
	return p
}

func (s *Site) fillMenu(r *http.Request, v *visit, p *views.Page) (err error) {
	if p.Unread, err = s.db.Unread(r.Context(), v.actor.User.ID); err != nil {
		return err
	}
	if p.Teams, err = s.db.TeamsOf(r.Context(), v.actor.User); err != nil {
		return err
	}
	if v.team.ID == 0 {
		return nil
	}
	if v.actor.Can(models.Approve) {
		if p.Approvals, err = s.db.ApprovalCount(r.Context(), v.team.ID, v.actor.User); err != nil {
			return err
		}
	}
	p.Appkeys, err = s.db.Appkeys(r.Context(), v.team.ID)
	if v.appkey.ID == 0 && len(p.Appkeys) > 0 {
		p.Appkey = p.Appkeys[0]
	}
	if p.Appkey.ID != 0 {
		p.Outage = s.actions.Outage(p.Appkey)
	}
	if stop := p.Stop(); stop.Stopped() {
		p.Stopper = s.nameOf(r.Context(), stop.StoppedBy)
	}
	return err
}

// takeFlash moves the flash from the session to the page. A part of a page leaves
// it for the next whole one.
func (s *Site) takeFlash(r *http.Request, v *visit, p *views.Page) {
	if v.session.Flash == "" || partial(r) {
		return
	}
	if err := json.Unmarshal([]byte(v.session.Flash), &p.Flash); err != nil {
		s.log.WarnContext(r.Context(), "flash not readable", "error", err)
	}
	v.session.Flash = ""
	if err := s.db.SetFlash(r.Context(), v.session.ID, ""); err != nil {
		s.log.WarnContext(r.Context(), "flash not cleared", "error", err)
	}
}

// MethodNotAllowed is the page for a route that does not take the method.
func (s *Site) MethodNotAllowed(http.ResponseWriter, *http.Request) error {
	return models.Errorf(models.NotFound, "error.method")
}

// checked reports whether a checkbox or switch was on.
func checked(r *http.Request, name string) bool { return r.PostFormValue(name) != "" }
