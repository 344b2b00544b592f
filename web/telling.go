package web

import (
	"fmt"
	"strings"

	"soshik/internal/actions"
	"soshik/internal/locale"
	"soshik/internal/mail"
	"soshik/models"
	"soshik/views"
)

// telling is how people are told of notices outside of the pages.
func (c *Config) telling(catalogs *locale.Catalogs) (actions.Telling, error) {
	site := strings.TrimRight(c.URL, "/")
	t := actions.Telling{
		Private: c.WebhookLocal, URL: site,
		Letter: func(n models.Notice, to models.User) (models.Letter, error) {
			return views.NoticeLetter(catalogs.Locale(to.Locale), n, site)
		},
	}
	if c.SMTPHost == "" {
		return t, nil
	}
	sender, err := mail.New(mail.Config{
		Host: c.SMTPHost, Port: c.SMTPPort, User: c.SMTPUser, Password: c.SMTPPassword, From: c.SMTPFrom, Security: c.SMTPTLS,
	})
	if err != nil {
		return t, fmt.Errorf("mail (SOSHIK_SMTP_FROM): %w", err)
	}
	t.Mail = sender.Send
	return t, nil
}
