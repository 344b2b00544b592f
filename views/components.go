package views

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"soshik/models"
)

// asError is err as the domain's own, if it is.
func asError(err error) (*models.Error, bool) { return errors.AsType[*models.Error](err) }

func itoa(n int) string { return strconv.Itoa(n) }

// oneIf is the value of a form's field that is a yes or a no.
func oneIf(yes bool) string {
	if yes {
		return "1"
	}
	return ""
}

// under reports whether path is base or lies below it.
func under(path, base string) bool {
	return path == base || strings.HasPrefix(path, base+"/")
}

// theme is what the page's colours begin with. Where the person leaves it to the
// system, theme.js decides before the page is drawn.
func theme(p Page) string {
	if p.Actor.User.Theme == "dark" {
		return "dark"
	}
	return "light"
}

// iconPath is the drawing of an icon on a grid of 24.
func iconPath(name string) string {
	path, ok := map[string]string{
		"home":         "M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z",
		"send":         "M21 3L10 14M21 3l-7 18-4-7-7-4z",
		"template":     "M5 4h14a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-6l-4 4v-4H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM8 8h8M8 12h5",
		"user":         "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20c0-3.5 3-6 7-6s7 2.500 7 6",
		"users":        "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 20c0-3.300 2.700-5.500 6-5.500s6 2.200 6 5.500M16 4.500a3.500 3.500 0 0 1 0 6.300M18 15c1.900.8 3 2.600 3 5",
		"user-check":   "M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 20c0-3.500 3-6 7-6 1.500 0 2.900.400 4 1M15 18.500l2 2 4-4",
		"contacts":     "M6 4h12a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM12 11.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8.500 16.500c0-1.700 1.500-3 3.500-3s3.500 1.300 3.500 3M3 8h2M3 12h2M3 16h2",
		"ban":          "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM5.700 5.700l12.600 12.600",
		"image":        "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM4 16l5-5 5 5M13 15l3-3 4 4M15.500 8.500v.01",
		"key":          "M14.500 9.500m-4.500 0a4.500 4.500 0 1 0 9 0a4.500 4.500 0 1 0 -9 0M11 13l-7 7M6.500 17.500l2 2",
		"list":         "M9 6h11M9 12h11M9 18h11M5 6v.01M5 12v.01M5 18v.01",
		"settings":     "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 3v3M12 18v3M3 12h3M18 12h3M5.600 5.600l2.100 2.100M16.300 16.300l2.100 2.100M5.600 18.400l2.100-2.100M16.300 7.700l2.100-2.100",
		"sliders":      "M4 7h8M18 7h2M15 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM4 17h2M12 17h8M9 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
		"logout":       "M14 8V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h6a2 2 0 0 0 2-2v-2M9 12h12l-3-3M18 15l3-3",
		"chevron-down": "M6 9l6 6 6-6",
		"alert":        "M12 9v4M12 16.500v.01M10.300 4.300L2.600 17.500A2 2 0 0 0 4.300 20.500h15.400a2 2 0 0 0 1.700-3L13.700 4.300a2 2 0 0 0-3.400 0z",
		"phone":        "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2",
		"plus":         "M12 5v14M5 12h14",
		"undo":         "M9 14l-5-5 5-5M4 9h10a6 6 0 0 1 0 12h-3",
		"refresh":      "M20 11a8 8 0 0 0-14.500-4M4 5v4h4M4 13a8 8 0 0 0 14.500 4M20 19v-4h-4",
		"check":        "M5 12l5 5L20 7",
		"upload":       "M4 17v2a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-2M12 15V4M7.500 8.500L12 4l4.500 4.500",
		"clipboard":    "M9 4h6v3H9zM9 5.500H6V20h12V5.500h-3",
		"download":     "M4 17v2a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-2M12 4v11M7.500 10.500L12 15l4.500-4.500",
		"pause":        "M8 5v14M16 5v14",
		"play":         "M7 5l12 7-12 7z",
		"search":       "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
		"arrow-up":     "M12 19V5M6 11l6-6 6 6",
		"arrow-down":   "M12 5v14M6 13l6 6 6-6",
		"x":            "M6 6l12 12M18 6L6 18",
		"grip":         "M9 6v.01M15 6v.01M9 12v.01M15 12v.01M9 18v.01M15 18v.01",
		"photo":        "M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM8.500 10v.01M4 16l4.500-4 3.500 3 3-2.500 5 4.500",
		"link":         "M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-.5.5M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l.5-.5",
		"trash":        "M5 7h14M10 11v6M14 11v6M6 7l1 12a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1l1-12M9 7V4h6v3",
		"sun":          "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v1.500M12 19.500V21M3 12h1.500M19.500 12H21M5.600 5.600l1 1M17.400 17.400l1 1M5.600 18.400l1-1M17.400 6.600l1-1",
		"moon":         "M19 14.500A7.500 7.500 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500z",
		"chevron-left": "M15 6l-6 6 6 6", "chevron-right": "M9 6l6 6-6 6",
		"clock":   "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
		"copy":    "M9 9h10v10H9zM15 9V5H5v10h4",
		"receipt": "M6 3v18l2-1.5 2 1.5 2-1.5 2 1.5 2-1.5 2 1.5V3zM9 8h6M9 12h6",
		"bell":    "M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15zM10 21h4",
		"info":    "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 8v.01M11 12h1v4h1",
	}[name]
	if !ok {
		panic(fmt.Errorf("no icon %q", name))
	}
	return path
}

// Paths of the pages.

// CampaignsPath lists the campaigns of an appkey.
func CampaignsPath(appkeyID int64) string { return AppkeyPath(appkeyID) + "/campaigns" }

// ImagesPath is the image library, as an appkey uses it.
func ImagesPath(appkeyID int64) string { return AppkeyPath(appkeyID) + "/images" }

// ImagePath shows one image of the library.
func ImagePath(appkeyID, imageID int64) string {
	return fmt.Sprintf("%s/%d", ImagesPath(appkeyID), imageID)
}

// ImageFilePath is an image as it was uploaded, and ThumbnailPath a small picture of
// it. Both are there as long as anything can refer to the image.
func ImageFilePath(appkeyID, imageID int64) string { return ImagePath(appkeyID, imageID) + "/file" }

// ThumbnailPath is a picture of at most models.ThumbnailSize pixels either way.
func ThumbnailPath(appkeyID, imageID int64) string {
	return ImagePath(appkeyID, imageID) + "/thumbnail"
}

// SendersPath lists the senders of an appkey.
func SendersPath(appkeyID int64) string { return AppkeyPath(appkeyID) + "/senders" }

// AppkeysPath lists the appkeys of a team.
func AppkeysPath(teamID int64) string { return TeamPath(teamID) + "/appkeys" }

// MembersPath lists the people of a team.
func MembersPath(teamID int64) string { return TeamPath(teamID) + "/members" }

// AuditPath is the audit log of a team.
func AuditPath(teamID int64) string { return TeamPath(teamID) + "/audit" }
