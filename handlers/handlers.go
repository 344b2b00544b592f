// Package handlers answers requests: a file per feature. Which route leads to
// which handler, and who may take it, stands in web/routes.go.
package handlers

import (
	"log/slog"
	"time"

	"soshik/internal/actions"
	"soshik/internal/locale"
	"soshik/models"
	"soshik/views"
)

// Handlers answers every route of the site.
type Handlers struct {
	*Site
	cfg Config
}

// Config is what the handlers need to know and to have.
type Config struct {
	Log           *slog.Logger
	DB            *models.DB
	Actions       *actions.Service
	Catalogs      *locale.Catalogs
	Assets        views.Assets
	SecureCookies bool
	Demo          views.Demo
	Now           func() time.Time
	// SetupCode lets the first admin in; the log prints it.
	SetupCode string
	// DataDir is where uploaded files are kept.
	DataDir string
	// MaxUpload is the largest file that is taken, in bytes.
	MaxUpload int64
	// Mail says whether the installation sends mail.
	Mail bool
}

// New makes the handlers.
func New(cfg Config) *Handlers {
	return &Handlers{
		Site: &Site{
			log: cfg.Log, db: cfg.DB, actions: cfg.Actions, catalogs: cfg.Catalogs, assets: cfg.Assets,
			store: &sessionStore{db: cfg.DB, secure: cfg.SecureCookies}, demo: cfg.Demo, now: cfg.Now,
		},
		cfg: cfg,
	}
}
