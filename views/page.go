// Package views is the pages. A page is a function of its arguments: no page
// reads the request, the session, the database or the clock.
package views

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"soshik/internal/locale"
	"soshik/models"
)

// Page is what every page shows around its content, and the language that it
// speaks.
type Page struct {
	*locale.Locale

	Title   string
	Path    string
	Flash   models.Text // what the request before this one has done
	Assets  Assets
	Actor   models.Actor
	Team    models.Team // zero on pages that are not about a team
	Teams   []models.Team
	Appkey  models.Appkey // zero if the team has none
	Appkeys []models.Appkey
	Outage  models.Outage // of the provider, as seen by the appkey
	Unread  int           // notifications, counted up to a little more than models.MaxUnread
	Stopper string        // who has stopped the team or the appkey, if one of them is stopped; empty: somebody who is gone
	Demo    Demo
	// Approvals is how many campaigns of the team wait for the person's approval.
	Approvals int64
	Refresh   int // seconds after which the page asks anew where there is no script; 0: never
}

// Assets tells the URL of a static file, as "css/soshik.css".
type Assets func(name string) string

// Demo says whether, and how, this is a demonstration.
type Demo struct {
	On       bool
	PhoneURL string    // the simulated phone
	Shifted  bool      // the clock is not the system's
	Now      time.Time // by the demo's clock
}

// Text is t in the page's language, "" for the zero t.
func (p Page) Text(t models.Text) string {
	if t.Key == "" {
		return ""
	}
	return p.T(t.Key, t.Args...)
}

// SignIn is what was typed on the sign-in page.
type SignIn struct {
	Email     string
	Next      string // where to go afterwards
	SignedOut bool
}

// TeamPath is the team's overview.
func TeamPath(id int64) string { return fmt.Sprintf("/teams/%d", id) }

// AppkeyPath is what the URLs of an appkey begin with.
func AppkeyPath(id int64) string { return fmt.Sprintf("/appkeys/%d", id) }

// samePage is the page of another appkey that is of the same kind as p. What belongs
// to one appkey alone, such as a sender, has no counterpart, so its list is the
// nearest; pages that are about no appkey lead to the campaigns.
func samePage(p Page, appkeyID int64) string {
	if p.Path == AppkeyPath(p.Appkey.ID) {
		return AppkeyPath(appkeyID)
	}
	rest, about := strings.CutPrefix(p.Path, AppkeyPath(p.Appkey.ID)+"/")
	if !about {
		return CampaignsPath(appkeyID)
	}
	if p.Path == appkeyTestPath(p.Appkey.ID) {
		return AppkeySettingsPath(appkeyID)
	}
	kind := strings.Split(rest, "/")
	if i := slices.IndexFunc(kind, isNumber); i >= 0 {
		kind = kind[:i]
	}
	return AppkeyPath(appkeyID) + "/" + strings.Join(kind, "/")
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
