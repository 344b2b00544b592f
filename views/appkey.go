package views

import (
	"maps"
	"slices"

	"soshik/internal/kakao"
	"soshik/models"
)

// NewAppkeyPath is the form that adds an appkey to a team.
func NewAppkeyPath(teamID int64) string { return AppkeysPath(teamID) + "/new" }

// AppkeySettingsPath is the form that changes an appkey.
func AppkeySettingsPath(id int64) string { return AppkeyPath(id) + "/settings" }

// appkeyTestPath tests the connection of an appkey.
func appkeyTestPath(id int64) string { return AppkeyPath(id) + "/test" }

// aboutAppkeys reports whether path is one of the pages about the team's appkeys.
func aboutAppkeys(p Page) bool {
	return under(p.Path, AppkeysPath(p.Team.ID)) || p.Path == AppkeySettingsPath(p.Appkey.ID) || p.Path == appkeyTestPath(p.Appkey.ID) ||
		p.Path == FallbackAppkeyPath(p.Appkey.ID)
}

// senderVersions are the versions of the sender API, the newest first.
func senderVersions(p Page) []Option {
	return []Option{
		{kakao.SenderAPIv21, p.T("appkey.version_v21")},
		{kakao.SenderAPIv20, p.T("appkey.version_v20")},
	}
}

// troubleClass is the colour of a trouble.
func troubleClass(t models.SenderTrouble) string {
	switch t {
	case models.SenderIsBlocked, models.SenderIsGone:
		return "badge bg-red-lt"
	case models.SenderIsDormant, models.SenderIsInactive:
		return "badge bg-orange-lt"
	}
	return "badge bg-yellow-lt"
}

// problemFields are the form fields that err names, in a fixed order.
func problemFields(err error) []string {
	e, ok := asError(err)
	if !ok {
		return nil
	}
	return slices.Sorted(maps.Keys(e.Fields))
}
