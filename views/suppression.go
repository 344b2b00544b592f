package views

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"soshik/internal/kakao"
	"soshik/internal/locale"
	"soshik/models"
)

// SuppressionsPath is the suppression list of a team.
func SuppressionsPath(teamID int64) string { return TeamPath(teamID) + "/suppressions" }

// NewSuppressionPath is the form that puts numbers on the list; from is "pasted" or
// "file".
func NewSuppressionPath(teamID int64, from string) string {
	return SuppressionsPath(teamID) + "/new?from=" + from
}

// SuppressionPath is the proof of one suppression.
func SuppressionPath(s models.Suppression) string {
	return fmt.Sprintf("%s/%d", SuppressionsPath(s.TeamID), s.ID)
}

// SuppressionList is what the suppression list shows.
type SuppressionList struct {
	Suppressions []models.Suppression
	Names        map[int64]string // of people
	Filter       models.SuppressionFilter
	Typed        string
	Next         int64    // where the next page begins; 0: there is none
	Work         WorkView // the last file of numbers; zero: none
}

func (l SuppressionList) path(teamID int64, past bool, before int64) string {
	q := url.Values{}
	if past {
		q.Set("past", "1")
	}
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	return withQuery(SuppressionsPath(teamID), q)
}

// suppressedPhone is a number as far as the person may see it, and as far as it is
// known.
func suppressedPhone(p Page, s models.Suppression) string {
	if s.Hashed() {
		return p.T("suppression.hashed")
	}
	return recipientPhone(p, s.Phone)
}

// suppressionReason is why a number is on the list.
func suppressionReason(p Page, s models.Suppression) string {
	if s.Source == models.SuppressedByResult {
		return codeMeaning(p, s.Reason)
	}
	return orDash(shownText(p, s.Reason))
}

// suppressionBy is who put a number on the list.
func suppressionBy(p Page, names map[int64]string, id int64) string {
	if id == 0 {
		return p.T("audit.program")
	}
	return orDash(names[id])
}

// SuppressionForm is what puts numbers on the list.
type SuppressionForm struct {
	File      bool // they come in a file
	In        models.NewSuppression
	MaxUpload int64
}

// SuppressionView is the proof of one suppression.
type SuppressionView struct {
	models.Suppression

	Names  map[int64]string
	Before []models.Suppression // earlier and later ones of the same number
	Stops  []StopView
	Reason string // typed, of taking it off
}

// StopView is a message that was to be stopped, and its campaign.
type StopView struct {
	models.MessageStop

	Campaign models.Campaign
}

// SuppressionHeader and SuppressionFields are the lines of an exported file.
func SuppressionHeader(l *locale.Locale) []string {
	return []string{l.T("audience.phone"), l.T("suppression.source"), l.T("suppression.reason"), l.T("suppression.origin"), l.T("suppression.since")}
}

// SuppressionFields is a number's line of an exported file.
func SuppressionFields(p Page, s models.Suppression) []string {
	phone := kakao.FormatPhone(s.Phone)
	if s.Hashed() {
		phone = p.T("suppression.hashed")
	}
	return []string{phone, p.T("suppression.source." + string(s.Source)), suppressionReason(p, s), s.Origin, p.Time(s.CreatedAt)}
}

// RecipientSettings are a team's settings about recipients as they are, or as they
// were typed.
type RecipientSettings struct {
	In  models.RecipientSettings
	Err error
}

func (v RecipientSettings) chosen(code string) bool { return slices.Contains(v.In.Codes, code) }

// recipientSettingsPath changes them.
func recipientSettingsPath(teamID int64) string { return TeamSettingsPath(teamID) + "/recipients" }
