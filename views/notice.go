package views

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"soshik/internal/locale"
	"soshik/models"
)

// NotificationsPath lists what a person is told of.
const NotificationsPath = "/notifications"

func notificationPath(n models.Notification, what string) string {
	return fmt.Sprintf("%s/%d/%s", NotificationsPath, n.ID, what)
}

// NoticePath is the page that a notice is about.
func NoticePath(n models.Notice) string {
	return fmt.Sprintf("%s/%d", CampaignsPath(n.AppkeyID), n.CampaignID)
}

// NotificationList is what a person is told of.
type NotificationList struct {
	Rows   []models.NotificationRow
	Next   int64 // where the next page begins; 0: there is none
	First  bool  // it is the first page
	Newest int64 // id of the first row; 0: there is none
}

func (l NotificationList) next() string {
	return fmt.Sprintf("%s?before=%d", NotificationsPath, l.Next)
}

// teamOf is the team of a notification where the person has several.
func teamOf(p Page, n models.NotificationRow) string {
	if len(p.Teams) < 2 {
		return ""
	}
	return n.Team
}

// MailSettings is what a person wants to be told of.
type MailSettings struct {
	In models.MailPreferences
	On bool // the installation sends mail
}

func (m MailSettings) wants(t models.Topic) bool { return slices.Contains(m.In.Topics, t) }

// unreadText is how many notifications are unread, as the bell shows it.
func unreadText(p Page) string {
	if p.Unread > models.MaxUnread {
		return itoa(models.MaxUnread) + "+"
	}
	return itoa(p.Unread)
}

// bellText is the bell for those who do not see it.
func bellText(p Page) string {
	if p.Unread == 0 {
		return p.T("notice.title")
	}
	return p.T("notice.bell", "Count", unreadText(p))
}

// noticeTitle is a notice in a line.
func noticeTitle(l *locale.Locale, n models.Notice) string {
	return l.T("notice.title."+string(n.Kind), "Name", n.Name)
}

// noticeReason is why the campaign has stopped or was not approved, or who has approved it;
// empty where there is nothing to say.
func noticeReason(l *locale.Locale, n models.Notice) string {
	if n.Reason.Key == "" {
		return ""
	}
	return l.T(n.Reason.Key, n.Reason.Args...)
}

// noticeCounts is the equation in words; empty where it says nothing yet.
func noticeCounts(l *locale.Locale, n models.Notice) string {
	if n.Counts.Audience == 0 || n.Kind.Topic() == models.TopicApproval {
		return ""
	}
	var parts []string
	for _, part := range models.Parts() {
		if count := n.Counts.Count(part); count > 0 {
			parts = append(parts, l.T("progress.part."+string(part))+" "+l.Number(count))
		}
	}
	return l.T("notice.counts", "Count", n.Counts.Audience, "Parts", strings.Join(parts, " · "))
}

// noticeColor is which of Tabler's colours a notice has.
func noticeColor(k models.NoticeKind) string {
	switch k {
	case models.NoticeFinished, models.NoticeApproved, models.NoticeTest:
		return "green"
	case models.NoticeCancelled:
		return "secondary"
	case models.NoticeFailed, models.NoticeHeld, models.NoticeAsks:
		return "red"
	case models.NoticePaused, models.NoticeRejected, models.NoticeReturned:
		return "orange"
	case models.NoticeApproval:
		return "blue"
	}
	panic(fmt.Errorf("no notice kind %q", k))
}

// NoticeLetter is a notice as a mail; site is where the pages are.
func NoticeLetter(l *locale.Locale, n models.Notice, site string) (models.Letter, error) {
	letter := models.Letter{Subject: noticeTitle(l, n)}
	lines := []string{letter.Subject}
	for _, line := range []string{noticeReason(l, n), noticeCounts(l, n)} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	if site != "" && n.CampaignID != 0 {
		lines = append(lines, l.T("notice.open")+": "+site+NoticePath(n))
	}
	letter.Text = strings.Join(lines, "\n\n") + "\n"
	var html strings.Builder
	err := noticeMail(l, n, site).Render(context.Background(), &html)
	letter.HTML = html.String()
	return letter, err
}
