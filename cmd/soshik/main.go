// Command soshik serves the dashboard and works its background jobs.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"soshik/internal/bench"
	"soshik/web"
)

// version is set when a release is built.
var version = "dev"

type commands struct {
	Serve   serve        `cmd:"" default:"withargs" help:"Serve the dashboard and work its jobs."`
	Sim     simCommands  `cmd:"" help:"The provider's API: serve it simulated, or check a server of it."`
	Bench   benchmarks   `cmd:"" help:"Measure how fast the main work is done, each beside its limit."`
	Prove   proof        `cmd:"" help:"Kill worker processes again and again, and compare the ledger with what a failing provider has accepted."`
	Sink    sink         `cmd:"" hidden:"" help:"Answer everything, as the limit that bench measures against."`
	Health  healthCheck  `cmd:"" hidden:"" help:"Ask a running server whether it is well."`
	Version printVersion `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	k := kong.Parse(&commands{}, kong.Name("soshik"), kong.Description("Dashboard for KakaoTalk business messages."),
		kong.ShortUsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	err := k.Run()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return // it was told to end before it had begun
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soshik:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

type serve struct {
	web.Config
}

// Run serves until the program is told to stop.
func (s *serve) Run(ctx context.Context) error {
	s.Out = os.Stdout
	return web.Run(ctx, s.Config, slog.New(slog.NewTextHandler(os.Stderr, nil)))
}

type benchmarks struct {
	All      benchmark         `cmd:"" default:"withargs" help:"Import, dispatch and results against the simulated provider."`
	Import   importBenchmark   `cmd:"" help:"Imports of a million rows."`
	Dispatch dispatchBenchmark `cmd:"" help:"Planning, handing over and taking in results, beside a bare loop of the same requests."`
	Exports  exportsBenchmark  `cmd:"" help:"Exports of a million messages, beside reading them alone and writing them alone."`
	Pages    pagesBenchmark    `cmd:"" help:"Finding messages among ten millions, by every filter."`
	Results  resultsBenchmark  `cmd:"" help:"Taking in results, beside reading them alone and writing them alone."`
	Audience audienceBenchmark `cmd:"" help:"Making an audience of a campaign's result codes, beside a bare copy of it."`
}

type importBenchmark struct {
	bench.ImportConfig
}

// Run measures and prints.
func (b *importBenchmark) Run(ctx context.Context) error {
	return bench.Import(ctx, b.ImportConfig, os.Stdout)
}

type dispatchBenchmark struct {
	bench.DispatchConfig
}

// Run measures and prints.
func (b *dispatchBenchmark) Run(ctx context.Context) error {
	return bench.Dispatch(ctx, b.DispatchConfig, os.Stdout)
}

type pagesBenchmark struct {
	bench.PagesConfig
}

// Run measures and prints.
func (b *pagesBenchmark) Run(ctx context.Context) error {
	return bench.Pages(ctx, b.PagesConfig, os.Stdout)
}

type exportsBenchmark struct {
	bench.ExportsConfig
}

// Run measures and prints.
func (b *exportsBenchmark) Run(ctx context.Context) error {
	return bench.Exports(ctx, b.ExportsConfig, os.Stdout)
}

type resultsBenchmark struct {
	bench.ResultsConfig
}

// Run measures and prints.
func (b *resultsBenchmark) Run(ctx context.Context) error {
	return bench.Results(ctx, b.ResultsConfig, os.Stdout)
}

type audienceBenchmark struct {
	bench.AudienceConfig
}

// Run measures and prints.
func (b *audienceBenchmark) Run(ctx context.Context) error {
	return bench.Audience(ctx, b.AudienceConfig, os.Stdout)
}

type benchmark struct {
	bench.Config
}

// Run measures and prints.
func (b *benchmark) Run(ctx context.Context) error { return bench.Run(ctx, b.Config, os.Stdout) }

type sink struct {
	Addr string `required:""`
}

// Run answers until the program is told to stop.
func (s *sink) Run(ctx context.Context) error { return bench.Sink(ctx, s.Addr) }

type healthCheck struct {
	Addr string `env:"SOSHIK_ADDR" default:"127.0.0.1:8080"`
}

// Run fails unless the server answers that it is well.
func (c *healthCheck) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Addr+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", resp.Status)
	}
	return nil
}

type printVersion struct{}

// Run prints the version.
func (printVersion) Run() error {
	_, err := fmt.Println("soshik", version)
	return err
}
