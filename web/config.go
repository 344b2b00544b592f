package web

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"soshik/internal/mail"
	"soshik/models"
)

// Config is everything that an operator may set: each field is a flag and a
// variable of the environment.
type Config struct {
	Addr         string        `name:"addr" env:"SOSHIK_ADDR" default:"127.0.0.1:8080" help:"Address to listen on."`
	Database     string        `name:"database" env:"SOSHIK_DATABASE" default:"sqlite:data/soshik.db" help:"sqlite:FILE or postgres://…"`
	DatabaseWait time.Duration `name:"database-wait" env:"SOSHIK_DATABASE_WAIT" default:"60s" help:"How long to wait at start for a PostgreSQL server that does not answer; 0: not at all."`
	DataDir      string        `name:"data" env:"SOSHIK_DATA" default:"data" help:"Folder for uploaded files and, in demo mode, the simulated provider."`
	SecretKey    string        `name:"secret-key" env:"SOSHIK_SECRET_KEY" help:"64 hexadecimal digits that encrypt the stored secrets. If empty, the key is made on first start and kept in the file secret.key beside the SQLite file, or in the data folder."`
	URL          string        `name:"url" env:"SOSHIK_URL" help:"Address that people use, as https://soshik.example.com. With https, cookies travel over HTTPS only."`
	MaxUpload    int64         `name:"max-upload" env:"SOSHIK_MAX_UPLOAD" default:"300" help:"Largest file of recipients, in MB."`
	KeepUploads  time.Duration `name:"keep-uploads" env:"SOSHIK_KEEP_UPLOADS" default:"72h" help:"How long files of recipients are kept, so that what was refused of them can be given back; 0: for ever. A file without refused rows is deleted as soon as it is imported."`
	Demo         bool          `name:"demo" env:"SOSHIK_DEMO" help:"Simulated provider inside the process, with people and data to try."`
	WebOnly      bool          `name:"web-only" env:"SOSHIK_WEB_ONLY" help:"Serve pages and leave the jobs to other processes."`
	WorkersOnly  bool          `name:"workers-only" env:"SOSHIK_WORKERS_ONLY" help:"Work the jobs and serve no page but /healthz."`
	Workers      int           `name:"workers" env:"SOSHIK_WORKERS" default:"4" help:"Requests that are handed over at the same time."`
	Settling     time.Duration `name:"settling" env:"SOSHIK_SETTLING" default:"15m" help:"How long after a request the provider may still take it in or list it."`
	CallTimeout  time.Duration `name:"call-timeout" env:"SOSHIK_CALL_TIMEOUT" default:"30s" help:"How long to wait for the provider's answer."`
	ResultsEvery time.Duration `name:"results-every" env:"SOSHIK_RESULTS_EVERY" default:"5s" help:"How often results are asked for."`
	SendersEvery time.Duration `name:"senders-every" env:"SOSHIK_SENDERS_EVERY" default:"15m" help:"How often the senders of each appkey are read from the provider; 0 is only when somebody asks."`
	SweepEvery   time.Duration `name:"sweep-every" env:"SOSHIK_SWEEP_EVERY" default:"2s" help:"How often batches that wait or are in doubt are looked at."`
	SMTPHost     string        `name:"smtp-host" env:"SOSHIK_SMTP_HOST" help:"Mail server, by which people are told what has become of their campaigns. If empty, no mail is sent."`
	SMTPPort     int           `name:"smtp-port" env:"SOSHIK_SMTP_PORT" default:"587" help:"Port of the mail server."`
	SMTPUser     string        `name:"smtp-user" env:"SOSHIK_SMTP_USER" help:"Sign-in at the mail server; empty if it asks for none."`
	SMTPPassword string        `name:"smtp-password" env:"SOSHIK_SMTP_PASSWORD" help:"Password at the mail server."`
	SMTPFrom     string        `name:"smtp-from" env:"SOSHIK_SMTP_FROM" help:"Whom mail comes from, as news@example.com or 'Soshik <news@example.com>'."`
	SMTPTLS      string        `name:"smtp-tls" env:"SOSHIK_SMTP_TLS" default:"starttls" help:"How the connection to the mail server is secured: starttls, tls (from the first byte on) or none."`
	WebhookLocal bool          `name:"webhook-local" env:"SOSHIK_WEBHOOK_LOCAL" help:"Let webhooks of teams be at private, loopback and link-local addresses, and without TLS."`
	ClockOffset  time.Duration `name:"clock-offset" env:"SOSHIK_CLOCK_OFFSET" hidden:"" help:"How far the clock is moved, for demos and tests."`
	// Out is where a demo prints who can sign in.
	Out io.Writer `kong:"-"`
}

// Validate checks what the flags alone cannot.
func (c *Config) Validate() error {
	switch {
	case c.MaxUpload < 1 || c.MaxUpload > 10_000:
		return errors.New("SOSHIK_MAX_UPLOAD must be 1 to 10000 (MB)")
	case c.DatabaseWait < 0:
		return errors.New("SOSHIK_DATABASE_WAIT must not be negative")
	case c.KeepUploads != 0 && c.KeepUploads < time.Hour:
		return errors.New("SOSHIK_KEEP_UPLOADS must be 0 or at least 1h")
	case c.Workers < 1 || c.Workers > 100:
		return errors.New("SOSHIK_WORKERS must be 1 to 100")
	case c.CallTimeout <= 0 || c.CallTimeout > 5*time.Minute:
		return errors.New("SOSHIK_CALL_TIMEOUT must be more than 0 and at most 5m")
	case c.Settling < c.CallTimeout:
		return errors.New("SOSHIK_SETTLING must not be shorter than SOSHIK_CALL_TIMEOUT")
	case c.ResultsEvery < 100*time.Millisecond || c.SweepEvery < 100*time.Millisecond:
		return errors.New("SOSHIK_RESULTS_EVERY and SOSHIK_SWEEP_EVERY must be at least 100ms")
	case c.SendersEvery != 0 && c.SendersEvery < time.Minute:
		return errors.New("SOSHIK_SENDERS_EVERY must be 0 or at least 1m")
	}
	return errors.Join(c.validateParts(), c.validateTelling())
}

// validateParts checks which parts of the program this process is to be.
func (c *Config) validateParts() error {
	switch {
	case c.WebOnly && c.WorkersOnly:
		return errors.New("SOSHIK_WEB_ONLY and SOSHIK_WORKERS_ONLY exclude each other")
	case c.Demo && (c.WebOnly || c.WorkersOnly):
		return errors.New("SOSHIK_DEMO is one process for everything: neither SOSHIK_WEB_ONLY nor SOSHIK_WORKERS_ONLY")
	}
	return nil
}

// validateTelling checks what people are told by: the address of the pages, and mail.
func (c *Config) validateTelling() error {
	switch {
	case c.URL != "" && !strings.HasPrefix(c.URL, "http://") && !strings.HasPrefix(c.URL, "https://"):
		return errors.New("SOSHIK_URL must begin with https:// or http://")
	case c.SMTPHost == "":
		return nil
	case c.SMTPPort < 1 || c.SMTPPort > 65535:
		return errors.New("SOSHIK_SMTP_PORT must be 1 to 65535")
	case !slices.Contains([]string{mail.STARTTLS, mail.TLS, mail.None}, c.SMTPTLS):
		return errors.New("SOSHIK_SMTP_TLS must be starttls, tls or none")
	case c.SMTPUser == "" && c.SMTPPassword != "":
		return errors.New("SOSHIK_SMTP_PASSWORD needs SOSHIK_SMTP_USER")
	case c.URL == "":
		return errors.New("SOSHIK_URL must be set with SOSHIK_SMTP_HOST, since mail leads to the pages")
	}
	return nil
}

// now is the clock that people and the provider live by.
func (c *Config) now() func() time.Time {
	offset := c.ClockOffset
	return func() time.Time { return time.Now().Add(offset).UTC() }
}

// keeper is made of the key that is set, or of the one in the data folder, which
// is made on the first start.
func (c *Config) keeper() (*models.Keeper, error) {
	text := c.SecretKey
	if text == "" {
		var err error
		if text, err = keyFile(filepath.Join(c.keyDir(), "secret.key")); err != nil {
			return nil, fmt.Errorf("secret key: %w", err)
		}
	}
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != models.SecretKeySize {
		return nil, errors.New("SOSHIK_SECRET_KEY (or the file secret.key) must be 64 hexadecimal digits")
	}
	return models.NewKeeper(key)
}

// keyDir is the folder of a SQLite database; of other databases, the data folder.
func (c *Config) keyDir() string {
	if file, ok := strings.CutPrefix(c.Database, "sqlite:"); ok {
		return filepath.Dir(file)
	}
	return c.DataDir
}

// keyFile reads the key in the file, which it first makes if there is none. The
// file is whole or not there: a key that is lost in a crash would lock secrets up.
func keyFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return string(text), err
	}
	made := hex.EncodeToString(models.NewSecretKey()) + "\n"
	temp := path + ".new"
	if err := writeSynced(temp, made); err != nil {
		return "", err
	}
	return made, os.Rename(temp, path)
}

func writeSynced(path, text string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.Sync()
}
