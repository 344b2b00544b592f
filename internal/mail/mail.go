// Package mail sends mail through a server of the operator's.
package mail

import (
	"context"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"soshik/models"
)

// The ways in which a connection is secured.
const (
	STARTTLS = "starttls" // plain at first, and not gone on with unless TLS comes about
	TLS      = "tls"      // from the first byte on
	None     = "none"     // never, for a server on the same machine
)

// Config is the server, and who mail comes from.
type Config struct {
	Host     string
	Port     int
	User     string // empty: the server asks for no sign-in
	Password string
	From     string // an address, or a name with one: "소식 <news@example.com>"
	Security string // STARTTLS, TLS or None
}

// timeout is how long each step of a connection may take.
const timeout = 15 * time.Second

// Sender sends mail. It is safe for concurrent use; each letter has a connection of
// its own.
type Sender struct {
	cfg Config
	id  string // the domain of message ids
}

// New checks the settings; it does not connect.
func New(cfg Config) (*Sender, error) {
	from, err := netmail.ParseAddress(cfg.From)
	if err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	s := &Sender{cfg: cfg, id: from.Address[strings.LastIndex(from.Address, "@")+1:]}
	if _, err := s.client(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Sender) client() (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithPort(s.cfg.Port), gomail.WithTimeout(timeout)}
	switch s.cfg.Security {
	case STARTTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		options = append(options, gomail.WithSSL())
	case None:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("no way to secure a connection is called %q", s.cfg.Security)
	}
	if s.cfg.User != "" {
		auth := gomail.SMTPAuthAutoDiscover
		if s.cfg.Security == None { // nothing else would be let through without TLS
			auth = gomail.SMTPAuthPlainNoEnc
		}
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.cfg.User), gomail.WithPassword(s.cfg.Password))
	}
	return gomail.NewClient(s.cfg.Host, options...)
}

// Send sends a letter, whose message id stays the same however often it is sent.
func (s *Sender) Send(ctx context.Context, l models.Letter) error {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.From(s.cfg.From); err != nil {
		return err
	}
	if err := m.To(l.To); err != nil {
		return err
	}
	m.Subject(l.Subject)
	m.SetDate()
	m.SetMessageIDWithValue(l.ID + "@" + s.id)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	c, err := s.client()
	if err != nil {
		return err
	}
	return c.DialAndSendWithContext(ctx, m)
}
