package mail_test

import (
	"strings"
	"testing"

	"soshik/internal/mail"
	"soshik/internal/mail/mailtest"
	"soshik/models"
)

func letter() models.Letter {
	return models.Letter{ID: "01J", To: "kim@example.com", Subject: "‘가을’ 발송이 끝났습니다", Text: "수신자 3명", HTML: "<p>수신자 3명</p>"}
}

func config(s *mailtest.Server) mail.Config {
	return mail.Config{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, From: "소식 <news@example.com>", Security: mail.None}
}

func TestALetterArrives(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	sender, err := mail.New(config(server))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := sender.Send(t.Context(), letter()); err != nil {
			t.Fatal(err)
		}
	}
	mails := server.Mails()
	if len(mails) != 2 {
		t.Fatalf("%d mails arrived", len(mails))
	}
	for _, m := range mails {
		if m.To != "kim@example.com" || m.Subject != letter().Subject || m.Header.Get("Message-Id") != "<01J@example.com>" {
			t.Errorf("%+v", m)
		}
		if m.Parts["text/plain"] != letter().Text || m.Parts["text/html"] != letter().HTML {
			t.Errorf("%q", m.Parts)
		}
	}
}

func TestMailThatIsNotTakenFails(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*mail.Config){
		"the password is wrong":               func(c *mail.Config) { c.Password = "wrong" },
		"the server offers no STARTTLS":       func(c *mail.Config) { c.Security = mail.STARTTLS },
		"the server speaks no TLS":            func(c *mail.Config) { c.Security = mail.TLS },
		"nobody listens there":                func(c *mail.Config) { c.Port = 1 },
		"the server wants a sign-in first":    func(c *mail.Config) { c.User, c.Password = "", "" },
		"the server does not take it for now": func(*mail.Config) {},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailtest.New(t)
			server.Refuse(1)
			cfg := config(server)
			change(&cfg)
			sender, err := mail.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := sender.Send(t.Context(), letter()); err == nil || len(server.Mails()) > 0 {
				t.Errorf("%v, and %d mails arrived", err, len(server.Mails()))
			} else if strings.Contains(err.Error(), server.Password) {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestWrongSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]mail.Config{
		"no sender":                {Host: "mail.example.com", Port: 25, Security: mail.TLS},
		"no address":               {Host: "mail.example.com", Port: 25, From: "news", Security: mail.TLS},
		"no host":                  {Port: 25, From: "news@example.com", Security: mail.TLS},
		"no such way to secure it": {Host: "mail.example.com", Port: 25, From: "news@example.com", Security: "ssl"},
	} {
		if _, err := mail.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
