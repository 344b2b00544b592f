// Package web is the program put together: settings, routes, and the wiring of
// database, jobs and pages. It alone knows every other package, and it alone reads
// settings.
package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"soshik/handlers"
	"soshik/internal/actions"
	"soshik/internal/jobs"
	"soshik/internal/locale"
	"soshik/migrations"
	"soshik/models"
	"soshik/static"
	"soshik/views"
)

// What is part of the program and never changes is read once, however many programs a
// test puts together.
var (
	loadCatalogs = sync.OnceValues(locale.Load)
	loadAssets   = sync.OnceValues(static.Load)
)

// App is the program put together, not yet serving.
type App struct {
	DB      *models.DB
	Actions *actions.Service
	Handler http.Handler
	// SetupCode lets the first admin in, on an installation that has nobody.
	SetupCode string

	cfg  Config
	log  *slog.Logger
	demo *demo // nil unless this is a demo
}

// New opens the database, brings it up to date and builds every part.
func New(ctx context.Context, cfg Config, log *slog.Logger) (_ *App, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Out == nil {
		cfg.Out = io.Discard
	}
	db, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	if cfg.Demo {
		if err := demoClock(&cfg); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	log = slog.New(masking{log.Handler()})
	a := &App{DB: db, cfg: cfg, log: log, SetupCode: rand.Text()[:10]}
	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// close is the reverse of New.
func (a *App) close() error {
	err := a.DB.Close()
	if a.demo != nil {
		err = errors.Join(err, a.demo.close())
	}
	return err
}

func (a *App) build(ctx context.Context) error {
	keeper, err := a.cfg.keeper()
	if err != nil {
		return err
	}
	a.DB.SetClock(a.cfg.now())
	catalogs, err := loadCatalogs()
	if err != nil {
		return err
	}
	assets, err := loadAssets()
	if err != nil {
		return err
	}
	if missing := assets.Missing(); len(missing) > 0 {
		a.log.WarnContext(ctx, "pages will look bare", "run", static.FillCommand, "missing", missing)
	}
	telling, err := a.cfg.telling(catalogs)
	if err != nil {
		return err
	}
	provider := actions.NewProvider(keeper, a.cfg.CallTimeout, nil)
	provider.Now = a.cfg.now()
	a.Actions = &actions.Service{
		DB: a.DB, Log: a.log, Keeper: keeper, Now: a.cfg.now(), Provider: provider,
		Timing:   actions.Timing{CallTimeout: a.cfg.CallTimeout, Settling: a.cfg.Settling},
		Sweeping: actions.SweepSettings{ResultsEvery: a.cfg.ResultsEvery, SendersEvery: a.cfg.SendersEvery, KeepUploads: a.cfg.KeepUploads}, Telling: telling, DataDir: a.cfg.DataDir,
		ExportWords: func(tag string) models.ExportWords { return views.ExportWords(catalogs.Locale(tag)) },
	}
	a.Actions.Jobs, err = river.NewClient(migrations.Driver(a.DB.SQL(), a.DB.Dialect()), jobs.Config(a.Actions, a.cfg.Workers, a.log))
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	h := handlers.New(handlers.Config{
		Log: a.log, DB: a.DB, Actions: a.Actions, Catalogs: catalogs, Assets: assets.Path,
		SecureCookies: strings.HasPrefix(a.cfg.URL, "https://"), Demo: demoView(a.cfg), Now: a.cfg.now(),
		SetupCode: a.SetupCode, DataDir: a.cfg.DataDir, MaxUpload: a.cfg.MaxUpload << 20, Mail: a.cfg.SMTPHost != "",
	})
	if a.cfg.Demo {
		if a.demo, err = startDemo(ctx, a.cfg, a.log); err != nil {
			return err
		}
		if err := a.demo.seed(ctx, a.Actions); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	a.Handler = a.handler(routes(h), assets)
	return nil
}

// handler is the way of every request: first what is not a page, then the pages.
func (a *App) handler(pages http.Handler, assets *static.Files) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", a.health)
	if a.cfg.WorkersOnly {
		return requestID(recoverer(a.log)(secureHeaders(mux)))
	}
	mux.Handle(static.Prefix, assets.Handler())
	if a.demo != nil {
		mux.Handle("/demo/phone/", http.StripPrefix("/demo/phone", a.demo.sim.PhoneHandler()))
	}
	mux.Handle("/", compressed()(pages))
	return requestID(recoverer(a.log)(secureHeaders(http.NewCrossOriginProtection().Handler(mux))))
}

// Serve runs the web server and the workers until ctx is done, then stops both
// and closes the database.
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler: a.Handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	stopWork, err := a.startWork(ctx)
	if err != nil {
		return errors.Join(err, a.close())
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	a.announce(ctx, ln)

	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return errors.Join(err, srv.Shutdown(stopping), stopWork(stopping), a.close())
}

// stopWithin is how long a stop waits for pages and jobs that are under way. What
// is not done by then is cut off; the ledger knows how to go on.
const stopWithin = 15 * time.Second

// startWork starts the workers and the sweep. stop lets the jobs that are under way
// end, and cuts them off when its context is done.
func (a *App) startWork(ctx context.Context) (stop func(context.Context) error, err error) {
	if a.cfg.WebOnly {
		return func(context.Context) error { return nil }, nil
	}
	if err := a.Actions.Beat(ctx); err != nil {
		return nil, err
	}
	// Cancelling the context of Start is River's hard stop.
	if err := a.Actions.Jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("start workers: %w", err)
	}
	sweeping, stopSweep := context.WithCancel(context.WithoutCancel(ctx))
	var sweep sync.WaitGroup
	sweep.Go(func() { jobs.Sweep(sweeping, a.Actions, a.cfg.SweepEvery) })
	return func(stopping context.Context) error {
		stopSweep()
		sweep.Wait()
		if err := a.Actions.Jobs.Stop(stopping); err == nil {
			return nil
		}
		cut, cancel := context.WithTimeout(context.WithoutCancel(stopping), 5*time.Second)
		defer cancel()
		return a.Actions.Jobs.StopAndCancel(cut)
	}, nil
}

// announce tells where the program is to be found, and on the first run the code
// that creates the first admin.
func (a *App) announce(ctx context.Context, ln net.Listener) {
	url := "http://" + ln.Addr().String()
	a.log.InfoContext(ctx, "serving", "url", url)
	if a.cfg.Demo {
		a.announceDemo(url)
		return
	}
	if found, err := a.DB.HasUsers(ctx); err == nil && !found {
		a.log.InfoContext(ctx, "nobody is registered yet: create the first admin", "url", url+"/setup", "code", a.SetupCode)
	}
}

// Run builds the program and serves it at the address that is set.
func Run(ctx context.Context, cfg Config, log *slog.Logger) error {
	a, err := New(ctx, cfg, log)
	if err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return errors.Join(fmt.Errorf("listen (SOSHIK_ADDR): %w", err), a.close())
	}
	return a.Serve(ctx, ln)
}
